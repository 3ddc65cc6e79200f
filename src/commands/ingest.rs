//! `ingest`: a file into the database, all or nothing.

use std::path::Path;

use super::exit::{DAMAGED, DONE, INPUT_REFUSED, NEEDS_ATTENTION};
use super::{Failure, Setup, amend, files, output};
use crate::cli::{IngestArgs, ReadArgs};
use crate::config::{self, InputConfig};
use crate::domain::Extension;
use crate::export::{self, Edited, FileKind};
use crate::ingest::{self, IngestSettings, RowStream};
use crate::store::{InputFacts, LoadReport, Lock, RejectedSample, Store};

pub(super) fn execute(setup: &Setup<'_>, args: &IngestArgs) -> Result<u8, Failure> {
    let config = config::input(setup.env)?;
    if args.amend {
        return amend::execute(setup, args, &config);
    }
    if args.check {
        let reading = open(&args.csv, &args.read, &config)?;
        return tell(
            setup,
            args,
            &Store::check(&facts(&args.csv, &reading, &config), reading, RowStream::finish)?,
        );
    }
    // The file is looked at before a database is made for it.
    let input = Input::open(&args.csv, &args.read, &config)?;
    let store = setup.store_or_new()?;
    let _lock = Lock::take(&store)?;
    export::check_checkpoint(&store, &setup.paths.output)?;
    // What was taken in is told before the files are written, for these may fail.
    let code = match input.take_in(&store, &config)? {
        Some(report) => tell(setup, args, &report)?,
        None => {
            output::note(
                setup.quiet,
                "this file is in the database already; nothing to do\n  next: wxbulk run",
            );
            DONE
        }
    };
    let kept = export::write(&store, &setup.paths.output, &FileKind::ALL, Edited::Keep)?.kept;
    if kept.is_empty() {
        return Ok(code);
    }
    let what = "the rows are in the database, and the other files are written";
    Err(Failure::new(DAMAGED, format!("{what}\n{}", files::kept(&kept).trim_end())))
}

/// A file that was opened once: a pipe cannot be opened again.
pub(super) struct Input<'a> {
    csv: &'a Path,
    reading: RowStream,
}

impl<'a> Input<'a> {
    pub(super) fn open(csv: &'a Path, read: &ReadArgs, config: &InputConfig) -> Result<Input<'a>, Failure> {
        Ok(Input { csv, reading: open(csv, read, config)? })
    }

    /// Takes the file in; `None` when the database knows it already. Another file is refused.
    pub(super) fn take_in(self, store: &Store, config: &InputConfig) -> Result<Option<LoadReport>, Failure> {
        if store.latest_input()?.is_some() {
            let hash = ingest::hash_file(self.csv)?;
            store.require_input(&hash, config.pipeline_version)?;
            return Ok(None);
        }
        let facts = facts(self.csv, &self.reading, config);
        Ok(Some(store.load(&facts, self.reading, RowStream::finish)?))
    }
}

/// The database of a job and its lock, for a command that works on it; a file that is given is taken in first.
pub(super) fn take_up(
    setup: &Setup<'_>,
    csv: Option<&Path>,
    read: &ReadArgs,
    config: &InputConfig,
) -> Result<(Store, Lock), Failure> {
    // The file is looked at before a database is made for it.
    let file = csv.map(|csv| Input::open(csv, read, config)).transpose()?;
    let store = match &file {
        Some(_) => setup.store_or_new()?,
        None => setup.store()?,
    };
    let lock = Lock::take(&store)?;
    export::check_checkpoint(&store, &setup.paths.output)?;
    if let (Some(file), Some(csv)) = (file, csv)
        && let Some(report) = file.take_in(&store, config)?
    {
        output::note(setup.quiet, &describe(csv, &report));
    }
    require_any_input(&store, config)?;
    Ok((store, lock))
}

/// The counts, and the first rejects as `path:line:column: message`.
pub(super) fn describe(csv: &Path, report: &LoadReport) -> String {
    let LoadReport { rows, locations, users, assignments, rejected, samples, .. } = report;
    let mut text = format!(
        "{rows} rows: {locations} locations, {users} users, {assignments} assignments, {rejected} rejected"
    );
    for sample in samples {
        text.push_str(&format!("\n  {}", place_of(csv, sample)));
    }
    let shown = u32::try_from(samples.len()).unwrap_or(u32::MAX);
    if *rejected > shown {
        text.push_str(&format!("\n  and {} more, in rejected_rows.csv", rejected.saturating_sub(shown)));
    }
    if let Some(line) = report.first_long_extension {
        let place = format!("{}:{line}:extension", csv.display());
        text.push_str(&format!("\n  {place}: {}", long_extensions(report.long_extensions)));
    }
    text
}

/// What is said of extensions that are long, which only Webex can judge.
pub(super) fn long_extensions(count: u32) -> String {
    let most = Extension::LONGEST_USUAL;
    let extensions = if count == 1 { "extension has" } else { "extensions have" };
    format!(
        "{count} {extensions} more than {most} digits, which few organisations allow: see the length of extensions in Control Hub"
    )
}

/// `path:line:column: message [reason]`.
pub(super) fn place_of(csv: &Path, sample: &RejectedSample) -> String {
    let RejectedSample { line, column, reason, message } = sample;
    let column = column.as_ref().map_or_else(String::new, |column| format!(":{column}"));
    format!("{}:{line}{column}: {message} [{reason}]", csv.display())
}

fn tell(setup: &Setup<'_>, args: &IngestArgs, report: &LoadReport) -> Result<u8, Failure> {
    let code = if report.rejected > 0 { NEEDS_ATTENTION } else { DONE };
    if args.json {
        output::print_json(report)?;
        return Ok(code);
    }
    output::print_line(&describe(&args.csv, report))?;
    let next = match (args.check, report.rejected) {
        (true, _) => "nothing was written\n  next: wxbulk ingest without --check, or wxbulk rehearse",
        (false, 0) => "  next: wxbulk run",
        (false, _) => {
            "  the other rows can run; the refused ones are in rejected_rows.csv\n  next: wxbulk run"
        }
    };
    output::note(setup.quiet, next);
    Ok(code)
}

pub(super) fn open(csv: &Path, read: &ReadArgs, config: &InputConfig) -> Result<RowStream, Failure> {
    let settings = IngestSettings {
        max_rows: config.max_rows,
        default_language: config.default_language.clone(),
        delimiter: read.delimiter,
        encoding: read.encoding.clone(),
    };
    Ok(ingest::open(csv, &settings)?)
}

pub(super) fn facts(csv: &Path, reading: &RowStream, config: &InputConfig) -> InputFacts {
    let header = reading.header();
    InputFacts {
        path: csv.display().to_string(),
        delimiter: header.delimiter,
        encoding: header.encoding.clone(),
        columns: header.columns.clone(),
        pipeline_version: config.pipeline_version,
    }
}

/// The file must be given the first time.
pub(super) fn require_any_input(store: &Store, config: &InputConfig) -> Result<(), Failure> {
    match store.latest_input()? {
        None => Err(Failure::new(INPUT_REFUSED, "no file was taken in yet\n  next: wxbulk run FILE.csv")),
        Some(input) => Ok(store.require_pipeline(&input, config.pipeline_version)?),
    }
}
