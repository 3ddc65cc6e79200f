//! A status is no proof that a field was taken: Webex drops some values in silence (webex.md 1.5). What may be refused so is
//! read back after the write.

use super::overlay::Wanted;
use super::work::Cause;
use crate::domain::{Feature, PendingReason, SettingKind};

/// Numbers must be of the organisation, or ones that may be dialled: others are dropped without a word.
pub(super) fn may_be_dropped(feature: Feature, wanted: &[Wanted]) -> bool {
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
