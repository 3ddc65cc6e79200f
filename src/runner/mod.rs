//! Drives the rows through Webex: preflight, then phase by phase, batch by batch, row by row.

mod absent;
mod activation;
mod aliases;
mod alike;
mod alternates;
mod announcements;
mod assignment;
mod breaker;
mod compensate;
mod context;
mod decide;
mod decide_site;
mod directory;
mod emergency_address;
mod extensions;
mod licences;
mod lists;
mod location;
mod location_settings;
mod numbers;
mod overlay;
mod people;
mod phase;
mod preflight;
mod pstn;
mod read_back;
mod reason;
mod row;
mod seen;
mod settings;
mod shared;
mod shortfall;
mod site;
mod subscriber;
mod token;
mod user;
mod work;
mod write;

use std::rc::Rc;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub use breaker::Breaker;
pub use context::RowSettings;
pub use licences::LicenceSettings;
pub use preflight::{FreeUnits, PreflightFailure, PreflightReport, preflight};
pub use shortfall::{Shortfall, Shortfalls};

use absent::AbsentPaths;
use context::RunContext;
use extensions::ExtensionChecks;
use licences::LicencePool;
use lists::{Lists, ReadFailure};
use people::PeopleSeen;
use read_back::Samples;
use shared::SharedSites;
use token::TokenWatch;

use crate::domain::Phase;
use crate::store::{RunId, Selection, Store, StoreError};
use crate::webex::{Traffic, Trouble, Webex};

/// Static limits of a run.
#[derive(Debug, Clone)]
pub struct RunLimits {
    /// Rows a claim takes.
    pub batch_size: u32,
    /// Claims a run may make.
    pub max_batches: u32,
    /// Rows at work at once.
    pub concurrency: usize,
    /// When a run stops for massive failure.
    pub breaker: Breaker,
}

/// The part of the job that a run works on; by default all of it.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// Which rows.
    pub selection: Selection,
    /// The only phase.
    pub phase: Option<Phase>,
    /// The most rows of a phase.
    pub rows_per_phase: Option<u32>,
}

/// Why a run ended.
#[derive(Debug)]
pub enum Ended {
    /// No row is ready any more.
    Finished,
    /// It was asked to stop.
    Stopped,
    /// Too much of a batch failed for good.
    Breaker(String),
    /// The token is not valid any more (R10).
    DeadToken,
    /// Webex was away for too long (R22).
    Outage,
    /// The lists that a phase needs could not be read.
    Unreachable(String),
    /// `MAX_BATCHES` was reached with rows left.
    TooManyBatches {
        /// The limit.
        limit: u32,
    },
    /// Nothing could be stored any more.
    Storage(StoreError),
    /// A defect.
    Internal(String),
}

impl Ended {
    /// The word for it in the database and the log.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Ended::Finished => "finished",
            Ended::Stopped => "stopped",
            Ended::Breaker(_) => "breaker",
            Ended::DeadToken => "dead_token",
            Ended::Outage => "outage",
            Ended::Unreachable(_) => "unreachable",
            Ended::TooManyBatches { .. } => "max_batches",
            Ended::Storage(_) => "storage",
            Ended::Internal(_) => "internal",
        }
    }
}

/// What happens while a run goes on, for whoever watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A phase begins.
    PhaseStarted(Phase),
    /// A row ended and is stored.
    RowEnded {
        /// Its phase.
        phase: Phase,
        /// Whether it succeeded.
        success: bool,
    },
    /// A batch is complete.
    BatchEnded,
    /// A phase has no ready row any more.
    PhaseEnded(Phase),
}

/// How a run went.
#[derive(Debug)]
pub struct RunSummary {
    /// Why it ended.
    pub ended: Ended,
    /// Requests it made.
    pub traffic: Traffic,
}

#[expect(clippy::too_many_arguments, reason = "each room hands over what it owns")]
/// Works off every ready row. Must be called within a `LocalSet`; ends soon after `stop` is cancelled.
pub async fn run(
    store: &Store,
    webex: Webex,
    run: RunId,
    rows: RowSettings,
    limits: &RunLimits,
    scope: &Scope,
    stop: CancellationToken,
    events: std::sync::mpsc::Sender<Event>,
) -> RunSummary {
    let opened = store.start_writer().and_then(|writer| Ok((writer, store.start_readers()?)));
    let (writer, readers) = match opened {
        Ok(opened) => opened,
        Err(error) => return RunSummary { ended: Ended::Storage(error), traffic: webex.traffic() },
    };
    webex.hold_out_outages();
    let started = Instant::now();
    let phase_began = std::cell::Cell::new(started);
    let context = Rc::new(RunContext {
        readers,
        writer,
        webex,
        run,
        settings: rows,
        started,
        token: TokenWatch::new(stop.clone()),
        phase_began,
        last_write: std::cell::Cell::new(None),
        lists: Lists::new(started),
        absent: AbsentPaths::default(),
        people: PeopleSeen::default(),
        sites: SharedSites::default(),
        extensions: ExtensionChecks::default(),
        samples: Samples::default(),
    });
    let work = async {
        let ended = phases(&context, limits, scope, &stop, &events).await.unwrap_or(Ended::Finished);
        context.keep_pace().await.map_or_else(Ended::Storage, |()| ended)
    };
    let ended = tokio::select! {
        ended = work => ended,
        error = context.keep_pauses() => Ended::Storage(error),
    };
    let ended = context.cause_of(ended);
    RunSummary { ended, traffic: context.webex.traffic() }
}

/// `None` when every phase was worked off.
async fn phases(
    context: &Rc<RunContext>,
    limits: &RunLimits,
    scope: &Scope,
    stop: &CancellationToken,
    events: &std::sync::mpsc::Sender<Event>,
) -> Option<Ended> {
    let mut batches_left = limits.max_batches;
    for phase in Phase::IN_ORDER.into_iter().filter(|phase| scope.phase.is_none_or(|only| only == *phase)) {
        if let Err(ended) = resume_waiting(context, phase, scope).await {
            return Some(ended);
        }
        if let Some(ended) = work_off(context, limits, scope, phase, stop, events, &mut batches_left).await {
            return Some(ended);
        }
        // Once is enough: whoever could give calling to somebody whom these rows name has done so.
        let waited = match resume_waiting(context, phase, scope).await {
            Ok(0) => continue,
            Ok(waited) => waited,
            Err(ended) => return Some(ended),
        };
        tracing::info!(
            phase = phase.number(),
            rows = waited,
            "phase.again: whom their settings name has calling now"
        );
        let rest = Scope { rows_per_phase: Some(waited), ..scope.clone() };
        if let Some(ended) = work_off(context, limits, &rest, phase, stop, events, &mut batches_left).await {
            return Some(ended);
        }
    }
    None
}

/// Makes those rows of a phase ready again that wait for rows of the same phase which have done their part.
async fn resume_waiting(context: &RunContext, phase: Phase, scope: &Scope) -> Result<u32, Ended> {
    if phase != Phase::Users {
        return Ok(0);
    }
    let selection = scope.selection.clone();
    let resume =
        move |connection: &crate::store::Connection| crate::store::resume_waiting(connection, &selection);
    context.writer.submit(resume).await.map_err(Ended::Storage)
}

/// Works off one phase; `None` when no row of it is ready any more.
async fn work_off(
    context: &Rc<RunContext>,
    limits: &RunLimits,
    scope: &Scope,
    phase: Phase,
    stop: &CancellationToken,
    events: &std::sync::mpsc::Sender<Event>,
    batches_left: &mut u32,
) -> Option<Ended> {
    let selection = scope.selection.clone();
    let ready =
        move |connection: &crate::store::Connection| crate::store::has_ready(connection, phase, &selection);
    match context.writer.submit(ready).await {
        Ok(true) => {}
        Ok(false) => return None,
        Err(error) => return Some(Ended::Storage(error)),
    }
    context.phase_began.set(Instant::now());
    context.people.forget();
    context.sites.forget();
    context.extensions.forget();
    tracing::info!(phase = phase.number(), rows = phase.title(), "phase.start");
    events.send(Event::PhaseStarted(phase)).ok();
    let licences = match read_lists(context, phase, scope).await {
        Ok(licences) => Rc::new(licences),
        Err(ended) => return Some(ended),
    };
    if phase == Phase::Users
        && let Err(error) = shortfall::warn(context, &licences, &scope.selection).await
    {
        return Some(Ended::Storage(error));
    }
    let context = Rc::clone(context);
    let work = phase::PhaseRun::new(context, limits, scope, phase, licences, stop.clone(), events.clone());
    if let Some(ended) = work.run(batches_left).await {
        return Some(ended);
    }
    tracing::info!(phase = phase.number(), "phase.end");
    events.send(Event::PhaseEnded(phase)).ok();
    None
}

/// Reads anew what the rows of a phase look things up in.
async fn read_lists(context: &RunContext, phase: Phase, scope: &Scope) -> Result<LicencePool, Ended> {
    let licences = async {
        match phase {
            Phase::Locations => Ok(Vec::new()),
            Phase::Users | Phase::Assignments => lists::read_licenses(context).await,
        }
    };
    let lists = lists::read(context, phase, &scope.selection, scope.rows_per_phase);
    let (lists, licences) = tokio::join!(lists, licences);
    if let Err(failure) = lists {
        return Err(without_lists(context, failure).await);
    }
    let licences = match licences {
        Ok(licences) => licences,
        Err(trouble) => return Err(unreachable_for(context, "the list of licences", &trouble).await),
    };
    Ok(LicencePool::new(context.settings.licence.clone(), licences))
}

/// The end of a run that lacks the lists that it needs.
async fn without_lists(context: &RunContext, failure: ReadFailure) -> Ended {
    match failure {
        ReadFailure::Storage(error) => Ended::Storage(error),
        ReadFailure::Trouble(trouble) => unreachable_for(context, "the lists of locations", &trouble).await,
    }
}

async fn unreachable_for(context: &RunContext, what: &str, trouble: &Trouble) -> Ended {
    context.mind_the_token(Some(trouble)).await;
    if *trouble == Trouble::Interrupted {
        return Ended::Stopped;
    }
    Ended::Unreachable(format!("{what} could not be read: {}", reason::describe(trouble).0))
}
