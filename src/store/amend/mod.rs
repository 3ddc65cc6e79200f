//! Takes in a corrected file (R12): which row each record means, what it changes, and what may run again for it.
//! All of it is one transaction; a preview rolls it back.

mod matching;
mod present;
mod replace;

use rusqlite::{Connection, TransactionBehavior};

use super::ingested::{self, Kind, Placed};
use super::input::{InputFacts, LoadError, RejectedSample};
use super::{Lock, Store, StoreError, queue, selection};
use crate::domain::{Accepted, Cells, InputHash, InputRow, Rejected, RowId, RowState};
use matching::{By, Matcher};
pub(super) use present::Present;

/// How a corrected file is taken in.
#[derive(Debug, Clone, Copy)]
pub struct AmendOptions {
    /// Also returns pending rows that the file does not change to `ready`.
    pub retry: bool,
    /// Says what would be done, and changes nothing.
    pub preview: bool,
    /// No more rows than this in the database.
    pub max_rows: u32,
}

/// What a corrected file did, or would do.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct AmendReport {
    /// Records in the file.
    pub rows: u32,
    /// Rows of the database that it changes.
    pub changed: u32,
    /// Rows that are new.
    pub added: u32,
    /// Rows that it states as they are.
    pub unchanged: u32,
    /// Pending rows that it does not change and that are ready again because of `--retry`.
    pub retried: u32,
    /// Pending rows that waited for a row that is mended, and are ready again with it.
    pub unblocked: u32,
    /// By what the records were found to mean rows.
    pub matched: Matched,
    /// Records whose `row_id` says nothing, since no mark of this job stands beside it.
    pub unmarked: u32,
    /// Every row that is changed or new, cell by cell.
    pub changes: Vec<RowChange>,
    /// Records that cannot be taken over, and what stays in their place.
    pub refused: Vec<RefusedRow>,
}

/// How many records mean a row, by what that was found.
#[derive(Debug, Clone, Copy, Default, serde::Serialize)]
pub struct Matched {
    /// By its number.
    pub row_id: u32,
    /// By its key.
    pub key: u32,
    /// By its `row_ref`, for the same person or place.
    pub row_ref: u32,
    /// By its text, where it has no keys.
    pub text: u32,
    /// By its place, in a file that has nearly all rows of the job.
    pub place: u32,
}

impl Matched {
    fn count(&mut self, by: By) {
        let count = match by {
            By::RowId => &mut self.row_id,
            By::Key => &mut self.key,
            By::RowRef => &mut self.row_ref,
            By::Text => &mut self.text,
            By::Place => &mut self.place,
        };
        *count = count.saturating_add(1);
    }
}

/// One row that is changed or new.
#[derive(Debug, Clone, serde::Serialize)]
pub struct RowChange {
    /// Its number.
    pub row_id: u32,
    /// Its line in the corrected file.
    pub line: u64,
    /// Its key, as it is now.
    pub entity_key: String,
    /// The state it was in; `None` for a new row.
    pub was: Option<&'static str>,
    /// By what it was found: `row_id`, `key`, `row_ref`, `text` or `place`; `None` for a new row.
    pub by: Option<&'static str>,
    /// Whether it will run; a change of carried cells alone does not make it.
    pub ready: bool,
    /// The cells that differ; none for a new row.
    pub cells: Vec<CellChange>,
}

/// One cell that differs.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct CellChange {
    /// The column.
    pub column: String,
    /// The text so far.
    pub was: Option<String>,
    /// The text from now on.
    pub now: Option<String>,
}

/// A record that is not taken over.
#[derive(Debug, Clone, serde::Serialize)]
pub struct RefusedRow {
    /// The row that stays as it was; `None` where the record meant none.
    pub row_id: Option<u32>,
    /// The state in which the row stays, or the record is kept as a new one; `None` where nothing is stored of it.
    pub stays: Option<&'static str>,
    /// Where and why.
    #[serde(flatten)]
    pub sample: RejectedSample,
}

/// A record with the row it means, ready to be written.
#[derive(Debug)]
struct Change {
    row_id: RowId,
    line: u64,
    raw: Cells,
    accepted: Accepted,
    /// `None` for a new row.
    present: Option<Present>,
    /// By what it was found.
    by: Option<By>,
    /// The cells that differ; none for a new row.
    cells: Vec<CellChange>,
}

/// A record that cannot be written.
#[derive(Debug)]
struct Refusal {
    /// `None` where the record names a row that it cannot mean: nothing is stored of it.
    row_id: Option<RowId>,
    line: u64,
    raw: Cells,
    rejected: Rejected,
    present: Option<Present>,
}

impl Store {
    /// Takes in a corrected file, or says what it would do. `finish` gives the hash of the bytes once all rows were read.
    pub fn amend<E, R>(
        &self,
        _lock: &Lock,
        facts: &InputFacts,
        options: AmendOptions,
        mut rows: R,
        finish: impl FnOnce(R) -> Result<InputHash, E>,
    ) -> Result<(AmendReport, InputHash), LoadError<E>>
    where
        R: Iterator<Item = Result<InputRow, E>>,
    {
        let mut connection = self.connect()?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Whoever holds the lock knows that every running row is an orphan.
        queue::recover(&transaction)?;
        let input_id = ingested::open_input(&transaction, Kind::Amend, facts)?;
        let mut amending = Amending::begin(&transaction, facts)?;
        for row in &mut rows {
            amending.take(row.map_err(LoadError::Source)?)?;
        }
        let hash = finish(rows).map_err(LoadError::Source)?;
        let count = amending.report.rows;
        let report = amending.finish(input_id, options)?;
        ingested::close_input(&transaction, input_id, &hash, count)?;
        if !options.preview {
            transaction.commit()?;
        }
        Ok((report, hash))
    }
}

/// A corrected file on its way in.
struct Amending<'a> {
    connection: &'a Connection,
    matcher: Matcher<'a>,
    facts: &'a InputFacts,
    changes: Vec<Change>,
    refusals: Vec<Refusal>,
    /// Pending rows that the file states as they are.
    unchanged_pending: Vec<RowId>,
    report: AmendReport,
}

impl<'a> Amending<'a> {
    fn begin(connection: &'a Connection, facts: &'a InputFacts) -> Result<Amending<'a>, StoreError> {
        Ok(Amending {
            connection,
            matcher: Matcher::begin(connection, &facts.columns)?,
            facts,
            changes: Vec::new(),
            refusals: Vec::new(),
            unchanged_pending: Vec::new(),
            report: AmendReport::default(),
        })
    }

    fn take(&mut self, row: InputRow) -> Result<(), StoreError> {
        self.report.rows = self.report.rows.saturating_add(1);
        if let Some(job) = row.job.as_ref().filter(|job| !self.matcher.is_mark(job)) {
            return Err(StoreError::OtherJob {
                place: format!("{}:{}:job", self.facts.path, row.line),
                known: self.matcher.mark().to_owned(),
                given: job.clone(),
            });
        }
        if row.amends.is_some() && row.job.is_none() {
            self.report.unmarked = self.report.unmarked.saturating_add(1);
        }
        match self.matcher.find(&row)? {
            matching::Found::Row(present, by) => self.compare(row, *present, by),
            matching::Found::Later => {
                self.matcher.set_aside(row);
                Ok(())
            }
            matching::Found::Refused(rejected) => {
                let InputRow { line, raw, .. } = row;
                self.refusals.push(Refusal { row_id: None, line, raw, rejected, present: None });
                Ok(())
            }
        }
    }

    /// A record that means a row of the database.
    fn compare(&mut self, mut row: InputRow, present: Present, by: By) -> Result<(), StoreError> {
        self.report.matched.count(by);
        present.carry_over(self.connection, &mut row, &self.facts.columns)?;
        let row_id = present.row_id;
        if present.is_stated_by(&row) {
            self.report.unchanged = self.report.unchanged.saturating_add(1);
            if present.state == RowState::Pending {
                self.unchanged_pending.push(row_id);
            }
            return Ok(());
        }
        let InputRow { line, raw, verdict, .. } = row;
        let present = Some(present);
        match verdict {
            Err(rejected) => {
                self.refusals.push(Refusal { row_id: Some(row_id), line, raw, rejected, present });
            }
            Ok(accepted) => {
                let cells = present.as_ref().map(|present| present::differences(present, &raw, &accepted));
                let cells = cells.unwrap_or_default();
                self.changes.push(Change { row_id, line, raw, accepted, present, by: Some(by), cells });
            }
        }
        Ok(())
    }

    /// A record that means no row of the database.
    fn keep_as_new(&mut self, row: InputRow) -> Result<(), StoreError> {
        let row_id = self.matcher.next_row_id()?;
        let InputRow { line, raw, verdict, .. } = row;
        match verdict {
            Ok(accepted) => {
                let cells = Vec::new();
                self.changes.push(Change { row_id, line, raw, accepted, present: None, by: None, cells });
            }
            Err(rejected) => {
                self.refusals.push(Refusal { row_id: Some(row_id), line, raw, rejected, present: None });
            }
        }
        Ok(())
    }

    fn finish(mut self, input_id: i64, options: AmendOptions) -> Result<AmendReport, StoreError> {
        self.place_aside()?;
        self.matcher.require_room(options.max_rows)?;
        let changes = std::mem::take(&mut self.changes);
        let replaced = replace::all(self.connection, input_id, changes)?;
        self.refusals.extend(replaced.refused);
        let mut mended: Vec<RowId> = Vec::new();
        for change in replaced.done {
            let row_id = change.row_id;
            let told = change.tell();
            if told.ready {
                mended.push(row_id);
            }
            let count = if told.was.is_some() { &mut self.report.changed } else { &mut self.report.added };
            *count = count.saturating_add(1);
            self.report.changes.push(told);
        }
        self.write_refusals(input_id)?;
        if options.retry {
            self.report.retried = retry(self.connection, &self.unchanged_pending)?;
            mended.extend(&self.unchanged_pending);
        }
        self.report.unblocked = selection::wake_dependents(self.connection, &mended)?;
        self.report.changes.sort_by_key(|change| change.row_id);
        Ok(self.report)
    }

    fn place_aside(&mut self) -> Result<(), StoreError> {
        let aside = self.matcher.take_aside();
        if aside.is_empty() {
            return Ok(());
        }
        let by_line = self.matcher.rejected_by_line(self.report.rows)?;
        for row in aside {
            let there = by_line.get(&row.line).copied();
            let present = there.map(|there| self.matcher.take_alike(there, &row)).transpose()?.flatten();
            match present {
                Some(present) => self.compare(row, present, By::Place)?,
                None => self.keep_as_new(row)?,
            }
        }
        Ok(())
    }

    /// A refused record leaves its row as it was; a rejected row takes the new reason.
    fn write_refusals(&mut self, input_id: i64) -> Result<(), StoreError> {
        self.refusals.sort_by_key(|refusal| refusal.line);
        for refusal in &self.refusals {
            let Refusal { row_id, line, raw, rejected, present } = refusal;
            let placed = row_id.map(|row_id| Placed { row_id, line: *line, raw: raw.to_json() });
            let row_ref = raw.get("row_ref");
            let stays = match (present, &placed) {
                (None, None) => None,
                (None, Some(placed)) => {
                    ingested::insert_rejected(self.connection, input_id, placed, row_ref, rejected)?;
                    Some(RowState::Rejected)
                }
                (Some(present), placed) => {
                    if let (RowState::Rejected, Some(placed)) = (present.state, placed) {
                        ingested::reject_again(self.connection, input_id, placed, row_ref, rejected)?;
                    }
                    Some(present.state)
                }
            };
            self.report.refused.push(RefusedRow {
                row_id: present.as_ref().map(|present| present.row_id.get()),
                stays: stays.map(RowState::as_str),
                sample: RejectedSample::of(*line, rejected),
            });
        }
        Ok(())
    }
}

/// Returns pending rows to `ready`.
fn retry(connection: &Connection, rows: &[RowId]) -> Result<u32, StoreError> {
    selection::note_rows(connection, rows)?;
    selection::make_ready(connection, "SELECT row_id FROM temp.noted")
}
