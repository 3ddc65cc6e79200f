//! The files as wxbulk last wrote them, so that a file someone edited is never overwritten unasked.

use rusqlite::params;

use super::{Store, StoreError, now};

/// A place for one of the files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilePlace {
    /// The canonical path of its directory.
    pub directory: String,
    /// Its name.
    pub name: String,
}

impl Store {
    /// Whether the bytes with this hash, found in this place, are wxbulk's own: meant for a file of this name in any
    /// directory, since directories are moved and copied, or left here by a write that was cut off.
    pub fn wrote(&self, place: &FilePlace, sha256: &str) -> Result<bool, StoreError> {
        self.read(|connection| {
            Ok(connection
                .prepare(
                    "SELECT 1 FROM files
                     WHERE name = ?2 AND (sha256 = ?3 OR (directory = ?1 AND previous = ?3))",
                )?
                .exists(params![place.directory, place.name, sha256])?)
        })
    }

    /// Records the bytes that are about to replace a file, and those that stand there now.
    pub fn intend_file(
        &self,
        place: &FilePlace,
        sha256: &str,
        present: Option<&str>,
    ) -> Result<(), StoreError> {
        self.write(|connection| {
            connection.execute(
                "INSERT INTO files (directory, name, sha256, previous, written_at) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT DO UPDATE SET previous = iif(excluded.previous = excluded.sha256, previous, excluded.previous),
                                           sha256 = excluded.sha256, written_at = excluded.written_at",
                params![place.directory, place.name, sha256, present, now()],
            )?;
            Ok(())
        })
    }
}
