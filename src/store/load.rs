//! Takes in one input file, all or nothing, and finds the rows whose keys another row already has (R13, R23).
//!
//! A row that refers to a location which the file has not shown yet is set aside, and with it every later user and
//! assignment row, so that the first of two rows with one key stays the first.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, params};

use super::columns::typed;
use super::ingested::{self, Kind, Placed};
use super::input::{InputFacts, LoadError, LoadReport, RejectedSample};
use super::keys::{self, Claim, Clash, Place, canonical_key, location_of};
use super::{Store, StoreError, integrity};
use crate::domain::{Accepted, EntityType, Extension, InputHash, InputRow, Record, Rejected};

/// How many rejects a report names one by one.
const SAMPLES: usize = 10;

/// How many references to locations are remembered while a file is read: memory does not grow with the file.
const REMEMBERED: usize = 1024;

impl Store {
    /// Takes in the rows of a file in one transaction. `finish` gives the hash of the bytes once all rows were read.
    pub fn load<E, R>(
        &self,
        facts: &InputFacts,
        rows: R,
        finish: impl FnOnce(R) -> Result<InputHash, E>,
    ) -> Result<LoadReport, LoadError<E>>
    where
        R: Iterator<Item = Result<InputRow, E>>,
    {
        let mut connection = self.connect()?;
        // A fresh file is loaded without a log, which would hold every byte twice.
        journal_mode(&connection, "DELETE")?;
        let report = load_all(&mut connection, facts, rows, finish);
        journal_mode(&connection, "WAL")?;
        report
    }

    /// Says what `load` would say of a file for a new database, and keeps nothing.
    pub fn check<E, R>(
        facts: &InputFacts,
        rows: R,
        finish: impl FnOnce(R) -> Result<InputHash, E>,
    ) -> Result<LoadReport, LoadError<E>>
    where
        R: Iterator<Item = Result<InputRow, E>>,
    {
        // An empty name is a private database that SQLite removes on close and moves to disk when it grows.
        let mut connection = Connection::open("")?;
        integrity::migrate(&mut connection, refinery::Target::Latest)?;
        load_all(&mut connection, facts, rows, finish)
    }
}

/// Asks for a journal mode; a reader in the way keeps the old one, which is slower but as safe.
fn journal_mode(connection: &Connection, mode: &str) -> rusqlite::Result<()> {
    connection.pragma_update_and_check(None, "journal_mode", mode, |_| Ok(())).or_else(|error| {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => Ok(()),
            _ => Err(error),
        }
    })
}

fn load_all<E, R>(
    connection: &mut Connection,
    facts: &InputFacts,
    mut rows: R,
    finish: impl FnOnce(R) -> Result<InputHash, E>,
) -> Result<LoadReport, LoadError<E>>
where
    R: Iterator<Item = Result<InputRow, E>>,
{
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let mut loader = Loader::begin(&transaction, facts)?;
    for row in &mut rows {
        loader.take(&row.map_err(LoadError::Source)?)?;
    }
    loader.place_deferred()?;
    let hash = finish(rows).map_err(LoadError::Source)?;
    let report = loader.finish(&hash)?;
    transaction.commit()?;
    Ok(report)
}

struct Loader<'a> {
    connection: &'a Connection,
    input_id: i64,
    deferring: bool,
    canonical: HashMap<String, String>,
    report: LoadReport,
}

impl<'a> Loader<'a> {
    fn begin(connection: &'a Connection, facts: &InputFacts) -> Result<Loader<'a>, StoreError> {
        let input_id = ingested::open_input(connection, Kind::First, facts)?;
        connection.execute_batch(
            "CREATE TEMP TABLE deferred (row_id INTEGER PRIMARY KEY, line INTEGER NOT NULL, raw TEXT NOT NULL,
                                         entity_type TEXT NOT NULL, cells TEXT NOT NULL) STRICT",
        )?;
        let report = LoadReport::default();
        Ok(Loader { connection, input_id, deferring: false, canonical: HashMap::new(), report })
    }

    fn take(&mut self, row: &InputRow) -> Result<(), StoreError> {
        self.report.rows = self.report.rows.saturating_add(1);
        let placed = Placed { row_id: row.row_id, line: row.line, raw: row.raw.to_json() };
        match &row.verdict {
            Err(rejected) => self.reject(&placed, row.raw.get("row_ref"), rejected),
            Ok(accepted) => self.take_accepted(&placed, accepted),
        }
    }

    fn take_accepted(&mut self, placed: &Placed, accepted: &Accepted) -> Result<(), StoreError> {
        if let Some(claim) = Claim::of_row_ref(&accepted.cells)
            && let Some(first) = keys::claim(self.connection, placed.row_id, &[claim])?
        {
            return self.reject_duplicate(placed, accepted, &first);
        }
        match &accepted.record {
            Record::Location(location) => {
                self.place(placed, accepted, Place::of_location(location, &accepted.cells))
            }
            Record::User(_) | Record::Assignment(_) => match self.shown_location(location_of(accepted))? {
                Some(key) if !self.deferring => {
                    self.place(placed, accepted, Place::of_person(accepted, &key))
                }
                _ => self.defer(placed, accepted),
            },
        }
    }

    /// The canonical key of a location whose row the file has shown already; no later row changes it.
    fn shown_location(&mut self, reference: &str) -> Result<Option<String>, StoreError> {
        if !self.canonical.contains_key(reference)
            && let Some(key) = canonical_key(self.connection, reference)?
        {
            if self.canonical.len() >= REMEMBERED {
                self.canonical.clear();
            }
            self.canonical.insert(reference.to_owned(), key);
        }
        Ok(self.canonical.get(reference).cloned())
    }

    fn defer(&mut self, placed: &Placed, accepted: &Accepted) -> Result<(), StoreError> {
        self.deferring = true;
        self.connection
            .prepare_cached(
                "INSERT INTO deferred (row_id, line, raw, entity_type, cells) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![
                placed.row_id.get(),
                i64::try_from(placed.line).unwrap_or(i64::MAX),
                placed.raw,
                accepted.record.entity().as_str(),
                accepted.cells.to_json(),
            ])?;
        Ok(())
    }

    /// Places the rows that were set aside, in row order, now that every location row is known.
    fn place_deferred(&mut self) -> Result<(), StoreError> {
        let connection = self.connection;
        let mut statement = connection
            .prepare("SELECT row_id, line, raw, entity_type, cells FROM deferred ORDER BY row_id")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let entity: EntityType = typed(row, "entity_type")?;
            let placed = Placed {
                row_id: typed(row, "row_id")?,
                line: row.get::<_, i64>("line")?.unsigned_abs(),
                raw: row.get("raw")?,
            };
            let cells: String = row.get("cells")?;
            let accepted = ingested::read_back(entity, &cells)?;
            let place = Place::find(self.connection, &accepted)?;
            self.place(&placed, &accepted, place)?;
        }
        Ok(())
    }

    fn finish(self, hash: &InputHash) -> Result<LoadReport, StoreError> {
        self.connection.execute_batch("DROP TABLE temp.deferred")?;
        ingested::close_input(self.connection, self.input_id, hash, self.report.rows)?;
        Ok(self.report)
    }

    fn place(&mut self, placed: &Placed, accepted: &Accepted, place: Place) -> Result<(), StoreError> {
        if let Some(first) = keys::claim(self.connection, placed.row_id, &place.claims)? {
            return self.reject_duplicate(placed, accepted, &first);
        }
        ingested::insert(self.connection, self.input_id, placed, accepted, &place)?;
        let count = match accepted.record.entity() {
            EntityType::Location => &mut self.report.locations,
            EntityType::User => &mut self.report.users,
            EntityType::ExtensionAssignment => &mut self.report.assignments,
        };
        *count = count.saturating_add(1);
        self.note_length(placed, accepted);
        Ok(())
    }

    fn note_length(&mut self, placed: &Placed, accepted: &Accepted) {
        let Record::Assignment(assignment) = &accepted.record else { return };
        if assignment.line.extension().is_some_and(Extension::is_long) {
            self.report.long_extensions = self.report.long_extensions.saturating_add(1);
            self.report.first_long_extension.get_or_insert(placed.line);
        }
    }

    fn reject_duplicate(
        &mut self,
        placed: &Placed,
        accepted: &Accepted,
        clash: &Clash,
    ) -> Result<(), StoreError> {
        let line: Option<i64> = self
            .connection
            .query_row(
                "SELECT line FROM rows WHERE row_id = ?1 UNION ALL SELECT line FROM temp.deferred WHERE row_id = ?1",
                [clash.owner.get()],
                |row| row.get(0),
            )
            .optional()?;
        self.reject(placed, accepted.cells.get("row_ref"), &clash.refusal(accepted, line))
    }

    fn reject(
        &mut self,
        placed: &Placed,
        row_ref: Option<&str>,
        rejected: &Rejected,
    ) -> Result<(), StoreError> {
        ingested::insert_rejected(self.connection, self.input_id, placed, row_ref, rejected)?;
        self.report.rejected = self.report.rejected.saturating_add(1);
        if self.report.samples.len() < SAMPLES {
            self.report.samples.push(RejectedSample::of(placed.line, rejected));
        }
        Ok(())
    }
}
