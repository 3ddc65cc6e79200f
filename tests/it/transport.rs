//! What a hostile or tired server can send (R15, R21): waits, retries, bodies, ids,
//! redirects, links, echoes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "helpers of tests")]

use crate::support::{Bench, Csv, TOKEN};
use serde_json::{Value, json};
use wxbulk::sim::{
    Fault, LocationSeed, Operation, OrgSeed, PersonSeed, RateLimit, SimConfig, SimHandle, start,
};

const ANA: &str = "ana@example.com";

/// Ana in the calling location Madrid, to be enabled.
async fn bench() -> Bench {
    with(PersonSeed::new(ANA)).await
}

async fn with(person: PersonSeed) -> Bench {
    let csv = Csv::new().person(ANA, "Madrid", "1001");
    let org = OrgSeed::default().location(LocationSeed::calling("Madrid")).person(person);
    Bench::with(&csv, SimConfig::with_org(org)).await
}

/// The first look-up of Ana answers this.
fn people(bench: &Bench, items: Value) {
    let body = json!({ "items": items }).to_string();
    bench.sim.add_fault(Fault::on(Operation::PeopleList).key(ANA).status_and_body(200, body));
}

fn ana_of(bench: &Bench) -> Value {
    let id = bench.sim.org().person(ANA).unwrap().id.clone();
    json!({"id": id, "emails": [ANA], "type": "person", "licenses": []})
}

fn fault(bench: &Bench, text: &str) {
    bench.sim.add_fault(text.parse().expect(text));
}

/// How often Ana was asked for.
fn tries(bench: &Bench) -> usize {
    bench.calls(Operation::PeopleList).len()
}

#[track_caller]
fn expect_end(bench: &Bench, reason: &str, story: &str) {
    let row = bench.row("user", ANA);
    assert_eq!((row.state.as_str(), row.reason.as_deref()), ("pending", Some(reason)), "{story}: {row:?}");
    assert!(bench.writes().is_empty(), "{story}");
}

// R15: Retry-After.

#[tokio::test]
async fn what_is_no_wait_is_waited_at_our_own_pace() {
    for asked in ["0", "-5", "1.5", "abc", "", "Sun, 06 Nov 1994 08:49:37 GMT", "+3", "0x10", "1 2"] {
        let bench = bench().await.env("MAX_RETRIES", "0");
        for operation in [Operation::PeopleList, Operation::LicensesUsersPatch] {
            bench.sim.add_fault(Fault::on(operation).nth(1).status(429).retry_after(asked));
        }
        bench.run().await.expect(0);
        bench.check_invariants();
    }
}

#[tokio::test]
async fn a_wait_beyond_the_limit_ends_the_row_at_once() {
    for asked in
        ["2", "86400", "9223372036854775808", "99999999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT"]
    {
        for operation in ["people_list", "licenses_users_patch"] {
            let bench = bench().await.env("MAX_RETRY_AFTER_SECONDS", "1");
            fault(&bench, &format!("{operation}:status=429,retry_after=\"{asked}\""));
            bench.run().await.expect(3);
            assert_eq!(bench.row("user", ANA).reason.as_deref(), Some("retry_exhausted"), "{asked}");
            // A look-up is made for each of the two rows.
            let sent = bench.sim.journal().iter().filter(|call| call.replied == Some(429)).count();
            assert_eq!(sent, if operation == "people_list" { 2 } else { 1 }, "{asked}");
            bench.check_invariants();
        }
    }
}

#[tokio::test]
async fn a_date_is_read_against_the_servers_own_clock() {
    let (noon, one) = ("Tue, 24 Nov 2020 12:00:00 GMT", "Tue, 24 Nov 2020 13:00:00 GMT");
    for (until, code) in [(noon, 0), (one, 3)] {
        let bench = bench().await;
        let fault = Fault::on(Operation::PeopleList).nth(1).status(429).header("date", noon);
        bench.sim.add_fault(fault.retry_after(until));
        bench.run().await.expect(code);
    }
}

// R21: waits that are asked for cost no retries; everything else does.

#[tokio::test]
async fn a_storm_of_refusals_costs_no_retries() {
    for status in [429, 423] {
        let bench = bench().await.env("MAX_RETRIES", "0");
        for operation in ["people_list", "licenses_users_patch", "numbers_list", "locations_list"] {
            fault(&bench, &format!("{operation}#1-40:status={status},retry_after=0"));
        }
        bench.run().await.expect(0);
        bench.check_invariants();
    }
}

#[tokio::test]
async fn the_waits_have_their_own_bound() {
    for operation in ["people_list", "licenses_users_patch"] {
        let bench = bench().await.env("MAX_RATE_LIMIT_WAITS", "3");
        fault(&bench, &format!("{operation}:status=429,retry_after=0"));
        bench.run().await.expect(3);
        bench.row("user", ANA).expect_pending(
            "retry_exhausted",
            if operation == "people_list" { "user_lookup" } else { "user_enable_calling" },
        );
        let row_of_user = if operation == "people_list" { 2 * 4 } else { 4 };
        let sent = bench.sim.journal().iter().filter(|call| call.operation.as_str() == operation).count();
        assert_eq!(sent, row_of_user, "{operation}: 1 + 3, and the same for the other row's look-up");
    }
}

#[tokio::test]
async fn a_rate_limit_slows_the_run_and_fails_no_row() {
    let limit = RateLimit::TokenBucket { per_second: 200.0, burst: 2, retry_after: Some(0) };
    let csv = crate::support::site(6);
    let config = SimConfig { rate: Some(limit), ..SimConfig::with_org(OrgSeed::with_people(csv.emails())) };
    let bench = Bench::with(&csv, config).await.env("MAX_RETRIES", "0").env("MAX_RATE_LIMIT_WAITS", "1000");
    bench.run().await.expect(0);
    assert!(bench.sim.journal().iter().any(|call| call.replied == Some(429)));
    bench.check_invariants();
}

#[tokio::test]
async fn failures_that_pass_count_against_the_retries() {
    for effect in ["status=500", "status=503", "status=599", "drop", "lost", "reset", "mangle=short_body"] {
        for retries in [0, 2] {
            let bench = bench().await.env("MAX_RETRIES", &retries.to_string());
            fault(&bench, &format!("people_list:{effect}"));
            bench.run().await.expect(3);
            expect_end(&bench, "retry_exhausted", effect);
            // Without any answer nothing is concluded from the only try: the run holds, and tries once more.
            let silent = matches!(effect, "drop" | "lost") && retries == 0;
            let series = if silent { 2 } else { 1 + retries };
            assert_eq!(tries(&bench), 2 * series, "{effect}: one such series for each row");
        }
    }
}

#[tokio::test]
async fn a_failure_that_passes_within_the_retries_is_no_failure() {
    for effect in
        ["status=500", "status=502", "lost", "reset", "mangle=huge", "mangle=endless", "mangle=two_lengths"]
    {
        let bench = bench().await.env("MAX_RETRIES", "1").env("REQUEST_TIMEOUT_SECONDS", "2");
        for operation in
            ["people_list", "numbers_list", "locations_list", "calling_locations_list", "licenses_list"]
        {
            fault(&bench, &format!("{operation}#1:{effect}"));
        }
        bench.run().await.expect(0);
        bench.check_invariants();
    }
}

#[tokio::test]
async fn no_server_can_hold_a_request_beyond_its_time() {
    for effect in ["hang", "mangle=slow", "mangle=slow_head", "mangle=endless", "late=600000"] {
        let bench = bench().await.env("MAX_RETRIES", "1").env("REQUEST_TIMEOUT_SECONDS", "0.3");
        fault(&bench, &format!("people_list:{effect}"));
        bench.run().await.expect(3);
        expect_end(&bench, "retry_exhausted", effect);
        bench.check_invariants();
    }
}

#[tokio::test]
async fn a_gateway_error_with_a_code_of_the_back_end_is_final_after_the_retries() {
    for operation in ["people_list", "licenses_users_patch"] {
        let bench = bench().await.env("MAX_RETRIES", "2");
        fault(&bench, &format!("{operation}:status=502,header=cisco-spark-error-codes: 4251"));
        bench.run().await.expect(3);
        assert_eq!(bench.row("user", ANA).reason.as_deref(), Some("non_retryable_external"), "{operation}");
        let sent = bench.calls(Operation::LicensesUsersPatch).len();
        assert_eq!(sent, if operation == "people_list" { 0 } else { 3 });
    }
}

#[tokio::test]
async fn a_lock_without_a_wait_is_no_success() {
    for operation in ["people_list", "licenses_users_patch"] {
        let bench = bench().await.env("MAX_RETRIES", "2");
        fault(&bench, &format!("{operation}:status=423"));
        bench.run().await.expect(3);
        assert_eq!(bench.row("user", ANA).state, "pending");
    }
}

// Bodies and ids.

#[tokio::test]
async fn an_answer_that_cannot_be_read_is_an_invalid_one() {
    let kinds =
        ["empty", "truncated", "html", "text", "no_id", "null_id", "number_id", "empty_id", "path_id"];
    for kind in kinds.into_iter().chain(["array", "deep", "bad_utf8"]) {
        let bench = bench().await;
        fault(&bench, &format!("people_list:mangle={kind}"));
        bench.run().await.expect(3);
        expect_end(&bench, "invalid_response_schema", kind);
        assert!(bench.sim.journal().iter().all(|call| !call.path.contains("..")), "{kind}");
        assert_eq!(bench.calls(Operation::Other).len(), 0, "{kind}");
        bench.check_invariants();
    }
}

#[tokio::test]
async fn an_item_without_its_calling_data_proves_nothing() {
    let bench = bench().await;
    fault(&bench, "people_list:item_errors");
    bench.run().await.expect(3);
    expect_end(&bench, "invalid_response_schema", "item_errors");
}

#[tokio::test]
async fn two_people_with_one_address_are_ambiguous() {
    let bench = bench().await;
    let other = json!({"id": "Y2lzY29zcGFyazovL3VzL1BFT1BMRS9vdGhlcg", "emails": [ANA], "type": "person"});
    people(&bench, json!([ana_of(&bench), other]));
    bench.run().await.expect(3);
    expect_end(&bench, "non_retryable_external", "two people");
}

#[tokio::test]
async fn whoever_has_another_address_or_is_no_person_is_not_found() {
    let changes: [fn(&mut Value); 3] = [
        |ana| ana["emails"] = json!(["ana@example.com.evil.example", "xana@example.com"]),
        |ana| ana["type"] = json!("bot"),
        |ana| ana["type"] = json!("appuser"),
    ];
    for change in changes {
        let bench = bench().await;
        let mut ana = ana_of(&bench);
        change(&mut ana);
        people(&bench, json!([ana]));
        bench.run().await.expect(3);
        expect_end(&bench, "user_not_found", &ana.to_string());
    }
}

#[tokio::test]
async fn addresses_are_compared_without_case_and_sent_encoded() {
    let csv = Csv::new().person("ana+x@example.com", "Madrid", "1001");
    let org = OrgSeed::with_people(["Ana+X@Example.COM"]).location(LocationSeed::calling("Madrid"));
    let bench = Bench::with(&csv, SimConfig::with_org(org)).await;
    bench.run().await.expect(0);
    assert!(bench.calls(Operation::PeopleList).iter().all(|call| call.path.contains("%2B")));
}

#[tokio::test]
async fn what_a_server_says_stays_on_one_line() {
    let bench = bench().await;
    let body = json!({"message": "a\nrow.success \u{1b}[31m\u{202e}b"}).to_string();
    bench.sim.add_fault(Fault::on(Operation::LicensesUsersPatch).status_and_body(400, body).not_applied());
    let ran = bench.run().await.expect(3);
    let message = bench.row("user", ANA).message.unwrap();
    assert!(
        message.contains("row.success") && !message.contains(['\n', '\u{1b}', '\u{202e}']),
        "{message:?}"
    );
    assert!(!ran.text().contains('\u{1b}') && !ran.text().contains("\nrow.success"));
}

// One origin only.

/// Another server, which must never hear of us.
async fn stranger() -> SimHandle {
    start(SimConfig::default()).await.unwrap()
}

#[tokio::test]
async fn redirects_are_never_followed() {
    for status in [301, 302, 303, 307, 308] {
        for (operation, writes) in [("people_list", 0), ("licenses_users_patch", 1), ("feature_get", 1)] {
            let (bench, stranger) = (bench().await, stranger().await);
            let csv = Csv::new().user(ANA, "Madrid").cell("calling_settings_call_waiting_enabled", "false");
            bench.write_csv(&csv.assignment(ANA, "Madrid", "1001").text());
            fault(&bench, &format!("{operation}:status={status},redirect={}/people/me", stranger.base_url()));
            bench.run().await.expect(3);
            let row = bench.row("user", ANA);
            assert_eq!(
                (row.cause.as_deref(), row.http_status),
                (Some("non_retryable_external"), Some(status))
            );
            assert_eq!((bench.writes().len(), stranger.journal().len()), (writes, 0), "{operation} {status}");
            bench.check_invariants();
        }
    }
}

#[tokio::test]
async fn a_redirect_within_the_origin_is_not_followed_either() {
    let bench = bench().await;
    fault(&bench, &format!("people_list:redirect={}/people/me", bench.sim.base_url()));
    bench.run().await.expect(3);
    assert_eq!(bench.calls(Operation::PeopleMe).len(), 1, "the start-up check's own");
    expect_end(&bench, "non_retryable_external", "redirect");
}

#[tokio::test]
async fn a_next_page_on_another_origin_is_not_read() {
    for operation in
        ["people_list", "locations_list#2-", "calling_locations_list", "licenses_list#2-", "numbers_list#2-"]
    {
        let (bench, stranger) = (bench().await, stranger().await);
        fault(&bench, &format!("{operation}:link={}/people", stranger.base_url()));
        let ran = bench.run().await;
        assert!(ran.code == 3 || ran.code == 16, "{operation}: {}", ran.text());
        assert!(stranger.journal().is_empty(), "{operation}");
        assert_ne!(bench.row("extension_assignment", "Madrid/1001").state, "success", "{operation}");
        bench.check_invariants();
    }
}

#[tokio::test]
async fn a_list_that_leads_back_to_itself_ends() {
    let bench = bench().await;
    fault(&bench, "people_list:link=self");
    bench.run().await.expect(3);
    expect_end(&bench, "invalid_response_schema", "self");
}

// The token stays with us.

#[tokio::test]
async fn a_token_that_the_server_echoes_reaches_no_file_and_no_output() {
    for operation in ["people_list", "licenses_users_patch", "locations_list#2-", "numbers_list#2-"] {
        let bench = bench().await.env("MAX_RETRIES", "0");
        fault(&bench, &format!("{operation}:echo"));
        bench.wxbulk(&["-v", "run", &bench.csv_path().display().to_string()]).await;
        bench.check_invariants();
    }
}

#[tokio::test]
async fn a_token_in_headers_and_links_reaches_no_file_and_no_output() {
    for (name, value) in [
        ("trackingid", TOKEN.to_owned()),
        ("cisco-spark-error-codes", TOKEN.to_owned()),
        ("retry-after", TOKEN.to_owned()),
        ("location", format!("https://x.example/{TOKEN}")),
        ("link", format!("<http://127.0.0.1:9/{TOKEN}>; rel=\"next\"")),
    ] {
        for status in [200, 302, 400, 502] {
            let bench = bench().await.env("MAX_RETRIES", "0");
            bench.sim.add_fault(Fault::on(Operation::PeopleList).status(status).header(name, value.clone()));
            bench.wxbulk(&["-v", "run", &bench.csv_path().display().to_string()]).await;
            bench.check_invariants();
        }
    }
}

#[tokio::test]
async fn a_token_that_comes_back_in_escapes_reaches_no_file_and_no_output() {
    let escaped = TOKEN.replace('-', "\\u002d");
    for body in [
        format!(r#"{{"message":"you sent {escaped}"}}"#),
        format!(r#"{{"errors":[{{"errorCode":"{escaped}"}}]}}"#),
    ] {
        let bench = bench().await;
        bench.sim.add_fault(Fault::on(Operation::LicensesUsersPatch).status_and_body(400, body));
        bench.run().await.expect(3);
        bench.check_invariants();
    }
}

#[tokio::test]
async fn a_server_error_that_asks_for_too_long_a_wait_ends_the_row_at_once() {
    let bench = bench().await.env("MAX_RETRY_AFTER_SECONDS", "1");
    fault(&bench, "people_list:status=503,retry_after=86400");
    bench.run().await.expect(3);
    expect_end(&bench, "retry_exhausted", "503");
    assert_eq!(tries(&bench), 2, "one for each row");
}

#[tokio::test]
async fn a_write_refused_with_too_long_a_wait_is_not_sent_again() {
    let bench = bench().await.env("MAX_RETRY_AFTER_SECONDS", "1");
    fault(&bench, "licenses_users_patch:status=503,retry_after=86400");
    bench.run().await.expect(3);
    bench.row("user", ANA).expect_pending("retry_exhausted", "user_enable_calling");
    assert_eq!(bench.writes().len(), 1);
}

#[tokio::test]
async fn a_calling_location_with_an_unusable_id_is_not_no_calling() {
    for location in [json!("../../people/me"), json!(42), json!("a b"), json!({"id": "x"})] {
        let bench = bench().await;
        let mut ana = ana_of(&bench);
        ana["locationId"] = location.clone();
        people(&bench, json!([ana]));
        bench.run().await.expect(3);
        assert!(bench.writes().is_empty(), "{location}");
    }
}
