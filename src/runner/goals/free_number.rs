//! A number that a person is to have (R16).

use super::directory;
use super::numbers::{explain, is_refusal, named, took_effect, whose};
use super::pstn;
use crate::domain::{NumberState, Operation, PendingReason, PhoneNumber, RemoteId, Step};
use crate::runner::engine::{By, Decision, Eyes, Goal, Missing, Sender, Shown, Work};
use crate::runner::flow::{Cause, Flow, Stop};
use crate::runner::memory::sites::Site;
use crate::webex::wire::NumberEntry;
use crate::webex::{Budget, Reply, Trace, Trouble, Write, site_calls};

/// A number that a person is to have is in the location and free; what is missing is added if it may be (R16).
pub(crate) async fn require(
    work: &mut Work<'_>,
    site: &Site,
    number: &PhoneNumber,
    person: &RemoteId,
) -> Flow<()> {
    let may_add = work.eyes.memory.ground.settings.add_missing_numbers;
    let goal = FreeNumber { site, number, person, may_add };
    match work.reach(&goal).await {
        Ok(reached) => {
            if reached.by == By::Answer {
                work.added.push((site.id.clone(), number.clone()));
                work.eyes.note_state(number, site.added_state() == NumberState::Inactive);
                if work.eyes.only_looks {
                    let one = std::slice::from_ref(number);
                    work.eyes.memory.to_come.expect_numbers(work.eyes.row.row_id, one);
                }
            }
            Ok(())
        }
        Err(Stop::Pending(cause)) => Err(not_added(&mut work.eyes, site, number, cause).await?),
        Err(stop) => Err(stop),
    }
}

/// Why a number was not added, as far as Webex or the inventory tells.
async fn not_added(eyes: &mut Eyes<'_>, site: &Site, number: &PhoneNumber, cause: Cause) -> Flow<Stop> {
    if is_refusal(&cause) {
        let refused = explain(eyes, site, std::slice::from_ref(number), &cause).await?;
        return Ok(Stop::Pending(cause.saying(|_| format!("not added: {}", named(&refused)))));
    }
    if cause.http_status == Some(404) && cause.reason != PendingReason::OutOfScope {
        let name = &site.name;
        return Ok(Stop::Pending(cause.saying(|message| {
            format!("not added: {number} ({message}); most likely {name:?} has no PSTN connection: state one in its row, or connect it in Control Hub")
        })));
    }
    Ok(Stop::Pending(cause))
}

/// The number is in the location, and nobody else has it.
pub(crate) struct FreeNumber<'a> {
    pub(crate) site: &'a Site,
    pub(crate) number: &'a PhoneNumber,
    pub(crate) person: &'a RemoteId,
    pub(crate) may_add: bool,
}

/// What was seen of a number.
pub(crate) enum NumberSeen {
    /// The lists of the phase have it in the location, free.
    Free,
    /// The list of numbers has this.
    Held(NumberEntry),
    /// It does not have it, and why it cannot be added to the location if it cannot.
    Missing(Option<Cause>),
}

impl Goal for FreeNumber<'_> {
    type Seen = NumberSeen;
    type Got = ();

    fn writes_in(&self) -> Step {
        Step::NumberAdd
    }

    fn writes(&self) -> &'static [Operation] {
        &[Operation::NumbersAdd, Operation::NumbersDelete]
    }

    async fn known(&self, eyes: &mut Eyes<'_>) -> Flow<Option<NumberSeen>> {
        let to_come = eyes.only_looks && eyes.memory.to_come.has_number(eyes.row.row_id, self.number);
        if to_come || directory::is_free_in_lists(eyes, self.number, &self.site.id).await? {
            return Ok(Some(NumberSeen::Free));
        }
        // A run asks for everything else anew.
        if !eyes.only_looks || !eyes.memory.lists.numbers_are_complete() {
            return Ok(None);
        }
        let entry = directory::entry_in_lists(eyes, self.number).await?;
        self.seen(eyes, entry).await.map(Some)
    }

    async fn look(&self, eyes: &mut Eyes<'_>) -> Flow<NumberSeen> {
        let entry = directory::holder_of_number(eyes, self.number).await?;
        self.seen(eyes, entry).await
    }

    fn decide(&self, seen: &NumberSeen) -> Decision<()> {
        let (site, number) = (self.site, self.number);
        match seen {
            NumberSeen::Free => {
                Decision::InPlace { got: (), proof: format!("the list has {number} in the location, free") }
            }
            NumberSeen::Held(entry) => match conflict(entry, site, number, self.person) {
                Some(cause) => Decision::Stop(cause),
                None => Decision::InPlace {
                    got: (),
                    proof: format!("{number} is in the inventory of the location and free"),
                },
            },
            NumberSeen::Missing(_) if !self.may_add => Decision::Stop(Cause::new(
                PendingReason::PreconditionMissing,
                format!(
                    "the number {number} is not in the inventory of {:?}: add it in Control Hub, or set ADD_MISSING_NUMBERS=true",
                    site.name
                ),
            )),
            NumberSeen::Missing(Some(cause)) => Decision::Stop(cause.clone()),
            NumberSeen::Missing(None) => {
                let one = std::slice::from_ref(number);
                let write = site_calls::add_numbers(&site.id, one, site.added_state());
                Decision::Missing(Missing::whole(write, format!("add {number} to {:?}", site.name)))
            }
        }
    }

    fn shown(&self, _reply: &Reply) -> Shown<()> {
        Shown::Proved(())
    }

    fn would_be(&self) {}

    fn took_effect(&self, seen: &NumberSeen, operation: Operation, number: &PhoneNumber) -> Option<bool> {
        let missing = matches!(seen, NumberSeen::Missing(_));
        (number == self.number).then_some(missing).and_then(|missing| took_effect(operation, missing))
    }

    /// Together with those of other rows that wait for the same location.
    async fn send(
        &self,
        sender: Sender<'_>,
        _write: &Write,
        budget: &mut Budget,
        trace: &mut Trace,
    ) -> Result<Reply, Trouble> {
        let shared = sender.memory.sites.of(&self.site.id);
        shared.add_number(sender.webex, self.site, self.number, budget, trace).await
    }
}

impl FreeNumber<'_> {
    async fn seen(&self, eyes: &mut Eyes<'_>, entry: Option<NumberEntry>) -> Flow<NumberSeen> {
        match entry {
            Some(entry) => Ok(NumberSeen::Held(entry)),
            None if self.may_add => Ok(NumberSeen::Missing(pstn::why_no_numbers(eyes, self.site).await?)),
            None => Ok(NumberSeen::Missing(None)),
        }
    }
}

/// Why a person cannot have a number that the list has.
fn conflict(entry: &NumberEntry, site: &Site, number: &PhoneNumber, person: &RemoteId) -> Option<Cause> {
    if entry.location.as_ref().is_some_and(|id| !id.same_as(&site.id)) {
        return Some(Cause::new(
            PendingReason::PreconditionMissing,
            format!("{}, not to {:?}", whose(number, entry), site.name),
        ));
    }
    let owner = entry.owner.as_ref()?;
    let theirs = owner.id.as_ref().is_some_and(|id| id.same_as(person));
    (!theirs).then(|| {
        Cause::new(
            PendingReason::NonRetryableExternal,
            format!(
                "the number {number} is taken by {} {}: free it, or state another",
                owner.kind, owner.name
            ),
        )
    })
}
