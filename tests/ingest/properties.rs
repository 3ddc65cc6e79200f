//! What holds for any file and any cell.

use proptest::collection::vec;
use proptest::prelude::*;

use super::sheet::{Row, assignment, csv, file, location, read, settings, user};
use wxbulk::domain::{Accepted, InputRow, Record, columns};
use wxbulk::ingest::{self, FileRefusal};

const HEADER: &str = "entity_type,email,location_key,row_ref,x_a\n";

/// Cells and pieces of cells that tend to break readers.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[ -~]{0,12}",
        3 => proptest::sample::select(vec![
            "user", "USER ", "location", "extension_assignment", "Ana@X.com", "+34 911 23 45 67", "3.49E+10",
            "europe / madrid", "es-ES", "es", "TRUE", "sí", "Professional", "'=x", "'\t'=x", "'", "\"", "\"\"", ",",
            "\n", "\r\n", "\r", "\t", " ", "\u{a0}", "\u{feff}", "\u{0}", "\u{1b}[31m", "|", "#REF!", "0123", "",
        ]).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ]
}

fn cell() -> impl Strategy<Value = String> {
    vec(piece(), 0..3).prop_map(|pieces| pieces.concat())
}

/// Any good row with some cells of any columns replaced.
fn row() -> impl Strategy<Value = Row> {
    let names = columns().into_iter().map(|column| column.name).filter(|name| name != "entity_type");
    let names: Vec<String> = names.chain(["x_a".to_owned()]).collect();
    let base = prop_oneof![Just(location()), Just(user()), Just(assignment())];
    (base, vec((proptest::sample::select(names), cell()), 0..4))
        .prop_map(|(row, changes)| changes.iter().fold(row, |row, (column, text)| row.with(column, text)))
}

fn read_all(bytes: &[u8]) -> Result<Vec<InputRow>, FileRefusal> {
    let file = file(bytes);
    let mut reading = ingest::open(file.path(), &settings())?;
    let rows: Vec<InputRow> = reading.by_ref().collect::<Result<_, _>>()?;
    assert_eq!(reading.finish()?, ingest::hash_file(file.path())?);
    Ok(rows)
}

fn as_row(accepted: &Accepted) -> Row {
    Row(accepted.cells.iter().map(|(column, text)| (column.to_owned(), text.to_owned())).collect())
}

/// Cells as an export writes them.
fn guarded(row: &Row) -> Row {
    let guard = |text: &str| {
        if text.starts_with(['=', '@', '-', '+', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
    };
    Row(row.0.iter().map(|(column, text)| (column.clone(), guard(text))).collect())
}

/// The lines on which a plain reader of CSV sees records begin: quotes open at the beginning of a cell only, and a
/// record of one blank cell is no record.
fn record_lines(text: &str) -> Vec<u64> {
    let (mut line, mut begin, mut cells, mut quoted, mut at_start) = (1, 1, 1, false, true);
    let (mut lines, mut content) = (Vec::new(), String::new());
    let terminated = format!("{}\n", text.strip_suffix('\n').unwrap_or(text));
    let mut characters = terminated.chars().peekable();
    while let Some(c) = characters.next() {
        line += u64::from(c == '\n');
        match c {
            '"' if quoted && characters.next_if_eq(&'"').is_some() => content.push('"'),
            '"' if quoted => quoted = false,
            '"' if at_start => (quoted, at_start) = (true, false),
            ',' if !quoted => (cells, at_start) = (cells + 1, true),
            '\n' if !quoted => {
                let blank = cells == 1 && matches!(content.as_str(), "" | "\r");
                lines.extend((!blank).then_some(begin));
                content.clear();
                (begin, cells, at_start) = (line, 1, true);
            }
            other => {
                content.push(other);
                at_start = false;
            }
        }
    }
    lines
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in vec(any::<u8>(), 0..400)) {
        let _outcome = read_all(&bytes).map(|rows| rows.len());
    }

    #[test]
    fn arbitrary_bytes_behind_a_good_header_never_panic(bytes in vec(any::<u8>(), 0..400)) {
        let _outcome = read_all(&[HEADER.as_bytes(), &bytes].concat()).map(|rows| rows.len());
    }

    #[test]
    fn each_record_is_counted_once(pieces in vec(piece(), 0..40)) {
        let text = format!("{HEADER}user,a@x.com,MAD,,\n{}", pieces.concat());
        if let Ok(rows) = read_all(text.as_bytes()) {
            let lines: Vec<u64> = rows.iter().map(|row| row.line).collect();
            prop_assert_eq!(&lines, &record_lines(&text)[1..]);
            let ids: Vec<u32> = rows.iter().map(|row| row.row_id.get()).collect();
            prop_assert_eq!(ids, (1..).take(rows.len()).collect::<Vec<u32>>());
        }
    }

    #[test]
    fn accepted_rows_ingest_to_the_same_again(row in row()) {
        let found = row.ingest();
        if let Ok(accepted) = found.verdict {
            let record = Record::from_cells(accepted.record.entity(), &accepted.cells);
            prop_assert_eq!(record.as_ref(), Ok(&accepted.record));
            for again in [as_row(&accepted), guarded(&as_row(&accepted))] {
                let again = again.ingest();
                prop_assert_eq!(again.verdict.as_ref(), Ok(&accepted), "raw: {:?}", found.raw);
            }
        }
    }

    #[test]
    fn rejections_say_what_and_are_harmless_to_print(row in row()) {
        if let Err(rejected) = row.ingest().verdict {
            prop_assert!(rejected.message.len() > 10);
            prop_assert!(!rejected.message.chars().any(char::is_control), "{:?}", rejected.message);
        }
    }

    #[test]
    fn what_an_export_writes_of_a_raw_row_is_judged_the_same(row in row()) {
        let first = row.ingest();
        let raw = Row(first.raw.iter().map(|(column, text)| (column.to_owned(), text.to_owned())).collect());
        if raw.0.iter().any(|(name, _)| name == "entity_type") && let Ok(rows) = read(csv(&[guarded(&raw)])) {
            prop_assert_eq!(rows[0].verdict.is_ok(), first.verdict.is_ok());
        }
    }
}
