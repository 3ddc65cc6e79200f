//! What a job may cost (performance targets A1, A2, B3), counted from the simulator's journal on a file of a hundredth
//! of the canonical size. Bounds are formulas in the rows of the file: nothing here depends on time.

use std::collections::BTreeMap;

use crate::support::{Bench, Csv};
use wxbulk::sim::{Exchange, Operation, OrgSeed, RateLimit, SimConfig};

const SITES: usize = 2;
const USERS: usize = 100;

/// What must be written: each location created and enabled, each person given calling.
const WRITES: usize = 2 * SITES + USERS;

/// Start-up checks, and the pages of the lists that each of three phases reads: independent of the rows up to a page.
const LISTS: usize = 40;

/// Extensions are asked about a site at a time, a hundred in one request, before any is given.
const EXTENSIONS: usize = 2 * SITES;

fn sites() -> Csv {
    let csv = (0..SITES).fold(Csv::new(), |csv, site| csv.location(&format!("Sede {site}")));
    (0..USERS).fold(csv, |csv, user| {
        let (site, extension) = (format!("Sede {}", user % SITES), format!("{}", 1_000 + user / SITES));
        csv.person(&format!("u{user}@example.com"), &site, &extension)
    })
}

/// The operations of the most requests, for the message of a test that fails.
fn by_operation(journal: &[Exchange]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for exchange in journal {
        *counts.entry(exchange.operation.to_string()).or_insert(0) += 1;
    }
    counts
}

#[tokio::test]
async fn a1_a_first_run_costs_its_writes_a_look_up_a_create_and_pages() {
    let bench = Bench::new(&sites()).await;
    bench.run().await.expect(0);
    let journal = bench.sim.journal();
    assert_eq!(bench.writes().iter().filter(|call| call.applied).count(), WRITES);
    let bound = WRITES + SITES + EXTENSIONS + LISTS;
    assert!(
        journal.len() <= bound,
        "{} requests, {bound} allowed: {:?}",
        journal.len(),
        by_operation(&journal)
    );
    bench.check_invariants();
}

#[tokio::test]
async fn a1_more_batches_cost_no_more_requests() {
    let bench = Bench::new(&sites()).await.env("BATCH_SIZE", "10");
    bench.run().await.expect(0);
    let asked = bench.calls(Operation::ValidateExtensions).len();
    assert!(asked <= EXTENSIONS, "{asked} requests, {EXTENSIONS} allowed");
}

#[tokio::test]
async fn a2_a_second_run_from_a_new_database_costs_pages_and_writes_nothing() {
    let bench = Bench::new(&sites()).await;
    bench.run().await.expect(0);
    let first = bench.sim.journal().len();
    let csv = bench.csv_path().display().to_string();
    bench.wxbulk(&["run", &csv, "--output-dir", "another"]).await.expect(0);
    let journal = bench.sim.journal().split_off(first);
    assert!(journal.iter().all(|call| call.method == "GET"), "{:?}", by_operation(&journal));
    println!("{} requests, {LISTS} allowed", journal.len());
    assert!(journal.len() <= LISTS, "{} requests: {:?}", journal.len(), by_operation(&journal));
}

#[tokio::test]
async fn b3_a_storm_of_refusals_loses_no_row_and_writes_nothing_twice() {
    let limit = RateLimit::TokenBucket { per_second: 200.0, burst: 2, retry_after: Some(0) };
    let csv = sites();
    let config = SimConfig { rate: Some(limit), ..SimConfig::with_org(OrgSeed::with_people(csv.emails())) };
    let bench = Bench::with(&csv, config).await.env("MAX_RETRIES", "0").env("MAX_CONCURRENCY", "64");
    // A tenth of the default: a server that asks for no wait at all is not asked again at once.
    let bench = bench.env("BACKOFF_BASE_SECONDS", "0.05");
    bench.run().await.expect(0);
    assert!(bench.sim.journal().iter().any(|call| call.replied == Some(429)), "it was refused at all");
    assert_eq!(bench.count("SELECT count(*) FROM rows WHERE state != 'success'"), 0);
    let licences = bench.calls(Operation::LicensesUsersPatch);
    assert_eq!(licences.iter().filter(|call| call.applied).count(), USERS);
    bench.check_invariants();
}

#[tokio::test]
async fn d5_status_reads_counts_and_not_the_rows() {
    let bench = Bench::new(&sites()).await;
    bench.run().await.expect(0);
    let status = bench.wxbulk(&["status", "--json"]).await.expect(0);
    let status: serde_json::Value = serde_json::from_str(&status.stdout).unwrap();
    let told = (&status["run"]["rows_finished"], &status["run"]["rows_last_minute"], &status["sites_done"]);
    assert_eq!(told, (&(SITES + 2 * USERS).into(), &(SITES + 2 * USERS).into(), &SITES.into()));
    let database = bench.database();
    for phase in status["phases"].as_array().unwrap() {
        let (number, total) = (phase["phase"].as_i64().unwrap(), phase["total"].as_i64().unwrap());
        let said = format!(
            "SELECT count(*) FROM progress WHERE phase = {number} AND total = {total} AND success = {} AND ready = {}",
            phase["success"], phase["ready"]
        );
        assert_eq!(bench.count(&said), 1, "the view says otherwise than status: {phase}");
    }
    for (view, rows_read) in [("progress", None), ("sites", None), ("reasons", Some("troubled"))] {
        let mut statement = database.prepare(&format!("EXPLAIN QUERY PLAN SELECT * FROM {view}")).unwrap();
        let plan: Vec<String> =
            statement.query_map([], |row| row.get(3)).unwrap().map(Result::unwrap).collect();
        let scans: Vec<&String> = plan.iter().filter(|line| line.starts_with("SCAN rows")).collect();
        let allowed =
            |line: &&String| rows_read.is_some_and(|index| line.contains(&format!("INDEX {index}")));
        assert!(scans.iter().all(allowed), "{view} scans: {plan:#?}");
    }
}

/// What a plan and a verification cost: the start-up checks and the pages of lists, of which there are few at this size.
/// There are as many sites as a plan may cost requests, so that one for each of them, or for each person, would show.
const PLAN: usize = 60;
const VERIFICATION: usize = 130;

fn many_sites() -> Csv {
    let csv = (0..PLAN).fold(Csv::new(), |csv, site| csv.location(&format!("Sede {site}")));
    (0..VERIFICATION).fold(csv, |csv, user| {
        let (site, extension) = (format!("Sede {}", user % PLAN), format!("{}", 1_000 + user / PLAN));
        csv.person(&format!("u{user}@example.com"), &site, &extension)
    })
}

#[tokio::test]
async fn a_plan_and_a_verification_cost_pages_and_not_rows() {
    let bench = Bench::new(&many_sites()).await;
    bench.wxbulk(&["plan", "site.csv"]).await.expect(0);
    let plan = bench.sim.journal();
    assert!(bench.writes().is_empty());
    println!("{} requests, {PLAN} allowed", plan.len());
    assert!(plan.len() <= PLAN, "{} requests: {:?}", plan.len(), by_operation(&plan));
    bench.wxbulk(&["run"]).await.expect(0);
    let first = bench.sim.journal().len();
    bench.wxbulk(&["verify"]).await.expect(0);
    let verification = bench.sim.journal().split_off(first);
    println!("{} requests, {VERIFICATION} allowed", verification.len());
    let requests = by_operation(&verification);
    assert!(verification.len() <= VERIFICATION, "{} requests: {requests:?}", verification.len());
}
