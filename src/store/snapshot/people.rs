//! People as the list of people showed them, as far as the input names them.

use rusqlite::{Connection, named_params, params};

use super::Reading;
use crate::domain::{Email, LicenseChoice, RemoteId, RowId};
use crate::store::StoreError;
use crate::store::aliases::keep_aliases;
use crate::store::columns::{optional, typed};
use crate::store::selection::{CLAIMABLE, GIVES_CALLING, RowsAhead, Selection};

/// A person as the lists of Webex showed them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenPerson {
    /// Their id.
    pub id: RemoteId,
    /// The address, in lower case.
    pub email: String,
    /// Further addresses of the same person, where the person is to be kept.
    pub aliases: Vec<String>,
    /// `person`, `bot`, ...
    pub kind: String,
    /// The ids of their licences.
    pub licenses: Vec<RemoteId>,
    /// The location of a number or extension that they hold.
    pub location: Option<RemoteId>,
    /// An extension that they hold.
    pub extension: Option<String>,
}

/// A user row that is going to be claimed, whose person is in the list and holds no line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WithoutLine {
    /// Its number.
    pub row_id: RowId,
    /// The row's key.
    pub key: String,
    /// The licence that it states.
    pub licence: Option<LicenseChoice>,
    /// The ids of the person's licences.
    pub licenses: Vec<RemoteId>,
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
        let id = person.id.as_str();
        let named = insert.execute(params![reading.number(), person.email, id, person.kind, licenses])? == 1;
        if named {
            keep_aliases(connection, &person.email, &person.aliases)?;
        }
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
                (SELECT n.location FROM seen_numbers n WHERE n.reading = p.reading AND n.owner_id = canonical_id(p.remote_id)
                 AND n.location IS NOT NULL LIMIT 1) AS location,
                (SELECT n.extension FROM seen_numbers n WHERE n.reading = p.reading AND n.owner_id = canonical_id(p.remote_id)
                 AND n.extension IS NOT NULL LIMIT 1) AS extension
         FROM seen_people p WHERE p.reading = ?1 AND p.email = ?2",
    )?;
    let people = statement.query_map(params![reading.number(), email.as_str()], |row| {
        Ok(SeenPerson {
            id: typed(row, "remote_id")?,
            email: row.get("email")?,
            aliases: Vec::new(),
            kind: row.get("kind")?,
            licenses: licenses(row)?,
            location: optional(row, "location")?,
            extension: row.get("extension")?,
        })
    })?;
    Ok(people.collect::<Result<_, _>>()?)
}

/// The next user rows that are to give calling to somebody who holds no line, in row order: those behind a row, if one is
/// given, up to a number.
pub fn users_without_line(
    connection: &Connection,
    ahead: RowsAhead,
    reading: Reading,
    selection: &Selection,
    after: Option<RowId>,
    limit: u32,
) -> Result<Vec<WithoutLine>, StoreError> {
    // The index holds the unfinished rows alone; `claimable` rows are among them.
    let (index, condition) = match ahead {
        RowsAhead::Claimed => {
            ("INDEXED BY unfinished", format!("state IN ('ready', 'running') AND {CLAIMABLE}"))
        }
        RowsAhead::Open | RowsAhead::Done => ("NOT INDEXED", ahead.condition()),
    };
    let sql = format!(
        "SELECT row_id, entity_key, json_extract(cells, '$.calling_license') AS licence, p.licenses
         FROM rows {index} CROSS JOIN seen_people p ON p.reading = :reading AND p.email = rows.email
         WHERE phase = 2 AND row_id > :after AND {condition}
           AND {GIVES_CALLING}
           AND NOT EXISTS (SELECT 1 FROM seen_numbers n WHERE n.reading = p.reading AND n.owner_id = canonical_id(p.remote_id))
         ORDER BY row_id LIMIT :limit"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let parameters = named_params! {
        ":reading": reading.number(), ":locations": selection.parameter(), ":after": after.map_or(0, RowId::get),
        ":limit": limit,
    };
    let rows = statement.query_map(parameters, |row| {
        let licence: Option<String> = row.get("licence")?;
        let licence = licence.and_then(|text| LicenseChoice::parse(&text).ok());
        Ok(WithoutLine {
            row_id: typed(row, "row_id")?,
            key: row.get("entity_key")?,
            licence,
            licenses: licenses(row)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn licenses(row: &rusqlite::Row<'_>) -> rusqlite::Result<Vec<RemoteId>> {
    let licenses: String = row.get("licenses")?;
    let licenses: Vec<String> = serde_json::from_str(&licenses).unwrap_or_default();
    Ok(licenses.iter().filter_map(|id| RemoteId::parse(id).ok()).collect())
}
