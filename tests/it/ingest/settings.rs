//! Cells of a person's settings, kind by kind.

use super::sheet::{Case, To, assignment, check, read, user};
use wxbulk::domain::{SETTINGS, Setting};

/// Cases whose column is named without its prefix. What is stored is its own normal form, so that exports come back.
fn check_settings(cases: &[Case<'_>]) {
    for (number, column, text, to) in cases {
        let column = format!("calling_settings_{column}");
        check(user, &[(number, &column, text, *to)]);
        if let To::Be(stored) = to {
            check(user, &[(number, &column, stored, *to)]);
        }
    }
}

#[test]
fn choices_take_any_case_and_joint_and_their_errors_list_them() {
    check_settings(&[
        ("choice", "caller_id", "DIRECT_LINE", To::Be("DIRECT_LINE")),
        ("choice", "caller_id", "direct line", To::Be("DIRECT_LINE")),
        ("choice", "caller_id", "Location-Number", To::Be("LOCATION_NUMBER")),
        ("choice", "caller_id", "main", To::Fail("write one of DIRECT_LINE, LOCATION_NUMBER, CUSTOM")),
        ("choice", "call_recording_mode", "always with pause/resume", To::Be("Always with Pause/Resume")),
        ("choice", "call_recording_notification_type", "none", To::Be("None")),
        ("choice", "calling_behavior", "default", To::Be("DEFAULT")),
    ]);
}

#[test]
fn numbers_keep_their_limits() {
    check_settings(&[
        ("integer", "voicemail_rings", "2", To::Be("2")),
        ("integer", "voicemail_rings", "07", To::Be("7")),
        ("integer", "voicemail_rings", "1", To::Fail("out of range: write 2 to 20")),
        ("integer", "voicemail_rings", "21", To::Fail("out of range: write 2 to 20")),
        ("integer", "voicemail_rings", "99999999999999999999", To::Fail("out of range")),
        ("integer", "voicemail_rings", "-3", To::Fail("not a whole number: write 2 to 20")),
        ("integer", "voicemail_rings", "three", To::Fail("not a whole number")),
        ("integer", "voicemail_rings", "3.0", To::Fail("a spreadsheet turned the number into 3.0")),
        ("integer", "call_recording_repeat_seconds", "1800", To::Be("1800")),
    ]);
}

#[test]
fn destinations_are_numbers_or_digits_as_they_are_dialled() {
    check_settings(&[
        ("destination", "forward_always_to", "+34 911-234-567", To::Be("+34911234567")),
        ("destination", "forward_always_to", "1001", To::Be("1001")),
        ("destination", "forward_always_to", "0012", To::Be("0012")),
        ("destination", "forward_always_to", "2225551212", To::Be("2225551212")),
        ("destination", "forward_always_to", "34911234567", To::Fail("lacks the +")),
        ("destination", "forward_always_to", "0034911234567", To::Fail("write +34911234567")),
        ("destination", "forward_always_to", "3.49E+10", To::Fail("a spreadsheet turned the number")),
        (
            "destination",
            "forward_always_to",
            "7",
            To::Fail("too short: write an extension of 2 digits or more"),
        ),
        ("destination", "forward_always_to", "reception", To::Fail("not a telephone number")),
    ]);
}

#[test]
fn moments_are_kept_in_utc() {
    check_settings(&[
        (
            "moment",
            "personal_assistant_until",
            "2027-01-31T19:00:00+01:00",
            To::Be("2027-01-31T18:00:00.000Z"),
        ),
        (
            "moment",
            "personal_assistant_until",
            "2027-01-31T18:00:00.000Z",
            To::Be("2027-01-31T18:00:00.000Z"),
        ),
        ("moment", "personal_assistant_until", "2027-01-31", To::Fail("not a moment with its offset")),
        ("moment", "personal_assistant_until", "31/01/2027", To::Fail("write it like 2027-01-31T18:00:00Z")),
    ]);
}

#[test]
fn permissions_are_a_list_of_types_and_actions() {
    let column = "outgoing_permissions";
    check_settings(&[
        ("permissions", column, "INTERNATIONAL=BLOCK", To::Be("INTERNATIONAL=BLOCK")),
        (
            "permissions",
            column,
            " international = block | National=allow +Transfer",
            To::Be("INTERNATIONAL=BLOCK|NATIONAL=ALLOW+transfer"),
        ),
        (
            "permissions",
            column,
            "special services i=transfer_number_1",
            To::Be("SPECIAL_SERVICES_I=TRANSFER_NUMBER_1"),
        ),
        ("permissions", column, "INTERNATIONAL", To::Fail("not TYPE=ACTION")),
        ("permissions", column, "NATIONAL=ALLOW|", To::Fail("not TYPE=ACTION")),
        ("permissions", column, "LOCAL=ALLOW", To::Fail("not a type of call: write one of INTERNAL_CALL")),
        ("permissions", column, "NATIONAL=DENY", To::Fail("not an action: write one of ALLOW, BLOCK")),
        ("permissions", column, "NATIONAL=ALLOW|national=BLOCK", To::Fail("names NATIONAL twice")),
    ]);
}

#[test]
fn people_are_a_list_of_addresses() {
    let many: Vec<String> = (0..51).map(|number| format!("u{number}@x.com")).collect();
    let column = "monitoring_people";
    check_settings(&[
        ("people", column, "A@x.com | b@x.com", To::Be("a@x.com|b@x.com")),
        ("people", column, &many[..50].join("|"), To::Be(&many[..50].join("|"))),
        ("people", column, &many.join("|"), To::Fail("has 51 people, at most 50")),
        ("people", column, "a@x.com|A@x.com", To::Fail("names a@x.com twice")),
        ("people", column, "a@x.com||b@x.com", To::Fail("an empty place")),
        ("people", column, "a@x.com;b@x.com", To::Fail("more than one address")),
        ("person", "emergency_callback_person", "A@x.com", To::Be("a@x.com")),
        ("person", "emergency_callback_person", "ana", To::Fail("no @")),
    ]);
}

#[test]
fn other_kinds_are_those_of_other_columns() {
    check_settings(&[
        ("bool", "hoteling_enabled", "Sí", To::Be("true")),
        ("phone", "caller_id_number", "911234567", To::Fail("lacks the country code")),
        ("extension", "voicemail_fax_extension", "12a", To::Fail("not an extension")),
        ("email", "voicemail_email_copy_to", "Ana@X.com", To::Be("ana@x.com")),
        ("time zone", "time_zone", "madrid", To::Fail("write Europe/Madrid")),
        ("text", "announcement_language", "English", To::Be("English")),
        ("text", "announcement_language", &"x".repeat(65), To::Fail("at most 64")),
    ]);
}

#[test]
fn the_prefix_says_the_row() {
    check(
        assignment,
        &[
            ("prefix", "final_settings_voicemail_rings", "3", To::Be("3")),
            ("prefix", "calling_settings_voicemail_rings", "3", To::Fail("belongs on a row of type user")),
        ],
    );
}

#[test]
fn a_slip_of_any_setting_is_named() {
    for Setting { name, .. } in SETTINGS {
        let slip = format!("entity_type,calling_settings_{}x\n", name);
        let refusal = read(slip).expect_err(name).to_string();
        assert!(refusal.contains("is meant"), "{refusal}");
    }
}
