//! `check`: the start-up checks alone.

use tokio_util::sync::CancellationToken;

use super::exit::CONFIGURATION;
use super::{Failure, Scene, output};
use crate::cli::CheckArgs;
use crate::config;
use crate::runner::{self, PreflightReport};
use crate::webex::Webex;

pub(super) fn execute(scene: &Scene<'_>, args: &CheckArgs) -> Result<u8, Failure> {
    config::input(scene.env)?;
    let config = config::run(scene.env)?;
    let webex = Webex::new(config.webex.clone(), CancellationToken::new())
        .map_err(|error| Failure::new(CONFIGURATION, format!("WEBEX_TOKEN: {error}")))?;
    let runtime = super::runtime()?;
    let report = runtime.block_on(runner::preflight(&webex))?;
    if args.json {
        return output::print_json(&report);
    }
    output::print(&describe(&config.environment, &config.webex.base_url.to_string(), &report))
}

fn describe(environment: &str, base_url: &str, report: &PreflightReport) -> String {
    let mut text = format!(
        "start-up checks passed\n  environment   {environment}, {base_url}\n  organisation  {}\n  token of      {}\n",
        report.org_id, report.owner
    );
    if let Some(left) = report.token_seconds_left {
        text.push_str(&format!(
            "  token ends    in {} h {} min\n",
            left.div_euclid(3_600),
            left.rem_euclid(3_600) / 60
        ));
    }
    for (name, free) in &report.free_units {
        text.push_str(&format!("  free units    {free} of {name}\n"));
    }
    text
}
