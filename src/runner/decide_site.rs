//! What to change of a calling location, from the row and what is in Webex. Pure.

use serde_json::{Map, Value, json};

use super::alike::{is_flag, is_permission, permission_row};
use crate::domain::{CallingCode, CallingDetails, Permission, PhoneNumber};

/// What a field is compared for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum For {
    /// To decide what to send: what is not shown may differ.
    Sending,
    /// To prove what was sent: the language may read back blank although it is set (webex.md 1.4).
    Proof,
}

/// The fields of a calling location that differ from the row; `None` when nothing does. `home` is the calling code of its
/// country.
pub(super) fn calling_changes(
    details: &CallingDetails,
    present: &Value,
    home: Option<CallingCode>,
    purpose: For,
) -> Option<Value> {
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
    if let Some(line) = line_changes(details, present, home) {
        changes.insert("callingLineId".to_owned(), line);
    }
    (!changes.is_empty()).then_some(Value::Object(changes))
}

/// Name and number go together: what the row does not state stays as it is.
fn line_changes(details: &CallingDetails, present: &Value, home: Option<CallingCode>) -> Option<Value> {
    let shown = |name: &str| {
        let text = present.pointer(&format!("/callingLineId/{name}")).and_then(Value::as_str);
        text.map(str::trim).filter(|text| !text.is_empty())
    };
    let (shown_name, shown_number) = (shown("name"), shown("phoneNumber"));
    let (name, number) = (details.caller_id_name.as_deref(), details.main_number.as_ref());
    let other_name = name.is_some() && name != shown_name;
    let spelled = |number: &PhoneNumber| shown_number.is_some_and(|shown| number.is_spelled(shown, home));
    let other_number = number.is_some_and(|number| !spelled(number));
    let stays = || {
        shown_number.map(|shown| PhoneNumber::spelled(shown).map_or(shown.to_owned(), |one| one.to_string()))
    };
    let mut line = Map::new();
    name.or(shown_name).map(|name| line.insert("name".to_owned(), json!(name)));
    let number = number.map(PhoneNumber::to_string).or_else(stays);
    number.map(|number| line.insert("phoneNumber".to_owned(), json!(number)));
    (other_name || other_number).then_some(Value::Object(line))
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
        let changes = calling_changes(&details, &present, None, For::Sending);
        assert_eq!(changes, Some(json!({"routingPrefix": "801", "callingLineId": line})));
    }

    #[test]
    fn a_main_number_in_another_spelling_is_the_same_and_goes_back_as_e164() {
        let number = PhoneNumber::parse("+34911000000").unwrap();
        let stated = CallingDetails { main_number: Some(number), ..CallingDetails::default() };
        let named = CallingDetails { caller_id_name: Some("Centro".to_owned()), ..CallingDetails::default() };
        let spain = CallingCode::of_country("ES");
        for shown in ["+34911000000", "+34-911000000", "911000000"] {
            let present = json!({"callingLineId": {"name": "Madrid", "phoneNumber": shown}});
            assert_eq!(calling_changes(&stated, &present, spain, For::Sending), None, "{shown}");
            let back = if shown.starts_with('+') { "+34911000000" } else { shown };
            let line = json!({"callingLineId": {"name": "Centro", "phoneNumber": back}});
            assert_eq!(calling_changes(&named, &present, spain, For::Sending), Some(line));
        }
        let present = json!({"callingLineId": {"phoneNumber": "1000000"}});
        assert!(calling_changes(&stated, &present, spain, For::Sending).is_some());
    }

    #[test]
    fn a_language_that_is_not_shown_is_sent_and_not_held_against_the_proof() {
        let details =
            CallingDetails { announcement_language: Some("es_es".to_owned()), ..CallingDetails::default() };
        let present = json!({"announcementLanguage": null});
        assert!(calling_changes(&details, &present, None, For::Sending).is_some());
        assert_eq!(calling_changes(&details, &present, None, For::Proof), None);
    }
}
