//! What a survey makes of the end of a row: a line of a plan, or the finding of a check. Pure.

use super::terms::Purpose;
use crate::domain::{
    Difference, Effect, Failure, Operation, Outcome, PendingReason, Phase, PlannedWrite, RowCheck, RowPlan,
    RowState, Verdict,
};
use crate::runner::engine::{Finished, RowEnd};
use crate::runner::memory::to_come::Ending;
use crate::store::ClaimedRow;

/// How the row would end; a check leaves it where it stands.
pub(crate) fn ending(finished: &Finished, purpose: Purpose) -> Ending {
    let (remote_id, state) = match &finished.end {
        RowEnd::Settled(Outcome::Success(success)) => {
            (Some(success.remote_id.clone()), Some((RowState::Success, None)))
        }
        RowEnd::Settled(Outcome::Pending(failure)) => {
            (failure.remote_id.clone(), Some((RowState::Pending, Some(failure.cause))))
        }
        RowEnd::Released | RowEnd::Storage(_) => (None, None),
    };
    let state = state.filter(|_| purpose == Purpose::Plan);
    Ending { remote_id, given: finished.given.clone(), state }
}

/// What a run would do to the row. `comes` says that its line comes with the licence of the user row.
pub(crate) fn plan_of(row: &ClaimedRow, finished: Finished, comes: bool) -> RowPlan {
    let phase = row.batch.phase;
    let failure = match finished.end {
        RowEnd::Settled(Outcome::Pending(failure)) => Some(failure),
        _ => None,
    };
    let reads = u32::try_from(finished.calls.len()).unwrap_or(u32::MAX);
    RowPlan {
        row_id: row.row_id,
        phase,
        location_key: row.location_key.clone(),
        effect: effect(phase, &finished.planned, failure.as_ref(), comes),
        writes: finished.planned,
        reads: reads.saturating_add(finished.reads_beside),
        failure,
    }
}

fn effect(phase: Phase, writes: &[PlannedWrite], failure: Option<&Failure>, comes: bool) -> Effect {
    let any = |operation: Operation| writes.iter().any(|write| write.operation == operation);
    let licence = any(Operation::LicensesUsersPatch);
    match failure {
        Some(_) => Effect::Blocked,
        None if any(Operation::LocationCreate) => Effect::Create,
        None if any(Operation::CallingLocationEnable) || (licence && phase == Phase::Users) => Effect::Enable,
        None if licence || comes => Effect::Assign,
        None if writes.is_empty() => Effect::Same,
        None => Effect::Update,
    }
}

/// Whether what a row that was a success brought about still is so. `comes` says that its line went with the licence.
pub(crate) fn check_of(row: &ClaimedRow, finished: Finished, comes: bool) -> RowCheck {
    let check =
        |verdict, differences, message| RowCheck { row_id: row.row_id, verdict, differences, message };
    let gone = |field: &str, wanted: String| {
        let difference = Difference { field: field.to_owned(), found: String::new(), wanted };
        check(Verdict::Missing, vec![difference], None)
    };
    let made = |write: &&PlannedWrite| {
        matches!(write.operation, Operation::LocationCreate | Operation::CallingLocationEnable)
            || (write.operation == Operation::LicensesUsersPatch && row.batch.phase == Phase::Users)
    };
    if let Some(first) = finished.planned.iter().find(made) {
        let field = match first.operation {
            Operation::LocationCreate => "location",
            Operation::CallingLocationEnable => "calling of the location",
            _ => "calling",
        };
        let wanted = first.differences.first().map(|difference| difference.wanted.clone());
        return gone(field, wanted.unwrap_or_else(|| row.entity_key.clone()));
    }
    if comes {
        return gone("line", "what the row states, by a calling licence".to_owned());
    }
    let mut differences: Vec<Difference> =
        finished.planned.iter().flat_map(|write| write.differences.iter().cloned()).collect();
    let whole = finished.planned.iter().filter(|write| write.differences.is_empty());
    differences.extend(whole.map(|write| Difference {
        field: write.operation.to_string(),
        found: String::new(),
        wanted: write.words.clone(),
    }));
    match (finished.end, finished.cause) {
        (RowEnd::Settled(Outcome::Success(_)), _) if differences.is_empty() => {
            check(Verdict::InPlace, differences, None)
        }
        (RowEnd::Settled(Outcome::Success(_)), _) => check(Verdict::Drifted, differences, None),
        (RowEnd::Settled(Outcome::Pending(failure)), cause) => {
            let told = cause.as_ref().is_none_or(|cause| !cause.request_failed);
            differences.extend(cause.into_iter().flat_map(|cause| cause.differences));
            let verdict = match failure.cause {
                PendingReason::UserNotFound => Verdict::Missing,
                PendingReason::InvalidResponseSchema | PendingReason::UnhandledException => Verdict::Unknown,
                _ if told => Verdict::Drifted,
                _ => Verdict::Unknown,
            };
            check(verdict, differences, Some(failure.message))
        }
        (RowEnd::Released | RowEnd::Storage(_), _) => check(Verdict::Unknown, differences, None),
    }
}
