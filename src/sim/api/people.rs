//! Reading people. Nothing here writes: the identity of people is not ours to change.

use serde_json::{Map, Value, json};

use super::super::ids::encode_id;
use super::super::org::{Lagged, Org, Person};
use super::super::page::Paging;
use super::super::reply::{Outcome, Refusal, Reply};
use super::Work;
use super::account::FULL_ADMIN;

const IDS_PER_REQUEST: usize = 85;
const CREATED: &str = "2024-01-15T08:00:00.000Z";

/// What of a person is shown.
#[derive(Clone, Copy)]
struct View {
    calling_data: bool,
    status: bool,
    /// Lists spell some flags as text, as published; single people as booleans, as on live systems.
    flags_as_text: bool,
}

pub(super) fn me(org: &Org, work: &Work<'_>) -> Outcome {
    let view = single_view(work);
    let mut body = render(org, org.person(org.admin)?, view);
    if let Value::Object(fields) = &mut body {
        fields.insert("roles".into(), json!([encode_id("ROLE", FULL_ADMIN)]));
    }
    Ok(Reply::ok(body))
}

pub(super) fn get(org: &Org, work: &Work<'_>) -> Outcome {
    let index = org.person_index(work.id()).ok_or_else(|| Refusal::not_found("Person"))?;
    Ok(Reply::ok(render(org, org.person(index)?, single_view(work))))
}

fn single_view(work: &Work<'_>) -> View {
    View { calling_data: work.call.flag("callingData").unwrap_or(false), status: true, flags_as_text: false }
}

pub(super) fn list(org: &Org, work: &Work<'_>) -> Outcome {
    let call = work.call;
    let view = View {
        calling_data: call.flag("callingData").unwrap_or(false),
        status: !call.flag("excludeStatus").unwrap_or(false),
        flags_as_text: true,
    };
    if let Some(ids) = call.param("id") {
        return by_ids(org, work, ids, view);
    }
    if let Some(email) = call.param("email") {
        let found = org.person_index_of_email(email).and_then(|index| org.people.get(index));
        let items: Vec<Value> =
            shown(work, found.into_iter()).map(|person| render(org, person, view)).collect();
        return Ok(Reply::ok(json!({ "items": items })));
    }
    let location = match call.param("locationId") {
        Some(id) => Some(org.location_index(id).ok_or_else(|| Refusal::bad_request("Unknown locationId"))?),
        None => None,
    };
    let name = call.param("displayName").map(str::to_lowercase);
    let wanted = |person: &&Person| {
        location.is_none_or(|index| person.calling.as_ref().is_some_and(|calling| calling.location == index))
            && name.as_ref().is_none_or(|name| person.display_name().to_lowercase().starts_with(name))
    };
    let limit = match (location, view.calling_data) {
        (Some(_), _) => 50,
        (None, true) => 100,
        (None, false) => 500,
    };
    let paging = Paging::new(&org.rules, ["max", "cursor"], 100.min(limit), limit);
    let (people, next) = paging.page(call, shown(work, org.people.iter()).filter(wanted))?;
    let items: Vec<Value> = people.into_iter().map(|person| render(org, person, view)).collect();
    Ok(Reply::ok(json!({ "items": items })).with_link(next))
}

fn shown<'a>(
    work: &Work<'_>,
    people: impl Iterator<Item = &'a Lagged<Person>>,
) -> impl Iterator<Item = &'a Person> {
    let now = work.moment.now;
    people.filter_map(move |person| person.listed(now))
}

fn by_ids(org: &Org, work: &Work<'_>, ids: &str, view: View) -> Outcome {
    let ids: Vec<&str> = ids.split(',').map(str::trim).filter(|id| !id.is_empty()).collect();
    if ids.len() > IDS_PER_REQUEST {
        return Err(Refusal::bad_request(format!("At most {IDS_PER_REQUEST} ids are accepted.")));
    }
    let (mut items, mut missing) = (Vec::new(), Vec::new());
    for id in ids {
        let found = org.person_index(id).and_then(|index| org.people.get(index));
        match found.and_then(|person| person.listed(work.moment.now)) {
            Some(person) => items.push(render(org, person, View { status: false, ..view })),
            None => missing.push(id),
        }
    }
    Ok(Reply::ok(json!({"items": items, "notFoundIds": missing})))
}

impl Person {
    pub(super) fn display_name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name)
    }
}

fn render(org: &Org, person: &Person, view: View) -> Value {
    let flag = |value: bool| if view.flags_as_text { json!(value.to_string()) } else { json!(value) };
    let licenses: Vec<&str> = person
        .licenses
        .iter()
        .filter_map(|license| org.licenses.get(*license))
        .map(|license| license.id.as_str())
        .collect();
    let mut fields = Map::new();
    fields.insert("id".into(), json!(person.id));
    let emails: Vec<&String> = std::iter::once(&person.email).chain(&person.aliases).collect();
    fields.insert("emails".into(), json!(emails));
    if view.calling_data {
        add_calling_data(org, person, &mut fields);
    }
    fields.insert("displayName".into(), json!(person.display_name()));
    fields.insert("firstName".into(), json!(person.first_name));
    fields.insert("lastName".into(), json!(person.last_name));
    fields.insert("orgId".into(), json!(org.id));
    fields.insert("licenses".into(), json!(licenses));
    fields.insert("created".into(), json!(CREATED));
    fields.insert("lastModified".into(), json!(CREATED));
    if view.status {
        fields.insert("status".into(), json!("inactive"));
    }
    fields.insert("invitePending".into(), flag(person.invite_pending));
    fields.insert("loginEnabled".into(), flag(person.login_enabled));
    fields.insert("type".into(), json!(person.kind));
    Value::Object(fields)
}

fn add_calling_data(org: &Org, person: &Person, fields: &mut Map<String, Value>) {
    let mut phones = Vec::new();
    if let Some(calling) = &person.calling {
        let location = org.location(calling.location).ok();
        fields.insert("locationId".into(), json!(location.map(|location| &location.id)));
        if let Some(extension) = &calling.extension {
            let prefix = location
                .and_then(|location| location.calling.as_ref()?.routing_prefix.as_deref())
                .unwrap_or_default();
            fields.insert("extension".into(), json!(extension));
            phones.push(json!({"type": "work_extension", "value": format!("{prefix}{extension}")}));
        }
        if let Some(phone) = &calling.phone {
            phones.push(json!({"type": "work", "value": phone, "primary": true}));
        }
    } else if let Some(phone) = &person.work_phone {
        phones.push(json!({"type": "work", "value": phone}));
    }
    fields.insert("phoneNumbers".into(), json!(phones));
}
