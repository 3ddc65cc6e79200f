//! The only writers of a row's state: claim, settle, release and recover.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use rusqlite::{Connection, Row, named_params, params};

use super::columns::{batch_id, optional, typed};
use super::journal::{self, CallRecord, Doubt, Given, NumbersDoubt, StepRecord};
use super::runs::RunId;
use super::selection::{CLAIMABLE, Selection};
use super::siblings::{self, Sibling, record};
use super::{StoreError, aliases, now};
use crate::domain::{
    BatchId, EntityType, LocationKey, Outcome, PendingReason, Phase, Record, RemoteId, RowId, RowState,
};

/// The rows of one claim.
#[derive(Debug)]
pub struct Claim {
    /// In row order; each is in its batch, which for a row that an earlier claim did not finish is its old one.
    pub rows: Vec<ClaimedRow>,
    /// The batches of an earlier claim among them, and how rows of these have ended so far.
    pub reopened: Vec<(BatchId, Vec<EarlierEnds>)>,
}

/// Rows of a batch that have ended alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EarlierEnds {
    /// Why they are pending; `None` for those that succeeded.
    pub cause: Option<PendingReason>,
    /// Whether another row blocks them.
    pub blocked: bool,
    /// Whether they sent a request of their own.
    pub asked: bool,
    /// How many.
    pub rows: u32,
}

/// A row that this run alone works on. Made by a claim only; ends by being settled or released.
#[derive(Debug)]
#[must_use = "a claimed row must be settled or released"]
pub struct ClaimedRow {
    /// Its number.
    pub row_id: RowId,
    /// Its batch.
    pub batch: BatchId,
    /// 1 for the first claim, and one more with each.
    pub attempt: u32,
    /// Its key in the files.
    pub entity_key: String,
    /// Its location's key, canonical.
    pub location_key: LocationKey,
    /// What it asks for.
    pub record: Record,
    /// Writes of earlier attempts of which nobody knows whether they were applied.
    pub unsettled: Vec<Doubt>,
    /// Those of them that are about telephone numbers, one by one.
    pub numbers_in_doubt: Vec<NumbersDoubt>,
    /// The location that an earlier attempt created: lists may not show it yet.
    pub created: Option<RemoteId>,
    /// Other addresses of its person, as far as look-ups before the claim showed any.
    pub aliases: Vec<String>,
    /// The emergency address that an earlier attempt added to its location; no request shows it.
    pub emergency_address: Option<RemoteId>,
    /// Whether earlier attempts changed calling details of its location, and not the announcement language of what exists.
    pub left_existing_language: bool,
    /// The location row that it refers to, if the file has one.
    pub location: Option<Arc<Sibling>>,
    /// For a user the assignment row of the same person, and the other way round.
    pub partner: Option<Sibling>,
}

/// Takes the next rows of a phase, in row order: fresh ones under a new batch, those that an earlier claim did not finish
/// under their old one. `None` when no row is ready.
pub fn claim(
    connection: &Connection,
    run: RunId,
    phase: Phase,
    size: u32,
    selection: &Selection,
) -> Result<Option<Claim>, StoreError> {
    let Some(any_fresh) = next_are_fresh(connection, phase, size, selection)? else { return Ok(None) };
    let fresh = if any_fresh { Some(open_batch(connection, run, phase)?) } else { None };
    let mut rows = take(connection, phase, fresh, size, selection)?;
    rows.sort_by_key(|row| row.row_id);
    let mut locations = HashMap::new();
    for row in &mut rows {
        add_context(connection, row, &mut locations)?;
    }
    let old: BTreeSet<BatchId> = rows.iter().map(|row| row.batch).filter(|id| Some(*id) != fresh).collect();
    let mut reopened = Vec::with_capacity(old.len());
    for id in old {
        reopen(connection, id)?;
        reopened.push((id, ends_so_far(connection, id)?));
    }
    Ok(Some(Claim { rows, reopened }))
}

fn ends_so_far(connection: &Connection, id: BatchId) -> Result<Vec<EarlierEnds>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT cause, blocked_by IS NOT NULL AS blocked,
                EXISTS (SELECT 1 FROM calls c WHERE c.row_id = rows.row_id AND c.attempt = rows.attempt) AS asked,
                count(*) AS ended
         FROM rows WHERE phase = ?1 AND batch = ?2 AND state IN ('success', 'pending') GROUP BY 1, 2, 3",
    )?;
    let ends = statement.query_map(params![id.phase.number(), id.number], |row| {
        Ok(EarlierEnds {
            cause: optional(row, "cause")?,
            blocked: row.get("blocked")?,
            asked: row.get("asked")?,
            rows: row.get("ended")?,
        })
    })?;
    Ok(ends.collect::<Result<_, _>>()?)
}

/// Ends a row, and gives the reason code of a pending one. It must be running in the batch under which it was claimed.
pub fn settle(
    connection: &Connection,
    run: RunId,
    row: &ClaimedRow,
    outcome: &Outcome,
    steps: &[StepRecord],
    calls: &[CallRecord],
    given: &[Given],
) -> Result<Option<PendingReason>, StoreError> {
    let at = now();
    journal::record_steps(connection, row, steps, &at)?;
    journal::record_calls(connection, run, row, calls)?;
    journal::record_facts(connection, row.row_id, given)?;
    let reason = match outcome {
        Outcome::Success(_) => None,
        Outcome::Pending(failure) => Some(failure.reason(journal::applied_calls(connection, row.row_id)?)),
    };
    let end = EndColumns::of(outcome, reason);
    let changed = connection
        .prepare_cached(
            "UPDATE rows SET state = ?1, step = ?2, reason = ?3, cause = ?4, message = ?5, http_status = ?6, tracking_id = ?7,
                             remote_id = coalesce(?8, remote_id), blocked_by = ?9, updated_at = ?10
             WHERE row_id = ?11 AND state = 'running' AND batch = ?12 AND attempt = ?13",
        )?
        .execute(params![
            end.state.as_str(), end.step, end.reason, end.cause, end.message, end.http_status, end.tracking_id,
            end.remote_id, end.blocked_by, at, row.row_id.get(), row.batch.number, row.attempt,
        ])?;
    if changed != 1 {
        return Err(StoreError::Invariant(format!(
            "row {} is not running in batch {}",
            row.row_id, row.batch
        )));
    }
    connection
        .prepare_cached(
            "INSERT INTO outcomes (row_id, attempt, run_id, phase, batch, state, step, reason, cause, message, http_status,
                                   tracking_id, remote_id, at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
        )?
        .execute(params![
            row.row_id.get(), row.attempt, run.0, row.batch.phase.number(), row.batch.number, end.state.as_str(), end.step,
            end.reason, end.cause, end.message, end.http_status, end.tracking_id, end.remote_id, at,
        ])?;
    Ok(reason)
}

/// Gives a row back unfinished; it keeps its batch, under which it is claimed again first.
pub fn release(
    connection: &Connection,
    run: RunId,
    row: &ClaimedRow,
    steps: &[StepRecord],
    calls: &[CallRecord],
) -> Result<(), StoreError> {
    journal::record_steps(connection, row, steps, &now())?;
    journal::record_calls(connection, run, row, calls)?;
    let changed = connection.execute(
        "UPDATE rows SET state = 'ready', updated_at = ?1 WHERE row_id = ?2 AND state = 'running' AND batch = ?3",
        params![now(), row.row_id.get(), row.batch.number],
    )?;
    if changed == 1 {
        Ok(())
    } else {
        Err(StoreError::Invariant(format!("row {} is not running", row.row_id)))
    }
}

/// Marks a batch as worked off, if no row of it is left; says whether it is.
pub fn complete_batch(connection: &Connection, id: BatchId) -> Result<bool, StoreError> {
    let completed = connection.execute(
        "UPDATE batches SET completed_at = ?1 WHERE phase = ?2 AND number = ?3 AND NOT EXISTS
             (SELECT 1 FROM rows WHERE phase = ?2 AND batch = ?3 AND state = 'ready')",
        params![now(), id.phase.number(), id.number],
    )?;
    Ok(completed == 1)
}

/// Returns the rows of a dead run to `ready`; only the holder of the lock may do so. A batch whose last row it settled
/// without living to say so is complete.
pub(super) fn recover(connection: &Connection) -> Result<usize, StoreError> {
    let recovered = connection
        .execute("UPDATE rows SET state = 'ready', updated_at = ?1 WHERE state = 'running'", [now()])?;
    connection.execute(
        "UPDATE batches SET completed_at = ?1 WHERE completed_at IS NULL AND NOT EXISTS
             (SELECT 1 FROM rows WHERE phase = batches.phase AND batch = batches.number AND state = 'ready')",
        [now()],
    )?;
    Ok(recovered)
}

/// Whether any of the rows that a claim would take now was in no batch yet; `None` when it would take none.
fn next_are_fresh(
    connection: &Connection,
    phase: Phase,
    size: u32,
    selection: &Selection,
) -> Result<Option<bool>, StoreError> {
    let sql = format!("SELECT max(batch IS NULL) FROM ({})", next_rows());
    let parameters = named_params! {
        ":phase": phase.number(), ":size": size, ":locations": selection.parameter(),
    };
    Ok(connection.prepare_cached(&sql)?.query_row(parameters, |row| row.get(0))?)
}

/// The rows that a claim takes: the first ready ones, whatever batch they were in. Rows at work are in the index too, a
/// claim or two of them at most.
fn next_rows() -> String {
    format!(
        "SELECT row_id, batch FROM rows INDEXED BY unfinished
         WHERE phase = :phase AND state IN ('ready', 'running') AND {CLAIMABLE} ORDER BY row_id LIMIT :size"
    )
}

/// Whether a selected row of the phase waits to be claimed.
pub fn has_ready(connection: &Connection, phase: Phase, selection: &Selection) -> Result<bool, StoreError> {
    let sql = format!("SELECT 1 FROM rows WHERE phase = :phase AND {CLAIMABLE}");
    let parameters = named_params! { ":phase": phase.number(), ":locations": selection.parameter() };
    Ok(connection.prepare_cached(&sql)?.exists(parameters)?)
}

fn reopen(connection: &Connection, id: BatchId) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE batches SET completed_at = NULL WHERE phase = ?1 AND number = ?2")?
        .execute(params![id.phase.number(), id.number])?;
    Ok(())
}

fn open_batch(connection: &Connection, run: RunId, phase: Phase) -> Result<BatchId, StoreError> {
    Ok(connection.query_row(
        "INSERT INTO batches (phase, number, run_id, claimed_at)
         SELECT ?1, coalesce(max(number), 0) + 1, ?2, ?3 FROM batches WHERE phase = ?1
         RETURNING phase, number",
        params![phase.number(), run.0, now()],
        batch_id,
    )?)
}

/// Claims in one statement; SQLite gives the rows of RETURNING in no particular order.
fn take(
    connection: &Connection,
    phase: Phase,
    fresh: Option<BatchId>,
    size: u32,
    selection: &Selection,
) -> Result<Vec<ClaimedRow>, StoreError> {
    let sql = format!(
        "UPDATE rows SET state = 'running', batch = coalesce(batch, :fresh), attempt = attempt + 1, step = NULL,
                         message = NULL, http_status = NULL, tracking_id = NULL, updated_at = :now
         WHERE row_id IN (SELECT row_id FROM ({}))
         RETURNING row_id, phase, batch AS number, attempt, entity_type, entity_key, location_key, cells",
        next_rows()
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let parameters = named_params! {
        ":fresh": fresh.map(|id| id.number),
        ":now": now(),
        ":phase": phase.number(),
        ":size": size,
        ":locations": selection.parameter(),
    };
    let rows = statement.query_map(parameters, claimed_row)?;
    rows.map(|row| row.map_err(StoreError::from).and_then(|row| row)).collect()
}

pub(super) fn claimed_row(row: &Row<'_>) -> rusqlite::Result<Result<ClaimedRow, StoreError>> {
    let key: String = row.get("location_key")?;
    let claimed = ClaimedRow {
        row_id: typed(row, "row_id")?,
        batch: batch_id(row)?,
        attempt: row.get("attempt")?,
        entity_key: row.get("entity_key")?,
        location_key: LocationKey::parse(&key).map_err(|_| rusqlite::Error::InvalidQuery)?,
        record: match record(row)? {
            Ok(record) => record,
            Err(error) => return Ok(Err(error)),
        },
        unsettled: Vec::new(),
        numbers_in_doubt: Vec::new(),
        created: None,
        aliases: Vec::new(),
        emergency_address: None,
        left_existing_language: false,
        location: None,
        partner: None,
    };
    Ok(Ok(claimed))
}

/// Adds what earlier attempts left behind and the rows that this one depends on.
pub(super) fn add_context(
    connection: &Connection,
    row: &mut ClaimedRow,
    locations: &mut HashMap<LocationKey, Option<Arc<Sibling>>>,
) -> Result<(), StoreError> {
    if row.attempt > 1 {
        row.unsettled = journal::unsettled_calls(connection, row.row_id)?;
        row.numbers_in_doubt = journal::numbers_in_doubt(connection, row.row_id)?;
        if matches!(row.record, Record::Location(_)) {
            row.created = journal::created_location(connection, row.row_id)?;
            row.emergency_address = journal::added_emergency_address(connection, row.row_id)?;
            row.left_existing_language = journal::left_existing_language(connection, row.row_id)?;
        }
    }
    let (email, partner) = match &row.record {
        Record::Location(_) => return Ok(()),
        Record::User(user) => (&user.email, EntityType::ExtensionAssignment),
        Record::Assignment(assignment) => (&assignment.email, EntityType::User),
    };
    row.aliases = aliases::aliases_of(connection, email)?;
    row.partner = siblings::of_person(connection, partner, email)?;
    row.location = match locations.get(&row.location_key) {
        Some(known) => known.clone(),
        None => {
            let found = siblings::location(connection, &row.location_key)?.map(Arc::new);
            locations.insert(row.location_key.clone(), found.clone());
            found
        }
    };
    Ok(())
}

/// An outcome as columns.
struct EndColumns<'a> {
    state: RowState,
    step: &'static str,
    reason: Option<&'static str>,
    cause: Option<&'static str>,
    message: &'a str,
    http_status: Option<u16>,
    tracking_id: Option<&'a str>,
    remote_id: Option<&'a str>,
    blocked_by: Option<u32>,
}

impl<'a> EndColumns<'a> {
    fn of(outcome: &'a Outcome, reason: Option<PendingReason>) -> EndColumns<'a> {
        match outcome {
            Outcome::Success(success) => EndColumns {
                state: RowState::Success,
                step: success.step.as_str(),
                reason: None,
                cause: None,
                message: &success.message,
                http_status: success.http_status,
                tracking_id: None,
                remote_id: Some(success.remote_id.as_str()),
                blocked_by: None,
            },
            Outcome::Pending(failure) => EndColumns {
                state: RowState::Pending,
                step: failure.step.as_str(),
                reason: reason.map(PendingReason::as_str),
                cause: Some(failure.cause.as_str()),
                message: &failure.message,
                http_status: failure.http_status,
                tracking_id: failure.tracking_id.as_deref(),
                remote_id: failure.remote_id.as_ref().map(RemoteId::as_str),
                blocked_by: failure.blocked_by.map(RowId::get),
            },
        }
    }
}
