//! Paths that the gateway of an organisation does not have: what only they could do is out of scope, and they are asked for
//! once (webex.md 8).

use wxbulk::sim::{Operation, SimConfig};

use super::{ANA, EVA, LEO, madrid, on, puts};
use crate::support::{Bench, Csv};

/// Ana, Eva and Leo with one setting each, one row after the other.
async fn three(column: &str, text: &str) -> Bench {
    let csv =
        [ANA, EVA, LEO].iter().fold(Csv::new(), |csv, email| csv.user(email, "Madrid").cell(column, text));
    on(&csv).await.env("MAX_CONCURRENCY", "1")
}

fn places(bench: &Bench) -> Vec<bool> {
    let reads = bench.calls(Operation::FeatureGet);
    reads.iter().map(|call| call.path.contains("/telephony/config/people/")).collect()
}

#[tokio::test]
async fn a_path_that_is_not_there_is_out_of_scope_and_asked_for_once() {
    let bench = three("calling_settings_barge_in_enabled", "true").await;
    bench.sim.add_fault("feature_get@bargeIn:no_resource".parse().unwrap());
    let ran = bench.run().await.expect(3);
    for email in [ANA, EVA, LEO] {
        let row = bench.row("user", email);
        row.expect_pending("out_of_scope", "user_apply_calling_settings");
        row.says(&["bargeIn: ", "No static resource", "Webex has no such operation for this organisation"]);
        assert_eq!(row.http_status, Some(404));
    }
    let leo = bench.row("user", LEO).message.unwrap();
    assert!(!leo.contains("/people/"), "no path of somebody else is quoted: {leo}");
    assert_eq!(places(&bench), [false]);
    assert_eq!(ran.stderr.matches("path.absent").count(), 1, "{}", ran.stderr);
    assert_eq!(bench.count("SELECT count(*) FROM calls WHERE operation = 'feature_get'"), 1);
    bench.check_invariants();
}

#[tokio::test]
async fn another_object_of_settings_is_not_taken_for_absent() {
    let bench = three("calling_settings_barge_in_enabled", "true").await;
    let csv = Csv::new().user(ANA, "Madrid").cell("calling_settings_barge_in_enabled", "true");
    let csv = csv.user(LEO, "Madrid").cell("calling_settings_hoteling_enabled", "true");
    bench.write_csv(&csv.text());
    bench.sim.add_fault("feature_get@bargeIn:no_resource".parse().unwrap());
    bench.run().await.expect(3);
    bench.row("user", LEO).expect_success();
}

#[tokio::test]
async fn a_setting_with_two_places_is_looked_for_in_the_other_and_then_only_there() {
    let bench = three("calling_settings_outgoing_permissions", "INTERNATIONAL=ALLOW").await;
    bench.sim.add_fault("feature_get#1:no_resource".parse().unwrap());
    bench.run().await.expect(0);
    assert_eq!(places(&bench), [false, true, true, true, true], "the first write is read back");
    assert_eq!(puts(&bench).len(), 3);
}

#[tokio::test]
async fn a_write_that_has_no_path_is_sent_once_and_the_doubt_is_none() {
    let bench = three("calling_settings_barge_in_enabled", "true").await;
    bench.sim.add_fault("feature_put@bargeIn:no_resource".parse().unwrap());
    bench.run().await.expect(3);
    for email in [ANA, EVA, LEO] {
        bench.row("user", email).expect_pending("out_of_scope", "user_apply_calling_settings");
    }
    assert_eq!(puts(&bench).len(), 1);
    assert_eq!(
        bench.count("SELECT count(*) FROM calls WHERE applied IS NULL AND operation = 'feature_put'"),
        0
    );
}

#[tokio::test]
async fn another_run_asks_again() {
    let csv = Csv::new().user(ANA, "Madrid").cell("calling_settings_barge_in_enabled", "true");
    let bench = Bench::with(&csv, SimConfig::with_org(madrid([ANA.to_owned()]))).await;
    bench.sim.add_fault("feature_get#1@bargeIn:no_resource".parse().unwrap());
    bench.run().await.expect(3);
    bench.wxbulk(&["run", "--retry-pending"]).await.expect(0);
}
