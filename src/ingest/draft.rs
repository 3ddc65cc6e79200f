//! What has been read of a row so far, cell by cell.

use super::header::{Role, Slot};
use super::normalize::{self, Normalized};
use super::problem::{self, Problem};
use super::text::{clean, unguarded};
use crate::domain::{Cells, Column, EntityType, RowId};

/// A cell longer than this rejects its row.
const MAX_CELL_BYTES: usize = 64 * 1024;

/// Stands in `raw` for what is never stored.
pub(super) const REDACTED: &str = "***";

#[derive(Default)]
pub(super) struct Draft {
    pub(super) amends: Option<RowId>,
    pub(super) job: Option<String>,
    pub(super) raw: Cells,
    pub(super) cells: Cells,
    pub(super) problems: Vec<Problem>,
}

impl Draft {
    /// Takes one cell in.
    pub(super) fn read(&mut self, slot: &Slot, text: &str, entity: Option<EntityType>) {
        if clean(text).is_empty() || matches!(slot.role, Role::Export) {
            return;
        }
        match &slot.role {
            Role::Export => {}
            Role::RowId => self.row_id(clean(text)),
            Role::Job => self.job = Some(clean(text).to_owned()),
            Role::Secret => {
                self.raw.set(&slot.name, REDACTED);
                self.problems.push(problem::secret(&slot.name));
            }
            Role::Identity => {
                self.raw.set(&slot.name, kept(text));
                self.problems.push(problem::identity(&slot.name, entity));
            }
            Role::Known(column) => self.cell(slot, text, |text| known(column, entity, text)),
            Role::OtherSetting(home) => self.cell(slot, text, |text| other_setting(*home, entity, text)),
            Role::Carried => self.cell(slot, text, normalize::carried),
        }
    }

    fn row_id(&mut self, text: &str) {
        match text.parse().ok().and_then(RowId::new) {
            Some(row_id) => self.amends = Some(row_id),
            None => self.problems.push(problem::row_id(text)),
        }
    }

    fn cell<'a>(&mut self, slot: &Slot, text: &'a str, normalized: impl FnOnce(&'a str) -> Normalized<'a>) {
        self.raw.set(&slot.name, kept(text));
        if text.len() > MAX_CELL_BYTES {
            self.problems.push(problem::too_long(&slot.name, text.len(), MAX_CELL_BYTES));
            return;
        }
        match normalized(clean(text)) {
            Ok(text) => self.cells.set(&slot.name, text),
            Err(why) => self.problems.push(Problem::cell(&slot.name, why)),
        }
    }
}

/// The cell as it was, without the guard of an export; of an oversized one the beginning.
pub(super) fn kept(text: &str) -> String {
    const KEPT_CHARS: usize = 200;
    let text = text.strip_suffix('\r').unwrap_or(text);
    let text = unguarded(text).unwrap_or(text);
    if text.len() <= MAX_CELL_BYTES {
        return text.to_owned();
    }
    text.chars().take(KEPT_CHARS).chain("...".chars()).collect()
}

fn known<'a>(column: &Column, entity: Option<EntityType>, text: &'a str) -> Normalized<'a> {
    match entity {
        Some(entity) if column.need(entity).is_none() => Err(problem::elsewhere(column, entity)),
        _ => normalize::normalize(column, text),
    }
}

fn other_setting(home: EntityType, entity: Option<EntityType>, text: &str) -> Normalized<'_> {
    match entity {
        Some(entity) if entity != home => Err(problem::setting_elsewhere(home, entity)),
        _ => normalize::other_setting(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_the_cell_without_guard_and_line_end() {
        assert_eq!(kept("'=x"), "=x");
        assert_eq!(kept(" x \r"), " x ");
        assert_eq!(kept(&"ñ".repeat(MAX_CELL_BYTES)).chars().count(), 203);
    }
}
