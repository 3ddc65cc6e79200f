//! A process that died between a PUT and its answer: whether the object is in place is found out, object by object.

use serde_json::json;
use wxbulk::sim::{Exchange, SimConfig};

use super::{ANA, ana, madrid, on, puts};
use crate::support::Bench;

/// Runs until the PUT of this object has arrived, and been applied if `applied`; then kills the process.
async fn killed_at_put_of(bench: &Bench, feature: &str, applied: bool) {
    // Either way the reply never comes: the process dies waiting for it.
    let fault = if applied { "late=600000" } else { "delay=600000" };
    bench.sim.add_fault(format!("feature_put@{feature}:{fault}").parse().unwrap());
    let met = |call: &Exchange| call.fault.is_some() && (!applied || call.applied);
    bench.killed_when(|journal| journal.iter().any(met)).await;
}

/// What is on record of the PUTs, in order.
fn record(bench: &Bench) -> String {
    let sql = "SELECT group_concat(feature || ' ' || coalesce(applied, '?'), ', ' ORDER BY call_id)
               FROM calls_of_row WHERE operation = 'feature_put'";
    bench.database().query_row(sql, [], |row| row.get(0)).unwrap()
}

const BOTH: &[(&str, &str)] = &[("do_not_disturb_enabled", "true"), ("barge_in_enabled", "true")];

#[tokio::test]
async fn a_put_that_was_applied_counts_when_another_fails_later() {
    let bench = on(&ana(BOTH)).await;
    killed_at_put_of(&bench, "doNotDisturb", true).await;
    assert_eq!(record(&bench), "doNotDisturb ?");
    bench.sim.add_fault("feature_put@bargeIn:status=400".parse().unwrap());
    bench.run().await.expect(3);
    bench.row("user", ANA).expect_pending("half_applied", "user_apply_calling_settings");
    assert_eq!(record(&bench), "doNotDisturb 1, bargeIn 0");
    assert_eq!(puts(&bench).len(), 2);
}

#[tokio::test]
async fn it_is_looked_at_first_whatever_stops_the_row_then() {
    let mut org = madrid([ANA.to_owned()]);
    org.people[0].features.insert("doNotDisturb".to_owned(), json!({"enabled": true}));
    let bench = Bench::with(&ana(BOTH), SimConfig::with_org(org)).await;
    killed_at_put_of(&bench, "bargeIn", true).await;
    bench.sim.add_fault("feature_get@doNotDisturb:status=400".parse().unwrap());
    bench.run().await.expect(3);
    let row = bench.row("user", ANA);
    row.expect_pending("half_applied", "user_apply_calling_settings");
    assert_eq!(row.cause.as_deref(), Some("non_retryable_external"));
    assert_eq!(record(&bench), "bargeIn 1");
}

#[tokio::test]
async fn a_put_that_was_not_applied_does_not_count() {
    let bench = on(&ana(&[("do_not_disturb_enabled", "true")])).await;
    killed_at_put_of(&bench, "doNotDisturb", false).await;
    bench.sim.add_fault("feature_put:status=400".parse().unwrap());
    bench.run().await.expect(3);
    bench.row("user", ANA).expect_pending("non_retryable_external", "user_apply_calling_settings");
    assert_eq!(record(&bench), "doNotDisturb 0, doNotDisturb 0");
}
