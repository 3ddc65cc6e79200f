//! A dead token and a network that is gone cost no row (R10, R22).
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use crate::support::{Bench, Csv, TOKEN, site};
use wxbulk::sim::{Exchange, Fault, Operation};

const PEOPLE: usize = 60;

fn job() -> Csv {
    site(PEOPLE)
}

/// Runs, and changes the simulated Webex after this many licences were given.
async fn run_and(bench: &Bench, licences: usize, change: impl FnOnce()) -> i32 {
    let csv = bench.csv_path().display().to_string();
    let mut child = bench.command(&["run", &csv]).spawn().unwrap();
    bench
        .sim
        .when(|journal| {
            journal.iter().filter(|call| call.operation == Operation::LicensesUsersPatch).count() >= licences
        })
        .await;
    change();
    tokio::task::spawn_blocking(move || child.wait()).await.unwrap().unwrap().code().unwrap()
}

#[tokio::test]
async fn a_token_that_dies_stops_the_run_and_touches_no_further_row() {
    let bench = Bench::new(&job()).await.env("MAX_CONCURRENCY", "4");
    let code = run_and(&bench, 20, || bench.sim.set_token(Some("another-token-altogether".to_owned()))).await;
    assert_eq!(code, 16);
    let pending = bench.count("SELECT count(*) FROM rows WHERE state = 'pending'");
    let for_the_token =
        bench.count("SELECT count(*) FROM rows WHERE state = 'pending' AND cause = 'auth_invalid'");
    assert_eq!(pending, for_the_token);
    assert!((1..=4).contains(&pending), "{pending} rows met the dead token");
    assert_eq!(bench.count("SELECT count(*) FROM runs WHERE ended_by = 'dead_token'"), 1);
    bench.check_invariants();

    bench.sim.set_token(Some(TOKEN.to_owned()));
    bench.wxbulk(&["run"]).await.expect(3);
    assert_eq!(bench.count("SELECT count(*) FROM rows WHERE phase = 2 AND state = 'success'"), 60 - pending);
}

#[tokio::test]
async fn a_refusal_of_one_row_is_no_dead_token() {
    let bench = Bench::new(&job()).await;
    bench.sim.add_fault(Fault::on(Operation::LicensesUsersPatch).key("u7@example.com").status(401));
    bench.run().await.expect(3);
    assert_eq!(bench.count("SELECT count(*) FROM rows WHERE cause = 'auth_invalid'"), 1);
    // One in the start-up checks, one after the refusal.
    assert_eq!(bench.calls(Operation::PeopleMe).len(), 2);
}

#[tokio::test]
async fn a_network_that_comes_back_costs_no_row() {
    // The way is cut until the run probes, which only a run that holds does: all retries would be spent by then.
    let bench = Bench::new(&job()).await.env("MAX_CONCURRENCY", "4");
    bench.sim.add_fault("any#60-:drop".parse().unwrap());
    let run = bench.run();
    tokio::pin!(run);
    let unanswered = |call: &Exchange| call.operation == Operation::PeopleMe && call.replied.is_none();
    tokio::select! {
        ran = &mut run => panic!("the run ended without a probe: {}", ran.text()),
        () = bench.sim.when(|journal| journal.iter().filter(|call| unanswered(call)).count() >= 2) => {}
    }
    bench.sim.clear_faults();
    run.await.expect(0);
    bench.check_invariants();
}

#[tokio::test]
async fn a_network_that_stays_away_stops_the_run_and_costs_no_row() {
    let bench = Bench::new(&job()).await.env("MAX_CONCURRENCY", "4").env("OUTAGE_WAIT_SECONDS", "0");
    bench.sim.add_fault("any#60-:drop".parse().unwrap());
    let stopped = bench.run().await.expect(16);
    assert!(stopped.stdout.contains("OUTAGE_WAIT_SECONDS"), "{}", stopped.stdout);
    assert_eq!(bench.count("SELECT count(*) FROM rows WHERE state = 'pending'"), 0);
    bench.check_invariants();

    bench.sim.clear_faults();
    bench.wxbulk(&["run"]).await.expect(0);
    let creates = bench.calls(Operation::LocationCreate);
    assert_eq!(creates.iter().filter(|call| call.applied).count(), 1);
}

/// One row is all that is left: two failures in a row are enough, and its retries are not spent before.
#[tokio::test]
async fn the_last_row_of_a_job_is_held_as_the_first_ones_are() {
    for retries in ["5", "0"] {
        let bench = Bench::new(&Csv::new().location("Madrid")).await.env("MAX_RETRIES", retries);
        // The start-up checks and the lists are answered.
        bench.sim.add_fault("any#8-:drop".parse().unwrap());
        let run = bench.run();
        tokio::pin!(run);
        tokio::select! {
            ran = &mut run => panic!("the run ended without a probe: {}", ran.text()),
            () = bench.sim.when(|journal| unanswered_probes(journal) >= 2) => {}
        }
        bench.sim.clear_faults();
        run.await.expect(0);
        bench.check_invariants();
    }
}

fn unanswered_probes(journal: &[Exchange]) -> usize {
    let probe = |call: &&Exchange| call.operation == Operation::PeopleMe && call.replied.is_none();
    journal.iter().filter(probe).count()
}

#[tokio::test]
async fn a_start_up_check_that_nobody_answers_fails_and_is_not_held() {
    let bench = Bench::new(&site(1)).await.env("MAX_CONCURRENCY", "1");
    bench.sim.add_fault("any:drop".parse().unwrap());
    let ran = bench.run().await.expect(11);
    assert!(!ran.stderr.contains("outage.hold"), "{}", ran.stderr);
}

/// What stopped the run is the signal, however the drain goes.
#[tokio::test]
async fn a_signal_ends_the_hold_and_is_what_stopped_the_run() {
    for (name, code) in [("-INT", 130), ("-TERM", 143)] {
        let bench = Bench::new(&Csv::new().location("Madrid")).await;
        bench.sim.add_fault("any#8-:drop".parse().unwrap());
        let csv = bench.csv_path().display().to_string();
        let mut child = bench.command(&["run", &csv]).spawn().unwrap();
        bench.sim.when(|journal| unanswered_probes(journal) >= 1).await;
        let sent = std::process::Command::new("kill").args([name, &child.id().to_string()]).status();
        assert!(sent.unwrap().success());
        let ended = tokio::task::spawn_blocking(move || child.wait()).await.unwrap().unwrap();
        assert_eq!(ended.code(), Some(code));
        assert_eq!(bench.count("SELECT count(*) FROM rows WHERE state = 'ready'"), 1);
        bench.check_invariants();
    }
}
