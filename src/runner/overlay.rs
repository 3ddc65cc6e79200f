//! An object of a person's settings with a row's values laid over it: from what a GET shows to what a PUT takes. Pure.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::domain::{CallType, Feature, Fill, Permission, RemoteId, SETTINGS, Setting, SettingKind};

/// The emergency callback number that is a member's.
const BY_MEMBER: &str = "LOCATION_MEMBER_NUMBER";

/// One setting of a row, as Webex takes it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Wanted {
    pub(super) setting: &'static Setting,
    pub(super) value: WantedValue,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum WantedValue {
    /// A value of JSON; `null` for none.
    Plain(Value),
    Permissions(Vec<Permission>),
    People(Vec<RemoteId>),
    Person(RemoteId),
}

/// Why nothing may be written over what a GET shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unreadable(pub(super) String);

/// The object to write; `None` when every value is there already.
pub(super) fn changes(
    feature: Feature,
    present: &Value,
    wanted: &[Wanted],
) -> Result<Option<Value>, Unreadable> {
    let mut body = editable(feature, present)?;
    let mut differs = false;
    for Wanted { setting, value } in wanted {
        differs |= match value {
            WantedValue::Plain(value) => lay_value(&mut body, setting, value),
            WantedValue::Person(id) => lay_person(&mut body, setting, id),
            WantedValue::People(ids) => lay_people(&mut body, setting, ids, others(present, setting.field)),
            WantedValue::Permissions(permissions) => lay_permissions(&mut body, setting, permissions),
        };
    }
    if feature == Feature::EmergencyCallback {
        forget_member(&mut body, wanted);
    }
    Ok(differs.then_some(body))
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
    Ok(body)
}

/// Differences that no table expresses (contract 5).
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
fn lay_value(body: &mut Value, setting: &Setting, value: &Value) -> bool {
    let differs = !same(setting.kind, body.pointer(setting.field), value);
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
    let set = |ids: &[RemoteId]| ids.iter().map(|id| id.canonical().to_owned()).collect::<BTreeSet<_>>();
    let differs = set(&there) != set(&all);
    place(body, setting.field, all.iter().map(RemoteId::as_str).collect());
    differs
}

/// Only the stated types change.
fn lay_permissions(body: &mut Value, setting: &Setting, permissions: &[Permission]) -> bool {
    let Some(rows) = body.pointer_mut(setting.field).and_then(Value::as_array_mut) else { return false };
    let mut differs = false;
    for Permission { call_type: of, action, transfer } in permissions {
        let wanted =
            json!({ "callType": of.as_str(), "action": action.as_str(), "transferEnabled": transfer });
        match rows.iter_mut().find(|row| call_type(row) == Some(*of)) {
            Some(row) => {
                let transfers = same(SettingKind::Bool, row.get("transferEnabled"), &json!(transfer));
                differs |= row.get("action") != wanted.get("action") || !transfers;
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
/// (contract 10).
fn same(kind: SettingKind, present: Option<&Value>, wanted: &Value) -> bool {
    match (present, wanted) {
        (None, wanted) => wanted.is_null(),
        (Some(Value::String(text)), Value::Bool(on)) => {
            text.eq_ignore_ascii_case(if *on { "true" } else { "false" })
        }
        (Some(Value::String(text)), Value::Number(number)) => text.parse().ok() == number.as_f64(),
        (Some(Value::Number(one)), Value::Number(other)) => one.as_f64() == other.as_f64(),
        (Some(Value::String(one)), Value::String(other)) => same_text(kind, one.trim(), other),
        (Some(present), wanted) => present == wanted,
    }
}

fn same_text(kind: SettingKind, one: &str, other: &str) -> bool {
    let digits = |text: &str| text.replace([' ', '-', '.', '(', ')'], "");
    match kind {
        SettingKind::Destination | SettingKind::Phone | SettingKind::Extension => {
            digits(one) == digits(other)
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
mod tests {
    use super::*;
    use crate::domain::{CallAction, Setting};

    fn id(text: &str) -> RemoteId {
        RemoteId::parse(text).unwrap()
    }

    fn wanted(name: &str, value: WantedValue) -> Wanted {
        Wanted { setting: Setting::find(name).unwrap(), value }
    }

    fn plain(name: &str, value: Value) -> Wanted {
        wanted(name, WantedValue::Plain(value))
    }

    fn changed(present: &Value, wanted: Wanted) -> Option<Value> {
        changes(wanted.setting.feature, present, &[wanted]).unwrap()
    }

    #[test]
    fn what_reads_alike_is_not_written() {
        for (name, present, value) in [
            ("call_waiting_enabled", json!({"enabled": "true"}), json!(true)),
            ("voicemail_rings", json!({"sendUnansweredCalls": {"numberOfRings": "3"}}), json!(3)),
            ("voicemail_rings", json!({"sendUnansweredCalls": {"numberOfRings": 3.0}}), json!(3)),
            ("caller_id_number", json!({"customNumber": "+34 911-000-111"}), json!("+34911000111")),
            (
                "voicemail_email_copy_to",
                json!({"emailCopyOfMessage": {"emailId": "A@x.com"}}),
                json!("a@x.com"),
            ),
            ("call_recording_notification_type", json!({"notification": {"type": "None"}}), json!(null)),
            ("call_recording_notification_type", json!({"notification": {"type": null}}), json!(null)),
            ("calling_behavior", json!({"profileId": ""}), json!(null)),
        ] {
            assert_eq!(changed(&present, plain(name, value)), None, "{name} {present}");
        }
    }

    #[test]
    fn a_put_has_what_it_needs_in_the_types_it_needs() {
        let silent = json!({"enabled": false, "notification": {"type": "None", "enabled": "false"}});
        let body = changed(&silent, plain("call_recording_enabled", json!(true))).unwrap();
        assert_eq!(body, json!({"enabled": true, "notification": {"type": null, "enabled": false}}));
        let short = json!({"enabled": true});
        let body = changed(&short, plain("voicemail_enabled", json!(false))).unwrap();
        let off = json!({"enabled": false});
        assert_eq!(body, json!({"enabled": false, "notifications": off, "transferToNumber": off}));
        let nulls = json!({"mohEnabled": true, "audioAnnouncementFile": {"id": null}});
        let body = changed(&nulls, plain("music_on_hold_enabled", json!(false))).unwrap();
        assert_eq!(body, json!({"mohEnabled": false}));
    }

    #[test]
    fn a_name_of_a_person_is_never_sent() {
        let present = json!({"selected": "DIRECT_LINE", "firstName": "A", "lastName": "B"});
        let body = changed(&present, plain("caller_id", json!("LOCATION_NUMBER")));
        assert_eq!(body, Some(json!({"selected": "LOCATION_NUMBER"})));
    }

    fn monitored() -> Value {
        json!({"callParkNotificationEnabled": true, "monitoredElements": [
            {"member": {"id": "QW5h==", "type": "PEOPLE"}},
            {"member": {"id": "Um9vbQ", "type": "PLACE"}},
            {"callparkextension": {"id": "UGFyaw"}},
        ]})
    }

    #[test]
    fn people_are_compared_as_a_set_and_what_no_address_names_stays() {
        let people = |ids: &[&str]| {
            let ids = ids.iter().map(|text| id(text)).collect();
            wanted("monitoring_people", WantedValue::People(ids))
        };
        assert_eq!(changed(&monitored(), people(&["QW5h"])), None);
        let body = changed(&monitored(), people(&["TGVv"])).unwrap();
        let list = json!(["TGVv", "Um9vbQ", "UGFyaw"]);
        assert_eq!(body, json!({"monitoredElements": list, "enableCallParkNotification": true}));
    }

    #[test]
    fn a_list_that_is_not_stated_goes_back_whole() {
        let off = plain("monitoring_call_park_notification_enabled", json!(false));
        let body = changed(&monitored(), off).unwrap();
        let list = json!(["QW5h==", "Um9vbQ", "UGFyaw"]);
        assert_eq!(body, json!({"monitoredElements": list, "enableCallParkNotification": false}));
    }

    #[test]
    fn the_member_of_the_emergency_number_goes_back() {
        let present = json!({"selected": "LOCATION_MEMBER_NUMBER", "elinEnabled": false,
            "locationMemberInfo": {"memberId": "QW5h", "effectiveValue": "x"}});
        let person = wanted("emergency_callback_person", WantedValue::Person(id("QW5h=")));
        assert_eq!(changed(&present, person), None);
        let body = changed(&present, plain("emergency_callback_elin_enabled", json!(true))).unwrap();
        let put =
            json!({"selected": "LOCATION_MEMBER_NUMBER", "elinEnabled": true, "locationMemberId": "QW5h"});
        assert_eq!(body, put);
        let body = changed(&present, plain("emergency_callback", json!("DIRECT_LINE"))).unwrap();
        assert_eq!(body, json!({"selected": "DIRECT_LINE", "elinEnabled": false}));
    }

    #[test]
    fn what_is_no_list_is_not_taken_for_one() {
        let all = |feature: Feature, present: Value| changes(feature, &present, &[]).is_err();
        assert!(all(Feature::OutgoingPermission, json!({"callingPermissions": {"callType": "NATIONAL"}})));
        assert!(all(Feature::Privacy, json!({"monitoringAgents": "QW5h"})));
        assert!(all(Feature::Monitoring, json!({"monitoredElements": [{"member": {"id": "a b"}}]})));
    }

    #[test]
    fn only_known_types_of_call_go_back() {
        let present = json!({"callingPermissions": [
            {"callType": "CASUAL", "action": "ALLOW", "transferEnabled": true},
            {"callType": "NATIONAL", "action": "ALLOW", "transferEnabled": "true", "isCallTypeRestrictionEnabled": false},
        ]});
        let permission = |transfer| {
            let national = Permission { call_type: CallType::National, action: CallAction::Allow, transfer };
            wanted("outgoing_permissions", WantedValue::Permissions(vec![national]))
        };
        assert_eq!(changed(&present, permission(true)), None);
        let row = json!({"callType": "NATIONAL", "action": "ALLOW", "transferEnabled": false});
        assert_eq!(changed(&present, permission(false)), Some(json!({"callingPermissions": [row]})));
    }

    #[test]
    fn teams_is_read_from_a_list_and_written_as_one() {
        let present = json!({"personId": "P", "orgId": "O", "settings": [
            {"settingName": "PRESENCE_SYNC", "value": true},
            {"settingName": "HIDE_WEBEX_APP", "value": false, "level": "PEOPLE"},
        ]});
        let hide = |on: bool| changed(&present, plain("ms_teams_hide_webex_app_enabled", json!(on)));
        assert_eq!(hide(false), None);
        assert_eq!(hide(true), Some(json!({"settingName": "HIDE_WEBEX_APP", "value": true})));
    }

    /// Fields where the prose of Webex wants `null` and its schema has no word for that.
    const NULL_ALL_THE_SAME: [&str; 2] = ["/notification/type", "/behaviorType"];

    /// The published description of Webex's API, where it lies beside this repository.
    fn published() -> Option<Value> {
        let path = "../shared/webex/webex-subset.openapi.json";
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        serde_json::from_str(&std::fs::read_to_string(path).ok()?).ok()
    }

    struct Api(Value);

    impl Api {
        fn resolved<'a>(&'a self, schema: &'a Value) -> &'a Value {
            match schema.get("$ref").and_then(Value::as_str) {
                Some(reference) => self.resolved(self.0.pointer(reference.trim_start_matches('#')).unwrap()),
                None => schema,
            }
        }

        fn schema(&self, feature: Feature, way: &str) -> &Value {
            let path = format!("/{}", feature.path(feature.spec().family, "{personId}").join("/"));
            let (method, part) = way.split_once(' ').unwrap();
            let operation = self.0.get("paths").and_then(|paths| paths.get(&path)?.get(method));
            let operation = operation.unwrap_or_else(|| panic!("{path} {method}"));
            self.resolved(
                operation.pointer(part).unwrap().pointer("/content/application~1json/schema").unwrap(),
            )
        }

        /// An object with every field of the schema, or with the required ones.
        fn example(&self, schema: &Value, all: bool) -> Value {
            let schema = self.resolved(schema);
            if let Some(words) = schema.get("enum") {
                return words[0].clone();
            }
            match schema["type"].as_str().unwrap() {
                "object" => {
                    let required = schema["required"].as_array().cloned().unwrap_or_default();
                    let shown = |name: &&String| all || required.contains(&json!(name));
                    let fields = schema["properties"].as_object().unwrap();
                    let names = fields.keys().filter(shown);
                    names.map(|name| (name.clone(), self.example(&fields[name], all))).collect()
                }
                "array" if all => json!([self.example(&schema["items"], all)]),
                "array" => json!([]),
                "boolean" => json!(false),
                "number" | "integer" => json!(5),
                _ => json!("text"),
            }
        }

        /// What of a body the schema does not allow.
        fn violations(&self, at: &str, body: &Value, schema: &Value) -> Vec<String> {
            let schema = self.resolved(schema);
            if let Some(words) = schema.get("enum") {
                let known = words.as_array().unwrap().contains(body);
                let nothing = body.is_null() && NULL_ALL_THE_SAME.contains(&at);
                return if known || nothing { vec![] } else { vec![format!("{at} is {body}")] };
            }
            match (schema["type"].as_str().unwrap(), body) {
                ("object", Value::Object(fields)) => {
                    let required = schema["required"].as_array().into_iter().flatten();
                    let lacking = required.filter(|name| !fields.contains_key(name.as_str().unwrap()));
                    let mut found: Vec<String> = lacking.map(|name| format!("{at} lacks {name}")).collect();
                    for (name, field) in fields {
                        let at = format!("{at}/{name}");
                        match schema["properties"].get(name) {
                            Some(schema) => found.extend(self.violations(&at, field, schema)),
                            None => found.push(format!("{at} is unknown")),
                        }
                    }
                    found
                }
                ("array", Value::Array(items)) => {
                    let of = |item| self.violations(&format!("{at}/-"), item, &schema["items"]);
                    items.iter().flat_map(of).collect()
                }
                ("boolean", Value::Bool(_))
                | ("number" | "integer", Value::Number(_))
                | ("string", Value::String(_)) => vec![],
                _ => vec![format!("{at} is {body}")],
            }
        }
    }

    /// Values for a column, each allowed by the catalogue.
    fn samples(kind: SettingKind) -> Vec<WantedValue> {
        let plain = |values: &[Value]| values.iter().cloned().map(WantedValue::Plain).collect();
        match kind {
            SettingKind::Bool => plain(&[json!(true), json!(false)]),
            SettingKind::Integer { least, most } => plain(&[json!(least), json!(most)]),
            SettingKind::Choice { choices, none } => {
                let words = choices.iter().map(|word| json!(word)).chain(none.map(|_| Value::Null));
                plain(&words.collect::<Vec<_>>())
            }
            SettingKind::People { .. } => vec![WantedValue::People(vec![id("QW5h"), id("TGVv")])],
            SettingKind::Person => vec![WantedValue::Person(id("QW5h"))],
            SettingKind::Permissions => {
                let permission = |(call_type, action): (&CallType, &CallAction)| Permission {
                    call_type: *call_type,
                    action: *action,
                    transfer: true,
                };
                let all = CallType::ALL.iter().zip(CallAction::ALL.iter().cycle()).map(permission);
                vec![WantedValue::Permissions(all.collect())]
            }
            _ => plain(&[json!("+34911000111")]),
        }
    }

    #[test]
    fn every_body_is_as_the_published_schema_wants_it() {
        let Some(api) = published().map(Api) else {
            println!("skipped: the published schema is not beside this repository");
            return;
        };
        let mut checked = BTreeSet::new();
        for feature in Feature::ALL {
            let columns = || SETTINGS.iter().filter(|setting| setting.feature == *feature);
            let most = columns().map(|setting| samples(setting.kind).len()).max().unwrap();
            for (turn, all) in (0..most).flat_map(|turn| [(turn, true), (turn, false)]) {
                let pick = |setting: &'static Setting| {
                    let mut values = samples(setting.kind);
                    let value = values.swap_remove(turn % values.len());
                    Wanted { setting, value }
                };
                let wanted: Vec<Wanted> = columns().map(pick).collect();
                let present = api.example(api.schema(*feature, "get /responses/200"), all);
                // Refused if nothing is shown; nothing to write if all is there.
                let Ok(Some(body)) = changes(*feature, &present, &wanted) else { continue };
                checked.insert(feature);
                let found = api.violations("", &body, api.schema(*feature, "put /requestBody"));
                assert!(found.is_empty(), "{feature}: {found:?}\n{present}\n{body}");
            }
        }
        assert_eq!(checked.len(), Feature::ALL.len());
    }
}
