//! Extensions that are long for most organisations: Webex takes up to ten digits where an organisation allows them.

use crate::support::{Bench, site};

const LONG: &str = "site.csv:6:extension: 1 extension has more than 8 digits";

#[tokio::test]
async fn long_extensions_are_taken_and_told_wherever_the_file_is_looked_at() {
    let long = site(1).person("bea@example.com", "Madrid", "123456789");
    let bench = Bench::new(&long).await;
    let checked = bench.ingest(&["--check"]).await.expect(0);
    assert!(checked.stdout.contains(LONG), "{}", checked.stdout);
    let taken = bench.ingest(&[]).await.expect(0);
    assert!(taken.stdout.contains(LONG), "{}", taken.stdout);
    let json = bench.wxbulk(&["check", "--json"]).await.expect(0).stdout;
    assert!(json.contains(r#""long_extensions": 1"#), "{json}");
    let check = bench.wxbulk(&["check"]).await.expect(0);
    assert!(check.stdout.contains("extensions    1 extension has more than 8 digits"), "{}", check.stdout);
    bench.run().await.expect(0);
    assert_eq!(bench.sim.org().person("bea@example.com").unwrap().extension.as_deref(), Some("123456789"));
    // What is done is asked about no more.
    let check = bench.wxbulk(&["check"]).await.expect(0);
    assert!(!check.stdout.contains("more than 8"), "{}", check.stdout);
}

#[tokio::test]
async fn extensions_of_the_usual_lengths_are_not_spoken_of() {
    let bench = Bench::new(&site(1).person("bea@example.com", "Madrid", "12345678")).await;
    let told = bench.ingest(&[]).await.expect(0).text() + &bench.wxbulk(&["check"]).await.expect(0).text();
    assert!(!told.contains("digits"), "{told}");
}
