//! The files as wxbulk last wrote them, so that a file someone edited is never overwritten unasked.

use rusqlite::{OptionalExtension, params};

use super::{Store, StoreError, now};

/// What is on record of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRecord {
    /// The hash of the bytes that were last meant for it.
    pub sha256: String,
    /// The hash of what stood there then: it still does if that write was cut off.
    pub previous: Option<String>,
}

impl Store {
    /// What is on record of this file.
    pub fn file_record(&self, name: &str) -> Result<Option<FileRecord>, StoreError> {
        self.read(|connection| {
            Ok(connection
                .query_row("SELECT sha256, previous FROM files WHERE name = ?1", [name], |row| {
                    Ok(FileRecord { sha256: row.get(0)?, previous: row.get(1)? })
                })
                .optional()?)
        })
    }

    /// Records the bytes that are about to replace a file, and those that stand there now.
    pub fn intend_file(&self, name: &str, sha256: &str, present: Option<&str>) -> Result<(), StoreError> {
        self.write(|connection| {
            connection.execute(
                "INSERT INTO files (name, sha256, previous, written_at) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT DO UPDATE SET previous = iif(excluded.previous = excluded.sha256, previous, excluded.previous),
                                           sha256 = excluded.sha256, written_at = excluded.written_at",
                params![name, sha256, present, now()],
            )?;
            Ok(())
        })
    }
}
