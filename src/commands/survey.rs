//! One survey of Webex, from the start-up checks to its end; `plan` and `verify` share it. Nothing is written to Webex, and
//! no row changes its state.

use tokio_util::sync::CancellationToken;

use super::exit::{DEFECT, DONE, LIMIT, STOPPED_ITSELF};
use super::signals::{self, Signalled};
use super::watch::{Ahead, Watcher};
use super::{Failure, Setup, job, words};
use crate::config::RunConfig;
use crate::runner::{self, Ended, Purpose, Scope};
use crate::store::{self, Lock, Selection, Store, SurveyFacts};

/// A survey to be made.
pub(super) struct Survey<'a> {
    pub(super) setup: &'a Setup<'a>,
    pub(super) store: &'a Store,
    /// Held while it goes on.
    pub(super) lock: &'a Lock,
    pub(super) config: &'a RunConfig,
    /// The canonical keys of the locations that it is about; none means every location.
    pub(super) locations: &'a [String],
    pub(super) purpose: Purpose,
}

/// A survey that ended before every row was looked at.
pub(super) struct Stopped {
    /// The exit code.
    pub(super) code: u8,
    /// What happened.
    pub(super) what: String,
}

impl Survey<'_> {
    /// Makes it on a runtime of its own; gives why it is not complete, if it is not.
    pub(super) fn make(&self) -> Result<Option<Stopped>, Failure> {
        job::require_sound(self.store, self.lock, self.config)?;
        let runtime = super::runtime()?;
        tokio::task::LocalSet::new().block_on(&runtime, self.work())
    }

    /// Notes a survey of which no row is part, without asking Webex.
    pub(super) fn make_empty(&self) -> Result<(), Failure> {
        self.begin(None)?;
        self.end(true, 0, "[]")
    }

    async fn work(&self) -> Result<Option<Stopped>, Failure> {
        let stop = CancellationToken::new();
        let signalled = signals::listen(stop.clone(), "stopping after the requests under way");
        // A child: the survey may stop itself without a signal.
        let own_stop = stop.child_token();
        let webex = job::client(self.store, self.config, own_stop.clone())?;
        let preflight = job::start_up_checks(&webex, &stop, &signalled).await?;
        let organisation = job::organisation(self.config, &preflight);
        self.store.require_binding(&organisation)?;
        self.store.bind(&organisation)?;
        self.begin(preflight.token_seconds_left)?;
        let ahead = match self.purpose {
            Purpose::Plan => Ahead::Open,
            Purpose::Verify => Ahead::Done,
        };
        let watcher = Watcher::start_without_files(self.store, self.setup.bars, ahead);
        let scope = Scope { selection: Selection::locations(self.locations), ..Scope::default() };
        let rows = self.config.rows.clone();
        let survey =
            runner::survey(self.store, webex, rows, &scope, self.purpose, own_stop, watcher.events()).await;
        watcher.finish();
        let runner::Survey { ended, traffic, shortfalls } = survey;
        let word = ended.as_str();
        tracing::info!(ended = word, requests = traffic.requests, refused = traffic.refused, "survey.end");
        if let Ended::Storage(error) = ended {
            return Err(error.into());
        }
        let complete = matches!(ended, Ended::Finished);
        let shortfalls = serde_json::to_string(&shortfalls).unwrap_or_default();
        self.end(complete, traffic.requests, &shortfalls)?;
        Ok(stopped(ended, &signalled))
    }

    fn begin(&self, token_seconds_left: Option<i64>) -> Result<(), Failure> {
        let facts = SurveyFacts {
            scope: words::scope(self.locations),
            locations: self.locations.to_vec(),
            token_seconds_left,
        };
        self.store.write(|connection| match self.purpose {
            Purpose::Plan => store::begin_plan(connection, &facts),
            Purpose::Verify => store::begin_check(connection, &facts),
        })?;
        Ok(())
    }

    fn end(&self, complete: bool, requests: u64, shortfalls: &str) -> Result<(), Failure> {
        self.store.write(|connection| match self.purpose {
            Purpose::Plan => store::end_plan(connection, complete, requests, shortfalls),
            Purpose::Verify => store::end_check(connection, complete, requests),
        })?;
        Ok(())
    }
}

fn stopped(ended: Ended, signalled: &Signalled) -> Option<Stopped> {
    let (code, what) = match ended {
        Ended::Finished => return None,
        Ended::Stopped => (signalled.exit_code(), "stopped by a signal".to_owned()),
        Ended::DeadToken => {
            (STOPPED_ITSELF, "the token is not valid any more: set WEBEX_TOKEN to a fresh one".to_owned())
        }
        Ended::Outage => (STOPPED_ITSELF, "Webex could not be reached for OUTAGE_WAIT_SECONDS".to_owned()),
        Ended::Breaker(what) | Ended::Unreachable(what) => (STOPPED_ITSELF, what),
        Ended::TooManyBatches { limit } => (LIMIT, format!("MAX_BATCHES ({limit}) was reached")),
        Ended::Internal(what) => (DEFECT, what),
        Ended::Storage(error) => (DEFECT, error.to_string()),
    };
    // Whatever it still met on the way out, it stopped because it was told to.
    let code = if signalled.came() && code != DEFECT { signalled.exit_code() } else { code };
    Some(Stopped { code, what })
}

/// The exit code of a command that has told what a survey found.
pub(super) fn exit_code(stopped: Option<&Stopped>, told: u8) -> u8 {
    stopped.map_or(told, |stopped| if stopped.code == DONE { told } else { stopped.code })
}

/// Why a survey says nothing of some rows; `complete` is whether it looked at all rows that there were.
pub(super) fn why_incomplete(stopped: Option<&Stopped>, complete: bool) -> &str {
    match stopped {
        Some(stopped) => &stopped.what,
        None if complete => "the others were not there, or not so far, when it was made",
        None => "it was stopped",
    }
}
