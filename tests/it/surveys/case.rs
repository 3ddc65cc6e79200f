//! One case at work: its file in a database, its organisation behind HTTP, and the library in this process.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rusqlite::Connection;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use wxbulk::config;
use wxbulk::domain::RowState;
use wxbulk::ingest;
use wxbulk::runner::{self, Ended, Purpose, Scope};
use wxbulk::sim::{self, Exchange, Operation, SimConfig, SimHandle};
use wxbulk::store::{self, InputFacts, Lock, PendingFilter, Store, SurveyFacts};
use wxbulk::webex::Webex;

use super::draw::{Case, Cells};
use crate::support::open;

/// A case that was begun.
pub(super) struct World {
    pub(super) case: Case,
    pub(super) sim: SimHandle,
    pub(super) http: reqwest::Client,
    store: Store,
    directory: TempDir,
}

/// What one row came to: how it ended, and what was written for it or would be, by step and operation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RowEnd {
    pub(super) cause: Option<String>,
    pub(super) message: Option<String>,
    pub(super) blocked_by: Option<u32>,
    pub(super) writes: Vec<Sent>,
}

/// A write of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sent {
    pub(super) step: String,
    pub(super) operation: String,
    /// What became of it; unknown for a planned one.
    pub(super) status: Option<u16>,
}

pub(super) type Ends = BTreeMap<u32, RowEnd>;

/// What a verification says of a row.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    pub(super) verdict: String,
    pub(super) message: Option<String>,
    /// Field, expected, found.
    pub(super) differences: Vec<(String, String, String)>,
}

fn text(rows: &[Cells]) -> String {
    let columns: BTreeSet<&String> = rows.iter().flat_map(BTreeMap::keys).collect();
    let cell = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let line = |row: &Cells| {
        let cells: Vec<String> =
            columns.iter().map(|column| cell(row.get(*column).map_or("", String::as_str))).collect();
        cells.join(",")
    };
    let header: Vec<&str> = columns.iter().map(|column| column.as_str()).collect();
    let rows: Vec<String> = rows.iter().map(line).collect();
    format!("{}\n{}\n", header.join(","), rows.join("\n"))
}

/// Memory serves as a disk where there is one: nothing here is to outlive the test.
fn directory() -> TempDir {
    let memory = PathBuf::from("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.or_else(|_| tempfile::tempdir()).expect("a temporary directory")
}

/// A new database. Making one costs more than the rest of a case, so that one is made and the others are its copies.
fn empty_database(path: &Path) -> Store {
    static EMPTY: OnceLock<Vec<u8>> = OnceLock::new();
    let empty = EMPTY.get_or_init(|| {
        let directory = directory();
        let path = directory.path().join("out/wxbulk.db");
        drop(Store::open_or_create(&path).expect("a database"));
        std::fs::read(path).expect("a readable database")
    });
    std::fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
    std::fs::write(path, empty).expect("a database");
    Store::open(path).expect("a database")
}

impl World {
    /// Takes the file in.
    pub(super) async fn new(case: &Case, http: &reqwest::Client) -> World {
        let sim = sim::start(SimConfig::with_org(case.org.clone())).await.expect("the simulator starts");
        let directory = directory();
        let csv = directory.path().join("site.csv");
        std::fs::write(&csv, text(&case.rows)).expect("the file is written");
        let store = empty_database(&directory.path().join("out/wxbulk.db"));
        let world = World { case: case.clone(), sim, http: http.clone(), store, directory };
        let input = config::input(&|name| world.env(name)).expect("settings of the input");
        let settings = ingest::IngestSettings {
            max_rows: input.max_rows,
            default_language: None,
            delimiter: None,
            encoding: None,
        };
        let reading = ingest::open(&csv, &settings).expect("a readable file");
        let facts = InputFacts {
            path: "site.csv".to_owned(),
            delimiter: reading.header().delimiter,
            encoding: reading.header().encoding.clone(),
            columns: reading.header().columns.clone(),
            pipeline_version: input.pipeline_version,
        };
        let report =
            world.store.load(&facts, reading, ingest::RowStream::finish).expect("the rows are taken in");
        assert_eq!(report.rejected, 0, "a generated file has no row that is refused: {report:#?}");
        world
    }

    fn env(&self, name: &str) -> Option<String> {
        let set = |text: &str| Some(text.to_owned());
        let stated = self.case.env.iter().find(|(known, _)| *known == name);
        match (name, stated) {
            (_, Some((_, text))) => set(text),
            ("ENVIRONMENT", _) => set("lab"),
            ("WEBEX_BASE_URL", _) => Some(self.sim.base_url()),
            ("WEBEX_TOKEN", _) => set(crate::support::TOKEN),
            ("SETTLE_SECONDS", _) => set("0"),
            ("BACKOFF_BASE_SECONDS", _) => set("0.001"),
            // What a case is about is the end of every row.
            ("CIRCUIT_BREAKER_MIN_ROWS", _) => set("5000"),
            _ => None,
        }
    }

    fn webex(&self) -> (config::RunConfig, Webex) {
        let config = config::run(&|name| self.env(name)).expect("settings of the run");
        let webex = Webex::new(config.webex.clone(), CancellationToken::new()).expect("a client");
        (config, webex)
    }

    pub(super) fn database(&self) -> Connection {
        open(self.store.path())
    }

    /// Looks at every row that is ready or pending; gives what is planned.
    pub(super) async fn plan(&self) -> Ends {
        self.store.write(|connection| store::begin_plan(connection, &SurveyFacts::default())).unwrap();
        let (complete, requests) = self.survey(Purpose::Plan).await;
        self.store.write(|connection| store::end_plan(connection, complete, requests, "[]")).unwrap();
        self.planned()
    }

    /// Looks at every row that is a success; gives what is found.
    pub(super) async fn verify(&self) -> BTreeMap<u32, Finding> {
        self.store.write(|connection| store::begin_check(connection, &SurveyFacts::default())).unwrap();
        let (complete, requests) = self.survey(Purpose::Verify).await;
        self.store.write(|connection| store::end_check(connection, complete, requests)).unwrap();
        self.found()
    }

    async fn survey(&self, purpose: Purpose) -> (bool, u64) {
        let (config, webex) = self.webex();
        let (events, _heard) = std::sync::mpsc::channel();
        let (scope, stop) = (Scope::default(), CancellationToken::new());
        let survey = runner::survey(&self.store, webex, config.rows, &scope, purpose, stop, events).await;
        let runner::Survey { ended, traffic, .. } = survey;
        assert!(matches!(ended, Ended::Finished), "{purpose:?} ended as {ended:?}");
        (true, traffic.requests)
    }

    /// Works off what is ready or pending; gives how each row that was worked at ended.
    pub(super) async fn run(&self, limit: Option<u32>) -> Ends {
        let (config, webex) = self.webex();
        let lock = Lock::take(&self.store).expect("the lock");
        if limit.is_none() {
            self.store.retry(&PendingFilter::default()).unwrap();
        }
        let before = self.last("SELECT coalesce(max(call_id), 0) FROM calls");
        let outcomes = self.last("SELECT coalesce(max(outcome_id), 0) FROM outcomes");
        let (run, _) = self.store.begin_run(&lock, &config.to_json()).expect("a run");
        let (events, _heard) = std::sync::mpsc::channel();
        let scope = Scope { rows_per_phase: limit, ..Scope::default() };
        let stop = CancellationToken::new();
        let summary =
            runner::run(&self.store, webex, run, config.rows, &config.limits, &scope, stop, events).await;
        assert!(matches!(summary.ended, Ended::Finished), "the run ended as {:?}", summary.ended);
        self.store.finish_run(run, "finished", summary.traffic.requests, summary.traffic.refused).unwrap();
        self.ended(before, outcomes)
    }

    fn last(&self, sql: &str) -> i64 {
        self.database().query_row(sql, [], |row| row.get(0)).expect(sql)
    }

    /// Returns the rows that the last verification did not find in place.
    pub(super) fn requeue_drifted(&self) {
        let _lock = Lock::take(&self.store).expect("the lock");
        self.store.requeue(&PendingFilter { drifted: true, ..PendingFilter::default() }).unwrap();
    }

    /// Requests that changed something, or asked to.
    pub(super) fn writes(&self) -> Vec<Exchange> {
        let asks = |call: &Exchange| call.method == "GET" || call.operation == Operation::ValidateExtensions;
        self.sim.journal().into_iter().filter(|call| !asks(call)).collect()
    }

    fn planned(&self) -> Ends {
        let database = self.database();
        let mut ends = ends_of(&database, "SELECT row_id, cause, message, blocked_by FROM planned_rows");
        let sql = "SELECT row_id, step, operation, NULL FROM planned_writes ORDER BY row_id, position";
        add_writes(&database, &mut ends, sql);
        ends
    }

    fn ended(&self, call: i64, outcome: i64) -> Ends {
        let database = self.database();
        let sql = format!(
            "SELECT row_id, cause, message, blocked_by FROM rows
             WHERE row_id IN (SELECT row_id FROM outcomes WHERE outcome_id > {outcome})"
        );
        let mut ends = ends_of(&database, &sql);
        for end in ends.values_mut().filter(|end| end.cause.is_none()) {
            end.message = None;
        }
        let sql = format!(
            "SELECT row_id, step, operation, status FROM calls
             WHERE mutating = 1 AND row_id IS NOT NULL AND call_id > {call} ORDER BY call_id"
        );
        add_writes(&database, &mut ends, &sql);
        ends
    }

    fn found(&self) -> BTreeMap<u32, Finding> {
        let database = self.database();
        let mut statement = database.prepare("SELECT row_id, verdict, message FROM checks").unwrap();
        let checks = statement.query_map([], |row| {
            let finding = Finding { verdict: row.get(1)?, message: row.get(2)?, differences: Vec::new() };
            Ok((row.get(0)?, finding))
        });
        let mut found: BTreeMap<u32, Finding> = checks.unwrap().map(Result::unwrap).collect();
        let sql = "SELECT row_id, field, expected, found FROM check_differences ORDER BY row_id, position";
        let mut statement = database.prepare(sql).unwrap();
        let differences = statement
            .query_map([], |row| Ok((row.get::<_, u32>(0)?, (row.get(1)?, row.get(2)?, row.get(3)?))));
        for (row, difference) in differences.unwrap().map(Result::unwrap) {
            found.get_mut(&row).expect("a checked row").differences.push(difference);
        }
        found
    }

    /// Rows in this state.
    pub(super) fn rows_in(&self, state: RowState) -> BTreeSet<u32> {
        let database = self.database();
        let mut statement = database.prepare("SELECT row_id FROM rows WHERE state = ?1").unwrap();
        let rows = statement.query_map([state.as_str()], |row| row.get(0));
        rows.unwrap().map(Result::unwrap).collect()
    }

    /// The row of a kind with an e-mail address or a location's name.
    pub(super) fn row(&self, kind: &str, column: &str, text: &str) -> Option<u32> {
        let is = |row: &Cells| row["entity_type"] == kind && row.get(column).is_some_and(|cell| cell == text);
        let at = self.case.rows.iter().position(is)?;
        u32::try_from(at + 1).ok()
    }

    /// What a row of the file says.
    pub(super) fn cells(&self, row: u32) -> &Cells {
        &self.case.rows[usize::try_from(row).unwrap() - 1]
    }

    /// Everything that is known of rows.
    pub(super) fn dump(&self) -> String {
        let tables = ["rows", "counts", "batches", "runs", "steps", "calls", "outcomes", "gives", "keys"];
        crate::support::dump(&self.database(), &tables)
    }

    /// Leaves the database for whoever looks at the failure.
    pub(super) fn keep(self, name: &str) -> PathBuf {
        let kept = std::env::temp_dir().join(name);
        std::fs::remove_dir_all(&kept).ok();
        std::fs::create_dir_all(&kept).unwrap();
        let lines: Vec<String> =
            self.sim.journal().iter().map(|call| serde_json::to_string(call).unwrap()).collect();
        std::fs::write(kept.join("journal.jsonl"), lines.join("\n")).unwrap();
        std::fs::copy(self.directory.path().join("site.csv"), kept.join("site.csv")).unwrap();
        std::fs::copy(self.store.path(), kept.join("wxbulk.db")).unwrap();
        kept
    }
}

fn ends_of(database: &Connection, sql: &str) -> Ends {
    let mut statement = database.prepare(sql).unwrap();
    let ends = statement.query_map([], |row| {
        let end =
            RowEnd { cause: row.get(1)?, message: row.get(2)?, blocked_by: row.get(3)?, writes: Vec::new() };
        Ok((row.get(0)?, end))
    });
    ends.unwrap().map(Result::unwrap).collect()
}

fn add_writes(database: &Connection, ends: &mut Ends, sql: &str) {
    let mut statement = database.prepare(sql).unwrap();
    let writes = statement.query_map([], |row| {
        let sent = Sent { step: row.get(1)?, operation: row.get(2)?, status: row.get(3)? };
        Ok((row.get::<_, u32>(0)?, sent))
    });
    for (row, sent) in writes.unwrap().map(Result::unwrap) {
        ends.entry(row).or_default().writes.push(sent);
    }
}
