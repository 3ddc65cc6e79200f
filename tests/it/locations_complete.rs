//! What a location row states of its calling: PSTN, numbers, settings (webex.md 3.5 to 3.7), each as a short story.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "helpers of tests")]

mod addresses;
mod announcements;
mod read_back;

use crate::support::{Bench, Csv, RowView};
use serde_json::{Value, json};
use wxbulk::sim::{LocationSeed, LocationState, NumberSeed, Operation, OrgSeed, Pstn, SimConfig};

const MAIN: &str = "+34911000000";
const OTHER: &str = "+34911000001";

/// A row that states everything.
fn whole() -> Csv {
    Csv::new()
        .location("Madrid")
        .cell("location_settings_pstn_connection", "local_gateway")
        .cell("location_settings_pstn_route_type", "trunk")
        .cell("location_settings_pstn_route_name", "trunk 1")
        .cell("location_settings_numbers", &format!("{OTHER} | +34 911 00 00 02"))
        .cell("location_settings_main_number", MAIN)
        .cell("location_settings_caller_id_name", "Madrid Centro")
        .cell("location_settings_external_caller_id_name", "Example")
        .cell("location_settings_announcement_language", "en-US")
        .cell("location_settings_routing_prefix", "801")
        .cell("location_settings_outside_dial_digit", "9")
        .cell("location_settings_enforce_outside_dial_digit", "yes")
        .cell("location_settings_unknown_extension_route_type", "TRUNK")
        .cell("location_settings_unknown_extension_route_name", "Trunk 1")
        .cell("location_settings_outgoing_permissions", "international=allow+transfer|NATIONAL=BLOCK")
}

fn seed() -> LocationSeed {
    LocationSeed {
        address: json!({
            "address1": "Calle Mayor, 1", "city": "Madrid", "state": "Madrid", "postalCode": "28001", "country": "ES",
        }),
        ..LocationSeed::calling("Madrid")
    }
}

async fn bench(csv: &Csv, locations: impl IntoIterator<Item = LocationSeed>) -> Bench {
    let org = locations.into_iter().fold(OrgSeed::default(), OrgSeed::location);
    Bench::with(csv, SimConfig::with_org(org)).await
}

fn with(settings: &[(&str, &str)]) -> Csv {
    settings.iter().fold(Csv::new().location("Madrid"), |csv, (name, text)| {
        csv.cell(&format!("location_settings_{name}"), text)
    })
}

fn madrid(bench: &Bench) -> LocationState {
    bench.sim.org().locations_named("Madrid")[0].clone()
}

fn row(bench: &Bench) -> RowView {
    bench.row("location", "Madrid")
}

fn numbers_of(bench: &Bench, location: &str) -> Vec<String> {
    let numbers = bench.sim.org().numbers.into_iter().filter(|number| number.location == location);
    numbers.filter_map(|number| number.phone_number).collect()
}

#[tokio::test]
async fn everything_is_written_once_and_in_order() {
    let bench = bench(&whole(), []).await;
    bench.run().await.expect(0);

    let writes: Vec<_> = bench.writes().iter().map(|call| call.operation).collect();
    assert_eq!(
        writes,
        [
            Operation::LocationCreate,
            Operation::CallingLocationEnable,
            Operation::PstnConnectionPut,
            Operation::NumbersAdd,
            Operation::CallingLocationUpdate,
            Operation::LocationSettingPut,
            Operation::LocationSettingPut,
        ]
    );
    let madrid = madrid(&bench);
    assert_eq!((madrid.pstn, madrid.main_number.as_deref()), (Some(Pstn::LocalGateway), Some(MAIN)));
    assert_eq!(madrid.announcement_language.as_deref(), Some("en_us"));
    assert_eq!(madrid.routing_prefix.as_deref(), Some("801"));
    assert_eq!(madrid.details["callingLineName"], "Madrid Centro");
    assert_eq!(
        (&madrid.details["outsideDialDigit"], &madrid.details["enforceOutsideDialDigit"]),
        (&json!("9"), &json!(true))
    );
    assert_eq!(madrid.settings["internalDialing"]["enableUnknownExtensionRoutePolicy"], true);
    assert_eq!(numbers_of(&bench, "Madrid").len(), 3);
    bench.check_invariants();
}

#[tokio::test]
async fn a_second_run_from_a_new_database_writes_nothing() {
    let bench = bench(&whole(), []).await;
    bench.run().await.expect(0);
    let writes = bench.writes().len();
    let path = bench.csv_path().display().to_string();
    bench.wxbulk(&["run", &path, "--output-dir", "another"]).await.expect(0);
    assert_eq!(bench.writes().len(), writes);
}

#[tokio::test]
async fn only_what_differs_is_sent() {
    let csv = with(&[("caller_id_name", "Centro"), ("main_number", MAIN), ("routing_prefix", "801")]);
    let present = LocationSeed {
        main_number: Some(MAIN.into()),
        routing_prefix: Some("801".into()),
        ..seed().numbers([MAIN])
    };
    let bench = bench(&csv, [present]).await;
    bench.run().await.expect(0);
    let sent: Vec<Value> = bench.writes().into_iter().filter_map(|call| call.body).collect();
    assert_eq!(sent, [json!({"callingLineId": {"name": "Centro", "phoneNumber": MAIN}})]);
}

#[tokio::test]
async fn only_the_listed_permissions_are_sent() {
    let csv = with(&[("outgoing_permissions", "INTERNATIONAL=BLOCK|NATIONAL=BLOCK+transfer")]);
    let bench = bench(&csv, [seed()]).await;
    bench.run().await.expect(0);
    let sent: Vec<Value> = bench.writes().into_iter().filter_map(|call| call.body).collect();
    // International calls are blocked, and not transferred, by default.
    let national = json!({"callType": "NATIONAL", "action": "BLOCK", "transferEnabled": true});
    assert_eq!(sent, [json!({"callingPermissions": [national]})]);
}

// PSTN

#[tokio::test]
async fn a_connection_option_is_chosen_by_its_name() {
    let bench = bench(&with(&[("pstn_connection", "sample cloud pstn")]), [seed()]).await;
    bench.run().await.expect(0);
    assert_eq!(madrid(&bench).pstn, Some(Pstn::NonIntegratedCcp));
}

#[tokio::test]
async fn what_only_control_hub_can_connect_is_left_to_it() {
    let csv = with(&[("pstn_connection", "Cisco Calling Plans")]);
    let first = bench(&csv, [seed()]).await;
    first.run().await.expect(3);
    row(&first).expect_pending("out_of_scope", "location_apply_pstn");
    row(&first).says(&["Cisco Calling Plans", "Control Hub"]);
    assert!(first.writes().is_empty());

    let connected = bench(&csv, [seed().pstn(Pstn::CiscoPstn)]).await;
    connected.run().await.expect(0);
    assert!(connected.writes().is_empty(), "it is connected already");
}

#[tokio::test]
async fn an_option_that_webex_refuses_is_left_to_control_hub() {
    let bench = bench(&with(&[("pstn_connection", "Sample Cloud PSTN")]), [seed()]).await;
    bench.sim.add_fault("pstn_connection_put:status=400".parse().unwrap());
    bench.run().await.expect(3);
    row(&bench).expect_pending("out_of_scope", "location_apply_pstn");
    row(&bench).says(&["Sample Cloud PSTN", "Control Hub", "HTTP 400"]);
}

#[tokio::test]
async fn names_that_lead_nowhere_are_named() {
    let gateway = |name: &str| {
        with(&[("pstn_connection", "LOCAL_GATEWAY"), ("pstn_route_type", "TRUNK"), ("pstn_route_name", name)])
    };
    let unknown =
        [("unknown_extension_route_type", "ROUTE_GROUP"), ("unknown_extension_route_name", "Trunk 1")];
    for (csv, step, words) in [
        (gateway("Trunk 9"), "location_apply_pstn", ["Trunk 9", "Trunk 1"]),
        (with(&[("pstn_connection", "Nobody")]), "location_apply_pstn", ["Nobody", "Sample Cloud PSTN"]),
        (with(&unknown), "location_apply_settings", ["route group", "Trunk 1"]),
    ] {
        let bench = bench(&csv, [seed()]).await;
        bench.run().await.expect(3);
        row(&bench).expect_pending("precondition_missing", step);
        row(&bench).says(&words);
        assert!(bench.writes().is_empty());
    }
}

#[tokio::test]
async fn two_trunks_of_one_name_are_ambiguous() {
    let csv = with(&[
        ("pstn_connection", "LOCAL_GATEWAY"),
        ("pstn_route_type", "TRUNK"),
        ("pstn_route_name", "Trunk 1"),
    ]);
    let org = OrgSeed { trunks: vec!["Trunk 1".into(), "TRUNK 1".into()], ..OrgSeed::default() };
    let bench = Bench::with(&csv, SimConfig::with_org(org.location(seed()))).await;
    bench.run().await.expect(3);
    row(&bench).expect_pending("non_retryable_external", "location_apply_pstn");
    row(&bench).says(&["ambiguous", "Trunk 1"]);
}

// Numbers

#[tokio::test]
async fn numbers_that_are_there_are_not_sent() {
    let csv = with(&[("numbers", &format!("{MAIN}|{OTHER}|+34911000002|+34911000003"))]);
    let bench = bench(&csv, [seed().pstn(Pstn::LocalGateway).numbers([MAIN, OTHER])]).await;
    bench.run().await.expect(0);
    let sent = bench.calls(Operation::NumbersAdd);
    assert_eq!(sent.len(), 1);
    let body = sent[0].body.clone().unwrap();
    assert_eq!(body, json!({"phoneNumbers": ["+34911000002", "+34911000003"], "state": "ACTIVE"}));
}

#[tokio::test]
async fn many_numbers_are_sent_a_hundred_at_a_time() {
    let all: Vec<String> = (0..250).map(|number| format!("+3491100{number:04}")).collect();
    let bench = bench(&with(&[("numbers", &all.join("|"))]), [seed().pstn(Pstn::NonIntegratedCcp)]).await;
    bench.run().await.expect(0);
    assert_eq!(bench.calls(Operation::NumbersAdd).len(), 3);
    assert_eq!(numbers_of(&bench, "Madrid").len(), 250);
}

#[tokio::test]
async fn a_number_of_another_location_is_named_and_the_others_are_added() {
    let csv = with(&[("numbers", &format!("{MAIN}|+34955000000|{OTHER}"))]);
    let sevilla = LocationSeed::calling("Sevilla").numbers(["+34955000000"]);
    let bench = bench(&csv, [seed().pstn(Pstn::LocalGateway), sevilla]).await;
    bench.run().await.expect(3);
    let row = row(&bench);
    row.expect_pending("half_applied", "location_add_numbers");
    assert_eq!(row.cause.as_deref(), Some("non_retryable_external"));
    row.says(&["1 of 3", "+34955000000", "Sevilla"]);
    assert_eq!(numbers_of(&bench, "Madrid"), [MAIN, OTHER]);
}

#[tokio::test]
async fn a_number_that_webex_finds_wrong_is_named_with_its_words() {
    let csv = with(&[("numbers", &format!("{MAIN}|+3491"))]);
    let bench = bench(&csv, [seed().pstn(Pstn::LocalGateway)]).await;
    bench.run().await.expect(3);
    row(&bench).expect_pending("half_applied", "location_add_numbers");
    row(&bench).says(&["+3491 (8362 Invalid DN format)"]);
    assert_eq!(numbers_of(&bench, "Madrid"), [MAIN]);
}

/// Somebody else adds one of the numbers while the answer to our request is lost.
#[tokio::test]
async fn what_is_there_after_a_doubt_is_not_sent_again() {
    let csv = with(&[("numbers", &format!("{MAIN}|{OTHER}"))]);
    let bench = bench(&csv, [seed().pstn(Pstn::LocalGateway)]).await;
    bench.sim.add_fault("numbers_add#1:not_applied,drop,delay=300".parse().unwrap());
    let id = madrid(&bench).id;
    let url = format!("{}/telephony/config/locations/{id}/numbers", bench.sim.base_url());
    let somebody = async {
        bench.sim.when(|journal| journal.iter().any(|call| call.operation == Operation::NumbersAdd)).await;
        let body = json!({ "phoneNumbers": [MAIN] });
        let sent = reqwest::Client::new().post(url).bearer_auth("another").json(&body).send().await.unwrap();
        assert_eq!(sent.status().as_u16(), 201);
    };
    let (ran, ()) = tokio::join!(bench.run(), somebody);
    ran.expect(0);
    let sent: Vec<Value> =
        bench.calls(Operation::NumbersAdd).into_iter().filter_map(|call| call.body).collect();
    assert_eq!(sent.last(), Some(&json!({ "phoneNumbers": [OTHER], "state": "ACTIVE" })), "{sent:?}");
    assert_eq!(numbers_of(&bench, "Madrid").len(), 2);
}

#[tokio::test]
async fn numbers_need_a_connection_that_the_api_manages() {
    for (pstn, reason, word) in [
        (Some(Pstn::CiscoPstn), "out_of_scope", "CISCO_PSTN"),
        (Some(Pstn::IntegratedCcp), "out_of_scope", "INTEGRATED_CCP"),
        (None, "precondition_missing", "no PSTN connection"),
    ] {
        let bench = bench(&with(&[("numbers", MAIN)]), [LocationSeed { pstn, ..seed() }]).await;
        bench.run().await.expect(3);
        row(&bench).expect_pending(reason, "location_add_numbers");
        row(&bench).says(&[word]);
        assert!(bench.writes().is_empty());
    }
}

#[tokio::test]
async fn a_main_number_that_is_missing_is_added_only_if_that_is_allowed() {
    for (add, code) in [("true", 0), ("false", 3)] {
        let bench = bench(&with(&[("main_number", MAIN)]), [seed().pstn(Pstn::LocalGateway)]).await;
        let bench = bench.env("ADD_MISSING_NUMBERS", add);
        bench.run().await.expect(code);
        assert_eq!(numbers_of(&bench, "Madrid").len(), usize::from(code == 0));
        if code == 3 {
            row(&bench).expect_pending("precondition_missing", "location_apply_settings");
        }
    }
}

// The routing prefix and its job

#[tokio::test]
async fn a_206_is_half_applied_with_what_webex_says() {
    let bench = bench(&with(&[("routing_prefix", "801"), ("caller_id_name", "Centro")]), [seed()]).await;
    bench.sim.add_fault("calling_location_update#1:partial".parse().unwrap());
    bench.run().await.expect(3);
    let row = row(&bench);
    row.expect_pending("half_applied", "location_apply_settings");
    assert_eq!((row.cause.as_deref(), row.http_status), (Some("precondition_missing"), Some(206)));
    row.says(&["routing prefix", "not triggered"]);
}

/// A location of which a change of the prefix takes a job, found running so often before it is done.
async fn with_job(looks: u32) -> Bench {
    let extension =
        NumberSeed { location: "Madrid".into(), extension: Some("5000".into()), ..NumberSeed::default() };
    let org = OrgSeed { prefix_job_looks: looks, ..OrgSeed::default() };
    let org = org.location(seed()).number(extension);
    Bench::with(&with(&[("routing_prefix", "801")]), SimConfig::with_org(org)).await
}

#[tokio::test]
async fn a_job_is_looked_at_until_it_is_done() {
    let bench = with_job(4).await;
    bench.run().await.expect(0);
    assert_eq!(bench.calls(Operation::PrefixJobGet).len(), 5);
    assert_eq!(madrid(&bench).routing_prefix.as_deref(), Some("801"));
}

/// Webex runs one job of the kind at a time: rows that need one wait for each other, and not by being refused.
#[tokio::test]
async fn jobs_of_several_locations_are_run_one_after_the_other() {
    let sites = ["Madrid", "Sevilla", "Murcia", "Oviedo"];
    let csv = sites.iter().zip(801..).fold(Csv::new(), |csv, (name, prefix)| {
        csv.location(name).cell("location_settings_routing_prefix", &prefix.to_string())
    });
    let org = OrgSeed { prefix_job_looks: 3, ..OrgSeed::default() };
    let org = sites.iter().fold(org, |org, name| {
        let extension =
            NumberSeed { location: (*name).into(), extension: Some("5000".into()), ..NumberSeed::default() };
        org.location(LocationSeed { name: (*name).into(), ..seed() }).number(extension)
    });
    let bench = Bench::with(&csv, SimConfig::with_org(org)).await.env("MAX_RETRIES", "0");
    bench.run().await.expect(0);
    assert_eq!(bench.calls(Operation::CallingLocationUpdate).len(), 4);
}

#[tokio::test]
async fn a_job_that_fails_is_half_applied_and_one_that_is_forgotten_is_not() {
    let job = |status: &str, exit: &str| {
        format!(
            r#"prefix_job_get:status=200,body={{"latestExecutionStatus":"{status}","latestExecutionExitCode":"{exit}"}}"#
        )
    };
    for (status, exit) in [("FAILED", "FAILED"), ("COMPLETED", "COMPLETED_WITH_ERRORS")] {
        let bench = with_job(0).await;
        bench.sim.add_fault(job(status, exit).parse().unwrap());
        bench.run().await.expect(3);
        row(&bench).expect_pending("half_applied", "location_apply_settings");
        row(&bench).says(&[status, exit]);
    }
    // A job that Webex has forgotten: the location itself says.
    let bench = with_job(0).await;
    bench.sim.add_fault("prefix_job_get:status=404".parse().unwrap());
    bench.run().await.expect(0);
    assert_eq!(bench.calls(Operation::PrefixJobGet).len(), 1);
}

#[tokio::test]
async fn a_stop_during_the_wait_for_a_job_gives_the_row_back() {
    let bench = with_job(u32::MAX).await.env("BACKOFF_BASE_SECONDS", "30");
    let mut command = bench.command(&["run", &bench.csv_path().display().to_string()]);
    let child =
        command.stderr(std::process::Stdio::null()).stdout(std::process::Stdio::null()).spawn().unwrap();
    bench.sim.when(|journal| journal.iter().any(|call| call.operation == Operation::PrefixJobGet)).await;
    let pid = child.id().to_string();
    std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap();
    let code = tokio::task::spawn_blocking(move || {
        let mut child = child;
        child.wait()
    });
    assert_eq!(code.await.unwrap().unwrap().code(), Some(143));
    assert_eq!(row(&bench).state, "ready");
}

#[tokio::test]
async fn a_job_under_way_is_waited_out_within_the_retries() {
    let busy = r#"status=409,not_applied,body={"failureReason":"another one is already in progress"}"#;
    for (calls, code) in [("#1-2", 0), ("", 3)] {
        let bench = bench(&with(&[("routing_prefix", "801")]), [seed()]).await.env("MAX_RETRIES", "3");
        bench.sim.add_fault(format!("calling_location_update{calls}:{busy}").parse().unwrap());
        bench.run().await.expect(code);
        let sent = bench.calls(Operation::CallingLocationUpdate).len();
        assert_eq!(sent, if code == 0 { 3 } else { 4 });
        if code == 3 {
            row(&bench).expect_pending("non_retryable_external", "location_apply_settings");
            row(&bench).says(&["already in progress"]);
        }
    }
    // Without a prefix it can meet no job: it is refused for good.
    let bench = bench(&with(&[("outside_dial_digit", "9")]), [seed()]).await;
    bench.sim.add_fault(format!("calling_location_update:{busy}").parse().unwrap());
    bench.run().await.expect(3);
    assert_eq!(bench.calls(Operation::CallingLocationUpdate).len(), 1);
    row(&bench).expect_pending("non_retryable_external", "location_apply_settings");
}

// Lost replies

const DOUBTS: &[&str] = &[
    "lost",
    "drop",
    "reset",
    "hang",
    "status=500,applied",
    "status=503",
    "status=502,applied,header=cisco-spark-error-codes: 4251",
    "status=400,applied",
    "status=409,applied",
    "status=202",
    "mangle=truncated",
    "lost,lag=300",
];

/// The first request of each write meets each doubt in turn; all of them end well, and nothing is made twice.
#[tokio::test]
async fn every_write_survives_every_doubt() {
    for write in [
        "pstn_connection_put",
        "numbers_add",
        "calling_location_update",
        "location_setting_put@internalDialing",
        "location_setting_put@outgoingPermission",
    ] {
        for doubt in DOUBTS {
            let (operation, key) =
                write.split_once('@').map_or((write, None), |(operation, key)| (operation, Some(key)));
            let story = match key {
                Some(key) => format!("{operation}#1@{key}:{doubt}"),
                None => format!("{operation}#1:{doubt}"),
            };
            let bench = bench(&whole(), [seed()]).await;
            let bench = bench.env("REQUEST_TIMEOUT_SECONDS", "0.4").env("SETTLE_SECONDS", "0.4");
            bench.sim.add_fault(story.parse().unwrap());
            let ran = bench.run().await;
            assert_eq!(ran.code, 0, "{story}\n{}", ran.text());
            let madrid = madrid(&bench);
            assert_eq!(
                (madrid.pstn, madrid.main_number.as_deref()),
                (Some(Pstn::LocalGateway), Some(MAIN)),
                "{story}"
            );
            assert_eq!((madrid.settings.len(), numbers_of(&bench, "Madrid").len()), (2, 3), "{story}");
            bench.check_invariants();
        }
    }
}
