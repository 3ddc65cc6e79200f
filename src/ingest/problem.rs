//! What can be wrong with a row, in the words of its message.

use super::needs::Group;
use super::text::shown;
use crate::domain::{Column, EntityType, RejectionReason};

/// How many further columns at fault a message names.
const MAX_OTHERS: usize = 5;

/// One thing that is wrong with a row.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    pub(super) reason: RejectionReason,
    pub(super) column: Option<String>,
    pub(super) message: String,
}

impl Problem {
    pub(super) fn whole_row(message: impl Into<String>) -> Problem {
        Problem { reason: RejectionReason::InvalidInputSchema, column: None, message: message.into() }
    }

    pub(super) fn cell(column: &str, message: impl Into<String>) -> Problem {
        Problem { column: Some(column.to_owned()), ..Problem::whole_row(message) }
    }

    fn out_of_scope(column: &str, message: impl Into<String>) -> Problem {
        Problem { reason: RejectionReason::OutOfScope, ..Problem::cell(column, message) }
    }
}

/// The problem that gives the row its reason, and the words for the other columns at fault.
pub(super) fn leading(problems: &[Problem]) -> Option<(&Problem, String)> {
    let out_of_scope = problems.iter().find(|problem| problem.reason == RejectionReason::OutOfScope);
    let leading = out_of_scope.or(problems.first())?;
    let others = problems.iter().filter(|problem| problem.column != leading.column);
    let others: Vec<&str> = others.filter_map(|problem| problem.column.as_deref()).collect();
    let more = if others.len() > MAX_OTHERS { " and more" } else { "" };
    let named = others.iter().take(MAX_OTHERS).copied().collect::<Vec<_>>().join(", ");
    Some((leading, if named.is_empty() { named } else { format!(". Also wrong: {named}{more}") }))
}

pub(super) fn no_entity(text: Option<&str>) -> Option<Problem> {
    // A filled cell that is no kind of row already has its own message.
    let blank = text.is_none();
    blank.then(|| {
        Problem::cell(
            "entity_type",
            "is blank, so the row's kind is not known: write location, user or extension_assignment",
        )
    })
}

pub(super) fn missing(entity: EntityType, group: &Group) -> Problem {
    let column = group.columns.first().map(String::as_str).unwrap_or_default();
    let setting = group.setting.map(|setting| format!(", or set {setting}")).unwrap_or_default();
    let message = match group.columns.len() {
        1 => format!("is blank, but {} row needs it: fill it ({}){setting}", article(entity), group.about),
        _ => format!("all blank, but {} row needs one of them: fill {}", article(entity), group.names()),
    };
    Problem::cell(column, message)
}

pub(super) fn ragged(fields: usize, columns: usize, further_lines: u64) -> Problem {
    let lines = match further_lines {
        0 => String::new(),
        more => format!(", on {} lines of the file (a quote that is not closed joins lines)", more + 1),
    };
    let cause = if fields > columns {
        "a cell with a delimiter in it, such as an address, needs quotes around it"
    } else {
        "a delimiter is missing, or the row was cut off"
    };
    Problem::whole_row(format!(
        "the row has {fields} cells, the header has {columns} columns{lines}: {cause}"
    ))
}

pub(super) fn row_id(text: &str) -> Problem {
    let why = format!(
        "{} is not the number that wxbulk wrote here: restore it, or clear it for a new row",
        shown(text)
    );
    Problem::cell("row_id", why)
}

pub(super) fn secret(column: &str) -> Problem {
    Problem::out_of_scope(
        column,
        "PINs and passwords are never read or stored by wxbulk: clear the cell (here it is shown as ***)",
    )
}

pub(super) fn identity(column: &str, entity: Option<EntityType>) -> Problem {
    let why = match entity {
        Some(EntityType::Location) if column == "name" => {
            "belongs to no row; a location's name goes into location_name"
        }
        Some(EntityType::Location | EntityType::ExtensionAssignment) => {
            "is a person's identity and belongs to no row: clear the cell"
        }
        Some(EntityType::User) | None => "is identity, which only the directory writes: clear the cell",
    };
    Problem::out_of_scope(column, why)
}

pub(super) fn elsewhere(column: &Column, entity: EntityType) -> String {
    let homes = column.on.iter().map(|(home, _)| home.as_str()).collect::<Vec<_>>().join(" or ");
    format!(
        "belongs on a row of type {homes}, not on {} row: move it there, or clear the cell",
        article(entity)
    )
}

pub(super) fn setting_elsewhere(home: EntityType, entity: EntityType) -> String {
    format!(
        "belongs on a row of type {home}, not on {} row: move it there, or clear the cell",
        article(entity)
    )
}

pub(super) fn too_long(column: &str, length: usize, limit: usize) -> Problem {
    Problem::cell(
        column,
        format!(
            "the cell has {length} bytes, at most {limit} are read: shorten it, or look for a quote that is not closed"
        ),
    )
}

fn article(entity: EntityType) -> String {
    match entity {
        EntityType::ExtensionAssignment => format!("an {entity}"),
        EntityType::Location | EntityType::User => format!("a {entity}"),
    }
}
