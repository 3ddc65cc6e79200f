//! One thing that a row wants to be so in Webex.

use super::eyes::Eyes;
use super::sender::Sender;
use super::verdict::Shown;
use crate::domain::{Difference, Fact, Feature, Operation, PhoneNumber, Step};
use crate::runner::flow::{Cause, Flow};
use crate::webex::{Budget, Reply, Trace, Trouble, Write};

/// What is not believed of what is known, but looked for, before a run acts on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Confirm {
    /// All is believed.
    Nothing,
    /// That it is missing.
    Missing,
}

/// What a goal makes of what was seen.
#[derive(Debug)]
pub(crate) enum Decision<G> {
    /// It is so.
    InPlace {
        /// What the goal gives.
        got: G,
        /// What proves it.
        proof: String,
    },
    /// It is not, and this write makes it so.
    Missing(Missing),
    /// It is not, and no write of this goal may make it so.
    Stop(Cause),
}

/// What is missing, and the write that brings it about.
#[derive(Debug)]
pub(crate) struct Missing {
    pub(crate) write: Write,
    /// What the write does, in the imperative: `connect it by "Trunk 1"`.
    pub(crate) words: String,
    /// The values that it changes, among them all that a look-up can compare afterwards.
    pub(crate) differences: Vec<Difference>,
}

impl Missing {
    /// A write that makes or gives something as a whole.
    pub(crate) fn whole(write: Write, words: impl Into<String>) -> Missing {
        Missing { write, words: words.into(), differences: Vec::new() }
    }

    /// Whether some of what another write was to change is in place.
    pub(super) fn lacks_less_than(&self, sent: &Missing) -> bool {
        let lacks = |field: &str| self.differences.iter().any(|left| left.field == field);
        sent.differences.iter().any(|sent| !lacks(&sent.field))
    }
}

/// One thing that a row wants to be so in Webex. A write is in place exactly when `decide` would not send it.
pub(crate) trait Goal {
    /// What a look shows.
    type Seen;
    /// What the goal gives to the goals behind it.
    type Got;

    /// The step in which it is looked for.
    fn looks_in(&self) -> Step {
        self.writes_in()
    }

    /// The step in which it is written.
    fn writes_in(&self) -> Step;

    /// Writes of earlier attempts of which a look at this goal tells the end.
    fn writes(&self) -> &'static [Operation];

    /// The object of settings that it is about.
    fn feature(&self) -> Option<Feature> {
        None
    }

    /// What rows that depend on this one read of it.
    fn gives(&self) -> Option<Fact> {
        None
    }

    /// What certainly is not so as long as this is missing.
    fn denies(&self) -> Option<Fact> {
        self.gives()
    }

    /// What is not believed of what is known.
    fn confirms(&self) -> Confirm {
        Confirm::Nothing
    }

    /// What is known without a request: by the lists of the phase, and by what earlier goals of the row saw. `None` where
    /// only a look tells.
    async fn known(&self, _eyes: &mut Eyes<'_>) -> Flow<Option<Self::Seen>> {
        Ok(None)
    }

    /// Asks Webex now.
    async fn look(&self, eyes: &mut Eyes<'_>) -> Flow<Self::Seen>;

    /// What is to be done about it. Pure.
    fn decide(&self, seen: &Self::Seen) -> Decision<Self::Got>;

    /// What an accepted answer shows.
    fn shown(&self, reply: &Reply) -> Shown<Self::Got>;

    /// What the goal would give after its write, of things to come.
    fn would_be(&self) -> Self::Got;

    /// Whether what is in place is what a write of this goal makes, and not what somebody else made.
    fn is_ours(&self, _seen: &Self::Seen) -> bool {
        true
    }

    /// Whether a write about this number took effect, as far as the look tells.
    fn took_effect(&self, _seen: &Self::Seen, _operation: Operation, _number: &PhoneNumber) -> Option<bool> {
        None
    }

    /// How many look-ups a run makes around the write that a survey does without: before it, and to read it back.
    fn reads_beside(&self, _seen: &Self::Seen) -> u32 {
        0
    }

    /// Sends the write; otherwise only where it is shared with other rows.
    async fn send(
        &self,
        sender: Sender<'_>,
        write: &Write,
        budget: &mut Budget,
        trace: &mut Trace,
    ) -> Result<Reply, Trouble> {
        sender.send(write, budget, trace).await
    }

    /// A difference in the words of "accepted but not applied".
    fn names(&self, difference: &Difference) -> String {
        difference.field.clone()
    }
}
