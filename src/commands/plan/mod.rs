//! `plan`: what a run would do to each row that is not done, told from the plan that is stored.

mod cost;
mod text;

use super::exit::{DONE, NEEDS_ATTENTION, USAGE};
use super::survey::{self, Stopped, Survey};
use super::{Failure, Setup, files, ingest, output, requeue, words};
use crate::cli::PlanArgs;
use crate::config;
use crate::domain::{Effect, RowState};
use crate::export;
use crate::runner::Purpose;
use crate::store::{self, FirstRow, PlanReport, Selection, Store};
use cost::Estimate;

/// What enabling calling can do to people whom the directory has given a number (webex.md 4.3).
const WORK_NUMBER: &str = "Enabling calling may take away the work number that the directory wrote for a person, since telephone numbers belong to \
     calling from then on: state the numbers that people are to keep in the file.";

pub(super) fn execute(setup: &Setup<'_>, args: &PlanArgs) -> Result<u8, Failure> {
    if args.stored {
        return tell(setup, &setup.store()?, args, None);
    }
    let input = config::input(setup.env)?;
    let config = config::run(setup.env)?;
    let (store, lock) = ingest::take_up(setup, args.file.as_deref(), &args.read, &input)?;
    if args.file.is_some() {
        files::refresh(&store, &setup.paths.output);
    }
    let locations = requeue::locations(&store, &args.location)?;
    let (store, locations) = (&store, locations.as_slice());
    let survey = Survey { setup, store, lock: &lock, config: &config, locations, purpose: Purpose::Plan };
    let open = store.rows_in(&[RowState::Ready, RowState::Pending], &Selection::locations(locations))?;
    let stopped = if open > 0 { survey.make()? } else { survey.make_empty().map(|()| None)? };
    tell(setup, store, args, stopped.as_ref())
}

/// Tells the stored plan, and gives the exit code.
fn tell(setup: &Setup<'_>, store: &Store, args: &PlanArgs, stopped: Option<&Stopped>) -> Result<u8, Failure> {
    let Some(report) = store.plan()? else {
        return Err(Failure::new(USAGE, "no plan is stored yet\n  next: wxbulk plan"));
    };
    let only = args.only.as_deref().and_then(Effect::from_text);
    let listed = args.rows || only.is_some();
    let estimate = Estimate::of(&report, args.rate);
    let next = next(&report, store)?;
    if let Some(stopped) = stopped.filter(|_| args.json || args.as_csv) {
        output::note(setup.quiet, &format!("incomplete: {}", stopped.what));
    }
    if args.as_csv {
        output::print_csv(|out| export::write_plan(store, only, out))?;
    } else if args.json {
        print_json(store, &report, &estimate, &next, listed.then_some(only))?;
    } else {
        if listed {
            print_rows(store, only)?;
        }
        output::print(&text::describe(&report, &estimate, stopped, words::separator(setup.env)))?;
    }
    if !args.json {
        output::note(setup.quiet, &format!("next: {next}"));
    }
    let blocked = report.phases.iter().any(|phase| phase.blocked > 0);
    let told = if blocked || !report.is_whole() { NEEDS_ATTENTION } else { DONE };
    Ok(survey::exit_code(stopped, told))
}

/// The document of `--json`; its rows, where they are asked for, stand at its end.
#[derive(serde::Serialize)]
struct Document<'a> {
    schema: &'static str,
    #[serde(flatten)]
    report: &'a PlanReport,
    #[serde(flatten)]
    estimate: &'a Estimate,
    warnings: Vec<&'static str>,
    next: &'a str,
}

fn print_json(
    store: &Store,
    report: &PlanReport,
    estimate: &Estimate,
    next: &str,
    rows: Option<Option<Effect>>,
) -> Result<u8, Failure> {
    let warnings = warning(report).into_iter().collect();
    let document = Document { schema: "wxbulk.plan/1", report, estimate, warnings, next };
    let Some(only) = rows else { return output::print_json(&document) };
    output::print_json_with_rows(&document, |rows| {
        store.read(|connection| Ok(store::walk_planned(connection, only, |row| rows.add(row))))?
    })
}

fn print_rows(store: &Store, only: Option<Effect>) -> Result<u8, Failure> {
    output::print_pieces(|printer| {
        store.read(|connection| {
            Ok(store::walk_planned(connection, only, |row| printer.print(&text::line(row))))
        })??;
        printer.print("\n")
    })
}

/// What is to be said once, when calling would be enabled for anybody.
fn warning(report: &PlanReport) -> Option<&'static str> {
    (report.people_enabled > 0).then_some(WORK_NUMBER)
}

/// What to type now, as it can be typed; what it is for stands behind it.
fn next(report: &PlanReport, store: &Store) -> Result<String, Failure> {
    if report.rows_open == 0 {
        let done = store.rows_in(&[RowState::Success], &Selection::default())? > 0;
        let next = if done { "wxbulk verify    (whether what is done still is so)" } else { "wxbulk status" };
        return Ok(next.to_owned());
    }
    let again = words::location_options(&report.survey.locations);
    if !report.is_whole() {
        return Ok(format!("wxbulk plan{again}    (this one is not complete)"));
    }
    let Some(FirstRow { location_key, pending, writes }) = &report.first else {
        return Ok(format!("wxbulk plan{again}    (again, when what blocks the rows is mended)"));
    };
    let retry = if *pending { " --retry-pending" } else { "" };
    if !writes {
        return Ok(format!(
            "wxbulk run{retry}{again}    (everything is in place already, and is recorded as done)"
        ));
    }
    let location = words::quoted(location_key);
    Ok(format!("wxbulk run{retry} --location {location} --limit 5"))
}
