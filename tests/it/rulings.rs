//! The rulings on people and their lines (R2-R4, R16, R18, R24, R25), each as a short story.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "helpers of tests")]

mod one_object;

use crate::support::{Bench, Csv};
use serde_json::{Value, json};
use wxbulk::sim::{Fault, LocationSeed, NumberSeed, Operation, OrgSeed, PersonSeed, SimConfig};

const ANA: &str = "ana@example.com";
const NUMBER: &str = "+34911234567";
const NO_DISTURBANCE: &str = "final_settings_do_not_disturb_enabled";
const NO_WAITING: &str = "calling_settings_call_waiting_enabled";

/// A bench on an organisation with the calling location Madrid and these people.
async fn madrid(csv: &Csv, people: impl IntoIterator<Item = PersonSeed>) -> Bench {
    let org = OrgSeed::default().location(LocationSeed::calling("Madrid").numbers([NUMBER]));
    on(csv, people.into_iter().fold(org, OrgSeed::person)).await
}

async fn on(csv: &Csv, org: OrgSeed) -> Bench {
    Bench::with(csv, SimConfig::with_org(org)).await
}

fn ana() -> PersonSeed {
    PersonSeed::new(ANA)
}

/// The bodies of the PATCHes for calling licences.
fn patches(bench: &Bench) -> Vec<Value> {
    bench.calls(Operation::LicensesUsersPatch).into_iter().filter_map(|call| call.body).collect()
}

/// How many requests were about this person.
fn requests_about(bench: &Bench, email: &str) -> usize {
    bench.sim.journal().iter().filter(|call| call.key.as_deref() == Some(email)).count()
}

// R2: the user row takes its line from the assignment row with the same address.

#[tokio::test]
async fn enabling_sends_the_line_of_the_assignment_row() {
    let csv = Csv::new().person(ANA, "Madrid", "1001").cell("phone_number", NUMBER);
    let bench = madrid(&csv, [ana()]).await;
    bench.run().await.expect(0);

    let properties = &patches(&bench)[0]["licenses"][0]["properties"];
    assert_eq!((&properties["extension"], &properties["phoneNumber"]), (&json!("1001"), &json!(NUMBER)));
    let person = bench.sim.org().person(ANA).unwrap().clone();
    assert_eq!((person.extension.as_deref(), person.phone_number.as_deref()), (Some("1001"), Some(NUMBER)));
    bench.check_invariants();
}

#[tokio::test]
async fn a_user_without_an_assignment_row_waits_for_it() {
    let bench = madrid(&Csv::new().user(ANA, "Madrid"), [ana()]).await;
    bench.run().await.expect(3);

    let row = bench.row("user", ANA);
    row.expect_pending("precondition_missing", "user_enable_calling");
    let message = row.message.unwrap();
    assert!(message.contains("extension_assignment") && message.contains(ANA), "{message}");
    assert!(patches(&bench).is_empty());
}

#[tokio::test]
async fn a_user_who_has_calling_needs_no_assignment_row() {
    let bench = madrid(&Csv::new().user(ANA, "Madrid"), [ana().calling("Madrid", "1001")]).await;
    bench.run().await.expect(0);

    bench.row("user", ANA).expect_success();
    assert!(bench.writes().is_empty());
}

#[tokio::test]
async fn an_assignment_row_for_another_location_is_not_the_users() {
    let csv = Csv::new().user(ANA, "Madrid").assignment(ANA, "Sevilla", "1001");
    let org = OrgSeed::default()
        .location(LocationSeed::calling("Madrid"))
        .location(LocationSeed::calling("Sevilla"));
    let bench = on(&csv, org.person(ana())).await;
    bench.run().await.expect(3);

    let user = bench.row("user", ANA);
    user.expect_pending("precondition_missing", "user_enable_calling");
    assert!(user.message.as_deref().unwrap().contains("Sevilla"), "{user:?}");
    assert_eq!(bench.row("extension_assignment", "Sevilla/1001").blocked_by, Some(user.row_id));
    assert!(patches(&bench).is_empty());
}

#[tokio::test]
async fn rows_may_call_a_location_by_any_of_its_names() {
    let csv = Csv::new().location("Madrid").cell("location_external_id", "MAD-01").cell("location_key", "M");
    let csv = csv.user(ANA, "MAD-01").assignment(ANA, " MADRID ", "1001");
    let csv = csv.user("eva@example.com", "M").assignment("eva@example.com", "MAD-01", "1002");
    let bench = Bench::new(&csv).await;
    bench.run().await.expect(0);

    let org = bench.sim.org();
    assert_eq!(org.person("eva@example.com").unwrap().location, org.person(ANA).unwrap().location);
}

// R3: the person has calling with another extension.

#[tokio::test]
async fn another_extension_is_out_of_scope_and_the_users_settings_go_on() {
    let csv = Csv::new().user(ANA, "Madrid").cell(NO_WAITING, "false").assignment(ANA, "Madrid", "1001");
    let bench = madrid(&csv, [ana().calling("Madrid", "2000")]).await;
    bench.run().await.expect(3);

    bench.row("user", ANA).expect_success();
    assert_eq!(bench.sim.org().person(ANA).unwrap().features["callWaiting"]["enabled"], false);
    bench
        .row("extension_assignment", "Madrid/1001")
        .expect_pending("out_of_scope", "assign_extension_or_number");
    assert!(patches(&bench).is_empty());
    assert_eq!(bench.sim.org().person(ANA).unwrap().extension.as_deref(), Some("2000"));
    bench.check_invariants();
}

#[tokio::test]
async fn the_repeated_licence_changes_the_extension_where_webex_applies_it_anew() {
    let csv = Csv::new().person(ANA, "Madrid", "1001").cell(NO_DISTURBANCE, "true");
    let org = OrgSeed { repeated_license_reapplies: true, ..OrgSeed::default() };
    let org = org.location(LocationSeed::calling("Madrid")).person(ana().calling("Madrid", "2000"));
    let bench = on(&csv, org).await.env("EXTENSION_CHANGE", "license_patch");
    bench.run().await.expect(0);

    let person = bench.sim.org().person(ANA).unwrap().clone();
    assert_eq!((person.extension.as_deref(), patches(&bench).len()), (Some("1001"), 1));
    assert_eq!(person.features["doNotDisturb"]["enabled"], true);
    bench.check_invariants();
}

#[tokio::test]
async fn the_repeated_licence_that_changes_nothing_is_not_believed() {
    let csv = Csv::new().person(ANA, "Madrid", "1001");
    let bench =
        madrid(&csv, [ana().calling("Madrid", "2000")]).await.env("EXTENSION_CHANGE", "license_patch");
    bench.run().await.expect(3);

    bench
        .row("extension_assignment", "Madrid/1001")
        .expect_pending("out_of_scope", "assign_extension_or_number");
    assert_eq!(patches(&bench).len(), 1);
}

#[tokio::test]
async fn an_extension_that_another_holds_is_taken() {
    let taken = || {
        let owner = Some(("HUNT_GROUP".to_owned(), "Sales".to_owned()));
        NumberSeed {
            location: "Madrid".into(),
            extension: Some("1001".into()),
            owner,
            ..NumberSeed::default()
        }
    };
    for switch in ["off", "license_patch"] {
        let org = OrgSeed::default().location(LocationSeed::calling("Madrid")).number(taken());
        let csv = Csv::new().person(ANA, "Madrid", "1001");
        let bench =
            on(&csv, org.person(ana().calling("Madrid", "2000"))).await.env("EXTENSION_CHANGE", switch);
        bench.run().await.expect(3);

        let row = bench.row("extension_assignment", "Madrid/1001");
        row.expect_pending("non_retryable_external", "assignment_lookup");
        assert!(row.message.as_deref().unwrap().contains("HUNT_GROUP"), "{row:?}");
        assert!(bench.writes().is_empty());
    }
}

// R4: calling in another location is never moved.

#[tokio::test]
async fn a_person_with_calling_elsewhere_is_not_moved() {
    let csv = Csv::new().person(ANA, "Madrid", "1001");
    let org = OrgSeed::default()
        .location(LocationSeed::calling("Madrid"))
        .location(LocationSeed::calling("Sevilla"));
    let bench = on(&csv, org.person(ana().calling("Sevilla", "1001"))).await;
    bench.run().await.expect(3);

    let row = bench.row("user", ANA);
    row.expect_pending("precondition_missing", "user_lookup");
    assert_eq!(
        bench.row("extension_assignment", "Madrid/1001").reason.as_deref(),
        Some("precondition_missing")
    );
    assert!(bench.writes().is_empty());
}

// R16, R24: phase 3 never enables; numbers must be in the location.

#[tokio::test]
async fn a_number_must_be_in_the_location_and_free() {
    let elsewhere = || LocationSeed::calling("Sevilla").numbers(["+34955000000"]);
    let other = || PersonSeed::new("eva@example.com").calling("Madrid", "1002").phone_number("+34911000002");
    let cases = [
        ("+34911000000", "precondition_missing"),
        ("+34955000000", "precondition_missing"),
        ("+34911000002", "non_retryable_external"),
    ];
    for (number, reason) in cases {
        for add in ["true", "false"] {
            let csv = Csv::new().person(ANA, "Madrid", "1001").cell("phone_number", number);
            let org = OrgSeed::default().location(LocationSeed::calling("Madrid")).location(elsewhere());
            let bench = on(&csv, org.person(other()).person(ana())).await.env("ADD_MISSING_NUMBERS", add);
            bench.run().await.expect(3);

            assert_eq!(bench.row("user", ANA).reason.as_deref(), Some(reason), "{number}");
            assert!(bench.writes().is_empty(), "{number}");
        }
    }
}

#[tokio::test]
async fn an_assignment_without_a_user_row_never_enables() {
    let csv = Csv::new().assignment(ANA, "Madrid", "1001");
    let bench = madrid(&csv, [ana()]).await;
    bench.run().await.expect(3);
    bench
        .row("extension_assignment", "Madrid/1001")
        .expect_pending("precondition_missing", "assignment_lookup");
    assert!(bench.writes().is_empty());

    let bench = madrid(&csv, [ana().calling("Madrid", "1001")]).await;
    bench.run().await.expect(0);
    bench.row("extension_assignment", "Madrid/1001").expect_success();
}

#[tokio::test]
async fn calling_enabled_false_enables_nothing() {
    let csv = || Csv::new().user(ANA, "Madrid").cell("calling_enabled", "false").cell(NO_WAITING, "false");
    let bench = madrid(&csv().assignment(ANA, "Madrid", "1001"), [ana()]).await;
    bench.run().await.expect(3);
    assert_eq!(bench.row("user", ANA).reason.as_deref(), Some("precondition_missing"));
    assert_eq!(
        bench.row("extension_assignment", "Madrid/1001").reason.as_deref(),
        Some("precondition_missing")
    );
    assert!(bench.writes().is_empty());

    let bench = madrid(&csv(), [ana().calling("Madrid", "1001")]).await;
    bench.run().await.expect(0);
    assert_eq!(bench.writes().len(), 1);
}

// R18: GET, lay over, PUT only what differs.

#[tokio::test]
async fn a_put_keeps_the_fields_that_the_row_does_not_state() {
    let csv = Csv::new().person(ANA, "Madrid", "1001").cell(NO_DISTURBANCE, "true");
    let present = json!({"enabled": false, "ringSplashEnabled": true, "webexGoOverrideEnabled": true});
    let bench = madrid(&csv, [ana().calling("Madrid", "1001").feature("doNotDisturb", present)]).await;
    bench.run().await.expect(0);

    let wanted = json!({"enabled": true, "ringSplashEnabled": true, "webexGoOverrideEnabled": true});
    assert_eq!(bench.sim.org().person(ANA).unwrap().features["doNotDisturb"], wanted);
    assert_eq!(bench.writes().len(), 1);
}

#[tokio::test]
async fn nothing_is_put_where_nothing_differs_even_if_booleans_come_as_text() {
    let csv = Csv::new().person(ANA, "Madrid", "1001").cell(NO_DISTURBANCE, "true");
    for present in [json!({"enabled": true}), json!({"enabled": "true"}), json!({"enabled": "True"})] {
        let bench = madrid(&csv, [ana().calling("Madrid", "1001")]).await;
        bench.sim.add_fault(Fault::on(Operation::FeatureGet).status_and_body(200, present.to_string()));
        bench.run().await.expect(0);
        assert!(bench.writes().is_empty(), "{present}");
    }
}

#[tokio::test]
async fn settings_that_are_no_object_are_never_written_over() {
    for body in ["[]", "null", "42", ""] {
        let csv =
            Csv::new().person(ANA, "Madrid", "1001").cell("final_settings_call_waiting_enabled", "false");
        let org = OrgSeed::default()
            .location(LocationSeed::calling("Madrid"))
            .person(ana().calling("Madrid", "1001"));
        let bench = on(&csv, org).await;
        bench.sim.add_fault(Fault::on(Operation::FeatureGet).status_and_body(200, body));
        let ran = bench.run().await;
        assert_eq!((ran.code, bench.writes().len()), (3, 0), "{body:?}");
    }
}

// R25: what Webex has no operation for.

#[tokio::test]
async fn unknown_settings_stop_their_rows_before_any_call() {
    let csv = Csv::new().user(ANA, "Madrid").cell("calling_settings_quantum_leap", "1");
    let csv = csv.assignment("eva@example.com", "Madrid", "1002").cell("final_settings_quantum_leap", "1");
    let bench = madrid(&csv, [ana(), PersonSeed::new("eva@example.com").calling("Madrid", "1002")]).await;
    bench.run().await.expect(3);

    assert_eq!(bench.count("SELECT count(*) FROM rows WHERE reason = 'out_of_scope'"), 2);
    assert_eq!((requests_about(&bench, ANA), requests_about(&bench, "1002")), (0, 0));
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
async fn a_person_with_calling_elsewhere_is_told_both_locations() {
    let csv = Csv::new().person(ANA, "Madrid", "1001");
    let org = OrgSeed::default()
        .location(LocationSeed::calling("Madrid"))
        .location(LocationSeed::calling("Sevilla"));
    let bench = on(&csv, org.person(ana().calling("Sevilla", "1001"))).await;
    bench.run().await.expect(3);
    let message = bench.row("user", ANA).message.unwrap();
    assert!(message.contains("Madrid") && message.contains("Sevilla"), "{message}");
}
