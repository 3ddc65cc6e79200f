//! `run`: take a file in if one is given, then do the job, or go on with it.

use super::job::{Job, JobEnd};
use super::{Failure, Setup, ask, files, ingest, output, requeue, words};
use crate::cli::RunArgs;
use crate::config::{self, RunConfig};
use crate::domain::Phase;
use crate::runner::{PreflightReport, Scope};
use crate::store::{PendingFilter, Selection, Store};

pub(super) fn execute(setup: &Setup<'_>, args: &RunArgs) -> Result<u8, Failure> {
    let input = config::input(setup.env)?;
    let config = config::run(setup.env)?;
    let (store, lock) = ingest::take_up(setup, args.csv.as_deref(), &args.read, &input)?;
    warn_of_old_plan(&store)?;
    let keys = requeue::locations(&store, &args.location)
        .inspect_err(|_| files::refresh(&store, &setup.paths.output))?;
    let scope = scope(&keys, args);
    let retry = args.retry_pending.then(|| PendingFilter {
        phase: scope.phase,
        locations: keys,
        ..PendingFilter::default()
    });
    let end = Job {
        scope: &scope,
        retry: retry.as_ref(),
        until: args.until,
        store: &store,
        lock: &lock,
        output: &setup.paths.output,
        config: &config,
        bars: setup.bars,
        question: &|report| if args.yes { None } else { question(&config, report) },
    }
    .execute()?;
    output::print(&summary(&end))?;
    output::note(setup.quiet, &next(&end));
    Ok(end.code)
}

/// A plan older than this, in seconds, may be of another Webex than the one that is there now.
const PLAN_HOLDS: i64 = 3_600;

/// Whoever works by a plan is told that it holds no more.
fn warn_of_old_plan(store: &Store) -> Result<(), Failure> {
    let Some(plan) = store.last_plan()? else { return Ok(()) };
    let (made, age) = (words::local_time(&plan.begun_at), words::seconds_since(&plan.begun_at));
    if plan.input_changed {
        tracing::warn!(
            "plan.outdated: the file was changed since the plan was made ({made}); wxbulk plan makes it anew"
        );
    } else if age.is_some_and(|age| age > PLAN_HOLDS) {
        tracing::warn!("plan.old: the plan is older than an hour (made {made}); wxbulk plan makes it anew");
    }
    Ok(())
}

/// The part of the job that the command line asks for.
fn scope(locations: &[String], args: &RunArgs) -> Scope {
    Scope {
        selection: Selection::locations(locations),
        phase: args.phase.and_then(Phase::from_number),
        rows_per_phase: args.limit,
    }
}

/// Production on a terminal asks once.
fn question(config: &RunConfig, report: &PreflightReport) -> Option<String> {
    (config.environment == "prod" && ask::somebody_is_there()).then(|| {
        format!("ENVIRONMENT=prod, organisation {}, token of {}: write to it?", report.org_id, report.owner)
    })
}

/// One line a phase, and why the run stopped, if it did.
pub(super) fn summary(end: &JobEnd) -> String {
    let mut text = String::new();
    if let Some(stopped) = &end.stopped {
        text.push_str(&format!("stopped: {}\n", stopped.what));
    }
    if end.retried > 0 {
        text.push_str(&format!("{} pending rows were made ready again\n", end.retried));
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
    if end.dropped > 0 {
        text.push_str(&format!("dropped on purpose: {}\n", end.dropped));
    }
    let (requests, refused) = (end.traffic.requests, end.traffic.refused);
    text.push_str(&format!("requests: {requests}, of which {refused} refused for pace (429)\n"));
    text.push_str(&files::kept(&end.kept_files));
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
        (0, 0) if end.rejected == 0 && !end.kept_files.is_empty() => {
            "next: every row is done; decide about the files that were left alone".to_owned()
        }
        (0, 0) if end.rejected == 0 => "next: nothing, every row is done".to_owned(),
        (0, 0) => {
            "next: correct the rows in rejected_rows.csv, or give them up: wxbulk drop --rejected".to_owned()
        }
        (0, _) => "next: wxbulk status    (what the pending rows wait for)".to_owned(),
        (_, _) => "next: wxbulk run    (goes on where this run stopped)".to_owned(),
    }
}
