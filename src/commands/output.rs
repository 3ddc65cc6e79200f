//! Data on stdout. A reader that goes away early, such as `head`, is no failure.

use std::io::{BufWriter, Error, ErrorKind, StdoutLock, Write};

use super::Failure;
use super::exit::{DEFECT, DONE, STORAGE};
use crate::export::ExportError;

pub(super) fn print(text: &str) -> Result<u8, Failure> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).or_else(forgive)?;
    Ok(DONE)
}

fn forgive(error: Error) -> Result<(), Failure> {
    match error.kind() {
        ErrorKind::BrokenPipe => Ok(()),
        _ => Err(Failure::new(STORAGE, format!("writing to stdout failed: {error}"))),
    }
}

/// Prints what is too long to hold, piece by piece.
pub(super) fn print_pieces(pieces: impl FnOnce(&mut Printer) -> Result<(), Failure>) -> Result<u8, Failure> {
    let mut printer = Printer { out: BufWriter::new(std::io::stdout().lock()), gone: false };
    pieces(&mut printer)?;
    printer.out.flush().or_else(forgive)?;
    Ok(DONE)
}

/// Prints a CSV that somebody writes.
pub(super) fn print_csv(
    write: impl FnOnce(&mut dyn Write) -> Result<(), ExportError>,
) -> Result<u8, Failure> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    match write(&mut out) {
        Err(ExportError::Io { error, .. }) => forgive(error)?,
        written => written?,
    }
    out.flush().or_else(forgive)?;
    Ok(DONE)
}

/// Prints a JSON document whose last key, `rows`, is an array of any length.
pub(super) fn print_json_with_rows(
    head: &impl serde::Serialize,
    rows: impl FnOnce(&mut JsonRows<'_>) -> Result<(), Failure>,
) -> Result<u8, Failure> {
    let head = json(head)?;
    print_pieces(|printer| {
        printer.print(head.trim_end_matches('}').trim_end())?;
        printer.print(",\n  \"rows\": [")?;
        let mut array = JsonRows { printer, any: false };
        rows(&mut array)?;
        let end = if array.any { "\n  ]\n}\n" } else { "]\n}\n" };
        printer.print(end)
    })
}

/// Where the pieces go. Once the reader has gone away, nowhere.
pub(super) struct Printer {
    out: BufWriter<StdoutLock<'static>>,
    gone: bool,
}

impl Printer {
    pub(super) fn print(&mut self, text: &str) -> Result<(), Failure> {
        if self.gone {
            return Ok(());
        }
        self.out.write_all(text.as_bytes()).or_else(|error| {
            self.gone = true;
            forgive(error)
        })
    }
}

/// The array at the end of a document.
pub(super) struct JsonRows<'a> {
    printer: &'a mut Printer,
    any: bool,
}

impl JsonRows<'_> {
    pub(super) fn add(&mut self, row: &impl serde::Serialize) -> Result<(), Failure> {
        self.printer.print(if self.any { ",\n    " } else { "\n    " })?;
        self.any = true;
        let row = serde_json::to_string(row).map_err(defect)?;
        self.printer.print(&row)
    }
}

fn json(value: &impl serde::Serialize) -> Result<String, Failure> {
    serde_json::to_string_pretty(value).map_err(defect)
}

fn defect(error: serde_json::Error) -> Failure {
    Failure::new(DEFECT, error.to_string())
}

pub(super) fn print_line(text: &str) -> Result<u8, Failure> {
    print(&format!("{text}\n"))
}

pub(super) fn print_json(value: &impl serde::Serialize) -> Result<u8, Failure> {
    print_line(&json(value)?)
}

/// What a person should see beside the data; silent with `--quiet`.
pub(super) fn note(quiet: bool, text: &str) {
    if !quiet {
        // Nothing is lost when stderr is closed.
        writeln!(std::io::stderr(), "{text}").ok();
    }
}
