//! A location is enabled for calling.

use super::directory;
use crate::domain::{Fact, LocationRecord, Operation, RemoteId, Step};
use crate::runner::engine::{Decision, Eyes, Goal, Missing, Shown};
use crate::runner::flow::{Flow, stop_for};
use crate::webex::{Reply, Trouble, calls};

/// The location is a calling location.
pub(crate) struct SiteCalling<'a> {
    pub(crate) location: &'a LocationRecord,
    pub(crate) id: &'a RemoteId,
    pub(crate) name: &'a str,
    /// Whether this row made the location, so that nobody can have enabled it.
    pub(crate) created: bool,
}

impl Goal for SiteCalling<'_> {
    type Seen = bool;
    type Got = ();

    fn writes_in(&self) -> Step {
        Step::LocationEnableCalling
    }

    fn writes(&self) -> &'static [Operation] {
        &[Operation::CallingLocationEnable]
    }

    fn gives(&self) -> Option<Fact> {
        Some(Fact::Site)
    }

    async fn known(&self, eyes: &mut Eyes<'_>) -> Flow<Option<bool>> {
        let listed = directory::location_by_id(eyes, self.id).await?.is_some_and(|seen| seen.calling_enabled);
        Ok((listed || self.created).then_some(listed))
    }

    /// Enabling twice is not known to be harmless (webex.md 3.4): what this run did not create is asked for first.
    async fn look(&self, eyes: &mut Eyes<'_>) -> Flow<bool> {
        match eyes.try_read(calls::calling_location(self.id)).await? {
            Ok(_) => Ok(true),
            // Both mean: not a calling location (webex.md 3.4).
            Err(Trouble::Refused(refusal)) if refusal.status == 400 || refusal.is_not_found() => Ok(false),
            Err(trouble) => stop_for(Operation::CallingLocationGet, &trouble),
        }
    }

    fn decide(&self, enabled: &bool) -> Decision<()> {
        match enabled {
            true => Decision::InPlace { got: (), proof: "is a calling location".to_owned() },
            false => Decision::Missing(Missing::whole(
                calls::enable_location(self.id, self.name, self.location),
                "enable the location for calling",
            )),
        }
    }

    fn shown(&self, reply: &Reply) -> Shown<()> {
        Shown::about(reply, "id", self.id)
    }

    fn would_be(&self) {}
}
