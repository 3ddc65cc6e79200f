//! Whether the file is ours, sound and of this version.

use std::fs::{DirBuilder, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use std::collections::HashMap;

use refinery::{Migration, SchemaVersion, Target};
use rusqlite::{Connection, Row};

use super::columns::typed;
use super::{Lock, StoreError};
use crate::domain::RowState;

mod embedded {
    refinery::embed_migrations!("migrations");
}

/// "wxbk" in ASCII: marks a file as ours.
const APPLICATION_ID: i32 = 0x7778_626b;

/// Below 3.51.3 SQLite can corrupt a WAL database in a rare race on reset.
const MINIMUM_SQLITE: i32 = 3_051_003;

/// Makes the directory of the file.
pub(super) fn prepare_directory(path: &Path) -> Result<(), StoreError> {
    let failed = |error: std::io::Error| StoreError::Storage(format!("{}: {error}", path.display()));
    DirBuilder::new().recursive(true).mode(0o700).create(directory_of(path)).map_err(failed)
}

/// Makes the file, under another name first, so that nobody ever meets half a database; only the holder of the lock may
/// do so. It is 0600 before SQLite opens it: its -wal and -shm take the same mode.
pub(super) fn make_file(
    path: &Path,
    fill: impl FnOnce(&Path) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let failed = |error: std::io::Error| StoreError::Storage(format!("{}: {error}", path.display()));
    let named = |end: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(end);
        PathBuf::from(name)
    };
    let new = named(".new");
    for left_by_a_kill in [&new, &named(".new-journal")] {
        match std::fs::remove_file(left_by_a_kill) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
    }
    OpenOptions::new().create_new(true).write(true).mode(0o600).open(&new).map_err(failed)?;
    fill(&new)?;
    std::fs::rename(&new, path).map_err(failed)?;
    File::open(directory_of(path)).and_then(|directory| directory.sync_all()).map_err(failed)
}

fn directory_of(path: &Path) -> &Path {
    let named = path.parent().filter(|directory| !directory.as_os_str().is_empty());
    named.unwrap_or(Path::new("."))
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

/// Brings the schema to this version, once it is found to be that of its own: an edited, damaged or newer one is refused
/// and left as it is. Only the holder of the lock changes a database that is there: a run of an earlier version may be at
/// work on it. Gives the lock where it was taken.
pub(super) fn bring_up_to_date(connection: &mut Connection, path: &Path) -> Result<Option<Lock>, StoreError> {
    let latest = embedded::migrations::runner().get_migrations().iter().map(Migration::version).max();
    if version_of(connection)?.is_none_or(|version| Some(version) >= latest) {
        migrate(connection, Target::Latest)?;
        check_schema(connection, Target::Latest)?;
        return Ok(None);
    }
    let lock = Lock::at(path).map_err(StoreError::of_older)?;
    let version = version_of(connection)?.unwrap_or_default();
    check_schema(connection, Target::Version(version))?;
    migrate(connection, Target::Latest)?;
    Ok(Some(lock))
}

/// The version of the schema; `None` before the first.
fn version_of(connection: &Connection) -> Result<Option<SchemaVersion>, StoreError> {
    let known = "SELECT 1 FROM sqlite_schema WHERE name = 'refinery_schema_history'";
    if !connection.prepare(known)?.exists([])? {
        return Ok(None);
    }
    let sql = "SELECT max(version) FROM refinery_schema_history";
    Ok(connection.query_row(sql, [], |row| row.get(0))?)
}

/// Applies what is missing of the schema; refuses a newer one.
pub(super) fn migrate(connection: &mut Connection, target: Target) -> Result<(), StoreError> {
    // A table that others refer to is made anew without them, and each migration runs in a transaction, where this cannot
    // be changed any more.
    connection.pragma_update(None, "foreign_keys", false)?;
    let migrated = embedded::migrations::runner()
        .set_target(target)
        .set_abort_divergent(true)
        .set_abort_missing(true)
        .run(connection)
        .map(|_| ())
        .map_err(|error| match error.kind() {
            refinery::error::Kind::DivergentVersion(..) | refinery::error::Kind::MissingVersion(..) => {
                StoreError::damaged(Path::new(""), &format!("its schema is newer or edited ({error})"))
            }
            _ => StoreError::Storage(error.to_string()),
        });
    connection.pragma_update(None, "foreign_keys", true)?;
    migrated
}

/// Compares the schema with the one that the migrations up to a version give.
fn check_schema(connection: &Connection, target: Target) -> Result<(), StoreError> {
    let mut fresh = Connection::open_in_memory()?;
    migrate(&mut fresh, target)?;
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

/// SQLite's own checks, the hash over each row as it was ingested, and whether `counts` is what the rows say.
pub(super) fn verify(connection: &Connection) -> Result<bool, StoreError> {
    let place = connection.path().map(PathBuf::from).unwrap_or_default();
    let finding: String = connection.pragma_query_value(None, "integrity_check", |row| row.get(0))?;
    if finding != "ok" {
        return Err(StoreError::damaged(&place, &finding));
    }
    let mut orphans = connection.prepare("PRAGMA foreign_key_check")?;
    if orphans.exists([])? {
        return Err(StoreError::damaged(&place, "a reference between its tables leads nowhere"));
    }
    let mut rows = connection.prepare(
        "SELECT row_id, raw, cells, row_sha256, coalesce(location_key, '') AS location_key,
                coalesce(phase, 0) AS phase, state, 1 AS rows FROM rows",
    )?;
    let mut found = rows.query([])?;
    let mut counted = Counts::default();
    while let Some(row) = found.next()? {
        let raw: String = row.get(1)?;
        let cells: Option<String> = row.get(2)?;
        let sealed: [u8; 32] = row.get(3)?;
        if super::ingested::seal(&raw, cells.as_deref()) != sealed {
            let row_id: u32 = row.get(0)?;
            return Err(StoreError::damaged(&place, &format!("row {row_id} is not as it was ingested")));
        }
        count(&mut counted, row)?;
    }
    let mut kept = Counts::default();
    let mut counts =
        connection.prepare("SELECT location_key, phase, state, rows FROM counts WHERE rows > 0")?;
    let mut found = counts.query([])?;
    while let Some(row) = found.next()? {
        count(&mut kept, row)?;
    }
    Ok(counted == kept)
}

/// Rows by location, phase and state.
type Counts = HashMap<(String, u8, RowState), i64>;

fn count(counts: &mut Counts, row: &Row<'_>) -> Result<(), StoreError> {
    let place = (row.get("location_key")?, row.get("phase")?, typed(row, "state")?);
    *counts.entry(place).or_default() += row.get::<_, i64>("rows")?;
    Ok(())
}

/// Counts the rows anew.
pub(super) fn recount(connection: &Connection) -> Result<(), StoreError> {
    connection.execute("DELETE FROM counts", [])?;
    connection.execute(
        "INSERT INTO counts (location_key, phase, state, rows)
         SELECT coalesce(location_key, ''), coalesce(phase, 0), state, count(*) FROM rows GROUP BY 1, 2, 3",
        [],
    )?;
    Ok(())
}
