//! The operator corrects the file the job was made from, and gives it whole.

use wxbulk::sim::{OrgSeed, SimConfig};

use super::{amend, cell, misspelt, misspelt_run, state};
use crate::support::{Bench, site};

/// Another address is another person: only an extension that waits for a correction tells that its row is meant.
#[tokio::test]
async fn an_address_corrected_in_the_whole_file_is_a_new_row_and_the_old_one_is_dropped() {
    let bench = misspelt_run().await;
    let corrected = misspelt().text().replace("aan@", "ana@");
    let told = amend(&bench, &corrected, &[]).await.expect(0);
    assert!(told.stdout.contains("5 rows: 1 changed, 1 new, 3 as they were"), "{}", told.stdout);
    bench.wxbulk(&["run"]).await.expect(3);
    bench.wxbulk(&["drop", "--row", "2", "--yes"]).await.expect(0);
    bench.wxbulk(&["run"]).await.expect(0);
    assert_eq!(bench.row("user", "ana@example.com").row_id, 6);

    // The corrected file is the job's own from now on, and the first one is still known.
    bench.write_csv(&corrected);
    bench.run().await.expect(0);
    bench.write_csv(&misspelt().text());
    bench.run().await.expect(0);
}

#[tokio::test]
async fn a_rejected_row_of_a_whole_file_is_replaced_and_not_doubled() {
    let bench = Bench::new(&site(1).person("leo@example.com", "Madrid", "12x")).await;
    bench.run().await.expect(3);
    let corrected = site(1).person("leo@example.com", "Madrid", "1200").text();
    amend(&bench, &corrected, &[]).await.expect(0);
    bench.wxbulk(&["run"]).await.expect(0);
    assert_eq!(bench.count("SELECT count(*) FROM rows"), 5);
}

#[tokio::test]
async fn rows_added_to_a_whole_file_are_new_and_rows_taken_out_stay() {
    let people = ["u0@example.com", "u1@example.com", "leo@example.com"].map(str::to_owned);
    let bench = Bench::with(&site(2), SimConfig::with_org(OrgSeed::with_people(people.to_vec()))).await;
    bench.run().await.expect(0);
    let text = site(1).person("leo@example.com", "Madrid", "1009").text();
    let told = amend(&bench, &text, &["--check"]).await.expect(0);
    assert!(told.stdout.contains("2 new, 3 as they were"), "{}", told.stdout);
    amend(&bench, &text, &[]).await.expect(0);
    assert_eq!([4, 5, 6, 7].map(|row| state(&bench, row)), ["success", "success", "ready", "ready"]);
    bench.wxbulk(&["run"]).await.expect(0);
    bench.check_invariants();
}

#[tokio::test]
async fn a_removed_duplicate_is_told_apart_from_the_row_it_doubled() {
    let bench = Bench::new(&site(5).user("u0@example.com", "Madrid").user("leo@example.com", "Madrid")).await;
    let path = bench.csv_path().display().to_string();
    bench.wxbulk(&["ingest", &path]).await.expect(3);
    assert_eq!(state(&bench, 12), "rejected");
    let corrected = site(5).user("eva@example.com", "Madrid").user("leo@example.com", "Madrid").text();
    let told = amend(&bench, corrected, &[]).await.expect(0);
    assert!(told.stdout.contains("rejected -> ready"), "{}", told.stdout);
    assert_eq!(cell(&bench, 2, "email").as_deref(), Some("u0@example.com"));
    assert_eq!(cell(&bench, 12, "email").as_deref(), Some("eva@example.com"));
}

#[tokio::test]
async fn rows_of_a_killed_run_are_taken_up_by_an_amend() {
    let bench = Bench::new(&site(1)).await;
    bench.run().await.expect(0);
    let database = rusqlite::Connection::open(bench.output().join("wxbulk.db")).unwrap();
    database
        .execute_batch("UPDATE rows SET state = 'ready' WHERE row_id = 2; UPDATE rows SET state = 'running' WHERE row_id = 2")
        .unwrap();
    drop(database);
    amend(&bench, site(1).text(), &[]).await.expect(0);
    assert_eq!(state(&bench, 2), "ready");
}

#[tokio::test]
async fn rows_of_a_wrong_address_are_dropped_before_the_run_for_those_of_the_right_one() {
    let bench = Bench::new(&misspelt()).await;
    let path = bench.csv_path().display().to_string();
    bench.wxbulk(&["ingest", &path]).await.expect(0);
    let corrected = misspelt().text().replace("aan@", "ana@");
    let told = amend(&bench, &corrected, &[]).await.expect(3);
    assert!(told.stdout.contains("is already on row 3 (line 4)"), "{}", told.stdout);
    assert!(told.stdout.contains("`wxbulk drop --row 3`"), "{}", told.stdout);
    bench.wxbulk(&["drop", "--row", "2", "--row", "3", "--yes"]).await.expect(0);
    let told = amend(&bench, &corrected, &[]).await.expect(0);
    assert!(told.stdout.contains("1 changed, 0 new, 4 as they were"), "{}", told.stdout);
    assert_eq!([2, 3, 6, 7].map(|row| state(&bench, row)), ["dropped", "dropped", "ready", "ready"]);
}
