//! Jobs of the back end. One of them runs here, the others only refuse.

use serde_json::{Value, json};

use super::super::ids::{encode_id, unique_part, uuid};
use super::super::org::{Org, PrefixJob};
use super::super::reply::{Outcome, Refusal, Reply};
use super::Work;

const START: &str = "2024-02-24T07:22:23.494Z";
const USERS_AT_ONCE: usize = 100;

/// Whether a change of a routing prefix is still under way somewhere in the organisation.
///
/// A job comes to its end by being looked at, be it with a GET or by a PUT that it makes fail, so that tests
/// need no clock and a client that only tries again gets through.
pub(super) fn prefix_job_runs(org: &mut Org) -> bool {
    org.prefix_jobs.last_mut().is_some_and(PrefixJob::look)
}

/// Starts the job of a location and says its id.
pub(super) fn start_prefix_job(org: &mut Org, location: usize) -> String {
    let key = uuid(&format!("PREFIX/{}", org.prefix_jobs.len()));
    let updated = org.numbers.of_location(location).filter(|number| number.extension.is_some()).count();
    org.prefix_jobs.push(PrefixJob { key: key.clone(), looks: org.rules.prefix_job_looks, seen: 0, updated });
    encode_id("JOB_ID", &key)
}

impl PrefixJob {
    /// Looks at the job; says whether it runs.
    fn look(&mut self) -> bool {
        let runs = self.seen < self.looks;
        self.seen = self.seen.saturating_add(1);
        runs
    }
}

pub(super) fn prefix_job(org: &mut Org, work: &Work<'_>) -> Outcome {
    let (org_id, admin) = (org.id.clone(), org.person(org.admin)?.id.clone());
    let wanted = unique_part(work.id());
    let job = org.prefix_jobs.iter_mut().find(|job| job.key == wanted);
    let job = job.ok_or_else(|| Refusal::not_found("Job"))?;
    let is_new = job.seen == 0;
    let status = match (job.look(), is_new) {
        (true, true) => "STARTING",
        (true, false) => "STARTED",
        (false, _) => "COMPLETED",
    };
    let mut execution = json!({"id": 1, "startTime": START, "lastUpdated": START, "createdTime": START, "statusMessage": status, "timeElapsed": "PT0S"});
    let exit = if status == "COMPLETED" { "COMPLETED" } else { "UNKNOWN" };
    if let (Value::Object(fields), "COMPLETED") = (&mut execution, status) {
        fields.insert("endTime".into(), json!(START));
        fields.insert("exitCode".into(), json!(exit));
    }
    let updated = if status == "COMPLETED" { job.updated } else { 0 };
    Ok(Reply::ok(json!({
        "name": "updateRoutingPrefix", "id": encode_id("JOB_ID", &job.key), "trackingId": format!("SIM_{}", job.key),
        "sourceUserId": admin, "sourceCustomerId": org_id, "targetCustomerId": org_id, "instanceId": 1,
        "jobExecutionStatus": [execution],
        "latestExecutionStatus": status, "latestExecutionExitCode": exit,
        "counts": {"routingPrefixUpdated": updated, "routingPrefixFailed": 0},
    })))
}

/// The body of a refused move: a list of errors without the usual frame.
fn move_refusal(code: &Value, message: &str) -> Refusal {
    Refusal::bad_request(message).with_body(json!({"error": [{"code": code, "message": message}]}))
}

/// Moves of people to another location: checked when only that is asked for, never done, because no client
/// of this simulator may move people.
pub(super) fn move_location(org: &Org, work: &Work<'_>) -> Outcome {
    let entries = work.call.object()?.get("usersList").and_then(Value::as_array);
    let entry = entries.and_then(|entries| entries.first());
    let entry = entry.ok_or_else(|| move_refusal(&json!(25008), "usersList is missing."))?;
    let target = entry.get("locationId").and_then(Value::as_str).unwrap_or_default();
    let target = org.location_index(target);
    let target = target.ok_or_else(|| move_refusal(&json!(1_026_011), "The location was not found."))?;
    let users = entry.get("users").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if users.is_empty() || users.len() > USERS_AT_ONCE {
        return Err(move_refusal(&json!("BATCH-1017"), "1 to 100 users are accepted."));
    }
    for user in users {
        check_move(org, target, user)?;
    }
    if entry.get("validate") != Some(&json!(true)) {
        return Err(move_refusal(&json!("BATCH-1017"), "The simulator moves nobody."));
    }
    let response: Vec<Value> =
        users.iter().map(|user| json!({"userId": user.get("userId"), "impacts": [], "errors": []})).collect();
    Ok(Reply::ok(json!({ "response": response })))
}

fn check_move(org: &Org, target: usize, user: &Value) -> Result<(), Refusal> {
    let text = |name: &str| user.get(name).and_then(Value::as_str);
    let refuse = |code: u64, message: &str| Err(move_refusal(&json!(code), message));
    let Some(index) = text("userId").and_then(|id| org.person_index(id)) else {
        return refuse(2_150_012, "The user was not found.");
    };
    let Some(calling) = &org.person(index)?.calling else {
        return refuse(1_026_010, "The user is not a calling user.");
    };
    if calling.location == target {
        return refuse(1_026_013, "The user is in the location already.");
    }
    let phone = text("phoneNumber").and_then(|phone| org.numbers.by_phone(phone));
    if phone.and_then(|key| org.numbers.get(key)).is_some_and(|number| number.owner.is_some()) {
        return refuse(4201, "The number is already in use.");
    }
    let Some(extension) = text("extension") else {
        return match text("phoneNumber") {
            Some(_) => Ok(()),
            None => refuse(1_026_016, "A phone number or an extension is required."),
        };
    };
    if org.numbers.by_extension(target, extension).is_some() {
        return refuse(4202, "The extension is already in use.");
    }
    Ok(())
}

/// Moves of numbers between locations: refused, in the shape of that job's errors.
pub(super) fn manage_numbers() -> Outcome {
    let message = "The simulator moves no numbers.";
    let error = json!({"key": "400", "message": [{"description": message, "code": "BATCH-1017"}]});
    Err(Refusal::bad_request(message).with_body(json!({ "error": error })))
}
