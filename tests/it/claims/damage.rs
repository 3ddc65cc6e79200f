//! What is not a sound database of this version is refused, and not touched.

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use wxbulk::store::{Lock, Store, StoreError};

use super::Job;

/// Opens it each way there is, with all checks; every way must refuse it and leave every byte as it was.
#[track_caller]
fn refused(path: &Path, finding: &str) {
    let before = std::fs::read(path).unwrap();
    for opened in [Store::open(path), Store::open_or_create(path)] {
        let error = opened
            .and_then(|store| Lock::take(&store).and_then(|lock| store.verify_integrity(&lock)))
            .unwrap_err();
        assert!(matches!(error, StoreError::Damaged { .. }), "{error:?}");
        let text = error.to_string();
        let place = path.file_name().unwrap().to_str().unwrap();
        assert!(text.contains(finding) && text.contains(place), "{text}");
        assert!(text.contains("nothing was changed"), "{text}");
    }
    assert!(before == std::fs::read(path).unwrap(), "the bytes changed");
}

/// A sound database after somebody's SQL.
fn edited(sql: &str) -> Job {
    let job = Job::with_rows(3);
    let raw = job.raw();
    raw.pragma_update(None, "foreign_keys", false).unwrap();
    raw.execute_batch(sql).unwrap();
    drop(raw);
    closed(job)
}

/// The same database with nothing left in the log, as after a clean end.
fn closed(mut job: Job) -> Job {
    job.lock = None;
    let raw = job.raw();
    raw.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    job
}

#[test]
fn a_sound_database_is_opened() {
    let job = closed(Job::with_rows(3));
    let store = Store::open(&job.path()).unwrap();
    assert!(!store.verify_integrity(&Lock::take(&store).unwrap()).unwrap());
}

#[test]
fn a_row_edited_by_hand_is_found_by_its_seal() {
    refused(
        &edited("UPDATE rows SET cells = replace(cells, 'Site 1', 'Site 9')").path(),
        "row 2 is not as it was ingested",
    );
    refused(
        &edited("UPDATE rows SET raw = replace(raw, 'Site 2', 'Site 9')").path(),
        "row 3 is not as it was ingested",
    );
}

#[test]
fn an_edited_schema_is_refused() {
    for sql in [
        "DROP TRIGGER rows_move",
        "DROP INDEX claimable",
        "CREATE TABLE notes_of_mine (text)",
        "ALTER TABLE rows ADD COLUMN mine TEXT",
        "CREATE TRIGGER mine AFTER UPDATE ON rows BEGIN SELECT 1; END",
        "DROP VIEW results; CREATE VIEW results AS SELECT 1",
    ] {
        refused(&edited(sql).path(), "schema was edited");
    }
}

#[test]
fn a_newer_or_another_schema_is_refused() {
    let newer = "INSERT INTO refinery_schema_history VALUES (99, 'of_tomorrow', '2030-01-01T00:00:00Z', '1')";
    refused(&edited(newer).path(), "schema is newer or edited");
    let other = "UPDATE refinery_schema_history SET checksum = '1' WHERE version = 1";
    refused(&edited(other).path(), "schema is newer or edited");
}

#[test]
fn a_reference_that_leads_nowhere_is_found() {
    let sql = "INSERT INTO steps VALUES (77, 1, 1, 'user_lookup', 'unchanged', '{}', 'now')";
    refused(&edited(sql).path(), "leads nowhere");
}

#[test]
fn a_cut_off_file_is_refused() {
    for part in [2, 3, 10] {
        let job = closed(Job::with_rows(3));
        let bytes = std::fs::read(job.path()).unwrap();
        std::fs::write(job.path(), &bytes[..bytes.len() / part]).unwrap();
        refused(&job.path(), "");
    }
}

#[test]
fn a_file_with_an_overwritten_page_is_refused() {
    let job = closed(Job::with_rows(3));
    let mut bytes = std::fs::read(job.path()).unwrap();
    let root: u32 = job
        .raw()
        .query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'rows'", [], |row| row.get(0))
        .unwrap();
    let end = usize::try_from(root).unwrap() * 4096;
    bytes[end - 4096..end].fill(0xA5);
    std::fs::write(job.path(), bytes).unwrap();
    refused(&job.path(), "");
}

/// A place for a file that is not ours.
fn place() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("wxbulk.db");
    (directory, path)
}

#[test]
fn a_file_of_something_else_is_refused() {
    let (_directory, path) = place();
    std::fs::write(&path, "row_id,entity_type\n1,location\n".repeat(400)).unwrap();
    refused(&path, "not a database");
}

#[test]
fn a_database_of_something_else_is_refused() {
    let (_directory, path) = place();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE rows (row_id INTEGER); PRAGMA application_id = 252006674").unwrap();
    drop(other);
    refused(&path, "not a database of wxbulk");
}

#[test]
fn a_database_with_two_names_is_refused() {
    let job = closed(Job::with_rows(3));
    let second = job.directory.path().join("second.db");
    std::fs::hard_link(job.path(), &second).unwrap();
    refused(&job.path(), "hard link");
    refused(&second, "hard link");
}

#[test]
fn links_are_not_followed() {
    let job = closed(Job::with_rows(3));
    let link = job.directory.path().join("link.db");
    std::os::unix::fs::symlink(job.path(), &link).unwrap();
    refused(&link, "links are not followed");
    Store::open(&job.path()).unwrap();
}

#[test]
fn a_link_to_nothing_makes_no_database() {
    let (directory, path) = place();
    let target = directory.path().join("elsewhere.db");
    std::os::unix::fs::symlink(&target, &path).unwrap();
    assert!(matches!(Store::open_or_create(&path), Err(StoreError::Damaged { .. })));
    assert!(!target.exists());
}

#[test]
fn a_database_that_is_not_there_is_not_made_by_reading() {
    let (directory, path) = place();
    assert!(matches!(Store::open(&path), Err(StoreError::Absent { .. })));
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}
