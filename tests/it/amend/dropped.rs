//! Rows taken out of the job on purpose: kept, never worked, open nowhere, and what depends on them says so.

use super::{amend, misspelt_run, rows, state};
use crate::support::{Bench, Csv, Ran, site};
use wxbulk::sim::{LocationSeed, OrgSeed, PersonSeed, SimConfig};

async fn taken_in(csv: &Csv, code: i32) -> Bench {
    let bench = Bench::new(csv).await;
    let path = bench.csv_path().display().to_string();
    bench.wxbulk(&["ingest", &path]).await.expect(code);
    bench
}

async fn dropped(bench: &Bench, rows: &[u32]) -> Ran {
    let rows: Vec<String> = rows.iter().map(u32::to_string).collect();
    let mut arguments = vec!["drop", "--yes"];
    for row in &rows {
        arguments.extend(["--row", row]);
    }
    bench.wxbulk(&arguments).await
}

fn message(bench: &Bench, row_id: u32) -> String {
    let sql = format!("SELECT coalesce(message, '') FROM rows WHERE row_id = {row_id}");
    bench.database().query_row(&sql, [], |row| row.get(0)).expect("a row")
}

/// Two people; the one of rows 2 and 3 never comes, and row 6 is no row at all.
fn with_a_stranger() -> Csv {
    Csv::new()
        .location("Madrid")
        .person("aan@example.com", "Madrid", "1001")
        .person("eva@example.com", "Madrid", "1002")
        .row("user")
        .cell("email", "no address")
        .cell("location_key", "Madrid")
}

#[tokio::test]
async fn a_job_whose_other_rows_are_done_is_done() {
    let people = OrgSeed::with_people(["eva@example.com"]);
    let bench = Bench::with(&with_a_stranger(), SimConfig::with_org(people)).await;
    bench.run().await.expect(3);
    let told = dropped(&bench, &[2, 3]).await.expect(0);
    assert!(
        told.stdout.contains("row 2 aan@example.com (line 3): pending, user_not_found\n"),
        "{}",
        told.stdout
    );
    let told = bench.wxbulk(&["drop", "--rejected", "--yes"]).await.expect(0);
    assert!(told.stdout.contains("row 6"), "{}", told.stdout);
    let told = bench.wxbulk(&["run"]).await.expect(0);
    assert!(told.stdout.contains("dropped on purpose: 3"), "{}", told.stdout);
    assert!(told.stderr.contains("next: nothing, every row is done"), "{}", told.stderr);

    let status = bench.wxbulk(&["status"]).await.expect(0).stdout;
    assert!(status.contains("sites complete: 1 of 1    rows dropped on purpose: 3"), "{status}");
    let status = bench.wxbulk(&["status", "--json"]).await.expect(0).stdout;
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    assert_eq!(
        (&status["dropped"], &status["rejected"], &status["reasons"]),
        (&3.into(), &0.into(), &serde_json::json!([]))
    );
    assert_eq!((&status["phases"][1]["total"], &status["phases"][1]["dropped"]), (&1.into(), &2.into()));
    assert_eq!(bench.count("SELECT total * 10 + dropped FROM progress WHERE phase = 2"), 12);
    assert_eq!(bench.count("SELECT total - success FROM sites"), 0);
    assert_eq!(bench.count("SELECT count(*) FROM history WHERE row_id = 2"), 1, "its history stays");
    bench.check_invariants();
}

#[tokio::test]
async fn the_files_tell_of_a_dropped_row_once() {
    let bench =
        Bench::with(&with_a_stranger(), SimConfig::with_org(OrgSeed::with_people(["eva@example.com"]))).await;
    bench.run().await.expect(3);
    dropped(&bench, &[2, 3, 6]).await.expect(0);
    for name in ["pending_rows.csv", "rejected_rows.csv"] {
        assert_eq!(bench.file(name).lines().count(), 1, "{name}");
    }
    assert!(!bench.file("ready_to_load.csv").contains("aan@example.com"));
    let results = bench.file("results.csv");
    assert_eq!(results.matches(",dropped,").count(), 3, "{results}");
    assert!(
        results.contains("dropped on purpose; it was pending (user_not_found): nobody in Webex has"),
        "{results}"
    );
    let checkpoint: serde_json::Value = serde_json::from_str(&bench.file("checkpoint.json")).unwrap();
    assert_eq!((&checkpoint["phase"], &checkpoint["last_row_id"]), (&3.into(), &5.into()));
}

#[tokio::test]
async fn what_is_done_or_not_there_is_not_dropped_and_nothing_else_with_it() {
    let bench = misspelt_run().await;
    let told = dropped(&bench, &[2, 4, 99]).await.expect(2);
    assert!(told.stderr.contains("there is no row 99, row 4 is success;"), "{}", told.stderr);
    assert_eq!(state(&bench, 2), "pending");
    let told = bench.wxbulk(&["drop", "--row", "2"]).await.expect(2);
    assert!(told.stderr.contains("with --yes these rows are dropped"), "{}", told.stderr);
    assert_eq!(state(&bench, 2), "pending");
    for arguments in [vec!["drop"], vec!["drop", "--row", "2", "--rejected"]] {
        bench.wxbulk(&arguments).await.expect(2);
    }
    dropped(&bench, &[2]).await.expect(0);
    let told = dropped(&bench, &[2]).await.expect(0);
    assert!(told.stdout.contains("1 rows are dropped already"), "{}", told.stdout);
}

#[tokio::test]
async fn the_keys_of_a_dropped_row_are_free() {
    let bench = taken_in(&site(2), 0).await;
    dropped(&bench, &[3]).await.expect(0);
    assert_eq!(bench.count("SELECT count(*) FROM keys WHERE row_id = 3"), 0);
    let text = "entity_type,email,location_key,extension\nextension_assignment,leo@example.com,Madrid,1000\n";
    let told = amend(&bench, text, &[]).await.expect(0);
    assert!(told.stdout.contains("0 changed, 1 new"), "nobody else's row is meant: {}", told.stdout);
    assert_eq!([3, 6].map(|row| state(&bench, row)), ["dropped", "ready"]);
    let again = amend(&bench, site(2).text(), &[]).await.expect(0);
    assert!(again.stdout.contains("0 changed, 0 new, 5 as they were"), "{}", again.stdout);
}

#[tokio::test]
async fn a_file_that_still_states_a_dropped_row_leaves_it_unless_it_changes_it() {
    let bench = taken_in(&with_a_stranger(), 3).await;
    dropped(&bench, &[1, 2, 3, 6]).await.expect(0);
    for _ in 0..2 {
        let told = amend(&bench, with_a_stranger().text(), &[]).await.expect(0);
        assert!(told.stdout.contains("0 changed, 0 new, 6 as they were"), "{}", told.stdout);
    }
    let changed =
        with_a_stranger().text().replace(",1001\n", ",1003\n").replace("no address", "leo@example.com");
    let changed = changed.replace("28001", "28002");
    let told = amend(&bench, &changed, &[]).await.expect(0);
    assert!(told.stdout.contains("row 3 Madrid/1001 (line 4, by key): dropped -> ready"), "{}", told.stdout);
    assert_eq!([1, 2, 3].map(|row| state(&bench, row)), ["ready", "dropped", "ready"]);
    assert_eq!(bench.count("SELECT count(*) FROM keys WHERE row_id = 3"), 3);
    assert_eq!(rows(&bench), 7, "another address is another row, and that of none stays dropped");
}

#[tokio::test]
async fn a_number_of_an_old_file_finds_its_dropped_row() {
    let bench = misspelt_run().await;
    let file = bench.file("pending_rows.csv");
    dropped(&bench, &[2, 3]).await.expect(0);
    let told = amend(&bench, &file, &["--retry"]).await.expect(0);
    assert!(told.stdout.contains("2 as they were") && told.stdout.contains("0 retried"), "{}", told.stdout);
    amend(&bench, super::corrected_text(&file), &[]).await.expect(0);
    assert_eq!([2, 3].map(|row| state(&bench, row)), ["ready", "ready"]);
    bench.wxbulk(&["run"]).await.expect(0);
}

#[tokio::test]
async fn a_dropped_row_that_is_amended_wrongly_stays_dropped() {
    let bench = misspelt_run().await;
    let file = bench.file("pending_rows.csv");
    dropped(&bench, &[2]).await.expect(0);
    let told = amend(&bench, file.replace("aan@example.com", "no address"), &[]).await.expect(3);
    assert!(told.stdout.contains("row 2 stays dropped"), "{}", told.stdout);
}

/// The person of row 2 lacks the row that gives a line; the one of row 5 the row that gives calling.
#[tokio::test]
async fn a_row_whose_partner_is_dropped_says_so() {
    let bench = taken_in(&site(2), 0).await;
    dropped(&bench, &[3, 4]).await.expect(0);
    bench.wxbulk(&["run"]).await.expect(3);
    assert!(message(&bench, 2).contains("the assignment row 3 (line 4) of this person was dropped"));
    assert!(message(&bench, 5).contains("u1@example.com has no calling (user row 4, dropped)"));
    dropped(&bench, &[2, 5]).await.expect(0);
    bench.wxbulk(&["run"]).await.expect(0);
    bench.check_invariants();
}

#[tokio::test]
async fn the_people_of_a_dropped_location_say_so_or_go_on_without_its_row() {
    for there in [false, true] {
        let csv = Csv::new().location("Madrid").cell("location_key", "MAD").person(
            "ana@example.com",
            "MAD",
            "1001",
        );
        let org = OrgSeed::with_people(["ana@example.com"]);
        let org = if there { org.location(LocationSeed::calling("Madrid")) } else { org };
        let bench = Bench::with(&csv, SimConfig::with_org(org)).await;
        let path = bench.csv_path().display().to_string();
        bench.wxbulk(&["ingest", &path]).await.expect(0);
        dropped(&bench, &[1]).await.expect(0);
        bench.wxbulk(&["run"]).await.expect(if there { 0 } else { 3 });
        if !there {
            assert!(bench.writes().is_empty());
            for row in [2, 3] {
                assert!(
                    message(&bench, row).contains("is not in Webex (row 1, dropped)"),
                    "{}",
                    message(&bench, row)
                );
            }
        }
    }
}

#[tokio::test]
async fn rows_that_waited_for_a_dropped_one_are_judged_anew() {
    let csv = Csv::new().location("Madrid").person("ana@example.com", "Madrid", "1001");
    let bench = Bench::new(&csv).await;
    bench.sim.add_fault("location_create:status=400".parse().unwrap());
    bench.run().await.expect(3);
    assert!(message(&bench, 2).contains("(row 1, pending)"));
    let told = dropped(&bench, &[1]).await.expect(0);
    assert!(told.stderr.contains("2 rows that depend on them are ready again"), "{}", told.stderr);
    bench.wxbulk(&["run"]).await.expect(3);
    assert!(message(&bench, 2).contains("(row 1, dropped)"));
    assert_eq!(
        bench.count("SELECT count(*) FROM rows WHERE blocked_by IS NOT NULL"),
        0,
        "nobody waits for it"
    );
    // The row comes back, and with it those that wait for it.
    bench.sim.clear_faults();
    amend(&bench, csv.text().replace("28001", "28002"), &[]).await.expect(0);
    assert_eq!([1, 2, 3].map(|row| state(&bench, row)), ["ready"; 3]);
    bench.wxbulk(&["run"]).await.expect(0);
}

/// What a row lacks since another was dropped may come by a new one under the same key.
#[tokio::test]
async fn a_new_row_in_the_place_of_a_dropped_one_brings_back_what_lacked_it() {
    let bench = Bench::new(&site(1)).await;
    bench.sim.add_fault("location_create:status=400".parse().unwrap());
    bench.run().await.expect(3);
    dropped(&bench, &[1]).await.expect(0);
    bench.wxbulk(&["run"]).await.expect(3);
    bench.sim.clear_faults();
    let other = Csv::new().location("Madrid").cell("location_external_id", "M-2").cell("entity_key", "NEW");
    let told = amend(&bench, other.text().replace("Madrid,Europe", "MADRID,Europe"), &[]).await.expect(0);
    assert!(told.stdout.contains("2 that waited for them"), "{}", told.stdout);
    bench.wxbulk(&["run"]).await.expect(0);

    let bench = taken_in(&site(1), 0).await;
    dropped(&bench, &[2, 3]).await.expect(0);
    let more = Csv::new().user("u0@example.com", "Madrid").cell("row_ref", "R1");
    amend(&bench, more.text(), &[]).await.expect(0);
    bench.wxbulk(&["run"]).await.expect(3);
    let line = Csv::new().assignment("u0@example.com", "Madrid", "1007");
    amend(&bench, line.text(), &[]).await.expect(0);
    bench.wxbulk(&["run"]).await.expect(0);
}

/// What a dropped row meant is free for the row that means the same.
#[tokio::test]
async fn a_dropped_row_no_longer_has_the_person_whom_another_row_means_too() {
    let csv = Csv::new()
        .location("Madrid")
        .user("eva@example.com", "Madrid")
        .cell("calling_settings_call_waiting_enabled", "false")
        .person("e.ruiz@example.com", "Madrid", "1002");
    let eva = PersonSeed::new("eva@example.com").alias("e.ruiz@example.com").calling("Madrid", "1002");
    let org = OrgSeed::default().location(LocationSeed::calling("Madrid")).person(eva);
    let bench = Bench::with(&csv, SimConfig::with_org(org)).await;
    bench.sim.add_fault("feature_put:status=400".parse().unwrap());
    bench.run().await.expect(3);
    assert!(message(&bench, 3).contains("row 2 (line 3) means the same one"), "{}", message(&bench, 3));
    dropped(&bench, &[2]).await.expect(0);
    bench.wxbulk(&["run", "--retry-pending"]).await.expect(0);
    assert_eq!(state(&bench, 3), "success");
    bench.check_invariants();
}
