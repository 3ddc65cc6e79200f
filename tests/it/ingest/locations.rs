//! Catalogue 46, 52, 56 and 79-88: cells of location rows.

use super::sheet::{To, assignment, check, csv, location, read, read_with, settings, user};

#[test]
fn cells_of_locations() {
    let name_81 = "N".repeat(81);
    let name_80 = "Ñ".repeat(80);
    check(
        location,
        &[
            ("52", "location_external_id", "#N/A", To::Fail("error of the spreadsheet")),
            ("52", "location_external_id", "NULL", To::Fail("stands for 'no value'")),
            ("52", "location_name", "n/a", To::Fail("stands for 'no value'")),
            ("52", "location_name", "#REF!", To::Fail("error of the spreadsheet")),
            ("52", "location_external_id", "1.23E+11", To::Fail("a spreadsheet turned")),
            ("R14", "address_postal_code", "8001.0", To::Fail("a spreadsheet turned")),
            ("65", "address_postal_code", " 08001 ", To::Be("08001")),
            ("80", "time_zone", "CET", To::Fail("such as Europe/Madrid")),
            ("80", "time_zone", "UTC+1", To::Fail("such as Europe/Madrid")),
            ("80", "time_zone", "Etc/GMT+1", To::Fail("is not")),
            ("80", "time_zone", "Europe/Madird", To::Fail("write Europe/Madrid")),
            ("80", "time_zone", "Madrid", To::Fail("write Europe/Madrid")),
            ("80", "time_zone", "europe/madrid", To::Be("Europe/Madrid")),
            ("80", "time_zone", "Europe / Madrid", To::Be("Europe/Madrid")),
            ("81", "address_city", "", To::Fail("is blank, but a location row needs it")),
            ("81", "address_state", "  ", To::Fail("is blank")),
            ("82", "address_country", "ES ", To::Be("ES")),
            ("82", "address_country", "es", To::Be("ES")),
            ("82", "address_country", "España", To::Fail("two letters, such as ES")),
            ("82", "address_country", "Spain", To::Fail("write ES")),
            ("82", "address_country", "ESP", To::Fail("write ES")),
            ("85", "location_name", &name_81, To::Fail("at most 80")),
            ("85", "location_name", &name_80, To::Be(&name_80)),
            ("86", "location_name", "=HYPERLINK(\"x\")", To::Be("=HYPERLINK(\"x\")")),
            ("86", "location_name", "'=HYPERLINK(\"x\")", To::Be("=HYPERLINK(\"x\")")),
            ("86", "location_name", "@SUM", To::Be("@SUM")),
            ("86", "location_name", "-2+3", To::Be("-2+3")),
            ("86", "location_name", "\tMadrid", To::Be("Madrid")),
            ("86", "location_name", "'t Harde", To::Be("'t Harde")),
            ("83", "location_name", "Ma\u{301}laga  Norte", To::Be("Ma\u{301}laga  Norte")),
            ("88", "location_name", "100 % A&B / \u{1f600}", To::Be("100 % A&B / \u{1f600}")),
            ("R17", "preferred_language", "es-ES", To::Be("es_es")),
            ("R17", "announcement_language", "es_Es", To::Be("es_es")),
            ("R17", "preferred_language", "Spanish", To::Fail("write it like es_es")),
            ("R17", "preferred_language", "", To::Fail("set DEFAULT_LANGUAGE")),
            ("46", "notes", "one\r\ntwo", To::Be("one\ntwo")),
            ("46", "address_line1", "one\rtwo", To::Fail("line break")),
            ("51", "location_name", "\u{a0}", To::Fail("U+00A0")),
            ("79", "location_settings_routing_prefix", "8017001", To::Be("8017001")),
            (
                "79",
                "location_settings_routing_prefix",
                "80170012",
                To::Fail("has 8 digits: 1 to 7 are possible"),
            ),
        ],
    );
}

#[test]
fn a_location_needs_a_name_or_an_external_id_79() {
    let nameless = location().with("location_name", "").with("location_external_id", " ");
    let rejected = nameless.ingest().verdict.unwrap_err();
    assert_eq!(rejected.column.as_deref(), Some("location_name"));
    assert!(rejected.message.contains("fill location_name or location_external_id"), "{}", rejected.message);
    assert!(location().with("location_name", "").ingest().verdict.is_ok());
}

#[test]
fn a_cell_of_another_entity_says_where_it_belongs_56() {
    let rows = read(csv(&[
        location().with("email", "ana@x.com"),
        user().with("extension", "1001"),
        assignment().with("calling_license", "standard"),
        user().with("location_settings_main_number", "+34910000000"),
        location().with("calling_settings_voicemail_rings", "3"),
        location().with("name", "Madrid"),
    ]))
    .unwrap();
    let expected = [
        ("email", "belongs on a row of type user or extension_assignment, not on a location row"),
        ("extension", "belongs on a row of type extension_assignment, not on a user row"),
        ("calling_license", "belongs on a row of type user, not on an extension_assignment row"),
        ("location_settings_main_number", "belongs on a row of type location, not on a user row"),
        ("calling_settings_voicemail_rings", "belongs on a row of type user, not on a location row"),
        ("name", "belongs to no row"),
    ];
    for (row, (column, words)) in rows.iter().zip(expected) {
        let rejected = row.verdict.as_ref().unwrap_err();
        assert_eq!(rejected.column.as_deref(), Some(column));
        assert!(rejected.message.contains(words), "{}", rejected.message);
    }
}

#[test]
fn the_default_language_fills_blank_cells() {
    let spanish = |text: &str| super::sheet::settings_with_language(text);
    let bare = csv(&[location().with("preferred_language", "").with("announcement_language", "ca_ES")]);
    let accepted = read_with(&bare, &spanish("es-ES")).unwrap().remove(0).verdict.unwrap();
    assert_eq!(accepted.cells.get("preferred_language"), Some("es_es"));
    assert_eq!(accepted.cells.get("announcement_language"), Some("ca_es"));
    assert!(read_with(&bare, &spanish("Spanish")).unwrap_err().to_string().contains("DEFAULT_LANGUAGE"));
    assert!(read_with(&bare, &settings()).unwrap()[0].verdict.is_err());
}

#[test]
fn all_columns_at_fault_are_named() {
    let row = location().with("time_zone", "CET").with("address_country", "ESP").with("address_city", "");
    let message = row.ingest().verdict.unwrap_err().message;
    assert!(message.ends_with("Also wrong: address_country, address_city"), "{message}");
}

#[test]
fn settings_of_a_location_are_read_by_their_kind() {
    let row = location()
        .with("location_settings_main_number", "+34 911 00-00-00")
        .with("location_settings_announcement_language", "es-ES")
        .with("location_settings_pstn_connection", "LOCAL_GATEWAY")
        .with("location_settings_pstn_route_type", "route_group")
        .with("location_settings_pstn_route_name", "Group A")
        .with("location_settings_outgoing_permissions", "international = block | NATIONAL=allow+Transfer");
    let cells = row.ingest().verdict.unwrap().cells;
    for (name, text) in [
        ("main_number", "+34911000000"),
        ("announcement_language", "es_es"),
        ("pstn_route_type", "ROUTE_GROUP"),
        ("outgoing_permissions", "INTERNATIONAL=BLOCK|NATIONAL=ALLOW+transfer"),
    ] {
        assert_eq!(cells.get(&format!("location_settings_{name}")), Some(text));
    }
}

#[test]
fn settings_of_a_location_that_cannot_be_are_refused() {
    for (name, text, words) in [
        ("main_number", "911000000", "country code"),
        ("routing_prefix", "8a", "digits only"),
        ("routing_prefix", "8.01E+5", "spreadsheet"),
        ("outside_dial_digit", "12345", "1 to 4"),
        ("enforce_outside_dial_digit", "perhaps", "true or false"),
        ("unknown_extension_route_type", "GATEWAY", "TRUNK"),
        ("unknown_extension_route_type", "TRUNK", "fill both or none"),
        ("announcement_language_existing", "change", "fill both or none"),
        ("announcement_language_existing", "keep", "change"),
        ("pstn_connection", "LOCAL_GATEWAY", "needs it"),
        ("outgoing_permissions", "INTERNATIONAL", "INTERNATIONAL=BLOCK"),
        ("outgoing_permissions", "NATIONAL=BLOCK|NATIONAL=ALLOW", "twice"),
        ("numbers", "+34911000000|911", "country code"),
    ] {
        let rejected =
            location().with(&format!("location_settings_{name}"), text).ingest().verdict.unwrap_err();
        assert!(rejected.message.contains(words), "{name} {text}: {}", rejected.message);
    }
}
