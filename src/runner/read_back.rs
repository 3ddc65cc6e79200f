//! A status is no proof that a field was taken: Webex drops some values in silence (webex.md 1.5). What may be refused so is
//! read back after the write; of the rest a sample is: the first write of each object of settings in a run, and one in a
//! hundred.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use super::overlay::Wanted;
use super::work::Cause;
use crate::domain::{Feature, PendingReason, SettingKind};

/// One write in so many is read back, whatever it wrote.
const ONE_IN: u32 = 100;

/// Which writes of settings this run has read back.
#[derive(Debug, Default)]
pub(super) struct Sample {
    features: RefCell<BTreeSet<&'static str>>,
    writes: Cell<u32>,
}

impl Sample {
    /// Whether this write is to be read back.
    pub(super) fn wants(&self, feature: Feature, wanted: &[Wanted]) -> bool {
        let writes = self.writes.get().saturating_add(1);
        self.writes.set(writes);
        let first = self.features.borrow_mut().insert(feature.as_str());
        first || writes.is_multiple_of(ONE_IN) || may_be_dropped(feature, wanted)
    }
}

/// Numbers must be of the organisation, or ones that may be dialled: others are dropped without a word.
fn may_be_dropped(feature: Feature, wanted: &[Wanted]) -> bool {
    let number = |one: &Wanted| matches!(one.setting.kind, SettingKind::Phone | SettingKind::Destination);
    feature == Feature::EmergencyCallback || wanted.iter().any(number)
}

/// Why a row is pending whose write was accepted and does not show.
pub(super) fn not_applied(what: &str) -> Cause {
    let message = format!(
        "accepted but not applied: Webex took {what} and does not show it; see in Control Hub what it allows there, or \
         correct the row"
    );
    Cause::new(PendingReason::NonRetryableExternal, message)
}
