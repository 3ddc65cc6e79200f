//! Numbers of people: added to the location where they lack, shared by the rows that wait, refused by name (R16).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "helpers of tests")]

use std::time::Duration;

use crate::support::{Bench, Csv};
use serde_json::json;
use wxbulk::sim::{
    Exchange, Fault, LocationSeed, NumberSeed, Operation, OrgSeed, PersonSeed, Pstn, SimConfig,
};

const ANA: &str = "ana@example.com";
const NUMBER: &str = "+34911000000";
const FURTHER: &str = "+34911000001";

fn madrid() -> LocationSeed {
    LocationSeed::calling("Madrid").pstn(Pstn::LocalGateway)
}

fn ana() -> Csv {
    Csv::new().person(ANA, "Madrid", "1001").cell("phone_number", NUMBER)
}

async fn on(csv: &Csv, org: OrgSeed) -> Bench {
    Bench::with(csv, SimConfig::with_org(org)).await
}

/// People who have no calling, in one location.
async fn bench(csv: &Csv, location: LocationSeed) -> Bench {
    on(csv, OrgSeed::with_people(csv.emails()).location(location)).await
}

/// People of Madrid with an extension and a number each.
fn many(people: usize) -> Csv {
    (0..people).fold(Csv::new(), |csv, at| {
        let number = format!("+3491100{:04}", 1000 + at);
        csv.person(&format!("u{at}@example.com"), "Madrid", &format!("{}", 1000 + at))
            .cell("phone_number", &number)
    })
}

fn number_of(bench: &Bench, email: &str) -> Option<String> {
    bench.sim.org().person(email).unwrap().phone_number.clone()
}

#[tokio::test]
async fn a_missing_number_is_added_and_then_given() {
    for pstn in [Pstn::LocalGateway, Pstn::NonIntegratedCcp] {
        let bench = bench(&ana(), madrid().pstn(pstn)).await;
        bench.run().await.expect(0);
        let writes: Vec<_> = bench.writes().iter().map(|call| call.operation).collect();
        assert_eq!(writes, [Operation::NumbersAdd, Operation::LicensesUsersPatch]);
        assert_eq!(number_of(&bench, ANA).as_deref(), Some(NUMBER));
        bench.check_invariants();
    }
}

#[tokio::test]
async fn numbers_are_not_added_where_they_may_not_be() {
    for (pstn, add, reason, word) in [
        (Some(Pstn::CiscoPstn), "true", "out_of_scope", "CISCO_PSTN"),
        (Some(Pstn::IntegratedCcp), "true", "out_of_scope", "INTEGRATED_CCP"),
        (None, "true", "precondition_missing", "no PSTN connection"),
        (Some(Pstn::LocalGateway), "false", "precondition_missing", "ADD_MISSING_NUMBERS"),
    ] {
        let bench = bench(&ana(), LocationSeed { pstn, ..madrid() }).await.env("ADD_MISSING_NUMBERS", add);
        bench.run().await.expect(3);
        bench.row("user", ANA).expect_pending(reason, "number_add");
        bench.row("user", ANA).says(&[word]);
        // The assignment row waits for the user row without a call.
        let blocked = bench.row("extension_assignment", "Madrid/1001");
        assert_eq!(blocked.blocked_by, Some(bench.row("user", ANA).row_id));
        assert!(bench.writes().is_empty());
    }
}

#[tokio::test]
async fn the_connection_is_read_once_a_location_and_phase() {
    let bench = bench(&many(12), madrid()).await;
    bench.run().await.expect(0);
    assert_eq!(bench.calls(Operation::PstnConnectionGet).len(), 1);
}

#[tokio::test]
async fn a_number_that_the_list_shows_free_is_not_looked_up() {
    let numbers: Vec<String> = (0..40).map(|at| format!("+3491100{:04}", 1000 + at)).collect();
    let bench = bench(&many(40), madrid().numbers(numbers)).await;
    bench.run().await.expect(0);
    let asked = |call: &&Exchange| call.path.contains("phoneNumber=");
    let in_phase_2 = bench.calls(Operation::NumbersList);
    let before_the_last_patch =
        bench.calls(Operation::LicensesUsersPatch).iter().map(|call| call.seq).max().unwrap();
    let asked = in_phase_2.iter().filter(asked).filter(|call| call.seq < before_the_last_patch).count();
    assert_eq!(asked, 0);
}

// Shared requests

#[tokio::test]
async fn rows_that_wait_share_requests() {
    let bench = bench(&many(40), madrid()).await.env("MAX_CONCURRENCY", "40");
    bench.sim.add_fault(Fault::on(Operation::NumbersAdd).nth(1).delay(Duration::from_millis(300)));
    bench.run().await.expect(0);
    let sent = bench.calls(Operation::NumbersAdd).len();
    assert!(sent < 20, "{sent} requests for 40 numbers");
    assert_eq!(bench.sim.org().numbers.len(), 40);
    // Each row has a write of its own on record.
    assert_eq!(
        bench.count(
            "SELECT count(DISTINCT row_id) FROM calls WHERE operation = 'numbers_add' AND applied = 1"
        ),
        40
    );
    bench.check_invariants();
}

#[tokio::test]
async fn a_refused_number_in_a_shared_request_costs_its_own_row_only() {
    let bad = many(20).person(ANA, "Madrid", "2000").cell("phone_number", "+3491");
    let bench = bench(&bad, madrid()).await.env("MAX_CONCURRENCY", "40");
    bench.sim.add_fault(Fault::on(Operation::NumbersAdd).nth(1).delay(Duration::from_millis(300)));
    bench.run().await.expect(3);
    bench.row("user", ANA).expect_pending("non_retryable_external", "number_add");
    bench.row("user", ANA).says(&["+3491 (8362 Invalid DN format)"]);
    assert_eq!(bench.count("SELECT count(*) FROM rows WHERE phase = 2 AND state = 'success'"), 20);
    bench.check_invariants();
}

#[tokio::test]
async fn a_shared_request_survives_every_doubt() {
    for doubt in
        ["lost", "reset", "drop", "status=500,applied", "status=503", "status=409,applied", "lost,lag=200"]
    {
        let bench = bench(&many(10), madrid())
            .await
            .env("REQUEST_TIMEOUT_SECONDS", "0.5")
            .env("SETTLE_SECONDS", "0.3");
        // The first request carries one number, the second those of the rows that waited for it.
        for nth in ["#1", "#2"] {
            bench.sim.add_fault(format!("numbers_add{nth}:{doubt},delay=50").parse().unwrap());
        }
        let ran = bench.run().await;
        assert_eq!(ran.code, 0, "{doubt}\n{}", ran.text());
        let org = bench.sim.org();
        assert!((0..10).all(|at| org.person(&format!("u{at}@example.com")).unwrap().phone_number.is_some()));
        assert_eq!(org.numbers.len(), 10, "{doubt}");
        bench.check_invariants();
    }
}

#[tokio::test]
async fn a_stop_while_rows_wait_leaves_none_of_them_behind() {
    let bench = bench(&many(20), madrid()).await.env("MAX_CONCURRENCY", "20");
    bench.sim.add_fault("numbers_add#1-3:status=401".parse().unwrap());
    bench.sim.add_fault("people_me#2-:status=401".parse().unwrap());
    bench.run().await.expect(16);
    bench.sim.clear_faults();
    bench.wxbulk(&["run", "--retry-pending"]).await.expect(0);
    assert_eq!(bench.sim.org().numbers.len(), 20);
    bench.check_invariants();
}

// Conflicts

#[tokio::test]
async fn a_number_that_another_holds_is_named_with_its_owner() {
    let owner = Some(("HUNT_GROUP".to_owned(), "Sales".to_owned()));
    let held = NumberSeed {
        location: "Madrid".into(),
        phone_number: Some(NUMBER.into()),
        owner,
        ..NumberSeed::default()
    };
    let bench = on(&ana(), OrgSeed::with_people([ANA]).location(madrid()).number(held)).await;
    bench.run().await.expect(3);
    bench.row("user", ANA).expect_pending("non_retryable_external", "number_add");
    bench.row("user", ANA).says(&["HUNT_GROUP", "Sales", NUMBER]);
    assert!(bench.writes().is_empty());
}

#[tokio::test]
async fn a_number_of_another_location_is_named_with_it() {
    let sevilla = LocationSeed::calling("Sevilla").numbers([NUMBER]);
    let bench = on(&ana(), OrgSeed::with_people([ANA]).location(madrid()).location(sevilla)).await;
    bench.run().await.expect(3);
    bench.row("user", ANA).expect_pending("precondition_missing", "number_add");
    bench.row("user", ANA).says(&["Sevilla", NUMBER]);
    assert!(bench.writes().is_empty());
}

// Alternate numbers

fn with_further() -> Csv {
    Csv::new().person(ANA, "Madrid", "1001").cell("alternate_numbers", &format!("{NUMBER}|{FURTHER}"))
}

#[tokio::test]
async fn further_numbers_are_given_after_the_line() {
    let bench = bench(&with_further(), madrid().numbers([NUMBER])).await;
    bench.run().await.expect(0);
    let writes: Vec<_> = bench.writes().iter().map(|call| call.operation).collect();
    assert_eq!(
        writes,
        [
            Operation::LicensesUsersPatch,
            Operation::PersonNumbersPut,
            Operation::NumbersAdd,
            Operation::PersonNumbersPut,
        ]
    );
    let body = bench.calls(Operation::PersonNumbersPut)[0].body.clone().unwrap();
    assert_eq!(body, json!({"phoneNumbers": [{"primary": false, "action": "ADD", "directNumber": NUMBER}]}));
    let org = bench.sim.org();
    assert!([NUMBER, FURTHER].iter().all(|number| org.number(number).unwrap().alternate));
    bench.check_invariants();
}

#[tokio::test]
async fn only_the_further_numbers_that_lack_are_given() {
    let bench = bench(&with_further(), madrid()).await;
    bench.run().await.expect(0);
    let writes = bench.writes().len();
    let path = bench.csv_path().display().to_string();
    bench.wxbulk(&["run", &path, "--output-dir", "another"]).await.expect(0);
    assert_eq!(bench.writes().len(), writes);
}

#[tokio::test]
async fn a_further_number_that_another_holds_leaves_the_line_in_place() {
    let eva = PersonSeed::new("eva@example.com").calling("Madrid", "1002").phone_number(FURTHER);
    let org = OrgSeed::with_people([ANA]).person(eva).location(madrid().numbers([NUMBER]));
    let bench = on(&with_further(), org).await;
    bench.run().await.expect(3);
    let row = bench.row("extension_assignment", "Madrid/1001");
    row.expect_pending("half_applied", "number_add");
    assert_eq!(row.cause.as_deref(), Some("non_retryable_external"));
    row.says(&["PEOPLE", FURTHER]);
}

#[tokio::test]
async fn giving_a_further_number_survives_every_doubt() {
    for doubt in [
        "lost",
        "reset",
        "drop",
        "hang",
        "status=500,applied",
        "status=503",
        "status=400,applied",
        "status=202",
    ] {
        let bench = bench(&with_further(), madrid()).await.env("REQUEST_TIMEOUT_SECONDS", "0.4");
        bench.sim.add_fault(format!("person_numbers_put#1:{doubt}").parse().unwrap());
        let ran = bench.run().await;
        assert_eq!(ran.code, 0, "{doubt}\n{}", ran.text());
        assert!([NUMBER, FURTHER].iter().all(|number| bench.sim.org().number(number).unwrap().alternate));
        bench.check_invariants();
    }
}

#[tokio::test]
async fn another_line_by_license_patch_gets_its_number_first() {
    let csv = Csv::new().assignment(ANA, "Madrid", "1001").cell("phone_number", NUMBER);
    let org = OrgSeed { repeated_license_reapplies: true, ..OrgSeed::default() };
    let bench = on(&csv, org.location(madrid()).person(PersonSeed::new(ANA).calling("Madrid", "2000"))).await;
    let bench = bench.env("EXTENSION_CHANGE", "license_patch");
    bench.run().await.expect(0);
    assert_eq!(number_of(&bench, ANA).as_deref(), Some(NUMBER));
}

// Compensation

/// A location that can hold numbers, and a licence that Webex does not give: the number is added, then the row cannot go on.
async fn refused_a_licence(csv: &Csv) -> Bench {
    let bench = bench(csv, madrid()).await;
    let refusal = r#"{"message": "there are no units left"}"#;
    bench.sim.add_fault(Fault::on(Operation::LicensesUsersPatch).status_and_body(400, refusal));
    bench
}

#[tokio::test]
async fn a_number_that_serves_nobody_is_taken_back_if_that_is_allowed() {
    for (allowed, reason, step, left) in [
        ("true", "precondition_missing", "compensate", 0),
        ("false", "half_applied", "user_enable_calling", 1),
    ] {
        let bench = refused_a_licence(&ana()).await.env("ENABLE_SAFE_COMPENSATION", allowed);
        bench.run().await.expect(3);
        bench.row("user", ANA).expect_pending(reason, step);
        assert_eq!(bench.sim.org().numbers.len(), left, "{allowed}");
        assert_eq!(bench.calls(Operation::NumbersDelete).len(), usize::from(left == 0));
        bench.check_invariants();
    }
}

#[tokio::test]
async fn after_a_compensation_the_row_can_be_run_again() {
    let bench = refused_a_licence(&ana()).await.env("ENABLE_SAFE_COMPENSATION", "true");
    bench.run().await.expect(3);
    let step = "SELECT count(*) FROM steps WHERE step = 'user_enable_calling' AND state = 'failed'";
    assert_eq!(bench.count(step), 1, "the step that stopped the row is on record");
    let again = bench.wxbulk(&["run", "--retry-pending"]).await;
    assert_eq!(again.code, 3);
    bench.row("user", ANA).expect_pending("precondition_missing", "compensate");
    assert!(bench.sim.org().numbers.is_empty());
}

#[tokio::test]
async fn numbers_are_taken_back_five_at_a_time() {
    let all: Vec<String> = (0..12).map(|at| format!("+3491100{at:04}")).collect();
    let csv = Csv::new()
        .location("Madrid")
        .cell("location_settings_numbers", &all.join("|"))
        .cell("location_settings_unknown_extension_route_type", "TRUNK")
        .cell("location_settings_unknown_extension_route_name", "Nowhere");
    let seed = LocationSeed {
        address: json!({
            "address1": "Calle Mayor, 1", "city": "Madrid", "state": "Madrid", "postalCode": "28001", "country": "ES",
        }),
        ..madrid()
    };
    let bench = on(&csv, OrgSeed::default().location(seed)).await.env("ENABLE_SAFE_COMPENSATION", "true");
    bench.run().await.expect(3);
    bench.row("location", "Madrid").expect_pending("precondition_missing", "compensate");
    assert_eq!(bench.calls(Operation::NumbersDelete).len(), 3);
    assert!(bench.sim.org().numbers.is_empty());
}

#[tokio::test]
async fn a_compensation_survives_every_doubt_and_says_when_it_fails() {
    for doubt in [
        "lost",
        "drop",
        "hang",
        "status=500,applied",
        "status=502,applied,header=cisco-spark-error-codes: 4251",
    ] {
        let bench = refused_a_licence(&ana()).await.env("ENABLE_SAFE_COMPENSATION", "true");
        let bench = bench.env("REQUEST_TIMEOUT_SECONDS", "0.4");
        bench.sim.add_fault(format!("numbers_delete#1:{doubt}").parse().unwrap());
        bench.run().await.expect(3);
        bench.row("user", ANA).expect_pending("precondition_missing", "compensate");
        assert!(bench.sim.org().numbers.is_empty(), "{doubt}");
    }
    let bench = refused_a_licence(&ana()).await.env("ENABLE_SAFE_COMPENSATION", "true");
    bench.sim.add_fault("numbers_delete:status=400".parse().unwrap());
    bench.run().await.expect(3);
    let row = bench.row("user", ANA);
    row.expect_pending("half_applied", "compensate");
    assert_eq!(row.cause.as_deref(), Some("precondition_missing"));
    row.says(&["no unit", "taking back", NUMBER]);
}

/// After a lost answer the number may be somebody else's.
#[tokio::test]
async fn a_number_whose_answer_was_lost_is_not_taken_back() {
    let bench = refused_a_licence(&ana()).await.env("ENABLE_SAFE_COMPENSATION", "true");
    bench.sim.add_fault("numbers_add#1:lost".parse().unwrap());
    bench.run().await.expect(3);
    bench.row("user", ANA).expect_pending("half_applied", "user_enable_calling");
    assert!(bench.calls(Operation::NumbersDelete).is_empty());
}

/// The licence may have been given with the number: nobody knows, so nothing is taken back.
#[tokio::test]
async fn nothing_is_taken_back_while_a_write_is_in_doubt() {
    let bench = bench(&ana(), madrid()).await.env("ENABLE_SAFE_COMPENSATION", "true").env("MAX_RETRIES", "1");
    bench.sim.add_fault("licenses_users_patch:lost,not_applied".parse().unwrap());
    bench.sim.add_fault(format!("people_list#2-@{ANA}:status=503").parse().unwrap());
    bench.run().await.expect(3);
    bench.row("user", ANA).expect_pending("half_applied", "user_enable_calling");
    assert!(bench.calls(Operation::NumbersDelete).is_empty());
}

#[tokio::test]
async fn a_number_that_the_person_has_by_now_is_not_taken_back() {
    let csv = Csv::new().user(ANA, "Madrid").cell("calling_settings_call_waiting_enabled", "false");
    let csv = csv.assignment(ANA, "Madrid", "1001").cell("phone_number", NUMBER);
    let bench = bench(&csv, madrid()).await.env("ENABLE_SAFE_COMPENSATION", "true");
    bench.sim.add_fault("feature_put:status=400".parse().unwrap());
    bench.run().await.expect(3);
    bench.row("user", ANA).expect_pending("half_applied", "user_apply_calling_settings");
    assert!(bench.calls(Operation::NumbersDelete).is_empty());
    assert_eq!(number_of(&bench, ANA).as_deref(), Some(NUMBER));
}
