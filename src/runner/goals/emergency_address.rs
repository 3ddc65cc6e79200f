//! The address of a location that has PSTN: it is changed through its emergency address only (webex.md 3.3).

use serde_json::Value;

use super::decide;
use crate::domain::{Difference, LocationRecord, Operation, PendingReason, RemoteId, Step};
use crate::runner::engine::{Confirm, Decision, Eyes, Goal, Missing, Shown};
use crate::runner::flow::{Cause, Flow};
use crate::webex::{Reply, calls, site_calls};

/// The location has the row's address.
///
/// No request shows the id of an emergency address. One that this row added is changed; else one is added, and what an
/// earlier attempt may have added is looked for first, since a second would be another.
pub(crate) struct EmergencyAddress<'a> {
    pub(crate) location: &'a LocationRecord,
    pub(crate) id: &'a RemoteId,
    /// The location as lists show it.
    pub(crate) listed: &'a Value,
    /// The emergency address that an earlier attempt added.
    pub(crate) added: Option<RemoteId>,
}

impl Goal for EmergencyAddress<'_> {
    type Seen = Value;
    type Got = ();

    fn writes_in(&self) -> Step {
        Step::LocationUpdate
    }

    fn writes(&self) -> &'static [Operation] {
        &[Operation::EmergencyAddressAdd, Operation::EmergencyAddressUpdate]
    }

    fn confirms(&self) -> Confirm {
        Confirm::Missing
    }

    async fn known(&self, _eyes: &mut Eyes<'_>) -> Flow<Option<Value>> {
        Ok(Some(self.listed.clone()))
    }

    async fn look(&self, eyes: &mut Eyes<'_>) -> Flow<Value> {
        Ok(eyes.read(calls::location(self.id)).await?.body)
    }

    fn decide(&self, seen: &Value) -> Decision<()> {
        if decide::is_address(self.location, seen) {
            return Decision::InPlace { got: (), proof: "the location has the row's address".to_owned() };
        }
        let body = calls::address(self.location, false);
        let write = match &self.added {
            Some(address) => site_calls::update_emergency_address(self.id, address, body),
            None => site_calls::add_emergency_address(self.id, body),
        };
        let differences = vec![decide::addresses(self.location, seen)];
        Decision::Missing(Missing {
            write,
            words: "change the address of the location".to_owned(),
            differences,
        })
    }

    fn reads_beside(&self, _seen: &Value) -> u32 {
        2
    }

    fn shown(&self, _reply: &Reply) -> Shown<()> {
        Shown::ToReadBack
    }

    fn would_be(&self) {}

    fn names(&self, difference: &Difference) -> String {
        decide::named(difference)
    }
}

/// What the token lacks where it may not change the address.
pub(crate) fn with_scope(cause: Cause) -> Cause {
    match cause.reason {
        PendingReason::PermissionDenied => cause.saying(|message| {
            format!("{message}; the token needs the scope spark-admin:telephony_pstn_write for the address of a location with PSTN")
        }),
        _ => cause,
    }
}
