//! What is in Webex against what the rows say of it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use wxbulk::sim::{Exchange, LocationState, Operation, OrgState, PersonState};

use super::model::{Row, get};
use super::state::RowState;
use super::world::{Check, World, ensure};

/// The external id in a location's notes.
pub(super) fn tag(location: &LocationState) -> &str {
    let notes = location.notes.as_deref().unwrap_or_default();
    notes.lines().find_map(|line| line.trim().strip_prefix("[ext_id=")?.strip_suffix(']')).unwrap_or_default()
}

/// The locations that a row may mean: by its tag, else by its name.
pub(super) fn locations_of<'a>(org: &'a OrgState, row: &Row) -> Vec<&'a LocationState> {
    let external_id = get(&row.cells, "location_external_id");
    let tagged: Vec<_> = org
        .locations
        .iter()
        .filter(|location| !external_id.is_empty() && tag(location) == external_id)
        .collect();
    if tagged.is_empty() { org.locations_named(get(&row.cells, "location_name")) } else { tagged }
}

/// The location that a reference of a person's row leads to, if it is beyond doubt.
pub(super) fn location_named<'a>(
    world: &World,
    org: &'a OrgState,
    reference: &str,
) -> Option<&'a LocationState> {
    let found = match world.model.site(reference) {
        Some(row) => locations_of(org, row),
        None => org.locations_named(reference),
    };
    match found.as_slice() {
        [one] => Some(*one),
        _ => None,
    }
}

/// Every success is in Webex as its row says.
pub(super) fn successes_are_in_webex(world: &World, rows: &BTreeMap<u32, RowState>) -> Check {
    let org = world.bench.sim.org();
    let mut holders: BTreeMap<(u8, &str), u32> = BTreeMap::new();
    let ends = last_ends(world);
    for row in rows.values().filter(|row| row.state == "success") {
        let other = *holders.entry((row.phase, &row.remote_id)).or_insert(row.row_id);
        ensure(other == row.row_id, "one object, one row", || {
            format!("rows {other} and {} share {}", row.row_id, row.remote_id)
        })?;
        let due = &world.model.rows[&row.row_id];
        let by_hand = world.touched.get(&row.remote_id).is_some_and(|then| ends[&row.row_id] <= *then);
        let amiss = match row.kind.as_str() {
            "location" if by_hand => None,
            "location" => location_amiss(&org, row, due),
            kind => match org.person(get(&due.cells, "email")) {
                None => Some("the person is not in Webex".to_owned()),
                Some(person) if person.id != row.remote_id => Some("it has somebody else's id".to_owned()),
                Some(person) if kind == "user" => user_amiss(world, &org, person, due),
                Some(person) => assignment_amiss(person, due),
            },
        };
        ensure(amiss.is_none(), "a success is in Webex", || {
            format!("row {}: {}: {:?}", row.row_id, amiss.unwrap_or_default(), due.cells)
        })?;
    }
    Ok(())
}

fn last_ends(world: &World) -> BTreeMap<u32, i64> {
    let database = world.bench.database();
    let mut statement =
        database.prepare("SELECT row_id, max(outcome_id) FROM outcomes GROUP BY row_id").unwrap();
    let ends = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    ends.unwrap().map(Result::unwrap).collect()
}

fn location_amiss(org: &OrgState, row: &RowState, due: &Row) -> Option<String> {
    let cell = |column: &str| get(&due.cells, column);
    let Some(location) = org.locations.iter().find(|location| location.id == row.remote_id) else {
        return Some("it is not in Webex".to_owned());
    };
    let held = |number: &&str| {
        org.number(number).is_some_and(|known| known.location == location.name && known.active)
    };
    let numbers = cell("location_settings_numbers").split('|').filter(|number| !number.is_empty());
    let lacking: Vec<_> = numbers.filter(|number| !held(number)).collect();
    let right = location.calling
        && location.name == cell("location_name")
        && location.time_zone == cell("time_zone")
        && location.address["address1"] == cell("address_line1")
        && location.address["postalCode"] == cell("address_postal_code")
        && tag(location) == cell("location_external_id");
    (!right || !lacking.is_empty()).then(|| format!("lacks {lacking:?}, is {location:?}"))
}

fn user_amiss(world: &World, org: &OrgState, person: &PersonState, due: &Row) -> Option<String> {
    let cell = |column: &str| get(&due.cells, column);
    let feature = |name: &str| person.features.get(name).map(Value::to_string).unwrap_or_default();
    if !person.license_names.iter().any(|name| name == wxbulk::sim::PROFESSIONAL) {
        return Some("the person has no licence".to_owned());
    }
    let reference = cell("location_key");
    let site = location_named(world, org, reference);
    // Where a location was renamed by hand its row may have made another since.
    if let Some(site) = site.filter(|_| world.renamed.is_empty())
        && person.location.as_deref() != Some(&site.name)
    {
        return Some(format!("the person is in {:?}, not in {}", person.location, site.name));
    }
    if cell("calling_settings_call_waiting_enabled") == "false"
        && !feature("callWaiting").contains("\"enabled\":false")
    {
        return Some(format!("call waiting is {}", feature("callWaiting")));
    }
    let named = cell("calling_settings_monitoring_people").split('|').filter(|email| !email.is_empty());
    let ids = named.map(|email| org.person(email).map_or("nobody", |person| person.id.as_str()));
    let lacking: Vec<_> =
        ids.filter(|id| !feature("monitoring").contains(id.trim_end_matches('='))).collect();
    (!lacking.is_empty()).then(|| format!("monitoring lacks {lacking:?}: {}", feature("monitoring")))
}

fn assignment_amiss(person: &PersonState, due: &Row) -> Option<String> {
    let cell = |column: &str| get(&due.cells, column);
    let (extension, phone) = (person.extension.as_deref(), person.phone_number.as_deref());
    let wanted = |column: &str, is: Option<&str>| cell(column).is_empty() || is == Some(cell(column));
    let quiet = person.features.get("doNotDisturb").map(|setting| setting["enabled"] == true);
    let right = wanted("extension", extension)
        && wanted("phone_number", phone)
        && (cell("final_settings_do_not_disturb_enabled") != "true" || quiet == Some(true));
    (!right).then(|| format!("the person has {extension:?}, {phone:?}, do not disturb {quiet:?}"))
}

/// Nothing is made twice, and nothing that no file states.
pub(super) fn nothing_is_made_twice(world: &World) -> Check {
    let writes = world.writes();
    let applied =
        |operation: Operation| writes.iter().filter(move |call| call.operation == operation && call.applied);
    for (id, row) in world.model.rows.iter().filter(|(_, row)| get(&row.cells, "entity_type") == "location") {
        let made = applied(Operation::LocationCreate).filter(|call| meant_by(call, row)).count();
        let renamed = world
            .renamed
            .iter()
            .filter(|(was, _)| row.targets.iter().any(|target| target.starts_with(&format!("{was}|"))))
            .count();
        ensure(made <= row.targets.len() + renamed, "nothing is made twice", || {
            format!("{made} locations for row {id}")
        })?;
    }
    let mut given: BTreeMap<String, usize> = BTreeMap::new();
    for call in applied(Operation::LicensesUsersPatch) {
        *given.entry(call.key.clone().unwrap().to_lowercase()).or_default() += 1;
    }
    let mut added: BTreeMap<String, usize> = BTreeMap::new();
    for number in applied(Operation::NumbersAdd).flat_map(numbers) {
        *added.entry(number).or_default() += 1;
    }
    for number in applied(Operation::NumbersDelete).flat_map(numbers) {
        added.entry(number).and_modify(|times| *times -= 1);
    }
    let twice: Vec<_> = given.iter().chain(&added).filter(|(_, times)| **times > 1).collect();
    ensure(twice.is_empty(), "nothing is made twice", || format!("{twice:?}"))?;
    let names = applied(Operation::LocationCreate).map(|call| call.key.clone().unwrap());
    let unknown: Vec<_> = names
        .chain(given.into_keys())
        .chain(added.into_keys())
        .filter(|key| !world.model.stated.contains(key))
        .collect();
    ensure(unknown.is_empty(), "nothing that no file states", || format!("{unknown:?}"))
}

/// Whether a location was made for this row, as it was at any time.
fn meant_by(call: &Exchange, row: &Row) -> bool {
    let text = |field: &str| call.body.as_ref().and_then(|body| body[field].as_str()).unwrap_or_default();
    row.targets.iter().any(|target| {
        let (name, external_id) = target.split_once('|').unwrap();
        match external_id {
            "" => text("name") == name && !text("notes").contains("[ext_id="),
            id => text("notes").contains(&format!("[ext_id={id}]")),
        }
    })
}

pub(super) fn numbers(call: &Exchange) -> Vec<String> {
    let listed = call.body.as_ref().and_then(|body| body["phoneNumbers"].as_array());
    listed.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// `half_applied` is said of the pending rows of which a write is in place, and of no others (R8).
pub(super) fn half_applied_is_true(world: &World, rows: &BTreeMap<u32, RowState>) -> Check {
    let org = world.bench.sim.org();
    let database = world.bench.database();
    let doubts: BTreeSet<u32> = {
        let sql =
            "SELECT DISTINCT row_id FROM calls WHERE mutating = 1 AND applied IS NULL AND row_id IS NOT NULL";
        let mut statement = database.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0));
        rows.unwrap().map(Result::unwrap).collect()
    };
    let writes = world.writes();
    for row in rows.values().filter(|row| row.state == "pending" && !doubts.contains(&row.row_id)) {
        let due = &world.model.rows[&row.row_id];
        let ours: Vec<&Exchange> =
            writes.iter().filter(|call| call.applied && is_of(world, &org, call, row, due)).collect();
        let said = row.reason == "half_applied";
        let since = |seq: u64| {
            ours.iter()
                .filter(|call| call.seq > seq)
                .map(|call| format!("{} {:?}", call.operation, call.key))
                .collect::<Vec<_>>()
        };
        // What was applied for the row as it was before it was amended may count or not.
        let (must, may) = (!since(due.changed_at).is_empty(), !since(due.target_at).is_empty());
        ensure(said || !must, "half applied is said", || {
            format!("row {row:?} has {:?}", since(due.changed_at))
        })?;
        ensure(!said || may, "half applied is true", || format!("row {row:?} has nothing"))?;
    }
    Ok(())
}

/// Whether a write is one of this row's.
fn is_of(world: &World, org: &OrgState, call: &Exchange, row: &RowState, due: &Row) -> bool {
    let email = get(&due.cells, "email");
    let about = call.key.as_deref().is_some_and(|key| key.eq_ignore_ascii_case(email));
    let stated = get(&due.cells, "location_settings_numbers");
    match (row.kind.as_str(), call.operation) {
        ("location", Operation::LocationCreate) => meant_by(call, due),
        ("location", Operation::NumbersAdd) => {
            took_back(world, call).is_none() && numbers(call).iter().any(|number| stated.contains(number))
        }
        ("location", Operation::NumbersDelete | Operation::LicensesUsersPatch | Operation::FeaturePut) => {
            false
        }
        ("location", _) => locations_of(org, due).iter().any(|location| names(call, location)),
        ("user", Operation::LicensesUsersPatch) => about,
        ("user", Operation::FeaturePut) => about && call.feature.as_deref() != Some("doNotDisturb"),
        ("extension_assignment", Operation::FeaturePut) => {
            about && call.feature.as_deref() == Some("doNotDisturb")
        }
        // The number of a person is added by one of two rows: the record tells which.
        (_, Operation::NumbersAdd) => {
            let line = world.model.person("extension_assignment", email);
            let stated = |number: &String| line.is_some_and(|(_, line)| line.phones.contains(number));
            let added = numbers(call).iter().any(stated);
            added && took_back(world, call).is_none() && recorded(world, row.row_id, "numbers_add")
        }
        _ => false,
    }
}

/// A later request that took a number back.
fn took_back(world: &World, added: &Exchange) -> Option<u64> {
    let of = numbers(added);
    let undoes = |call: &&Exchange| {
        call.operation == Operation::NumbersDelete
            && call.applied
            && call.seq > added.seq
            && numbers(call).iter().any(|number| of.contains(number))
    };
    world.writes().iter().find(undoes).map(|call| call.seq)
}

fn recorded(world: &World, row_id: u32, operation: &str) -> bool {
    world
        .bench
        .count(&format!("SELECT count(*) FROM calls WHERE row_id = {row_id} AND operation = '{operation}'"))
        > 0
}

fn names(call: &Exchange, location: &LocationState) -> bool {
    let id = location.id.trim_end_matches('=');
    call.path.contains(id) || call.body.as_ref().is_some_and(|body| body["id"].as_str() == Some(&location.id))
}
