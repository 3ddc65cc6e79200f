//! A location row: the location is there with its fields, is enabled for calling, and has what the row states of its calling.

use serde_json::Value;

use super::decide::{self, Compared, Located};
use super::directory;
use super::emergency_address::{EmergencyAddress, with_scope};
use super::location_settings;
use super::pstn;
use super::site_calling::SiteCalling;
use super::user::refuse_unsupported;
use crate::domain::{
    CallingCode, Difference, Fact, LocationRecord, Operation, PendingReason, RemoteId, RowId, Step,
};
use crate::runner::engine::{Confirm, Decision, Eyes, Goal, Missing, Shown, Work};
use crate::runner::flow::{Cause, Flow, pending, stop_for};
use crate::runner::memory::lists::Lists;
use crate::runner::memory::seen::seen_location;
use crate::runner::memory::sites::Site;
use crate::store::SeenLocation;
use crate::webex::{Reply, Trouble, calls, wire};

pub(crate) async fn reach(work: &mut Work<'_>, location: &LocationRecord) -> Flow<(RemoteId, String)> {
    refuse_unsupported(work, Step::LocationApplySettings, &location.unsupported)?;
    let there = work
        .reach(&TheLocation { location, row: work.eyes.row.row_id, lists: &work.eyes.memory.lists })
        .await?;
    let created = there.changed();
    let (id, name) = match &there.got {
        There::Made(id) => (id.clone(), location.name.clone().unwrap_or_default()),
        There::Seen(seen) => (seen.id.clone(), seen.name.clone()),
    };
    work.eyes.remote_id = Some(id.clone());
    let word = match &there.got {
        There::Made(_) => "created",
        There::Seen(seen) => match bring_in_line(work, location, seen).await? {
            true => "updated",
            false => "in place",
        },
    };
    let name = location.name.clone().unwrap_or(name);
    let calling = work.reach(&SiteCalling { location, id: &id, name: &name, created }).await?;
    if calling.changed() {
        work.expect_calling(&id);
    }
    let enabled = if calling.changed() { "enabled for calling" } else { "already enabled for calling" };
    let home = CallingCode::of_country(&location.address.country);
    let number_state = location.settings.number_state.or(work.eyes.memory.ground.settings.number_state);
    let site = Site { id: id.clone(), name, home, number_state };
    let mut done = vec![word.to_owned(), enabled.to_owned()];
    done.extend(location_settings::reach(work, &location.settings, &site).await?);
    Ok((id, done.join(", ")))
}

/// Sends what differs; says whether anything did. The address of a location that has PSTN goes by another path: here it
/// would be dropped in silence (webex.md 3.3).
async fn bring_in_line(work: &mut Work<'_>, location: &LocationRecord, seen: &SeenLocation) -> Flow<bool> {
    work.begin(Step::LocationUpdate);
    let moved = !decide::is_address(location, &seen.body);
    let by_emergency_address =
        moved && seen.calling_enabled && pstn::is_connected(&mut work.eyes, &seen.id).await?;
    let compared = if by_emergency_address { Compared::AllButTheAddress } else { Compared::Everything };
    let fields = work.reach(&Fields { location, seen, compared }).await?.changed();
    if !by_emergency_address {
        return Ok(fields);
    }
    let address = EmergencyAddress {
        location,
        id: &seen.id,
        listed: &seen.body,
        added: work.eyes.row.emergency_address.clone(),
    };
    let address = work.reach(&address).await.map_err(|stop| stop.map(with_scope))?;
    Ok(fields || address.changed())
}

/// A location with this name, or with this tag.
pub(crate) struct TheLocation<'a> {
    pub(crate) location: &'a LocationRecord,
    pub(crate) row: RowId,
    /// What is known of locations: a new one has an id that nobody has seen.
    pub(crate) lists: &'a Lists,
}

/// A location that is there.
#[derive(Debug, Clone)]
pub(crate) enum There {
    /// This row made it.
    Made(RemoteId),
    /// It was found.
    Seen(Box<SeenLocation>),
}

impl Goal for TheLocation<'_> {
    type Seen = Located;
    type Got = There;

    fn looks_in(&self) -> Step {
        Step::LocationLookup
    }

    fn writes_in(&self) -> Step {
        Step::LocationCreate
    }

    fn writes(&self) -> &'static [Operation] {
        &[Operation::LocationCreate]
    }

    fn denies(&self) -> Option<Fact> {
        Some(Fact::Site)
    }

    fn confirms(&self) -> Confirm {
        Confirm::Missing
    }

    async fn known(&self, eyes: &mut Eyes<'_>) -> Flow<Option<Located>> {
        match (directory::find_location(eyes, self.location).await?, eyes.row.created.clone()) {
            (Located::Absent, Some(id)) => by_id(eyes, &id).await.map(Some),
            (located, _) => Ok(Some(located)),
        }
    }

    async fn look(&self, eyes: &mut Eyes<'_>) -> Flow<Located> {
        let Some(name) = self.location.name.as_deref() else { return Ok(Located::Absent) };
        let was_created = eyes.row.created.is_some();
        if was_created {
            // It was removed since, or is not readable yet: the list decides, once it must show it.
            eyes.wait_for_earlier().await?;
        }
        let in_doubt = was_created || eyes.left_in_doubt(Operation::LocationCreate);
        match in_doubt && self.location.external_id.is_some() {
            // It may have been given another name since.
            true => directory::find_location_in_all(eyes, self.location, name).await,
            false => directory::find_location_anew(eyes, self.location, name).await,
        }
    }

    fn decide(&self, seen: &Located) -> Decision<There> {
        let LocationRecord { name, external_id, .. } = self.location;
        match (seen, name) {
            (Located::Found(seen), _) => Decision::InPlace {
                got: There::Seen(seen.clone()),
                proof: format!("found as {:?}", seen.name),
            },
            (Located::Ambiguous(message), _) => Decision::Stop(Cause::new(
                PendingReason::NonRetryableExternal,
                format!("ambiguous: {message}"),
            )),
            (Located::Absent, Some(name)) => {
                let notes = decide::new_notes(self.location);
                let write = calls::create_location(name, self.location, notes.as_deref());
                Decision::Missing(Missing::whole(write, format!("create the location {name:?}")))
            }
            (Located::Absent, None) => Decision::Stop(Cause::new(
                PendingReason::PreconditionMissing,
                format!(
                    "no location in Webex carries the external id {:?}, and without a location_name none can be created",
                    external_id.as_deref().unwrap_or_default()
                ),
            )),
        }
    }

    fn reads_beside(&self, _seen: &Located) -> u32 {
        1
    }

    fn shown(&self, reply: &Reply) -> Shown<There> {
        match wire::id(&reply.body) {
            // An answer that belongs to another request names another location (R27).
            Ok(id) if !self.lists.note_location(&id) => {
                Shown::Unproved(format!("its id {id} is that of a location that was there before"))
            }
            made => Shown::proved(made.map(There::Made)),
        }
    }

    fn would_be(&self) -> There {
        There::Made(RemoteId::to_come(self.row))
    }

    fn is_ours(&self, seen: &Located) -> bool {
        matches!(seen, Located::Found(seen) if decide::is_as_created(self.location, &seen.body))
    }
}

/// The location that an earlier attempt created, which lists may not show yet.
async fn by_id(eyes: &mut Eyes<'_>, id: &RemoteId) -> Flow<Located> {
    match eyes.try_read(calls::location(id)).await? {
        Ok(reply) => match wire::location(&reply.body) {
            Ok(present) => Ok(Located::Found(Box::new(seen_location(present)))),
            Err(lacking) => pending(PendingReason::InvalidResponseSchema, lacking.to_string()),
        },
        Err(Trouble::Refused(refusal)) if refusal.is_not_found() => Ok(Located::Absent),
        Err(trouble) => stop_for(Operation::LocationGet, &trouble),
    }
}

/// The fields of an existing location are as the row states them.
pub(crate) struct Fields<'a> {
    pub(crate) location: &'a LocationRecord,
    pub(crate) seen: &'a SeenLocation,
    pub(crate) compared: Compared,
}

impl Goal for Fields<'_> {
    type Seen = Value;
    type Got = ();

    fn writes_in(&self) -> Step {
        Step::LocationUpdate
    }

    fn writes(&self) -> &'static [Operation] {
        &[Operation::LocationUpdate]
    }

    /// The list may be minutes old, and the notes are a person's: what stands there now is changed.
    fn confirms(&self) -> Confirm {
        Confirm::Missing
    }

    async fn known(&self, _eyes: &mut Eyes<'_>) -> Flow<Option<Value>> {
        Ok(Some(self.seen.body.clone()))
    }

    async fn look(&self, eyes: &mut Eyes<'_>) -> Flow<Value> {
        Ok(eyes.read(calls::location(&self.seen.id)).await?.body)
    }

    fn decide(&self, seen: &Value) -> Decision<()> {
        let changes = decide::location_changes(self.location, seen, self.compared);
        if changes.fields.is_empty() {
            let proof = "name, time zone, address and notes are as the row states them".to_owned();
            return Decision::InPlace { got: (), proof };
        }
        let names = changes.fields.keys().cloned().collect::<Vec<_>>().join(", ");
        Decision::Missing(Missing {
            write: calls::update_location(&self.seen.id, Value::Object(changes.fields)),
            words: format!("change {names} of the location"),
            differences: changes.differences,
        })
    }

    fn reads_beside(&self, _seen: &Value) -> u32 {
        2
    }

    fn shown(&self, reply: &Reply) -> Shown<()> {
        // Some answers show the location, others nothing.
        match reply.body.get("id").map(|_| Shown::about(reply, "id", &self.seen.id)) {
            Some(other @ Shown::Unproved(_)) => other,
            _ => Shown::ToReadBack,
        }
    }

    fn would_be(&self) {}

    fn names(&self, difference: &Difference) -> String {
        decide::named(difference)
    }
}
