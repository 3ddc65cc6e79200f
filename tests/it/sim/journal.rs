//! The journal, and the end of a simulator.

use super::*;

#[tokio::test]
async fn the_journal_tells_every_request_in_order() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("journal.jsonl");
    let config = SimConfig { journal: Some(file.clone()), ..SimConfig::with_org(madrid()) };
    let bench =
        Bench::with(config.fault(Fault::on(Operation::LocationCreate).nth(2).tamper(Tamper::Lost))).await;
    bench.create("A").await;
    bench.broken_create("B").await;
    bench.get("/people?email=ana.garcia%40example.com").await;
    bench.sim.set_token(Some("other".into()));
    bench.create("C").await;

    let journal = bench.sim.journal();
    let told: Vec<_> = journal
        .iter()
        .map(|exchange| {
            (exchange.operation, exchange.key.as_deref(), exchange.nth, exchange.applied, exchange.replied)
        })
        .collect();
    let expected = [
        (Operation::LocationCreate, Some("A"), 1, true, Some(201)),
        (Operation::LocationCreate, Some("B"), 2, true, None),
        (Operation::PeopleList, Some(ANA), 1, false, Some(200)),
        (Operation::LocationCreate, Some("C"), 3, false, Some(401)),
    ];
    assert_eq!(told, expected);
    assert!(journal.iter().map(|exchange| exchange.seq).eq(1..=4));
    assert_eq!(journal[0].body.as_ref().unwrap()["name"], "A");

    bench.sim.stop().await;
    let text = std::fs::read_to_string(&file).unwrap();
    let mut lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    lines.sort_by_key(|line| line["seq"].as_u64());
    assert_eq!(lines.len(), 4);
    assert_eq!((&lines[1]["operation"], &lines[1]["applied"]), (&json!("location_create"), &json!(true)));
    assert!(!text.contains("canary-token"));
}

#[tokio::test]
async fn stopping_cuts_what_hangs_and_frees_the_port() {
    let bench = Bench::failing(Fault::on(Operation::PeopleMe).tamper(Tamper::Hang)).await;
    let address = bench.sim.address();
    bench.get("/locations").await;
    let hanging = tokio::spawn(bench.request(Method::GET, "/people/me").send());
    while !bench.sim.journal().iter().any(|exchange| exchange.operation == Operation::PeopleMe) {
        tokio::task::yield_now().await;
    }
    bench.sim.stop().await;
    assert!(hanging.await.unwrap().is_err());
    assert!(std::net::TcpListener::bind(address).is_ok());
}

#[tokio::test]
async fn a_dropped_handle_stops_the_server() {
    let bench = Bench::of(madrid()).await;
    let request = bench.request(Method::GET, "/people/me");
    drop(bench);
    let mut answer = request.try_clone().unwrap().send().await;
    while answer.is_ok() {
        answer = request.try_clone().unwrap().send().await;
    }
    assert!(answer.is_err());
}
