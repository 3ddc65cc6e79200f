//! The doubts of `check --lab` that take a person: each answer that Webex could give makes another verdict, and the person
//! has no calling afterwards.

use wxbulk::sim::{
    Habits, LineNotToBeHad, LocationSeed, OrgSeed, PROFESSIONAL, PersonSeed, Pstn, STANDARD, SimConfig,
};

use super::lab::{WITH_ANA, bench, doubt, org, report};
use crate::support::Bench;

const ANA: &str = "ana.garcia@example.com";

async fn of(org: OrgSeed, habits: Habits) -> Bench {
    bench(SimConfig { habits, ..SimConfig::with_org(org) }).await
}

/// The verdict on one doubt, with what was seen. Nobody keeps or loses anything.
async fn verdict(bench: &Bench, id: &str) -> (String, String) {
    let before = format!("{:?}{:?}", bench.sim.org().people, bench.sim.org().numbers);
    bench.wxbulk(&WITH_ANA).await.expect(0);
    let found = doubt(&report(bench), id);
    assert_eq!(format!("{:?}{:?}", bench.sim.org().people, bench.sim.org().numbers), before);
    (found["verdict"].as_str().unwrap().to_owned(), found["seen"].to_string())
}

#[tokio::test]
async fn settings_are_shown_without_a_location_or_not() {
    let (verdict_of_unknown, seen) =
        verdict(&of(org(), Habits::default()).await, "settings_without_location").await;
    assert_eq!(verdict_of_unknown, "no");
    assert!(
        seen.contains("leo.vidal@example.com") && seen.contains("4003") && seen.contains("4008"),
        "{seen}"
    );
    let habits = Habits { settings_without_location: true, ..Habits::default() };
    assert_eq!(verdict(&of(org(), habits).await, "settings_without_location").await.0, "yes");
    let forbidden = of(org(), Habits::default()).await;
    forbidden.sim.add_fault("person_numbers_get#1:status=403".parse().unwrap());
    let refused = verdict(&forbidden, "settings_without_location").await.0;
    assert!(refused.starts_with("refused: ") && refused.contains("HTTP 403"), "{refused}");
    let nobody = OrgSeed::with_people([ANA]).location(LocationSeed::calling("Trials"));
    let (nobody, _) = verdict(&of(nobody, Habits::default()).await, "settings_without_location").await;
    assert!(nobody.starts_with("not asked, because nobody among the first"), "{nobody}");
}

#[tokio::test]
async fn settings_follow_the_licence_at_once_later_or_never() {
    let id = "settings_after_licence";
    assert_eq!(verdict(&of(org(), Habits::default()).await, id).await.0, "yes");
    let later = of(org(), Habits::default()).await;
    let body = r#"{"errors":[{"description":"[Error 4003] Unauthorized request"}]}"#;
    let fault = format!("feature_get#1-6@ana.garcia%40example.com:status=400,body={body}");
    later.sim.add_fault(fault.parse().unwrap());
    let (verdict_of_late, seen) = verdict(&later, id).await;
    assert_eq!(verdict_of_late, "no");
    assert!(seen.contains("all are shown at look "), "{seen}");
    let never = Habits { back_end_lag: std::time::Duration::from_secs(3600), ..Habits::default() };
    let (verdict_of_never, seen) = verdict(&of(org(), never).await, id).await;
    assert_eq!(verdict_of_never, "no");
    assert!(seen.contains("not within 7 looks"), "{seen}");
    let forbidden = of(org(), Habits::default()).await;
    forbidden.sim.add_fault("feature_get@ana.garcia%40example.com:status=403".parse().unwrap());
    let (refused, _) = verdict(&forbidden, id).await;
    assert!(refused.starts_with("refused: ") && refused.contains("HTTP 403"), "{refused}");
}

#[tokio::test]
async fn a_licence_that_is_held_changes_the_extension_or_not() {
    let id = "licence_again";
    assert_eq!(verdict(&of(org(), Habits::default()).await, id).await.0, "no");
    let again = OrgSeed { repeated_license_reapplies: true, ..org() };
    assert_eq!(verdict(&of(again, Habits::default()).await, id).await.0, "yes");
    let refusing = of(org(), Habits::default()).await;
    // Taken extension, number elsewhere, the licence itself; the fourth is the one that adds it again.
    refusing.sim.add_fault("licenses_users_patch#4:status=400".parse().unwrap());
    let (refused, _) = verdict(&refusing, id).await;
    assert!(refused.starts_with("refused: HTTP 400"), "{refused}");
}

#[tokio::test]
async fn units_are_counted_or_not() {
    let id = "overage";
    // Eva and Leo have one each.
    let none_free = || org().units(PROFESSIONAL, 2);
    let counted = of(none_free(), Habits::default()).await;
    let (refused, seen) = verdict(&counted, id).await;
    assert!(
        refused.starts_with("refused: HTTP 400") && seen.contains("2 of 2 units in use"),
        "{refused} {seen}"
    );
    let after = doubt(&report(&counted), "settings_after_licence")["verdict"].to_string();
    assert!(after.contains("no licence has a free unit"), "{after}");
    let given = of(none_free(), Habits { allows_overage: true, ..Habits::default() }).await;
    assert_eq!(verdict(&given, id).await.0, "yes");
    assert_eq!(
        doubt(&report(&given), "settings_after_licence")["verdict"],
        "yes",
        "the licence serves the next doubt"
    );
    let (free, _) = verdict(&of(org(), Habits::default()).await, id).await;
    assert!(free.starts_with("not asked, because every licence of the kind has free units"), "{free}");
}

#[tokio::test]
async fn a_line_that_is_not_to_be_had_is_refused_dropped_or_given() {
    for (habit, extension, number) in [
        (LineNotToBeHad::Refused, "refused: HTTP 400 code 4202", "refused: HTTP 400 code 27966"),
        (LineNotToBeHad::Dropped, "no", "no"),
        (LineNotToBeHad::Given, "yes", "yes"),
    ] {
        let bench = of(org(), Habits { line_not_to_be_had: habit, ..Habits::default() }).await;
        let (of_extension, seen) = verdict(&bench, "extension_taken").await;
        assert!(of_extension.starts_with(extension), "{habit:?}: {of_extension} {seen}");
        assert!(seen.contains("asked for extension 1000"), "{seen}");
        let of_number = doubt(&report(&bench), "number_elsewhere");
        assert!(of_number["verdict"].as_str().unwrap().starts_with(number), "{habit:?}: {of_number:#}");
        assert!(of_number["seen"].to_string().contains("+34910000001"));
    }
}

#[tokio::test]
async fn what_a_doubt_lacks_is_named() {
    let bare = OrgSeed::with_people([ANA]).location(LocationSeed::calling("Trials").pstn(Pstn::LocalGateway));
    let bench = of(bare, Habits::default()).await;
    let (taken, _) = verdict(&bench, "extension_taken").await;
    assert_eq!(taken, "not asked, because nobody in \"Trials\" has an extension");
    let elsewhere = doubt(&report(&bench), "number_elsewhere")["verdict"].to_string();
    assert!(elsewhere.contains("no other location has a free number"), "{elsewhere}");
    let calling = OrgSeed::default()
        .location(LocationSeed::calling("Trials"))
        .person(PersonSeed::new(ANA).calling("Trials", "1000"));
    let (has, _) = verdict(&of(calling, Habits::default()).await, "licence_again").await;
    assert!(has.contains("has calling already; name somebody who has none"), "{has}");
    let (no_calling, _) = verdict(
        &of(OrgSeed::with_people([ANA]).location(LocationSeed::new("Trials")), Habits::default()).await,
        "overage",
    )
    .await;
    assert!(no_calling.contains("\"Trials\" is not enabled for calling"), "{no_calling}");
}

/// Webex may refuse and have given it all the same.
#[tokio::test]
async fn a_licence_that_a_refusal_gave_is_taken_back() {
    let bench = of(org(), Habits { line_not_to_be_had: LineNotToBeHad::Given, ..Habits::default() }).await;
    bench.sim.add_fault("licenses_users_patch#1:applied,status=400".parse().unwrap());
    let (refused, seen) = verdict(&bench, "extension_taken").await;
    assert!(
        refused.starts_with("refused: HTTP 400") && seen.contains("refused, and yet"),
        "{refused} {seen}"
    );
}

/// Another calling licence than the one to give is calling too.
#[tokio::test]
async fn somebody_with_a_calling_licence_of_another_kind_is_not_tried() {
    let mut org = org();
    org.people.retain(|person| person.email != ANA);
    let bench = of(org.person(PersonSeed::new(ANA).licensed(STANDARD)), Habits::default()).await;
    let (has, _) = verdict(&bench, "extension_taken").await;
    assert!(has.contains("has calling already"), "{has}");
    assert!(
        doubt(&report(&bench), "settings_without_location")["seen"].to_string().contains(ANA),
        "asked about her"
    );
}

/// The licence stays when Webex does not take it back: that is told and asks for a look.
#[tokio::test]
async fn a_licence_that_stays_is_told() {
    let bench = of(org(), Habits::default()).await;
    bench.sim.add_fault("licenses_users_patch#5-:status=400".parse().unwrap());
    bench.wxbulk(&WITH_ANA).await.expect(3);
    let report = report(&bench);
    let left = report["left_behind"].as_array().unwrap();
    let what = format!("{ANA} may hold {PROFESSIONAL}");
    assert!(
        left.iter().any(|one| one["what"] == what.as_str() && one["told_beforehand"] == false),
        "{report:#}"
    );
}
