//! When everything is mended every row that can succeed does, and then there is nothing left to do.

use std::collections::{BTreeMap, BTreeSet};

use wxbulk::sim::{Exchange, OrgState, PersonSeed};

use super::super::support::open;
use super::judge::judge;
use super::model::{Row, get};
use super::operation::mend_everything;
use super::state::{self, RowState};
use super::webex::{location_named, locations_of};
use super::world::{Check, World, ensure};

/// Runs that may be needed when nothing is in the way: a row may wait for one that waits for another.
const ROUNDS: usize = 4;

pub(super) async fn finish(world: &mut World) -> Check {
    world.story.push("everything is mended; requeue and run until nothing changes".to_owned());
    mend_everything(world);
    let org = world.bench.sim.org();
    let stated = world.model.stated.iter().filter(|text| text.contains('@') && org.person(text).is_none());
    stated.for_each(|email| world.bench.sim.add_person(&PersonSeed::new(email.clone())));
    let mut last = BTreeMap::new();
    for _ in 0..ROUNDS {
        run(world, &["requeue", "--all", "--yes"], &[0]).await?;
        run(world, &["run"], &[0, 3]).await?;
        world.orphans = false;
        judge(world).await?;
        let states: BTreeMap<u32, String> =
            world.rows().into_iter().map(|(id, row)| (id, row.state)).collect();
        if states == last {
            break;
        }
        last = states;
    }
    let rows = world.rows();
    every_row_has_ended(&rows)?;
    who_can_has_succeeded(world, &rows)?;
    let writes = world.writes().len();
    run(world, &["run"], &[0, 3]).await?;
    ensure(world.writes().len() == writes, "a second run writes nothing", || {
        tell(world.writes().iter().skip(writes))
    })?;
    anew(world, &rows).await
}

async fn run(world: &mut World, arguments: &[&str], codes: &[i32]) -> Check {
    let end = world.wxbulk(arguments).await?;
    ensure(end.code.is_some_and(|code| codes.contains(&code)), "exit codes", || {
        format!("{arguments:?}: {end:#?}")
    })
}

fn tell<'a>(writes: impl Iterator<Item = &'a Exchange>) -> String {
    let line = |call: &Exchange| {
        format!("\n{} {:?} {:?} {:?} {:?}", call.operation, call.key, call.feature, call.body, call.replied)
    };
    writes.map(line).collect()
}

fn every_row_has_ended(rows: &BTreeMap<u32, RowState>) -> Check {
    for row in rows.values() {
        let ended = match row.state.as_str() {
            "success" => true,
            "pending" => !row.reason.is_empty() && !row.message.is_empty(),
            state => state == "rejected",
        };
        ensure(ended, "every row ends", || format!("{row:?}"))?;
    }
    Ok(())
}

fn who_can_has_succeeded(world: &World, rows: &BTreeMap<u32, RowState>) -> Check {
    let able = able(world, &world.bench.sim.org());
    for id in able {
        let row = &rows[&id];
        ensure(row.state == "success", "whoever can succeeds", || format!("{row:?}"))?;
    }
    Ok(())
}

/// The rows that nothing in Webex or in the file keeps from success.
fn able(world: &World, org: &OrgState) -> BTreeSet<u32> {
    let of_kind = |kind: &str| {
        let rows = world.model.rows.iter().filter(|(_, row)| row.accepted);
        let rows = rows.filter(|(_, row)| get(&row.cells, "entity_type") == kind);
        rows.map(|(id, row)| (*id, row)).collect::<Vec<_>>()
    };
    let mut able: BTreeSet<u32> = of_kind("location")
        .into_iter()
        .filter(|(_, row)| locations_of(org, row).len() == 1 && world.renamed.is_empty())
        .map(|(id, _)| id)
        .collect();
    let mut users: Vec<(u32, &Row)> =
        of_kind("user").into_iter().filter(|(_, row)| may_have_calling(world, org, row)).collect();
    // Who waits for somebody who cannot, cannot: each turn takes one away at least, or is the last.
    for _ in 0..=users.len() {
        let there: BTreeSet<&str> = users.iter().map(|(_, row)| get(&row.cells, "email")).collect();
        let has = |email: &str| {
            there.contains(email) || org.person(email).is_some_and(|person| person.extension.is_some())
        };
        let named = |row: &Row| {
            get(&row.cells, "calling_settings_monitoring_people")
                .split('|')
                .all(|email| email.is_empty() || has(email))
        };
        let stay: Vec<(u32, &Row)> = users.iter().filter(|(_, row)| named(row)).copied().collect();
        if stay.len() == users.len() {
            break;
        }
        users = stay;
    }
    able.extend(users.iter().map(|(id, _)| *id));
    able.extend(
        of_kind("extension_assignment")
            .into_iter()
            .filter(|(_, row)| line_is_theirs(world, org, row))
            .map(|(id, _)| id),
    );
    able
}

/// Whether the person has calling where the row says, or is free to get it.
fn may_have_calling(world: &World, org: &OrgState, row: &Row) -> bool {
    let email = get(&row.cells, "email");
    let (Some(person), Some(site)) =
        (org.person(email), location_named(world, org, get(&row.cells, "location_key")))
    else {
        return false;
    };
    let Some((_, line)) = world.model.person("extension_assignment", email) else {
        return person.location.as_ref() == Some(&site.name);
    };
    let same_site = get(&line.cells, "location_key") == get(&row.cells, "location_key");
    match &person.location {
        Some(location) => *location == site.name,
        None => same_site && site.calling && is_free(org, &site.name, &line.cells),
    }
}

fn is_free(org: &OrgState, site: &str, cells: &super::model::Cells) -> bool {
    let (extension, phone) = (get(cells, "extension"), get(cells, "phone_number"));
    org.numbers.iter().all(|number| {
        let in_the_way = (number.location == site && number.extension.as_deref() == Some(extension))
            || (number.phone_number.as_deref() == Some(phone)
                && (number.owner.is_some() || number.location != site));
        !in_the_way
    })
}

/// Whether the person has the line that the row states.
fn line_is_theirs(world: &World, org: &OrgState, row: &Row) -> bool {
    let (email, extension, phone) =
        (get(&row.cells, "email"), get(&row.cells, "extension"), get(&row.cells, "phone_number"));
    let (Some(person), Some(site)) =
        (org.person(email), location_named(world, org, get(&row.cells, "location_key")))
    else {
        return false;
    };
    person.location.as_ref() == Some(&site.name)
        && person.extension.as_deref() == Some(extension)
        && (phone.is_empty() || person.phone_number.as_deref() == Some(phone))
}

/// The same job with a new database: everything is there already.
async fn anew(world: &mut World, rows: &BTreeMap<u32, RowState>) -> Check {
    let file = world.bench.csv_path().with_file_name("anew.csv");
    std::fs::write(&file, world.bench.file("ready_to_load.csv")).unwrap();
    let writes = world.writes().len();
    let file = file.display().to_string();
    run(world, &["run", &file, "--output-dir", "anew"], &[0, 3]).await?;
    // A row that cannot be done may be refused anew, as a colleague who has no calling is.
    let done = rows.values().all(|row| row.state == "success");
    let new: Vec<Exchange> =
        world.writes().into_iter().skip(writes).filter(|call| done || call.applied).collect();
    if world.touched.is_empty() {
        ensure(new.is_empty(), "a new database writes nothing", || tell(new.iter()))?;
    }
    let database = world.bench.csv_path().with_file_name("anew").join("wxbulk.db");
    let again = state::rows(&open(&database));
    let accepted: Vec<_> = rows
        .values()
        .filter(|row| row.state != "rejected")
        .map(|row| (&row.cells, row.state == "success"))
        .collect();
    let anew: Vec<_> = again.values().map(|row| (&row.cells, row.state == "success")).collect();
    ensure(accepted.len() == anew.len(), "a new database ends the same", || {
        format!("{} rows, not {}", anew.len(), accepted.len())
    })?;
    if world.touched.is_empty() {
        let differ = accepted.iter().zip(&anew).zip(again.values()).find(|((one, other), _)| one != other);
        ensure(differ.is_none(), "a new database ends the same", || format!("{differ:?}"))?;
    }
    Ok(())
}
