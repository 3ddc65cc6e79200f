//! What to change of a calling location, from the row and what is in Webex. Pure.

use serde_json::{Map, Value, json};

use super::alike::{is_flag, is_permission, permission_row};
use crate::domain::{CallingDetails, Permission};

/// What a field is compared for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum For {
    /// To decide what to send: what is not shown may differ.
    Sending,
    /// To prove what was sent: the language may read back blank although it is set (contract 1.4).
    Proof,
}

/// The fields of a calling location that differ from the row; `None` when nothing does.
pub(super) fn calling_changes(details: &CallingDetails, present: &Value, purpose: For) -> Option<Value> {
    let mut changes = Map::new();
    let text = |pointer: &str| present.pointer(pointer).and_then(Value::as_str).unwrap_or_default().trim();
    let plain = [
        ("externalCallerIdName", &details.external_caller_id_name),
        ("routingPrefix", &details.routing_prefix),
        ("outsideDialDigit", &details.outside_dial_digit),
    ];
    for (name, wanted) in plain {
        if let Some(wanted) = wanted.as_deref().filter(|wanted| *wanted != text(&format!("/{name}"))) {
            changes.insert(name.to_owned(), json!(wanted));
        }
    }
    let language = text("/announcementLanguage");
    let unshown = language.is_empty() && purpose == For::Proof;
    let wanted = details.announcement_language.as_deref();
    if let Some(wanted) = wanted.filter(|wanted| !unshown && !wanted.eq_ignore_ascii_case(language)) {
        changes.insert("announcementLanguage".to_owned(), json!(wanted));
    }
    let enforced = present.get("enforceOutsideDialDigit");
    if let Some(wanted) = details.enforce_outside_dial_digit.filter(|wanted| !is_flag(enforced, *wanted)) {
        changes.insert("enforceOutsideDialDigit".to_owned(), json!(wanted));
    }
    if let Some(line) = line_changes(details, present) {
        changes.insert("callingLineId".to_owned(), line);
    }
    (!changes.is_empty()).then_some(Value::Object(changes))
}

/// Name and number go together: what the row does not state stays as it is.
fn line_changes(details: &CallingDetails, present: &Value) -> Option<Value> {
    let shown = |name: &str| {
        let text = present.pointer(&format!("/callingLineId/{name}")).and_then(Value::as_str);
        text.map(str::trim).filter(|text| !text.is_empty())
    };
    let main_number = details.main_number.as_ref().map(|number| number.as_str());
    let fields = [("name", details.caller_id_name.as_deref()), ("phoneNumber", main_number)];
    let differs = fields.iter().any(|(name, wanted)| wanted.is_some() && *wanted != shown(name));
    let line: Map<String, Value> = fields
        .iter()
        .filter_map(|(name, wanted)| Some(((*name).to_owned(), json!((*wanted).or(shown(name))?))))
        .collect();
    differs.then_some(Value::Object(line))
}

/// The listed permissions that are not so yet, as Webex takes them; the kinds not listed stay.
pub(super) fn permission_changes(wanted: &[Permission], present: &Value) -> Vec<Value> {
    let rows = present.get("callingPermissions").and_then(Value::as_array);
    let is_so = |wanted: &&Permission| rows.into_iter().flatten().any(|row| is_permission(row, wanted));
    wanted.iter().filter(|permission| !is_so(permission)).map(permission_row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::PhoneNumber;

    #[test]
    fn only_what_differs_is_sent_and_the_other_half_of_a_line_stays() {
        let details = CallingDetails {
            main_number: Some(PhoneNumber::parse("+34911000000").unwrap()),
            announcement_language: Some("es_es".to_owned()),
            enforce_outside_dial_digit: Some(true),
            routing_prefix: Some("801".to_owned()),
            ..CallingDetails::default()
        };
        let present = json!({
            "announcementLanguage": "es_ES", "enforceOutsideDialDigit": "true", "routingPrefix": "800",
            "callingLineId": {"name": "Madrid", "phoneNumber": null},
        });
        let line = json!({"name": "Madrid", "phoneNumber": "+34911000000"});
        let changes = calling_changes(&details, &present, For::Sending);
        assert_eq!(changes, Some(json!({"routingPrefix": "801", "callingLineId": line})));
    }

    #[test]
    fn a_language_that_is_not_shown_is_sent_and_not_held_against_the_proof() {
        let details =
            CallingDetails { announcement_language: Some("es_es".to_owned()), ..CallingDetails::default() };
        let present = json!({"announcementLanguage": null});
        assert!(calling_changes(&details, &present, For::Sending).is_some());
        assert_eq!(calling_changes(&details, &present, For::Proof), None);
    }
}
