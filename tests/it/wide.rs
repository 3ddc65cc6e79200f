//! `docs/examples/completo.csv` fills every column, and what its cells say is what Webex then has.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests"
)]

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use crate::support::{Bench, Csv};
use serde_json::{Value, json};
use wxbulk::domain::{
    AssignmentRecord, LocationRecord, NumberState, PstnChoice, Record, SettingValue, Settings, UserRecord,
    columns,
};
use wxbulk::ingest::{self, IngestSettings};
use wxbulk::sim::{
    Habits, LocationSeed, LocationState, OrgSeed, OrgState, PROFESSIONAL, PersonSeed, Pstn, STANDARD,
    SimConfig, Spelling,
};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/examples/completo.csv");
const TEXT: &str = include_str!("../../docs/examples/completo.csv");

/// Whom settings name, and who have no rows.
const COLLEAGUES: [&str; 2] = ["pablo.serrano@example.com", "nuria.castro@example.com"];

/// The rows: names of the filled cells, and what was read of them.
fn rows() -> Vec<(Vec<String>, Record)> {
    let settings = IngestSettings { max_rows: 100, default_language: None, delimiter: None, encoding: None };
    let rows = ingest::open(Path::new(FILE), &settings).unwrap();
    rows.map(|row| {
        let accepted = row.unwrap().verdict.expect("every row is accepted");
        (accepted.cells.iter().map(|(name, _)| name.to_owned()).collect(), accepted.record)
    })
    .collect()
}

/// The organisation before the job, with these habits.
async fn bench(habits: Habits) -> Bench {
    let people = rows().into_iter().filter_map(|(_, record)| match record {
        Record::User(user) => Some(user.email.to_string()),
        Record::Location(_) | Record::Assignment(_) => None,
    });
    let org = OrgSeed {
        trunks: vec!["Troncal Sur".into()],
        route_groups: vec!["Grupo Sur".into()],
        pstn_of_new_locations: None,
        ..OrgSeed::with_people(people).location(LocationSeed::calling("Elsewhere"))
    };
    let org = COLLEAGUES.iter().zip(["7001", "7002"]).fold(org, |org, (email, extension)| {
        org.person(PersonSeed::new(*email).calling("Elsewhere", extension))
    });
    let bench = Bench::with(&Csv::new(), SimConfig { habits, ..SimConfig::with_org(org) }).await;
    bench.write_csv(TEXT);
    bench
}

#[test]
fn every_column_of_the_schema_is_filled_on_every_kind_of_row_that_may() {
    let rows = rows();
    let filled: BTreeSet<_> = rows
        .iter()
        .flat_map(|(names, record)| names.iter().map(|name| (name.clone(), record.entity())))
        .collect();
    let known = columns();
    let headers: BTreeSet<_> = TEXT.lines().next().unwrap().split(',').collect();
    for column in &known {
        assert!(headers.contains(column.name.as_str()), "{} is not in the file", column.name);
        let somewhere = column.on.iter().any(|(entity, _)| filled.contains(&(column.name.clone(), *entity)));
        assert!(somewhere, "no row fills {}", column.name);
    }
    assert_eq!(headers.len(), known.len(), "the file has columns that the schema does not have");
}

#[tokio::test]
async fn the_job_ends_with_every_cell_in_place_and_the_second_writes_nothing() {
    ends_with_everything_in_place(bench(Habits::default()).await).await;
}

/// What logs and live tests of organisations show, all at once; numbers without their country code too.
#[tokio::test]
async fn so_it_does_where_webex_answers_as_real_organisations_do() {
    for spelling in [Spelling::Hyphen, Spelling::National] {
        let back_end_lag = Duration::from_millis(300);
        let habits = Habits { spelling, back_end_lag, ..Habits::real() };
        ends_with_everything_in_place(bench(habits).await.env("SETTLE_SECONDS", "1")).await;
    }
}

async fn ends_with_everything_in_place(bench: Bench) {
    bench.run().await.expect(0);
    bench.check_invariants();
    let org = bench.sim.org();
    for (_, record) in rows() {
        match record {
            Record::Location(location) => location_is_there(&org, &location),
            Record::User(user) => user_is_there(&org, &user),
            Record::Assignment(assignment) => assignment_is_there(&org, &assignment),
        }
    }

    let before = bench.writes().len();
    let csv = bench.csv_path().display().to_string();
    bench.wxbulk(&["run", &csv, "--output-dir", "again"]).await.expect(0);
    assert_eq!(bench.writes().len(), before, "the second run wrote");
    let database = crate::support::open(&bench.output().with_file_name("again").join("wxbulk.db"));
    let states = "SELECT count(*), coalesce(sum(state != 'unchanged'), 0) FROM steps";
    let (steps, changed): (i64, i64) =
        database.query_row(states, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    assert!(steps > 0 && changed == 0, "{changed} of {steps} steps changed something");
}

#[track_caller]
fn location_is_there(org: &OrgState, row: &LocationRecord) {
    let [there] = org.locations_named(row.name.as_deref().unwrap())[..] else { panic!("one {:?}", row.name) };
    assert_eq!((&there.time_zone, there.calling), (&row.time_zone, true));
    assert_eq!(there.preferred_language.to_lowercase(), row.preferred_language);
    let address = json!([
        row.address.line1,
        row.address.city,
        row.address.state,
        row.address.postal_code,
        row.address.country
    ]);
    let shown: Vec<&Value> =
        ["address1", "city", "state", "postalCode", "country"].map(|name| &there.address[name]).into();
    assert_eq!(json!(shown), address);
    assert_eq!(there.address.get("address2").and_then(Value::as_str), row.address.line2.as_deref());
    let notes = there.notes.as_deref().unwrap();
    assert!(notes.contains(row.external_id.as_deref().unwrap()), "{notes}");
    assert!(notes.contains(row.notes.as_deref().unwrap_or_default()), "{notes}");
    calling_is_there(org, there, row);
}

#[track_caller]
fn calling_is_there(org: &OrgState, there: &LocationState, row: &LocationRecord) {
    let settings = &row.settings;
    let (pstn, by_route) = match settings.pstn.as_ref().unwrap() {
        PstnChoice::LocalGateway(_) => (Pstn::LocalGateway, true),
        PstnChoice::Option(_) => (Pstn::NonIntegratedCcp, false),
    };
    assert_eq!((there.pstn, there.pstn_route.is_some()), (Some(pstn), by_route));
    for number in &settings.numbers {
        let number = org.number(number.as_str()).expect("the number is in the inventory");
        assert_eq!(number.location, there.name);
        let state = if number.active { NumberState::Active } else { NumberState::Inactive };
        assert_eq!(Some(state), settings.number_state, "{number:?}");
    }
    let stated = &settings.details;
    assert_eq!(there.main_number.as_deref(), stated.main_number.as_ref().map(|number| number.as_str()));
    assert_eq!(there.routing_prefix, stated.routing_prefix);
    let language = stated.announcement_language.as_ref().unwrap_or(&row.announcement_language);
    assert_eq!(there.announcement_language.as_ref(), Some(language));
    assert!(
        !stated.existing_too || there.feature_language.as_ref() == Some(language),
        "what exists speaks it too"
    );
    let caller = there.details.pointer("/callingLineName").or(there.details.pointer("/callingLineId/name"));
    holds(caller, stated.caller_id_name.as_ref().map(|name| json!(name)));
    let detail = |name: &str| there.details.get(name);
    holds(detail("externalCallerIdName"), stated.external_caller_id_name.as_ref().map(|name| json!(name)));
    holds(detail("outsideDialDigit"), stated.outside_dial_digit.as_ref().map(|digit| json!(digit)));
    holds(detail("enforceOutsideDialDigit"), stated.enforce_outside_dial_digit.map(|on| json!(on)));
    if let Some(route) = &settings.unknown_extensions {
        let dialing = &there.settings["internalDialing"];
        assert_eq!(dialing["enableUnknownExtensionRoutePolicy"], true);
        assert_eq!(dialing["unknownExtensionRouteIdentity"]["type"], route.kind.as_str());
    }
    for permission in &settings.outgoing_permissions {
        let rows = there.settings["outgoingPermission"]["callingPermissions"].clone();
        assert!(allows(&rows, permission), "{permission:?} in {rows}");
    }
}

#[track_caller]
fn holds(there: Option<&Value>, stated: Option<Value>) {
    if stated.is_some() {
        assert_eq!(there, stated.as_ref());
    }
}

#[track_caller]
fn user_is_there(org: &OrgState, row: &UserRecord) {
    let person = org.person(row.email.as_str()).unwrap();
    let standard = row.license.as_ref().is_some_and(|license| license.to_string() == "standard");
    assert_eq!(person.license_names, [if standard { STANDARD } else { PROFESSIONAL }]);
    settings_are_there(org, row.email.as_str(), &row.settings);
}

#[track_caller]
fn assignment_is_there(org: &OrgState, row: &AssignmentRecord) {
    let person = org.person(row.email.as_str()).unwrap();
    let extension = row.line.extension().map(|extension| extension.as_str());
    let number = row.line.number().map(|number| number.as_str());
    assert_eq!((person.extension.as_deref(), person.phone_number.as_deref()), (extension, number));
    for alternate in &row.alternate_numbers {
        let number = org.number(alternate.as_str()).unwrap();
        let owner = number.owner.as_ref().map(|(_, id)| id);
        assert_eq!((number.alternate, owner), (true, Some(&person.id)), "{alternate}");
    }
    settings_are_there(org, row.email.as_str(), &row.settings);
}

/// Every stated setting is where the catalogue says that it is.
#[track_caller]
fn settings_are_there(org: &OrgState, email: &str, settings: &Settings) {
    let features = &org.person(email).unwrap().features;
    for (feature, stated) in settings.by_feature() {
        let path = feature.spec().path;
        let body = &features[if path.is_empty() { feature.as_str() } else { path }];
        for (setting, value) in stated {
            let there = body.pointer(setting.field).unwrap_or(&Value::Null);
            let id = |email: &str| json!(org.person(email).unwrap().id);
            let wanted = match value {
                SettingValue::Bool(on) => json!(on),
                SettingValue::Integer(number) => json!(number),
                SettingValue::Text(text) => json!(text),
                SettingValue::Nothing => Value::Null,
                SettingValue::Person(person) => id(person.as_str()),
                SettingValue::People(people) => people.iter().map(|person| id(person.as_str())).collect(),
                SettingValue::Permissions(permissions) => {
                    assert!(permissions.iter().all(|permission| allows(there, permission)), "{there}");
                    continue;
                }
            };
            assert_eq!(*there, wanted, "{} of {email}", setting.name);
        }
    }
}

fn allows(rows: &Value, permission: &wxbulk::domain::Permission) -> bool {
    let mut rows = rows.as_array().into_iter().flatten();
    rows.any(|row| {
        row["callType"] == permission.call_type.as_str()
            && row["action"] == permission.action.as_str()
            && row["transferEnabled"] == permission.transfer
    })
}

#[tokio::test]
async fn it_can_be_rehearsed_as_it_is() {
    let bench = bench(Habits::default()).await.env("DEFAULT_LANGUAGE", "es_es");
    let rehearsed = bench.wxbulk(&["rehearse", FILE, "--json"]).await.expect(0);
    let report: Value = serde_json::from_str(&rehearsed.stdout).unwrap();
    let rows = rows().len();
    assert_eq!((&report["first"]["success"], &report["second"]["success"]), (&json!(rows), &json!(rows)));
    assert_eq!(report["second"]["writes"], 0);
}
