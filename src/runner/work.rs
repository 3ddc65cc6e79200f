//! The work on one claimed row: its requests, its steps, and what is in place in Webex because of it.

use serde_json::Value;
use tokio::time::Instant;

use super::context::RunContext;
use super::reason;
use crate::domain::{
    Failure, Operation, Outcome, PendingReason, RemoteId, Repeat, RowId, Step, StepState, Success,
};
use crate::store::{self, Ack, CallRecord, ClaimedRow, NewCall, StepRecord, StoreError};
use crate::webex::wire::Lacking;
use crate::webex::{Budget, Call, Reply, Trace, Trouble};

/// Why the work on a row stops before its end.
#[derive(Debug)]
pub(super) enum Stop {
    /// The row is pending.
    Pending(Cause),
    /// The run is stopping; the row goes back.
    Interrupted,
    /// Nothing can be stored any more; the run must stop.
    Storage(StoreError),
}

/// What makes a row pending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cause {
    pub(super) reason: PendingReason,
    pub(super) message: String,
    pub(super) http_status: Option<u16>,
    pub(super) tracking_id: Option<String>,
    pub(super) blocked_by: Option<RowId>,
}

pub(super) type Flow<T> = Result<T, Stop>;

/// What an accepted answer to a write shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shown<T> {
    /// The write is in place.
    Proved(T),
    /// Part of it is in place (R7).
    Partial(String),
    /// The answer lacks what would prove it.
    Unproved(String),
    /// An answer to this request proves nothing by itself; if a look-up shows no effect, this is the end.
    ByLookUp(Cause),
}

/// How a row's work ended.
#[derive(Debug)]
pub(super) enum RowEnd {
    Settled(Outcome),
    Released,
    Storage(StoreError),
}

/// A row's end with everything that is to be stored beside it.
#[derive(Debug)]
pub(super) struct Finished {
    pub(super) end: RowEnd,
    pub(super) steps: Vec<StepRecord>,
    pub(super) calls: Vec<CallRecord>,
}

/// One write as it was sent.
struct WriteAttempt {
    call_id: i64,
    operation: Operation,
    trace: Trace,
    begun_at: String,
    ended: Instant,
    result: Result<Reply, Trouble>,
}

/// The work on one row.
pub(super) struct RowWork<'a> {
    pub(super) context: &'a RunContext,
    pub(super) row: &'a ClaimedRow,
    pub(super) remote_id: Option<RemoteId>,
    step: Step,
    step_is_open: bool,
    last_status: Option<u16>,
    steps: Vec<StepRecord>,
    calls: Vec<CallRecord>,
    answers: Vec<Ack<()>>,
}

impl Cause {
    pub(super) fn new(reason: PendingReason, message: impl Into<String>) -> Cause {
        Cause { reason, message: message.into(), http_status: None, tracking_id: None, blocked_by: None }
    }
}

/// Makes a row pending.
pub(super) fn pending<T>(reason: PendingReason, message: impl Into<String>) -> Flow<T> {
    Err(Stop::Pending(Cause::new(reason, message)))
}

/// Makes a row pending because of another (R11).
pub(super) fn blocked<T>(by: Option<RowId>, message: impl Into<String>) -> Flow<T> {
    Err(Stop::Pending(Cause { blocked_by: by, ..Cause::new(PendingReason::PreconditionMissing, message) }))
}

impl<'a> RowWork<'a> {
    pub(super) fn new(context: &'a RunContext, row: &'a ClaimedRow) -> RowWork<'a> {
        RowWork {
            context,
            row,
            remote_id: None,
            step: super::row::first_step(row.batch.phase),
            step_is_open: false,
            last_status: None,
            steps: Vec::new(),
            calls: Vec::new(),
            answers: Vec::new(),
        }
    }

    /// Opens a step; the row's `step` in the results is the last one opened.
    pub(super) fn begin(&mut self, step: Step) {
        self.step = step;
        self.step_is_open = true;
    }

    /// Ends the open step with what proves it.
    pub(super) fn done(&mut self, state: StepState, proof: impl Into<String>) {
        self.steps.push(StepRecord { step: self.step, state, proof: proof.into() });
        self.step_is_open = false;
    }

    /// Sends a read.
    pub(super) async fn read(&mut self, call: Call) -> Flow<Reply> {
        self.try_read(call.clone()).await?.or_else(|trouble| self.stop_for(call.operation, &trouble))
    }

    /// Sends a read whose refusal is an answer too.
    pub(super) async fn try_read(&mut self, call: Call) -> Flow<Result<Reply, Trouble>> {
        let webex = &self.context.webex;
        let begun_at = store::now();
        let mut trace = Trace::default();
        let result = webex.send(&call, &mut webex.budget(), &mut trace).await;
        self.note_read(call.operation, &trace, begun_at, result.as_ref().err());
        match result {
            Err(Trouble::Interrupted) => Err(Stop::Interrupted),
            other => Ok(other),
        }
    }

    /// Reads every page of a list.
    pub(super) async fn pages<T>(
        &mut self,
        call: Call,
        key: &'static str,
        read: impl Fn(&Value) -> Result<T, Lacking>,
    ) -> Flow<Vec<T>> {
        let begun_at = store::now();
        let mut trace = Trace::default();
        let mut all = Vec::new();
        let result = self
            .context
            .webex
            .pages(&call, &mut trace, async |reply| {
                all.extend(super::directory::items(&reply, key, &read)?);
                Ok(())
            })
            .await;
        self.note_read(call.operation, &trace, begun_at, result.as_ref().err());
        match result {
            Ok(()) => Ok(all),
            Err(trouble) => self.stop_for(call.operation, &trouble),
        }
    }

    /// Sends a write until it is in place, or certainly is not (R6).
    ///
    /// `shown` reads an accepted answer; `look` reads Webex anew and gives what is in place. The intent is on disk
    /// before the request leaves. After any doubt `look` decides; what creates something is looked for no earlier than
    /// the settle time after the attempt ended, so that a lagging list cannot make a second one.
    pub(super) async fn write<T>(
        &mut self,
        call: Call,
        shown: impl Fn(&Reply) -> Shown<T>,
        mut look: impl AsyncFnMut(&mut Self) -> Flow<Option<T>>,
    ) -> Flow<T> {
        let mut budget = self.context.webex.budget();
        // Bounded by the budget: each turn takes a retry from it.
        loop {
            let attempt = self.send_write(&call, &mut budget).await?;
            let mut without_effect = None;
            let trouble = match attempt.result {
                Ok(ref reply) => match shown(reply) {
                    Shown::Proved(value) => {
                        self.answered(&attempt, Some(true));
                        return Ok(value);
                    }
                    Shown::Partial(message) => {
                        self.answered(&attempt, Some(true));
                        return self.partly(&attempt, message);
                    }
                    Shown::Unproved(what) => bad_reply(reply, what),
                    Shown::ByLookUp(cause) => {
                        without_effect = Some(Stop::Pending(cause));
                        bad_reply(reply, "the answer proves nothing".to_owned())
                    }
                },
                Err(ref trouble) => trouble.clone(),
            };
            if certainly_not_applied(&trouble) {
                self.answered(&attempt, Some(false));
                return self.stop_for(call.operation, &trouble);
            }
            let again = matches!(trouble, Trouble::Doubtful { .. });
            if again && call.operation.repeat() == Repeat::Creates {
                self.settle_since(&attempt).await?;
            }
            match look(self).await {
                Ok(Some(value)) => {
                    self.answered(&attempt, Some(true));
                    return Ok(value);
                }
                Ok(None) => {
                    let certain = again || without_effect.is_some() || matches!(trouble, Trouble::Refused(_));
                    self.answered(&attempt, certain.then_some(false));
                    if let Some(stop) = without_effect {
                        return Err(stop);
                    }
                }
                Err(Stop::Pending(_)) => {
                    self.answered(&attempt, None);
                    return self.stop_for(call.operation, &trouble);
                }
                Err(stop) => {
                    self.answered(&attempt, None);
                    return Err(stop);
                }
            }
            let Some(delay) = again.then(|| budget.next_retry()).flatten() else {
                return self.stop_for(call.operation, &trouble);
            };
            self.wait(self.context.webex.wait(delay).await)?;
        }
    }

    /// Whether an earlier attempt at this row left such a write of which nobody knows the end.
    pub(super) fn left_in_doubt(&self, operation: Operation) -> bool {
        self.row.unsettled.contains(&operation)
    }

    /// Waits until what an earlier process may have sent must show in a look-up begun now.
    pub(super) async fn settle_earlier(&mut self) -> Flow<()> {
        let settled =
            self.context.started.checked_add(self.context.settings.settle).unwrap_or(self.context.started);
        let waited = self.context.webex.wait_until(settled).await;
        self.wait(waited)
    }

    /// Records what a look-up says of such earlier writes.
    pub(super) fn resolve_earlier(&mut self, operation: Operation, applied: bool) {
        if !self.left_in_doubt(operation) {
            return;
        }
        let row_id = self.row.row_id;
        self.answers.push(
            self.context
                .writer
                .submit(move |connection| store::resolve(connection, row_id, operation, applied)),
        );
    }

    /// Makes the row pending for what remains of a request.
    pub(super) fn stop_for<T>(&self, operation: Operation, trouble: &Trouble) -> Flow<T> {
        let Some(reason) = reason::for_trouble(operation, trouble) else { return Err(Stop::Interrupted) };
        let (message, http_status, tracking_id) = reason::describe(trouble);
        Err(Stop::Pending(Cause { reason, message, http_status, tracking_id, blocked_by: None }))
    }

    /// Ends the row: everything it did is to be stored together with its end.
    pub(super) async fn finish(mut self, result: Flow<(RemoteId, String)>) -> Finished {
        if self.step_is_open {
            let proof = match &result {
                Err(Stop::Pending(cause)) => cause.message.clone(),
                _ => "not finished".to_owned(),
            };
            self.done(StepState::Failed, proof);
        }
        let mut end = match result {
            Ok((remote_id, message)) => RowEnd::Settled(Outcome::Success(Success {
                step: self.step,
                remote_id,
                message,
                http_status: self.last_status,
            })),
            Err(Stop::Pending(cause)) => RowEnd::Settled(Outcome::Pending(self.failure(cause))),
            Err(Stop::Interrupted) => RowEnd::Released,
            Err(Stop::Storage(error)) => RowEnd::Storage(error),
        };
        for answer in self.answers {
            if let Err(error) = answer.await {
                end = RowEnd::Storage(error);
            }
        }
        Finished { end, steps: self.steps, calls: self.calls }
    }

    fn failure(&self, cause: Cause) -> Failure {
        Failure {
            step: self.step,
            cause: cause.reason,
            message: cause.message,
            http_status: cause.http_status,
            tracking_id: cause.tracking_id,
            remote_id: self.remote_id.clone(),
            blocked_by: cause.blocked_by,
        }
    }

    async fn send_write(&mut self, call: &Call, budget: &mut Budget) -> Flow<WriteAttempt> {
        let intent = NewCall {
            row_id: self.row.row_id,
            attempt: self.row.attempt,
            step: self.step,
            operation: call.operation,
        };
        let run = self.context.run;
        let stored =
            self.context.writer.submit(move |connection| store::intend(connection, run, intent)).await;
        let call_id = stored.map_err(Stop::Storage)?;
        let begun_at = store::now();
        let mut trace = Trace::default();
        let result = self.context.webex.send(call, budget, &mut trace).await;
        self.last_status = trace.status.or(self.last_status);
        Ok(WriteAttempt {
            call_id,
            operation: call.operation,
            trace,
            begun_at,
            ended: Instant::now(),
            result,
        })
    }

    /// Records what became of a write; settling the row waits until this is on disk.
    fn answered(&mut self, attempt: &WriteAttempt, applied: Option<bool>) {
        let error = attempt.result.as_ref().err().map(|trouble| reason::describe(trouble).0);
        let record = self.record(attempt.operation, &attempt.trace, attempt.begun_at.clone(), error, applied);
        let call_id = attempt.call_id;
        self.answers
            .push(self.context.writer.submit(move |connection| store::answer(connection, call_id, &record)));
    }

    async fn settle_since(&mut self, attempt: &WriteAttempt) -> Flow<()> {
        let settled = attempt.ended.checked_add(self.context.settings.settle).unwrap_or(attempt.ended);
        let waited = self.context.webex.wait_until(settled).await;
        if waited.is_err() {
            self.answered(attempt, None);
        }
        self.wait(waited)
    }

    fn partly<T>(&self, attempt: &WriteAttempt, message: String) -> Flow<T> {
        Err(Stop::Pending(Cause {
            reason: PendingReason::PreconditionMissing,
            message,
            http_status: attempt.trace.status,
            tracking_id: attempt.trace.tracking_id.clone(),
            blocked_by: None,
        }))
    }

    #[expect(clippy::unused_self, reason = "reads as what the row does")]
    fn wait(&self, waited: Result<(), Trouble>) -> Flow<()> {
        waited.map_err(|_| Stop::Interrupted)
    }

    fn note_read(
        &mut self,
        operation: Operation,
        trace: &Trace,
        begun_at: String,
        trouble: Option<&Trouble>,
    ) {
        self.last_status = trace.status.or(self.last_status);
        let error = trouble.map(|trouble| reason::describe(trouble).0);
        let record = self.record(operation, trace, begun_at, error, None);
        self.calls.push(record);
    }

    fn record(
        &self,
        operation: Operation,
        trace: &Trace,
        begun_at: String,
        error: Option<String>,
        applied: Option<bool>,
    ) -> CallRecord {
        CallRecord {
            step: Some(self.step),
            operation,
            tries: trace.tries,
            status: trace.status,
            tracking_id: trace.tracking_id.clone(),
            error,
            applied,
            begun_at,
        }
    }
}

/// Refusals that come before Webex does anything, and requests that never left (R6).
fn certainly_not_applied(trouble: &Trouble) -> bool {
    match trouble {
        Trouble::Interrupted | Trouble::Exhausted { .. } => true,
        Trouble::Refused(refusal) => matches!(refusal.status, 401 | 403),
        Trouble::BadReply { .. } | Trouble::Doubtful { .. } => false,
    }
}

fn bad_reply(reply: &Reply, what: String) -> Trouble {
    Trouble::BadReply { status: reply.status, what, tracking_id: reply.tracking_id.clone() }
}
