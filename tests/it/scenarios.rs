//! The eight cases by which the job is judged, each against the simulator over HTTP: made, updated, 429, 5xx, 4xx,
//! a crash, a person who is not there, a precondition that is missing.

use crate::support::{Bench, Csv, site};
use wxbulk::sim::{Fault, LocationSeed, Operation, OrgSeed, PROFESSIONAL, SimConfig};

#[tokio::test]
async fn create_success() {
    let csv = Csv::new()
        .location("Madrid")
        .cell("location_external_id", "MAD-01")
        .person("ana@example.com", "MAD-01", "1001")
        .cell("final_settings_do_not_disturb_enabled", "true")
        .user("eva@example.com", "Madrid")
        .cell("calling_settings_call_waiting_enabled", "false")
        .assignment("eva@example.com", "Madrid", "1002");
    let bench = Bench::new(&csv).await;
    bench.run().await.expect(0);

    bench.row("location", "MAD-01").expect_success();
    bench.row("user", "eva@example.com").expect_success();
    bench.row("extension_assignment", "MAD-01/1001").expect_success();
    let org = bench.sim.org();
    let madrid = org.locations_named("Madrid");
    assert_eq!(
        (madrid.len(), madrid[0].calling, madrid[0].notes.as_deref()),
        (1, true, Some("[ext_id=MAD-01]"))
    );
    let ana = org.person("ana@example.com").unwrap();
    assert_eq!(ana.extension.as_deref(), Some("1001"));
    assert_eq!(ana.features["doNotDisturb"]["enabled"], true);
    assert_eq!(org.person("eva@example.com").unwrap().features["callWaiting"]["enabled"], false);
    bench.check_invariants();
}

#[tokio::test]
async fn update_success() {
    let mut seed = LocationSeed::calling("Madrid").notes("ask for Ana");
    seed.time_zone = "Europe/Lisbon".to_owned();
    let csv = Csv::new().location("Madrid").cell("location_external_id", "MAD-01").person(
        "ana@example.com",
        "Madrid",
        "1001",
    );
    let bench =
        Bench::with(&csv, SimConfig::with_org(OrgSeed::with_people(csv.emails()).location(seed))).await;
    bench.run().await.expect(0);

    assert!(bench.calls(Operation::LocationCreate).is_empty());
    assert_eq!(bench.calls(Operation::LocationUpdate).len(), 1);
    let madrid = bench.sim.org().locations_named("Madrid")[0].clone();
    assert_eq!(
        (madrid.time_zone.as_str(), madrid.notes.as_deref()),
        ("Europe/Madrid", Some("ask for Ana\n[ext_id=MAD-01]"))
    );
    bench.check_invariants();
}

#[tokio::test]
async fn refused_for_pace_then_success() {
    let bench = Bench::new(&site(2)).await;
    bench.sim.add_fault("licenses_users_patch#1-3:status=429,retry_after=0".parse().unwrap());
    bench.run().await.expect(0);

    let answers: Vec<_> =
        bench.calls(Operation::LicensesUsersPatch).iter().map(|call| call.replied).collect();
    assert_eq!(answers.iter().filter(|status| **status == Some(429)).count(), 3);
    assert_eq!(answers.iter().filter(|status| **status == Some(200)).count(), 2);
    bench.check_invariants();
}

#[tokio::test]
async fn server_errors_use_up_the_retries() {
    let bench = Bench::new(&site(2)).await.env("MAX_RETRIES", "2");
    bench.sim.add_fault(Fault::on(Operation::PeopleList).key("u0@example.com").status(503));
    bench.run().await.expect(3);

    let row = bench.row("user", "u0@example.com");
    row.expect_pending("retry_exhausted", "user_lookup");
    assert_eq!(row.http_status, Some(503));
    assert!(row.tracking_id.is_some());
    let tries = bench
        .calls(Operation::PeopleList)
        .iter()
        .filter(|call| call.key.as_deref() == Some("u0@example.com"))
        .count();
    // Once more for the assignment row of the same person: it looks the person up itself.
    assert_eq!(tries, 2 * 3);
    bench.row("user", "u1@example.com").expect_success();
    bench.check_invariants();
}

#[tokio::test]
async fn refusals_are_final_and_sent_once() {
    for (status, reason) in
        [(400, "non_retryable_external"), (403, "permission_denied"), (401, "auth_invalid")]
    {
        let bench = Bench::new(&site(3)).await;
        bench.sim.add_fault(Fault::on(Operation::LicensesUsersPatch).key("u0@example.com").status(status));
        bench.run().await.expect(3);

        let row = bench.row("user", "u0@example.com");
        row.expect_pending(reason, "user_enable_calling");
        assert_eq!(row.http_status, Some(status));
        let patches = bench.calls(Operation::LicensesUsersPatch);
        assert_eq!(patches.iter().filter(|call| call.key.as_deref() == Some("u0@example.com")).count(), 1);
        bench.row("user", "u2@example.com").expect_success();
        bench.check_invariants();
    }
}

#[tokio::test]
async fn a_user_who_is_not_in_webex_waits_and_the_rest_goes_on() {
    let csv = site(2);
    let bench = Bench::with(&csv, SimConfig::with_org(OrgSeed::with_people(["u1@example.com"]))).await;
    bench.run().await.expect(3);

    bench.row("user", "u0@example.com").expect_pending("user_not_found", "user_lookup");
    bench.row("user", "u1@example.com").expect_success();
    bench.row("extension_assignment", "Madrid/1001").expect_success();
    bench.check_invariants();
}

#[tokio::test]
async fn no_free_licence_is_a_missing_precondition() {
    let csv = site(3);
    let org = OrgSeed::with_people(csv.emails()).units(PROFESSIONAL, 2);
    let bench = Bench::with(&csv, SimConfig::with_org(org)).await;
    bench.run().await.expect(3);

    bench.row("user", "u0@example.com").expect_success();
    bench.row("user", "u1@example.com").expect_success();
    let row = bench.row("user", "u2@example.com");
    row.expect_pending("precondition_missing", "user_enable_calling");
    assert!(row.message.as_deref().unwrap().contains("2 of 2 units in use"), "{row:?}");
    let blocked = bench.row("extension_assignment", "Madrid/1002");
    assert_eq!(blocked.blocked_by, Some(row.row_id));
    bench.check_invariants();
}
