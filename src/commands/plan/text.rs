//! The plan as text.

use super::cost::Estimate;
use super::warning;
use crate::commands::survey::{self, Stopped};
use crate::commands::words;
use crate::domain::{Effect, Phase};
use crate::store::{
    BlockedRows, DifferenceReport, LocationCount, PhasePlan, PlanReport, PlannedRow, WriteReport,
};

/// How many locations a line names.
const NAMED: usize = 5;

/// A licence of which there are not enough, as the survey told it.
#[derive(serde::Deserialize)]
struct Short {
    licence: String,
    users: usize,
    without_unit: usize,
    first: Vec<String>,
}

/// Everything but the rows one by one.
pub(super) fn describe(
    report: &PlanReport,
    estimate: &Estimate,
    stopped: Option<&Stopped>,
    separator: &str,
) -> String {
    let mut text = head(report, estimate, stopped, separator);
    if report.rows_open == 0 && report.rows_planned == 0 {
        text.push_str("nothing to do: no row is ready or pending\n");
        return text;
    }
    text.push_str(&table(report));
    let mut say = |label: &str, what: String| text.push_str(&format!("{label:12} {what}\n"));
    for (at, line) in licences(report).into_iter().enumerate() {
        say(if at == 0 { "Licences" } else { "" }, line);
    }
    say("Numbers", numbers(report));
    for LocationCount { location_key, count } in report.without_pstn.iter().take(NAMED) {
        say("", format!("{location_key} has no PSTN ({})", words::count(*count, "row")));
    }
    say("Cost", format!("{} reads, {} writes; {}", report.reads, report.writes, estimate.describe()));
    if !report.blocked.is_empty() {
        let groups: Vec<String> =
            report.blocked.iter().map(|group| format!("{} {}", group.rows, kind(&group.kind))).collect();
        say("Blocked", groups.join(separator));
        report.blocked.iter().for_each(|group| say("", example(group)));
    }
    if let Some(warning) = warning(report) {
        say("Note", warning.to_owned());
    }
    text
}

fn head(report: &PlanReport, estimate: &Estimate, stopped: Option<&Stopped>, separator: &str) -> String {
    let made = &report.survey;
    let mut parts = vec![made.input_path.clone()];
    parts.extend(made.environment.clone());
    parts.push(made.scope.clone());
    if let Some(left) = estimate.token_seconds_left {
        parts.push(match left {
            left if left > 0 => format!("token ends in {}", words::hours_and_minutes(left)),
            _ => "the token has ended".to_owned(),
        });
    }
    let mut text = format!("PLAN  {}\n", parts.join(separator));
    let mut parts: Vec<String> = made.org_id.iter().map(|id| format!("organisation {id}")).collect();
    parts.push(format!("made {}", words::local_time(&made.begun_at)));
    text.push_str(&format!("      {}\n", parts.join(separator)));
    if !report.is_whole() {
        let why = survey::why_incomplete(stopped, made.complete);
        let (planned, open) = (report.rows_planned, report.rows_open);
        text.push_str(&format!("      INCOMPLETE, {planned} of {open} rows: {why}\n"));
    }
    if made.input_changed {
        text.push_str("      OUTDATED: the file was changed since; wxbulk plan makes it anew\n");
    }
    text
}

fn table(report: &PlanReport) -> String {
    let mut text = format!(
        "{:12} {:>6} {:>6} {:>6} {:>6} {:>6} {:>6} {:>7}\n",
        "", "rows", "create", "update", "enable", "assign", "same", "blocked"
    );
    for phase in &report.phases {
        let PhasePlan { rows, update, same, blocked, .. } = phase;
        let title = Phase::from_number(phase.phase).map_or("", Phase::title);
        let (create, enable, assign) = (phase.create, phase.enable, phase.assign);
        // What rows of a kind never come to is no number.
        let of = |count: u32, phases: &[u8]| match count {
            0 if !phases.contains(&phase.phase) => "-".to_owned(),
            count => count.to_string(),
        };
        let (create, enable, assign) = (of(create, &[1]), of(enable, &[1, 2]), of(assign, &[3]));
        text.push_str(&format!(
            "{title:12} {rows:>6} {create:>6} {update:>6} {enable:>6} {assign:>6} {same:>6} {blocked:>7}\n"
        ));
    }
    text
}

fn licences(report: &PlanReport) -> Vec<String> {
    let short: Vec<Short> = serde_json::from_value(report.survey.licences_short.clone()).unwrap_or_default();
    if short.is_empty() {
        return vec![match report.people_enabled {
            0 => "none is given to anybody".to_owned(),
            1 => "1 person is given one; none is short".to_owned(),
            people => format!("{people} people are given one; none is short"),
        }];
    }
    let mut lines = Vec::with_capacity(short.len());
    for Short { licence, users, without_unit, first } in short {
        let free = users.saturating_sub(without_unit);
        lines.push(format!("{users} {licence} wanted, {free} free: SHORT {without_unit}"));
        if !first.is_empty() {
            let more = without_unit.saturating_sub(first.len());
            let more = if more > 0 { format!(" (+{more})") } else { String::new() };
            lines.push(format!("without one: {}{more}", first.join(", ")));
        }
    }
    lines
}

fn numbers(report: &PlanReport) -> String {
    if report.numbers_to_add == 0 {
        return "none to add".to_owned();
    }
    let named = report.numbers_by_location.iter().take(NAMED);
    let named: Vec<String> =
        named.map(|LocationCount { location_key, count }| format!("{location_key} {count}")).collect();
    let more = if report.numbers_by_location.len() > named.len() { ", ..." } else { "" };
    format!("{} to add: {}{more}", report.numbers_to_add, named.join(", "))
}

/// What blocks rows, in words that follow a number.
fn kind(kind: &str) -> &str {
    match kind {
        "waits" => "waiting for another row",
        "no_licence" => "without a free licence",
        "no_pstn" => "without PSTN at the location",
        "user_not_found" => "not known to Webex",
        "precondition_missing" => "lacking what must be there first",
        "out_of_scope" => "asking for what wxbulk does not do",
        "non_retryable_external" => "in conflict with what is in Webex",
        "permission_denied" => "needing a right that the token lacks",
        "auth_invalid" => "met by a token that is not valid",
        "retry_exhausted" => "without a good answer from Webex",
        "invalid_response_schema" => "with an answer that proves nothing",
        "unhandled_exception" => "with a defect of wxbulk",
        other => other,
    }
}

fn example(group: &BlockedRows) -> String {
    let BlockedRows { rows, first_row, first_key, first_message, .. } = group;
    let such = if *rows > 1 { "such as " } else { "" };
    format!("{such}row {first_row} {first_key}: {first_message}")
}

/// One row with its writes.
pub(super) fn line(row: &PlannedRow) -> String {
    let PlannedRow { row_id, entity_key, effect, writes, message, .. } = row;
    let mut parts: Vec<String> = writes.iter().map(write).collect();
    match message {
        Some(message) if parts.is_empty() => parts.push(message.clone()),
        Some(message) => parts.push(format!("stop: {message}")),
        None if parts.is_empty() => parts.push("in place".to_owned()),
        None => {}
    }
    format!("{} row {row_id} {entity_key}: {}\n", mark(*effect), parts.join(", then "))
}

const fn mark(effect: Effect) -> char {
    match effect {
        Effect::Blocked => '!',
        Effect::Create | Effect::Enable | Effect::Assign => '+',
        Effect::Update => '~',
        Effect::Same => '=',
    }
}

fn write(write: &WriteReport) -> String {
    if write.differences.is_empty() {
        return write.words.clone();
    }
    let shown = |value: &str| if value.is_empty() { "nothing".to_owned() } else { value.to_owned() };
    let change = |difference: &DifferenceReport| {
        let DifferenceReport { field, expected, found } = difference;
        format!("{field} {} -> {}", shown(found), shown(expected))
    };
    let changes: Vec<String> = write.differences.iter().map(change).collect();
    format!("{} ({})", write.words, changes.join(", "))
}
