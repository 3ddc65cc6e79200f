//! The store alone: claims, ends and moves of rows, the lock, the writer, and what is no sound database.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper that fails is a failed test"
)]

mod damage;
mod modes;
mod states;
mod upgrade;
mod writer;

use std::path::PathBuf;

use crate::support::Csv;
use rusqlite::Connection;
use tempfile::TempDir;
use wxbulk::domain::{Outcome, Phase, RemoteId, Step, Success};
use wxbulk::ingest::{self, IngestSettings, RowStream};
use wxbulk::store::{
    Claim, ClaimedRow, EarlierEnds, InputFacts, Lock, RunId, Selection, Store, StoreError, claim,
    complete_batch, has_ready, release, settle,
};

/// A database with the rows of a CSV, and a run that has begun.
struct Job {
    store: Store,
    lock: Option<Lock>,
    run: RunId,
    directory: TempDir,
}

impl Job {
    fn new(csv: &Csv) -> Job {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open_or_create(&directory.path().join("wxbulk.db")).unwrap();
        load(&store, csv);
        let lock = Lock::take(&store).unwrap();
        let (run, _) = store.begin_run(&lock, &serde_json::json!({})).unwrap();
        Job { store, lock: Some(lock), run, directory }
    }

    /// One location a row.
    fn with_rows(rows: usize) -> Job {
        Job::new(&(0..rows).fold(Csv::new(), |csv, number| csv.location(&format!("Site {number}"))))
    }

    fn claim(&self, size: u32) -> Option<Claim> {
        self.store
            .write(|connection| claim(connection, self.run, Phase::Locations, size, &Selection::default()))
            .unwrap()
    }

    fn settle(&self, row: &ClaimedRow) -> Result<(), StoreError> {
        self.store.write(|connection| settle(connection, self.run, row, &done(), &[], &[], &[]).map(|_| ()))
    }

    fn release(&self, row: &ClaimedRow) -> Result<(), StoreError> {
        self.store.write(|connection| release(connection, self.run, row, &[], &[]))
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("wxbulk.db")
    }

    /// A connection of somebody else, who obeys the schema only.
    fn raw(&self) -> Connection {
        let connection = Connection::open(self.path()).unwrap();
        connection.pragma_update(None, "foreign_keys", true).unwrap();
        connection
    }

    fn count(&self, sql: &str) -> i64 {
        self.raw().query_row(sql, [], |row| row.get(0)).unwrap()
    }
}

fn load(store: &Store, csv: &Csv) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("site.csv");
    std::fs::write(&path, csv.text()).unwrap();
    let settings =
        IngestSettings { max_rows: 1_000, default_language: None, delimiter: None, encoding: None };
    let reading = ingest::open(&path, &settings).unwrap();
    let facts = InputFacts {
        path: "site.csv".to_owned(),
        delimiter: ',',
        encoding: "UTF-8".to_owned(),
        columns: reading.header().columns.clone(),
        pipeline_version: 1,
    };
    store.load(&facts, reading, RowStream::finish).map_err(|error| format!("{error:?}")).unwrap();
}

fn done() -> Outcome {
    Outcome::Success(Success {
        step: Step::LocationLookup,
        remote_id: RemoteId::parse("an-id").unwrap(),
        message: "in place".to_owned(),
        http_status: Some(200),
    })
}

fn ids(claim: &Claim) -> Vec<u32> {
    claim.rows.iter().map(|row| row.row_id.get()).collect()
}

/// The rows of a claim, each with the name of its batch.
fn placed(claim: &Claim) -> Vec<(u32, String)> {
    claim.rows.iter().map(|row| (row.row_id.get(), row.batch.to_string())).collect()
}

/// Rows that are all in one batch.
fn of_batch(name: &str, rows: &[u32]) -> Vec<(u32, String)> {
    rows.iter().map(|row| (*row, name.to_owned())).collect()
}

#[test]
fn a_claim_takes_the_next_rows_in_row_order_and_no_more_than_asked() {
    let job = Job::with_rows(5);
    let claims: Vec<_> = std::iter::from_fn(|| job.claim(2)).map(|claim| placed(&claim)).collect();
    let wanted = [("p1-b0001", &[1, 2][..]), ("p1-b0002", &[3, 4]), ("p1-b0003", &[5])];
    assert_eq!(claims, wanted.map(|(name, rows)| of_batch(name, rows)));
    assert!(
        !job.store.read(|connection| has_ready(connection, Phase::Locations, &Selection::default())).unwrap()
    );
}

#[test]
fn a_claim_takes_rows_of_its_phase_only() {
    let job = Job::new(&Csv::new().user("ana@example.com", "Madrid").location("Madrid"));
    assert_eq!(ids(&job.claim(10).unwrap()), [2]);
    let users = job
        .store
        .write(|connection| claim(connection, job.run, Phase::Users, 10, &Selection::default()))
        .unwrap()
        .unwrap();
    assert_eq!(placed(&users), of_batch("p2-b0001", &[1]));
}

#[test]
fn rows_given_back_come_in_row_order_with_the_fresh_ones_and_keep_their_batch() {
    let job = Job::with_rows(5);
    let first = job.claim(3).unwrap();
    assert!(first.reopened.is_empty());
    job.settle(&first.rows[1]).unwrap();
    job.release(&first.rows[2]).unwrap();
    job.release(&first.rows[0]).unwrap();

    let again = job.claim(3).unwrap();
    let wanted = [of_batch("p1-b0001", &[1, 3]), of_batch("p1-b0002", &[4])].concat();
    assert_eq!(placed(&again), wanted);
    assert_eq!(again.rows[0].attempt, 2);
    let ended = EarlierEnds { cause: None, blocked: false, asked: false, rows: 1 };
    assert_eq!(again.reopened, [(first.rows[0].batch, vec![ended])]);
    assert_eq!(placed(&job.claim(10).unwrap()), of_batch("p1-b0003", &[5]));
}

#[test]
fn a_batch_is_complete_when_none_of_its_rows_is_left() {
    let job = Job::with_rows(2);
    let claim = job.claim(2).unwrap();
    let id = claim.rows[0].batch;
    job.release(&claim.rows[0]).unwrap();
    job.settle(&claim.rows[1]).unwrap();
    assert!(!job.store.write(|connection| complete_batch(connection, id)).unwrap());
    job.settle(&job.claim(1).unwrap().rows[0]).unwrap();
    assert!(job.store.write(|connection| complete_batch(connection, id)).unwrap());
}

#[test]
fn a_batch_of_many_digits_keeps_its_number() {
    let job = Job::with_rows(1);
    job.raw().execute("INSERT INTO batches VALUES (1, 12344, 1, 'now', 'now')", []).unwrap();
    assert_eq!(placed(&job.claim(1).unwrap()), of_batch("p1-b12345", &[1]));
}

#[test]
fn two_writers_never_claim_the_same_row() {
    for _ in 0..10 {
        let job = Job::with_rows(60);
        let claimants: Vec<_> = (0..8)
            .map(|_| {
                let (store, run) = (Store::open(&job.path()).unwrap(), job.run);
                std::thread::spawn(move || {
                    let claim = || {
                        store
                            .write(|connection| {
                                claim(connection, run, Phase::Locations, 2, &Selection::default())
                            })
                            .unwrap()
                    };
                    std::iter::from_fn(claim).flat_map(|batch| ids(&batch)).collect::<Vec<_>>()
                })
            })
            .collect();
        let mut rows: Vec<u32> = claimants.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        rows.sort_unstable();
        assert_eq!(rows, (1..=60).collect::<Vec<_>>());
    }
}

#[test]
fn a_row_is_settled_once() {
    let job = Job::with_rows(2);
    let batch = job.claim(2).unwrap();
    job.settle(&batch.rows[0]).unwrap();
    let again = job.settle(&batch.rows[0]).unwrap_err();
    assert!(matches!(&again, StoreError::Invariant(what) if what.contains("row 1")), "{again}");
    assert_eq!(job.count("SELECT count(*) FROM outcomes"), 1);
    assert_eq!(job.count("SELECT count(*) FROM rows WHERE state = 'running'"), 1);
}

#[test]
fn a_row_that_was_given_back_cannot_be_settled() {
    let job = Job::with_rows(1);
    let batch = job.claim(1).unwrap();
    job.release(&batch.rows[0]).unwrap();
    assert!(matches!(job.settle(&batch.rows[0]), Err(StoreError::Invariant(_))));
    assert!(matches!(job.release(&batch.rows[0]), Err(StoreError::Invariant(_))));
}

#[test]
fn an_earlier_claim_cannot_settle_what_a_later_one_holds() {
    let job = Job::with_rows(1);
    let first = job.claim(1).unwrap();
    job.release(&first.rows[0]).unwrap();
    let second = job.claim(1).unwrap();
    assert!(matches!(job.settle(&first.rows[0]), Err(StoreError::Invariant(_))));
    job.settle(&second.rows[0]).unwrap();
}

#[test]
fn the_next_run_takes_up_the_rows_of_a_killed_one() {
    let job = Job::with_rows(4);
    let batch = job.claim(3).unwrap();
    job.settle(&batch.rows[0]).unwrap();

    let (next, recovered) = job.store.begin_run(job.lock.as_ref().unwrap(), &serde_json::json!({})).unwrap();
    assert_eq!(recovered, 2);
    assert_eq!(job.count("SELECT count(*) FROM rows WHERE state = 'running'"), 0);
    let killed =
        "SELECT count(*) FROM runs WHERE ended_by = 'killed' AND ended_at IS NOT NULL AND run_id = 1";
    assert_eq!(job.count(killed), 1);
    assert_eq!(job.count("SELECT recovered FROM runs WHERE run_id = 2 AND ended_at IS NULL"), 2);
    let again = job
        .store
        .write(|connection| claim(connection, next, Phase::Locations, 10, &Selection::default()))
        .unwrap()
        .unwrap();
    let wanted = [of_batch("p1-b0001", &[2, 3]), of_batch("p1-b0002", &[4])].concat();
    assert_eq!(placed(&again), wanted);
}

#[test]
fn a_finished_run_is_not_called_killed_by_the_next() {
    let job = Job::with_rows(1);
    job.store.finish_run(job.run, "finished", 7, 1).unwrap();
    job.store.begin_run(job.lock.as_ref().unwrap(), &serde_json::json!({})).unwrap();
    assert_eq!(
        job.count("SELECT count(*) FROM runs WHERE run_id = 1 AND ended_by = 'finished' AND requests = 7"),
        1
    );
}

#[test]
fn the_lock_has_one_holder_and_is_free_when_dropped() {
    let mut job = Job::with_rows(1);
    let other = Store::open(&job.path()).unwrap();
    assert!(matches!(Lock::take(&other), Err(StoreError::Locked { .. })));
    job.lock = None;
    drop(Lock::take(&other).unwrap());
    assert!(job.directory.path().join("wxbulk.db.lock").exists(), "the lock file stays");
}

#[test]
fn readers_need_no_lock() {
    let job = Job::with_rows(2);
    job.claim(1).unwrap();
    let reader = Store::open(&job.path()).unwrap();
    let status = reader.status().unwrap().unwrap();
    assert_eq!((status.phases[0].running, status.phases[0].ready), (1, 1));
}
