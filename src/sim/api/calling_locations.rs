//! Locations as Webex Calling knows them.

use serde_json::{Map, Value, json};

use super::super::org::{CallingLocation, Lagged, Location, Org};
use super::super::page::Paging;
use super::super::reply::{Outcome, Refusal, Reply};
use super::addresses::required_address;
use super::locations::{CALLING_NAME_LENGTH, check_language, check_name, check_time_zone, required_text};
use super::{Work, jobs, pstn};

pub(super) fn list(org: &Org, work: &Work<'_>) -> Outcome {
    let call = work.call;
    let name = call.param("name").map(str::to_lowercase);
    let paging = Paging::new(&org.rules, ["max", "start"], 500, 1000);
    let mut found: Vec<(&Location, &CallingLocation)> = org
        .locations
        .iter()
        .filter_map(|location: &Lagged<Location>| location.listed(work.moment.now))
        .filter_map(|location| Some((location, location.calling.as_ref()?)))
        .filter(|(location, _)| name.as_ref().is_none_or(|name| location.name.to_lowercase().contains(name)))
        .collect();
    match call.param("order") {
        Some("desc") => found.sort_by(|a, b| b.0.name.cmp(&a.0.name)),
        Some(_) => found.sort_by(|a, b| a.0.name.cmp(&b.0.name)),
        None => {}
    }
    let (page, next) = paging.page(call, found.into_iter())?;
    let locations: Vec<Value> =
        page.into_iter().map(|(location, calling)| summary(location, calling)).collect();
    Ok(Reply::ok(json!({ "locations": locations })).with_link(next))
}

fn summary(location: &Location, calling: &CallingLocation) -> Value {
    let mut fields = Map::new();
    fields.insert("id".into(), json!(location.id));
    fields.insert("name".into(), json!(location.name));
    for name in ["outsideDialDigit", "enforceOutsideDialDigit"] {
        if let Some(value) = calling.details.get(name) {
            fields.insert(name.into(), value.clone());
        }
    }
    if let Some(prefix) = &calling.routing_prefix {
        fields.insert("routingPrefix".into(), json!(prefix));
    }
    fields.insert("callingLineId".into(), calling_line_id(calling));
    fields.insert("e911SetupRequired".into(), json!(false));
    Value::Object(fields)
}

fn calling_line_id(calling: &CallingLocation) -> Value {
    let mut fields = Map::new();
    if let Some(name) = calling.details.get("callingLineName") {
        fields.insert("name".into(), name.clone());
    }
    fields.insert("phoneNumber".into(), json!(calling.main_number));
    Value::Object(fields)
}

pub(super) fn get(org: &Org, work: &Work<'_>) -> Outcome {
    let (_, location, calling) = org.calling_location(work.id())?;
    let mut fields = Map::new();
    fields.insert("id".into(), json!(location.id));
    fields.insert("name".into(), json!(location.name));
    fields.insert("announcementLanguage".into(), json!(calling.announcement_language));
    fields.insert("callingLineId".into(), calling_line_id(calling));
    if let Some((kind, id)) = &location.pstn_route {
        fields.insert("connection".into(), json!({"type": kind, "id": id}));
    }
    if let Some(prefix) = &calling.routing_prefix {
        fields.insert("routingPrefix".into(), json!(prefix));
    }
    let details = calling.details.iter().filter(|(name, _)| *name != "callingLineName");
    fields.extend(details.map(|(name, value)| (name.clone(), value.clone())));
    fields.entry("enforceOutsideDialDigit").or_insert(json!(false));
    fields.insert("useChargeNumberForPChargeInfo".into(), json!(false));
    fields.insert("subscriptionId".into(), json!(org.licenses.first().map(|license| &license.subscription)));
    fields.insert("userLimit".into(), json!(500_000));
    fields.insert("defaultDomain".into(), json!("98079822.sim.example"));
    Ok(Reply::ok(Value::Object(fields)))
}

pub(super) fn enable(org: &mut Org, work: &Work<'_>) -> Outcome {
    let call = work.call;
    let id = required_text(call, "id")?;
    check_name(required_text(call, "name")?, CALLING_NAME_LENGTH)?;
    check_time_zone(required_text(call, "timeZone")?)?;
    let invalid = |_| Refusal::coded(400, 25046, "Invalid Language Code");
    check_language(required_text(call, "preferredLanguage")?).map_err(invalid)?;
    let announcement_language = required_text(call, "announcementLanguage")?.to_owned();
    check_language(&announcement_language).map_err(invalid)?;
    let address = required_address(call)?;
    if address.get("address2") == Some(&json!("")) {
        return Err(Refusal::bad_request("address2 must not be empty."));
    }
    let index = org.location_index(id).ok_or_else(|| Refusal::not_found("Location"))?;
    let location = org.location(index)?;
    if location.calling.is_some() {
        return Err(Refusal::new(409, "The location is already enabled for calling."));
    }
    let body = json!({"id": location.id});
    let pstn = org.rules.pstn_of_new_locations;
    org.edit_location(index, work.moment, |location| {
        location.calling = Some(CallingLocation {
            feature_language: announcement_language.clone(),
            announcement_language,
            ..CallingLocation::default()
        });
        location.pstn = location.pstn.or(pstn);
    });
    Ok(Reply::created(body))
}

/// The longest routing prefix, with its steering digit.
const PREFIX_LENGTH: usize = 7;

/// Fields that are stored and shown as they come.
const PLAIN: [&str; 5] = [
    "externalCallerIdName",
    "pAccessNetworkInfo",
    "outsideDialDigit",
    "enforceOutsideDialDigit",
    "chargeNumber",
];

pub(super) fn update(org: &mut Org, work: &Work<'_>) -> Outcome {
    let call = work.call;
    let (index, location, calling) = org.calling_location(work.id())?;
    let mut fields = call.object()?.clone();
    let known = ["announcementLanguage", "callingLineId", "connection", "routingPrefix"];
    let is_known = |name: &str| known.contains(&name) || PLAIN.contains(&name);
    if org.rules.habits.drops_unknown_fields {
        fields.retain(|name, _| is_known(name));
    } else if let Some(name) = fields.keys().find(|name| !is_known(name)) {
        return Err(Refusal::bad_request(format!("Unknown field: {name}")));
    }
    call.text("announcementLanguage").map_or(Ok(()), check_language)?;
    check_main_number(org, (index, location), &mut fields)?;
    let prefix = call.text("routingPrefix").map(str::to_owned);
    let is_prefix =
        |text: &String| text.len() <= PREFIX_LENGTH && text.bytes().all(|byte| byte.is_ascii_digit());
    if prefix.as_ref().is_some_and(|prefix| !is_prefix(prefix)) {
        return Err(Refusal::bad_request(format!("Routing prefix must be 1 to {PREFIX_LENGTH} digits.")));
    }
    let connection = connection(org, fields.get("connection"))?;
    let has_extensions = org.numbers.of_location(index).any(|number| number.extension.is_some());
    let prefix_job = !work.partial && prefix.is_some() && prefix != calling.routing_prefix && has_extensions;
    if prefix_job && jobs::prefix_job_runs(org) {
        let reason = "Another routing prefix update job is in progress.";
        return Err(Refusal::new(409, reason).with_body(json!({ "failureReason": reason })));
    }
    org.edit_location(index, work.moment, |location| {
        location.pstn_route = connection.or(location.pstn_route.take());
        if let Some(calling) = &mut location.calling {
            apply(calling, &fields, prefix.filter(|_| !work.partial));
        }
    });
    if work.partial {
        let reason = "UpdateRoutingPrefix batch job not triggered for the location.";
        return Ok(Reply { status: 206, ..Reply::ok(json!({ "failureReason": reason })) });
    }
    if !prefix_job {
        return Ok(Reply::no_content());
    }
    Ok(Reply::ok(json!({ "batchJobId": jobs::start_prefix_job(org, index) })))
}

/// A main number must be in the inventory. Without PSTN a location takes any, and then has none: seen on a
/// live system, where the answer told nothing of it.
fn check_main_number(
    org: &Org,
    (index, location): (usize, &Location),
    fields: &mut Map<String, Value>,
) -> Result<(), Refusal> {
    let Some(line) = fields.get_mut("callingLineId").and_then(Value::as_object_mut) else { return Ok(()) };
    let Some(phone) = line.get("phoneNumber").and_then(Value::as_str) else { return Ok(()) };
    let held = org.numbers.by_phone(phone).and_then(|key| org.numbers.get(key));
    if held.is_some_and(|number| number.location == index) {
        return Ok(());
    }
    if location.pstn.is_some() {
        return Err(Refusal::coded(400, 27966, "The number is not available in the location."));
    }
    line.shift_remove("phoneNumber");
    Ok(())
}

/// Changes what exists; what comes later goes by the location's own language.
pub(super) fn modify_announcement_language(org: &mut Org, work: &Work<'_>) -> Outcome {
    let (index, _, _) = org.calling_location(work.id())?;
    let language = required_text(work.call, "announcementLanguageCode")?.to_owned();
    check_language(&language)?;
    let asked =
        |name: &str| work.call.body.as_ref().and_then(|body| body.get(name)?.as_bool()).unwrap_or(false);
    if asked("agentEnabled") {
        for person in org.callers_of(index).collect::<Vec<_>>() {
            org.edit_person(person, work.moment, |person| {
                if let Some(calling) = &mut person.calling {
                    calling.language.clone_from(&language);
                }
            });
        }
    }
    if asked("serviceEnabled") {
        org.edit_location(index, work.moment, |location| {
            if let Some(calling) = &mut location.calling {
                calling.feature_language = language;
            }
        });
    }
    Ok(Reply::no_content())
}

/// The trunk or route group of the request.
fn connection(org: &Org, sent: Option<&Value>) -> Result<Option<(String, String)>, Refusal> {
    let Some(sent) = sent.filter(|sent| !sent.is_null()) else { return Ok(None) };
    let text = |name: &str| sent.get(name).and_then(Value::as_str);
    let kind = text("type").ok_or_else(|| Refusal::missing_field("connection.type"))?;
    let id = text("id").ok_or_else(|| Refusal::missing_field("connection.id"))?;
    pstn::route(org, kind, id).map(Some)
}

fn apply(calling: &mut CallingLocation, fields: &Map<String, Value>, prefix: Option<String>) {
    if let Some(language) = fields.get("announcementLanguage").and_then(Value::as_str) {
        calling.announcement_language = language.to_owned();
    }
    let line = fields.get("callingLineId").and_then(Value::as_object);
    if let Some(phone) = line.and_then(|line| line.get("phoneNumber")) {
        calling.main_number = phone.as_str().map(str::to_owned);
    }
    if let Some(name) = line.and_then(|line| line.get("name")) {
        calling.details.insert("callingLineName".into(), name.clone());
    }
    for name in PLAIN {
        if let Some(value) = fields.get(name) {
            calling.details.insert(name.into(), value.clone());
        }
    }
    if prefix.is_some() {
        calling.routing_prefix = prefix.filter(|prefix| !prefix.is_empty());
    }
}
