//! The organisation's numbers and extensions.

use serde_json::{Map, Value, json};

use super::super::ids::unique_part;
use super::super::org::{Location, Narrowed, Number, Org};
use super::super::page::Paging;
use super::super::reply::{Outcome, Refusal, Reply};
use super::super::request::Call;
use super::Work;
use super::back_end::calling_person;

const PAGE: usize = 2000;

fn paging(org: &Org) -> Paging {
    Paging::new(&org.rules, ["max", "start"], PAGE, PAGE)
}

pub(super) fn list(org: &Org, work: &Work<'_>) -> Outcome {
    let call = work.call;
    check_combination(call)?;
    let location = match call.param("locationId") {
        Some(id) => Some(org.location_index(id).ok_or_else(|| Refusal::not_found("Location"))?),
        None => None,
    };
    let owner = call.param("ownerId").map(unique_part);
    let narrowed = match (call.param("phoneNumber"), call.param("extension"), &owner, location) {
        (Some(phone), _, _, _) => Narrowed::Phone(phone),
        (_, Some(extension), _, _) => Narrowed::Extension(extension),
        (_, _, Some(owner), _) => Narrowed::Owner(owner),
        (_, _, _, Some(location)) => Narrowed::Location(location),
        _ => Narrowed::All,
    };
    let filter = Filter::new(call, location, owner.as_deref());
    let mut found =
        org.numbers.listed(&narrowed, work.moment.now).filter(|number| filter.accepts(org, number));
    let (page, next) = match call.param("order") {
        Some(order) => paging(org).page(call, sorted(found.collect(), order).into_iter())?,
        None => paging(org).page(call, &mut found)?,
    };
    let mut body = Map::new();
    if call.flag("details") == Some(true) {
        body.insert("count".into(), counts(org));
    }
    let entries: Vec<Value> = page.into_iter().filter_map(|number| render(org, number)).collect();
    body.insert("phoneNumbers".into(), json!(entries));
    Ok(Reply::ok(Value::Object(body)).with_link(next))
}

fn check_combination(call: &Call) -> Result<(), Refusal> {
    let bad = |what: &str| Err(Refusal::bad_request(format!("{what} cannot be combined.")));
    if call.flag("available") == Some(true) && call.param("ownerType").is_some() {
        return bad("available and ownerType");
    }
    let by_extension = call.param("numberType") == Some("EXTENSION");
    if by_extension && (call.param("available").is_some() || call.param("state").is_some()) {
        return bad("numberType=EXTENSION and available or state");
    }
    Ok(())
}

/// The query's conditions.
struct Filter<'a> {
    call: &'a Call,
    location: Option<usize>,
    owner: Option<&'a str>,
    available: Option<bool>,
    owner_name: Option<String>,
}

impl<'a> Filter<'a> {
    fn new(call: &'a Call, location: Option<usize>, owner: Option<&'a str>) -> Self {
        Filter {
            call,
            location,
            owner,
            available: call.flag("available"),
            owner_name: call.param("ownerName").map(str::to_lowercase),
        }
    }

    fn accepts(&self, org: &Org, number: &Number) -> bool {
        let is = |name: &str, value: Option<&str>| {
            self.call.param(name).is_none_or(|wanted| value == Some(wanted))
        };
        !number.is_call_park()
            && self.location.is_none_or(|location| number.location == location)
            && is("phoneNumber", number.phone.as_deref())
            && is("extension", number.extension.as_deref())
            && self.has_owner(number)
            && self.has_kind(org, number)
    }

    fn has_owner(&self, number: &Number) -> bool {
        let owner = number.owner.as_ref();
        let named = |name: &String| {
            owner.is_some_and(|owner| {
                format!("{} {}", owner.first_name, owner.last_name).to_lowercase().contains(name)
            })
        };
        self.owner.is_none_or(|key| owner.is_some_and(|owner| owner.key == key))
            && self.owner_name.as_ref().is_none_or(named)
            && self.available.is_none_or(|available| owner.is_none() == available)
            && self
                .call
                .param("ownerType")
                .is_none_or(|wanted| owner.is_some_and(|owner| answered_type(wanted) == owner.kind))
    }

    fn has_kind(&self, org: &Org, number: &Number) -> bool {
        let flag = |name: &str, value: bool| self.call.flag(name).is_none_or(|wanted| wanted == value);
        let state = if number.active { "ACTIVE" } else { "INACTIVE" };
        let needs_number = |name: &str, value: &str| {
            self.call.param(name).is_none_or(|wanted| number.phone.is_some() && wanted == value)
        };
        let number_type = match self.call.param("numberType") {
            Some("NUMBER") => number.phone.is_some(),
            Some("EXTENSION") => number.extension.is_some() && number.phone.is_none(),
            _ => true,
        };
        let telephony = self.call.param("includedTelephonyTypes");
        number_type
            && needs_number("state", state)
            && needs_number("phoneNumberType", phone_number_type(number))
            && flag("tollFreeNumbers", number.toll_free)
            && flag("serviceNumber", number.service)
            && telephony.is_none_or(|wanted| wanted.split(',').any(|kind| kind == telephony_type(number)))
            && org.location(number.location).is_ok()
    }
}

/// Answers spell some owner types differently from the filter.
fn answered_type(filter: &str) -> &str {
    match filter {
        "PAGING_GROUP" => "GROUP_PAGING",
        "BROADWORKS_ANYWHERE" => "OFFICE_ANYWHERE",
        other => other,
    }
}

fn phone_number_type(number: &Number) -> &'static str {
    if number.alternate { "ALTERNATE" } else { "PRIMARY" }
}

fn telephony_type(number: &Number) -> &'static str {
    if number.mobile { "MOBILE_NUMBER" } else { "PSTN_NUMBER" }
}

fn sorted<'a>(mut numbers: Vec<&'a Number>, order: &str) -> Vec<&'a Number> {
    match order.split('-').next().unwrap_or_default() {
        "lastName" => {
            numbers.sort_by_key(|number| number.owner.as_ref().map(|owner| owner.last_name.clone()));
        }
        "extension" => numbers.sort_by(|a, b| a.extension.cmp(&b.extension)),
        _ => numbers.sort_by(|a, b| a.phone.cmp(&b.phone)),
    }
    numbers
}

fn counts(org: &Org) -> Value {
    let count = |wanted: &dyn Fn(&Number) -> bool| org.numbers.all().filter(|number| wanted(number)).count();
    json!({
        "assigned": count(&|number| number.phone.is_some() && number.owner.is_some()),
        "unAssigned": count(&|number| number.phone.is_some() && number.owner.is_none()),
        "inActive": count(&|number| number.phone.is_some() && !number.active),
        "extensionOnly": count(&|number| number.phone.is_none()),
        "tollFreeNumbers": count(&|number| number.toll_free),
        "mobileNumber": count(&|number| number.mobile),
        "serviceNumber": count(&|number| number.service),
        "total": count(&|_| true),
    })
}

pub(super) fn prefix_of(location: &Location) -> Option<&str> {
    location.calling.as_ref()?.routing_prefix.as_deref()
}

fn is_main(location: &Location, number: &Number) -> bool {
    let main = location.calling.as_ref().and_then(|calling| calling.main_number.as_ref());
    main.is_some() && main == number.phone.as_ref()
}

fn render(org: &Org, number: &Number) -> Option<Value> {
    let location = org.location(number.location).ok()?;
    let mut fields = Map::new();
    if let Some(phone) = &number.phone {
        fields.insert("phoneNumber".into(), json!(phone));
    }
    if let Some(extension) = &number.extension {
        let prefix = prefix_of(location).unwrap_or_default();
        fields.insert("extension".into(), json!(extension));
        if !prefix.is_empty() {
            fields.insert("routingPrefix".into(), json!(prefix));
        }
        fields.insert("esn".into(), json!(format!("{prefix}{extension}")));
    }
    fields.insert("state".into(), json!(if number.active { "ACTIVE" } else { "INACTIVE" }));
    fields.insert("phoneNumberType".into(), json!(phone_number_type(number)));
    fields.insert("mainNumber".into(), json!(is_main(location, number)));
    fields.insert("includedTelephonyTypes".into(), json!(telephony_type(number)));
    fields.insert("tollFreeNumber".into(), json!(number.toll_free));
    fields.insert("isServiceNumber".into(), json!(number.service));
    fields.insert("location".into(), json!({"id": location.id, "name": location.name}));
    if let Some(owner) = &number.owner {
        let mut shown = Map::new();
        shown.insert("id".into(), json!(owner.id));
        shown.insert("type".into(), json!(owner.kind));
        shown.insert("firstName".into(), json!(owner.first_name));
        if !owner.last_name.is_empty() {
            shown.insert("lastName".into(), json!(owner.last_name));
        }
        fields.insert("owner".into(), Value::Object(shown));
    }
    Some(Value::Object(fields))
}

/// The numbers of a location that could serve as its own.
pub(super) fn available(org: &Org, work: &Work<'_>) -> Outcome {
    let (index, _, _) = org.calling_location(work.id())?;
    free(org, work, &Narrowed::Location(index))
}

/// The numbers that a person could get: a further one, or without person a first one.
pub(super) fn available_to_person(org: &Org, work: &Work<'_>) -> Outcome {
    let location = match (&work.route.id, work.call.param("locationId")) {
        (Some(_), _) => {
            let index = calling_person(org, work)?;
            org.person(index)?.calling.as_ref().map(|calling| calling.location)
        }
        (None, Some(id)) => Some(org.calling_location(id)?.0),
        (None, None) => None,
    };
    free(org, work, &location.map_or(Narrowed::All, Narrowed::Location))
}

fn free(org: &Org, work: &Work<'_>, narrowed: &Narrowed<'_>) -> Outcome {
    let wanted: Option<Vec<&str>> = work.call.param("phoneNumber").map(|list| list.split(',').collect());
    let main =
        |number: &Number| org.location(number.location).is_ok_and(|location| is_main(location, number));
    let found = org.numbers.listed(narrowed, work.moment.now).filter(|number| {
        let phone = number.phone.as_deref();
        phone.is_some_and(|phone| wanted.as_ref().is_none_or(|wanted| wanted.contains(&phone)))
            && number.owner.is_none()
    });
    let (page, next) = paging(org).page(work.call, found)?;
    let numbers: Vec<Value> = page
        .into_iter()
        .map(|number| {
            json!({
                "phoneNumber": number.phone,
                "state": if number.active { "ACTIVE" } else { "INACTIVE" },
                "isMainNumber": main(number),
                "tollFreeNumber": number.toll_free,
                "telephonyType": telephony_type(number),
                "isServiceNumber": number.service,
            })
        })
        .collect();
    Ok(Reply::ok(json!({ "phoneNumbers": numbers })).with_link(next))
}
