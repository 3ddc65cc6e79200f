//! Settings whose GET and PUT differ in shape: members, permissions by call type, Teams.

use serde_json::{Map, Value, json};

use super::super::ids::unique_part;
use super::super::org::{Org, Person};
use super::super::reply::Refusal;

const CALL_TYPES: [(&str, &str); 10] = [
    ("INTERNAL_CALL", "ALLOW"),
    ("TOLL_FREE", "ALLOW"),
    ("INTERNATIONAL", "BLOCK"),
    ("OPERATOR_ASSISTED", "ALLOW"),
    ("CHARGEABLE_DIRECTORY_ASSISTED", "ALLOW"),
    ("SPECIAL_SERVICES_I", "ALLOW"),
    ("SPECIAL_SERVICES_II", "ALLOW"),
    ("PREMIUM_SERVICES_I", "BLOCK"),
    ("PREMIUM_SERVICES_II", "BLOCK"),
    ("NATIONAL", "ALLOW"),
];
const ACTIONS: [&str; 6] =
    ["ALLOW", "BLOCK", "AUTH_CODE", "TRANSFER_NUMBER_1", "TRANSFER_NUMBER_2", "TRANSFER_NUMBER_3"];
const MOST_MEMBERS: usize = 50;
const LAST_MODIFIED: &str = "2024-02-24T07:22:23.494Z";

/// The list of member ids in a setting.
const MEMBER_FIELDS: [&str; 4] = ["monitoredElements", "monitoringAgents", "members", "monitoredMembers"];

/// Checks what the table of settings cannot express.
pub(super) fn check(org: &Org, path: &str, sent: &Map<String, Value>) -> Result<(), Refusal> {
    for ids in MEMBER_FIELDS.iter().filter_map(|name| sent.get(*name)?.as_array()) {
        if ids.len() > MOST_MEMBERS {
            return Err(Refusal::bad_request(format!("At most {MOST_MEMBERS} members are accepted.")));
        }
        let is_calling = |id: &Value| {
            let person =
                id.as_str().and_then(|id| org.person_index(id)).and_then(|index| org.person(index).ok());
            person.is_some_and(|person| person.calling.is_some())
        };
        if !ids.iter().all(is_calling) {
            return Err(Refusal::bad_request("[Error 4470] A member cannot be added.").with_code(4470));
        }
    }
    let has_members =
        sent.get("monitoredMembers").and_then(Value::as_array).is_some_and(|members| !members.is_empty());
    if path == "reception" && has_members && sent.get("receptionEnabled") != Some(&json!(true)) {
        return Err(Refusal::bad_request("Members need receptionEnabled."));
    }
    if sent.get("selected") == Some(&json!("CUSTOM")) && sent.get("customNumber").is_none_or(Value::is_null) {
        return Err(Refusal::missing_field("customNumber"));
    }
    sent.get("callingPermissions").and_then(Value::as_array).map_or(Ok(()), |list| check_permissions(list))
}

fn check_permissions(permissions: &[Value]) -> Result<(), Refusal> {
    for permission in permissions {
        let text = |name: &str| permission.get(name).and_then(Value::as_str);
        let kind = text("callType").ok_or_else(|| Refusal::missing_field("callType"))?;
        if !CALL_TYPES.iter().any(|(known, _)| *known == kind) {
            let message = format!("[Error 25321] The call type {kind} cannot be changed.");
            return Err(Refusal::bad_request(message).with_code(25321));
        }
        if !text("action").is_some_and(|action| ACTIONS.contains(&action)) {
            return Err(Refusal::missing_field("action"));
        }
        if !permission.get("transferEnabled").is_some_and(Value::is_boolean) {
            return Err(Refusal::missing_field("transferEnabled"));
        }
    }
    Ok(())
}

/// All call types, with what was put laid over the defaults.
fn permissions(put: Option<&Value>) -> Value {
    let put = put.and_then(Value::as_array);
    let rows = CALL_TYPES.iter().map(|(kind, default)| {
        let found = put.into_iter().flatten().find(|row| row.get("callType") == Some(&json!(kind)));
        let field =
            |name: &str, default: Value| found.and_then(|row| row.get(name)).cloned().unwrap_or(default);
        json!({
            "callType": kind,
            "action": field("action", json!(default)),
            "transferEnabled": field("transferEnabled", json!(*default == "ALLOW")),
            "isCallTypeRestrictionEnabled": false,
        })
    });
    rows.collect()
}

/// Rows that were put before and are not put now stay, at a location.
pub(super) fn keep_permissions(before: Option<&Value>, now: &mut Value) {
    let before = before.and_then(|value| value.get("callingPermissions")).and_then(Value::as_array);
    let Some(Value::Array(rows)) = now.get_mut("callingPermissions") else { return };
    for old in before.into_iter().flatten() {
        if !rows.iter().any(|row| row.get("callType") == old.get("callType")) {
            rows.push(old.clone());
        }
    }
}

/// Turns the stored form into that of a GET.
pub(super) fn reshape(org: &Org, person: Option<&Person>, path: &str, fields: &mut Map<String, Value>) {
    if let Some(rows) = fields.get("callingPermissions").map(|put| permissions(Some(put))) {
        fields.insert("callingPermissions".into(), rows);
    }
    for name in MEMBER_FIELDS {
        if let Some(Value::Array(ids)) = fields.get(name) {
            let members: Vec<Value> = ids.iter().filter_map(|id| member(org, id.as_str()?)).collect();
            let wrap =
                |member: Value| if path == "monitoring" { json!({ "member": member }) } else { member };
            fields.insert(name.into(), members.into_iter().map(wrap).collect());
        }
    }
    if let Some(value) = fields.shift_remove("enableCallParkNotification") {
        fields.insert("callParkNotificationEnabled".into(), value);
    }
    if let (Some(value), Some(person)) = (fields.get("value").cloned(), person)
        && path == "settings/msTeams"
    {
        let setting = json!({"settingName": "HIDE_WEBEX_APP", "level": "PEOPLE", "value": value, "lastModified": LAST_MODIFIED});
        *fields = Map::from_iter([
            ("personId".to_owned(), json!(person.id)),
            ("orgId".to_owned(), json!(org.id)),
            ("settings".to_owned(), json!([setting])),
        ]);
    }
}

fn member(org: &Org, id: &str) -> Option<Value> {
    let person = org.person(org.person_index(id)?).ok()?;
    let numbers: Vec<Value> = org
        .numbers
        .of_owner(&unique_part(&person.id))
        .into_iter()
        .filter_map(|key| org.numbers.get(key))
        .map(|number| {
            json!({"external": number.phone, "extension": number.extension, "primary": !number.alternate})
        })
        .collect();
    Some(json!({
        "id": person.id, "firstName": person.first_name, "lastName": person.last_name,
        "displayName": person.display_name(), "type": "PEOPLE", "email": person.email, "numbers": numbers,
    }))
}
