//! What a location row states beyond the location: PSTN, then numbers, then settings, each only if the row has them.

use super::activation;
use super::decide_site::{For, calling_changes, permission_changes};
use super::numbers;
use super::pstn;
use super::read_back::not_applied;
use super::site::Site;
use super::work::{Flow, RowWork, pending, stop_for};
use super::write::Shown;
use crate::domain::{
    CallingDetails, LocationSettings, Operation, PendingReason, Permission, RemoteId, RouteName, Step,
    StepState,
};
use crate::webex::{Reply, Trouble, calls, site_calls, wire};

/// How often the job for a routing prefix is asked about: some minutes in all.
const JOB_LOOKS: u32 = 24;

/// Applies everything; says in words what was done.
pub(super) async fn apply(
    work: &mut RowWork<'_>,
    settings: &LocationSettings,
    site: &Site,
) -> Flow<Vec<String>> {
    let mut done = Vec::new();
    if let Some(choice) = &settings.pstn {
        let changed = pstn::apply(work, site, choice).await?;
        done.push(if changed { "PSTN connected".to_owned() } else { "PSTN in place".to_owned() });
    }
    if let Some(activated) = activation::apply(work, site).await? {
        done.push(format!("{activated} numbers activated"));
    }
    let mut wanted = settings.numbers.clone();
    let main_number =
        settings.details.main_number.iter().filter(|_| work.context.settings.add_missing_numbers);
    wanted.extend(main_number.filter(|number| !settings.numbers.contains(number)).cloned());
    if !wanted.is_empty() {
        done.extend(numbers::add_to_location(work, site, &wanted).await?);
    }
    if let Some(written) = apply_settings(work, settings, site).await? {
        done.push(format!("{written} settings written"));
    }
    Ok(done)
}

/// The settings with a path of their own; says how many objects were written, if any is stated.
async fn apply_settings(
    work: &mut RowWork<'_>,
    settings: &LocationSettings,
    site: &Site,
) -> Flow<Option<usize>> {
    let LocationSettings { details, unknown_extensions, outgoing_permissions, .. } = settings;
    if details.is_empty() && unknown_extensions.is_none() && outgoing_permissions.is_empty() {
        return Ok(None);
    }
    work.begin(Step::LocationApplySettings);
    let mut written = Vec::new();
    if !details.is_empty() {
        written.extend(apply_details(work, details, site).await?);
    }
    if let Some(route) = unknown_extensions {
        written.extend(route_unknown_extensions(work, route, site).await?);
    }
    if !outgoing_permissions.is_empty() {
        written.extend(apply_permissions(work, outgoing_permissions, site).await?);
    }
    if written.is_empty() {
        work.done(StepState::Unchanged, "every setting is as the row states it");
    } else {
        work.done(StepState::Applied, format!("written: {}", written.join(", ")));
    }
    Ok(Some(written.len()))
}

async fn apply_details(
    work: &mut RowWork<'_>,
    details: &CallingDetails,
    site: &Site,
) -> Flow<Option<&'static str>> {
    let present = work.read(calls::calling_location(&site.id)).await?.body;
    let changes = calling_changes(details, &present, site.home, For::Sending);
    work.resolve_earlier(Operation::CallingLocationUpdate, changes.is_none());
    let Some(changes) = changes else { return Ok(None) };
    let read_back = ["callingLineId", "routingPrefix", "externalCallerIdName"]
        .iter()
        .any(|name| changes.get(*name).is_some());
    let context = work.context;
    let _turn = match changes.get("routingPrefix") {
        Some(_) => Some(context.sites.prefix_turn.lock().await),
        None => None,
    };
    let job = work
        .write(
            site_calls::update_calling_location(&site.id, changes),
            |reply| shows_job(reply, read_back),
            async |work| Ok(is_as_stated(work, details, site).await?.then_some(None)),
        )
        .await?;
    if let Some(main_number) = &details.main_number {
        work.added.retain(|(_, number)| number != main_number);
    }
    if let Some(job) = job {
        wait_for_job(work, details, site, &job).await?;
    }
    Ok(Some("calling details"))
}

async fn is_as_stated(work: &mut RowWork<'_>, details: &CallingDetails, site: &Site) -> Flow<bool> {
    let now = work.read(calls::calling_location(&site.id)).await?.body;
    Ok(calling_changes(details, &now, site.home, For::Proof).is_none())
}

/// 206: all but the routing prefix is applied (R7). A job: the prefix takes its time. Some of what is accepted without one is
/// dropped in silence, such as a main number that the location does not hold.
fn shows_job(reply: &Reply, read_back: bool) -> Shown<Option<RemoteId>> {
    if reply.status == 206 {
        let why = wire::line(&reply.body, "failureReason");
        return Shown::Partial(format!("Webex applied all but the routing prefix (206): {why}"));
    }
    match wire::batch_job(&reply.body) {
        Ok(None) if read_back => Shown::ByLookUp(not_applied("the main number, prefix or caller id name")),
        Ok(job) => Shown::Proved(job),
        Err(lacking) => Shown::Unproved(lacking.to_string()),
    }
}

/// Waits, within a bound, until the job for the routing prefix has ended.
async fn wait_for_job(
    work: &mut RowWork<'_>,
    details: &CallingDetails,
    site: &Site,
    job: &RemoteId,
) -> Flow<()> {
    for pause in work.context.webex.pauses(JOB_LOOKS) {
        let reply = match work.try_read(site_calls::routing_prefix_job(job)).await? {
            Ok(reply) => reply,
            // Jobs are forgotten after a while: the location itself says.
            Err(Trouble::Refused(refusal)) if refusal.status == 404 => break,
            Err(trouble) => return stop_for(Operation::PrefixJobGet, &trouble),
        };
        let status = wire::line(&reply.body, "latestExecutionStatus");
        let exit = wire::line(&reply.body, "latestExecutionExitCode");
        match (status.as_str(), exit.as_str()) {
            ("COMPLETED", "COMPLETED_WITH_ERRORS" | "FAILED" | "STOPPED")
            | ("FAILED" | "STOPPED" | "ABANDONED", _) => {
                return pending(
                    PendingReason::NonRetryableExternal,
                    format!("the job {job} that changes the routing prefix ended as {status} {exit}"),
                );
            }
            ("COMPLETED", _) => return Ok(()),
            _ => work.context.webex.wait(pause).await?,
        }
    }
    if is_as_stated(work, details, site).await? {
        return Ok(());
    }
    pending(
        PendingReason::RetryExhausted,
        format!("the job {job} that changes the routing prefix has not ended yet: requeue the row later"),
    )
}

async fn route_unknown_extensions(
    work: &mut RowWork<'_>,
    route: &RouteName,
    site: &Site,
) -> Flow<Option<&'static str>> {
    let target = pstn::resolve_route(work, route).await?;
    let in_place = leads_to(work, site, &target).await?;
    work.resolve_earlier(Operation::InternalDialingPut, in_place);
    if in_place {
        return Ok(None);
    }
    work.write(
        site_calls::put_internal_dialing(&site.id, route.kind.as_str(), &target),
        |_| Shown::Proved(()),
        async |work| Ok(leads_to(work, site, &target).await?.then_some(())),
    )
    .await?;
    Ok(Some("route of unknown extensions"))
}

async fn leads_to(work: &mut RowWork<'_>, site: &Site, target: &RemoteId) -> Flow<bool> {
    let body = work.read(site_calls::internal_dialing(&site.id)).await?.body;
    Ok(wire::unknown_extension_route(&body).is_some_and(|route| route.same_as(target)))
}

async fn apply_permissions(
    work: &mut RowWork<'_>,
    wanted: &[Permission],
    site: &Site,
) -> Flow<Option<&'static str>> {
    let present = work.read(site_calls::location_permissions(&site.id)).await?.body;
    let changes = permission_changes(wanted, &present);
    work.resolve_earlier(Operation::LocationPermissionsPut, changes.is_empty());
    if changes.is_empty() {
        return Ok(None);
    }
    work.write(
        site_calls::put_location_permissions(&site.id, &changes),
        |_| Shown::Proved(()),
        async |work| {
            let now = work.read(site_calls::location_permissions(&site.id)).await?.body;
            Ok(permission_changes(wanted, &now).is_empty().then_some(()))
        },
    )
    .await?;
    Ok(Some("outgoing permissions"))
}
