//! The catalogue of personal settings against the simulator: a new line of it is covered by itself.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "helpers of tests")]

mod absent;
mod colleagues;
mod crash;
mod read_back;
mod spelling;
mod unknown;

use crate::support::{Bench, Csv};
use serde_json::{Value, json};
use wxbulk::domain::{Feature, SETTINGS, Setting, SettingKind};
use wxbulk::sim::{Exchange, LocationSeed, Operation, OrgSeed, PersonSeed, STANDARD, SimConfig};

const EVA: &str = "eva@example.com";
const LEO: &str = "leo@example.com";
const ANA: &str = "ana@example.com";

/// Two sets of values that differ in every column.
#[derive(Clone, Copy, PartialEq)]
enum Values {
    One,
    Other,
}

/// A value for a column of this kind. Lists of people have only one: a receptionist must be enabled to have any.
fn sample(kind: SettingKind, values: Values) -> Option<String> {
    let pick = |one: &str, other: &str| if values == Values::One { one.to_owned() } else { other.to_owned() };
    Some(match kind {
        SettingKind::Bool => pick("false", "true"),
        SettingKind::Choice { choices, none } => pick(choices[0], none.unwrap_or(choices[choices.len() - 1])),
        SettingKind::Integer { least, most } => pick(&least.to_string(), &most.to_string()),
        SettingKind::Text(_) => pick("English", "Spanish"),
        SettingKind::Destination => pick("1001", "+34911000111"),
        SettingKind::Phone => pick("+34911000222", "+34911000333"),
        SettingKind::Extension => pick("4711", "4712"),
        SettingKind::Email => pick("one@example.com", "other@example.com"),
        SettingKind::TimeZone => pick("Europe/Madrid", "Atlantic/Canary"),
        SettingKind::Moment => pick("2027-01-31T18:00:00.000Z", "2027-02-28T18:00:00.000Z"),
        SettingKind::Permissions => {
            pick("INTERNATIONAL=ALLOW+transfer", "INTERNATIONAL=BLOCK|NATIONAL=AUTH_CODE")
        }
        SettingKind::People { .. } if values == Values::One => return None,
        SettingKind::People { .. } => format!("{EVA}|{LEO}"),
        SettingKind::Person if values == Values::One => return None,
        SettingKind::Person => EVA.to_owned(),
    })
}

fn columns_of(feature: Feature) -> impl Iterator<Item = &'static Setting> {
    SETTINGS.iter().filter(move |setting| setting.feature == feature)
}

/// One person for each object of settings, who states all of its columns.
fn everything(values: Values) -> Csv {
    Feature::ALL.iter().fold(Csv::new(), |csv, feature| {
        columns_of(*feature).fold(csv.user(&owner(*feature), "Madrid"), |csv, setting| {
            match sample(setting.kind, values) {
                Some(text) => csv.cell(&format!("calling_settings_{}", setting.name), &text),
                None => csv,
            }
        })
    })
}

fn owner(feature: Feature) -> String {
    format!("{}@example.com", feature.as_str().to_lowercase())
}

/// Madrid, and people who have calling there.
fn madrid(people: impl IntoIterator<Item = String>) -> OrgSeed {
    let numbered = people.into_iter().zip(1000..);
    numbered.fold(OrgSeed::default().location(LocationSeed::calling("Madrid")), |org, (email, extension)| {
        org.person(PersonSeed::new(email).calling("Madrid", extension.to_string()))
    })
}

async fn on(csv: &Csv) -> Bench {
    let people = [ANA, EVA, LEO].map(str::to_owned);
    Bench::with(csv, SimConfig::with_org(madrid(people))).await
}

/// Runs a file with a database of its own; gives its requests about settings.
async fn run_anew(bench: &Bench, csv: &Csv, name: &str) -> Vec<Exchange> {
    let before = bench.sim.journal().len();
    bench.write_csv(&csv.text());
    let path = bench.csv_path().display().to_string();
    bench.wxbulk(&["run", &path, "--output-dir", name]).await.expect(0);
    let about =
        |exchange: &Exchange| matches!(exchange.operation, Operation::FeatureGet | Operation::FeaturePut);
    bench.sim.journal().into_iter().skip(before).filter(about).collect()
}

fn requests(calls: &[Exchange], email: &str) -> (usize, usize) {
    let count = |operation: Operation| {
        calls.iter().filter(|call| call.operation == operation && call.key.as_deref() == Some(email)).count()
    };
    (count(Operation::FeatureGet), count(Operation::FeaturePut))
}

#[tokio::test]
async fn every_object_takes_one_put_and_a_get_before_and_after_it_however_many_columns_and_none_when_in_place()
 {
    let people: Vec<String> = Feature::ALL.iter().map(|feature| owner(*feature)).collect();
    let colleagues = [EVA, LEO].map(str::to_owned);
    let bench =
        Bench::with(&Csv::new(), SimConfig::with_org(madrid(people.into_iter().chain(colleagues)))).await;
    run_anew(&bench, &everything(Values::One), "one").await;
    let changed = run_anew(&bench, &everything(Values::Other), "other").await;
    let again = run_anew(&bench, &everything(Values::Other), "again").await;
    for feature in Feature::ALL {
        assert_eq!(
            requests(&changed, &owner(*feature)),
            (2, 1),
            "{feature}: every column differs, the write is read back"
        );
        assert_eq!(requests(&again, &owner(*feature)), (1, 0), "{feature}: everything is in place");
    }
    for setting in SETTINGS {
        let shown = &bench.sim.org().people[&owner(setting.feature)].features;
        let (_, body) = shown.iter().next().unwrap();
        let there = body.pointer(setting.field).unwrap_or(&Value::Null);
        if let Some(wanted) = as_json(setting.kind) {
            assert_eq!(*there, wanted, "{}", setting.name);
        }
    }
}

/// The second value as Webex keeps it; lists have tests of their own.
fn as_json(kind: SettingKind) -> Option<Value> {
    let text = sample(kind, Values::Other).unwrap();
    match kind {
        SettingKind::Bool => Some(json!(true)),
        SettingKind::Integer { most, .. } => Some(json!(most)),
        SettingKind::Choice { none: Some(_), .. } => Some(Value::Null),
        SettingKind::Permissions | SettingKind::People { .. } | SettingKind::Person => None,
        _ => Some(json!(text)),
    }
}

#[tokio::test]
async fn an_assignment_row_applies_its_settings_too() {
    let csv = Csv::new().assignment(ANA, "Madrid", "1000").cell("final_settings_hoteling_enabled", "true");
    let csv = csv.cell("final_settings_voicemail_rings", "7");
    let bench = on(&csv).await;
    assert_eq!(
        requests(&run_anew(&bench, &csv, "one").await, ANA),
        (4, 2),
        "the first of each object is read back"
    );
    assert_eq!(requests(&run_anew(&bench, &csv, "again").await, ANA), (2, 0));
}

/// Ana's user row with these settings.
fn ana(settings: &[(&str, &str)]) -> Csv {
    settings.iter().fold(Csv::new().user(ANA, "Madrid"), |csv, (name, text)| {
        csv.cell(&format!("calling_settings_{name}"), text)
    })
}

fn puts(bench: &Bench) -> Vec<Exchange> {
    bench.calls(Operation::FeaturePut)
}

#[tokio::test]
async fn what_the_row_does_not_state_stays_and_what_is_read_only_is_not_sent() {
    let csv = ana(&[("voicemail_rings", "9")]);
    let mut org = madrid([ANA.to_owned()]);
    org.people[0].features.insert("voicemail".to_owned(), json!({"sendBusyCalls": {"enabled": false}}));
    let bench = Bench::with(&csv, SimConfig::with_org(org)).await;
    bench.run().await.expect(0);
    let sent = puts(&bench)[0].body.clone().unwrap();
    assert_eq!(sent.pointer("/sendUnansweredCalls/numberOfRings"), Some(&json!(9)));
    assert_eq!(sent.pointer("/sendBusyCalls/enabled"), Some(&json!(false)));
    assert_eq!(sent.pointer("/sendBusyCalls/greetingUploaded"), None);
    assert_eq!(sent.pointer("/sendUnansweredCalls/systemMaxNumberOfRings"), None);
}

#[tokio::test]
async fn only_the_stated_types_of_call_change() {
    let csv = ana(&[("outgoing_permissions", "international=allow +transfer|NATIONAL=Transfer_Number_1")]);
    let bench = on(&csv).await;
    bench.run().await.expect(0);
    let sent = puts(&bench)[0].body.clone().unwrap();
    let rows = sent["callingPermissions"].as_array().unwrap();
    let row = |kind: &str| rows.iter().find(|row| row["callType"] == kind).unwrap().clone();
    let allowed = json!({"callType": "INTERNATIONAL", "action": "ALLOW", "transferEnabled": true});
    let transferred =
        json!({"callType": "NATIONAL", "action": "TRANSFER_NUMBER_1", "transferEnabled": false});
    assert_eq!((row("INTERNATIONAL"), row("NATIONAL")), (allowed, transferred));
    let premium = json!({"callType": "PREMIUM_SERVICES_I", "action": "BLOCK", "transferEnabled": false});
    assert_eq!((row("PREMIUM_SERVICES_I"), rows.len()), (premium, 10));
}

#[tokio::test]
async fn people_are_looked_up_once_for_all_rows_and_sent_as_ids() {
    let stated = |csv: Csv| csv.cell("calling_settings_monitoring_people", &format!("{EVA}|{LEO}"));
    let csv = stated(Csv::new().user(ANA, "Madrid")).cell("calling_settings_privacy_people", EVA);
    let csv = stated(csv.user("iris@example.com", "Madrid"));
    let people = [ANA, EVA, LEO, "iris@example.com"].map(str::to_owned);
    let bench = Bench::with(&csv, SimConfig::with_org(madrid(people))).await;
    bench.run().await.expect(0);
    for email in [EVA, LEO] {
        let asked = bench.calls(Operation::PeopleList);
        assert_eq!(asked.iter().filter(|call| call.key.as_deref() == Some(email)).count(), 1, "{email}");
    }
    let id = |email: &str| bench.sim.org().person(email).unwrap().id.clone();
    let features = bench.sim.org().person(ANA).unwrap().features.clone();
    assert_eq!(features["monitoring"]["monitoredElements"], json!([id(EVA), id(LEO)]));
    assert_eq!(features["privacy"]["monitoringAgents"], json!([id(EVA)]));
}

/// Enough rows that the lists of people and numbers cost less than asking for each.
fn many(prefix: &str, column: &str, text: &str) -> (Csv, OrgSeed) {
    let emails: Vec<String> = (0..20).map(|number| format!("u{number}@example.com")).collect();
    let rows = (1000..).zip(&emails).fold(Csv::new(), |csv, (extension, email)| {
        let csv = match prefix {
            "final_settings_" => csv.assignment(email, "Madrid", &format!("{extension}")),
            _ => csv.user(email, "Madrid"),
        };
        csv.cell(&format!("{prefix}{column}"), text)
    });
    (rows, madrid(emails))
}

#[tokio::test]
async fn people_who_are_in_the_list_are_not_looked_up() {
    let (csv, org) = many("calling_settings_", "monitoring_people", "u7@example.com");
    let bench = Bench::with(&csv, SimConfig::with_org(org)).await;
    bench.run().await.expect(0);
    let asked = bench.calls(Operation::PeopleList);
    assert!(asked.iter().all(|call| call.key.is_none()), "{:?}", asked.last());
    assert_eq!(puts(&bench).len(), 20);
}

#[tokio::test]
async fn the_list_says_of_an_assignment_row_too_that_the_licence_is_standard() {
    let (csv, mut org) = many("final_settings_", "call_captions_enabled", "true");
    org.people.iter_mut().for_each(|person| person.calling.as_mut().unwrap().license = STANDARD.to_owned());
    let bench = Bench::with(&csv, SimConfig::with_org(org)).await;
    bench.run().await.expect(3);
    let row = bench.row("extension_assignment", "Madrid/1000");
    row.expect_pending("precondition_missing", "apply_final_settings");
    assert!(bench.calls(Operation::FeatureGet).is_empty(), "{row:?}");
}

#[tokio::test]
async fn an_unknown_person_stops_the_row_before_any_setting_is_written() {
    let csv = ana(&[("do_not_disturb_enabled", "true"), ("receptionist_people", "nobody@example.com")]);
    let bench = on(&csv).await;
    bench.run().await.expect(3);
    let row = bench.row("user", ANA);
    row.expect_pending("precondition_missing", "user_apply_calling_settings");
    assert!(row.message.unwrap().contains("nobody@example.com"));
    assert!(puts(&bench).is_empty());
}

#[tokio::test]
async fn a_failing_look_up_is_not_remembered() {
    let stated = |csv: Csv| csv.cell("calling_settings_monitoring_people", EVA);
    let csv = stated(stated(Csv::new().user(ANA, "Madrid")).user(LEO, "Madrid"));
    let bench = on(&csv).await.env("MAX_CONCURRENCY", "1").env("MAX_RETRIES", "0");
    bench.sim.add_fault(format!("people_list#1@{EVA}:status=503").parse().unwrap());
    bench.run().await.expect(3);
    bench.row("user", ANA).expect_pending("retry_exhausted", "user_apply_calling_settings");
    bench.row("user", LEO).expect_success();
}

#[tokio::test]
async fn the_second_of_two_puts_refused_is_half_applied_and_names_its_object() {
    let csv = ana(&[("do_not_disturb_enabled", "true"), ("barge_in_enabled", "true")]);
    let bench = on(&csv).await;
    bench.sim.add_fault("feature_put@bargeIn:status=400".parse().unwrap());
    bench.run().await.expect(3);
    let row = bench.row("user", ANA);
    row.expect_pending("half_applied", "user_apply_calling_settings");
    assert!(row.message.unwrap().starts_with("bargeIn: "));
    let recorded = "SELECT group_concat(feature || ' ' || applied, ', ' ORDER BY call_id) FROM calls_of_row WHERE mutating = 1";
    let recorded: String = bench.database().query_row(recorded, [], |row| row.get(0)).unwrap();
    assert_eq!(recorded, "doNotDisturb 1, bargeIn 0");
    bench.check_invariants();
}

#[tokio::test]
async fn what_standard_does_not_have_is_said_before_any_call() {
    let csv = ana(&[("call_captions_enabled", "true"), ("do_not_disturb_enabled", "true")]);
    let mut org = madrid([ANA.to_owned()]);
    org.people[0].calling.as_mut().unwrap().license = STANDARD.to_owned();
    let bench = Bench::with(&csv, SimConfig::with_org(org)).await;
    bench.run().await.expect(3);
    let row = bench.row("user", ANA);
    row.expect_pending("precondition_missing", "user_apply_calling_settings");
    assert!(row.message.unwrap().contains("Professional"));
    assert!(bench.calls(Operation::FeatureGet).is_empty() && puts(&bench).is_empty());
}

#[tokio::test]
async fn refusals_of_settings_have_their_reasons() {
    let not_calling = r#"status=404,body={"errors":[{"errorCode":4008}]}"#;
    let professional = r#"status=405,body={"errors":[{"errorCode":25409}]}"#;
    for (operation, refusal, words) in [
        ("feature_get", not_calling, "4008"),
        ("feature_get", professional, "needs a Professional licence"),
        ("feature_put", professional, "needs a Professional licence"),
    ] {
        let csv = ana(&[("barge_in_enabled", "true")]);
        let bench = on(&csv).await;
        bench.sim.add_fault(format!("{operation}:{refusal}").parse().unwrap());
        bench.run().await.expect(3);
        let row = bench.row("user", ANA);
        row.expect_pending("precondition_missing", "user_apply_calling_settings");
        assert!(row.message.as_deref().unwrap().contains(words), "{row:?}");
    }
}

#[tokio::test]
async fn permissions_that_are_not_in_the_one_place_are_looked_for_in_the_other() {
    let bench = on(&ana(&[("outgoing_permissions", "INTERNATIONAL=ALLOW")])).await;
    bench.sim.add_fault("feature_get#1:status=404".parse().unwrap());
    bench.run().await.expect(0);
    let mut calls = bench.calls(Operation::FeatureGet);
    calls.extend(puts(&bench));
    let telephony: Vec<bool> =
        calls.iter().map(|call| call.path.contains("/telephony/config/people/")).collect();
    assert_eq!(telephony, [false, true, true, true], "two reads, a read back and the write");
}

#[tokio::test]
async fn a_standard_licence_that_lacks_a_setting_is_told_by_webex() {
    let csv = ana(&[("executive_assistant_type", "EXECUTIVE")]);
    let mut org = madrid([ANA.to_owned()]);
    org.people[0].calling.as_mut().unwrap().license = STANDARD.to_owned();
    let bench = Bench::with(&csv, SimConfig::with_org(org)).await;
    bench.run().await.expect(3);
    let row = bench.row("user", ANA);
    row.expect_pending("precondition_missing", "user_apply_calling_settings");
    assert!(row.message.as_deref().unwrap().contains("needs a Professional licence"), "{row:?}");
    assert!(puts(&bench).is_empty());
}

#[tokio::test]
async fn settings_that_cannot_be_read_are_not_written_over() {
    for body in ["{}", "[]", r#"{"monitoredElements":[{"member":{}}]}"#] {
        let csv = ana(&[("monitoring_call_park_notification_enabled", "true")]);
        let bench = on(&csv).await;
        bench.sim.add_fault(format!("feature_get:status=200,body={body}").parse().unwrap());
        bench.run().await.expect(3);
        bench.row("user", ANA).expect_pending("invalid_response_schema", "user_apply_calling_settings");
        assert!(puts(&bench).is_empty(), "{body}");
    }
}
