//! Taking back what a row added when the row cannot be completed; opt-in, and numbers only: a location is never removed.

use super::numbers::{self, Inventory};
use crate::domain::{Operation, PendingReason, PhoneNumber, RemoteId, Step};
use crate::runner::engine::{Decision, Eyes, Goal, Missing, Shown, Work};
use crate::runner::flow::{Cause, Flow, Stop};
use crate::runner::memory::sites::Site;
use crate::store;
use crate::webex::{Reply, site_calls};

/// The most numbers in one request (webex.md 3.7).
const AT_ONCE: usize = 5;

/// Takes back the numbers that this attempt added and that nothing uses, if the row ends pending. Then nothing of the
/// row is left in Webex by them, and its reason is the cause itself (R8).
pub(crate) async fn compensate<T>(work: &mut Work<'_>, result: Flow<T>) -> Flow<T> {
    match result {
        Err(Stop::Pending(cause)) if is_due(work, &cause) => Err(take_back(work, cause).await),
        result => result,
    }
}

/// Not while nobody knows what became of a write: it may have used the number.
fn is_due(work: &Work<'_>, cause: &Cause) -> bool {
    let may = work.eyes.memory.ground.settings.compensate && cause.reason != PendingReason::AuthInvalid;
    may && !work.eyes.only_looks && !work.added.is_empty() && !work.left_doubt()
}

/// Gives what the row ends with: its cause, and what of the numbers could not be taken back.
async fn take_back(work: &mut Work<'_>, cause: Cause) -> Stop {
    work.fail_open_step(&cause.message);
    let added = std::mem::take(&mut work.added);
    for chunk in added.chunk_by(|(one, _), (other, _)| one.same_as(other)) {
        for part in chunk.chunks(AT_ONCE) {
            match delete(work, part).await {
                Ok(()) => {}
                Err(Stop::Pending(why)) => {
                    return Stop::Pending(cause.saying(|message| {
                        format!("{message}; taking back {} failed: {}", listed(part), why.message)
                    }));
                }
                Err(stop) => return stop,
            }
        }
    }
    let (row_id, attempt) = (work.eyes.row.row_id, work.eyes.row.attempt);
    let numbers: Vec<PhoneNumber> = added.into_iter().map(|(_, number)| number).collect();
    work.store(move |connection| store::take_back_numbers(connection, row_id, attempt, &numbers));
    Stop::Pending(
        cause.saying(|message| format!("{message} (the numbers that the row had added were taken back)")),
    )
}

/// Removes numbers of one location.
async fn delete(work: &mut Work<'_>, part: &[(RemoteId, PhoneNumber)]) -> Flow<()> {
    let Some((location, _)) = part.first() else { return Ok(()) };
    let site = Site { id: location.clone(), name: String::new(), home: None, number_state: None };
    let numbers = part.iter().map(|(_, number)| number.clone()).collect();
    work.reach(&NumbersGone { site, numbers }).await.map(|_| ())
}

/// The numbers, which this attempt added, are not in the location any more.
struct NumbersGone {
    site: Site,
    numbers: Vec<PhoneNumber>,
}

impl Goal for NumbersGone {
    type Seen = Inventory;
    type Got = ();

    fn writes_in(&self) -> Step {
        Step::Compensate
    }

    /// Earlier attempts took back their own.
    fn writes(&self) -> &'static [Operation] {
        &[]
    }

    async fn known(&self, _eyes: &mut Eyes<'_>) -> Flow<Option<Inventory>> {
        Ok(Some(Inventory::default()))
    }

    async fn look(&self, eyes: &mut Eyes<'_>) -> Flow<Inventory> {
        numbers::inventory_of(eyes, &self.site, &self.numbers).await
    }

    fn decide(&self, seen: &Inventory) -> Decision<()> {
        let there: Vec<PhoneNumber> =
            self.numbers.iter().filter(|number| !seen.missing.contains(number)).cloned().collect();
        if there.is_empty() {
            return Decision::InPlace { got: (), proof: "the numbers are not in the location".to_owned() };
        }
        let words = format!("take back {}", named(&there));
        Decision::Missing(Missing::whole(site_calls::delete_numbers(&self.site.id, &there), words))
    }

    fn shown(&self, _reply: &Reply) -> Shown<()> {
        Shown::Proved(())
    }

    fn would_be(&self) {}
}

fn listed(numbers: &[(RemoteId, PhoneNumber)]) -> String {
    named(&numbers.iter().map(|(_, number)| number.clone()).collect::<Vec<_>>())
}

fn named(numbers: &[PhoneNumber]) -> String {
    let shown = numbers.iter().take(10).map(PhoneNumber::as_str).collect::<Vec<_>>().join(", ");
    let more = numbers.len().saturating_sub(10);
    if more > 0 { format!("{shown} and {more} more") } else { shown }
}
