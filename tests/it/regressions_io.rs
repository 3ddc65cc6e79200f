//! Defects of files, pipes and settings that were found once, and stay found.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper that fails is a failed test")]

use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::support::{Bench, Csv, site};
use wxbulk::sim::{OrgSeed, SimConfig};

/// To its end, while the simulator goes on serving.
async fn ended(mut command: Command) -> std::process::Output {
    tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_pipe_is_read_whole() {
    let bench = Bench::new(&site(3)).await;
    let mut command = bench.command(&["ingest", "/dev/stdin"]);
    command.stdin(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), site(3).text().as_bytes()).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(bench.count("SELECT count(*) FROM rows"), 7);
}

#[tokio::test]
async fn the_message_names_the_line_of_a_first_row_that_waits_for_its_location() {
    let csv = Csv::new()
        .user("ana@example.com", "Madrid")
        .cell("row_ref", "7")
        .location("Madrid")
        .cell("row_ref", "7");
    let bench = Bench::new(&csv).await;
    let ran = bench.ingest(&[]).await.expect(3);
    assert!(ran.stdout.contains("row 1 (line 2)"), "{}", ran.stdout);
}

#[tokio::test]
async fn a_file_that_is_not_ours_keeps_its_mode() {
    let bench = Bench::new(&site(1)).await;
    std::fs::set_permissions(bench.csv_path(), std::fs::Permissions::from_mode(0o644)).unwrap();
    bench.wxbulk(&["status", "--db", "site.csv"]).await.expect(14);
    assert_eq!(std::fs::metadata(bench.csv_path()).unwrap().permissions().mode() & 0o777, 0o644);
}

#[tokio::test]
async fn steps_are_kept() {
    let bench = Bench::new(&site(1)).await;
    bench.run().await.expect(0);
    let raw = rusqlite::Connection::open(bench.output().join("wxbulk.db")).unwrap();
    assert!(raw.execute("DELETE FROM steps", []).is_err());
}

#[tokio::test]
async fn a_short_token_does_not_blot_out_addresses() {
    let csv = Csv::new().location("Madrid").person("ana@company.example", "Madrid", "1001");
    let bench = Bench::with(&csv, SimConfig::with_org(OrgSeed::with_people(csv.emails()))).await;
    let mut command = bench.command(&["run", "site.csv"]);
    command.env("WEBEX_TOKEN", "any");
    let output = ended(command).await;
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
async fn a_rejected_row_says_in_its_file_which_column_is_at_fault() {
    let csv = Csv::new()
        .location("Madrid")
        .cell("time_zone", "CET")
        .user("ana@example.com", "Madrid")
        .cell("title", "x");
    let bench = Bench::new(&csv).await;
    bench.ingest(&[]).await.expect(3);
    let mut rejected = csv::Reader::from_path(bench.output().join("rejected_rows.csv")).unwrap();
    for (row, column) in
        rejected.deserialize::<std::collections::BTreeMap<String, String>>().zip(["time_zone", "title"])
    {
        let row = row.unwrap();
        let told = row.get("column").map(String::as_str) == Some(column)
            || row.get("reason_message").unwrap().contains(column);
        assert!(told, "{row:?}");
    }
}

#[tokio::test]
async fn a_pipe_in_a_files_place_stops_nothing() {
    let bench = Bench::new(&site(1)).await;
    bench.ingest(&[]).await.expect(0);
    let place = bench.output().join("results.csv");
    std::fs::remove_file(&place).unwrap();
    assert!(Command::new("mkfifo").arg(&place).status().unwrap().success());
    let mut command = Command::new("timeout");
    let export = bench.command(&["export"]);
    command
        .arg("20")
        .arg(export.get_program())
        .arg("export")
        .envs(export.get_envs().filter_map(|(n, v)| v.map(|v| (n, v))));
    assert_eq!(command.output().unwrap().status.code(), Some(14));
}

#[tokio::test]
async fn a_run_of_a_file_that_is_not_there_makes_no_database() {
    let bench = Bench::new(&site(1)).await;
    bench.wxbulk(&["run", "no-such.csv"]).await.expect(12);
    assert!(!bench.output().exists());
}

#[tokio::test]
async fn a_place_that_cannot_be_written_is_named() {
    let bench = Bench::new(&site(1)).await;
    let ran = bench.wxbulk(&["ingest", "site.csv", "--output-dir", "site.csv"]).await.expect(18);
    assert!(ran.stderr.contains("site.csv"), "{}", ran.stderr);
}

#[tokio::test]
async fn a_value_that_is_no_text_is_refused() {
    let bench = Bench::new(&site(1)).await;
    let mut command = bench.command(&["run", "site.csv"]);
    command.env("BATCH_SIZE", std::ffi::OsStr::from_bytes(b"\xff"));
    let output = ended(command).await;
    assert_eq!(output.status.code(), Some(10));
}

#[tokio::test]
async fn the_range_of_the_threshold_leaves_out_what_is_not_allowed() {
    let bench = Bench::new(&site(1)).await;
    let output =
        bench.command(&["run", "site.csv"]).env("CIRCUIT_BREAKER_THRESHOLD", "1.5").output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("above 0 and at most 1"), "{told}");
}
