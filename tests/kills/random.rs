//! Killed at random instants.

use std::time::{Duration, Instant};

use super::checker::{FILES, Plan, job};
use super::process::Process;
use super::{dice, lanes, rounds};
use crate::support::Bench;

/// What happened in a round.
#[derive(Default)]
struct Count {
    kills: usize,
    ended_before: usize,
}

/// Each round kills one to three runs of a job in a row, wherever they are, and then lets one run end.
#[tokio::test]
async fn a_job_survives_kills_at_random_instants() {
    let plan = Plan::new(20, 3).await;
    let dice = dice("kills at random instants");
    let counts =
        lanes(rounds("WXBULK_KILLS", 40), dice, async |round, dice| kill_and_heal(&plan, round, dice).await)
            .await;
    let (kills, ended) =
        counts.iter().fold((0, 0), |sum, count| (sum.0 + count.kills, sum.1 + count.ended_before));
    println!(
        "kills at random instants: {} rounds, {kills} kills, {ended} runs that ended before",
        counts.len()
    );
}

async fn kill_and_heal(plan: &Plan, round: usize, mut dice: fastrand::Rng) -> Count {
    let bench = plan.bench(dice.u64(5..=20)).await;
    let in_a_row = if dice.u8(..5) == 0 { dice.usize(2..=3) } else { 1 };
    let mut story = format!("round {round}");
    let mut count = Count::default();
    for _ in 0..in_a_row {
        let begun = bench.sim.journal().len();
        let requests = plan.instant(&mut dice);
        story.push_str(&format!(", killed after {requests} requests"));
        let end = bench.signal_when(bench.start(), "-KILL", |now| now.len() >= begun + requests).await;
        match end.signal {
            Some(9) => count.kills += 1,
            // It had less left to do than that.
            None => count.ended_before += 1,
            other => panic!("{story}: ended by {other:?}"),
        }
    }
    plan.heal(&bench, &story).await;
    count
}

/// No request tells how far a file is taken in: here the clock says when to kill.
#[tokio::test]
async fn a_file_is_taken_in_whole_or_not_at_all() {
    let csv = job(50, 10);
    let whole = Bench::new(&csv).await;
    let begun = Instant::now();
    whole.wxbulk(&["ingest", "site.csv"]).await.expect(0);
    let lasts = begun.elapsed().as_micros();
    let mut dice = dice("kills while a file is taken in");
    let (mut nothing, mut all) = (0, 0);
    let rounds = rounds("WXBULK_INGEST_KILLS", 15);
    for round in 0..rounds {
        let bench = Bench::new(&csv).await;
        let mut process = Process::start(bench.command(&["ingest", "site.csv"]));
        tokio::time::sleep(Duration::from_micros(dice.u64(0..u64::try_from(lasts).unwrap() * 6 / 5))).await;
        process.signal("-KILL").await;
        process.end().await;
        if bench.output().join("wxbulk.db").exists() {
            match bench.wxbulk(&["status", "--json"]).await.expect(0).stdout.contains("\"ready\": 50") {
                true => all += 1,
                false => nothing += 1,
            }
        }
        bench.wxbulk(&["ingest", "site.csv"]).await.expect(0);
        bench.check_invariants();
        for name in &FILES[..4] {
            assert_eq!(bench.file(name), whole.file(name), "round {round}: {name}");
        }
    }
    println!(
        "kills while a file is taken in: {rounds} kills; {nothing} left nothing, {all} left all, the others no database"
    );
}
