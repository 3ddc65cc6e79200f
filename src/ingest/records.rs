//! Text -> records, each with the lines of the file it stands on, and no longer than a record may be.

use csv::{ByteRecord, ReaderBuilder, StringRecord, Terminator};

use super::bytes::Source;
use super::dialect::Dialect;
use super::file::size;
use super::normalize;
use super::quotes::{Damage, Quoted};
use super::refusal::FileRefusal;
use super::text::clean;
use crate::domain::InputHash;

const MAX_BYTES: usize = 1024 * 1024;

const BUFFER_BYTES: usize = 64 * 1024;

/// The only column in which a cell may be broken over lines.
const NOTES: &str = "notes";

/// The records of a file, the header among them.
pub(super) struct Records {
    csv: csv::Reader<Quoted>,
    path: String,
    delimiter: char,
    lines_before: u64,
    /// None before the header is read.
    columns: Vec<String>,
}

/// The lines of the file on which a record stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lines {
    pub(super) first: u64,
    pub(super) last: u64,
}

impl Records {
    pub(super) fn new(source: Source, dialect: &Dialect) -> Records {
        let path = source.path().to_owned();
        // Only LF ends a record, so that lines count exactly; the CR before it falls to trimming.
        let csv = ReaderBuilder::new()
            .delimiter(dialect.delimiter)
            .terminator(Terminator::Any(b'\n'))
            .has_headers(false)
            .flexible(true)
            .buffer_capacity(BUFFER_BYTES)
            .from_reader(Quoted::new(source, dialect));
        let (delimiter, lines_before) = (char::from(dialect.delimiter), dialect.lines_before);
        Records { csv, path, delimiter, lines_before, columns: Vec::new() }
    }

    /// Tells what the columns are called, once the header is read.
    pub(super) fn name_columns(&mut self, columns: &[String]) {
        self.columns = columns.to_owned();
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    pub(super) fn finish(self) -> Result<InputHash, FileRefusal> {
        self.csv.into_inner().into_source().finish()
    }

    /// Reads the next record that is not a blank line; `None` at the end of the file.
    pub(super) fn read(&mut self, record: &mut StringRecord) -> Result<Option<Lines>, FileRefusal> {
        let begin = self.csv.position().line() + self.lines_before;
        self.csv.get_mut().source().begin_record(begin);
        let mut bytes = std::mem::take(record).into_byte_record();
        let mut more = self.read_bytes(&mut bytes)?;
        // Ends: each turn takes a byte of what the source allows for one record.
        while more && is_blank_line(&bytes) {
            more = self.read_bytes(&mut bytes)?;
        }
        if !more {
            return Ok(None);
        }
        let lines = self.lines(&bytes);
        if bytes.as_slice().len() > MAX_BYTES {
            return Err(self.too_long(lines.first));
        }
        *record = StringRecord::from_byte_record(bytes).map_err(|_| self.too_long(lines.first))?;
        if lines.last > lines.first {
            self.check_breaks(record, lines.first)?;
        }
        Ok(Some(lines))
    }

    fn read_bytes(&mut self, bytes: &mut ByteRecord) -> Result<bool, FileRefusal> {
        self.csv.read_byte_record(bytes).map_err(|error| {
            if let Some(damage) = self.csv.get_ref().damage() {
                return self.refuse(damage.clone());
            }
            let error = match error.into_kind() {
                csv::ErrorKind::Io(error) => error,
                other => std::io::Error::other(format!("{other:?}")),
            };
            error.downcast::<FileRefusal>().unwrap_or_else(|error| FileRefusal::unreadable(&self.path, error))
        })
    }

    fn lines(&self, bytes: &ByteRecord) -> Lines {
        let breaks = size(bytes.as_slice().iter().filter(|byte| **byte == b'\n').count());
        let last = (self.csv.position().line() + self.lines_before).saturating_sub(1);
        Lines { first: last.saturating_sub(breaks), last }
    }

    /// Lines may be broken in notes only, and no line of a note may be a row that an open quote has swallowed.
    fn check_breaks(&self, record: &StringRecord, first: u64) -> Result<(), FileRefusal> {
        let mut end = first;
        for (cell, text) in record.iter().enumerate() {
            let line = end;
            end += size(text.matches('\n').count());
            let closed = format!("is closed on line {end}, but");
            let what = if end == line {
                continue;
            } else if self.columns.get(cell).is_none_or(|name| name != NOTES) {
                format!(
                    "{closed} only {NOTES} may be broken over lines: close it on its line, or take the line breaks out"
                )
            } else if let Some(offset) = self.row_within(record, cell, text) {
                let row = line + offset;
                format!(
                    "{closed} line {row} reads as a row of this file: close it where the note ends, or write that line otherwise"
                )
            } else {
                continue;
            };
            return Err(self.refuse(Damage { line, cell, what }));
        }
        Ok(())
    }

    /// How many lines below its first one a note holds a row: as many cells as the header, and a kind where that belongs.
    /// A note in the first column has the other cells of its record behind its last line, one in a later column has some of
    /// them before its first line: these lines are no rows by themselves.
    fn row_within(&self, record: &StringRecord, cell: usize, note: &str) -> Option<u64> {
        let kind_at = self.columns.iter().position(|name| name == "entity_type");
        let last = note.matches('\n').count();
        let is_row = |(at, line): &(usize, &str)| {
            let behind = if *at == last { record.len().saturating_sub(cell + 1) } else { 0 };
            let kind = kind_at.and_then(|at| line.split(self.delimiter).nth(at));
            line.split(self.delimiter).count() + behind == self.columns.len()
                && kind.is_none_or(|kind| normalize::entity_type(clean(kind)).is_some())
        };
        let (skipped, looked_at) = if cell == 0 { (0, last) } else { (1, last + 1) };
        note.split('\n').enumerate().take(looked_at).skip(skipped).find(is_row).map(|(at, _)| size(at))
    }

    fn too_long(&self, line: u64) -> FileRefusal {
        FileRefusal::TooLong { path: self.path.clone(), line, what: "the record", limit: MAX_BYTES }
    }

    fn refuse(&self, damage: Damage) -> FileRefusal {
        let Damage { line, cell, what } = damage;
        let column = self.columns.get(cell).cloned().unwrap_or_else(|| (cell + 1).to_string());
        FileRefusal::Quote { path: self.path.clone(), line, column, what }
    }
}

/// Nothing at all, or `""`.
fn is_blank_line(bytes: &ByteRecord) -> bool {
    bytes.len() == 1 && matches!(bytes.as_slice(), b"" | b"\r")
}
