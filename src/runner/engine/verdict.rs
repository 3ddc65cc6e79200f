//! What one attempt at a write says by itself, and what a look has to find out. Pure.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use crate::domain::{Feature, Operation, PendingReason, RemoteId, Repeat};
use crate::runner::flow::{Cause, Stop};
use crate::webex::{AskedWait, Reply, Trace, Trouble};

/// What an accepted answer to a write shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Shown<G> {
    /// The write is in place.
    Proved(G),
    /// Webex took it, and no field of the answer shows it: some writes of the kind are looked up to see whether that holds.
    Taken(G),
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
    pub(crate) fn about(reply: &Reply, key: &str, asked: &RemoteId) -> Shown<()> {
        match reply.body.get(key).and_then(Value::as_str).map(RemoteId::parse) {
            Some(Ok(id)) if id.same_as(asked) => Shown::Proved(()),
            Some(Ok(id)) => Shown::Unproved(format!("its {key} is {id}, and {asked} was asked for")),
            Some(Err(_)) | None => Shown::Unproved(format!("it has no {key}")),
        }
    }
}

impl<G> Shown<G> {
    /// What an answer gives that had to be read for it.
    pub(crate) fn proved<E: std::fmt::Display>(read: Result<G, E>) -> Shown<G> {
        match read {
            Ok(got) => Shown::Proved(got),
            Err(lacking) => Shown::Unproved(lacking.to_string()),
        }
    }
}

/// One write as it was sent.
pub(super) struct Attempt {
    pub(super) call_id: i64,
    pub(super) operation: Operation,
    pub(super) feature: Option<Feature>,
    pub(super) can_meet_a_job: bool,
    /// Whether this is one of those writes of its kind that are read back.
    pub(super) sampled: bool,
    pub(super) trace: Trace,
    pub(super) begun_at: String,
    pub(super) ended: Instant,
    pub(super) result: Result<Reply, Trouble>,
}

/// What an attempt says by itself.
pub(super) enum Verdict<G> {
    InPlace(G),
    /// In part only.
    Partly(Stop),
    NotApplied(Stop),
    /// Only a look tells.
    Doubt(Unsure),
}

/// When a look shows what an attempt did.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    /// Now; what does not show yet may be sent again without harm.
    Now,
    /// Now, and if it does not show, again after the settle time: lists may lag.
    Twice,
    /// After the settle time.
    Settled,
}

/// What to do about an attempt of which nobody knows the end.
pub(super) struct Unsure {
    /// When it is looked for.
    pub(super) look: When,
    /// It may be sent again when a look shows nothing.
    pub(super) resend: bool,
    /// It was refused for pace or for a lock: sending it again costs a wait, which is taken, and no retry.
    pub(super) was_refused: bool,
    /// The wait that the server asked for before that.
    pub(super) wait: Duration,
    /// A look that shows nothing proves that nothing was applied.
    pub(super) conclusive: bool,
    /// Webex said yes, so that there is no trouble but what the look says.
    pub(super) taken: bool,
    /// What lacks is why the row is pending, and not the answer.
    pub(super) names_lacking: bool,
    /// The answer did not belong to the request.
    pub(super) is_amiss: bool,
    /// Why the row is pending when nothing is in place and it is not sent again.
    pub(super) otherwise: Cause,
}

impl Unsure {
    /// Looked for once and not sent again.
    const fn once(look: When, otherwise: Cause) -> Unsure {
        Unsure {
            look,
            resend: false,
            was_refused: false,
            wait: Duration::ZERO,
            conclusive: false,
            taken: false,
            names_lacking: false,
            is_amiss: false,
            otherwise,
        }
    }

    /// Taken by Webex and looked for, since that does not prove it.
    fn taken(otherwise: Cause) -> Unsure {
        Unsure { conclusive: true, taken: true, ..Unsure::once(When::Twice, otherwise) }
    }

    /// Why the row is pending when the look came to an end with this: a look that decided something counts, one that failed
    /// leaves the write's own trouble, if it has any.
    pub(super) fn instead_of(&self, look: Cause) -> Cause {
        let decided = !look.request_failed || look.reason == PendingReason::AuthInvalid;
        match (decided, self.taken) {
            (true, _) => look,
            (false, true) => look.saying(|message| {
                format!("taken by Webex, but whether it is in place could not be read: {message}")
            }),
            (false, false) => self.otherwise.clone(),
        }
    }

    /// Why the row is pending when Webex does not show what it took.
    pub(super) fn lacking(&self, names: &[String]) -> Cause {
        self.otherwise.clone().not_applied(names)
    }
}

impl Attempt {
    /// Whether Webex said no.
    pub(super) fn is_refused(&self) -> bool {
        matches!(self.result, Err(Trouble::Refused(_)))
    }

    /// What the attempt says.
    pub(super) fn verdict<G>(&self, shown: impl Fn(&Reply) -> Shown<G>) -> Verdict<G> {
        let trouble = match &self.result {
            Ok(reply) => match shown(reply) {
                Shown::Proved(got) => return Verdict::InPlace(got),
                Shown::Taken(got) if !self.sampled => return Verdict::InPlace(got),
                Shown::Taken(_) | Shown::ToReadBack => {
                    let unkept =
                        self.pending(PendingReason::NonRetryableExternal, "accepted but not applied");
                    return Verdict::Doubt(Unsure { names_lacking: true, ..Unsure::taken(unkept) });
                }
                Shown::Partial(message) => {
                    let partly = self.pending(PendingReason::PreconditionMissing, message);
                    return Verdict::Partly(Stop::Pending(partly));
                }
                Shown::ByLookUp(cause) => return Verdict::Doubt(Unsure::taken(cause)),
                Shown::Unproved(what) => {
                    &Trouble::BadReply { status: reply.status, what, tracking_id: reply.tracking_id.clone() }
                }
            },
            Err(trouble) => trouble,
        };
        let Some(cause) = Cause::of(self.operation, trouble) else {
            return Verdict::NotApplied(Stop::Interrupted);
        };
        self.troubled(trouble, cause)
    }

    fn troubled<G>(&self, trouble: &Trouble, cause: Cause) -> Verdict<G> {
        let look = match self.operation.repeat() {
            Repeat::Read | Repeat::SetsState => When::Now,
            Repeat::Takes => When::Twice,
            Repeat::Creates => When::Settled,
        };
        match trouble {
            // Before Webex does anything, or before the request left.
            Trouble::Interrupted | Trouble::Exhausted { .. } => Verdict::NotApplied(Stop::Pending(cause)),
            Trouble::Refused(refusal) if matches!(refusal.status, 401 | 403) || refusal.lacks_path() => {
                Verdict::NotApplied(Stop::Pending(cause))
            }
            Trouble::Refused(refusal) => {
                // Another job is at work there, and ends (R21).
                let resend = refusal.status == 409 && self.can_meet_a_job;
                // A list that lags does not show yet what a refusal may have made. A number cannot be made twice.
                let conclusive =
                    self.operation.repeat() != Repeat::Creates || self.operation == Operation::NumbersAdd;
                Verdict::Doubt(Unsure { resend, conclusive, ..Unsure::once(When::Now, cause) })
            }
            Trouble::BadReply { .. } => {
                Verdict::Doubt(Unsure { is_amiss: true, ..Unsure::once(look, cause) })
            }
            Trouble::Doubtful { asked, status, .. } => {
                let was_refused = matches!(status, Some(423 | 429));
                let resend = *asked != AskedWait::TooLong;
                let wait = if let AskedWait::Wait(wait) = asked { *wait } else { Duration::ZERO };
                Verdict::Doubt(Unsure {
                    resend,
                    was_refused,
                    wait,
                    conclusive: true,
                    ..Unsure::once(look, cause)
                })
            }
        }
    }

    fn pending(&self, reason: PendingReason, message: impl Into<String>) -> Cause {
        Cause {
            http_status: self.trace.status,
            tracking_id: self.trace.tracking_id.clone(),
            ..Cause::new(reason, message)
        }
    }
}
