//! People whom Webex Calling does not know, or not yet: code 4003 on a person's own paths speaks of the person, and only a
//! 403 of the token (webex.md 5).

use std::time::Duration;

use wxbulk::sim::{Habits, LocationSeed, Operation, OrgSeed, SimConfig};

use super::{ANA, LEO, ana, madrid, on, puts};
use crate::support::{Bench, Csv};

const UNAUTHORIZED: &str = r#"status=400,body={"message":"[Error 4003] Unauthorized request: UserCallWaitingGetRequest","errors":[{"description":"[Error 4003] Unauthorized request: UserCallWaitingGetRequest"}]}"#;
const NOT_FOUND: &str = r#"status=404,body={"message":"User not found.","errors":[{"errorCode":4003,"description":"User not found."}]}"#;

const WAITING: &[(&str, &str)] = &[("call_waiting_enabled", "false")];

/// Ana has no calling yet, and her rows state a setting each.
fn newcomer() -> Csv {
    let csv = Csv::new().user(ANA, "Madrid").cell("calling_settings_call_waiting_enabled", "false");
    csv.assignment(ANA, "Madrid", "1001").cell("final_settings_hoteling_enabled", "true")
}

async fn arriving(csv: &Csv) -> Bench {
    let org = OrgSeed::with_people([ANA]).location(LocationSeed::calling("Madrid"));
    Bench::with(csv, SimConfig::with_org(org)).await
}

fn reads(bench: &Bench) -> usize {
    bench.calls(Operation::FeatureGet).len()
}

#[tokio::test]
async fn somebody_whom_calling_does_not_know_lacks_something_and_the_run_goes_on() {
    for answer in [UNAUTHORIZED, NOT_FOUND] {
        let csv = ana(WAITING).user(LEO, "Madrid").cell("calling_settings_call_waiting_enabled", "false");
        let bench = on(&csv).await.env("BATCH_SIZE", "1").env("MAX_CONCURRENCY", "1");
        bench.sim.add_fault(format!("feature_get@{ANA}:{answer}").parse().unwrap());
        bench.run().await.expect(3);
        let row = bench.row("user", ANA);
        row.expect_pending("precondition_missing", "user_apply_calling_settings");
        row.says(&["callWaiting: ", "code 4003", "Webex Calling does not know this person"]);
        bench.row("user", LEO).expect_success();
        assert_eq!(
            reads(&bench),
            3,
            "once of Ana, who is not asked about again; before and after the write of Leo"
        );
    }
}

#[tokio::test]
async fn a_setting_that_lies_in_two_places_is_not_looked_for_in_the_other() {
    let bench = on(&ana(&[("outgoing_permissions", "INTERNATIONAL=ALLOW")])).await;
    bench.sim.add_fault(format!("feature_get:{NOT_FOUND}").parse().unwrap());
    bench.run().await.expect(3);
    bench.row("user", ANA).expect_pending("precondition_missing", "user_apply_calling_settings");
    assert_eq!(reads(&bench), 1);
}

#[tokio::test]
async fn a_write_refused_so_is_no_fault_of_the_token_either() {
    let bench = on(&ana(WAITING)).await;
    bench.sim.add_fault(format!("feature_put:{UNAUTHORIZED}").parse().unwrap());
    bench.run().await.expect(3);
    bench.row("user", ANA).expect_pending("precondition_missing", "user_apply_calling_settings");
}

#[tokio::test]
async fn who_got_calling_a_moment_ago_is_looked_for_again_when_it_must_show() {
    let bench = arriving(&newcomer()).await.env("SETTLE_SECONDS", "2");
    bench.sim.add_fault(format!("feature_get#1@callWaiting:{UNAUTHORIZED}").parse().unwrap());
    // Phase 3 begins when everybody has calling, and may be as early.
    bench.sim.add_fault(format!("feature_get#1@hoteling:{NOT_FOUND}").parse().unwrap());
    bench.run().await.expect(0);
    assert_eq!((reads(&bench), puts(&bench).len()), (6, 2));
    bench.check_invariants();
}

#[tokio::test]
async fn further_numbers_of_somebody_new_are_looked_for_again_too() {
    let csv = Csv::new().person(ANA, "Madrid", "1001").cell("alternate_numbers", "+34911000001");
    let madrid = LocationSeed { numbers: vec!["+34911000001".into()], ..LocationSeed::calling("Madrid") };
    let org = OrgSeed::with_people([ANA]).location(madrid);
    let bench = Bench::with(&csv, SimConfig::with_org(org)).await.env("SETTLE_SECONDS", "2");
    bench.sim.add_fault(format!("person_numbers_get#1:{NOT_FOUND}").parse().unwrap());
    bench.run().await.expect(0);
    assert_eq!(bench.calls(Operation::PersonNumbersGet).len(), 3, "twice before the write and once after");
}

#[tokio::test]
async fn who_stays_unknown_is_pending_and_an_attempt_right_after_waits_too() {
    let bench = arriving(&newcomer()).await;
    bench.sim.add_fault(format!("feature_get@callWaiting:{UNAUTHORIZED}").parse().unwrap());
    bench.run().await.expect(3);
    let row = bench.row("user", ANA);
    row.expect_pending("half_applied", "user_apply_calling_settings");
    assert_eq!(row.cause.as_deref(), Some("precondition_missing"));
    assert_eq!(reads(&bench), 4, "two of the user row, one of the assignment row and one after its write");

    // An earlier process may have given calling just before this one.
    bench.sim.clear_faults();
    bench.sim.add_fault(format!("feature_get#1@callWaiting:{UNAUTHORIZED}").parse().unwrap());
    let bench = bench.env("SETTLE_SECONDS", "5");
    bench.wxbulk(&["run", "--retry-pending"]).await.expect(0);
    assert_eq!(reads(&bench), 7);
}

#[tokio::test]
async fn a_back_end_that_learns_of_people_late_costs_a_wait_and_no_row() {
    // Paths of either family, each of which has its own way of saying it.
    let csv = Csv::new().user(ANA, "Madrid").cell("calling_settings_call_waiting_enabled", "false");
    let csv = csv.assignment(ANA, "Madrid", "1001").user(LEO, "Madrid");
    let csv = csv.cell("calling_settings_hot_desking_guest_enabled", "true");
    let csv = csv.assignment(LEO, "Madrid", "1002").cell("final_settings_call_waiting_enabled", "false");
    let org = OrgSeed::with_people([ANA, LEO]).location(LocationSeed::calling("Madrid"));
    let habits = Habits { back_end_lag: Duration::from_secs(1), ..Habits::default() };
    let bench = Bench::with(&csv, SimConfig { habits, ..SimConfig::with_org(org) }).await;
    let bench = bench.env("SETTLE_SECONDS", "2");
    bench.run().await.expect(0);
    bench.check_invariants();
}

#[tokio::test]
async fn a_403_is_the_token_still_and_stops_the_run() {
    let bench = Bench::with(&ana(WAITING), SimConfig::with_org(madrid([ANA.to_owned()]))).await;
    let refused = r#"status=403,body={"errors":[{"errorCode":4003,"description":"Unauthorized request"}]}"#;
    bench.sim.add_fault(format!("feature_get:{refused}").parse().unwrap());
    bench.run().await.expect(16);
    let row = bench.row("user", ANA);
    row.expect_pending("permission_denied", "user_apply_calling_settings");
    assert!(!row.message.unwrap().contains("does not know"));
}
