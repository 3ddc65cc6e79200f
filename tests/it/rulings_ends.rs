//! How rows end that are done in part, or that wait for another row (R7, R8, R11), each as a short story.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "helpers of tests")]

use crate::support::{Bench, Csv, site};
use wxbulk::sim::{Fault, LocationSeed, Operation, OrgSeed, PersonSeed, SimConfig};

const ANA: &str = "ana@example.com";
const NO_WAITING: &str = "calling_settings_call_waiting_enabled";

/// A bench on an organisation with the calling location Madrid and these people.
async fn madrid(csv: &Csv, people: impl IntoIterator<Item = PersonSeed>) -> Bench {
    let org = OrgSeed::default().location(LocationSeed::calling("Madrid"));
    on(csv, people.into_iter().fold(org, OrgSeed::person)).await
}

async fn on(csv: &Csv, org: OrgSeed) -> Bench {
    Bench::with(csv, SimConfig::with_org(org)).await
}

fn ana() -> PersonSeed {
    PersonSeed::new(ANA)
}

fn fault(bench: &Bench, text: &str) {
    bench.sim.add_fault(text.parse().expect(text));
}

/// How many requests were about this person.
fn requests_about(bench: &Bench, email: &str) -> usize {
    bench.sim.journal().iter().filter(|call| call.key.as_deref() == Some(email)).count()
}

// R7 and R8: what is done in part.

#[tokio::test]
async fn a_206_is_never_success_whether_the_licence_is_named_or_not() {
    for effect in ["partial", "status=206"] {
        let bench = madrid(&Csv::new().person(ANA, "Madrid", "1001"), [ana()]).await;
        fault(&bench, &format!("licenses_users_patch:{effect}"));
        bench.run().await.expect(3);

        let row = bench.row("user", ANA);
        row.expect_pending("half_applied", "user_enable_calling");
        assert_eq!((row.cause.as_deref(), row.http_status), (Some("precondition_missing"), Some(206)));
        assert_eq!(bench.calls(Operation::LicensesUsersPatch).len(), 1);
        bench.check_invariants();
    }
}

#[tokio::test]
async fn a_licence_that_waits_for_its_person_is_no_success() {
    let external = PersonSeed { external: true, ..ana() };
    let bench = madrid(&Csv::new().person(ANA, "Madrid", "1001"), [external]).await;
    bench.run().await.expect(3);

    assert_eq!(bench.row("user", ANA).cause.as_deref(), Some("precondition_missing"));
    assert_eq!(bench.calls(Operation::LicensesUsersPatch).len(), 1);
}

#[tokio::test]
async fn a_setting_that_fails_behind_the_licence_leaves_the_row_half_applied() {
    let csv = Csv::new().user(ANA, "Madrid").cell(NO_WAITING, "false").assignment(ANA, "Madrid", "1001");
    for (status, cause) in [(400, "non_retryable_external"), (503, "retry_exhausted")] {
        let bench = madrid(&csv, [ana()]).await.env("MAX_RETRIES", "1");
        bench.sim.add_fault(Fault::on(Operation::FeaturePut).status(status));
        bench.run().await.expect(3);

        let row = bench.row("user", ANA);
        row.expect_pending("half_applied", "user_apply_calling_settings");
        assert_eq!((row.cause.as_deref(), row.http_status), (Some(cause), Some(status)));
        bench.row("extension_assignment", "Madrid/1001").expect_success();
        bench.check_invariants();
    }
}

#[tokio::test]
async fn one_setting_written_and_one_refused_is_half_applied() {
    let csv = Csv::new().user(ANA, "Madrid").cell(NO_WAITING, "false");
    let csv = csv.cell("calling_settings_do_not_disturb_enabled", "true");
    for (refused, reason) in [("doNotDisturb", "half_applied"), ("any", "non_retryable_external")] {
        let bench = madrid(&csv, [ana().calling("Madrid", "1001")]).await;
        let put = Fault::on(Operation::FeaturePut).status(400);
        bench.sim.add_fault(if refused == "any" { put } else { put.key(refused) });
        bench.run().await.expect(3);

        bench.row("user", ANA).expect_pending(reason, "user_apply_calling_settings");
        bench.check_invariants();
    }
}

#[tokio::test]
async fn even_a_dead_token_leaves_a_created_location_half_applied() {
    let bench = Bench::new(&Csv::new().location("Madrid")).await;
    fault(&bench, "calling_location_enable:status=401");
    bench.run().await.expect(16);

    let row = bench.row("location", "Madrid");
    row.expect_pending("half_applied", "location_enable_calling");
    assert_eq!((row.cause.as_deref(), row.http_status), (Some("auth_invalid"), Some(401)));
}

// R11: blocked only if what a row needs is missing.

#[tokio::test]
async fn rows_of_a_location_that_failed_wait_without_a_call() {
    let bench = Bench::new(&site(1)).await;
    fault(&bench, "location_create:status=400");
    bench.run().await.expect(3);

    let location = bench.row("location", "Madrid");
    for (kind, key) in [("user", "u0@example.com"), ("extension_assignment", "Madrid/1000")] {
        let row = bench.row(kind, key);
        assert_eq!(
            (row.reason.as_deref(), row.blocked_by),
            (Some("precondition_missing"), Some(location.row_id))
        );
    }
    assert_eq!(requests_about(&bench, "u0@example.com"), 0);
    bench.check_invariants();
}

#[tokio::test]
async fn rows_of_a_location_that_waits_for_a_setting_only_go_on() {
    let bench = Bench::new(
        &site(0).cell("location_settings_main_number", "+34911000000").person(ANA, "Madrid", "1001"),
    )
    .await;
    bench.run().await.expect(3);

    bench.row("location", "Madrid").expect_pending("half_applied", "location_add_numbers");
    bench.row("user", ANA).expect_success();
    bench.row("extension_assignment", "Madrid/1001").expect_success();
    bench.check_invariants();
}

#[tokio::test]
async fn a_location_without_calling_blocks_its_people() {
    let csv = Csv::new().person(ANA, "Madrid", "1001");
    let bench = on(&csv, OrgSeed::default().location(LocationSeed::new("Madrid")).person(ana())).await;
    bench.run().await.expect(3);

    bench.row("user", ANA).expect_pending("precondition_missing", "user_lookup");
    assert_eq!(requests_about(&bench, ANA), 0);
}

#[tokio::test]
async fn a_location_outside_the_file_is_looked_up() {
    for (reference, code) in [("madrid  NORTE", 0), ("MAD-02", 0), ("Nowhere", 3)] {
        let csv = Csv::new().person(ANA, reference, "1001");
        let location = LocationSeed::calling("Madrid Norte").notes("[ext_id=MAD-02]");
        let bench = on(&csv, OrgSeed::default().location(location).person(ana())).await;
        bench.run().await.expect(code);

        let missing = bench
            .count("SELECT count(*) FROM rows WHERE reason = 'precondition_missing' AND blocked_by IS NULL");
        assert_eq!(missing, if code == 0 { 0 } else { 2 }, "{reference}");
    }
}

#[tokio::test]
async fn an_assignment_whose_user_is_not_there_is_blocked_by_the_user_row() {
    let bench = madrid(&Csv::new().person(ANA, "Madrid", "1001"), []).await;
    bench.run().await.expect(3);

    let user = bench.row("user", ANA);
    user.expect_pending("user_not_found", "user_lookup");
    let row = bench.row("extension_assignment", "Madrid/1001");
    assert_eq!(
        (row.reason.as_deref(), row.blocked_by),
        (Some("precondition_missing"), Some(user.row_id)),
        "{row:?}"
    );
    assert_eq!(requests_about(&bench, ANA), 1, "no call for the blocked row");
}
