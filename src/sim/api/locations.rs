//! Locations as all of Webex knows them.

use serde_json::{Map, Value, json};

use super::super::habits::AddressWithPstn;
use super::super::org::{Location, Org};
use super::super::page::Paging;
use super::super::reply::{Outcome, Refusal, Reply};
use super::super::request::Call;
use super::Work;
use super::addresses::{address_of, required_address, shown_address};

const NAME_LENGTH: usize = 256;
/// The limit that calling puts on names.
pub(super) const CALLING_NAME_LENGTH: usize = 80;

pub(super) fn list(org: &Org, work: &Work<'_>) -> Outcome {
    let call = work.call;
    let name = call.param("name").map(str::to_lowercase);
    let only = call.param("id").map(|id| org.location_index(id));
    let paging = Paging::new(&org.rules, ["max", "cursor"], 500, 1000);
    let wanted = |(index, location): (usize, &'_ super::super::org::Lagged<Location>)| {
        let location = location.listed(work.moment.now)?;
        let named = name.as_ref().is_none_or(|name| location.name.to_lowercase().contains(name));
        let meant = only.is_none_or(|only| only == Some(index));
        (named && meant).then(|| render(org, location))
    };
    let (items, next) = paging.page(call, org.locations.iter().enumerate().filter_map(wanted))?;
    Ok(Reply::ok(json!({ "items": items })).with_link(next))
}

pub(super) fn get(org: &Org, work: &Work<'_>) -> Outcome {
    let index = org.location_index(work.id()).ok_or_else(|| Refusal::not_found("Location"))?;
    Ok(Reply::ok(render(org, org.location(index)?)))
}

pub(super) fn create(org: &mut Org, work: &Work<'_>) -> Outcome {
    let call = work.call;
    let name = required_text(call, "name")?;
    check_name(name, NAME_LENGTH)?;
    let time_zone = required_text(call, "timeZone")?;
    check_time_zone(time_zone)?;
    let preferred_language = required_text(call, "preferredLanguage")?;
    check_language(&preferred_language.to_lowercase())?;
    let announcement_language = required_text(call, "announcementLanguage")?;
    check_language(announcement_language)?;
    let address = required_address(call)?;
    check_notes(org, call)?;
    if org.rules.unique_location_names && org.has_location_named(name, None) {
        return Err(Refusal::new(409, format!("Location with name {name} already exists.")));
    }
    let text = |name: &str| call.text(name).map(str::to_owned);
    let location = Location {
        id: String::new(),
        name: name.to_owned(),
        time_zone: time_zone.to_owned(),
        preferred_language: preferred_language.to_owned(),
        announcement_language: Some(announcement_language.to_owned()),
        address,
        emergency_addresses: Default::default(),
        notes: text("notes"),
        latitude: text("latitude"),
        longitude: text("longitude"),
        calling: None,
        pstn: None,
        pstn_route: None,
    };
    let body = render(org, &location);
    let id = org.add_location(location, work.moment);
    let mut fields = Map::from_iter([("id".to_owned(), json!(id))]);
    fields.extend(body.as_object().into_iter().flatten().filter(|(key, _)| *key != "id").map(cloned));
    Ok(Reply::created(Value::Object(fields)))
}

fn cloned((key, value): (&String, &Value)) -> (String, Value) {
    (key.clone(), value.clone())
}

pub(super) fn update(org: &mut Org, work: &Work<'_>) -> Outcome {
    let call = work.call;
    let index = org.location_index(work.id()).ok_or_else(|| Refusal::not_found("Location"))?;
    let fields = call.object()?.clone();
    if let Some(name) = call.text("name") {
        let calling = org.location(index)?.calling.is_some();
        check_name(name, if calling { CALLING_NAME_LENGTH } else { NAME_LENGTH })?;
        if org.rules.unique_location_names && org.has_location_named(name, Some(index)) {
            return Err(Refusal::new(409, format!("Location with name {name} already exists.")));
        }
    }
    check_notes(org, call)?;
    call.text("timeZone").map_or(Ok(()), check_time_zone)?;
    call.text("preferredLanguage").map_or(Ok(()), |language| check_language(&language.to_lowercase()))?;
    let address = match (fields.get("address"), org.rules.habits.address_with_pstn) {
        (None | Some(Value::Null), _) => None,
        (Some(_), AddressWithPstn::Ignored) if org.location(index)?.pstn.is_some() => None,
        (Some(_), AddressWithPstn::Refused) if org.location(index)?.pstn.is_some() => {
            return Err(Refusal::bad_request("The address of a location with PSTN cannot be changed here."));
        }
        (Some(Value::Object(parts)), _) => Some(address_of(parts)?),
        (Some(_), _) => return Err(Refusal::bad_request("address must be an object")),
    };
    org.edit_location(index, work.moment, |location| {
        let text = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_owned);
        replace(&mut location.name, text("name"));
        replace(&mut location.time_zone, text("timeZone"));
        replace(&mut location.preferred_language, text("preferredLanguage"));
        replace(&mut location.address, address);
        for (slot, name) in [
            (&mut location.notes, "notes"),
            (&mut location.latitude, "latitude"),
            (&mut location.longitude, "longitude"),
        ] {
            if fields.contains_key(name) {
                *slot = text(name);
            }
        }
    });
    Ok(Reply::no_content())
}

fn replace<T>(slot: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *slot = value;
    }
}

fn render(org: &Org, location: &Location) -> Value {
    let mut fields = Map::new();
    fields.insert("id".into(), json!(location.id));
    fields.insert("name".into(), json!(location.name));
    fields.insert("orgId".into(), json!(org.id));
    fields.insert("timeZone".into(), json!(location.time_zone));
    fields.insert("preferredLanguage".into(), json!(as_locale(&location.preferred_language)));
    fields.insert("address".into(), shown_address(&org.rules, &location.address));
    // Seen on live systems: only the calling details of a location know the language.
    fields.insert("announcementLanguage".into(), Value::Null);
    for (name, value) in
        [("latitude", &location.latitude), ("longitude", &location.longitude), ("notes", &location.notes)]
    {
        if let Some(value) = value {
            fields.insert(name.into(), json!(value));
        }
    }
    Value::Object(fields)
}

/// Lists were seen to show `es_ES` for what was sent as `es_es`.
fn as_locale(language: &str) -> String {
    match language.split_once('_') {
        Some((language, country)) => format!("{}_{}", language.to_lowercase(), country.to_uppercase()),
        None => language.to_owned(),
    }
}

/// A string of the body that must not be empty.
pub(super) fn required_text<'a>(call: &'a Call, name: &str) -> Result<&'a str, Refusal> {
    call.object()?;
    call.text(name).filter(|text| !text.trim().is_empty()).ok_or_else(|| Refusal::missing_field(name))
}

pub(super) fn check_name(name: &str, length: usize) -> Result<(), Refusal> {
    if name.trim().is_empty() || name.chars().count() > length {
        return Err(Refusal::bad_request(format!("The name must have 1 to {length} characters.")));
    }
    Ok(())
}

fn check_notes(org: &Org, call: &Call) -> Result<(), Refusal> {
    let length = call.text("notes").map_or(0, |notes| notes.chars().count());
    match org.rules.habits.longest_notes {
        Some(longest) if length > longest => {
            Err(Refusal::bad_request(format!("The notes must have at most {longest} characters.")))
        }
        _ => Ok(()),
    }
}

/// Only `xx_yy` in lower case is taken.
pub(super) fn check_language(language: &str) -> Result<(), Refusal> {
    let parts: Vec<&str> = language.split('_').collect();
    let letters = |part: &&str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_lowercase());
    if parts.len() == 2 && parts.iter().all(letters) {
        return Ok(());
    }
    Err(Refusal::bad_request(format!("Invalid language: {language}")))
}

pub(super) fn check_time_zone(time_zone: &str) -> Result<(), Refusal> {
    let well_formed = time_zone.split_once('/').is_some_and(|(area, place)| {
        let first_is_upper = |part: &str| part.starts_with(|letter: char| letter.is_ascii_uppercase());
        first_is_upper(area) && first_is_upper(place) && !time_zone.contains(' ')
    });
    if well_formed {
        return Ok(());
    }
    Err(Refusal::bad_request(format!("Invalid time zone: {time_zone}")))
}
