//! Which licences may be given at all: units are a policy of wxbulk's, a licence that ended is none (webex.md 4.2).

use wxbulk::sim::{LicenseSeed, PROFESSIONAL, STANDARD};

use super::{ANA, EVA, id_of, in_use, licence, names, on, patches_for, two};
use crate::support::Bench;

/// Ana and Eva, one unit, and a Webex that gives more than were bought, or does not.
async fn short_of_one(webex_allows: bool) -> Bench {
    let bench = on(&two("", ""), [licence(PROFESSIONAL, "s", 1)]).await;
    bench.sim.set_habits(|habits| habits.allows_overage = webex_allows);
    bench
}

#[tokio::test]
async fn without_free_units_nobody_is_enabled_unless_that_is_allowed() {
    let bench = short_of_one(true).await;
    bench.run().await.expect(3);
    bench.row("user", EVA).expect_pending("precondition_missing", "user_enable_calling");
    assert_eq!((in_use(&bench), patches_for(&bench, EVA)), (vec![1], 0));

    let bench = bench.env("ALLOW_LICENSE_OVERAGE", "true");
    bench.wxbulk(&["run", "--retry-pending"]).await.expect(0);
    assert_eq!(in_use(&bench), [2]);
    bench.check_invariants();
}

#[tokio::test]
async fn what_webex_answers_decides_then() {
    let bench = short_of_one(false).await.env("ALLOW_LICENSE_OVERAGE", "true").env("MAX_CONCURRENCY", "1");
    bench.run().await.expect(3);
    let row = bench.row("user", EVA);
    row.expect_pending("precondition_missing", "user_enable_calling");
    row.says(&["Webex refused: HTTP 400", "No units of"]);
    assert_eq!((in_use(&bench), patches_for(&bench, EVA)), (vec![1], 1));
}

#[tokio::test]
async fn free_units_are_given_first_and_nobody_is_said_to_find_none() {
    let licences = [licence(PROFESSIONAL, "one", 0), licence(PROFESSIONAL, "two", 1)];
    let bench =
        on(&two("", ""), licences).await.env("ALLOW_LICENSE_OVERAGE", "true").env("MAX_CONCURRENCY", "1");
    bench.sim.set_habits(|habits| habits.allows_overage = true);
    bench.wxbulk(&["ingest", &bench.csv_path().display().to_string()]).await.expect(0);
    let told = bench.wxbulk(&["check"]).await.expect(0).text() + &bench.run().await.expect(0).text();
    assert!(!told.contains("find no unit"), "{told}");
    assert_eq!(in_use(&bench), [1, 1]);
}

#[tokio::test]
async fn no_licence_of_any_kind_is_none_with_the_policy_too() {
    let bench = on(&two("", ""), [licence(STANDARD, "s", 9)]).await.env("ALLOW_LICENSE_OVERAGE", "true");
    bench.run().await.expect(3);
    bench.row("user", ANA).says(&["the organisation has no licence \"professional\" to give"]);
}

fn ended(subscription: &str, status: &str) -> LicenseSeed {
    licence(PROFESSIONAL, subscription, 9).status(status)
}

#[tokio::test]
async fn a_licence_of_a_subscription_that_ended_is_never_given() {
    for status in ["SUSPENDED", "expired", "Cancelled"] {
        let licences = [ended("old", status), licence(PROFESSIONAL, "new", 9).status("ACTIVE")];
        let bench = on(&two("", ""), licences).await;
        bench.run().await.expect(0);
        assert_eq!(in_use(&bench), [0, 2], "{status}");

        let bench = on(&two("", ""), [ended("old", status)]).await.env("ALLOW_LICENSE_OVERAGE", "true");
        bench.wxbulk(&["ingest", &bench.csv_path().display().to_string()]).await.expect(0);
        let check = bench.wxbulk(&["check"]).await.expect(0).stdout;
        assert!(check.contains(&format!("old: {status}, none of them is given")), "{check}");
        assert!(check.contains("2 of 2 ready users find no unit of professional"), "{check}");
        let json = bench.wxbulk(&["check", "--json"]).await.expect(0).stdout;
        assert!(json.contains(&format!(r#""ended": "{status}""#)), "{json}");
        bench.run().await.expect(3);
        let row = bench.row("user", ANA);
        row.expect_pending("precondition_missing", "user_enable_calling");
        row.says(&["has no licence \"professional\" to give", status]);
        assert_eq!(in_use(&bench), [0]);
    }
}

#[tokio::test]
async fn nor_is_one_that_a_row_names_by_its_id() {
    let bench = on(&two("", ""), [ended("old", "SUSPENDED"), licence(STANDARD, "new", 9)]).await;
    let id = id_of(&bench, PROFESSIONAL);
    bench.write_csv(&two(&id, "standard").text());
    bench.run().await.expect(3);
    bench.row("user", ANA).says(&["SUSPENDED"]);
    assert_eq!((names(&bench, EVA).len(), in_use(&bench)), (1, vec![0, 1]));
}
