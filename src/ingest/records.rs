//! Text -> records, each with the lines of the file it stands on, and no longer than a record may be.

use csv::{ByteRecord, ReaderBuilder, StringRecord, Terminator};

use super::bytes::{END_MARK, Source};
use super::dialect::Dialect;
use super::file::size;
use super::refusal::FileRefusal;
use crate::domain::InputHash;

/// A record on more lines than this has an open quote.
const MAX_LINES: u64 = 50;

const MAX_BYTES: usize = 1024 * 1024;

const BUFFER_BYTES: usize = 64 * 1024;

/// The records of a file, the header among them.
pub(super) struct Records {
    csv: csv::Reader<Source>,
    path: String,
    lines_before: u64,
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
            .from_reader(source);
        Records { csv, path, lines_before: dialect.lines_before }
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    pub(super) fn finish(self) -> Result<InputHash, FileRefusal> {
        self.csv.into_inner().finish()
    }

    /// Reads the next record that is not a blank line; `None` at the end of the file.
    pub(super) fn read(&mut self, record: &mut StringRecord) -> Result<Option<Lines>, FileRefusal> {
        let begin = self.csv.position().line() + self.lines_before;
        self.csv.get_mut().begin_record(begin);
        let mut bytes = std::mem::take(record).into_byte_record();
        let mut more = self.read_bytes(&mut bytes)?;
        // Ends: each turn takes a byte of what the source allows for one record.
        while more && is_blank_line(&bytes) {
            more = self.read_bytes(&mut bytes)?;
        }
        if !more || bytes.as_slice() == [END_MARK] {
            return Ok(None);
        }
        let lines = self.lines(&bytes);
        if bytes.as_slice().len() > MAX_BYTES {
            return Err(self.too_long(lines.first));
        }
        if bytes.as_slice().contains(&END_MARK) {
            return Err(self.open_quote(lines.first, "goes on to the end of the file".to_owned()));
        }
        let count = lines.last - lines.first + 1;
        if count > MAX_LINES {
            return Err(self.open_quote(lines.first, format!("goes over {count} lines")));
        }
        *record = StringRecord::from_byte_record(bytes).map_err(|_| self.too_long(lines.first))?;
        Ok(Some(lines))
    }

    fn read_bytes(&mut self, bytes: &mut ByteRecord) -> Result<bool, FileRefusal> {
        self.csv.read_byte_record(bytes).map_err(|error| {
            let error = match error.into_kind() {
                csv::ErrorKind::Io(error) => error,
                other => std::io::Error::other(format!("{other:?}")),
            };
            error.downcast::<FileRefusal>().unwrap_or_else(|error| FileRefusal::unreadable(&self.path, error))
        })
    }

    fn lines(&self, bytes: &ByteRecord) -> Lines {
        let breaks = size(bytes.as_slice().iter().filter(|byte| **byte == b'\n').count());
        let next = self.csv.position().line() + self.lines_before;
        // A record that the end of the file cut off has no line end of its own.
        let last = if bytes.as_slice().contains(&END_MARK) { next } else { next.saturating_sub(1) };
        Lines { first: last.saturating_sub(breaks), last }
    }

    fn too_long(&self, line: u64) -> FileRefusal {
        FileRefusal::TooLong { path: self.path.clone(), line, what: "the record", limit: MAX_BYTES }
    }

    fn open_quote(&self, line: u64, what: String) -> FileRefusal {
        FileRefusal::OpenQuote { path: self.path.clone(), line, what }
    }
}

/// Nothing at all, or `""`.
fn is_blank_line(bytes: &ByteRecord) -> bool {
    bytes.len() == 1 && matches!(bytes.as_slice(), b"" | b"\r")
}
