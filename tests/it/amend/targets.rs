//! What was done for a row, and what nobody knows of it, stays its own while it means the same location or person.

use super::{amend, cell, corrected, mark, misspelt_run, rows, state};
use crate::support::{Bench, Csv, site};
use wxbulk::sim::{Fault, NumberSeed, Operation, OrgSeed, SimConfig};

/// Created, not enabled, and in no list for a long time.
async fn created_and_unlisted(csv: &Csv) -> Bench {
    let bench = Bench::new(csv).await;
    bench.sim.add_fault("location_create:lag=600000".parse().unwrap());
    bench.sim.add_fault(Fault::on(Operation::CallingLocationEnable).status(400));
    bench.run().await.expect(3);
    bench.row("location", "Sede 1").expect_pending("half_applied", "location_enable_calling");
    bench
}

#[tokio::test]
async fn a_location_that_lists_do_not_show_yet_is_not_made_again_after_an_amend() {
    let further: [(&str, &str); 4] = [
        ("location_external_id", "S-1"),
        ("location_settings_main_number", "+34911000000"),
        ("location_key", "ONE"),
        ("notes", "ask for Ana"),
    ];
    for (column, text) in further {
        let bench = created_and_unlisted(&Csv::new().location("Sede 1")).await;
        amend(&bench, Csv::new().location("Sede 1").cell(column, text).text(), &[]).await.expect(0);
        let told = bench.wxbulk(&["run"]).await.expect(3);
        assert_eq!(bench.sim.org().locations_named("Sede 1").len(), 1, "{column}: {}", told.text());
        let reason: String =
            bench.database().query_row("SELECT reason FROM rows", [], |row| row.get(0)).unwrap();
        assert_eq!(reason, "half_applied", "{column}");
    }
}

#[tokio::test]
async fn a_location_that_is_renamed_under_its_external_id_is_the_same() {
    let csv = Csv::new().location("Sede 1").cell("location_external_id", "S-1").cell("entity_key", "Sede 1");
    let bench = created_and_unlisted(&csv).await;
    amend(&bench, csv.text().replace("location,Sede 1", "location,Sede Uno"), &[]).await.expect(0);
    bench.wxbulk(&["run"]).await.expect(3);
    assert_eq!(bench.sim.org().locations.len(), 1);
    assert_eq!(bench.calls(Operation::LocationCreate).len(), 1);
}

#[tokio::test]
async fn a_location_under_another_external_id_is_another() {
    let csv =
        |id| Csv::new().location("Sede 1").cell("location_external_id", id).cell("entity_key", "Sede 1");
    let bench = created_and_unlisted(&csv("S-1")).await;
    bench.sim.clear_faults();
    amend(&bench, csv("S-2").text(), &[]).await.expect(0);
    bench.wxbulk(&["run"]).await.expect(0);
    assert_eq!(bench.sim.org().locations.len(), 2, "that of S-1 is not taken for it");
}

/// The licence is given; a setting that comes later is refused.
#[tokio::test]
async fn what_was_done_for_a_person_counts_for_that_person_only() {
    for (address, reason) in [("u0@example.com", "half_applied"), ("new@example.com", "user_not_found")] {
        let bench = Bench::new(&site(1)).await;
        bench.run().await.expect(0);
        bench.sim.add_fault(Fault::on(Operation::FeaturePut).status(400));
        let mark = mark(&bench);
        let text = format!(
            "row_id,job,entity_type,email,location_key,calling_settings_call_waiting_enabled\n\
             2,{mark},user,{address},Madrid,false\n"
        );
        amend(&bench, text, &[]).await.expect(0);
        bench.wxbulk(&["run"]).await.expect(3);
        assert_eq!(bench.row("user", address).reason.as_deref(), Some(reason));
    }
}

/// The file with one cell corrected, and everything else, the key that the export derived too, as it was.
fn with_cell(file: &str, row_id: &str, column: &str, text: &str) -> String {
    let mut reader = csv::Reader::from_reader(file.as_bytes());
    let head = reader.headers().unwrap().clone();
    let at = |name: &str| head.iter().position(|known| known == name).unwrap();
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&head).unwrap();
    for record in reader.records().map(Result::unwrap) {
        let meant = record.get(at("row_id")) == Some(row_id);
        let cells = record.iter().enumerate();
        let cells = cells.map(|(index, cell)| if meant && index == at(column) { text } else { cell });
        writer.write_record(cells).unwrap();
    }
    String::from_utf8(writer.into_inner().unwrap()).unwrap()
}

#[tokio::test]
async fn a_file_that_is_amended_twice_gives_no_row_its_old_key() {
    for (name, row_id, column, text) in [
        ("pending_rows.csv", "2", "email", "ana@example.com"),
        ("pending_rows.csv", "3", "extension", "1005"),
        ("rejected_rows.csv", "6", "extension", "1006"),
    ] {
        let people = OrgSeed::with_people(["eva@example.com", "leo@example.com"]);
        let csv = super::misspelt().assignment("leo@example.com", "Madrid", "12x");
        let bench = Bench::with(&csv, SimConfig::with_org(people)).await;
        bench.run().await.expect(3);
        let file = with_cell(&bench.file(name), row_id, column, text);
        let told = amend(&bench, &file, &[]).await;
        assert!(told.stdout.contains("1 changed, 0 new"), "{}", told.text());
        let key = || {
            let key = format!("SELECT entity_key FROM rows WHERE row_id = {row_id}");
            bench.database().query_row(&key, [], |row| row.get::<_, String>(0)).unwrap()
        };
        assert!(key().ends_with(text), "the key follows the row: {}", key());
        let told = amend(&bench, &file, &[]).await;
        assert!(told.stdout.contains("0 changed, 0 new"), "{}", told.text());
        assert!(key().ends_with(text), "{}", key());
    }
}

#[tokio::test]
async fn a_key_that_the_operator_chose_is_kept_however_often() {
    let bench = misspelt_run().await;
    let file = corrected(&bench).replace(",user,aan@example.com,", ",user,ANA,");
    let file = file.replace(",user,ana@example.com,", ",user,ANA,");
    for _ in 0..2 {
        amend(&bench, &file, &[]).await.expect(0);
        assert_eq!(bench.row("user", "ANA").row_id, 2);
    }
}

/// Somebody else has the extension of the assignment row.
async fn taken_extension() -> Bench {
    let taken = NumberSeed {
        location: "Madrid".to_owned(),
        extension: Some("1000".to_owned()),
        owner: Some(("HUNT_GROUP".to_owned(), "Sales".to_owned())),
        ..NumberSeed::default()
    };
    let org = OrgSeed::with_people(["u0@example.com"]).location(wxbulk::sim::LocationSeed::calling("Madrid"));
    let bench = Bench::with(&site(1), SimConfig::with_org(org.number(taken))).await;
    bench.run().await.expect(3);
    bench
}

#[tokio::test]
async fn an_extension_corrected_on_its_row_brings_the_user_row_back() {
    let bench = taken_extension().await;
    let user = bench.row("user", "u0@example.com");
    user.expect_pending("non_retryable_external", "user_enable_calling");
    user.says(&["is taken by HUNT_GROUP Sales", "change it in assignment row 3 (line 4)"]);
    let text = "entity_type,email,location_key,extension\nextension_assignment,u0@example.com,Madrid,1005\n";
    let told = amend(&bench, text, &[]).await.expect(0);
    assert!(told.stdout.contains("1 that waited for them"), "{}", told.stdout);
    assert_eq!([2, 3].map(|row| state(&bench, row)), ["ready", "ready"]);
    bench.wxbulk(&["run"]).await.expect(0);
    assert_eq!(cell(&bench, 3, "extension").as_deref(), Some("1005"));
    assert_eq!(rows(&bench), 3);
}
