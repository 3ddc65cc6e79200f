//! Why the work on a row stops before its end.

use super::reason;
use crate::domain::{Difference, Operation, PendingReason, RowId};
use crate::store::StoreError;
use crate::webex::{Interrupted, Trouble};

/// Why the work on a row stops before its end.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The row is pending.
    Pending(Cause),
    /// The run is stopping; the row goes back.
    Interrupted,
    /// Nothing can be stored any more; the run must stop.
    Storage(StoreError),
}

/// What makes a row pending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cause {
    pub(crate) reason: PendingReason,
    pub(crate) message: String,
    pub(crate) http_status: Option<u16>,
    pub(crate) tracking_id: Option<String>,
    pub(crate) blocked_by: Option<RowId>,
    /// Telephone numbers that Webex refused, each with why.
    pub(crate) numbers: Vec<(String, String)>,
    /// What is not as the row states it, where that is why.
    pub(crate) differences: Vec<Difference>,
    /// A request failed, which decides nothing about what it was to show.
    pub(crate) request_failed: bool,
}

pub(crate) type Flow<T> = Result<T, Stop>;

/// The only trouble of a wait.
impl From<Interrupted> for Stop {
    fn from(_: Interrupted) -> Stop {
        Stop::Interrupted
    }
}

impl Stop {
    /// The same with another cause, if it has one.
    pub(crate) fn map(self, other: impl FnOnce(Cause) -> Cause) -> Stop {
        match self {
            Stop::Pending(cause) => Stop::Pending(other(cause)),
            stop => stop,
        }
    }
}

impl Cause {
    pub(crate) fn new(reason: PendingReason, message: impl Into<String>) -> Cause {
        Cause {
            reason,
            message: message.into(),
            http_status: None,
            tracking_id: None,
            blocked_by: None,
            numbers: Vec::new(),
            differences: Vec::new(),
            request_failed: false,
        }
    }

    /// The same for what Webex took and does not show.
    pub(crate) fn not_applied(self, names: &[String]) -> Cause {
        let names = names.join(", ");
        self.saying(|_| {
            format!("accepted but not applied: Webex took the request and does not show {names} as sent")
        })
    }

    /// What remains of a request as a cause; `None` while the run is stopping.
    pub(crate) fn of(operation: Operation, trouble: &Trouble) -> Option<Cause> {
        let reason = reason::for_trouble(operation, trouble)?;
        let (message, http_status, tracking_id) = reason::describe(trouble);
        let numbers = match trouble {
            Trouble::Refused(refusal) => refusal.numbers.clone(),
            _ => Vec::new(),
        };
        Some(Cause { http_status, tracking_id, numbers, request_failed: true, ..Cause::new(reason, message) })
    }

    /// With other words, made of those that it has.
    pub(crate) fn saying(self, words: impl FnOnce(&str) -> String) -> Cause {
        Cause { message: words(&self.message), ..self }
    }
}

/// Makes a row pending.
pub(crate) fn pending<T>(reason: PendingReason, message: impl Into<String>) -> Flow<T> {
    Err(Stop::Pending(Cause::new(reason, message)))
}

/// Makes a row pending for what remains of a request, or stops it with the run.
pub(crate) fn stop_for<T>(operation: Operation, trouble: &Trouble) -> Flow<T> {
    Err(Cause::of(operation, trouble).map_or(Stop::Interrupted, Stop::Pending))
}

/// Makes a row pending because of another (R11).
pub(crate) fn blocked<T>(by: Option<RowId>, message: impl Into<String>) -> Flow<T> {
    Err(Stop::Pending(Cause { blocked_by: by, ..Cause::new(PendingReason::PreconditionMissing, message) }))
}
