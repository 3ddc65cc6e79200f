//! `PATCH /licenses/users`: checked as a whole, then applied as a whole.

use serde_json::{Map, Value, json};

use super::super::habits::LineNotToBeHad;
use super::super::org::{BackEnd, Calling, Moment, Number, Org};
use super::super::reply::{Outcome, Refusal, Reply};
use super::Work;
use super::validate::check_extension;

/// Where and how a person is to be reached.
#[derive(Clone)]
struct Line {
    location: usize,
    extension: Option<String>,
    phone: Option<String>,
}

/// One licence of the request, checked.
struct Change {
    license: usize,
    adds: bool,
    line: Option<Line>,
}

pub(super) fn patch(org: &mut Org, work: &Work<'_>) -> Outcome {
    let person = find_person(org, work)?;
    let listed = work.call.object()?.get("licenses").and_then(Value::as_array);
    let listed =
        listed.filter(|items| !items.is_empty()).ok_or_else(|| Refusal::missing_field("licenses"))?;
    let changes = listed.iter().map(|item| check(org, person, item)).collect::<Result<Vec<_>, _>>()?;
    check_together(org, person, &changes)?;

    let external = org.person(person)?.external;
    let wanted = if work.partial { changes.len().saturating_sub(1) } else { changes.len() };
    let mut pending = Vec::new();
    // Removals first: an upgrade takes the old licence away in the same request.
    let (adds, removals): (Vec<_>, Vec<_>) = changes.into_iter().take(wanted).partition(|change| change.adds);
    let keeps_calling = adds.iter().any(|change| change.line.is_some());
    removals.iter().for_each(|change| remove(org, person, change.license, keeps_calling, work.moment));
    for change in adds {
        if external {
            pending.push(org.license(change.license)?.id.clone());
        } else {
            add(org, person, change, work.moment);
        }
    }
    let body = answer(org, person, &pending)?;
    Ok(Reply { status: if work.partial { 206 } else { 200 }, ..Reply::ok(body) })
}

fn find_person(org: &Org, work: &Work<'_>) -> Result<usize, Refusal> {
    work.call.object()?;
    let found = match (work.call.text("personId"), work.call.text("email")) {
        (Some(id), _) => org.person_index(id),
        (None, Some(email)) => org.person_index_of_email(email),
        (None, None) => return Err(Refusal::bad_request("Either personId or email is required.")),
    };
    found.ok_or_else(|| Refusal::not_found("User"))
}

fn refuse(code: u64, message: &str) -> Refusal {
    Refusal::coded(400, code, message)
}

fn check(org: &Org, person: usize, item: &Value) -> Result<Change, Refusal> {
    let id = item.get("id").and_then(Value::as_str).ok_or_else(|| Refusal::missing_field("licenses.id"))?;
    let adds = match item.get("operation").map(|operation| operation.as_str()) {
        None | Some(Some("add")) => true,
        Some(Some("remove")) => false,
        Some(_) => return Err(Refusal::bad_request("Unknown licenses.operation")),
    };
    let not_found = || Refusal::new(404, "The requested resource could not be found.").with_code(1);
    let license = org.license_index(id).ok_or_else(not_found)?;
    let needs_line = adds && org.license(license)?.is_calling();
    let line = match item.get("properties").and_then(Value::as_object) {
        Some(properties) if needs_line => Some(check_line(org, person, properties)?),
        None if needs_line => {
            return Err(refuse(400_411, "A calling license needs its own properties."));
        }
        _ => None,
    };
    let held = org.person(person)?.licenses.contains(&license);
    let entry = org.license(license)?;
    if adds && !held && !org.rules.habits.allows_overage && entry.consumed() >= entry.units {
        return Err(Refusal::bad_request(format!("No units of {} are available.", entry.name)));
    }
    Ok(Change { license, adds, line })
}

fn check_line(org: &Org, person: usize, properties: &Map<String, Value>) -> Result<Line, Refusal> {
    let text = |name: &str| {
        properties.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())
    };
    let (location_id, extension, phone) = (text("locationId"), text("extension"), text("phoneNumber"));
    if (extension.is_none() && phone.is_none()) || (phone.is_none() && location_id.is_none()) {
        let rule = "A calling license needs phoneNumber, or extension and locationId.";
        return Err(refuse(400_411, rule));
    }
    let number = phone.and_then(|phone| org.numbers.by_phone(phone)).and_then(|key| org.numbers.get(key));
    let unavailable = || refuse(27966, "The number is not available in the location.");
    let location = match location_id {
        Some(id) => org.location_index(id).ok_or_else(|| refuse(400, "Location is not found."))?,
        None => number.ok_or_else(unavailable)?.location,
    };
    if org.location(location)?.calling.is_none() {
        return Err(Refusal::bad_request("Calling flag not set for the location."));
    }
    let mut line =
        Line { location, extension: extension.map(str::to_owned), phone: phone.map(str::to_owned) };
    let owner = &org.person(person)?.id;
    let is_other = |number: &Number| number.owner.as_ref().is_none_or(|holder| holder.id != *owner);
    let habit = org.rules.habits.line_not_to_be_had;
    if phone.is_some() {
        match number.filter(|number| number.location == location) {
            None if number.is_some() && habit == LineNotToBeHad::Dropped => line.phone = None,
            None if number.is_some() && habit == LineNotToBeHad::Given => {}
            None => return Err(unavailable()),
            Some(number) if number.owner.is_some() && is_other(number) => {
                return Err(refuse(4201, "The number is already in use."));
            }
            Some(_) => {}
        }
    }
    if let Some(extension) = extension {
        check_extension(org, extension).map_err(|(code, message)| refuse(code, message))?;
        let holder = org.numbers.by_extension(location, extension).and_then(|key| org.numbers.get(key));
        let is_same_number = |number: &Number| phone.is_some() && number.phone.as_deref() == phone;
        let is_taken = holder.is_some_and(|number| is_other(number) && !is_same_number(number));
        match habit {
            LineNotToBeHad::Refused if is_taken => {
                return Err(refuse(4202, "The extension is already in use."));
            }
            LineNotToBeHad::Dropped if is_taken => line.extension = None,
            _ => {}
        }
    }
    Ok(line)
}

/// Rules about what the person holds once the request is through.
fn check_together(org: &Org, person: usize, changes: &[Change]) -> Result<(), Refusal> {
    let person = org.person(person)?;
    let named = |license: usize, end: &str| {
        org.license(license).is_ok_and(|license| license.is_calling() && license.name.ends_with(end))
    };
    let adds = |end: &str| changes.iter().any(|change| change.adds && named(change.license, end));
    let removes = |end: &str| changes.iter().any(|change| !change.adds && named(change.license, end));
    let holds = |end: &str| person.licenses.iter().any(|license| named(*license, end));
    let standard = " - Basic";
    if adds(" - Professional") && (adds(standard) || (holds(standard) && !removes(standard))) {
        return Err(refuse(400_404, "Professional and Standard cannot be held together."));
    }
    if adds(standard) && holds(" - Professional") {
        return Err(refuse(400_112, "A downgrade from Professional to Standard is not allowed."));
    }
    let line = changes.iter().find_map(|change| change.line.as_ref());
    if let (Some(line), Some(calling)) = (line, &person.calling)
        && line.location != calling.location
    {
        return Err(Refusal::bad_request("The location of a calling user cannot be changed."));
    }
    Ok(())
}

fn add(org: &mut Org, person: usize, change: Change, moment: Moment) {
    let held = org.person(person).is_ok_and(|person| person.licenses.contains(&change.license));
    if held && !org.rules.repeated_license_reapplies {
        return;
    }
    if !held {
        if let Some(license) = org.licenses.get_mut(change.license) {
            license.holders.insert(person);
            license.unseen.retain(|visible_at| moment.now < *visible_at);
            if moment.visible_at > moment.now {
                license.unseen.push_back(moment.visible_at);
            }
        }
        org.edit_person(person, moment, |person| person.licenses.push(change.license));
    }
    if let Some(line) = change.line {
        connect(org, person, line, moment);
    }
}

/// Gives the person the number and extension, in place of what they had.
fn connect(org: &mut Org, person: usize, line: Line, moment: Moment) {
    let Ok((key, owner)) = org.person(person).map(|person| {
        let key = super::super::ids::unique_part(&person.id);
        let owner = person.as_owner(&key);
        (key, owner)
    }) else {
        return;
    };
    release(org, &key, true, moment);
    match line.phone.as_ref().and_then(|phone| org.numbers.by_phone(phone)) {
        Some(number) => org.numbers.edit(number, moment, |number| {
            number.owner = Some(owner);
            number.extension.clone_from(&line.extension);
        }),
        None => {
            let number = Number {
                extension: line.extension.clone(),
                owner: Some(owner),
                ..Number::new(line.location)
            };
            org.numbers.add(number, moment);
        }
    }
    let language = org.announcement_language(line.location);
    let back_end = BackEnd::KnowsSoon { since: moment.now };
    org.edit_person(person, moment, |person| {
        if line.phone.is_none() {
            // Seen on live systems: the directory's work number goes when calling takes over.
            person.work_phone = None;
        }
        let Line { location, extension, phone } = line;
        let (back_end, language) = match person.calling.take() {
            Some(before) => (before.back_end, before.language),
            None => (back_end, language),
        };
        person.calling = Some(Calling { location, extension, phone, back_end, language });
    });
}

/// Frees the numbers of an owner and removes the extensions.
fn release(org: &mut Org, owner: &str, only_primary: bool, moment: Moment) {
    for key in org.numbers.of_owner(owner) {
        let Some(number) = org.numbers.get(key) else { continue };
        if only_primary && number.alternate {
            continue;
        }
        if number.phone.is_none() {
            org.numbers.remove(key);
        } else {
            org.numbers.edit(key, moment, |number| {
                number.owner = None;
                number.extension = None;
                number.alternate = false;
            });
        }
    }
}

fn remove(org: &mut Org, person: usize, license: usize, keeps_calling: bool, moment: Moment) {
    if let Some(entry) = org.licenses.get_mut(license) {
        entry.holders.remove(&person);
    }
    org.edit_person(person, moment, |person| person.licenses.retain(|held| *held != license));
    let still_calling = org.person(person).is_ok_and(|person| {
        person.licenses.iter().any(|held| org.license(*held).is_ok_and(|license| license.is_calling()))
    });
    if keeps_calling || still_calling {
        return;
    }
    if let Ok(key) = org.person(person).map(|person| super::super::ids::unique_part(&person.id)) {
        release(org, &key, false, moment);
    }
    org.edit_person(person, moment, |person| person.calling = None);
    org.features.remove(&person);
}

fn answer(org: &Org, person: usize, pending: &[String]) -> Result<Value, Refusal> {
    let person = org.person(person)?;
    let licenses: Vec<&str> = person
        .licenses
        .iter()
        .filter_map(|license| org.license(*license).ok())
        .map(|license| license.id.as_str())
        .collect();
    let mut body = json!({
        "orgId": org.id, "personId": person.id, "email": person.email, "licenses": licenses, "siteUrls": [],
    });
    if let (Value::Object(fields), false) = (&mut body, pending.is_empty()) {
        fields.insert("pendingLicenses".into(), json!(pending));
    }
    Ok(body)
}
