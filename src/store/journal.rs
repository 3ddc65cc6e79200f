//! What was done for a row: its steps, and every request, the writes before they are sent.

use rusqlite::{Connection, OptionalExtension, params};

use super::columns::{optional, typed};
use super::queue::ClaimedRow;
use super::runs::RunId;
use super::{StoreError, now};
use crate::domain::{Fact, Feature, Operation, PhoneNumber, RemoteId, Repeat, RowId, Step, StepState};

/// One step as it ended.
#[derive(Debug, Clone)]
pub struct StepRecord {
    /// Its name.
    pub step: Step,
    /// How it ended.
    pub state: StepState,
    /// What proves it, or what stopped it.
    pub proof: String,
}

/// A write that is about to be sent.
#[derive(Debug, Clone)]
pub struct NewCall {
    /// The row it is for.
    pub row_id: RowId,
    /// The row's attempt.
    pub attempt: u32,
    /// The step it is part of.
    pub step: Step,
    /// What it does.
    pub operation: Operation,
    /// Which object of a person's settings it writes.
    pub feature: Option<Feature>,
    /// The telephone numbers that it is to add, activate, take away or give.
    pub numbers: Vec<PhoneNumber>,
}

/// Writes of an earlier attempt at a row of which nobody knows whether they were applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Doubt {
    /// What they do.
    pub operation: Operation,
    /// Which object of a person's settings they write.
    pub feature: Option<Feature>,
}

impl Doubt {
    /// About writes of an object of settings.
    pub const fn of(feature: Feature) -> Doubt {
        Doubt { operation: Operation::FeaturePut, feature: Some(feature) }
    }
}

/// What an attempt at a row found out of one thing that the row is to bring about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Given {
    /// The thing.
    pub fact: Fact,
    /// Whether it is so.
    pub reached: bool,
}

/// One such write about telephone numbers: it is resolved by these, and by no others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumbersDoubt {
    /// The number of the call.
    pub call_id: i64,
    /// What it does.
    pub operation: Operation,
    /// The numbers.
    pub numbers: Vec<PhoneNumber>,
}

/// A request with its answer.
#[derive(Debug, Clone)]
pub struct CallRecord {
    /// The step it was part of.
    pub step: Option<Step>,
    /// What it did.
    pub operation: Operation,
    /// Which object of a person's settings it was about.
    pub feature: Option<Feature>,
    /// How often it was sent.
    pub tries: u32,
    /// The status of the last answer.
    pub status: Option<u16>,
    /// Webex's id of the last exchange.
    pub tracking_id: Option<String>,
    /// What was wrong with it.
    pub error: Option<String>,
    /// Whether a write is in place; `None` while nobody knows, and for reads.
    pub applied: Option<bool>,
    /// The id that the answer to a create gave.
    pub remote_id: Option<RemoteId>,
    /// When the first try was begun.
    pub begun_at: String,
}

/// Records the intent of a write; it must be committed before the request leaves.
pub fn intend(connection: &Connection, run: RunId, call: &NewCall) -> Result<i64, StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO calls (run_id, row_id, attempt, step, operation, feature, mutating, intent_at, numbers)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1, ?7, ?8)",
        )?
        .execute(params![
            run.0,
            call.row_id.get(),
            call.attempt,
            call.step.as_str(),
            call.operation.as_str(),
            call.feature.map(Feature::as_str),
            now(),
            (!call.numbers.is_empty()).then(|| json_of(&call.numbers)),
        ])?;
    Ok(connection.last_insert_rowid())
}

/// Records what became of a write that was intended.
pub fn answer(connection: &Connection, call_id: i64, call: &CallRecord) -> Result<(), StoreError> {
    let changed = connection
        .prepare_cached(
            "UPDATE calls SET applied = ?1, tries = ?2, status = ?3, tracking_id = ?4, error = ?5, answered_at = ?6, remote_id = ?7
             WHERE call_id = ?8",
        )?
        .execute(params![call.applied, call.tries, call.status, call.tracking_id, call.error, now(), call.remote_id.as_ref().map(RemoteId::as_str), call_id])?;
    if changed == 1 { Ok(()) } else { Err(StoreError::Invariant(format!("call {call_id} is not on record"))) }
}

/// Records what a look-up says of earlier writes of a row whose end nobody knew.
pub fn resolve(
    connection: &Connection,
    row_id: RowId,
    doubt: Doubt,
    applied: bool,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE calls SET applied = ?1
             WHERE row_id = ?2 AND operation = ?3 AND feature IS ?4 AND mutating = 1 AND applied IS NULL",
        )?
        .execute(params![
            applied,
            row_id.get(),
            doubt.operation.as_str(),
            doubt.feature.map(Feature::as_str)
        ])?;
    Ok(())
}

/// Records what a look-up says of one earlier write whose end nobody knew.
pub fn resolve_call(connection: &Connection, call_id: i64, applied: bool) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE calls SET applied = ?1 WHERE call_id = ?2 AND applied IS NULL")?
        .execute(params![applied, call_id])?;
    Ok(())
}

/// Records a read that belongs to no row.
pub fn record_shared_call(connection: &Connection, run: RunId, call: &CallRecord) -> Result<(), StoreError> {
    insert_call(connection, run, None, call)
}

pub(super) fn record_calls(
    connection: &Connection,
    run: RunId,
    row: &ClaimedRow,
    calls: &[CallRecord],
) -> Result<(), StoreError> {
    calls.iter().try_for_each(|call| insert_call(connection, run, Some(row), call))
}

fn insert_call(
    connection: &Connection,
    run: RunId,
    row: Option<&ClaimedRow>,
    call: &CallRecord,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO calls (run_id, row_id, attempt, step, operation, feature, mutating, applied, tries, status, tracking_id, error,
                                intent_at, answered_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
        )?
        .execute(params![
            run.0,
            row.map(|row| row.row_id.get()),
            row.map(|row| row.attempt),
            call.step.map(Step::as_str),
            call.operation.as_str(),
            call.feature.map(Feature::as_str),
            call.operation.repeat() != Repeat::Read,
            call.applied,
            call.tries,
            call.status,
            call.tracking_id,
            call.error,
            call.begun_at,
            now(),
        ])?;
    Ok(())
}

pub(super) fn record_steps(
    connection: &Connection,
    row: &ClaimedRow,
    steps: &[StepRecord],
    at: &str,
) -> Result<(), StoreError> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO steps (row_id, attempt, position, step, state, proof, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for (position, step) in (1_u32..).zip(steps) {
        insert.execute(params![
            row.row_id.get(),
            row.attempt,
            position,
            step.step.as_str(),
            step.state.as_str(),
            step.proof,
            at
        ])?;
    }
    Ok(())
}

/// Keeps what a row gives. What the attempt did not look at stays as an earlier one left it.
pub(super) fn record_facts(
    connection: &Connection,
    row_id: RowId,
    given: &[Given],
) -> Result<(), StoreError> {
    for Given { fact, reached } in given {
        let sql = match reached {
            true => "INSERT OR IGNORE INTO gives (row_id, fact) VALUES (?1, ?2)",
            false => "DELETE FROM gives WHERE row_id = ?1 AND fact = ?2",
        };
        connection.prepare_cached(sql)?.execute(params![row_id.get(), fact.as_str()])?;
    }
    Ok(())
}

/// Takes from a row what it gave: it is to mean something else.
pub(super) fn forget_facts(connection: &Connection, row_id: RowId) -> Result<(), StoreError> {
    connection.prepare_cached("DELETE FROM gives WHERE row_id = ?1")?.execute([row_id.get()])?;
    Ok(())
}

/// The calls of the row ?1 as it is now, not as it was before it was amended.
const OF_THE_ROW: &str = "row_id = ?1 AND attempt > (SELECT since_attempt FROM rows WHERE rows.row_id = ?1)";

/// Records that numbers which this attempt at a row added are in place no more: a request of which none is left.
pub fn take_back_numbers(
    connection: &Connection,
    row_id: RowId,
    attempt: u32,
    numbers: &[PhoneNumber],
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE calls SET applied = 0, error = 'taken back'
             WHERE row_id = ?1 AND attempt = ?2 AND operation = 'numbers_add' AND applied = 1 AND numbers IS NOT NULL
               AND NOT EXISTS (SELECT value FROM json_each(calls.numbers) EXCEPT SELECT value FROM json_each(?3))",
        )?
        .execute(params![row_id.get(), attempt, json_of(numbers)])?;
    Ok(())
}

fn json_of(numbers: &[PhoneNumber]) -> String {
    let numbers: Vec<&str> = numbers.iter().map(PhoneNumber::as_str).collect();
    serde_json::to_string(&numbers).unwrap_or_default()
}

/// How many writes of a row are in place in Webex; taking something back leaves nothing there.
pub(super) fn applied_calls(connection: &Connection, row_id: RowId) -> Result<u32, StoreError> {
    Ok(connection
        .prepare_cached(&format!(
            "SELECT count(*) FROM calls
             WHERE mutating = 1 AND applied = 1 AND operation != 'numbers_delete' AND {OF_THE_ROW}"
        ))?
        .query_row([row_id.get()], |row| row.get(0))?)
}

/// The writes of a row of which nobody knows whether they were applied.
pub(super) fn unsettled_calls(connection: &Connection, row_id: RowId) -> Result<Vec<Doubt>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT DISTINCT operation, feature FROM calls WHERE mutating = 1 AND applied IS NULL AND {OF_THE_ROW}"
    ))?;
    let rows = statement.query_map([row_id.get()], |row| {
        Ok(Doubt { operation: typed(row, "operation")?, feature: optional(row, "feature")? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Those of them that are about telephone numbers, as far as these are on record.
pub(super) fn numbers_in_doubt(
    connection: &Connection,
    row_id: RowId,
) -> Result<Vec<NumbersDoubt>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT call_id, operation, numbers FROM calls
         WHERE mutating = 1 AND applied IS NULL AND numbers IS NOT NULL AND {OF_THE_ROW}"
    ))?;
    let rows = statement.query_map([row_id.get()], |row| {
        let numbers: String = row.get("numbers")?;
        let numbers: Vec<String> = serde_json::from_str(&numbers).unwrap_or_default();
        let numbers = numbers.iter().filter_map(|number| PhoneNumber::parse(number).ok()).collect();
        Ok(NumbersDoubt { call_id: row.get("call_id")?, operation: typed(row, "operation")?, numbers })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The id that Webex gave when an earlier attempt at a row created its location.
pub(super) fn created_location(
    connection: &Connection,
    row_id: RowId,
) -> Result<Option<RemoteId>, StoreError> {
    id_given(connection, row_id, "operation = 'location_create' AND applied = 1")
}

/// The id that Webex gave when an earlier attempt at a row added an emergency address, shown since or not.
pub(super) fn added_emergency_address(
    connection: &Connection,
    row_id: RowId,
) -> Result<Option<RemoteId>, StoreError> {
    id_given(connection, row_id, "operation = 'emergency_address_add'")
}

/// Whether a row changed calling details of its location, and not the announcement language of what exists there. Nothing is
/// owed by a row that was a success as it stands in its file.
pub(super) fn left_existing_language(connection: &Connection, row_id: RowId) -> Result<bool, StoreError> {
    Ok(connection
        .prepare_cached(&format!(
            "SELECT coalesce(sum(operation = 'calling_location_update') > 0 AND sum(operation != 'calling_location_update') = 0, 0)
             FROM calls WHERE operation IN ('calling_location_update', 'announcement_language_modify') AND applied = 1 AND {OF_THE_ROW}
               AND NOT EXISTS (SELECT 1 FROM outcomes o JOIN rows r USING (row_id) JOIN inputs i USING (input_id)
                               WHERE o.row_id = ?1 AND o.state = 'success' AND o.at >= i.ingested_at)"
        ))?
        .query_row([row_id.get()], |row| row.get(0))?)
}

fn id_given(
    connection: &Connection,
    row_id: RowId,
    which: &'static str,
) -> Result<Option<RemoteId>, StoreError> {
    Ok(connection
        .prepare_cached(&format!(
            "SELECT remote_id FROM calls WHERE {which} AND remote_id IS NOT NULL AND {OF_THE_ROW}
             ORDER BY call_id DESC LIMIT 1"
        ))?
        .query_row([row_id.get()], |row| typed(row, "remote_id"))
        .optional()?)
}
