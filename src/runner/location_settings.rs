//! What a location row states beyond the location: PSTN, then numbers, then settings, each only if the row has them.

use serde_json::Value;
use tokio::time::Instant;

use super::activation;
use super::alike::permission_row;
use super::announcements;
use super::decide_site::{CallingChanges, For, LANGUAGE, calling_changes, permission_changes};
use super::numbers;
use super::pstn;
use super::read_back::Looked;
use super::site::Site;
use super::work::{Flow, RowWork, Stop, pending, stop_for};
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
    apply_settings(work, settings, site, &mut done).await?;
    Ok(done)
}

/// The settings with a path of their own; says in words how many objects were written, if any is stated.
async fn apply_settings(
    work: &mut RowWork<'_>,
    settings: &LocationSettings,
    site: &Site,
    done: &mut Vec<String>,
) -> Flow<()> {
    let LocationSettings { details, unknown_extensions, outgoing_permissions, .. } = settings;
    if details.is_empty() && unknown_extensions.is_none() && outgoing_permissions.is_empty() {
        return Ok(());
    }
    work.begin(Step::LocationApplySettings);
    let mut written = Vec::new();
    let mut language = None;
    if !details.is_empty() {
        language = apply_details(work, details, site, &mut written).await?;
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
    done.push(format!("{} settings written", written.len()));
    done.extend(language);
    Ok(())
}

/// Gives what there is to say of the announcement language.
async fn apply_details(
    work: &mut RowWork<'_>,
    details: &CallingDetails,
    site: &Site,
    written: &mut Vec<&'static str>,
) -> Flow<Option<String>> {
    let present = work.read(calls::calling_location(&site.id)).await?.body;
    let CallingChanges { fields, names } = calling_changes(details, &present, site.home, For::Sending);
    work.resolve_earlier(Operation::CallingLocationUpdate, names.is_empty());
    let default_differs = fields.contains_key(LANGUAGE);
    let language = announcements::change_existing(work, details, &site.id, default_differs).await?;
    if names.is_empty() {
        return Ok(language);
    }
    let context = work.context;
    let _turn = match fields.get("routingPrefix") {
        Some(_) => Some(context.sites.prefix_turn.lock().await),
        None => None,
    };
    let call = site_calls::update_calling_location(&site.id, Value::Object(fields));
    let mut look = async |work: &mut RowWork<'_>| details_now(work, details, site, &names).await;
    let job = work.write(call, shows_job, async |work| Ok(look(work).await?.map(|()| None))).await?;
    if let Some(main_number) = &details.main_number {
        work.added.retain(|(_, number)| number != main_number);
    }
    if let Some(job) = job {
        let ended = wait_for_job(work, &job).await?;
        let now = Instant::now();
        match work.look_twice(now, &mut look).await? {
            Looked::Done(()) | Looked::ByOthers(()) => {}
            Looked::Lacking(lacking) if ended => return Err(Stop::Pending(lacking.cause())),
            Looked::Lacking(_) => return still_at_work(&job),
        }
    }
    written.push("calling details");
    Ok(language)
}

/// Which of the details that were sent show.
async fn details_now(
    work: &mut RowWork<'_>,
    details: &CallingDetails,
    site: &Site,
    sent: &[String],
) -> Flow<Looked<()>> {
    let now = work.read(calls::calling_location(&site.id)).await?.body;
    Ok(Looked::of(sent, calling_changes(details, &now, site.home, For::Proof).names))
}

/// 206: all but the routing prefix is applied (R7). A job: the prefix takes its time. Some of what is accepted without one is
/// dropped in silence, such as a main number that the location does not hold.
fn shows_job(reply: &Reply) -> Shown<Option<RemoteId>> {
    if reply.status == 206 {
        let why = wire::line(&reply.body, "failureReason");
        return Shown::Partial(format!("Webex applied all but the routing prefix (206): {why}"));
    }
    match wire::batch_job(&reply.body) {
        Ok(Some(job)) => Shown::Proved(Some(job)),
        Ok(None) => Shown::ToReadBack,
        Err(lacking) => Shown::Unproved(lacking.to_string()),
    }
}

/// Waits, within a bound, until the job for the routing prefix has ended; says whether that was seen.
async fn wait_for_job(work: &mut RowWork<'_>, job: &RemoteId) -> Flow<bool> {
    for pause in work.context.webex.pauses(JOB_LOOKS) {
        let reply = match work.try_read(site_calls::routing_prefix_job(job)).await? {
            Ok(reply) => reply,
            // Jobs are forgotten after a while: the location itself says.
            Err(Trouble::Refused(refusal)) if refusal.status == 404 => return Ok(false),
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
            ("COMPLETED", _) => return Ok(true),
            _ => work.context.webex.wait(pause).await?,
        }
    }
    Ok(false)
}

fn still_at_work<T>(job: &RemoteId) -> Flow<T> {
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
    let sent = [format!("the route of unknown extensions to {route}")];
    work.write(
        site_calls::put_internal_dialing(&site.id, route.kind.as_str(), &target),
        |_| Shown::ToReadBack,
        async |work| {
            let lacking = if leads_to(work, site, &target).await? { Vec::new() } else { sent.to_vec() };
            Ok(Looked::of(&sent, lacking))
        },
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
    let rows: Vec<Value> = changes.iter().map(|permission| permission_row(permission)).collect();
    let names = |changes: &[&Permission]| -> Vec<String> {
        changes.iter().map(|permission| permission.call_type.to_string()).collect()
    };
    let sent = names(&changes);
    work.write(
        site_calls::put_location_permissions(&site.id, &rows),
        |_| Shown::ToReadBack,
        async |work| {
            let now = work.read(site_calls::location_permissions(&site.id)).await?.body;
            Ok(Looked::of(&sent, names(&permission_changes(wanted, &now))))
        },
    )
    .await?;
    Ok(Some("outgoing permissions"))
}
