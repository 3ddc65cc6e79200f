//! The state: one SQLite file, and the only room with SQL.
//!
//! Writers hold the lock file ([`Lock`]); readers may come at any time. During a run every write goes through
//! [`Writer`], so that one thread alone commits, in groups.

mod aliases;
mod amend;
mod checks;
mod columns;
mod drop;
mod error;
mod files;
mod ingested;
mod input;
mod integrity;
mod journal;
mod keys;
mod load;
mod lock;
mod pace;
mod plans;
mod queue;
mod reports;
mod runs;
mod selection;
mod siblings;
mod snapshot;
mod surveys;
mod writer;

use std::path::{Path, PathBuf};
use std::time::Duration;

pub use rusqlite::Connection;
use rusqlite::{OpenFlags, TransactionBehavior};

pub use aliases::{OtherRow, keep_aliases, row_before_with_address, row_with_external_id};
pub use amend::{AmendOptions, AmendReport, CellChange, Matched, RefusedRow, RowChange};
pub use checks::{CheckReport, CheckedRow, PhaseCheck, begin_check, end_check, keep_checked, walk_checked};
pub use drop::{DropChoice, DropPreview, DropRow};
pub use error::StoreError;
pub use files::FilePlace;
pub use input::{InputFacts, LoadError, LoadReport, RejectedSample};
pub use journal::{
    CallRecord, Doubt, Given, NewCall, NumbersDoubt, StepRecord, answer, intend, record_shared_call, resolve,
    resolve_call, take_back_numbers,
};
pub use keys::stated_numbers;
pub use lock::Lock;
pub use pace::{LearntRate, PaceReport, keep_pace};
pub use plans::{
    BlockedRows, DifferenceReport, FirstRow, LocationCount, PhasePlan, PlanReport, PlannedRow, WriteReport,
    begin_plan, end_plan, keep_planned, walk_planned,
};
pub use queue::{Claim, ClaimedRow, EarlierEnds, claim, complete_batch, has_ready, release, settle};
pub use reports::{PhaseProgress, ReasonCount, RunReport, StatusReport, columns_of, walk};
pub use runs::{Binding, InputRecord, RunId};
pub use selection::{
    LookupsAhead, PendingFilter, RequeueCount, RowsAhead, Selection, lookups_ahead, planned_extensions,
    resume_waiting, unseen_lines,
};
pub use siblings::{Sibling, user_row};
pub use snapshot::{
    KnownList, Reading, SeenLocation, SeenNumber, SeenPerson, WithoutLine, forget_list,
    forget_other_readings, keep_calling, keep_list, keep_locations, keep_numbers, keep_people, known_list,
    location_with_id, locations_named, locations_with_tag, numbers_of_extension, numbers_of_number,
    people_with_email, users_without_line,
};
pub use surveys::{SurveyFacts, SurveyReport, rows_to_survey};
pub use writer::{Ack, Writer};

/// How long a statement waits for a lock that another program holds on the file, unless it is told otherwise.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// SQLite's page cache while a file is taken in, whose keys come in any order. Cache sizes are in KiB as negative
/// numbers (the form of `PRAGMA cache_size`).
const LOAD_CACHE: i32 = -22_000;

/// That of the writer: a run works on neighbouring rows.
const WRITER_CACHE: i32 = -4_000;

/// That of connections that only read: each commit of the writer empties it, so that a larger one is only memory.
const READER_CACHE: i32 = -1_000;

/// The database of one bring-up.
#[derive(Debug, Clone)]
pub struct Store {
    path: PathBuf,
    busy_timeout: Duration,
}

/// Connections for the many look-ups of a run.
#[derive(Debug, Clone)]
pub struct Readers(r2d2::Pool<r2d2_sqlite::SqliteConnectionManager>);

impl Readers {
    /// Runs a query in one read transaction.
    pub fn read<T>(&self, query: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let mut connection = self.0.get().map_err(|error| StoreError::Storage(error.to_string()))?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Deferred)?;
        query(&transaction)
    }
}

impl Store {
    /// Opens the database, making it (0600, in a 0700 directory) when there is none.
    pub fn open_or_create(path: &Path) -> Result<Store, StoreError> {
        integrity::prepare_directory(path)?;
        if path.symlink_metadata().is_err() {
            let _making = Lock::at(path)?;
            // Another one may have been quicker.
            if path.symlink_metadata().is_err() {
                integrity::make_file(path, |new| checked(new, true))?;
            }
        }
        let path = integrity::check_file(path)?;
        let fresh = integrity::is_empty(&path)?;
        Store::bring_up(path, fresh)
    }

    /// Opens a database that must be there.
    pub fn open(path: &Path) -> Result<Store, StoreError> {
        if !path.exists() {
            return Err(StoreError::Absent { path: path.to_owned() });
        }
        Store::bring_up(integrity::check_file(path)?, false)
    }

    /// The same, with another wait for locks that other programs hold.
    pub fn with_busy_timeout(self, busy_timeout: Duration) -> Store {
        Store { busy_timeout, ..self }
    }

    /// Where the database is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Runs a query in one read transaction, so that all it reads belongs to one moment.
    pub fn read<T>(&self, query: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let mut connection = connect(&self.path, self.busy_timeout, READER_CACHE)?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Deferred)?;
        query(&transaction)
    }

    /// Runs one write transaction, all or nothing.
    pub fn write<T>(&self, work: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.with_connection(|connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let value = work(&transaction)?;
            transaction.commit()?;
            Ok(value)
        })
    }

    /// Verifies every page, key and row of the file; needed once before work begins. Counts that do not fit their rows are
    /// taken anew, for rows could wait for ever because of them; says whether they were.
    pub fn verify_integrity(&self, _lock: &Lock) -> Result<bool, StoreError> {
        if self.with_connection(|connection| integrity::verify(connection))? {
            return Ok(false);
        }
        self.write(integrity::recount)?;
        Ok(true)
    }

    /// Starts the thread that alone writes during a run.
    pub fn start_writer(&self) -> Result<Writer, StoreError> {
        let connection = connect(&self.path, self.busy_timeout, WRITER_CACHE)?;
        let mode: String =
            connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
        if !mode.eq_ignore_ascii_case("wal") {
            return Err(StoreError::Storage(format!(
                "journal mode is {mode}, not WAL: another program holds the file"
            )));
        }
        Writer::start(connection)
    }

    /// Starts a pool of connections that read while a run goes on.
    pub fn start_readers(&self) -> Result<Readers, StoreError> {
        let busy_timeout = self.busy_timeout;
        let manager = r2d2_sqlite::SqliteConnectionManager::file(&self.path)
            .with_flags(open_flags())
            .with_init(move |connection| configure(connection, busy_timeout, READER_CACHE));
        let pool = r2d2::Pool::builder()
            .max_size(4)
            .min_idle(Some(0))
            .connection_timeout(BUSY_TIMEOUT)
            .error_handler(Box::new(r2d2::NopErrorHandler))
            .build(manager);
        pool.map(Readers).map_err(|error| StoreError::Storage(error.to_string()))
    }

    fn bring_up(path: PathBuf, fresh: bool) -> Result<Store, StoreError> {
        checked(&path, fresh).map_err(|error| error.at(&path))?;
        integrity::keep_private(&path)?;
        Ok(Store { path, busy_timeout: BUSY_TIMEOUT })
    }

    /// A connection for one piece of work: the last one to close leaves no -wal file behind.
    fn with_connection<T>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        work(&mut self.connect()?)
    }

    fn connect(&self) -> Result<Connection, StoreError> {
        connect(&self.path, self.busy_timeout, LOAD_CACHE)
    }
}

fn checked(path: &Path, fresh: bool) -> Result<(), StoreError> {
    let mut connection = connect(path, BUSY_TIMEOUT, READER_CACHE)?;
    if fresh {
        integrity::stamp(&mut connection)?;
    }
    integrity::check_stamp(&connection)?;
    let alone = integrity::bring_up_to_date(&mut connection, path)?;
    // Of a new file nobody else knows.
    let alone = || if fresh || alone.is_some() { Ok(alone) } else { Lock::at(path).map(Some) };
    runs::store_hints(&mut connection, alone)
}

fn open_flags() -> OpenFlags {
    OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW
}

fn connect(path: &Path, busy_timeout: Duration, cache: i32) -> Result<Connection, StoreError> {
    let mut connection = Connection::open_with_flags(path, open_flags())?;
    configure(&mut connection, busy_timeout, cache)?;
    Ok(connection)
}

fn configure(connection: &mut Connection, busy_timeout: Duration, cache: i32) -> rusqlite::Result<()> {
    connection.busy_timeout(busy_timeout)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "cache_size", cache)?;
    connection.set_prepared_statement_cache_capacity(64);
    columns::add_functions(connection)
}

/// Now, in UTC with milliseconds: the form of every time stamp in the database and the files.
pub fn now() -> String {
    time_stamp(jiff::Timestamp::now())
}

fn time_stamp(moment: jiff::Timestamp) -> String {
    moment.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}
