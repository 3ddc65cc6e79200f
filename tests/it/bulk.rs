//! Look-ups come from lists where that costs fewer requests, and from single reads where a list lacks or fails.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "helpers of tests")]

use crate::support::{Bench, Csv, site};
use wxbulk::sim::{Exchange, Fault, IdForm, LocationSeed, Operation, OrgSeed, SimConfig};

/// Look-ups of single people.
fn single_people(bench: &Bench) -> usize {
    bench.calls(Operation::PeopleList).iter().filter(|call| call.path.contains("email=")).count()
}

/// Pages of the list of people.
fn people_pages(bench: &Bench) -> Vec<Exchange> {
    bench.calls(Operation::PeopleList).into_iter().filter(|call| !call.path.contains("email=")).collect()
}

/// An organisation with the people of the file among many others.
fn large_org(csv: &Csv, others: usize) -> SimConfig {
    let others = (0..others).map(|number| format!("other{number}@example.com"));
    SimConfig::with_org(OrgSeed::with_people(others.chain(csv.emails())))
}

#[tokio::test]
async fn a_job_costs_its_writes_and_a_few_pages() {
    let bench = Bench::new(&site(120)).await;
    bench.run().await.expect(0);
    assert_eq!(bench.writes().len(), 2 + 120);
    assert_eq!((single_people(&bench), people_pages(&bench).len()), (0, 1), "{:?}", people_pages(&bench));
    let numbers = bench.calls(Operation::NumbersList);
    assert!(
        numbers.iter().all(|call: &Exchange| !call.path.contains("extension=")),
        "no row is asked for alone"
    );
    bench.check_invariants();

    let before = bench.sim.journal().len();
    let csv = bench.csv_path().display().to_string();
    bench.wxbulk(&["run", &csv, "--output-dir", "another"]).await.expect(0);
    assert_eq!(bench.writes().len(), 2 + 120, "a second job writes nothing");
    assert!(bench.sim.journal().len() - before < 25, "{}", bench.sim.journal().len() - before);
}

#[tokio::test]
async fn a_small_file_in_a_large_organisation_asks_for_its_people_alone() {
    let csv = site(6);
    let bench = Bench::with(&csv, large_org(&csv, 2_000)).await;
    bench.run().await.expect(0);
    assert_eq!(single_people(&bench), 6);
    let tried = people_pages(&bench).len();
    assert!(tried <= 3, "no more than half as many pages as rows: {tried}");

    // Known to be long, the list is not even begun the next time.
    let more = site(7).text();
    bench.write_csv(&more);
    let path = bench.csv_path().display().to_string();
    bench.wxbulk(&["ingest", "--amend", &path]).await.expect(0);
    bench.wxbulk(&["run"]).await.expect(3);
    assert_eq!(people_pages(&bench).len(), tried);
}

#[tokio::test]
async fn pages_that_are_too_slow_are_read_smaller_and_then_row_by_row() {
    // Each size is tried twice.
    for (slow, sizes, singles) in [(2, vec![500, 100], 0), (6, vec![500, 100, 50], 60)] {
        let bench = Bench::new(&site(60)).await;
        bench.sim.add_fault(format!("people_list#1-{slow}:status=504").parse().unwrap());
        bench.run().await.expect(0);
        let mut asked: Vec<u32> = people_pages(&bench).iter().map(size_of).collect();
        asked.dedup();
        assert_eq!(asked, sizes, "sizes of pages");
        assert_eq!(single_people(&bench), singles);
        bench.check_invariants();
    }
}

fn size_of(call: &Exchange) -> u32 {
    let (_, rest) = call.path.split_once("max=").expect("a page has a size");
    rest.split('&').next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_size_of_pages_that_is_refused_is_followed_by_the_documented_one() {
    let bench = Bench::new(&site(60)).await;
    bench.sim.add_fault("people_list#1:status=400".parse().unwrap());
    bench.run().await.expect(0);
    assert_eq!(people_pages(&bench).iter().map(size_of).collect::<Vec<_>>(), [500, 100]);
    assert_eq!(single_people(&bench), 0);
}

#[tokio::test]
async fn a_list_that_is_refused_costs_look_ups_and_no_row() {
    let bench = Bench::new(&site(40)).await;
    bench.sim.add_fault(Fault::on(Operation::PeopleList).calls(wxbulk::sim::Calls::only(1)).status(403));
    bench.run().await.expect(0);
    assert_eq!(single_people(&bench), 40);
}

#[tokio::test]
async fn what_does_not_hang_together_is_asked_for_side_by_side() {
    use Operation::{CallingLocationsList, LicensesList, LocationsList, NumbersList, TokenExpiry};
    // The first list of locations is the start-up check's, the second that of phase 1.
    for (refused, others) in
        [(1, vec![NumbersList, LicensesList, TokenExpiry]), (2, vec![CallingLocationsList])]
    {
        let bench = Bench::new(&site(1)).await;
        let call = wxbulk::sim::Calls::only(refused);
        bench.sim.add_fault(Fault::on(LocationsList).calls(call).status(403));
        bench.run().await.expect(if refused == 1 { 11 } else { 16 });
        for operation in others {
            assert_eq!(bench.calls(operation).len(), 1, "{operation:?}");
        }
    }
}

#[tokio::test]
async fn whom_the_list_lacks_is_looked_up_before_it_is_said() {
    let csv = site(40).person("late@example.com", "Madrid", "1900");
    let bench = Bench::with(&csv, SimConfig::with_org(OrgSeed::with_people(site(40).emails()))).await;
    bench.run().await.expect(3);
    assert_eq!(single_people(&bench), 1);
    bench.row("user", "late@example.com").expect_pending("user_not_found", "user_lookup");
}

#[tokio::test]
async fn old_lists_are_read_anew_in_the_middle_of_a_phase() {
    let bench = Bench::new(&site(60)).await.env("LISTS_MAX_AGE_SECONDS", "0").env("BATCH_SIZE", "20");
    bench.run().await.expect(0);
    let lists = people_pages(&bench).len();
    assert!(lists >= 3, "one a batch: {lists}");
    bench.check_invariants();
}

#[tokio::test]
async fn what_another_run_read_serves_nobody() {
    let bench = Bench::new(&site(40)).await;
    bench.run().await.expect(0);
    let database = rusqlite::Connection::open(bench.output().join("wxbulk.db")).unwrap();
    database
        .execute_batch("UPDATE seen_people SET remote_id = 'x'; UPDATE seen_numbers SET owner_id = 'x'; UPDATE seen_locations SET remote_id = 'x'")
        .unwrap();
    drop(database);
    bench.wxbulk(&["ingest", "--amend", &bench.csv_path().display().to_string(), "--retry"]).await.expect(0);
    let more = site(41).text();
    bench.write_csv(&more);
    bench.wxbulk(&["ingest", "--amend", &bench.csv_path().display().to_string()]).await.expect(0);
    bench.wxbulk(&["run"]).await.expect(3);
    assert_eq!(bench.count("SELECT count(*) FROM seen_people WHERE remote_id = 'x'"), 0);
}

/// Lists of everything in other spellings than before: another cluster and padding.
fn respell(bench: &Bench, kinds: &[&str]) {
    bench
        .sim
        .set_habits(|habits| habits.id_forms = kinds.iter().map(|kind| IdForm::of_cluster(*kind)).collect());
}

const KINDS: [&str; 3] = ["PEOPLE", "LOCATION", "LICENSE"];

#[tokio::test]
async fn ids_that_are_spelled_otherwise_from_phase_to_phase_name_the_same_things() {
    // Lugo is made in the last run, so that its list of numbers may lag.
    let csv = site(40).location("Lugo");
    let bench = Bench::new(&csv).await;
    bench
        .wxbulk(&["run", &bench.csv_path().display().to_string(), "--phase", "1", "--location", "Madrid"])
        .await;
    bench.wxbulk(&["run", "--phase", "2", "--location", "Madrid"]).await.expect(4);
    assert_eq!(bench.count("SELECT count(*) FROM rows WHERE phase = 2 AND state = 'success'"), 40);
    respell(&bench, &KINDS);
    let before = bench.calls(Operation::NumbersList).len();
    bench.wxbulk(&["run"]).await.expect(0);
    // The start-up check, and the list once: everybody is found in it by the id that phase 2 kept.
    assert_eq!(bench.calls(Operation::NumbersList).len() - before, 2);
    bench.check_invariants();
}

#[tokio::test]
async fn one_spelling_in_lists_and_another_in_single_answers_cost_nothing() {
    let bench = Bench::new(&site(40)).await;
    bench.run().await.expect(0);
    let writes = bench.writes().len();
    respell(&bench, &KINDS);
    let path = bench.csv_path().display().to_string();
    bench.wxbulk(&["run", &path, "--output-dir", "another"]).await.expect(0);
    assert_eq!(bench.writes().len(), writes, "nobody is taken for somebody else");
    // Whoever is asked about gets the id as Webex wrote it, never the form in which ids are compared.
    let bare =
        |call: &Exchange| call.path.split('/').any(|part| part.len() == 36 && part.matches('-').count() == 4);
    assert!(!bench.sim.journal().iter().any(bare));
}

#[tokio::test]
async fn an_entry_that_stands_on_two_pages_is_one() {
    let names = ["Madrid Norte", "Madrid", "Madrid Sur"];
    let org = names.iter().fold(OrgSeed::default(), |org, name| org.location(LocationSeed::calling(*name)));
    let config = SimConfig { page_cap: Some(2), ..SimConfig::with_org(org) };
    let bench = Bench::with(&Csv::new().location("Madrid"), config).await;
    bench.sim.set_habits(|habits| habits.repeats_entries = true);
    // The list of the phase lacks it, so that it is looked for by its name before it would be made.
    bench.sim.add_fault(r#"locations_list#2-3:status=200,body={"items":[]}"#.parse().unwrap());
    bench.run().await.expect(0);
    assert_eq!(bench.sim.org().locations.len(), 3);
}
