//! The address of a site: how it is compared, and where it is changed once the site has PSTN.

use super::*;
use wxbulk::sim::{AddressWithPstn, Habits};

const SITE: [(&str, &str); 5] = [
    ("address_line1", "Calle del Sol, 2"),
    ("address_line2", "Planta 3"),
    ("address_city", "Móstoles"),
    ("address_state", "Madrid"),
    ("address_postal_code", "28931"),
];

/// The row of a site that has moved.
fn moved() -> Csv {
    SITE.iter().fold(Csv::new().location("Madrid"), |csv, (column, text)| csv.cell(column, text))
}

async fn in_webex(csv: &Csv, location: LocationSeed, habits: Habits) -> Bench {
    let org = OrgSeed::default().location(location);
    Bench::with(csv, SimConfig { habits, ..SimConfig::with_org(org) }).await
}

fn street(bench: &Bench) -> String {
    madrid(bench).address["address1"].as_str().unwrap().to_owned()
}

async fn from_a_new_database(bench: &Bench, name: &str, code: i32) {
    let path = bench.csv_path().display().to_string();
    bench.wxbulk(&["run", &path, "--output-dir", name]).await.expect(code);
}

#[tokio::test]
async fn with_pstn_the_address_goes_by_the_emergency_address() {
    for wish in [AddressWithPstn::Ignored, AddressWithPstn::Refused, AddressWithPstn::Applied] {
        let habits = Habits { address_with_pstn: wish, respells_addresses: true, ..Habits::default() };
        let csv = moved().cell("notes", "moved in May");
        let bench = in_webex(&csv, seed().pstn(Pstn::LocalGateway), habits).await;
        bench.run().await.expect(0);
        row(&bench).says(&["updated"]);
        let writes: Vec<_> =
            bench.writes().into_iter().map(|call| (call.operation, call.body.unwrap())).collect();
        let address = json!({
            "address1": "Calle del Sol, 2", "address2": "Planta 3", "city": "Móstoles", "state": "Madrid",
            "postalCode": "28931", "country": "ES",
        });
        assert_eq!(
            writes,
            [
                (Operation::LocationUpdate, json!({"notes": "moved in May"})),
                (Operation::EmergencyAddressCreate, address),
            ],
            "{wish:?}"
        );
        assert_eq!(street(&bench), "Calle del Sol, 2");
        from_a_new_database(&bench, "again", 0).await;
        assert_eq!(bench.writes().len(), 2, "a spelling is no difference");
        bench.check_invariants();
    }
}

#[tokio::test]
async fn an_address_that_was_added_is_changed_the_next_time() {
    let bench = in_webex(&moved(), seed().pstn(Pstn::LocalGateway), Habits::default()).await;
    bench.run().await.expect(0);
    bench.write_csv(&moved().cell("address_line1", "Calle de la Luna, 3").text());
    bench.ingest(&["--amend"]).await.expect(0);
    bench.wxbulk(&["run"]).await.expect(0);
    let writes: Vec<_> = bench.writes().into_iter().map(|call| call.operation).collect();
    assert_eq!(writes, [Operation::EmergencyAddressCreate, Operation::EmergencyAddressUpdate]);
    assert_eq!(street(&bench), "Calle de la Luna, 3");
}

#[tokio::test]
async fn without_pstn_the_address_goes_by_the_location_and_is_read_back() {
    let bench = in_webex(&moved(), seed(), Habits { respells_addresses: true, ..Habits::default() }).await;
    bench.run().await.expect(0);
    let writes: Vec<_> = bench.writes().into_iter().map(|call| call.operation).collect();
    assert_eq!(writes, [Operation::LocationUpdate]);
    assert_eq!(bench.calls(Operation::LocationGet).len(), 2, "before and after");
    from_a_new_database(&bench, "again", 0).await;
    assert_eq!(bench.writes().len(), 1);
}

/// The address stays what it was, whatever Webex answers: it is sent once, and both are shown.
#[tokio::test]
async fn an_address_that_stays_is_said_once_with_both_texts() {
    for (pstn, fault) in [
        (None, "location_update:status=204,not_applied"),
        (
            Some(Pstn::NonIntegratedCcp),
            "emergency_address_create:status=201,not_applied,body={\"id\":\"RU1FUkc\"}",
        ),
    ] {
        let bench = in_webex(&moved(), LocationSeed { pstn, ..seed() }, Habits::default()).await;
        bench.sim.add_fault(fault.parse().unwrap());
        bench.run().await.expect(3);
        row(&bench).expect_pending("non_retryable_external", "location_update");
        row(&bench).says(&[
            "accepted but not applied",
            "Calle del Sol, 2, Planta 3, Móstoles, Madrid, 28931, ES",
            "Calle Mayor, 1, Madrid, Madrid, 28001, ES",
        ]);
        bench.wxbulk(&["run"]).await.expect(3);
        assert_eq!(bench.writes().len(), 1, "{fault}");
        bench.check_invariants();
    }
}

#[tokio::test]
async fn a_token_without_the_scope_is_told_which() {
    let bench = in_webex(&moved(), seed().pstn(Pstn::LocalGateway), Habits::default()).await;
    bench.sim.add_fault("emergency_address_create:status=403".parse().unwrap());
    bench.run().await;
    row(&bench).expect_pending("permission_denied", "location_update");
    row(&bench).says(&["spark-admin:telephony_pstn_write"]);
    let told = bench.wxbulk(&["check"]).await.expect(0);
    assert!(told.stdout.contains("spark-admin:telephony_pstn_write"), "{}", told.stdout);
}

/// A lost answer: the location shows whether the address was added, and a second one is not.
#[tokio::test]
async fn an_address_whose_answer_is_lost_is_added_once() {
    for (fault, sent) in [("lost", 1), ("not_applied,drop", 2), ("status=502,applied", 1)] {
        let bench = in_webex(&moved(), seed().pstn(Pstn::LocalGateway), Habits::default()).await;
        bench.sim.add_fault(format!("emergency_address_create#1:{fault}").parse().unwrap());
        bench.run().await.expect(0);
        assert_eq!(bench.calls(Operation::EmergencyAddressCreate).len(), sent, "{fault}");
        assert_eq!(street(&bench), "Calle del Sol, 2");
        bench.check_invariants();
    }
}

/// Killed when the address was added and nobody heard of it.
#[tokio::test]
async fn an_address_in_doubt_is_looked_for_before_it_is_added_again() {
    let bench = in_webex(&moved(), seed().pstn(Pstn::LocalGateway), Habits::default()).await;
    bench.sim.add_fault("emergency_address_create#1:not_applied,hang".parse().unwrap());
    bench
        .killed_when(|journal| journal.iter().any(|call| call.operation == Operation::EmergencyAddressCreate))
        .await;
    let bench = bench.env("SETTLE_SECONDS", "1");
    bench.wxbulk(&["run"]).await.expect(0);
    assert_eq!(bench.calls(Operation::EmergencyAddressCreate).len(), 2);
    assert_eq!(
        bench.calls(Operation::LocationGet).len(),
        3,
        "before the first, again when it must show, and after the write"
    );
    assert_eq!(street(&bench), "Calle del Sol, 2");
}
