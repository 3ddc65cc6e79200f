//! The work on one claimed row: its requests, its steps, and what is in place in Webex because of it.

use std::collections::BTreeSet;

use serde_json::Value;
use tokio::time::Instant;

use super::context::RunContext;
use super::reason;
use crate::domain::{
    Fact, Failure, Feature, Operation, Outcome, PendingReason, PhoneNumber, RemoteId, RowId, Step, StepState,
    Success,
};
use crate::store::{self, Ack, CallRecord, ClaimedRow, Doubt, Given, StepRecord, StoreError};
use crate::webex::wire::Lacking;
use crate::webex::{Call, Interrupted, Reply, Trace, Trouble};

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
    /// Telephone numbers that Webex refused, each with why.
    pub(super) numbers: Vec<(String, String)>,
}

pub(super) type Flow<T> = Result<T, Stop>;

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
    /// Whether the row sent a request of its own.
    pub(super) asked: bool,
    pub(super) steps: Vec<StepRecord>,
    pub(super) calls: Vec<CallRecord>,
    pub(super) given: Vec<Given>,
}

/// The work on one row.
pub(super) struct RowWork<'a> {
    pub(super) context: &'a RunContext,
    pub(super) row: &'a ClaimedRow,
    pub(super) remote_id: Option<RemoteId>,
    pub(super) step: Step,
    step_is_open: bool,
    pub(super) last_status: Option<u16>,
    /// Whether a request was sent for this row alone.
    pub(super) asked: bool,
    steps: Vec<StepRecord>,
    calls: Vec<CallRecord>,
    given: Vec<Given>,
    pub(super) answers: Vec<Ack<()>>,
    /// Numbers that this attempt put into a location and that nothing uses yet.
    pub(super) added: Vec<(RemoteId, PhoneNumber)>,
    /// Whether this attempt sent a write of which nobody knows the end.
    pub(super) left_doubt: bool,
    /// Numbers of the row that calls do not reach yet.
    inactive: BTreeSet<PhoneNumber>,
}

/// The only trouble of a wait.
impl From<Interrupted> for Stop {
    fn from(_: Interrupted) -> Stop {
        Stop::Interrupted
    }
}

impl Cause {
    pub(super) fn new(reason: PendingReason, message: impl Into<String>) -> Cause {
        Cause {
            reason,
            message: message.into(),
            http_status: None,
            tracking_id: None,
            blocked_by: None,
            numbers: Vec::new(),
        }
    }

    /// What remains of a request as a cause; `None` while the run is stopping.
    pub(super) fn of(operation: Operation, trouble: &Trouble) -> Option<Cause> {
        let reason = reason::for_trouble(operation, trouble)?;
        let (message, http_status, tracking_id) = reason::describe(trouble);
        let numbers = match trouble {
            Trouble::Refused(refusal) => refusal.numbers.clone(),
            _ => Vec::new(),
        };
        Some(Cause { http_status, tracking_id, numbers, ..Cause::new(reason, message) })
    }
}

/// Makes a row pending.
pub(super) fn pending<T>(reason: PendingReason, message: impl Into<String>) -> Flow<T> {
    Err(Stop::Pending(Cause::new(reason, message)))
}

/// Makes a row pending for what remains of a request, or stops it with the run.
pub(super) fn stop_for<T>(operation: Operation, trouble: &Trouble) -> Flow<T> {
    Err(Cause::of(operation, trouble).map_or(Stop::Interrupted, Stop::Pending))
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
            asked: false,
            steps: Vec::new(),
            calls: Vec::new(),
            given: Vec::new(),
            answers: Vec::new(),
            added: Vec::new(),
            left_doubt: false,
            inactive: BTreeSet::new(),
        }
    }

    /// Opens a step; the row's `step` in the results is the last one opened.
    pub(super) fn begin(&mut self, step: Step) {
        self.step = step;
        self.step_is_open = true;
    }

    /// Ends the step that is open, if one is, as one that could not be completed.
    pub(super) fn fail_open_step(&mut self, proof: &str) {
        if self.step_is_open {
            self.done(StepState::Failed, proof);
        }
    }

    /// Ends the open step with what proves it.
    pub(super) fn done(&mut self, state: StepState, proof: impl Into<String>) {
        self.steps.push(StepRecord { step: self.step, state, proof: proof.into() });
        self.step_is_open = false;
    }

    /// Notes whether something that the row is to bring about is so; the last word counts (R28).
    pub(super) fn sees(&mut self, fact: Fact, reached: bool) {
        self.given.push(Given { fact, reached });
    }

    /// Notes whether calls reach a number of the row; the last word counts.
    pub(super) fn note_state(&mut self, number: &PhoneNumber, inactive: bool) {
        if inactive {
            self.inactive.insert(number.clone());
        } else {
            self.inactive.remove(number);
        }
    }

    /// Says of which numbers of the row calls do not reach the person yet, if of any.
    pub(super) fn not_active_yet(&self) -> Option<String> {
        let numbers: Vec<&str> = self.inactive.iter().map(PhoneNumber::as_str).collect();
        (!numbers.is_empty()).then(|| format!("not active yet: {}", numbers.join(", ")))
    }

    /// Sends a read.
    pub(super) async fn read(&mut self, call: Call) -> Flow<Reply> {
        self.try_read(call.clone()).await?.or_else(|trouble| stop_for(call.operation, &trouble))
    }

    /// Sends a read whose refusal is an answer too.
    pub(super) async fn try_read(&mut self, call: Call) -> Flow<Result<Reply, Trouble>> {
        if let Some(trouble) = self.context.absent.answer_to(&call) {
            return Ok(Err(trouble));
        }
        let webex = &self.context.webex;
        let begun_at = store::now();
        let mut trace = Trace::default();
        let result = webex.send(&call, &mut webex.budget(), &mut trace).await;
        self.context.absent.note(&call, &result);
        self.note_read(&call, &trace, begun_at, result.as_ref().err());
        self.context.mind_the_token(result.as_ref().err()).await;
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
        let operation = call.operation;
        self.try_pages(call, key, read).await?.or_else(|trouble| stop_for(operation, &trouble))
    }

    /// Reads every page of a list whose refusal is an answer too.
    pub(super) async fn try_pages<T>(
        &mut self,
        call: Call,
        key: &'static str,
        read: impl Fn(&Value) -> Result<T, Lacking>,
    ) -> Flow<Result<Vec<T>, Trouble>> {
        if let Some(trouble) = self.context.absent.answer_to(&call) {
            return Ok(Err(trouble));
        }
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
        self.context.absent.note(&call, &result);
        self.note_read(&call, &trace, begun_at, result.as_ref().err());
        self.context.mind_the_token(result.as_ref().err()).await;
        match result {
            Ok(()) => Ok(Ok(all)),
            Err(Trouble::Interrupted) => Err(Stop::Interrupted),
            Err(trouble) => Ok(Err(trouble)),
        }
    }

    /// Whether an earlier attempt at this row left such a write of which nobody knows the end.
    pub(super) fn left_in_doubt(&self, operation: Operation) -> bool {
        self.row.unsettled.contains(&Doubt { operation, feature: None })
    }

    /// Whether it left such a write of this object of settings.
    pub(super) fn feature_left_in_doubt(&self, feature: Feature) -> bool {
        self.row.unsettled.contains(&Doubt::of(feature))
    }

    /// Waits until what an earlier phase sent must show; false when that was so before.
    pub(super) async fn settle_phase(&self) -> Flow<bool> {
        let settled = self.context.settled_after(self.context.phase_began.get());
        if settled <= Instant::now() {
            return Ok(false);
        }
        self.context.webex.wait_until(settled).await?;
        Ok(true)
    }

    /// Waits until what an earlier process may have sent must show in a look-up begun now.
    pub(super) async fn settle_earlier(&self) -> Flow<()> {
        let settled = self.context.settled_after(self.context.started);
        Ok(self.context.webex.wait_until(settled).await?)
    }

    /// Records what a look-up says of such earlier writes.
    pub(super) fn resolve_earlier(&mut self, operation: Operation, applied: bool) {
        self.resolve(Doubt { operation, feature: None }, applied);
    }

    /// Records what a read of an object of settings says of earlier writes of it.
    pub(super) fn resolve_feature(&mut self, feature: Feature, applied: bool) {
        self.resolve(Doubt::of(feature), applied);
    }

    /// Records what a look-up says of earlier requests about telephone numbers: one took effect if it did for any of its
    /// numbers, and did not if it did for none. `took_effect` knows nothing of numbers that were not looked at.
    pub(super) fn resolve_numbers(
        &mut self,
        operation: Operation,
        took_effect: impl Fn(&PhoneNumber) -> Option<bool>,
    ) {
        for doubt in self.row.numbers_in_doubt.iter().filter(|doubt| doubt.operation == operation) {
            let told: Vec<Option<bool>> = doubt.numbers.iter().map(&took_effect).collect();
            let applied = told.contains(&Some(true));
            if applied || !told.contains(&None) {
                let call_id = doubt.call_id;
                let resolve =
                    move |connection: &store::Connection| store::resolve_call(connection, call_id, applied);
                self.answers.push(self.context.writer.submit(resolve));
            }
        }
    }

    fn resolve(&mut self, doubt: Doubt, applied: bool) {
        if self.row.unsettled.contains(&doubt) {
            let row_id = self.row.row_id;
            let resolve =
                move |connection: &store::Connection| store::resolve(connection, row_id, doubt, applied);
            self.answers.push(self.context.writer.submit(resolve));
        }
    }

    /// Ends the row: everything it did is to be stored together with its end.
    pub(super) async fn finish(mut self, result: Flow<(RemoteId, String)>) -> Finished {
        self.fail_open_step(match &result {
            Err(Stop::Pending(cause)) => &cause.message,
            _ => "not finished",
        });
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
        Finished { end, asked: self.asked, steps: self.steps, calls: self.calls, given: self.given }
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

    fn note_read(&mut self, call: &Call, trace: &Trace, begun_at: String, trouble: Option<&Trouble>) {
        self.asked = true;
        self.last_status = trace.status.or(self.last_status);
        let error = trouble.map(|trouble| reason::describe(trouble).0);
        let record = self.record(call.operation, trace, begun_at, error, None);
        self.calls.push(CallRecord { feature: call.feature, ..record });
    }

    pub(super) fn record(
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
            feature: None,
            tries: trace.tries,
            status: trace.status,
            tracking_id: trace.tracking_id.clone(),
            error,
            applied,
            remote_id: None,
            begun_at,
        }
    }
}
