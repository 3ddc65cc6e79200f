//! One write of a row: sent until it is in place, or certainly is not (R6).

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::read_back::Looked;
use super::reason;
use super::work::{Cause, Flow, RowWork, Stop, stop_for};
use crate::domain::{Feature, Operation, PendingReason, RemoteId, Repeat};
use crate::faultpoint::Point;
use crate::store::{self, NewCall};
use crate::webex::{Asked, Budget, Call, Reply, Trace, Trouble, wire};

/// What an accepted answer to a write shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shown<T> {
    /// The write is in place.
    Proved(T),
    /// Webex took it, and no field of the answer shows it: some writes of the kind are looked up to see whether that holds.
    Taken(T),
    /// Webex took it, and could have dropped what was sent without a word: only a look-up shows it.
    ToReadBack,
    /// Part of it is in place (R7).
    Partial(String),
    /// The answer lacks what would prove it.
    Unproved(String),
    /// An answer to this request proves nothing by itself; if a look-up shows no effect, this is the end.
    ByLookUp(Cause),
}

impl Shown<()> {
    /// An answer proves a write only to what it names (R27).
    pub(super) fn about(reply: &Reply, key: &str, asked: &RemoteId) -> Shown<()> {
        match reply.body.get(key).and_then(Value::as_str).map(RemoteId::parse) {
            Some(Ok(id)) if id.same_as(asked) => Shown::Proved(()),
            Some(Ok(id)) => Shown::Unproved(format!("its {key} is {id}, and {asked} was asked for")),
            Some(Err(_)) | None => Shown::Unproved(format!("it has no {key}")),
        }
    }
}

/// One write as it was sent.
struct WriteAttempt {
    call_id: i64,
    operation: Operation,
    feature: Option<Feature>,
    can_meet_a_job: bool,
    /// Whether this is one of those writes of its kind that are read back.
    sampled: bool,
    trace: Trace,
    begun_at: String,
    ended: Instant,
    result: Result<Reply, Trouble>,
}

/// What an attempt says by itself.
enum Verdict<T> {
    InPlace(T),
    /// In part only.
    Partly(Stop),
    NotApplied(Stop),
    /// Only a look-up tells.
    Doubt(Doubt),
}

/// When a look-up shows what an attempt did.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    /// Now; what it does not show yet may be sent again without harm.
    Now,
    /// Now, and if it does not show, again after the settle time: lists may lag.
    Twice,
    /// After the settle time.
    Settled,
}

/// What to do about an attempt of which nobody knows the end.
struct Doubt {
    /// When it is looked for.
    look: Look,
    /// It may be sent again when a look-up shows nothing.
    resend: bool,
    /// The wait that the server asked for before that.
    wait: Duration,
    /// A look-up that shows nothing proves that nothing was applied.
    conclusive: bool,
    /// What Webex said yes to has no trouble of its own: what the look-up says counts.
    taken: bool,
    /// Why the row is pending when nothing is in place and it is not sent again.
    otherwise: Cause,
}

impl Doubt {
    /// Looked for once and not sent again.
    const fn once(look: Look, otherwise: Cause) -> Doubt {
        Doubt { look, resend: false, wait: Duration::ZERO, conclusive: false, taken: false, otherwise }
    }

    /// Taken by Webex and looked for, since that does not prove it.
    fn taken(look: Look, otherwise: Cause) -> Doubt {
        Doubt { conclusive: true, taken: true, ..Doubt::once(look, otherwise) }
    }

    /// Why the row is pending when the look-up itself came to an end with this.
    fn instead_of(&self, look: Cause) -> Cause {
        match (self.taken, decides(&look)) {
            // One that decided something counts.
            (_, true) => look,
            (true, false) => Cause {
                message: format!(
                    "taken by Webex, but whether it is in place could not be read: {}",
                    look.message
                ),
                ..look
            },
            // One that failed leaves the write's own trouble.
            (false, false) => self.otherwise.clone(),
        }
    }
}

impl RowWork<'_> {
    /// Sends a write until it is in place, or certainly is not.
    ///
    /// `shown` reads an accepted answer; `look` reads Webex anew and gives what is in place. The intent is on disk
    /// before the request leaves. After any doubt `look` decides; what creates or takes something is not taken
    /// for absent earlier than the settle time after the attempt ended, so that a lagging list cannot make a second one.
    /// After a refusal it is looked for at once; a location that does not show then stays in doubt, and the row's next
    /// attempt looks again when it must show.
    pub(super) async fn write<T, L: Into<Looked<T>>>(
        &mut self,
        call: Call,
        shown: impl Fn(&Reply) -> Shown<T>,
        look: impl AsyncFnMut(&mut Self) -> Flow<L>,
    ) -> Flow<T> {
        let webex = &self.context.webex;
        let alone =
            async |call: &Call, budget: &mut Budget, trace: &mut Trace| webex.send(call, budget, trace).await;
        self.write_by(alone, call, shown, look).await
    }

    /// The same, where the request may travel together with those of other rows.
    pub(super) async fn write_by<T, L: Into<Looked<T>>>(
        &mut self,
        send: impl AsyncFn(&Call, &mut Budget, &mut Trace) -> Result<Reply, Trouble>,
        call: Call,
        shown: impl Fn(&Reply) -> Shown<T>,
        mut look: impl AsyncFnMut(&mut Self) -> Flow<L>,
    ) -> Flow<T> {
        if let Some(trouble) = self.context.absent.answer_to(&call) {
            return stop_for(call.operation, &trouble);
        }
        let mut budget = self.context.webex.budget();
        // Bounded by the budget: each turn takes a retry from it.
        loop {
            let attempt = self.send_write(&send, &call, &mut budget).await?;
            let doubt = match verdict(&attempt, &shown) {
                Verdict::InPlace(value) => {
                    self.answered(&attempt, Some(true));
                    return Ok(value);
                }
                Verdict::Partly(stop) => {
                    self.answered(&attempt, Some(true));
                    return Err(stop);
                }
                Verdict::NotApplied(stop) => {
                    self.answered(&attempt, Some(false));
                    return Err(stop);
                }
                Verdict::Doubt(doubt) => doubt,
            };
            if let Some(value) = self.look_after(&attempt, &doubt, &mut look).await? {
                return Ok(value);
            }
            let Some(delay) = doubt.resend.then(|| budget.next_retry()).flatten() else {
                return Err(Stop::Pending(doubt.otherwise));
            };
            self.context.webex.note_retry(&call);
            self.context.webex.wait(delay.max(doubt.wait)).await?;
        }
    }

    /// Looks whether an attempt is in place, and records what it shows.
    async fn look_after<T, L: Into<Looked<T>>>(
        &mut self,
        attempt: &WriteAttempt,
        doubt: &Doubt,
        look: &mut impl AsyncFnMut(&mut Self) -> Flow<L>,
    ) -> Flow<Option<T>> {
        if doubt.look == Look::Settled {
            self.settle_since(attempt).await?;
        }
        let seen = match doubt.look {
            Look::Twice => self.look_twice(attempt.ended, look).await,
            Look::Now | Look::Settled => look(self).await.map(Into::into),
        };
        match seen {
            Ok(Looked::Done(value)) => {
                self.answered(attempt, Some(true));
                Ok(Some(value))
            }
            Ok(Looked::ByOthers(value)) => {
                self.answered(attempt, Some(false));
                Ok(Some(value))
            }
            Ok(Looked::Lacking(lacking)) => {
                // What is in place of a request in part makes the row half applied (R8).
                self.answered(attempt, doubt.conclusive.then_some(lacking.in_part));
                match doubt.taken && !lacking.names.is_empty() {
                    true => Err(Stop::Pending(doubt.otherwise.clone().naming(&lacking))),
                    false => Ok(None),
                }
            }
            Err(Stop::Pending(cause)) => {
                self.answered(attempt, None);
                Err(Stop::Pending(doubt.instead_of(cause)))
            }
            Err(stop) => {
                self.answered(attempt, None);
                Err(stop)
            }
        }
    }

    async fn send_write(
        &mut self,
        send: &impl AsyncFn(&Call, &mut Budget, &mut Trace) -> Result<Reply, Trouble>,
        call: &Call,
        budget: &mut Budget,
    ) -> Flow<WriteAttempt> {
        let intent = NewCall {
            row_id: self.row.row_id,
            attempt: self.row.attempt,
            step: self.step,
            operation: call.operation,
            feature: call.feature,
            numbers: call.numbers.clone(),
        };
        let run = self.context.run;
        let stored =
            self.context.writer.submit(move |connection| store::intend(connection, run, &intent)).await;
        let call_id = stored.map_err(Stop::Storage)?;
        self.asked = true;
        Point::IntentCommitted.reached();
        let begun_at = store::now();
        let mut trace = Trace::default();
        let result = send(call, budget, &mut trace).await;
        self.context.absent.note(call, &result);
        Point::ReplyRead.reached();
        let ended = Instant::now();
        self.context.last_write.set(Some(ended));
        self.last_status = trace.status.or(self.last_status);
        self.context.mind_the_token(result.as_ref().err()).await;
        let sampled = result.is_ok() && self.context.samples.hold(call);
        Ok(WriteAttempt {
            call_id,
            operation: call.operation,
            feature: call.feature,
            can_meet_a_job: call.can_meet_a_job(),
            sampled,
            trace,
            begun_at,
            ended,
            result,
        })
    }

    /// Records what became of a write; settling the row waits until this is on disk.
    fn answered(&mut self, attempt: &WriteAttempt, applied: Option<bool>) {
        let error = attempt.result.as_ref().err().map(|trouble| reason::describe(trouble).0);
        let mut record =
            self.record(attempt.operation, &attempt.trace, attempt.begun_at.clone(), error, applied);
        record.feature = attempt.feature;
        record.remote_id = match (&attempt.result, attempt.operation) {
            (Ok(reply), Operation::LocationCreate | Operation::EmergencyAddressAdd) => {
                wire::id(&reply.body).ok()
            }
            _ => None,
        };
        // A refusal is believed, except that the next attempt looks before it creates again.
        self.left_doubt |= applied.is_none() && !is_refused(attempt);
        let call_id = attempt.call_id;
        self.answers
            .push(self.context.writer.submit(move |connection| store::answer(connection, call_id, &record)));
    }

    async fn settle_since(&mut self, attempt: &WriteAttempt) -> Flow<()> {
        let settled = self.context.settled_after(attempt.ended);
        let waited = self.context.webex.wait_until(settled).await;
        if waited.is_err() {
            self.answered(attempt, None);
        }
        Ok(waited?)
    }
}

fn verdict<T>(attempt: &WriteAttempt, shown: impl Fn(&Reply) -> Shown<T>) -> Verdict<T> {
    let look = match attempt.operation.repeat() {
        Repeat::Read | Repeat::SetsState => Look::Now,
        Repeat::Takes => Look::Twice,
        Repeat::Creates => Look::Settled,
    };
    let trouble = match &attempt.result {
        Ok(reply) => match shown(reply) {
            Shown::Proved(value) => return Verdict::InPlace(value),
            Shown::Taken(value) if !attempt.sampled => return Verdict::InPlace(value),
            Shown::Taken(_) | Shown::ToReadBack => {
                return Verdict::Doubt(Doubt::taken(Look::Twice, unkept(attempt)));
            }
            Shown::Partial(message) => return Verdict::Partly(partly(attempt, message)),
            Shown::ByLookUp(cause) => {
                return Verdict::Doubt(Doubt::taken(Look::Twice, cause));
            }
            Shown::Unproved(what) => {
                &Trouble::BadReply { status: reply.status, what, tracking_id: reply.tracking_id.clone() }
            }
        },
        Err(trouble) => trouble,
    };
    let Some(cause) = Cause::of(attempt.operation, trouble) else {
        return Verdict::NotApplied(Stop::Interrupted);
    };
    match trouble {
        // Before Webex does anything, or before the request left.
        Trouble::Interrupted | Trouble::Exhausted { .. } => Verdict::NotApplied(Stop::Pending(cause)),
        Trouble::Refused(refusal) if matches!(refusal.status, 401 | 403) || refusal.lacks_path() => {
            Verdict::NotApplied(Stop::Pending(cause))
        }
        Trouble::Refused(refusal) => {
            // Another job is at work there, and ends (R21).
            let resend = refusal.status == 409 && attempt.can_meet_a_job;
            // A list that lags does not show yet what a refusal may have made. A number cannot be made twice.
            let conclusive =
                attempt.operation.repeat() != Repeat::Creates || attempt.operation == Operation::NumbersAdd;
            Verdict::Doubt(Doubt { resend, conclusive, ..Doubt::once(Look::Now, cause) })
        }
        Trouble::BadReply { .. } => Verdict::Doubt(Doubt::once(look, cause)),
        Trouble::Doubtful { asked, .. } => {
            let resend = *asked != Asked::TooLong;
            let wait = if let Asked::Wait(wait) = asked { *wait } else { Duration::ZERO };
            Verdict::Doubt(Doubt { resend, wait, conclusive: true, ..Doubt::once(look, cause) })
        }
    }
}

/// Why the row is pending when Webex does not show what it took; a look-up tells what that is.
fn unkept(attempt: &WriteAttempt) -> Cause {
    Cause {
        http_status: attempt.trace.status,
        tracking_id: attempt.trace.tracking_id.clone(),
        ..Cause::new(PendingReason::NonRetryableExternal, "accepted but not applied")
    }
}

fn is_refused(attempt: &WriteAttempt) -> bool {
    matches!(attempt.result, Err(Trouble::Refused(_)))
}

fn partly(attempt: &WriteAttempt, message: String) -> Stop {
    Stop::Pending(Cause {
        http_status: attempt.trace.status,
        tracking_id: attempt.trace.tracking_id.clone(),
        ..Cause::new(PendingReason::PreconditionMissing, message)
    })
}

/// Whether a look-up ended the row by what it saw or for the token, and not by failing.
fn decides(look: &Cause) -> bool {
    let saw = look.reason == PendingReason::NonRetryableExternal && look.http_status.is_none();
    saw || look.reason == PendingReason::AuthInvalid
}
