//! Killed at named instants, by the binary itself (`WXBULK_KILL_AT`, debug builds only) or while the simulator holds a
//! request of it.

use super::checker::{FILES, Plan};
use super::{dice, lanes, rounds};
use crate::support::Bench;

/// What a killed run of this job passes, and how often at least.
fn passages(plan: &Plan) -> [(&'static str, usize); 6] {
    let outcomes = plan.rows;
    // One export at the end of each phase and one at the end of the run.
    let files = 4 * FILES.len();
    [
        ("intent_committed", plan.writes),
        ("reply_read", plan.writes),
        ("outcome_committed", outcomes),
        ("temp_file_written", files),
        ("before_rename", files),
        ("after_rename", files),
    ]
}

/// A run that must die at the Nth passage of a point.
async fn die_at(bench: &Bench, point: &str, nth: usize, story: &str) {
    let mut command = bench.command(&["run", &bench.csv_path().display().to_string()]);
    command.env("WXBULK_KILL_AT", format!("{point}:{nth}"));
    let end = super::process::Process::start(command).end().await;
    assert_eq!(end.signal, Some(6), "{story}: it passed alive\n{end:#?}");
}

#[tokio::test]
async fn a_job_survives_a_kill_at_each_named_point() {
    let plan = Plan::new(4, 2).await;
    let cases: Vec<_> = passages(&plan)
        .into_iter()
        .flat_map(|(point, last)| [1, 2, last / 2, last - 1, last].map(|nth| (point, nth)))
        .collect();
    let dice = dice("kills at named points");
    let rounds = rounds("WXBULK_POINT_ROUNDS", 1);
    let deaths = lanes(rounds * cases.len(), dice, async |round, mut dice| {
        let (point, nth) = cases[round % cases.len()];
        let story = format!("killed at {point}:{nth}");
        let bench = plan.bench(dice.u64(0..=5)).await;
        die_at(&bench, point, nth, &story).await;
        plan.heal(&bench, &story).await;
    })
    .await
    .len();
    println!("kills at named points: {deaths} kills");
}

/// Early in what is left each time, so that there is a second time.
#[tokio::test]
async fn a_job_survives_kills_in_a_row_at_each_named_point() {
    let plan = Plan::new(4, 2).await;
    let cases: Vec<_> =
        passages(&plan).into_iter().flat_map(|(point, _)| [1, 2].map(|nth| (point, nth))).collect();
    let dice = dice("kills in a row at named points");
    let rounds = rounds("WXBULK_POINT_ROUNDS", 1);
    let deaths = lanes(rounds * cases.len(), dice, async |round, mut dice| {
        let (point, nth) = cases[round % cases.len()];
        let bench = plan.bench(dice.u64(0..=5)).await;
        for time in 1..=3 {
            die_at(&bench, point, nth, &format!("killed at {point}:{nth}, time {time}")).await;
        }
        plan.heal(&bench, &format!("killed three times at {point}:{nth}")).await;
    })
    .await
    .len();
    println!("kills in a row at named points: {} kills", 3 * deaths);
}

/// The request is in Webex's hands: it will be applied though nobody waits, was applied, or never is.
#[tokio::test]
async fn a_job_survives_a_kill_while_a_request_is_under_way() {
    let plan = Plan::new(4, 2).await;
    let held = ["delay=800", "late=600000", "hang"];
    let operations = [("location_create", 4), ("calling_location_enable", 4), ("licenses_users_patch", 8)];
    let requests: Vec<_> = operations
        .into_iter()
        .flat_map(|(operation, last)| [1, last / 2, last].map(|nth| format!("{operation}#{nth}")))
        .collect();
    // Those that take long side by side.
    let cases: Vec<_> = held
        .into_iter()
        .flat_map(|how| requests.iter().map(move |request| format!("{request}:{how}")))
        .collect();
    let dice = dice("kills while a request is under way");
    lanes(cases.len(), dice, async |round, mut dice| {
        let story = format!("killed during {}", cases[round]);
        // The next run looks before the write of the dead one is applied, and again when it must show.
        let settle = if cases[round].contains("delay") { "1.2" } else { "0.05" };
        let bench = plan.bench(dice.u64(0..=5)).await.env("SETTLE_SECONDS", settle);
        bench.sim.add_fault(cases[round].parse().unwrap());
        let met = |now: &[wxbulk::sim::Exchange]| now.iter().any(|call| call.fault.is_some());
        let end = bench.signal_when(bench.start(), "-KILL", met).await;
        assert_eq!(end.signal, Some(9), "{story}\n{end:#?}");
        plan.heal(&bench, &story).await;
    })
    .await;
    println!("kills while a request is under way: {} kills", cases.len());
}
