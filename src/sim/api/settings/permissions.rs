//! Outgoing permissions, row by row for each type of call.

use serde_json::{Map, Value, json};

use super::super::super::reply::Refusal;

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
/// The last one is shown by a GET and has no effect in a PUT; clients that work on live systems send it back.
const KNOWN: [&str; 4] = ["callType", "action", "transferEnabled", "isCallTypeRestrictionEnabled"];
const FIELD: &str = "callingPermissions";

/// Checks the rows. `fixed` are the types that the organisation cannot change.
///
/// webex.md 5 has 25321 and 25024 for such types and does not tell them apart; here 25321 is for a
/// published type that is fixed, 25024 for one that is not published.
pub(super) fn check(fixed: &[String], sent: &Map<String, Value>) -> Result<(), Refusal> {
    for row in sent.get(FIELD).and_then(Value::as_array).into_iter().flatten() {
        let text = |name: &str| row.get(name).and_then(Value::as_str);
        let kind = text("callType").ok_or_else(|| Refusal::missing_field("callType"))?;
        let refuse =
            |code: u64| Refusal::coded(400, code, &format!("The call type {kind} cannot be changed."));
        if !CALL_TYPES.iter().any(|(known, _)| *known == kind) {
            return Err(refuse(25024));
        }
        if fixed.iter().any(|fixed| fixed == kind) {
            return Err(refuse(25321));
        }
        if !text("action").is_some_and(|action| ACTIONS.contains(&action)) {
            return Err(Refusal::missing_field("action"));
        }
        if !row.get("transferEnabled").is_some_and(Value::is_boolean) {
            return Err(Refusal::missing_field("transferEnabled"));
        }
        if let Some((name, _)) =
            row.as_object().into_iter().flatten().find(|(name, _)| !KNOWN.contains(&name.as_str()))
        {
            return Err(Refusal::bad_request(format!("Unknown field: {FIELD}.{name}")));
        }
    }
    Ok(())
}

/// Rows that were put before and are not put now stay.
pub(super) fn keep(before: Option<&Value>, now: &mut Value) {
    let before = before.and_then(|value| value.get(FIELD)).and_then(Value::as_array);
    let Some(Value::Array(rows)) = now.get_mut(FIELD) else { return };
    for old in before.into_iter().flatten() {
        if !rows.iter().any(|row| row.get("callType") == old.get("callType")) {
            rows.push(old.clone());
        }
    }
}

/// All call types, with what was put laid over the defaults.
pub(super) fn show(fixed: &[String], fields: &mut Map<String, Value>) {
    let Some(put) = fields.get(FIELD).and_then(Value::as_array) else { return };
    let unpublished = fixed.iter().filter(|kind| !CALL_TYPES.iter().any(|(known, _)| known == kind));
    let kinds = CALL_TYPES.iter().copied().chain(unpublished.map(|kind| (kind.as_str(), "ALLOW")));
    let rows: Vec<Value> = kinds
        .map(|(kind, default)| {
            let found = put.iter().find(|row| row.get("callType") == Some(&json!(kind)));
            let field =
                |name: &str, default: Value| found.and_then(|row| row.get(name)).cloned().unwrap_or(default);
            json!({
                "callType": kind,
                "action": field("action", json!(default)),
                "transferEnabled": field("transferEnabled", json!(default == "ALLOW")),
                "isCallTypeRestrictionEnabled": fixed.iter().any(|fixed| fixed == kind),
            })
        })
        .collect();
    fields.insert(FIELD.into(), json!(rows));
}
