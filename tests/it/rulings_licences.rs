//! Which licence a user gets, and who gets the last unit (R19), each as a short story.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "helpers of tests")]

mod policy;

use std::time::Duration;

use crate::support::{Bench, Csv, site};
use serde_json::json;
use wxbulk::sim::{
    Exchange, Fault, LicenseSeed, LocationSeed, Operation, OrgSeed, PROFESSIONAL, PersonSeed, STANDARD,
    SimConfig,
};

const ANA: &str = "ana@example.com";
const EVA: &str = "eva@example.com";

/// Two people of Madrid; `choose` sets cells on Ana's and on Eva's user row.
fn two(ana: &str, eva: &str) -> Csv {
    let user =
        |csv: Csv, email: &str, licence: &str| csv.user(email, "Madrid").cell("calling_license", licence);
    user(user(Csv::new(), ANA, ana), EVA, eva)
        .assignment(ANA, "Madrid", "1001")
        .assignment(EVA, "Madrid", "1002")
}

async fn on(csv: &Csv, licences: impl IntoIterator<Item = LicenseSeed>) -> Bench {
    let org = OrgSeed { licenses: licences.into_iter().collect(), ..OrgSeed::with_people([ANA, EVA]) };
    Bench::with(csv, SimConfig::with_org(org.location(LocationSeed::calling("Madrid")))).await
}

fn licence(name: &str, subscription: &str, units: i64) -> LicenseSeed {
    LicenseSeed { subscription: subscription.to_owned(), units, ..LicenseSeed::new(name) }
}

fn names(bench: &Bench, email: &str) -> Vec<String> {
    bench.sim.org().person(email).unwrap().license_names.clone()
}

fn id_of(bench: &Bench, name: &str) -> String {
    bench.sim.org().licenses.iter().find(|licence| licence.name == name).unwrap().id.clone()
}

/// Units in use of each licence, in the order of the organisation.
fn in_use(bench: &Bench) -> Vec<i64> {
    bench.sim.org().licenses.iter().map(|licence| licence.consumed).collect()
}

fn patches_for(bench: &Bench, email: &str) -> usize {
    bench
        .calls(Operation::LicensesUsersPatch)
        .iter()
        .filter(|call| call.key.as_deref() == Some(email))
        .count()
}

#[tokio::test]
async fn the_cell_comes_before_the_configured_choice() {
    let licences = [licence(PROFESSIONAL, "s", 9), licence(STANDARD, "s", 9)];
    let bench = on(&two("", "professional"), licences).await.env("CALLING_LICENSE", "standard");
    bench.run().await.expect(0);
    assert_eq!((names(&bench, ANA), names(&bench, EVA)), (vec![STANDARD.into()], vec![PROFESSIONAL.into()]));
}

#[tokio::test]
async fn a_licence_can_be_named_by_its_id() {
    let bench =
        on(&two("", ""), [licence(PROFESSIONAL, "s", 9), licence("Webex Calling - Special", "s", 9)]).await;
    let special = id_of(&bench, "Webex Calling - Special");
    bench.write_csv(&two(&special, "").text());
    bench.run().await.expect(0);
    assert_eq!(in_use(&bench), [1, 1]);
}

#[tokio::test]
async fn an_unknown_licence_is_a_missing_precondition_and_nothing_is_sent() {
    let bench =
        on(&two("Y2lzY29zcGFyazovL3VzL0xJQ0VOU0UvbnVsbA", "standard"), [licence(PROFESSIONAL, "s", 9)]).await;
    bench.run().await.expect(3);
    for email in [ANA, EVA] {
        bench.row("user", email).expect_pending("precondition_missing", "user_enable_calling");
    }
    assert!(bench.writes().is_empty());
}

#[tokio::test]
async fn a_pinned_subscription_is_the_only_one_used() {
    let licences = || [licence(PROFESSIONAL, "one", 9), licence(PROFESSIONAL, "two", 1)];
    let bench = on(&two("", ""), licences()).await.env("CALLING_SUBSCRIPTION_ID", "two");
    bench.run().await.expect(3);
    assert_eq!(in_use(&bench), [0, 1]);
    bench.row("user", EVA).expect_pending("precondition_missing", "user_enable_calling");
}

#[tokio::test]
async fn units_come_from_any_subscription_that_has_some() {
    let bench = on(&two("", ""), [licence(PROFESSIONAL, "one", 1), licence(PROFESSIONAL, "two", 1)]).await;
    bench.run().await.expect(0);
    assert_eq!(in_use(&bench), [1, 1]);
}

#[tokio::test]
async fn an_overdrawn_licence_gives_nothing() {
    let overdrawn = LicenseSeed { workspaces: 7, ..licence(PROFESSIONAL, "one", 5) };
    let bench = on(&two("", ""), [overdrawn, licence(PROFESSIONAL, "two", 1)]).await;
    bench.run().await.expect(3);
    bench.row("user", ANA).expect_success();
    let row = bench.row("user", EVA);
    row.expect_pending("precondition_missing", "user_enable_calling");
    assert_eq!(patches_for(&bench, EVA), 0, "no unit, no request");
}

/// The lower rows answer last, so that whoever is not held to row order takes the units first.
#[tokio::test]
async fn scarce_units_go_to_the_first_rows_whatever_the_pace() {
    let csv = site(8);
    let org = OrgSeed::with_people(csv.emails()).units(PROFESSIONAL, 3);
    let bench = Bench::with(&csv, SimConfig::with_org(org)).await;
    for number in 0..8 {
        let late = Duration::from_millis(10 * (8 - number));
        bench
            .sim
            .add_fault(Fault::on(Operation::PeopleList).key(format!("u{number}@example.com")).delay(late));
    }
    bench.run().await.expect(3);
    for number in 0..8 {
        let state = bench.row("user", &format!("u{number}@example.com")).state;
        assert_eq!(state, if number < 3 { "success" } else { "pending" }, "u{number}");
    }
    assert_eq!(bench.calls(Operation::LicensesUsersPatch).len(), 3);
    bench.check_invariants();
}

#[tokio::test]
async fn rows_that_need_no_unit_leave_theirs_to_the_next() {
    let csv = two("", "");
    let org = OrgSeed::with_people([EVA]).units(PROFESSIONAL, 2).location(LocationSeed::calling("Madrid"));
    let org = org.person(PersonSeed::new(ANA).calling("Madrid", "1001"));
    let bench = Bench::with(&csv, SimConfig::with_org(org)).await;
    bench.sim.add_fault(Fault::on(Operation::PeopleList).key(ANA).delay(Duration::from_millis(100)));
    bench.run().await.expect(0);
    assert_eq!(patches_for(&bench, ANA), 0);
}

#[tokio::test]
async fn a_unit_that_webex_refused_to_give_serves_the_next_row() {
    let bench = on(&two("", ""), [licence(PROFESSIONAL, "s", 1)]).await.env("MAX_CONCURRENCY", "1");
    bench.sim.add_fault(Fault::on(Operation::LicensesUsersPatch).key(ANA).status(400));
    bench.run().await.expect(3);
    bench.row("user", EVA).expect_success();
}

#[tokio::test]
async fn the_licence_list_that_lags_is_not_trusted_over_our_own_count() {
    let csv = site(4);
    let org = OrgSeed::with_people(csv.emails()).units(PROFESSIONAL, 2);
    let bench = Bench::with(&csv, SimConfig::with_org(org)).await.env("BATCH_SIZE", "1");
    bench.sim.add_fault("licenses_users_patch:lag=60000".parse().unwrap());
    bench.run().await.expect(3);
    assert_eq!(bench.calls(Operation::LicensesUsersPatch).len(), 2);
}

#[tokio::test]
async fn a_unit_given_with_a_206_is_gone() {
    let bench = on(&two("", ""), [licence(PROFESSIONAL, "s", 1)]).await.env("MAX_CONCURRENCY", "1");
    bench.sim.add_fault(Fault::on(Operation::LicensesUsersPatch).key(ANA).status(206));
    bench.run().await.expect(3);
    bench.row("user", EVA).expect_pending("precondition_missing", "user_enable_calling");
    assert_eq!(patches_for(&bench, EVA), 0, "no unit, no request");
}

#[tokio::test]
async fn a_licence_named_by_id_and_by_word_is_one_licence() {
    let bench = on(&two("", ""), [licence(PROFESSIONAL, "s", 1)]).await;
    bench.write_csv(&two("professional", &id_of(&bench, PROFESSIONAL)).text());
    bench.sim.add_fault(Fault::on(Operation::PeopleList).key(ANA).delay(Duration::from_millis(150)));
    bench.run().await.expect(3);
    bench.row("user", ANA).expect_success();
}

#[tokio::test]
async fn the_start_up_checks_name_the_rows_that_find_no_unit() {
    let csv = site(8).user(ANA, "Madrid").cell("calling_license", "standard");
    let csv = csv.user(EVA, "Madrid").cell("calling_enabled", "false");
    let licences =
        vec![licence(PROFESSIONAL, "one", 2), licence(PROFESSIONAL, "two", 4), licence(STANDARD, "one", 1)];
    let org = OrgSeed { licenses: licences, ..OrgSeed::with_people(csv.emails()) };
    let bench = Bench::with(&csv, SimConfig::with_org(org)).await;
    let path = bench.csv_path().display().to_string();
    bench.wxbulk(&["ingest", &path]).await.expect(0);
    let short = "2 of 8 ready users find no unit of professional: u6@example.com, u7@example.com";
    let checked = bench.wxbulk(&["check"]).await.expect(0);
    assert!(checked.stdout.contains(short), "{}", checked.stdout);
    assert!(checked.stdout.contains("4 of Webex Calling - Professional, two"), "{}", checked.stdout);
    assert!(!checked.stdout.contains("standard"), "{}", checked.stdout);
    let ran = bench.run().await.expect(3);
    assert!(ran.stderr.contains(short), "{}", ran.stderr);
    let found_none = "SELECT count(*) FROM rows WHERE phase = 2 AND step = 'user_enable_calling' AND entity_key IN ('u6@example.com', 'u7@example.com')";
    assert_eq!(bench.count(found_none), 2, "the very rows that were named");
}

/// How often the licences were read.
fn readings(bench: &Bench) -> usize {
    bench.calls(Operation::LicensesList).len()
}

/// Ana's request for a licence takes so long that something can happen meanwhile.
fn hold_ana(bench: &Bench) {
    let late = Duration::from_millis(300);
    bench.sim.add_fault(Fault::on(Operation::LicensesUsersPatch).key(ANA).delay(late));
}

/// Runs, and does this while Ana's request is under way.
async fn run_and_meanwhile(bench: &Bench, happens: impl Future<Output = ()>) -> crate::support::Ran {
    hold_ana(bench);
    let asked = |calls: &[Exchange]| calls.iter().any(|call| call.operation == Operation::LicensesUsersPatch);
    let meanwhile = async {
        bench.sim.when(asked).await;
        happens.await;
    };
    tokio::join!(bench.run(), meanwhile).0
}

#[tokio::test]
async fn units_bought_during_a_run_serve_its_rows() {
    for size in ["1", "500"] {
        let bench = on(&two("", ""), [licence(PROFESSIONAL, "s", 1)]).await;
        let bench = bench.env("MAX_CONCURRENCY", "1").env("BATCH_SIZE", size);
        let ran = run_and_meanwhile(&bench, async { bench.sim.set_units(PROFESSIONAL, 2) }).await;
        ran.expect(0);
        assert_eq!(in_use(&bench), [2], "batches of {size}");
    }
}

#[tokio::test]
async fn units_that_somebody_else_takes_during_a_run_are_not_promised() {
    let leo = "leo@example.com";
    let org =
        OrgSeed { licenses: vec![licence(PROFESSIONAL, "s", 2)], ..OrgSeed::with_people([ANA, EVA, leo]) };
    let org = org.location(LocationSeed::calling("Madrid"));
    let bench = Bench::with(&two("", ""), SimConfig::with_org(org)).await;
    let bench = bench.env("MAX_CONCURRENCY", "1").env("BATCH_SIZE", "1");
    let madrid = bench.sim.org().locations_named("Madrid")[0].id.clone();
    let line = json!({ "locationId": madrid, "extension": "1900" });
    let body =
        json!({ "email": leo, "licenses": [{ "id": id_of(&bench, PROFESSIONAL), "properties": line }] });
    let url = format!("{}/licenses/users", bench.sim.base_url());
    let taken = async {
        let request = reqwest::Client::new().patch(url).bearer_auth("somebody-else").json(&body);
        assert_eq!(request.send().await.unwrap().status(), 200);
    };
    run_and_meanwhile(&bench, taken).await.expect(3);
    let row = bench.row("user", EVA);
    row.expect_pending("precondition_missing", "user_enable_calling");
    row.says(&["2 of 2 units in use"]);
    assert_eq!(patches_for(&bench, EVA), 0, "no unit, no request");
}

/// What was given need not show in the reading of the next batch: it counts once, and the last unit is found.
#[tokio::test]
async fn units_that_are_just_enough_last_over_batches_and_a_lag() {
    let csv = site(12);
    let org = OrgSeed::with_people(csv.emails()).units(PROFESSIONAL, 12);
    for lag in [0, 200] {
        let bench = Bench::with(&csv, SimConfig::with_org(org.clone())).await;
        let bench = bench.env("BATCH_SIZE", "3").env("SETTLE_SECONDS", "0.5");
        bench.sim.set_lag(Duration::from_millis(lag));
        bench.run().await.expect(0);
        let batches = 4;
        assert!(readings(&bench) <= 3 + 2 * batches, "{} readings", readings(&bench));
        assert_eq!(bench.calls(Operation::LicensesUsersPatch).len(), 12);
    }
}

/// The start-up checks and two phases read them; batches that give nothing do not.
#[tokio::test]
async fn a_job_that_gives_nothing_reads_the_licences_no_more_often_for_its_batches() {
    let bench = Bench::new(&site(6)).await.env("BATCH_SIZE", "2");
    bench.run().await.expect(0);
    assert_eq!(readings(&bench), 3 + 2, "once more for each batch but the first");
    let path = bench.csv_path().display().to_string();
    bench.wxbulk(&["run", &path, "--output-dir", "another"]).await.expect(0);
    assert_eq!(readings(&bench), 5 + 3);
}

#[tokio::test]
async fn licences_that_cannot_be_read_again_make_no_verdict_and_are_asked_for_once() {
    let csv = site(4);
    let org = OrgSeed::with_people(csv.emails()).units(PROFESSIONAL, 1);
    let bench = Bench::with(&csv, SimConfig::with_org(org)).await.env("MAX_RETRIES", "0");
    bench.sim.add_fault(Fault::on(Operation::LicensesList).nth(3).status(503));
    bench.run().await.expect(3);
    for number in 1..4 {
        let row = bench.row("user", &format!("u{number}@example.com"));
        row.expect_pending("retry_exhausted", "user_enable_calling");
    }
    assert_eq!(readings(&bench), 4, "start-up checks, two phases and one try in between");
}

/// Ana of Madrid, who has this licence already, and whose row says this.
async fn ana_has(licence: &str, cells: &[(&str, &str)]) -> Bench {
    let mut ana = PersonSeed::new(ANA).calling("Madrid", "1001");
    ana.calling.as_mut().unwrap().license = licence.to_owned();
    let org = OrgSeed::default().person(ana).location(LocationSeed::calling("Madrid"));
    let csv = cells.iter().fold(Csv::new().user(ANA, "Madrid"), |csv, (column, text)| csv.cell(column, text));
    Bench::with(&csv.assignment(ANA, "Madrid", "1001"), SimConfig::with_org(org)).await
}

/// Taking a calling licence away erases what the person has set, so nothing is taken away; the rest of the row is done.
#[tokio::test]
async fn a_person_who_holds_another_licence_than_the_row_states_keeps_it_and_the_row_says_so() {
    for (holds, stated) in [(PROFESSIONAL, "standard"), (STANDARD, "professional")] {
        for (setting, reason) in [("", "out_of_scope"), ("true", "half_applied")] {
            let cells = [("calling_license", stated), ("calling_settings_hoteling_enabled", setting)];
            let bench = ana_has(holds, &cells).await;
            bench.run().await.expect(3);
            let row = bench.row("user", ANA);
            row.expect_pending(reason, "user_enable_calling");
            assert_eq!(row.cause.as_deref(), Some("out_of_scope"), "{row:?}");
            row.says(&[holds, stated, "Control Hub"]);
            assert_eq!((patches_for(&bench, ANA), names(&bench, ANA)), (0, vec![holds.to_owned()]));
            bench.row("extension_assignment", "Madrid/1001").expect_success();
        }
    }
}

#[tokio::test]
async fn the_configured_licence_is_for_those_who_have_none_and_the_row_says_what_the_person_has() {
    for (holds, wants, says) in [
        (PROFESSIONAL, "standard", "already has calling by Webex Calling - Professional"),
        (PROFESSIONAL, "professional", "already has calling"),
    ] {
        let bench = ana_has(holds, &[]).await.env("CALLING_LICENSE", wants);
        bench.run().await.expect(0);
        assert_eq!(bench.row("user", ANA).message.as_deref(), Some(says));
    }
}

/// The lists show who has calling; nothing is said of the others then, however many units are in use by strangers.
#[tokio::test]
async fn once_the_lists_are_read_the_very_rows_that_find_no_unit_are_named() {
    let csv = site(8);
    let strangers = (0..20).map(|number| (format!("other{number}@example.com"), 3000 + number));
    let held = (0..3).map(|number| (format!("u{number}@example.com"), 1000 + number));
    let people =
        strangers.chain(held).map(|(email, line)| PersonSeed::new(email).calling("Madrid", line.to_string()));
    let org = people.fold(OrgSeed::default().units(PROFESSIONAL, 26), OrgSeed::person);
    let org =
        (3..8).map(|number| PersonSeed::new(format!("u{number}@example.com"))).fold(org, OrgSeed::person);
    let bench = Bench::with(&csv, SimConfig::with_org(org.location(LocationSeed::calling("Madrid")))).await;
    let ran = bench.run().await.expect(3);
    let said: Vec<&str> = ran.stderr.lines().filter(|line| line.contains("licences.short")).collect();
    let short = "2 of 5 ready users find no unit of professional: u6@example.com, u7@example.com";
    assert!(said.len() == 1 && said[0].contains(short), "{said:?}");
    bench.sim.set_units(PROFESSIONAL, 28);
    let again = bench.wxbulk(&["run", "--retry-pending"]).await.expect(0);
    assert!(!again.stderr.contains("licences.short"), "{}", again.stderr);
}

/// A licence without a line is in use all the same, and its holder needs no other.
#[tokio::test]
async fn whoever_holds_a_licence_without_a_line_is_not_named_as_short_of_one() {
    let csv = site(8);
    let strangers = (0..20).map(|number| (format!("other{number}@example.com"), 3000 + number));
    let strangers = strangers.map(|(email, line)| PersonSeed::new(email).calling("Madrid", line.to_string()));
    let holder = PersonSeed { licenses: vec![PROFESSIONAL.to_owned()], ..PersonSeed::new("u0@example.com") };
    let others = (1..8).map(|number| PersonSeed::new(format!("u{number}@example.com")));
    let org = strangers.chain([holder]).chain(others).fold(OrgSeed::default(), OrgSeed::person);
    let org = org.units(PROFESSIONAL, 27).location(LocationSeed::calling("Madrid"));
    let bench = Bench::with(&csv, SimConfig::with_org(org)).await;
    let ran = bench.run().await;
    let short = "1 of 7 ready users find no unit of professional: u7@example.com";
    assert!(ran.stderr.contains(short), "{}", ran.stderr);
}

/// Whoever has calling already needs no unit: what cannot be known is not said, and what is certain is.
#[tokio::test]
async fn a_shortage_is_announced_only_as_far_as_it_is_certain() {
    let csv = site(8);
    let seed = |held: usize, units: i64| {
        let people = csv.emails().into_iter().enumerate().map(|(number, email)| match number < held {
            true => PersonSeed::new(email).calling("Madrid", format!("{}", 1000 + number)),
            false => PersonSeed::new(email),
        });
        people.fold(OrgSeed::default().units(PROFESSIONAL, units), OrgSeed::person)
    };
    let at_least = "at least 2 of 8 ready users find no unit of professional";
    for (held, units, said) in [(3, 6, Some(at_least)), (3, 8, None), (8, 8, None)] {
        let org = seed(held, units).location(LocationSeed::calling("Madrid"));
        let bench = Bench::with(&csv, SimConfig::with_org(org)).await;
        let path = bench.csv_path().display().to_string();
        for directory in ["out", "another"] {
            let ran = bench.wxbulk(&["run", &path, "--output-dir", directory]).await;
            match said {
                Some(said) => assert!(ran.stderr.contains(said), "{}", ran.stderr),
                None => assert!(!ran.stderr.contains("licences.short"), "{held} of {units}: {}", ran.stderr),
            }
        }
    }
}
