//! Limits bound what they say: requests in flight, the share of hopeless rows, units of licences in row order.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "helpers of tests")]

use std::time::Duration;

use crate::support::{Bench, Csv, site};
use wxbulk::sim::{
    Exchange, Fault, LocationSeed, Operation, OrgSeed, PROFESSIONAL, PersonSeed, Pstn, SimConfig,
};

/// The most requests that were certainly in flight at once, when each takes at least this long.
fn most_in_flight(journal: &[Exchange], each: Duration) -> usize {
    let times: Vec<u64> = journal.iter().map(|call| call.at_ms).collect();
    let window = u64::try_from(each.as_millis()).unwrap();
    let together = |from: u64| times.iter().filter(|at| (from..from + window).contains(at)).count();
    times.iter().map(|from| together(*from)).max().unwrap_or_default()
}

/// Start-up checks and lists are read side by side, rows wait for one another: none of it exceeds the limit.
#[tokio::test]
async fn no_more_requests_are_in_flight_than_max_concurrency_says() {
    let csv = site(12);
    let latency = Duration::from_millis(60);
    for limit in [1, 3] {
        let config = SimConfig { latency, ..SimConfig::with_org(OrgSeed::with_people(csv.emails())) };
        let bench = Bench::with(&csv, config).await.env("MAX_CONCURRENCY", &limit.to_string());
        bench.run().await.expect(0);
        // A journal's millisecond is rounded down.
        let most = most_in_flight(&bench.sim.journal(), latency - Duration::from_millis(2));
        assert!(most <= limit, "{most} at once with MAX_CONCURRENCY={limit}");
        bench.check_invariants();
    }
}

/// Ten people whose licence Webex will not give (403), and ten whom it need not be asked for.
fn half_of_them_refused(csv: &Csv) -> SimConfig {
    let done = (10..20).map(|number| {
        PersonSeed::new(format!("u{number}@example.com")).calling("Madrid", (1000 + number).to_string())
    });
    let missing = (0..10).map(|number| PersonSeed::new(format!("u{number}@example.com")));
    assert_eq!(csv.emails().len(), 20);
    let org = done.chain(missing).fold(OrgSeed::default(), OrgSeed::person);
    SimConfig::with_org(org.location(LocationSeed::calling("Madrid")))
        .fault(Fault::on(Operation::LicensesUsersPatch).status(403))
}

#[tokio::test]
async fn rows_that_asked_for_nothing_do_not_dilute_the_share_of_the_breaker() {
    let csv = site(20);
    let bench = Bench::with(&csv, half_of_them_refused(&csv)).await;
    let ran = bench.run().await.expect(16);
    assert!(ran.stdout.contains("circuit breaker: 10 of 10 rows"), "{}", ran.stdout);
    assert_eq!(bench.count("SELECT count(*) FROM rows WHERE phase = 2 AND state = 'success'"), 10);
    bench.check_invariants();
}

/// Three of twelve rows fail, in a batch that is taken up again in small claims: each end counts once.
#[tokio::test]
async fn a_batch_that_is_taken_up_in_parts_counts_each_row_once() {
    let csv = site(24);
    let bench = Bench::with(&csv, SimConfig::with_org(OrgSeed::with_people(csv.emails()))).await;
    for number in 0..10 {
        let email = format!("u{number}@example.com");
        bench.sim.add_fault(Fault::on(Operation::LicensesUsersPatch).key(email).status(409));
    }
    // The first ten are refused, then the token dies: the other fourteen are left of the batch.
    let bench = bench.env("MAX_CONCURRENCY", "1").env("CIRCUIT_BREAKER_THRESHOLD", "0.6");
    let csv = bench.csv_path().display().to_string();
    let mut child = bench.command(&["run", &csv]).spawn().unwrap();
    bench.sim.when(|journal| refused(journal) == 10).await;
    bench.sim.set_token(Some("another-token-altogether".to_owned()));
    assert_eq!(tokio::task::spawn_blocking(move || child.wait()).await.unwrap().unwrap().code(), Some(16));
    bench.sim.set_token(Some(crate::support::TOKEN.to_owned()));

    let ran = bench.env("BATCH_SIZE", "2");
    let end = ran.wxbulk(&["run"]).await.expect(3);
    assert!(!end.stdout.contains("circuit breaker"), "{}", end.stdout);
    let given = ran.count("SELECT count(*) FROM rows WHERE phase = 2 AND state = 'success'");
    assert!((13..=14).contains(&given), "{given}");
    ran.check_invariants();
}

fn refused(journal: &[Exchange]) -> usize {
    let patches = journal.iter().filter(|call| call.operation == Operation::LicensesUsersPatch);
    patches.filter(|call| call.replied == Some(409)).count()
}

/// What is added to a location stays there: nobody's number is, for whom no unit is left.
#[tokio::test]
async fn a_number_is_added_only_for_who_has_a_unit() {
    let csv = Csv::new()
        .person("ana@example.com", "Madrid", "1001")
        .cell("phone_number", "+34910000001")
        .person("eva@example.com", "Madrid", "1002")
        .cell("phone_number", "+34910000002");
    let org = OrgSeed::with_people(csv.emails()).units(PROFESSIONAL, 1);
    let org = org.location(LocationSeed::calling("Madrid").pstn(Pstn::LocalGateway));
    let bench = Bench::with(&csv, SimConfig::with_org(org)).await;
    bench.run().await.expect(3);
    bench.row("user", "ana@example.com").expect_success();
    bench.row("user", "eva@example.com").expect_pending("precondition_missing", "user_enable_calling");
    let added: Vec<_> = bench.calls(Operation::NumbersAdd).into_iter().filter_map(|call| call.body).collect();
    assert!(added.iter().all(|body| !body.to_string().contains("+34910000002")), "{added:?}");
    bench.check_invariants();
}

/// A number that cannot be added costs its row the unit, and the next row in order has it.
#[tokio::test]
async fn a_unit_that_a_row_cannot_use_serves_the_next() {
    let csv = Csv::new()
        .person("ana@example.com", "Madrid", "1001")
        .cell("phone_number", "+34910000001")
        .person("eva@example.com", "Madrid", "1002");
    let org = OrgSeed::with_people(csv.emails()).units(PROFESSIONAL, 1);
    let bench = Bench::with(&csv, SimConfig::with_org(org.location(LocationSeed::calling("Madrid")))).await;
    bench.run().await.expect(3);
    bench.row("user", "ana@example.com").expect_pending("precondition_missing", "number_add");
    bench.row("user", "eva@example.com").expect_success();
}
