//! What identifies the thing that a request is about, for the journal and for faults.

use super::operation::Operation as Op;
use super::org::Org;
use super::request::Call;
use super::route::Route;

/// The names of a request's subject; the first is the journal's key.
#[derive(Default)]
pub(crate) struct Target {
    pub(crate) names: Vec<String>,
}

impl Target {
    pub(crate) fn key(&self) -> Option<String> {
        self.names.first().cloned()
    }
}

pub(crate) fn target(org: &Org, call: &Call, route: &Route) -> Target {
    let mut names = match route.operation {
        Op::PeopleList => given(call, &["email", "id", "locationId"]),
        Op::LocationsList | Op::CallingLocationsList => given(call, &["name", "id"]),
        Op::NumbersList => searched_number(org, call),
        Op::LocationCreate => call.text("name").map(str::to_owned).into_iter().collect(),
        Op::DeletionStart => call.text("locationId").map(|id| location(org, id)).unwrap_or_default(),
        Op::WorkspaceGet | Op::WorkspaceSettingGet => {
            route.id.as_deref().map(|id| workspace(org, id)).unwrap_or_default()
        }
        Op::CallingLocationEnable => call.text("id").map(|id| location(org, id)).unwrap_or_default(),
        Op::LicensesUsersPatch => patched_person(org, call),
        Op::LicenseGet => license(org, route.id.as_deref()),
        Op::PersonGet
        | Op::PersonNumbersGet
        | Op::PersonNumbersPut
        | Op::PersonAvailableNumbersList
        | Op::FeatureGet
        | Op::FeaturePut
        | Op::FeaturePost
        | Op::VoicemailPin
        | Op::Forbidden => route.id.as_deref().map(|id| person(org, id)).unwrap_or_default(),
        Op::NumbersAdd | Op::NumbersActivate | Op::NumbersDelete => {
            let names = route.id.as_deref().map(|id| location(org, id)).unwrap_or_default();
            names.into_iter().chain(call.strings("phoneNumbers").unwrap_or_default()).collect()
        }
        _ => route.id.as_deref().map(|id| location(org, id)).unwrap_or_default(),
    };
    if let Some(setting) = &route.setting {
        let full = names.first().map(|key| format!("{key}/{}", setting.path));
        names.push(setting.path.clone());
        names.extend(full);
    }
    Target { names }
}

fn given(call: &Call, params: &[&str]) -> Vec<String> {
    params.iter().filter_map(|name| call.param(name)).map(str::to_owned).collect()
}

fn person(org: &Org, id: &str) -> Vec<String> {
    let found = org.person_index(id).and_then(|index| org.person(index).ok());
    found.map(|person| person.email.clone()).into_iter().chain([id.to_owned()]).collect()
}

fn workspace(org: &Org, id: &str) -> Vec<String> {
    org.workspace(id).map(|workspace| workspace.name.clone()).into_iter().chain([id.to_owned()]).collect()
}

fn location(org: &Org, id: &str) -> Vec<String> {
    let found = org.location_index(id).and_then(|index| org.location(index).ok());
    found.map(|location| location.name.clone()).into_iter().chain([id.to_owned()]).collect()
}

fn license(org: &Org, id: Option<&str>) -> Vec<String> {
    let found = id.and_then(|id| org.license_index(id)).and_then(|index| org.license(index).ok());
    found.map(|license| license.name.clone()).into_iter().chain(id.map(str::to_owned)).collect()
}

fn patched_person(org: &Org, call: &Call) -> Vec<String> {
    let mut names: Vec<String> = call.text("email").map(str::to_owned).into_iter().collect();
    names.extend(call.text("personId").map(|id| person(org, id)).into_iter().flatten());
    names
}

fn searched_number(org: &Org, call: &Call) -> Vec<String> {
    let mut names = given(call, &["extension", "phoneNumber"]);
    names.extend(call.param("ownerId").map(|id| person(org, id)).into_iter().flatten());
    names.extend(call.param("locationId").map(|id| location(org, id)).into_iter().flatten());
    names
}
