//! From method and path to an operation.

use super::operation::Operation as Op;
use super::request::Call;

/// What a request is about.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    pub(crate) operation: Op,
    /// The id in the path.
    pub(crate) id: Option<String>,
    /// The path of a setting below its person or location.
    pub(crate) setting: Option<Setting>,
}

/// A setting's path, and which of the two families of a person's settings it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    pub(crate) family: Family,
    pub(crate) path: String,
}

/// Where a setting lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    /// `/people/{id}/features/..`
    People,
    /// `/telephony/config/people/{id}/..`
    Telephony,
    /// `/telephony/config/locations/{id}/..`
    Location,
    /// `/workspaces/{id}/features/..`
    Workspace,
}

pub(crate) fn route(call: &Call) -> Route {
    let Some(segments) = &call.segments else { return Route::to(Op::Other) };
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let method = call.method.as_str();
    match segments.as_slice() {
        ["people", rest @ ..] => people(method, rest),
        ["telephony", "config", "people", id, rest @ ..] => telephony_person(method, id, rest),
        ["telephony", "config", "locations", rest @ ..] => calling_location(method, rest),
        ["telephony", "pstn", "locations", id, rest @ ..] => pstn(method, id, rest),
        ["telephony", rest @ ..] => telephony(method, rest),
        ["locations", rest @ ..] => location(method, rest),
        ["licenses", rest @ ..] => license(method, rest),
        ["workspaces", rest @ ..] => workspace(method, rest),
        rest => account(method, rest),
    }
}

impl Route {
    fn to(operation: Op) -> Self {
        Route { operation, id: None, setting: None }
    }

    fn about(operation: Op, id: &str) -> Self {
        Route { operation, id: Some(id.to_owned()), setting: None }
    }

    fn setting(operation: Op, id: &str, family: Family, path: &[&str]) -> Self {
        let setting = Setting { family, path: path.join("/") };
        Route { setting: Some(setting), ..Route::about(operation, id) }
    }
}

fn people(method: &str, rest: &[&str]) -> Route {
    match (method, rest) {
        ("GET", []) => Route::to(Op::PeopleList),
        ("GET", ["me"]) => Route::to(Op::PeopleMe),
        ("GET", [id]) => Route::about(Op::PersonGet, id),
        ("GET", [id, "features", "numbers"]) => Route::about(Op::PersonNumbersGet, id),
        (_, [id, "features", path @ ..]) if !path.is_empty() => feature(method, id, Family::People, path),
        ("GET", _) => Route::to(Op::Other),
        (_, [id, ..]) => Route::about(Op::Forbidden, id),
        _ => Route::to(Op::Forbidden),
    }
}

fn telephony_person(method: &str, id: &str, rest: &[&str]) -> Route {
    match (method, rest) {
        ("PUT", ["numbers"]) => Route::about(Op::PersonNumbersPut, id),
        ("GET", ["secondary", "availableNumbers"]) => Route::about(Op::PersonAvailableNumbersList, id),
        ("GET", ["availableNumbers"]) if id == "primary" => Route::to(Op::PersonAvailableNumbersList),
        _ => feature(method, id, Family::Telephony, rest),
    }
}

fn feature(method: &str, id: &str, family: Family, path: &[&str]) -> Route {
    let operation = match (method, family, path) {
        ("POST", Family::People, ["voicemail", "actions", "resetPin", "invoke"])
        | ("PUT", Family::Telephony, ["voicemail", "passcode"]) => Op::VoicemailPin,
        ("GET", _, _) => Op::FeatureGet,
        ("PUT", _, _) => Op::FeaturePut,
        ("POST", _, _) => Op::FeaturePost,
        _ => Op::Forbidden,
    };
    Route::setting(operation, id, family, path)
}

fn calling_location(method: &str, rest: &[&str]) -> Route {
    match (method, rest) {
        ("GET", []) => Route::to(Op::CallingLocationsList),
        ("POST", []) => Route::to(Op::CallingLocationEnable),
        ("GET", [id]) => Route::about(Op::CallingLocationGet, id),
        ("PUT", [id]) => Route::about(Op::CallingLocationUpdate, id),
        ("POST", [id, "numbers"]) => Route::about(Op::NumbersAdd, id),
        ("PUT", [id, "numbers"]) => Route::about(Op::NumbersActivate, id),
        ("DELETE", [id, "numbers"]) => Route::about(Op::NumbersDelete, id),
        ("GET", [id, "availableNumbers"]) => Route::about(Op::AvailableNumbersList, id),
        ("POST", [id, "actions", "validateExtensions", "invoke"]) => Route::about(Op::ValidateExtensions, id),
        ("POST", [id, "actions", "modifyAnnouncementLanguage", "invoke"]) => {
            Route::about(Op::AnnouncementLanguageModify, id)
        }
        ("POST", [id, "actions", "precheckForDeletion", "invoke"]) => Route::about(Op::DeletionPrecheck, id),
        ("GET", [id, path @ ..]) => Route::setting(Op::LocationSettingGet, id, Family::Location, path),
        ("PUT", [id, path @ ..]) => Route::setting(Op::LocationSettingPut, id, Family::Location, path),
        ("POST", [id, path @ ..]) => Route::setting(Op::LocationSettingPost, id, Family::Location, path),
        ("DELETE", _) => Route::to(Op::Forbidden),
        _ => Route::to(Op::Other),
    }
}

fn telephony(method: &str, rest: &[&str]) -> Route {
    match (method, rest) {
        ("GET", ["config", "numbers"]) => Route::to(Op::NumbersList),
        ("POST", ["config", "actions", "validateExtensions", "invoke"]) => Route::to(Op::ValidateExtensions),
        ("POST", ["config", "actions", "validateNumbers", "invoke"]) => Route::to(Op::ValidateNumbers),
        ("GET", ["config", "jobs", "updateRoutingPrefix", id]) => Route::about(Op::PrefixJobGet, id),
        ("POST", ["config", "jobs", "person", "moveLocation"]) => Route::to(Op::MoveLocation),
        ("POST", ["config", "jobs", "numbers", "manageNumbers"]) => Route::to(Op::ManageNumbers),
        ("GET", ["config", "routeChoices"]) => Route::to(Op::RouteChoicesList),
        (_, ["config", "jobs", "locations", "deleteCallingLocation", rest @ ..]) => deletion(method, rest),
        ("DELETE", _) => Route::to(Op::Forbidden),
        _ => Route::to(Op::Other),
    }
}

fn deletion(method: &str, rest: &[&str]) -> Route {
    match (method, rest) {
        ("GET", []) => Route::to(Op::DeletionsList),
        ("POST", []) => Route::to(Op::DeletionStart),
        ("GET", [id]) => Route::about(Op::DeletionGet, id),
        ("GET", [id, "errors"]) => Route::about(Op::DeletionErrors, id),
        ("DELETE", _) => Route::to(Op::Forbidden),
        _ => Route::to(Op::Other),
    }
}

fn pstn(method: &str, id: &str, rest: &[&str]) -> Route {
    match (method, rest) {
        ("GET", ["connectionOptions"]) => Route::about(Op::PstnOptionsList, id),
        ("GET", ["connection"]) => Route::about(Op::PstnConnectionGet, id),
        ("PUT", ["connection"]) => Route::about(Op::PstnConnectionPut, id),
        ("POST", ["emergencyAddress", "lookup"]) => Route::about(Op::EmergencyAddressLookup, id),
        ("POST", ["emergencyAddress"]) => Route::about(Op::EmergencyAddressCreate, id),
        ("PUT", ["emergencyAddresses", _]) => Route::about(Op::EmergencyAddressUpdate, id),
        ("DELETE", _) => Route::to(Op::Forbidden),
        _ => Route::to(Op::Other),
    }
}

fn workspace(method: &str, rest: &[&str]) -> Route {
    match (method, rest) {
        ("GET", []) => Route::to(Op::WorkspacesList),
        ("GET", [id]) => Route::about(Op::WorkspaceGet, id),
        ("GET", [id, "features", path @ ..]) => {
            Route::setting(Op::WorkspaceSettingGet, id, Family::Workspace, path)
        }
        ("DELETE", _) => Route::to(Op::Forbidden),
        _ => Route::to(Op::Other),
    }
}

fn location(method: &str, rest: &[&str]) -> Route {
    match (method, rest) {
        ("GET", []) => Route::to(Op::LocationsList),
        ("POST", []) => Route::to(Op::LocationCreate),
        ("GET", [id]) => Route::about(Op::LocationGet, id),
        ("PUT", [id]) => Route::about(Op::LocationUpdate, id),
        ("DELETE", _) => Route::to(Op::Forbidden),
        _ => Route::to(Op::Other),
    }
}

fn license(method: &str, rest: &[&str]) -> Route {
    match (method, rest) {
        ("GET", []) => Route::to(Op::LicensesList),
        ("PATCH", ["users"]) => Route::to(Op::LicensesUsersPatch),
        ("GET", [id]) => Route::about(Op::LicenseGet, id),
        ("DELETE", _) => Route::to(Op::Forbidden),
        _ => Route::to(Op::Other),
    }
}

fn account(method: &str, rest: &[&str]) -> Route {
    match (method, rest) {
        ("GET", ["authorizations", "tokenExpiry"]) => Route::to(Op::TokenExpiry),
        ("GET", ["organizations"]) => Route::to(Op::OrganizationsList),
        ("GET", ["organizations", id]) => Route::about(Op::OrganizationGet, id),
        ("GET", ["roles"]) => Route::to(Op::RolesList),
        ("GET", _) => Route::to(Op::Other),
        // SCIM and the like: identity by another door.
        (_, ["identity" | "scim" | "organizations" | "authorizations", ..]) | ("DELETE", _) => {
            Route::to(Op::Forbidden)
        }
        _ => Route::to(Op::Other),
    }
}
