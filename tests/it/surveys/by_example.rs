//! Plans and verifications of small sites, by the binary.

use std::process::Stdio;

use serde_json::{Value, json};
use wxbulk::sim::{
    Exchange, LicenseSeed, LocationSeed, Operation, OrgSeed, PROFESSIONAL, PersonSeed, Pstn, SimConfig,
};

use crate::support::{Bench, Csv, Ran, TOKEN, site};

/// A site with numbers, and people with settings.
fn madrid() -> Csv {
    let csv = Csv::new().location("Madrid").cell("location_external_id", "MAD-01");
    let csv = csv
        .cell("location_settings_pstn_connection", "LOCAL_GATEWAY")
        .cell("location_settings_pstn_route_type", "TRUNK")
        .cell("location_settings_pstn_route_name", "Trunk 1")
        .cell("location_settings_numbers", "+34910000900|+34910000901");
    let csv = csv.user("ana@example.com", "MAD-01").cell("calling_settings_call_waiting_enabled", "false");
    let csv = csv.assignment("ana@example.com", "MAD-01", "1001").cell("phone_number", "+34910000001");
    let csv =
        csv.user("eva@example.com", "MAD-01").cell("calling_settings_monitoring_people", "leo@example.com");
    let csv = csv.assignment("eva@example.com", "MAD-01", "1002");
    let csv = csv.person("leo@example.com", "MAD-01", "1003");
    let csv = csv.cell("final_settings_do_not_disturb_enabled", "true");
    csv.person("zoe@example.com", "MAD-01", "1004")
}

/// Changes something in Webex by hand.
async fn by_hand(bench: &Bench, method: reqwest::Method, path: &str, body: Value) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client.request(method, bench.sim.base_url() + path).bearer_auth(TOKEN).json(&body);
    assert!(request.send().await.unwrap().status().is_success(), "{path}");
}

/// The rows one by one, without what depends on the time and the place.
fn rows_of(ran: &Ran) -> String {
    let is_row = |line: &&str| line.contains(" row ") && line.contains(": ");
    let lines: Vec<&str> = ran.stdout.lines().filter(is_row).collect();
    lines.join("\n")
}

#[tokio::test]
async fn a_half_done_site_is_planned_from_where_it_stands() {
    let bench = Bench::new(&madrid()).await;
    bench.wxbulk(&["run", "site.csv", "--limit", "1"]).await.expect(4);
    let writes = bench.writes().len();
    let plan = bench.wxbulk(&["plan", "--rows"]).await.expect(0);
    assert_eq!(bench.writes().len(), writes);
    insta::assert_snapshot!("half_done", rows_of(&plan));
    bench.wxbulk(&["run"]).await.expect(0);
    bench.wxbulk(&["verify"]).await.expect(0);
}

#[tokio::test]
async fn three_things_changed_by_hand_are_named_and_cost_three_writes() {
    let bench = Bench::new(&madrid()).await;
    bench.run().await.expect(0);
    let org = bench.sim.org();
    let person = |email: &str| org.person(email).unwrap().id.clone();
    let license = org.licenses.iter().find(|license| license.name == PROFESSIONAL).unwrap().id.clone();
    let path = format!("/people/{}/features/callWaiting", person("ana@example.com"));
    by_hand(&bench, reqwest::Method::PUT, &path, json!({"enabled": true})).await;
    let path = format!("/locations/{}", org.locations_named("Madrid")[0].id);
    by_hand(&bench, reqwest::Method::PUT, &path, json!({"timeZone": "Europe/Lisbon"})).await;
    let item = json!({"id": license, "operation": "remove"});
    let taken = json!({"personId": person("zoe@example.com"), "licenses": [item]});
    by_hand(&bench, reqwest::Method::PATCH, "/licenses/users", taken).await;

    let found = bench.wxbulk(&["verify", "--json"]).await.expect(3);
    let found: Value = serde_json::from_str(&found.stdout).unwrap();
    let rows = found["rows"].as_array().unwrap();
    let named: Vec<(i64, &str)> =
        rows.iter().map(|row| (row["row_id"].as_i64().unwrap(), row["verdict"].as_str().unwrap())).collect();
    // Her line went with her calling.
    assert_eq!(named, [(1, "drifted"), (2, "drifted"), (8, "missing"), (9, "missing")], "{found:#}");
    let difference = |row: usize| rows[row]["differences"][0].clone();
    let of = |field: &str, expected: &str, found: &str| json!({"field": field, "expected": expected, "found": found});
    assert_eq!(difference(0), of("timeZone", "Europe/Madrid", "Europe/Lisbon"));
    assert_eq!(difference(1), of("call_waiting_enabled", "false", "true"));

    bench.wxbulk(&["requeue", "--drifted", "--yes"]).await.expect(0);
    let before = bench.writes().len();
    bench.wxbulk(&["run"]).await.expect(0);
    let writes: Vec<Operation> = bench.writes().split_off(before).iter().map(|call| call.operation).collect();
    assert_eq!(writes.len(), 3, "{writes:?}");
    for operation in [Operation::LocationUpdate, Operation::FeaturePut, Operation::LicensesUsersPatch] {
        assert!(writes.contains(&operation), "{writes:?}");
    }
    bench.wxbulk(&["verify"]).await.expect(0);
    bench.check_invariants();
}

#[tokio::test]
async fn a_row_that_cannot_be_completed_makes_a_plan_say_so() {
    let csv = madrid();
    let without_leo = csv.emails().into_iter().filter(|email| email != "leo@example.com");
    let bench = Bench::with(&csv, SimConfig::with_org(OrgSeed::with_people(without_leo))).await;
    let plan = bench.wxbulk(&["plan", "site.csv", "--only", "blocked"]).await.expect(3);
    assert!(plan.stdout.contains("nobody in Webex has the address leo@example.com"), "{}", plan.text());
    assert!(bench.writes().is_empty());
}

#[tokio::test]
async fn a_plan_names_the_rows_without_a_licence() {
    let csv = site(4);
    let org = OrgSeed::with_people(csv.emails());
    let org = OrgSeed { licenses: vec![LicenseSeed { units: 3, ..LicenseSeed::new(PROFESSIONAL) }], ..org };
    let bench = Bench::with(&csv, SimConfig::with_org(org)).await;
    let plan = bench.wxbulk(&["plan", "site.csv"]).await.expect(3);
    for words in ["SHORT 1", "without one: u3@example.com", "without a free licence"] {
        assert!(plan.stdout.contains(words), "{words}: {}", plan.text());
    }
    bench.run().await.expect(3);
    bench.row("user", "u3@example.com").expect_pending("precondition_missing", "user_enable_calling");
}

#[tokio::test]
async fn a_plan_tells_that_a_location_has_no_pstn() {
    let csv = Csv::new().location("Madrid").person("ana@example.com", "Madrid", "1001");
    let csv = csv.cell("phone_number", "+34910000001");
    let bench = Bench::new(&csv).await;
    let plan = bench.wxbulk(&["plan", "site.csv"]).await.expect(3);
    assert!(plan.stdout.contains("Madrid has no PSTN"), "{}", plan.text());
    let seed = LocationSeed::calling("Madrid").pstn(Pstn::LocalGateway);
    let org = OrgSeed::default().person(PersonSeed::new("ana@example.com")).location(seed);
    let bench = Bench::with(&csv, SimConfig::with_org(org)).await;
    let plan = bench.wxbulk(&["plan", "site.csv"]).await.expect(0);
    assert!(plan.stdout.contains("1 to add: Madrid 1"), "{}", plan.text());
}

#[tokio::test]
async fn a_token_that_dies_in_a_survey_leaves_it_incomplete() {
    let bench = Bench::new(&site(3)).await;
    bench.wxbulk(&["ingest", "site.csv"]).await.expect(0);
    // After the start-up checks: a plan of so few people asks for each of them.
    bench.sim.add_fault("people_list:status=401".parse().unwrap());
    bench.sim.add_fault("people_me#2-:status=401".parse().unwrap());
    let plan = bench.wxbulk(&["plan"]).await.expect(16);
    assert!(plan.stdout.contains("INCOMPLETE"), "{}", plan.text());
    assert!(plan.stdout.contains("the token is not valid any more"), "{}", plan.text());
    assert_eq!(bench.count("SELECT complete FROM surveys WHERE purpose = 'plan'"), 0);
    bench.sim.clear_faults();
    bench.wxbulk(&["plan", "--stored"]).await.expect(3);
    bench.wxbulk(&["plan"]).await.expect(0);
}

#[tokio::test]
async fn an_outage_in_a_survey_leaves_it_incomplete() {
    let bench = Bench::new(&site(3)).await.env("OUTAGE_WAIT_SECONDS", "0");
    bench.run().await.expect(0);
    // The five start-up checks are let through.
    bench.sim.add_fault("any#6-:drop".parse().unwrap());
    let told = bench.wxbulk(&["verify"]).await.expect(16);
    assert!(told.stdout.contains("INCOMPLETE"), "{}", told.text());
    assert_eq!(bench.count("SELECT complete FROM surveys WHERE purpose = 'verify'"), 0);
    bench.sim.clear_faults();
    bench.wxbulk(&["verify"]).await.expect(0);
}

#[tokio::test]
async fn a_signal_in_a_survey_leaves_it_incomplete() {
    let bench = Bench::new(&site(3)).await;
    bench.wxbulk(&["ingest", "site.csv"]).await.expect(0);
    bench.sim.add_fault("people_list:hang".parse().unwrap());
    let mut plan = bench.command(&["plan"]);
    plan.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = plan.spawn().unwrap();
    let asks = |journal: &[Exchange]| journal.iter().any(|call| call.operation == Operation::PeopleList);
    bench.sim.when(asks).await;
    let killed = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(killed.unwrap().success());
    let ended = tokio::task::spawn_blocking(move || child.wait_with_output()).await.unwrap().unwrap();
    assert_eq!(ended.status.code(), Some(130), "{}", String::from_utf8_lossy(&ended.stderr));
    assert!(String::from_utf8_lossy(&ended.stdout).contains("INCOMPLETE"));
    assert_eq!(bench.count("SELECT complete FROM surveys WHERE purpose = 'plan'"), 0);
    assert_eq!(bench.count("SELECT count(*) FROM rows WHERE state != 'ready'"), 0);
    bench.sim.clear_faults();
    bench.wxbulk(&["plan"]).await.expect(0);
}
