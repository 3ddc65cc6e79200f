//! Rows and inputs as files gave them: how they are written when a file is taken in or amended.

use rusqlite::{Connection, params};
use sha2::{Digest, Sha256};

use super::input::InputFacts;
use super::keys::Place;
use super::{StoreError, journal, now};
use crate::domain::{
    Accepted, Cells, EntityType, InputHash, Record, Rejected, RejectionReason, RowId, RowState,
};

/// Where a row stands in the file, and its cells as they were.
pub(super) struct Placed {
    pub(super) row_id: RowId,
    pub(super) line: u64,
    pub(super) raw: String,
}

impl Placed {
    fn line(&self) -> i64 {
        i64::try_from(self.line).unwrap_or(i64::MAX)
    }
}

/// What an input is to the job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    First,
    Amend,
}

/// Records an input whose bytes are not all read yet.
pub(super) fn open_input(connection: &Connection, kind: Kind, facts: &InputFacts) -> Result<i64, StoreError> {
    let kind = match kind {
        Kind::First => "first",
        Kind::Amend => "amend",
    };
    let columns = serde_json::to_string(&facts.columns).unwrap_or_default();
    let unknown_yet = "0".repeat(64);
    connection.execute(
        "INSERT INTO inputs (input_hash, kind, path, delimiter, encoding, columns, row_count, pipeline_version, ingested_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, ?7, ?8)",
        params![
            unknown_yet, kind, facts.path, facts.delimiter.to_string(), facts.encoding, columns, facts.pipeline_version, now()
        ],
    )?;
    Ok(connection.last_insert_rowid())
}

/// Completes the record of an input.
pub(super) fn close_input(
    connection: &Connection,
    input_id: i64,
    hash: &InputHash,
    rows: u32,
) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE inputs SET input_hash = ?1, row_count = ?2 WHERE input_id = ?3",
        params![hash.as_str(), rows, input_id],
    )?;
    Ok(())
}

/// The hash that seals a row as it was ingested.
pub(super) fn seal(raw: &str, cells: Option<&str>) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(raw.len().to_le_bytes());
    hash.update(raw.as_bytes());
    hash.update(cells.unwrap_or_default().as_bytes());
    hash.finalize().into()
}

/// A new row that may be driven.
pub(super) fn insert(
    connection: &Connection,
    input_id: i64,
    placed: &Placed,
    accepted: &Accepted,
    place: &Place,
) -> Result<(), StoreError> {
    write(connection, input_id, placed, accepted, place, "")?;
    count(connection, &place.location_key, accepted.record.entity().phase().number(), RowState::Ready)
}

/// Writes an accepted row; `conflict` is the clause for a row that is there already, or nothing.
fn write(
    connection: &Connection,
    input_id: i64,
    placed: &Placed,
    accepted: &Accepted,
    place: &Place,
    conflict: &str,
) -> Result<(), StoreError> {
    let cells = accepted.cells.to_json();
    let entity = accepted.record.entity();
    let sql = format!(
        "INSERT INTO rows (row_id, input_id, line, entity_type, phase, entity_key, location_key, row_ref, email, raw,
                           cells, row_sha256, state, updated_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, 'ready', ?13){conflict}"
    );
    connection.prepare_cached(&sql)?.execute(params![
        placed.row_id.get(),
        input_id,
        placed.line(),
        entity.as_str(),
        entity.phase().number(),
        place.entity_key,
        place.location_key,
        accepted.cells.get("row_ref"),
        accepted.cells.get("email"),
        placed.raw,
        cells,
        seal(&placed.raw, Some(&cells)).as_slice(),
        now(),
    ])?;
    Ok(())
}

/// A new row that is refused.
pub(super) fn insert_rejected(
    connection: &Connection,
    input_id: i64,
    placed: &Placed,
    row_ref: Option<&str>,
    rejected: &Rejected,
) -> Result<(), StoreError> {
    write_rejected(connection, input_id, placed, row_ref, rejected, "")?;
    count(connection, "", rejected.entity.map_or(0, |entity| entity.phase().number()), RowState::Rejected)
}

/// Counts a row that has come in.
fn count(connection: &Connection, location_key: &str, phase: u8, state: RowState) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO counts (location_key, phase, state, rows) VALUES (?1, ?2, ?3, 1)
             ON CONFLICT DO UPDATE SET rows = rows + 1",
        )?
        .execute(params![location_key, phase, state.as_str()])?;
    Ok(())
}

/// A rejected row whose correction is refused too.
pub(super) fn reject_again(
    connection: &Connection,
    input_id: i64,
    placed: &Placed,
    row_ref: Option<&str>,
    rejected: &Rejected,
) -> Result<(), StoreError> {
    let conflict = " ON CONFLICT (row_id) DO UPDATE SET
        input_id = excluded.input_id, line = excluded.line, entity_type = excluded.entity_type, phase = excluded.phase,
        entity_key = excluded.entity_key, row_ref = excluded.row_ref, raw = excluded.raw, row_sha256 = excluded.row_sha256,
        reason = excluded.reason, message = excluded.message, updated_at = excluded.updated_at
        WHERE rows.state = 'rejected'";
    write_rejected(connection, input_id, placed, row_ref, rejected, conflict)
}

/// Writes a rejected row; `conflict` is the clause for a row that is there already, or nothing.
fn write_rejected(
    connection: &Connection,
    input_id: i64,
    placed: &Placed,
    row_ref: Option<&str>,
    rejected: &Rejected,
    conflict: &str,
) -> Result<(), StoreError> {
    let sql = format!(
        "INSERT INTO rows (row_id, input_id, line, entity_type, phase, entity_key, row_ref, raw, row_sha256, state, reason,
                           message, updated_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'rejected', ?10, ?11, ?12){conflict}"
    );
    connection.prepare_cached(&sql)?.execute(params![
        placed.row_id.get(),
        input_id,
        placed.line(),
        rejected.entity.map(EntityType::as_str),
        rejected.entity.map(|entity| entity.phase().number()),
        rejected.entity_key,
        row_ref,
        placed.raw,
        seal(&placed.raw, None).as_slice(),
        rejected.reason.as_str(),
        message_of(rejected),
        now(),
    ])?;
    Ok(())
}

/// What a corrected row becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rewrite {
    /// Only carried cells differ: it stays in its state.
    NotesOnly,
    /// It is to run again as the same thing.
    SameTarget,
    /// It is another location or person than before: what was done for the old one is not its own.
    OtherTarget,
}

/// Writes a corrected row over the old one, whatever state that was in but running.
pub(super) fn replace(
    connection: &Connection,
    input_id: i64,
    placed: &Placed,
    accepted: &Accepted,
    place: &Place,
    (was, renewal): (RowState, Rewrite),
) -> Result<(), StoreError> {
    // A ready row does not move: the schema knows only moves between two states.
    let moves = match (renewal, was) {
        (Rewrite::NotesOnly, _) => "",
        (_, RowState::Ready) => ", batch = NULL",
        (_, _) => ", batch = NULL, reason = NULL, cause = NULL, blocked_by = NULL, state = 'ready'",
    };
    let anew = match renewal {
        Rewrite::OtherTarget => ", since_attempt = attempt, remote_id = NULL",
        Rewrite::NotesOnly | Rewrite::SameTarget => "",
    };
    let conflict = format!(
        " ON CONFLICT (row_id) DO UPDATE SET
            input_id = excluded.input_id, line = excluded.line, entity_type = excluded.entity_type, phase = excluded.phase,
            entity_key = excluded.entity_key, location_key = excluded.location_key, row_ref = excluded.row_ref,
            email = excluded.email, raw = excluded.raw, cells = excluded.cells, row_sha256 = excluded.row_sha256,
            updated_at = excluded.updated_at{moves}{anew}"
    );
    if renewal == Rewrite::OtherTarget {
        journal::forget_facts(connection, placed.row_id)?;
    }
    write(connection, input_id, placed, accepted, place, &conflict)
}

/// Gives a row whose location goes by another key now its new keys.
pub(super) fn move_place(connection: &Connection, row_id: RowId, place: &Place) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE rows SET entity_key = ?1, location_key = ?2 WHERE row_id = ?3")?
        .execute(params![place.entity_key, place.location_key, row_id.get()])?;
    Ok(())
}

/// What is wrong with a row, with its column in front.
fn message_of(rejected: &Rejected) -> String {
    match &rejected.column {
        // What is said of a duplicate names its column already.
        Some(column) if rejected.reason != RejectionReason::DuplicateKey => {
            format!("{column}: {}", rejected.message)
        }
        _ => rejected.message.clone(),
    }
}

/// The typed row of stored cells.
pub(super) fn read_back(entity: EntityType, json: &str) -> Result<Accepted, StoreError> {
    let cells = Cells::from_json(json)
        .ok_or_else(|| StoreError::Invariant("stored cells are not JSON".to_owned()))?;
    let record =
        Record::from_cells(entity, &cells).map_err(|error| StoreError::Invariant(error.to_string()))?;
    Ok(Accepted { record, cells })
}
