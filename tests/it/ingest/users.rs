//! Catalogue 47 and 57-78: cells of user rows.

use super::sheet::{To, check, user};

#[test]
fn emails_that_are_accepted() {
    check(
        user,
        &[
            ("59", "email", "Ana@X.com", To::Be("ana@x.com")),
            ("64", "email", "a+b@x.com", To::Be("a+b@x.com")),
            ("65", "email", "  ana@x.com ", To::Be("ana@x.com")),
            ("73", "email", "a?b&c#d/./e@x.com", To::Be("a?b&c#d/./e@x.com")),
        ],
    );
}

#[test]
fn emails_that_are_rejected() {
    let long_local = format!("{}@x.com", "a".repeat(65));
    let long = format!("a@{}com", "abcdefghi.".repeat(26));
    check(
        user,
        &[
            ("47", "email", "ana@x.com\rb@x.com", To::Fail("line break")),
            ("58", "email", "ana.x.com", To::Fail("no @")),
            ("58", "email", "a@b@x.com", To::Fail("two @")),
            ("58", "email", ".a@x.com", To::Fail("dot too many")),
            ("58", "email", "a.@x.com", To::Fail("dot too many")),
            ("58", "email", "a..b@x.com", To::Fail("dot too many")),
            ("58", "email", "@x.com", To::Fail("nothing")),
            ("58", "email", "a@b", To::Fail("lacks its ending")),
            ("58", "email", "a@-x.com", To::Fail("name of a domain")),
            ("58", "email", "a@x..com", To::Fail("name of a domain")),
            ("58", "email", &long, To::Fail("at most 254")),
            ("58", "email", &long_local, To::Fail("64 of them")),
            ("66", "email", "ana\u{a0}@x.com", To::Fail("U+00A0")),
            ("66", "email", "\u{a0}ana@x.com", To::Fail("U+00A0")),
            ("66", "email", "a\u{200b}na@x.com", To::Fail("U+200B")),
            ("66", "email", "a\u{feff}na@x.com", To::Fail("U+FEFF")),
            ("66", "email", "a\u{202e}na@x.com", To::Fail("U+202E")),
            ("67", "email", "\u{212a}im@x.com", To::Fail("U+212A")),
            ("67", "email", "\u{130}rem@x.com", To::Fail("U+0130")),
            ("68", "email", "\u{430}na@x.com", To::Fail("U+0430")),
            ("69", "email", "ana@espa\u{f1}a.es", To::Fail("U+00F1")),
            ("70", "email", "\"quoted local\"@x.com", To::Fail("not an e-mail address")),
            ("70", "email", "\"quoted\"@x.com", To::Fail("quoted")),
            ("71", "email", "Ana <a@x.com>", To::Fail("write a@x.com")),
            ("71", "email", "mailto:a@x.com", To::Fail("write a@x.com")),
            ("71", "email", "a@x.com;b@x.com", To::Fail("more than one address")),
            ("72", "email", "'a@x.com", To::Fail("apostrophe of a spreadsheet: write a@x.com")),
        ],
    );
}

#[test]
fn other_cells_of_users() {
    check(
        user,
        &[
            ("57", "location_key", "MAD\u{1b}[31m", To::Fail("\\u{1b}[31m")),
            ("57", "row_ref", "a\u{7}b", To::Fail("U+0007")),
            ("57", "x_note", "a\u{b}b", To::Fail("U+000B")),
            ("74", "calling_enabled", "", To::Be("")),
            ("74", "calling_enabled", "TRUE", To::Be("true")),
            ("74", "calling_enabled", "1", To::Be("true")),
            ("74", "calling_enabled", "yes", To::Be("true")),
            ("74", "calling_enabled", "VERDADERO", To::Be("true")),
            ("74", "calling_enabled", "Sí", To::Be("true")),
            ("74", "calling_enabled", "FALSO", To::Be("false")),
            ("74", "calling_enabled", "maybe", To::Fail("write true or false")),
            ("74", "calling_enabled", "2", To::Fail("write true or false")),
            ("76", "calling_settings_voicemail_enabled", "true", To::Be("true")),
            ("77", "location_key", " ", To::Fail("is blank")),
            ("78", "location_key", "Somewhere else", To::Be("Somewhere else")),
            ("R19", "calling_license", "Professional", To::Be("professional")),
            ("R19", "calling_license", "basic", To::Fail("write standard")),
            ("R19", "calling_license", "gold", To::Fail("write professional, standard")),
        ],
    );
}

#[test]
fn identity_and_secrets_are_out_of_scope() {
    check(
        user,
        &[
            ("61", "display_name", "Ana", To::BeOutOfScope("identity")),
            ("61", "title", "Dr", To::BeOutOfScope("identity")),
            ("61", "emails", "a@x.com", To::BeOutOfScope("identity")),
            ("61", "department", "Sales", To::BeOutOfScope("identity")),
            ("61", "phone", "+34911234567", To::BeOutOfScope("identity")),
            ("61", "status", "active", To::BeOutOfScope("identity")),
            ("R18", "calling_settings_voicemail_pin", "4711", To::BeOutOfScope("never read or stored")),
            ("R18", "x_password", "4711", To::BeOutOfScope("never read or stored")),
            ("62", "display_name", "", To::Be("")),
            ("62", "calling_settings_voicemail_pin", " ", To::Be("")),
        ],
    );
    let row = user().with("First-Name ", "Ana").ingest();
    let rejected = row.verdict.expect_err("case 63");
    assert_eq!((rejected.reason.as_str(), rejected.column.as_deref()), ("out_of_scope", Some("first_name")));
}

#[test]
fn identity_goes_before_other_mistakes() {
    let row = user().with("calling_enabled", "maybe").with("title", "Dr").ingest();
    let rejected = row.verdict.unwrap_err();
    assert_eq!((rejected.reason.as_str(), rejected.column.as_deref()), ("out_of_scope", Some("title")));
    assert!(rejected.message.ends_with("Also wrong: calling_enabled"), "{}", rejected.message);
}

#[test]
fn secrets_leave_no_trace() {
    let row = user().with("calling_settings_voicemail_pin", "4711").with("x_a", "1").ingest();
    assert!(!format!("{row:?}").contains("4711"), "{row:?}");
    assert_eq!(row.raw.get("calling_settings_voicemail_pin"), Some("***"));
    assert_eq!(row.verdict.unwrap_err().entity_key.as_deref(), Some("ana@example.com"));
}

#[test]
fn a_secret_that_slips_into_the_next_column_leaves_no_trace() {
    let header = "entity_type,email,location_key,row_ref,pin,x_a,x_b\n";
    for row in ["user,ana@x.com,Calle 1, 2,r,4711,a,b\n", "user,ana@x.com,r,4711,a,b\n"] {
        let rows = super::sheet::read(format!("{header}{row}")).unwrap();
        assert!(rows[0].verdict.is_err());
        assert!(!format!("{rows:?}").contains("4711"), "{rows:?}");
    }
}

#[test]
fn settings_of_a_user_without_calling_are_kept_75() {
    let row =
        user().with("calling_enabled", "no").with("calling_settings_call_waiting_enabled", "si").ingest();
    let accepted = row.verdict.unwrap();
    assert_eq!(accepted.cells.get("calling_settings_call_waiting_enabled"), Some("true"));
    assert_eq!(accepted.cells.get("calling_enabled"), Some("false"));
}
