//! What a location row states beyond the location: PSTN, then numbers, then settings, each only if the row has them.

use serde_json::Value;
use tokio::time::Instant;

use super::activation;
use super::announcements;
use super::compare::permission_row;
use super::decide_site::{CallingChanges, For, LANGUAGE, against, calling_changes, permission_changes};
use super::numbers;
use super::pstn;
use crate::domain::{
    CallingDetails, Difference, LocationSettings, Operation, PendingReason, Permission, RemoteId, RouteName,
    Step,
};
use crate::runner::engine::{Decision, Eyes, Goal, Missing, Shown, Work};
use crate::runner::flow::{Cause, Flow, Stop, pending, stop_for};
use crate::runner::memory::sites::Site;
use crate::webex::{Reply, Trouble, calls, site_calls, wire};

/// How often the job for a routing prefix is asked about: some minutes in all.
const JOB_LOOKS: u32 = 24;

/// Reaches everything; says in words what was done.
pub(crate) async fn reach(
    work: &mut Work<'_>,
    settings: &LocationSettings,
    site: &Site,
) -> Flow<Vec<String>> {
    let mut done = Vec::new();
    if let Some(choice) = &settings.pstn {
        let changed = pstn::reach(work, site, choice).await?;
        done.push(if changed { "PSTN connected".to_owned() } else { "PSTN in place".to_owned() });
    }
    if let Some(activated) = activation::reach(work, site).await? {
        done.push(format!("{activated} numbers activated"));
    }
    let mut wanted = settings.numbers.clone();
    let may_add = work.eyes.memory.ground.settings.add_missing_numbers;
    let main_number = settings.details.main_number.iter().filter(|_| may_add);
    wanted.extend(main_number.filter(|number| !settings.numbers.contains(number)).cloned());
    if !wanted.is_empty() {
        done.extend(numbers::add_to_location(work, site, &wanted).await?);
    }
    reach_settings(work, settings, site, &mut done).await?;
    Ok(done)
}

/// The settings with a path of their own; says in words how many objects were written, if any is stated.
async fn reach_settings(
    work: &mut Work<'_>,
    settings: &LocationSettings,
    site: &Site,
    done: &mut Vec<String>,
) -> Flow<()> {
    let LocationSettings { details, unknown_extensions, outgoing_permissions, .. } = settings;
    if details.is_empty() && unknown_extensions.is_none() && outgoing_permissions.is_empty() {
        return Ok(());
    }
    work.begin(Step::LocationApplySettings);
    let mut written = 0_usize;
    let mut language = None;
    let mut count = |changed: bool| written = written.saturating_add(usize::from(changed));
    if !details.is_empty() {
        let (changed, words) = reach_details(work, details, site).await?;
        language = words;
        count(changed);
    }
    if let Some(route) = unknown_extensions {
        work.begin(Step::LocationApplySettings);
        let target = pstn::resolve_route(&mut work.eyes, route).await?;
        count(work.reach(&UnknownExtensions { site, route, target }).await?.changed());
    }
    if !outgoing_permissions.is_empty() {
        count(work.reach(&Permissions { site, wanted: outgoing_permissions }).await?.changed());
    }
    done.push(format!("{written} settings written"));
    done.extend(language);
    Ok(())
}

/// Says whether details were written, and gives what there is to say of the announcement language.
async fn reach_details(
    work: &mut Work<'_>,
    details: &CallingDetails,
    site: &Site,
) -> Flow<(bool, Option<String>)> {
    let present = details_of(&mut work.eyes, site).await?;
    let changes = calling_changes(details, &present, site.home, For::Sending);
    let default_differs = changes.fields.contains_key(LANGUAGE);
    let language = announcements::change_existing(work, details, &site.id, default_differs).await?;
    let goal = Details { details, site, present };
    let memory = work.eyes.memory;
    let _turn = match changes.fields.get("routingPrefix") {
        Some(_) => Some(memory.sites.prefix_turn.lock().await),
        None => None,
    };
    let reached = work.reach(&goal).await?;
    let changed = reached.changed();
    if let Some(main_number) = details.main_number.as_ref().filter(|_| changed) {
        work.added.retain(|(_, number)| number != main_number);
    }
    if let Some(job) = reached.got {
        wait_for_prefix(&mut work.eyes, &goal, &job).await?;
    }
    Ok((changed, language))
}

async fn details_of(eyes: &mut Eyes<'_>, site: &Site) -> Flow<Value> {
    if eyes.is_to_come(&site.id) {
        return Ok(Value::Null);
    }
    Ok(eyes.read(calls::calling_location(&site.id)).await?.body)
}

/// The calling details of a location are as its row states them.
pub(crate) struct Details<'a> {
    pub(crate) details: &'a CallingDetails,
    pub(crate) site: &'a Site,
    /// The location as it was read for this goal.
    pub(crate) present: Value,
}

impl Goal for Details<'_> {
    type Seen = (Value, For);
    /// The job that changes the routing prefix, if there is one.
    type Got = Option<RemoteId>;

    fn writes_in(&self) -> Step {
        Step::LocationApplySettings
    }

    fn writes(&self) -> &'static [Operation] {
        &[Operation::CallingLocationUpdate]
    }

    async fn known(&self, _eyes: &mut Eyes<'_>) -> Flow<Option<(Value, For)>> {
        Ok(Some((self.present.clone(), For::Sending)))
    }

    async fn look(&self, eyes: &mut Eyes<'_>) -> Flow<(Value, For)> {
        Ok((details_of(eyes, self.site).await?, For::Proof))
    }

    fn decide(&self, (present, purpose): &(Value, For)) -> Decision<Option<RemoteId>> {
        let CallingChanges { fields, differences } =
            calling_changes(self.details, present, self.site.home, *purpose);
        if differences.is_empty() {
            return Decision::InPlace {
                got: None,
                proof: "calling details are as the row states them".to_owned(),
            };
        }
        let write = site_calls::update_calling_location(&self.site.id, Value::Object(fields));
        let names: Vec<&str> = differences.iter().map(|one| one.field.as_str()).collect();
        let words = format!("write calling details: {}", names.join(", "));
        Decision::Missing(Missing { write, words, differences })
    }

    /// 206: all but the routing prefix is applied (R7). A job: the prefix takes its time.
    fn reads_beside(&self, _seen: &(Value, For)) -> u32 {
        1
    }

    fn shown(&self, reply: &Reply) -> Shown<Option<RemoteId>> {
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

    fn would_be(&self) -> Option<RemoteId> {
        None
    }
}

/// Waits until the job for a routing prefix has ended and the prefix shows.
async fn wait_for_prefix(eyes: &mut Eyes<'_>, goal: &Details<'_>, job: &RemoteId) -> Flow<()> {
    let has_ended = wait_for_job(eyes, job).await?;
    let ended = Instant::now();
    if still_differs(eyes, goal).await?.is_empty() {
        return Ok(());
    }
    eyes.wait_to_show(ended).await?;
    let left = still_differs(eyes, goal).await?;
    if left.is_empty() {
        return Ok(());
    }
    if !has_ended {
        return still_at_work(job);
    }
    let names: Vec<String> = left.iter().map(|one| one.field.clone()).collect();
    let cause = Cause::new(PendingReason::NonRetryableExternal, "").not_applied(&names);
    Err(Stop::Pending(Cause { differences: left, ..cause }))
}

async fn still_differs(eyes: &mut Eyes<'_>, goal: &Details<'_>) -> Flow<Vec<Difference>> {
    let (present, purpose) = goal.look(eyes).await?;
    Ok(calling_changes(goal.details, &present, goal.site.home, purpose).differences)
}

/// Waits, within a bound, until the job for the routing prefix has ended; says whether that was seen.
async fn wait_for_job(eyes: &mut Eyes<'_>, job: &RemoteId) -> Flow<bool> {
    for pause in eyes.memory.ground.webex.pauses(JOB_LOOKS) {
        let reply = match eyes.try_read(site_calls::routing_prefix_job(job)).await? {
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
            _ => eyes.memory.ground.webex.wait(pause).await?,
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

/// Unknown extensions are routed as the row states.
pub(crate) struct UnknownExtensions<'a> {
    pub(crate) site: &'a Site,
    pub(crate) route: &'a RouteName,
    pub(crate) target: RemoteId,
}

impl Goal for UnknownExtensions<'_> {
    type Seen = Value;
    type Got = ();

    fn writes_in(&self) -> Step {
        Step::LocationApplySettings
    }

    fn writes(&self) -> &'static [Operation] {
        &[Operation::InternalDialingPut]
    }

    async fn known(&self, eyes: &mut Eyes<'_>) -> Flow<Option<Value>> {
        Ok(eyes.is_to_come(&self.site.id).then_some(Value::Null))
    }

    async fn look(&self, eyes: &mut Eyes<'_>) -> Flow<Value> {
        Ok(eyes.read(site_calls::internal_dialing(&self.site.id)).await?.body)
    }

    fn decide(&self, seen: &Value) -> Decision<()> {
        let leads = wire::unknown_extension_route(seen);
        if leads.as_ref().is_some_and(|route| route.same_as(&self.target)) {
            return Decision::InPlace { got: (), proof: format!("unknown extensions go to {}", self.route) };
        }
        Decision::Missing(Missing {
            write: site_calls::put_internal_dialing(&self.site.id, self.route.kind.as_str(), &self.target),
            words: format!("route unknown extensions to {}", self.route),
            differences: vec![Difference {
                field: format!("the route of unknown extensions to {}", self.route),
                found: leads.map(|route| route.to_string()).unwrap_or_default(),
                wanted: self.route.to_string(),
            }],
        })
    }

    fn reads_beside(&self, _seen: &Value) -> u32 {
        1
    }

    fn shown(&self, _reply: &Reply) -> Shown<()> {
        Shown::ToReadBack
    }

    fn would_be(&self) {}
}

/// The listed outgoing permissions of a location are as its row states them.
pub(crate) struct Permissions<'a> {
    pub(crate) site: &'a Site,
    pub(crate) wanted: &'a [Permission],
}

impl Goal for Permissions<'_> {
    type Seen = Value;
    type Got = ();

    fn writes_in(&self) -> Step {
        Step::LocationApplySettings
    }

    fn writes(&self) -> &'static [Operation] {
        &[Operation::LocationPermissionsPut]
    }

    async fn known(&self, eyes: &mut Eyes<'_>) -> Flow<Option<Value>> {
        Ok(eyes.is_to_come(&self.site.id).then_some(Value::Null))
    }

    async fn look(&self, eyes: &mut Eyes<'_>) -> Flow<Value> {
        Ok(eyes.read(site_calls::location_permissions(&self.site.id)).await?.body)
    }

    fn decide(&self, seen: &Value) -> Decision<()> {
        let changes = permission_changes(self.wanted, seen);
        if changes.is_empty() {
            return Decision::InPlace {
                got: (),
                proof: "outgoing permissions are as the row states them".to_owned(),
            };
        }
        let rows: Vec<Value> = changes.iter().map(|permission| permission_row(permission)).collect();
        let differences: Vec<Difference> =
            changes.iter().map(|permission| against(permission, seen)).collect();
        Decision::Missing(Missing {
            write: site_calls::put_location_permissions(&self.site.id, &rows),
            words: "write outgoing permissions of the location".to_owned(),
            differences,
        })
    }

    fn reads_beside(&self, _seen: &Value) -> u32 {
        1
    }

    fn shown(&self, _reply: &Reply) -> Shown<()> {
        Shown::ToReadBack
    }

    fn would_be(&self) {}
}
