//! One row from claim to end. A row always ends: what panics becomes pending.

use std::panic::AssertUnwindSafe;
use std::rc::Rc;

use futures_util::FutureExt;

use super::context::RunContext;
use crate::domain::{Failure, Outcome, PendingReason, Record};
use crate::runner::engine::{Finished, Hands, RowEnd, Work};
use crate::runner::goals::{first_step, reach_all};
use crate::runner::memory::Memory;
use crate::runner::memory::licences::{LicencePool, Turn};
use crate::store::ClaimedRow;

/// Drives a row through its goals, and writes what is missing.
pub(crate) async fn process(
    context: &RunContext,
    licences: &LicencePool,
    row: &ClaimedRow,
    turn: Turn,
) -> Finished {
    let hands = Hands::new(&context.webex, &context.memory.ground.writer, context.run);
    work_on(&context.memory, licences, row, turn, Some(hands)).await
}

/// Drives a row through its goals, with hands or without.
pub(crate) async fn work_on(
    memory: &Memory,
    licences: &LicencePool,
    row: &ClaimedRow,
    turn: Turn,
    hands: Option<Hands<'_>>,
) -> Finished {
    let work = async {
        let mut work = Work::new(memory, row, first_step(row.batch.phase), hands);
        let result = reach_all(&mut work, licences, turn).await;
        work.finish(result).await
    };
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| {
        // The payload is not shown: it may quote a cell or an answer.
        tracing::error!(
            critical = true,
            row_id = row.row_id.get(),
            "row.panicked: please report this as a defect"
        );
        Finished::of(RowEnd::Settled(Outcome::Pending(defect(row))))
    })
}

/// How each row comes by a unit of a licence, if it may need one: in claim order, before any of them begins.
pub(crate) fn turns(licences: &Rc<LicencePool>, rows: &[ClaimedRow]) -> Vec<Turn> {
    licences.begin_batch();
    let turn = |row: &ClaimedRow| match &row.record {
        Record::User(user) if user.calling_enabled => Turn::Queued(licences.queue(user.license.clone())),
        _ => Turn::NotNeeded,
    };
    rows.iter().map(turn).collect()
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
