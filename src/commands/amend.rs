//! `ingest --amend`: a corrected file over the rows that it means.

use std::path::Path;

use super::exit::{DONE, NEEDS_ATTENTION};
use super::{Failure, Setup, files, ingest, output};
use crate::cli::IngestArgs;
use crate::config::InputConfig;
use crate::export::{self, Edited, FileKind};
use crate::ingest::RowStream;
use crate::store::{AmendOptions, AmendReport, Lock, Matched, RefusedRow, RowChange};

/// How many changes and refusals the terminal shows one by one.
const SHOWN: usize = 20;

pub(super) fn execute(setup: &Setup<'_>, args: &IngestArgs, config: &InputConfig) -> Result<u8, Failure> {
    let reading = ingest::open(&args.csv, &args.read, config)?;
    let store = setup.store()?;
    let lock = Lock::take(&store)?;
    ingest::require_any_input(&store, config)?;
    export::check_checkpoint(&store, &setup.paths.output)?;
    let options = AmendOptions { retry: args.retry, preview: args.check, max_rows: config.max_rows };
    let facts = ingest::facts(&args.csv, &reading, config);
    let (report, hash) = store.amend(&lock, &facts, options, reading, RowStream::finish)?;
    let kept = if args.check {
        Vec::new()
    } else {
        // A file with refused rows is the only place where their corrections stand.
        let edited = if report.refused.is_empty() { Edited::KeepOthersThan(hash) } else { Edited::Keep };
        export::write(&store, &setup.paths.output, &FileKind::ALL, edited)?.kept
    };
    if args.json {
        output::print_json(&report)?;
    } else {
        output::print(&describe(&args.csv, &report))?;
    }
    output::note(setup.quiet, &format!("{}{}", files::kept(&kept), next(args, &report)));
    Ok(if report.refused.is_empty() { DONE } else { NEEDS_ATTENTION })
}

/// The counts, then every change and every refusal as far as they fit.
fn describe(csv: &Path, report: &AmendReport) -> String {
    let AmendReport { rows, changed, added, unchanged, retried, unblocked, changes, refused, .. } = report;
    let mut text = format!(
        "{rows} rows: {changed} changed, {added} new, {unchanged} as they were, {} refused\n",
        refused.len()
    );
    let ready = changes.iter().filter(|change| change.ready).count();
    text.push_str(&format!(
        "ready to run: {ready} of the changed and new, {retried} retried, {unblocked} that waited for them\n"
    ));
    text.push_str(&matched(report));
    changes.iter().take(SHOWN).for_each(|change| text.push_str(&describe_change(change)));
    text.push_str(&more(changes.len(), "changes"));
    for RefusedRow { row_id, stays, sample } in refused.iter().take(SHOWN) {
        let stays = match (row_id, stays) {
            (Some(row_id), Some(stays)) => format!("row {row_id} stays {stays}"),
            (_, Some(_)) => "it is kept as a rejected row".to_owned(),
            (_, None) => "nothing is stored of it".to_owned(),
        };
        text.push_str(&format!("refused: {}; {stays}\n", ingest::place_of(csv, sample)));
    }
    text.push_str(&more(refused.len(), "refused rows"));
    text
}

/// By what the records were found to mean rows.
fn matched(report: &AmendReport) -> String {
    let Matched { row_id, key, row_ref, text, place } = report.matched;
    let ways =
        [(row_id, "row_id"), (key, "key"), (row_ref, "row_ref"), (text, "the same text"), (place, "place")];
    let ways: Vec<String> = ways
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, way)| format!("{count} by {way}"))
        .collect();
    let mut told = if ways.is_empty() { String::new() } else { format!("matched: {}\n", ways.join(", ")) };
    if report.unmarked > 0 {
        told.push_str(&format!(
            "row_id is not read in {} rows: the mark of this job, in the column job of its own files, does not stand beside it\n",
            report.unmarked
        ));
    }
    told
}

fn describe_change(change: &RowChange) -> String {
    let RowChange { row_id, line, entity_key, was, by, ready, cells } = change;
    let move_ = match (was, ready) {
        (None, _) => "new".to_owned(),
        (Some(was), true) if *was != "ready" => format!("{was} -> ready"),
        (Some(was), _) => format!("{was}, stays so"),
    };
    let by = by.map_or_else(String::new, |by| format!(", by {by}"));
    let mut text = format!("row {row_id} {entity_key} (line {line}{by}): {move_}\n");
    let shown =
        |cell: &Option<String>| cell.as_ref().map_or_else(|| "blank".to_owned(), |text| format!("{text:?}"));
    for cell in cells {
        text.push_str(&format!("    {}: {} -> {}\n", cell.column, shown(&cell.was), shown(&cell.now)));
    }
    text
}

fn more(all: usize, what: &str) -> String {
    match all.checked_sub(SHOWN) {
        Some(left) if left > 0 => format!("and {left} more {what}; --json shows all\n"),
        _ => String::new(),
    }
}

fn next(args: &IngestArgs, report: &AmendReport) -> &'static str {
    match (args.check, report.refused.is_empty()) {
        (true, _) => "nothing was written\n  next: the same command without --check",
        (false, true) => "  next: wxbulk run",
        (false, false) => {
            "  the refused rows are as they were: correct them in the file and amend again\n  next: wxbulk run"
        }
    }
}
