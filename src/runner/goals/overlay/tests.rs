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
    let change = changes(wanted.setting.feature, present, &[wanted], CallingCode::of_country("ES")).unwrap();
    change.map(|change| change.body)
}

#[test]
fn what_reads_alike_is_not_written() {
    for (name, present, value) in [
        ("call_waiting_enabled", json!({"enabled": "true"}), json!(true)),
        ("voicemail_rings", json!({"sendUnansweredCalls": {"numberOfRings": "3"}}), json!(3)),
        ("voicemail_rings", json!({"sendUnansweredCalls": {"numberOfRings": 3.0}}), json!(3)),
        ("caller_id_number", json!({"customNumber": "+34 911-000-111"}), json!("+34911000111")),
        ("caller_id_number", json!({"customNumber": "+34-911000111"}), json!("+34911000111")),
        ("caller_id_number", json!({"customNumber": "911000111"}), json!("+34911000111")),
        ("forward_always_to", forwarded("911000111"), json!("+34911000111")),
        ("forward_always_to", forwarded("+1-9195559876"), json!("+19195559876")),
        ("forward_always_to", forwarded("1001"), json!("1001")),
        ("voicemail_email_copy_to", json!({"emailCopyOfMessage": {"emailId": "A@x.com"}}), json!("a@x.com")),
        ("call_recording_notification_type", json!({"notification": {"type": "None"}}), json!(null)),
        ("call_recording_notification_type", json!({"notification": {"type": null}}), json!(null)),
        ("calling_behavior", json!({"profileId": ""}), json!(null)),
    ] {
        assert_eq!(changed(&present, plain(name, value)), None, "{name} {present}");
    }
}

fn forwarded(to: &str) -> Value {
    json!({"callForwarding": {"always": {"enabled": true, "destination": to}}})
}

#[test]
fn what_only_looks_alike_is_written() {
    for (present, wanted) in [
        ("1000111", "+34911000111"),
        ("9195559876", "+19195559876"),
        ("+34-911001001", "1001"),
        ("911000111", "1001"),
    ] {
        let body = changed(&forwarded(present), plain("forward_always_to", json!(wanted)));
        assert!(body.is_some(), "{present} {wanted}");
    }
}

#[test]
fn numbers_go_back_as_they_are_taken_and_not_as_they_were_shown() {
    let mut present = forwarded("+34-911000111");
    present["callForwarding"]["busy"] = json!({"enabled": true, "destination": "911000222"});
    let body = changed(&present, plain("forward_always_enabled", json!(false))).unwrap();
    assert_eq!(body.pointer("/callForwarding/always/destination"), Some(&json!("+34911000111")));
    // Whether this is a number or an extension is not for wxbulk to say.
    assert_eq!(body.pointer("/callForwarding/busy/destination"), Some(&json!("911000222")));
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
    let put = json!({"selected": "LOCATION_MEMBER_NUMBER", "elinEnabled": true, "locationMemberId": "QW5h"});
    assert_eq!(body, put);
    let body = changed(&present, plain("emergency_callback", json!("DIRECT_LINE"))).unwrap();
    assert_eq!(body, json!({"selected": "DIRECT_LINE", "elinEnabled": false}));
}

#[test]
fn what_is_no_list_is_not_taken_for_one() {
    let all = |feature: Feature, present: Value| changes(feature, &present, &[], None).is_err();
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

/// The OpenAPI description of Webex that `WXBULK_OPENAPI` names, if it names one (webex.md 10).
fn published() -> Option<Value> {
    let path = std::env::var_os("WXBULK_OPENAPI")?;
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
        self.resolved(operation.pointer(part).unwrap().pointer("/content/application~1json/schema").unwrap())
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
        println!("skipped: WXBULK_OPENAPI names no OpenAPI description");
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
            let Ok(Some(change)) = changes(*feature, &present, &wanted, None) else { continue };
            checked.insert(feature);
            let found = api.violations("", &change.body, api.schema(*feature, "put /requestBody"));
            assert!(found.is_empty(), "{feature}: {found:?}\n{present}\n{}", change.body);
        }
    }
    assert_eq!(checked.len(), Feature::ALL.len());
}
