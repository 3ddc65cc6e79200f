//! Quotes that are damaged refuse the file (R14), and the refusal names the lines.

use super::sheet::{read, refusal, refusal_with, settings};
use wxbulk::ingest::IngestSettings;

const HEADER: &str = "entity_type,email,location_key,notes,row_ref\n";

fn refused(rows: &str) -> String {
    refusal(format!("{HEADER}{rows}"))
}

fn notes(rows: &str) -> Vec<String> {
    let rows = read(format!("{HEADER}{rows}")).unwrap_or_else(|refusal| panic!("{rows:?}: {refusal}"));
    rows.iter().map(|row| row.raw.get("notes").unwrap_or_default().to_owned()).collect()
}

#[test]
fn a_quote_that_swallows_rows_into_a_note_refuses_the_file() {
    let text =
        refused("location,,M,\"by phone,1\nlocation,,N,second,2\nlocation,,O,third\",3\nuser,a@x.com,M,,4\n");
    assert!(
        text.starts_with(
            "2:notes: the `\"` that opens here is closed on line 4, but line 3 reads as a row of this file"
        ),
        "{text}"
    );
    let one = refused("location,,M,\"by phone,1\nuser,a@x.com,M,third\",3\n");
    assert!(one.contains("closed on line 3, but line 3 reads as a row of this file"), "{one}");
    let later = refused("location,,M,\"by phone\n\nask,1\nuser,a@x.com,M,,3\n,\",2\n");
    assert!(later.contains("closed on line 6, but line 5 reads"), "{later}");
    let header = "notes,entity_type,email,location_key\n";
    let first = refusal(format!("{header}\"note,user,a@x.com,M\nnote\",user,b@x.com,M\n"));
    assert!(first.starts_with("2:notes: ") && first.contains("on line 3, but line 2 reads"), "{first}");
    assert_eq!(read(format!("{header}\"a, b\nc, d\ne\",user,b@x.com,M\n")).unwrap().len(), 1);
}

#[test]
fn what_follows_a_closing_quote_refuses_the_file() {
    let joined = refused("location,,M,\"by phone,1\nuser,a@x.com,M,\"ask, Ana\",2\n");
    assert!(
        joined
            .starts_with("2:notes: the `\"` that opens here is closed on line 3, but text follows it there"),
        "{joined}"
    );
    assert!(
        refused("user,\"a@x.com\"x,M,,\n")
            .starts_with("2:email: the `\"` that opens here is closed on line 2, but")
    );
    assert!(refused("user,\"a@x.com\" ,M,,\n").starts_with("2:email: "));
    assert!(refused("user,a@x.com,M,,\"r\"\"\"x\"\n").starts_with("2:row_ref: "));
    assert!(refused("user,a@x.com,M,,,\"over\"x\n").starts_with("2:6: "));
    assert!(refusal("entity_type,\"email\"x,location_key\nuser,a@x.com,M\n").starts_with("1:2: "));
    let after_separator = refusal(format!("sep=,\n\n{HEADER}user,\"a\"x,M,,\n"));
    assert!(after_separator.starts_with("4:email: "), "{after_separator}");
}

#[test]
fn a_refusal_comes_after_what_stands_before_it() {
    let text = refusal(format!("{HEADER}location,,M,,1\nuser,\"a@x.com\"x,M,,\n"));
    assert!(text.starts_with("2:location_name or location_external_id: the header lacks"), "{text}");
    let one = IngestSettings { max_rows: 1, ..settings() };
    let text = refusal_with(format!("{HEADER}user,a@x.com,M,,\nuser,b@x.com,M,,\nuser,\"a\"x,M,,\n"), &one);
    assert!(text.starts_with("3: more than 1 rows"), "{text}");
}

#[test]
fn a_quote_that_stays_open_refuses_the_file() {
    let text = refused("user,a@x.com,M,,\nuser,\"b@x.com,M,,\nuser,c@x.com,M,,\n");
    assert!(
        text.starts_with("3:email: the `\"` that opens here is not closed before the end of the file"),
        "{text}"
    );
    for end in ["\"", "\"x", "\"\"\"", "\"\n", "\r\n\"\r\n"] {
        let open = refused(&format!("user,a@x.com,M,x,{end}"));
        assert!(open.contains(" is not closed before the end of the file"), "{end:?}: {open}");
    }
    let note = |breaks: usize| format!("user,a@x.com,M,\"{}\",r\n", "line\n".repeat(breaks));
    let many = refused(&note(50));
    assert!(many.starts_with("2:notes: the `\"` that opens here is still open on line 52"), "{many}");
    assert!(
        refused(&note(5_000_000)).starts_with("2:notes: the `\"` that opens here is still open on line 52")
    );
    assert_eq!(notes(&note(49)).len(), 1);
}

#[test]
fn lines_are_broken_in_notes_only_46_47() {
    for (row, place) in [
        ("user,\"ana@\nx.com\",M,,", "2:email: the `\"` that opens here is closed on line 3"),
        ("user,\"ana@x.com\n\",M,,", "2:email: the `\"` that opens here is closed on line 3"),
        (
            "user,ana@x.com,M,\"a\nb\",\"c\r\n\r\nd\"",
            "3:row_ref: the `\"` that opens here is closed on line 5",
        ),
        ("user,ana@x.com,M,,,\"a\nb\"", "2:6: the `\"` that opens here is closed on line 3"),
    ] {
        let text = refused(&format!("{row}\n"));
        assert!(text.starts_with(place), "{row:?}: {text}");
        assert!(text.contains("but only notes may be broken over lines"), "{text}");
    }
    let header = refusal("entity_type,\"email\n\",location_key\nuser,a@x.com,M\n");
    assert!(header.starts_with("1:2: the `\"` that opens here is closed on line 2"), "{header}");
    assert_eq!(
        notes(
            "user,a@x.com,M,\"ask, Ana\r\nthen,, Eva, \"\"please\"\"\n\n,,,,,\nuser\",1\nuser,a@x.com,M,\"\",2"
        ),
        ["ask, Ana\r\nthen,, Eva, \"please\"\n\n,,,,,\nuser", ""]
    );
}

#[test]
fn other_delimiters_and_encodings_keep_the_rule() {
    let text = "entity_type;email;location_key;notes\r\nuser;a@x.com;M;\"a,b\r\nuser;b@x.com;M;c\"\r\n";
    for bytes in [
        text.as_bytes().to_vec(),
        format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect(),
    ] {
        let refusal = refusal(bytes);
        assert!(refusal.starts_with("2:notes: ") && refusal.contains("on line 3"), "{refusal}");
    }
}
