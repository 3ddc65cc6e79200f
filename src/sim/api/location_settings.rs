//! Settings of calling locations that have a path of their own.

use serde_json::Value;

use super::super::org::Org;
use super::super::reply::{Outcome, Refusal, Reply};
use super::settings::find;
use super::{Work, members};

pub(super) fn get(org: &Org, work: &Work<'_>) -> Outcome {
    let (_, _, calling) = org.calling_location(work.id())?;
    let setting = work.route.setting.as_ref().ok_or_else(|| Refusal::not_found("Setting"))?;
    let definition = find(setting).ok_or_else(|| Refusal::not_found("Setting"))?;
    let mut body = definition.shown(calling.settings.get(&setting.path).unwrap_or(&definition.template));
    if let Value::Object(fields) = &mut body {
        members::reshape(org, None, &setting.path, fields);
    }
    Ok(Reply::ok(body))
}

pub(super) fn put(org: &mut Org, work: &Work<'_>) -> Outcome {
    let (index, _, calling) = org.calling_location(work.id())?;
    let setting = work.route.setting.as_ref().ok_or_else(|| Refusal::not_found("Setting"))?;
    let definition = find(setting).ok_or_else(|| Refusal::not_found("Setting"))?;
    let sent = work.call.object()?;
    members::check(org, &setting.path, sent)?;
    let mut value = definition.replaced_by(sent)?;
    members::keep_permissions(calling.settings.get(&setting.path), &mut value);
    let path = setting.path.clone();
    org.edit_location(index, work.moment, |location| {
        if let Some(calling) = &mut location.calling {
            calling.settings.insert(path, value);
        }
    });
    Ok(Reply { status: definition.put, ..Reply::default() })
}
