//! Phase 1: find the location, create or update it, enable it for calling, apply what the row states of its calling.

use serde_json::{Map, Value};

use super::decide::{self, ADDRESS, Located};
use super::directory;
use super::emergency_address;
use super::location_settings;
use super::pstn;
use super::read_back::Looked;
use super::site::Site;
use super::user::refuse_unsupported;
use super::work::{Flow, RowWork, pending, stop_for};
use super::write::Shown;
use crate::domain::{CallingCode, Fact, LocationRecord, Operation, PendingReason, RemoteId, Step, StepState};
use crate::store::SeenLocation;
use crate::webex::{Trouble, calls, wire};

pub(super) async fn drive(work: &mut RowWork<'_>, location: &LocationRecord) -> Flow<(RemoteId, String)> {
    refuse_unsupported(work, Step::LocationApplySettings, &location.unsupported)?;
    work.begin(Step::LocationLookup);
    let found = match look_up(work, location).await? {
        Some(seen) => Created::No(seen),
        None => create(work, location).await?,
    };
    let (id, name, word) = match found {
        Created::Yes(id) => (id, location.name.clone().unwrap_or_default(), "created"),
        Created::No(seen) => {
            let changed = update(work, location, &seen).await?;
            (seen.id.clone(), seen.name.clone(), if changed { "updated" } else { "in place" })
        }
    };
    let mut done = vec![word];
    work.remote_id = Some(id.clone());
    let name = location.name.clone().unwrap_or(name);
    done.push(match enable(work, location, &id, &name, word == "created").await? {
        true => "enabled for calling",
        false => "already enabled for calling",
    });
    let home = CallingCode::of_country(&location.address.country);
    let number_state = location.settings.number_state.or(work.context.settings.number_state);
    let site = Site { id: id.clone(), name, home, number_state };
    let mut done: Vec<String> = done.into_iter().map(str::to_owned).collect();
    done.extend(location_settings::apply(work, &location.settings, &site).await?);
    Ok((id, done.join(", ")))
}

/// The location in Webex; `None` when complete lists do not have it and the row can create it.
async fn look_up(work: &mut RowWork<'_>, location: &LocationRecord) -> Flow<Option<SeenLocation>> {
    let name = location.name.clone();
    let located = match directory::find_location(work, location).await? {
        Located::Absent => find_unlisted(work, location).await?,
        located => located,
    };
    match (found(located)?, name) {
        (Some(seen), _) => {
            work.remote_id = Some(seen.id.clone());
            work.resolve_earlier(Operation::LocationCreate, decide::is_as_created(location, &seen.body));
            work.done(StepState::Unchanged, format!("found as {:?}", seen.name));
            Ok(Some(seen))
        }
        (None, Some(_)) => {
            work.resolve_earlier(Operation::LocationCreate, false);
            work.sees(Fact::Site, false);
            work.done(StepState::Unchanged, "in none of the complete lists");
            Ok(None)
        }
        (None, None) => pending(
            PendingReason::PreconditionMissing,
            format!(
                "no location in Webex carries the external id {:?}, and without a location_name none can be created",
                location.external_id.as_deref().unwrap_or_default()
            ),
        ),
    }
}

/// What an earlier attempt created, or may have created, and the lists of this phase do not show.
async fn find_unlisted(work: &mut RowWork<'_>, location: &LocationRecord) -> Flow<Located> {
    if let Some(id) = work.row.created.clone() {
        match work.try_read(calls::location(&id)).await? {
            Ok(reply) => match wire::location(&reply.body) {
                Ok(present) => return Ok(Located::Found(Box::new(directory::seen(present)))),
                Err(lacking) => return pending(PendingReason::InvalidResponseSchema, lacking.to_string()),
            },
            // It was removed since, or is not readable yet: the list decides, once it must show it.
            Err(Trouble::Refused(refusal)) if refusal.is_not_found() => {}
            Err(trouble) => return stop_for(Operation::LocationGet, &trouble),
        }
    }
    let in_doubt = work.row.created.is_some() || work.left_in_doubt(Operation::LocationCreate);
    match location.name.as_deref().filter(|_| in_doubt) {
        Some(name) => {
            work.settle_earlier().await?;
            match location.external_id {
                // It may have been given another name since.
                Some(_) => directory::find_location_in_all(work, location, name).await,
                None => directory::find_location_anew(work, location, name).await,
            }
        }
        None => Ok(Located::Absent),
    }
}

/// Whether this attempt made the location, or found it after all.
enum Created {
    Yes(RemoteId),
    No(SeenLocation),
}

async fn create(work: &mut RowWork<'_>, location: &LocationRecord) -> Flow<Created> {
    work.begin(Step::LocationCreate);
    let name = location.name.as_deref().unwrap_or_default();
    if let Some(seen) = found(directory::find_location_anew(work, location, name).await?)? {
        work.done(StepState::Unchanged, "appeared in Webex meanwhile");
        return Ok(Created::No(seen));
    }
    let call = calls::create_location(name, location, decide::new_notes(location).as_deref());
    let created = work
        .write(
            call,
            |reply| proved(wire::id(&reply.body).map(Created::Yes)),
            async |work| {
                let seen = found(directory::find_location_anew(work, location, name).await?)?;
                Ok(seen.map_or_else(Looked::absent, |seen| {
                    match decide::is_as_created(location, &seen.body) {
                        true => Looked::Done(Created::Yes(seen.id)),
                        false => Looked::ByOthers(Created::No(seen)),
                    }
                }))
            },
        )
        .await?;
    match &created {
        Created::Yes(id) => work.done(StepState::Applied, format!("id {id}")),
        Created::No(_) => work.done(StepState::Unchanged, "somebody else made it meanwhile"),
    }
    Ok(created)
}

/// Writes by which a location is brought to what the row states.
const UPDATES: [Operation; 3] =
    [Operation::LocationUpdate, Operation::EmergencyAddressAdd, Operation::EmergencyAddressUpdate];

/// Sends what differs; says whether anything did.
async fn update(work: &mut RowWork<'_>, location: &LocationRecord, seen: &SeenLocation) -> Flow<bool> {
    work.begin(Step::LocationUpdate);
    if decide::location_changes(location, &seen.body).is_empty() {
        UPDATES.iter().for_each(|operation| work.resolve_earlier(*operation, true));
        work.done(StepState::Unchanged, "name, time zone, address and notes are as the row states them");
        return Ok(false);
    }
    // The list may be minutes old, and the notes are a person's: change what stands there now.
    let now = work.read(calls::location(&seen.id)).await?.body;
    let mut changes = decide::location_changes(location, &now);
    if changes.is_empty() {
        UPDATES.iter().for_each(|operation| work.resolve_earlier(*operation, true));
        work.done(StepState::Unchanged, "was brought in line meanwhile");
        return Ok(false);
    }
    work.resolve_earlier(Operation::LocationUpdate, false);
    let fields = changes.keys().cloned().collect::<Vec<_>>().join(", ");
    let has_moved = changes.contains_key(ADDRESS);
    let by_emergency_address =
        has_moved && seen.calling_enabled && pstn::is_connected(work, &seen.id).await?;
    if by_emergency_address {
        changes.shift_remove(ADDRESS);
    }
    if !changes.is_empty() {
        put(work, location, &seen.id, changes).await?;
    }
    if by_emergency_address {
        emergency_address::change(work, location, &seen.id).await?;
    }
    work.done(StepState::Applied, format!("changed {fields}"));
    Ok(true)
}

async fn put(
    work: &mut RowWork<'_>,
    location: &LocationRecord,
    id: &RemoteId,
    changes: Map<String, Value>,
) -> Flow<()> {
    let sent: Vec<String> = changes.keys().cloned().collect();
    work.write(
        calls::update_location(id, Value::Object(changes)),
        // Some answers show the location, others nothing.
        |reply| match reply.body.get("id").map(|_| Shown::about(reply, "id", id)) {
            Some(other @ Shown::Unproved(_)) => other,
            _ => Shown::ToReadBack,
        },
        async |work| {
            let now = work.read(calls::location(id)).await?.body;
            let differing = decide::location_changes(location, &now);
            let lacking = sent.iter().filter(|name| differing.contains_key(*name)).cloned().collect();
            Ok(Looked::of(&sent, lacking).saying(ADDRESS, || decide::both_addresses(location, &now)))
        },
    )
    .await
}

/// Enables the location unless it is; says whether it had to be.
async fn enable(
    work: &mut RowWork<'_>,
    location: &LocationRecord,
    id: &RemoteId,
    name: &str,
    created: bool,
) -> Flow<bool> {
    work.begin(Step::LocationEnableCalling);
    let listed = directory::location_by_id(work, id).await?.is_some_and(|seen| seen.calling_enabled);
    if work.left_in_doubt(Operation::CallingLocationEnable) {
        work.settle_earlier().await?;
    }
    // Enabling twice is not known to be harmless (webex.md 3.4): what this run did not create is asked for first.
    if listed || (!created && is_enabled(work, id).await?) {
        work.resolve_earlier(Operation::CallingLocationEnable, true);
        work.sees(Fact::Site, true);
        work.done(StepState::Unchanged, "is a calling location");
        return Ok(false);
    }
    work.resolve_earlier(Operation::CallingLocationEnable, false);
    work.sees(Fact::Site, false);
    work.write(
        calls::enable_location(id, name, location),
        |reply| Shown::about(reply, "id", id),
        async |work| Ok(is_enabled(work, id).await?.then_some(())),
    )
    .await?;
    work.sees(Fact::Site, true);
    work.done(StepState::Applied, "enabled");
    Ok(true)
}

async fn is_enabled(work: &mut RowWork<'_>, id: &RemoteId) -> Flow<bool> {
    match work.try_read(calls::calling_location(id)).await? {
        Ok(_) => Ok(true),
        // Both mean: not a calling location (webex.md 3.4).
        Err(Trouble::Refused(refusal)) if refusal.status == 400 || refusal.is_not_found() => Ok(false),
        Err(trouble) => stop_for(Operation::CallingLocationGet, &trouble),
    }
}

fn found(located: Located) -> Flow<Option<SeenLocation>> {
    match located {
        Located::Found(seen) => Ok(Some(*seen)),
        Located::Absent => Ok(None),
        Located::Ambiguous(message) => {
            pending(PendingReason::NonRetryableExternal, format!("ambiguous: {message}"))
        }
    }
}

/// An answer that gives what was asked for proves the write.
pub(super) fn proved<T, E: std::fmt::Display>(read: Result<T, E>) -> Shown<T> {
    match read {
        Ok(value) => Shown::Proved(value),
        Err(lacking) => Shown::Unproved(lacking.to_string()),
    }
}
