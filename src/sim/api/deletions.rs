//! The end of a location for calling: a check of what is in the way, and the job that does it.

use serde_json::{Value, json};

use super::super::ids::{encode_id, unique_part, uuid};
use super::super::org::{DeletionJob, Moment, Org};
use super::super::page::Paging;
use super::super::reply::{Outcome, Refusal, Reply};
use super::Work;

const START: &str = "2024-02-24T07:22:23.494Z";

/// What stands in the way of a deletion.
struct Obstacles {
    is_last: bool,
    users: usize,
    workspaces: usize,
    virtual_lines: usize,
    numbers: bool,
    others: bool,
}

impl Obstacles {
    fn of(org: &Org, index: usize) -> Self {
        let held = |kinds: &dyn Fn(&str) -> bool| {
            let owners = org.numbers.of_location(index).filter_map(|number| number.owner.as_ref());
            owners.filter(|owner| kinds(&owner.kind)).count()
        };
        let own = ["PEOPLE", "PLACE", "VIRTUAL_LINE"];
        Obstacles {
            is_last: org.locations.iter().filter(|location| location.get().calling.is_some()).count() == 1,
            users: org.callers_of(index).count(),
            workspaces: org.workspaces.iter().filter(|place| place.is_in(index)).count(),
            virtual_lines: held(&|kind| kind == "VIRTUAL_LINE"),
            numbers: org.numbers.of_location(index).any(|number| number.phone.is_some()),
            others: held(&|kind| !own.contains(&kind)) > 0,
        }
    }

    fn status(&self) -> &'static str {
        if self.is_last || self.users + self.workspaces + self.virtual_lines > 0 {
            "BLOCKED"
        } else if self.others {
            "FORCE_REQUIRED"
        } else {
            "UNBLOCKED"
        }
    }
}

pub(super) fn precheck(org: &Org, work: &Work<'_>) -> Outcome {
    let (index, _, _) = org.calling_location(work.id())?;
    let found = Obstacles::of(org, index);
    Ok(Reply::ok(json!({
        "locationDeleteStatus": found.status(),
        "blocking": {
            "lastLocation": found.is_last, "trunksInUseCount": 0, "usersInUseCount": found.users,
            "workspacesInUseCount": found.workspaces, "virtualLineInUseCount": found.virtual_lines,
            "numbersOrderPending": false,
        },
        "nonBlocking": {"numbersPresent": found.numbers},
        "blockingUnlessForced": {"nonUserEntitiesInUse": found.others, "trunksCount": 0},
    })))
}

/// Accepts the job; what is in the way shows in its errors.
pub(super) fn start(org: &mut Org, work: &Work<'_>) -> Outcome {
    let id = work.call.text("locationId").ok_or_else(|| Refusal::missing_field("locationId"))?;
    let (index, location, _) = org.calling_location(id)?;
    let name = location.name.clone();
    if org.deletion_jobs.last().is_some_and(|job| job.exit.is_none()) {
        return Err(Refusal::new(409, "Another job of this kind is in progress."));
    }
    let key = uuid(&format!("DELETION/{}", org.deletion_jobs.len()));
    let forced = work.call.object()?.get("forceDelete") == Some(&json!(true));
    org.deletion_jobs.push(DeletionJob { key, name, location: index, forced, seen: 0, exit: None });
    let job = org.deletion_jobs.last().ok_or_else(|| Refusal::not_found("Job"))?;
    Ok(Reply { status: 202, ..Reply::ok(render(org, job)) })
}

fn position(org: &Org, work: &Work<'_>) -> Result<usize, Refusal> {
    let key = unique_part(work.id());
    org.deletion_jobs.iter().position(|job| job.key == key).ok_or_else(|| Refusal::not_found("Job"))
}

/// As a job of routing prefixes, it comes to its end by being looked at.
pub(super) fn get(org: &mut Org, work: &Work<'_>) -> Outcome {
    let position = position(org, work)?;
    let looks = org.rules.prefix_job_looks;
    let job = org.deletion_jobs.get_mut(position).ok_or_else(|| Refusal::not_found("Job"))?;
    job.seen = job.seen.saturating_add(1);
    if job.exit.is_none() && job.seen > looks {
        let (location, forced) = (job.location, job.forced);
        let done = match Obstacles::of(org, location).status() {
            "UNBLOCKED" => true,
            "FORCE_REQUIRED" => forced,
            _ => false,
        };
        if done {
            end_calling(org, location, work.moment);
        }
        if let Some(job) = org.deletion_jobs.get_mut(position) {
            job.exit = Some(if done { "COMPLETED" } else { "FAILED" });
        }
    }
    let job = org.deletion_jobs.get(position).ok_or_else(|| Refusal::not_found("Job"))?;
    Ok(Reply::ok(render(org, job)))
}

fn end_calling(org: &mut Org, location: usize, moment: Moment) {
    for key in org.numbers.keys_of_location(location) {
        org.numbers.remove(key);
    }
    org.edit_location(location, moment, |location| {
        location.calling = None;
        location.pstn = None;
        location.pstn_route = None;
    });
}

pub(super) fn list(org: &Org, work: &Work<'_>) -> Outcome {
    let paging = Paging::new(&org.rules, ["max", "start"], 20, 100);
    let (page, next) = paging.page(work.call, org.deletion_jobs.iter())?;
    let items: Vec<Value> = page.into_iter().map(|job| render(org, job)).collect();
    Ok(Reply::ok(json!({ "items": items })).with_link(next))
}

pub(super) fn errors(org: &Org, work: &Work<'_>) -> Outcome {
    let job = org.deletion_jobs.get(position(org, work)?).ok_or_else(|| Refusal::not_found("Job"))?;
    let found = Obstacles::of(org, job.location);
    let users = format!("Users associated with the location. Count: {}", found.users);
    let causes = [
        (true, "500", "BATCH-1012004", "Safe delete checks failed."),
        (found.users > 0, "400", "BATCH-1012007", users.as_str()),
    ];
    let location = org.location(job.location)?;
    let entries = causes.into_iter().filter(|(holds, ..)| *holds && job.exit == Some("FAILED")).enumerate();
    let items: Vec<Value> = entries
        .map(|(at, (_, key, code, text))| {
            let message = json!([{"description": text, "code": code, "locationId": location.id}]);
            json!({"itemNumber": at + 1, "errorType": "ERROR", "error": {"key": key, "message": message}})
        })
        .collect();
    Ok(Reply::ok(json!({ "items": items })))
}

fn render(org: &Org, job: &DeletionJob) -> Value {
    let status = job.exit.unwrap_or(if job.seen == 0 { "STARTING" } else { "STARTED" });
    let exit = job.exit.unwrap_or("UNKNOWN");
    json!({
        "name": "deletecallinglocation", "id": encode_id("JOB_ID", &job.key), "locationName": job.name,
        "trackingId": format!("SIM_{}", job.key), "sourceCustomerId": org.id, "targetCustomerId": org.id,
        "instanceId": 1,
        "jobExecutionStatus": [{
            "id": 1, "lastUpdated": START, "createdTime": START, "statusMessage": status, "exitCode": exit,
            "timeElapsed": "PT0S",
        }],
        "latestExecutionStatus": status, "latestExecutionExitCode": exit,
        "counts": {"totalFeatureAccounts": 0, "featureAccountsDeleted": 0, "featureAccountsDeleteFailed": 0},
    })
}
