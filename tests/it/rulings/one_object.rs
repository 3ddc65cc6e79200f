//! Two rows of a phase that mean one thing in Webex (R5, R26): the first has it, the other is told so before any write.

use wxbulk::sim::{LocationSeed, Operation, OrgSeed, PersonSeed, SimConfig};

use super::{ANA, NO_WAITING, on};
use crate::support::{Bench, Csv};

const ALIAS: &str = "a.lopez@example.com";

/// The location Alfa, which carries the external id E1.
fn alfa() -> OrgSeed {
    OrgSeed::default().location(LocationSeed::new("Alfa").notes("[ext_id=E1]"))
}

/// One person under two addresses, in the calling location Madrid.
fn ana() -> OrgSeed {
    OrgSeed::default().location(LocationSeed::calling("Madrid")).person(PersonSeed::new(ANA).alias(ALIAS))
}

fn both_addresses(first: &str, second: &str) -> Csv {
    Csv::new().person(first, "Madrid", "1001").person(second, "Madrid", "1002")
}

#[tokio::test]
async fn a_tag_that_belongs_to_another_row_is_another_tag_in_whatever_order() {
    let tagged = |csv: Csv| csv.location("Beta").cell("location_external_id", "E1");
    let named = |csv: Csv| csv.location("Alfa");
    for (csv, line) in
        [(named(tagged(Csv::new())), "row 1 (line 2)"), (tagged(named(Csv::new())), "row 2 (line 3)")]
    {
        let bench = on(&csv, alfa()).await;
        bench.run().await.expect(3);
        bench.row("location", "E1").expect_success();
        let row = bench.row("location", "Alfa");
        row.expect_pending("non_retryable_external", "location_lookup");
        row.says(&["ambiguous", "\"Alfa\"", "\"E1\"", line]);
        let names: Vec<_> = bench.sim.org().locations.into_iter().map(|location| location.name).collect();
        assert_eq!(names, ["Beta"]);
        assert_eq!(bench.calls(Operation::LocationUpdate).len(), 1, "the name changes once");
        bench.check_invariants();
    }
}

/// The people of the other row wait for it, and are not brought up in a location that is not theirs.
#[tokio::test]
async fn people_of_a_location_that_is_another_rows_wait() {
    let csv = Csv::new().location("Beta").cell("location_external_id", "E1").location("Alfa");
    let bench = on(&csv.person(ANA, "Alfa", "1001"), alfa().person(PersonSeed::new(ANA))).await;
    bench.run().await.expect(3);
    let row = bench.row("user", ANA);
    assert_eq!((row.reason.as_deref(), row.blocked_by), (Some("precondition_missing"), Some(2)));
    assert!(bench.calls(Operation::LicensesUsersPatch).is_empty());
}

#[tokio::test]
async fn the_first_of_two_addresses_has_the_person() {
    for (concurrency, batch) in [("1", "500"), ("1", "1"), ("16", "500"), ("16", "1")] {
        for (first, second) in [(ANA, ALIAS), (ALIAS, ANA)] {
            let csv = both_addresses(first, second).cell("final_settings_call_waiting_enabled", "");
            let bench = on(&csv, ana()).await.env("MAX_CONCURRENCY", concurrency).env("BATCH_SIZE", batch);
            bench.run().await.expect(3);
            bench.row("user", first).expect_success();
            let row = bench.row("user", second);
            row.expect_pending("non_retryable_external", "user_lookup");
            row.says(&["ambiguous", "row 1 (line 2)"]);
            assert_eq!(row.remote_id, None);
            bench.row("extension_assignment", "Madrid/1001").expect_success();
            let line = bench.row("extension_assignment", "Madrid/1002");
            line.expect_pending("non_retryable_external", "assignment_lookup");
            line.says(&["ambiguous", "row 2 (line 3)"]);
            assert_eq!(bench.calls(Operation::LicensesUsersPatch).len(), 1, "{concurrency} {batch} {first}");
            bench.check_invariants();
        }
    }
}

/// Which row is the first is the file's word and not that of the order of look-ups.
#[tokio::test]
async fn the_first_has_the_person_even_if_it_is_told_last() {
    let bench = on(&both_addresses(ANA, ALIAS), ana()).await;
    bench.sim.add_fault(format!("people_list@{ANA}:delay=300").parse().unwrap());
    bench.run().await.expect(3);
    bench.row("user", ANA).expect_success();
    bench.row("user", ALIAS).expect_pending("non_retryable_external", "user_lookup");
}

/// Killed when the first has written: a run of the second alone finds the person taken. The same without any kill.
#[tokio::test]
async fn the_first_has_the_person_in_whatever_run_the_second_comes() {
    for killed in [true, false] {
        let csv = Csv::new().person(ANA, "Madrid", "1001").person(ALIAS, "Lugo", "1002");
        let bench = on(&csv, ana().location(LocationSeed::calling("Lugo"))).await;
        if killed {
            bench.sim.add_fault(format!("licenses_users_patch@{ANA}:delay=600000").parse().unwrap());
            let patched = |call: &wxbulk::sim::Exchange| call.operation == Operation::LicensesUsersPatch;
            bench.killed_when(|journal| journal.iter().any(patched)).await;
        }
        let path = bench.csv_path().display().to_string();
        bench.wxbulk(&["run", &path, "--location", "Lugo"]).await.expect(4);
        let row = bench.row("user", ALIAS);
        row.expect_pending("non_retryable_external", "user_lookup");
        row.says(&["row 1 (line 2)", ANA]);
        bench.wxbulk(&["run"]).await.expect(3);
        bench.row("user", ANA).expect_success();
        let patches = bench.calls(Operation::LicensesUsersPatch).len();
        assert_eq!(patches, if killed { 2 } else { 1 }, "of the first row alone");
        bench.check_invariants();
    }
}

/// The assignment row knows the person by the user row and looks nobody up; it is told by what phase 2 saw.
#[tokio::test]
async fn an_assignment_that_needs_no_look_up_gives_way_too() {
    let csv = Csv::new().assignment(ALIAS, "Madrid", "1002").person(ANA, "Madrid", "1001");
    let bench = on(&csv, ana()).await;
    bench.run().await.expect(3);
    bench.row("user", ANA).expect_success();
    let row = bench.row("extension_assignment", "Madrid/1001");
    row.expect_pending("non_retryable_external", "assignment_lookup");
    row.says(&["row 1 (line 2)"]);
}

/// The first row is corrected to mean somebody else: the other goes on when it is tried again.
#[tokio::test]
async fn the_person_is_free_when_the_first_row_means_another() {
    let bench = on(
        &both_addresses(ANA, ALIAS).cell(NO_WAITING, ""),
        ana().person(PersonSeed::new("eva@example.com")),
    )
    .await;
    bench.run().await.expect(3);
    let database = bench.database();
    let job: String = database.query_row("SELECT mark FROM job", [], |row| row.get(0)).unwrap();
    let head = "job,row_id,entity_type,email,location_key,extension\n";
    let rows = format!(
        "{job},1,user,eva@example.com,Madrid,\n{job},2,extension_assignment,eva@example.com,Madrid,1001\n"
    );
    let path = bench.csv_path().with_file_name("corrected.csv");
    std::fs::write(&path, format!("{head}{rows}")).unwrap();
    let path = path.display().to_string();
    bench.wxbulk(&["ingest", "--amend", &path]).await.expect(0);
    bench.wxbulk(&["run", "--retry-pending"]).await;
    bench.row("user", ALIAS).expect_success();
}

/// From a new database nothing needs to be written, and the second row is told all the same.
#[tokio::test]
async fn two_rows_for_one_person_are_told_even_if_nothing_is_to_be_done() {
    let person = PersonSeed::new(ANA).alias(ALIAS).calling("Madrid", "1001");
    let org = OrgSeed::default().location(LocationSeed::calling("Madrid")).person(person);
    let csv = Csv::new().person(ANA, "Madrid", "1001").user(ALIAS, "Madrid");
    let bench = Bench::with(&csv, SimConfig::with_org(org)).await;
    bench.run().await.expect(3);
    bench.row("user", ALIAS).expect_pending("non_retryable_external", "user_lookup");
    assert!(bench.writes().is_empty());
}
