//! The pending and rejected files, corrected where they lie or in a spreadsheet, and back.

use super::{amend, cell, corrected, mark, misspelt_run, rows, state};
use crate::support::{Bench, Csv, site};

#[tokio::test]
async fn a_corrected_pending_file_makes_its_rows_ready_and_only_they_run_again() {
    let bench = misspelt_run().await;
    let writes = bench.writes().len();
    let told = amend(&bench, corrected(&bench), &[]).await.expect(0);
    assert!(told.stdout.contains("2 rows: 2 changed, 0 new"), "{}", told.text());
    assert_eq!([1, 2, 3, 4].map(|row| state(&bench, row)), ["success", "ready", "ready", "success"]);

    bench.wxbulk(&["run"]).await.expect(0);
    assert_eq!(bench.writes().len(), writes + 1, "the licence of one person");
    assert_eq!(bench.row("user", "ana@example.com").row_id, 2);
    assert_eq!(bench.count("SELECT count(*) FROM history WHERE row_id = 2"), 2);
    bench.check_invariants();
}

#[tokio::test]
async fn the_pending_file_may_be_corrected_where_it_lies() {
    let bench = misspelt_run().await;
    let path = bench.output().join("pending_rows.csv");
    std::fs::write(&path, corrected(&bench)).unwrap();
    let path = path.display().to_string();
    let told = bench.wxbulk(&["ingest", "--amend", &path]).await.expect(0);
    assert!(!told.stderr.contains("left alone"), "{}", told.stderr);
    assert_eq!(bench.file("pending_rows.csv").lines().count(), 1, "the file is a view again");
    bench.wxbulk(&["run"]).await.expect(0);
}

#[tokio::test]
async fn an_edited_file_of_which_a_row_is_refused_is_kept() {
    let bench = misspelt_run().await;
    let path = bench.output().join("pending_rows.csv");
    let text = bench.file("pending_rows.csv").replace("aan@example.com", "no address");
    std::fs::write(&path, &text).unwrap();
    let shown = path.display().to_string();
    let told = bench.wxbulk(&["ingest", "--amend", &shown]).await.expect(3);
    assert!(told.stderr.contains("left alone, because someone edited it"), "{}", told.stderr);
    assert_eq!(bench.file("pending_rows.csv"), text);
}

#[tokio::test]
async fn what_a_spreadsheet_makes_of_the_file_changes_nothing_else() {
    for (name, bytes, options) in
        [("as it is", false, vec![]), ("cp1252", true, vec!["--encoding", "windows-1252"])]
    {
        let bench = misspelt_run().await;
        let fields = corrected(&bench).lines().map(sheet_line).collect::<Vec<_>>().join("\r\n");
        let text = format!("{fields}\r\n");
        let file = if bytes {
            text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect()
        } else {
            format!("\u{feff}{text}").into_bytes()
        };
        amend(&bench, file, &options).await.expect(0);
        assert_eq!([2, 3].map(|row| state(&bench, row)), ["ready", "ready"], "{name}");
        bench.wxbulk(&["run"]).await.expect(0);
    }
}

/// Semicolons for commas; the lines of this file have no commas inside of cells but in the JSON, which is quoted.
fn sheet_line(line: &str) -> String {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(line.as_bytes());
    let record = reader.records().next().unwrap().unwrap();
    let mut writer = csv::WriterBuilder::new().delimiter(b';').from_writer(Vec::new());
    writer.write_record(&record).unwrap();
    String::from_utf8(writer.into_inner().unwrap()).unwrap().trim_end().to_owned()
}

#[tokio::test]
async fn an_unchanged_pending_file_changes_nothing_but_with_retry() {
    let bench = misspelt_run().await;
    let file = bench.file("pending_rows.csv");
    let told = amend(&bench, &file, &[]).await.expect(0);
    assert!(told.stdout.contains("0 changed, 0 new, 2 as they were"), "{}", told.stdout);
    assert_eq!([2, 3].map(|row| state(&bench, row)), ["pending", "pending"]);
    let told = amend(&bench, &file, &["--retry"]).await.expect(0);
    assert!(told.stdout.contains("2 retried"), "{}", told.stdout);
    assert_eq!([2, 3].map(|row| state(&bench, row)), ["ready", "ready"]);
}

#[tokio::test]
async fn a_preview_shows_every_cell_and_writes_nothing() {
    let bench = misspelt_run().await;
    let before = bench.count("SELECT count(*) FROM inputs");
    let told = amend(&bench, corrected(&bench), &["--check"]).await.expect(0);
    assert!(told.stdout.contains("row 2 aan@example.com") || told.stdout.contains("row 2 ana@example.com"));
    assert!(told.stdout.contains(r#"email: "aan@example.com" -> "ana@example.com""#), "{}", told.stdout);
    assert!(told.stdout.contains("pending -> ready"), "{}", told.stdout);
    assert_eq!([2, 3].map(|row| state(&bench, row)), ["pending", "pending"]);
    assert_eq!(bench.count("SELECT count(*) FROM inputs"), before);
    let json = amend(&bench, corrected(&bench), &["--check", "--json"]).await.expect(0);
    let report: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(report["changed"], 2);
    assert_eq!(report["changes"][0]["cells"][0]["now"], "ana@example.com");
}

#[tokio::test]
async fn a_corrected_rejected_file_gives_rows_that_run() {
    let csv = site(2).person("leo@example.com", "Madrid", "12x");
    let bench = Bench::new(&csv).await;
    bench.run().await.expect(3);
    assert_eq!([6, 7].map(|row| state(&bench, row)), ["pending", "rejected"]);
    let file = bench.file("rejected_rows.csv");
    let again = amend(&bench, &file, &[]).await.expect(3);
    assert!(again.stdout.contains("row 7 stays rejected"), "{}", again.stdout);

    amend(&bench, file.replace("12x", "1200"), &[]).await.expect(0);
    assert_eq!(
        [6, 7].map(|row| state(&bench, row)),
        ["ready", "ready"],
        "the user that lacked it comes along"
    );
    bench.wxbulk(&["run"]).await.expect(0);
    assert_eq!(bench.file("rejected_rows.csv").lines().count(), 1);
    bench.check_invariants();
}

#[tokio::test]
async fn a_rejected_row_that_is_wrong_in_another_way_now_says_so() {
    let bench = Bench::new(&site(1).person("leo@example.com", "Madrid", "12x")).await;
    bench.run().await.expect(3);
    let file = bench.file("rejected_rows.csv").replace("12x", "1000");
    let told = amend(&bench, &file, &[]).await.expect(3);
    assert!(told.stdout.contains("is already on row 3 (line 4)"), "{}", told.stdout);
    let reason: String =
        bench.database().query_row("SELECT reason FROM rows WHERE row_id = 5", [], |row| row.get(0)).unwrap();
    assert_eq!(reason, "duplicate_key");
    assert!(bench.file("rejected_rows.csv").contains("duplicate_key"));
}

#[tokio::test]
async fn a_column_that_the_file_lacks_stays_and_a_blank_cell_is_cleared() {
    let csv = site(1).cell("final_settings_do_not_disturb_enabled", "true").cell("x_desk", "4F");
    let bench = Bench::new(&csv).await;
    bench.run().await.expect(0);
    let head = "row_id,entity_type,email,location_key,extension";
    let row = "3,extension_assignment,u0@example.com,Madrid,1000";
    amend(&bench, format!("{head}\n{row}\n"), &[]).await.expect(0);
    assert_eq!(state(&bench, 3), "success");
    assert_eq!(cell(&bench, 3, "final_settings_do_not_disturb_enabled").as_deref(), Some("true"));

    let setting = "final_settings_do_not_disturb_enabled";
    amend(&bench, format!("{head},{setting}\n{row},\n"), &[]).await.expect(0);
    assert_eq!(cell(&bench, 3, setting), None);
    assert_eq!(state(&bench, 3), "ready");
    assert!(bench.file("ready_to_load.csv").contains("x_desk"), "no column of an earlier file is lost");
}

#[tokio::test]
async fn a_carried_cell_alone_does_not_make_a_row_run_again() {
    let bench = Bench::new(&site(1).cell("x_desk", "4F")).await;
    bench.run().await.expect(0);
    let file = bench.csv_path();
    let text = std::fs::read_to_string(&file).unwrap().replace("4F", "5F");
    let told = amend(&bench, text, &[]).await.expect(0);
    assert!(told.stdout.contains("success, stays so"), "{}", told.stdout);
    assert_eq!((state(&bench, 3), cell(&bench, 3, "x_desk")), ("success".to_owned(), Some("5F".to_owned())));
}

#[tokio::test]
async fn a_row_number_that_cannot_be_meant_is_refused_and_named() {
    let bench = misspelt_run().await;
    let mark = mark(&bench);
    let head = "row_id,job,entity_type,email,location_key,extension";
    let text = format!(
        "{head}\n99,{mark},user,leo@example.com,Madrid,\n2,{mark},user,ana@example.com,Madrid,\n\
         2,{mark},user,leo@example.com,Madrid,\n4,{mark},extension_assignment,eva@example.com,Madrid,1002\n\
         x,{mark},user,leo@example.com,Madrid,\n"
    );
    let told = amend(&bench, text, &[]).await.expect(3);
    for part in [
        ":2:row_id: there is no row 99 in this database",
        ":6:row_id: ",
        "nothing is stored of it",
        ":4:row_id: row 2 stands in this file twice",
        ":5:entity_type: row 4 is a row of type user",
        "row 4 stays success",
    ] {
        assert!(told.stdout.contains(part), "{part}\n{}", told.stdout);
    }
    assert_eq!([2, 4].map(|row| state(&bench, row)), ["ready", "success"]);
    assert_eq!(rows(&bench), 5, "what was refused is no row");
}

#[tokio::test]
async fn an_empty_database_has_nothing_to_amend() {
    let bench = Bench::new(&site(1)).await;
    let told = amend(&bench, site(1).text(), &[]).await.expect(2);
    assert!(told.stderr.contains("there is no database"), "{}", told.stderr);
    assert!(!bench.output().join("wxbulk.db").exists());
}

#[tokio::test]
async fn rows_beyond_the_limit_leave_everything_as_it_was() {
    let bench = Bench::new(&site(1)).await.env("MAX_ROWS", "4");
    bench.run().await.expect(0);
    let more = Csv::new().person("leo@example.com", "Madrid", "1005");
    let told = amend(&bench, more.text(), &[]).await.expect(17);
    assert!(told.stderr.contains("5 rows, more than 4: raise MAX_ROWS"), "{}", told.stderr);
    assert_eq!(bench.count("SELECT count(*) FROM rows"), 3);
}
