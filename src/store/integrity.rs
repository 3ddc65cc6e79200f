//! Whether the file is ours, sound and of this version.

use std::fs::{DirBuilder, File};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::StoreError;

mod embedded {
    refinery::embed_migrations!("migrations");
}

/// "wxbk" in ASCII: marks a file as ours.
const APPLICATION_ID: i32 = 0x7778_626b;

/// Below 3.51.3 SQLite can corrupt a WAL database in a rare race on reset.
const MINIMUM_SQLITE: i32 = 3_051_003;

/// Makes the file when there is none: under another name, so that nobody ever meets half a database, and 0600 before
/// SQLite opens it, since its -wal and -shm take the same mode.
pub(super) fn prepare_file(
    path: &Path,
    fill: impl FnOnce(&Path) -> Result<(), StoreError>,
) -> Result<PathBuf, StoreError> {
    let failed = |error: std::io::Error| StoreError::Storage(format!("{}: {error}", path.display()));
    let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty());
    let directory = directory.unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(failed)?;
    if path.symlink_metadata().is_err() {
        let new = tempfile::Builder::new().prefix(".wxbulk.db.").tempfile_in(directory).map_err(failed)?;
        fill(new.path())?;
        match new.persist_noclobber(path) {
            // Another one was quicker.
            Err(lost) if lost.error.kind() == std::io::ErrorKind::AlreadyExists => {}
            made => drop(made.map_err(|lost| failed(lost.error))?),
        }
        File::open(directory).and_then(|directory| directory.sync_all()).map_err(failed)?;
    }
    check_file(path)
}

/// Refuses what is not a plain file of one name, and gives its canonical path.
pub(super) fn check_file(path: &Path) -> Result<PathBuf, StoreError> {
    let facts = path.symlink_metadata()?;
    if !facts.is_file() {
        return Err(StoreError::damaged(path, "it is not a regular file (links are not followed)"));
    }
    if facts.nlink() > 1 {
        return Err(StoreError::damaged(
            path,
            "it has a second name (hard link); two names have two -wal files",
        ));
    }
    Ok(path.canonicalize()?)
}

/// Takes the file for its owner alone; a copy may have been made under another umask.
pub(super) fn keep_private(path: &Path) -> Result<(), StoreError> {
    if path.metadata()?.mode() & 0o077 != 0 {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    }
    Ok(())
}

pub(super) fn is_empty(path: &Path) -> Result<bool, StoreError> {
    Ok(path.metadata()?.len() == 0)
}

/// Marks a new file as ours.
pub(super) fn stamp(connection: &mut Connection) -> Result<(), StoreError> {
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    Ok(())
}

pub(super) fn check_stamp(connection: &Connection) -> Result<(), StoreError> {
    if rusqlite::version_number() < MINIMUM_SQLITE {
        return Err(StoreError::Invariant(format!("SQLite {} is too old", rusqlite::version())));
    }
    let found: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if found == APPLICATION_ID {
        return Ok(());
    }
    Err(StoreError::damaged(Path::new(""), "it is not a database of wxbulk"))
}

/// Applies what is missing of the schema; refuses a newer one.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    embedded::migrations::runner()
        .set_abort_divergent(true)
        .set_abort_missing(true)
        .run(connection)
        .map(|_| ())
        .map_err(|error| match error.kind() {
            refinery::error::Kind::DivergentVersion(..) | refinery::error::Kind::MissingVersion(..) => {
                StoreError::damaged(Path::new(""), &format!("its schema is newer or edited ({error})"))
            }
            _ => StoreError::Storage(error.to_string()),
        })
}

/// Compares the schema with the one that the migrations give.
pub(super) fn check_schema(connection: &Connection) -> Result<(), StoreError> {
    let mut fresh = Connection::open_in_memory()?;
    migrate(&mut fresh)?;
    if schema_of(connection)? == schema_of(&fresh)? {
        return Ok(());
    }
    Err(StoreError::damaged(Path::new(""), "its schema was edited"))
}

fn schema_of(connection: &Connection) -> Result<Vec<(String, String, Option<String>)>, StoreError> {
    let mut statement = connection.prepare(
        "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%' ORDER BY type, name",
    )?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// SQLite's own checks, and the hash over each row as it was ingested.
pub(super) fn verify(connection: &Connection) -> Result<(), StoreError> {
    let place = connection.path().map(PathBuf::from).unwrap_or_default();
    let finding: String = connection.pragma_query_value(None, "integrity_check", |row| row.get(0))?;
    if finding != "ok" {
        return Err(StoreError::damaged(&place, &finding));
    }
    let mut orphans = connection.prepare("PRAGMA foreign_key_check")?;
    if orphans.exists([])? {
        return Err(StoreError::damaged(&place, "a reference between its tables leads nowhere"));
    }
    let mut rows = connection.prepare("SELECT row_id, raw, cells, row_sha256 FROM rows")?;
    let mut found = rows.query([])?;
    while let Some(row) = found.next()? {
        let raw: String = row.get(1)?;
        let cells: Option<String> = row.get(2)?;
        let sealed: [u8; 32] = row.get(3)?;
        if super::ingested::seal(&raw, cells.as_deref()) != sealed {
            let row_id: u32 = row.get(0)?;
            return Err(StoreError::damaged(&place, &format!("row {row_id} is not as it was ingested")));
        }
    }
    Ok(())
}
