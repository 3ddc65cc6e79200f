//! People as the list of people showed them, as far as the input names them.

use rusqlite::{Connection, params};

use super::Reading;
use crate::domain::{Email, RemoteId};
use crate::store::StoreError;
use crate::store::columns::{optional, typed};

/// A person as the lists of Webex showed them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenPerson {
    /// Their id.
    pub id: RemoteId,
    /// The address, in lower case.
    pub email: String,
    /// `person`, `bot`, ...
    pub kind: String,
    /// The ids of their licences.
    pub licenses: Vec<RemoteId>,
    /// The location of a number or extension that they hold.
    pub location: Option<RemoteId>,
    /// An extension that they hold.
    pub extension: Option<String>,
}

/// Keeps those people of a page whom a row of the input names.
pub fn keep_people(connection: &Connection, reading: Reading, seen: &[SeenPerson]) -> Result<(), StoreError> {
    let mut insert = connection.prepare_cached(
        "INSERT OR REPLACE INTO seen_people (reading, email, remote_id, kind, licenses)
         SELECT ?1, ?2, ?3, ?4, ?5
         WHERE EXISTS (SELECT 1 FROM keys WHERE scope IN ('user', 'assignment') AND value = ?2)",
    )?;
    for person in seen {
        let licenses: Vec<&str> = person.licenses.iter().map(RemoteId::as_str).collect();
        let licenses = serde_json::to_string(&licenses).unwrap_or_default();
        insert.execute(params![
            reading.number(),
            person.email,
            person.id.canonical(),
            person.kind,
            licenses
        ])?;
    }
    Ok(())
}

/// Everybody with this address, with the place of a line that they hold.
pub fn people_with_email(
    connection: &Connection,
    reading: Reading,
    email: &Email,
) -> Result<Vec<SeenPerson>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT p.remote_id, p.email, p.kind, p.licenses,
                (SELECT n.location FROM seen_numbers n WHERE n.reading = p.reading AND n.owner_id = p.remote_id
                 AND n.location IS NOT NULL LIMIT 1) AS location,
                (SELECT n.extension FROM seen_numbers n WHERE n.reading = p.reading AND n.owner_id = p.remote_id
                 AND n.extension IS NOT NULL LIMIT 1) AS extension
         FROM seen_people p WHERE p.reading = ?1 AND p.email = ?2",
    )?;
    let people = statement.query_map(params![reading.number(), email.as_str()], |row| {
        let licenses: String = row.get("licenses")?;
        let licenses: Vec<String> = serde_json::from_str(&licenses).unwrap_or_default();
        Ok(SeenPerson {
            id: typed(row, "remote_id")?,
            email: row.get("email")?,
            kind: row.get("kind")?,
            licenses: licenses.iter().filter_map(|id| RemoteId::parse(id).ok()).collect(),
            location: optional(row, "location")?,
            extension: row.get("extension")?,
        })
    })?;
    Ok(people.collect::<Result<_, _>>()?)
}
