//! Keys move with the rows: two may exchange theirs, none is ever on two rows, and locations take their people along.

use super::{amend, cell, mark, state};
use crate::support::{Bench, Csv, site};

#[tokio::test]
async fn two_rows_may_exchange_their_extensions() {
    let bench = Bench::new(&site(2)).await;
    let csv = bench.csv_path().display().to_string();
    bench.wxbulk(&["ingest", &csv]).await.expect(0);
    let swapped = bench
        .file("ready_to_load.csv")
        .replace("1000", "x")
        .replace("1001", "1000")
        .replace(",x,", ",1001,")
        .replace(",x\n", ",1001\n");
    let told = amend(&bench, swapped, &[]).await.expect(0);
    assert!(told.stdout.contains("2 changed, 0 new, 3 as they were"), "{}", told.stdout);
    assert_eq!([3, 5].map(|row| cell(&bench, row, "extension").unwrap()), ["1001", "1000"]);
    bench.wxbulk(&["run"]).await.expect(0);
    bench.check_invariants();
}

#[tokio::test]
async fn a_change_that_clashes_is_refused_and_its_row_keeps_its_keys() {
    let bench = Bench::new(&site(3)).await;
    let csv = bench.csv_path().display().to_string();
    bench.wxbulk(&["ingest", &csv]).await.expect(0);
    // u0 wants the extension of u1, u1 that of u2, which stays: neither can go.
    let head = "entity_type,email,location_key,extension";
    let rows =
        "extension_assignment,u0@example.com,Madrid,1001\nextension_assignment,u1@example.com,Madrid,1002";
    let told = amend(&bench, format!("{head}\n{rows}\n"), &[]).await.expect(3);
    assert!(told.stdout.contains("0 changed") && told.stdout.contains("2 refused"), "{}", told.stdout);
    assert_eq!([3, 5, 7].map(|row| cell(&bench, row, "extension").unwrap()), ["1000", "1001", "1002"]);
    let owners = bench.count(
        "SELECT count(*) FROM keys k JOIN rows r USING (row_id) WHERE k.scope = 'extension'
         AND k.value = lower(r.location_key) || char(31) || json_extract(r.cells, '$.extension')",
    );
    assert_eq!(owners, 3, "each extension is still its row's");
    bench.wxbulk(&["run"]).await.expect(0);
}

#[tokio::test]
async fn a_new_row_with_a_key_in_use_is_kept_as_rejected() {
    let bench = Bench::new(&site(1)).await;
    bench.run().await.expect(0);
    let more = Csv::new().person("leo@example.com", "Madrid", "1000");
    let told = amend(&bench, more.text(), &[]).await.expect(3);
    assert!(
        told.stdout.contains("1 new") && told.stdout.contains("it is kept as a rejected row"),
        "{}",
        told.stdout
    );
    assert_eq!([4, 5].map(|row| state(&bench, row)), ["ready", "rejected"]);
    amend(&bench, more.text(), &[]).await.expect(3);
    assert_eq!(bench.count("SELECT count(*) FROM rows"), 5, "the same file again makes no further rows");
}

#[tokio::test]
async fn a_corrected_location_takes_its_people_along() {
    let csv = Csv::new()
        .location("Madrid")
        .cell("location_external_id", "MAD-01")
        .cell("time_zone", "Europe/Madird")
        .person("ana@example.com", "MAD-01", "1001")
        .person("eva@example.com", "Madrid", "1002");
    let bench = Bench::new(&csv).await;
    bench.run().await.expect(3);
    assert_eq!([1, 2, 3, 4].map(|row| state(&bench, row)), ["rejected", "pending", "pending", "pending"]);
    let file = bench.file("rejected_rows.csv").replace("Europe/Madird", "Europe/Madrid");
    let told = amend(&bench, file, &[]).await.expect(0);
    assert!(told.stdout.contains("4 that waited for them"), "{}", told.stdout);
    let keys = bench.count("SELECT count(*) FROM rows WHERE location_key = 'MAD-01'");
    assert_eq!(keys, 5, "those who say Madrid mean the same site now");
    bench.wxbulk(&["run"]).await.expect(0);
    bench.check_invariants();
}

#[tokio::test]
async fn a_location_that_gets_an_external_id_renames_the_keys_of_its_people() {
    let bench = Bench::new(&site(2)).await;
    bench.run().await.expect(0);
    let writes = bench.writes().len();
    let csv = Csv::new().location("Madrid").cell("location_external_id", "MAD-01");
    amend(&bench, csv.text(), &[]).await.expect(0);
    assert_eq!(bench.count("SELECT count(*) FROM rows WHERE location_key = 'MAD-01'"), 5);
    assert_eq!(bench.row("extension_assignment", "MAD-01/1000").state, "success");
    assert_eq!(state(&bench, 1), "ready");
    bench.wxbulk(&["run"]).await.expect(0);
    assert_eq!(bench.writes().len(), writes + 1, "the tag is written into the notes");
    bench.check_invariants();
}

#[tokio::test]
async fn locations_that_would_be_one_stay_two() {
    let csv = site(1).location("Sevilla").person("leo@example.com", "Sevilla", "1000");
    let bench = Bench::new(&csv).await;
    let path = bench.csv_path().display().to_string();
    bench.wxbulk(&["ingest", &path]).await.expect(0);
    let file = bench.csv_path();
    let text = std::fs::read_to_string(file).unwrap();
    let head = format!("row_id,job,{}", text.lines().next().unwrap());
    let row = format!("4,{},{}", mark(&bench), text.lines().nth(4).unwrap().replace("Sevilla", "Madrid"));
    let told = amend(&bench, format!("{head}\n{row}\n"), &[]).await.expect(3);
    assert!(told.stdout.contains("row 4 stays ready"), "{}", told.stdout);
    assert_eq!(cell(&bench, 4, "location_name").as_deref(), Some("Sevilla"));
}

/// A rejected duplicate is tried again with the file: it takes no key from a row that stays as it is, and no other row is
/// blamed for it.
#[tokio::test]
async fn a_corrected_location_is_not_refused_for_the_rejected_duplicate_of_one_of_its_people() {
    let twice = Csv::new().location("Madrid").person("ana@example.com", "Madrid", "1000").person(
        "eva@example.com",
        "Madrid",
        "1000",
    );
    let bench = Bench::new(&twice).await;
    let path = bench.csv_path().display().to_string();
    bench.wxbulk(&["ingest", &path]).await.expect(3);
    assert_eq!([3, 5].map(|row| state(&bench, row)), ["ready", "rejected"]);
    let moved = twice.text().replace("Europe/Madrid", "Atlantic/Canary");
    let tagged = moved.replace("location_name,", "location_external_id,location_name,");
    let tagged = tagged.replace("location,Madrid", "location,MAD-01,Madrid");
    let tagged =
        tagged.replace("user,,", "user,,,").replace("extension_assignment,,", "extension_assignment,,,");
    for (file, column, now) in
        [(moved, "time_zone", "Atlantic/Canary"), (tagged, "location_external_id", "MAD-01")]
    {
        let told = amend(&bench, &file, &[]).await.expect(3).stdout;
        assert!(told.contains("1 changed, 0 new, 3 as they were, 1 refused"), "{told}");
        assert!(told.contains("row 5 stays rejected"), "{told}");
        assert_eq!(cell(&bench, 1, column).as_deref(), Some(now));
        assert_eq!([3, 5].map(|row| state(&bench, row)), ["ready", "rejected"]);
    }
}

#[tokio::test]
async fn what_a_row_did_before_it_meant_something_else_is_not_its_own() {
    let csv = Csv::new().location("Madrid").person("ana@example.com", "Madrid", "1001");
    let bench = Bench::new(&csv).await;
    bench.sim.add_fault(wxbulk::sim::Fault::on(wxbulk::sim::Operation::CallingLocationEnable).status(400));
    bench.run().await.expect(3);
    bench.sim.clear_faults();
    bench.row("location", "Madrid").expect_pending("half_applied", "location_enable_calling");
    let other = bench.file("pending_rows.csv").replace("Madrid", "Getafe");
    amend(&bench, other.replace("Europe/Getafe", "Europe/Madrid"), &[]).await.expect(0);
    bench.wxbulk(&["run"]).await.expect(0);
    let names: Vec<_> = bench.sim.org().locations.iter().map(|location| location.name.clone()).collect();
    assert_eq!(names, ["Madrid", "Getafe"], "the site that was made before is not renamed");
}
