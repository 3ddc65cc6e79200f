//! What a GET shows that depends on whose setting it is.

use serde_json::{Map, Value, json};

use super::super::super::ids::{encode_id, unique_part, uuid};
use super::super::super::org::{Calling, Location, Org, Person};
use super::checks::{Subject, group};
use super::{Definition, emergency, executive, members, permissions};

const LAST_MODIFIED: &str = "2024-02-24T07:22:23.494Z";

/// The whole answer to a GET.
pub(in super::super) fn complete(org: &Org, subject: Subject, definition: &Definition) -> Value {
    let mut fields = definition.shown(subject.kept(org, definition.name()));
    permissions::show(&org.rules.fixed_call_types, &mut fields);
    if definition.path != "applications/members" {
        members::show(org, &definition.path, &mut fields);
    }
    match subject {
        Subject::Person(index) => add_of_person(org, index, &definition.path, &mut fields),
        Subject::Location(index) => add_of_location(org, index, &definition.path, &mut fields),
    }
    Value::Object(fields)
}

fn add_of_person(org: &Org, index: usize, path: &str, fields: &mut Map<String, Value>) {
    let Ok(person) = org.person(index) else { return };
    let calling = person.calling.as_ref();
    let location = calling.and_then(|calling| org.location(calling.location).ok());
    match path {
        "callerId" => caller_id(person, calling, location, fields),
        "voicemail" => mailbox(person, fields),
        "callRecording" => recording(fields),
        "monitoring" => {
            let enabled = fields.shift_remove("enableCallParkNotification");
            fields.insert("callParkNotificationEnabled".into(), json!(enabled));
        }
        "applications" => client_ids(person, fields),
        "applications/members" => lines(org, person, fields),
        "schedules" => schedules(org, calling, fields),
        "singleNumberReach" => {
            let numbers = fields.get("numbers").and_then(Value::as_array);
            let on = numbers.into_iter().flatten().any(|number| number.get("enabled") == Some(&json!(true)));
            fields.insert("enabled".into(), json!(on));
        }
        "agent/callerId" => selected_group(org, fields),
        "outgoingPermission/accessCodes" => code_levels(fields),
        "emergencyCallbackNumber" => {
            emergency::of_person(org, person, Subject::Person(index).kept(org, path), fields);
        }
        "settings/msTeams" => teams(org, person, fields),
        "executive/assignedAssistants" => executive::assistants(org, index, fields),
        "executive/assistant" => executive::executives(org, person, fields),
        _ => {}
    }
}

fn add_of_location(org: &Org, index: usize, path: &str, fields: &mut Map<String, Value>) {
    let Ok(location) = org.location(index) else { return };
    match path {
        "features/emergencyCallbackNumber" => {
            emergency::of_location(org, location, Subject::Location(index).kept(org, path), fields);
        }
        "schedules" => {
            let shown = |item: &Value| {
                json!({
                    "id": item.get("id"), "name": item.get("name"), "type": item.get("type"),
                    "locationName": location.name, "locationId": location.id,
                })
            };
            let items = fields.get("schedules").and_then(Value::as_array).into_iter().flatten();
            let items: Vec<Value> = items.map(shown).collect();
            fields.insert("schedules".into(), json!(items));
        }
        "musicOnHold" => {
            let kept = Subject::Location(index).kept(org, path);
            if let Some(id) = kept.and_then(|kept| kept.get("playlistId")?.as_str()) {
                fields.insert("playlist".into(), json!({"id": id, "name": "Playlist"}));
            }
        }
        "internalDialing" => {
            let route = fields.get_mut("unknownExtensionRouteIdentity").and_then(Value::as_object_mut);
            if let Some(route) = route {
                let known =
                    org.routes.iter().find(|known| route.get("id").is_some_and(|id| is_same(id, &known.id)));
                route.extend(known.map(|known| ("name".to_owned(), json!(known.name))));
            }
        }
        _ => {}
    }
}

fn caller_id(
    person: &Person,
    calling: Option<&Calling>,
    location: Option<&Location>,
    fields: &mut Map<String, Value>,
) {
    let main = location.and_then(|location| location.calling.as_ref()?.main_number.clone());
    let details = [
        ("firstName", Some(person.first_name.clone())),
        ("lastName", Some(person.last_name.clone())),
        ("extensionNumber", calling.and_then(|calling| calling.extension.clone())),
        ("directNumber", calling.and_then(|calling| calling.phone.clone())),
        ("locationNumber", main),
        ("locationExternalCallerIdName", location.map(|location| location.name.clone())),
    ];
    let known = details.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value?))));
    fields.extend(known);
}

fn mailbox(person: &Person, fields: &mut Map<String, Value>) {
    for (group, field) in [("emailCopyOfMessage", "emailId"), ("messageStorage", "externalEmail")] {
        if let Some(group) = fields.get_mut(group).and_then(Value::as_object_mut) {
            group.entry(field).or_insert_with(|| json!(person.email));
        }
    }
}

/// Shown as text, but only null is taken back.
fn recording(fields: &mut Map<String, Value>) {
    if let Some(notification) = fields.get_mut("notification").and_then(Value::as_object_mut) {
        notification.entry("type").or_insert_with(|| json!("None"));
    }
}

fn code_levels(fields: &mut Map<String, Value>) {
    let codes = fields.get_mut("accessCodes").and_then(Value::as_array_mut);
    for code in codes.into_iter().flatten().filter_map(Value::as_object_mut) {
        code.insert("level".into(), json!("CUSTOM"));
    }
}

fn client_ids(person: &Person, fields: &mut Map<String, Value>) {
    for client in ["browser", "desktop", "tablet", "mobile"] {
        let id = encode_id("DEVICE", &uuid(&format!("{client}/{}", person.email)));
        fields.insert(format!("{client}ClientId"), json!(id));
    }
}

/// The person's own line, then what was put.
fn lines(org: &Org, person: &Person, fields: &mut Map<String, Value>) {
    let put = fields.get("members").and_then(Value::as_array).cloned().unwrap_or_default();
    let own =
        json!({"id": person.id, "port": 1, "primaryOwner": "true", "lineType": "PRIMARY", "lineWeight": 1});
    let others = put.into_iter().filter(|line| line.get("id") != own.get("id"));
    let shown = std::iter::once(own.clone()).chain(others).map(|mut line| {
        let id = line.get("id").and_then(Value::as_str).unwrap_or_default();
        let member = org.person_index(id).and_then(|index| org.person(index).ok());
        if let (Some(member), Value::Object(fields)) = (member, &mut line) {
            fields.insert("firstName".into(), json!(member.first_name));
            fields.insert("lastName".into(), json!(member.last_name));
            fields.insert("hotlineEnabled".into(), json!(false));
            fields.insert("hotlineDestination".into(), json!(""));
            fields.entry("allowCallDeclineEnabled").or_insert(json!(true));
            fields.insert("memberType".into(), json!("PEOPLE"));
        }
        line
    });
    let shown: Vec<Value> = shown.collect();
    fields.insert("members".into(), json!(shown));
}

/// The person's own schedules and those of the location.
fn schedules(org: &Org, calling: Option<&Calling>, fields: &mut Map<String, Value>) {
    let of_location = calling
        .and_then(|calling| Subject::Location(calling.location).kept(org, "schedules"))
        .and_then(|setting| setting.get("schedules")?.as_array());
    let own = fields.get("schedules").and_then(Value::as_array);
    let shown = |items: Option<&Vec<Value>>, level: &str| -> Vec<Value> {
        let items = items.into_iter().flatten();
        items
            .map(|item| json!({"id": item.get("id"), "name": item.get("name"), "type": item.get("type"), "level": level}))
            .collect()
    };
    let all = [shown(own, "PEOPLE"), shown(of_location, "GROUP")].concat();
    fields.insert("schedules".into(), json!(all));
}

fn selected_group(org: &Org, fields: &mut Map<String, Value>) {
    let Some(owner) = fields.get("selectedCallerId").and_then(Value::as_str).and_then(|id| group(org, id))
    else {
        fields.insert("selectedCallerId".into(), json!({}));
        return;
    };
    let number = org.numbers.of_owner(&owner.key).into_iter().find_map(|key| org.numbers.get(key));
    let shown = json!({
        "id": owner.id, "type": owner.kind, "name": owner.first_name,
        "phoneNumber": number.and_then(|number| number.phone.clone()).unwrap_or_default(),
        "extension": number.and_then(|number| number.extension.clone()).unwrap_or_default(),
    });
    fields.insert("selectedCallerId".into(), shown);
}

fn teams(org: &Org, person: &Person, fields: &mut Map<String, Value>) {
    let setting = json!({
        "settingName": "HIDE_WEBEX_APP", "level": "PEOPLE", "value": fields.get("value"),
        "lastModified": LAST_MODIFIED,
    });
    *fields = Map::from_iter([
        ("personId".to_owned(), json!(person.id)),
        ("orgId".to_owned(), json!(org.id)),
        ("settings".to_owned(), json!([setting])),
    ]);
}

/// First and last name, number and extension of somebody in a list.
pub(super) fn person_card(org: &Org, index: usize) -> Option<Map<String, Value>> {
    let person = org.person(index).ok()?;
    let calling = person.calling.as_ref()?;
    let mut card = Map::from_iter([
        ("id".to_owned(), json!(person.id)),
        ("firstName".to_owned(), json!(person.first_name)),
        ("lastName".to_owned(), json!(person.last_name)),
    ]);
    let phone = calling.phone.as_ref().map(|phone| ("directNumber".to_owned(), json!(phone)));
    let extension = calling.extension.as_ref().map(|extension| ("extension".to_owned(), json!(extension)));
    card.extend(phone.into_iter().chain(extension));
    Some(card)
}

/// Whether two ids mean the same.
pub(super) fn is_same(one: &Value, other: &str) -> bool {
    one.as_str().is_some_and(|one| unique_part(one) == unique_part(other))
}
