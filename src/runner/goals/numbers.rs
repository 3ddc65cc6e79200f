//! The numbers of locations: what is in place is found, what is missing is added, what is refused is named (R16).

use std::collections::BTreeMap;

use super::directory;
use super::pstn;
use crate::domain::{Difference, NumberState, Operation, PendingReason, PhoneNumber, Step, StepState};
use crate::runner::engine::{By, Decision, Eyes, Goal, Missing, Shown, Work};
use crate::runner::flow::{Cause, Flow, Stop, pending};
use crate::runner::memory::sites::{NUMBERS_AT_ONCE, Site};
use crate::webex::wire::{self, NumberEntry};
use crate::webex::{Reply, calls, site_calls};

/// So many numbers are looked up one by one; for more the location's list is cheaper.
const ONE_BY_ONE: usize = 3;

/// How often the rest of a request is sent again without the numbers that it was refused for.
const REFUSALS: usize = 4;

/// How many refused numbers a message names.
const NAMED: usize = 10;

/// A number that Webex does not take, and why.
pub(crate) struct Refused(pub(crate) PhoneNumber, pub(crate) String);

/// What a location's inventory has of some numbers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Inventory {
    pub(crate) missing: Vec<PhoneNumber>,
    pub(super) active: usize,
    pub(super) inactive: usize,
}

/// Puts numbers into the location's inventory; says how many were missing, and what of the others is otherwise than stated.
pub(crate) async fn add_to_location(
    work: &mut Work<'_>,
    site: &Site,
    wanted: &[PhoneNumber],
) -> Flow<Vec<String>> {
    work.begin(Step::LocationAddNumbers);
    settle(&work.eyes).await?;
    let inventory = inventory_of(&mut work.eyes, site, wanted).await?;
    let otherwise = in_another_state(site, &inventory);
    for operation in [Operation::NumbersAdd, Operation::NumbersDelete] {
        work.resolve_numbers(operation, |number| {
            let missing = wanted.contains(number).then(|| inventory.missing.contains(number))?;
            took_effect(operation, missing)
        });
    }
    let missing = inventory.missing;
    if missing.is_empty() {
        work.done(StepState::Unchanged, format!("the location has all {} numbers", wanted.len()));
        return Ok(["0 numbers added".to_owned()].into_iter().chain(otherwise).collect());
    }
    pstn::require_managed_numbers(&mut work.eyes, site).await?;
    let mut refused = Vec::new();
    for chunk in missing.chunks(NUMBERS_AT_ONCE) {
        refused.extend(add_chunk(work, site, chunk).await?);
    }
    if work.eyes.only_looks {
        work.eyes.memory.to_come.expect_numbers(work.eyes.row.row_id, &missing);
    }
    if refused.is_empty() {
        let added = format!("{} numbers added", missing.len());
        return Ok([added].into_iter().chain(otherwise).collect());
    }
    pending(
        PendingReason::NonRetryableExternal,
        format!(
            "{} of {} numbers were refused: {}; the others are in the location",
            refused.len(),
            wanted.len(),
            named(&refused)
        ),
    )
}

/// What stays as it is: wxbulk never deactivates, and activates only where that is stated.
fn in_another_state(site: &Site, inventory: &Inventory) -> Option<String> {
    let Inventory { active, inactive, .. } = inventory;
    match site.number_state {
        Some(NumberState::Inactive) if *active > 0 => {
            Some(format!("{active} of its numbers are active already and stay so (nothing is deactivated)"))
        }
        None if *inactive > 0 => {
            Some(format!("{inactive} of its numbers are not active yet (nothing states number_state ACTIVE)"))
        }
        _ => None,
    }
}

/// What a look at a number says of an earlier request about it.
pub(crate) const fn took_effect(operation: Operation, missing: bool) -> Option<bool> {
    match operation {
        Operation::NumbersAdd => Some(!missing),
        Operation::NumbersDelete => Some(missing),
        _ => None,
    }
}

/// An earlier attempt may have added what does not show yet.
async fn settle(eyes: &Eyes<'_>) -> Flow<()> {
    if eyes.left_in_doubt(Operation::NumbersAdd) { eyes.wait_for_earlier().await } else { Ok(()) }
}

/// Adds the numbers of one request; gives those that are refused, however they were sent.
async fn add_chunk(work: &mut Work<'_>, site: &Site, chunk: &[PhoneNumber]) -> Flow<Vec<Refused>> {
    let mut goal = NumbersThere { site, numbers: chunk.to_vec(), are_missing: true };
    let mut refused: Vec<Refused> = Vec::new();
    // What is refused is taken away; a second refusal of the rest is rare, many are a defect.
    for _ in 0..REFUSALS {
        if goal.numbers.is_empty() {
            return Ok(refused);
        }
        let cause = match work.reach(&goal).await {
            Ok(reached) => {
                if reached.by == By::Answer {
                    let numbers = reached.got.into_iter().map(|number| (site.id.clone(), number));
                    work.added.extend(numbers);
                }
                return Ok(refused);
            }
            Err(Stop::Pending(cause)) if is_refusal(&cause) => cause,
            Err(stop) => return Err(stop),
        };
        let found = explain(&mut work.eyes, site, &goal.numbers, &cause).await?;
        if found.is_empty() {
            return Err(Stop::Pending(cause));
        }
        goal.numbers.retain(|number| !found.iter().any(|Refused(known, _)| known == number));
        goal.are_missing = false;
        refused.extend(found);
    }
    let left = goal.numbers.into_iter();
    refused.extend(left.map(|number| Refused(number, "not taken after several requests".to_owned())));
    Ok(refused)
}

/// The numbers are in the location.
pub(crate) struct NumbersThere<'a> {
    pub(crate) site: &'a Site,
    pub(crate) numbers: Vec<PhoneNumber>,
    /// Whether a look a moment ago showed none of them.
    pub(crate) are_missing: bool,
}

impl Goal for NumbersThere<'_> {
    type Seen = Inventory;
    /// The numbers.
    type Got = Vec<PhoneNumber>;

    fn writes_in(&self) -> Step {
        Step::LocationAddNumbers
    }

    /// What a look says of earlier attempts was noted by the look at all numbers of the row.
    fn writes(&self) -> &'static [Operation] {
        &[]
    }

    async fn known(&self, _eyes: &mut Eyes<'_>) -> Flow<Option<Inventory>> {
        let inventory = || Inventory { missing: self.numbers.clone(), ..Inventory::default() };
        Ok(self.are_missing.then(inventory))
    }

    async fn look(&self, eyes: &mut Eyes<'_>) -> Flow<Inventory> {
        inventory_of(eyes, self.site, &self.numbers).await
    }

    fn decide(&self, seen: &Inventory) -> Decision<Vec<PhoneNumber>> {
        let missing = &seen.missing;
        if missing.is_empty() {
            let proof = format!("the location has {} numbers", self.numbers.len());
            return Decision::InPlace { got: self.numbers.clone(), proof };
        }
        let difference = |number: &PhoneNumber| Difference {
            field: number.to_string(),
            found: String::new(),
            wanted: format!("in {:?}", self.site.name),
        };
        Decision::Missing(Missing {
            write: site_calls::add_numbers(&self.site.id, missing, self.site.added_state()),
            words: format!("add {} numbers to {:?}", missing.len(), self.site.name),
            differences: missing.iter().map(difference).collect(),
        })
    }

    fn shown(&self, _reply: &Reply) -> Shown<Vec<PhoneNumber>> {
        Shown::Proved(self.numbers.clone())
    }

    fn would_be(&self) -> Vec<PhoneNumber> {
        self.numbers.clone()
    }
}

/// Where a number is that is not where it should be.
pub(crate) fn whose(number: &PhoneNumber, entry: &NumberEntry) -> String {
    let held = entry.owner.as_ref().map(|owner| format!(" and is held by {} {}", owner.kind, owner.name));
    format!(
        "the number {number} belongs to the location {:?}{}",
        entry.location_name,
        held.unwrap_or_default()
    )
}

/// Webex said no to the request for something in it.
pub(crate) fn is_refusal(cause: &Cause) -> bool {
    matches!(cause.http_status, Some(400 | 409))
}

/// Which numbers of a refused request it was refused for, as far as Webex or the inventory tells.
pub(crate) async fn explain(
    eyes: &mut Eyes<'_>,
    site: &Site,
    numbers: &[PhoneNumber],
    cause: &Cause,
) -> Flow<Vec<Refused>> {
    let named = named_by(cause, numbers, site);
    if !named.is_empty() {
        return Ok(named);
    }
    let mut found = Vec::new();
    for number in numbers {
        let entry = directory::holder_of_number(eyes, number).await?;
        let elsewhere = entry.filter(|entry| !entry.location.as_ref().is_some_and(|id| id.same_as(&site.id)));
        found.extend(elsewhere.map(|entry| Refused(number.clone(), whose(number, &entry))));
    }
    match (found.is_empty(), numbers) {
        (true, [only]) => Ok(vec![Refused(only.clone(), cause.message.clone())]),
        _ => Ok(found),
    }
}

/// Those of the numbers that the refusal itself names.
pub(crate) fn named_by(cause: &Cause, numbers: &[PhoneNumber], site: &Site) -> Vec<Refused> {
    let told =
        |number: &PhoneNumber| cause.numbers.iter().find(|(known, _)| number.is_spelled(known, site.home));
    numbers.iter().filter_map(|number| Some(Refused(number.clone(), told(number)?.1.clone()))).collect()
}

pub(crate) fn named(refused: &[Refused]) -> String {
    let shown = refused.iter().take(NAMED).map(|Refused(number, why)| format!("{number} ({why})"));
    let mut text = shown.collect::<Vec<_>>().join("; ");
    if let Some(more) = refused.len().checked_sub(NAMED).filter(|more| *more > 0) {
        text.push_str(&format!("; and {more} more"));
    }
    text
}

/// What the location's inventory has of these numbers.
pub(crate) async fn inventory_of(
    eyes: &mut Eyes<'_>,
    site: &Site,
    numbers: &[PhoneNumber],
) -> Flow<Inventory> {
    let mut held: BTreeMap<String, bool> = BTreeMap::new();
    let mut take = |entry: NumberEntry| {
        let number = entry.number.clone().filter(|_| is_of(&entry, site));
        held.extend(number.map(|number| (number, entry.inactive)));
    };
    if eyes.is_to_come(&site.id) {
        return Ok(Inventory { missing: numbers.to_vec(), ..Inventory::default() });
    }
    if numbers.len() <= ONE_BY_ONE {
        for number in numbers {
            directory::holder_of_number(eyes, number).await?.map(&mut take);
        }
    } else {
        let call = calls::numbers_of_location(&site.id);
        let listed = eyes.pages(call, "phoneNumbers", wire::number_entry).await?;
        listed.into_iter().for_each(take);
    }
    let (here, missing): (Vec<_>, Vec<_>) =
        numbers.iter().cloned().partition(|number| held.contains_key(number.as_str()));
    let inactive = here.iter().filter(|number| held.get(number.as_str()) == Some(&true)).count();
    Ok(Inventory { missing, active: here.len().saturating_sub(inactive), inactive })
}

/// Whether an entry is of this location; one that names none is.
pub(crate) fn is_of(entry: &NumberEntry, site: &Site) -> bool {
    entry.location.as_ref().is_none_or(|id| id.same_as(&site.id))
}
