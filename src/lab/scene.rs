//! What the organisation has for the trials, read before the first of them.

use serde_json::{Map, Value};

use super::plan::Plan;
use crate::domain::{Email, PhoneNumber, RemoteId, fold_name};
use crate::webex::wire::{self, License, Location, Person, PstnConnection};
use crate::webex::{Read, Reply, Trace, Trouble, Webex, calls, site_calls};

/// Something a doubt needs, or why it is not there.
pub(super) type Needed<T> = Result<T, String>;

/// The location of the trials cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("--location {name:?}: {why}")]
pub struct NoLocation {
    name: String,
    why: String,
}

/// What there is.
#[derive(Debug)]
pub(super) struct Scene {
    pub(super) location: Location,
    /// The calling details of the location.
    pub(super) calling: Needed<Value>,
    pub(super) pstn: Needed<PstnConnection>,
    pub(super) person: Needed<Person>,
    /// Every calling licence.
    pub(super) licences: Needed<Vec<License>>,
}

impl Scene {
    pub(super) async fn read(webex: &Webex, plan: &Plan) -> Result<Scene, NoLocation> {
        let location = find_location(webex, &plan.location)
            .await
            .map_err(|why| NoLocation { name: plan.location.clone(), why })?;
        let calling = read(webex, calls::calling_location(&location.id)).await;
        let calling = calling
            .map(|reply| reply.body)
            .map_err(|why| format!("{:?} is not enabled for calling ({why})", location.name));
        let person = match &plan.person {
            Some(email) => find_person(webex, email).await,
            None => Err("no --person was given".to_owned()),
        };
        let pstn = find_pstn(webex, &location).await;
        let licences = find_licences(webex).await;
        Ok(Scene { location, calling, pstn, person, licences })
    }

    /// Whether a person holds a calling licence, of whatever kind.
    pub(super) fn is_licensed(&self, person: &Person) -> Needed<bool> {
        let licences = self.licences.as_ref().map_err(Clone::clone)?;
        Ok(licences.iter().any(|licence| person.licenses.iter().any(|held| held.same_as(&licence.id))))
    }

    /// The address of the location with the parts that a request may hold.
    pub(super) fn address(&self) -> Option<Map<String, Value>> {
        address_of(&self.location.body)
    }
}

/// The parts of an address that a request may hold.
pub(super) fn address_of(location: &Value) -> Option<Map<String, Value>> {
    const PARTS: [&str; 6] = ["address1", "address2", "city", "state", "postalCode", "country"];
    let shown = location.get("address")?.as_object()?;
    let parts = PARTS.iter().filter_map(|part| Some(((*part).to_owned(), shown.get(*part)?.clone())));
    Some(parts.filter(|(_, text)| !text.is_null()).collect())
}

/// One request that is no part of a doubt.
pub(super) async fn read(webex: &Webex, call: Read) -> Needed<Reply> {
    let sent = webex.send(&call, &mut webex.budget(), &mut Trace::default()).await;
    sent.map_err(|trouble| {
        let why = match trouble {
            Trouble::Refused(refusal) => refusal.to_string(),
            Trouble::BadReply { what, .. }
            | Trouble::Doubtful { what, .. }
            | Trouble::Exhausted { what, .. } => what,
            Trouble::Interrupted => "it was cut short".to_owned(),
        };
        format!("{} {}: {why}", call.method(), call.shown_path())
    })
}

/// Every location of exactly this name, as names are compared.
pub(super) async fn locations_named(webex: &Webex, name: &str) -> Needed<Vec<Location>> {
    let mut found = Vec::new();
    let folded = fold_name(name);
    let call = calls::locations_containing(name);
    let read = webex
        .pages(&call, &mut Trace::default(), async |reply| {
            let items = wire::items(&reply, "items", wire::location).unwrap_or_default();
            found.extend(items.into_iter().filter(|location| fold_name(&location.name) == folded));
            Ok(())
        })
        .await;
    read.map_err(|_| "the locations could not be read".to_owned())?;
    Ok(found)
}

async fn find_location(webex: &Webex, name: &str) -> Needed<Location> {
    let mut found = locations_named(webex, name).await?;
    match (found.pop(), found.len()) {
        (Some(location), 0) => Ok(location),
        (Some(_), others) => {
            Err(format!("{} locations have this name; name one that is alone", others.saturating_add(1)))
        }
        (None, _) => {
            Err("no location has this name; make one for trials in Control Hub, enabled for calling"
                .to_owned())
        }
    }
}

async fn find_person(webex: &Webex, email: &Email) -> Needed<Person> {
    person(webex, email).await?.ok_or_else(|| format!("nobody has the address {email}"))
}

/// A person with calling data, if there is one.
pub(super) async fn person(webex: &Webex, email: &Email) -> Needed<Option<Person>> {
    let reply = read(webex, calls::person_by_email(email)).await?;
    let people = wire::items(&reply, "items", wire::person).map_err(|error| error.to_string())?;
    Ok(people.into_iter().find(|person| person.emails.iter().any(|known| known == email.as_str())))
}

async fn find_pstn(webex: &Webex, location: &Location) -> Needed<PstnConnection> {
    let reply = read(webex, site_calls::pstn_connection(&location.id)).await;
    let none = |why: String| format!("{:?} has no PSTN connection ({why})", location.name);
    let reply = reply.map_err(none)?;
    wire::pstn_connection(&reply.body).ok_or_else(|| none("none is shown".to_owned()))
}

async fn find_licences(webex: &Webex) -> Needed<Vec<License>> {
    let reply = read(webex, calls::licenses()).await?;
    let licences = wire::items(&reply, "items", wire::license).map_err(|error| error.to_string())?;
    Ok(licences.into_iter().filter(|licence| licence.name.starts_with("Webex Calling")).collect())
}

/// The numbers and extensions of a location, and who has them.
pub(super) async fn numbers_of(webex: &Webex, location: &RemoteId) -> Needed<Vec<wire::NumberEntry>> {
    let mut found = Vec::new();
    let call = calls::numbers_of_location(location);
    let read = webex
        .pages(&call, &mut Trace::default(), async |reply| {
            found.extend(wire::items(&reply, "phoneNumbers", wire::number_entry).unwrap_or_default());
            Ok(())
        })
        .await;
    read.map_err(|_| "the numbers of the location could not be read".to_owned())?;
    Ok(found)
}

/// A number of another location that nobody has and that is not the main number there; from the first page of the list.
pub(super) async fn number_elsewhere(webex: &Webex, location: &RemoteId) -> Needed<(PhoneNumber, String)> {
    let reply = read(webex, calls::all_numbers(2_000)).await?;
    let items =
        reply.body.get("phoneNumbers").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let is_main = |item: &&Value| item.get("mainNumber").and_then(Value::as_bool).unwrap_or(false);
    let free = items.iter().filter(|item| !is_main(item)).filter_map(|item| {
        let entry = wire::number_entry(item).ok().filter(|entry| entry.owner.is_none())?;
        let elsewhere = entry.location.as_ref().is_some_and(|other| !other.same_as(location));
        let number = PhoneNumber::parse(entry.number.as_deref()?).ok()?;
        elsewhere.then_some((number, entry.location_name))
    });
    free.into_iter().next().ok_or_else(|| "no other location has a free number".to_owned())
}
