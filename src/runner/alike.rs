//! What reads alike is alike: comparisons that people's and locations' settings share (webex.md 10).

use serde_json::{Value, json};

use crate::domain::Permission;

/// Whether a flag is so; Webex shows truths as text at times.
pub(super) fn is_flag(shown: Option<&Value>, wanted: bool) -> bool {
    match shown {
        Some(Value::Bool(shown)) => *shown == wanted,
        Some(Value::String(text)) => text.eq_ignore_ascii_case(if wanted { "true" } else { "false" }),
        _ => false,
    }
}

/// A permission as Webex takes it.
pub(super) fn permission_row(permission: &Permission) -> Value {
    json!({
        "callType": permission.call_type.as_str(),
        "action": permission.action.as_str(),
        "transferEnabled": permission.transfer,
    })
}

/// Whether a row of permissions grants and forbids just this.
pub(super) fn is_permission(row: &Value, permission: &Permission) -> bool {
    let is = |name: &str, wanted: &str| row.get(name).and_then(Value::as_str) == Some(wanted);
    is("callType", permission.call_type.as_str())
        && is("action", permission.action.as_str())
        && is_flag(row.get("transferEnabled"), permission.transfer)
}
