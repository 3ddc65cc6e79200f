//! `ingest --amend` with files as operators make them.

use std::collections::BTreeSet;

use wxbulk::sim::PersonSeed;

use super::job::{self, TIME_ZONES};
use super::model::{Cells, Exported, Record, Row, get, target, text};
use super::world::{Broken, Check, World, ensure, left_out};

/// Files of other sites that have as many rows as one that was taken in.
const AS_LONG: &str = "files as long";
/// Changes of a site while a row is rejected because another has its extension.
const BESIDE: &str = "a site beside a clash";
const FOREIGN: &str = "the file of another site";

/// A file to be taken in.
struct File {
    what: &'static str,
    text: String,
    records: Vec<Record>,
    /// The file of the output directory that is corrected where it lies.
    in_place: Option<&'static str>,
}

/// Makes a file, looks at what it would do, or does it, or both.
pub(super) async fn perform(world: &mut World) -> Check {
    let file = match world.dice.u8(..10) {
        0..=2 => corrected(world, "pending_rows.csv"),
        3..=4 => corrected(world, "rejected_rows.csv"),
        5..=6 => None,
        7 => Some(same(world)),
        8 => Some(foreign(world)),
        _ => None,
    };
    let file = file.unwrap_or_else(|| whole(world));
    let (check, retry) = (world.dice.u8(..4) == 0, world.dice.u8(..4) == 0);
    let only_check = check && world.dice.bool();
    let path = match file.in_place {
        Some(name) if !check => world.bench.output().join(name),
        _ => world.bench.csv_path().with_file_name("amended.csv"),
    };
    let in_place = file.in_place.is_some() && !check;
    world.story.push(format!(
        "amend with {}{}{}{}",
        file.what,
        if in_place { " where it lies" } else { "" },
        if retry { " --retry" } else { "" },
        match (check, only_check) {
            (true, true) => " --check only",
            (true, false) => " --check and then so",
            _ => "",
        }
    ));
    std::fs::write(&path, &file.text).unwrap();
    let path = path.display().to_string();
    let mut arguments = vec!["ingest", "--amend", path.as_str()];
    arguments.extend(retry.then_some("--retry"));
    if check {
        let mut arguments = arguments.clone();
        arguments.push("--check");
        world.reads(&arguments, &[0, 3]).await?;
    }
    if only_check {
        return Ok(());
    }
    let refused = take_in(world, &file, &arguments, retry).await?;
    if in_place && refused {
        // It stays as the operator left it.
        world.wxbulk(&["export", "--force"]).await?.expect(0);
    }
    Ok(())
}

/// True when a record was refused.
async fn take_in(world: &mut World, file: &File, arguments: &[&str], retry: bool) -> Result<bool, Broken> {
    let before = world.rows();
    let now = world.requests();
    let end = world.wxbulk(arguments).await?;
    if file.what == FOREIGN && matches!(end.code, Some(12 | 13)) {
        return Ok(true);
    }
    world.orphans = false;
    let taken = world.model.take(&file.records, now);
    world.last_file.clone_from(&file.text);
    let after = world.rows();
    if file.what == FOREIGN {
        let name = "another site's file overwrites nothing";
        world.rows_are_the_files().map_err(|broken| Broken { invariant: name, ..broken })?;
    }
    for (id, row) in before.iter().filter(|(id, row)| row.kind == "location" && taken.ready.contains(*id)) {
        let taken_over = after[id].state == "ready";
        ensure(taken_over, "a site is not refused for another row's extension", || {
            format!("row {id} was {} and is {}: {end:#?}", row.state, after[id].state)
        })?;
    }
    let due = if taken.refused > 0 { 3 } else { 0 };
    ensure(end.code == Some(due), "exit codes", || format!("{due} is due, {taken:?}: {end:#?}"))?;
    let state = |id: &u32| after.get(id).map_or("absent", |row| row.state.as_str());
    for id in &taken.ready {
        ensure(state(id) == "ready", "what is amended is ready", || {
            format!("row {id} is {}: {end:#?}", state(id))
        })?;
    }
    for (id, row) in before.iter().filter(|(id, _)| !taken.ready.contains(*id)) {
        let may: &[&str] = match row.state.as_str() {
            "pending" if retry && taken.unchanged.contains(id) => &["ready"],
            "pending" => &["pending", "ready"],
            "running" => &["ready"],
            "ready" => &["ready"],
            "success" => &["success"],
            _ => &["rejected"],
        };
        ensure(may.contains(&state(id)), "what is not amended stays as it was", || {
            format!("row {id} was {} and is {}: {end:#?}", row.state, state(id))
        })?;
    }
    Ok(taken.refused > 0)
}

/// A file that wxbulk wrote, with some of its rows corrected.
fn corrected(world: &mut World, name: &'static str) -> Option<File> {
    let mut file = Exported::read(&world.bench.file(name));
    if world.dice.u8(..4) == 0 {
        let mut dice = world.dice.fork();
        file.retain(|_| dice.u8(..4) > 0);
    }
    if file.len() == 0 {
        return None;
    }
    let all = world.dice.bool();
    for line in 0..file.len() {
        if all || world.dice.bool() {
            let cells = file.records()[line].cells.clone();
            for (column, text) in change(world, &cells, true) {
                if column != "location_name" || has_all_of(world, &file, &cells) {
                    rename_with(&mut file, &cells, &column, &text);
                    file.set(line, &column, &text);
                }
            }
        }
    }
    let in_place = (world.dice.u8(..3) == 0).then_some(name);
    Some(File { what: name, text: file.text(), records: file.records(), in_place })
}

/// Whether every row that names this location by its name is in the file: else a new name would leave it behind.
fn has_all_of(world: &World, file: &Exported, location: &Cells) -> bool {
    let there: BTreeSet<u32> = file.records().iter().filter_map(|record| record.row_id).collect();
    let name = get(location, "location_name");
    let mut named = world.model.rows.iter().filter(|(_, row)| get(&row.cells, "location_key") == name);
    named.all(|(id, _)| there.contains(id))
}

/// An operator who changes an address or a name changes it wherever the file has it, most of the time.
fn rename_with(file: &mut Exported, cells: &Cells, column: &str, text: &str) {
    let was = get(cells, column).to_owned();
    let elsewhere = if column == "location_name" { "location_key" } else { column };
    if !matches!(column, "location_name" | "email") {
        return;
    }
    for (line, record) in file.records().iter().enumerate() {
        if get(&record.cells, elsewhere) == was {
            file.set(line, elsewhere, text);
        }
    }
}

/// The whole job in one file, with a few cells changed.
fn whole(world: &mut World) -> File {
    let mut records: Vec<Record> =
        world.model.rows.values().map(|row| Record { row_id: None, cells: row.cells.clone() }).collect();
    for _ in 0..world.dice.usize(1..=3) {
        let at = world.dice.usize(..records.len());
        let cells = records[at].cells.clone();
        for (column, text) in change(world, &cells, false) {
            if column == "location_name" {
                let was = get(&cells, "location_name");
                for record in records.iter_mut().filter(|record| get(&record.cells, "location_key") == was) {
                    record.cells.insert("location_key".into(), text.clone());
                }
            }
            if text.is_empty() {
                records[at].cells.remove(&column);
            } else {
                records[at].cells.insert(column, text);
            }
        }
    }
    let text = text(records.iter().map(|record| &record.cells));
    File { what: "the whole file", text, records, in_place: None }
}

/// The file that was taken in last, unless rows have come to mean something else since: then it would be another.
fn same(world: &World) -> File {
    let records: Vec<Record> =
        world.model.rows.values().map(|row| Record { row_id: None, cells: row.cells.clone() }).collect();
    let text = text(records.iter().map(|record| &record.cells));
    File { what: "the same file", text, records, in_place: None }
}

fn foreign(world: &mut World) -> File {
    world.foreign += 1;
    let equal = world.dice.bool();
    let mut rows = if equal { world.model.rows.len() } else { world.dice.usize(3..10) };
    if left_out(AS_LONG) {
        let known = |rows: &usize| {
            world.bench.count(&format!("SELECT count(*) FROM inputs WHERE row_count = {rows}")) > 0
        };
        rows = (3..).find(|rows| !known(rows)).unwrap();
    }
    let cells = job::foreign(world.foreign, rows);
    let text = text(&cells);
    let records = cells.into_iter().map(|cells| Record { row_id: None, cells }).collect();
    File { what: FOREIGN, text, records, in_place: None }
}

/// What becomes of a row: a repair if it is spoilt, else a change. `numbered`: the file says by number which row it
/// means, so that it may come to mean something else in Webex.
fn change(world: &mut World, cells: &Cells, numbered: bool) -> Vec<(String, String)> {
    let fresh = world.fresh();
    let clashes =
        |row: &Row| !row.accepted && get(&row.cells, "extension").bytes().all(|byte| byte.is_ascii_digit());
    let beside = left_out(BESIDE) && world.model.rows.values().any(clashes);
    let dice = &mut world.dice;
    let one = |column: &str, text: String| vec![(column.to_owned(), text)];
    let tagged = !get(cells, "location_external_id").is_empty();
    match get(cells, "entity_type") {
        "location" if beside => Vec::new(),
        "location" if get(cells, "time_zone") == "Mars/Base" => one("time_zone", TIME_ZONES[0].into()),
        "location" => match dice.u8(..4) {
            0 if tagged || numbered => one("location_name", format!("Site {fresh}")),
            1 => one("location_settings_numbers", format!("+3491300{fresh}")),
            2 if !numbered => one("time_zone", "Mars/Base".into()),
            _ => one("time_zone", dice.choice(TIME_ZONES).unwrap().into()),
        },
        "user" if !get(cells, "display_name").is_empty() => one("display_name", String::new()),
        "user" => match dice.u8(..4) {
            0 if numbered => {
                let email = format!("c{fresh}@example.com");
                world.bench.sim.add_person(&PersonSeed::new(&email));
                one("email", email)
            }
            1 => {
                let now = get(cells, "calling_settings_call_waiting_enabled") == "false";
                one("calling_settings_call_waiting_enabled", (if now { "true" } else { "false" }).into())
            }
            2 => one("calling_settings_monitoring_people", String::new()),
            _ => Vec::new(),
        },
        _ if get(cells, "extension") == "10A0" => one("extension", format!("{fresh}")),
        _ => match dice.u8(..6) {
            0 | 1 => one("extension", format!("{fresh}")),
            2 => one("phone_number", format!("+3491100{fresh}")),
            3 => one("final_settings_do_not_disturb_enabled", "true".into()),
            4 => one("extension", (if dice.bool() { "10A0" } else { "1000" }).into()),
            _ => Vec::new(),
        },
    }
}

impl World {
    /// A number of four digits that nothing has yet.
    fn fresh(&mut self) -> usize {
        self.drawn += 1;
        8000 + self.drawn
    }

    /// Whether the database has these rows and no others, each as the files that were taken in say.
    pub(super) fn rows_are_the_files(&self) -> Result<(), Broken> {
        let rows = self.rows();
        let name = "rows are what the files say";
        ensure(rows.keys().eq(self.model.rows.keys()), name, || {
            format!("there are rows {:?}, there must be {:?}", rows.keys(), self.model.rows.keys())
        })?;
        for (id, row) in &rows {
            let due = &self.model.rows[id];
            ensure(row.cells == due.cells, name, || {
                format!("row {id} is {:?}, must be {:?}", row.cells, due.cells)
            })?;
            ensure((row.state != "rejected") == due.accepted, name, || {
                format!("row {id}, {}: {row:?}", target(&due.cells))
            })?;
        }
        Ok(())
    }
}
