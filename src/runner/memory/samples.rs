//! Which writes are read back where only their status says that they were taken.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::webex::{Call, CallKind};

/// Of writes of one kind of which nothing suggests that a value could be refused, one in so many is read back, the first of
/// a run among them.
const SAMPLED: u32 = 100;

/// How many writes of each kind a run has sent.
#[derive(Debug, Default)]
pub(crate) struct Samples(RefCell<BTreeMap<CallKind, u32>>);

impl Samples {
    /// Whether this write is one of those that are read back.
    pub(crate) fn hold(&self, call: &Call) -> bool {
        let mut sent = self.0.borrow_mut();
        let before = sent.entry(call.kind()).or_default();
        let sampled = *before == 0;
        *before = (*before).wrapping_add(1) % SAMPLED;
        sampled
    }
}
