//! Small CSVs for the tests, and tables of cells with what is to become of them.

use std::io::Write;

use tempfile::NamedTempFile;
use wxbulk::domain::{InputHash, InputRow, RejectionReason};
use wxbulk::ingest::{self, FileRefusal, IngestSettings};

pub(crate) fn settings() -> IngestSettings {
    IngestSettings { max_rows: 21_000, default_language: None, delimiter: None, encoding: None }
}

pub(crate) fn file(bytes: impl AsRef<[u8]>) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(bytes.as_ref()).unwrap();
    file
}

pub(crate) fn read(bytes: impl AsRef<[u8]>) -> Result<Vec<InputRow>, FileRefusal> {
    read_with(bytes, &settings())
}

pub(crate) fn read_with(
    bytes: impl AsRef<[u8]>,
    settings: &IngestSettings,
) -> Result<Vec<InputRow>, FileRefusal> {
    hashed(bytes, settings).map(|(rows, _)| rows)
}

pub(crate) fn hashed(
    bytes: impl AsRef<[u8]>,
    settings: &IngestSettings,
) -> Result<(Vec<InputRow>, InputHash), FileRefusal> {
    let file = file(bytes);
    let mut reading = ingest::open(file.path(), settings)?;
    let rows = reading.by_ref().collect::<Result<Vec<_>, _>>()?;
    Ok((rows, reading.finish()?))
}

/// The refusal's text, without the path before it.
pub(crate) fn refusal(bytes: impl AsRef<[u8]>) -> String {
    refusal_with(bytes, &settings())
}

pub(crate) fn refusal_with(bytes: impl AsRef<[u8]>, settings: &IngestSettings) -> String {
    let text = read_with(bytes, settings).expect_err("the file is refused").to_string();
    let at = text.find(':').unwrap();
    text[at + 1..].to_owned()
}

/// One row: its cells by column, in the order in which they are added.
#[derive(Debug, Clone)]
pub(crate) struct Row(pub(crate) Vec<(String, String)>);

impl Row {
    fn new(cells: &[(&str, &str)]) -> Row {
        Row(cells.iter().map(|(column, text)| ((*column).to_owned(), (*text).to_owned())).collect())
    }

    pub(crate) fn with(mut self, column: &str, text: &str) -> Row {
        self.0.retain(|(name, _)| name != column);
        self.0.push((column.to_owned(), text.to_owned()));
        self
    }

    pub(crate) fn ingest(&self) -> InputRow {
        let mut rows =
            read(csv(std::slice::from_ref(self))).unwrap_or_else(|refusal| panic!("{self:?}: {refusal}"));
        assert_eq!(rows.len(), 1, "{self:?}");
        rows.remove(0)
    }
}

pub(crate) fn location() -> Row {
    Row::new(&[
        ("entity_type", "location"),
        ("location_key", ""),
        ("location_name", "Madrid Centro"),
        ("location_external_id", "MAD-01"),
        ("time_zone", "Europe/Madrid"),
        ("preferred_language", "es_es"),
        ("announcement_language", "es_es"),
        ("address_line1", "Calle de Alcalá 1"),
        ("address_city", "Madrid"),
        ("address_state", "Madrid"),
        ("address_postal_code", "28014"),
        ("address_country", "ES"),
    ])
}

pub(crate) fn user() -> Row {
    Row::new(&[("entity_type", "user"), ("email", "ana@example.com"), ("location_key", "MAD-01")])
}

pub(crate) fn assignment() -> Row {
    Row::new(&[
        ("entity_type", "extension_assignment"),
        ("email", "ana@example.com"),
        ("location_key", "MAD-01"),
        ("extension", "1001"),
        ("phone_number", ""),
    ])
}

/// A CSV with the columns of all the rows.
pub(crate) fn csv(rows: &[Row]) -> Vec<u8> {
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in rows.iter().flat_map(|row| &row.0) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&names).unwrap();
    for row in rows {
        let cell = |name: &&str| row.0.iter().find(|(column, _)| column == name).map_or("", |(_, text)| text);
        writer.write_record(names.iter().map(cell)).unwrap();
    }
    writer.into_inner().unwrap()
}

/// What is to become of a cell.
#[derive(Debug, Clone, Copy)]
pub(crate) enum To<'a> {
    /// Accepted, and stored as this.
    Be(&'a str),
    /// Rejected as `invalid_input_schema`, with these words in the message.
    Fail(&'a str),
    /// Rejected as `out_of_scope`, with these words in the message.
    BeOutOfScope(&'a str),
}

/// A case of the catalogue: its number, the cell, and what is to become of it.
pub(crate) type Case<'a> = (&'a str, &'a str, &'a str, To<'a>);

/// Puts each cell into the row and compares; all differences are shown at once.
pub(crate) fn check(row: fn() -> Row, cases: &[Case<'_>]) {
    let wrong: Vec<String> = cases.iter().filter_map(|case| difference(row(), case)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn difference(row: Row, (number, column, text, expected): &Case<'_>) -> Option<String> {
    let found = row.with(column, text).ingest();
    let same = match (&found.verdict, expected) {
        (Ok(accepted), To::Be(value)) => accepted.cells.get(column).unwrap_or_default() == *value,
        (Err(rejected), To::Fail(words)) => {
            rejected.reason == RejectionReason::InvalidInputSchema
                && rejected.column.as_deref() == Some(*column)
                && rejected.message.contains(words)
        }
        (Err(rejected), To::BeOutOfScope(words)) => {
            rejected.reason == RejectionReason::OutOfScope
                && rejected.column.as_deref() == Some(*column)
                && rejected.message.contains(words)
        }
        _ => false,
    };
    (!same).then(|| format!("case {number}: {column}={text:?} is to {expected:?}, but: {:?}", found.verdict))
}

pub(crate) fn settings_with_language(language: &str) -> IngestSettings {
    IngestSettings { default_language: Some(language.to_owned()), ..settings() }
}
