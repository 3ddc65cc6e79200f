//! Corrected files go back in (R12): whatever a spreadsheet made of them, in part or whole, and nothing else moves.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod dropped;
mod files;
mod gives;
mod keys;
mod matching;
mod targets;
mod whole;

use crate::support::{Bench, Csv, Ran};

/// A row's state, or what a state is left with after `ingest --amend`.
#[track_caller]
fn state(bench: &Bench, row_id: u32) -> String {
    let sql = format!("SELECT state FROM rows WHERE row_id = {row_id}");
    bench.database().query_row(&sql, [], |row| row.get(0)).expect("a row")
}

/// What the row states in one column.
#[track_caller]
fn cell(bench: &Bench, row_id: u32, column: &str) -> Option<String> {
    let sql = format!("SELECT json_extract(cells, '$.{column}') FROM rows WHERE row_id = {row_id}");
    bench.database().query_row(&sql, [], |row| row.get(0)).expect("a row")
}

/// The mark of the job in its files.
fn mark(bench: &Bench) -> String {
    bench.database().query_row("SELECT mark FROM job", [], |row| row.get(0)).expect("a mark")
}

/// How many rows the job has.
fn rows(bench: &Bench) -> i64 {
    bench.count("SELECT count(*) FROM rows")
}

/// The pending file of `misspelt_run` with the address corrected.
fn corrected(bench: &Bench) -> String {
    corrected_text(&bench.file("pending_rows.csv"))
}

fn corrected_text(file: &str) -> String {
    let text = file.replace("aan@example.com", "ana@example.com");
    assert!(text.contains("ana@example.com"));
    text
}

/// Writes a file beside the CSV and amends with it.
async fn amend(bench: &Bench, text: impl AsRef<[u8]>, options: &[&str]) -> Ran {
    let path = bench.csv_path().with_file_name("corrected.csv");
    std::fs::write(&path, text).expect("the file is written");
    let path = path.display().to_string();
    let mut arguments = vec!["ingest", "--amend", path.as_str()];
    arguments.extend(options);
    bench.wxbulk(&arguments).await
}

/// One site; the person of row 2 is not in Webex under the address of the file.
fn misspelt() -> Csv {
    Csv::new().location("Madrid").person("aan@example.com", "Madrid", "1001").person(
        "eva@example.com",
        "Madrid",
        "1002",
    )
}

/// `misspelt` after its run: rows 2 and 3 are pending, the others done.
async fn misspelt_run() -> Bench {
    let people = ["ana@example.com", "eva@example.com", "leo@example.com"].map(str::to_owned);
    let org = wxbulk::sim::OrgSeed::with_people(people.to_vec());
    let bench = Bench::with(&misspelt(), wxbulk::sim::SimConfig::with_org(org)).await;
    bench.run().await.expect(3);
    assert_eq!([2, 3].map(|row| state(&bench, row)), ["pending", "pending"]);
    bench
}
