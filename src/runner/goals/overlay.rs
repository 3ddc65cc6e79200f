//! An object of a person's settings with a row's values laid over it: from what a GET shows to what a PUT takes. Pure.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::compare::{is_flag, is_permission, permission_row, shown, shown_permission, stated_permission};
use crate::domain::{
    CallType, CallingCode, Difference, Feature, Fill, Permission, RemoteId, SETTINGS, Setting, SettingKind,
    dials_the_same, without_hyphen,
};

/// The emergency callback number that is a member's.
const BY_MEMBER: &str = "LOCATION_MEMBER_NUMBER";

/// One setting of a row, as Webex takes it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Wanted {
    pub(crate) setting: &'static Setting,
    pub(crate) value: WantedValue,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum WantedValue {
    /// A value of JSON; `null` for none.
    Plain(Value),
    Permissions(Vec<Permission>),
    People(Vec<RemoteId>),
    Person(RemoteId),
}

impl Wanted {
    /// The setting with what an object of settings has in its place.
    pub(crate) fn against(&self, present: &Value) -> Difference {
        let there = present.pointer(self.setting.field);
        let (found, wanted) = match &self.value {
            WantedValue::Plain(value) => (shown(there), shown(Some(value))),
            WantedValue::Person(id) => (shown(there), id.to_string()),
            WantedValue::People(ids) => (members(there.and_then(Value::as_array)), counted(ids.len())),
            WantedValue::Permissions(permissions) => {
                let list = |text: &dyn Fn(&Permission) -> String| {
                    let rows = permissions.iter().map(|one| format!("{}={}", one.call_type, text(one)));
                    rows.collect::<Vec<_>>().join("|")
                };
                (list(&|one| shown_permission(there, one)), list(&stated_permission))
            }
        };
        Difference { field: self.setting.name.to_owned(), found, wanted }
    }
}

fn members(list: Option<&Vec<Value>>) -> String {
    list.map_or_else(String::new, |list| counted(list.len()))
}

fn counted(members: usize) -> String {
    format!("{members} people")
}

/// Why nothing may be written over what a GET shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unreadable(pub(crate) String);

/// What is to change of an object of settings.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Change {
    /// The object to write.
    pub(crate) body: Value,
    /// The settings whose values differ.
    pub(crate) differences: Vec<Difference>,
}

/// `None` when every value is there already. `home` is the calling code of the country in which the person has calling.
pub(crate) fn changes(
    feature: Feature,
    present: &Value,
    wanted: &[Wanted],
    home: Option<CallingCode>,
) -> Result<Option<Change>, Unreadable> {
    let mut body = editable(feature, present)?;
    let mut differences = Vec::new();
    for one in wanted {
        let Wanted { setting, value } = one;
        let differs = match value {
            WantedValue::Plain(value) => lay_value(&mut body, setting, value, home),
            WantedValue::Person(id) => lay_person(&mut body, setting, id),
            WantedValue::People(ids) => lay_people(&mut body, setting, ids, others(present, setting.field)),
            WantedValue::Permissions(permissions) => lay_permissions(&mut body, setting, permissions),
        };
        differences.extend(differs.then(|| one.against(present)));
    }
    if feature == Feature::EmergencyCallback {
        forget_member(&mut body, wanted);
    }
    Ok((!differences.is_empty()).then_some(Change { body, differences }))
}

/// A member that the row does not state goes with the choice that it belonged to.
fn forget_member(body: &mut Value, wanted: &[Wanted]) {
    let stated = wanted.iter().any(|one| matches!(one.value, WantedValue::Person(_)));
    if !stated && body.get("selected").and_then(Value::as_str) != Some(BY_MEMBER) {
        take_out(body, "/locationMemberId");
    }
}

/// What a GET shows in the shape that a PUT takes, without what a PUT must not carry.
fn editable(feature: Feature, present: &Value) -> Result<Value, Unreadable> {
    if present.as_object().is_none_or(Map::is_empty) {
        return Err(Unreadable("the present settings cannot be read".to_owned()));
    }
    let spec = feature.spec();
    let mut body = present.clone();
    drop_nulls(&mut body);
    reshape(feature, &mut body);
    if let Some(list) = spec.members {
        list_ids(&mut body, list)?;
    }
    spec.read_only.iter().for_each(|pointer| take_out(&mut body, pointer));
    for (pointer, fill) in spec.required {
        match (fill, body.pointer(pointer)) {
            (Fill::False, None) => place(&mut body, pointer, json!(false)),
            (Fill::EmptyList, None) => place(&mut body, pointer, json!([])),
            (Fill::EmptyList, Some(shown)) if !shown.is_array() => return Err(no_list()),
            (_, Some(_)) => {}
        }
    }
    truth_as_truth(feature, &mut body);
    number_as_number(&mut body);
    Ok(body)
}

/// Differences that no table expresses (webex.md 5).
fn reshape(feature: Feature, body: &mut Value) {
    match feature {
        Feature::Monitoring => {
            if let Some(on) = body.get("callParkNotificationEnabled").cloned() {
                take_out(body, "/callParkNotificationEnabled");
                place(body, "/enableCallParkNotification", on);
            }
        }
        Feature::CallRecording => no_notification(body),
        Feature::OutgoingPermission => known_permissions(body),
        Feature::EmergencyCallback => emergency_callback(body),
        Feature::MsTeams => *body = hidden_app(body),
        _ => {}
    }
}

/// A GET shows a text where a PUT takes `null`; what is left out becomes a beep.
fn no_notification(body: &mut Value) {
    let pointer = "/notification/type";
    if body.pointer(pointer).and_then(Value::as_str) == Some("None") {
        place(body, pointer, Value::Null);
    }
}

/// A GET shows rows of further types and fields; only known ones go back.
fn known_permissions(body: &mut Value) {
    let Some(rows) = body.get_mut("callingPermissions").and_then(Value::as_array_mut) else { return };
    rows.retain(|row| call_type(row).is_some());
    for fields in rows.iter_mut().filter_map(Value::as_object_mut) {
        fields.retain(|name, _| matches!(name.as_str(), "callType" | "action" | "transferEnabled"));
        fields.entry("transferEnabled").or_insert(json!(false));
    }
}

fn call_type(row: &Value) -> Option<CallType> {
    CallType::from_text(row.get("callType")?.as_str()?)
}

/// A GET shows the member in a field of its own, and a choice that cannot be made.
fn emergency_callback(body: &mut Value) {
    let selected = body.get("selected").and_then(Value::as_str);
    let member = body.pointer("/locationMemberInfo/memberId").cloned();
    match (selected, member) {
        (Some("NONE"), _) => take_out(body, "/selected"),
        (Some(BY_MEMBER), Some(member)) if body.get("locationMemberId").is_none() => {
            place(body, "/locationMemberId", member);
        }
        _ => {}
    }
}

/// A GET lists settings, a PUT takes one.
fn hidden_app(body: &Value) -> Value {
    const NAME: &str = "HIDE_WEBEX_APP";
    if body.get("settingName").is_some() {
        return body.clone();
    }
    let named = |item: &&Value| item.get("settingName").and_then(Value::as_str) == Some(NAME);
    let settings = body.get("settings").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let value = settings.iter().find(named).and_then(|item| item.get("value"));
    let mut put = json!({ "settingName": NAME });
    if let Some(value) = value {
        place(&mut put, "/value", value.clone());
    }
    put
}

/// Members become their ids. One without an id must not get lost on the way back.
fn list_ids(body: &mut Value, list: &str) -> Result<(), Unreadable> {
    let Some(shown) = body.pointer_mut(list) else { return Ok(()) };
    let members = shown.as_array_mut().ok_or_else(no_list)?;
    for member in members {
        let id =
            id_of(member).ok_or_else(|| Unreadable("a member of the present list has no id".to_owned()))?;
        *member = json!(id.as_str());
    }
    Ok(())
}

fn no_list() -> Unreadable {
    Unreadable("the present list cannot be read".to_owned())
}

fn id_of(member: &Value) -> Option<RemoteId> {
    let places = ["", "/id", "/member/id", "/callparkextension/id"];
    let text = places.iter().find_map(|place| member.pointer(place).and_then(Value::as_str))?;
    RemoteId::parse(text).ok()
}

/// The members of the present list whom no e-mail address names: they stay.
fn others(present: &Value, list: &str) -> Vec<RemoteId> {
    let members = present.pointer(list).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let kind = |member: &Value| {
        let kind = member.pointer("/member/type").or(member.get("type")).and_then(Value::as_str);
        kind.map(str::to_owned)
    };
    let other = |member: &&Value| {
        member.get("callparkextension").is_some() || kind(member).is_some_and(|kind| kind != "PEOPLE")
    };
    members.iter().filter(other).filter_map(id_of).collect()
}

/// Lays a value over the body; says whether it differs from what was there.
fn lay_value(body: &mut Value, setting: &Setting, value: &Value, home: Option<CallingCode>) -> bool {
    let differs = !same(setting.kind, body.pointer(setting.field), value, home);
    place(body, setting.field, value.clone());
    differs
}

fn lay_person(body: &mut Value, setting: &Setting, id: &RemoteId) -> bool {
    let there = body.pointer(setting.field).and_then(id_of);
    place(body, setting.field, json!(id.as_str()));
    !there.is_some_and(|there| there.same_as(id))
}

fn lay_people(body: &mut Value, setting: &Setting, people: &[RemoteId], others: Vec<RemoteId>) -> bool {
    let there = body.pointer(setting.field).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let there: Vec<RemoteId> = there.iter().filter_map(id_of).collect();
    let mut all = people.to_vec();
    all.extend(others);
    let set = |ids: &[RemoteId]| ids.iter().map(RemoteId::canonical).collect::<BTreeSet<_>>();
    let differs = set(&there) != set(&all);
    place(body, setting.field, all.iter().map(RemoteId::as_str).collect());
    differs
}

/// Only the stated types change.
fn lay_permissions(body: &mut Value, setting: &Setting, permissions: &[Permission]) -> bool {
    let Some(rows) = body.pointer_mut(setting.field).and_then(Value::as_array_mut) else { return false };
    let mut differs = false;
    for permission in permissions {
        let wanted = permission_row(permission);
        match rows.iter_mut().find(|row| call_type(row) == Some(permission.call_type)) {
            Some(row) => {
                differs |= !is_permission(row, permission);
                *row = wanted;
            }
            None => {
                differs = true;
                rows.push(wanted);
            }
        }
    }
    differs
}

/// What reads alike is alike: Webex shows truths and numbers as text at times, and telephone numbers with separators
/// (webex.md 10).
fn same(kind: SettingKind, present: Option<&Value>, wanted: &Value, home: Option<CallingCode>) -> bool {
    match (present, wanted) {
        (None, wanted) => wanted.is_null(),
        (shown, Value::Bool(on)) => is_flag(shown, *on),
        (Some(Value::String(text)), Value::Number(number)) => text.parse().ok() == number.as_f64(),
        (Some(Value::Number(one)), Value::Number(other)) => one.as_f64() == other.as_f64(),
        (Some(Value::String(one)), Value::String(other)) => same_text(kind, one.trim(), other, home),
        (Some(present), wanted) => present == wanted,
    }
}

fn same_text(kind: SettingKind, one: &str, other: &str, home: Option<CallingCode>) -> bool {
    match kind {
        SettingKind::Destination | SettingKind::Phone | SettingKind::Extension => {
            dials_the_same(one, other, home)
        }
        SettingKind::Email | SettingKind::Choice { .. } => one.eq_ignore_ascii_case(other),
        _ => one == other,
    }
}

/// Absent and `null` are one thing to a GET, and `null` is no value for most fields of a PUT.
fn drop_nulls(value: &mut Value) {
    let Some(fields) = value.as_object_mut() else { return };
    fields.values_mut().for_each(drop_nulls);
    fields.retain(|_, field| !field.is_null() && !field.as_object().is_some_and(Map::is_empty));
}

/// Truths that a GET shows as text go back as truths.
fn truth_as_truth(feature: Feature, body: &mut Value) {
    for setting in SETTINGS.iter().filter(|one| one.feature == feature && one.kind == SettingKind::Bool) {
        let Some(flag) = body.pointer_mut(setting.field) else { continue };
        match flag.as_str().map(str::to_ascii_lowercase).as_deref() {
            Some("true") => *flag = json!(true),
            Some("false") => *flag = json!(false),
            _ => {}
        }
    }
}

/// Numbers go back as E.164 and not as the calling back end spells them.
fn number_as_number(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Some(number) = without_hyphen(text) {
                *text = number.to_string();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(number_as_number),
        Value::Object(fields) => fields.values_mut().for_each(number_as_number),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Takes a field out of the object that holds it.
fn take_out(body: &mut Value, pointer: &str) {
    let Some((parent, name)) = pointer.rsplit_once('/') else { return };
    if let Some(fields) = body.pointer_mut(parent).and_then(Value::as_object_mut) {
        fields.shift_remove(name);
    }
}

/// Sets the field at a pointer, making the objects on the way.
fn place(body: &mut Value, pointer: &str, value: Value) {
    let mut at = body;
    for name in pointer.split('/').skip(1) {
        if !at.is_object() {
            *at = Value::Object(Map::new());
        }
        let Some(fields) = at.as_object_mut() else { return };
        at = fields.entry(name).or_insert(Value::Null);
    }
    *at = value;
}

#[cfg(test)]
mod tests;
