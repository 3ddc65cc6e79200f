//! Numbers and extensions as the list of numbers showed them.

use rusqlite::{Connection, Row, ToSql, params};

use super::Reading;
use crate::domain::{Extension, PhoneNumber, RemoteId};
use crate::store::StoreError;
use crate::store::columns::optional;

/// An entry of the list of numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenNumber {
    /// E.164; none for an extension alone.
    pub number: Option<String>,
    /// The extension.
    pub extension: Option<String>,
    /// The location that holds it.
    pub location: Option<RemoteId>,
    /// The name of that location.
    pub location_name: String,
    /// Whether somebody holds it.
    pub owned: bool,
    /// Who; for people the id of the person.
    pub owner_id: Option<RemoteId>,
    /// `PEOPLE`, `HUNT_GROUP`, ...
    pub owner_kind: String,
    /// Their name, for messages.
    pub owner_name: String,
    /// Whether calls do not reach it yet.
    pub inactive: bool,
}

/// Keeps one page of the list.
pub fn keep_numbers(
    connection: &Connection,
    reading: Reading,
    seen: &[SeenNumber],
) -> Result<(), StoreError> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO seen_numbers (reading, number, extension, location, location_name, owned, owner_id, owner_kind, owner_name, inactive)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?;
    for entry in seen {
        insert.execute(params![
            reading.number(),
            entry.number,
            entry.extension,
            entry.location.as_ref().map(RemoteId::canonical),
            entry.location_name,
            entry.owned,
            entry.owner_id.as_ref().map(RemoteId::canonical),
            entry.owner_kind,
            entry.owner_name,
            entry.inactive,
        ])?;
    }
    Ok(())
}

/// The entries of an extension in a location.
pub fn numbers_of_extension(
    connection: &Connection,
    reading: Reading,
    location: &RemoteId,
    extension: &Extension,
) -> Result<Vec<SeenNumber>, StoreError> {
    let condition = "location = ?2 AND extension = ?3";
    select(connection, condition, &[&reading.number(), &location.canonical(), &extension.as_str()])
}

/// The entries of a number.
pub fn numbers_of_number(
    connection: &Connection,
    reading: Reading,
    number: &PhoneNumber,
) -> Result<Vec<SeenNumber>, StoreError> {
    select(connection, "number = ?2", &[&reading.number(), &number.as_str()])
}

fn select(
    connection: &Connection,
    condition: &str,
    values: &[&dyn ToSql],
) -> Result<Vec<SeenNumber>, StoreError> {
    let sql = format!(
        "SELECT number, extension, location, location_name, owned, owner_id, owner_kind, owner_name, inactive
         FROM seen_numbers WHERE reading = ?1 AND {condition}"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let entries = statement.query_map(values, entry)?;
    Ok(entries.collect::<Result<_, _>>()?)
}

fn entry(row: &Row<'_>) -> rusqlite::Result<SeenNumber> {
    Ok(SeenNumber {
        number: row.get("number")?,
        extension: row.get("extension")?,
        location: optional(row, "location")?,
        location_name: row.get("location_name")?,
        owned: row.get("owned")?,
        owner_id: optional(row, "owner_id")?,
        owner_kind: row.get("owner_kind")?,
        owner_name: row.get("owner_name")?,
        inactive: row.get("inactive")?,
    })
}
