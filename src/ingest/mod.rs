//! Bytes of one CSV -> a stream of accepted and rejected rows, and the hash of the file. One pass; nothing holds
//! the whole file. Nothing is repaired by guess: what is normalised is listed in `input_schema.md`.

mod bytes;
mod dialect;
mod draft;
mod email;
mod file;
mod header;
mod needs;
mod normalize;
mod number;
mod problem;
mod quotes;
mod records;
mod refusal;
mod row;
mod schema;
mod setting;
mod signature;
mod suggest;
mod template;
mod text;

use std::path::Path;

use csv::StringRecord;

use crate::domain::{InputHash, InputRow, RowId};
use bytes::Source;
use records::{Lines, Records};
use row::{Judge, RowAt};

pub use file::hash_file;
pub use header::Header;
pub use refusal::FileRefusal;
pub use schema::schema_tables;
pub use template::template;

/// How a file is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IngestSettings {
    /// More records than this refuse the file.
    pub max_rows: u32,
    /// Fills blank language cells of locations.
    pub default_language: Option<String>,
    /// Separates cells; `None` reads it off the header.
    pub delimiter: Option<u8>,
    /// The name of the encoding; `None` takes UTF-8, or UTF-16 with its mark.
    pub encoding: Option<String>,
}

/// A file whose header is good, and the rows behind it.
pub struct RowStream {
    records: Records,
    record: StringRecord,
    header: Header,
    judge: Judge,
    max_rows: u32,
    rows: u32,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Reading,
    Ended,
    Refused,
}

/// Opens a file and checks what can be told before its first row: type, encoding, delimiter, header.
pub fn open(path: &Path, settings: &IngestSettings) -> Result<RowStream, FileRefusal> {
    let mut source = Source::open(path, settings.encoding.as_deref())?;
    let default_language = default_language(source.path(), settings)?;
    let encoding = source.encoding().to_owned();
    let dialect = dialect::detect(&mut source, settings.delimiter)?;
    let mut records = Records::new(source, &dialect);
    let mut record = StringRecord::new();
    let Some(lines) = records.read(&mut record)? else {
        return Err(FileRefusal::Empty { path: records.path().to_owned(), what: "there is no header" });
    };
    let slots = header::resolve(&record, &header::HeaderAt { path: records.path(), line: lines.first })?;
    let header = Header::new(&slots, char::from(dialect.delimiter), encoding);
    records.name_columns(&header.columns);
    let judge = Judge::new(slots, default_language);
    Ok(RowStream {
        records,
        record,
        header,
        judge,
        max_rows: settings.max_rows,
        rows: 0,
        state: State::Reading,
    })
}

fn default_language(path: &str, settings: &IngestSettings) -> Result<Option<String>, FileRefusal> {
    let Some(language) = settings.default_language.as_deref().map(text::trim).filter(|text| !text.is_empty())
    else {
        return Ok(None);
    };
    match normalize::language_code(language) {
        Some(code) => Ok(Some(code.into_owned())),
        None => {
            let why =
                format!("{} is not a language with its country: write it like es_es", text::shown(language));
            Err(FileRefusal::option(path, "DEFAULT_LANGUAGE", why))
        }
    }
}

impl RowStream {
    /// The header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The SHA-256 of the file's bytes as they are on disk. An error unless every row was read and the file
    /// stayed as it was.
    pub fn finish(self) -> Result<InputHash, FileRefusal> {
        if self.state != State::Ended {
            return Err(FileRefusal::Unfinished { path: self.records.path().to_owned() });
        }
        self.records.finish()
    }

    fn next_row(&mut self) -> Result<Option<InputRow>, FileRefusal> {
        let Some(lines) = self.records.read(&mut self.record)? else {
            return if self.rows == 0 { Err(self.no_rows()) } else { Ok(None) };
        };
        let number = RowId::new(self.rows.saturating_add(1)).filter(|number| number.get() <= self.max_rows);
        let row_id = number.ok_or_else(|| self.too_many_rows(lines))?;
        self.rows = row_id.get();
        let place = RowAt { row_id, record: &self.record, line: lines.first, last_line: lines.last };
        if place.swallows_lines(self.header.columns.len()) {
            return Err(FileRefusal::LoneCr { path: self.records.path().to_owned(), line: lines.first });
        }
        let row = self.judge.judge(&place);
        match self.judge.lacking(&row) {
            Some((entity, column)) => {
                let path = self.records.path().to_owned();
                Err(FileRefusal::MissingColumn { path, line: lines.first, column, entity })
            }
            None => Ok(Some(row)),
        }
    }

    fn no_rows(&self) -> FileRefusal {
        FileRefusal::Empty { path: self.records.path().to_owned(), what: "there is no row below the header" }
    }

    fn too_many_rows(&self, lines: Lines) -> FileRefusal {
        FileRefusal::TooManyRows {
            path: self.records.path().to_owned(),
            line: lines.first,
            max_rows: self.max_rows,
        }
    }
}

impl Iterator for RowStream {
    type Item = Result<InputRow, FileRefusal>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.state != State::Reading {
            return None;
        }
        let row = self.next_row().transpose();
        self.state = match row {
            Some(Ok(_)) => State::Reading,
            Some(Err(_)) => State::Refused,
            None => State::Ended,
        };
        row
    }
}

impl std::fmt::Debug for RowStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RowStream")
            .field("header", &self.header)
            .field("rows", &self.rows)
            .finish_non_exhaustive()
    }
}
