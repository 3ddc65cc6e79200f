//! One phase: claim batches, run their rows concurrently, settle each as it ends, judge each batch when complete.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use super::breaker::Tally;
use super::context::RunContext;
use super::lists::without_lists;
use super::row;
use super::terms::{Ended, Event, RunLimits, Scope};
use crate::domain::{BatchId, Outcome, PendingReason, Phase};
use crate::faultpoint::Point;
use crate::runner::engine::{Finished, RowEnd};
use crate::runner::memory::licences::{LicencePool, Turn};
use crate::runner::memory::lists;
use crate::store::{self, Claim, ClaimedRow, StoreError};
use crate::webex::Traffic;

/// Batches that may be open at once: stragglers of one do not idle the pool.
const OPEN_BATCHES: usize = 2;

/// A phase at work.
pub(crate) struct PhaseRun<'a> {
    context: Rc<RunContext>,
    limits: &'a RunLimits,
    scope: &'a Scope,
    phase: Phase,
    licences: Rc<LicencePool>,
    stop: CancellationToken,
    events: std::sync::mpsc::Sender<Event>,
    queue: VecDeque<(ClaimedRow, Turn)>,
    open: BTreeMap<BatchId, OpenBatch>,
    tasks: JoinSet<Stored>,
    ended: Option<Ended>,
    exhausted: bool,
    limit_reached: bool,
    /// The traffic of which the retries are logged.
    logged: Traffic,
    /// How many more rows this phase may claim (`--limit`).
    rows_left: u32,
}

/// A batch of which rows are at work, or will be: a claim need not take all that is left of it.
#[derive(Default)]
struct OpenBatch {
    left: usize,
    tally: Tally,
}

/// A row that is stored with its end; `None` when it was given back.
struct Stored {
    batch: BatchId,
    asked: bool,
    stored: Result<Option<Outcome>, StoreError>,
}

impl<'a> PhaseRun<'a> {
    pub(crate) fn new(
        context: Rc<RunContext>,
        limits: &'a RunLimits,
        scope: &'a Scope,
        phase: Phase,
        licences: Rc<LicencePool>,
        stop: CancellationToken,
        events: std::sync::mpsc::Sender<Event>,
    ) -> PhaseRun<'a> {
        let logged = context.webex.traffic();
        PhaseRun {
            context,
            limits,
            scope,
            phase,
            licences,
            stop,
            events,
            queue: VecDeque::new(),
            open: BTreeMap::new(),
            tasks: JoinSet::new(),
            ended: None,
            exhausted: false,
            limit_reached: false,
            logged,
            rows_left: scope.rows_per_phase.unwrap_or(u32::MAX),
        }
    }

    /// Works until no row of the phase is ready, or the run must stop. Uses up `batches_left`.
    pub(crate) async fn run(mut self, batches_left: &mut u32) -> Option<Ended> {
        // Each turn begins rows or ends one; both are bounded by the rows of the phase.
        loop {
            self.fill(batches_left).await;
            let Some(joined) = self.tasks.join_next().await else { break };
            self.row_ended(joined).await;
        }
        let limit = self.limits.max_batches;
        self.ended.or_else(|| self.limit_reached.then_some(Ended::TooManyBatches { limit }))
    }

    async fn fill(&mut self, batches_left: &mut u32) {
        while self.tasks.len() < self.limits.concurrency {
            if self.stop.is_cancelled() {
                self.end(Ended::Stopped);
            }
            if self.ended.is_some() {
                return self.give_back_queue().await;
            }
            match self.queue.pop_front() {
                Some((row, turn)) => self.begin(row, turn),
                None if self.may_claim() => self.claim(batches_left).await,
                None => return,
            }
        }
    }

    fn may_claim(&self) -> bool {
        let at_work = self.open.values().filter(|batch| batch.left > 0).count();
        !self.exhausted && self.rows_left > 0 && at_work < OPEN_BATCHES
    }

    async fn claim(&mut self, batches_left: &mut u32) {
        let Scope { selection, rows_per_phase, .. } = self.scope;
        let memory = &self.context.memory;
        let renewed =
            lists::renew(&memory.ground, &memory.lists, self.phase, selection, *rows_per_phase).await;
        if let Err(failure) = renewed {
            let ended = without_lists(memory, failure).await;
            return self.end(ended);
        }
        let (run, phase) = (self.context.run, self.phase);
        let size = self.limits.batch_size.min(self.rows_left);
        let selection = self.scope.selection.clone();
        // The limit stops claims, not the rows that were claimed under it.
        let Some(left) = batches_left.checked_sub(1) else {
            let ready = self
                .context
                .memory
                .ground
                .writer
                .submit(move |connection| store::has_ready(connection, phase, &selection))
                .await;
            match ready {
                Ok(ready) => {
                    self.exhausted = true;
                    self.limit_reached = ready;
                }
                Err(error) => self.end(Ended::Storage(error)),
            }
            return;
        };
        match self
            .context
            .memory
            .ground
            .writer
            .submit(move |connection| store::claim(connection, run, phase, size, &selection))
            .await
        {
            Ok(Some(claim)) => {
                *batches_left = left;
                self.take_in(claim);
            }
            Ok(None) => self.exhausted = true,
            Err(error) => self.end(Ended::Storage(error)),
        }
    }

    fn take_in(&mut self, claim: Claim) {
        let claimed = u32::try_from(claim.rows.len()).unwrap_or(u32::MAX);
        self.rows_left = self.rows_left.saturating_sub(claimed);
        // What ended in this run is in the tally of a batch that is open.
        for (id, ends) in claim.reopened {
            self.open.entry(id).or_insert_with(|| OpenBatch { left: 0, tally: Tally::of_earlier(&ends) });
        }
        let mut rows_of: BTreeMap<BatchId, usize> = BTreeMap::new();
        for row in &claim.rows {
            let rows = rows_of.entry(row.batch).or_default();
            *rows = rows.saturating_add(1);
        }
        for (id, rows) in rows_of {
            tracing::info!(batch = %id, rows, "batch.start");
            let open = self.open.entry(id).or_default();
            open.left = open.left.saturating_add(rows);
        }
        let turns = row::turns(&self.licences, &claim.rows);
        self.queue.extend(claim.rows.into_iter().zip(turns));
    }

    fn begin(&mut self, row: ClaimedRow, turn: Turn) {
        let context = Rc::clone(&self.context);
        let licences = Rc::clone(&self.licences);
        self.tasks.spawn_local(async move {
            let batch = row.batch;
            let finished = row::process(&context, &licences, &row, turn).await;
            let asked = finished.asked;
            Stored { batch, asked, stored: store_end(&context, row, finished).await }
        });
    }

    async fn row_ended(&mut self, joined: Result<Stored, JoinError>) {
        let (id, asked, outcome) = match joined {
            Ok(Stored { batch, asked, stored: Ok(outcome) }) => (batch, asked, outcome),
            Ok(Stored { stored: Err(error), .. }) => return self.end(Ended::Storage(error)),
            // Only what stands outside the row's own guard can panic here.
            Err(_) => return self.end(Ended::Internal("storing a row panicked".to_owned())),
        };
        let Some(batch) = self.open.get_mut(&id) else { return };
        batch.left = batch.left.saturating_sub(1);
        let complete = batch.left == 0;
        match outcome {
            Some(outcome) => {
                batch.tally.add(&outcome, asked);
                let success = matches!(outcome, Outcome::Success(_));
                self.tell(Event::RowEnded { phase: self.phase, success });
            }
            None => batch.tally.released = batch.tally.released.saturating_add(1),
        }
        if complete {
            self.batch_ended(id).await;
        }
    }

    /// Every claimed row of a batch has ended.
    async fn batch_ended(&mut self, id: BatchId) {
        let Some(tally) = self.open.get(&id).map(|batch| batch.tally.clone()) else { return };
        let complete =
            self.context.memory.ground.writer.submit(move |connection| store::complete_batch(connection, id));
        let complete = match complete.await {
            Ok(complete) => complete,
            Err(error) => return self.end(Ended::Storage(error)),
        };
        if complete || tally.released > 0 {
            self.open.remove(&id);
        }
        if let Err(error) = self.context.keep_pace().await {
            return self.end(Ended::Storage(error));
        }
        let (success, pending, released) = (tally.success, tally.pending, tally.released);
        tracing::info!(batch = %id, success, pending, released, causes = tally.summary(), "batch.end");
        self.log_retries(id);
        self.tell(Event::BatchEnded);
        if complete && let Some(verdict) = self.limits.breaker.verdict(&tally) {
            tracing::error!(critical = true, batch = %id, "breaker.open: {verdict}");
            self.end(Ended::Breaker(verdict));
        }
    }

    /// One line a batch, however many retries there were.
    fn log_retries(&mut self, id: BatchId) {
        let now = self.context.webex.traffic();
        let retries = now.retries.saturating_sub(self.logged.retries);
        let refused = now.refused.saturating_sub(self.logged.refused);
        self.logged = now;
        if retries > 0 || refused > 0 {
            tracing::info!(batch = %id, retries, refused, "batch.retries");
        }
    }

    /// Claimed rows that were not begun go back as they were.
    async fn give_back_queue(&mut self) {
        let run = self.context.run;
        let writer = &self.context.memory.ground.writer;
        let released: Vec<_> = std::mem::take(&mut self.queue)
            .into_iter()
            .map(|(row, _turn)| {
                let batch = row.batch;
                (batch, writer.submit(move |connection| store::release(connection, run, &row, &[], &[])))
            })
            .collect();
        for (batch, ack) in released {
            if let Err(error) = ack.await {
                self.end(Ended::Storage(error));
            }
            if let Some(open) = self.open.get_mut(&batch) {
                open.left = open.left.saturating_sub(1);
                open.tally.released = open.tally.released.saturating_add(1);
            }
        }
        self.open.retain(|_, open| open.left > 0);
    }

    /// The first cause to stop is the one that counts, but a failure to store outranks all.
    fn end(&mut self, ended: Ended) {
        if self.ended.is_none() || matches!(ended, Ended::Storage(_)) {
            self.stop.cancel();
            self.ended = Some(ended);
        }
    }

    fn tell(&self, event: Event) {
        // Nobody needs to listen.
        self.events.send(event).ok();
    }
}

async fn store_end(
    context: &RunContext,
    row: ClaimedRow,
    finished: Finished,
) -> Result<Option<Outcome>, StoreError> {
    let (run, writer) = (context.run, &context.memory.ground.writer);
    let Finished { end, steps, calls, given, .. } = finished;
    match end {
        RowEnd::Settled(outcome) => {
            let (kept, key, row_id) = (outcome.clone(), row.entity_key.clone(), row.row_id);
            let settle = move |connection: &store::Connection| {
                store::settle(connection, run, &row, &outcome, &steps, &calls, &given)
            };
            let reason = writer.submit(settle).await?;
            Point::OutcomeCommitted.reached();
            log_end(row_id.get(), &key, &kept, reason);
            Ok(Some(kept))
        }
        RowEnd::Released => {
            writer.submit(move |connection| store::release(connection, run, &row, &steps, &calls)).await?;
            Ok(None)
        }
        RowEnd::Storage(error) => Err(error),
    }
}

/// One line a failed row, once it is stored.
fn log_end(row_id: u32, entity_key: &str, outcome: &Outcome, reason: Option<PendingReason>) {
    if let (Outcome::Pending(failure), Some(reason)) = (outcome, reason) {
        tracing::warn!(
            row_id,
            entity_key,
            step = %failure.step,
            reason_code = %reason,
            cause = %failure.cause,
            http_status = failure.http_status,
            "row.pending: {}",
            failure.message.replace(char::is_control, " ")
        );
    }
}
