//! The plan that was made last: what a run would do to each row that is not done.

mod report;

use rusqlite::{Connection, params};

use super::StoreError;
use super::surveys::{self, Kind, SurveyFacts, json};
use crate::domain::{Operation, PlannedWrite, RowId, RowPlan};

pub use report::{
    BlockedRows, DifferenceReport, FirstRow, LocationCount, PhasePlan, PlanReport, PlannedRow, WriteReport,
    walk_planned,
};

/// Forgets the former plan and notes that one begins. It is not complete before [`end_plan`] says so.
pub fn begin_plan(connection: &Connection, facts: &SurveyFacts) -> Result<(), StoreError> {
    connection.execute_batch("DELETE FROM planned_writes; DELETE FROM planned_rows")?;
    surveys::begin(connection, Kind::Plan, facts)
}

/// Notes how the plan that was begun ended, with the requests that it took; `shortfalls` is a JSON array of the licences of
/// which there are not enough.
pub fn end_plan(
    connection: &Connection,
    complete: bool,
    requests: u64,
    shortfalls: &str,
) -> Result<(), StoreError> {
    surveys::end(connection, Kind::Plan, complete, requests, shortfalls)
}

/// Keeps what a run would do to a row, in place of what the plan said of it so far.
pub fn keep_planned(connection: &Connection, plan: &RowPlan) -> Result<(), StoreError> {
    let RowPlan { row_id, phase, location_key, effect, writes, reads, failure } = plan;
    connection.prepare_cached("DELETE FROM planned_writes WHERE row_id = ?1")?.execute([row_id.get()])?;
    connection
        .prepare_cached(
            "INSERT INTO planned_rows (row_id, phase, location_key, effect, writes, reads, step, cause, message, http_status,
                                       tracking_id, blocked_by)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
             ON CONFLICT DO UPDATE SET
                phase = excluded.phase, location_key = excluded.location_key, effect = excluded.effect, writes = excluded.writes,
                reads = excluded.reads, step = excluded.step, cause = excluded.cause, message = excluded.message,
                http_status = excluded.http_status, tracking_id = excluded.tracking_id, blocked_by = excluded.blocked_by",
        )?
        .execute(params![
            row_id.get(),
            phase.number(),
            location_key.as_str(),
            effect.as_str(),
            u32::try_from(writes.len()).unwrap_or(u32::MAX),
            reads,
            failure.as_ref().map(|failure| failure.step.as_str()),
            failure.as_ref().map(|failure| failure.cause.as_str()),
            failure.as_ref().map(|failure| failure.message.as_str()),
            failure.as_ref().and_then(|failure| failure.http_status),
            failure.as_ref().and_then(|failure| failure.tracking_id.as_deref()),
            failure.as_ref().and_then(|failure| failure.blocked_by).map(RowId::get),
        ])?;
    let mut insert = connection.prepare_cached(
        "INSERT INTO planned_writes (row_id, position, step, operation, words, numbers, differences)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for (position, write) in (1_u32..).zip(writes) {
        let differences: Vec<DifferenceReport> =
            write.differences.iter().map(DifferenceReport::from).collect();
        insert.execute(params![
            row_id.get(),
            position,
            write.step.as_str(),
            write.operation.as_str(),
            write.words,
            numbers_added(write),
            json(&differences),
        ])?;
    }
    Ok(())
}

/// How many numbers a write adds to a location: those that it names, at least the one for which it is sent.
fn numbers_added(write: &PlannedWrite) -> u32 {
    if write.operation != Operation::NumbersAdd {
        return 0;
    }
    let is_number = |word: &&str| {
        let word = word.trim_matches([',', ';', ':', '.', '(', ')']);
        word.strip_prefix('+')
            .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
    };
    let named = match write.differences.len() {
        0 => write.words.split_whitespace().filter(is_number).count(),
        stated => stated,
    };
    u32::try_from(named).unwrap_or(u32::MAX).max(1)
}
