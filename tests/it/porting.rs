//! Porting day (R16): numbers are added inactive and given to people the evening before, and activated by few requests on
//! the day.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "helpers of tests")]

use std::collections::BTreeSet;
use std::time::Duration;

use crate::support::{Bench, Csv};
use serde_json::json;
use wxbulk::sim::{Exchange, Fault, LocationSeed, NumberSeed, Operation, OrgSeed, Pstn, SimConfig};

const ANA: &str = "ana@example.com";
const EVA: &str = "eva@example.com";
const OF_ANA: &str = "+34911900001";
const FURTHER: &str = "+34911900002";
const OF_EVA: &str = "+34955900001";
/// Stands inactive in Sevilla before the job, which does not state it.
const NEXT_WAVE: &str = "+34955900099";

/// Numbers of a location row.
fn numbers(count: usize) -> Vec<String> {
    (0..count).map(|at| format!("+3491100{at:04}")).collect()
}

/// Two sites on the evening before: one with a trunk and numbers of its own, one that is there already.
fn evening(count: usize) -> Csv {
    Csv::new()
        .location("Madrid")
        .cell("location_settings_pstn_connection", "LOCAL_GATEWAY")
        .cell("location_settings_pstn_route_type", "TRUNK")
        .cell("location_settings_pstn_route_name", "Trunk 1")
        .cell("location_settings_numbers", &numbers(count).join("|"))
        .cell("location_settings_number_state", "inactive")
        .location("Sevilla")
        .cell("location_settings_number_state", "INACTIVE")
        .person(ANA, "Madrid", "1001")
        .cell("phone_number", OF_ANA)
        .cell("alternate_numbers", FURTHER)
        .person(EVA, "Sevilla", "1001")
        .cell("phone_number", OF_EVA)
}

/// A calling location with the address that rows of the tests state.
fn calling(name: &str) -> LocationSeed {
    let address = json!({
        "address1": "Calle Mayor, 1", "city": "Madrid", "state": "Madrid", "postalCode": "28001", "country": "ES",
    });
    LocationSeed { address, ..LocationSeed::calling(name) }
}

async fn bench(csv: &Csv) -> Bench {
    let sevilla = calling("Sevilla").pstn(Pstn::LocalGateway);
    let waits = inactive("Sevilla", NEXT_WAVE);
    let org = OrgSeed::with_people(csv.emails()).location(sevilla).number(waits);
    Bench::with(csv, SimConfig::with_org(org)).await
}

fn inactive(location: &str, number: &str) -> NumberSeed {
    let phone_number = Some(number.to_owned());
    NumberSeed { location: location.into(), phone_number, inactive: true, ..NumberSeed::default() }
}

/// One calling location that has these numbers, inactive.
async fn madrid(csv: &Csv, inactive_numbers: &[String]) -> Bench {
    let location = calling("Madrid").pstn(Pstn::LocalGateway);
    let org = OrgSeed::with_people(csv.emails()).location(location);
    let org = inactive_numbers.iter().fold(org, |org, number| org.number(inactive("Madrid", number)));
    Bench::with(csv, SimConfig::with_org(org)).await
}

/// A row of a location that states numbers, and the state if one is given.
fn stating(numbers: &[String], state: &str) -> Csv {
    Csv::new()
        .location("Madrid")
        .cell("location_settings_numbers", &numbers.join("|"))
        .cell("location_settings_number_state", state)
}

fn standing(bench: &Bench, active: bool) -> BTreeSet<String> {
    let numbers = bench.sim.org().numbers.into_iter().filter(|number| number.active == active);
    numbers.filter_map(|number| number.phone_number).collect()
}

fn operations(writes: &[Exchange]) -> Vec<Operation> {
    writes.iter().map(|call| call.operation).collect()
}

/// How many numbers each of these requests carries.
fn sizes(calls: &[Exchange]) -> Vec<usize> {
    let of = |call: &Exchange| call.body.as_ref().unwrap()["phoneNumbers"].as_array().unwrap().len();
    calls.iter().map(of).collect()
}

/// The file of the evening before, with the other state.
fn day(count: usize) -> String {
    evening(count).text().replace(",inactive,", ",ACTIVE,").replace(",INACTIVE,", ",ACTIVE,")
}

async fn amend_to_active(bench: &Bench, count: usize) {
    bench.write_csv(&day(count));
    let amended = bench.ingest(&["--amend", "--json"]).await.expect(0);
    let report: serde_json::Value = serde_json::from_str(&amended.stdout).unwrap();
    assert_eq!((&report["changed"], &report["unchanged"]), (&json!(2), &json!(4)));
}

#[tokio::test]
async fn the_evening_before_and_the_day() {
    let bench = bench(&evening(1_100)).await;
    bench.run().await.expect(0);
    let job: BTreeSet<String> =
        numbers(1_100).into_iter().chain([OF_ANA, FURTHER, OF_EVA].map(str::to_owned)).collect();
    assert!(standing(&bench, true).is_empty(), "a number was active before its day");
    assert_eq!(standing(&bench, false).len(), job.len() + 1);
    assert_eq!(bench.sim.org().person(ANA).unwrap().phone_number.as_deref(), Some(OF_ANA));
    for (key, words) in [
        ("Madrid/1001", "not active yet: +34911900001, +34911900002"),
        ("Sevilla/1001", "not active yet: +34955900001"),
    ] {
        bench.row("extension_assignment", key).expect_success().says(&[words]);
    }

    let (before, writes) = (bench.sim.journal().len(), bench.writes().len());
    amend_to_active(&bench, 1_100).await;
    bench.wxbulk(&["run"]).await.expect(0);
    let day = bench.writes().split_off(writes);
    assert_eq!(operations(&day), [Operation::NumbersActivate; 4]);
    let mut carried = sizes(&day);
    carried.sort_unstable();
    assert_eq!(carried, [1, 102, 500, 500]);
    let requests = bench.sim.journal().len() - before;
    assert!(requests <= 30, "{requests} requests for two locations");
    assert_eq!(standing(&bench, true), job);
    assert_eq!(standing(&bench, false), BTreeSet::from([NEXT_WAVE.to_owned()]));
    bench.row("location", "Madrid").expect_success().says(&["1102 numbers activated"]);

    let writes = bench.writes().len();
    bench.wxbulk(&["run"]).await.expect(0);
    assert_eq!(bench.writes().len(), writes, "the second run of the day wrote");
    let csv = bench.csv_path().display().to_string();
    bench.wxbulk(&["run", &csv, "--output-dir", "another"]).await.expect(0);
    assert_eq!(operations(&bench.writes().split_off(writes)), [], "a new database wrote");
    bench.check_invariants();
}

#[tokio::test]
async fn a_run_that_is_killed_in_the_middle_of_the_day_goes_on() {
    for fault in ["late=600000", "delay=600000"] {
        let bench = bench(&evening(1_100)).await;
        bench.run().await.expect(0);
        amend_to_active(&bench, 1_100).await;
        bench.sim.add_fault(format!("numbers_activate#2@Madrid:{fault}").parse().unwrap());
        let of_madrid = |call: &&Exchange| {
            call.operation == Operation::NumbersActivate && call.key.as_deref() == Some("Madrid")
        };
        let applied = fault.starts_with("late");
        let met = |journal: &[Exchange]| {
            let sent: Vec<_> = journal.iter().filter(of_madrid).collect();
            sent.len() == 2 && (!applied || sent[1].applied)
        };
        bench.killed_when(met).await;
        assert_eq!(
            bench
                .count("SELECT count(*) FROM calls WHERE operation = 'numbers_activate' AND applied IS NULL"),
            1
        );
        bench.wxbulk(&["run"]).await.expect(0);
        let sent = bench.sim.journal().iter().filter(of_madrid).count();
        assert_eq!(sent, if applied { 3 } else { 4 }, "{fault}");
        assert_eq!(standing(&bench, true).len(), 1_103, "{fault}");
        assert_eq!(bench.count("SELECT count(*) FROM calls WHERE applied IS NULL AND mutating = 1"), 0);
        bench.check_invariants();
    }
}

#[tokio::test]
async fn every_doubt_about_an_activation_is_resolved() {
    for doubt in [
        "lost",
        "reset",
        "drop",
        "hang",
        "status=500,applied",
        "status=503",
        "lost,lag=200",
        "status=204,applied,lag=200",
    ] {
        let bench = madrid(&stating(&numbers(5), "ACTIVE"), &numbers(5)).await;
        let bench = bench.env("REQUEST_TIMEOUT_SECONDS", "0.4").env("SETTLE_SECONDS", "0.3");
        bench.sim.add_fault(format!("numbers_activate#1:{doubt}").parse().unwrap());
        bench.run().await.expect(0);
        assert!(standing(&bench, false).is_empty(), "{doubt}");
        bench.check_invariants();
    }
}

#[tokio::test]
async fn what_was_done_before_a_failure_is_told() {
    let bench = madrid(&stating(&numbers(1_100), "ACTIVE"), &numbers(1_100)).await.env("MAX_RETRIES", "0");
    bench.sim.add_fault("numbers_activate#2-:status=503".parse().unwrap());
    bench.run().await.expect(3);
    let row = bench.row("location", "Madrid");
    row.expect_pending("half_applied", "location_activate_numbers");
    row.says(&["activated 500 of 1100 numbers, then: "]);
    bench.sim.clear_faults();
    bench.wxbulk(&["run", "--retry-pending"]).await.expect(0);
    assert!(standing(&bench, false).is_empty());
    assert_eq!(sizes(&bench.calls(Operation::NumbersActivate)), [500, 500, 500, 100]);
}

/// One number that Webex does not activate, whether it names it or not.
#[tokio::test]
async fn a_refused_number_does_not_hold_up_the_others() {
    let bad = &numbers(40)[7];
    let named = format!(r#"[{{"errors": [{{"number": "{bad}", "errorCode": "1", "errorMessage": "No"}}]}}]"#);
    for (body, most) in [(named.as_str(), 2), (r#"{"message": "No"}"#, 14)] {
        let bench = madrid(&stating(&numbers(40), "ACTIVE"), &numbers(40)).await;
        bench
            .sim
            .add_fault(Fault::on(Operation::NumbersActivate).key(bad.as_str()).status_and_body(400, body));
        bench.run().await.expect(3);
        let row = bench.row("location", "Madrid");
        row.expect_pending("half_applied", "location_activate_numbers");
        row.says(&["activated 39 of 40 numbers", bad, "No"]);
        assert_eq!(standing(&bench, false), BTreeSet::from([bad.clone()]));
        let sent = bench.calls(Operation::NumbersActivate).len();
        assert!(sent <= most, "{sent} requests, {most} allowed");
    }
}

/// A status is no proof: the list is read once more before a row says that its numbers are active.
#[tokio::test]
async fn what_webex_accepts_and_does_not_apply_is_told() {
    let bench = madrid(&stating(&numbers(5), "ACTIVE"), &numbers(5)).await;
    bench.sim.add_fault("numbers_activate#1:status=204,not_applied".parse().unwrap());
    bench.run().await.expect(3);
    bench.row("location", "Madrid").says(&["activated 0 of 5 numbers; 5 stay inactive: ", "not applied"]);
    bench.wxbulk(&["run", "--retry-pending"]).await.expect(0);
    assert!(standing(&bench, false).is_empty());
}

/// Whoever states nothing gets what there was before the column: nothing that somebody keeps inactive is switched on.
#[tokio::test]
async fn unless_a_state_is_stated_what_stands_inactive_stays_so() {
    let bench = madrid(&stating(&numbers(5), ""), &numbers(4)).await;
    bench.run().await.expect(0);
    assert_eq!(operations(&bench.writes()), [Operation::NumbersAdd]);
    assert_eq!(standing(&bench, true), BTreeSet::from([numbers(5)[4].clone()]));
    bench.row("location", "Madrid").says(&["4 of its numbers are not active yet"]);
}

#[tokio::test]
async fn the_environment_states_it_where_the_cell_is_blank() {
    for (cell, environment, active) in [
        ("", "ACTIVE", true),
        ("", "INACTIVE", false),
        ("ACTIVE", "INACTIVE", true),
        ("INACTIVE", "ACTIVE", false),
    ] {
        let csv = stating(&numbers(5), cell).person(ANA, "Madrid", "1001").cell("phone_number", OF_ANA);
        let bench = madrid(&csv, &numbers(4)).await.env("NUMBER_STATE", environment);
        bench.run().await.expect(0);
        let told = (cell, environment);
        assert_eq!(standing(&bench, active).len(), 6, "{told:?}");
        assert!(standing(&bench, !active).is_empty(), "{told:?}");
        bench.check_invariants();
    }
}

#[tokio::test]
async fn an_active_number_is_never_deactivated() {
    let csv = stating(&numbers(5), "INACTIVE");
    let location = calling("Madrid").pstn(Pstn::LocalGateway).numbers(numbers(3));
    let bench = Bench::with(&csv, SimConfig::with_org(OrgSeed::default().location(location))).await;
    bench.run().await.expect(0);
    assert_eq!(operations(&bench.writes()), [Operation::NumbersAdd]);
    assert_eq!(standing(&bench, true).len(), 3);
    bench.row("location", "Madrid").says(&["3 of its numbers are active already and stay so"]);
}

#[tokio::test]
async fn numbers_of_a_provider_that_keeps_them_are_left_to_control_hub() {
    let location = calling("Madrid").pstn(Pstn::CiscoPstn);
    let org = OrgSeed::default().location(location).number(inactive("Madrid", &numbers(1)[0]));
    let bench = Bench::with(&stating(&numbers(1), "ACTIVE"), SimConfig::with_org(org)).await;
    bench.run().await.expect(3);
    bench.row("location", "Madrid").expect_pending("out_of_scope", "location_activate_numbers");
    assert!(bench.writes().is_empty());
}

/// The recipe for a location without a row: the amended file gives it one, by whichever of its names people refer to it.
#[tokio::test]
async fn a_location_without_a_row_gets_one_on_the_day() {
    for external_id in ["", "MAD-01"] {
        let people = Csv::new().person(ANA, "Madrid", "1001").cell("phone_number", OF_ANA);
        let bench = madrid(&people, &[]).await.env("NUMBER_STATE", "INACTIVE");
        bench.run().await.expect(0);
        assert_eq!(standing(&bench, false).len(), 1);
        let row = Csv::new().location("Madrid").cell("location_external_id", external_id);
        bench.write_csv(&row.cell("location_settings_number_state", "ACTIVE").text());
        bench.ingest(&["--amend"]).await.expect(0);
        bench.wxbulk(&["run"]).await.expect(0);
        assert_eq!(standing(&bench, true).len(), 1, "{external_id:?}");
        bench.row("location", if external_id.is_empty() { "Madrid" } else { external_id }).expect_success();
    }
}

/// Rows may know one location by its tag and by its name; only those by the tag have a row that states something.
#[tokio::test]
async fn numbers_of_two_states_do_not_travel_together() {
    let person = |csv: Csv, at: usize| {
        let (key, email) =
            (if at.is_multiple_of(2) { "MAD-01" } else { "Madrid" }, format!("u{at}@example.com"));
        csv.person(&email, key, &format!("{}", 1_000 + at)).cell("phone_number", &numbers(20)[at])
    };
    let csv = Csv::new().location("").cell("location_external_id", "MAD-01");
    let csv = (0..20).fold(csv.cell("location_settings_number_state", "INACTIVE"), person);
    let location = calling("Madrid").pstn(Pstn::LocalGateway).notes("[ext_id=MAD-01]");
    let org = OrgSeed::with_people(csv.emails()).location(location);
    let bench = Bench::with(&csv, SimConfig::with_org(org)).await.env("MAX_CONCURRENCY", "20");
    bench.sim.add_fault(Fault::on(Operation::NumbersAdd).nth(1).delay(Duration::from_millis(300)));
    bench.run().await.expect(0);
    let even: BTreeSet<String> = numbers(20).into_iter().step_by(2).collect();
    assert_eq!(standing(&bench, false), even);
    assert_eq!(standing(&bench, true).len(), 10);
}

#[tokio::test]
async fn the_evening_can_be_rehearsed() {
    let bench = bench(&evening(5)).await.env("DEFAULT_LANGUAGE", "es_es");
    let csv = bench.csv_path().display().to_string();
    let rehearsed = bench.wxbulk(&["rehearse", &csv, "--json"]).await.expect(0);
    let report: serde_json::Value = serde_json::from_str(&rehearsed.stdout).unwrap();
    assert_eq!((&report["second"]["success"], &report["second"]["writes"]), (&6.into(), &0.into()));
}
