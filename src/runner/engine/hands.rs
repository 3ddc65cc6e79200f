//! Writing: what may change something in Webex, with its intent on disk before the request leaves.

use tokio::time::Instant;

use super::eyes::Eyes;
use super::goal::Goal;
use super::sender::Sender;
use super::verdict::Attempt;
use crate::domain::Operation;
use crate::faultpoint::Point;
use crate::runner::flow::{Flow, Stop};
use crate::runner::reason;
use crate::store::{self, Ack, Connection, NewCall, RunId, StoreError, Writer};
use crate::webex::{Budget, Trace, Webex, Write, wire};

/// The hands of the work on one row.
pub(crate) struct Hands<'a> {
    pub(super) webex: &'a Webex,
    writer: &'a Writer,
    run: RunId,
    /// What is being stored; the row ends when all of it is on disk.
    storing: Vec<Ack<()>>,
    /// Whether this attempt sent a write of which nobody knows the end.
    pub(super) left_doubt: bool,
}

impl<'a> Hands<'a> {
    /// Hands that write for a run.
    pub(crate) fn new(webex: &'a Webex, writer: &'a Writer, run: RunId) -> Hands<'a> {
        Hands { webex, writer, run, storing: Vec::new(), left_doubt: false }
    }

    /// Stores something beside the row's end.
    pub(crate) fn store(
        &mut self,
        change: impl FnOnce(&Connection) -> Result<(), StoreError> + Send + 'static,
    ) {
        self.storing.push(self.writer.submit(change));
    }

    /// Waits until everything is on disk.
    pub(super) async fn stored(self) -> Result<(), StoreError> {
        let mut result = Ok(());
        for ack in self.storing {
            result = result.and(ack.await);
        }
        result
    }

    /// Puts the intent on disk, and sends.
    pub(super) async fn send<G: Goal>(
        &mut self,
        eyes: &mut Eyes<'_>,
        goal: &G,
        write: &Write,
        budget: &mut Budget,
    ) -> Flow<Attempt> {
        let intent = NewCall {
            row_id: eyes.row.row_id,
            attempt: eyes.row.attempt,
            step: eyes.step,
            operation: write.operation,
            feature: write.feature,
            numbers: write.numbers.clone(),
        };
        let run = self.run;
        let stored = self.writer.submit(move |connection| store::intend(connection, run, &intent)).await;
        let call_id = stored.map_err(Stop::Storage)?;
        eyes.asked = true;
        Point::IntentCommitted.reached();
        let (begun_at, mut trace) = (store::now(), Trace::default());
        let sender = Sender { webex: self.webex, memory: eyes.memory };
        let result = goal.send(sender, write, budget, &mut trace).await;
        let ground = &eyes.memory.ground;
        ground.absent.note(write, &result);
        Point::ReplyRead.reached();
        let ended = Instant::now();
        ground.last_write.set(Some(ended));
        eyes.last_status = trace.status.or(eyes.last_status);
        ground.check_token_on_401(result.as_ref().err()).await;
        let sampled = result.is_ok() && eyes.memory.samples.hold(write);
        Ok(Attempt {
            call_id,
            operation: write.operation,
            feature: write.feature,
            can_meet_a_job: write.can_meet_a_job(),
            sampled,
            trace,
            begun_at,
            ended,
            result,
        })
    }

    /// Records what became of a write; settling the row waits until this is on disk.
    pub(super) fn answered(&mut self, eyes: &Eyes<'_>, attempt: &Attempt, applied: Option<bool>) {
        let error = attempt.result.as_ref().err().map(|trouble| reason::describe(trouble).0);
        let mut record =
            eyes.record(attempt.operation, &attempt.trace, attempt.begun_at.clone(), error, applied);
        record.feature = attempt.feature;
        record.remote_id = match (&attempt.result, attempt.operation) {
            (Ok(reply), Operation::LocationCreate | Operation::EmergencyAddressAdd) => {
                wire::id(&reply.body).ok()
            }
            _ => None,
        };
        // A refusal is believed, except that the next attempt looks before it creates again.
        self.left_doubt |= applied.is_none() && !attempt.is_refused();
        let call_id = attempt.call_id;
        self.store(move |connection| store::answer(connection, call_id, &record));
    }
}
