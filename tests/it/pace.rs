//! What a run learns of Webex's limit: kept in the database, shown by `status`, taken up by the next run.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "helpers of tests")]

use std::process::{Command, Stdio};

use crate::support::{Bench, Csv, site};
use serde_json::Value;
use wxbulk::sim::{OrgSeed, RateLimit, SimConfig};

/// A bench whose Webex lets so many requests a second through, after a burst of two.
async fn limited(csv: &Csv, per_second: f64) -> Bench {
    let limit = RateLimit::TokenBucket { per_second, burst: 2, retry_after: Some(0) };
    let config = SimConfig { rate: Some(limit), ..SimConfig::with_org(OrgSeed::with_people(csv.emails())) };
    Bench::with(csv, config).await.env("MAX_RATE_LIMIT_WAITS", "1000")
}

async fn pace(bench: &Bench) -> Value {
    let told = bench.wxbulk(&["status", "--json"]).await.expect(0);
    serde_json::from_str::<Value>(&told.stdout).expect("JSON")["pace"].clone()
}

/// As if an earlier run had learnt this, so long ago.
fn learnt(bench: &Bench, per_second: u32, ago: &str) {
    let database = rusqlite::Connection::open(bench.output().join("wxbulk.db")).unwrap();
    database
        .execute(
            "INSERT OR REPLACE INTO pace (only_one, per_second, requests, refused, updated_at)
             VALUES (1, ?1, 100, 5, strftime('%Y-%m-%dT%H:%M:%fZ', 'now', ?2))",
            (per_second, ago),
        )
        .unwrap();
}

#[tokio::test]
async fn the_rate_and_the_share_of_refusals_are_kept_and_shown() {
    let bench = limited(&site(120), 30.0).await;
    bench.run().await.expect(0);

    let pace = pace(&bench).await;
    assert!(pace["per_second"].as_f64().unwrap() > 0.0, "{pace}");
    let sent = bench.sim.journal();
    let refused = sent.iter().filter(|call| call.replied == Some(429)).count();
    assert_eq!((&pace["requests"], &pace["refused"]), (&sent.len().into(), &refused.into()));
    let told = bench.wxbulk(&["status"]).await.expect(0).stdout;
    assert!(told.contains(&format!("{refused} of {} requests refused for pace", sent.len())), "{told}");
}

#[tokio::test]
async fn without_a_limit_no_rate_is_learnt() {
    let bench = Bench::new(&site(2)).await;
    bench.run().await.expect(0);
    assert_eq!(pace(&bench).await["per_second"], Value::Null);
    assert!(bench.wxbulk(&["status"]).await.stdout.contains("no limit met so far"));
}

#[tokio::test]
async fn a_run_begins_with_what_was_learnt_within_the_hour_and_with_nothing_older() {
    // A clock that was set back makes times to come of past ones: how old these are nobody knows.
    for (ago, taken_up) in [
        ("-50 minutes", true),
        ("-70 minutes", false),
        ("+30 seconds", true),
        ("+2 minutes", false),
        ("+3650 days", false),
        ("-3650 days", false),
    ] {
        let bench = Bench::new(&site(2)).await;
        let csv = bench.csv_path().display().to_string();
        bench.wxbulk(&["ingest", &csv]).await.expect(0);
        learnt(&bench, 200, ago);
        let ran = bench.wxbulk(&["run"]).await.expect(0);
        assert_eq!(ran.stderr.contains("pace.forgotten"), !taken_up, "{ago}: {}", ran.stderr);
        let rate = pace(&bench).await["per_second"].as_f64();
        assert_eq!(rate.is_some_and(|rate| rate >= 200.0), taken_up, "{ago}: {rate:?}");
    }
}

#[tokio::test]
async fn while_everybody_waits_status_says_until_when() {
    let bench = Bench::new(&site(2)).await.env("STRICT_RETRY_AFTER", "true");
    bench.sim.add_fault("licenses_users_patch:status=429,retry_after=299".parse().unwrap());
    let csv = bench.csv_path().display().to_string();
    let run = bench.command(&["run", &csv]).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let mut run = run.expect("it starts");
    bench.sim.when(|journal| journal.iter().any(|call| call.replied == Some(429))).await;
    // It is kept soon after, while the run goes on and no batch has ended.
    let mut shown = false;
    for _ in 0..200 {
        shown = pace(&bench).await["waiting_until"].is_string();
        if shown {
            break;
        }
    }
    assert!(shown);
    assert!(bench.wxbulk(&["status"]).await.stdout.contains("waiting until 20"));

    assert!(Command::new("kill").args(["-TERM", &run.id().to_string()]).status().unwrap().success());
    let ended = tokio::task::spawn_blocking(move || run.wait()).await.unwrap().unwrap();
    assert_eq!(ended.code(), Some(143));
    bench.check_invariants();
}
