//! `requeue`: pending rows back to `ready`, after the cause is mended, and rows that have drifted.

use super::exit::{DONE, USAGE};
use super::{Failure, Setup, ask, files, output};
use crate::cli::RequeueArgs;
use crate::domain::{PendingReason, Phase, RowId};
use crate::export::{self, Edited, FileKind};
use crate::store::{Lock, PendingFilter, RequeueCount, Store};

pub(super) fn execute(setup: &Setup<'_>, args: &RequeueArgs) -> Result<u8, Failure> {
    let store = setup.store()?;
    let filter = filter(&store, args)?;
    let _lock = Lock::take(&store)?;
    let counts = store.preview_requeue(&filter)?;
    output::print(&describe(&counts, args.drifted))?;
    if counts.is_empty() {
        return Ok(DONE);
    }
    ask::require_yes(args.yes, "return them to ready?", "these rows are returned")?;
    let returned = store.requeue(&filter)?;
    let exported = export::write(&store, &setup.paths.output, &FileKind::ALL, Edited::Keep)?;
    output::print(&files::kept(&exported.kept))?;
    output::note(setup.quiet, &format!("{returned} rows are ready again\n  next: wxbulk run"));
    Ok(DONE)
}

fn filter(store: &Store, args: &RequeueArgs) -> Result<PendingFilter, Failure> {
    let any = !args.reason.is_empty()
        || args.phase.is_some()
        || !args.row.is_empty()
        || !args.location.is_empty()
        || args.drifted
        || args.condition.is_some();
    if any == args.all {
        let what = if any {
            "--all goes alone"
        } else {
            "say which rows: --reason, --phase, --row, --location, --where, --drifted or --all"
        };
        return Err(Failure::new(USAGE, format!("requeue: {what}")));
    }
    Ok(PendingFilter {
        reasons: args.reason.iter().map(|text| reason(text)).collect::<Result<_, _>>()?,
        phase: args.phase.and_then(Phase::from_number),
        rows: args.row.iter().filter_map(|row| RowId::new(*row)).collect(),
        locations: locations(store, &args.location)?,
        condition: args.condition.clone(),
        drifted: args.drifted,
    })
}

fn reason(text: &str) -> Result<PendingReason, Failure> {
    PendingReason::from_text(text).ok_or_else(|| {
        let known: Vec<&str> = PendingReason::ALL.iter().map(|reason| reason.as_str()).collect();
        Failure::new(USAGE, format!("--reason {text:?} is no reason code; there are {}", known.join(", ")))
    })
}

/// The canonical keys of the locations that a user names.
pub(super) fn locations(store: &Store, names: &[String]) -> Result<Vec<String>, Failure> {
    let canonical = |name: &String| {
        let unknown =
            || Failure::new(USAGE, format!("--location {name:?}: no row of the file is of this location"));
        store.canonical_location(name)?.ok_or_else(unknown)
    };
    names.iter().map(canonical).collect()
}

fn describe(counts: &[RequeueCount], drifted: bool) -> String {
    if counts.is_empty() && drifted {
        return "no row is known to have drifted\n  to look: wxbulk verify\n".to_owned();
    }
    if counts.is_empty() {
        return "no pending row is meant\n".to_owned();
    }
    let line = |count: &RequeueCount| {
        format!("phase {}  {:24} {:>7} rows\n", count.phase, count.reason_code, count.rows)
    };
    counts.iter().map(line).collect()
}
