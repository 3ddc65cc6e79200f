//! Exports that are read while they are written, and exports that are cut off.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::checker::{FILES, Plan, temporary_files};
use super::process::Process;
use super::rounds;
use crate::support::Bench;

/// Every text that each file may have.
type Texts = BTreeMap<&'static str, BTreeSet<String>>;

/// Two states of one job, each in a database of its own: the files have one of two texts at any time.
async fn two_states(plan: &Plan) -> (Bench, [PathBuf; 2], Texts) {
    let bench = plan.bench(0).await;
    let mut databases = Vec::new();
    let mut texts = Texts::new();
    for (name, command) in [("before", "ingest"), ("after", "run")] {
        let directory = bench.csv_path().with_file_name(name);
        bench
            .wxbulk(&[command, "site.csv", "--output-dir", &directory.display().to_string()])
            .await
            .expect(0);
        for file in FILES {
            texts.entry(file).or_default().insert(std::fs::read_to_string(directory.join(file)).unwrap());
        }
        databases.push(directory.join("wxbulk.db"));
    }
    std::fs::create_dir(bench.output()).unwrap();
    (bench, [databases.remove(0), databases.remove(0)], texts)
}

/// Opens and reads every file again and again; gives the number of readings.
fn read_on(directory: &Path, texts: &Texts, stop: &AtomicBool) -> usize {
    let mut readings = 0;
    while !stop.load(Ordering::Relaxed) {
        for (name, whole) in texts {
            // Before the first export there is none.
            let Ok(text) = std::fs::read_to_string(directory.join(name)) else { continue };
            assert!(whole.contains(&text), "{name} is neither the old nor the new one:\n{text}");
            readings += 1;
        }
    }
    readings
}

#[tokio::test]
async fn a_reader_sees_whole_files_only() {
    let plan = Plan::new(20, 3).await;
    let (bench, databases, texts) = two_states(&plan).await;
    let stop = Arc::new(AtomicBool::new(false));
    let (directory, told) = (bench.output(), Arc::clone(&stop));
    let reader = tokio::task::spawn_blocking(move || read_on(&directory, &texts, &told));
    let exports = rounds("WXBULK_EXPORTS", 40);
    for number in 0..exports {
        let database = databases[number % 2].display().to_string();
        bench.wxbulk(&["export", "--force", "--db", &database]).await.expect(0);
        assert!(!reader.is_finished(), "a torn file was read");
    }
    stop.store(true, Ordering::Relaxed);
    let readings = reader.await.expect("no torn file is read");
    println!("torn exports: {exports} exports, {readings} readings, 0 torn");
    assert_eq!(temporary_files(&bench), Vec::<String>::new());
}

/// Each export meets a state of its own: what stands on disk is then older than the last export that was begun.
#[cfg(debug_assertions)]
#[tokio::test]
async fn exports_that_are_cut_off_in_a_row_leave_no_file_that_looks_edited() {
    for point in ["temp_file_written:3", "before_rename:1", "before_rename:5", "after_rename:2"] {
        let plan = Plan::new(2, 2).await;
        let bench = plan.bench(0).await;
        bench.wxbulk(&["ingest", "site.csv"]).await.expect(0);
        // The run dies at its first export each time: at the end of phase 1, then of phase 2, then of phase 3.
        for _ in 0..3 {
            let mut run = bench.command(&["run"]);
            run.env("WXBULK_KILL_AT", point);
            assert_eq!(Process::start(run).end().await.signal, Some(6), "{point}");
        }
        assert_ne!(temporary_files(&bench), Vec::<String>::new(), "{point}");
        bench.wxbulk(&["export"]).await.expect(0);
        plan.heal(&bench, point).await;
    }
}
