//! Members of a setting: ids when written, people when read.

use serde_json::{Map, Value, json};

use super::super::super::ids::unique_part;
use super::super::super::org::{Org, Person};
use super::super::super::reply::Refusal;
use super::super::numbers::prefix_of;

const MOST_MEMBERS: usize = 50;

/// The lists of member ids.
const FIELDS: [&str; 5] =
    ["monitoredElements", "monitoringAgents", "members", "monitoredMembers", "assistantIds"];

fn calling<'a>(org: &'a Org, id: &Value) -> Option<&'a Person> {
    let person = org.person(org.person_index(id.as_str()?)?).ok()?;
    person.calling.is_some().then_some(person)
}

/// All or none: one member that is no calling user refuses the whole.
pub(super) fn check(org: &Org, sent: &Map<String, Value>) -> Result<(), Refusal> {
    for ids in FIELDS.iter().filter_map(|name| sent.get(*name)?.as_array()) {
        if ids.len() > MOST_MEMBERS {
            return Err(Refusal::bad_request(format!("At most {MOST_MEMBERS} members are accepted.")));
        }
        if !ids.iter().all(|id| calling(org, id).is_some()) {
            return Err(Refusal::coded(400, 4470, "A member cannot be added."));
        }
    }
    Ok(())
}

/// Puts people in the place of ids.
pub(super) fn show(org: &Org, path: &str, fields: &mut Map<String, Value>) {
    for name in FIELDS {
        if let Some(Value::Array(ids)) = fields.get(name) {
            let members = ids.iter().filter_map(|id| org.person(org.person_index(id.as_str()?)?).ok());
            let shown: Vec<Value> = members.map(|person| member(org, path, person)).collect();
            fields.insert(name.into(), json!(shown));
        }
    }
}

fn member(org: &Org, path: &str, person: &Person) -> Value {
    let calling = person.calling.as_ref();
    let location = calling.and_then(|calling| org.location(calling.location).ok());
    let prefix = location.and_then(prefix_of).unwrap_or_default();
    let numbers: Vec<Value> = org
        .numbers
        .of_owner(&unique_part(&person.id))
        .into_iter()
        .filter_map(|key| org.numbers.get(key))
        .map(|number| {
            let mut fields = Map::new();
            fields.extend(number.phone.as_ref().map(|phone| ("external".to_owned(), json!(phone))));
            if let Some(extension) = &number.extension {
                fields.insert("extension".into(), json!(extension));
                if !prefix.is_empty() {
                    fields.insert("routingPrefix".into(), json!(prefix));
                }
                fields.insert("esn".into(), json!(format!("{prefix}{extension}")));
            }
            fields.insert("primary".into(), json!(!number.alternate));
            Value::Object(fields)
        })
        .collect();
    let mut member = json!({
        "id": person.id, "firstName": person.first_name, "lastName": person.last_name,
        "displayName": person.display_name(), "type": "PEOPLE", "email": person.email, "numbers": numbers,
    });
    if path != "monitoring" {
        return member;
    }
    if let (Value::Object(fields), Some(location)) = (&mut member, location) {
        fields.insert("location".into(), json!(location.name));
        fields.insert("locationId".into(), json!(location.id));
    }
    json!({ "member": member })
}
