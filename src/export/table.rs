//! Views as CSV.

use std::io::Write;

use super::ExportError;
use super::escape::escape;
use crate::domain::{Cells, EXPORT_COLUMNS};
use crate::store::{self, Connection};

/// Every finished row.
pub(super) fn results(connection: &Connection, out: &mut dyn Write) -> Result<(), ExportError> {
    view(connection, "SELECT * FROM results ORDER BY phase, row_id", out)
}

/// The rows of a query as they are.
pub(super) fn view(connection: &Connection, sql: &str, out: &mut dyn Write) -> Result<(), ExportError> {
    let mut csv = Csv::new(out);
    csv.line(store::columns_of(connection, sql)?.iter().map(String::as_str))?;
    store::walk(connection, sql, |cells| {
        csv.line(cells.iter().map(|cell| cell.as_deref().unwrap_or_default()))
    })?;
    csv.finish()
}

/// A view of rows to correct, with every input column that it does not have, as it was typed.
pub(super) fn with_input(
    connection: &Connection,
    view: &str,
    input: &[String],
    out: &mut dyn Write,
) -> Result<(), ExportError> {
    let sql = format!("SELECT * FROM {view} ORDER BY row_id");
    let columns = store::columns_of(connection, &sql)?;
    let raw_at = columns.iter().position(|column| column == "raw_row_minified").unwrap_or_default();
    let further: Vec<&str> =
        own_columns(input).filter(|column| !columns.iter().any(|known| known == column)).collect();
    let mut csv = Csv::new(out);
    csv.line(columns.iter().map(String::as_str).chain(further.iter().copied()))?;
    store::walk(connection, &sql, |cells| {
        let raw =
            cells.get(raw_at).and_then(|raw| raw.as_deref()).and_then(Cells::from_json).unwrap_or_default();
        let view = cells.iter().map(|cell| cell.as_deref().unwrap_or_default());
        csv.line(view.chain(further.iter().map(|column| raw.get(column).unwrap_or_default())))
    })?;
    csv.finish()
}

/// Every accepted row, normalised, in the columns of the input.
pub(super) fn ready_to_load(
    connection: &Connection,
    input: &[String],
    out: &mut dyn Write,
) -> Result<(), ExportError> {
    let mut columns: Vec<&str> = own_columns(input).collect();
    if columns.iter().any(|column| column.starts_with("location_name") || *column == "location_external_id") {
        // Filled in from DEFAULT_LANGUAGE when the input lacks them.
        for language in ["preferred_language", "announcement_language"] {
            if !columns.contains(&language) {
                columns.push(language);
            }
        }
    }
    let mut csv = Csv::new(out);
    csv.line(columns.iter().copied())?;
    store::walk(connection, "SELECT cells FROM ready_to_load ORDER BY row_id", |cells| {
        let row =
            cells.first().and_then(|cells| cells.as_deref()).and_then(Cells::from_json).unwrap_or_default();
        csv.line(columns.iter().map(|column| row.get(column).unwrap_or_default()))
    })?;
    csv.finish()
}

/// The input's columns that are the operator's own, not those that one of our files added.
fn own_columns(input: &[String]) -> impl Iterator<Item = &str> {
    input.iter().map(String::as_str).filter(|column| !EXPORT_COLUMNS.contains(column))
}

struct Csv<'a> {
    writer: csv::Writer<&'a mut dyn Write>,
}

impl<'a> Csv<'a> {
    fn new(out: &'a mut dyn Write) -> Csv<'a> {
        Csv { writer: csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(out) }
    }

    fn line<'c>(&mut self, cells: impl Iterator<Item = &'c str>) -> Result<(), ExportError> {
        for cell in cells {
            self.writer.write_field(escape(cell).as_bytes()).map_err(|error| io(error.into()))?;
        }
        self.writer.write_record(None::<&[u8]>).map_err(|error| io(error.into()))
    }

    fn finish(mut self) -> Result<(), ExportError> {
        self.writer.flush().map_err(io)
    }
}

fn io(error: std::io::Error) -> ExportError {
    ExportError::Io { path: "the output directory".into(), error }
}
