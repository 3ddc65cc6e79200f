//! Look-ups: who and what is in Webex. Always complete: a list of which a page failed says nothing.

use super::decide::{self, Located};
use crate::domain::{
    Email, Extension, Line, LocationRecord, PendingReason, PhoneNumber, RemoteId, fold_name,
};
use crate::runner::engine::Eyes;
use crate::runner::flow::{Flow, pending};
use crate::runner::memory::lists::LOCATIONS_PAGE;
use crate::runner::memory::seen::{number_entry, seen_location};
use crate::store::{self, SeenLocation, SeenNumber};
use crate::webex::wire::{self, NumberEntry, Person};
use crate::webex::{Read, calls};

/// Finds a location row's location in the lists read at the start of the phase.
pub(crate) async fn find_location(eyes: &Eyes<'_>, location: &LocationRecord) -> Flow<Located> {
    let (tag, name) = (location.external_id.clone(), location.name.clone());
    let (tagged, named) = eyes
        .in_lists(move |connection, reading| {
            let tagged = tag.map(|tag| store::locations_with_tag(connection, reading, &tag));
            let named = name.map(|name| store::locations_named(connection, reading, &name));
            Ok((tagged.transpose()?.unwrap_or_default(), named.transpose()?.unwrap_or_default()))
        })
        .await?;
    locate(eyes, location, &tagged, &named).await
}

/// What the look-up by tag and by name says; a tag that belongs to another row of the file is another tag (R5).
async fn locate(
    eyes: &Eyes<'_>,
    location: &LocationRecord,
    tagged: &[SeenLocation],
    named: &[SeenLocation],
) -> Flow<Located> {
    let located = decide::locate(location, tagged, named);
    let (Located::Found(seen), None) = (&located, &location.external_id) else { return Ok(located) };
    let (Some(tag), name) = (seen.tag.clone(), seen.name.clone()) else { return Ok(located) };
    let theirs = tag.clone();
    let owner = eyes.in_lists(move |connection, _| store::row_with_external_id(connection, &theirs)).await?;
    Ok(owner.map_or(located, |store::OtherRow { row_id, line }| {
        Located::Ambiguous(format!(
            "the location named {name:?} in Webex carries the external id {tag:?}, which is that of row {row_id} (line {line})"
        ))
    }))
}

/// Finds it by a list read now: what a create must always be preceded by.
pub(crate) async fn find_location_anew(
    eyes: &mut Eyes<'_>,
    location: &LocationRecord,
    name: &str,
) -> Flow<Located> {
    if let Some(since) = eyes.shares_looks_since {
        let list = eyes.memory.locations_anew.since(since, async || all_locations(eyes).await).await?;
        return find_in(eyes, &list, location, name).await;
    }
    let listed = locations_in(eyes, calls::locations_containing(name)).await?;
    find_in(eyes, &listed, location, name).await
}

/// The same in the list of all of them: its tag may be on one of another name.
pub(crate) async fn find_location_in_all(
    eyes: &mut Eyes<'_>,
    location: &LocationRecord,
    name: &str,
) -> Flow<Located> {
    let all = all_locations(eyes).await?;
    find_in(eyes, &all, location, name).await
}

async fn all_locations(eyes: &mut Eyes<'_>) -> Flow<Vec<SeenLocation>> {
    locations_in(eyes, calls::locations(LOCATIONS_PAGE)).await
}

async fn locations_in(eyes: &mut Eyes<'_>, list: Read) -> Flow<Vec<SeenLocation>> {
    Ok(eyes.pages(list, "items", wire::location).await?.into_iter().map(seen_location).collect())
}

async fn find_in(
    eyes: &Eyes<'_>,
    listed: &[SeenLocation],
    location: &LocationRecord,
    name: &str,
) -> Flow<Located> {
    let has_tag = |seen: &&SeenLocation| seen.tag.is_some() && seen.tag == location.external_id;
    let tagged: Vec<SeenLocation> = listed.iter().filter(has_tag).cloned().collect();
    let folded = fold_name(name);
    let has_name = |seen: &&SeenLocation| fold_name(&seen.name) == folded;
    let named: Vec<SeenLocation> = listed.iter().filter(has_name).cloned().collect();
    locate(eyes, location, &tagged, &named).await
}

/// Finds a location that the file only refers to: by its tag, then by its exact name.
pub(crate) async fn find_reference(eyes: &Eyes<'_>, reference: &str) -> Flow<Located> {
    let key = reference.to_owned();
    let (tagged, named) = eyes
        .in_lists(move |connection, reading| {
            let tagged = store::locations_with_tag(connection, reading, &key)?;
            Ok((tagged, store::locations_named(connection, reading, &key)?))
        })
        .await?;
    Ok(decide::locate_reference(reference, tagged, named))
}

/// The location with this id in the lists of this phase.
pub(crate) async fn location_by_id(eyes: &Eyes<'_>, id: &RemoteId) -> Flow<Option<SeenLocation>> {
    let id = id.clone();
    eyes.in_lists(move |connection, reading| store::location_with_id(connection, reading, &id)).await
}

/// The one person with this address, with licences and calling data.
pub(crate) async fn find_person(eyes: &mut Eyes<'_>, email: &Email) -> Flow<Person> {
    match search_person(eyes, email).await? {
        Some(person) => Ok(person),
        None => pending(
            PendingReason::UserNotFound,
            format!(
                "nobody in Webex has the address {email}; the directory sync has not brought the person yet"
            ),
        ),
    }
}

/// The same, where nobody is an answer too.
pub(crate) async fn search_person(eyes: &mut Eyes<'_>, email: &Email) -> Flow<Option<Person>> {
    let found = eyes.pages(calls::person_by_email(email), "items", wire::person).await?;
    let mut people = found
        .into_iter()
        .filter(|person| person.emails.iter().any(|address| address == email.as_str()))
        .filter(|person| person.kind.is_empty() || person.kind == "person");
    let first = people.next();
    if people.next().is_some() {
        return pending(
            PendingReason::NonRetryableExternal,
            format!("Webex has more than one person with the address {email}; ambiguous"),
        );
    }
    Ok(first)
}

/// The one person with this address, as far as the lists of this phase tell: `None` where only a look-up of the person
/// can tell more.
pub(crate) async fn person_in_lists(
    eyes: &Eyes<'_>,
    email: &Email,
    gives_calling: impl Fn(&[RemoteId]) -> bool,
) -> Flow<Option<Person>> {
    if !eyes.memory.lists.people_are_complete() {
        return Ok(None);
    }
    let address = email.clone();
    let found = eyes
        .in_lists(move |connection, reading| store::people_with_email(connection, reading, &address))
        .await?;
    let [seen] = found.as_slice() else { return Ok(None) };
    // A licence without a line in the list of numbers does not say where the person has calling.
    let unclear = seen.location.is_none() && gives_calling(&seen.licenses);
    if unclear || !(seen.kind.is_empty() || seen.kind == "person") {
        return Ok(None);
    }
    Ok(Some(Person {
        id: seen.id.clone(),
        emails: vec![seen.email.clone()],
        kind: seen.kind.clone(),
        licenses: seen.licenses.clone(),
        location: seen.location.clone(),
        extension: seen.extension.clone(),
        calling_unknown: None,
        invite_pending: false,
    }))
}

/// Who holds the parts of a line, as far as the lists of this phase tell: its extension, its number.
pub(crate) async fn line_in_lists(
    eyes: &mut Eyes<'_>,
    line: &Line,
    location: &RemoteId,
) -> Flow<Option<(Option<Vec<NumberEntry>>, Option<Vec<NumberEntry>>)>> {
    if !eyes.memory.lists.numbers_are_complete() {
        return Ok(None);
    }
    let (sought, location) = (line.clone(), location.clone());
    let (extension, number) = eyes
        .in_lists(move |connection, reading| {
            let extension = sought
                .extension()
                .map(|extension| store::numbers_of_extension(connection, reading, &location, extension));
            let number = sought.number().map(|number| store::numbers_of_number(connection, reading, number));
            Ok((extension.transpose()?, number.transpose()?))
        })
        .await?;
    let entries = |seen: Vec<SeenNumber>| seen.into_iter().map(number_entry).collect::<Vec<_>>();
    let (extension, number) = (extension.map(entries), number.map(entries));
    if let (Some(number), Some(entries)) = (line.number(), &number) {
        eyes.note_state(number, entries.iter().any(|entry| entry.inactive));
    }
    Ok(Some((extension, number)))
}

/// Notes the states of numbers that nothing else is asked of, as far as the lists of this phase tell.
pub(crate) async fn note_states_in_lists(eyes: &mut Eyes<'_>, numbers: &[PhoneNumber]) -> Flow<()> {
    if numbers.is_empty() || !eyes.memory.lists.numbers_are_complete() {
        return Ok(());
    }
    let sought = numbers.to_vec();
    let inactive = eyes
        .in_lists(move |connection, reading| {
            let mut inactive = Vec::new();
            for number in sought {
                let entries = store::numbers_of_number(connection, reading, &number)?;
                inactive.extend(entries.iter().any(|entry| entry.inactive).then_some(number));
            }
            Ok(inactive)
        })
        .await?;
    inactive.iter().for_each(|number| eyes.note_state(number, true));
    Ok(())
}

/// Whether the lists of this phase show the number in the location, held by nobody.
pub(crate) async fn is_free_in_lists(
    eyes: &mut Eyes<'_>,
    number: &PhoneNumber,
    location: &RemoteId,
) -> Flow<bool> {
    if !eyes.memory.lists.numbers_are_complete() {
        return Ok(false);
    }
    let (sought, location) = (number.clone(), location.clone());
    let entries = eyes
        .in_lists(move |connection, reading| store::numbers_of_number(connection, reading, &sought))
        .await?;
    let here = |entry: &SeenNumber| entry.location.as_ref().is_some_and(|id| id.same_as(&location));
    let free = !entries.is_empty() && entries.iter().all(|entry| here(entry) && !entry.owned);
    if free {
        eyes.note_state(number, entries.iter().any(|entry| entry.inactive));
    }
    Ok(free)
}

/// The entry of a number in the lists of this phase, which must be complete.
pub(crate) async fn entry_in_lists(eyes: &mut Eyes<'_>, number: &PhoneNumber) -> Flow<Option<NumberEntry>> {
    let sought = number.clone();
    let entries = eyes
        .in_lists(move |connection, reading| store::numbers_of_number(connection, reading, &sought))
        .await?;
    let entry = entries.into_iter().next().map(number_entry);
    eyes.note_state(number, entry.as_ref().is_some_and(|entry| entry.inactive));
    Ok(entry)
}

/// The entries of the numbers list for an extension of a location, exactly.
pub(crate) async fn holders_of_extension(
    eyes: &mut Eyes<'_>,
    location: &RemoteId,
    extension: &Extension,
) -> Flow<Vec<NumberEntry>> {
    let call = calls::numbers_by_extension(location, extension);
    let entries = eyes.pages(call, "phoneNumbers", wire::number_entry).await?;
    let here = |entry: &NumberEntry| entry.location.as_ref().is_none_or(|id| id.same_as(location));
    Ok(entries
        .into_iter()
        .filter(|entry| entry.extension.as_deref() == Some(extension.as_str()) && here(entry))
        .collect())
}

/// The entry of the numbers list for a number, exactly.
pub(crate) async fn holder_of_number(eyes: &mut Eyes<'_>, number: &PhoneNumber) -> Flow<Option<NumberEntry>> {
    let entries = eyes.pages(calls::numbers_by_number(number), "phoneNumbers", wire::number_entry).await?;
    let entry = entries.into_iter().find(|entry| entry.number.as_deref() == Some(number.as_str()));
    eyes.note_state(number, entry.as_ref().is_some_and(|entry| entry.inactive));
    Ok(entry)
}
