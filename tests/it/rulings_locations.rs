//! How a location is found, tagged and never made twice (R5, R17), each as a short story.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "helpers of tests")]

use crate::support::{Bench, Csv, RowView};
use wxbulk::sim::{Fault, LocationSeed, LocationState, Operation, OrgSeed, SimConfig};

/// The one row of these tests: a location with an external id.
fn tagged(name: &str, external_id: &str) -> Csv {
    Csv::new().location(name).cell("location_external_id", external_id)
}

/// A location as the rows of these tests state it, so that nothing but the notes can differ.
fn same(name: &str) -> LocationSeed {
    LocationSeed {
        address: serde_json::json!({
            "address1": "Calle Mayor, 1", "city": "Madrid", "state": "Madrid", "postalCode": "28001", "country": "ES",
        }),
        ..LocationSeed::calling(name)
    }
}

async fn bench(csv: &Csv, locations: impl IntoIterator<Item = LocationSeed>) -> Bench {
    Bench::with(csv, config(locations)).await
}

fn config(locations: impl IntoIterator<Item = LocationSeed>) -> SimConfig {
    SimConfig::with_org(locations.into_iter().fold(OrgSeed::default(), OrgSeed::location))
}

fn only_location(bench: &Bench) -> LocationState {
    let locations = bench.sim.org().locations;
    assert_eq!(locations.len(), 1, "{locations:?}");
    locations.into_iter().next().unwrap()
}

/// The file's only row.
fn only_row(bench: &Bench) -> RowView {
    let key = |row: &rusqlite::Row<'_>| row.get::<_, String>(0);
    let key = bench.database().query_row("SELECT entity_key FROM rows", [], key).expect("one row");
    bench.row("location", &key)
}

#[track_caller]
fn expect_ambiguous(bench: &Bench) {
    let row = only_row(bench);
    row.expect_pending("non_retryable_external", "location_lookup");
    assert!(row.message.as_deref().unwrap().contains("ambiguous"), "{row:?}");
    assert!(bench.writes().is_empty());
}

#[tokio::test]
async fn the_tag_is_written_encoded_and_found_again() {
    let csv = tagged("Madrid", "A[1]%");
    let made = bench(&csv, []).await;
    made.run().await.expect(0);
    assert_eq!(only_location(&made).notes.as_deref(), Some("[ext_id=A%5B1%5D%25]"));

    let found = bench(&csv, [same("Another name").notes("[ext_id=A%5B1%5D%25]")]).await;
    found.run().await.expect(0);
    assert_eq!(only_location(&found).name, "Madrid");
}

#[tokio::test]
async fn the_tag_is_appended_to_what_people_wrote() {
    let bench = bench(&tagged("Madrid", "MAD-01"), [same("Madrid").notes("ask for Ana\n\n  by phone")]).await;
    bench.run().await.expect(0);

    assert_eq!(only_location(&bench).notes.as_deref(), Some("ask for Ana\n\n  by phone\n[ext_id=MAD-01]"));
    let update = bench.calls(Operation::LocationUpdate)[0].body.clone().unwrap();
    assert_eq!(
        update.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["notes"],
        "only what differs is sent"
    );
}

#[tokio::test]
async fn notes_that_carry_the_tag_anywhere_are_left_as_they_are() {
    for notes in ["[ext_id=MAD-01]", "before\n[ext_id=MAD-01]\nafter", "[ext_id=MAD-01]\r\nafter"] {
        let bench = bench(&tagged("Madrid", "MAD-01"), [same("Madrid").notes(notes)]).await;
        bench.run().await.expect(0);
        assert!(bench.writes().is_empty(), "{notes:?}");
    }
}

#[tokio::test]
async fn a_row_without_external_id_leaves_a_tag_alone() {
    let csv = Csv::new().location("Madrid").cell("notes", "second floor");
    let bench = bench(&csv, [same("Madrid").notes("[ext_id=MAD-01]")]).await;
    bench.run().await.expect(0);
    assert_eq!(only_location(&bench).notes.as_deref(), Some("second floor\n[ext_id=MAD-01]"));
}

#[tokio::test]
async fn the_tag_comes_before_the_name() {
    let bench = bench(&tagged("Madrid", "MAD-01"), [same("Old name").notes("[ext_id=MAD-01]")]).await;
    bench.run().await.expect(0);
    assert_eq!(only_location(&bench).name, "Madrid");
}

#[tokio::test]
async fn two_hits_stop_the_row() {
    let tag = "[ext_id=MAD-01]";
    for locations in [
        vec![same("One").notes(tag), same("Two").notes(tag)],
        vec![same("Madrid"), same("MADRID")],
        vec![same("One").notes(tag), same("Madrid")],
        vec![same("Madrid").notes(tag), same("Madrid")],
    ] {
        let bench = bench(&tagged("Madrid", "MAD-01"), locations).await;
        bench.run().await.expect(3);
        expect_ambiguous(&bench);
    }
}

#[tokio::test]
async fn a_name_with_another_tag_stops_the_row() {
    for other in ["[ext_id=MAD-02]", "[ext_id=MAD-011]", "[ext_id=mad-01]", "[ext_id=MAD-0]"] {
        let bench = bench(&tagged("Madrid", "MAD-01"), [same("Madrid").notes(other)]).await;
        bench.run().await.expect(3);
        expect_ambiguous(&bench);
    }
}

#[tokio::test]
async fn an_external_id_alone_finds_but_never_creates() {
    let csv = tagged("", "MAD-01");
    let found = bench(&csv, [same("Any name").notes("[ext_id=MAD-01]")]).await;
    found.run().await.expect(0);
    assert_eq!((only_location(&found).name.as_str(), found.writes().len()), ("Any name", 0));

    let absent = bench(&csv, [same("MAD-01").notes("see [ext_id=MAD-01] there")]).await;
    absent.run().await.expect(3);
    only_row(&absent).expect_pending("precondition_missing", "location_lookup");
    assert!(absent.writes().is_empty());
}

#[tokio::test]
async fn names_are_compared_folded() {
    for webex in ["MÁLAGA norte", "Ma\u{301}laga  Norte", " Málaga Norte "] {
        let bench = bench(&Csv::new().location("Málaga Norte"), [same(webex)]).await;
        bench.run().await.expect(0);
        assert!(bench.calls(Operation::LocationCreate).is_empty(), "{webex:?}");
    }
}

#[tokio::test]
async fn a_name_that_only_contains_the_rows_name_is_another_location() {
    let bench = bench(&Csv::new().location("Madrid"), [same("Madrid Norte"), same("Gran Madrid")]).await;
    bench.run().await.expect(0);
    assert_eq!(bench.sim.org().locations_named("Madrid").len(), 1);
}

/// Five locations of which the last one is the row's, on pages of two.
async fn on_the_last_page(csv: &Csv) -> Bench {
    let names = ["A", "B", "C", "D"].map(same);
    let last = same("Madrid").notes("[ext_id=MAD-01]");
    Bench::with(csv, SimConfig { page_cap: Some(2), ..config(names.into_iter().chain([last])) }).await
}

#[tokio::test]
async fn a_location_on_the_last_page_is_found() {
    for csv in [tagged("Madrid", "MAD-01"), tagged("", "MAD-01"), Csv::new().location("Madrid")] {
        let bench = on_the_last_page(&csv).await;
        bench.run().await.expect(0);
        assert!(bench.writes().is_empty());
    }
}

#[tokio::test]
async fn an_empty_page_with_a_next_one_is_not_the_end() {
    for list in ["locations", "telephony/config/locations"] {
        let bench = on_the_last_page(&tagged("Madrid", "MAD-01")).await;
        let operation =
            if list == "locations" { Operation::LocationsList } else { Operation::CallingLocationsList };
        let start = if list == "locations" { "cursor" } else { "start" };
        let next = format!("<{}/{list}?max=2&{start}=4>; rel=\"next\"", bench.sim.base_url());
        let empty = r#"{"items":[],"locations":[]}"#;
        // The start-up check reads one location only; the next read is the first page of the whole list.
        let nth = if operation == Operation::LocationsList { 2 } else { 1 };
        bench.sim.add_fault(Fault::on(operation).nth(nth).status_and_body(200, empty).header("link", next));
        bench.run().await.expect(0);
        assert!(bench.writes().is_empty(), "{list}");
    }
}

#[tokio::test]
async fn a_list_with_a_failed_page_proves_no_absence() {
    for effect in ["status=503", "status=403", "mangle=truncated", "mangle=no_id", "mangle=path_id", "lost"] {
        for page in ["locations_list#3", "calling_locations_list#2"] {
            let bench = on_the_last_page(&Csv::new().location("Sevilla")).await.env("MAX_RETRIES", "0");
            bench.sim.add_fault(format!("{page}:{effect}").parse().unwrap());
            bench.run().await.expect(16);
            assert!(bench.writes().is_empty(), "{page}:{effect}");
            assert_eq!(bench.count("SELECT count(*) FROM rows WHERE state = 'ready'"), 1);
        }
    }
}

#[tokio::test]
async fn a_look_up_before_the_create_that_fails_creates_nothing() {
    for effect in ["status=503", "status=400", "mangle=empty", "mangle=text", "mangle=array", "reset"] {
        let bench = bench(&Csv::new().location("Madrid"), []).await.env("MAX_RETRIES", "0");
        bench.sim.add_fault(format!("locations_list@Madrid:{effect}").parse().unwrap());
        bench.run().await.expect(3);
        assert!(bench.writes().is_empty(), "{effect}");
        assert_eq!(only_row(&bench).state, "pending");
    }
}

#[tokio::test]
async fn a_page_that_fails_once_is_read_again() {
    let bench = on_the_last_page(&tagged("Madrid", "MAD-01")).await;
    bench.sim.add_fault("locations_list#3:status=504".parse().unwrap());
    bench.sim.add_fault("calling_locations_list#2:drop".parse().unwrap());
    bench.run().await.expect(0);
    assert!(bench.writes().is_empty());
}

#[tokio::test]
async fn languages_of_a_location_that_is_there_are_not_compared() {
    let csv = Csv::new().location("Madrid").cell("preferred_language", "en_us");
    let bench = bench(&csv.cell("announcement_language", "fr_fr"), [same("Madrid")]).await;
    bench.run().await.expect(0);
    assert!(bench.writes().is_empty());
}

#[tokio::test]
async fn whatever_the_notes_a_second_run_from_a_new_database_writes_nothing() {
    let notes = ["a\nb", "a\r\nb", "  a  ", "a\n\n\nb", "\u{f1} \u{1f600}"];
    for text in notes {
        let csv = tagged("Madrid", "MAD-01").cell("notes", text);
        let bench = bench(&csv, []).await;
        let rejected = bench.run().await.code == 3 && bench.sim.org().locations.is_empty();
        let writes = bench.writes().len();
        let path = bench.csv_path().display().to_string();
        let again = bench.wxbulk(&["run", &path, "--output-dir", "another"]).await;
        assert_eq!(again.code, if rejected { 3 } else { 0 }, "{text:?}\n{}", again.text());
        assert_eq!(bench.writes().len(), writes, "{text:?}");
    }
}

#[tokio::test]
async fn only_the_missing_half_is_done_for_a_location_without_calling() {
    let seed = LocationSeed { calling: false, ..same("Madrid") };
    let bench = bench(&Csv::new().location("Madrid"), [seed]).await;
    bench.run().await.expect(0);
    let writes: Vec<_> = bench.writes().iter().map(|call| call.operation).collect();
    assert_eq!(writes, [Operation::CallingLocationEnable]);
    bench.check_invariants();
}

#[tokio::test]
async fn any_name_is_looked_up_as_it_stands() {
    for name in ["R&D #1 / 50% + x=y?", "Ñandú; \"Centro\"", "../locations", "a%2Fb"] {
        let bench = bench(&Csv::new().location(name), []).await;
        bench.sim.add_fault("location_create#1:lost".parse().unwrap());
        bench.run().await.expect(0);
        assert_eq!(
            (only_location(&bench).name.as_str(), bench.calls(Operation::LocationCreate).len()),
            (name, 1)
        );
        bench.check_invariants();
    }
}

#[tokio::test]
async fn an_unknown_location_setting_stops_its_row_before_any_call() {
    let bench = bench(&Csv::new().location("Madrid").cell("location_settings_quantum_leap", "1"), []).await;
    bench.run().await.expect(3);
    let row = only_row(&bench);
    assert_eq!((row.state.as_str(), row.reason.as_deref()), ("pending", Some("out_of_scope")));
    assert!(bench.sim.journal().iter().all(|call| call.key.as_deref() != Some("Madrid")));
}

#[tokio::test]
async fn notes_that_look_like_a_tag_are_no_tag() {
    for text in ["x\n[ext_id=OTHER]", "[ext_id=MAD-01]", "[ext_id=OTHER]"] {
        let csv = Csv::new().location("Madrid").cell("location_external_id", "MAD-01").cell("notes", text);
        let bench = Bench::new(&csv).await;
        bench.run().await;
        let writes = bench.writes().len();
        let path = bench.csv_path().display().to_string();
        let again = bench.wxbulk(&["run", &path, "--output-dir", "another"]).await;
        assert_eq!(bench.writes().len(), writes, "{text:?}");
        assert!(again.code == 0 || bench.sim.org().locations.is_empty());
    }
}

#[tokio::test]
async fn a_path_that_does_not_exist_never_passes_for_a_location_without_calling() {
    let bench =
        bench(&Csv::new().location("Madrid"), [LocationSeed { calling: false, ..same("Madrid") }]).await;
    bench.sim.add_fault("calling_location_get:no_resource".parse().unwrap());
    bench.run().await.expect(3);
    only_row(&bench).expect_pending("out_of_scope", "location_enable_calling");
    assert!(bench.writes().is_empty(), "{:?}", bench.writes());
}

#[tokio::test]
async fn nor_for_one_without_pstn_of_which_a_400_may_tell_as_well_as_a_404() {
    let unset = r#"status=400,body={"errorMessage":"Location x not found or PSTN for the location is not configured"}"#;
    for (answer, reason, words) in [
        ("no_resource", "out_of_scope", "No static resource"),
        (unset, "precondition_missing", "has no PSTN connection"),
        ("status=404", "precondition_missing", "has no PSTN connection"),
        ("status=400", "non_retryable_external", "400"),
    ] {
        let csv = Csv::new().location("Madrid").cell("location_settings_numbers", "+34911000001");
        let bench = bench(&csv, [same("Madrid")]).await;
        bench.sim.add_fault(format!("pstn_connection_get:{answer}").parse().unwrap());
        bench.run().await.expect(3);
        let row = only_row(&bench);
        row.expect_pending(reason, "location_add_numbers");
        row.says(&[words]);
        assert!(bench.writes().is_empty());
    }
}
