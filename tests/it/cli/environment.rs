//! The environment: what must be there, what is refused by name, and the Webex a database is bound to.

use crate::support::{Bench, site};

/// Stands for any secret that could be typed into the wrong place.
const SECRET: &str = "hunter2-of-the-tests";

#[tokio::test]
async fn what_calls_webex_needs_its_three_variables() {
    for variable in ["ENVIRONMENT", "WEBEX_BASE_URL", "WEBEX_TOKEN"] {
        let bench = Bench::new(&site(1)).await;
        for command in [&["check"][..], &["run", "site.csv"]] {
            for value in [None, Some("")] {
                let mut process = bench.command(command);
                process.env_remove(variable).envs(value.map(|value| (variable, value)));
                let output = process.output().unwrap();
                let told = super::stderr(&output);
                assert_eq!(output.status.code(), Some(10), "{told}");
                assert!(told.starts_with(&format!("error: {variable}: ")), "{told}");
            }
        }
        assert!(!bench.output().exists(), "something was made");
        assert!(bench.sim.journal().is_empty());
    }
}

#[tokio::test]
async fn a_bad_value_names_its_variable_and_what_it_may_be_and_nothing_is_made() {
    let cases = [
        ("ENVIRONMENT", "production", "lab or prod"),
        ("BATCH_SIZE", "0", "1 to 5000"),
        ("BATCH_SIZE", "5001", "1 to 5000"),
        ("MAX_ROWS", "many", "1 to"),
        ("MAX_BATCHES", "-1", "1 to"),
        ("MAX_RETRIES", "21", "0 to 20"),
        ("MAX_CONCURRENCY", "257", "1 to 256"),
        ("REQUEST_TIMEOUT_SECONDS", "0", "0.05 to 300"),
        ("CIRCUIT_BREAKER_THRESHOLD", "1.5", "at most 1"),
        ("CIRCUIT_BREAKER_THRESHOLD", "0", "above 0"),
        ("MAX_RATE_LIMIT_WAITS", "1001", "0 to 1000"),
        ("SETTLE_SECONDS", "NaN", "0 to 120"),
        ("STRICT_RETRY_AFTER", "perhaps", "true or false"),
        ("EXTENSION_CHANGE", "on", "off or license_patch"),
        ("PIPELINE_VERSION", "one", "1 to"),
    ];
    let bench = Bench::new(&site(1)).await;
    for (variable, value, range) in cases {
        let output = bench.command(&["run", "site.csv"]).env(variable, value).output().unwrap();
        let told = super::stderr(&output);
        assert_eq!(output.status.code(), Some(10), "{variable}={value}: {told}");
        assert!(told.starts_with(&format!("error: {variable}: ")), "{told}");
        assert!(told.contains(range) && told.contains(value), "{variable}={value}: {told}");
    }
    assert!(!bench.output().exists(), "something was made");
    assert!(bench.sim.journal().is_empty());
}

#[tokio::test]
async fn a_bad_secret_is_never_repeated() {
    let bench = Bench::new(&site(1)).await;
    for (variable, value) in [
        ("WEBEX_TOKEN", format!("{SECRET} with a space")),
        ("WEBEX_TOKEN", format!("{SECRET}\n")),
        ("WEBEX_TOKEN", format!("Bearer {SECRET}")),
        ("WEBEX_BASE_URL", format!("https://me:{SECRET}@webexapis.com/v1")),
        ("WEBEX_BASE_URL", format!("https://webexapis.com/v1?token={SECRET}")),
        ("WEBEX_BASE_URL", format!("http://{SECRET}.example.com/v1")),
        ("WEBEX_BASE_URL", SECRET.to_owned()),
    ] {
        for command in [&["-v", "check"][..], &["-v", "run", "site.csv"]] {
            let output =
                bench.command(command).env(variable, &value).env("RUST_LOG", "trace").output().unwrap();
            let told = super::stdout(&output) + &super::stderr(&output);
            assert_eq!(output.status.code(), Some(10), "{told}");
            assert!(told.contains(variable) && !told.contains(SECRET), "{told}");
        }
    }
}

#[tokio::test]
async fn a_trailing_slash_of_the_base_url_is_no_other_webex() {
    let bench = Bench::new(&site(1)).await;
    bench.run().await.expect(0);
    let with_slash = format!("{}/", bench.sim.base_url());
    bench.env("WEBEX_BASE_URL", &with_slash).run().await.expect(0);
}

#[tokio::test]
async fn a_database_of_another_webex_is_10_before_any_call() {
    let bench = Bench::new(&site(1)).await;
    bench.run().await.expect(0);
    let calls = bench.sim.journal().len();
    let other = Bench::new(&site(1)).await;
    for (variable, value, known) in [
        ("WEBEX_BASE_URL", other.sim.base_url(), bench.sim.base_url()),
        ("ENVIRONMENT", "prod".to_owned(), "lab".to_owned()),
    ] {
        let output = bench.command(&["run"]).env(variable, &value).output().unwrap();
        let told = super::stderr(&output);
        assert_eq!(output.status.code(), Some(10), "{told}");
        assert!(told.contains(variable) && told.contains(&value) && told.contains(&known), "{told}");
    }
    assert_eq!(bench.sim.journal().len(), calls);
    assert!(other.sim.journal().is_empty());
}

#[tokio::test]
async fn a_job_is_not_bound_by_a_start_up_check_that_failed() {
    let bench = Bench::new(&site(1)).await;
    bench.sim.add_fault("licenses_list#1:status=403".parse().unwrap());
    bench.run().await.expect(11);
    assert_eq!(bench.count("SELECT count(*) FROM binding"), 0);
    bench.run().await.expect(0);
    assert_eq!(bench.count("SELECT count(*) FROM binding WHERE environment = 'lab'"), 1);
}

#[tokio::test]
async fn flags_win_over_the_environment_and_the_environment_over_the_default() {
    let bench = Bench::new(&site(1)).await;
    let folder = bench.csv_path().parent().unwrap().to_owned();
    bench.wxbulk(&["ingest", "site.csv", "--output-dir", "by-flag"]).await.expect(0);
    assert!(folder.join("by-flag/wxbulk.db").exists() && !bench.output().exists());
    bench.wxbulk(&["ingest", "site.csv", "--db", "by-flag-too.db"]).await.expect(0);
    assert!(folder.join("by-flag-too.db").exists() && bench.output().join("results.csv").exists());
    assert!(!bench.output().join("wxbulk.db").exists());
    assert!(
        bench.command(&["ingest", "site.csv"]).env_remove("OUTPUT_DIR").output().unwrap().status.success()
    );
    assert!(folder.join("wxbulk-out/wxbulk.db").exists());
}

/// A machine without certificates of authorities: plain HTTP to loopback needs none, and what does is told so.
#[tokio::test]
async fn without_certificates_only_what_needs_them_is_refused() {
    let bench = Bench::new(&site(1)).await;
    let bench = bench.env("SSL_CERT_FILE", "/nowhere/ca.pem").env("SSL_CERT_DIR", "/nowhere");
    bench.wxbulk(&["check"]).await.expect(0);

    let bench = bench.env("WEBEX_BASE_URL", "https://webexapis.com/v1");
    let told = bench.wxbulk(&["check"]).await.expect(10).stderr;
    assert!(told.contains("SSL_CERT_FILE") && !told.contains("WEBEX_TOKEN"), "{told}");
}
