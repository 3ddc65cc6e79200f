//! The calling settings of people.

use serde_json::{Map, Value, json};

use super::super::org::{Org, Person};
use super::super::reply::{Outcome, Refusal, Reply};
use super::super::route::{Family, Setting};
use super::settings::{Definition, find};
use super::{Work, members};

/// The name in [`PersonState::features`](super::super::PersonState) of the setting without a path.
const ROOT: &str = "languageAndTimeZone";

/// The person behind an id, who must have calling.
pub(super) fn calling_person(org: &Org, id: &str) -> Result<usize, Refusal> {
    let index = org.person_index(id).ok_or_else(|| Refusal::not_found("Person"))?;
    if org.person(index)?.calling.is_none() {
        return Err(Refusal::new(404, "[Error 4008] The user is not a calling user.").with_code(4008));
    }
    Ok(index)
}

fn setting<'a>(work: &'a Work<'_>) -> Result<&'a Setting, Refusal> {
    work.route.setting.as_ref().ok_or_else(|| Refusal::not_found("Setting"))
}

fn definition(setting: &Setting) -> Result<&'static Definition, Refusal> {
    find(setting).ok_or_else(|| Refusal::not_found("Setting"))
}

fn name(setting: &Setting) -> &str {
    if setting.path.is_empty() { ROOT } else { &setting.path }
}

pub(super) fn get(org: &Org, work: &Work<'_>) -> Outcome {
    let index = calling_person(org, work.id())?;
    let setting = setting(work)?;
    let definition = definition(setting)?;
    let put = org.features.get(&index).and_then(|features| features.get(name(setting)));
    let mut body = definition.shown(&whole(definition, put));
    let person = org.person(index)?;
    if let Value::Object(fields) = &mut body {
        add_personal_fields(person, &setting.path, fields);
        members::reshape(org, Some(person), &setting.path, fields);
    }
    Ok(Reply::ok(body))
}

/// What a GET shows of the person besides the setting itself.
fn add_personal_fields(person: &Person, path: &str, fields: &mut Map<String, Value>) {
    match path {
        "callerId" => {
            fields.insert("firstName".into(), json!(person.first_name));
            fields.insert("lastName".into(), json!(person.last_name));
            let extension = person.calling.as_ref().and_then(|calling| calling.extension.as_ref());
            fields.extend(extension.map(|extension| ("extensionNumber".to_owned(), json!(extension))));
        }
        "voicemail" => {
            for (group, field) in [("emailCopyOfMessage", "emailId"), ("messageStorage", "externalEmail")] {
                let group = fields.entry(group).or_insert_with(|| json!({}));
                if let Some(group) = group.as_object_mut() {
                    group.entry(field).or_insert_with(|| json!(person.email));
                }
            }
        }
        // Shown as text, but only null is taken back.
        "callRecording" => {
            if let Some(notification) = fields.get_mut("notification").and_then(Value::as_object_mut) {
                notification.entry("type").or_insert_with(|| json!("None"));
            }
        }
        _ => {}
    }
}

/// The stored form; a seed may have given only some of the fields.
fn whole(definition: &Definition, put: Option<&Value>) -> Value {
    let mut value = definition.template.clone();
    if let Some(put) = put {
        lay_over(&mut value, put);
    }
    value
}

fn lay_over(value: &mut Value, over: &Value) {
    match (value, over) {
        (Value::Object(fields), Value::Object(over)) => {
            for (name, over) in over {
                lay_over(fields.entry(name.clone()).or_insert(Value::Null), over);
            }
        }
        (value, over) => *value = over.clone(),
    }
}

pub(super) fn put(org: &mut Org, work: &Work<'_>) -> Outcome {
    let index = calling_person(org, work.id())?;
    let setting = setting(work)?;
    let sent = work.call.object()?;
    if setting.family == Family::Telephony && setting.path == "voicemail/passcode" {
        return passcode(work);
    }
    let definition = definition(setting)?;
    members::check(org, &setting.path, sent)?;
    let value = definition.replaced_by(sent)?;
    org.features.entry(index).or_default().insert(name(setting).to_owned(), value);
    Ok(Reply { status: definition.put, ..Reply::default() })
}

fn passcode(work: &Work<'_>) -> Outcome {
    let passcode = work.call.text("passcode").ok_or_else(|| Refusal::missing_field("passcode"))?;
    let valid = (6..=30).contains(&passcode.len()) && passcode.bytes().all(|byte| byte.is_ascii_digit());
    if valid { Ok(Reply::no_content()) } else { Err(Refusal::bad_request("Invalid passcode")) }
}

pub(super) fn post(org: &Org, work: &Work<'_>) -> Outcome {
    calling_person(org, work.id())?;
    match (setting(work)?.family, setting(work)?.path.as_str()) {
        (Family::People, "voicemail/actions/resetPin/invoke") => Ok(Reply::no_content()),
        _ => Err(Refusal::not_found("Setting")),
    }
}
