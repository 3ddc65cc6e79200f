//! Lists that lag behind the writes of the same run cost no row (design R2, R11).
#![cfg(feature = "sim")]

mod support;

use support::{Bench, Csv, site};

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
