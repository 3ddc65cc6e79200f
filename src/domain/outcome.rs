//! How the work on a row ends.

use super::{PendingReason, RemoteId, Step};

text_enum! {
    /// Where a row stands.
    RowState {
        /// Waits to be claimed.
        Ready = "ready",
        /// Claimed by the run that holds the lock.
        Running = "running",
        /// Done, and proved.
        Success = "success",
        /// Could not be completed; the reason says what to do.
        Pending = "pending",
        /// Refused before any call.
        Rejected = "rejected",
        /// Taken out of the job on purpose.
        Dropped = "dropped",
    }
}

text_enum! {
    /// What a row has brought about in Webex, for the rows that depend on it (R28).
    Fact {
        /// The location is there and enabled for calling.
        Site = "site",
        /// The person has calling.
        Calling = "calling",
        /// The person holds the extension and number.
        Line = "line",
    }
}

/// The end of one attempt at a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Every required step is proved.
    Success(Success),
    /// The row waits for the operator.
    Pending(Failure),
}

/// A completed row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Success {
    /// The last step evaluated.
    pub step: Step,
    /// The location's or the person's id.
    pub remote_id: RemoteId,
    /// What was done, in a few words.
    pub message: String,
    /// The status of the last answer.
    pub http_status: Option<u16>,
}

/// A row that could not be completed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The step that stopped it.
    pub step: Step,
    /// What stopped it.
    pub cause: PendingReason,
    /// What happened and what it needs, in words.
    pub message: String,
    /// The status of the answer that decided.
    pub http_status: Option<u16>,
    /// Webex's id of the exchange that decided.
    pub tracking_id: Option<String>,
    /// The row's location or person, when it was found.
    pub remote_id: Option<RemoteId>,
    /// The row whose end this one waits for (R11).
    pub blocked_by: Option<super::RowId>,
}

impl Failure {
    /// The reason code of the row, given how many of its writes are in place in Webex: half applied as soon as one
    /// is (R8), else the cause. The one place where this is decided; the store knows the number.
    pub const fn reason(&self, applied: u32) -> PendingReason {
        if applied > 0 { PendingReason::HalfApplied } else { self.cause }
    }
}
