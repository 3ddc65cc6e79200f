//! Other programs that lock the database: a run waits for them, a bounded time, and loses nothing.

use std::time::Duration;

use rusqlite::Connection;

use super::checker::Plan;
use super::{dice, lanes, rounds};
use crate::support::{Bench, open};

/// A program that has begun to write and does not go on; it lets go when it is dropped.
fn hold(bench: &Bench) -> Connection {
    let connection = Connection::open(bench.output().join("wxbulk.db")).unwrap();
    connection.busy_timeout(Duration::from_secs(10)).unwrap();
    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    connection
}

/// The rows that were done and stored when the lock was taken.
fn done(bench: &Bench) -> i64 {
    bench.count("SELECT count(*) FROM rows WHERE state = 'success'")
}

#[tokio::test]
async fn a_run_waits_for_another_program_that_writes() {
    let plan = Plan::new(8, 4).await;
    let dice = dice("another program writes for a while");
    lanes(rounds("WXBULK_HOLDS", 4), dice, async |round, mut dice| {
        let bench = plan.bench(dice.u64(5..=20)).await;
        let requests = dice.usize(1..plan.requests);
        let mut run = bench.start();
        bench.sim.when(|now| now.len() >= requests).await;
        let held = hold(&bench);
        // The wait itself is what is tested.
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(!run.has_ended(), "round {round}: locked after {requests} requests");
        drop(held);
        run.end().await.expect(0);
        plan.check(&bench, &format!("round {round}: locked for a while after {requests} requests")).await;
    })
    .await;
}

#[tokio::test]
async fn a_lock_that_is_held_too_long_stops_a_run_and_loses_nothing() {
    let plan = Plan::new(8, 4).await;
    let dice = dice("another program writes for too long");
    let rounds = lanes(rounds("WXBULK_HOLDS", 4), dice, async |round, mut dice| {
        let bench = plan.bench(dice.u64(5..=20)).await.env("BUSY_TIMEOUT_SECONDS", "0.3");
        let requests = dice.usize(1..plan.requests);
        let story = format!("round {round}: locked for too long after {requests} requests");
        let mut run = bench.start();
        bench.sim.when(|now| now.len() >= requests).await;
        let held = hold(&bench);
        let before = done(&bench);
        let end = run.end().await;
        assert_eq!(end.code, Some(18), "{story}\n{end:#?}");
        assert!(end.stderr.contains("nothing that was reported is lost"), "{story}\n{end:#?}");
        assert_eq!(done(&bench), before, "{story}");
        drop(held);
        plan.heal(&bench, &story).await;
        before
    })
    .await;
    println!("another program writes for too long: done before, in each round: {rounds:?}");
}

#[tokio::test]
async fn a_lock_that_is_held_from_the_start_stops_every_command_that_writes() {
    let plan = Plan::new(2, 2).await;
    let bench = plan.bench(0).await.env("BUSY_TIMEOUT_SECONDS", "0.1");
    bench.wxbulk(&["ingest", "site.csv"]).await.expect(0);
    let held = hold(&bench);
    bench.wxbulk(&["run"]).await.expect(18);
    bench.wxbulk(&["status"]).await.expect(0);
    assert!(bench.writes().is_empty());
    drop(held);
    plan.heal(&bench, "locked from the start").await;
}

/// It sees one moment for as long as it likes; the run goes on beside it.
#[tokio::test]
async fn a_long_reader_is_not_in_the_way() {
    let plan = Plan::new(8, 4).await;
    let bench = plan.bench(5).await;
    bench.wxbulk(&["ingest", "site.csv"]).await.expect(0);
    let reader = open(&bench.output().join("wxbulk.db"));
    reader.execute_batch("BEGIN").unwrap();
    let seen = || -> i64 {
        reader.query_row("SELECT count(*) FROM rows WHERE state = 'ready'", [], |row| row.get(0)).unwrap()
    };
    let before = seen();
    bench.run().await.expect(0);
    assert_eq!((seen(), before), (before, i64::try_from(plan.rows).unwrap()));
    drop(reader);
    plan.heal(&bench, "a long reader").await;
}
