//! A run: phase by phase, over the rows that are ready.

use std::rc::Rc;

use tokio_util::sync::CancellationToken;

use super::context::RunContext;
use super::lists::read_lists;
use super::phase;
use super::shortfall;
use super::terms::{Ended, Event, RunLimits, RunSummary, Scope};
use crate::domain::Phase;
use crate::runner::memory::{Ground, Memory, RowSettings};
use crate::store::{self, RowsAhead, RunId, Store};
use crate::webex::Webex;

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
    let webex = Rc::new(webex);
    let ground = match Ground::open(store, &webex, (Some(run), RowsAhead::Claimed), rows, &stop) {
        Ok(ground) => ground,
        Err(error) => return RunSummary { ended: Ended::Storage(error), traffic: webex.traffic() },
    };
    let context = Rc::new(RunContext { run, webex, memory: Memory::new(ground) });
    let work = async {
        let ended = phases(&context, limits, scope, &stop, &events).await.unwrap_or(Ended::Finished);
        context.keep_pace().await.map_or_else(Ended::Storage, |()| ended)
    };
    let ended = tokio::select! {
        ended = work => ended,
        error = context.keep_pauses() => Ended::Storage(error),
    };
    let ended = ended.because_of(&context.memory.ground.token, &context.webex);
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
    for phase in scope.phases() {
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
    let resume = move |connection: &store::Connection| store::resume_waiting(connection, &selection);
    context.memory.ground.writer.submit(resume).await.map_err(Ended::Storage)
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
    let ready = move |connection: &store::Connection| store::has_ready(connection, phase, &selection);
    match context.memory.ground.writer.submit(ready).await {
        Ok(true) => {}
        Ok(false) => return None,
        Err(error) => return Some(Ended::Storage(error)),
    }
    context.memory.begin_phase(phase);
    events.send(Event::PhaseStarted(phase)).ok();
    let licences = match read_lists(&context.memory, phase, scope).await {
        Ok(licences) => Rc::new(licences),
        Err(ended) => return Some(ended),
    };
    if phase == Phase::Users
        && let Err(error) = shortfall::warn(&context.memory, &licences, &scope.selection).await
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
