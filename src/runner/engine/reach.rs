//! How a goal is reached: look, decide, write, and look again after any doubt.

use std::time::Duration;

use super::goal::{Confirm, Decision, Goal, Missing};
use super::verdict::{Attempt, Unsure, Verdict, When};
use super::work::Work;
use crate::domain::{Repeat, StepState};
use crate::runner::flow::{Flow, Stop, stop_for};

/// What brought about that a goal is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// It was so.
    Before,
    /// This row's write, as its answer proves; in a survey, as a run would write it.
    Answer,
    /// This row's write, as a look shows.
    Look,
    /// Somebody else, after this row's write was sent.
    Others,
}

/// A goal that is reached.
#[derive(Debug)]
pub(crate) struct Reached<G> {
    pub(crate) got: G,
    pub(crate) by: By,
}

impl<G> Reached<G> {
    /// Whether something changed for it.
    pub(crate) fn changed(&self) -> bool {
        matches!(self.by, By::Answer | By::Look)
    }
}

/// What a look after an attempt shows.
enum After<G> {
    InPlace(G, By),
    Lacking(Box<Missing>),
}

impl Work<'_> {
    /// Brings it about that a goal is so: looks, and writes what is missing until that is in place, or certainly is not (R6).
    ///
    /// A write is in place exactly when the goal's decision would not send it.
    pub(crate) async fn reach<G: Goal>(&mut self, goal: &G) -> Flow<Reached<G::Got>> {
        self.begin(goal.looks_in());
        let (seen, decision) = self.look(goal).await?;
        let missing = match decision {
            Decision::InPlace { got, proof } => {
                self.resolve(goal, &seen, goal.is_ours(&seen));
                self.note(goal, true);
                self.done(StepState::Unchanged, proof);
                return Ok(Reached { got, by: By::Before });
            }
            Decision::Stop(cause) => return Err(Stop::Pending(cause)),
            Decision::Missing(missing) => missing,
        };
        self.resolve(goal, &seen, false);
        self.note(goal, false);
        if goal.looks_in() != goal.writes_in() {
            self.done(StepState::Unchanged, format!("missing: {}", missing.words));
            self.begin(goal.writes_in());
        }
        if self.hands.is_none() {
            self.keep_planned(missing, goal.reads_beside(&seen));
            self.note(goal, true);
            return Ok(Reached { got: goal.would_be(), by: By::Answer });
        }
        self.write(goal, missing).await
    }

    /// Goes by what is known, and looks where that tells nothing or is not believed.
    async fn look<G: Goal>(&mut self, goal: &G) -> Flow<(G::Seen, Decision<G::Got>)> {
        let in_doubt = goal.writes().iter().any(|operation| {
            self.eyes.left_in_doubt(*operation)
                && matches!(operation.repeat(), Repeat::Creates | Repeat::Takes)
        });
        if let Some(seen) = goal.known(&mut self.eyes).await? {
            let decision = goal.decide(&seen);
            if self.believes(goal, &decision, in_doubt) {
                return Ok((seen, decision));
            }
        }
        if in_doubt {
            self.eyes.wait_for_earlier().await?;
        }
        self.see(goal).await
    }

    /// What is in place is in place; a survey takes the lists of its phase for the truth.
    fn believes<G: Goal>(&self, goal: &G, decision: &Decision<G::Got>, in_doubt: bool) -> bool {
        match (decision, goal.confirms()) {
            (Decision::InPlace { .. }, _) => true,
            _ if in_doubt => false,
            _ if self.hands.is_none() => true,
            (Decision::Missing(_), Confirm::Missing) => false,
            _ => true,
        }
    }

    /// Sends a write until it is in place, or certainly is not.
    ///
    /// After any doubt the goal's look decides; what creates or takes something is not taken for absent earlier than the
    /// settle time after the attempt ended, so that a lagging list cannot make a second one. After a refusal it is looked
    /// for at once; a location that does not show then stays in doubt, and the row's next attempt looks again when it must
    /// show.
    async fn write<G: Goal>(&mut self, goal: &G, mut missing: Missing) -> Flow<Reached<G::Got>> {
        let Some(webex) = self.hands.as_ref().map(|hands| hands.webex) else { return Err(Stop::Interrupted) };
        if let Some(trouble) = self.eyes.memory.ground.absent.answer_to(&missing.write) {
            return stop_for(missing.write.operation, &trouble);
        }
        let mut budget = webex.budget();
        // Bounded by the budget: each turn takes a retry from it.
        loop {
            let Some(hands) = &mut self.hands else { return Err(Stop::Interrupted) };
            let attempt = hands.send(&mut self.eyes, goal, &missing.write, &mut budget).await?;
            let verdict = attempt.verdict(|reply| goal.shown(reply));
            if attempt.result.is_ok() && matches!(&verdict, Verdict::Doubt(unsure) if unsure.is_amiss) {
                webex.renew_connections();
            }
            let unsure = match verdict {
                Verdict::InPlace(got) => {
                    self.answered(&attempt, Some(true));
                    return Ok(self.written(goal, &missing, got, By::Answer));
                }
                Verdict::Partly(stop) => {
                    self.answered(&attempt, Some(true));
                    return Err(stop);
                }
                Verdict::NotApplied(stop) => {
                    self.answered(&attempt, Some(false));
                    return Err(stop);
                }
                Verdict::Doubt(unsure) => unsure,
            };
            // What lacks now is what is sent again.
            missing = match self.look_after(goal, &missing, &attempt, &unsure).await? {
                After::InPlace(got, by) => return Ok(self.written(goal, &missing, got, by)),
                After::Lacking(left) => *left,
            };
            let delay = match (unsure.resend, unsure.was_refused) {
                (true, true) => Some(Duration::ZERO),
                (true, false) => budget.next_retry(),
                (false, _) => None,
            };
            let Some(delay) = delay else {
                return Err(Stop::Pending(unsure.otherwise));
            };
            webex.note_retry(&missing.write);
            webex.wait(delay.max(unsure.wait)).await?;
        }
    }

    fn written<G: Goal>(&mut self, goal: &G, missing: &Missing, got: G::Got, by: By) -> Reached<G::Got> {
        self.note(goal, true);
        match by {
            By::Answer | By::Look => self.done(StepState::Applied, missing.words.clone()),
            By::Before | By::Others => {
                self.done(StepState::Unchanged, "somebody else brought it about meanwhile");
            }
        }
        Reached { got, by }
    }

    /// Looks whether an attempt is in place, and records what that shows.
    async fn look_after<G: Goal>(
        &mut self,
        goal: &G,
        sent: &Missing,
        attempt: &Attempt,
        unsure: &Unsure,
    ) -> Flow<After<G::Got>> {
        if unsure.look == When::Settled {
            self.settle(attempt).await?;
        }
        // Whoever was refused for pace is not alone: one list may serve all of them.
        let settled = self.eyes.memory.ground.shows_after(attempt.ended);
        self.eyes.shares_looks_since = unsure.was_refused.then_some(settled);
        let mut now = self.see(goal).await;
        self.eyes.shares_looks_since = None;
        if unsure.look == When::Twice && matches!(now, Ok((_, Decision::Missing(_)))) {
            self.settle(attempt).await?;
            now = self.see(goal).await;
        }
        let end = match now {
            Ok((seen, Decision::InPlace { got, .. })) => {
                let ours = goal.is_ours(&seen);
                self.answered(attempt, Some(ours));
                return Ok(After::InPlace(got, if ours { By::Look } else { By::Others }));
            }
            Ok((_, Decision::Missing(left))) => {
                // What is in place of a request in part makes the row half applied (R8).
                let in_part = left.lacks_less_than(sent);
                self.answered(attempt, unsure.conclusive.then_some(in_part));
                let names: Vec<String> = left.differences.iter().map(|left| goal.names(left)).collect();
                return match unsure.names_lacking && !names.is_empty() {
                    true => Err(Stop::Pending(unsure.lacking(&names))),
                    false => Ok(After::Lacking(Box::new(left))),
                };
            }
            Ok((_, Decision::Stop(cause))) | Err(Stop::Pending(cause)) => {
                Stop::Pending(unsure.instead_of(cause))
            }
            Err(stop) => stop,
        };
        self.answered(attempt, None);
        Err(end)
    }

    async fn see<G: Goal>(&mut self, goal: &G) -> Flow<(G::Seen, Decision<G::Got>)> {
        let seen = goal.look(&mut self.eyes).await?;
        let decision = goal.decide(&seen);
        Ok((seen, decision))
    }

    async fn settle(&mut self, attempt: &Attempt) -> Flow<()> {
        let settled = self.eyes.wait_to_show(attempt.ended).await;
        if settled.is_err() {
            self.answered(attempt, None);
        }
        settled
    }
}
