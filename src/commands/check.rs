//! `check`: the start-up checks alone.

use tokio_util::sync::CancellationToken;

use super::exit::CONFIGURATION;
use super::{Failure, Setup, ingest, lab, output, words};
use crate::cli::CheckArgs;
use crate::config;
use crate::runner::{self, PreflightReport, Shortfall, Shortfalls};
use crate::webex::Webex;

pub(super) fn execute(setup: &Setup<'_>, args: &CheckArgs) -> Result<u8, Failure> {
    if args.lab {
        return lab::execute(setup, args);
    }
    config::input(setup.env)?;
    let config = config::run(setup.env)?;
    let webex = Webex::new(config.webex.clone(), CancellationToken::new())
        .map_err(|error| Failure::new(CONFIGURATION, error.to_string()))?;
    let runtime = super::runtime()?;
    let report = runtime.block_on(runner::preflight(&webex))?;
    let mut shortfalls = Shortfalls::new(&config.rows.licence, &report);
    let mut long_extensions = 0;
    if setup.paths.database.exists() {
        let store = setup.store()?;
        store.users_to_enable(|key, choice| shortfalls.add(key, choice))?;
        long_extensions = store.long_extensions()?;
    }
    let short = shortfalls.found();
    if args.json {
        return output::print_json(&Checked { report: &report, licences_short: &short, long_extensions });
    }
    let mut text = describe(&config.environment, &config.webex.base_url.to_string(), &report);
    short.iter().for_each(|short| text.push_str(&format!("  licences      {short}\n")));
    if long_extensions > 0 {
        text.push_str(&format!("  extensions    {}\n", ingest::long_extensions(long_extensions)));
    }
    output::print(&text)
}

/// The start-up checks, and what the file that was taken in last needs beyond them.
#[derive(serde::Serialize)]
struct Checked<'a> {
    #[serde(flatten)]
    report: &'a PreflightReport,
    licences_short: &'a [Shortfall],
    long_extensions: u32,
}

fn describe(environment: &str, base_url: &str, report: &PreflightReport) -> String {
    let mut text = format!(
        "start-up checks passed\n  environment   {environment}, {base_url}\n  organisation  {}\n  token of      {}\n",
        report.org_id, report.owner
    );
    if let Some(left) = report.token_seconds_left {
        text.push_str(&format!("  token ends    in {}\n", words::hours_and_minutes(left)));
    }
    text.push_str(
        "  not shown     whether the token may write; PSTN, and the address of a site that has it, need \
         spark-admin:telephony_pstn_write\n",
    );
    for units in &report.free_units {
        let subscription = units.subscription.as_deref().unwrap_or("no subscription");
        let ended = units.ended.as_ref().map(|status| format!(": {status}, none of them is given"));
        text.push_str(&format!(
            "  free units    {} of {}, {subscription}{}\n",
            units.free,
            units.licence,
            ended.unwrap_or_default()
        ));
    }
    text
}
