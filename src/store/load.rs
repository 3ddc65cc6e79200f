//! Takes in one input file, all or nothing, and finds the rows whose keys another row already has (R13, R23).
//!
//! A row that refers to a location which the file has not shown yet is set aside, and with it every later user and
//! assignment row, so that the first of two rows with one key stays the first.

use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest, Sha256};

use super::columns::typed;
use super::input::{InputFacts, LoadError, LoadReport, RejectedSample};
use super::keys::{Claim, Clash, Place, canonical_key, location_of};
use super::{Store, StoreError, integrity, now};
use crate::domain::{
    Accepted, Cells, EntityType, InputHash, InputRow, Record, Rejected, RejectionReason, RowId,
};

/// How many rejects a report names one by one.
const SAMPLES: usize = 10;

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
        let mut connection = super::connect(self.path())?;
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
        integrity::migrate(&mut connection)?;
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

/// The hash that seals a row as it was ingested.
pub(super) fn seal(raw: &str, cells: Option<&str>) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(raw.len().to_le_bytes());
    hash.update(raw.as_bytes());
    hash.update(cells.unwrap_or_default().as_bytes());
    hash.finalize().into()
}

struct Loader<'a> {
    connection: &'a Connection,
    input_id: i64,
    at: String,
    deferring: bool,
    report: LoadReport,
}

impl<'a> Loader<'a> {
    fn begin(connection: &'a Connection, facts: &InputFacts) -> Result<Loader<'a>, StoreError> {
        let at = now();
        let columns = serde_json::to_string(&facts.columns).unwrap_or_default();
        let unknown_yet = "0".repeat(64);
        connection.execute(
            "INSERT INTO inputs (input_hash, kind, path, delimiter, encoding, columns, row_count, pipeline_version, ingested_at)
             VALUES (?1, 'first', ?2, ?3, ?4, ?5, 0, ?6, ?7)",
            params![unknown_yet, facts.path, facts.delimiter.to_string(), facts.encoding, columns, facts.pipeline_version, at],
        )?;
        connection.execute_batch(
            "CREATE TEMP TABLE deferred (row_id INTEGER PRIMARY KEY, line INTEGER NOT NULL, raw TEXT NOT NULL,
                                         entity_type TEXT NOT NULL, cells TEXT NOT NULL) STRICT",
        )?;
        Ok(Loader {
            connection,
            input_id: connection.last_insert_rowid(),
            at,
            deferring: false,
            report: LoadReport::default(),
        })
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
        if let Some(row_ref) = accepted.cells.get("row_ref") {
            let claim = Claim::new("row_ref", row_ref, "row_ref", row_ref);
            if let Some(first) = self.claim(placed.row_id, &[claim])? {
                return self.reject_duplicate(placed, accepted, &first);
            }
        }
        match &accepted.record {
            Record::Location(location) => {
                self.place(placed, accepted, Place::of_location(location, &accepted.cells))
            }
            Record::User(_) | Record::Assignment(_) => {
                match canonical_key(self.connection, location_of(accepted))? {
                    Some(key) if !self.deferring => {
                        self.place(placed, accepted, Place::of_person(accepted, &key))
                    }
                    _ => self.defer(placed, accepted),
                }
            }
        }
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
            let accepted = read_back(entity, &cells)?;
            let reference = location_of(&accepted);
            let key = canonical_key(self.connection, reference)?.unwrap_or_else(|| reference.to_owned());
            self.place(&placed, &accepted, Place::of_person(&accepted, &key))?;
        }
        Ok(())
    }

    fn finish(self, hash: &InputHash) -> Result<LoadReport, StoreError> {
        self.connection.execute_batch("DROP TABLE temp.deferred")?;
        self.connection.execute(
            "UPDATE inputs SET input_hash = ?1, row_count = ?2 WHERE input_id = ?3",
            params![hash.as_str(), self.report.rows, self.input_id],
        )?;
        Ok(self.report)
    }

    fn place(&mut self, placed: &Placed, accepted: &Accepted, place: Place) -> Result<(), StoreError> {
        if let Some(first) = self.claim(placed.row_id, &place.claims)? {
            return self.reject_duplicate(placed, accepted, &first);
        }
        let cells = accepted.cells.to_json();
        let entity = accepted.record.entity();
        self.connection
            .prepare_cached(
                "INSERT INTO rows (row_id, input_id, line, entity_type, phase, entity_key, location_key, row_ref, email, raw,
                                   cells, row_sha256, state, updated_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, 'ready', ?13)",
            )?
            .execute(params![
                placed.row_id.get(),
                self.input_id,
                i64::try_from(placed.line).unwrap_or(i64::MAX),
                entity.as_str(),
                entity.phase().number(),
                place.entity_key,
                place.location_key,
                accepted.cells.get("row_ref"),
                accepted.cells.get("email"),
                placed.raw,
                cells,
                seal(&placed.raw, Some(&cells)).as_slice(),
                self.at,
            ])?;
        let count = match entity {
            EntityType::Location => &mut self.report.locations,
            EntityType::User => &mut self.report.users,
            EntityType::ExtensionAssignment => &mut self.report.assignments,
        };
        *count = count.saturating_add(1);
        Ok(())
    }

    /// Takes the keys for this row, or gives the claim that an earlier row has, and takes none.
    fn claim(&self, row_id: RowId, claims: &[Claim]) -> Result<Option<Clash>, StoreError> {
        let mut insert = self.connection.prepare_cached(
            "INSERT INTO keys (scope, value, row_id) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET row_id = row_id RETURNING row_id",
        )?;
        for (taken, claim) in claims.iter().enumerate() {
            let owner: RowId = insert
                .query_row(params![claim.scope, claim.value, row_id.get()], |row| typed(row, "row_id"))?;
            if owner != row_id {
                self.give_back(row_id, claims.iter().take(taken))?;
                return Ok(Some(Clash { what: claim.what, shown: claim.shown.clone(), owner }));
            }
        }
        Ok(None)
    }

    fn give_back<'c>(
        &self,
        row_id: RowId,
        claims: impl Iterator<Item = &'c Claim>,
    ) -> Result<(), StoreError> {
        for claim in claims {
            self.connection.execute(
                "DELETE FROM keys WHERE scope = ?1 AND value = ?2 AND row_id = ?3",
                params![claim.scope, claim.value, row_id.get()],
            )?;
        }
        Ok(())
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
        let place = line.map_or_else(
            || format!("row {}", clash.owner),
            |line| format!("row {} (line {line})", clash.owner),
        );
        let Clash { what, shown, .. } = clash;
        let message = format!(
            "the {what} {shown:?} is already on {place}: the first stays; correct the {what} or remove this row"
        );
        let rejected = Rejected {
            entity: Some(accepted.record.entity()),
            entity_key: accepted
                .cells
                .get("entity_key")
                .or_else(|| accepted.cells.get("email"))
                .map(str::to_owned),
            reason: RejectionReason::DuplicateKey,
            column: Some((*what).to_owned()),
            message,
        };
        self.reject(placed, accepted.cells.get("row_ref"), &rejected)
    }

    fn reject(
        &mut self,
        placed: &Placed,
        row_ref: Option<&str>,
        rejected: &Rejected,
    ) -> Result<(), StoreError> {
        let message = match &rejected.column {
            // What is said of a duplicate names its column already.
            Some(column) if rejected.reason != RejectionReason::DuplicateKey => {
                format!("{column}: {}", rejected.message)
            }
            _ => rejected.message.clone(),
        };
        self.connection
            .prepare_cached(
                "INSERT INTO rows (row_id, input_id, line, entity_type, phase, entity_key, row_ref, raw, row_sha256, state, reason,
                                   message, updated_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'rejected', ?10, ?11, ?12)",
            )?
            .execute(params![
                placed.row_id.get(),
                self.input_id,
                i64::try_from(placed.line).unwrap_or(i64::MAX),
                rejected.entity.map(EntityType::as_str),
                rejected.entity.map(|entity| entity.phase().number()),
                rejected.entity_key,
                row_ref,
                placed.raw,
                seal(&placed.raw, None).as_slice(),
                rejected.reason.as_str(),
                message,
                self.at,
            ])?;
        self.report.rejected = self.report.rejected.saturating_add(1);
        if self.report.samples.len() < SAMPLES {
            self.report.samples.push(RejectedSample {
                line: placed.line,
                column: rejected.column.clone(),
                reason: rejected.reason.as_str(),
                message: rejected.message.clone(),
            });
        }
        Ok(())
    }
}

/// Where a row stands in the file, and its cells as they were.
struct Placed {
    row_id: RowId,
    line: u64,
    raw: String,
}

fn read_back(entity: EntityType, json: &str) -> Result<Accepted, StoreError> {
    let cells = Cells::from_json(json)
        .ok_or_else(|| StoreError::Invariant("stored cells are not JSON".to_owned()))?;
    let record =
        Record::from_cells(entity, &cells).map_err(|error| StoreError::Invariant(error.to_string()))?;
    Ok(Accepted { record, cells })
}
