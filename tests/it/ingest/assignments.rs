//! Catalogue 89-105: cells of assignment rows, as far as one row tells.

use super::sheet::{To, assignment, check, csv, location, read, user};

#[test]
fn extensions() {
    check(
        assignment,
        &[
            ("90", "extension", "0123", To::Be("0123")),
            ("90", "extension", "123", To::Be("123")),
            ("103", "extension", " 1001 ", To::Be("1001")),
            ("91", "extension", "1", To::Fail("a length of 1: an extension has 2 to 10 digits")),
            ("91", "extension", "123456789", To::Be("123456789")),
            ("91", "extension", "1234567890", To::Be("1234567890")),
            ("91", "extension", "12345678901", To::Fail("a length of 11")),
            ("92", "extension", "123.0", To::Fail("a spreadsheet turned the extension into 123.0")),
            ("92", "extension", "1,234", To::Fail("2 to 10 digits")),
            ("92", "extension", "1E+03", To::Fail("a spreadsheet turned the extension into 1E+03")),
            ("92", "extension", " 12 3 ", To::Fail("2 to 10 digits")),
            ("92", "extension", "+123", To::Fail("2 to 10 digits")),
            ("92", "extension", "-123", To::Fail("2 to 10 digits")),
            ("92", "extension", "0x1F", To::Fail("2 to 10 digits")),
            ("92", "extension", "'0123", To::Fail("write 0123")),
            ("93", "extension", "\u{661}\u{662}\u{663}", To::Fail("other digits")),
            ("93", "extension", "\u{ff11}\u{ff12}\u{ff13}", To::Fail("other digits")),
        ],
    );
}

#[test]
fn phone_numbers() {
    check(
        assignment,
        &[
            ("95", "phone_number", "+34911234567", To::Be("+34911234567")),
            ("95", "phone_number", "+34 911-23.45 (67)", To::Be("+34911234567")),
            ("95", "phone_number", "'+34911234567", To::Be("+34911234567")),
            ("94", "phone_number", "3.49E+10", To::Fail("a spreadsheet turned the number into 3.49E+10")),
            ("94", "phone_number", "3,49E+10", To::Fail("a spreadsheet turned the number into 3,49E+10")),
            ("94", "phone_number", "34911234567.0", To::Fail("a spreadsheet turned the number into")),
            ("95", "phone_number", "34911234567", To::Fail("write +34911234567")),
            ("95", "phone_number", "0034911234567", To::Fail("write +34911234567")),
            ("95", "phone_number", "tel:+34911234567", To::Fail("write +34911234567")),
            ("95", "phone_number", "(91) 123", To::Fail("lacks the country code")),
            ("95", "phone_number", "911234567", To::Fail("lacks the country code")),
            ("95", "phone_number", "call me", To::Fail("is not a telephone number")),
            ("95", "phone_number", "+34 (0)911234567", To::Fail("leave out the (0)")),
            ("95", "phone_number", "+34\u{a0}911234567", To::Fail("the digits 0 to 9")),
            ("93", "phone_number", "+\u{663}\u{664}911234567", To::Fail("the digits 0 to 9")),
            ("96", "phone_number", "+0911234567", To::Fail("begins with 0")),
            ("96", "phone_number", "+1234567890123456", To::Fail("has 16 digits")),
            ("96", "phone_number", "+", To::Fail("has 0 digits")),
            ("95", "alternate_numbers", "+34 911 | +34912", To::Be("+34911|+34912")),
            ("95", "alternate_numbers", "+34911|34911234567", To::Fail("write +34911234567")),
            ("95", "alternate_numbers", "+34911||+34912", To::Fail("is not a telephone number")),
        ],
    );
}

#[test]
fn an_assignment_needs_an_extension_or_a_number_89() {
    let rejected = assignment().with("extension", "").ingest().verdict.unwrap_err();
    assert_eq!(rejected.column.as_deref(), Some("extension"));
    assert!(rejected.message.contains("fill extension or phone_number"), "{}", rejected.message);
    assert_eq!(rejected.entity_key.as_deref(), Some("ana@example.com"));
    assert!(assignment().with("extension", "").with("phone_number", "+34911").ingest().verdict.is_ok());
}

#[test]
fn a_rejected_assignment_is_named_by_location_and_line() {
    let rejected = assignment().with("email", "ana").ingest().verdict.unwrap_err();
    assert_eq!(rejected.entity_key.as_deref(), Some("MAD-01/1001"));
    let rejected = assignment().with("location_key", "MAD\u{7}").ingest().verdict.unwrap_err();
    assert_eq!(rejected.entity_key.as_deref(), Some("ana@example.com"));
    let rejected = assignment().with("extension", "1001.0").ingest().verdict.unwrap_err();
    assert_eq!(rejected.entity_key.as_deref(), Some("MAD-01/1001.0"));
    let rejected = assignment().with("email", "ana").with("entity_key", "mine").ingest().verdict.unwrap_err();
    assert_eq!(rejected.entity_key.as_deref(), Some("mine"));
}

#[test]
fn rows_that_only_a_run_can_judge_are_accepted_100_104_105() {
    let by_name = assignment().with("location_key", "Madrid Centro").with("email", "luis@example.com");
    let rows = read(csv(&[assignment(), by_name, user(), location()])).unwrap();
    assert!(rows.iter().all(|row| row.verdict.is_ok()), "{rows:?}");
}
