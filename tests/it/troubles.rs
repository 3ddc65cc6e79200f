//! Every message that `docs/troubles.md` shows is one that wxbulk really prints: each section of it has a story that brings
//! the trouble about, and whoever changes a text has to change the document too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "helpers of tests")]

use std::collections::BTreeSet;

use crate::support::{Bench, Csv};
use wxbulk::sim::{LicenseSeed, LocationSeed, OrgSeed, PROFESSIONAL, PersonSeed, Pstn, SimConfig};

const TROUBLES: &str = include_str!("../../docs/troubles.md");

const ANA: &str = "ana.garcia@example.com";
const LEO: &str = "leo.vidal@example.com";
const BEA: &str = "bea.soto@example.com";
const NUMBER: &str = "+34911000001";
const TAKEN: &str = "+34911000009";

/// The sections that have messages, each with a test below.
const TOLD: &[&str] = &[
    "No units left",
    "Professional and Standard",
    "The licence wants an extension or a location",
    "Only a part was applied (206)",
    "Accepted, and yet not applied",
    "Held by somebody else, or in another location",
    "Not in service",
    "The location has no PSTN, or one that keeps its numbers",
    "Refused without a reason",
    "Settings that name people",
    "People whom Webex Calling does not know",
    "In use",
    "Wrong length",
    "Created, but not enabled for calling",
    "Language",
    "Name and time zone",
];

/// The messages of the document, each with the heading above it.
fn messages() -> impl Iterator<Item = (&'static str, &'static str)> {
    let mut heading = "";
    TROUBLES.lines().filter_map(move |line| {
        if line.starts_with('#') {
            heading = line.trim_start_matches('#').trim();
        }
        let message = line.strip_prefix("    ").filter(|line| !line.starts_with("wxbulk "))?;
        Some((heading, message))
    })
}

#[test]
fn every_section_with_messages_has_its_story() {
    let sections: BTreeSet<&str> = messages().map(|(heading, _)| heading).collect();
    assert_eq!(sections, TOLD.iter().copied().collect());
}

/// What runs told: on the terminal and of each row.
#[derive(Default)]
struct Told(String);

impl Told {
    /// Runs a file in this organisation while a fault is in force; an empty text is none.
    async fn run(&mut self, csv: &Csv, org: OrgSeed, fault: &str) -> &mut Told {
        let bench = Bench::with(csv, SimConfig::with_org(org)).await;
        if !fault.is_empty() {
            bench.sim.add_fault(fault.parse().unwrap());
        }
        self.0 += &bench.run().await.expect(3).text();
        self.0 += &bench.file("results.csv").replace("\"\"", "\"");
        self
    }

    #[track_caller]
    fn shows_all_of(&self, section: &str) {
        let mut shown = 0;
        for (_, message) in messages().filter(|(heading, _)| *heading == section) {
            assert!(self.0.contains(message), "{section}: nobody said\n{message}\n--- but\n{}", self.0);
            shown += 1;
        }
        assert!(shown > 0, "{section} shows no message");
    }
}

/// Ana and Leo of Madrid, which is in Webex.
fn two() -> Csv {
    let users = Csv::new().user(ANA, "Madrid").user(LEO, "Madrid");
    users.assignment(ANA, "Madrid", "1001").assignment(LEO, "Madrid", "1002")
}

fn ana() -> Csv {
    Csv::new().person(ANA, "Madrid", "1001")
}

/// Ana with a number, in this location.
fn numbered(number: &str, location: &str) -> Csv {
    Csv::new().person(ANA, location, "1001").cell("phone_number", number)
}

fn people() -> OrgSeed {
    OrgSeed::with_people([ANA, LEO])
}

fn madrid() -> OrgSeed {
    people().location(LocationSeed::calling("Madrid").pstn(Pstn::LocalGateway))
}

/// Bea has a line in Madrid.
fn with_bea() -> OrgSeed {
    let bea = PersonSeed::new(BEA).calling("Madrid", "1002").phone_number(TAKEN);
    madrid().person(bea)
}

fn refused(operation: &str, code: u32, text: &str) -> String {
    let message = if text.is_empty() { String::new() } else { format!(r#""message":"{text}","#) };
    format!(r#"{operation}:status=400,body={{{message}"errors":[{{"errorCode":{code}}}]}}"#)
}

#[tokio::test]
async fn no_units_left() {
    let licence = LicenseSeed { units: 1, workspaces: 1, ..LicenseSeed::new(PROFESSIONAL) };
    let org = OrgSeed { licenses: vec![licence], ..madrid() };
    let mut told = Told::default();
    told.run(&two(), org, "").await.shows_all_of("No units left");
}

#[tokio::test]
async fn professional_and_standard() {
    let section = "Professional and Standard";
    let csv = Csv::new().user(ANA, "Madrid").cell("calling_license", "standard");
    let holds = OrgSeed::default().location(LocationSeed::calling("Madrid"));
    let mut told = Told::default();
    told.run(&csv, holds.person(PersonSeed::new(ANA).calling("Madrid", "1001")), "").await;
    told.run(&ana(), madrid(), &refused("licenses_users_patch", 400_404, section))
        .await
        .shows_all_of(section);
}

#[tokio::test]
async fn the_licence_wants_an_extension_or_a_location() {
    let fault =
        refused("licenses_users_patch", 400_411, "Location id is required when no phone number is given");
    let mut told = Told::default();
    told.run(&ana(), madrid(), &fault).await.shows_all_of("The licence wants an extension or a location");
}

#[tokio::test]
async fn only_a_part_was_applied() {
    let mut told = Told::default();
    told.run(&ana(), madrid(), "licenses_users_patch:partial").await;
    told.shows_all_of("Only a part was applied (206)");
}

#[tokio::test]
async fn held_by_somebody_else_or_in_another_location() {
    let mut told = Told::default();
    told.run(&numbered(TAKEN, "Madrid"), with_bea(), "").await;
    told.run(&numbered(TAKEN, "Lugo"), with_bea().location(LocationSeed::calling("Lugo")), "").await;
    told.shows_all_of("Held by somebody else, or in another location");
}

#[tokio::test]
async fn not_in_service() {
    let fault = refused("numbers_add", 27966, "The number is not in service");
    let mut told = Told::default();
    told.run(&numbered(NUMBER, "Madrid"), madrid(), &fault).await.shows_all_of("Not in service");
}

#[tokio::test]
async fn the_location_has_no_pstn_or_one_that_keeps_its_numbers() {
    let mut told = Told::default();
    let absent = r#"numbers_add:status=404,body={"message":"Not found"}"#;
    told.run(&numbered(NUMBER, "Madrid"), madrid(), absent).await;
    let csv = Csv::new().location("Madrid").cell("location_settings_pstn_connection", "Cisco Calling Plans");
    told.run(&csv, people(), "").await;
    told.shows_all_of("The location has no PSTN, or one that keeps its numbers");
}

#[tokio::test]
async fn refused_without_a_reason() {
    let mut told = Told::default();
    told.run(&numbered(NUMBER, "Madrid"), madrid(), r#"numbers_add:status=400,body="""#).await;
    told.shows_all_of("Refused without a reason");
}

#[tokio::test]
async fn settings_that_name_people() {
    let mut told = Told::default();
    let names = "calling_settings_monitoring_people";
    let csv = Csv::new().user(ANA, "Madrid").cell(names, LEO);
    let without_calling = OrgSeed::with_people([LEO]).location(LocationSeed::calling("Madrid"));
    let ana = PersonSeed::new(ANA).calling("Madrid", "1001");
    told.run(&csv, without_calling.person(ana), "").await;
    let csv = Csv::new().location("Madrid").user(ANA, "Madrid").cell(names, LEO).user(LEO, "Madrid");
    let csv = csv.assignment(ANA, "Madrid", "1001").assignment(LEO, "Madrid", "1002");
    told.run(&csv, people().units(PROFESSIONAL, 1), "").await;
    told.shows_all_of("Settings that name people");
    let waits = "the person leo.vidal@example.com has no calling (user row 3, pending)";
    assert!(TROUBLES.contains(&format!("`{waits}`")) && told.0.contains(waits), "{}", told.0);
}

#[tokio::test]
async fn people_whom_webex_calling_does_not_know() {
    let csv = Csv::new().user(ANA, "Madrid").cell("calling_settings_hoteling_enabled", "true");
    let unknown =
        r#"feature_get:status=404,body={"message":"User not found.","errors":[{"errorCode":4003}]}"#;
    let ana = PersonSeed::new(ANA).calling("Madrid", "1001");
    let org = OrgSeed::default().location(LocationSeed::calling("Madrid")).person(ana);
    let mut told = Told::default();
    told.run(&csv, org, unknown).await.shows_all_of("People whom Webex Calling does not know");
}

#[tokio::test]
async fn an_extension_in_use() {
    let mut told = Told::default();
    let csv = Csv::new().person(ANA, "Madrid", "1002");
    told.run(&csv, with_bea(), "").await;
    told.run(&csv, madrid(), &refused("licenses_users_patch", 4202, "")).await.shows_all_of("In use");
}

/// A file that no row of is accepted as it stands.
async fn checked() -> Told {
    let csv = Csv::new().location("Lugo").cell("announcement_language", "español").location("Vigo");
    let csv = csv.location(&"Lugo".repeat(21)).assignment(ANA, "Vigo", "7");
    let bench = Bench::new(&csv).await;
    std::fs::write(bench.csv_path().with_file_name("bad.csv"), csv.text()).unwrap();
    Told(bench.wxbulk(&["ingest", "bad.csv", "--check"]).await.expect(3).text())
}

#[tokio::test]
async fn an_extension_of_a_wrong_length() {
    let mut told = checked().await;
    let org = OrgSeed { extension_length: (4, 4), ..madrid() };
    told.run(&Csv::new().person(ANA, "Madrid", "12"), org, "").await;
    told.run(&ana(), madrid(), &refused("licenses_users_patch", 4909, "")).await.shows_all_of("Wrong length");
}

#[tokio::test]
async fn created_but_not_enabled_for_calling() {
    let section = "Created, but not enabled for calling";
    let mut told = Told::default();
    let csv = Csv::new().location("Madrid").person(ANA, "Madrid", "1001");
    told.run(&csv, people(), "calling_location_enable:status=400").await;
    let fault = r#"licenses_users_patch:status=400,body={"message":"Calling flag not set"}"#;
    told.run(&ana(), madrid(), fault).await.shows_all_of(section);
}

#[tokio::test]
async fn a_language() {
    let mut told = checked().await;
    let fault = refused("calling_location_enable", 25046, "Invalid language code");
    told.run(&Csv::new().location("Madrid"), people(), &fault).await.shows_all_of("Language");
}

#[tokio::test]
async fn a_name() {
    checked().await.shows_all_of("Name and time zone");
}

#[tokio::test]
async fn what_webex_takes_and_does_not_keep() {
    let csv = Csv::new().location("Madrid").cell("location_settings_main_number", NUMBER);
    let org = OrgSeed::default().location(LocationSeed::calling("Madrid").numbers([NUMBER]));
    let fault = "calling_location_update:silent=callingLineId.phoneNumber";
    Told::default().run(&csv, org, fault).await.shows_all_of("Accepted, and yet not applied");
}
