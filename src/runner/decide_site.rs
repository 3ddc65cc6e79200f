//! What to change of a calling location, from the row and what is in Webex. Pure.

use serde_json::{Map, Value, json};

use super::alike::{is_flag, is_permission};
use crate::domain::{CallingCode, CallingDetails, Permission, PhoneNumber};

/// The field of the announcement language.
pub(super) const LANGUAGE: &str = "announcementLanguage";

/// What a field is compared for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum For {
    /// To decide what to send: what is not shown may differ.
    Sending,
    /// To prove what was sent: the language may read back blank although it is set (webex.md 1.4).
    Proof,
}

/// What is to change of a calling location.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct CallingChanges {
    /// The fields to send.
    pub(super) fields: Map<String, Value>,
    /// The names of the columns whose values differ.
    pub(super) names: Vec<String>,
}

impl CallingChanges {
    fn field(&mut self, name: &str, column: &str, value: Value) {
        self.fields.insert(name.to_owned(), value);
        self.names.push(column.to_owned());
    }
}

/// What of a calling location differs from the row. `home` is the calling code of its country.
pub(super) fn calling_changes(
    details: &CallingDetails,
    present: &Value,
    home: Option<CallingCode>,
    purpose: For,
) -> CallingChanges {
    let mut changes = CallingChanges::default();
    let text = |pointer: &str| present.pointer(pointer).and_then(Value::as_str).unwrap_or_default().trim();
    let plain = [
        ("externalCallerIdName", "external_caller_id_name", &details.external_caller_id_name),
        ("routingPrefix", "routing_prefix", &details.routing_prefix),
        ("outsideDialDigit", "outside_dial_digit", &details.outside_dial_digit),
    ];
    for (name, column, wanted) in plain {
        if let Some(wanted) = wanted.as_deref().filter(|wanted| *wanted != text(&format!("/{name}"))) {
            changes.field(name, column, json!(wanted));
        }
    }
    let language = text("/announcementLanguage");
    let unshown = language.is_empty() && purpose == For::Proof;
    let wanted = details.announcement_language.as_deref();
    if let Some(wanted) = wanted.filter(|wanted| !unshown && !wanted.eq_ignore_ascii_case(language)) {
        changes.field(LANGUAGE, "announcement_language", json!(wanted));
    }
    let enforced = present.get("enforceOutsideDialDigit");
    if let Some(wanted) = details.enforce_outside_dial_digit.filter(|wanted| !is_flag(enforced, *wanted)) {
        changes.field("enforceOutsideDialDigit", "enforce_outside_dial_digit", json!(wanted));
    }
    line_changes(&mut changes, details, present, home);
    changes
}

/// Name and number go together: what the row does not state stays as it is.
fn line_changes(
    changes: &mut CallingChanges,
    details: &CallingDetails,
    present: &Value,
    home: Option<CallingCode>,
) {
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
    if other_name || other_number {
        changes.fields.insert("callingLineId".to_owned(), Value::Object(line));
    }
    changes.names.extend(other_name.then(|| "caller_id_name".to_owned()));
    changes.names.extend(other_number.then(|| "main_number".to_owned()));
}

/// The listed permissions that are not so yet, as Webex takes them; the kinds not listed stay.
pub(super) fn permission_changes<'a>(wanted: &'a [Permission], present: &Value) -> Vec<&'a Permission> {
    let rows = present.get("callingPermissions").and_then(Value::as_array);
    let is_so = |wanted: &&Permission| rows.into_iter().flatten().any(|row| is_permission(row, wanted));
    wanted.iter().filter(|permission| !is_so(permission)).collect()
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
        assert_eq!(Value::Object(changes.fields), json!({"routingPrefix": "801", "callingLineId": line}));
        assert_eq!(changes.names, ["routing_prefix", "main_number"]);
    }

    #[test]
    fn a_main_number_in_another_spelling_is_the_same_and_goes_back_as_e164() {
        let number = PhoneNumber::parse("+34911000000").unwrap();
        let stated = CallingDetails { main_number: Some(number), ..CallingDetails::default() };
        let named = CallingDetails { caller_id_name: Some("Centro".to_owned()), ..CallingDetails::default() };
        let spain = CallingCode::of_country("ES");
        for shown in ["+34911000000", "+34-911000000", "911000000"] {
            let present = json!({"callingLineId": {"name": "Madrid", "phoneNumber": shown}});
            let changes = calling_changes(&stated, &present, spain, For::Sending);
            assert_eq!(changes, CallingChanges::default(), "{shown}");
            let back = if shown.starts_with('+') { "+34911000000" } else { shown };
            let line = json!({"callingLineId": {"name": "Centro", "phoneNumber": back}});
            let changes = calling_changes(&named, &present, spain, For::Sending);
            assert_eq!(Value::Object(changes.fields), line);
            assert_eq!(changes.names, ["caller_id_name"]);
        }
        let present = json!({"callingLineId": {"phoneNumber": "1000000"}});
        assert!(!calling_changes(&stated, &present, spain, For::Sending).names.is_empty());
    }

    #[test]
    fn a_language_that_is_not_shown_is_sent_and_not_held_against_the_proof() {
        let details =
            CallingDetails { announcement_language: Some("es_es".to_owned()), ..CallingDetails::default() };
        let present = json!({"announcementLanguage": null});
        assert_eq!(calling_changes(&details, &present, None, For::Sending).names, ["announcement_language"]);
        assert_eq!(calling_changes(&details, &present, None, For::Proof), CallingChanges::default());
    }
}
