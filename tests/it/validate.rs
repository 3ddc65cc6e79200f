//! Extensions are asked about before the first of a location is given (webex.md 6.2), so that conflicts show row by row.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "helpers of tests")]

use std::collections::BTreeSet;

use crate::support::{Bench, Csv, site};
use wxbulk::sim::{Exchange, LocationSeed, NumberSeed, Operation, OrgSeed, PersonSeed, SimConfig};

const ANA: &str = "ana@example.com";
const EVA: &str = "eva@example.com";

async fn on(csv: &Csv, org: OrgSeed) -> Bench {
    Bench::with(csv, SimConfig::with_org(org)).await
}

fn taken_by_sales() -> OrgSeed {
    let owner = Some(("HUNT_GROUP".to_owned(), "Sales".to_owned()));
    let number = NumberSeed {
        location: "Madrid".into(),
        extension: Some("1001".into()),
        owner,
        ..NumberSeed::default()
    };
    OrgSeed::with_people([ANA, EVA]).location(LocationSeed::calling("Madrid")).number(number)
}

fn asked(call: &Exchange) -> Vec<String> {
    let listed = call.body.as_ref().unwrap()["extensions"].as_array().unwrap();
    listed.iter().map(|extension| extension.as_str().unwrap().to_owned()).collect()
}

fn patched(bench: &Bench) -> Vec<String> {
    bench.calls(Operation::LicensesUsersPatch).into_iter().filter_map(|call| call.key).collect()
}

#[tokio::test]
async fn a_conflict_ends_its_row_before_any_write() {
    let bench =
        on(&Csv::new().person(ANA, "Madrid", "1001").person(EVA, "Madrid", "1002"), taken_by_sales()).await;
    bench.run().await.expect(3);
    let row = bench.row("user", ANA);
    row.expect_pending("non_retryable_external", "user_enable_calling");
    row.says(&["1001", "HUNT_GROUP", "Sales", "4202"]);
    assert_eq!(patched(&bench), [EVA]);
    bench.check_invariants();
}

#[tokio::test]
async fn the_next_extensions_are_asked_about_before_their_rows_come() {
    let bench = Bench::new(&site(150)).await;
    bench.run().await.expect(0);
    let journal = bench.sim.journal();
    let asked = journal.iter().filter(|call| call.operation == Operation::ValidateExtensions).nth(1);
    let asked = asked.expect("twice, for 150 extensions").seq;
    let given = |call: &&Exchange| call.operation == Operation::LicensesUsersPatch && call.seq < asked;
    let before = journal.iter().filter(given).count();
    assert!(before < 50, "{before} of 100 were given");
}

#[tokio::test]
async fn an_extension_that_cannot_be_is_refused_with_the_words_of_webex() {
    let csv = Csv::new().person(ANA, "Madrid", "112").person(EVA, "Madrid", "1002");
    let bench = on(&csv, OrgSeed::with_people([ANA, EVA]).location(LocationSeed::calling("Madrid"))).await;
    bench.run().await.expect(3);
    let row = bench.row("user", ANA);
    row.expect_pending("non_retryable_external", "user_enable_calling");
    row.says(&["112", "INVALID", "4911", "emergency"]);
    assert_eq!(patched(&bench), [EVA]);
}

/// A call park extension is in no list of numbers: only Webex knows of it.
#[tokio::test]
async fn a_clash_that_only_webex_knows_is_shown_with_its_code() {
    let park = Some(("CALL_PARK".to_owned(), "Park 1".to_owned()));
    let park = NumberSeed {
        location: "Madrid".into(),
        extension: Some("1001".into()),
        owner: park,
        ..NumberSeed::default()
    };
    let org = OrgSeed::with_people([ANA]).location(LocationSeed::calling("Madrid")).number(park);
    let bench = on(&Csv::new().person(ANA, "Madrid", "1001"), org).await;
    bench.run().await.expect(3);
    bench.row("user", ANA).expect_pending("non_retryable_external", "user_enable_calling");
    bench.row("user", ANA).says(&["DUPLICATE", "9495", "call park"]);
    assert!(patched(&bench).is_empty());
}

#[tokio::test]
async fn a_location_is_asked_about_once_a_batch_and_before_its_first_write() {
    let bench = Bench::new(&site(30)).await;
    bench.run().await.expect(0);
    let calls = bench.calls(Operation::ValidateExtensions);
    assert_eq!((calls.len(), asked(&calls[0]).len()), (1, 30));
    assert!(bench.calls(Operation::LicensesUsersPatch).iter().all(|call| call.seq > calls[0].seq));
}

#[tokio::test]
async fn many_extensions_are_asked_about_a_hundred_at_a_time() {
    let bench = Bench::new(&site(230)).await;
    bench.run().await.expect(0);
    let calls = bench.calls(Operation::ValidateExtensions);
    assert_eq!(calls.iter().map(|call| asked(call).len()).collect::<Vec<_>>(), [100, 100, 30]);
    assert_eq!(calls.iter().flat_map(asked).collect::<BTreeSet<_>>().len(), 230);
}

#[tokio::test]
async fn what_is_in_place_is_not_asked_about() {
    let bench = Bench::new(&site(5)).await;
    bench.run().await.expect(0);
    let asked = bench.calls(Operation::ValidateExtensions).len();
    let path = bench.csv_path().display().to_string();
    bench.wxbulk(&["run", &path, "--output-dir", "another"]).await.expect(0);
    assert_eq!(bench.calls(Operation::ValidateExtensions).len(), asked);
}

#[tokio::test]
async fn a_persons_own_extension_is_no_conflict() {
    let ana = PersonSeed::new(ANA).calling("Madrid", "1001");
    let org = OrgSeed::with_people([EVA]).person(ana).location(LocationSeed::calling("Madrid"));
    let bench = on(&Csv::new().person(ANA, "Madrid", "1001").person(EVA, "Madrid", "1002"), org).await;
    // Webex does not tell of Ana's calling here, but her extension is her own.
    let unaware = r#"{"items":[{"id":"PERSON","emails":["ana@example.com"],"type":"person","licenses":[]}]}"#;
    let id = bench.sim.org().person(ANA).unwrap().id.clone();
    bench.sim.add_fault(
        format!("people_list#1@{ANA}:status=200,body={}", unaware.replace("PERSON", &id)).parse().unwrap(),
    );
    bench.run().await.expect(0);
    assert_eq!(bench.sim.org().person(ANA).unwrap().licenses.len(), 1);
}

#[tokio::test]
async fn a_check_that_webex_refuses_is_logged_once_and_done_without() {
    for refusal in ["status=403", "status=400", "mangle=truncated", "status=404"] {
        let bench = Bench::new(&site(12)).await.env("BATCH_SIZE", "4");
        bench.sim.add_fault(format!("validate_extensions:{refusal}").parse().unwrap());
        let ran = bench.run().await.expect(0);
        assert_eq!(ran.stderr.matches("extensions.unchecked").count(), 1, "{refusal}\n{}", ran.stderr);
        assert_eq!(patched(&bench).len(), 12);
    }
}
