//! The closed lists of reason codes and what each asks of the operator.

text_enum! {
    /// Why a row was refused before any call was made for it.
    RejectionReason {
        /// A cell is missing, malformed or in the wrong row.
        InvalidInputSchema = "invalid_input_schema",
        /// An earlier row already has this key.
        DuplicateKey = "duplicate_key",
        /// The row asks for identity data, which belongs to the directory.
        OutOfScope = "out_of_scope",
    }
}

text_enum! {
    /// Why a row could not be completed in Webex.
    PendingReason {
        /// Webex has no dependable operation for what the row asks.
        OutOfScope = "out_of_scope",
        /// Webex refused for good.
        NonRetryableExternal = "non_retryable_external",
        /// The token may not do this.
        PermissionDenied = "permission_denied",
        /// The token is not valid any more.
        AuthInvalid = "auth_invalid",
        /// A passing fault did not pass within the retries.
        RetryExhausted = "retry_exhausted",
        /// Webex said yes, but the answer lacks what proves it.
        InvalidResponseSchema = "invalid_response_schema",
        /// Part of the row is in place in Webex and part is not; the cause says why.
        HalfApplied = "half_applied",
        /// A defect of wxbulk itself.
        UnhandledException = "unhandled_exception",
        /// No such person in Webex.
        UserNotFound = "user_not_found",
        /// Something the row needs is not there yet.
        PreconditionMissing = "precondition_missing",
    }
}

impl RejectionReason {
    /// What the operator can do next.
    pub const fn hint(self) -> &'static str {
        match self {
            RejectionReason::InvalidInputSchema => "correct the cell that the message names",
            RejectionReason::DuplicateKey => {
                "remove one of the two rows, or correct the key that the message names"
            }
            RejectionReason::OutOfScope => {
                "clear the cell: names, titles, e-mail lists and PINs are the directory's, wxbulk never writes them"
            }
        }
    }
}

impl PendingReason {
    /// What the operator can do next.
    pub const fn hint(self) -> &'static str {
        match self {
            PendingReason::OutOfScope => "do this part in Control Hub, or remove it from the row",
            PendingReason::NonRetryableExternal => {
                "read the message: Webex refused this for good; free the name, number or extension, or correct the row"
            }
            PendingReason::PermissionDenied => {
                "use a token of a full administrator with the scopes that README lists, then requeue"
            }
            PendingReason::AuthInvalid => "set WEBEX_TOKEN to a fresh token, then requeue",
            PendingReason::RetryExhausted => {
                "nothing to correct: Webex was not answering well; requeue and run again"
            }
            PendingReason::InvalidResponseSchema => {
                "Webex answered without the fields that prove the change; requeue, and report the tracking id if it stays"
            }
            PendingReason::HalfApplied => "see the cause; running the row again completes what is missing",
            PendingReason::UnhandledException => {
                "a defect of wxbulk: please report it; the row can be requeued"
            }
            PendingReason::UserNotFound => {
                "wait for the directory sync to bring the person into Webex, then requeue"
            }
            PendingReason::PreconditionMissing => "put in place what the message names, then requeue",
        }
    }
}
