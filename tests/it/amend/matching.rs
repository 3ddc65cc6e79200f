//! Which row a record means (R12): its number in a file of this job, else its key, else its `row_ref` where it is the
//! same person or place; its place in the file only where a rejected row stands and the file is the job's own.

use super::{amend, cell, corrected, misspelt_run, rows, state};
use crate::support::{Bench, Csv, site};

async fn taken_in(csv: &Csv) -> Bench {
    let bench = Bench::new(csv).await;
    let path = bench.csv_path().display().to_string();
    let told = bench.wxbulk(&["ingest", &path]).await;
    assert!([0, 3].contains(&told.code), "{}", told.text());
    bench
}

/// Another site in a file of as many rows, each under the `row_ref` of one of this job.
fn another_site() -> Csv {
    Csv::new()
        .location("Sevilla")
        .cell("row_ref", "R1")
        .user("leo@example.com", "Sevilla")
        .cell("row_ref", "R2")
        .assignment("leo@example.com", "Sevilla", "2000")
        .cell("row_ref", "R3")
}

#[tokio::test]
async fn a_file_of_another_site_with_as_many_rows_changes_no_row() {
    let bench = taken_in(&site(2)).await;
    let other = site(2).text().replace("Madrid", "Sevilla").replace("Europe/Sevilla", "Europe/Madrid");
    let other = other.replace("u0@", "v0@").replace("u1@", "v1@");
    let told = amend(&bench, &other, &[]).await.expect(0);
    assert!(told.stdout.contains("5 rows: 0 changed, 5 new, 0 as they were"), "{}", told.stdout);
    assert_eq!(cell(&bench, 1, "location_name").as_deref(), Some("Madrid"));
    assert_eq!(bench.count("SELECT count(*) FROM rows"), 10);
}

#[tokio::test]
async fn a_row_ref_means_no_row_of_another_person_or_place() {
    let numbered = Csv::new()
        .location("Madrid")
        .cell("row_ref", "R1")
        .user("ana@example.com", "Madrid")
        .cell("row_ref", "R2")
        .assignment("ana@example.com", "Madrid", "1000")
        .cell("row_ref", "R3");
    let bench = taken_in(&numbered).await;
    let told = amend(&bench, another_site().text(), &[]).await.expect(3);
    assert!(told.stdout.contains("0 changed, 0 new") && told.stdout.contains("3 refused"), "{}", told.stdout);
    assert!(told.stdout.contains(r#"the row_ref "R2" is already on row 2 (line 3)"#), "{}", told.stdout);
    assert_eq!(cell(&bench, 2, "email").as_deref(), Some("ana@example.com"));
}

#[tokio::test]
async fn a_row_ref_tells_two_rejected_rows_of_one_person_apart() {
    let csv = site(1).user("leo@example.com", "Madrid").cell("calling_license", "x?").cell("row_ref", "R1");
    let csv = csv.user("leo@example.com", "Madrid").cell("calling_license", "y?").cell("row_ref", "R2");
    let bench = taken_in(&csv).await;
    let text = "entity_type,email,location_key,calling_license,row_ref\nuser,leo@example.com,Madrid,,R2\n";
    let told = amend(&bench, text, &[]).await.expect(0);
    assert!(told.stdout.contains("by row_ref"), "{}", told.stdout);
    assert_eq!([4, 5].map(|row| state(&bench, row)), ["rejected", "ready"]);
}

#[tokio::test]
async fn a_pending_file_of_another_job_is_refused_whole() {
    let bench = misspelt_run().await;
    let other = misspelt_run().await;
    let told = amend(&bench, corrected(&other), &[]).await.expect(13);
    assert!(
        told.stderr.contains("corrected.csv:2") && told.stderr.contains("another job"),
        "{}",
        told.stderr
    );
    assert_eq!(cell(&bench, 2, "email").as_deref(), Some("aan@example.com"));
    assert_eq!(bench.count("SELECT count(*) FROM inputs"), 1);
    amend(&bench, corrected(&bench), &[]).await.expect(0);
}

#[tokio::test]
async fn row_numbers_without_the_mark_of_the_job_say_nothing() {
    let bench = misspelt_run().await;
    // A file of another tool: its row_id 4 is not this job's row 4.
    let text =
        "row_id,entity_type,email,location_key,calling_license\n4,user,aan@example.com,Madrid,standard\n";
    let told = amend(&bench, text, &[]).await.expect(0);
    assert!(told.stdout.contains("row 2 aan@example.com (line 2, by key)"), "{}", told.stdout);
    assert!(told.stdout.contains("row_id is not read in 1 rows"), "{}", told.stdout);
    assert_eq!(cell(&bench, 2, "calling_license").as_deref(), Some("standard"));
    assert_eq!(cell(&bench, 4, "calling_license"), None);
}

#[tokio::test]
async fn a_preview_says_by_what_rows_were_matched() {
    let bench = misspelt_run().await;
    let told = amend(&bench, corrected(&bench), &["--check"]).await.expect(0);
    assert!(told.stdout.contains("matched: 2 by row_id\n"), "{}", told.stdout);
    assert!(told.stdout.contains("(line 2, by row_id): pending -> ready"), "{}", told.stdout);
    let told = amend(&bench, super::misspelt().text(), &["--check"]).await.expect(0);
    assert!(told.stdout.contains("matched: 5 by key\n"), "{}", told.stdout);
    let told = amend(&bench, super::misspelt().text(), &["--check", "--json"]).await.expect(0);
    let report: serde_json::Value = serde_json::from_str(&told.stdout).unwrap();
    assert_eq!(
        report["matched"],
        serde_json::json!({ "row_id": 0, "key": 5, "row_ref": 0, "text": 0, "place": 0 })
    );
}

/// Of 21 rows one is rejected for an address that is none.
fn with_a_bad_address(address: &str) -> Csv {
    site(9).user(address, "Madrid").assignment("leo@example.com", "Madrid", "2000")
}

#[tokio::test]
async fn a_rejected_row_is_found_by_its_place_in_the_whole_file() {
    let bench = taken_in(&with_a_bad_address("leo at example.com")).await;
    assert_eq!(state(&bench, 20), "rejected");
    let told = amend(&bench, with_a_bad_address("leo@example.com").text(), &[]).await.expect(0);
    assert!(told.stdout.contains("(line 21, by place): rejected -> ready"), "{}", told.stdout);
    assert_eq!((rows(&bench), state(&bench, 20)), (21, "ready".to_owned()));
}

#[tokio::test]
async fn a_place_says_nothing_in_a_file_that_is_another() {
    let bench = taken_in(&with_a_bad_address("leo at example.com")).await;
    // As long as the job's file, with three of its people and their extensions exchanged for others: 14 of 21 rows are left.
    let mut text = with_a_bad_address("leo@example.com").text();
    for number in 0..3 {
        text = text.replace(&format!("u{number}@"), &format!("v{number}@"));
        text = text.replace(&format!(",{}\n", 1000 + number), &format!(",{}\n", 3000 + number));
    }
    let told = amend(&bench, text, &[]).await.expect(0);
    assert!(told.stdout.contains("21 rows: 0 changed, 7 new, 14 as they were"), "{}", told.stdout);
    assert_eq!(state(&bench, 20), "rejected");
}

#[tokio::test]
async fn a_row_that_is_no_rejected_one_is_never_found_by_its_place() {
    let bench = taken_in(&site(10)).await;
    let text = site(10).text();
    let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
    lines[8] = lines[8].replace("u3@", "v3@");
    let told = amend(&bench, lines.join("\n"), &[]).await.expect(0);
    assert!(told.stdout.contains("21 rows: 0 changed, 1 new, 20 as they were"), "{}", told.stdout);
    assert_eq!(cell(&bench, 8, "email").as_deref(), Some("u3@example.com"));
}
