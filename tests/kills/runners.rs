//! Several processes on one database: one works, the others leave without a request; readers are never in the way.

use futures_util::future::{join_all, select_all};

use super::checker::Plan;
use super::process::Process;
use super::{dice, lanes, rounds};
use crate::support::Bench;

/// How often a loser tries again, at most.
const TRIES: usize = 2_000;

/// Whoever is first is held at its first request until all others have left.
#[tokio::test]
async fn of_several_runs_begun_together_one_works() {
    let plan = Plan::new(2, 2).await;
    let dice = dice("runs begun together");
    let starts = lanes(rounds("WXBULK_STARTS", 5), dice, async |round, mut dice| {
        let runners = if round == 0 { 4 } else { dice.usize(2..=8) };
        let story = format!("round {round}: {runners} runs begun together");
        let bench = plan.bench(0).await.env("REQUEST_TIMEOUT_SECONDS", "300");
        bench.sim.add_fault("people_me:hang".parse().unwrap());
        // In every other round they have to make the database as well.
        if round % 2 == 1 {
            bench.wxbulk(&["ingest", "site.csv"]).await.expect(0);
        }
        let mut running: Vec<Process> = (0..runners).map(|_| bench.start()).collect();
        while running.len() > 1 {
            let two_work = bench.sim.when(|journal| journal.len() > 1);
            let ((end, index), _) = tokio::select! {
                () = two_work => panic!("{story}: two runs work"),
                (end, index, others) = select_all(running.iter_mut().map(|run| Box::pin(run.end()))) => ((end, index), others.len()),
            };
            assert_eq!(end.code, Some(15), "{story}\n{end:#?}");
            drop(running.remove(index));
        }
        bench.sim.when(|journal| journal.len() == 1).await;
        running[0].signal("-KILL").await;
        assert_eq!(running[0].end().await.signal, Some(9), "{story}");
        plan.heal(&bench, &story).await;
        runners
    })
    .await;
    println!(
        "runs begun together: {} rounds, {} runs, one worked each time",
        starts.len(),
        starts.iter().sum::<usize>()
    );
}

/// Runs until it did not find the database taken; gives the end and how often it found it taken.
async fn retry(bench: &Bench) -> (super::process::End, usize) {
    for refusals in 0..TRIES {
        let end = bench.start().end().await;
        if end.code != Some(15) {
            return (end, refusals);
        }
    }
    panic!("the database is never free");
}

#[tokio::test]
async fn a_loser_takes_over_from_a_winner_that_is_killed() {
    let plan = Plan::new(4, 4).await;
    let dice = dice("winners killed");
    let refusals = lanes(rounds("WXBULK_TAKEOVERS", 4), dice, async |round, mut dice| {
        let bench = plan.bench(dice.u64(5..=20)).await;
        let winner = bench.start();
        bench.sim.when(|journal| !journal.is_empty()).await;
        let requests = dice.usize(1..plan.requests);
        let story = format!("round {round}: the winner killed after {requests} requests");
        let killed = bench.signal_when(winner, "-KILL", |journal| journal.len() >= requests);
        let (killed, losers) = tokio::join!(killed, join_all([retry(&bench), retry(&bench)]));
        assert_eq!(killed.signal, Some(9), "{story}\n{killed:#?}");
        let mut refusals = 0;
        for (end, refused) in losers {
            assert_eq!(end.code, Some(0), "{story}\n{end:#?}");
            refusals += refused;
        }
        plan.check(&bench, &story).await;
        refusals
    })
    .await;
    println!("winners killed: {} rounds, {} refusals", refusals.len(), refusals.iter().sum::<usize>());
}

#[tokio::test]
async fn exports_and_status_go_on_during_a_run_and_disturb_nothing() {
    let plan = Plan::new(8, 4).await;
    let bench = plan.bench(20).await;
    bench.wxbulk(&["ingest", "site.csv"]).await.expect(0);
    let mut run = bench.start();
    let mut asked = 0;
    while !run.has_ended() {
        let questions: [&[&str]; 4] = [&["export"], &["status", "--json"], &["export"], &["status"]];
        for ran in join_all(questions.map(|question| bench.wxbulk(question))).await {
            ran.expect(0);
            asked += 1;
        }
    }
    let end = run.end().await.expect(0);
    assert!(!end.stderr.contains("export.failed") && !end.stdout.contains("left alone"), "{end:#?}");
    plan.check(&bench, "asked all the time").await;
    println!("asked during a run: {asked} exports and status reports");
}
