//! One bench for all tests: a temporary directory, a simulated Webex over HTTP, a CSV builder, the real binary, and
//! questions to the real database.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]
#![allow(clippy::expect_used, clippy::panic, reason = "a broken bench is a failed test")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use rusqlite::Connection;
use tempfile::TempDir;
use wxbulk::sim::{self, Exchange, Operation, OrgSeed, SimConfig, SimHandle};

/// The token of every test; no file and no output may hold it.
pub const TOKEN: &str = "canary-7f3a-token-of-the-tests";

/// A CSV in the making: each method adds a row, `cell` sets a cell of the last one.
#[derive(Clone, Default)]
pub struct Csv {
    columns: Vec<String>,
    rows: Vec<BTreeMap<String, String>>,
}

impl Csv {
    pub fn new() -> Csv {
        Csv::default()
    }

    /// A complete location row without external id.
    pub fn location(self, name: &str) -> Csv {
        self.row("location")
            .cell("location_name", name)
            .cell("time_zone", "Europe/Madrid")
            .cell("preferred_language", "es_es")
            .cell("announcement_language", "es_es")
            .cell("address_line1", "Calle Mayor, 1")
            .cell("address_city", "Madrid")
            .cell("address_state", "Madrid")
            .cell("address_postal_code", "28001")
            .cell("address_country", "ES")
    }

    pub fn user(self, email: &str, location: &str) -> Csv {
        self.row("user").cell("email", email).cell("location_key", location)
    }

    pub fn assignment(self, email: &str, location: &str, extension: &str) -> Csv {
        self.row("extension_assignment")
            .cell("email", email)
            .cell("location_key", location)
            .cell("extension", extension)
    }

    /// A user row and its assignment row.
    pub fn person(self, email: &str, location: &str, extension: &str) -> Csv {
        self.user(email, location).assignment(email, location, extension)
    }

    pub fn row(mut self, entity_type: &str) -> Csv {
        self.rows.push(BTreeMap::new());
        self.cell("entity_type", entity_type)
    }

    pub fn cell(mut self, column: &str, text: &str) -> Csv {
        if !self.columns.iter().any(|known| known == column) {
            self.columns.push(column.to_owned());
        }
        self.rows.last_mut().expect("a row").insert(column.to_owned(), text.to_owned());
        self
    }

    pub fn text(&self) -> String {
        let quoted = |text: &str| {
            if text.contains([',', '"', '\n']) {
                format!("\"{}\"", text.replace('"', "\"\""))
            } else {
                text.to_owned()
            }
        };
        let mut text = format!("{}\n", self.columns.join(","));
        for row in &self.rows {
            let cells: Vec<String> = self
                .columns
                .iter()
                .map(|column| quoted(row.get(column).map_or("", String::as_str)))
                .collect();
            text.push_str(&format!("{}\n", cells.join(",")));
        }
        text
    }

    /// Every address in the file, once.
    pub fn emails(&self) -> Vec<String> {
        let addresses: std::collections::BTreeSet<&String> =
            self.rows.iter().filter_map(|row| row.get("email")).collect();
        addresses.into_iter().cloned().collect()
    }
}

/// A site with this many people: `u0@example.com` .., extensions 1000 ..
pub fn site(people: usize) -> Csv {
    (0..people).fold(Csv::new().location("Madrid"), |csv, number| {
        csv.person(&format!("u{number}@example.com"), "Madrid", &format!("{}", 1000 + number))
    })
}

/// The bench.
pub struct Bench {
    pub sim: SimHandle,
    directory: TempDir,
    env: BTreeMap<String, String>,
}

/// How a command ended.
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    #[track_caller]
    pub fn expect(self, code: i32) -> Ran {
        assert_eq!(self.code, code, "exit code\n--- stdout\n{}\n--- stderr\n{}", self.stdout, self.stderr);
        self
    }

    /// Everything that was printed.
    pub fn text(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

/// A row as the database has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowView {
    pub row_id: u32,
    pub state: String,
    pub reason: Option<String>,
    pub cause: Option<String>,
    pub step: Option<String>,
    pub message: Option<String>,
    pub http_status: Option<u16>,
    pub tracking_id: Option<String>,
    pub remote_id: Option<String>,
    pub blocked_by: Option<u32>,
    pub attempt: u32,
}

impl RowView {
    #[track_caller]
    pub fn expect_success(&self) -> &RowView {
        assert_eq!(self.state, "success", "{self:?}");
        self
    }

    #[track_caller]
    pub fn expect_pending(&self, reason: &str, step: &str) -> &RowView {
        let shown = (self.state.as_str(), self.reason.as_deref(), self.step.as_deref());
        assert_eq!(shown, ("pending", Some(reason), Some(step)), "{self:?}");
        self
    }
}

impl RowView {
    /// The message holds each of these words.
    #[track_caller]
    pub fn says(&self, words: &[&str]) {
        let message = self.message.as_deref().unwrap_or_default();
        for word in words {
            assert!(message.contains(word), "{word:?} is not in {message:?}");
        }
    }
}

impl Bench {
    /// The people of the file are in Webex, as after a directory sync; nothing else is.
    pub async fn new(csv: &Csv) -> Bench {
        Bench::with(csv, SimConfig::with_org(OrgSeed::with_people(csv.emails()))).await
    }

    /// A bench on a simulator of its own making.
    pub async fn with(csv: &Csv, config: SimConfig) -> Bench {
        let sim = sim::start(config).await.expect("the simulator starts");
        let directory = tempfile::tempdir().expect("a temporary directory");
        let env = [
            ("ENVIRONMENT", "lab".to_owned()),
            ("WEBEX_BASE_URL", sim.base_url()),
            ("WEBEX_TOKEN", TOKEN.to_owned()),
            ("OUTPUT_DIR", directory.path().join("out").display().to_string()),
            // The same code paths as in production, on a faster clock.
            ("BACKOFF_BASE_SECONDS", "0.005".to_owned()),
            ("SETTLE_SECONDS", "0.05".to_owned()),
            ("REQUEST_TIMEOUT_SECONDS", "10".to_owned()),
        ];
        let env = env.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let bench = Bench { sim, directory, env };
        bench.write_csv(&csv.text());
        bench
    }

    pub fn env(mut self, name: &str, value: &str) -> Bench {
        self.env.insert(name.to_owned(), value.to_owned());
        self
    }

    pub fn write_csv(&self, text: &str) {
        std::fs::write(self.csv_path(), text).expect("the CSV is written");
    }

    pub fn csv_path(&self) -> PathBuf {
        self.directory.path().join("site.csv")
    }

    pub fn output(&self) -> PathBuf {
        self.directory.path().join("out")
    }

    pub fn file(&self, name: &str) -> String {
        std::fs::read_to_string(self.output().join(name)).expect(name)
    }

    /// The command with the bench's environment and no other.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("wxbulk"));
        command.args(arguments).env_clear().envs(&self.env).current_dir(self.directory.path());
        command
    }

    /// Runs the binary to its end, while the simulator goes on serving.
    pub async fn wxbulk(&self, arguments: &[&str]) -> Ran {
        let mut command = self.command(arguments);
        let output: Output = tokio::task::spawn_blocking(move || command.output())
            .await
            .expect("the thread ends")
            .expect("the binary starts");
        let ran = Ran {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        };
        assert!(!ran.text().contains(TOKEN), "the token shows in the output");
        ran
    }

    /// `wxbulk run site.csv`.
    pub async fn run(&self) -> Ran {
        let csv = self.csv_path().display().to_string();
        self.wxbulk(&["run", &csv]).await
    }

    /// Kills `wxbulk run site.csv` with SIGKILL as soon as this holds of the journal, and ends all faults.
    pub async fn killed_when(&self, holds: impl Fn(&[Exchange]) -> bool) {
        let csv = self.csv_path().display().to_string();
        let mut child = self
            .command(&["run", &csv])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary starts");
        self.sim.when(holds).await;
        child.kill().expect("a kill");
        child.wait().expect("an end");
        self.sim.clear_faults();
    }

    /// `wxbulk ingest site.csv` with these options.
    pub async fn ingest(&self, options: &[&str]) -> Ran {
        let csv = self.csv_path().display().to_string();
        self.wxbulk(&[&["ingest", csv.as_str()], options].concat()).await
    }

    pub fn database(&self) -> Connection {
        open(&self.output().join("wxbulk.db"))
    }

    /// One number from the database.
    pub fn count(&self, sql: &str) -> i64 {
        self.database().query_row(sql, [], |row| row.get(0)).expect(sql)
    }

    /// The row of this kind with this key.
    #[track_caller]
    pub fn row(&self, entity_type: &str, entity_key: &str) -> RowView {
        self.database()
            .query_row(
                "SELECT row_id, state, reason, cause, step, message, http_status, tracking_id, remote_id, blocked_by, attempt
                 FROM rows WHERE entity_type = ?1 AND entity_key = ?2",
                [entity_type, entity_key],
                |row| {
                    Ok(RowView {
                        row_id: row.get(0)?,
                        state: row.get(1)?,
                        reason: row.get(2)?,
                        cause: row.get(3)?,
                        step: row.get(4)?,
                        message: row.get(5)?,
                        http_status: row.get(6)?,
                        tracking_id: row.get(7)?,
                        remote_id: row.get(8)?,
                        blocked_by: row.get(9)?,
                        attempt: row.get(10)?,
                    })
                },
            )
            .unwrap_or_else(|error| panic!("{entity_type} {entity_key}: {error}"))
    }

    /// The requests of one operation so far.
    pub fn calls(&self, operation: Operation) -> Vec<Exchange> {
        self.sim.journal().into_iter().filter(|exchange| exchange.operation == operation).collect()
    }

    /// Requests that change something, in order of arrival.
    pub fn writes(&self) -> Vec<Exchange> {
        let asks = |exchange: &Exchange| {
            exchange.method == "GET" || exchange.operation == Operation::ValidateExtensions
        };
        self.sim.journal().into_iter().filter(|exchange| !asks(exchange)).collect()
    }

    /// What must hold after every run, whatever happened in it.
    #[track_caller]
    pub fn check_invariants(&self) {
        let database = self.database();
        let sound: String =
            database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("a check");
        assert_eq!(sound, "ok");
        let running = self.count("SELECT count(*) FROM rows WHERE state = 'running'");
        assert_eq!(running, 0, "no row is left running");
        assert_eq!(self.miscounted(), 0, "the counts are those of the rows");
        let unproved = self.count(
            "SELECT count(*) FROM rows r WHERE r.state = 'success'
             AND NOT EXISTS (SELECT 1 FROM steps s WHERE s.row_id = r.row_id AND s.attempt = r.attempt AND s.state != 'failed')",
        );
        assert_eq!(unproved, 0, "every success has its proof");
        assert!(self.calls(Operation::Forbidden).is_empty(), "no forbidden request");
        for entry in std::fs::read_dir(self.output()).expect("the output directory") {
            let path = entry.expect("an entry").path();
            let bytes = std::fs::read(&path).expect("a readable file");
            assert!(!holds(&bytes, TOKEN.as_bytes()), "the token is in {}", path.display());
        }
    }

    /// How many places, phases and states are counted otherwise than their rows say.
    fn miscounted(&self) -> i64 {
        const TRUTH: &str = "SELECT coalesce(location_key, ''), coalesce(phase, 0), state, count(*) FROM rows GROUP BY 1, 2, 3";
        const KEPT: &str = "SELECT location_key, phase, state, rows FROM counts WHERE rows > 0";
        self.count(&format!(
            "SELECT count(*) FROM (SELECT * FROM ({TRUTH} EXCEPT {KEPT}) UNION ALL SELECT * FROM ({KEPT} EXCEPT {TRUTH}))"
        ))
    }
}

/// Opens a database for questions only.
pub fn open(path: &Path) -> Connection {
    Connection::open_with_flags(path, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY).expect("the database opens")
}

/// What takes a database back to before the fifth migration, in the very words of the first.
pub fn before_the_fifth_migration() -> String {
    const FIRST: &str = include_str!("../../migrations/V1__rows_and_work.sql");
    let tables = ["files", "seen_numbers"];
    let about = |statement: &str, table: &str| {
        let (creates, on) = (format!("CREATE TABLE {table} ("), format!(" ON {table} ("));
        statement.contains(&creates) || statement.contains(&on)
    };
    let statements = FIRST.split_inclusive(";\n");
    let made: String =
        statements.filter(|statement| tables.iter().any(|table| about(statement, table))).collect();
    let drop =
        "DROP VIEW drift; DROP VIEW planned; DROP TRIGGER rows_unchecked; DROP TABLE check_differences;
                DROP TABLE checks; DROP TABLE planned_writes; DROP TABLE planned_rows; DROP TABLE surveys;
                DROP TABLE files; DROP TABLE seen_numbers;";
    format!("{drop} {made} DELETE FROM refinery_schema_history WHERE version >= 5;")
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// Every cell of these tables, to tell whether anything in them changed.
pub fn dump(database: &Connection, tables: &[&str]) -> String {
    let mut text = String::new();
    for table in tables {
        let mut statement = database.prepare(&format!("SELECT * FROM {table}")).expect("a table");
        let width = statement.column_count();
        let mut rows = statement.query([]).expect("its rows");
        while let Some(row) = rows.next().expect("a row") {
            let cells: Vec<String> =
                (0..width).map(|column| format!("{:?}", row.get_ref(column).expect("a cell"))).collect();
            text.push_str(&format!("{table} {}\n", cells.join(" ")));
        }
    }
    text
}
