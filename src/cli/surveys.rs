//! The arguments of the commands that look at Webex and write nothing to it.

use std::path::PathBuf;

use clap::Args;

use super::ReadArgs;

/// `plan`.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// A file to take in first
    #[arg(value_name = "CSV")]
    pub file: Option<PathBuf>,
    /// How to read it.
    #[command(flatten)]
    pub read: ReadArgs,
    /// Only rows of this location, by key, external id or name; may be repeated
    #[arg(long, value_name = "KEY")]
    pub location: Vec<String>,
    /// List the rows that come to this, one by one: create, update, enable, assign, same or blocked
    #[arg(long, value_name = "EFFECT", value_parser = ["create", "update", "enable", "assign", "same", "blocked"])]
    pub only: Option<String>,
    /// List every row with the writes that it would take
    #[arg(long)]
    pub rows: bool,
    /// Say how long it takes at this pace, such as 6/s, and not at the one that was learnt
    #[arg(long, value_name = "N/s", value_parser = rate)]
    pub rate: Option<f64>,
    /// Print the stored plan again; asks Webex nothing
    #[arg(long, conflicts_with_all = ["file", "location"])]
    pub stored: bool,
    /// Print it as JSON, with --rows or --only the rows too
    #[arg(long)]
    pub json: bool,
    /// Print the rows as CSV, one line a write
    #[arg(long = "csv", conflicts_with = "json")]
    pub as_csv: bool,
}

/// `verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Only rows of this location, by key, external id or name; may be repeated
    #[arg(long, value_name = "KEY")]
    pub location: Vec<String>,
    /// List every row that is not in place, and not the first twenty only
    #[arg(long)]
    pub rows: bool,
    /// Print what the last verification found; asks Webex nothing
    #[arg(long, conflicts_with = "location")]
    pub stored: bool,
    /// Print it as JSON, with every row that is not in place
    #[arg(long)]
    pub json: bool,
    /// Print the rows that are not in place as CSV, one line a value
    #[arg(long = "csv", conflicts_with = "json")]
    pub as_csv: bool,
}

fn rate(text: &str) -> Result<f64, String> {
    match text.strip_suffix("/s").unwrap_or(text).parse::<f64>() {
        Ok(rate) if (0.01..=10_000.0).contains(&rate) => Ok(rate),
        _ => Err("it must be a number of requests a second such as 6/s".to_owned()),
    }
}
