//! A gateway repeats an earlier answer, or an answer belongs to another request: nobody takes it for their own (R27).

use super::*;
use wxbulk::sim::{Fault, Tamper};

/// Two sites and their people, one request after the other, so that each has an earlier one.
async fn on(seed: OrgSeed) -> Bench {
    let csv = Csv::new()
        .location("Madrid")
        .location("Sevilla")
        .person(ANA, "Madrid", "1001")
        .person(EVA, "Sevilla", "1001");
    Bench::with(&csv, SimConfig::with_org(seed))
        .await
        .env("MAX_CONCURRENCY", "1")
        .env("SETTLE_SECONDS", "0.1")
}

fn people() -> OrgSeed {
    OrgSeed::with_people([ANA, EVA])
}

/// Whatever a row that succeeded says is so in Webex.
#[track_caller]
fn check_success_is_true(bench: &Bench, story: &str) {
    let org = bench.sim.org();
    for name in ["Madrid", "Sevilla"] {
        let row = bench.row("location", name);
        if row.state == "success" {
            let [there] = org.locations_named(name)[..] else { panic!("{story}: one {name}") };
            assert_eq!(row.remote_id.as_deref(), Some(there.id.as_str()), "{story}: {name}");
            assert!(there.calling, "{story}: {name}");
        }
    }
    for (email, site) in [(ANA, "Madrid"), (EVA, "Sevilla")] {
        if bench.row("user", email).state == "success" {
            let person = &org.people[email];
            assert_eq!(person.location.as_deref(), Some(site), "{story}: {email}");
        }
    }
    bench.check_invariants();
}

#[tokio::test]
async fn an_answer_of_another_request_makes_no_success() {
    for operation in [
        "location_create",
        "location_get",
        "calling_location_enable",
        "calling_location_get",
        "licenses_users_patch",
    ] {
        for tamper in [Tamper::Earlier, Tamper::Crossed] {
            for applied in [true, false] {
                // The request before is about the same location and says as much as this one would: only a verification tells.
                if (operation, &tamper, applied) == ("calling_location_enable", &Tamper::Crossed, false) {
                    continue;
                }
                let bench = on(people()).await;
                let fault = Fault::on(operation.parse().unwrap()).tamper(tamper.clone());
                bench.sim.add_fault(if applied { fault.applied() } else { fault.not_applied() });
                bench.run().await;
                check_success_is_true(&bench, &format!("{operation} {tamper:?} {applied}"));
            }
        }
    }
}

/// The answer to a create names a location that another row of this run made, or that was there before.
#[tokio::test]
async fn the_id_of_another_location_is_not_taken_for_that_of_a_new_one() {
    let bench = on(people()).await;
    bench.sim.add_fault(Fault::on(Operation::LocationCreate).tamper(Tamper::Earlier).not_applied());
    bench.run().await.expect(3);
    let states: Vec<String> = ["Madrid", "Sevilla"].map(|name| bench.row("location", name).state).into();
    assert!(states.iter().any(|state| state == "pending"), "{states:?}");
    check_success_is_true(&bench, "made by another row");

    let bench = on(people().location(LocationSeed::new("Bilbao"))).await;
    let there = bench.sim.org().locations_named("Bilbao")[0].id.clone();
    let answer = format!(r#"{{"id":"{there}"}}"#);
    bench.sim.add_fault(Fault::on(Operation::LocationCreate).status_and_body(200, answer).not_applied());
    bench.run().await.expect(3);
    for name in ["Madrid", "Sevilla"] {
        bench.row("location", name).expect_pending("invalid_response_schema", "location_create");
    }
    assert!(!bench.sim.org().locations_named("Bilbao")[0].calling, "nobody enabled it");
}
