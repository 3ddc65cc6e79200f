//! Lists that lag behind the writes of the same run cost no row (R2, R11).

use crate::support::{Bench, Csv, site};
use wxbulk::sim::{LocationSeed, Operation, OrgSeed, Pstn, SimConfig};

/// Lists that lag less than the settle time behind the writes of phase 2.
#[tokio::test]
async fn an_assignment_is_not_blocked_by_a_user_row_that_succeeded() {
    let bench = Bench::new(&site(1)).await.env("SETTLE_SECONDS", "1");
    bench.sim.add_fault("licenses_users_patch:lag=300".parse().unwrap());
    bench.run().await.expect(0);
    bench.row("extension_assignment", "Madrid/1000").expect_success();
}

/// The location exists and is enabled, as its own row proved; only a setting is pending.
#[tokio::test]
async fn a_location_that_the_run_itself_enabled_blocks_nobody_while_lists_lag() {
    let csv = Csv::new().location("Madrid").cell("location_settings_main_number", "+34911000000");
    let bench = Bench::new(&csv.person("ana@example.com", "Madrid", "1001")).await;
    bench.sim.add_fault("location_create:lag=60000".parse().unwrap());
    bench.run().await.expect(3);
    bench.row("user", "ana@example.com").expect_success();
}

/// The answer is lost, and the list shows the licence only later, but before the settle time is over (R6).
#[tokio::test]
async fn a_licence_whose_answer_was_lost_is_looked_for_when_it_must_show_and_sent_once() {
    for lost in ["lost", "status=503,applied", "status=200,body={}"] {
        let bench = Bench::new(&site(1)).await.env("SETTLE_SECONDS", "1");
        bench.sim.add_fault(format!("licenses_users_patch#1:{lost},applied,lag=300").parse().unwrap());
        bench.run().await.expect(0);
        assert_eq!(bench.calls(Operation::LicensesUsersPatch).len(), 1, "{lost}");
        let recorded = "SELECT count(*) FROM calls WHERE operation = 'licenses_users_patch' AND applied = 1";
        assert_eq!(bench.count(recorded), 1, "{lost}");
    }
}

/// A refusal that took effect, and a retry that comes before the list shows it.
#[tokio::test]
async fn a_create_that_was_refused_is_looked_for_when_it_must_show_before_it_is_sent_again() {
    for refusal in [400, 409] {
        let bench = Bench::new(&Csv::new().location("Sevilla")).await.env("SETTLE_SECONDS", "2");
        bench.sim.add_fault(format!("location_create#1:status={refusal},applied,lag=1500").parse().unwrap());
        bench.run().await.expect(3);
        bench.row("location", "Sevilla").expect_pending("non_retryable_external", "location_create");
        bench.wxbulk(&["run", "--retry-pending"]).await.expect(0);
        assert_eq!(bench.sim.org().locations_named("Sevilla").len(), 1, "{refusal}");
        assert_eq!(bench.calls(Operation::LocationCreate).len(), 1, "{refusal}");
    }
}

/// Of numbers nothing can be made twice; one that somebody else put there is not this row's doing, whatever it tried.
#[tokio::test]
async fn a_refused_number_does_not_make_a_row_half_applied_when_it_is_tried_again() {
    let (held, taken) = ("+34911000001", "+34911000002");
    let csv = Csv::new().location("Madrid");
    let numbered = csv.clone().cell("location_settings_numbers", &format!("{held}|{taken}"));
    // The address of the file: with PSTN it is not changed here.
    let address = serde_json::json!({
        "address1": "Calle Mayor, 1", "city": "Madrid", "state": "Madrid", "postalCode": "28001", "country": "ES",
    });
    let with = |name: &str, number: &str| LocationSeed {
        address: address.clone(),
        ..LocationSeed::calling(name).pstn(Pstn::LocalGateway).numbers([number])
    };
    let org = OrgSeed::default().location(with("Madrid", held)).location(with("Lugo", taken));
    let bench = Bench::with(&csv, SimConfig::with_org(org)).await;
    let path = bench.csv_path().display().to_string();
    bench.wxbulk(&["run", &path, "--output-dir", "another"]).await.expect(0);
    bench.write_csv(&numbered.text());
    bench.run().await.expect(3);
    let first = bench.row("location", "Madrid");
    bench.wxbulk(&["run", "--retry-pending"]).await.expect(3);
    let second = bench.row("location", "Madrid");
    first.expect_pending("non_retryable_external", "location_add_numbers");
    second.expect_pending("non_retryable_external", "location_add_numbers");
}
