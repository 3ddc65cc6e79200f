//! What a row gave is a stored fact (R28): never read off the step where it stopped, and gone with the row's target.

use wxbulk::sim::{Fault, LocationSeed, Operation, OrgSeed, SimConfig};

use super::amend;
use crate::support::{Bench, Csv, site};

const ANA: &str = "ana@example.com";

/// The facts of a row, as words.
fn gives(bench: &Bench, row_id: u32) -> String {
    let sql = "SELECT coalesce(group_concat(fact, ' '), '') FROM gives WHERE row_id = ?1";
    bench.database().query_row(sql, [row_id], |row| row.get(0)).expect("facts")
}

#[tokio::test]
async fn each_row_gives_what_it_reached() {
    let bench = Bench::new(&site(1)).await;
    bench.run().await.expect(0);
    assert_eq!([1, 2, 3].map(|row| gives(&bench, row)), ["site", "calling", "line"]);
}

#[tokio::test]
async fn rows_that_reach_nothing_give_nothing_and_what_was_reached_stays() {
    let csv = Csv::new().location("Madrid").person(ANA, "Madrid", "1001");
    let csv = csv.cell("final_settings_call_waiting_enabled", "false");
    let bench = Bench::new(&csv).await;
    bench.sim.add_fault(Fault::on(Operation::CallingLocationEnable).status(400));
    bench.run().await.expect(3);
    assert_eq!([1, 2, 3].map(|row| gives(&bench, row)), ["", "", ""]);
    bench.sim.clear_faults();
    bench.sim.add_fault(Fault::on(Operation::FeaturePut).status(400));
    bench.wxbulk(&["run", "--retry-pending"]).await.expect(3);
    assert_eq!(
        bench.row("extension_assignment", "Madrid/1001").step.as_deref(),
        Some("apply_final_settings")
    );
    assert_eq!([1, 2, 3].map(|row| gives(&bench, row)), ["site", "calling", "line"]);
}

/// Enabling the location failed; its row then stops at its settings, which says nothing of the location.
#[tokio::test]
async fn a_location_that_was_not_enabled_gets_no_licences_whatever_its_row_states_now() {
    let bench = Bench::new(&site(1)).await;
    bench.sim.add_fault(Fault::on(Operation::CallingLocationEnable).status(400));
    bench.run().await.expect(3);
    bench.sim.clear_faults();
    let csv = Csv::new().location("Madrid").cell("location_settings_unheard_of", "yes");
    amend(&bench, csv.text(), &[]).await.expect(0);
    bench.wxbulk(&["run", "--retry-pending"]).await.expect(3);
    let location = bench.row("location", "Madrid");
    assert_eq!(location.step.as_deref(), Some("location_apply_settings"), "{location:?}");
    let user = bench.row("user", "u0@example.com");
    user.expect_pending("precondition_missing", "user_lookup");
    assert_eq!(user.blocked_by, Some(location.row_id));
    assert!(bench.calls(Operation::LicensesUsersPatch).is_empty());
    bench.check_invariants();
}

/// The user row stops before it looks at anybody; the person has calling all the same.
#[tokio::test]
async fn an_assignment_asks_webex_where_the_user_row_found_out_nothing() {
    let csv = Csv::new().user(ANA, "Madrid").cell("calling_settings_unheard_of", "yes");
    let csv = csv.assignment(ANA, "Madrid", "1001");
    let person = wxbulk::sim::PersonSeed::new(ANA).calling("Madrid", "1001");
    let org = OrgSeed::default().location(LocationSeed::calling("Madrid")).person(person);
    let bench = Bench::with(&csv, SimConfig::with_org(org)).await;
    bench.run().await.expect(3);
    bench.row("user", ANA).expect_pending("out_of_scope", "user_apply_calling_settings");
    bench.row("extension_assignment", "Madrid/1001").expect_success();
    assert_eq!([1, 2].map(|row| gives(&bench, row)), ["", "line"]);
}

/// A row that is to be somebody else keeps nothing of what it gave to the first.
#[tokio::test]
async fn what_a_row_gave_goes_with_its_target() {
    let csv = Csv::new().location("Madrid").cell("location_settings_main_number", "+34911000000");
    let bench = Bench::new(&csv.person(ANA, "Madrid", "1001")).await;
    bench.run().await.expect(3);
    assert_eq!(gives(&bench, 1), "site");
    let other = bench.file("pending_rows.csv").replace(",Madrid,", ",Getafe,");
    amend(&bench, other, &[]).await.expect(0);
    assert_eq!([1, 2].map(|row| gives(&bench, row)), ["", "calling"]);
}

/// The database is as the release before left it: it had no table of facts.
#[tokio::test]
async fn the_facts_of_an_older_database_are_those_that_its_steps_prove() {
    let csv = Csv::new().location("Madrid").cell("location_settings_main_number", "+34911000000");
    let csv =
        csv.location("Sevilla").person(ANA, "Madrid", "1001").person("eva@example.com", "Madrid", "1002");
    let csv = csv.user("leo@example.com", "Madrid").cell("calling_enabled", "false");
    let bench = Bench::new(&csv).await;
    bench.sim.add_fault(Fault::on(Operation::CallingLocationEnable).key("Sevilla").status(400));
    bench.sim.add_fault(Fault::on(Operation::LicensesUsersPatch).key("eva@example.com").status(400));
    bench.run().await.expect(3);
    let facts = |bench: &Bench| -> String {
        let sql = "SELECT group_concat(row_id || ' ' || fact, ', ' ORDER BY row_id) FROM gives";
        bench.database().query_row(sql, [], |row| row.get(0)).expect("facts")
    };
    let by_the_run = facts(&bench);
    assert_eq!(by_the_run, "1 site, 3 calling, 4 line");
    let database = rusqlite::Connection::open(bench.output().join("wxbulk.db")).expect("a database");
    database.execute_batch(&crate::support::before_the_fifth_migration()).unwrap();
    let before = "DROP TABLE gives; DROP TABLE aliases; ALTER TABLE calls DROP COLUMN numbers;
                  DELETE FROM refinery_schema_history WHERE version = 4";
    database.execute_batch(before).unwrap();
    drop(database);
    bench.wxbulk(&["status"]).await.expect(0);
    assert_eq!(facts(&bench), by_the_run);
}
