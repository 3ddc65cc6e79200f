//! Defects that were found once, and stay found.

use crate::support::{Bench, Csv, site};
use wxbulk::sim::{Fault, LocationSeed, Operation, OrgSeed, SimConfig};

/// The first process created the location and died before it was settled; the list does not show it yet.
#[tokio::test]
async fn a_location_whose_create_was_answered_before_a_kill_is_not_created_again() {
    let bench = Bench::new(&site(1)).await;
    bench.sim.add_fault("location_create:lag=600000".parse().unwrap());
    bench.sim.add_fault("calling_location_enable#1:hang".parse().unwrap());
    let csv = bench.csv_path().display().to_string();
    let mut child = bench.command(&["run", &csv]).spawn().unwrap();
    bench
        .sim
        .when(|journal| journal.iter().any(|call| call.operation == Operation::CallingLocationEnable))
        .await;
    child.kill().unwrap();
    child.wait().unwrap();
    bench.run().await;
    assert_eq!(bench.calls(Operation::LocationCreate).len(), 1);
}

#[tokio::test]
async fn the_limit_of_batches_stops_claims_and_not_the_rows_already_claimed() {
    let csv = (0..6).fold(Csv::new(), |csv, number| csv.location(&format!("Sede {number}")));
    let bench = Bench::new(&csv).await.env("BATCH_SIZE", "2").env("MAX_BATCHES", "1");
    for done in [2, 4] {
        bench.run().await.expect(17);
        assert_eq!(bench.count("SELECT count(*) FROM rows WHERE state = 'success'"), done);
    }
    bench.run().await.expect(0);
}

#[tokio::test]
async fn users_of_an_ambiguous_location_wait_for_its_row_and_trip_nothing() {
    let csv = site(12);
    let org = OrgSeed::with_people(csv.emails())
        .location(LocationSeed::new("Madrid"))
        .location(LocationSeed::new("MADRID"));
    let bench = Bench::with(&csv, SimConfig::with_org(org)).await;
    bench.run().await.expect(3);
    let row = bench.row("user", "u0@example.com");
    row.expect_pending("precondition_missing", "user_lookup");
    assert_eq!(row.blocked_by, Some(1));
}

#[tokio::test]
async fn a_token_that_the_server_echoes_in_escapes_reaches_no_file() {
    let bench = Bench::new(&site(1)).await;
    let echoed = crate::support::TOKEN.replace('-', "\\u002d");
    let body = format!(r#"{{"message":"{echoed} is bad"}}"#);
    bench.sim.add_fault(Fault::on(Operation::PeopleList).status_and_body(400, body));
    bench.run().await.expect(3);
    assert!(bench.row("user", "u0@example.com").message.unwrap().contains("*** is bad"));
    bench.check_invariants();
}

#[tokio::test]
async fn settings_that_cannot_be_read_are_not_written_over() {
    let csv = site(1).cell("final_settings_do_not_disturb_enabled", "true");
    let bench = Bench::new(&csv).await;
    bench.sim.add_fault("feature_get:mangle=empty".parse().unwrap());
    bench.run().await.expect(3);
    bench
        .row("extension_assignment", "Madrid/1000")
        .expect_pending("invalid_response_schema", "apply_final_settings");
    assert!(bench.calls(Operation::FeaturePut).is_empty());
}

#[tokio::test]
async fn a_created_location_whose_answer_lacks_the_id_is_found_once_the_list_shows_it() {
    let bench = Bench::new(&site(1)).await.env("SETTLE_SECONDS", "0.5");
    bench.sim.add_fault("location_create:mangle=no_id,lag=100".parse().unwrap());
    bench.run().await.expect(0);
    assert_eq!(bench.calls(Operation::LocationCreate).len(), 1);
}

#[tokio::test]
async fn a_partners_database_is_bound_to_the_customer_it_writes_to() {
    let bench = Bench::new(&site(1)).await.env("WEBEX_ORG_ID", "customer-a");
    bench.run().await.expect(0);
    let calls = bench.sim.journal().len();
    let bench = bench.env("WEBEX_ORG_ID", "customer-b");
    assert!(bench.wxbulk(&["run"]).await.expect(10).stderr.contains("customer-a"));
    assert_eq!(bench.sim.journal().len(), calls);
}

/// Retries show once a batch, and each of them only when asked for.
#[tokio::test]
async fn retries_are_logged_once_a_batch() {
    let bench = Bench::new(&site(3)).await;
    bench.sim.add_fault("people_list#1-4:status=503".parse().unwrap());
    let csv = bench.csv_path().display().to_string();
    let log = bench.wxbulk(&["run", &csv, "--verbose"]).await.expect(0).stderr;
    assert_eq!(log.matches("request.again").count(), 4);
    assert_eq!(log.matches("batch.retries").count(), 1);
    assert!(log.contains("retries=4"), "{log}");
}
