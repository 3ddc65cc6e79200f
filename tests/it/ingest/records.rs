//! Catalogue 15, 27-29, 37, 41-56: the shape of records, and the lines on which they stand.

use super::sheet::{To, check, read, refusal, user};
use wxbulk::domain::{InputRow, RejectionReason};

const HEADER: &str = "entity_type,email,location_key,row_ref\n";

fn rows(text: &str) -> Vec<InputRow> {
    read(format!("{HEADER}{text}")).unwrap()
}

fn rejection(text: &str) -> String {
    let row = rows(text).remove(0);
    let rejected = row.verdict.expect_err(text);
    assert_eq!(rejected.reason, RejectionReason::InvalidInputSchema);
    rejected.message
}

fn accepted(text: &str, column: &str) -> String {
    let accepted = rows(text).remove(0).verdict.unwrap_or_else(|rejected| panic!("{text:?}: {rejected:?}"));
    accepted.cells.get(column).unwrap_or_default().to_owned()
}

#[test]
fn ragged_rows_are_rejected_41_42() {
    let short = rejection("user,ana@x.com,MAD-01\n");
    assert!(short.contains("3 cells, the header has 4 columns: a delimiter is missing"), "{short}");
    let long = rejection("user,ana@x.com,Calle 1, 2º,r\n");
    assert!(long.contains("5 cells, the header has 4 columns: a cell with a delimiter in it"), "{long}");
    let raw = &rows("user,ana@x.com,Calle 1, 2º,r\n")[0].raw;
    assert_eq!(raw.get("field_5"), Some("r"), "no cell is lost: {raw:?}");
}

#[test]
fn quotes_43_44_45() {
    assert_eq!(accepted("user,ana@x.com,a\"b,r\n", "location_key"), "a\"b");
    assert_eq!(accepted("user,ana@x.com,\"a\"\"b\",r\n", "location_key"), "a\"b");
    assert_eq!(accepted("user,ana@x.com,\"a,b\",r\n", "location_key"), "a,b");
}

#[test]
fn kinds_of_rows_48_49_50() {
    check(
        user,
        &[
            ("49", "entity_type", "USER ", To::Be("user")),
            ("50", "entity_type", "usuario", To::Fail("write user")),
            ("50", "entity_type", "", To::Fail("is blank")),
            ("50", "entity_type", "extension", To::Fail("write extension_assignment")),
            ("50", "entity_type", "usre", To::Fail("write user")),
            ("50", "entity_type", "queue", To::Fail("write location, user or extension_assignment")),
            ("48", "entity_type", "# a comment", To::Fail("is not a kind of row")),
        ],
    );
    assert!(rejection("# a comment\n").contains("1 cells"));
}

#[test]
fn keys_51_52_54_55() {
    check(
        user,
        &[
            ("51", "email", "   ", To::Fail("is blank, but a user row needs it")),
            ("52", "location_key", "NULL", To::Fail("no value")),
            ("52", "location_key", "#REF!", To::Fail("error of the spreadsheet")),
            ("52", "entity_key", "N/A", To::Fail("no value")),
            ("52", "email", "#N/A", To::Fail("no @")),
            ("54", "row_ref", "A-17 b", To::Be("A-17 b")),
            ("54", "row_ref", "12.0", To::Be("12.0")),
            ("55", "entity_key", "My Key", To::Be("My Key")),
            ("R14", "entity_key", "1234.0", To::Fail("a spreadsheet turned the value into 1234.0")),
            ("72", "entity_key", "'0123", To::Fail("apostrophe of a spreadsheet")),
        ],
    );
}

#[test]
fn blank_lines_are_skipped_and_empty_records_rejected_15() {
    let found = rows("\nuser,ana@x.com,MAD,\r\n\r\n,,,\n\n \n\r\n");
    assert_eq!(
        found.iter().map(|row| (row.row_id.get(), row.line)).collect::<Vec<_>>(),
        [(1, 3), (2, 5), (3, 7)]
    );
    assert!(found[0].verdict.is_ok());
    assert!(found[1].verdict.as_ref().unwrap_err().message.contains("the row is empty"));
    assert!(found[1].raw.is_empty());
    let narrow = read("entity_type,x_a\r\n,\r\n\"\"\r\n\"\"\n").unwrap();
    assert_eq!(narrow.iter().map(|row| row.line).collect::<Vec<_>>(), [2]);
}

#[test]
fn lines_are_right_over_line_breaks_in_cells_and_both_line_ends() {
    let header = "entity_type,email,location_key,notes\n";
    let text = "user,a@x.com,MAD,\"1\n2\r\n3\"\r\nuser,b@x.com,MAD,r\n\n\"user\",c@x.com,MAD,\"r\"\r\nuser,d@x.com,MAD,r";
    let found = read(format!("{header}{text}")).unwrap();
    assert_eq!(found.iter().map(|row| row.line).collect::<Vec<_>>(), [2, 5, 7, 8]);
    let after_separator = read(format!("sep=,\r\n{header}{text}")).unwrap();
    assert_eq!(after_separator.iter().map(|row| row.line).collect::<Vec<_>>(), [3, 6, 8, 9]);
    assert_eq!(found[2].raw.get("notes"), Some("r"));
}

#[test]
fn nul_and_other_control_characters_are_shown_escaped_27_57() {
    let message = rejection("user,ana\0@x.com,MAD,r\n");
    assert!(message.contains(r#""ana\0@x.com" contains a NUL character"#), "{message}");
    let message = rejection("user,ana@x.com,MAD,\"a\u{1b}[31m\u{7}\"\n");
    assert!(message.contains(r"\u{1b}[31m\u{7}") && !message.contains('\u{1b}'), "{message}");
}

#[test]
fn cells_have_a_limit_29() {
    let cell = |length: usize| format!("user,ana@x.com,MAD,{}\n", "r".repeat(length));
    let message = rejection(&cell(64 * 1024 + 1));
    assert!(message.contains("has 65537 bytes, at most 65536"), "{message}");
    assert!(rejection(&cell(64 * 1024)).contains("at most 256 are allowed"));
    assert!(rows(&cell(64 * 1024 + 1))[0].raw.get("row_ref").unwrap().len() < 300);
}

#[test]
fn records_have_a_limit_28_37() {
    let huge = format!("{HEADER}user,ana@x.com,MAD,{}\n", "r".repeat(10 * 1024 * 1024));
    assert!(refusal(huge).starts_with("2: the record or gap that begins here is longer than"));
    let large = format!("{HEADER}user,ana@x.com,MAD,{}\n", "r".repeat(1024 * 1024 + 1));
    assert!(refusal(large).starts_with("2: the record here is longer than 1048576"));
}

#[test]
fn row_ids_of_our_own_files_are_carried() {
    let text = "entity_type,email,location_key,row_id,status,message,reason_code\n\
                user,ana@x.com,MAD,17,pending,no,user_not_found\n\
                user,luis@x.com,MAD,,,,\n\
                user,eva@x.com,MAD,x,,,\n";
    let found = read(text).unwrap();
    assert_eq!(
        found.iter().map(|row| row.amends.map(|id| id.get())).collect::<Vec<_>>(),
        [Some(17), None, None]
    );
    assert!(found[0].verdict.is_ok() && found[1].verdict.is_ok(), "{found:?}");
    assert_eq!(found[2].verdict.as_ref().unwrap_err().column.as_deref(), Some("row_id"));
    assert_eq!(found[0].raw.get("status"), None);
}
