//! The files as wxbulk last wrote them, so that a file someone edited is never overwritten unasked.

use rusqlite::{OptionalExtension, params};

use super::{Store, StoreError, now};

/// What is on record of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRecord {
    /// The hash of the bytes that were last meant for it.
    pub sha256: String,
    /// The hash before that: what stands on disk if the last write was cut off.
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

    /// Records the bytes that are about to replace a file.
    pub fn intend_file(&self, name: &str, sha256: &str) -> Result<(), StoreError> {
        self.write(|connection| {
            connection.execute(
                "INSERT INTO files (name, sha256, written_at) VALUES (?1, ?2, ?3)
                 ON CONFLICT DO UPDATE SET previous = iif(sha256 = excluded.sha256, previous, sha256), sha256 = excluded.sha256,
                                           written_at = excluded.written_at",
                params![name, sha256, now()],
            )?;
            Ok(())
        })
    }
}
