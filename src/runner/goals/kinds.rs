//! The kinds of rows: which prose is whose.

use super::{assignment, compensate, location, user};
use crate::domain::{Phase, Record, RemoteId, Step};
use crate::runner::engine::Work;
use crate::runner::flow::Flow;
use crate::runner::memory::licences::{LicencePool, Turn};

/// The step that stands for a row of which none was begun.
pub(crate) const fn first_step(phase: Phase) -> Step {
    match phase {
        Phase::Locations => Step::LocationLookup,
        Phase::Users => Step::UserLookup,
        Phase::Assignments => Step::AssignmentLookup,
    }
}

/// Reaches one goal of a row after the other; gives its location or person, and what was done in words.
pub(crate) async fn reach_all(
    work: &mut Work<'_>,
    licences: &LicencePool,
    turn: Turn,
) -> Flow<(RemoteId, String)> {
    let row = work.eyes.row;
    let result = match &row.record {
        Record::Location(record) => location::reach(work, record).await,
        Record::User(record) => user::reach(work, record, licences, turn).await,
        Record::Assignment(record) => assignment::reach(work, record, licences).await,
    };
    compensate::compensate(work, result).await
}
