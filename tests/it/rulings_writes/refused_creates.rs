//! A create that Webex refuses for pace or for a lock may have been applied all the same: it is looked for before it is
//! sent again (R6).

use super::*;
use crate::support::site;
use wxbulk::sim::{Calls, Fault};

fn sites(count: usize) -> Csv {
    (0..count).fold(Csv::new(), |csv, at| csv.location(&format!("Sede {at}")))
}

async fn on(csv: &Csv) -> Bench {
    Bench::with(csv, SimConfig::with_org(OrgSeed::default())).await.env("SETTLE_SECONDS", "0.2")
}

#[tokio::test]
async fn a_location_made_by_a_create_that_was_refused_is_not_made_again() {
    for status in ["423", "429"] {
        let bench = on(&sites(1)).await;
        bench
            .sim
            .add_fault(format!("location_create#1:status={status},retry_after=0,applied").parse().unwrap());
        bench.run().await.expect(0);
        assert_eq!(bench.calls(Operation::LocationCreate).len(), 1, "{status}");
        assert_eq!(bench.sim.org().locations.len(), 1, "{status}");
        bench.check_invariants();
    }
}

#[tokio::test]
async fn a_create_that_was_refused_and_not_applied_is_sent_again() {
    for status in ["423", "429"] {
        let bench = on(&sites(1)).await.env("MAX_RETRIES", "0");
        bench.sim.add_fault(format!("location_create#1-3:status={status},retry_after=0").parse().unwrap());
        bench.run().await.expect(0);
        assert_eq!(bench.calls(Operation::LocationCreate).len(), 4, "{status}: waits cost no retries");
    }
}

#[tokio::test]
async fn waits_of_a_create_have_their_bound() {
    let bench = on(&sites(1)).await.env("MAX_RATE_LIMIT_WAITS", "3");
    bench.sim.add_fault("location_create:status=429,retry_after=0".parse().unwrap());
    bench.run().await.expect(3);
    assert_eq!(bench.calls(Operation::LocationCreate).len(), 4);
    bench.row("location", "Sede 0").expect_pending("retry_exhausted", "location_create");
}

/// One list serves all that were refused.
#[tokio::test]
async fn creates_refused_for_pace_are_looked_for_in_one_list() {
    let bench = on(&sites(12)).await.env("MAX_CONCURRENCY", "12");
    bench.sim.add_fault(
        Fault::on(Operation::LocationCreate).calls(Calls::range(1, 12)).status(429).retry_after("0"),
    );
    bench.run().await.expect(0);
    assert_eq!(bench.sim.org().locations.len(), 12);
    assert_eq!(bench.calls(Operation::LocationCreate).len(), 24);
    // One when the phase begins, one for each row before it creates, and those that look for what was refused: how many
    // depends on how close together the refusals came.
    let looked = bench.calls(Operation::LocationsList).len() - 13;
    assert!((1..12).contains(&looked), "{looked} lists");
}

/// What is not made twice needs no look-up after a refusal for pace.
#[tokio::test]
async fn licences_refused_for_pace_cost_nothing_more() {
    let csv = site(4);
    let bench = Bench::with(&csv, SimConfig::with_org(OrgSeed::with_people(csv.emails()))).await;
    bench.sim.add_fault(
        Fault::on(Operation::LicensesUsersPatch).calls(Calls::range(1, 4)).status(429).retry_after("0"),
    );
    let before = bench.calls(Operation::PeopleList).len();
    bench.run().await.expect(0);
    assert_eq!(bench.calls(Operation::LicensesUsersPatch).len(), 8);
    assert_eq!(bench.calls(Operation::PeopleList).len() - before, 1);
}
