//! Pending rows go back after a fix, and a run can be asked for a part of the job.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use crate::support::{Bench, Csv, site};
use wxbulk::sim::{Fault, Operation, OrgSeed, PROFESSIONAL, SimConfig};

/// Two sites with two people each.
fn two_sites() -> Csv {
    Csv::new()
        .location("Madrid")
        .cell("location_external_id", "MAD-01")
        .location("Sevilla")
        .person("ana@example.com", "MAD-01", "1001")
        .person("eva@example.com", "MAD-01", "1002")
        .person("leo@example.com", "Sevilla", "1001")
        .person("mia@example.com", "Sevilla", "1002")
}

fn in_state(bench: &Bench, state: &str) -> i64 {
    bench.count(&format!("SELECT count(*) FROM rows WHERE state = '{state}'"))
}

/// A job of which one user is refused; the fault is gone when this returns.
async fn one_refused() -> Bench {
    let bench = Bench::new(&two_sites()).await;
    bench.sim.add_fault(Fault::on(Operation::LicensesUsersPatch).key("leo@example.com").status(403));
    bench.run().await.expect(3);
    bench.sim.clear_faults();
    bench
}

#[tokio::test]
async fn rows_return_by_reason_with_those_they_block_and_only_they_run_again() {
    let bench = one_refused().await;
    assert_eq!(in_state(&bench, "pending"), 2);
    let calls = bench.writes().len();

    let told = bench.wxbulk(&["requeue", "--reason", "permission_denied", "--yes"]).await.expect(0);
    assert!(
        told.stdout.contains("permission_denied") && told.stderr.contains("2 rows are ready"),
        "{}",
        told.text()
    );
    bench.wxbulk(&["run"]).await.expect(0);
    assert_eq!(bench.writes().len(), calls + 1);
    assert_eq!(bench.count("SELECT count(*) FROM history WHERE entity_key = 'leo@example.com'"), 2);
    bench.check_invariants();
}

#[tokio::test]
async fn each_filter_means_its_rows_and_no_other() {
    let bench = one_refused().await;
    let user = bench.row("user", "leo@example.com").row_id.to_string();
    let cases: [(&[&str], i64); 8] = [
        (&["--reason", "retry_exhausted"], 0),
        (&["--phase", "3"], 1),
        (&["--row", &user], 2),
        (&["--location", "Sevilla"], 2),
        (&["--location", "MAD-01"], 0),
        (&["--where", "http_status = 403"], 2),
        (&["--reason", "permission_denied", "--phase", "1"], 0),
        (&["--all"], 2),
    ];
    for (filter, rows) in cases {
        let bench = one_refused().await;
        let arguments: Vec<&str> = ["requeue", "--yes"].into_iter().chain(filter.iter().copied()).collect();
        bench.wxbulk(&arguments).await.expect(0);
        assert_eq!(in_state(&bench, "ready"), rows, "{filter:?}");
    }
}

#[tokio::test]
async fn requeue_asks_for_a_filter_and_a_yes_and_takes_no_nonsense() {
    let bench = one_refused().await;
    for arguments in [
        &["requeue", "--yes"][..],
        &["requeue", "--all", "--phase", "2", "--yes"],
        &["requeue", "--all"],
        &["requeue", "--reason", "bad_luck"],
        &["requeue", "--location", "Nowhere", "--yes"],
        &["requeue", "--where", "no_column = 1", "--yes"],
        &["requeue", "--where", "1); DELETE FROM inputs; --", "--yes"],
    ] {
        bench.wxbulk(arguments).await.expect(2);
        assert_eq!(in_state(&bench, "pending"), 2, "{arguments:?}");
    }
}

#[tokio::test]
async fn retry_pending_takes_up_every_pending_row() {
    let bench = one_refused().await;
    bench.wxbulk(&["run", "--retry-pending"]).await.expect(0);
    assert_eq!(in_state(&bench, "success"), 10);
}

#[tokio::test]
async fn retry_pending_keeps_every_reason_when_the_start_up_checks_fail() {
    let bench = one_refused().await;
    bench.sim.add_fault("people_me:status=401".parse().unwrap());
    bench.wxbulk(&["run", "--retry-pending"]).await.expect(11);
    bench.sim.clear_faults();
    let other = bench.database().query_row("SELECT org_id FROM binding", [], |row| row.get::<_, String>(0));
    let bench = bench.env("WEBEX_ORG_ID", &format!("{}X", other.unwrap()));
    bench.wxbulk(&["run", "--retry-pending"]).await.expect(10);
    bench.row("user", "leo@example.com").expect_pending("permission_denied", "user_enable_calling");
    assert_eq!(in_state(&bench, "pending"), 2);
}

#[tokio::test]
async fn retry_pending_stays_within_the_selection() {
    for (selection, ready_or_done) in [
        (&["--location", "MAD-01"][..], 0),
        (&["--phase", "1"], 0),
        (&["--phase", "2", "--location", "madrid"], 0),
        // Its assignment is blocked by it, but belongs to another phase.
        (&["--phase", "2"], 1),
        (&["--location", "Sevilla"], 2),
    ] {
        let bench = one_refused().await;
        let arguments: Vec<&str> =
            ["run", "--retry-pending"].into_iter().chain(selection.iter().copied()).collect();
        let ran = bench.wxbulk(&arguments).await.expect(if ready_or_done == 2 { 0 } else { 3 });
        assert_eq!(in_state(&bench, "pending"), 2 - ready_or_done, "{selection:?}");
        assert_eq!(in_state(&bench, "success"), 8 + ready_or_done, "{selection:?}");
        let told = format!("{ready_or_done} pending rows were made ready again");
        assert_eq!(ran.stdout.contains(&told), ready_or_done > 0, "{selection:?}: {}", ran.text());
    }
}

#[tokio::test]
async fn one_location_first_and_the_rest_stays_ready() {
    let bench = Bench::new(&two_sites()).await;
    bench.wxbulk(&["run", "site.csv", "--location", "madrid"]).await.expect(4);
    assert_eq!((in_state(&bench, "success"), in_state(&bench, "ready")), (5, 5));
    assert!(bench.sim.org().locations_named("Sevilla").is_empty());
    bench.wxbulk(&["run"]).await.expect(0);
}

#[tokio::test]
async fn a_phase_alone_leaves_rows_whose_prerequisite_is_still_ready() {
    let bench = Bench::new(&two_sites()).await;
    for phase in ["3", "2"] {
        bench.wxbulk(&["run", "site.csv", "--phase", phase]).await.expect(4);
        assert_eq!((in_state(&bench, "ready"), bench.writes().len()), (10, 0), "phase {phase}");
    }
    bench.wxbulk(&["run", "--phase", "1"]).await.expect(4);
    bench.wxbulk(&["run", "--phase", "2"]).await.expect(4);
    assert_eq!(in_state(&bench, "success"), 6);
    bench.wxbulk(&["run", "--phase", "3"]).await.expect(0);
}

#[tokio::test]
async fn a_limit_counts_the_rows_of_each_phase() {
    let bench = Bench::new(&two_sites()).await;
    bench.wxbulk(&["run", "site.csv", "--limit", "1"]).await.expect(4);
    assert_eq!(bench.count("SELECT count(DISTINCT phase) FROM rows WHERE state = 'success'"), 3);
    assert_eq!(in_state(&bench, "success"), 3);
    bench.wxbulk(&["run"]).await.expect(0);
}

#[tokio::test]
async fn ready_rows_outweigh_pending_ones_in_the_exit_code() {
    let csv = site(2);
    let org = OrgSeed::with_people(csv.emails()).units(PROFESSIONAL, 0);
    let bench = Bench::with(&csv, SimConfig::with_org(org)).await;
    bench.wxbulk(&["run", "site.csv", "--limit", "1"]).await.expect(4);
    assert!(in_state(&bench, "pending") > 0);
    bench.wxbulk(&["run", "--until", "25:00"]).await.expect(2);
}
