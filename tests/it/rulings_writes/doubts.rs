//! What resolves a doubt: what that request would have changed, seen by a look-up that could be made (R6, R8, R27).

use serde_json::json;
use wxbulk::sim::{Fault, LocationSeed, Operation, OrgSeed, PersonSeed, Pstn, SimConfig};

use super::{ANA, EVA};
use crate::support::{Bench, Csv};

const THERE: &str = "+34911000001";
const MISSING: &str = "+34911000002";

fn fault(bench: &Bench, text: &str) {
    bench.sim.add_fault(text.parse().expect(text));
}

/// How many writes of an operation are on record as applied, as not applied, and in doubt.
fn on_record(bench: &Bench, operation: &str) -> [i64; 3] {
    ["applied = 1", "applied = 0", "applied IS NULL"].map(|state| {
        bench.count(&format!(
            "SELECT count(*) FROM calls WHERE operation = '{operation}' AND mutating = 1 AND {state}"
        ))
    })
}

/// A location as a row of these tests states it, so that nothing of it differs.
fn same(name: &str) -> LocationSeed {
    LocationSeed {
        address: json!({
            "address1": "Calle Mayor, 1", "city": "Madrid", "state": "Madrid", "postalCode": "28001", "country": "ES",
        }),
        ..LocationSeed::calling(name)
    }
}

async fn on(csv: &Csv, org: OrgSeed) -> Bench {
    Bench::with(csv, SimConfig::with_org(org)).await.env("MAX_RETRIES", "1")
}

// A look-up that is refused for the token.

#[tokio::test]
async fn a_token_that_is_refused_in_the_look_up_is_the_cause_and_the_doubt_stays() {
    let person = || OrgSeed::with_people([EVA]).location(same("Sevilla"));
    let csv = Csv::new().location("Sevilla").person(EVA, "Sevilla", "1001");
    for (write, look, org, kind, key, reason) in [
        (
            "location_create#1",
            "locations_list#2-@Sevilla",
            OrgSeed::default(),
            "location",
            "Sevilla",
            "auth_invalid",
        ),
        (
            "calling_location_enable#1",
            "calling_location_get#1-",
            OrgSeed::default(),
            "location",
            "Sevilla",
            "half_applied",
        ),
        ("licenses_users_patch#1", "people_list#2-@eva@example.com", person(), "user", EVA, "auth_invalid"),
    ] {
        let look = look.replace("@eva@", "@eva%40");
        for doubt in ["lost", "status=503,not_applied"] {
            let bench = on(&csv, org.clone()).await;
            fault(&bench, &format!("{write}:{doubt}"));
            fault(&bench, &format!("{look}:status=401"));
            bench.run().await;
            let row = bench.row(kind, key);
            let shown = (row.reason.as_deref(), row.cause.as_deref(), row.http_status);
            assert_eq!(shown, (Some(reason), Some("auth_invalid"), Some(401)), "{write}:{doubt} {row:?}");
            let operation = write.trim_end_matches("#1");
            assert_eq!(on_record(&bench, operation), [0, 0, 1], "{write}:{doubt}");
            bench.check_invariants();
        }
    }
}

// Several numbers, of which some were there before.

/// The first attempt's request is in doubt; the second one's look-up must tell what that request would have added.
#[tokio::test]
async fn a_number_that_was_there_before_is_not_what_a_lost_request_added() {
    let numbers = format!("{THERE}|{MISSING}");
    let csv = Csv::new().location("Madrid").cell("location_settings_numbers", &numbers);
    let bench =
        on(&csv, OrgSeed::default().location(same("Madrid").pstn(Pstn::LocalGateway).numbers([THERE]))).await;
    fault(&bench, "numbers_add#1:lost,not_applied");
    fault(&bench, &format!("numbers_list#2-@{MISSING}:status=503"));
    bench.run().await.expect(3);
    bench.row("location", "Madrid").expect_pending("retry_exhausted", "location_add_numbers");
    assert_eq!(on_record(&bench, "numbers_add"), [0, 0, 1]);
    bench.sim.clear_faults();
    fault(&bench, "numbers_add:status=400");
    bench.wxbulk(&["run", "--retry-pending"]).await.expect(3);
    bench.row("location", "Madrid").expect_pending("non_retryable_external", "location_add_numbers");
}

/// The same where the request did add it.
#[tokio::test]
async fn a_number_that_a_lost_request_added_is_the_rows_own() {
    let numbers = format!("{THERE}|{MISSING}");
    let csv = Csv::new().location("Madrid").cell("location_settings_numbers", &numbers);
    let csv = csv.cell("location_settings_unknown_extension_route_type", "TRUNK");
    let csv = csv.cell("location_settings_unknown_extension_route_name", "Nowhere");
    let bench =
        on(&csv, OrgSeed::default().location(same("Madrid").pstn(Pstn::LocalGateway).numbers([THERE]))).await;
    fault(&bench, "numbers_add#1:lost");
    fault(&bench, &format!("numbers_list#2-@{MISSING}:status=503"));
    bench.run().await.expect(3);
    bench.sim.clear_faults();
    bench.wxbulk(&["run", "--retry-pending"]).await.expect(3);
    bench.row("location", "Madrid").expect_pending("half_applied", "location_apply_settings");
    assert_eq!(on_record(&bench, "numbers_add"), [1, 0, 0]);
}

#[tokio::test]
async fn a_further_number_that_the_person_had_is_not_what_a_lost_request_gave() {
    let csv = Csv::new().person(ANA, "Madrid", "1001").cell("alternate_numbers", THERE);
    let site = same("Madrid").numbers([THERE, MISSING]);
    let bench = on(&csv, OrgSeed::default().location(site).person(PersonSeed::new(ANA))).await;
    let path = bench.csv_path().display().to_string();
    bench.wxbulk(&["run", &path, "--output-dir", "another"]).await.expect(0);
    bench.write_csv(&csv.cell("alternate_numbers", &format!("{THERE}|{MISSING}")).text());
    fault(&bench, "person_numbers_put#1:lost,not_applied");
    fault(&bench, "person_numbers_get#2-:status=503");
    bench.run().await.expect(3);
    assert_eq!(on_record(&bench, "person_numbers_put"), [0, 0, 1]);
    bench.sim.clear_faults();
    fault(&bench, "person_numbers_put:status=400");
    bench.wxbulk(&["run", "--retry-pending"]).await.expect(3);
    let row = bench.row("extension_assignment", "Madrid/1001");
    row.expect_pending("non_retryable_external", "assign_extension_or_number");
}

// A location that somebody else made.

/// The create was refused and made nothing; the location that shows up later is not the row's doing.
#[tokio::test]
async fn a_location_that_was_made_by_hand_is_not_what_a_refused_create_made() {
    let by_hand = Csv::new().location("Sevilla").cell("address_line1", "Plaza Nueva, 2");
    for tag in ["", "SEV-01"] {
        let csv = Csv::new().location("Sevilla").cell("location_external_id", tag);
        let bench = on(&csv, OrgSeed::default()).await;
        fault(&bench, "location_create#1:status=400,not_applied");
        bench.run().await.expect(3);
        assert_eq!(on_record(&bench, "location_create"), [0, 0, 1], "a list may lag");
        bench.sim.clear_faults();
        bench.write_csv(&by_hand.text());
        let path = bench.csv_path().display().to_string();
        bench.wxbulk(&["run", &path, "--output-dir", "by-hand"]).await.expect(0);
        fault(&bench, "location_update:status=400");
        bench.wxbulk(&["run", "--retry-pending"]).await.expect(3);
        let key = if tag.is_empty() { "Sevilla" } else { tag };
        bench.row("location", key).expect_pending("non_retryable_external", "location_update");
        assert_eq!(on_record(&bench, "location_create"), [0, 1, 0], "{tag}");
    }
}

/// The same between a doubtful create and its look-up: it is taken as found, and no second one is made.
#[tokio::test]
async fn a_location_that_appears_beside_a_lost_create_is_taken_as_found() {
    for attempt in ["status=400,not_applied", "status=503,not_applied", "drop"] {
        let bench =
            on(&Csv::new().location("Sevilla"), OrgSeed::default().location(LocationSeed::new("Lugo"))).await;
        let there = bench.sim.org().locations[0].clone();
        let shown = json!({"items": [{"id": there.id, "name": "Sevilla", "address": {"address1": "Plaza Nueva, 2"}}]});
        fault(&bench, &format!("location_create#1:{attempt}"));
        bench.sim.add_fault(
            Fault::on(Operation::LocationsList)
                .key("Sevilla")
                .calls(wxbulk::sim::Calls::range(2, u32::MAX))
                .status_and_body(200, shown.to_string()),
        );
        bench.run().await.expect(0);
        let row = bench.row("location", "Sevilla");
        assert_eq!(row.remote_id.as_deref(), Some(there.id.as_str()), "{attempt} {row:?}");
        assert_eq!(bench.calls(Operation::LocationCreate).len(), 1, "{attempt}");
        assert_eq!(on_record(&bench, "location_create"), [0, 1, 0], "{attempt}");
        assert_eq!(bench.sim.org().locations.len(), 1, "{attempt}");
    }
}

/// Its create is in doubt, and the location was given another name since: its tag is what it is known by.
#[tokio::test]
async fn a_location_of_a_create_in_doubt_is_looked_for_by_its_tag_under_any_name() {
    let csv = Csv::new().location("Sevilla").cell("location_external_id", "SEV-01");
    let renamed = LocationSeed::new("Hispalis").notes("[ext_id=SEV-01]");
    let bench = on(&csv, OrgSeed::default().location(renamed)).await;
    let hidden = r#"status=200,body={"items":[]}"#;
    fault(&bench, &format!("locations_list#1-3:{hidden}"));
    fault(&bench, "locations_list#4-:status=503");
    fault(&bench, "location_create:drop");
    bench.run().await.expect(3);
    assert_eq!(on_record(&bench, "location_create"), [0, 0, 1]);
    bench.sim.clear_faults();
    let creates = bench.calls(Operation::LocationCreate).len();
    fault(&bench, &format!("locations_list#1-2:{hidden}"));
    bench.wxbulk(&["run", "--retry-pending"]).await.expect(0);
    assert_eq!(bench.calls(Operation::LocationCreate).len(), creates, "no second one");
    let names: Vec<_> = bench.sim.org().locations.into_iter().map(|location| location.name).collect();
    assert_eq!(names, ["Sevilla"]);
}

// Answers about somebody else, and codes of other operations.

#[tokio::test]
async fn an_answer_about_something_else_proves_nothing_and_is_looked_up() {
    let csv = Csv::new().location("Sevilla").person(EVA, "Sevilla", "1001");
    for operation in ["calling_location_enable", "licenses_users_patch", "location_update"] {
        let made = LocationSeed { time_zone: "Europe/Lisbon".to_owned(), ..LocationSeed::new("Sevilla") };
        let org = OrgSeed::with_people([EVA]).location(made);
        let bench = on(&csv, org.clone()).await;
        fault(&bench, &format!("{operation}:mangle=other_id"));
        bench.run().await.expect(0);
        assert_eq!(on_record(&bench, operation), [1, 0, 0], "{operation}: a look-up proves it");

        let bench = on(&csv, org).await;
        let licences: Vec<String> = bench.sim.org().licenses.into_iter().map(|licence| licence.id).collect();
        let answer = json!({"id": "b3RoZXI", "personId": "b3RoZXI", "licenses": licences});
        let refused: Operation = operation.parse().unwrap();
        bench.sim.add_fault(Fault::on(refused).status_and_body(200, answer.to_string()).not_applied());
        bench.run().await.expect(3);
        let causes = bench.count("SELECT count(*) FROM rows WHERE cause = 'invalid_response_schema'");
        assert_eq!((causes, on_record(&bench, operation)[0]), (1, 0), "{operation}: nothing proves it");
    }
}

/// Only of the licence PATCH is it known to say that something is not in place.
#[tokio::test]
async fn the_code_400_says_what_it_says_of_licences_only() {
    let body = r#"status=400,body={"message":"Bad","errors":[{"description":"Bad"}],"error":{"key":"400","message":[{"description":"Bad","code":"400"}]}}"#;
    for (operation, kind, key, cause) in [
        ("licenses_users_patch", "user", EVA, "precondition_missing"),
        ("calling_location_enable", "location", "Sevilla", "non_retryable_external"),
        ("location_create", "location", "Sevilla", "non_retryable_external"),
    ] {
        let bench =
            on(&Csv::new().location("Sevilla").person(EVA, "Sevilla", "1001"), OrgSeed::with_people([EVA]))
                .await;
        fault(&bench, &format!("{operation}:{body}"));
        bench.run().await.expect(3);
        assert_eq!(bench.row(kind, key).cause.as_deref(), Some(cause), "{operation}");
    }
}

/// Only the last number is taken back: the answer about the others was lost, and they stay in the location.
#[tokio::test]
async fn numbers_that_were_not_taken_back_stay_on_record() {
    let all: Vec<String> = (0..101).map(|at| format!("+3491100{at:04}")).collect();
    let csv = Csv::new()
        .location("Madrid")
        .cell("location_settings_numbers", &all.join("|"))
        .cell("location_settings_unknown_extension_route_type", "TRUNK")
        .cell("location_settings_unknown_extension_route_name", "Nowhere");
    let org = OrgSeed::default().location(same("Madrid").pstn(Pstn::LocalGateway));
    let bench = on(&csv, org).await.env("ENABLE_SAFE_COMPENSATION", "true");
    fault(&bench, "numbers_add#1:lost");
    bench.run().await.expect(3);
    assert_eq!((bench.calls(Operation::NumbersDelete).len(), bench.sim.org().numbers.len()), (1, 100));
    let row = bench.row("location", "Madrid");
    row.expect_pending("half_applied", "compensate");
    assert_eq!(row.cause.as_deref(), Some("precondition_missing"));
    assert_eq!(on_record(&bench, "numbers_add"), [1, 1, 0]);
}
