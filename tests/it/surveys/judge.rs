//! What must hold of a case.

use std::collections::{BTreeMap, BTreeSet};

use wxbulk::domain::RowState;

use super::case::{Ends, Finding, RowEnd, Sent, World};
use super::hand;

/// What does not hold.
#[derive(Clone, Debug)]
pub(super) struct Broken {
    pub(super) invariant: &'static str,
    pub(super) what: String,
}

pub(super) type Check = Result<(), Broken>;

pub(super) fn ensure(holds: bool, invariant: &'static str, what: impl FnOnce() -> String) -> Check {
    if holds { Ok(()) } else { Err(Broken { invariant, what: what() }) }
}

/// What was met, over all cases.
#[derive(Clone, Debug, Default)]
pub(super) struct Count {
    pub(super) cases: usize,
    pub(super) rows: usize,
    pub(super) writes: usize,
    pub(super) pending: usize,
    /// Rows of which a plan could not know all.
    pub(super) exempt: usize,
    pub(super) changed: usize,
    pub(super) repaired: usize,
    pub(super) told: BTreeMap<String, usize>,
}

impl Count {
    pub(super) fn add(&mut self, other: &Count) {
        self.cases += other.cases;
        self.rows += other.rows;
        self.writes += other.writes;
        self.pending += other.pending;
        self.exempt += other.exempt;
        self.changed += other.changed;
        self.repaired += other.repaired;
        for (what, times) in &other.told {
            *self.told.entry(what.clone()).or_default() += times;
        }
    }
}

/// Plays a case to its end.
pub(super) async fn play(world: &World) -> Result<Count, Broken> {
    let mut count = Count { cases: 1, rows: world.case.rows.len(), ..Count::default() };
    if let Some(limit) = world.case.done {
        world.run(Some(limit)).await;
    }
    let (ends, exempt) = plan_and_run(world, &mut count).await?;
    let verified = verified(world).await?;
    nothing_is_found(&verified, "a verification after the run finds every success in place")?;
    still_pending(world, &ends, &exempt).await?;
    changed_by_hand(world, &mut count).await?;
    Ok(count)
}

/// Plans, works off what was planned, and holds the one against the other; gives the ends, and the rows of which the plan
/// could not know all.
async fn plan_and_run(world: &World, count: &mut Count) -> Result<(Ends, BTreeSet<u32>), Broken> {
    let open = &world.rows_in(RowState::Ready) | &world.rows_in(RowState::Pending);
    let (before, writes) = (world.dump(), world.writes().len());
    let planned = world.plan().await;
    changes_nothing(world, "a plan", &before, writes)?;
    ensure(planned.keys().copied().collect::<BTreeSet<_>>() == open, "a plan has every open row", || {
        format!("{open:?}, planned {:?}", planned.keys())
    })?;
    let ends = world.run(None).await;
    let exempt = as_planned(world, &planned, &ends)?;
    count.writes += ends.values().map(|end| end.writes.len()).sum::<usize>();
    count.pending += ends.values().filter(|end| end.cause.is_some()).count();
    count.exempt += exempt.len();
    Ok((ends, exempt))
}

fn changes_nothing(world: &World, what: &str, before: &str, writes: usize) -> Check {
    let after = world.dump();
    ensure(before == after, "a survey changes no row", || {
        let gone = before.lines().filter(|line| !after.contains(line)).map(|line| format!("\n- {line}"));
        let new = after.lines().filter(|line| !before.contains(line)).map(|line| format!("\n+ {line}"));
        format!("{what}: {}", gone.chain(new).take(8).collect::<String>())
    })?;
    let sent = world.writes().split_off(writes);
    ensure(sent.is_empty(), "a survey writes nothing", || format!("{what}: {sent:#?}"))
}

async fn verified(world: &World) -> Result<BTreeMap<u32, Finding>, Broken> {
    let (before, writes) = (world.dump(), world.writes().len());
    let found = world.verify().await;
    changes_nothing(world, "a verification", &before, writes)?;
    let done = world.rows_in(RowState::Success);
    ensure(found.keys().copied().collect::<BTreeSet<_>>() == done, "every success is checked", || {
        format!("{done:?}, checked {:?}", found.keys())
    })?;
    Ok(found)
}

fn nothing_is_found(found: &BTreeMap<u32, Finding>, invariant: &'static str) -> Check {
    let otherwise: BTreeMap<_, _> =
        found.iter().filter(|(_, finding)| finding.verdict != "in_place").collect();
    ensure(otherwise.is_empty(), invariant, || format!("{otherwise:#?}"))
}

/// The part of a run's writes that a plan can tell: up to the first that Webex refused or took and did not apply, which
/// only Webex itself knows beforehand.
fn foreseeable(end: &RowEnd) -> (&[Sent], bool) {
    let refused = end.writes.iter().position(|sent| sent.status.is_some_and(|status| status >= 400));
    let says = |words| end.message.as_ref().is_some_and(|message| message.contains(words));
    let dropped = says("accepted but not applied") || says("Webex took the licence again but left");
    match refused {
        Some(at) => (&end.writes[..=at], true),
        None => (&end.writes, dropped),
    }
}

/// Holds a run against its plan, row by row.
fn as_planned(world: &World, planned: &Ends, ends: &Ends) -> Result<BTreeSet<u32>, Broken> {
    let mut exempt = BTreeSet::new();
    for (row, end) in ends {
        let Some(plan) = planned.get(row) else {
            return Err(Broken {
                invariant: "a run works at planned rows",
                what: format!("row {row}: {end:#?}"),
            });
        };
        let (sent, surprised) = foreseeable(end);
        let waits_for_exempt = |end: &RowEnd| end.blocked_by.is_some_and(|by| exempt.contains(&by));
        if surprised || waits_for_exempt(end) || waits_for_exempt(plan) || rests_on(world, *row, &exempt) {
            exempt.insert(*row);
            if !surprised {
                continue;
            }
        }
        let names = |writes: &[Sent]| -> Vec<(String, String)> {
            writes.iter().map(|sent| (sent.step.clone(), sent.operation.clone())).collect()
        };
        let (wanted, was) = (names(&plan.writes), names(sent));
        let told = || format!("row {row} {:?}\nplan {plan:#?}\nrun {end:#?}", world.cells(*row));
        if surprised {
            ensure(
                wanted.starts_with(&was) || is_part(&was, &wanted),
                "a run writes what was planned",
                told,
            )?;
            continue;
        }
        // What somebody's settings are, or a location's, when calling is given nobody knows beforehand: some may be as the
        // row states them without a write.
        let comes = brings_calling(&plan.writes) || partner_brings_calling(world, *row, planned);
        let holds = if comes { is_part(&was, &wanted) } else { was == wanted };
        ensure(holds, "a run writes what was planned", told)?;
        ensure(plan.cause == end.cause, "a run ends a row as planned", told)?;
        ensure(plan.message == end.message, "a run says of a row what was planned", told)?;
        ensure(plan.blocked_by == end.blocked_by, "a run blames the row that was planned", told)?;
    }
    Ok(exempt)
}

/// Whether a row rests on another one of which not all could be known.
fn rests_on(world: &World, row: u32, exempt: &BTreeSet<u32>) -> bool {
    let cells = world.cells(row);
    let Some(place) = cells.get("location_key") else { return false };
    let location = world
        .row("location", "location_name", place)
        .or_else(|| world.row("location", "location_external_id", place));
    let user = world.row("user", "email", &cells["email"]);
    [location, user].into_iter().flatten().any(|other| other != row && exempt.contains(&other))
}

fn brings_calling(writes: &[Sent]) -> bool {
    writes
        .iter()
        .any(|sent| matches!(sent.operation.as_str(), "calling_location_enable" | "licenses_users_patch"))
}

fn partner_brings_calling(world: &World, row: u32, planned: &Ends) -> bool {
    let cells = world.cells(row);
    if cells["entity_type"] != "extension_assignment" {
        return false;
    }
    let user = world.row("user", "email", &cells["email"]);
    user.and_then(|user| planned.get(&user)).is_some_and(|plan| brings_calling(&plan.writes))
}

/// Whether only settings are left out of what was planned.
fn is_part(was: &[(String, String)], planned: &[(String, String)]) -> bool {
    const SETTINGS: [&str; 4] = [
        "feature_put",
        "calling_location_update",
        "announcement_language_modify",
        "location_permissions_put",
    ];
    let mut was = was.iter().peekable();
    for write in planned {
        if was.peek() == Some(&write) {
            was.next();
        } else if !SETTINGS.contains(&write.1.as_str()) {
            return was.peek().is_none();
        }
    }
    was.next().is_none()
}

/// What is pending stays pending for the same cause, and nothing else is open.
async fn still_pending(world: &World, ends: &Ends, exempt: &BTreeSet<u32>) -> Check {
    let (before, writes) = (world.dump(), world.writes().len());
    let planned = world.plan().await;
    changes_nothing(world, "a plan after the run", &before, writes)?;
    for (row, plan) in &planned {
        let end = ends.get(row).cloned().unwrap_or_default();
        if exempt.contains(row) {
            continue;
        }
        let told = || format!("row {row} {:?}\nplan {plan:#?}\nrun {end:#?}", world.cells(*row));
        // The assignment row, done since, has the last word on what both rows state: this one need not do it any more.
        // The last unit may have gone to a row behind this one, which had one and could not use it.
        let no_unit =
            plan.message.as_ref().is_some_and(|message| message.starts_with("no unit of the licence"));
        if is_overruled(world, *row) || no_unit {
            continue;
        }
        ensure(plan.writes.is_empty(), "nothing is planned after the run", told)?;
        ensure(plan.cause == end.cause, "a pending row stays pending for its cause", told)?;
        ensure(plan.message == end.message, "a pending row says the same", told)?;
    }
    Ok(())
}

/// Whether the assignment row of the person states a setting of this user row too.
fn is_overruled(world: &World, row: u32) -> bool {
    let cells = world.cells(row);
    let line = cells.get("email").and_then(|email| world.row("extension_assignment", "email", email));
    let Some(line) = line.map(|line| world.cells(line)) else { return false };
    let mut own = cells.keys().filter_map(|column| column.strip_prefix("calling_settings_"));
    own.any(|name| line.contains_key(&format!("final_settings_{name}")))
}

/// Somebody changes one thing by hand: it is named, and repaired.
async fn changed_by_hand(world: &World, count: &mut Count) -> Check {
    let Some(change) = hand::change(world).await else { return Ok(()) };
    count.changed += 1;
    *count.told.entry(change.what.to_owned()).or_default() += 1;
    let found = verified(world).await?;
    let told = |found: &BTreeMap<u32, Finding>| format!("{change:#?}\nfound {found:#?}");
    for expected in &change.named {
        let finding = &found[&expected.row];
        let named = finding.differences.iter().any(|(field, wanted, shown)| {
            field.contains(&expected.field)
                && wanted.contains(&expected.wanted)
                && shown.contains(&expected.found)
        });
        ensure(finding.verdict == expected.verdict && named, "a change by hand is named", || told(&found))?;
    }
    let drifted: BTreeSet<u32> =
        found.iter().filter(|(_, finding)| finding.verdict != "in_place").map(|(row, _)| *row).collect();
    let silent = found.iter().find(|(row, finding)| {
        drifted.contains(row) && finding.differences.is_empty() && finding.message.is_none()
    });
    ensure(silent.is_none(), "a verification says what is otherwise", || told(&found))?;
    let unknown = found.values().filter(|finding| finding.verdict == "unknown").count();
    ensure(unknown == 0, "a verification knows of every row", || told(&found))?;
    let pending = world.rows_in(RowState::Pending);
    world.requeue_drifted();
    let (ends, exempt) = plan_and_run(world, count).await?;
    for (row, end) in ends.iter().filter(|(row, _)| !pending.contains(row)) {
        ensure(drifted.contains(row), "only what drifted is worked at again", || {
            format!("row {row} {end:#?} {}", told(&found))
        })?;
        let repaired = !end.writes.is_empty() || end.cause.is_some() || rests_on_any(world, *row, &ends);
        ensure(
            repaired || exempt.contains(row),
            "what drifted is repaired, or said to be beyond repair",
            || format!("row {row} {end:#?} {}", told(&found)),
        )?;
        count.repaired += usize::from(end.cause.is_none());
    }
    let after = verified(world).await?;
    nothing_is_found(&after, "a verification after the repair finds every success in place")
}

/// The line of an assignment row comes back with the licence of the user row.
fn rests_on_any(world: &World, row: u32, ends: &Ends) -> bool {
    let cells = world.cells(row);
    let user = cells.get("email").and_then(|email| world.row("user", "email", email));
    user.is_some_and(|user| ends.get(&user).is_some_and(|end| brings_calling(&end.writes)))
}
