//! `run`: take a file in if one is given, then do the job, or go on with it.

use super::job::{Job, JobEnd};
use super::{Failure, Scene, ingest, output, requeue};
use crate::cli::RunArgs;
use crate::config::{self, RunConfig};
use crate::domain::Phase;
use crate::export;
use crate::runner::{PreflightReport, Scope};
use crate::store::{Lock, PendingFilter, Selection, Store};

pub(super) fn execute(scene: &Scene<'_>, args: &RunArgs) -> Result<u8, Failure> {
    let input = config::input(scene.env)?;
    let config = config::run(scene.env)?;
    // The file is looked at before a database is made for it.
    let file = args.csv.as_deref().map(|csv| ingest::Input::open(csv, &args.read, &input)).transpose()?;
    let store = match &file {
        Some(_) => scene.store_or_new()?,
        None => scene.store()?,
    };
    let lock = Lock::take(&store)?;
    export::check_checkpoint(&store, &scene.paths.output)?;
    if let (Some(file), Some(csv)) = (file, &args.csv)
        && let Some(report) = file.take_in(&store, &input)?
    {
        output::note(scene.quiet, &ingest::describe(csv, &report));
    }
    ingest::require_any_input(&store, &input)?;
    if args.retry_pending {
        let returned = store.requeue(&PendingFilter::default())?;
        output::note(scene.quiet, &format!("{returned} pending rows are ready again"));
    }
    let scope = scope(&store, args)?;
    let end = Job {
        scope: &scope,
        until: args.until,
        store: &store,
        lock: &lock,
        output: &scene.paths.output,
        config: &config,
        bars: scene.bars,
        confirm: &|report| args.yes || confirmed(&config, report),
    }
    .execute()?;
    output::print(&summary(&end))?;
    output::note(scene.quiet, &next(&end));
    Ok(end.code)
}

/// The part of the job that the command line asks for.
fn scope(store: &Store, args: &RunArgs) -> Result<Scope, Failure> {
    let keys = requeue::locations(store, &args.location)?;
    Ok(Scope {
        selection: Selection::locations(&keys),
        phase: args.phase.and_then(Phase::from_number),
        rows_per_phase: args.limit,
    })
}

/// Production on a terminal asks once.
fn confirmed(config: &RunConfig, report: &PreflightReport) -> bool {
    if config.environment != "prod" || !output::is_attended() {
        return true;
    }
    output::agreed(&format!(
        "ENVIRONMENT=prod, organisation {}, token of {}: write to it?",
        report.org_id, report.owner
    ))
}

/// One line a phase, and why the run stopped, if it did.
pub(super) fn summary(end: &JobEnd) -> String {
    let mut text = String::new();
    if let Some(stopped) = &end.stopped {
        text.push_str(&format!("stopped: {}\n", stopped.what));
    }
    if end.recovered > 0 {
        text.push_str(&format!("{} rows of a run that was killed were taken up again\n", end.recovered));
    }
    for phase in &end.progress {
        let left = phase.ready.saturating_add(phase.running);
        text.push_str(&format!(
            "phase {} {:22} {:>7} success {:>7} pending {:>7} ready\n",
            phase.phase, phase.entity_type, phase.success, phase.pending, left
        ));
    }
    if end.rejected > 0 {
        text.push_str(&format!("rejected before any call: {}\n", end.rejected));
    }
    let (requests, refused) = (end.traffic.requests, end.traffic.refused);
    text.push_str(&format!("requests: {requests}, of which {refused} refused for pace (429)\n"));
    for path in &end.kept_files {
        text.push_str(&format!("left alone, because someone edited it: {}\n", path.display()));
    }
    text
}

/// What to type now.
fn next(end: &JobEnd) -> String {
    let left: u32 = end.progress.iter().map(|phase| phase.ready.saturating_add(phase.running)).sum();
    let pending: u32 = end.progress.iter().map(|phase| phase.pending).sum();
    if let Some(stopped) = &end.stopped {
        return format!("next: {}", stopped.next);
    }
    match (left, pending) {
        (0, 0) if end.rejected == 0 => "next: nothing, every row is done".to_owned(),
        (0, 0) => "next: correct the rows in rejected_rows.csv".to_owned(),
        (0, _) => "next: wxbulk status    (what the pending rows wait for)".to_owned(),
        (_, _) => "next: wxbulk run    (goes on where this run stopped)".to_owned(),
    }
}
