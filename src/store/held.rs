//! Which row of a phase has an object in Webex (R26).

use rusqlite::{Connection, OptionalExtension, params};

use super::StoreError;
use super::columns::typed;
use crate::domain::{Phase, RemoteId, RowId};

/// A row that has what another one means too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holder {
    /// Its number.
    pub row_id: RowId,
    /// Its line in the file.
    pub line: i64,
    /// Whether it succeeded, or a write of its own is or may be in place: it keeps what it has.
    pub keeps: bool,
}

/// The other row of the phase that has this object, if there is one.
pub fn holder(
    connection: &Connection,
    phase: Phase,
    object: &RemoteId,
    but: RowId,
) -> Result<Option<Holder>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT r.row_id, r.line, r.state = 'success' OR EXISTS
                (SELECT 1 FROM calls c WHERE c.row_id = r.row_id AND c.mutating = 1 AND c.applied IS NOT 0
                 AND c.attempt > r.since_attempt) AS keeps
         FROM held h JOIN rows r USING (row_id) WHERE h.phase = ?1 AND h.remote_id = ?2 AND h.row_id != ?3",
    )?;
    let found = statement.query_row(params![phase.number(), object.canonical(), but.get()], |row| {
        Ok(Holder { row_id: typed(row, "row_id")?, line: row.get("line")?, keeps: row.get("keeps")? })
    });
    Ok(found.optional()?)
}

/// The line of a row in its file.
pub fn line_of(connection: &Connection, row_id: RowId) -> Result<Option<i64>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT line FROM rows WHERE row_id = ?1")?;
    Ok(statement.query_row([row_id.get()], |row| row.get(0)).optional()?)
}

/// The location row that states this external id, and its line.
pub fn row_with_external_id(connection: &Connection, tag: &str) -> Result<Option<(RowId, i64)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT r.row_id, r.line FROM keys k JOIN rows r USING (row_id)
         WHERE k.scope = 'location' AND k.value = ?1 AND json_extract(r.cells, '$.location_external_id') = ?2",
    )?;
    let found = statement.query_row([crate::domain::fold_name(tag).as_str(), tag], |row| {
        Ok((typed(row, "row_id")?, row.get("line")?))
    });
    Ok(found.optional()?)
}

/// Gives a row what it means; another that had it, and that gave way to this one, has it no more.
pub(super) fn hold(
    connection: &Connection,
    phase: Phase,
    object: &RemoteId,
    row_id: RowId,
) -> Result<(), StoreError> {
    let values = params![phase.number(), object.canonical(), row_id.get()];
    connection
        .prepare_cached("DELETE FROM held WHERE phase = ?1 AND remote_id = ?2 AND row_id != ?3")?
        .execute(values)?;
    connection
        .prepare_cached(
            "INSERT INTO held (phase, remote_id, row_id) VALUES (?1, ?2, ?3)
             ON CONFLICT (row_id) DO UPDATE SET phase = excluded.phase, remote_id = excluded.remote_id",
        )?
        .execute(values)?;
    Ok(())
}

/// Takes from a row what it has.
pub(super) fn let_go(connection: &Connection, row_id: RowId) -> Result<(), StoreError> {
    connection.prepare_cached("DELETE FROM held WHERE row_id = ?1")?.execute([row_id.get()])?;
    Ok(())
}
