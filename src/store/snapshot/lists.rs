//! How long the lists of this Webex were.

use rusqlite::{Connection, OptionalExtension, params};

use crate::store::{StoreError, now};

/// What an earlier reading found of a list's length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownList {
    /// Pages that were read.
    pub pages: u32,
    /// Whether they were all of it.
    pub complete: bool,
}

/// What is known of a list's length.
pub fn known_list(connection: &Connection, name: &str) -> Result<Option<KnownList>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT pages, complete FROM lists WHERE name = ?1")?;
    let known = |row: &rusqlite::Row<'_>| Ok(KnownList { pages: row.get(0)?, complete: row.get(1)? });
    Ok(statement.query_row([name], known).optional()?)
}

/// Keeps what a reading found.
pub fn keep_list(connection: &Connection, name: &str, known: KnownList) -> Result<(), StoreError> {
    connection.execute(
        "INSERT OR REPLACE INTO lists (name, pages, complete, read_at) VALUES (?1, ?2, ?3, ?4)",
        params![name, known.pages, known.complete, now()],
    )?;
    Ok(())
}
