//! `drop`: rows that shall not be worked, out of the job.

use super::exit::{DONE, USAGE};
use super::{Failure, Setup, ask, files, output};
use crate::cli::DropArgs;
use crate::domain::RowId;
use crate::export::{self, Edited, FileKind};
use crate::store::{DropChoice, DropPreview, Lock};

/// How many rows the terminal shows one by one.
const SHOWN: usize = 20;

pub(super) fn execute(setup: &Setup<'_>, args: &DropArgs) -> Result<u8, Failure> {
    let store = setup.store()?;
    let choice = match args.rejected {
        true => DropChoice::Rejected,
        false => DropChoice::Rows(args.row.iter().filter_map(|row| RowId::new(*row)).collect()),
    };
    let lock = Lock::take(&store)?;
    let preview = store.preview_drop(&choice)?;
    refuse(&preview)?;
    output::print(&describe(&preview))?;
    if preview.rows.is_empty() {
        return Ok(DONE);
    }
    ask::require_yes(args.yes, "drop them?", "these rows are dropped")?;
    let (dropped, woken) = store.drop_rows(&lock, &choice)?;
    let exported = export::write(&store, &setup.paths.output, &FileKind::ALL, Edited::Keep)?;
    output::print(&files::kept(&exported.kept))?;
    let mut told = format!("{dropped} rows are dropped; they are kept, and no run works them");
    if woken > 0 {
        told.push_str(&format!(
            "\n{woken} rows that depend on them are ready again; the next run says what they lack, if they do"
        ));
    }
    output::note(setup.quiet, &format!("{told}\n  next: wxbulk run"));
    Ok(DONE)
}

/// Only what is not done and not under way can be dropped; all rows that are named, or none.
fn refuse(preview: &DropPreview) -> Result<(), Failure> {
    let absent = preview.absent.iter().map(|row| format!("there is no row {row}"));
    let refused = preview.refused.iter().map(|(row, state)| format!("row {row} is {state}"));
    let why: Vec<String> = absent.chain(refused).collect();
    if why.is_empty() {
        return Ok(());
    }
    Err(Failure::new(
        USAGE,
        format!(
            "drop: {}; only ready, pending and rejected rows can be dropped (running rows of a run that was killed: after the next run). Nothing was changed",
            why.join(", ")
        ),
    ))
}

fn describe(preview: &DropPreview) -> String {
    let mut text = String::new();
    for row in preview.rows.iter().take(SHOWN) {
        let reason = row.reason.as_ref().map_or_else(String::new, |reason| format!(", {reason}"));
        let key = row.entity_key.as_deref().unwrap_or("without a key");
        text.push_str(&format!("row {} {key} (line {}): {}{reason}\n", row.row_id, row.line, row.state));
    }
    match preview.rows.len().checked_sub(SHOWN) {
        Some(left) if left > 0 => text.push_str(&format!("and {left} more rows\n")),
        _ => {}
    }
    if preview.dropped > 0 {
        text.push_str(&format!("{} rows are dropped already\n", preview.dropped));
    }
    if text.is_empty() { "no row is meant\n".to_owned() } else { text }
}
