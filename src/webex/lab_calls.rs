//! Requests that only `check --lab` sends: they ask on purpose for what a job avoids. Pure.

use serde_json::{Value, json};

use super::calls::{Call, Read, Write};
use crate::domain::{Operation, PhoneNumber, RemoteId};

/// People with their calling data, the first page of them.
pub fn callers(max: u32) -> Read {
    Read(
        Call::new(Operation::PeopleList, &["people"])
            .with("max", max.to_string())
            .with("callingData", "true")
            .with("excludeStatus", "true"),
    )
}

/// A location with exactly this body.
pub fn create_location_of(body: Value) -> Write {
    Write(Call::new(Operation::LocationCreate, &["locations"]).body(body))
}

/// Takes a licence away from a person, and the line and settings with it.
pub fn remove_license(person: &RemoteId, license: &RemoteId, org: Option<&str>) -> Write {
    let mut body = json!({
        "personId": person.as_str(),
        "licenses": [{ "id": license.as_str(), "operation": "remove" }],
    });
    if let (Some(org), Some(fields)) = (org, body.as_object_mut()) {
        fields.insert("orgId".to_owned(), json!(org));
    }
    Write(Call::new(Operation::LicensesUsersPatch, &["licenses", "users"]).body(body))
}

/// Puts numbers into a location's inventory, as many as there are, none of them in service.
pub fn add_inactive_numbers(location: &RemoteId, numbers: &[PhoneNumber]) -> Write {
    let numbers: Vec<&str> = numbers.iter().map(PhoneNumber::as_str).collect();
    Write(
        Call::new(Operation::NumbersAdd, &["telephony", "config", "locations", location.as_str(), "numbers"])
            .body(json!({ "phoneNumbers": numbers, "state": "INACTIVE" })),
    )
}
