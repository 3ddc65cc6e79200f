//! `check --lab` against the simulator: with each of its switches the verdict follows, and what was made is undone or told.

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;
use wxbulk::sim::{
    AddressWithPstn, Habits, LocationSeed, Operation, OrgSeed, PROFESSIONAL, PersonSeed, Pstn, SimConfig,
};

use crate::support::{Bench, Csv, Ran};

const ANA: &str = "ana.garcia@example.com";
const EVA: &str = "eva.soto@example.com";
const LEO: &str = "leo.vidal@example.com";
const TAG: &str = "[ext_id=T-1]";
const ELSEWHERE: &str = "+34910000001";

/// A place for trials in which Eva has an extension, a free number elsewhere, and Leo with a licence that led to nothing.
pub(super) fn org() -> OrgSeed {
    OrgSeed::with_people([ANA])
        .location(LocationSeed::calling("Trials").pstn(Pstn::LocalGateway).notes(TAG))
        .location(LocationSeed::calling("Elsewhere").pstn(Pstn::LocalGateway).numbers([ELSEWHERE]))
        .person(PersonSeed::new(EVA).calling("Trials", "1000"))
        .person(PersonSeed::new(LEO).licensed(PROFESSIONAL))
}

pub(super) async fn bench(config: SimConfig) -> Bench {
    Bench::with(&Csv::new(), config).await
}

async fn of(org: OrgSeed, habits: Habits) -> Bench {
    bench(SimConfig { habits, ..SimConfig::with_org(org) }).await
}

pub(super) const WITH_ANA: [&str; 6] = ["check", "--lab", "--yes", "--location=Trials", "--person", ANA];

pub(super) fn report(bench: &Bench) -> Value {
    serde_json::from_str(&bench.file("lab-report.json")).unwrap()
}

pub(super) fn doubt(report: &Value, id: &str) -> Value {
    let all = report["doubts"].as_array().unwrap();
    all.iter().find(|doubt| doubt["id"] == id).unwrap_or_else(|| panic!("no {id} in {report:#}")).clone()
}

/// The verdict on one doubt; the whole must end with this code.
async fn verdict(bench: &Bench, id: &str, code: i32) -> String {
    verdict_with(bench, &[], id, code).await
}

async fn verdict_with(bench: &Bench, more: &[&str], id: &str, code: i32) -> String {
    let arguments: Vec<&str> = WITH_ANA.iter().chain(more).copied().collect();
    bench.wxbulk(&arguments).await.expect(code);
    assert!(bench.calls(Operation::Forbidden).is_empty(), "nothing forbidden is asked");
    doubt(&report(bench), id)["verdict"].as_str().unwrap().to_owned()
}

/// What is in the organisation without being told beforehand.
fn undone_not(report: &Value) -> Vec<&Value> {
    report["left_behind"].as_array().unwrap().iter().filter(|left| left["told_beforehand"] == false).collect()
}

#[tokio::test]
async fn it_is_refused_outside_of_a_lab_and_without_a_place_for_it() {
    let bench = bench(SimConfig::with_org(org())).await;
    let nobody_there = bench.wxbulk(&["check", "--lab", "--location=Trials"]).await.expect(10);
    assert!(nobody_there.stderr.contains("add --yes"), "{}", nobody_there.stderr);
    let nowhere = bench.wxbulk(&["check", "--lab", "--yes"]).await.expect(10);
    assert!(nowhere.stderr.contains("--location NAME"), "{}", nowhere.stderr);
    bench.wxbulk(&["check", "--location=Trials"]).await.expect(2);
    bench.wxbulk(&["check", "--lab", "--yes", "--location=Trials", "--person", "ana"]).await.expect(2);
    bench.wxbulk(&["check", "--lab", "--yes", "--location=Trials", "--numbers", "12"]).await.expect(2);
    let bench = bench.env("ENVIRONMENT", "prod");
    let prod = bench.wxbulk(&WITH_ANA).await.expect(10);
    assert!(prod.stderr.contains("ENVIRONMENT=lab"), "{}", prod.stderr);
    assert!(bench.sim.journal().is_empty(), "no request was made");
    let bench = bench.env("ENVIRONMENT", "lab");
    let unknown = bench.wxbulk(&["check", "--lab", "--yes", "--location=Trial"]).await.expect(10);
    assert!(unknown.stderr.contains("no location has this name"), "{}", unknown.stderr);
    assert!(bench.writes().is_empty() && !bench.output().exists());
}

/// On a terminal of its own, which `script` makes.
#[tokio::test]
async fn it_tells_what_it_will_do_and_a_no_ends_it_without_a_request() {
    let bench = bench(SimConfig::with_org(org())).await;
    let binary = bench.command(&[]).get_program().to_string_lossy().into_owned();
    let line = format!("{binary} check --lab --location Trials --person {ANA}");
    let mut script = std::process::Command::new("script");
    script.args(["-qec", &line, "/dev/null"]).stdin(std::process::Stdio::piped());
    script.env_clear().envs(bench.command(&[]).get_envs().filter_map(|(name, value)| Some((name, value?))));
    let mut child = script.stdout(std::process::Stdio::piped()).spawn().expect("`script` of util-linux");
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"no\n").unwrap();
    let ended = tokio::task::spawn_blocking(move || child.wait_with_output()).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&ended.stdout).into_owned();
    assert_eq!(ended.status.code(), Some(0), "{said}");
    for named in ["\"Trials\"", ANA, "\"wxbulk lab 2", "leave behind", "Go on? [yes/no]", "nothing was asked"]
    {
        assert!(said.contains(named), "{named} is not in {said}");
    }
    assert!(bench.sim.journal().is_empty() && !bench.output().exists());
}

#[tokio::test]
async fn the_report_is_a_private_file_and_no_database_is_made() {
    let bench = bench(SimConfig { unique_location_names: true, ..SimConfig::with_org(org()) }).await;
    let arguments: Vec<&str> = WITH_ANA.into_iter().chain(["--json"]).collect();
    let Ran { stdout, .. } = bench.wxbulk(&arguments).await.expect(0);
    let report = report(&bench);
    assert_eq!(serde_json::from_str::<Value>(&stdout).unwrap(), report);
    assert_eq!((report["schema"].as_str(), report["complete"].as_bool()), (Some("wxbulk.lab/1"), Some(true)));
    let mode = std::fs::metadata(bench.output().join("lab-report.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let files: Vec<_> =
        std::fs::read_dir(bench.output()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(files, ["lab-report.json"], "no database, nothing temporary");
    assert!(!bench.file("lab-report.json").contains(crate::support::TOKEN));
    let taken = doubt(&report, "extension_taken");
    let patch = taken["requests"].as_array().unwrap().iter().find(|one| one["method"] == "PATCH").unwrap();
    assert_eq!(
        (&patch["operation"], &patch["path"], &patch["status"], &patch["codes"][0]),
        (&"licenses_users_patch".into(), &"/licenses/users".into(), &400.into(), &"4202".into())
    );
    assert!(patch["message"].as_str().unwrap().contains("already in use"));
    assert_eq!(report["doubts"].as_array().unwrap().len(), 12);
    let shown = bench.wxbulk(&WITH_ANA).await.expect(0).stdout;
    assert!(
        shown.contains("extension_taken") && shown.contains("4202") && shown.contains("left behind"),
        "{shown}"
    );
}

#[tokio::test]
async fn all_that_can_be_undone_is_undone() {
    let bench = of(org(), Habits { address_with_pstn: AddressWithPstn::Applied, ..Habits::default() }).await;
    let before = bench.sim.org();
    let more = ["--numbers", "+34910001000..+34910001119"];
    let verdict = verdict_with(&bench, &more, "address_with_pstn", 0).await;
    assert_eq!(verdict, "yes");
    let mut after = bench.sim.org();
    let second = after.locations.pop().unwrap();
    assert!(second.name.starts_with("wxbulk lab 2"), "{second:?}");
    assert_eq!(format!("{after:?}"), format!("{before:?}"));
    let report = report(&bench);
    assert!(undone_not(&report).is_empty(), "{report:#}");
    let told: Vec<&str> =
        report["left_behind"].as_array().unwrap().iter().map(|left| left["what"].as_str().unwrap()).collect();
    assert!(told.len() == 2 && told[0].contains(ANA) && told[1].contains(&second.name), "{told:?}");
}

#[tokio::test]
async fn an_address_with_pstn_is_changed_ignored_or_refused() {
    for (habit, expected) in [
        (AddressWithPstn::Applied, "yes"),
        (AddressWithPstn::Ignored, "no"),
        (AddressWithPstn::Refused, "refused: HTTP 400"),
    ] {
        // In capitals and with a space in the postal code it is the same address.
        let habits = Habits { address_with_pstn: habit, respells_addresses: true, ..Habits::default() };
        let bench = of(org(), habits).await;
        let place =
            || format!("{:?}", bench.sim.org().locations[0]).to_lowercase().replace("28 013", "28013");
        let before = place();
        let verdict = verdict(&bench, "address_with_pstn", 0).await;
        assert!(verdict.starts_with(expected), "{habit:?}: {verdict}");
        assert_eq!(place(), before);
    }
    let without = OrgSeed::with_people([ANA]).location(LocationSeed::calling("Trials"));
    let verdict = verdict(&of(without, Habits::default()).await, "address_with_pstn", 0).await;
    assert!(verdict.starts_with("not asked, because \"Trials\" has no PSTN connection"), "{verdict}");
}

#[tokio::test]
async fn a_name_is_had_twice_or_refused() {
    let free = bench(SimConfig::with_org(org())).await;
    assert_eq!(verdict(&free, "name_taken", 0).await, "yes");
    let unique = bench(SimConfig { unique_location_names: true, ..SimConfig::with_org(org()) }).await;
    let verdict_of_unique = verdict(&unique, "name_taken", 0).await;
    assert!(verdict_of_unique.starts_with("refused: HTTP 409"), "{verdict_of_unique}");
    assert_eq!(unique.sim.org().locations.len(), 2);
    // The answer was lost, the location is there.
    free.sim.add_fault("location_create:lost".parse().unwrap());
    let named = free.sim.org().locations.len();
    assert_eq!(verdict(&free, "name_taken", 0).await, "yes");
    let names: Vec<String> = free.sim.org().locations.into_iter().map(|location| location.name).collect();
    assert_eq!(
        (names.len(), names.iter().filter(|name| *name == "Trials").count()),
        (named + 1, 1),
        "{names:?}"
    );
}

#[tokio::test]
async fn the_length_of_notes_is_found_and_the_tag_stays() {
    for (longest, expected, seen) in [
        (None, "no", "16384 characters are taken"),
        (Some(255), "yes", "255 characters are taken, one more is not: HTTP 400"),
        (Some(12), "refused: HTTP 400", ""),
    ] {
        let bench = of(org(), Habits { longest_notes: longest, ..Habits::default() }).await;
        let verdict = verdict(&bench, "notes_length", 0).await;
        assert!(verdict.starts_with(expected), "{longest:?}: {verdict}");
        assert!(doubt(&report(&bench), "notes_length")["seen"].to_string().contains(seen));
        for update in bench.calls(Operation::LocationUpdate) {
            let notes = update.body.and_then(|body| body.get("notes").cloned());
            assert!(notes.is_none_or(|notes| notes.as_str().unwrap().starts_with(TAG)));
        }
        assert_eq!(bench.sim.org().locations[0].notes.as_deref(), Some(TAG));
    }
    // Success, and nothing of it shows.
    let silent = bench(SimConfig::with_org(org())).await;
    silent.sim.add_fault("location_update:silent=notes".parse().unwrap());
    let verdict = verdict(&silent, "notes_length", 0).await;
    assert_eq!(verdict, "refused: success, but 12 characters show");
}

#[tokio::test]
async fn the_extensions_of_one_check_are_counted() {
    for (most, expected, seen) in [
        (Some(5_000), "no", "1024 are taken; more was not tried"),
        (Some(250), "yes", "250 are taken, one more is not: HTTP 400"),
    ] {
        let bench = of(org(), Habits { extensions_at_once: most, ..Habits::default() }).await;
        assert_eq!(verdict(&bench, "validate_extensions_limit", 0).await, expected);
        let found = doubt(&report(&bench), "validate_extensions_limit");
        assert!(found["seen"].to_string().contains(seen), "{found:#}");
        assert!(found["requests"].as_array().unwrap().len() <= 12);
    }
}

#[tokio::test]
async fn the_numbers_of_one_request_are_counted_and_deleted_again() {
    let numbers = ["--numbers", "+34910001000..+34910001039"];
    for (most, expected, seen) in [
        (Some(5_000), "no", "40 are taken; more was not tried"),
        (Some(17), "yes", "17 are taken, one more is not"),
    ] {
        let bench = of(org(), Habits { numbers_at_once: most, ..Habits::default() }).await;
        assert_eq!(verdict_with(&bench, &numbers, "numbers_limit", 0).await, expected);
        assert!(doubt(&report(&bench), "numbers_limit")["seen"].to_string().contains(seen));
        assert!(
            bench
                .sim
                .org()
                .numbers
                .iter()
                .all(|number| number.phone_number.as_deref() != Some("+34910001000"))
        );
        for added in bench.calls(Operation::NumbersAdd) {
            assert_eq!(added.body.unwrap()["state"], "INACTIVE");
        }
    }
    let bench = bench(SimConfig::with_org(org())).await;
    let not_given = verdict(&bench, "numbers_limit", 0).await;
    assert_eq!(not_given, "not asked, because no --numbers were given");
    let there = OrgSeed::with_people([ANA])
        .location(LocationSeed::calling("Trials").pstn(Pstn::LocalGateway).numbers(["+34910001003"]));
    let bench = of(there, Habits::default()).await;
    let there = verdict_with(&bench, &numbers, "numbers_limit", 0).await;
    assert!(there.starts_with("not asked, because 1 of the --numbers are in"), "{there}");
    assert!(bench.calls(Operation::NumbersDelete).is_empty(), "what it did not make is not deleted");
}

#[tokio::test]
async fn numbers_that_cannot_be_deleted_again_are_told() {
    let bench = bench(SimConfig::with_org(org())).await;
    bench.sim.add_fault("numbers_delete:status=400".parse().unwrap());
    let verdict = verdict_with(&bench, &["--numbers", "+34910001000"], "numbers_limit", 3).await;
    assert!(verdict.starts_with("unclear: they could not be deleted again"), "{verdict}");
    let report = report(&bench);
    assert!(undone_not(&report)[0]["what"].as_str().unwrap().contains("+34910001000"), "{report:#}");
}

#[tokio::test]
async fn rates_are_told_by_family() {
    let bench = bench(SimConfig::with_org(org())).await;
    let unlimited = verdict_with(&bench, &["--rates=0.2"], "rates", 0).await;
    assert_eq!(unlimited, "no");
    let rates = doubt(&report(&bench), "rates");
    assert_eq!(rates["requests"].as_array().unwrap().len(), 7, "one line a family");
    assert_eq!(rates["requests"][0]["times"], 4, "20 a second");
    // The start-up checks and the first of the burst are let through.
    let fault = "people_me#3-:status=429,retry_after=7,header=X-RateLimit-Limit: 5";
    bench.sim.add_fault(fault.parse().unwrap());
    let limited = verdict_with(&bench, &["--rates=0.2"], "rates", 0).await;
    assert_eq!(limited, "yes");
    let seen = doubt(&report(&bench), "rates")["seen"][0].as_str().unwrap().to_owned();
    assert!(seen.contains("1 let through (1 x 200, ") && seen.contains("first refused after 1 in"), "{seen}");
    assert!(seen.contains("Retry-After 7; x-ratelimit-limit: 5"), "{seen}");
    bench.sim.clear_faults();
    assert_eq!(verdict(&bench, "rates", 0).await, "not asked, because --rates was not given");
}

#[tokio::test]
async fn a_signal_ends_it_at_once_and_tells_what_is_left() {
    let bench = bench(SimConfig::with_org(org())).await;
    bench.sim.add_fault("location_update:hang".parse().unwrap());
    let mut command = bench.command(&WITH_ANA);
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let child = command.spawn().unwrap();
    bench.sim.when(|journal| journal.iter().any(|call| call.operation == Operation::LocationUpdate)).await;
    let killed = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let ended = tokio::task::spawn_blocking(move || child.wait_with_output()).await.unwrap().unwrap();
    assert_eq!(ended.status.code(), Some(130));
    let report = report(&bench);
    assert_eq!(report["complete"], false);
    assert_eq!(doubt(&report, "address_with_pstn")["verdict"], "unclear: it was cut short");
    assert_eq!(
        doubt(&report, "extension_taken")["verdict"].as_str().unwrap().split(' ').next(),
        Some("refused:")
    );
    let left = undone_not(&report);
    assert!(left.len() == 1 && left[0]["what"].as_str().unwrap().contains("wxbulk lab"), "{report:#}");
    assert!(left[0]["undo"].as_str().unwrap().contains("Calle Mayor 1"), "{report:#}");
    let shown = String::from_utf8(ended.stdout).unwrap();
    assert!(shown.contains("ended by a signal") && shown.contains("to undo it: set it to"), "{shown}");
}

/// One doubt cannot be settled; the others are.
#[tokio::test]
async fn a_doubt_that_fails_does_not_keep_the_next_from_being_asked() {
    let bench = bench(SimConfig::with_org(org())).await.env("MAX_RETRIES", "0");
    bench.sim.add_fault("location_create:status=500".parse().unwrap());
    let verdict = verdict(&bench, "name_taken", 3).await;
    assert!(verdict.starts_with("unclear: no answer that says whether it was done"), "{verdict}");
    let report = report(&bench);
    assert_eq!(doubt(&report, "notes_length")["verdict"], "no");
    assert!(undone_not(&report)[0]["what"].as_str().unwrap().contains("a second location \"Trials\""));
}

/// The answer may be a refusal although it was made, or the location that is there.
#[tokio::test]
async fn a_name_that_is_taken_may_be_answered_in_strange_ways() {
    let made = bench(SimConfig::with_org(org())).await;
    made.sim.add_fault("location_create:applied,status=409".parse().unwrap());
    let verdict_of_made = verdict(&made, "name_taken", 0).await;
    assert!(verdict_of_made.starts_with("refused: HTTP 409"), "{verdict_of_made}");
    let names: Vec<String> = made.sim.org().locations.into_iter().map(|location| location.name).collect();
    assert!(names.len() == 3 && names[2].starts_with("wxbulk lab 2"), "{names:?}");
    assert!(report(&made)["left_behind"].to_string().contains(&names[2]));

    let same = bench(SimConfig::with_org(org())).await;
    let id = same.sim.org().locations[0].id.clone();
    same.sim.add_fault(
        format!(r#"location_create:not_applied,status=200,body={{"id":"{id}"}}"#).parse().unwrap(),
    );
    assert_eq!(verdict(&same, "name_taken", 0).await, "no");
    assert_eq!(same.sim.org().locations[0].name, "Trials", "what was there is not renamed");
}

/// Refused or not, what shows afterwards is what counts.
#[tokio::test]
async fn an_address_that_was_changed_by_a_refused_request_is_put_back() {
    let habits = Habits { address_with_pstn: AddressWithPstn::Applied, ..Habits::default() };
    let bench = of(org(), habits).await;
    let before = bench.sim.org().locations[0].address.clone();
    bench.sim.add_fault("location_update#1:applied,status=400".parse().unwrap());
    let verdict = verdict(&bench, "address_with_pstn", 0).await;
    assert!(verdict.starts_with("refused: HTTP 400"), "{verdict}");
    assert_eq!(bench.sim.org().locations[0].address, before);
    assert!(undone_not(&report(&bench)).is_empty());
}

#[tokio::test]
async fn the_document_has_every_doubt_with_its_question() {
    const DOCUMENT: &str = include_str!("../../../docs/lab.md");
    let bench = bench(SimConfig::with_org(org())).await;
    bench.wxbulk(&WITH_ANA).await.expect(0);
    for doubt in report(&bench)["doubts"].as_array().unwrap() {
        let line =
            format!("| `{}` | {} |", doubt["id"].as_str().unwrap(), doubt["question"].as_str().unwrap());
        assert!(DOCUMENT.contains(&line), "{line}");
    }
    let sample = DOCUMENT.split("```json").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let sample: Value = serde_json::from_str(sample).unwrap();
    let real = doubt(&report(&bench), "extension_taken");
    let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&sample), names(&real));
    assert_eq!(names(&sample["requests"][0]), names(&real["requests"][0]));
    for same in ["question", "verdict", "meaning", "safe_default", "seen"] {
        assert_eq!(sample[same], real[same]);
    }
}
