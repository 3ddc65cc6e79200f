//! The rows that a claimed one depends on (R11): that of its location, and the other one of its person.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::StoreError;
use super::columns::{optional, typed};
use super::ingested::read_back;
use crate::domain::{
    Email, EntityType, Fact, LocationKey, PendingReason, Record, RemoteId, RowId, RowState, fold_name,
};

const COLUMNS: &str =
    "r.row_id, r.line, r.state, r.remote_id, r.cause, r.location_key, r.entity_type, r.cells,
    (SELECT group_concat(fact, ' ') FROM gives g WHERE g.row_id = r.row_id) AS gives";

/// Another row that a claimed one depends on, as it stood at the claim.
#[derive(Debug, Clone)]
pub struct Sibling {
    /// Its number.
    pub row_id: RowId,
    /// Its line in the file that gave it.
    pub line: u64,
    /// Its location's key, canonical.
    pub location_key: String,
    /// Where it stands.
    pub state: RowState,
    /// Its location or person, when it was found.
    pub remote_id: Option<RemoteId>,
    /// Why it is pending, if it is.
    pub cause: Option<PendingReason>,
    /// What it has brought about (R28).
    pub gives: Vec<Fact>,
    /// What it asks for.
    pub record: Record,
}

impl Sibling {
    /// Its location or person, if the row has brought this about there.
    pub fn gave(&self, fact: Fact) -> Option<&RemoteId> {
        self.remote_id.as_ref().filter(|_| self.gives.contains(&fact))
    }

    /// Its number, if a row can wait for it: a dropped one never comes.
    pub fn to_wait_for(&self) -> Option<RowId> {
        (self.state != RowState::Dropped).then_some(self.row_id)
    }
}

/// The row of a location: the one that has its key, else the last that had it and was dropped.
pub(super) fn location(connection: &Connection, key: &LocationKey) -> Result<Option<Sibling>, StoreError> {
    match with_key(connection, "location", &fold_name(key.as_str()))? {
        Some(row) => Ok(Some(row)),
        None => dropped(connection, EntityType::Location, None, Some(key.as_str())),
    }
}

/// The row of this kind of a person, in the same way.
pub(super) fn of_person(
    connection: &Connection,
    entity: EntityType,
    email: &Email,
) -> Result<Option<Sibling>, StoreError> {
    let scope = if entity == EntityType::User { "user" } else { "assignment" };
    match with_key(connection, scope, email.as_str())? {
        Some(row) => Ok(Some(row)),
        None => dropped(connection, entity, Some(email.as_str()), None),
    }
}

/// The user row of this person, if the job has one.
pub fn user_row(connection: &Connection, email: &Email) -> Result<Option<Sibling>, StoreError> {
    with_key(connection, "user", email.as_str())
}

fn with_key(connection: &Connection, scope: &str, value: &str) -> Result<Option<Sibling>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM keys k JOIN rows r USING (row_id) WHERE k.scope = ?1 AND k.value = ?2"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    statement.query_row([scope, value], sibling).optional()?.transpose()
}

/// The last accepted row of this kind that was dropped: what depends on it is to say so.
fn dropped(
    connection: &Connection,
    entity: EntityType,
    email: Option<&str>,
    location_key: Option<&str>,
) -> Result<Option<Sibling>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM rows r WHERE r.state = 'dropped' AND r.email IS ?1 AND (?2 IS NULL OR r.location_key = ?2)
           AND r.entity_type = ?3 AND r.cells IS NOT NULL ORDER BY r.row_id DESC LIMIT 1"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    statement.query_row(params![email, location_key, entity.as_str()], sibling).optional()?.transpose()
}

fn sibling(row: &Row<'_>) -> rusqlite::Result<Result<Sibling, StoreError>> {
    let gives: Option<String> = row.get("gives")?;
    let gives = gives.iter().flat_map(|facts| facts.split(' ')).filter_map(Fact::from_text).collect();
    let (row_id, state, remote_id) =
        (typed(row, "row_id")?, typed(row, "state")?, optional(row, "remote_id")?);
    let line = row.get::<_, i64>("line")?.unsigned_abs();
    let (cause, location_key) = (optional(row, "cause")?, row.get("location_key")?);
    Ok(record(row)?.map(|record| Sibling {
        row_id,
        line,
        location_key,
        state,
        remote_id,
        cause,
        gives,
        record,
    }))
}

/// What a row asks for.
pub(super) fn record(row: &Row<'_>) -> rusqlite::Result<Result<Record, StoreError>> {
    let entity: EntityType = typed(row, "entity_type")?;
    let cells: String = row.get("cells")?;
    Ok(read_back(entity, &cells).map(|accepted| accepted.record))
}
