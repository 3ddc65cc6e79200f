//! The work on one row: its goals one after the other, and what is in place in Webex because of it.

use super::eyes::Eyes;
use super::goal::{Goal, Missing};
use super::hands::Hands;
use super::verdict::Attempt;
use crate::domain::{
    Fact, Failure, Operation, Outcome, PhoneNumber, PlannedWrite, RemoteId, Step, StepState, Success,
};
use crate::runner::flow::{Cause, Flow, Stop};
use crate::runner::memory::Memory;
use crate::store::{self, CallRecord, ClaimedRow, Doubt, Given, StepRecord, StoreError};

/// How a row's work ended.
#[derive(Debug)]
pub(crate) enum RowEnd {
    Settled(Outcome),
    Released,
    Storage(StoreError),
}

/// A row's end with everything that is to be stored beside it.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) end: RowEnd,
    /// Whether the row sent a request of its own.
    pub(crate) asked: bool,
    pub(crate) steps: Vec<StepRecord>,
    pub(crate) calls: Vec<CallRecord>,
    pub(crate) given: Vec<Given>,
    /// What a run would write, in a survey.
    pub(crate) planned: Vec<PlannedWrite>,
    /// Look-ups that a run would make beside those of the survey.
    pub(crate) reads_beside: u32,
    /// Why it is pending, with what differs.
    pub(crate) cause: Option<Cause>,
}

impl Finished {
    /// An end with nothing beside it.
    pub(crate) fn of(end: RowEnd) -> Finished {
        Finished {
            end,
            asked: false,
            steps: Vec::new(),
            calls: Vec::new(),
            given: Vec::new(),
            planned: Vec::new(),
            reads_beside: 0,
            cause: None,
        }
    }
}

/// The work on one row.
pub(crate) struct Work<'a> {
    pub(crate) eyes: Eyes<'a>,
    /// None in a survey: then a write is planned, and taken for done.
    pub(super) hands: Option<Hands<'a>>,
    step_is_open: bool,
    steps: Vec<StepRecord>,
    given: Vec<Given>,
    /// Numbers that this attempt put into a location and that nothing uses yet.
    pub(crate) added: Vec<(RemoteId, PhoneNumber)>,
    planned: Vec<PlannedWrite>,
    reads_beside: u32,
}

impl<'a> Work<'a> {
    pub(crate) fn new(
        memory: &'a Memory,
        row: &'a ClaimedRow,
        first: Step,
        hands: Option<Hands<'a>>,
    ) -> Work<'a> {
        Work {
            eyes: Eyes::new(memory, row, first, hands.is_none()),
            hands,
            step_is_open: false,
            steps: Vec::new(),
            given: Vec::new(),
            added: Vec::new(),
            planned: Vec::new(),
            reads_beside: 0,
        }
    }

    pub(super) fn answered(&mut self, attempt: &Attempt, applied: Option<bool>) {
        if let Some(hands) = &mut self.hands {
            hands.answered(&self.eyes, attempt, applied);
        }
    }

    /// Opens a step; the row's `step` in the results is the last one opened.
    pub(crate) fn begin(&mut self, step: Step) {
        self.eyes.step = step;
        self.step_is_open = true;
    }

    /// Keeps a write that a run would send, and takes it for done.
    pub(super) fn keep_planned(&mut self, missing: Missing, reads_beside: u32) {
        let Missing { write, words, differences } = missing;
        self.eyes.memory.to_come.expect_settings(&write);
        let (step, operation) = (self.eyes.step, write.operation);
        self.planned.push(PlannedWrite { step, operation, words, differences });
        self.reads_beside = self.reads_beside.saturating_add(reads_beside);
        self.step_is_open = false;
    }

    /// Ends the step that is open, if one is, as one that could not be completed.
    pub(crate) fn fail_open_step(&mut self, proof: &str) {
        if self.step_is_open {
            self.done(StepState::Failed, proof);
        }
    }

    /// Ends the open step with what proves it. Several goals of one step make one record, which is changed if one of them is.
    pub(crate) fn done(&mut self, state: StepState, proof: impl Into<String>) {
        let (step, proof) = (self.eyes.step, proof.into());
        self.step_is_open = false;
        match self.steps.last_mut().filter(|last| last.step == step) {
            None => self.steps.push(StepRecord { step, state, proof }),
            Some(last) if state == StepState::Unchanged && last.state != StepState::Unchanged => {}
            Some(last) if last.state == StepState::Unchanged => *last = StepRecord { step, state, proof },
            Some(last) => {
                last.state = state;
                last.proof = format!("{}; {proof}", last.proof);
            }
        }
    }

    /// Notes whether something that the row is to bring about is so; the last word counts (R28).
    pub(crate) fn sees(&mut self, fact: Fact, reached: bool) {
        self.given.push(Given { fact, reached });
    }

    pub(super) fn note<G: Goal>(&mut self, goal: &G, reached: bool) {
        let fact = if reached { goal.gives() } else { goal.denies() };
        fact.into_iter().for_each(|fact| self.sees(fact, reached));
    }

    /// Calling of this location or person is planned: nothing that it holds can be read yet.
    pub(crate) fn expect_calling(&self, id: &RemoteId) {
        if self.eyes.only_looks {
            self.eyes.memory.to_come.expect_calling(id);
        }
    }

    /// Whether this attempt sent a write of which nobody knows the end.
    pub(crate) fn left_doubt(&self) -> bool {
        self.hands.as_ref().is_some_and(|hands| hands.left_doubt)
    }

    /// Stores something beside the row's end; a survey stores nothing.
    pub(crate) fn store(
        &mut self,
        change: impl FnOnce(&store::Connection) -> Result<(), StoreError> + Send + 'static,
    ) {
        if let Some(hands) = &mut self.hands {
            hands.store(change);
        }
    }

    pub(super) fn resolve<G: Goal>(&mut self, goal: &G, seen: &G::Seen, applied: bool) {
        for operation in goal.writes() {
            match operation.is_about_numbers() {
                true => self.resolve_numbers(*operation, |number| goal.took_effect(seen, *operation, number)),
                false => {
                    self.resolve_doubt(Doubt { operation: *operation, feature: goal.feature() }, applied);
                }
            }
        }
    }

    /// Records what a look says of such earlier writes.
    pub(crate) fn resolve_earlier(&mut self, operation: Operation, applied: bool) {
        self.resolve_doubt(Doubt { operation, feature: None }, applied);
    }

    fn resolve_doubt(&mut self, doubt: Doubt, applied: bool) {
        if self.eyes.row.unsettled.contains(&doubt) {
            let row_id = self.eyes.row.row_id;
            self.store(move |connection| store::resolve(connection, row_id, doubt, applied));
        }
    }

    /// Records what a look says of earlier requests about telephone numbers: one took effect if it did for any of its
    /// numbers, and did not if it did for none. `took_effect` knows nothing of numbers that were not looked at.
    pub(crate) fn resolve_numbers(
        &mut self,
        operation: Operation,
        took_effect: impl Fn(&PhoneNumber) -> Option<bool>,
    ) {
        let row = self.eyes.row;
        for doubt in row.numbers_in_doubt.iter().filter(|doubt| doubt.operation == operation) {
            let told: Vec<Option<bool>> = doubt.numbers.iter().map(&took_effect).collect();
            let applied = told.contains(&Some(true));
            if applied || !told.contains(&None) {
                let call_id = doubt.call_id;
                self.store(move |connection| store::resolve_call(connection, call_id, applied));
            }
        }
    }

    /// Ends the row: everything it did is to be stored together with its end.
    pub(crate) async fn finish(mut self, result: Flow<(RemoteId, String)>) -> Finished {
        self.fail_open_step(match &result {
            Err(Stop::Pending(cause)) => &cause.message,
            _ => "not finished",
        });
        for (email, others) in std::mem::take(&mut self.eyes.learnt) {
            self.store(move |connection| store::keep_aliases(connection, &email, &others));
        }
        let cause = match &result {
            Err(Stop::Pending(cause)) => Some(cause.clone()),
            _ => None,
        };
        let mut end = match result {
            Ok((remote_id, message)) => RowEnd::Settled(Outcome::Success(Success {
                step: self.eyes.step,
                remote_id,
                message,
                http_status: self.eyes.last_status,
            })),
            Err(Stop::Pending(cause)) => RowEnd::Settled(Outcome::Pending(self.failure(cause))),
            Err(Stop::Interrupted) => RowEnd::Released,
            Err(Stop::Storage(error)) => RowEnd::Storage(error),
        };
        if let Some(hands) = self.hands.take()
            && let Err(error) = hands.stored().await
        {
            end = RowEnd::Storage(error);
        }
        let Eyes { asked, calls, .. } = self.eyes;
        Finished {
            end,
            asked,
            steps: self.steps,
            calls,
            given: self.given,
            planned: self.planned,
            reads_beside: self.reads_beside,
            cause,
        }
    }

    fn failure(&self, cause: Cause) -> Failure {
        Failure {
            step: self.eyes.step,
            cause: cause.reason,
            message: cause.message,
            http_status: cause.http_status,
            tracking_id: cause.tracking_id,
            remote_id: self.eyes.remote_id.clone(),
            blocked_by: cause.blocked_by,
        }
    }
}
