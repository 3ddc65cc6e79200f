//! Requests about a calling location: its PSTN connection, its numbers, its settings (webex.md 3.5 to 3.7, 6). Pure.

use serde_json::{Value, json};

use super::calls::{Call, Read, Write};
use crate::domain::{Extension, NumberState, Operation, PhoneNumber, RemoteId};

fn of_location(operation: Operation, location: &RemoteId, rest: &[&str]) -> Call {
    let mut path = vec!["telephony", "config", "locations", location.as_str()];
    path.extend_from_slice(rest);
    Call::new(operation, &path)
}

fn of_pstn(operation: Operation, location: &RemoteId, rest: &[&str]) -> Call {
    let mut path = vec!["telephony", "pstn", "locations", location.as_str()];
    path.extend_from_slice(rest);
    Call::new(operation, &path)
}

/// A change of some fields of a calling location.
pub fn update_calling_location(location: &RemoteId, changes: Value) -> Write {
    Write(of_location(Operation::CallingLocationUpdate, location, &[]).body(changes))
}

/// People, workspaces and features that exist speak this language from now on.
pub fn modify_announcement_language(location: &RemoteId, language: &str) -> Write {
    let path = ["actions", "modifyAnnouncementLanguage", "invoke"];
    Write(of_location(Operation::AnnouncementLanguageModify, location, &path).body(json!({
        "agentEnabled": true, "serviceEnabled": true, "announcementLanguageCode": language,
    })))
}

/// How far the change of a routing prefix is.
pub fn routing_prefix_job(job: &RemoteId) -> Read {
    let path = ["telephony", "config", "jobs", "updateRoutingPrefix", job.as_str()];
    Read(Call::new(Operation::PrefixJobGet, &path))
}

/// Where calls to unknown extensions go.
pub fn internal_dialing(location: &RemoteId) -> Read {
    Read(of_location(Operation::InternalDialingGet, location, &["internalDialing"]))
}

/// Calls to unknown extensions go to this route.
pub fn put_internal_dialing(location: &RemoteId, kind: &str, route: &RemoteId) -> Write {
    Write(of_location(Operation::InternalDialingPut, location, &["internalDialing"]).body(json!({
        "enableUnknownExtensionRoutePolicy": true,
        "unknownExtensionRouteIdentity": { "id": route.as_str(), "type": kind },
    })))
}

/// What becomes of outgoing calls.
pub fn location_permissions(location: &RemoteId) -> Read {
    Read(of_location(Operation::LocationPermissionsGet, location, &["outgoingPermission"]))
}

/// What becomes of the listed kinds of outgoing calls; the others stay.
pub fn put_location_permissions(location: &RemoteId, permissions: &[Value]) -> Write {
    Write(
        of_location(Operation::LocationPermissionsPut, location, &["outgoingPermission"])
            .body(json!({ "callingPermissions": permissions })),
    )
}

/// What a location could be connected to.
pub fn pstn_options(location: &RemoteId) -> Read {
    Read(of_pstn(Operation::PstnOptionsList, location, &["connectionOptions"]))
}

/// What it is connected to; refused with 404 when nothing is configured.
pub fn pstn_connection(location: &RemoteId) -> Read {
    Read(of_pstn(Operation::PstnConnectionGet, location, &["connection"]))
}

/// Connects a location by a trunk or route group of the customer.
pub fn connect_by_route(location: &RemoteId, kind: &str, route: &RemoteId) -> Write {
    Write(
        of_pstn(Operation::PstnConnectionPut, location, &["connection"])
            .body(json!({ "premiseRouteType": kind, "premiseRouteId": route.as_str() })),
    )
}

/// Connects a location by one of its options.
pub fn connect_by_option(location: &RemoteId, option: &RemoteId) -> Write {
    Write(
        of_pstn(Operation::PstnConnectionPut, location, &["connection"])
            .body(json!({ "id": option.as_str() })),
    )
}

/// A further emergency address of a location that is connected to the telephone network; it becomes its address (webex.md 3.3).
pub fn add_emergency_address(location: &RemoteId, address: Value) -> Write {
    Write(of_pstn(Operation::EmergencyAddressAdd, location, &["emergencyAddress"]).body(address))
}

/// Another text for an emergency address of a location.
pub fn update_emergency_address(location: &RemoteId, id: &RemoteId, address: Value) -> Write {
    Write(
        of_pstn(Operation::EmergencyAddressUpdate, location, &["emergencyAddresses", id.as_str()])
            .body(address),
    )
}

/// Every trunk and route group.
pub fn route_choices() -> Read {
    Read(Call::new(Operation::RouteChoicesList, &["telephony", "config", "routeChoices"]))
}

/// Puts numbers into a location's inventory, in this state; at most 100.
pub fn add_numbers(location: &RemoteId, numbers: &[PhoneNumber], state: NumberState) -> Write {
    Write(
        of_location(Operation::NumbersAdd, location, &["numbers"])
            .about(numbers)
            .body(json!({ "phoneNumbers": texts(numbers), "state": state.as_str() })),
    )
}

/// Lets calls reach numbers of it; at most 500.
pub fn activate_numbers(location: &RemoteId, numbers: &[PhoneNumber]) -> Write {
    Write(
        of_location(Operation::NumbersActivate, location, &["numbers"])
            .about(numbers)
            .body(json!({ "phoneNumbers": texts(numbers), "action": "ACTIVATE" })),
    )
}

/// Takes numbers out of it; at most 5.
pub fn delete_numbers(location: &RemoteId, numbers: &[PhoneNumber]) -> Write {
    Write(
        of_location(Operation::NumbersDelete, location, &["numbers"])
            .about(numbers)
            .body(json!({ "phoneNumbers": texts(numbers) })),
    )
}

fn texts(numbers: &[PhoneNumber]) -> Vec<&str> {
    numbers.iter().map(PhoneNumber::as_str).collect()
}

/// The numbers of a person, in E.164.
pub fn person_numbers(person: &RemoteId) -> Read {
    Read(
        Call::new(Operation::PersonNumbersGet, &["people", person.as_str(), "features", "numbers"])
            .with("preferE164Format", "true"),
    )
}

/// Gives a person further numbers; the first one is not touched (webex.md 6.3).
pub fn add_person_numbers(person: &RemoteId, numbers: &[PhoneNumber]) -> Write {
    let added: Vec<Value> = numbers
        .iter()
        .map(|number| json!({ "primary": false, "action": "ADD", "directNumber": number.as_str() }))
        .collect();
    Write(
        Call::new(
            Operation::PersonNumbersPut,
            &["telephony", "config", "people", person.as_str(), "numbers"],
        )
        .about(numbers)
        .body(json!({ "phoneNumbers": added })),
    )
}

/// Whether these extensions could be given in a location; at most 100. Changes nothing.
pub fn validate_extensions(location: &RemoteId, extensions: &[Extension]) -> Read {
    let extensions: Vec<&str> = extensions.iter().map(Extension::as_str).collect();
    Read(
        of_location(Operation::ValidateExtensions, location, &["actions", "validateExtensions", "invoke"])
            .body(json!({ "extensions": extensions })),
    )
}
