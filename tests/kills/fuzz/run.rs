//! `run`, in part or whole, with faults, killed, stopped, or to its end.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::super::process::{End, Process};
use super::faults;
use super::model::get;
use super::state::RowState;
use super::world::{Broken, Check, UNASKED, World, ensure, left_out};

/// How a run is to end.
#[derive(Debug)]
enum Ending {
    Whole,
    /// SIGKILL after so many requests.
    Killed(usize),
    /// SIGKILL after so many milliseconds.
    KilledAfter(u64),
    /// It kills itself there.
    AtPoint(String),
    /// SIGINT after so many requests.
    Interrupted(usize),
    /// No token is valid any more after so many requests.
    TokenDies(usize),
}

/// The instants at which a debug build kills itself (`points.rs`).
const POINTS: [&str; 6] = [
    "intent_committed",
    "reply_read",
    "outcome_committed",
    "temp_file_written",
    "before_rename",
    "after_rename",
];

/// Runs that begin with a requeue.
const RETRIES: &str = "run --retry-pending";

/// Which rows a run may work on.
#[derive(Debug, Default)]
struct Part {
    location: Option<String>,
    phase: Option<u8>,
    limit: Option<usize>,
}

fn draw_ending(world: &mut World) -> Ending {
    let most = 3 * world.model.rows.len() + 10;
    let dice = &mut world.dice;
    match dice.u8(..20) {
        0..=3 => Ending::Killed(dice.usize(0..most)),
        4 => Ending::KilledAfter(dice.u64(0..120)),
        5..=7 if cfg!(debug_assertions) => {
            Ending::AtPoint(format!("{}:{}", dice.choice(POINTS).unwrap(), dice.usize(1..=20)))
        }
        8..=9 => Ending::Interrupted(dice.usize(1..most)),
        10 => Ending::TokenDies(dice.usize(0..most)),
        _ => Ending::Whole,
    }
}

fn draw_part(world: &mut World) -> Part {
    let sites: Vec<String> = world
        .model
        .rows
        .values()
        .filter(|row| row.accepted && get(&row.cells, "entity_type") == "location")
        .map(|row| get(&row.cells, "location_name").to_owned())
        .collect();
    let dice = &mut world.dice;
    if dice.u8(..5) < 3 {
        return Part::default();
    }
    Part {
        location: dice.choice(&sites).filter(|_| dice.u8(..2) == 0).cloned(),
        phase: (dice.u8(..2) == 0).then(|| dice.u8(1..=3)),
        limit: (dice.u8(..3) == 0).then(|| dice.usize(1..=4)),
    }
}

impl Part {
    fn arguments(&self) -> Vec<String> {
        let mut arguments = Vec::new();
        let location = self.location.clone();
        for (name, value) in [
            ("--location", location),
            ("--phase", self.phase.map(|phase| phase.to_string())),
            ("--limit", self.limit.map(|limit| limit.to_string())),
        ] {
            arguments.extend(value.into_iter().flat_map(|value| [name.to_owned(), value]));
        }
        arguments
    }
}

/// One run as drawn; true when it was killed.
pub(super) async fn perform(world: &mut World) -> Result<bool, Broken> {
    let (ending, part, faults) = (draw_ending(world), draw_part(world), faults::draw(&mut world.dice));
    let mut arguments = vec!["run".to_owned()];
    arguments.extend(part.arguments());
    let retry = world.dice.u8(..8) == 0 && !left_out(RETRIES);
    arguments.extend(retry.then(|| RETRIES.replace("run ", "")));
    let mut settings = vec![
        ("MAX_CONCURRENCY", world.dice.choice(["1", "2", "4", "16"]).unwrap()),
        ("BATCH_SIZE", world.dice.choice(["1", "3", "10", "500"]).unwrap()),
        ("ENABLE_SAFE_COMPENSATION", if world.dice.u8(..6) == 0 { "true" } else { "false" }),
        ("MAX_RETRIES", world.dice.choice(["0", "2", "5"]).unwrap()),
        // Longer than any lag of these faults.
        ("SETTLE_SECONDS", if faults.iter().any(|fault| fault.contains("lag")) { "0.12" } else { "0.05" }),
    ];
    if faults.iter().any(|fault| faults::slow(fault)) {
        settings.push(("REQUEST_TIMEOUT_SECONDS", faults::TIMEOUT_SECONDS));
    }
    let latency = world.dice.u64(..4);
    world.story.push(format!("{} {settings:?} faults {faults:?} {ending:?}", arguments.join(" ")));
    for fault in &faults {
        world.bench.sim.add_fault(fault.parse().unwrap());
    }
    world.bench.sim.set_latency(Duration::from_millis(latency));
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (before, rows) = (world.ends(), world.rows());
    let mut command = world.command(&arguments);
    command.envs(settings);
    let end = end_of(world, command, &ending).await?;
    world.bench.sim.clear_faults();
    world.bench.sim.set_latency(Duration::ZERO);
    world.bench.sim.set_token(None);
    if let Some(signal) = end.signal {
        let ours = matches!(
            (&ending, signal),
            (Ending::Killed(_) | Ending::KilledAfter(_), 9) | (Ending::AtPoint(_), 6)
        );
        ensure(ours, UNASKED, || format!("{end:#?}"))?;
        world.orphans = true;
        return Ok(true);
    }
    let disturbed = !faults.is_empty() || matches!(ending, Ending::TokenDies(_));
    if end.code == Some(11) || end.stderr.contains("during the start-up checks") {
        let states = |rows: &BTreeMap<u32, RowState>| -> Vec<_> {
            rows.values().map(|row| row.state.clone()).collect()
        };
        ensure(states(&rows) == states(&world.rows()), "a start that fails touches no row", || {
            format!("{end:#?}")
        })?;
    }
    judge_code(world, &end, &ending, disturbed, &part)?;
    only_that_part(world, &part, before)?;
    Ok(false)
}

async fn end_of(world: &World, mut command: std::process::Command, ending: &Ending) -> Result<End, Broken> {
    let begun = world.bench.sim.journal().len();
    let reached = |requests: usize| world.bench.sim.when(move |now| now.len() >= begun + requests);
    if let Ending::AtPoint(point) = ending {
        command.env("WXBULK_KILL_AT", point);
    }
    let mut process = Process::start(command);
    let (wait, signal): (std::pin::Pin<Box<dyn Future<Output = ()>>>, _) = match ending {
        Ending::Whole | Ending::AtPoint(_) => return world.end_of(process).await,
        Ending::Killed(requests) => (Box::pin(reached(*requests)), Some("-KILL")),
        Ending::KilledAfter(millis) => {
            // The instant itself is what is drawn.
            (Box::pin(tokio::time::sleep(Duration::from_millis(*millis))), Some("-KILL"))
        }
        Ending::Interrupted(requests) => (Box::pin(reached(*requests)), Some("-INT")),
        Ending::TokenDies(requests) => (Box::pin(reached(*requests)), None),
    };
    let ended = tokio::select! {
        () = wait => None,
        end = process.end() => Some(end),
    };
    match (ended, signal) {
        (Some(end), _) => return Ok(end),
        (None, Some(signal)) => process.signal(signal).await,
        (None, None) => world.bench.sim.set_token(Some("of somebody else".to_owned())),
    }
    world.end_of(process).await
}

/// The code is the one that the state after the run calls for, as `wxbulk --help` lists them.
fn judge_code(world: &mut World, end: &End, ending: &Ending, disturbed: bool, part: &Part) -> Check {
    let whole = part.location.is_none() && part.phase.is_none() && part.limit.is_none();
    let broken = |what: &str| format!("{what}: {end:#?}");
    ensure(!end.stdout.contains("left alone"), "files that nobody edited are written", || broken("kept"))?;
    let rows = world.rows();
    let in_state = |state: &str| rows.values().filter(|row| row.state == state).count();
    match end.code {
        Some(11) => return ensure(disturbed, "exit codes", || broken("start-up checks without a fault")),
        Some(16) => ensure(disturbed, "exit codes", || broken("stopped itself without a fault"))?,
        Some(130) => {
            ensure(matches!(ending, Ending::Interrupted(_)), "exit codes", || broken("no signal was sent"))?;
            if end.stderr.contains("start-up checks") {
                return Ok(());
            }
        }
        Some(code @ (0 | 3 | 4)) => {
            let (ready, left) = (in_state("ready"), in_state("pending") + in_state("rejected"));
            let due = if ready > 0 {
                4
            } else if left > 0 {
                3
            } else {
                0
            };
            ensure(code == due, "exit codes", || {
                broken(&format!("{ready} ready, {left} left: {due} is due"))
            })?;
            let at = || format!("{:?}", rows.values().filter(|row| row.state == "ready").collect::<Vec<_>>());
            ensure(!whole || ready == 0, "a whole run leaves nothing ready", at)?;
        }
        _ => return ensure(false, "exit codes", || broken("no code of a run")),
    }
    world.orphans = false;
    ensure(in_state("running") == 0, "nothing is left running", || broken("running"))
}

/// Only rows of the part that was asked for came to an end.
fn only_that_part(world: &World, part: &Part, before: i64) -> Check {
    let database = world.bench.database();
    let sql = "SELECT DISTINCT row_id, phase FROM outcomes WHERE outcome_id > ?1";
    let mut statement = database.prepare(sql).unwrap();
    let ended = statement.query_map([before], |row| Ok((row.get::<_, u32>(0)?, row.get::<_, u8>(1)?)));
    let ended: BTreeSet<(u32, u8)> = ended.unwrap().map(Result::unwrap).collect();
    let mut counts: BTreeMap<u8, usize> = BTreeMap::new();
    for (row_id, phase) in ended {
        *counts.entry(phase).or_default() += 1;
        ensure(part.phase.is_none_or(|only| only == phase), "selections hold", || {
            format!("row {row_id} of phase {phase}")
        })?;
        let Some(location) = &part.location else { continue };
        let cells = &world.model.rows[&row_id].cells;
        let reference = match get(cells, "entity_type") {
            "location" => get(cells, "location_name"),
            _ => get(cells, "location_key"),
        };
        let site = world.model.site(reference).map_or(reference, |site| get(&site.cells, "location_name"));
        ensure(site == location, "selections hold", || format!("row {row_id} is of {site}"))?;
    }
    let most = counts.values().max().copied().unwrap_or(0);
    ensure(part.limit.is_none_or(|limit| most <= limit), "selections hold", || {
        format!("{part:?}: {counts:?}")
    })
}
