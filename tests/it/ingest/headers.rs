//! Catalogue 16-26, 30 and 40: headers.

use super::sheet::{csv, location, read, refusal, user};
use wxbulk::ingest;

#[test]
fn headers_that_are_refused() {
    let thousand = (0..999).map(|at| format!("x_{at}")).collect::<Vec<_>>().join(",");
    let cases: &[(&str, &str, &str)] = &[
        ("16", "", " the file is empty"),
        ("17", "\u{feff}", " there is no header"),
        ("16", "\n\r\n\n", " there is no header"),
        (
            "2",
            "\u{feff}\u{feff}entity_type,email\nuser,a\n",
            "1:1: the header begins with a second byte order mark",
        ),
        ("18", "entity_type,email\n", " there is no row below the header"),
        ("18", "entity_type,email", " there is no row below the header"),
        ("19", "user,ana@x.com,MAD-01\nuser,b@x.com,MAD-01\n", "1:1: no column of this line is known"),
        ("20", "email,entity_type,email\na,b,c\n", "1:email: columns 1 and 3 have the same name"),
        ("21", "Email,entity_type,\"email \"\na,b,c\n", "1:email: columns 1 and 3 have the same name"),
        ("23", "entity_type,emial\nuser,a\n", "1:emial: \"emial\" is not a known column: email is meant?"),
        ("23", "entity_type,colour\nuser,a\n", "1:colour: \"colour\" is not a known column"),
        ("23", "email,location_key\na,b\n", "1:entity_type: the header lacks this column"),
        (
            "24",
            "entity_type,location_key\nuser,MAD\n",
            "2:email: the header lacks this column, but the user row",
        ),
        (
            "24",
            "entity_type,location_key,email\nuser,MAD,a@x.com\nextension_assignment,MAD,a@x.com\n",
            "3:extension or phone_number: the header lacks this column",
        ),
        ("26", "entity_type,em\0ail\nuser,a\n", " is UTF-16 without its mark, or no text at all"),
        (
            "26",
            "entity_type,location_key,em\0ail\nuser,a\n",
            "1:\"entity_type,location_key,em\\0ail\": the header holds NUL",
        ),
        (
            "30",
            &format!("entity_type,{thousand}\nuser\n"),
            "1:1000: the header has 1000 columns; at most 999",
        ),
        ("40", "entity_type,=email\nuser,a\n", "1:=email: \"=email\" is not a known column: email is meant?"),
        (
            "76",
            "entity_type,calling_settings_call_waitng_enabled\n",
            "calling_settings_call_waiting_enabled is meant?",
        ),
        ("76", "entity_type,final_settings_call_waiting\n", "final_settings_call_waiting_enabled is meant?"),
        ("", "entity_type,email,,\nuser,a,,\n", "1:3: this column has no name"),
        ("12", "entity_type,email\ruser,a\r", "1: lines end in CR alone"),
        ("12", "entity_type,email\nuser,a\ruser,b\ruser,c\r", "2: lines end in CR alone"),
        (
            "37",
            "entity_type,\"email\nuser,a\n",
            "1:2: the `\"` that opens here is not closed before the end of the file",
        ),
    ];
    for (number, text, expected) in cases {
        let found = refusal(text);
        assert!(found.contains(expected), "case {number}: {text:?} gives {found:?}, not {expected:?}");
    }
}

#[test]
fn headers_fold_22_and_carry_x_columns_23() {
    let text = " Entity-Type ,EMAIL,Location Key,X_Mine\nuser,a@x.com,MAD, as it is \n";
    let file = super::sheet::file(text);
    let mut reading = ingest::open(file.path(), &super::sheet::settings()).unwrap();
    assert_eq!(reading.header().columns, ["entity_type", "email", "location_key", "x_mine"]);
    assert_eq!((reading.header().delimiter, reading.header().encoding.as_str()), (',', "UTF-8"));
    assert!(!reading.header().has_row_id);
    let row = reading.next().unwrap().unwrap();
    assert_eq!(row.raw.get("x_mine"), Some(" as it is "));
    assert_eq!(row.verdict.unwrap().cells.get("x_mine"), Some("as it is"));
}

#[test]
fn columns_of_kinds_that_are_absent_may_be_absent_25() {
    assert!(read(csv(&[user()])).unwrap()[0].verdict.is_ok());
    assert!(read(csv(&[location()])).unwrap()[0].verdict.is_ok());
}

#[test]
fn languages_may_be_absent_when_there_is_a_default() {
    let mut row = location();
    row.0.retain(|(name, _)| !name.ends_with("_language"));
    assert!(
        refusal(csv(std::slice::from_ref(&row)))
            .starts_with("2:preferred_language: the header lacks this column")
    );
    let rows = super::sheet::read_with(csv(&[row]), &super::sheet::settings_with_language("es_es")).unwrap();
    assert!(rows[0].verdict.is_ok());
}

#[test]
fn header_says_when_the_file_is_our_own() {
    let file = super::sheet::file("row_id,entity_type,email\n1,user,a@x.com\n");
    assert!(ingest::open(file.path(), &super::sheet::settings()).unwrap().header().has_row_id);
}
