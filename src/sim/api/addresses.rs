//! Addresses of locations, and the emergency addresses that take their place once PSTN is set.
//!
//! No published operation reads an emergency address. That the location shows it as its own is a reading of the
//! rule that from then on its address is changed there.

use serde_json::{Map, Value, json};

use super::super::ids::{encode_id, unique_part, uuid};
use super::super::org::{Org, Rules};
use super::super::reply::{Outcome, Refusal, Reply};
use super::super::request::Call;
use super::Work;

const REQUIRED: [&str; 5] = ["address1", "city", "state", "postalCode", "country"];
const FIELDS: [&str; 6] = ["address1", "address2", "city", "state", "postalCode", "country"];
/// What stands before the last characters of a postal code is set apart.
const END_OF_POSTAL_CODE: usize = 3;

/// The address of a new location, complete.
pub(super) fn required_address(call: &Call) -> Result<Value, Refusal> {
    let parts = call.object()?.get("address").and_then(Value::as_object);
    let parts = parts.ok_or_else(|| Refusal::missing_field("address"))?;
    for name in REQUIRED {
        if !is_given(parts, name) {
            return Err(Refusal::missing_field(&format!("address.{name}")));
        }
    }
    address_of(parts)
}

fn is_given(parts: &Map<String, Value>, name: &str) -> bool {
    parts.get(name).and_then(Value::as_str).is_some_and(|text| !text.trim().is_empty())
}

/// The known parts of an address.
pub(super) fn address_of(parts: &Map<String, Value>) -> Result<Value, Refusal> {
    if let Some(country) = parts.get("country").and_then(Value::as_str) {
        let valid = country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase());
        if !valid {
            return Err(Refusal::bad_request(format!("Invalid country: {country}")));
        }
    }
    let known = FIELDS.iter().filter_map(|name| Some((*name, parts.get(*name)?)));
    let given = known.filter(|(_, value)| !value.is_null());
    Ok(Value::Object(given.map(|(name, value)| (name.to_owned(), value.clone())).collect()))
}

/// The address as this organisation shows it.
pub(super) fn shown_address(rules: &Rules, address: &Value) -> Value {
    if rules.habits.respells_addresses { respelled(address) } else { address.clone() }
}

/// In capitals and with a space in the postal code, as providers spell addresses.
fn respelled(address: &Value) -> Value {
    let parts = address.as_object().into_iter().flatten();
    let respelled = parts.map(|(name, value)| {
        let text = value.as_str().map(|text| json!(respelled_part(name, text)));
        (name.clone(), text.unwrap_or_else(|| value.clone()))
    });
    Value::Object(respelled.collect())
}

fn respelled_part(name: &str, text: &str) -> String {
    let capitals = text.to_uppercase();
    let compact: Vec<char> = capitals.chars().filter(|symbol| symbol.is_alphanumeric()).collect();
    let split = compact.len().saturating_sub(END_OF_POSTAL_CODE);
    match compact.split_at_checked(split) {
        Some((start, end)) if name == "postalCode" && !start.is_empty() => {
            format!("{} {}", start.iter().collect::<String>(), end.iter().collect::<String>())
        }
        _ => capitals,
    }
}

/// The address of a request about emergency addresses; it may lack parts.
fn sent_address(call: &Call) -> Result<Value, Refusal> {
    let parts = call.object()?;
    if !is_given(parts, "address1") {
        return Err(Refusal::of_pstn(400, "address1 is required"));
    }
    address_of(parts)
}

/// Suggests the address in the spelling of the providers; a street without a number is not found there.
pub(super) fn look_up(org: &Org, work: &Work<'_>) -> Outcome {
    org.calling_location(work.id())?;
    let parts = work.call.object()?;
    let Value::Object(mut suggested) = respelled(&sent_address(work.call)?) else {
        return Err(Refusal::of_pstn(400, "The address cannot be read"));
    };
    let text = |name: &str| parts.get(name).and_then(Value::as_str).unwrap_or_default();
    let street = text("address1");
    let (numbers, names): (Vec<&str>, Vec<&str>) =
        street.split([' ', ',']).partition(|word| word.starts_with(|first: char| first.is_ascii_digit()));
    suggested.insert(
        "meta".into(),
        json!({
            "houseNumber": numbers.concat(), "streetName": names.join(" ").trim(), "country": text("country"),
            "state": text("state"), "city": text("city"), "zipCode": text("postalCode"),
        }),
    );
    if numbers.is_empty() {
        let error = json!({
            "code": "PMP4004", "title": "INVALID_STREET_ADDRESS", "detail": "The street address provided is invalid.",
        });
        suggested.insert("errors".into(), json!([error]));
    }
    Ok(Reply::ok(json!({ "addresses": [suggested] })))
}

/// The id of the new emergency address is told here and nowhere else.
pub(super) fn create(org: &mut Org, work: &Work<'_>) -> Outcome {
    let (index, location, _) = org.calling_location(work.id())?;
    let address = sent_address(work.call)?;
    let key = uuid(&format!("EMERGENCY_ADDRESS/{}/{}", location.id, location.emergency_addresses.len()));
    let id = encode_id("EMERGENCY_ADDRESS", &key);
    org.edit_location(index, work.moment, |location| {
        location.address = address.clone();
        location.emergency_addresses.insert(key, address);
    });
    Ok(Reply::created(json!({ "id": id })))
}

pub(super) fn update(org: &mut Org, work: &Work<'_>) -> Outcome {
    let (index, location, _) = org.calling_location(work.id())?;
    let last = work.call.segments.as_ref().and_then(|segments| segments.last());
    let key = unique_part(last.map_or("", String::as_str));
    if !location.emergency_addresses.contains_key(&key) {
        return Err(Refusal::of_pstn(404, format!("Emergency address {key} not found")));
    }
    let address = sent_address(work.call)?;
    org.edit_location(index, work.moment, |location| {
        location.address = address.clone();
        location.emergency_addresses.insert(key, address);
    });
    Ok(Reply::no_content())
}
