//! Stopped in the middle by a signal, and run again: every row ends once, nothing is made twice.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "helpers of tests")]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use crate::support::{Bench, site};
use wxbulk::sim::{Exchange, Operation};

fn begin(bench: &Bench) -> Child {
    let csv = bench.csv_path().display().to_string();
    bench.command(&["run", &csv]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("it starts")
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([name, &child.id().to_string()]).status();
    assert!(sent.expect("kill runs").success());
}

/// Off the runtime's thread: the simulator must go on serving.
async fn end_of(child: Child) -> Option<i32> {
    let ended = tokio::task::spawn_blocking(move || child.wait_with_output());
    ended.await.expect("the thread ends").expect("it ends").status.code()
}

/// Reads the log up to the line with this text.
async fn logged(child: &mut Child, text: &'static str) {
    let mut lines = BufReader::new(child.stderr.take().expect("a log")).lines().map_while(Result::ok);
    let found = tokio::task::spawn_blocking(move || {
        let found = lines.any(|line| line.contains(text));
        // Read on, or the process could not write its log any more.
        std::thread::spawn(move || lines.count());
        found
    });
    assert!(found.await.expect("the thread ends"), "{text}");
}

fn met_a_fault(journal: &[Exchange]) -> bool {
    journal.iter().any(|call| call.fault.is_some())
}

/// Everybody has calling, each location was created once, each licence given once.
fn check_end(bench: &Bench, people: usize) {
    let org = bench.sim.org();
    assert_eq!(
        (org.locations.len(), bench.calls(Operation::LocationCreate).iter().filter(|c| c.applied).count()),
        (1, 1)
    );
    for number in 0..people {
        let person = org.person(&format!("u{number}@example.com")).unwrap();
        assert_eq!(
            (person.licenses.len(), person.extension.clone()),
            (1, Some(format!("{}", 1000 + number)))
        );
    }
    assert_eq!(bench.count("SELECT count(*) FROM rows WHERE state != 'success'"), 0);
    bench.check_invariants();
}

#[tokio::test]
async fn a_run_that_is_interrupted_drains_and_the_next_one_finishes_it() {
    for (name, code) in [("-INT", 130), ("-TERM", 143)] {
        let bench =
            Bench::new(&site(12)).await.env("MAX_CONCURRENCY", "2").env("REQUEST_TIMEOUT_SECONDS", "1");
        bench.sim.add_fault("licenses_users_patch#4-:hang".parse().unwrap());
        let child = begin(&bench);
        bench.sim.when(met_a_fault).await;
        signal(&child, name);
        assert_eq!(end_of(child).await, Some(code));
        assert_eq!(bench.count("SELECT count(*) FROM rows WHERE state = 'running'"), 0);
        assert!(bench.count("SELECT count(*) FROM rows WHERE state = 'ready'") > 0);
        assert!(bench.file("checkpoint.json").contains("last_row_id"));

        bench.sim.clear_faults();
        bench.run().await.expect(0);
        check_end(&bench, 12);
    }
}

#[tokio::test]
async fn a_wait_that_the_server_asked_for_is_cut_short() {
    let bench = Bench::new(&site(2)).await;
    bench.sim.add_fault("licenses_users_patch:status=429,retry_after=299".parse().unwrap());
    let child = begin(&bench);
    bench.sim.when(|journal| journal.iter().any(|call| call.replied == Some(429))).await;
    signal(&child, "-INT");
    assert_eq!(end_of(child).await, Some(130));

    bench.sim.clear_faults();
    bench.run().await.expect(0);
    check_end(&bench, 2);
}

#[tokio::test]
async fn a_create_in_doubt_is_looked_for_by_the_next_run() {
    for (doubt, creates) in [("lost", 1), ("drop", 2)] {
        let bench = Bench::new(&site(1)).await.env("SETTLE_SECONDS", "120");
        bench.sim.add_fault(format!("location_create#1:{doubt}").parse().unwrap());
        let child = begin(&bench);
        bench.sim.when(met_a_fault).await;
        signal(&child, "-INT");
        assert_eq!(end_of(child).await, Some(130), "{doubt}: the settle time is cut short");

        let bench = bench.env("SETTLE_SECONDS", "0.05");
        bench.run().await.expect(0);
        assert_eq!(bench.calls(Operation::LocationCreate).len(), creates, "{doubt}");
        check_end(&bench, 1);
    }
}

#[tokio::test]
async fn a_second_signal_leaves_at_once_and_loses_nothing() {
    let bench = Bench::new(&site(3)).await.env("REQUEST_TIMEOUT_SECONDS", "300");
    bench.sim.add_fault("licenses_users_patch#2:late=600000".parse().unwrap());
    let mut child = begin(&bench);
    bench.sim.when(met_a_fault).await;
    signal(&child, "-INT");
    logged(&mut child, "signal:").await;
    signal(&child, "-INT");
    assert_eq!(end_of(child).await, Some(130));

    bench.sim.clear_faults();
    bench.run().await.expect(0);
    check_end(&bench, 3);
}

/// The lists show the location only after the next run has begun: without its record of the doubt it would make another.
#[tokio::test]
async fn a_create_in_doubt_that_shows_late_is_not_repeated_by_the_next_run() {
    let bench = Bench::new(&site(1)).await.env("SETTLE_SECONDS", "120");
    bench.sim.add_fault("location_create#1:lost,lag=1500".parse().unwrap());
    let child = begin(&bench);
    bench.sim.when(met_a_fault).await;
    signal(&child, "-INT");
    assert_eq!(end_of(child).await, Some(130));

    let bench = bench.env("SETTLE_SECONDS", "2");
    bench.run().await.expect(0);
    check_end(&bench, 1);
}
