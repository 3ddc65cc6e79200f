//! Look-ups: who and what is in Webex. Always complete: a list of which a page failed says nothing.

use serde_json::Value;

use super::context::RunContext;
use super::decide::{self, Located};
use super::work::{Flow, RowWork, Stop, pending};
use crate::domain::{
    Email, Extension, Line, LocationRecord, PendingReason, PhoneNumber, RemoteId, fold_name, tag_in,
};
use crate::store::{self, Reading, SeenLocation, SeenNumber, StoreError};
use crate::webex::wire::{self, Lacking, NumberEntry, Person};
use crate::webex::{Call, Reply, Trouble, calls};

/// Reads the items of one page; an item that lacks what it must have makes the page useless.
pub(super) fn items<T>(
    reply: &Reply,
    key: &str,
    read: impl Fn(&Value) -> Result<T, Lacking>,
) -> Result<Vec<T>, Trouble> {
    wire::items(reply, key, read).map_err(|lacking| Trouble::BadReply {
        status: reply.status,
        what: lacking.to_string(),
        tracking_id: reply.tracking_id.clone(),
    })
}

/// Finds a location row's location in the lists read at the start of the phase.
pub(super) async fn find_location(work: &RowWork<'_>, location: &LocationRecord) -> Flow<Located> {
    let (tag, name) = (location.external_id.clone(), location.name.clone());
    let (tagged, named) = in_lists(work.context, move |connection, reading| {
        let tagged = tag.map(|tag| store::locations_with_tag(connection, reading, &tag));
        let named = name.map(|name| store::locations_named(connection, reading, &name));
        Ok((tagged.transpose()?.unwrap_or_default(), named.transpose()?.unwrap_or_default()))
    })
    .await?;
    locate(work, location, &tagged, &named).await
}

/// What the look-up by tag and by name says; a tag that belongs to another row of the file is another tag (R5).
async fn locate(
    work: &RowWork<'_>,
    location: &LocationRecord,
    tagged: &[SeenLocation],
    named: &[SeenLocation],
) -> Flow<Located> {
    let located = decide::locate(location, tagged, named);
    let (Located::Found(seen), None) = (&located, &location.external_id) else { return Ok(located) };
    let (Some(tag), name) = (seen.tag.clone(), seen.name.clone()) else { return Ok(located) };
    let theirs = tag.clone();
    let owner =
        in_lists(work.context, move |connection, _| store::row_with_external_id(connection, &theirs)).await?;
    Ok(owner.map_or(located, |store::OtherRow { row_id, line }| {
        Located::Ambiguous(format!(
            "the location named {name:?} in Webex carries the external id {tag:?}, which is that of row {row_id} (line {line})"
        ))
    }))
}

/// Finds it by a list read now: what a create must always be preceded by.
pub(super) async fn find_location_anew(
    work: &mut RowWork<'_>,
    location: &LocationRecord,
    name: &str,
) -> Flow<Located> {
    find_in(work, calls::locations_containing(name), location, name).await
}

/// The same in the list of all of them: its tag may be on one of another name.
pub(super) async fn find_location_in_all(
    work: &mut RowWork<'_>,
    location: &LocationRecord,
    name: &str,
) -> Flow<Located> {
    find_in(work, calls::locations(super::lists::LOCATIONS_PAGE), location, name).await
}

async fn find_in(work: &mut RowWork<'_>, list: Call, location: &LocationRecord, name: &str) -> Flow<Located> {
    let found = work.pages(list, "items", wire::location).await?;
    let seen: Vec<SeenLocation> = found.into_iter().map(seen).collect();
    let tagged: Vec<SeenLocation> =
        seen.iter().filter(|seen| seen.tag.is_some() && seen.tag == location.external_id).cloned().collect();
    let folded = fold_name(name);
    let named: Vec<SeenLocation> = seen.into_iter().filter(|seen| fold_name(&seen.name) == folded).collect();
    locate(work, location, &tagged, &named).await
}

/// Finds a location that the file only refers to: by its tag, then by its exact name.
pub(super) async fn find_reference(work: &RowWork<'_>, reference: &str) -> Flow<Located> {
    let key = reference.to_owned();
    let (tagged, named) = in_lists(work.context, move |connection, reading| {
        let tagged = store::locations_with_tag(connection, reading, &key)?;
        Ok((tagged, store::locations_named(connection, reading, &key)?))
    })
    .await?;
    Ok(decide::locate_reference(reference, tagged, named))
}

/// The location with this id in the lists of this phase.
pub(super) async fn location_by_id(work: &RowWork<'_>, id: &RemoteId) -> Flow<Option<SeenLocation>> {
    let id = id.clone();
    in_lists(work.context, move |connection, reading| store::location_with_id(connection, reading, &id)).await
}

/// The one person with this address, with licences and calling data.
pub(super) async fn find_person(work: &mut RowWork<'_>, email: &Email) -> Flow<Person> {
    match search_person(work, email).await? {
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
pub(super) async fn search_person(work: &mut RowWork<'_>, email: &Email) -> Flow<Option<Person>> {
    let found = work.pages(calls::person_by_email(email), "items", wire::person).await?;
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
pub(super) async fn person_in_lists(
    work: &RowWork<'_>,
    email: &Email,
    gives_calling: impl Fn(&[RemoteId]) -> bool,
) -> Flow<Option<Person>> {
    if !work.context.lists.people_are_complete() {
        return Ok(None);
    }
    let address = email.clone();
    let found = in_lists(work.context, move |connection, reading| {
        store::people_with_email(connection, reading, &address)
    })
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

/// Whether the lists of this phase show that the person holds every part of the line.
pub(super) async fn holds_in_lists(
    work: &mut RowWork<'_>,
    line: &Line,
    location: &RemoteId,
    person: &RemoteId,
) -> Flow<bool> {
    if !work.context.lists.numbers_are_complete() {
        return Ok(false);
    }
    let number = line.number().cloned();
    let (line, location, person) = (line.clone(), location.clone(), person.clone());
    let (holds, inactive) = in_lists(work.context, move |connection, reading| {
        let extension = line
            .extension()
            .map(|extension| store::numbers_of_extension(connection, reading, &location, extension));
        let number = line.number().map(|number| store::numbers_of_number(connection, reading, number));
        let theirs = |entry: &SeenNumber| entry.owner_id.as_ref().is_some_and(|id| id.same_as(&person));
        let mut inactive = false;
        for part in [extension, number].into_iter().flatten() {
            let entries = part?;
            if entries.is_empty() || !entries.iter().all(theirs) {
                return Ok((false, false));
            }
            inactive |= entries.iter().any(|entry| entry.inactive && entry.number.is_some());
        }
        Ok((true, inactive))
    })
    .await?;
    if let Some(number) = number.filter(|_| holds) {
        work.note_state(&number, inactive);
    }
    Ok(holds)
}

/// Notes the states of numbers that nothing else is asked of, as far as the lists of this phase tell.
pub(super) async fn note_states_in_lists(work: &mut RowWork<'_>, numbers: &[PhoneNumber]) -> Flow<()> {
    if numbers.is_empty() || !work.context.lists.numbers_are_complete() {
        return Ok(());
    }
    let sought = numbers.to_vec();
    let inactive = in_lists(work.context, move |connection, reading| {
        let mut inactive = Vec::new();
        for number in sought {
            let entries = store::numbers_of_number(connection, reading, &number)?;
            inactive.extend(entries.iter().any(|entry| entry.inactive).then_some(number));
        }
        Ok(inactive)
    })
    .await?;
    inactive.iter().for_each(|number| work.note_state(number, true));
    Ok(())
}

/// Whether the lists of this phase show the number in the location, held by nobody.
pub(super) async fn is_free_in_lists(
    work: &mut RowWork<'_>,
    number: &PhoneNumber,
    location: &RemoteId,
) -> Flow<bool> {
    if !work.context.lists.numbers_are_complete() {
        return Ok(false);
    }
    let (sought, location) = (number.clone(), location.clone());
    let entries = in_lists(work.context, move |connection, reading| {
        store::numbers_of_number(connection, reading, &sought)
    })
    .await?;
    let here = |entry: &SeenNumber| entry.location.as_ref().is_some_and(|id| id.same_as(&location));
    let free = !entries.is_empty() && entries.iter().all(|entry| here(entry) && !entry.owned);
    if free {
        work.note_state(number, entries.iter().any(|entry| entry.inactive));
    }
    Ok(free)
}

/// The entries of the numbers list for an extension of a location, exactly.
pub(super) async fn holders_of_extension(
    work: &mut RowWork<'_>,
    location: &RemoteId,
    extension: &Extension,
) -> Flow<Vec<NumberEntry>> {
    let call = calls::numbers_by_extension(location, extension);
    let entries = work.pages(call, "phoneNumbers", wire::number_entry).await?;
    let here = |entry: &NumberEntry| entry.location.as_ref().is_none_or(|id| id.same_as(location));
    Ok(entries
        .into_iter()
        .filter(|entry| entry.extension.as_deref() == Some(extension.as_str()) && here(entry))
        .collect())
}

/// The entry of the numbers list for a number, exactly.
pub(super) async fn holder_of_number(
    work: &mut RowWork<'_>,
    number: &PhoneNumber,
) -> Flow<Option<NumberEntry>> {
    let entries = work.pages(calls::numbers_by_number(number), "phoneNumbers", wire::number_entry).await?;
    let entry = entries.into_iter().find(|entry| entry.number.as_deref() == Some(number.as_str()));
    work.note_state(number, entry.as_ref().is_some_and(|entry| entry.inactive));
    Ok(entry)
}

/// A location as `GET /locations` shows it, which does not say whether it has calling.
pub(super) fn seen(location: wire::Location) -> SeenLocation {
    SeenLocation {
        id: location.id,
        name: location.name,
        tag: tag_in(&location.notes),
        body: location.body,
        calling_enabled: false,
    }
}

/// Asks the lists in the store, off the runtime's thread.
pub(super) async fn in_lists<T, F>(context: &RunContext, query: F) -> Flow<T>
where
    T: Send + 'static,
    F: FnOnce(&store::Connection, Reading) -> Result<T, StoreError> + Send + 'static,
{
    let (readers, reading) = (context.readers.clone(), context.lists.reading());
    let query = move |connection: &store::Connection| query(connection, reading);
    let answered = tokio::task::spawn_blocking(move || readers.read(query)).await;
    match answered {
        Ok(result) => result.map_err(Stop::Storage),
        Err(_) => Err(Stop::Storage(StoreError::Invariant("a look-up in the database panicked".to_owned()))),
    }
}
