//! Killed at random instants.

use super::checker::Plan;
use super::{dice, lanes, rounds};

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
        let requests = dice.usize(0..=plan.requests);
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
