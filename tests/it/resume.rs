//! Killed behind every single request of a small run, and run again: the same Webex, nothing made twice, the same ends.
#![allow(clippy::expect_used, clippy::panic, reason = "a helper that fails is a failed test")]

mod release;

use std::time::Duration;

use crate::support::{Bench, Csv};
use wxbulk::sim::{Calls, Exchange, Fault, LocationState, Operation};

/// Two sites, one of them with all its settings, three people, numbers, settings in both phases: every operation of the
/// main job is in it.
fn small_job() -> Csv {
    Csv::new()
        .location("Madrid")
        .cell("location_external_id", "MAD-01")
        .location("Sevilla")
        .cell("location_settings_pstn_connection", "LOCAL_GATEWAY")
        .cell("location_settings_pstn_route_type", "TRUNK")
        .cell("location_settings_pstn_route_name", "Trunk 1")
        .cell("location_settings_main_number", "+34955000000")
        .cell("location_settings_routing_prefix", "802")
        .cell("location_settings_unknown_extension_route_type", "TRUNK")
        .cell("location_settings_unknown_extension_route_name", "Trunk 1")
        .cell("location_settings_outgoing_permissions", "NATIONAL=BLOCK")
        .user("ana@example.com", "MAD-01")
        .cell("calling_settings_call_waiting_enabled", "false")
        .assignment("ana@example.com", "MAD-01", "1001")
        .person("eva@example.com", "Sevilla", "1001")
        .cell("phone_number", "+34955000001")
        .cell("alternate_numbers", "+34955000002")
        .user("leo@example.com", "Madrid")
        .assignment("leo@example.com", "Madrid", "1002")
        .cell("final_settings_do_not_disturb_enabled", "true")
}

/// What Webex must hold in the end, whatever happened on the way; ids differ between runs and are left out.
fn remote_state(bench: &Bench) -> Vec<String> {
    let org = bench.sim.org();
    let locations = org.locations.iter().map(|location| {
        let calling =
            (&location.pstn, &location.main_number, &location.routing_prefix, location.settings.keys());
        let LocationState { name, calling: enabled, notes, address, .. } = location;
        format!("{name} {enabled} {notes:?} {address} {calling:?}")
    });
    let numbers = org.numbers.iter().map(|number| {
        format!(
            "{:?} {:?} {} {}",
            number.phone_number,
            number.extension,
            number.alternate,
            number.owner.is_some()
        )
    });
    let people = org.people.values().map(|person| {
        let features: Vec<_> = person.features.iter().map(|(name, body)| format!("{name}={body}")).collect();
        format!(
            "{} {:?} {:?} {:?} {features:?}",
            person.email, person.license_names, person.location, person.extension
        )
    });
    let mut state: Vec<String> = locations.chain(people).chain(numbers).collect();
    state.sort();
    state
}

/// The ends of all rows, as an undisturbed run gives them.
fn ends(bench: &Bench) -> Vec<(String, String)> {
    let database = bench.database();
    let mut statement =
        database.prepare("SELECT entity_key, state FROM rows ORDER BY row_id").expect("a query");
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("rows");
    rows.map(|row| row.expect("a row")).collect()
}

/// Kills the run with SIGKILL as soon as its `nth` request has arrived, and been applied if `applied`.
async fn killed_at(bench: &Bench, nth: u32, applied: bool) {
    let fault = Fault::any().calls(Calls::only(nth));
    // Either way the reply never comes: the process dies waiting for it.
    bench.sim.add_fault(if applied {
        fault.late(Duration::from_secs(600))
    } else {
        fault.delay(Duration::from_secs(600))
    });
    let wanted = usize::try_from(nth).expect("a small number");
    let met = |exchange: &Exchange| {
        exchange.fault.is_some() && (!applied || exchange.method == "GET" || exchange.applied)
    };
    bench.killed_when(|journal| journal.iter().any(met) || journal.len() > wanted + 64).await;
}

/// Every key was created at most once, over all processes.
fn check_created_once(bench: &Bench) {
    for operation in [Operation::LocationCreate, Operation::CallingLocationEnable] {
        let mut keys: Vec<_> =
            bench.calls(operation).into_iter().filter(|call| call.applied).map(|call| call.key).collect();
        let all = keys.len();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), all, "{operation}: a key was applied twice");
    }
}

#[tokio::test]
async fn a_run_killed_at_any_request_is_finished_by_the_same_command() {
    let undisturbed = Bench::new(&small_job()).await;
    undisturbed.run().await.expect(0);
    let requests = u32::try_from(undisturbed.sim.journal().len()).expect("a small run");
    assert!(requests > 25, "the job is too small to prove anything: {requests} requests");
    for nth in 1..=requests {
        for applied in [false, true] {
            let bench = Bench::new(&small_job()).await;
            killed_at(&bench, nth, applied).await;
            bench.run().await.expect(0);
            assert_eq!(
                remote_state(&bench),
                remote_state(&undisturbed),
                "killed at request {nth}, applied: {applied}"
            );
            assert_eq!(ends(&bench), ends(&undisturbed), "killed at request {nth}, applied: {applied}");
            check_created_once(&bench);
            bench.check_invariants();
        }
    }
}

#[tokio::test]
async fn a_finished_run_changes_nothing_again() {
    let bench = Bench::new(&small_job()).await;
    bench.run().await.expect(0);
    let writes = bench.writes().len();
    let again = bench.run().await.expect(0);
    assert_eq!(bench.writes().len(), writes);
    assert!(again.stderr.contains("nothing, every row is done"), "{}", again.stderr);
    bench.check_invariants();
}

#[tokio::test]
async fn a_new_database_finds_everything_in_place_and_writes_nothing() {
    let bench = Bench::new(&small_job()).await;
    bench.run().await.expect(0);
    let writes = bench.writes().len();
    let csv = bench.csv_path().display().to_string();
    bench.wxbulk(&["run", &csv, "--output-dir", "another"]).await.expect(0);
    assert_eq!(bench.writes().len(), writes);
}
