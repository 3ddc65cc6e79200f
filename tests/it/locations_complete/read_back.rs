//! 200 and 204 do not prove that a field was kept: what a site is told is read back.

use super::*;

fn reads(bench: &Bench, operation: Operation) -> usize {
    bench.calls(operation).len()
}

/// The words of the only row, which Webex said yes to.
#[track_caller]
fn expect_not_applied(bench: &Bench, reason: &str, step: &str, words: &[&str]) {
    let row = row(bench);
    row.expect_pending(reason, step);
    assert_eq!(row.cause.as_deref(), Some("non_retryable_external"));
    row.says(&["accepted but not applied"]);
    row.says(words);
    bench.check_invariants();
}

#[tokio::test]
async fn a_main_number_that_webex_drops_in_silence_is_not_taken_for_set() {
    let csv = with(&[("main_number", MAIN)]);
    let bench = bench(&csv, [seed().pstn(Pstn::LocalGateway).numbers([MAIN])]).await;
    bench.sim.add_fault("calling_location_update:silent=callingLineId.phoneNumber".parse().unwrap());
    bench.run().await.expect(3);
    expect_not_applied(&bench, "non_retryable_external", "location_apply_settings", &["main_number"]);
    assert_eq!(reads(&bench, Operation::CallingLocationUpdate), 1, "it is not sent again");
    let applied = "SELECT applied FROM calls WHERE operation = 'calling_location_update'";
    assert_eq!(bench.count(applied), 0, "nothing of it is in place");
}

#[tokio::test]
async fn what_is_in_place_of_a_write_makes_the_row_half_applied() {
    let csv = with(&[("main_number", MAIN), ("caller_id_name", "Centro"), ("routing_prefix", "801")]);
    let bench = bench(&csv, [seed().pstn(Pstn::LocalGateway).numbers([MAIN])]).await;
    let silent = "calling_location_update:silent=callingLineId.name,silent=routingPrefix";
    bench.sim.add_fault(silent.parse().unwrap());
    bench.run().await.expect(3);
    let words = ["routing_prefix, caller_id_name"];
    expect_not_applied(&bench, "half_applied", "location_apply_settings", &words);
    let message = row(&bench).message.unwrap();
    assert!(!message.contains("main_number"), "that one was kept: {message}");

    bench.sim.clear_faults();
    bench.wxbulk(&["requeue", "--all", "--yes"]).await.expect(0);
    bench.wxbulk(&["run"]).await.expect(0);
    row(&bench).expect_success();
}

/// As seen of an organisation: a location without PSTN takes any main number, and has none.
#[tokio::test]
async fn a_main_number_outside_the_inventory_is_not_taken_for_set() {
    let sim = [seed()];
    let bench = bench(&with(&[("main_number", MAIN)]), sim).await.env("ADD_MISSING_NUMBERS", "false");
    bench.run().await.expect(3);
    expect_not_applied(&bench, "non_retryable_external", "location_apply_settings", &["main_number"]);
}

#[tokio::test]
async fn every_write_of_a_site_is_read_back_once() {
    let bench = bench(&whole(), []).await;
    bench.run().await.expect(0);
    // One to see what differs, and one to see that it was kept.
    assert_eq!(reads(&bench, Operation::LocationSettingGet), 4);
    assert_eq!(reads(&bench, Operation::PstnConnectionGet), 2, "the numbers ask no more");
    // The first says that the new location is not enabled, or is not asked.
    assert_eq!(reads(&bench, Operation::CallingLocationGet), 2);
    let path = bench.csv_path().display().to_string();
    let before = bench.sim.journal().len();
    bench.wxbulk(&["run", &path, "--output-dir", "another"]).await.expect(0);
    let again = bench.sim.journal().split_off(before);
    let asked = |operation| again.iter().filter(|call| call.operation == operation).count();
    assert_eq!(asked(Operation::LocationSettingGet), 2, "what is not written is not read back");
    assert_eq!(asked(Operation::PstnConnectionGet), 1);
}

#[tokio::test]
async fn what_shows_late_is_looked_at_again_and_not_sent_again() {
    let csv = with(&[("routing_prefix", "801")]);
    let bench = bench(&csv, [seed()]).await;
    let old = madrid(&bench);
    let stale = format!(
        r#"calling_location_get#2:status=200,body={{"id":"{}","name":"Madrid","callingLineId":{{}}}}"#,
        old.id
    );
    bench.sim.add_fault(stale.parse().unwrap());
    bench.run().await.expect(0);
    assert_eq!(reads(&bench, Operation::CallingLocationUpdate), 1);
    assert_eq!(reads(&bench, Operation::CallingLocationGet), 3);
}

#[tokio::test]
async fn a_prefix_whose_job_ends_well_and_changes_nothing_is_said() {
    let bench = with_job(2).await;
    bench.sim.add_fault(
        "calling_location_update:status=200,not_applied,body={\"batchJobId\":\"Sk9C\"}".parse().unwrap(),
    );
    let done = r#"prefix_job_get:status=200,body={"latestExecutionStatus":"COMPLETED","latestExecutionExitCode":"COMPLETED"}"#;
    bench.sim.add_fault(done.parse().unwrap());
    bench.run().await.expect(3);
    let row = row(&bench);
    assert_eq!(row.cause.as_deref(), Some("non_retryable_external"), "{row:?}");
    row.says(&["accepted but not applied", "routing_prefix"]);
}

#[tokio::test]
async fn the_other_objects_of_a_site_are_read_back_too() {
    let dialing = [("unknown_extension_route_type", "TRUNK"), ("unknown_extension_route_name", "Trunk 1")];
    let permissions = [("outgoing_permissions", "INTERNATIONAL=ALLOW|NATIONAL=BLOCK")];
    let pstn = [("pstn_connection", "Sample Cloud PSTN")];
    for (stated, fault, step, words) in [
        (&dialing[..], "location_setting_put:status=204,not_applied", "location_apply_settings", "Trunk 1"),
        (
            &permissions[..],
            "location_setting_put:status=204,not_applied",
            "location_apply_settings",
            "INTERNATIONAL, NATIONAL",
        ),
        (&pstn[..], "pstn_connection_put:status=204,not_applied", "location_apply_pstn", "Sample Cloud PSTN"),
    ] {
        let bench = bench(&with(stated), [seed()]).await;
        bench.sim.add_fault(fault.parse().unwrap());
        bench.run().await.expect(3);
        expect_not_applied(&bench, "non_retryable_external", step, &[words]);
    }
}

#[tokio::test]
async fn a_read_back_that_fails_says_so_and_leaves_the_doubt_on_record() {
    let bench = bench(&with(&[("routing_prefix", "801")]), [seed()]).await.env("MAX_RETRIES", "0");
    bench.sim.add_fault("calling_location_get#2:status=500".parse().unwrap());
    bench.run().await.expect(3);
    row(&bench).expect_pending("retry_exhausted", "location_apply_settings");
    row(&bench).says(&["taken", "could not be read"]);
    assert_eq!(bench.count("SELECT count(*) FROM calls WHERE mutating = 1 AND applied IS NULL"), 1);
    bench.wxbulk(&["run", "--retry-pending"]).await.expect(0);
    assert_eq!(reads(&bench, Operation::CallingLocationUpdate), 1, "the next attempt finds it in place");
}
