//! What reads alike is alike: comparisons that people's and locations' settings share (webex.md 10).

use serde_json::{Value, json};

use crate::domain::{Permission, TRANSFER};

/// Whether a flag is so; Webex shows truths as text at times.
pub(crate) fn is_flag(shown: Option<&Value>, wanted: bool) -> bool {
    match shown {
        Some(Value::Bool(shown)) => *shown == wanted,
        Some(Value::String(text)) => text.eq_ignore_ascii_case(if wanted { "true" } else { "false" }),
        _ => false,
    }
}

/// A value of Webex for people; nothing where it has none.
pub(crate) fn shown(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.trim().to_owned(),
        Some(other) => other.to_string(),
    }
}

/// What rows of permissions say of a type of calls, as a cell would.
pub(crate) fn shown_permission(rows: Option<&Value>, permission: &Permission) -> String {
    let is =
        |row: &&Value| row.get("callType").and_then(Value::as_str) == Some(permission.call_type.as_str());
    let row = rows.and_then(Value::as_array).into_iter().flatten().find(is);
    let transfer = row.is_some_and(|row| is_flag(row.get("transferEnabled"), true));
    let action = shown(row.and_then(|row| row.get("action")));
    if transfer { format!("{action}{TRANSFER}") } else { action }
}

/// What a row states of a type of calls, as its cell does.
pub(crate) fn stated_permission(permission: &Permission) -> String {
    let action = permission.action.as_str();
    if permission.transfer { format!("{action}{TRANSFER}") } else { action.to_owned() }
}

/// A permission as Webex takes it.
pub(crate) fn permission_row(permission: &Permission) -> Value {
    json!({
        "callType": permission.call_type.as_str(),
        "action": permission.action.as_str(),
        "transferEnabled": permission.transfer,
    })
}

/// Whether a row of permissions grants and forbids just this.
pub(crate) fn is_permission(row: &Value, permission: &Permission) -> bool {
    let is = |name: &str, wanted: &str| row.get(name).and_then(Value::as_str) == Some(wanted);
    is("callType", permission.call_type.as_str())
        && is("action", permission.action.as_str())
        && is_flag(row.get("transferEnabled"), permission.transfer)
}
