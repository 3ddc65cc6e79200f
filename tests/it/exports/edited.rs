//! A file that is not as wxbulk wrote it is somebody's work: never overwritten unasked.

use std::os::unix::fs::{PermissionsExt, symlink};

use super::{FILES, table};
use crate::support::{Bench, Csv, site};
use wxbulk::sim::{Fault, Operation};

/// A finished job of which somebody has edited one file.
async fn with_edited(name: &str) -> Bench {
    let bench = Bench::new(&site(1)).await;
    bench.run().await.expect(0);
    std::fs::write(bench.output().join(name), bench.file(name) + "mine\n").unwrap();
    bench
}

#[tokio::test]
async fn export_leaves_every_file_as_it_is_when_one_was_edited() {
    for name in &FILES[..4] {
        let bench = with_edited(name).await;
        std::fs::remove_file(bench.output().join("checkpoint.json")).unwrap();
        let text = bench.wxbulk(&["export"]).await.expect(14).stderr;
        assert!(text.contains(name) && text.contains("--force") && text.contains("--amend"), "{text}");
        assert!(bench.file(name).ends_with("mine\n"));
        assert!(!bench.output().join("checkpoint.json").exists(), "another file was written");
        assert_eq!(leftovers(&bench), Vec::<String>::new());
    }
}

#[tokio::test]
async fn the_other_files_can_still_be_asked_for() {
    let bench = with_edited("pending_rows.csv").await;
    bench.wxbulk(&["export", "--only", "results"]).await.expect(0);
    bench.wxbulk(&["export", "--only", "pending_rows"]).await.expect(14);
}

#[tokio::test]
async fn force_replaces_an_edited_file() {
    let bench = with_edited("results.csv").await;
    bench.wxbulk(&["export", "--force"]).await.expect(0);
    assert!(!bench.file("results.csv").contains("mine"));
    bench.wxbulk(&["export"]).await.expect(0);
}

#[tokio::test]
async fn a_run_that_kept_an_edited_file_ends_3_and_says_last_how_to_go_on() {
    let bench = Bench::new(&site(1)).await;
    bench.ingest(&[]).await.expect(0);
    std::fs::write(bench.output().join("pending_rows.csv"), "mine\n").unwrap();
    let ran = bench.wxbulk(&["run"]).await.expect(3);
    let path = bench.output().join("pending_rows.csv").display().to_string();
    let last: Vec<&str> = ran.stdout.lines().rev().take(3).collect();
    assert!(
        last[2].contains("left alone, because someone edited it: ") && last[2].contains(&path),
        "{last:?}"
    );
    assert!(last[1].ends_with(&format!("wxbulk ingest --amend {path}")), "{last:?}");
    assert!(last[0].ends_with("wxbulk export --force"), "{last:?}");
    assert!(!ran.stderr.contains("nothing, every row is done"), "{}", ran.stderr);
    assert_eq!(bench.file("pending_rows.csv"), "mine\n");
    assert_eq!(table(&bench.file("results.csv")).len(), 3);
}

#[tokio::test]
async fn files_in_another_directory_make_nobodys_file_an_edited_one() {
    let bench = Bench::new(&site(3)).await;
    bench.wxbulk(&["run", "site.csv", "--phase", "1"]).await.expect(4);
    let database = bench.output().join("wxbulk.db").display().to_string();
    // The same place by another name, and a place of its own.
    let mut elsewhere = vec!["run", "--phase", "2", "--db", &database, "--output-dir", "other/../other"];
    std::fs::create_dir(bench.csv_path().with_file_name("other")).unwrap();
    bench.wxbulk(&elsewhere).await.expect(4);
    elsewhere.splice(..3, ["export"]);
    bench.wxbulk(&elsewhere).await.expect(0);
    bench.wxbulk(&["run"]).await.expect(0);
    assert_eq!(table(&bench.file("results.csv")).len(), 7);
    bench.wxbulk(&["export", "--db", &database, "--output-dir", "other"]).await.expect(0);
}

#[tokio::test]
async fn a_directory_that_was_moved_holds_the_same_files() {
    let bench = Bench::new(&site(1)).await;
    bench.wxbulk(&["run", "site.csv", "--phase", "1"]).await.expect(4);
    let moved = bench.csv_path().with_file_name("moved");
    std::fs::rename(bench.output(), &moved).unwrap();
    bench.wxbulk(&["run", "--output-dir", "moved"]).await.expect(0);
    assert_eq!(table(&std::fs::read_to_string(moved.join("results.csv")).unwrap()).len(), 3);
}

#[tokio::test]
async fn a_file_that_was_there_before_wxbulk_is_not_ours() {
    let bench = Bench::new(&site(1)).await;
    std::fs::create_dir(bench.output()).unwrap();
    std::fs::write(bench.output().join("results.csv"), "my own results\n").unwrap();
    bench.ingest(&[]).await.expect(14);
    assert_eq!(bench.file("results.csv"), "my own results\n");
}

#[tokio::test]
async fn ingest_beside_a_file_of_somebody_else_tells_its_counts_and_writes_the_others() {
    let bench = Bench::new(&site(1).user("u0@example.com", "Madrid")).await;
    std::fs::create_dir(bench.output()).unwrap();
    std::fs::write(bench.output().join("results.csv"), "my own results\n").unwrap();
    for counts in ["4 rows: 1 locations, 1 users, 1 assignments, 1 rejected", ""] {
        let ran = bench.ingest(&[]).await.expect(14);
        assert!(ran.stdout.contains(counts), "{}", ran.text());
        for words in ["the rows are in the database", "results.csv", "ingest --amend", "export --force"] {
            assert!(ran.stderr.contains(words), "{words:?} is not in {}", ran.stderr);
        }
        assert_eq!(bench.file("results.csv"), "my own results\n");
        assert_eq!(table(&bench.file("rejected_rows.csv")).len(), 1);
        assert_eq!(table(&bench.file("ready_to_load.csv")).len(), 3);
    }
    bench.wxbulk(&["export", "--force"]).await.expect(0);
    bench.ingest(&[]).await.expect(0);
}

#[tokio::test]
async fn requeue_and_drop_say_which_file_they_left_alone() {
    for arguments in [["requeue", "--all", "--yes"].as_slice(), &["drop", "--row", "2", "--yes"]] {
        let bench = Bench::new(&site(1)).await;
        bench.sim.add_fault(Fault::on(Operation::LicensesUsersPatch).status(400));
        bench.run().await;
        std::fs::write(bench.output().join("pending_rows.csv"), "mine\n").unwrap();
        let ran = bench.wxbulk(arguments).await.expect(0);
        for words in ["left alone, because someone edited it: ", "pending_rows.csv", "--amend", "--force"] {
            assert!(ran.stdout.contains(words), "{words:?} is not in {}", ran.text());
        }
        assert_eq!(bench.file("pending_rows.csv"), "mine\n");
    }
}

#[tokio::test]
async fn a_run_that_fails_before_its_first_row_has_written_what_it_took_in() {
    for (arguments, code) in
        [(&["run", "site.csv"][..], 11), (&["run", "site.csv", "--location", "Nowhere"], 2)]
    {
        let bench = Bench::new(&site(1).user("u0@example.com", "Madrid")).await;
        bench.sim.add_fault("people_me:status=401".parse().unwrap());
        bench.wxbulk(arguments).await.expect(code);
        assert_eq!(table(&bench.file("rejected_rows.csv")).len(), 1);
        assert_eq!(table(&bench.file("ready_to_load.csv")).len(), 3);
        assert!(bench.output().join("checkpoint.json").exists());
    }
}

#[tokio::test]
async fn a_file_that_is_gone_is_written_again() {
    let bench = Bench::new(&site(1)).await;
    bench.run().await.expect(0);
    let before = bench.files();
    for name in FILES {
        std::fs::remove_file(bench.output().join(name)).unwrap();
    }
    bench.wxbulk(&["export"]).await.expect(0);
    assert_eq!(bench.files(), before);
}

#[tokio::test]
async fn a_write_that_was_cut_off_before_the_rename_is_no_edit() {
    let bench = Bench::new(&Csv::new().location("Madrid")).await;
    bench.ingest(&[]).await.expect(0);
    let old = bench.file("results.csv");
    bench.wxbulk(&["run"]).await.expect(0);
    let new = bench.file("results.csv");
    // As a kill between the record and the rename leaves it: the hash of the new file, and the old file.
    std::fs::write(bench.output().join("results.csv"), &old).unwrap();
    bench.wxbulk(&["export"]).await.expect(0);
    assert_eq!(bench.file("results.csv"), new);
    assert_ne!(old, new);
}

#[tokio::test]
async fn a_link_in_a_files_place_is_replaced_and_its_target_untouched() {
    let bench = Bench::new(&site(1)).await;
    bench.run().await.expect(0);
    let (place, target) = (bench.output().join("results.csv"), bench.csv_path().with_file_name("target"));
    let ours = bench.file("results.csv");
    for (content, options) in [(ours.as_str(), &["export"][..]), ("somebody else's", &["export", "--force"])]
    {
        std::fs::write(&target, content).unwrap();
        std::fs::remove_file(&place).unwrap();
        symlink(&target, &place).unwrap();
        bench.wxbulk(options).await.expect(0);
        assert!(place.symlink_metadata().unwrap().is_file(), "the link is still there");
        assert_eq!(bench.file("results.csv"), ours);
        assert_eq!(std::fs::read_to_string(&target).unwrap(), content);
    }
}

#[tokio::test]
async fn a_link_to_nothing_makes_nothing() {
    let bench = Bench::new(&site(1)).await;
    std::fs::create_dir(bench.output()).unwrap();
    let target = bench.csv_path().with_file_name("target");
    symlink(&target, bench.output().join("results.csv")).unwrap();
    bench.run().await.expect(0);
    assert!(!target.exists());
    assert!(bench.output().join("results.csv").symlink_metadata().unwrap().is_file());
}

/// Temporary files in the output directory.
fn leftovers(bench: &Bench) -> Vec<String> {
    let names = std::fs::read_dir(bench.output())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with('.')).collect()
}

#[tokio::test]
async fn a_run_removes_what_a_killed_export_left_and_nothing_else() {
    let bench = Bench::new(&site(1)).await;
    bench.ingest(&[]).await.expect(0);
    for name in [".results.csv.a1B2c3.tmp", ".checkpoint.json.x.tmp", ".mine.tmp", ".results.csv.bak"] {
        std::fs::write(bench.output().join(name), "half a fi").unwrap();
    }
    bench.wxbulk(&["run"]).await.expect(0);
    let mut left = leftovers(&bench);
    left.sort();
    assert_eq!(left, [".mine.tmp", ".results.csv.bak"]);
}

#[tokio::test]
async fn a_rewritten_file_is_the_owners_alone_again() {
    let bench = Bench::new(&site(1)).await;
    bench.ingest(&[]).await.expect(0);
    for name in FILES {
        std::fs::set_permissions(bench.output().join(name), std::fs::Permissions::from_mode(0o666)).unwrap();
    }
    bench.wxbulk(&["run"]).await.expect(0);
    for name in FILES {
        let mode = std::fs::metadata(bench.output().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}
