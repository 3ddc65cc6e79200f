//! `ingest --amend`: a corrected file over the rows that it means.

use std::path::Path;

use super::exit::{DONE, NEEDS_ATTENTION};
use super::{Failure, Scene, files, ingest, output};
use crate::cli::IngestArgs;
use crate::config::InputConfig;
use crate::export::{self, Edited, FileKind};
use crate::ingest::Reading;
use crate::store::{AmendOptions, AmendReport, Lock, RefusedRow, RowChange};

/// How many changes and refusals the terminal shows one by one.
const SHOWN: usize = 20;

pub(super) fn execute(scene: &Scene<'_>, args: &IngestArgs, config: &InputConfig) -> Result<u8, Failure> {
    let reading = ingest::open(&args.csv, &args.read, config)?;
    let store = scene.store()?;
    let lock = Lock::take(&store)?;
    ingest::require_any_input(&store, config)?;
    export::check_checkpoint(&store, &scene.paths.output)?;
    let options = AmendOptions { retry: args.retry, preview: args.check, max_rows: config.max_rows };
    let facts = ingest::facts(&args.csv, &reading, config);
    let (report, hash) = store.amend(&lock, &facts, options, reading, Reading::finish)?;
    let kept = if args.check {
        Vec::new()
    } else {
        // A file with refused rows is the only place where their corrections stand.
        let edited = if report.refused.is_empty() { Edited::KeepOthersThan(hash) } else { Edited::Keep };
        export::write(&store, &scene.paths.output, &FileKind::ALL, edited)?.kept
    };
    if args.json {
        output::print_json(&report)?;
    } else {
        output::print(&describe(&args.csv, &report))?;
    }
    output::note(scene.quiet, &format!("{}{}", files::kept(&kept), next(args, &report)));
    Ok(if report.refused.is_empty() { DONE } else { NEEDS_ATTENTION })
}

/// The counts, then every change and every refusal as far as they fit.
fn describe(csv: &Path, report: &AmendReport) -> String {
    let AmendReport { rows, changed, added, unchanged, retried, unblocked, changes, refused } = report;
    let mut text = format!(
        "{rows} rows: {changed} changed, {added} new, {unchanged} as they were, {} refused\n",
        refused.len()
    );
    let ready = changes.iter().filter(|change| change.ready).count();
    text.push_str(&format!(
        "ready to run: {ready} of the changed and new, {retried} retried, {unblocked} that waited for them\n"
    ));
    changes.iter().take(SHOWN).for_each(|change| text.push_str(&describe_change(change)));
    text.push_str(&more(changes.len(), "changes"));
    for RefusedRow { row_id, stays, sample } in refused.iter().take(SHOWN) {
        let stays = match row_id {
            Some(row_id) => format!("row {row_id} stays {stays}"),
            None => "it is kept as a rejected row".to_owned(),
        };
        text.push_str(&format!("refused: {}; {stays}\n", ingest::place_of(csv, sample)));
    }
    text.push_str(&more(refused.len(), "refused rows"));
    text
}

fn describe_change(change: &RowChange) -> String {
    let RowChange { row_id, line, entity_key, was, ready, cells } = change;
    let move_ = match (was, ready) {
        (None, _) => "new".to_owned(),
        (Some(was), true) if *was != "ready" => format!("{was} -> ready"),
        (Some(was), _) => format!("{was}, stays so"),
    };
    let mut text = format!("row {row_id} {entity_key} (line {line}): {move_}\n");
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
