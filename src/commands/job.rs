//! One run, from the start-up checks to the last file; `run` and `rehearse` share it.

use std::path::Path;

use indicatif::MultiProgress;
use tokio_util::sync::CancellationToken;

use super::exit::{DEFECT, DONE, LIMIT, NEEDS_ATTENTION, OTHERS_READY, STOPPED_ITSELF, USAGE};
use super::signals::{self, Signalled};
use super::watch::Watcher;
use super::{Failure, ask, files};
use crate::config::RunConfig;
use crate::export::{self, Edited, FileKind};
use crate::runner::{self, Ended, PreflightReport, RunSummary, Scope, Shortfalls};
use crate::store::{Binding, LearntRate, Lock, PendingFilter, PhaseProgress, RunId, Store};
use crate::webex::{Traffic, Webex};

/// A job in hand.
pub(super) struct Job<'a> {
    pub(super) store: &'a Store,
    /// Held while the job goes on.
    pub(super) lock: &'a Lock,
    pub(super) output: &'a Path,
    pub(super) config: &'a RunConfig,
    /// The part of the job to do now.
    pub(super) scope: &'a Scope,
    /// The pending rows that are made ready before it begins.
    pub(super) retry: Option<&'a PendingFilter>,
    /// The local time at which to stop.
    pub(super) until: Option<jiff::civil::Time>,
    pub(super) bars: &'a MultiProgress,
    /// What to ask before the first write; any answer but yes ends the job.
    pub(super) question: &'a dyn Fn(&PreflightReport) -> Option<String>,
}

/// A run that has begun.
struct Begun {
    run: RunId,
    retried: u32,
    recovered: usize,
}

/// How a job went.
pub(super) struct JobEnd {
    pub(super) code: u8,
    /// Why it stopped early, if it did.
    pub(super) stopped: Option<Stopped>,
    pub(super) traffic: Traffic,
    pub(super) progress: Vec<PhaseProgress>,
    pub(super) rejected: u32,
    pub(super) retried: u32,
    pub(super) dropped: u32,
    pub(super) recovered: usize,
    pub(super) kept_files: Vec<std::path::PathBuf>,
}

/// Why a job stopped before its end.
pub(super) struct Stopped {
    /// What happened.
    pub(super) what: String,
    /// What to type now.
    pub(super) next: &'static str,
}

impl Job<'_> {
    /// Does the job on a runtime of its own.
    pub(super) fn execute(&self) -> Result<JobEnd, Failure> {
        self.prepare()?;
        let runtime = super::runtime()?;
        let end = tokio::task::LocalSet::new().block_on(&runtime, self.work());
        if end.is_err() {
            // Whatever stopped it, the file that was taken in before shows.
            files::refresh(self.store, self.output);
        }
        end
    }

    fn prepare(&self) -> Result<(), Failure> {
        require_sound(self.store, self.lock, self.config)?;
        export::clean_leftovers(self.output)?;
        Ok(())
    }

    async fn work(&self) -> Result<JobEnd, Failure> {
        let stop = CancellationToken::new();
        let signalled = signals::listen(stop.clone(), "stopping after the requests under way");
        // A child: the run may stop itself without a signal.
        let run_stop = stop.child_token();
        let webex = client(self.store, self.config, run_stop.clone())?;
        let preflight = start_up_checks(&webex, &stop, &signalled).await?;
        warn(&preflight, self.config, self.store)?;
        let organisation = organisation(self.config, &preflight);
        self.store.require_binding(&organisation)?;
        self.confirm(&preflight, &stop, &signalled).await?;
        self.store.bind(&organisation)?;
        let begun = self.begin()?;
        let watcher = Watcher::start(self.store, self.output, self.bars);
        let rows = self.config.rows.clone();
        let over = self.until.map(|until| signals::stop_at(until, run_stop.clone()));
        let summary = runner::run(
            self.store,
            webex,
            begun.run,
            rows,
            &self.config.limits,
            self.scope,
            run_stop,
            watcher.events(),
        )
        .await;
        watcher.finish();
        let time_is_up = over.is_some_and(|over| over.has_come());
        self.end(begun, summary, &signalled, time_is_up)
    }

    /// Asks, if there is something to ask. A signal ends the wait for the answer.
    async fn confirm(
        &self,
        preflight: &PreflightReport,
        stop: &CancellationToken,
        signalled: &Signalled,
    ) -> Result<(), Failure> {
        let Some(question) = (self.question)(preflight) else { return Ok(()) };
        tokio::select! {
            biased;
            () = stop.cancelled() => {
                let what = "stopped by a signal before the first write; no row was touched";
                Err(Failure::new(signalled.exit_code(), what))
            }
            yes = ask::yes_unless_dropped(question) => {
                if yes { Ok(()) } else { Err(Failure::new(USAGE, "not confirmed; nothing was changed")) }
            }
        }
    }

    /// Opens the run, with the rows that it is to take up again.
    fn begin(&self) -> Result<Begun, Failure> {
        let retried = self.retry.map(|rows| self.store.retry(rows)).transpose()?.unwrap_or_default();
        let (run, recovered) = self.store.begin_run(self.lock, &self.config.to_json())?;
        tracing::info!(%run, retried, recovered, settings = %self.config.to_json(), "run.start");
        Ok(Begun { run, retried, recovered })
    }

    fn end(
        &self,
        begun: Begun,
        summary: RunSummary,
        signalled: &Signalled,
        time_is_up: bool,
    ) -> Result<JobEnd, Failure> {
        let Begun { run, retried, recovered } = begun;
        let RunSummary { ended, traffic } = summary;
        let word = ended.as_str();
        tracing::info!(%run, ended = word, requests = traffic.requests, refused = traffic.refused, "run.end");
        if let Ended::Storage(error) = ended {
            return Err(error.into());
        }
        self.store.finish_run(run, word, traffic.requests, traffic.refused)?;
        let exported = export::write(self.store, self.output, &FileKind::ALL, Edited::Keep)?;
        let (progress, rejected, dropped) = self
            .store
            .status()?
            .map_or_else(Default::default, |status| (status.phases, status.rejected, status.dropped));
        let pending = progress.iter().any(|phase| phase.pending > 0);
        let ready = progress.iter().any(|phase| phase.ready > 0);
        let (code, stopped) = match ended {
            Ended::Finished if ready => (OTHERS_READY, None),
            Ended::Finished if pending || rejected > 0 || !exported.kept.is_empty() => {
                (NEEDS_ATTENTION, None)
            }
            Ended::Finished => (DONE, None),
            Ended::Stopped if time_is_up => {
                (OTHERS_READY, Some(Stopped::early("the time given with --until has come")))
            }
            Ended::Stopped => {
                (signalled.exit_code(), Some(Stopped::early("by a signal; everything done so far is kept")))
            }
            Ended::Storage(error) => return Err(error.into()),
            other => Stopped::by_itself(other),
        };
        // Whatever the drain still met, the run stopped because it was told to.
        let told_to = stopped.is_some() && code != DEFECT && signalled.came();
        let code = if told_to { signalled.exit_code() } else { code };
        Ok(JobEnd {
            code,
            stopped,
            traffic,
            progress,
            rejected,
            retried,
            dropped,
            recovered,
            kept_files: exported.kept,
        })
    }
}

impl Stopped {
    fn early(what: &str) -> Stopped {
        Stopped { what: what.to_owned(), next: "wxbulk run    (goes on where this run stopped)" }
    }

    /// An end that nobody asked for, with its exit code.
    fn by_itself(ended: Ended) -> (u8, Option<Stopped>) {
        let (code, what, next) = match ended {
            Ended::DeadToken => (
                STOPPED_ITSELF,
                "the token is not valid any more; rows that had not begun are ready, those it met are auth_invalid".to_owned(),
                "set WEBEX_TOKEN to a fresh one, then: wxbulk requeue --reason auth_invalid --yes && wxbulk run",
            ),
            Ended::Outage => (
                STOPPED_ITSELF,
                "Webex could not be reached for OUTAGE_WAIT_SECONDS; nothing is lost".to_owned(),
                "when Webex can be reached again: wxbulk run",
            ),
            Ended::Breaker(verdict) => (
                STOPPED_ITSELF,
                format!("circuit breaker: {verdict}"),
                "mend the cause, then: wxbulk run --retry-pending    (wxbulk status shows the reasons)",
            ),
            Ended::Unreachable(what) => {
                (STOPPED_ITSELF, what, "when Webex answers again: wxbulk run")
            }
            Ended::TooManyBatches { limit } => (
                LIMIT,
                format!("MAX_BATCHES ({limit}) was reached"),
                "wxbulk run    (the limit counts anew), or raise MAX_BATCHES",
            ),
            Ended::Internal(what) => {
                (DEFECT, what, "please report this; everything done so far is kept, and wxbulk run goes on")
            }
            Ended::Finished | Ended::Stopped | Ended::Storage(_) => return (DONE, None),
        };
        (code, Some(Stopped { what, next }))
    }
}

/// Verifies the database, and that it may be bound to the Webex of the environment.
pub(super) fn require_sound(store: &Store, lock: &Lock, config: &RunConfig) -> Result<(), Failure> {
    if store.verify_integrity(lock)? {
        tracing::warn!("counts.mended: how many rows stand where did not fit the rows, and was counted anew");
    }
    store.require_binding(&binding(config, config.rows.org_id.as_deref().unwrap_or_default()))?;
    Ok(())
}

/// A client that begins at the rate that an earlier run has learnt.
pub(super) fn client(store: &Store, config: &RunConfig, stop: CancellationToken) -> Result<Webex, Failure> {
    let webex = Webex::new(config.webex.clone(), stop)
        .map_err(|error| Failure::new(super::exit::CONFIGURATION, error.to_string()))?;
    match store.learnt_rate()? {
        LearntRate::Fresh(rate) => webex.resume_pace(rate),
        LearntRate::Forgotten { updated_at } => {
            tracing::info!(
                updated_at,
                "pace.forgotten: the rate of an earlier run is not of the last hour by this clock; this run learns its own"
            );
        }
        LearntRate::None => {}
    }
    Ok(webex)
}

/// The start-up checks; a signal ends them.
pub(super) async fn start_up_checks(
    webex: &Webex,
    stop: &CancellationToken,
    signalled: &Signalled,
) -> Result<PreflightReport, Failure> {
    let checked = tokio::select! {
        biased;
        () = stop.cancelled() => {
            let what = "stopped by a signal during the start-up checks; no row was touched";
            return Err(Failure::new(signalled.exit_code(), what));
        }
        checked = runner::preflight(webex) => checked,
    };
    match checked {
        Ok(report) => {
            tracing::info!(
                startup_checks = "pass",
                org_id = report.org_id,
                owner = report.owner,
                "preflight"
            );
            if let Some(left) = report.token_seconds_left.filter(|left| *left < 3_600) {
                tracing::warn!(seconds_left = left, "token.expiring: the token ends within the hour");
            }
            Ok(report)
        }
        Err(failure) => {
            tracing::error!(startup_checks = "fail", cause = %failure.check, "preflight");
            Err(failure.into())
        }
    }
}

/// The Webex that the start-up checks met.
pub(super) fn organisation(config: &RunConfig, preflight: &PreflightReport) -> Binding {
    binding(config, config.rows.org_id.as_deref().unwrap_or(&preflight.org_id))
}

fn binding(config: &RunConfig, org_id: &str) -> Binding {
    Binding {
        base_url: config.webex.base_url.to_string(),
        org_id: org_id.to_owned(),
        environment: config.environment.clone(),
    }
}

/// What will not stop the run, but may spoil it.
fn warn(report: &PreflightReport, config: &RunConfig, store: &Store) -> Result<(), Failure> {
    let mut shortfalls = Shortfalls::new(&config.rows.licence, report);
    store.users_to_enable(|key, choice| shortfalls.add(key, choice))?;
    for short in shortfalls.found() {
        let (users, without_unit) = (short.users, short.without_unit);
        tracing::warn!(licence = short.licence, users, without_unit, "licences.short: {short}");
    }
    Ok(())
}
