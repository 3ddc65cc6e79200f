//! Rows that may mean one thing in Webex under several names (R5, R26).

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::StoreError;
use super::columns::typed;
use crate::domain::{Email, Phase, RowId, fold_name};

/// Another row of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OtherRow {
    /// Its number.
    pub row_id: RowId,
    /// Its line in the file.
    pub line: i64,
}

impl OtherRow {
    fn of(row: &Row<'_>) -> rusqlite::Result<OtherRow> {
        Ok(OtherRow { row_id: typed(row, "row_id")?, line: row.get("line")? })
    }
}

/// The first row of the phase that states one of these addresses and comes before this row.
pub fn row_before_with_address(
    connection: &Connection,
    phase: Phase,
    addresses: &[String],
    row_id: RowId,
) -> Result<Option<OtherRow>, StoreError> {
    let scope = match phase {
        Phase::Locations => return Ok(None),
        Phase::Users => "user",
        Phase::Assignments => "assignment",
    };
    // A row that is not to be worked on has nothing.
    let mut statement = connection.prepare_cached(
        "SELECT r.row_id, r.line FROM keys k JOIN rows r USING (row_id)
         WHERE k.scope = ?1 AND k.value IN (SELECT value FROM json_each(?2)) AND r.row_id < ?3
           AND r.state IN ('ready', 'running', 'success', 'pending')
         ORDER BY r.row_id LIMIT 1",
    )?;
    let addresses = serde_json::to_string(addresses).unwrap_or_default();
    Ok(statement.query_row(params![scope, addresses, row_id.get()], OtherRow::of).optional()?)
}

/// The location row that states this external id.
pub fn row_with_external_id(connection: &Connection, tag: &str) -> Result<Option<OtherRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT r.row_id, r.line FROM keys k JOIN rows r USING (row_id)
         WHERE k.scope = 'location' AND k.value = ?1 AND json_extract(r.cells, '$.location_external_id') = ?2",
    )?;
    Ok(statement.query_row([fold_name(tag).as_str(), tag], OtherRow::of).optional()?)
}

/// Keeps the other addresses of a person, as Webex showed them last.
pub fn keep_aliases(connection: &Connection, email: &str, others: &[String]) -> Result<(), StoreError> {
    if others.is_empty() {
        connection.prepare_cached("DELETE FROM aliases WHERE email = ?1")?.execute([email])?;
        return Ok(());
    }
    connection
        .prepare_cached("INSERT OR REPLACE INTO aliases (email, others) VALUES (?1, ?2)")?
        .execute([email, &serde_json::to_string(others).unwrap_or_default()])?;
    Ok(())
}

/// The other addresses of a person, as far as Webex showed any.
pub(super) fn aliases_of(connection: &Connection, email: &Email) -> Result<Vec<String>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT others FROM aliases WHERE email = ?1")?;
    let others: Option<String> = statement.query_row([email.as_str()], |row| row.get(0)).optional()?;
    Ok(others.and_then(|others| serde_json::from_str(&others).ok()).unwrap_or_default())
}
