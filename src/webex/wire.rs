//! What answers hold, read leniently: unknown fields and values never fail a read (webex.md 10).

use serde_json::Value;

use super::transport::Reply;
use crate::domain::{LicenseChoice, NumberState, PhoneNumber, RemoteId};

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
    /// Its status, where that says that none of its units can be used any more.
    pub ended: Option<String>,
}

/// What the status of a licence or its subscription begins with when it has ended (an open set: any other can be given).
const ENDED: [&str; 3] = ["SUSPEND", "EXPIRE", "CANCEL"];

impl License {
    /// Whether it is one that is meant. Licences are told apart by name: the type tag inside an id misleads (webex.md 4.2).
    pub fn suits(&self, choice: &LicenseChoice) -> bool {
        match choice {
            LicenseChoice::Id(id) => id.same_as(&self.id),
            LicenseChoice::Professional => self.name == "Webex Calling - Professional",
            LicenseChoice::Standard => {
                self.name == "Webex Calling - Basic"
                    || (self.name.starts_with("Webex Calling") && self.name.contains("Standard"))
            }
        }
    }
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
    /// Whether calls do not reach it yet.
    pub inactive: bool,
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

/// How a location reaches the telephone network.
#[derive(Debug, Clone, PartialEq)]
pub struct PstnConnection {
    /// The id of the connection.
    pub id: Option<RemoteId>,
    /// Its name.
    pub name: String,
    /// `LOCAL_GATEWAY`, `NON_INTEGRATED_CCP`, `INTEGRATED_CCP`, `CISCO_PSTN` (an open set).
    pub kind: String,
    /// `TRUNK` or `ROUTE_GROUP`, of a local gateway.
    pub route_kind: String,
    /// The id of that trunk or route group.
    pub route: Option<RemoteId>,
}

/// Something with an id and a name: a connection option, a trunk or a route group.
#[derive(Debug, Clone, PartialEq)]
pub struct Named {
    /// Its id.
    pub id: RemoteId,
    /// Its name.
    pub name: String,
    /// `TRUNK` or `ROUTE_GROUP`; blank for connection options.
    pub kind: String,
}

/// What Webex says of an extension that could be given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtensionStatus {
    /// The extension.
    pub extension: String,
    /// `VALID`, `DUPLICATE`, `DUPLICATE_IN_LIST`, `INVALID` (an open set).
    pub state: String,
    /// The code and text that come with it, in one line.
    pub message: String,
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
        ended: Some(line(item, "status")).filter(|status| {
            let status = status.to_ascii_uppercase();
            ENDED.iter().any(|ended| status.starts_with(ended))
        }),
    })
}

/// Reads an entry of the numbers list.
pub fn number_entry(item: &Value) -> Result<NumberEntry, Lacking> {
    let filled = |name: &str| Some(text(item, name)).filter(|text| !text.is_empty());
    let location = item.get("location");
    Ok(NumberEntry {
        // Look-ups compare what is kept of it with numbers in E.164.
        number: filled("phoneNumber")
            .map(|text| PhoneNumber::spelled(&text).map_or(text, |number| number.to_string())),
        extension: filled("extension"),
        location: location.and_then(|location| remote_id(location, "id")),
        location_name: location.map(|location| text(location, "name")).unwrap_or_default(),
        owner: item
            .get("owner")
            .filter(|owner| owner.as_object().is_some_and(|owner| !owner.is_empty()))
            .map(owner),
        inactive: NumberState::from_text(&text(item, "state")) == Some(NumberState::Inactive),
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

/// Reads a PSTN connection; `None` when the answer says that there is none.
pub fn pstn_connection(body: &Value) -> Option<PstnConnection> {
    let kind = super::error::one_line(&text(body, "pstnConnectionType"), 64);
    (!kind.is_empty()).then(|| PstnConnection {
        id: remote_id(body, "id"),
        name: super::error::one_line(&text(body, "displayName"), 256),
        kind,
        route_kind: text(body, "routeType"),
        route: remote_id(body, "routeId"),
    })
}

/// Reads a connection option.
pub fn connection_option(item: &Value) -> Result<Named, Lacking> {
    Ok(Named { id: id(item)?, name: text(item, "displayName"), kind: String::new() })
}

/// Reads a trunk or route group.
pub fn route(item: &Value) -> Result<Named, Lacking> {
    Ok(Named { id: id(item)?, name: text(item, "name"), kind: text(item, "type") })
}

/// Where calls to unknown extensions go; `None` when they go nowhere.
pub fn unknown_extension_route(body: &Value) -> Option<RemoteId> {
    let enabled = match body.get("enableUnknownExtensionRoutePolicy") {
        Some(Value::Bool(enabled)) => *enabled,
        Some(Value::String(text)) => text.eq_ignore_ascii_case("true"),
        _ => false,
    };
    body.get("unknownExtensionRouteIdentity").filter(|_| enabled).and_then(|route| remote_id(route, "id"))
}

/// Reads what is said of an extension.
pub fn extension_status(item: &Value) -> Result<ExtensionStatus, Lacking> {
    let code = match item.get("errorCode") {
        Some(Value::Number(code)) => code.to_string(),
        Some(Value::String(code)) => code.clone(),
        _ => String::new(),
    };
    let mut said = text(item, "message");
    if !said.contains(&code) {
        said = format!("[Error {code}] {said}");
    }
    Ok(ExtensionStatus {
        extension: Some(text(item, "extension"))
            .filter(|text| !text.is_empty())
            .ok_or(Lacking("extension"))?,
        state: super::error::one_line(&text(item, "state"), 64),
        message: super::error::one_line(&said, 300),
    })
}

/// The job that an answer says was begun; `Err` when its id cannot be used.
pub fn batch_job(body: &Value) -> Result<Option<RemoteId>, Lacking> {
    match body.get("batchJobId") {
        None | Some(Value::Null) => Ok(None),
        Some(_) => remote_id(body, "batchJobId").map(Some).ok_or(Lacking("batchJobId")),
    }
}

/// A text of an answer, on one line and not too long.
pub fn line(body: &Value, name: &str) -> String {
    super::error::one_line(&text(body, name), 300)
}

/// The numbers of a person as `GET /people/{id}/features/numbers` lists them.
pub fn direct_number(item: &Value) -> Result<String, Lacking> {
    Ok(text(item, "directNumber"))
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
