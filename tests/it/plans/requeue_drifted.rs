//! `requeue --drifted`, the view that it reads, and how long the finding of a check counts.

use super::*;

async fn done() -> Bench {
    let bench = Bench::new(&two_sites()).await;
    bench.wxbulk(&["run", "site.csv"]).await.expect(0);
    bench
}

/// A row of each person phase that has drifted or is gone, at each site, and one of which Webex did not tell.
async fn drifted() -> Bench {
    let bench = done().await;
    let others = vec![
        checked(3, Verdict::Drifted, vec![difference("call_waiting_enabled", "false", "true")], None),
        checked(7, Verdict::Missing, Vec::new(), Some("the calling licence was taken away")),
        checked(
            8,
            Verdict::Drifted,
            vec![difference("extension", "1100", "1001"), difference("number", "", "+34910000001")],
            None,
        ),
        checked(9, Verdict::Unknown, Vec::new(), Some("no answer")),
    ];
    bench.keep_checks(&everywhere(), &checks_of(12, others), true);
    bench
}

fn in_drift(bench: &Bench) -> Vec<(u32, Option<String>, String)> {
    let database = bench.database();
    let mut statement =
        database.prepare("SELECT row_id, field, verdict FROM drift ORDER BY row_id, field").unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

fn ready(bench: &Bench) -> Vec<u32> {
    let database = bench.database();
    let mut statement =
        database.prepare("SELECT row_id FROM rows WHERE state = 'ready' ORDER BY row_id").unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

#[tokio::test]
async fn the_view_tells_what_the_last_check_found_changed_or_gone() {
    let bench = drifted().await;
    let of =
        |row: u32, field: Option<&str>, verdict: &str| (row, field.map(str::to_owned), verdict.to_owned());
    let wanted = [
        of(3, Some("call_waiting_enabled"), "drifted"),
        of(7, None, "missing"),
        of(8, Some("extension"), "drifted"),
        of(8, Some("number"), "drifted"),
    ];
    assert_eq!(in_drift(&bench), wanted);
    // A later check of some rows replaces what was said of these, and of no others.
    let later =
        [checked(8, Verdict::InPlace, Vec::new(), None), checked(3, Verdict::Unknown, Vec::new(), None)];
    bench.keep_checks(&everywhere(), &later, true);
    assert_eq!(in_drift(&bench), [of(7, None, "missing")]);
    assert_eq!(bench.count("SELECT count(*) FROM check_differences"), 0);
}

#[tokio::test]
async fn a_check_is_of_a_row_that_is_a_success() {
    let bench = Bench::new(&two_sites()).await;
    bench.wxbulk(&["ingest", "site.csv"]).await.expect(0);
    let check = checked(1, Verdict::InPlace, Vec::new(), None);
    let kept = bench.store().write(|connection| store::keep_checked(connection, &check));
    assert!(matches!(kept, Err(store::StoreError::Invariant(what)) if what.contains("row 1")));
}

#[tokio::test]
async fn drifted_rows_go_back_are_worked_and_drifted_no_more() {
    let bench = drifted().await;
    let before = bench.writes().len();
    let told = bench.wxbulk(&["requeue", "--drifted", "--yes"]).await.expect(0);
    assert!(told.stdout.contains("drifted") && told.stdout.contains("missing"), "{}", told.text());
    assert!(told.stderr.contains("3 rows are ready again"), "{}", told.text());
    assert_eq!(ready(&bench), [3, 7, 8]);
    assert_eq!(in_drift(&bench), []);
    assert_eq!(bench.count("SELECT count(*) FROM checks"), 9);
    bench.wxbulk(&["run"]).await.expect(0);
    assert_eq!(bench.writes().len(), before, "nothing had really drifted");
    assert_eq!(in_drift(&bench), []);
    assert_eq!(bench.count("SELECT count(*) FROM history WHERE row_id = 3"), 2);
    bench.check_invariants();
}

#[tokio::test]
async fn a_location_or_a_phase_narrows_it_and_nothing_else_goes_with_it() {
    for (options, rows) in [
        (&["--location", "MAD-01"][..], &[3_u32][..]),
        (&["--phase", "3"], &[8]),
        (&["--location", "La Palma", "--phase", "2"], &[7]),
        (&["--phase", "1"], &[]),
    ] {
        let bench = drifted().await;
        bench.wxbulk(&[&["requeue", "--drifted", "--yes"], options].concat()).await.expect(0);
        assert_eq!(ready(&bench), rows, "{options:?}");
    }
    let bench = drifted().await;
    for options in [&["--reason", "user_not_found"][..], &["--row", "3"], &["--where", "1"], &["--all"]] {
        bench.wxbulk(&[&["requeue", "--drifted", "--yes"], options].concat()).await.expect(2);
    }
    // Nobody can be asked here.
    bench.wxbulk(&["requeue", "--drifted"]).await.expect(2);
    assert_eq!(ready(&bench), [0_u32; 0]);
}

#[tokio::test]
async fn rows_that_were_blocked_by_a_drifted_one_come_along() {
    let bench = drifted().await;
    let blocked = "UPDATE rows SET state = 'ready' WHERE row_id = 4;
        UPDATE rows SET state = 'running' WHERE row_id = 4;
        UPDATE rows SET state = 'pending', reason = 'precondition_missing', cause = 'precondition_missing', blocked_by = 3
        WHERE row_id = 4;";
    let raw = Connection::open(bench.output().join("wxbulk.db")).unwrap();
    raw.execute_batch(blocked).unwrap();
    bench.wxbulk(&["requeue", "--drifted", "--location", "MAD-01", "--yes"]).await.expect(0);
    assert_eq!(ready(&bench), [3, 4]);
}

#[tokio::test]
async fn without_drift_it_says_how_to_look() {
    let bench = done().await;
    let told = bench.wxbulk(&["requeue", "--drifted", "--yes"]).await.expect(0);
    assert!(told.stdout.contains("wxbulk verify"), "{}", told.text());
    // Other filters never mean rows that are done.
    let bench = drifted().await;
    bench.wxbulk(&["requeue", "--all", "--yes"]).await.expect(0);
    bench.wxbulk(&["requeue", "--row", "3", "--yes"]).await.expect(0);
    assert_eq!(ready(&bench), [0_u32; 0]);
}

#[tokio::test]
async fn a_row_that_an_amended_file_changes_is_not_judged_by_its_old_check() {
    let bench = drifted().await;
    bench.write_csv(&two_sites().cell("extension", "1009").text());
    bench.keep_checks(&everywhere(), &[checked(12, Verdict::Missing, Vec::new(), Some("gone"))], true);
    bench.wxbulk(&["ingest", "site.csv", "--amend"]).await.expect(0);
    assert_eq!(ready(&bench), [12]);
    assert!(!in_drift(&bench).iter().any(|(row, _, _)| *row == 12));
}
