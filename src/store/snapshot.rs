//! What bulk reads of Webex saw, for look-ups. Read anew at the start of each phase, which begins only when it is
//! complete.

use rusqlite::{Connection, params};

use super::StoreError;
use super::columns::typed;
use crate::domain::{RemoteId, fold_name};

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

/// Forgets what was seen of locations, before they are read anew.
pub fn forget_locations(connection: &Connection) -> Result<(), StoreError> {
    connection.execute("DELETE FROM seen_locations", [])?;
    Ok(())
}

/// Keeps one page of locations.
pub fn keep_locations(connection: &Connection, seen: &[SeenLocation]) -> Result<(), StoreError> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO seen_locations (remote_id, folded_name, tag, calling_enabled, body) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT DO UPDATE SET folded_name = excluded.folded_name, tag = excluded.tag, body = excluded.body,
                                   calling_enabled = max(calling_enabled, excluded.calling_enabled)",
    )?;
    for location in seen {
        insert.execute(params![
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
pub fn keep_calling(connection: &Connection, ids: &[RemoteId]) -> Result<(), StoreError> {
    let mut update =
        connection.prepare_cached("UPDATE seen_locations SET calling_enabled = 1 WHERE remote_id = ?1")?;
    for id in ids {
        update.execute([id.canonical()])?;
    }
    Ok(())
}

/// The locations that carry this external id in their notes.
pub fn locations_with_tag(connection: &Connection, tag: &str) -> Result<Vec<SeenLocation>, StoreError> {
    seen(connection, "SELECT remote_id, tag, calling_enabled, body FROM seen_locations WHERE tag = ?1", tag)
}

/// The locations with exactly this name, as names are compared.
pub fn locations_named(connection: &Connection, name: &str) -> Result<Vec<SeenLocation>, StoreError> {
    seen(
        connection,
        "SELECT remote_id, tag, calling_enabled, body FROM seen_locations WHERE folded_name = ?1",
        &fold_name(name),
    )
}

/// The location with this id.
pub fn location_with_id(connection: &Connection, id: &RemoteId) -> Result<Option<SeenLocation>, StoreError> {
    let found = seen(
        connection,
        "SELECT remote_id, tag, calling_enabled, body FROM seen_locations WHERE remote_id = ?1",
        id.canonical(),
    )?;
    Ok(found.into_iter().next())
}

fn seen(connection: &Connection, sql: &str, value: &str) -> Result<Vec<SeenLocation>, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([value], |row| {
        let body: String = row.get("body")?;
        let body: serde_json::Value = serde_json::from_str(&body).unwrap_or_default();
        Ok(SeenLocation {
            id: typed(row, "remote_id")?,
            name: body.get("name").and_then(|name| name.as_str()).unwrap_or_default().to_owned(),
            tag: row.get("tag")?,
            calling_enabled: row.get("calling_enabled")?,
            body,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
