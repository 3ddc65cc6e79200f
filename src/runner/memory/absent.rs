//! Paths that this organisation's Webex does not have: known for the run once a request found out, so that no row asks again.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::webex::{Call, CallKind, Refusal, Trouble};

/// What was found absent, and how Webex said so.
#[derive(Debug, Default)]
pub(crate) struct AbsentPaths(RefCell<BTreeMap<CallKind, Refusal>>);

impl AbsentPaths {
    /// The answer that such a call certainly gets.
    pub(crate) fn answer_to(&self, call: &Call) -> Option<Trouble> {
        self.0.borrow().get(&call.kind()).cloned().map(Trouble::Refused)
    }

    /// Keeps what an answer says of the path.
    pub(crate) fn note<T>(&self, call: &Call, answer: &Result<T, Trouble>) {
        let Err(Trouble::Refused(refusal)) = answer else { return };
        if !refusal.lacks_path() {
            return;
        }
        tracing::warn!(
            operation = %call.operation,
            feature = call.feature.map(|feature| feature.as_str()),
            "path.absent: Webex has no such path, no other row asks for it ({refusal})"
        );
        self.0.borrow_mut().insert(call.kind(), refusal.without_path());
    }
}
