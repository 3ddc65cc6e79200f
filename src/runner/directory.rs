//! Look-ups: who and what is in Webex. Always complete: a list of which a page failed says nothing.

use serde_json::Value;

use super::context::RunContext;
use super::decide::{self, Located};
use super::reason;
use super::work::{Flow, RowWork, Stop, pending};
use crate::domain::{
    Email, Extension, LocationRecord, PendingReason, PhoneNumber, RemoteId, fold_name, tag_in,
};
use crate::store::{self, CallRecord, SeenLocation, StoreError};
use crate::webex::wire::{self, Lacking, NumberEntry, Person};
use crate::webex::{Call, Reply, Trace, Trouble, calls};

/// `max` of `GET /locations` (contract 1.3: the documented default).
const LOCATIONS_PAGE: u32 = 500;

/// Why the lists that a phase needs could not be read.
#[derive(Debug)]
pub(super) enum ReadFailure {
    Trouble(Trouble),
    Storage(StoreError),
}

/// Reads all locations and all calling locations into the store; until the last page they serve nobody.
pub(super) async fn read_locations(context: &RunContext) -> Result<(), ReadFailure> {
    stored(context.writer.submit(store::forget_locations).await)?;
    read_shared(context, calls::locations(LOCATIONS_PAGE), "items", wire::location, |locations| {
        let seen: Vec<SeenLocation> = locations.into_iter().map(seen).collect();
        context.writer.submit(move |connection| store::keep_locations(connection, &seen))
    })
    .await?;
    read_shared(context, calls::calling_locations(), "locations", wire::id, |ids| {
        context.writer.submit(move |connection| store::keep_calling(connection, &ids))
    })
    .await
}

/// Reads a list that serves all rows, page by page into the store.
async fn read_shared<T>(
    context: &RunContext,
    call: Call,
    key: &'static str,
    read: impl Fn(&Value) -> Result<T, Lacking>,
    keep: impl Fn(Vec<T>) -> store::Ack<()>,
) -> Result<(), ReadFailure> {
    let begun_at = store::now();
    let mut trace = Trace::default();
    let mut kept = Vec::new();
    let result = context
        .webex
        .pages(&call, &mut trace, async |reply| {
            kept.push(keep(items(&reply, key, &read)?));
            Ok(())
        })
        .await;
    let record = CallRecord {
        step: None,
        operation: call.operation,
        tries: trace.tries,
        status: trace.status,
        tracking_id: trace.tracking_id,
        error: result.as_ref().err().map(|trouble| reason::describe(trouble).0),
        applied: None,
        remote_id: None,
        begun_at,
    };
    let run = context.run;
    kept.push(context.writer.submit(move |connection| store::record_shared_call(connection, run, &record)));
    for ack in kept {
        stored(ack.await)?;
    }
    result.map_err(ReadFailure::Trouble)
}

/// Every licence of the organisation.
pub(super) async fn read_licenses(context: &RunContext) -> Result<Vec<wire::License>, Trouble> {
    let mut all = Vec::new();
    context
        .webex
        .pages(&calls::licenses(), &mut Trace::default(), async |reply| {
            all.extend(items(&reply, "items", wire::license)?);
            Ok(())
        })
        .await?;
    Ok(all)
}

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
    let (tagged, named) = in_snapshot(work.context, move |connection| {
        let tagged =
            tag.map(|tag| store::locations_with_tag(connection, &tag)).transpose()?.unwrap_or_default();
        let named =
            name.map(|name| store::locations_named(connection, &name)).transpose()?.unwrap_or_default();
        Ok((tagged, named))
    })
    .await?;
    Ok(decide::locate(location, &tagged, &named))
}

/// Finds it by a list read now: what a create must always be preceded by.
pub(super) async fn find_location_anew(
    work: &mut RowWork<'_>,
    location: &LocationRecord,
    name: &str,
) -> Flow<Located> {
    let found = work.pages(calls::locations_containing(name), "items", wire::location).await?;
    let seen: Vec<SeenLocation> = found.into_iter().map(seen).collect();
    let tagged: Vec<SeenLocation> =
        seen.iter().filter(|seen| seen.tag.is_some() && seen.tag == location.external_id).cloned().collect();
    let folded = fold_name(name);
    let named: Vec<SeenLocation> = seen.into_iter().filter(|seen| fold_name(&seen.name) == folded).collect();
    Ok(decide::locate(location, &tagged, &named))
}

/// Finds a location that the file only refers to: by its tag, then by its exact name.
pub(super) async fn find_reference(work: &RowWork<'_>, reference: &str) -> Flow<Located> {
    let key = reference.to_owned();
    let (tagged, named) = in_snapshot(work.context, move |connection| {
        Ok((store::locations_with_tag(connection, &key)?, store::locations_named(connection, &key)?))
    })
    .await?;
    Ok(decide::locate_reference(reference, tagged, named))
}

/// The location with this id in the lists of this phase.
pub(super) async fn location_by_id(work: &RowWork<'_>, id: &RemoteId) -> Flow<Option<SeenLocation>> {
    let id = id.clone();
    in_snapshot(work.context, move |connection| store::location_with_id(connection, &id)).await
}

/// The one person with this address, with licences and calling data.
pub(super) async fn find_person(work: &mut RowWork<'_>, email: &Email) -> Flow<Person> {
    match search_person(work, email).await? {
        Some(person) => {
            work.remote_id = Some(person.id.clone());
            Ok(person)
        }
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
    Ok(entries.into_iter().find(|entry| entry.number.as_deref() == Some(number.as_str())))
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

/// Asks the store off the runtime's thread.
async fn in_snapshot<T, F>(context: &RunContext, query: F) -> Flow<T>
where
    T: Send + 'static,
    F: FnOnce(&store::Connection) -> Result<T, StoreError> + Send + 'static,
{
    let readers = context.readers.clone();
    let answered = tokio::task::spawn_blocking(move || readers.read(query)).await;
    match answered {
        Ok(result) => result.map_err(Stop::Storage),
        Err(_) => Err(Stop::Storage(StoreError::Invariant("a look-up in the database panicked".to_owned()))),
    }
}

fn stored<T>(result: Result<T, StoreError>) -> Result<T, ReadFailure> {
    result.map_err(ReadFailure::Storage)
}
