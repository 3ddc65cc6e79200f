//! One row from claim to end. A row always ends: what panics becomes pending.

use std::panic::AssertUnwindSafe;
use std::rc::Rc;

use futures_util::FutureExt;

use super::context::RunContext;
use super::licences::{LicencePool, Place};
use super::work::{Finished, Flow, RowEnd, RowWork};
use super::{assignment, compensate, location, user};
use crate::domain::{Failure, Outcome, PendingReason, Phase, Record, RemoteId, Step};
use crate::store::ClaimedRow;

/// Drives a row through the steps of its phase.
pub(super) async fn process(
    context: &RunContext,
    licences: &LicencePool,
    row: &ClaimedRow,
    place: Option<Place>,
) -> Finished {
    let guarded = AssertUnwindSafe(work_on(context, licences, row, place)).catch_unwind().await;
    guarded.unwrap_or_else(|_| {
        // The payload is not shown: it may quote a cell or an answer.
        tracing::error!(
            critical = true,
            row_id = row.row_id.get(),
            "row.panicked: please report this as a defect"
        );
        let end = RowEnd::Settled(Outcome::Pending(defect(row)));
        Finished { end, asked: false, steps: Vec::new(), calls: Vec::new(), given: Vec::new() }
    })
}

/// The place of each row in the queue for licences, if it may need one: in claim order, before any of them begins.
pub(super) fn places(licences: &Rc<LicencePool>, rows: &[ClaimedRow]) -> Vec<Option<Place>> {
    licences.begin_batch();
    let place = |row: &ClaimedRow| match &row.record {
        Record::User(user) if user.calling_enabled => Some(licences.queue(user.license.clone())),
        _ => None,
    };
    rows.iter().map(place).collect()
}

/// The step that stands for a row of which none was begun.
pub(super) const fn first_step(phase: Phase) -> Step {
    match phase {
        Phase::Locations => Step::LocationLookup,
        Phase::Users => Step::UserLookup,
        Phase::Assignments => Step::AssignmentLookup,
    }
}

async fn work_on(
    context: &RunContext,
    licences: &LicencePool,
    row: &ClaimedRow,
    place: Option<Place>,
) -> Finished {
    let mut work = RowWork::new(context, row);
    let result = steps(&mut work, licences, place).await;
    let result = compensate::compensate(&mut work, result).await;
    work.finish(result).await
}

async fn steps(
    work: &mut RowWork<'_>,
    licences: &LicencePool,
    place: Option<Place>,
) -> Flow<(RemoteId, String)> {
    let row = work.row;
    match &row.record {
        Record::Location(record) => location::drive(work, record).await,
        Record::User(record) => user::drive(work, record, licences, place).await,
        Record::Assignment(record) => assignment::drive(work, record, licences).await,
    }
}

fn defect(row: &ClaimedRow) -> Failure {
    Failure {
        step: first_step(row.batch.phase),
        cause: PendingReason::UnhandledException,
        message: "wxbulk failed on this row; the row can be run again".to_owned(),
        http_status: None,
        tracking_id: None,
        remote_id: None,
        blocked_by: None,
    }
}
