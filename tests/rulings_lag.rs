//! Rulings under lag, over-long waits and odd answers (design R4, R5, R11, R15, R19, R23).
#![cfg(feature = "sim")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "helpers of tests")]

mod support;

use serde_json::{Value, json};
use std::time::Duration;
use support::{Bench, Csv};
use wxbulk::sim::{
    Fault, LicenseSeed, LocationSeed, Operation, OrgSeed, PROFESSIONAL, PersonSeed, SimConfig,
};

const ANA: &str = "ana@example.com";
const EVA: &str = "eva@example.com";

async fn bench() -> Bench {
    let csv = Csv::new().person(ANA, "Madrid", "1001");
    let org = OrgSeed::default().location(LocationSeed::calling("Madrid")).person(ana());
    Bench::with(&csv, SimConfig::with_org(org)).await
}
async fn on(csv: &Csv, org: OrgSeed) -> Bench {
    Bench::with(csv, SimConfig::with_org(org)).await
}
fn ana() -> PersonSeed {
    PersonSeed::new(ANA)
}
fn people(bench: &Bench, items: Value) {
    let body = json!({ "items": items }).to_string();
    bench.sim.add_fault(Fault::on(Operation::PeopleList).key(ANA).status_and_body(200, body));
}
fn ana_of(bench: &Bench) -> Value {
    let id = bench.sim.org().person(ANA).unwrap().id.clone();
    json!({"id": id, "emails": [ANA], "type": "person", "licenses": []})
}
fn fault(bench: &Bench, text: &str) {
    bench.sim.add_fault(text.parse().expect(text));
}
fn tries(bench: &Bench) -> usize {
    bench.calls(Operation::PeopleList).len()
}
fn expect_end(bench: &Bench, reason: &str, story: &str) {
    let row = bench.row("user", ANA);
    assert_eq!((row.state.as_str(), row.reason.as_deref()), ("pending", Some(reason)), "{story}: {row:?}");
}
fn two(ana: &str, eva: &str) -> Csv {
    let user =
        |csv: Csv, email: &str, licence: &str| csv.user(email, "Madrid").cell("calling_license", licence);
    user(user(Csv::new(), ANA, ana), EVA, eva)
        .assignment(ANA, "Madrid", "1001")
        .assignment(EVA, "Madrid", "1002")
}
async fn lic(csv: &Csv, licences: impl IntoIterator<Item = LicenseSeed>) -> Bench {
    let org = OrgSeed { licenses: licences.into_iter().collect(), ..OrgSeed::with_people([ANA, EVA]) };
    Bench::with(csv, SimConfig::with_org(org.location(LocationSeed::calling("Madrid")))).await
}
fn licence(name: &str, subscription: &str, units: i64) -> LicenseSeed {
    LicenseSeed { subscription: subscription.to_owned(), units, ..LicenseSeed::new(name) }
}
fn id_of(bench: &Bench, name: &str) -> String {
    bench.sim.org().licenses.iter().find(|licence| licence.name == name).unwrap().id.clone()
}
#[tokio::test]
async fn a_location_outside_the_file_may_be_called_by_any_of_its_names() {
    let csv = Csv::new().user(ANA, "Madrid").assignment(ANA, "MAD-01", "1001");
    let location = LocationSeed::calling("Madrid").notes("[ext_id=MAD-01]");
    let bench = on(&csv, OrgSeed::default().location(location).person(ana())).await;
    bench.run().await.expect(0);

    bench.row("user", ANA).expect_success();
    assert_eq!(bench.sim.org().person(ANA).unwrap().extension.as_deref(), Some("1001"));
}

#[tokio::test]
async fn a_licence_named_by_id_and_by_word_is_one_licence() {
    let bench = lic(&two("", ""), [licence(PROFESSIONAL, "s", 1)]).await;
    bench.write_csv(&two("professional", &id_of(&bench, PROFESSIONAL)).text());
    bench.sim.add_fault(Fault::on(Operation::PeopleList).key(ANA).delay(Duration::from_millis(150)));
    bench.run().await.expect(3);
    bench.row("user", ANA).expect_success();
}

#[tokio::test]
async fn a_server_error_that_asks_for_too_long_a_wait_ends_the_row_at_once() {
    let bench = bench().await.env("MAX_RETRY_AFTER_SECONDS", "1");
    fault(&bench, "people_list:status=503,retry_after=86400");
    bench.run().await.expect(3);
    expect_end(&bench, "retry_exhausted", "503");
    assert_eq!(tries(&bench), 2, "one for each row");
}

#[tokio::test]
async fn a_calling_location_with_an_unusable_id_is_not_no_calling() {
    for location in [json!("../../people/me"), json!(42), json!("a b"), json!({"id": "x"})] {
        let bench = bench().await;
        let mut ana = ana_of(&bench);
        ana["locationId"] = location.clone();
        people(&bench, json!([ana]));
        bench.run().await.expect(3);
        assert!(bench.writes().is_empty(), "{location}");
    }
}

#[tokio::test]
async fn r4_names_both_locations() {
    let csv = Csv::new().person(ANA, "Madrid", "1001");
    let org = OrgSeed::default()
        .location(LocationSeed::calling("Madrid"))
        .location(LocationSeed::calling("Sevilla"));
    let bench = on(&csv, org.person(ana().calling("Sevilla", "1001"))).await;
    bench.run().await.expect(3);
    let message = bench.row("user", ANA).message.unwrap();
    assert!(message.contains("Madrid") && message.contains("Sevilla"), "{message}");
}

#[tokio::test]
async fn a_write_refused_with_too_long_a_wait_is_not_sent_again() {
    let bench = bench().await.env("MAX_RETRY_AFTER_SECONDS", "1");
    fault(&bench, "licenses_users_patch:status=503,retry_after=86400");
    bench.run().await.expect(3);
    expect_end(&bench, "retry_exhausted", "503");
    assert_eq!(bench.writes().len(), 1);
}

#[tokio::test]
async fn notes_that_look_like_a_tag_are_no_tag() {
    for text in ["x\n[ext_id=OTHER]", "[ext_id=MAD-01]", "[ext_id=OTHER]"] {
        let csv = Csv::new().location("Madrid").cell("location_external_id", "MAD-01").cell("notes", text);
        let bench = Bench::new(&csv).await;
        bench.run().await;
        let writes = bench.writes().len();
        let path = bench.csv_path().display().to_string();
        let again = bench.wxbulk(&["run", &path, "--output-dir", "another"]).await;
        eprintln!(
            "{text:?}: {} {:?} {writes} -> {}",
            again.code,
            bench.sim.org().locations[0].notes,
            bench.writes().len()
        );
        assert_eq!(bench.writes().len(), writes, "{text:?}");
        assert!(again.code == 0 || bench.sim.org().locations.is_empty());
    }
}

/// Lists that lag less than the settle time behind the writes of phase 2.
#[tokio::test]
async fn an_assignment_is_not_blocked_by_a_user_row_that_succeeded() {
    let bench = bench().await.env("SETTLE_SECONDS", "1");
    bench.sim.add_fault("licenses_users_patch:lag=300".parse().unwrap());
    bench.run().await.expect(0);
    bench.row("extension_assignment", "Madrid/1001").expect_success();
}

/// The location exists and is enabled, as its own row proved; only a setting is pending.
#[tokio::test]
async fn a_location_that_the_run_itself_enabled_blocks_nobody_while_lists_lag() {
    let csv = Csv::new().location("Madrid").cell("location_settings_routing_prefix", "801");
    let bench = Bench::new(&csv.person(ANA, "Madrid", "1001")).await;
    fault(&bench, "location_create:lag=60000");
    bench.run().await.expect(3);
    bench.row("user", ANA).expect_success();
}
