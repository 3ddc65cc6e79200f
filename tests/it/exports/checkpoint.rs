//! `checkpoint.json`: where the phases stand (R20), and what a damaged or foreign one does.

use serde_json::Value;
use wxbulk::sim::SimConfig;

use crate::support::{Bench, Csv, site};

/// `phase` and `last_row_id`.
fn stand(bench: &Bench) -> (u64, u64) {
    let checkpoint: Value = serde_json::from_str(&bench.file("checkpoint.json")).unwrap();
    (checkpoint["phase"].as_u64().unwrap(), checkpoint["last_row_id"].as_u64().unwrap())
}

/// As after a requeue.
fn ready_again(bench: &Bench, row_id: u32) {
    let database = rusqlite::Connection::open(bench.output().join("wxbulk.db")).unwrap();
    let sql = "UPDATE rows SET state = 'ready', reason = NULL, cause = NULL WHERE row_id = ?1";
    assert_eq!(database.execute(sql, [row_id]).unwrap(), 1);
}

fn locations(count: usize) -> Csv {
    (0..count).fold(Csv::new(), |csv, number| csv.location(&format!("Site {number}")))
}

#[tokio::test]
async fn nothing_done_is_row_0_of_phase_1() {
    let bench = Bench::new(&site(2)).await;
    bench.ingest(&[]).await.expect(0);
    assert_eq!(stand(&bench), (1, 0));
}

#[tokio::test]
async fn all_done_is_the_last_row_of_phase_3() {
    let bench = Bench::new(&site(2)).await;
    bench.run().await.expect(0);
    assert_eq!(stand(&bench), (3, 5));
}

#[tokio::test]
async fn pending_rows_are_final() {
    let bench = Bench::with(&site(2), SimConfig::default()).await;
    bench.run().await.expect(3);
    assert_eq!(bench.count("SELECT count(*) FROM rows WHERE state = 'pending'"), 4);
    assert_eq!(stand(&bench), (3, 5));
}

#[tokio::test]
async fn it_stands_in_the_lowest_phase_that_has_work_left() {
    let csv = locations(4).user("ana@example.com", "Site 0");
    let bench = Bench::new(&csv).await.env("BATCH_SIZE", "1").env("MAX_BATCHES", "2");
    bench.run().await.expect(17);
    assert_eq!(stand(&bench), (1, 2));
    bench.wxbulk(&["run"]).await.expect(17);
    assert_eq!(stand(&bench), (2, 0));
}

#[tokio::test]
async fn rejected_rows_count_on_neither_side() {
    let csv = locations(1).location("Site 0").location("Site 2").location("Site 2").location("Site 4");
    let bench = Bench::new(&csv).await.env("BATCH_SIZE", "1").env("MAX_BATCHES", "1");
    bench.run().await.expect(17);
    assert_eq!(stand(&bench), (1, 1));
    bench.wxbulk(&["run"]).await.expect(17);
    assert_eq!(stand(&bench), (1, 3));
}

#[tokio::test]
async fn a_row_that_is_ready_again_takes_it_back() {
    let bench = Bench::new(&locations(3)).await;
    bench.run().await.expect(0);
    assert_eq!(stand(&bench), (3, 0));
    ready_again(&bench, 2);
    bench.wxbulk(&["export"]).await.expect(0);
    assert_eq!(stand(&bench), (1, 1));
    ready_again(&bench, 1);
    bench.wxbulk(&["export"]).await.expect(0);
    assert_eq!(stand(&bench), (1, 0));
}

#[tokio::test]
async fn it_is_never_read_to_decide_what_to_do() {
    let bench = Bench::new(&site(1)).await;
    bench.ingest(&[]).await.expect(0);
    let mut checkpoint: Value = serde_json::from_str(&bench.file("checkpoint.json")).unwrap();
    checkpoint["phase"] = 3.into();
    checkpoint["last_row_id"] = 999.into();
    std::fs::write(bench.output().join("checkpoint.json"), checkpoint.to_string()).unwrap();
    bench.wxbulk(&["run"]).await.expect(3);
    assert_eq!(bench.count("SELECT count(*) FROM rows WHERE state = 'success'"), 3);
}

/// Texts that are no checkpoint.
fn damaged(sound: &str) -> Vec<String> {
    let without = |field: &str, value: Option<Value>| {
        let mut checkpoint: serde_json::Map<String, Value> = serde_json::from_str(sound).unwrap();
        match value {
            Some(value) => checkpoint.insert(field.to_owned(), value),
            None => checkpoint.remove(field),
        };
        Value::Object(checkpoint).to_string()
    };
    let mut texts = vec![
        String::new(),
        "{".to_owned(),
        "[]".to_owned(),
        "null".to_owned(),
        sound[..sound.len() / 2].to_owned(),
    ];
    for field in ["input_hash", "pipeline_version", "phase", "last_row_id", "started_at"] {
        texts.push(without(field, None));
    }
    texts.push(without("phase", Some("one".into())));
    texts.push(without("last_row_id", Some((-1).into())));
    texts.push(without("input_hash", Some("abc".into())));
    texts
}

#[tokio::test]
async fn a_damaged_checkpoint_stops_everything_that_would_overwrite_it() {
    let bench = Bench::new(&site(1)).await;
    bench.ingest(&[]).await.expect(0);
    let path = bench.output().join("checkpoint.json");
    let csv = bench.csv_path().display().to_string();
    for text in damaged(&bench.file("checkpoint.json")) {
        std::fs::write(&path, &text).unwrap();
        for command in [&["run"][..], &["run", &csv], &["export"], &["ingest", &csv]] {
            let told = bench.wxbulk(command).await.expect(14).stderr;
            assert!(told.contains("checkpoint.json") && told.contains("--force"), "{told}");
            assert_eq!(bench.file("checkpoint.json"), text);
        }
    }
    assert!(bench.sim.journal().is_empty());
    bench.wxbulk(&["export", "--force"]).await.expect(0);
    bench.wxbulk(&["run"]).await.expect(0);
}

#[tokio::test]
async fn a_checkpoint_of_another_input_stops_everything_that_would_overwrite_it() {
    let bench = Bench::new(&site(1)).await;
    bench.ingest(&[]).await.expect(0);
    let hash = "ab".repeat(32);
    let mut foreign: Value = serde_json::from_str(&bench.file("checkpoint.json")).unwrap();
    foreign["input_hash"] = hash.clone().into();
    std::fs::write(bench.output().join("checkpoint.json"), foreign.to_string()).unwrap();
    let csv = bench.csv_path().display().to_string();
    for command in [&["run"][..], &["run", &csv], &["export"], &["ingest", &csv]] {
        let told = bench.wxbulk(command).await.expect(13).stderr;
        assert!(told.contains("checkpoint.json") && told.contains(&hash), "{told}");
        assert_eq!(bench.file("checkpoint.json"), foreign.to_string());
    }
    assert!(bench.sim.journal().is_empty());
}
