//! Emergency callback numbers: what would be dialled, by choice.

use serde_json::{Map, Value, json};

use super::super::super::org::{Location, Org, Person};

fn main_number(location: &Location) -> Option<&String> {
    location.calling.as_ref()?.main_number.as_ref()
}

/// What a choice leads to: its own number, else the location's, else nothing.
fn info(own: Option<&String>, level: &str, main: Option<&String>) -> Map<String, Value> {
    let (effective_level, value, quality) = match (own, main) {
        (Some(own), _) => (level, own.as_str(), "RECOMMENDED"),
        (None, Some(main)) => ("LOCATION_NUMBER", main.as_str(), "NOT_RECOMMENDED"),
        (None, None) => ("NONE", "", "INVALID"),
    };
    let mut fields = Map::from_iter([
        ("effectiveLevel".to_owned(), json!(effective_level)),
        ("effectiveValue".to_owned(), json!(value)),
        ("quality".to_owned(), json!(quality)),
    ]);
    fields.extend(own.map(|own| ("phoneNumber".to_owned(), json!(own))));
    fields
}

fn named(mut info: Map<String, Value>, first: &str, last: &str) -> Value {
    info.insert("firstName".into(), json!(first));
    info.insert("lastName".into(), json!(last));
    Value::Object(info)
}

/// The member whose number was chosen.
fn member_info(org: &Org, kept: Option<&Value>, main: Option<&String>) -> Option<Value> {
    let id = kept?.get("locationMemberId")?.as_str()?;
    let member = org.person(org.person_index(id)?).ok()?;
    let phone = member.calling.as_ref()?.phone.as_ref();
    let mut info = info(phone, "LOCATION_MEMBER_NUMBER", main);
    info.insert("memberId".into(), json!(member.id));
    info.insert("memberType".into(), json!("PEOPLE"));
    Some(named(info, &member.first_name, &member.last_name))
}

pub(super) fn of_person(org: &Org, person: &Person, kept: Option<&Value>, fields: &mut Map<String, Value>) {
    let Some(calling) = &person.calling else { return };
    let Ok(location) = org.location(calling.location) else { return };
    let main = main_number(location);
    let direct = info(calling.phone.as_ref(), "DIRECT_LINE", main);
    fields.insert("directLineInfo".into(), named(direct, &person.first_name, &person.last_name));
    let of_location = info(main, "LOCATION_ECBN", None);
    fields.insert("locationECBNInfo".into(), named(of_location, &location.name, ""));
    fields.extend(member_info(org, kept, main).map(|info| ("locationMemberInfo".to_owned(), info)));
    let default = info(main, "LOCATION_ECBN", None);
    let default: Map<String, Value> = default
        .into_iter()
        .filter(|(name, _)| ["effectiveValue", "quality"].contains(&name.as_str()))
        .collect();
    fields.insert("defaultInfo".into(), Value::Object(default));
}

pub(super) fn of_location(
    org: &Org,
    location: &Location,
    kept: Option<&Value>,
    fields: &mut Map<String, Value>,
) {
    let main = main_number(location);
    let mut own = info(main, "LOCATION_NUMBER", None);
    own.insert("name".into(), json!(location.name));
    fields.insert("locationInfo".into(), Value::Object(own));
    let nobody = || Value::Object(info(None, "LOCATION_MEMBER_NUMBER", None));
    let member = member_info(org, kept, main).unwrap_or_else(nobody);
    fields.insert("locationMemberInfo".into(), member);
}
