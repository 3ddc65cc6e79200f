//! What answers hold, read leniently: unknown fields and values never fail a read (contract 10).

use serde_json::Value;

use super::transport::Reply;
use crate::domain::RemoteId;

/// A location of `GET /locations`.
#[derive(Debug, Clone, PartialEq)]
pub struct Location {
    /// Its id.
    pub id: RemoteId,
    /// Its name.
    pub name: String,
    /// Its notes, where the external id's tag is kept.
    pub notes: String,
    /// The whole item.
    pub body: Value,
}

/// A person of `GET /people?callingData=true`.
#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    /// Its id.
    pub id: RemoteId,
    /// Its addresses, in lower case.
    pub emails: Vec<String>,
    /// `person`, `bot`, ...
    pub kind: String,
    /// The ids of its licences.
    pub licenses: Vec<RemoteId>,
    /// Its calling location: there exactly when the person has calling.
    pub location: Option<RemoteId>,
    /// Its extension, without routing prefix.
    pub extension: Option<String>,
    /// Why Webex could not tell the calling data: then nothing may be concluded from their absence.
    pub calling_unknown: Option<String>,
    /// Whether the invitation was not accepted yet.
    pub invite_pending: bool,
}

/// A licence of `GET /licenses`.
#[derive(Debug, Clone, PartialEq)]
pub struct License {
    /// Its id.
    pub id: RemoteId,
    /// Its name.
    pub name: String,
    /// Units bought.
    pub total: i64,
    /// Units in use.
    pub consumed: i64,
    /// The subscription that it is part of.
    pub subscription: Option<String>,
}

/// An entry of the numbers list.
#[derive(Debug, Clone, PartialEq)]
pub struct NumberEntry {
    /// E.164; none for an extension alone.
    pub number: Option<String>,
    /// The extension.
    pub extension: Option<String>,
    /// The location that holds it.
    pub location: Option<RemoteId>,
    /// The name of that location.
    pub location_name: String,
    /// Who holds it; none when it is free.
    pub owner: Option<Owner>,
}

/// Who holds a number.
#[derive(Debug, Clone, PartialEq)]
pub struct Owner {
    /// Its id; for people the id of the person.
    pub id: Option<RemoteId>,
    /// `PEOPLE`, `HUNT_GROUP`, ... (an open set: spellings differ between filter and answer).
    pub kind: String,
    /// Its name, for messages.
    pub name: String,
}

/// An item that lacks what it must have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an item of the answer lacks a usable {0}")]
pub struct Lacking(pub &'static str);

/// Reads every item of a list.
pub fn items<T>(
    reply: &Reply,
    key: &str,
    read: impl Fn(&Value) -> Result<T, Lacking>,
) -> Result<Vec<T>, Lacking> {
    let items = reply.body.get(key).and_then(Value::as_array).ok_or(Lacking("list"))?;
    items.iter().map(read).collect()
}

/// The id of an answer to a create.
pub fn id(body: &Value) -> Result<RemoteId, Lacking> {
    remote_id(body, "id").ok_or(Lacking("id"))
}

/// Reads a location.
pub fn location(item: &Value) -> Result<Location, Lacking> {
    Ok(Location { id: id(item)?, name: text(item, "name"), notes: text(item, "notes"), body: item.clone() })
}

/// Reads a person.
pub fn person(item: &Value) -> Result<Person, Lacking> {
    let strings = |name: &str| item.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let errors =
        item.get("errors").filter(|errors| errors.as_object().is_some_and(|errors| !errors.is_empty()));
    Ok(Person {
        id: id(item)?,
        emails: strings("emails").iter().filter_map(Value::as_str).map(str::to_ascii_lowercase).collect(),
        kind: text(item, "type"),
        licenses: strings("licenses")
            .iter()
            .filter_map(Value::as_str)
            .filter_map(|id| RemoteId::parse(id).ok())
            .collect(),
        location: calling_location(item)?,
        extension: Some(text(item, "extension")).filter(|extension| !extension.is_empty()),
        calling_unknown: errors.map(|errors| super::error::one_line(&errors.to_string(), 200)),
        invite_pending: item.get("invitePending").and_then(Value::as_bool).unwrap_or(false),
    })
}

/// A location that cannot be read must not pass for no calling.
fn calling_location(item: &Value) -> Result<Option<RemoteId>, Lacking> {
    match item.get("locationId") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(_) => remote_id(item, "locationId").map(Some).ok_or(Lacking("locationId")),
    }
}

/// Reads a licence.
pub fn license(item: &Value) -> Result<License, Lacking> {
    let number = |name: &str| item.get(name).and_then(Value::as_i64).unwrap_or(0);
    Ok(License {
        id: id(item)?,
        name: text(item, "name"),
        total: number("totalUnits"),
        consumed: number("consumedUnits"),
        subscription: Some(text(item, "subscriptionId")).filter(|id| !id.is_empty()),
    })
}

/// Reads an entry of the numbers list.
pub fn number_entry(item: &Value) -> Result<NumberEntry, Lacking> {
    let filled = |name: &str| Some(text(item, name)).filter(|text| !text.is_empty());
    let location = item.get("location");
    Ok(NumberEntry {
        number: filled("phoneNumber"),
        extension: filled("extension"),
        location: location.and_then(|location| remote_id(location, "id")),
        location_name: location.map(|location| text(location, "name")).unwrap_or_default(),
        owner: item
            .get("owner")
            .filter(|owner| owner.as_object().is_some_and(|owner| !owner.is_empty()))
            .map(owner),
    })
}

fn owner(item: &Value) -> Owner {
    let names = [text(item, "firstName"), text(item, "lastName")].join(" ");
    Owner {
        id: remote_id(item, "id"),
        kind: super::error::one_line(&text(item, "type"), 64),
        name: super::error::one_line(&names, 120),
    }
}

/// The ids in a list of ids.
pub fn ids(body: &Value, key: &str) -> Vec<RemoteId> {
    let list = body.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    list.iter().filter_map(Value::as_str).filter_map(|id| RemoteId::parse(id).ok()).collect()
}

fn remote_id(item: &Value, name: &str) -> Option<RemoteId> {
    item.get(name).and_then(Value::as_str).and_then(|id| RemoteId::parse(id).ok())
}

fn text(item: &Value, name: &str) -> String {
    item.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}
