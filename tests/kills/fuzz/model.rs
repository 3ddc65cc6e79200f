//! What the rows of a database must be after each file that was taken in (R12), from the rulings alone.

use std::collections::{BTreeMap, BTreeSet};

/// The columns that a job of the fuzz has.
pub(super) const COLUMNS: [&str; 21] = [
    "entity_type",
    "row_ref",
    "location_key",
    "location_name",
    "location_external_id",
    "time_zone",
    "preferred_language",
    "announcement_language",
    "address_line1",
    "address_city",
    "address_state",
    "address_postal_code",
    "address_country",
    "location_settings_numbers",
    "email",
    "extension",
    "phone_number",
    "display_name",
    "calling_settings_call_waiting_enabled",
    "calling_settings_monitoring_people",
    "final_settings_do_not_disturb_enabled",
];

/// What cells a row or a record of a file has; blank ones are not among them.
pub(super) type Cells = BTreeMap<String, String>;

/// A row as the database must have it.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) cells: Cells,
    /// Not rejected.
    pub(super) accepted: bool,
    /// What it has ever meant in Webex, oldest first: name and external id, or the address.
    pub(super) targets: Vec<String>,
    /// Every number that it has stated for its person.
    pub(super) phones: BTreeSet<String>,
    /// Requests that had been made when it was changed last, and when it came to mean something else.
    pub(super) changed_at: u64,
    pub(super) target_at: u64,
}

/// A record of a file, and the row whose number it carries.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) row_id: Option<u32>,
    pub(super) cells: Cells,
}

/// What a file must have done.
#[derive(Debug, Default)]
pub(super) struct Taken {
    pub(super) refused: usize,
    /// Rows that are new or changed, and to run.
    pub(super) ready: BTreeSet<u32>,
    /// Rows that the file states as they are.
    pub(super) unchanged: BTreeSet<u32>,
}

/// The job as it must stand.
#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    pub(super) rows: BTreeMap<u32, Row>,
    /// Every name, address and number that any file stated.
    pub(super) stated: BTreeSet<String>,
}

pub(super) fn get<'a>(cells: &'a Cells, column: &str) -> &'a str {
    cells.get(column).map_or("", String::as_str)
}

/// A location's name or external id, or a person's address.
pub(super) fn target(cells: &Cells) -> String {
    match get(cells, "entity_type") {
        "location" => format!("{}|{}", get(cells, "location_name"), get(cells, "location_external_id")),
        _ => get(cells, "email").to_owned(),
    }
}

/// Whether the cells, looked at alone, make a row that can run.
fn sound(cells: &Cells) -> bool {
    let digits = get(cells, "extension").bytes().all(|byte| byte.is_ascii_digit());
    digits && get(cells, "display_name").is_empty() && get(cells, "time_zone") != "Mars/Base"
}

fn same_entity(one: &Cells, other: &Cells) -> bool {
    let same = |column: &str| !get(one, column).is_empty() && get(one, column) == get(other, column);
    get(one, "entity_type") == get(other, "entity_type")
        && match get(one, "entity_type") {
            "location" => same("location_external_id") || same("location_name"),
            _ => same("email"),
        }
}

impl Model {
    /// Takes a file in; `now` is the number of requests so far.
    pub(super) fn take(&mut self, records: &[Record], now: u64) -> Taken {
        let mut taken = Taken::default();
        let before = self.rows.clone();
        let mut used = BTreeSet::new();
        let mut next = before.keys().next_back().map_or(1, |last| last + 1);
        let mut meant: BTreeMap<u32, Cells> = BTreeMap::new();
        for record in records {
            let by_key = || {
                let alike =
                    |(id, row): &(&u32, &Row)| !used.contains(*id) && same_entity(&row.cells, &record.cells);
                before.iter().find(alike).map(|(id, _)| *id)
            };
            let row_id = record.row_id.or_else(by_key).unwrap_or_else(|| {
                next += 1;
                next - 1
            });
            used.insert(row_id);
            meant.insert(row_id, record.cells.clone());
            self.stated.extend(record.cells.values().flat_map(|text| text.split('|')).map(str::to_owned));
        }
        let refused = self.refused(&before, &meant);
        for (row_id, cells) in meant {
            let present = before.get(&row_id);
            let accepted = !refused.contains(&row_id);
            taken.refused += usize::from(!accepted);
            match present {
                Some(row) if !accepted && row.accepted => {}
                Some(row) if accepted && row.accepted && row.cells == cells => {
                    taken.unchanged.insert(row_id);
                }
                _ => {
                    let mut row = present.cloned().unwrap_or(Row {
                        cells: Cells::new(),
                        accepted,
                        targets: Vec::new(),
                        phones: BTreeSet::new(),
                        changed_at: now,
                        target_at: now,
                    });
                    row.changed_at = now;
                    if row.targets.last() != Some(&target(&cells)) {
                        row.targets.push(target(&cells));
                        row.target_at = now;
                    }
                    row.phones.extend(cells.get("phone_number").cloned());
                    (row.cells, row.accepted) = (cells, accepted);
                    self.rows.insert(row_id, row);
                    if accepted {
                        taken.ready.insert(row_id);
                    }
                }
            }
        }
        taken
    }

    /// Which of these records cannot be taken over: unsound ones, and those whose extension another row keeps.
    fn refused(&self, before: &BTreeMap<u32, Row>, meant: &BTreeMap<u32, Cells>) -> BTreeSet<u32> {
        let mut refused: BTreeSet<u32> =
            meant.iter().filter(|(_, cells)| !sound(cells)).map(|(id, _)| *id).collect();
        // Each turn refuses one more at least, or is the last.
        for _ in 0..=meant.len() {
            let changes = |id: &u32, row: &Row| {
                meant.get(id).is_some_and(|cells| !refused.contains(id) && row.cells != *cells)
            };
            let stay: BTreeMap<u32, &Cells> = before
                .iter()
                .filter(|(id, row)| row.accepted && !changes(id, row))
                .map(|(id, row)| (*id, &row.cells))
                .collect();
            let goes = meant.iter().filter(|(id, _)| !refused.contains(*id) && !stay.contains_key(*id));
            let goes: Vec<(u32, &Cells)> = goes.map(|(id, cells)| (*id, cells)).collect();
            // Rows that stay as they are come first, then the changed ones in row order.
            let all: Vec<(u32, &Cells)> = stay.into_iter().chain(goes).collect();
            let mut holders = BTreeMap::new();
            let late: Vec<u32> = all
                .iter()
                .filter(|(id, cells)| {
                    place(cells, &all).is_some_and(|place| *holders.entry(place).or_insert(*id) != *id)
                })
                .map(|(id, _)| *id)
                .collect();
            if late.is_empty() {
                break;
            }
            refused.extend(late);
        }
        refused
    }

    /// The accepted location row that a reference names.
    pub(super) fn site(&self, reference: &str) -> Option<&Row> {
        self.rows.values().find(|row| row.accepted && is_site(&row.cells, reference))
    }

    /// The accepted row of this kind for this person.
    pub(super) fn person(&self, kind: &str, email: &str) -> Option<(u32, &Row)> {
        let is = |row: &Row| {
            row.accepted && get(&row.cells, "entity_type") == kind && get(&row.cells, "email") == email
        };
        self.rows.iter().find(|(_, row)| is(row)).map(|(id, row)| (*id, row))
    }
}

/// An extension and its location, by the name that all references to it share.
fn place(cells: &Cells, all: &[(u32, &Cells)]) -> Option<(String, String)> {
    let extension = cells.get("extension")?;
    let reference = get(cells, "location_key");
    let named = |(_, cells): &&(u32, &Cells)| is_site(cells, reference);
    let site = all.iter().find(named).map_or(reference, |(_, site)| get(site, "location_name"));
    Some((site.to_owned(), extension.clone()))
}

fn is_site(cells: &Cells, reference: &str) -> bool {
    get(cells, "entity_type") == "location"
        && (get(cells, "location_name") == reference || get(cells, "location_external_id") == reference)
}

/// The file of these records, without their numbers.
pub(super) fn text<'a>(records: impl IntoIterator<Item = &'a Cells>) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS).unwrap();
    for cells in records {
        writer.write_record(COLUMNS.map(|column| get(cells, column))).unwrap();
    }
    String::from_utf8(writer.into_inner().unwrap()).unwrap()
}

/// A file that was exported: its header, its lines, and what they say.
pub(super) struct Exported {
    header: Vec<String>,
    lines: Vec<Vec<String>>,
}

impl Exported {
    pub(super) fn read(text: &str) -> Exported {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let texts = |line: &csv::StringRecord| line.iter().map(str::to_owned).collect::<Vec<_>>();
        let header = texts(reader.headers().unwrap());
        let lines = reader.records().map(|line| texts(&line.unwrap())).collect();
        Exported { header, lines }
    }

    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    /// What the operator does in the spreadsheet.
    pub(super) fn set(&mut self, line: usize, column: &str, text: &str) {
        let at = self.header.iter().position(|known| known == column).expect(column);
        text.clone_into(&mut self.lines[line][at]);
    }

    pub(super) fn retain(&mut self, mut stays: impl FnMut(&Record) -> bool) {
        let records = self.records();
        let mut keep = records.iter().map(&mut stays);
        self.lines.retain(|_| keep.next().unwrap());
    }

    pub(super) fn records(&self) -> Vec<Record> {
        let record = |line: &Vec<String>| {
            let cells: BTreeMap<&str, &str> =
                self.header.iter().map(String::as_str).zip(line.iter().map(String::as_str)).collect();
            let known = COLUMNS.iter().filter_map(|column| Some((*column, *cells.get(column)?)));
            let said = known.filter(|(_, text)| !text.is_empty());
            Record {
                row_id: cells.get("row_id").and_then(|id| id.parse().ok()),
                // An apostrophe in front of a sign keeps the spreadsheet from running the cell.
                cells: said.map(|(column, text)| (column.to_owned(), bare(text).to_owned())).collect(),
            }
        };
        self.lines.iter().map(record).collect()
    }

    pub(super) fn text(&self) -> String {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(&self.header).unwrap();
        self.lines.iter().for_each(|line| writer.write_record(line).unwrap());
        String::from_utf8(writer.into_inner().unwrap()).unwrap()
    }
}

fn bare(text: &str) -> &str {
    text.strip_prefix('\'').filter(|rest| rest.starts_with(['=', '@', '-', '+'])).unwrap_or(text)
}
