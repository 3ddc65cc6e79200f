//! Two rows with one key: the first stays, the later one is rejected and told where the first stands (R13).

use crate::support::{Bench, Csv};

/// Rows of which the last one must be rejected because of the first; the word names the key.
fn pairs() -> Vec<(&'static str, Csv)> {
    let madrid = || Csv::new().location("Madrid");
    let ana = || madrid().user("ana@example.com", "Madrid");
    let line =
        |csv: Csv, email: &str, location: &str, extension: &str| csv.assignment(email, location, extension);
    vec![
        ("location_name", madrid().location("  MADRID ")),
        ("location_name", Csv::new().location("Málaga  Norte").location("ma\u{301}laga norte")),
        (
            "location_name",
            madrid()
                .cell("location_external_id", "M-1")
                .location("madrid")
                .cell("location_external_id", "M-2"),
        ),
        (
            "location_external_id",
            madrid()
                .cell("location_external_id", "M-1")
                .location("Sevilla")
                .cell("location_external_id", "m-1"),
        ),
        ("location_external_id", madrid().location("Sevilla").cell("location_external_id", "Madrid")),
        (
            "location_name",
            Csv::new().location("Sevilla").cell("location_external_id", "Madrid").location("Madrid"),
        ),
        ("location_key", madrid().location("Sevilla").cell("location_key", "madrid")),
        ("email", ana().user("ANA@example.com", "Madrid")),
        (
            "email",
            line(line(madrid(), "ana@example.com", "Madrid", "1001"), "ana@example.com", "Madrid", "1002"),
        ),
        (
            "extension",
            line(line(madrid(), "ana@example.com", "Madrid", "1001"), "eva@example.com", "madrid", " 1001"),
        ),
        (
            "extension",
            line(
                line(madrid().cell("location_external_id", "M-1"), "ana@example.com", "M-1", "1001"),
                "eva@example.com",
                "Madrid",
                "1001",
            ),
        ),
        (
            "entity_key",
            ana().cell("entity_key", "k").user("eva@example.com", "Madrid").cell("entity_key", "k"),
        ),
        (
            "location_settings_main_number",
            madrid()
                .cell("location_settings_numbers", "+34911000000|+34911000001")
                .location("Sevilla")
                .cell("location_settings_main_number", "+34911000001"),
        ),
        ("row_ref", ana().cell("row_ref", "7").user("eva@example.com", "Madrid").cell("row_ref", "7")),
    ]
}

/// An assignment of a number.
fn number(csv: Csv, email: &str, location: &str, column: &str, number: &str) -> Csv {
    csv.assignment(email, location, if email.starts_with('a') { "1001" } else { "1002" }).cell(column, number)
}

fn numbers() -> Vec<(&'static str, Csv)> {
    let sites = || Csv::new().location("Madrid").location("Sevilla");
    let ana = |column| number(sites(), "ana@example.com", "Madrid", column, "+34911234567");
    let eva = |csv, column| number(csv, "eva@example.com", "Sevilla", column, "+34 911 234 567");
    vec![
        ("phone_number", eva(ana("phone_number"), "phone_number")),
        ("alternate_numbers", eva(ana("phone_number"), "alternate_numbers")),
        ("phone_number", eva(ana("alternate_numbers"), "phone_number")),
    ]
}

#[tokio::test]
async fn the_first_of_two_rows_with_one_key_stays() {
    for (key, csv) in pairs().into_iter().chain(numbers()) {
        let bench = Bench::new(&csv).await;
        bench.ingest(&[]).await.expect(3);
        let rejected = only_rejected(&bench);
        let last = bench.count("SELECT max(row_id) FROM rows");
        let (row_id, reason, message) = (rejected.0, rejected.1.as_str(), rejected.2.as_str());
        assert_eq!((row_id, reason), (last, "duplicate_key"), "{key}\n{}", csv.text());
        assert!(message.starts_with(&format!("the {key} ")), "{key}: {message}");
        assert!(message.contains("the first stays"), "{message}");
        let first: i64 = number_after(message, "is already on row ");
        assert_eq!(number_after(message, "(line "), first + 1, "{message}");
        assert!(first < last, "{message}");
    }
}

/// Row, reason and message of the one rejected row.
fn only_rejected(bench: &Bench) -> (i64, String, String) {
    assert_eq!(
        bench.count("SELECT count(*) FROM rows WHERE state = 'rejected'"),
        1,
        "{}",
        bench.file("rejected_rows.csv")
    );
    let sql = "SELECT row_id, reason, message FROM rows WHERE state = 'rejected'";
    bench.database().query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap()
}

fn number_after(message: &str, words: &str) -> i64 {
    let rest = message.split_once(words).unwrap_or_else(|| panic!("{words:?} is not in {message}")).1;
    rest.split(|symbol: char| !symbol.is_ascii_digit()).next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn duplicates_show_across_the_names_of_a_location_that_comes_last() {
    let csv = Csv::new()
        .assignment("ana@example.com", "Madrid", "1001")
        .assignment("eva@example.com", "M-1", "1001")
        .assignment("leo@example.com", "m", "1002")
        .location("Madrid")
        .cell("location_external_id", "M-1")
        .cell("location_key", "M");
    let bench = Bench::new(&csv).await;
    bench.ingest(&[]).await.expect(3);
    let (row_id, reason, message) = only_rejected(&bench);
    assert_eq!((row_id, reason.as_str()), (2, "duplicate_key"));
    assert!(message.contains("row 1 (line 2)"), "{message}");
    assert_eq!(bench.row("extension_assignment", "M/1001").row_id, 1);
    assert_eq!(bench.row("extension_assignment", "M/1002").row_id, 3);
}

#[tokio::test]
async fn a_row_that_waits_for_its_location_is_still_the_first() {
    let csv = Csv::new()
        .location("Madrid")
        .user("ana@example.com", "Sevilla")
        .user("ana@example.com", "Madrid")
        .location("Sevilla");
    let bench = Bench::new(&csv).await;
    bench.ingest(&[]).await.expect(3);
    assert_eq!(only_rejected(&bench).0, 3);
    assert_eq!(bench.row("user", "ana@example.com").row_id, 2);
}

#[tokio::test]
async fn the_message_names_the_line_where_cells_span_lines() {
    let csv = Csv::new()
        .location("Madrid")
        .cell("notes", "one\ntwo\nthree")
        .user("ana@example.com", "Madrid")
        .user("ana@example.com", "Madrid");
    let bench = Bench::new(&csv).await;
    let ran = bench.ingest(&[]).await.expect(3);
    assert!(only_rejected(&bench).2.contains("row 2 (line 5)"));
    assert!(ran.stdout.contains("site.csv:6:email: "), "{}", ran.stdout);
}

#[tokio::test]
async fn what_only_looks_alike_is_no_duplicate() {
    let csv = Csv::new()
        .location("Madrid")
        .cell("entity_key", "k")
        .location("Madrid Norte")
        .user("ana@example.com", "Madrid")
        .cell("entity_key", "k")
        .user("ana+1@example.com", "Madrid")
        .assignment("ana@example.com", "Madrid", "1001")
        .cell("entity_key", "k")
        .assignment("ana+1@example.com", "Madrid Norte", "1001")
        .assignment("leo@example.com", "Madrid", "01001");
    let bench = Bench::new(&csv).await;
    bench.ingest(&[]).await.expect(0);
}

#[tokio::test]
async fn a_rejected_row_holds_no_key() {
    let csv = Csv::new().location("Madrid").cell("time_zone", "CET").location("Madrid");
    let bench = Bench::new(&csv).await;
    bench.ingest(&[]).await.expect(3);
    let (row_id, reason, _) = only_rejected(&bench);
    assert_eq!((row_id, reason.as_str()), (1, "invalid_input_schema"));
}

#[tokio::test]
async fn a_duplicate_holds_none_of_its_other_keys() {
    // The second row is Madrid again; its external id is free for the third.
    let csv = Csv::new()
        .location("Madrid")
        .location("Madrid")
        .cell("location_external_id", "X-1")
        .location("Sevilla")
        .cell("location_external_id", "X-1");
    let bench = Bench::new(&csv).await;
    bench.ingest(&[]).await.expect(3);
    assert_eq!(only_rejected(&bench).0, 2);
    assert_eq!(bench.row("location", "X-1").row_id, 3);
}
