//! The numbers of one person: read under one prefix, written under another.

use serde_json::{Map, Value, json};

use super::super::habits::Spelling;
use super::super::ids::unique_part;
use super::super::org::{Number, Org};
use super::super::reply::{Outcome, Refusal, Reply};
use super::super::spelling::respelled;
use super::Work;
use super::back_end::calling_person;
use super::numbers::prefix_of;

const RING_PATTERNS: [&str; 4] = ["NORMAL", "LONG_LONG", "SHORT_SHORT_LONG", "SHORT_LONG_SHORT"];

pub(super) fn get(org: &Org, work: &Work<'_>) -> Outcome {
    let index = calling_person(org, work)?;
    let e164 = work.call.flag("preferE164Format") == Some(true);
    let owner = unique_part(&org.person(index)?.id);
    let held = org.numbers.of_owner(&owner);
    let mut numbers: Vec<&Number> = held.into_iter().filter_map(|key| org.numbers.get(key)).collect();
    numbers.sort_by_key(|number| number.alternate);
    let entries: Vec<Value> = numbers.into_iter().map(|number| render(org, number, e164)).collect();
    let rings = org.person(index)?.distinctive_ring;
    Ok(Reply::ok(json!({"distinctiveRingEnabled": rings, "phoneNumbers": entries})))
}

fn render(org: &Org, number: &Number, e164: bool) -> Value {
    let mut fields = Map::new();
    fields.insert("primary".into(), json!(!number.alternate));
    if let Some(phone) = &number.phone {
        let shown = match (e164, org.rules.habits.spelling) {
            (true, _) => phone.clone(),
            (false, Spelling::E164) => phone.trim_start_matches('+').to_owned(),
            (false, spelling) => respelled(spelling, phone),
        };
        fields.insert("directNumber".into(), json!(shown));
    }
    if let Some(extension) = &number.extension {
        let prefix = org.location(number.location).ok().and_then(prefix_of).unwrap_or_default();
        fields.insert("extension".into(), json!(extension));
        if !prefix.is_empty() {
            fields.insert("routingPrefix".into(), json!(prefix));
        }
        fields.insert("esn".into(), json!(format!("{prefix}{extension}")));
    }
    let pattern = number.ring_pattern.as_deref().unwrap_or("NORMAL");
    fields.insert("ringPattern".into(), json!(pattern));
    Value::Object(fields)
}

/// One entry of the request, checked.
struct Change {
    key: u64,
    adds: bool,
    extension: Option<String>,
    ring_pattern: Option<String>,
}

pub(super) fn put(org: &mut Org, work: &Work<'_>) -> Outcome {
    let index = calling_person(org, work)?;
    let entries = work.call.object()?.get("phoneNumbers").and_then(Value::as_array);
    let entries = entries.ok_or_else(|| Refusal::missing_field("phoneNumbers"))?;
    let changes = entries.iter().map(|entry| check(org, index, entry)).collect::<Result<Vec<_>, _>>()?;
    let owner = org.person(index)?.as_owner(&unique_part(&org.person(index)?.id));
    for change in changes {
        org.numbers.edit(change.key, work.moment, |number| {
            number.owner = change.adds.then(|| owner.clone());
            number.alternate = change.adds;
            number.extension = change.extension;
            number.ring_pattern = change.ring_pattern;
        });
    }
    // The published schema and its own example differ in the name.
    let rings = ["distinctiveRingEnabled", "enableDistinctiveRingPattern"]
        .iter()
        .find_map(|name| work.call.body.as_ref()?.get(*name)?.as_bool());
    org.edit_person(index, work.moment, |person| {
        person.distinctive_ring = rings.unwrap_or(person.distinctive_ring);
    });
    Ok(Reply::no_content())
}

fn check(org: &Org, person: usize, entry: &Value) -> Result<Change, Refusal> {
    let text = |name: &str| entry.get(name).and_then(Value::as_str);
    let primary = entry.get("primary").and_then(Value::as_bool);
    if primary.ok_or_else(|| Refusal::missing_field("primary"))? {
        return Err(Refusal::bad_request("The primary number cannot be changed here."));
    }
    let adds = match text("action") {
        Some("ADD") => true,
        Some("DELETE") => false,
        _ => return Err(Refusal::missing_field("action")),
    };
    let phone = text("directNumber").ok_or_else(|| Refusal::missing_field("directNumber"))?;
    let ring_pattern = text("ringPattern");
    if ring_pattern.is_some_and(|pattern| !RING_PATTERNS.contains(&pattern)) {
        return Err(Refusal::bad_request("Unknown ringPattern"));
    }
    let refuse = |code: u64, what: &str| Refusal::coded(400, code, &format!("The {what}."));
    let person = org.person(person)?;
    let location = person.calling.as_ref().map(|calling| calling.location);
    let found = org.numbers.by_phone(phone).and_then(|key| Some((key, org.numbers.get(key)?)));
    let found = found.filter(|(_, number)| Some(number.location) == location);
    let (key, number) = found.ok_or_else(|| refuse(27966, "number is not available in the location"))?;
    let is_own = number.owner.as_ref().is_some_and(|owner| owner.id == person.id);
    let is_own_alternate = is_own && number.alternate;
    match (adds, &number.owner) {
        (true, Some(_)) if !is_own_alternate => return Err(refuse(4201, "number is already in use")),
        (false, _) if !is_own_alternate => {
            return Err(refuse(27966, "number is no alternate number of the person"));
        }
        _ => {}
    }
    let extension = text("extension").filter(|_| adds);
    let holder = extension.and_then(|extension| org.numbers.by_extension(number.location, extension));
    if holder.is_some_and(|holder| holder != key) {
        return Err(refuse(4202, "extension is already in use"));
    }
    Ok(Change {
        key,
        adds,
        extension: extension.map(str::to_owned),
        ring_pattern: ring_pattern.filter(|_| adds).map(str::to_owned),
    })
}
