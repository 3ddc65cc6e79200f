//! Signalled, stopped, and left without a reader of its output.

use std::process::Command;
use std::time::Duration;

use wxbulk::sim::{Exchange, Operation};

use super::checker::Plan;
use super::process::{End, Process};
use super::{dice, lanes, rounds};
use crate::support::{Bench, site};

/// What is sent, the number of the signal, and the exit code of a run that drained because of it.
const SIGNALS: [(&str, i32, i32); 3] = [("-INT", 2, 130), ("-TERM", 15, 143), ("-HUP", 1, 129)];

fn met_a_fault(journal: &[Exchange]) -> bool {
    journal.iter().any(|call| call.fault.is_some())
}

/// Nothing is at work any more, and the files show what was done, if the run got beyond the start-up checks.
async fn check_drained(plan: &Plan, bench: &Bench, story: &str) {
    assert_eq!(bench.count("SELECT count(*) FROM rows WHERE state = 'running'"), 0, "{story}");
    assert_eq!(bench.count("SELECT count(*) FROM runs WHERE ended_by = 'killed'"), 0, "{story}");
    if bench.count("SELECT count(*) FROM runs") > 0 {
        plan.files_are_the_state(bench, story).await;
    }
}

#[tokio::test]
async fn a_job_survives_signals_at_random_instants() {
    let plan = Plan::new(20, 3).await;
    let dice = dice("signals at random instants");
    let ends = lanes(rounds("WXBULK_SIGNALS", 20), dice, async |round, mut dice| {
        let (name, number, code) = SIGNALS[round % SIGNALS.len()];
        let bench = plan.bench(dice.u64(5..=20)).await;
        let requests = plan.instant(&mut dice);
        let story = format!("round {round}: {name} after {requests} requests");
        let end = bench.signal_when(bench.start(), name, |now| now.len() >= requests).await;
        let asked = !bench.sim.journal().is_empty();
        match (end.code, end.signal) {
            (Some(ended), None) if ended == code => check_drained(&plan, &bench, &story).await,
            // It was about to end, or had ended.
            (Some(0), None) => plan.check(&bench, &story).await,
            // It was still taking the file in: the signal ends it as any command, and it has asked nothing.
            (None, Some(died)) if died == number && !asked => {}
            _ => panic!("{story}\n{end:#?}"),
        }
        plan.heal(&bench, &story).await;
        end.code
    })
    .await;
    let drained = ends.iter().filter(|code| code.is_some_and(|code| code > 100)).count();
    println!("signals at random instants: {} signals, {drained} drained runs", ends.len());
}

/// The second signal finds the run draining, or about to: it leaves at once, and that is as safe as a kill.
#[tokio::test]
async fn a_job_survives_two_signals_in_a_row() {
    let plan = Plan::new(8, 4).await;
    let dice = dice("two signals in a row");
    let ends = lanes(rounds("WXBULK_DOUBLE_SIGNALS", 6), dice, async |round, mut dice| {
        let bench = plan.bench(dice.u64(5..=20)).await;
        // At least one, so that it listens.
        let requests = dice.usize(1..=plan.requests);
        let story = format!("round {round}: two signals after {requests} requests");
        let run = bench.start();
        bench.sim.when(|now| now.len() >= requests).await;
        let ((first, ..), (second, ..)) = (SIGNALS[round % 3], SIGNALS[dice.usize(..3)]);
        run.signal(first).await;
        let end = bench.signal_when(run, second, |_| true).await;
        assert!(matches!(end.code, Some(0 | 129 | 130 | 143)), "{story}\n{end:#?}");
        plan.heal(&bench, &story).await;
    })
    .await;
    println!("two signals in a row: {} times", ends.len());
}

/// Five minutes would show: every wait of a run ends with the signal, those of the start-up checks as well.
#[tokio::test]
async fn a_signal_ends_every_long_wait() {
    let plan = Plan::new(2, 3).await;
    let waits = [
        "people_me:status=429,retry_after=299",
        "licenses_list#1:status=429,retry_after=299",
        "people_me:status=503,retry_after=299",
        "locations_list#2-:status=429,retry_after=299",
        "location_create:status=429,retry_after=299",
        "location_create#1:lost",
        "licenses_users_patch:status=503,retry_after=299",
        "feature_get:status=429,retry_after=299",
    ];
    let cases: Vec<_> = waits.into_iter().flat_map(|wait| SIGNALS.map(|signal| (wait, signal))).collect();
    let dice = dice("signals during long waits");
    lanes(cases.len(), dice, async |round, _| {
        let (wait, (name, _, code)) = cases[round];
        let story = format!("{name} during {wait}");
        let settle = if wait.ends_with("lost") { "120" } else { "0.05" };
        let bench = plan.bench(0).await.env("SETTLE_SECONDS", settle);
        bench.sim.add_fault(wait.parse().unwrap());
        let end = bench.signal_when(bench.start(), name, met_a_fault).await;
        assert_eq!(end.code, Some(code), "{story}\n{end:#?}");
        plan.heal(&bench.env("SETTLE_SECONDS", "0.05"), &story).await;
    })
    .await;
}

/// What phase 1 wrote must show in the lists of phase 2.
#[tokio::test]
async fn a_signal_ends_the_wait_between_phases() {
    let plan = Plan::new(2, 3).await;
    for (name, _, code) in SIGNALS {
        let bench = plan.bench(0).await.env("SETTLE_SECONDS", "120");
        let enabled =
            |call: &&Exchange| call.operation == Operation::CallingLocationEnable && call.replied.is_some();
        let end = bench.signal_when(bench.start(), name, |now| now.iter().filter(enabled).count() == 2).await;
        assert_eq!(end.code, Some(code), "{end:#?}");
        plan.heal(&bench.env("SETTLE_SECONDS", "0.05"), name).await;
    }
}

#[tokio::test]
async fn a_signal_during_the_start_up_checks_is_no_failure_of_them() {
    for (name, _, code) in SIGNALS {
        let bench = Bench::new(&site(1)).await.env("REQUEST_TIMEOUT_SECONDS", "0.5");
        bench.sim.add_fault("people_me:hang".parse().unwrap());
        let end = bench.signal_when(bench.start(), name, met_a_fault).await;
        assert_eq!(end.code, Some(code), "{end:#?}");
        assert!(end.stderr.contains("stopped by a signal"), "{end:#?}");
        assert_eq!(bench.count("SELECT count(*) FROM runs"), 0);
    }
}

/// As under `nohup`: what the starter had ignored stays ignored.
#[tokio::test]
async fn a_hang_up_that_is_ignored_stays_ignored() {
    let plan = Plan::new(2, 3).await;
    let bench = plan.bench(10).await;
    let run = Process::start(in_shell(&bench, r#"trap "" HUP; exec "$0" run site.csv"#));
    bench.signal_when(run, "-HUP", |now| now.len() > plan.requests / 2).await.expect(0);
    plan.check(&bench, "ignored").await;
}

/// The shell's command line with the binary as `$0`.
fn in_shell(bench: &Bench, line: &str) -> Command {
    let run = bench.command(&[]);
    let mut shell = Command::new("bash");
    shell.args(["-c", line]).arg(run.get_program()).env_clear();
    shell.envs(run.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    shell.current_dir(run.get_current_dir().unwrap());
    shell
}

/// The job is done, whoever looks on.
#[tokio::test]
async fn a_run_whose_output_nobody_reads_ends_all_the_same() {
    let plan = Plan::new(2, 3).await;
    for line in [
        r#"set -o pipefail; "$0" run site.csv | head -c 0"#,
        r#"set -o pipefail; "$0" run site.csv 2>&1 | head -n 1"#,
        r#"set -o pipefail; "$0" run site.csv --verbose 2>&1 >/dev/null | head -n 1"#,
        r#""$0" run site.csv >&- 2>&- <&-"#,
    ] {
        let bench = plan.bench(5).await;
        let end: End = Process::start(in_shell(&bench, line)).end().await;
        assert_eq!(end.code, Some(0), "{line}\n{end:#?}");
        plan.check(&bench, line).await;
    }
}

/// Longer than any request may last: those under way have timed out when it wakes up.
#[tokio::test]
async fn a_run_that_was_suspended_goes_on() {
    let plan = Plan::new(8, 4).await;
    let bench = plan.bench(20).await.env("REQUEST_TIMEOUT_SECONDS", "0.3").env("SETTLE_SECONDS", "0.3");
    let mut run = bench.start();
    bench.sim.when(|now| now.len() > plan.requests / 2).await;
    run.signal("-STOP").await;
    // The wait itself is what is tested.
    tokio::time::sleep(Duration::from_secs(1)).await;
    run.signal("-CONT").await;
    run.end().await.expect(0);
    plan.check(&bench, "suspended").await;
}
