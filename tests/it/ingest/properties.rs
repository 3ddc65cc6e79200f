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

/// Any good row with some cells of any columns replaced. Lines are broken in notes only: elsewhere that refuses the file.
fn row() -> impl Strategy<Value = Row> {
    let names = columns().into_iter().map(|column| column.name).filter(|name| name != "entity_type");
    let names: Vec<String> = names.chain(["x_a".to_owned()]).collect();
    let base = prop_oneof![Just(location()), Just(user()), Just(assignment())];
    (base, vec((proptest::sample::select(names), cell()), 0..4)).prop_map(|(row, changes)| {
        changes.iter().fold(row, |row, (column, text)| {
            let text = if column == "notes" { text.clone() } else { text.replace('\n', " ") };
            row.with(column, &text)
        })
    })
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

/// Rows of five columns, `notes` and the kind among them, in any order; some of the other cells stand in quotes.
#[derive(Debug, Clone)]
struct Sheet {
    columns: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

fn sheet() -> impl Strategy<Value = Sheet> {
    let columns = Just(vec!["entity_type", "notes", "location_key", "email", "x_a"]).prop_shuffle();
    let cell = prop_oneof![3 => "[a-z]{1,4}", 1 => "\"[a-z]{1,3}, [a-z\"]{0,2}[a-z]\"".prop_map(doubled)];
    (columns, vec(vec(cell, 5), 3..8)).prop_map(|(columns, mut rows)| {
        let kind = columns.iter().position(|name| *name == "entity_type").unwrap();
        rows.iter_mut().for_each(|row| row[kind] = "user".to_owned());
        Sheet { columns, rows }
    })
}

/// A quoted cell with the quotes inside of it doubled.
fn doubled(cell: String) -> String {
    format!("\"{}\"", cell[1..cell.len() - 1].replace('"', "\"\""))
}

impl Sheet {
    fn text(&self) -> String {
        let rows = self.rows.iter().map(|row| row.join(","));
        let header = std::iter::once(self.columns.join(","));
        header.chain(rows).map(|row| row + "\r\n").collect()
    }
}

/// The line of the quote that closes what opens on this line, before this byte; `None` at the end of the file.
fn closing_line(text: &str, opened: usize) -> Option<usize> {
    let mut rest = opened + 1;
    loop {
        let at = rest + text[rest..].find('"')?;
        if !text[at + 1..].starts_with('"') {
            return Some(1 + text[..at].matches('\n').count());
        }
        rest = at + 2;
    }
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

    #[test]
    fn what_a_strict_writer_wrote_is_read_back(
        cells in vec(("[ -~é]{0,12}", vec("[ -~ñ]{0,12}", 1..6)), 1..6),
        delimiter in proptest::sample::select(vec![b',', b';', b'\t', b'|']),
        always in any::<bool>(),
        crlf in any::<bool>(),
    ) {
        let style = if always { csv::QuoteStyle::Always } else { csv::QuoteStyle::Necessary };
        let end = if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
        let mut writer = csv::WriterBuilder::new()
            .delimiter(delimiter).quote_style(style).terminator(end).from_writer(Vec::new());
        writer.write_record(["entity_type", "email", "location_key", "x_a", "notes"]).unwrap();
        let cells: Vec<(String, String)> = cells.into_iter()
            .map(|(own, lines)| (format!("c{own}"), format!("n{}", lines.join(if crlf { "\r\n" } else { "\n" }))))
            .collect();
        for (own, note) in &cells {
            writer.write_record(["user", "a@x.com", "MAD", own, note]).unwrap();
        }
        let rows = read(writer.into_inner().unwrap()).unwrap();
        let found: Vec<(String, String)> = rows.iter()
            .map(|row| ["x_a", "notes"].map(|column| row.raw.get(column).unwrap().to_owned()))
            .map(|[own, note]| (own, note))
            .collect();
        prop_assert_eq!(found, cells);
    }

    #[test]
    fn a_damaged_quote_refuses_the_file_with_both_lines(
        sheet in sheet(),
        (row, cell) in (0..7_usize, 0..5_usize),
        closing in proptest::option::of((1..7_usize, 0..5_usize)),
    ) {
        let mut damaged = sheet.clone();
        let row = row % sheet.rows.len();
        // A quote is put before a plain cell, and perhaps one behind a plain cell of a later row.
        damaged.rows[row][cell] = "\"user".to_owned();
        if let Some((further, at)) = closing && let Some(cells) = damaged.rows.get_mut(row + further) {
            cells[at] = "user\"".to_owned();
        }
        let text = damaged.text();
        let before: usize = damaged.text().split_inclusive('\n').take(1 + row).map(str::len).sum();
        let opened = before + damaged.rows[row][..cell].iter().map(|cell| cell.len() + 1).sum::<usize>();
        let refusal = read(&text).expect_err(&text).to_string();
        let place = format!(":{}:{}: the `\"` that opens here is ", row + 2, sheet.columns[cell]);
        prop_assert!(refusal.contains(&place), "{}\n{}", text, refusal);
        let end = match closing_line(&text, opened) {
            Some(line) => format!("is closed on line {line}, but"),
            None => "is not closed before the end of the file".to_owned(),
        };
        prop_assert!(refusal.contains(&end), "{}\n{}", text, refusal);
    }
}
