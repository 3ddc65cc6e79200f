//! Rate limits.

use super::*;

#[tokio::test]
async fn a_window_refuses_what_is_too_much() {
    let rate = Some(RateLimit::FixedWindow { requests: 2, window: HOUR });
    let bench = Bench::with(SimConfig { rate, ..SimConfig::with_org(madrid()) }).await;
    let mut statuses = Vec::new();
    for name in ["A", "B", "C"] {
        statuses.push(bench.create(name).await.status().as_u16());
    }
    assert_eq!(statuses, [201, 201, 429]);
    let refused = bench.create("D").await;
    let wait: u64 = header(&refused, "retry-after").unwrap().parse().unwrap();
    assert!((3000..=3600).contains(&wait), "{wait}");
    assert!(header(&refused, "trackingid").is_some());
    assert_eq!(code(refused).await.0, 429);
    let org = bench.sim.org();
    assert_eq!((org.locations_named("B").len(), org.locations_named("C").len()), (1, 0));
    let exchange = bench.sim.journal().pop().unwrap();
    assert_eq!((exchange.fault.as_deref(), exchange.replied), (Some("rate_limit"), Some(429)));
    bench.sim.set_rate(None);
    assert_eq!(bench.create("C").await.status(), 201);
}

#[tokio::test]
async fn refusals_do_not_count_for_the_bucket_nor_for_faults() {
    let rate = Some(RateLimit::TokenBucket { per_second: 0.001, burst: 1, retry_after: Some(5) });
    let fault = Fault::on(Operation::PeopleMe).nth(2).status(500);
    let bench = Bench::with(SimConfig { rate, ..SimConfig::default() }.fault(fault)).await;
    assert_eq!(bench.get("/people/me").await.status(), 200);
    for _ in 0..3 {
        let refused = bench.get("/people/me").await;
        assert_eq!(refused.status(), 429);
        assert_eq!(header(&refused, "retry-after").as_deref(), Some("5"));
    }
    bench.sim.set_rate(None);
    assert_eq!(bench.get("/people/me").await.status(), 500);
}
