//! A status is no proof that a field was taken: what Webex drops in silence is found by reading back, and said.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "helpers of tests")]

use serde_json::json;

use crate::support::{Bench, Csv};
use wxbulk::sim::{LocationSeed, Operation, OrgSeed, PersonSeed, Pstn, SimConfig};

fn madrid() -> LocationSeed {
    let address = json!({
        "address1": "Calle Mayor, 1", "city": "Madrid", "state": "Madrid", "postalCode": "28001", "country": "ES",
    });
    LocationSeed { address, ..LocationSeed::calling("Madrid") }
}

async fn on(csv: &Csv, location: LocationSeed) -> Bench {
    Bench::with(csv, SimConfig::with_org(OrgSeed::default().location(location))).await
}

#[tokio::test]
async fn a_main_number_that_is_dropped_in_silence_is_no_success() {
    let csv = Csv::new().location("Madrid").cell("location_settings_main_number", "+34910000001");
    let bench = on(&csv, madrid()).await.env("ADD_MISSING_NUMBERS", "false");
    bench.run().await.expect(3);
    let row = bench.row("location", "Madrid");
    row.expect_pending("non_retryable_external", "location_apply_settings");
    row.says(&["accepted but not applied", "main number"]);
    bench.check_invariants();
}

#[tokio::test]
async fn the_address_of_a_location_with_pstn_is_changed_on_its_own_path_and_once() {
    let csv = Csv::new().location("Madrid").cell("address_line1", "Calle Nueva, 7").cell("notes", "new");
    let bench = on(&csv, madrid().pstn(Pstn::LocalGateway)).await;
    bench.run().await.expect(0);
    let writes: Vec<_> = bench.writes().iter().map(|call| call.operation).collect();
    assert_eq!(writes, [Operation::LocationUpdate, Operation::EmergencyAddressCreate]);
    assert!(bench.calls(Operation::LocationUpdate)[0].body.as_ref().unwrap().get("address").is_none());
    let path = bench.csv_path().display().to_string();
    bench.wxbulk(&["run", &path, "--output-dir", "anew"]).await.expect(0);
    assert_eq!(bench.writes().len(), 2);
    bench.check_invariants();
}

/// Without PSTN the address is the location's own; one that comes back in capitals is no other.
#[tokio::test]
async fn an_address_in_another_spelling_is_not_written_again() {
    let csv = Csv::new().location("Madrid").cell("address_line1", "Calle Nueva, 7");
    let bench = on(&csv, madrid()).await;
    bench.sim.set_habits(|habits| habits.respells_addresses = true);
    bench.run().await.expect(0);
    assert_eq!(bench.writes().len(), 1);
    let path = bench.csv_path().display().to_string();
    bench.wxbulk(&["run", &path, "--output-dir", "anew"]).await.expect(0);
    assert_eq!(bench.writes().len(), 1);
}

#[tokio::test]
async fn an_address_that_is_dropped_in_silence_is_said_with_both_texts() {
    let csv = Csv::new().location("Madrid").cell("address_line1", "Calle Nueva, 7");
    let bench = on(&csv, madrid()).await;
    bench.sim.add_fault("location_update:silent=address".parse().unwrap());
    bench.run().await.expect(3);
    let row = bench.row("location", "Madrid");
    row.expect_pending("non_retryable_external", "location_update");
    row.says(&["accepted but not applied", "Calle Nueva, 7", "Calle Mayor, 1"]);
    assert_eq!(bench.calls(Operation::LocationUpdate).len(), 1);
}

/// A number may be refused without a word for each person anew.
#[tokio::test]
async fn a_destination_is_read_back_for_everybody() {
    let email = |at: usize| format!("u{at}@example.com");
    let org = (0..3).fold(OrgSeed::default().location(madrid()), |org, at| {
        org.person(PersonSeed::new(email(at)).calling("Madrid", format!("{}", 1000 + at)))
    });
    let csv = (0..3).fold(Csv::new(), |csv, at| {
        csv.user(&email(at), "Madrid").cell("calling_settings_forward_always_to", "+34910000009")
    });
    let bench = Bench::with(&csv, SimConfig::with_org(org)).await;
    bench.run().await.expect(0);
    assert_eq!(bench.calls(Operation::FeatureGet).len(), 2 * bench.calls(Operation::FeaturePut).len());
}
