//! `check --lab`: puts open doubts to a lab organisation and writes down what came of them.

use std::path::Path;

use comfy_table::{ContentArrangement, Table, presets};
use jiff::Timestamp;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::exit::{CONFIGURATION, DEFECT, DONE, NEEDS_ATTENTION, USAGE};
use super::{Failure, Setup, ask, output, signals};
use crate::cli::CheckArgs;
use crate::config::{self, RunConfig};
use crate::domain::Email;
use crate::export;
use crate::lab::{self, Finding, Ledger, Left, Plan, Verdict};
use crate::runner::{self, PreflightReport};
use crate::webex::Webex;

/// The table is no wider than this.
const WIDTH: u16 = 110;

/// The report as it is written and printed.
#[derive(Debug, Serialize)]
struct Report<'a> {
    schema: &'static str,
    wxbulk: &'static str,
    begun: String,
    ended: String,
    /// Whether every doubt had its turn; `false`: a signal ended it.
    complete: bool,
    base_url: String,
    org_id: &'a str,
    location: &'a str,
    person: Option<&'a str>,
    doubts: Vec<Finding>,
    left_behind: Vec<Left>,
}

/// How the asking ended.
struct Asked {
    preflight: PreflightReport,
    /// The exit code of the signal that ended it.
    signal: Option<u8>,
}

pub(super) fn execute(setup: &Setup<'_>, args: &CheckArgs) -> Result<u8, Failure> {
    let config = config::run(setup.env)?;
    let begun = Timestamp::now();
    let plan = plan(args, &config, begun)?;
    output::note(setup.quiet, &plan.announce());
    if !args.yes {
        if !ask::somebody_is_there() {
            return Err(refusal(
                "check --lab writes to the organisation: add --yes where nobody is there to be asked",
            ));
        }
        if !ask::yes("Go on?") {
            output::note(setup.quiet, "nothing was asked");
            return Ok(DONE);
        }
    }
    let ledger = Ledger::default();
    let runtime = super::runtime()?;
    let end = tokio::task::LocalSet::new().block_on(&runtime, ask(&config, &plan, &ledger))?;
    let report = Report {
        schema: lab::SCHEMA,
        wxbulk: env!("CARGO_PKG_VERSION"),
        begun: begun.to_string(),
        ended: Timestamp::now().to_string(),
        complete: end.signal.is_none(),
        base_url: config.webex.base_url.to_string(),
        org_id: config.rows.org_id.as_deref().unwrap_or(&end.preflight.org_id),
        location: &plan.location,
        person: plan.person.as_ref().map(Email::as_str),
        doubts: ledger.findings(),
        left_behind: ledger.left_behind(),
    };
    tell(setup, args, &report)?;
    Ok(end.signal.unwrap_or_else(|| code(&report)))
}

/// What the command line asks for, if it may be asked here.
fn plan(args: &CheckArgs, config: &RunConfig, begun: Timestamp) -> Result<Plan, Failure> {
    if config.environment != "lab" {
        return Err(refusal(
            "check --lab makes and changes things on purpose and is for lab organisations only: set ENVIRONMENT=lab, with the token of such an organisation",
        ));
    }
    let Some(location) = args.location.as_ref().map(|name| name.trim()).filter(|name| !name.is_empty())
    else {
        return Err(refusal(
            "check --lab needs a location for its trials: make one in Control Hub that nobody works in, enabled for calling, and name it with --location NAME",
        ));
    };
    let wrong = |option: &str, why: &str| Failure::new(USAGE, format!("{option}: {why}"));
    let person =
        args.person.as_ref().map(|email| Email::parse(&email.trim().to_ascii_lowercase())).transpose();
    let numbers = args.numbers.as_deref().map(lab::numbers).transpose();
    Ok(Plan {
        location: location.to_owned(),
        person: person.map_err(|error| wrong("--person", &error.to_string()))?,
        numbers: numbers.map_err(|why| wrong("--numbers", &why))?.unwrap_or_default(),
        rates: args.rates,
        licence: config.rows.licence.default.clone(),
        subscription: config.rows.licence.subscription.clone(),
        org_id: config.rows.org_id.clone(),
        second_name: format!("wxbulk lab {}", begun.strftime("%Y-%m-%d %H:%M:%S")),
    })
}

fn refusal(what: &str) -> Failure {
    Failure::new(CONFIGURATION, what)
}

/// Asks until the end or a signal; a signal ends it at once, also in the middle of a request.
async fn ask(config: &RunConfig, plan: &Plan, ledger: &Ledger) -> Result<Asked, Failure> {
    let stop = CancellationToken::new();
    let signalled = signals::listen(stop.clone(), "ending at once");
    let webex = Webex::new(config.webex.clone(), stop.clone())
        .map_err(|error| Failure::new(CONFIGURATION, error.to_string()))?;
    let preflight = tokio::select! {
        biased;
        () = stop.cancelled() => {
            return Err(Failure::new(signalled.exit_code(), "stopped by a signal during the start-up checks; nothing was changed"));
        }
        checked = runner::preflight(&webex) => checked?,
    };
    let asked = tokio::select! {
        biased;
        () = stop.cancelled() => None,
        asked = lab::ask(&webex, plan, ledger) => Some(asked),
    };
    match asked {
        Some(Err(error)) => Err(refusal(&error.to_string())),
        Some(Ok(())) => Ok(Asked { preflight, signal: None }),
        None => Ok(Asked { preflight, signal: Some(signalled.exit_code()) }),
    }
}

fn tell(setup: &Setup<'_>, args: &CheckArgs, report: &Report<'_>) -> Result<(), Failure> {
    let text =
        serde_json::to_string_pretty(report).map_err(|error| Failure::new(DEFECT, error.to_string()))?;
    let written = export::write_lab_report(&setup.paths.output, &format!("{text}\n"));
    // Shown also when it could not be written: what was asked cannot be asked again without leaving more behind.
    if args.json {
        output::print_line(&text)?;
    } else {
        output::print(&describe(report, written.as_deref().ok()))?;
    }
    written?;
    Ok(())
}

fn describe(report: &Report<'_>, path: Option<&Path>) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH);
    table.set_header(["doubt", "verdict", "what it means"]);
    for doubt in &report.doubts {
        table.add_row([doubt.id, &doubt.verdict.to_string(), &doubt.meaning]);
    }
    let mut text = format!("{table}\n");
    if !report.complete {
        text.push_str("ended by a signal: doubts that are not listed were not asked\n");
    }
    text.push_str(if report.left_behind.is_empty() { "nothing is left behind\n" } else { "left behind:\n" });
    for left in &report.left_behind {
        text.push_str(&format!("  {}\n    to undo it: {}\n", left.what, left.undo));
    }
    if let Some(path) = path {
        text.push_str(&format!("requests, answers and what was seen: {}\n", path.display()));
    }
    text
}

/// Something that should have been undone and was not, or a doubt that stays one, wants a look.
fn code(report: &Report<'_>) -> u8 {
    let unclear = report.doubts.iter().any(|doubt| matches!(doubt.verdict, Verdict::Unclear(_)));
    let undone = report.left_behind.iter().all(|left| left.told_beforehand);
    if unclear || !undone { NEEDS_ATTENTION } else { DONE }
}
