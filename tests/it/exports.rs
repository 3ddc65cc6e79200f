//! The files, by the real binary: what stands in them, when they are replaced, and when they are not.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a helper that fails is a failed test"
)]

mod checkpoint;
mod edited;

use std::collections::{BTreeMap, BTreeSet};

use crate::support::{Bench, Csv, site};
use wxbulk::sim::{Fault, Operation, OrgSeed, SimConfig};

const FILES: [&str; 5] =
    ["results.csv", "pending_rows.csv", "rejected_rows.csv", "ready_to_load.csv", "checkpoint.json"];

impl Bench {
    /// The five files as they are on disk.
    fn files(&self) -> BTreeMap<&'static str, String> {
        FILES.into_iter().map(|name| (name, self.file(name))).collect()
    }
}

/// A file of ours as a table, by column.
fn table(text: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.deserialize().map(|row| row.unwrap()).collect()
}

/// One row of every end: done, refused by Webex, blocked, half applied, not there, and rejected in three ways.
fn every_end() -> Csv {
    Csv::new()
        .location("Madrid")
        .cell("location_external_id", "MAD-01")
        .cell("notes", "=HYPERLINK(\"http://example.com\")")
        .location("Sevilla")
        .cell("notes", "@SUM(A1)")
        .cell("row_ref", "-2+3")
        .person("ana@example.com", "MAD-01", "1001")
        .cell("phone_number", "")
        .user("leo@example.com", "Madrid")
        .cell("calling_settings_call_waiting_enabled", "false")
        .assignment("leo@example.com", "Madrid", "1002")
        .person("eva@example.com", "Sevilla", "1001")
        .user("nobody@example.com", "Madrid")
        .assignment("nobody@example.com", "Madrid", "1003")
        .user("ANA@example.com", "Madrid")
        .user("rex@example.com", "Madrid")
        .cell("title", "King")
        .location("Bilbao")
        .cell("time_zone", "CET")
}

async fn bench_of_every_end() -> Bench {
    let org = OrgSeed::with_people(["ana@example.com", "leo@example.com", "eva@example.com"]);
    let bench = Bench::with(&every_end(), SimConfig::with_org(org)).await.env("MAX_CONCURRENCY", "1");
    bench.sim.add_fault(Fault::on(Operation::LocationCreate).key("Sevilla").status(403));
    bench.sim.add_fault(Fault::on(Operation::FeaturePut).key("leo@example.com").status(400));
    bench
}

/// The file with what differs from run to run replaced by its column's name.
fn steady(text: &str) -> String {
    let mut varying = BTreeSet::new();
    for row in table(text) {
        for column in ["timestamp", "remote_id", "tracking_id", "job"] {
            let cell = row.get(column).filter(|cell| !cell.is_empty());
            varying.extend(cell.map(|cell| (cell.clone(), format!("[{column}]"))));
        }
    }
    varying.iter().fold(text.to_owned(), |text, (cell, name)| text.replace(cell, name))
}

#[tokio::test]
async fn the_files_after_a_run_of_every_end() {
    let bench = bench_of_every_end().await;
    bench.run().await.expect(3);
    for name in ["results", "pending_rows", "rejected_rows", "ready_to_load"] {
        insta::assert_snapshot!(name, steady(&bench.file(&format!("{name}.csv"))));
    }
    let mut checkpoint: serde_json::Value = serde_json::from_str(&bench.file("checkpoint.json")).unwrap();
    for time in ["started_at", "updated_at"] {
        assert_eq!(checkpoint[time].as_str().unwrap().len(), "2026-01-01T00:00:00.000Z".len());
        checkpoint[time] = format!("[{time}]").into();
    }
    insta::assert_snapshot!("checkpoint", serde_json::to_string_pretty(&checkpoint).unwrap());
    bench.check_invariants();
}

#[tokio::test]
async fn the_first_columns_are_those_of_the_contract() {
    let bench = Bench::new(&site(1)).await;
    bench.ingest(&[]).await.expect(0);
    let results =
        "timestamp,batch_id,row_id,phase,entity_type,entity_key,step,status,http_status,message,remote_id,";
    let pending = "timestamp,batch_id,row_id,phase,entity_type,entity_key,step,reason_code,reason_message,http_status,raw_row_minified,";
    let rejected = "timestamp,row_id,entity_type,entity_key,reason_code,reason_message,raw_row_minified,";
    for (name, columns) in
        [("results.csv", results), ("pending_rows.csv", pending), ("rejected_rows.csv", rejected)]
    {
        assert!(bench.file(name).starts_with(columns), "{name}: {}", bench.file(name));
    }
    let checkpoint: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&bench.file("checkpoint.json")).unwrap();
    for field in ["input_hash", "pipeline_version", "phase", "last_row_id", "started_at", "updated_at"] {
        assert!(checkpoint.contains_key(field), "{field}");
    }
}

#[tokio::test]
async fn every_row_is_in_one_file_of_ends() {
    let bench = bench_of_every_end().await;
    bench.run().await.expect(3);
    let ids = |name: &str| -> BTreeSet<u32> {
        table(&bench.file(name)).iter().map(|row| row["row_id"].parse().unwrap()).collect()
    };
    let (finished, pending, rejected) =
        (ids("results.csv"), ids("pending_rows.csv"), ids("rejected_rows.csv"));
    assert!(pending.is_subset(&finished) && rejected.is_disjoint(&finished));
    assert_eq!(finished.len() + rejected.len(), 13);
    assert_eq!(table(&bench.file("ready_to_load.csv")).len(), finished.len());
}

#[tokio::test]
async fn no_cell_of_any_file_is_a_formula() {
    let bench = bench_of_every_end().await;
    bench.run().await.expect(3);
    let mut escaped = 0;
    for name in &FILES[..4] {
        for cell in table(&bench.file(name)).into_iter().flat_map(BTreeMap::into_values) {
            assert!(!cell.starts_with(['=', '@', '-', '+', '\t', '\r']), "{name}: {cell}");
            escaped +=
                usize::from(cell.starts_with("'=") || cell.starts_with("'@") || cell.starts_with("'-"));
        }
    }
    assert!(escaped >= 4, "only {escaped} cells were escaped");
}

#[tokio::test]
async fn pending_rows_go_in_again_with_their_formulas_as_they_were() {
    let bench = bench_of_every_end().await;
    bench.run().await.expect(3);
    let again = Bench::new(&Csv::new()).await;
    again.write_csv(&bench.file("pending_rows.csv"));
    again.ingest(&[]).await.expect(0);
    let cell = |bench: &Bench, column: &str| -> String {
        let sql = format!("SELECT json_extract(cells, '$.{column}') FROM rows WHERE entity_key = 'Sevilla'");
        bench.database().query_row(&sql, [], |row| row.get(0)).unwrap()
    };
    for (column, text) in [("notes", "@SUM(A1)"), ("row_ref", "-2+3")] {
        assert_eq!((cell(&bench, column), cell(&again, column)), (text.to_owned(), text.to_owned()));
    }
    assert_eq!(
        again.count("SELECT count(*) FROM rows"),
        bench.count("SELECT count(*) FROM rows WHERE state = 'pending'")
    );
}

#[tokio::test]
async fn the_same_database_gives_the_same_bytes() {
    let bench = bench_of_every_end().await;
    bench.run().await.expect(3);
    let files = bench.files();
    bench.wxbulk(&["export"]).await.expect(0);
    assert_eq!(bench.files(), files);

    let copy = bench.csv_path().with_file_name("copy.db");
    bench.database().execute("VACUUM INTO ?1", [copy.to_str().unwrap()]).unwrap();
    bench.wxbulk(&["export", "--db", copy.to_str().unwrap(), "--output-dir", "elsewhere"]).await.expect(0);
    for (name, text) in files {
        let elsewhere = bench.csv_path().with_file_name("elsewhere").join(name);
        assert_eq!(std::fs::read_to_string(elsewhere).unwrap(), text, "{name}");
    }
}

#[tokio::test]
async fn export_writes_while_a_run_goes_on() {
    let bench = Bench::new(&site(2)).await;
    bench.sim.add_fault("people_list:delay=600000".parse().unwrap());
    let csv = bench.csv_path().display().to_string();
    let mut run =
        bench.command(&["--quiet", "run", &csv]).stdout(std::process::Stdio::null()).spawn().unwrap();
    // Phase 2 begins when phase 1 is committed.
    bench.sim.when(|journal| journal.iter().any(|call| call.operation == Operation::PeopleList)).await;
    let printed = bench.wxbulk(&["export", "--only", "results"]).await.expect(0).stdout;
    run.kill().unwrap();
    run.wait().unwrap();
    assert_eq!(printed.lines().count(), 1);
    let results = table(&bench.file("results.csv"));
    assert_eq!(results.iter().map(|row| row["entity_key"].as_str()).collect::<Vec<_>>(), ["Madrid"]);
}

#[tokio::test]
async fn only_the_named_files_are_written() {
    let bench = Bench::new(&site(1)).await;
    bench.ingest(&[]).await.expect(0);
    for name in FILES {
        std::fs::remove_file(bench.output().join(name)).unwrap();
    }
    bench.wxbulk(&["export", "--only", "results.csv,pending_rows"]).await.expect(0);
    let there = FILES.map(|name| bench.output().join(name).exists());
    assert_eq!(there, [true, true, false, false, false]);
    let unknown = bench.wxbulk(&["export", "--only", "result"]).await.expect(2).stderr;
    assert!(unknown.contains("\"result\"") && unknown.contains("ready_to_load"), "{unknown}");
}
