//! The numbers of locations: what is in place is found, what is missing is added, what is refused is named (R16).

use std::collections::BTreeMap;

use super::directory;
use super::pstn;
use super::shared::NUMBERS_AT_ONCE;
use super::site::Site;
use super::work::{Cause, Flow, RowWork, Stop, pending};
use super::write::Shown;
use crate::domain::{NumberState, Operation, PendingReason, PhoneNumber, RemoteId, Step, StepState};
use crate::webex::wire::{self, NumberEntry};
use crate::webex::{Budget, Call, Trace, calls, site_calls};

/// So many numbers are looked up one by one; for more the location's list is cheaper.
const ONE_BY_ONE: usize = 3;

/// How often the rest of a request is sent again without the numbers that it was refused for.
const REFUSALS: usize = 4;

/// How many refused numbers a message names.
const NAMED: usize = 10;

/// A number that Webex does not take, and why.
pub(super) struct Refused(pub(super) PhoneNumber, pub(super) String);

/// What a location's inventory has of some numbers.
struct Inventory {
    missing: Vec<PhoneNumber>,
    active: usize,
    inactive: usize,
}

/// Puts numbers into the location's inventory; says how many were missing, and what of the others is otherwise than stated.
pub(super) async fn add_to_location(
    work: &mut RowWork<'_>,
    site: &Site,
    wanted: &[PhoneNumber],
) -> Flow<Vec<String>> {
    work.begin(Step::LocationAddNumbers);
    settle(work).await?;
    let inventory = inventory_of(work, site, wanted).await?;
    let otherwise = in_another_state(site, &inventory);
    let missing = inventory.missing;
    resolve_earlier(work, wanted, &missing);
    if missing.is_empty() {
        work.done(StepState::Unchanged, format!("the location has all {} numbers", wanted.len()));
        return Ok(["0 numbers added".to_owned()].into_iter().chain(otherwise).collect());
    }
    pstn::require_managed_numbers(work, site).await?;
    let mut refused = Vec::new();
    for chunk in missing.chunks(NUMBERS_AT_ONCE) {
        refused.extend(add_chunk(work, site, chunk).await?);
    }
    if refused.is_empty() {
        work.done(StepState::Applied, format!("added {} of {} numbers", missing.len(), wanted.len()));
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

/// A number that a person is to have must be in the location and free; what is missing is added if it may be (R16).
pub(super) async fn require(
    work: &mut RowWork<'_>,
    site: &Site,
    number: &PhoneNumber,
    person: &RemoteId,
) -> Flow<()> {
    work.begin(Step::NumberAdd);
    if directory::is_free_in_lists(work, number, &site.id).await? {
        resolve_earlier(work, std::slice::from_ref(number), &[]);
        work.done(StepState::Unchanged, format!("the list has {number} in the location, free"));
        return Ok(());
    }
    settle(work).await?;
    let entry = directory::holder_of_number(work, number).await?;
    let one = std::slice::from_ref(number);
    resolve_earlier(work, one, if entry.is_some() { &[] } else { one });
    if let Some(entry) = entry {
        refuse_conflict(&entry, site, number, person)?;
        work.done(StepState::Unchanged, format!("{number} is in the inventory of the location and free"));
        return Ok(());
    }
    if !work.context.settings.add_missing_numbers {
        return pending(
            PendingReason::PreconditionMissing,
            format!(
                "the number {number} is not in the inventory of {:?}: add it in Control Hub, or set ADD_MISSING_NUMBERS=true",
                site.name
            ),
        );
    }
    pstn::require_managed_numbers(work, site).await?;
    add_one(work, site, number).await?;
    work.done(StepState::Applied, format!("added {number} to the location"));
    Ok(())
}

/// Records what a look-up of numbers says of requests of earlier attempts.
fn resolve_earlier(work: &mut RowWork<'_>, looked_at: &[PhoneNumber], missing: &[PhoneNumber]) {
    let is_missing = |number: &PhoneNumber| looked_at.contains(number).then(|| missing.contains(number));
    work.resolve_numbers(Operation::NumbersAdd, |number| is_missing(number).map(|missing| !missing));
    work.resolve_numbers(Operation::NumbersDelete, is_missing);
}

/// An earlier attempt may have added what does not show yet.
async fn settle(work: &mut RowWork<'_>) -> Flow<()> {
    if work.left_in_doubt(Operation::NumbersAdd) { work.settle_earlier().await } else { Ok(()) }
}

fn refuse_conflict(entry: &NumberEntry, site: &Site, number: &PhoneNumber, person: &RemoteId) -> Flow<()> {
    if entry.location.as_ref().is_some_and(|id| !id.same_as(&site.id)) {
        return pending(
            PendingReason::PreconditionMissing,
            format!("{}, not to {:?}", whose(number, entry), site.name),
        );
    }
    match &entry.owner {
        Some(owner) if !owner.id.as_ref().is_some_and(|id| id.same_as(person)) => pending(
            PendingReason::NonRetryableExternal,
            format!(
                "the number {number} is taken by {} {}: free it, or state another",
                owner.kind, owner.name
            ),
        ),
        _ => Ok(()),
    }
}

fn whose(number: &PhoneNumber, entry: &NumberEntry) -> String {
    let held = entry.owner.as_ref().map(|owner| format!(" and is held by {} {}", owner.kind, owner.name));
    format!(
        "the number {number} belongs to the location {:?}{}",
        entry.location_name,
        held.unwrap_or_default()
    )
}

/// Adds a row's one number, together with those of other rows that wait for the same location.
async fn add_one(work: &mut RowWork<'_>, site: &Site, number: &PhoneNumber) -> Flow<()> {
    let shared = work.context.sites.of(&site.id);
    let webex = &work.context.webex;
    let together = async |_: &Call, budget: &mut Budget, trace: &mut Trace| {
        shared.add_number(webex, site, number, budget, trace).await
    };
    let one = std::slice::from_ref(number);
    let added = work
        .write_by(
            together,
            site_calls::add_numbers(&site.id, one, site.added_state()),
            |_| Shown::Proved(true),
            async |work| Ok(missing_of(work, site, one).await?.is_empty().then_some(false)),
        )
        .await;
    match added {
        Ok(by_this_row) => {
            note_added(work, site, one, by_this_row);
            if by_this_row {
                work.note_state(number, site.added_state() == NumberState::Inactive);
            }
            Ok(())
        }
        Err(Stop::Pending(cause)) if is_refusal(&cause) => {
            let refused = explain(work, site, one, &cause).await?;
            Err(Stop::Pending(Cause { message: format!("not added: {}", named(&refused)), ..cause }))
        }
        Err(Stop::Pending(cause))
            if cause.http_status == Some(404) && cause.reason != PendingReason::OutOfScope =>
        {
            let message = format!(
                "not added: {number} ({}); most likely {:?} has no PSTN connection: state one in its row, or connect it in Control Hub",
                cause.message, site.name
            );
            Err(Stop::Pending(Cause { message, ..cause }))
        }
        Err(stop) => Err(stop),
    }
}

/// Adds the numbers of one request; gives those that are refused, however they were sent.
async fn add_chunk(work: &mut RowWork<'_>, site: &Site, chunk: &[PhoneNumber]) -> Flow<Vec<Refused>> {
    let mut left = chunk.to_vec();
    let mut refused: Vec<Refused> = Vec::new();
    // What is in place and what is refused is taken away; a second refusal of the rest is rare, many are a defect.
    for _ in 0..REFUSALS {
        if left.is_empty() {
            return Ok(refused);
        }
        match send_chunk(work, site, &left).await {
            Ok(there) => left.retain(|number| !there.contains(number)),
            Err(Stop::Pending(cause)) if is_refusal(&cause) => {
                let found = explain(work, site, &left, &cause).await?;
                if found.is_empty() {
                    return Err(Stop::Pending(cause));
                }
                left.retain(|number| !found.iter().any(|Refused(known, _)| known == number));
                refused.extend(found);
            }
            Err(stop) => return Err(stop),
        }
    }
    refused.extend(
        left.into_iter().map(|number| Refused(number, "not taken after several requests".to_owned())),
    );
    Ok(refused)
}

/// Sends one request; gives the numbers that are in place after it, at least one.
async fn send_chunk(work: &mut RowWork<'_>, site: &Site, numbers: &[PhoneNumber]) -> Flow<Vec<PhoneNumber>> {
    let (there, by_this_row) = work
        .write(
            site_calls::add_numbers(&site.id, numbers, site.added_state()),
            |_| Shown::Proved((numbers.to_vec(), true)),
            async |work| {
                let missing = missing_of(work, site, numbers).await?;
                let there: Vec<PhoneNumber> =
                    numbers.iter().filter(|number| !missing.contains(number)).cloned().collect();
                Ok((!there.is_empty()).then_some((there, false)))
            },
        )
        .await?;
    note_added(work, site, &there, by_this_row);
    Ok(there)
}

/// What a look-up shows after a doubt may be somebody else's: only what an answer proved may be taken back.
fn note_added(work: &mut RowWork<'_>, site: &Site, numbers: &[PhoneNumber], by_this_row: bool) {
    if by_this_row {
        work.added.extend(numbers.iter().map(|number| (site.id.clone(), number.clone())));
    }
}

/// Webex said no to the request for something in it.
pub(super) fn is_refusal(cause: &Cause) -> bool {
    matches!(cause.http_status, Some(400 | 409))
}

/// Which numbers of a refused request it was refused for, as far as Webex or the inventory tells.
async fn explain(
    work: &mut RowWork<'_>,
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
        let entry = directory::holder_of_number(work, number).await?;
        let elsewhere = entry.filter(|entry| !entry.location.as_ref().is_some_and(|id| id.same_as(&site.id)));
        found.extend(elsewhere.map(|entry| Refused(number.clone(), whose(number, &entry))));
    }
    match (found.is_empty(), numbers) {
        (true, [only]) => Ok(vec![Refused(only.clone(), cause.message.clone())]),
        _ => Ok(found),
    }
}

/// Those of the numbers that the refusal itself names.
pub(super) fn named_by(cause: &Cause, numbers: &[PhoneNumber], site: &Site) -> Vec<Refused> {
    let told =
        |number: &PhoneNumber| cause.numbers.iter().find(|(known, _)| number.is_spelled(known, site.home));
    numbers.iter().filter_map(|number| Some(Refused(number.clone(), told(number)?.1.clone()))).collect()
}

pub(super) fn named(refused: &[Refused]) -> String {
    let shown = refused.iter().take(NAMED).map(|Refused(number, why)| format!("{number} ({why})"));
    let mut text = shown.collect::<Vec<_>>().join("; ");
    if let Some(more) = refused.len().checked_sub(NAMED).filter(|more| *more > 0) {
        text.push_str(&format!("; and {more} more"));
    }
    text
}

/// Those of the numbers that are not in the location's inventory.
pub(super) async fn missing_of(
    work: &mut RowWork<'_>,
    site: &Site,
    numbers: &[PhoneNumber],
) -> Flow<Vec<PhoneNumber>> {
    Ok(inventory_of(work, site, numbers).await?.missing)
}

async fn inventory_of(work: &mut RowWork<'_>, site: &Site, numbers: &[PhoneNumber]) -> Flow<Inventory> {
    let mut held: BTreeMap<String, bool> = BTreeMap::new();
    let mut take = |entry: NumberEntry| {
        let number = entry.number.clone().filter(|_| is_of(&entry, site));
        held.extend(number.map(|number| (number, entry.inactive)));
    };
    if numbers.len() <= ONE_BY_ONE {
        for number in numbers {
            directory::holder_of_number(work, number).await?.map(&mut take);
        }
    } else {
        let call = calls::numbers_of_location(&site.id);
        let listed = work.pages(call, "phoneNumbers", wire::number_entry).await?;
        listed.into_iter().for_each(take);
    }
    let (here, missing): (Vec<_>, Vec<_>) =
        numbers.iter().cloned().partition(|number| held.contains_key(number.as_str()));
    let inactive = here.iter().filter(|number| held.get(number.as_str()) == Some(&true)).count();
    Ok(Inventory { missing, active: here.len().saturating_sub(inactive), inactive })
}

/// Whether an entry is of this location; one that names none is.
pub(super) fn is_of(entry: &NumberEntry, site: &Site) -> bool {
    entry.location.as_ref().is_none_or(|id| id.same_as(&site.id))
}
