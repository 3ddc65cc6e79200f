//! Locations as the lists of locations showed them.

use rusqlite::{Connection, params};

use super::Reading;
use crate::domain::{RemoteId, fold_name};
use crate::store::StoreError;
use crate::store::columns::typed;

/// A location as a list of Webex showed it.
#[derive(Debug, Clone)]
pub struct SeenLocation {
    /// Its id.
    pub id: RemoteId,
    /// Its name.
    pub name: String,
    /// The external id of its tag, if it carries one.
    pub tag: Option<String>,
    /// The whole item.
    pub body: serde_json::Value,
    /// Whether the list of calling locations has it too.
    pub calling_enabled: bool,
}

/// Keeps one page of locations.
pub fn keep_locations(
    connection: &Connection,
    reading: Reading,
    seen: &[SeenLocation],
) -> Result<(), StoreError> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO seen_locations (reading, remote_id, folded_name, tag, calling_enabled, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT DO UPDATE SET folded_name = excluded.folded_name, tag = excluded.tag, body = excluded.body,
                                   calling_enabled = max(calling_enabled, excluded.calling_enabled)",
    )?;
    for location in seen {
        insert.execute(params![
            reading.number(),
            location.id.canonical(),
            fold_name(&location.name),
            location.tag,
            location.calling_enabled,
            location.body.to_string()
        ])?;
    }
    Ok(())
}

/// Marks locations as enabled for calling.
pub fn keep_calling(connection: &Connection, reading: Reading, ids: &[RemoteId]) -> Result<(), StoreError> {
    let mut update = connection.prepare_cached(
        "UPDATE seen_locations SET calling_enabled = 1 WHERE reading = ?1 AND remote_id = ?2",
    )?;
    for id in ids {
        update.execute(params![reading.number(), id.canonical()])?;
    }
    Ok(())
}

/// The locations that carry this external id in their notes.
pub fn locations_with_tag(
    connection: &Connection,
    reading: Reading,
    tag: &str,
) -> Result<Vec<SeenLocation>, StoreError> {
    select(connection, reading, "tag = ?2", tag)
}

/// The locations with exactly this name, as names are compared.
pub fn locations_named(
    connection: &Connection,
    reading: Reading,
    name: &str,
) -> Result<Vec<SeenLocation>, StoreError> {
    select(connection, reading, "folded_name = ?2", &fold_name(name))
}

/// The location with this id.
pub fn location_with_id(
    connection: &Connection,
    reading: Reading,
    id: &RemoteId,
) -> Result<Option<SeenLocation>, StoreError> {
    Ok(select(connection, reading, "remote_id = ?2", &id.canonical())?.into_iter().next())
}

fn select(
    connection: &Connection,
    reading: Reading,
    condition: &str,
    value: &str,
) -> Result<Vec<SeenLocation>, StoreError> {
    let sql = format!(
        "SELECT remote_id, tag, calling_enabled, body FROM seen_locations WHERE reading = ?1 AND {condition}"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params![reading.number(), value], |row| {
        let body: String = row.get("body")?;
        let body: serde_json::Value = serde_json::from_str(&body).unwrap_or_default();
        // Webex is asked by the id as it wrote it; the column holds the form by which ids are compared.
        let id = body.get("id").and_then(|id| RemoteId::parse(id.as_str()?).ok());
        Ok(SeenLocation {
            id: id.map_or_else(|| typed(row, "remote_id"), Ok)?,
            name: body.get("name").and_then(|name| name.as_str()).unwrap_or_default().to_owned(),
            tag: row.get("tag")?,
            calling_enabled: row.get("calling_enabled")?,
            body,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
