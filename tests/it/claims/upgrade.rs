//! Databases of an earlier release, and counts that do not fit their rows.

use rusqlite::Connection;
use wxbulk::store::{Lock, Store, StoreError};

use super::Job;

/// The database as a release before the fifth migration left it.
fn of_an_earlier_release() -> Job {
    let job = Job::with_rows(2);
    let raw = job.raw();
    raw.execute_batch(&crate::support::before_the_fifth_migration()).unwrap();
    raw.execute_batch(
        "INSERT INTO files VALUES ('results.csv', printf('%064d', 7), NULL, '2026-01-01T00:00:00.000Z');
         PRAGMA wal_checkpoint(TRUNCATE);",
    )
    .unwrap();
    job
}

fn migrations(job: &Job) -> i64 {
    job.count("SELECT max(version) FROM refinery_schema_history")
}

#[test]
fn an_earlier_database_is_brought_up_to_date_and_keeps_its_files() {
    let mut job = of_an_earlier_release();
    job.lock = None;
    Store::open(&job.path()).unwrap().verify_integrity(&Lock::take(&job.store).unwrap()).unwrap();
    assert_eq!(migrations(&job), 7);
    let place = |directory: &str| wxbulk::store::FilePlace {
        directory: directory.to_owned(),
        name: "results.csv".to_owned(),
    };
    assert!(job.store.wrote(&place("/anywhere"), &format!("{:064}", 7)).unwrap());
    assert!(!job.store.wrote(&place("/anywhere"), &format!("{:064}", 8)).unwrap());
}

#[test]
fn an_earlier_database_is_left_alone_while_another_one_works_on_it() {
    let mut job = of_an_earlier_release();
    let before = std::fs::read(job.path()).unwrap();
    for opened in [Store::open(&job.path()), Store::open_or_create(&job.path())] {
        let error = opened.unwrap_err();
        assert!(matches!(error, StoreError::OlderInUse { .. }), "{error:?}");
        let text = error.to_string();
        for words in ["wxbulk.db", "an earlier version", "wait for it or stop it"] {
            assert!(text.contains(words), "{words:?} is not in {text}");
        }
    }
    assert!(before == std::fs::read(job.path()).unwrap(), "the bytes changed");
    job.lock = None;
    Store::open(&job.path()).unwrap();
    assert_eq!(migrations(&job), 7);
}

#[test]
fn hints_of_another_version_are_left_alone_while_another_one_works() {
    let mut job = Job::with_rows(1);
    let stale = "SELECT count(*) FROM reason_codes WHERE hint = 'of another version'";
    job.raw().execute("UPDATE reason_codes SET hint = 'of another version'", []).unwrap();
    let all = job.count(stale);
    Store::open(&job.path()).unwrap();
    assert_eq!((job.count(stale), all > 0), (all, true));
    job.lock = None;
    Store::open(&job.path()).unwrap();
    assert_eq!(job.count(stale), 0);
}

/// How many places, phases and states are counted otherwise than their rows say.
fn miscounted(database: &Connection) -> i64 {
    let truth =
        "SELECT coalesce(location_key, ''), coalesce(phase, 0), state, count(*) FROM rows GROUP BY 1, 2, 3";
    let kept = "SELECT location_key, phase, state, rows FROM counts WHERE rows > 0";
    let sql = format!(
        "SELECT count(*) FROM (SELECT * FROM ({truth} EXCEPT {kept}) UNION ALL SELECT * FROM ({kept} EXCEPT {truth}))"
    );
    database.query_row(&sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn counts_that_do_not_fit_the_rows_are_counted_anew() {
    for damage in [
        "UPDATE counts SET rows = rows + 1",
        "UPDATE counts SET rows = 0",
        "DELETE FROM counts",
        "INSERT INTO counts VALUES ('nowhere', 1, 'ready', 3)",
        "INSERT INTO counts VALUES ('Site 1', 2, 'ready', 1)",
    ] {
        let job = Job::with_rows(3);
        job.settle(&job.claim(1).unwrap().rows[0]).unwrap();
        job.raw().execute_batch(damage).unwrap();
        assert!(miscounted(&job.raw()) > 0, "{damage}");
        let recounted = job.store.verify_integrity(job.lock.as_ref().unwrap()).unwrap();
        assert_eq!((recounted, miscounted(&job.raw())), (true, 0), "{damage}");
        assert!(!job.store.verify_integrity(job.lock.as_ref().unwrap()).unwrap());
        assert_eq!(job.claim(9).unwrap().rows.len(), 2, "{damage}");
    }
}
