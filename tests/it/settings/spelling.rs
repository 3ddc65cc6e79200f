//! Numbers that Webex shows in other spellings than it takes: nothing is written for a spelling (webex.md 1.6).

use std::collections::BTreeMap;

use serde_json::{Value, json};
use wxbulk::sim::{Habits, LocationSeed, Operation, OrgSeed, PersonSeed, Pstn, SimConfig, Spelling};

use super::{ANA, Values, everything, madrid, owner, puts, run_anew};
use crate::support::{Bench, Csv};
use wxbulk::domain::Feature;

fn spelling(spelling: Spelling, org: OrgSeed) -> SimConfig {
    SimConfig { habits: Habits { spelling, ..Habits::default() }, ..SimConfig::with_org(org) }
}

#[tokio::test]
async fn no_setting_of_a_person_is_written_for_the_spelling_of_a_number() {
    for form in [Spelling::Hyphen, Spelling::National] {
        let people: Vec<String> = Feature::ALL.iter().map(|feature| owner(*feature)).collect();
        let colleagues = [super::EVA, super::LEO].map(str::to_owned);
        let org = madrid(people.into_iter().chain(colleagues));
        let bench = Bench::with(&Csv::new(), spelling(form, org)).await;
        run_anew(&bench, &everything(Values::Other), "one").await;
        let again = run_anew(&bench, &everything(Values::Other), "again").await;
        let written: Vec<_> = again.iter().filter(|call| call.operation == Operation::FeaturePut).collect();
        assert!(written.is_empty(), "{form:?}: {written:?}");
    }
}

#[tokio::test]
async fn a_number_that_the_row_does_not_state_goes_back_as_webex_takes_it() {
    let csv = Csv::new().user(ANA, "Madrid").cell("calling_settings_forward_busy_enabled", "true");
    let csv = csv.cell("calling_settings_forward_busy_to", "1001");
    let always = json!({"callForwarding": {"always": {"enabled": true, "destination": "+34911000111"}}});
    let mut org = madrid([ANA.to_owned()]);
    org.people[0].features = BTreeMap::from([("callForwarding".to_owned(), always)]);
    let bench = Bench::with(&csv, spelling(Spelling::Hyphen, org)).await;
    bench.run().await.expect(0);
    let sent = puts(&bench)[0].body.clone().unwrap();
    assert_eq!(sent.pointer("/callForwarding/always/destination"), Some(&json!("+34911000111")));
}

#[tokio::test]
async fn no_location_is_written_for_the_spelling_of_its_main_number() {
    const MAIN: &str = "+34911000000";
    for form in [Spelling::Hyphen, Spelling::National] {
        let csv = Csv::new().location("Madrid").cell("location_settings_main_number", MAIN);
        let bench = Bench::with(&csv, spelling(form, OrgSeed::default().location(present(MAIN)))).await;
        bench.run().await.expect(0);
        assert!(bench.writes().is_empty(), "{form:?}: {:?}", bench.writes());
    }
}

/// Madrid as the rows state it.
fn present(main: &str) -> LocationSeed {
    LocationSeed {
        address: json!({
            "address1": "Calle Mayor, 1", "city": "Madrid", "state": "Madrid", "postalCode": "28001", "country": "ES",
        }),
        main_number: Some(main.to_owned()),
        ..LocationSeed::calling("Madrid").pstn(Pstn::LocalGateway).numbers([main])
    }
}

#[tokio::test]
async fn no_further_number_is_given_again_for_its_spelling() {
    const FURTHER: &str = "+34911000001";
    for form in [Spelling::Hyphen, Spelling::National] {
        let csv = Csv::new().assignment(ANA, "Madrid", "1001").cell("alternate_numbers", FURTHER);
        let org = OrgSeed::default().location(LocationSeed::calling("Madrid").numbers([FURTHER]));
        let org = org.person(PersonSeed::new(ANA).calling("Madrid", "1001"));
        let bench = Bench::with(&csv, spelling(form, org)).await;
        for output in ["one", "again"] {
            bench
                .wxbulk(&["run", &bench.csv_path().display().to_string(), "--output-dir", output])
                .await
                .expect(0);
        }
        let given: Vec<Option<Value>> = bench.writes().into_iter().map(|call| call.body).collect();
        assert_eq!(given.len(), 1, "{form:?}: {given:?}");
    }
}
