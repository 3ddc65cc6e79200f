//! What to change of a calling location, from the row and what is in Webex. Pure.

use serde_json::{Map, Value, json};

use super::compare::{is_flag, is_permission, shown, shown_permission, stated_permission};
use crate::domain::{CallingCode, CallingDetails, Difference, Permission, PhoneNumber};

/// The field of the announcement language.
pub(crate) const LANGUAGE: &str = "announcementLanguage";

/// What a field is compared for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum For {
    /// To decide what to send: what is not shown may differ.
    Sending,
    /// To prove what was sent: the language may read back blank although it is set (webex.md 1.4).
    Proof,
}

/// What is to change of a calling location.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct CallingChanges {
    /// The fields to send.
    pub(crate) fields: Map<String, Value>,
    /// The columns whose values differ.
    pub(crate) differences: Vec<Difference>,
}

impl CallingChanges {
    fn field(&mut self, present: &Value, name: &str, column: &str, value: Value) {
        let (found, wanted) = (shown(present.get(name)), shown(Some(&value)));
        self.fields.insert(name.to_owned(), value);
        self.differs(column, found, wanted);
    }

    fn differs(&mut self, column: &str, found: String, wanted: String) {
        self.differences.push(Difference { field: column.to_owned(), found, wanted });
    }
}

/// What of a calling location differs from the row. `home` is the calling code of its country.
pub(crate) fn calling_changes(
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
            changes.field(present, name, column, json!(wanted));
        }
    }
    let language = text("/announcementLanguage");
    let unshown = language.is_empty() && purpose == For::Proof;
    let wanted = details.announcement_language.as_deref();
    if let Some(wanted) = wanted.filter(|wanted| !unshown && !wanted.eq_ignore_ascii_case(language)) {
        changes.field(present, LANGUAGE, "announcement_language", json!(wanted));
    }
    let enforced = present.get("enforceOutsideDialDigit");
    if let Some(wanted) = details.enforce_outside_dial_digit.filter(|wanted| !is_flag(enforced, *wanted)) {
        changes.field(present, "enforceOutsideDialDigit", "enforce_outside_dial_digit", json!(wanted));
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
    let line_shown = |name: &str| {
        let text = present.pointer(&format!("/callingLineId/{name}")).and_then(Value::as_str);
        text.map(str::trim).filter(|text| !text.is_empty())
    };
    let (shown_name, shown_number) = (line_shown("name"), line_shown("phoneNumber"));
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
    let found = |shown: Option<&str>| shown.unwrap_or_default().to_owned();
    if other_name {
        changes.differs("caller_id_name", found(shown_name), name.unwrap_or_default().to_owned());
    }
    if other_number {
        changes.differs(
            "main_number",
            found(shown_number),
            details.main_number.as_ref().map(PhoneNumber::to_string).unwrap_or_default(),
        );
    }
}

/// What an object of permissions has in the place of one.
pub(crate) fn against(permission: &Permission, present: &Value) -> Difference {
    Difference {
        field: permission.call_type.to_string(),
        found: shown_permission(present.get("callingPermissions"), permission),
        wanted: stated_permission(permission),
    }
}

/// The listed permissions that are not so yet; the kinds not listed stay.
pub(crate) fn permission_changes<'a>(wanted: &'a [Permission], present: &Value) -> Vec<&'a Permission> {
    let rows = present.get("callingPermissions").and_then(Value::as_array);
    let is_so = |wanted: &&Permission| rows.into_iter().flatten().any(|row| is_permission(row, wanted));
    wanted.iter().filter(|permission| !is_so(permission)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(changes: &CallingChanges) -> Vec<&str> {
        changes.differences.iter().map(|difference| difference.field.as_str()).collect()
    }

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
        assert_eq!(
            Value::Object(changes.fields.clone()),
            json!({"routingPrefix": "801", "callingLineId": line})
        );
        assert_eq!(fields(&changes), ["routing_prefix", "main_number"]);
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
            assert_eq!(Value::Object(changes.fields.clone()), line);
            assert_eq!(fields(&changes), ["caller_id_name"]);
        }
        let present = json!({"callingLineId": {"phoneNumber": "1000000"}});
        assert!(!calling_changes(&stated, &present, spain, For::Sending).differences.is_empty());
    }

    #[test]
    fn a_language_that_is_not_shown_is_sent_and_not_held_against_the_proof() {
        let details =
            CallingDetails { announcement_language: Some("es_es".to_owned()), ..CallingDetails::default() };
        let present = json!({"announcementLanguage": null});
        let changes = calling_changes(&details, &present, None, For::Sending);
        assert_eq!(fields(&changes), ["announcement_language"]);
        assert_eq!(calling_changes(&details, &present, None, For::Proof), CallingChanges::default());
    }
}
