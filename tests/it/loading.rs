//! Taking a file in, by the real binary: keys, duplicates, all or nothing, and which file a database belongs to.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper that fails is a failed test")]

mod duplicates;
mod lengths;
mod whole;

use std::collections::BTreeMap;

use crate::support::{Bench, Csv, site};

impl Bench {
    /// Nothing in the output directory differs from what `everything` gave before.
    #[track_caller]
    fn untouched(&self, before: &BTreeMap<String, Vec<u8>>) {
        let now = self.everything();
        let names = before.keys().chain(now.keys());
        let touched: Vec<_> = names.filter(|name| before.get(*name) != now.get(*name)).collect();
        assert!(touched.is_empty(), "touched: {touched:?}");
    }

    /// Everything in the output directory, but for the working files that SQLite makes when somebody reads.
    fn everything(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        for entry in std::fs::read_dir(self.output()).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            if !name.ends_with("-wal") && !name.ends_with("-shm") {
                files.insert(name, std::fs::read(entry.path()).unwrap());
            }
        }
        // What may stand in the log only.
        let rows = "SELECT count(*) || max(updated_at) || (SELECT count(*) FROM inputs) || (SELECT count(*) FROM runs) FROM rows";
        let content: String = self.database().query_row(rows, [], |row| row.get(0)).unwrap();
        files.insert("(rows)".to_owned(), content.into_bytes());
        files
    }
}

/// The columns of all rows of these states, in row order.
fn rows(bench: &Bench, columns: &str, states: &str) -> Vec<Vec<Option<String>>> {
    let database = bench.database();
    let sql = format!("SELECT {columns} FROM rows WHERE state IN ({states}) ORDER BY row_id");
    let mut statement = database.prepare(&sql).unwrap();
    let width = statement.column_count();
    let rows = statement.query_map([], |row| (0..width).map(|index| row.get(index)).collect()).unwrap();
    rows.map(|row| row.unwrap()).collect()
}

#[tokio::test]
async fn keys_are_the_explicit_one_else_the_external_id_else_the_name() {
    let csv = Csv::new()
        .location("Madrid")
        .location("Sevilla")
        .cell("location_external_id", "SEV-01")
        .location("Bilbao")
        .cell("location_external_id", "BIL-01")
        .cell("location_key", "BIO")
        .cell("entity_key", "my bilbao");
    let bench = Bench::new(&csv).await;
    bench.ingest(&[]).await.expect(0);
    let keys = database_pairs(&bench);
    assert_eq!(keys, [("Madrid", "Madrid"), ("SEV-01", "SEV-01"), ("my bilbao", "BIO")].map(owned));
}

#[tokio::test]
async fn people_may_call_a_location_by_any_of_its_names_before_or_after_its_row() {
    let location =
        |csv: Csv| csv.location("Bilbao").cell("location_external_id", "BIL-01").cell("location_key", "BIO");
    let people = |csv: Csv| {
        csv.user("ana@example.com", "bilbao")
            .user("eva@example.com", "BIL-01")
            .user("leo@example.com", "Bio")
            .assignment("ana@example.com", "BILBAO", "1001")
            .row("extension_assignment")
            .cell("email", "eva@example.com")
            .cell("location_key", "bil-01")
            .cell("phone_number", "+34911234567")
    };
    let (before, after) = (location(people(Csv::new())), people(location(Csv::new())));
    for csv in [before, after] {
        let bench = Bench::new(&csv).await;
        bench.ingest(&[]).await.expect(0);
        let mut keys = database_pairs(&bench);
        keys.sort();
        let wanted = [
            "BIL-01",
            "BIO/+34911234567",
            "BIO/1001",
            "ana@example.com",
            "eva@example.com",
            "leo@example.com",
        ];
        assert_eq!(keys, wanted.map(|key| owned((key, "BIO"))));
    }
}

#[tokio::test]
async fn a_location_that_is_not_in_the_file_keeps_the_name_it_was_called_by() {
    let bench = Bench::new(&Csv::new().person("ana@example.com", "Nowhere", "1001")).await;
    bench.ingest(&[]).await.expect(0);
    assert_eq!(
        database_pairs(&bench),
        [("ana@example.com", "Nowhere"), ("Nowhere/1001", "Nowhere")].map(owned)
    );
}

/// `entity_key` and `location_key` of all accepted rows.
fn database_pairs(bench: &Bench) -> Vec<(String, String)> {
    let pair = |row: Vec<Option<String>>| {
        let mut cells = row.into_iter().map(Option::unwrap);
        (cells.next().unwrap(), cells.next().unwrap())
    };
    rows(bench, "entity_key, location_key", "'ready'").into_iter().map(pair).collect()
}

fn owned(pair: (&str, &str)) -> (String, String) {
    (pair.0.to_owned(), pair.1.to_owned())
}

#[tokio::test]
async fn rows_are_numbered_by_record_and_carry_their_reference() {
    let csv = Csv::new()
        .location("Madrid")
        .cell("notes", "ask for Ana\nthen for Eva")
        .cell("row_ref", "A-7")
        .user("ana@example.com", "Madrid")
        .cell("row_ref", "A-8");
    let bench = Bench::new(&csv).await;
    bench.ingest(&[]).await.expect(0);
    let wanted =
        [["1", "2", "A-7"], ["2", "4", "A-8"]].map(|row| row.map(|cell| Some(cell.to_owned())).to_vec());
    assert_eq!(rows(&bench, "CAST(row_id AS TEXT), CAST(line AS TEXT), row_ref", "'ready'"), wanted);
}

#[tokio::test]
async fn a_file_that_the_database_has_is_recognised_by_its_content() {
    let bench = Bench::new(&site(2)).await;
    bench.ingest(&[]).await.expect(0);
    let before = rows(&bench, "updated_at", "'ready'");
    let copy = bench.output().join("under-another-name.csv");
    std::fs::copy(bench.csv_path(), &copy).unwrap();
    let again = bench.wxbulk(&["ingest", copy.to_str().unwrap()]).await.expect(0);
    assert!(again.stderr.contains("already"), "{}", again.stderr);
    assert_eq!(rows(&bench, "updated_at", "'ready'"), before);
    assert_eq!(bench.count("SELECT count(*) FROM inputs"), 1);
}

#[tokio::test]
async fn another_file_is_refused_with_both_hashes_and_nothing_is_touched() {
    let bench = Bench::new(&site(2)).await;
    bench.ingest(&[]).await.expect(0);
    let checkpoint: serde_json::Value = serde_json::from_str(&bench.file("checkpoint.json")).unwrap();
    let known = checkpoint["input_hash"].as_str().unwrap();
    let before = bench.everything();
    for other in [site(3).text(), site(2).text().replace('\n', "\r\n")] {
        bench.write_csv(&other);
        for ran in [bench.ingest(&[]).await, bench.run().await] {
            let text = ran.expect(13).stderr;
            assert!(text.contains(known) && text.matches("sha256 ").count() == 2, "{text}");
            assert!(text.contains("--amend") && text.contains("--output-dir"), "{text}");
        }
    }
    bench.untouched(&before);
    assert!(bench.sim.journal().is_empty());
}

#[tokio::test]
async fn another_pipeline_version_is_refused_and_nothing_is_touched() {
    let bench = Bench::new(&site(2)).await;
    bench.ingest(&[]).await.expect(0);
    let before = bench.everything();
    let bench = bench.env("PIPELINE_VERSION", "2");
    for ran in [bench.ingest(&[]).await, bench.run().await, bench.wxbulk(&["run"]).await] {
        let text = ran.expect(13).stderr;
        assert!(text.contains("PIPELINE_VERSION 1, now it is 2"), "{text}");
    }
    bench.untouched(&before);
    assert!(bench.sim.journal().is_empty());
}
