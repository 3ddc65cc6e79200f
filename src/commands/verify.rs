//! `verify`: whether the rows that are done still are as they state, told from the checks that are stored.

use super::exit::{DONE, NEEDS_ATTENTION, USAGE};
use super::survey::{self, Stopped, Survey};
use super::{Failure, Setup, ingest, output, requeue, words};
use crate::cli::VerifyArgs;
use crate::config;
use crate::domain::{Phase, RowState};
use crate::export;
use crate::runner::Purpose;
use crate::store::{self, CheckReport, CheckedRow, DifferenceReport, Lock, PhaseCheck, Selection, Store};

/// How many rows the terminal shows one by one.
const SHOWN: usize = 20;

pub(super) fn execute(setup: &Setup<'_>, args: &VerifyArgs) -> Result<u8, Failure> {
    if args.stored {
        return tell(setup, &setup.store()?, args, None);
    }
    let input = config::input(setup.env)?;
    let config = config::run(setup.env)?;
    let store = setup.store()?;
    let lock = Lock::take(&store)?;
    ingest::require_any_input(&store, &input)?;
    let locations = requeue::locations(&store, &args.location)?;
    let (store, locations) = (&store, locations.as_slice());
    let survey = Survey { setup, store, lock: &lock, config: &config, locations, purpose: Purpose::Verify };
    let done = store.rows_in(&[RowState::Success], &Selection::locations(locations))?;
    let stopped = if done > 0 { survey.make()? } else { survey.make_empty().map(|()| None)? };
    tell(setup, store, args, stopped.as_ref())
}

/// Tells what the last verification found, and gives the exit code.
fn tell(
    setup: &Setup<'_>,
    store: &Store,
    args: &VerifyArgs,
    stopped: Option<&Stopped>,
) -> Result<u8, Failure> {
    let Some(report) = store.verification()? else {
        return Err(Failure::new(USAGE, "nothing was verified yet\n  next: wxbulk verify"));
    };
    let found = Found::of(&report);
    let next = next(&report, &found);
    if let Some(stopped) = stopped.filter(|_| args.json || args.as_csv) {
        output::note(setup.quiet, &format!("incomplete: {}", stopped.what));
    }
    if args.as_csv {
        output::print_csv(|out| export::write_findings(store, out))?;
    } else if args.json {
        let document = Document { schema: "wxbulk.verify/1", report: &report, next: &next };
        output::print_json_with_rows(&document, |rows| {
            store.read(|connection| Ok(store::walk_checked(connection, |row| rows.add(row))))?
        })?;
    } else {
        output::print(&describe(&report, stopped, words::separator(setup.env)))?;
        print_rows(store, if args.rows { usize::MAX } else { SHOWN })?;
        output::print(&found.unknown_in_words())?;
    }
    if !args.json {
        output::note(setup.quiet, &format!("next: {next}"));
    }
    let sound = found.drifted == 0 && found.unknown == 0 && report.is_whole();
    let told = if sound { DONE } else { NEEDS_ATTENTION };
    Ok(survey::exit_code(stopped, told))
}

/// The document of `--json`; the rows that are not in place stand at its end.
#[derive(serde::Serialize)]
struct Document<'a> {
    schema: &'static str,
    #[serde(flatten)]
    report: &'a CheckReport,
    next: &'a str,
}

/// Rows that were not found in place.
struct Found {
    /// Changed or gone.
    drifted: u32,
    /// Webex did not tell.
    unknown: u32,
}

impl Found {
    fn of(report: &CheckReport) -> Found {
        let sum = |of: fn(&PhaseCheck) -> u32| report.phases.iter().map(of).fold(0, u32::saturating_add);
        Found {
            drifted: sum(|phase| phase.drifted.saturating_add(phase.missing)),
            unknown: sum(|phase| phase.unknown),
        }
    }

    fn unknown_in_words(&self) -> String {
        let rows = words::count(self.unknown, "row");
        match self.unknown {
            0 => String::new(),
            _ => {
                format!("{rows} unknown: Webex did not tell, and neither drift nor its absence can be said\n")
            }
        }
    }
}

fn describe(report: &CheckReport, stopped: Option<&Stopped>, separator: &str) -> String {
    let CheckReport { survey: made, rows_success, rows_checked, phases } = report;
    let read = words::local_time(&made.begun_at);
    let mut text =
        format!("VERIFY {rows_checked} successes against Webex, read {read}{separator}{}\n", made.scope);
    if !report.is_whole() {
        let why = survey::why_incomplete(stopped, made.complete);
        text.push_str(&format!("INCOMPLETE, {rows_checked} of {rows_success} rows: {why}\n"));
    }
    if made.input_changed {
        text.push_str("OUTDATED: the file was changed since; wxbulk verify looks again\n");
    }
    if *rows_success == 0 {
        text.push_str("nothing to verify: no row is a success yet\n");
        return text;
    }
    let phases: Vec<String> = phases.iter().map(phase).collect();
    if !phases.is_empty() {
        text.push_str(&format!("{}\n", phases.join(separator)));
    }
    text
}

fn phase(check: &PhaseCheck) -> String {
    let title = Phase::from_number(check.phase).map_or("", Phase::title);
    let mut text = format!("{title} {} in place", check.in_place);
    for (count, what) in [(check.drifted, "drifted"), (check.missing, "missing"), (check.unknown, "unknown")]
    {
        if count > 0 {
            text.push_str(&format!(", {count} {what}"));
        }
    }
    text
}

fn print_rows(store: &Store, most: usize) -> Result<u8, Failure> {
    let mut rows: usize = 0;
    output::print_pieces(|printer| {
        store.read(|connection| {
            Ok(store::walk_checked(connection, |row| {
                rows = rows.saturating_add(1);
                if rows <= most { printer.print(&line(row)) } else { Ok(()) }
            }))
        })??;
        match rows.checked_sub(most) {
            Some(left) if left > 0 => printer.print(&format!("and {left} more; --rows shows all\n")),
            _ => Ok(()),
        }
    })
}

fn line(row: &CheckedRow) -> String {
    let CheckedRow { row_id, entity_key, verdict, differences, message, .. } = row;
    let differences = differences.iter().map(difference);
    let parts: Vec<String> = message.iter().cloned().chain(differences).collect();
    format!("{verdict:8} row {row_id} {entity_key}: {}\n", parts.join(", "))
}

fn difference(difference: &DifferenceReport) -> String {
    let DifferenceReport { field, expected, found } = difference;
    let shown = |value: &str| if value.is_empty() { "nothing".to_owned() } else { value.to_owned() };
    format!("{field} {} (the file: {})", shown(found), shown(expected))
}

/// What to type now, as it can be typed; what it is for stands behind it.
fn next(report: &CheckReport, found: &Found) -> String {
    let scope = words::location_options(&report.survey.locations);
    if report.rows_success == 0 {
        return "wxbulk run".to_owned();
    }
    if found.drifted > 0 {
        return format!(
            "wxbulk requeue --drifted{scope} && wxbulk run{scope}    (or leave these rows as they are)"
        );
    }
    if !report.is_whole() {
        return format!("wxbulk verify{scope}    (this one is not complete)");
    }
    if found.unknown > 0 {
        return format!("wxbulk verify{scope}    (again: Webex did not tell of every row)");
    }
    "nothing, every row is as it states".to_owned()
}
