//! Settings of calling locations that have a path of their own.

use serde_json::Value;

use super::super::org::{Moment, Org};
use super::super::reply::{Outcome, Refusal, Reply};
use super::super::route::Setting;
use super::Work;
use super::settings::{Definition, Subject, add_item, check, complete, find, find_items, normalised, settle};

fn setting<'a>(work: &'a Work<'_>) -> Result<&'a Setting, Refusal> {
    work.route.setting.as_ref().ok_or_else(|| Refusal::not_found("Setting"))
}

pub(super) fn get(org: &Org, work: &Work<'_>) -> Outcome {
    let (index, _, _) = org.calling_location(work.id())?;
    Ok(Reply::ok(complete(org, Subject::Location(index), find(setting(work)?, work.call)?)))
}

pub(super) fn put(org: &mut Org, work: &Work<'_>) -> Outcome {
    let (index, _, _) = org.calling_location(work.id())?;
    let definition = find(setting(work)?, work.call)?;
    let sent = &normalised(&org.rules, definition, work.call.object()?);
    let subject = Subject::Location(index);
    let kept = subject.kept(org, definition.name());
    let mut value = definition.changed_by(kept, sent)?;
    check(org, subject, definition, sent)?;
    settle(definition, kept, &mut value);
    keep(org, index, definition, value, work.moment);
    Ok(Reply { status: definition.status(), ..Reply::default() })
}

fn keep(org: &mut Org, location: usize, definition: &Definition, value: Value, moment: Moment) {
    org.edit_location(location, moment, |location| {
        if let Some(calling) = &mut location.calling {
            calling.settings.insert(definition.name().to_owned(), value);
        }
    });
}

pub(super) fn post(org: &mut Org, work: &Work<'_>) -> Outcome {
    let (index, _, _) = org.calling_location(work.id())?;
    let (definition, items) = find_items(setting(work)?, work.call)?;
    let kept = Subject::Location(index).kept(org, definition.name());
    let (value, reply) = add_item(definition, items, kept, &[], work.call)?;
    keep(org, index, definition, value, work.moment);
    Ok(reply)
}
