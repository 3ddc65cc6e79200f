//! Requests as values: one function an operation, with path, query and body as webex.md has them. Pure.

use std::ops::Deref;

use serde_json::{Value, json};

use super::contract;
use crate::domain::{
    Email, Extension, Family, Feature, Line, LocationRecord, NumberState, Operation, PhoneNumber, RemoteId,
};

/// `max` of the numbers list (webex.md 1.3: the documented default, taken for the most).
const NUMBERS_PAGE: &str = "2000";

/// One request, not sent yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// What it does.
    pub operation: Operation,
    /// Which object of a person's settings it is about.
    pub feature: Option<Feature>,
    /// The telephone numbers that it is to add, activate, take away or give.
    pub numbers: Vec<PhoneNumber>,
    pub(super) path: Vec<String>,
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) body: Option<Value>,
    /// What the answer must name: a field, and the id in it.
    pub(super) names: Option<(&'static str, RemoteId)>,
}

/// A request that changes nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Read(pub(super) Call);

/// A request that changes something.
#[derive(Debug, Clone, PartialEq)]
pub struct Write(pub(super) Call);

impl Deref for Read {
    type Target = Call;

    fn deref(&self) -> &Call {
        &self.0
    }
}

impl Deref for Write {
    type Target = Call;

    fn deref(&self) -> &Call {
        &self.0
    }
}

impl From<Read> for Call {
    fn from(Read(call): Read) -> Call {
        call
    }
}

impl From<Write> for Call {
    fn from(Write(call): Write) -> Call {
        call
    }
}

/// What a call does, whomever it is about: calls of one kind take the same path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallKind {
    operation: Operation,
    feature: Option<Feature>,
    /// The first part of the path: an object of settings has two places in some organisations.
    root: Option<String>,
}

impl Call {
    /// What it does.
    pub fn kind(&self) -> CallKind {
        CallKind { operation: self.operation, feature: self.feature, root: self.path.first().cloned() }
    }

    pub(super) fn new(operation: Operation, path: &[&str]) -> Call {
        let path = path.iter().map(|segment| (*segment).to_owned()).collect();
        Call {
            operation,
            feature: None,
            numbers: Vec::new(),
            path,
            query: Vec::new(),
            body: None,
            names: None,
        }
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Call {
        self.query.push((name, value.into()));
        self
    }

    pub(super) fn about(mut self, numbers: &[PhoneNumber]) -> Call {
        self.numbers = numbers.to_vec();
        self
    }

    pub(super) fn naming(mut self, field: &'static str, id: &RemoteId) -> Call {
        self.names = Some((field, id.clone()));
        self
    }

    pub(super) fn body(mut self, body: Value) -> Call {
        self.body = Some(body);
        self
    }

    /// Whether a job of Webex that is still at work there can be why it is refused (R21): one changes routing prefixes.
    pub fn can_meet_a_job(&self) -> bool {
        self.operation == Operation::CallingLocationUpdate
            && self.body.as_ref().is_some_and(|body| body.get("routingPrefix").is_some())
    }

    /// Its HTTP method.
    pub fn method(&self) -> String {
        contract::of(self.operation).method.to_string()
    }

    /// What it carries.
    pub fn content(&self) -> Option<&Value> {
        self.body.as_ref()
    }

    /// Its path and query below the base URL, for people to read.
    pub fn shown_path(&self) -> String {
        let query: Vec<String> = self.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mark = if query.is_empty() { "" } else { "?" };
        format!("/{}{mark}{}", self.path.join("/"), query.join("&"))
    }
}

/// Who the token belongs to.
pub fn people_me() -> Read {
    Read(Call::new(Operation::PeopleMe, &["people", "me"]))
}

/// One person, with calling data.
pub fn person_by_email(email: &Email) -> Read {
    Read(
        Call::new(Operation::PeopleList, &["people"])
            .with("email", email.as_str())
            .with("callingData", "true")
            .with("excludeStatus", "true"),
    )
}

/// Everybody, without calling data, which makes large pages slow (webex.md 1.3).
pub fn people(max: u32) -> Read {
    Read(
        Call::new(Operation::PeopleList, &["people"])
            .with("max", max.to_string())
            .with("excludeStatus", "true"),
    )
}

/// When the token ends.
pub fn token_expiry() -> Read {
    Read(Call::new(Operation::TokenExpiry, &["authorizations", "tokenExpiry"]))
}

/// Every location, or the first of them.
pub fn locations(max: u32) -> Read {
    Read(Call::new(Operation::LocationsList, &["locations"]).with("max", max.to_string()))
}

/// Locations whose name contains this one (webex.md 3.1: not exact).
pub fn locations_containing(name: &str) -> Read {
    Read(Call::new(Operation::LocationsList, &["locations"]).with("name", name))
}

/// One location.
pub fn location(id: &RemoteId) -> Read {
    Read(Call::new(Operation::LocationGet, &["locations", id.as_str()]).naming("id", id))
}

/// Every location that is enabled for calling.
pub fn calling_locations() -> Read {
    Read(Call::new(Operation::CallingLocationsList, &["telephony", "config", "locations"]))
}

/// The calling side of one location; refused with 400 or 404 when it has none.
pub fn calling_location(id: &RemoteId) -> Read {
    Read(
        Call::new(Operation::CallingLocationGet, &["telephony", "config", "locations", id.as_str()])
            .naming("id", id),
    )
}

/// A new location.
pub fn create_location(name: &str, location: &LocationRecord, notes: Option<&str>) -> Write {
    let mut body = json!({
        "name": name,
        "timeZone": location.time_zone,
        "preferredLanguage": location.preferred_language,
        "announcementLanguage": location.announcement_language,
        "address": address(location, false),
    });
    if let (Some(notes), Some(fields)) = (notes, body.as_object_mut()) {
        fields.insert("notes".to_owned(), json!(notes));
    }
    Write(Call::new(Operation::LocationCreate, &["locations"]).body(body))
}

/// A change of some fields of a location.
pub fn update_location(id: &RemoteId, changes: Value) -> Write {
    Write(Call::new(Operation::LocationUpdate, &["locations", id.as_str()]).body(changes))
}

/// A location's own fields, enabled for calling.
pub fn enable_location(id: &RemoteId, name: &str, location: &LocationRecord) -> Write {
    Write(Call::new(Operation::CallingLocationEnable, &["telephony", "config", "locations"]).body(json!({
        "id": id.as_str(),
        "name": name,
        "timeZone": location.time_zone,
        "preferredLanguage": location.preferred_language,
        "announcementLanguage": location.announcement_language,
        "address": address(location, false),
    })))
}

/// Every licence of the organisation.
pub fn licenses() -> Read {
    Read(Call::new(Operation::LicensesList, &["licenses"]))
}

/// A calling licence with its line for one person (webex.md 4.3).
pub fn add_license(
    person: &RemoteId,
    license: &RemoteId,
    location: &RemoteId,
    line: &Line,
    org: Option<&str>,
) -> Write {
    let mut properties = json!({ "locationId": location.as_str() });
    if let Some(fields) = properties.as_object_mut() {
        line.extension().map(|extension| fields.insert("extension".to_owned(), json!(extension.as_str())));
        line.number().map(|number| fields.insert("phoneNumber".to_owned(), json!(number.as_str())));
    }
    let mut body = json!({
        "personId": person.as_str(),
        "licenses": [{ "id": license.as_str(), "operation": "add", "properties": properties }],
    });
    if let (Some(org), Some(fields)) = (org, body.as_object_mut()) {
        fields.insert("orgId".to_owned(), json!(org));
    }
    Write(Call::new(Operation::LicensesUsersPatch, &["licenses", "users"]).body(body))
}

/// The first entry of the numbers list: the cheap proof of the calling scope.
pub fn numbers_probe() -> Read {
    Read(numbers().with("max", "1"))
}

/// Every number and extension.
pub fn all_numbers(max: u32) -> Read {
    Read(numbers().with("max", max.to_string()))
}

/// Who holds this extension in a location.
pub fn numbers_by_extension(location: &RemoteId, extension: &Extension) -> Read {
    Read(numbers().with("locationId", location.as_str()).with("extension", extension.as_str()))
}

/// Every number and extension of a location.
pub fn numbers_of_location(location: &RemoteId) -> Read {
    Read(numbers().with("locationId", location.as_str()).with("max", NUMBERS_PAGE))
}

/// Those of its numbers that calls do not reach yet.
pub fn inactive_numbers_of_location(location: &RemoteId) -> Read {
    Read(Call::from(numbers_of_location(location)).with("state", NumberState::Inactive.as_str()))
}

/// Where a number is and who holds it.
pub fn numbers_by_number(number: &PhoneNumber) -> Read {
    Read(numbers().with("phoneNumber", number.as_str()))
}

fn numbers() -> Call {
    Call::new(Operation::NumbersList, &["telephony", "config", "numbers"])
}

/// One feature of a person, in one of the two places that Webex has for them.
pub fn feature(person: &RemoteId, feature: Feature, family: Family) -> Read {
    Read(about_feature(Operation::FeatureGet, person, feature, family))
}

/// One feature of a person, replaced as a whole.
pub fn put_feature(person: &RemoteId, feature: Feature, family: Family, body: Value) -> Write {
    Write(about_feature(Operation::FeaturePut, person, feature, family).body(body))
}

fn about_feature(operation: Operation, person: &RemoteId, feature: Feature, family: Family) -> Call {
    let path = feature.path(family, person.as_str());
    Call { path, feature: Some(feature), ..Call::new(operation, &[]) }
}

/// The address as Webex spells it; an update must send it complete, a blank second line as null (webex.md 3.3), which a
/// create does not take.
pub fn address(location: &LocationRecord, blank_line2: bool) -> Value {
    let address = &location.address;
    let mut body = json!({
        "address1": address.line1,
        "city": address.city,
        "state": address.state,
        "postalCode": address.postal_code,
        "country": address.country,
    });
    if let Some(fields) = body.as_object_mut() {
        match &address.line2 {
            Some(line2) => fields.insert("address2".to_owned(), json!(line2)),
            None if blank_line2 => fields.insert("address2".to_owned(), Value::Null),
            None => None,
        };
    }
    body
}
