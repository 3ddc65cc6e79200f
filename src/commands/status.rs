//! `status`: how far the job is, from the database alone; also while a run goes on.

use comfy_table::presets;
use comfy_table::{CellAlignment, Table};

use super::{Failure, Setup, output};
use crate::cli::StatusArgs;
use crate::store::{PaceReport, RunReport, StatusReport};

pub(super) fn execute(setup: &Setup<'_>, args: &StatusArgs) -> Result<u8, Failure> {
    let store = setup.store()?;
    let Some(report) = store.status()? else {
        return output::print_line("no file was taken in yet\n  next: wxbulk ingest FILE.csv");
    };
    if args.json { output::print_json(&report) } else { output::print(&describe(&report)) }
}

fn describe(report: &StatusReport) -> String {
    let mut text =
        format!("{} (sha256 {})\n\n", report.input_path, report.input_hash.get(..12).unwrap_or_default());
    text.push_str(&format!("{}\n\n", phases(report)));
    text.push_str(&format!("sites complete: {} of {}", report.sites_done, report.sites));
    if report.rejected > 0 {
        text.push_str(&format!("    rows rejected before any call: {}", report.rejected));
    }
    if report.dropped > 0 {
        text.push_str(&format!("    rows dropped on purpose: {}", report.dropped));
    }
    text.push('\n');
    if let Some(run) = &report.run {
        text.push_str(&last_run(report, run));
    }
    if let Some(pace) = &report.pace {
        text.push_str(&pace_of(pace));
    }
    for reason in &report.reasons {
        let cause = reason.cause.as_ref().filter(|cause| **cause != reason.reason_code);
        let cause = cause.map_or_else(String::new, |cause| format!(", because of {cause}"));
        let place = reason.phase.map_or_else(String::new, |phase| format!("phase {phase}, "));
        text.push_str(&format!(
            "\n{} rows {} ({place}{}{cause})\n  do:  {}\n  e.g. {}\n",
            reason.rows,
            reason.state,
            reason.reason_code,
            reason.hint.as_deref().unwrap_or_default(),
            reason.example.as_deref().unwrap_or_default()
        ));
    }
    text
}

fn phases(report: &StatusReport) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_header(["phase", "rows", "total", "ready", "running", "success", "pending"]);
    for phase in &report.phases {
        table.add_row([
            phase.phase.to_string(),
            phase.entity_type.clone(),
            phase.total.to_string(),
            phase.ready.to_string(),
            phase.running.to_string(),
            phase.success.to_string(),
            phase.pending.to_string(),
        ]);
    }
    for column in table.column_iter_mut().skip(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn last_run(report: &StatusReport, run: &RunReport) -> String {
    let mut text = format!("run {} began {}", run.run_id, run.started_at);
    match (&run.ended_at, &run.ended_by) {
        (Some(at), Some(by)) => text.push_str(&format!(", ended {at}: {by}")),
        _ => text.push_str(", goes on or was killed"),
    }
    text.push_str(&format!("; it finished {} rows\n", run.rows_finished));
    let left: u32 = report.phases.iter().map(|phase| phase.ready.saturating_add(phase.running)).sum();
    if run.ended_at.is_none() && left > 0 && run.rows_last_minute > 0 {
        let minutes = left.div_ceil(run.rows_last_minute);
        text.push_str(&format!(
            "{} rows in the last minute, {left} left: about {minutes} min\n",
            run.rows_last_minute
        ));
    }
    text
}

fn pace_of(pace: &PaceReport) -> String {
    let rate = pace.per_second.map_or_else(
        || "no limit met so far".to_owned(),
        |rate| format!("Webex lets about {rate:.1} requests a second through"),
    );
    let share = pace.refused.saturating_mul(1_000).checked_div(pace.requests).unwrap_or_default();
    let mut text = format!(
        "pace: {rate}; {} of {} requests refused for pace ({}.{} %)\n",
        pace.refused,
        pace.requests,
        share / 10,
        share % 10
    );
    if let Some(until) = &pace.waiting_until {
        text.push_str(&format!("waiting until {until}: Webex asked for it\n"));
    }
    text
}
