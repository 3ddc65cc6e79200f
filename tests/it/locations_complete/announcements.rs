//! The announcement language of a site: its default is what is created later, and what exists is another request.

use super::*;
use wxbulk::sim::PersonSeed;

const EVA: &str = "eva@example.com";

fn to_english(existing: &str) -> Csv {
    with(&[("announcement_language", "en_us"), ("announcement_language_existing", existing)])
}

/// A site that speaks Spanish, and Eva, who does too.
async fn spanish(csv: &Csv) -> Bench {
    let org = OrgSeed::default().location(seed()).person(PersonSeed::new(EVA).calling("Madrid", "1000"));
    Bench::with(csv, SimConfig::with_org(org)).await
}

/// What is created later, features that exist, and Eva.
fn spoken(bench: &Bench) -> [String; 3] {
    let (madrid, org) = (madrid(bench), bench.sim.org());
    let eva = org.person(EVA).unwrap().announcement_language.clone();
    [madrid.announcement_language, madrid.feature_language, eva].map(Option::unwrap)
}

fn writes(bench: &Bench) -> Vec<Operation> {
    bench.writes().into_iter().map(|call| call.operation).collect()
}

#[tokio::test]
async fn the_default_changes_and_the_row_says_that_what_exists_does_not() {
    let bench = spanish(&to_english("")).await;
    bench.run().await.expect(0);
    assert_eq!(spoken(&bench), ["en_us", "es_es", "es_es"]);
    row(&bench).says(&["en_us", "created from now on", "what exists keeps its language", "_existing=change"]);

    // As the row says.
    bench.write_csv(&to_english("change").text());
    bench.ingest(&["--amend"]).await.expect(0);
    bench.wxbulk(&["run"]).await.expect(0);
    assert_eq!(spoken(&bench), ["en_us", "en_us", "en_us"]);
    assert_eq!(writes(&bench), [Operation::CallingLocationUpdate, Operation::AnnouncementLanguageModify]);
    bench.check_invariants();
}

#[tokio::test]
async fn what_exists_changes_before_its_default_and_once() {
    let bench = spanish(&to_english("Change")).await;
    bench.run().await.expect(0);
    assert_eq!(spoken(&bench), ["en_us", "en_us", "en_us"]);
    row(&bench).says(&["en_us", "what exists too", "no look-up shows"]);
    let order = [Operation::AnnouncementLanguageModify, Operation::CallingLocationUpdate];
    assert_eq!(writes(&bench), order);

    let path = bench.csv_path().display().to_string();
    bench.wxbulk(&["run", &path, "--output-dir", "another"]).await.expect(0);
    assert_eq!(writes(&bench), order, "a default that is so says that it was done");
    bench.check_invariants();
}

#[tokio::test]
async fn what_exists_is_left_alone_where_the_default_is_so_already_and_the_row_says_so() {
    let bench =
        spanish(&with(&[("announcement_language", "es_es"), ("announcement_language_existing", "change")]))
            .await;
    bench.run().await.expect(0);
    assert!(bench.writes().is_empty());
    row(&bench).says(&["es_es already", "left alone", "does not show"]);
}

#[tokio::test]
async fn a_lost_answer_and_a_kill_end_with_all_in_the_language() {
    for fault in ["lost", "not_applied,drop", "status=502"] {
        let bench = spanish(&to_english("change")).await;
        bench.sim.add_fault(format!("announcement_language_modify#1:{fault}").parse().unwrap());
        bench.run().await.expect(0);
        assert_eq!(spoken(&bench), ["en_us", "en_us", "en_us"], "{fault}");
    }
    for (operation, fault) in [
        (Operation::AnnouncementLanguageModify, "not_applied,hang"),
        (Operation::CallingLocationUpdate, "not_applied,hang"),
        (Operation::CallingLocationUpdate, "applied,hang"),
    ] {
        let bench = spanish(&to_english("change")).await;
        bench.sim.add_fault(format!("{operation}#1:{fault}").parse().unwrap());
        bench.killed_when(|journal| journal.iter().any(|call| call.operation == operation)).await;
        bench.wxbulk(&["run"]).await.expect(0);
        assert_eq!(spoken(&bench), ["en_us", "en_us", "en_us"], "{operation} {fault}");
        bench.check_invariants();
    }
}

#[tokio::test]
async fn a_refusal_leaves_the_default_as_it_was() {
    let bench = spanish(&to_english("change")).await;
    bench.sim.add_fault("announcement_language_modify:status=400".parse().unwrap());
    bench.run().await.expect(3);
    row(&bench).expect_pending("non_retryable_external", "location_apply_settings");
    assert_eq!(spoken(&bench), ["es_es", "es_es", "es_es"]);
}
