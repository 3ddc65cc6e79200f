//! All of a file or nothing of it, and what comes out of a file goes in again as the same.

use std::io::Write;
use std::process::{Command, Stdio};

use super::rows;
use crate::support::{Bench, Csv, site};

/// The header and row of a location file, and one more row as often as wanted.
fn lines(count: usize) -> String {
    let header = "entity_type,email,location_key\n";
    let row = |number| format!("user,person-{number:07}-with-a-rather-long-name@example.com,Madrid\n");
    std::iter::once(header.to_owned()).chain((0..count).map(row)).collect()
}

#[tokio::test]
async fn a_load_that_is_killed_leaves_no_rows() {
    let bench = Bench::new(&site(1)).await;
    let pipe = bench.csv_path().with_file_name("pipe.csv");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut run = bench
        .command(&["run", pipe.to_str().unwrap()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // Far more than a pipe and a reader hold: once it is written, most rows are in the open transaction.
    let mut writing = std::fs::OpenOptions::new().write(true).open(&pipe).unwrap();
    writing.write_all(lines(15_000).as_bytes()).unwrap();
    run.kill().unwrap();
    run.wait().unwrap();

    let status = bench.wxbulk(&["status"]).await.expect(0);
    assert!(status.stdout.contains("no file was taken in yet"), "{}", status.stdout);
    for table in ["rows", "inputs", "keys"] {
        assert_eq!(bench.count(&format!("SELECT count(*) FROM {table}")), 0, "{table}");
    }
    bench.run().await.expect(0);
}

#[tokio::test]
async fn a_file_that_breaks_off_in_its_last_row_leaves_no_rows() {
    let bench = Bench::new(&site(3)).await;
    bench.write_csv(&(site(3).text() + "\"user,and so on"));
    for ran in [bench.ingest(&[]).await, bench.run().await] {
        ran.expect(12);
    }
    assert!(bench.sim.journal().is_empty());
    assert!(!bench.output().join("results.csv").exists());
    bench.write_csv(&site(3).text());
    bench.ingest(&[]).await.expect(0);
    assert_eq!(bench.count("SELECT count(*) FROM rows"), 7);
}

#[tokio::test]
async fn more_rows_than_allowed_are_refused_and_none_is_kept() {
    let bench = Bench::new(&site(1)).await.env("MAX_ROWS", "2");
    for ran in [bench.ingest(&[]).await, bench.run().await, bench.ingest(&["--check"]).await] {
        let text = ran.expect(17).stderr;
        assert!(text.contains("MAX_ROWS") && text.contains('2') && text.contains("site.csv"), "{text}");
    }
    assert!(bench.sim.journal().is_empty());
    assert_eq!(bench.count("SELECT (SELECT count(*) FROM rows) + (SELECT count(*) FROM inputs)"), 0);
    let bench = bench.env("MAX_ROWS", "3");
    bench.ingest(&[]).await.expect(0);
}

#[tokio::test]
async fn an_endless_file_is_refused_at_the_limit() {
    let bench = Bench::new(&site(1)).await.env("MAX_ROWS", "50");
    let pipe = bench.csv_path().with_file_name("pipe.csv");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let writer = {
        let pipe = pipe.clone();
        std::thread::spawn(move || {
            let mut pipe = std::fs::OpenOptions::new().write(true).open(pipe).unwrap();
            pipe.write_all(lines(0).as_bytes()).unwrap();
            // Ends only because the reader goes away.
            while pipe.write_all(b"user,ana@example.com,Madrid\n").is_ok() {}
        })
    };
    bench.wxbulk(&["ingest", "--check", pipe.to_str().unwrap()]).await.expect(17);
    writer.join().unwrap();
}

#[tokio::test]
async fn a_check_writes_nothing_and_says_what_ingest_would_say() {
    let csv = site(2).user("u1@example.com", "Madrid").user("not an address", "Madrid");
    let bench = Bench::new(&csv).await;
    let checked = bench.ingest(&["--check"]).await.expect(3);
    assert!(!bench.output().exists(), "the output directory was made");
    assert!(checked.stderr.contains("nothing was written"), "{}", checked.stderr);
    let as_json: serde_json::Value =
        serde_json::from_str(&bench.ingest(&["--check", "--json"]).await.expect(3).stdout).unwrap();
    assert_eq!(
        (&as_json["rows"], &as_json["rejected"], &as_json["samples"][0]["line"]),
        (&7.into(), &2.into(), &7.into())
    );

    let ingested = bench.ingest(&[]).await.expect(3);
    assert_eq!(ingested.stdout, checked.stdout);
    let before = bench.everything();
    bench.write_csv(&site(5).text());
    bench.ingest(&["--check"]).await.expect(0);
    bench.untouched(&before);
}

/// Nothing in it is as wxbulk would write it.
fn untidy() -> Csv {
    Csv::new()
        .location("=SUM(A1)")
        .cell("location_external_id", "+BIO")
        .cell("preferred_language", "")
        .cell("notes", "\"quoted\", with commas\nand lines; ñ € 😀")
        .cell("address_country", " es ")
        .cell("time_zone", "europe/madrid")
        .location("Málaga   Norte")
        .cell("address_line1", "-1, Calle 'Mayor'")
        .cell("x_budget", "-12.50")
        .user("ANA@Example.com", "+bio")
        .cell("calling_enabled", "VERDADERO")
        .cell("row_ref", "007")
        .user("ana@example.com", "Madrid")
        .user("eva@example.com", "málaga norte")
        .cell("entity_key", "@eva")
        .assignment("Ana@example.com", "=sum(a1)", "0123")
        .cell("phone_number", "+34 911-23.45 (67)")
        .cell("final_settings_do_not_disturb_enabled", "SI")
        .assignment("eva@example.com", "Málaga Norte", "0123")
        .cell("alternate_numbers", "+34911234568 | +34911234569")
}

#[tokio::test]
async fn ready_to_load_goes_in_again_as_the_same_rows() {
    let bench = Bench::new(&untidy()).await.env("DEFAULT_LANGUAGE", "es-ES");
    bench.ingest(&[]).await.expect(3);
    let columns = "entity_type, entity_key, location_key, row_ref, email, cells";
    let accepted = rows(&bench, columns, "'ready'");
    assert_eq!(accepted.len(), 6);
    let written = bench.file("ready_to_load.csv");

    let again = Bench::new(&Csv::new()).await;
    again.write_csv(&written);
    again.ingest(&[]).await.expect(0);
    assert_eq!(rows(&again, columns, "'ready'"), accepted);
    assert_eq!(again.file("ready_to_load.csv"), written);
}
