//! What Webex takes without keeping it: numbers are read back always, other settings by sample.

use super::*;

const OTHERS: usize = 205;

fn setting(csv: Csv, name: &str, text: &str) -> Csv {
    csv.cell(&format!("calling_settings_{name}"), text)
}

fn person(index: usize) -> String {
    format!("p{index}@example.com")
}

#[tokio::test]
async fn a_number_that_is_dropped_in_silence_is_not_taken_for_set() {
    for (stated, field, feature) in [
        (
            [("forward_always_enabled", "true"), ("forward_always_to", "+34911000111")],
            "callForwarding.always.destination",
            "callForwarding",
        ),
        (
            [("caller_id_block_forwarded_enabled", "true"), ("caller_id_additional_number", "+34911000111")],
            "additionalExternalCallerIdCustomNumber",
            "callerId",
        ),
    ] {
        let csv =
            stated.iter().fold(Csv::new().user(ANA, "Madrid"), |csv, (name, text)| setting(csv, name, text));
        let bench = on(&csv).await;
        bench.sim.add_fault(format!("feature_put:silent={field}").parse().unwrap());
        bench.run().await.expect(3);
        let row = bench.row("user", ANA);
        row.expect_pending("half_applied", "user_apply_calling_settings");
        assert_eq!(row.cause.as_deref(), Some("non_retryable_external"));
        row.says(&[feature, "accepted but not applied", stated[1].0]);
        assert!(!row.message.as_deref().unwrap().contains(stated[0].0), "{row:?}");
        bench.check_invariants();
    }
}

/// Rows one after the other, each of which states this.
async fn many(stated: &[(&str, &str)]) -> Bench {
    let csv = (0..OTHERS).fold(Csv::new(), |csv, index| {
        let csv = csv.user(&person(index), "Madrid");
        stated.iter().fold(csv, |csv, (name, text)| setting(csv, name, text))
    });
    Bench::with(&csv, SimConfig::with_org(madrid((0..OTHERS).map(person)))).await
}

#[tokio::test]
async fn of_other_settings_the_first_and_one_in_a_hundred_are_read_back() {
    let bench = many(&[("call_waiting_enabled", "false"), ("do_not_disturb_enabled", "true")]).await;
    bench.run().await.expect(0);
    assert_eq!(bench.calls(Operation::FeaturePut).len(), 2 * OTHERS);
    assert_eq!(bench.calls(Operation::FeatureGet).len(), 2 * (OTHERS + 3));
}

#[tokio::test]
async fn emergency_callback_numbers_are_read_back_always() {
    let bench = many(&[("emergency_callback_elin_enabled", "true")]).await;
    bench.run().await.expect(0);
    let puts = bench.calls(Operation::FeaturePut).len();
    assert_eq!(bench.calls(Operation::FeatureGet).len(), OTHERS + puts);
    assert!(puts > 0);
}

#[tokio::test]
async fn a_sample_that_is_not_kept_is_said() {
    let bench = on(&setting(Csv::new().user(ANA, "Madrid"), "call_waiting_enabled", "false")).await;
    bench.sim.add_fault("feature_put:status=204,not_applied".parse().unwrap());
    bench.run().await.expect(3);
    let row = bench.row("user", ANA);
    row.expect_pending("non_retryable_external", "user_apply_calling_settings");
    row.says(&["accepted but not applied", "call_waiting_enabled"]);
}
