//! The calling settings of people.

use serde_json::Value;

use super::super::org::Org;
use super::super::reply::{Outcome, Refusal, Reply};
use super::super::route::{Family, Setting};
use super::super::seed::{PROFESSIONAL, STANDARD};
use super::Work;
use super::back_end::calling_person;
use super::settings::{
    Definition, Subject, add_item, check, check_kind, complete, find, find_items, normalised, settle,
};

fn setting<'a>(work: &'a Work<'_>) -> Result<&'a Setting, Refusal> {
    work.route.setting.as_ref().ok_or_else(|| Refusal::not_found("Setting"))
}

/// Whether the person has what the setting needs.
fn check_owner(org: &Org, person: usize, definition: &Definition) -> Result<(), Refusal> {
    let licenses = &org.person(person)?.licenses;
    let holds =
        |name: &str| licenses.iter().any(|held| org.license(*held).is_ok_and(|known| known.name == name));
    if definition.professional && holds(STANDARD) && !holds(PROFESSIONAL) {
        return Err(Refusal::coded(405, 25409, "The setting needs a Professional license."));
    }
    definition.kind.as_ref().map_or(Ok(()), |kind| check_kind(org, person, kind))
}

pub(super) fn get(org: &Org, work: &Work<'_>) -> Outcome {
    let index = calling_person(org, work)?;
    let definition = find(setting(work)?, work.call)?;
    check_owner(org, index, definition)?;
    Ok(Reply::ok(complete(org, Subject::Person(index), definition)))
}

pub(super) fn put(org: &mut Org, work: &Work<'_>) -> Outcome {
    let index = calling_person(org, work)?;
    let definition = find(setting(work)?, work.call)?;
    check_owner(org, index, definition)?;
    let sent = &normalised(&org.rules, definition, work.call.object()?);
    let subject = Subject::Person(index);
    let kept = subject.kept(org, definition.name());
    let mut value = definition.changed_by(kept, sent)?;
    check(org, subject, definition, sent)?;
    settle(definition, kept, &mut value);
    keep(org, index, definition, value);
    Ok(Reply { status: definition.status(), ..Reply::default() })
}

fn keep(org: &mut Org, person: usize, definition: &Definition, value: Value) {
    org.features.entry(person).or_default().insert(definition.name().to_owned(), value);
}

pub(super) fn post(org: &mut Org, work: &Work<'_>) -> Outcome {
    let index = calling_person(org, work)?;
    let setting = setting(work)?;
    if setting.family == Family::Telephony && setting.path == "settings/permissions/actions/reset/invoke" {
        org.features.entry(index).or_default().remove("settings/permissions");
        return Ok(Reply::no_content());
    }
    let (definition, items) = find_items(setting, work.call)?;
    let kept = Subject::Person(index).kept(org, definition.name());
    let location = org.person(index)?.calling.as_ref().map(|calling| Subject::Location(calling.location));
    // A schedule's name must also differ from those of the location.
    let taken = location.filter(|_| definition.name() == "schedules");
    let taken = taken.and_then(|location| location.kept(org, "schedules")?.get("schedules")?.as_array());
    let (value, reply) =
        add_item(definition, items, kept, taken.map(Vec::as_slice).unwrap_or_default(), work.call)?;
    keep(org, index, definition, value);
    Ok(reply)
}

/// The PIN endpoints exist and check what they get; the PIN is kept nowhere.
pub(super) fn pin(org: &Org, work: &Work<'_>) -> Outcome {
    calling_person(org, work)?;
    if setting(work)?.family == Family::People {
        return Ok(Reply::no_content());
    }
    let passcode = work.call.text("passcode").ok_or_else(|| Refusal::missing_field("passcode"))?;
    let valid = (6..=30).contains(&passcode.len()) && passcode.bytes().all(|byte| byte.is_ascii_digit());
    if valid { Ok(Reply::no_content()) } else { Err(Refusal::bad_request("Invalid passcode")) }
}
