//! One record of the file -> one row: accepted, or rejected with what is wrong with it.

use csv::StringRecord;

use super::draft::{Draft, REDACTED, kept};
use super::header::{Role, Slot};
use super::needs::Needs;
use super::normalize;
use super::problem::{self, Problem};
use super::text::{clean, is_clean, trim};
use crate::domain::{Accepted, Cells, EntityType, InputRow, Record, Rejected, RowId};

/// A longer text is no key.
const MAX_KEY_BYTES: usize = 1024;

/// Everything about the file that a row is judged by.
pub(super) struct Judge {
    slots: Vec<Slot>,
    needs: Vec<Needs>,
    default_language: Option<String>,
    entity_at: usize,
}

/// A record as it stands in the file.
pub(super) struct RowAt<'a> {
    pub(super) row_id: RowId,
    pub(super) record: &'a StringRecord,
    pub(super) line: u64,
    pub(super) last_line: u64,
}

impl RowAt<'_> {
    /// Whether the record is several rows whose lines end in CR alone.
    pub(super) fn swallows_lines(&self, columns: usize) -> bool {
        self.record.len() > columns && self.record.iter().any(|text| trim(text).contains('\r'))
    }
}

impl Judge {
    pub(super) fn new(slots: Vec<Slot>, default_language: Option<String>) -> Judge {
        let entity_at = slots.iter().position(|slot| slot.name == "entity_type").unwrap_or_default();
        let needs = |entity: &EntityType| Needs::of(*entity, &slots, default_language.is_some());
        let needs = EntityType::ALL.iter().map(needs).collect();
        Judge { slots, needs, default_language, entity_at }
    }

    pub(super) fn judge(&self, place: &RowAt<'_>) -> InputRow {
        let entity = place.record.get(self.entity_at).and_then(|text| normalize::entity_type(clean(text)));
        let ragged = place.record.len() != self.slots.len();
        let mut draft = Draft::default();
        if place.record.iter().all(|text| trim(text).is_empty()) {
            draft.problems.push(Problem::whole_row("the row is empty: delete the line"));
        } else if ragged {
            self.read_ragged(place, &mut draft);
        } else {
            for (slot, text) in self.slots.iter().zip(place.record.iter()) {
                draft.read(slot, text, entity);
            }
            self.fill_in(entity, &mut draft);
        }
        let Draft { amends, job, raw, cells, problems } = draft;
        let verdict = match problem::leading(&problems) {
            Some((leading, others)) => {
                let key = if ragged { None } else { entity_key(entity, &cells, &raw) };
                Err(rejected(entity, key, leading, &others))
            }
            None => accepted(entity, cells, &raw),
        };
        InputRow { row_id: place.row_id, line: place.line, amends, job, raw, verdict }
    }

    /// The column that rows of this kind need and the header lacks.
    pub(super) fn lacking(&self, row: &InputRow) -> Option<(EntityType, String)> {
        let entity = match &row.verdict {
            Ok(accepted) => accepted.record.entity(),
            Err(rejected) => rejected.entity?,
        };
        let needs = self.needs.iter().find(|needs| needs.entity == entity)?;
        Some((entity, needs.lacking.clone()?))
    }

    /// Defaults for blank cells; what is needed and still blank is a problem.
    fn fill_in(&self, entity: Option<EntityType>, draft: &mut Draft) {
        let Some(needs) = self.needs.iter().find(|needs| Some(needs.entity) == entity) else {
            return draft.problems.extend(problem::no_entity(draft.raw.get("entity_type")));
        };
        for group in &needs.groups {
            if group.columns.iter().any(|column| draft.raw.get(column).is_some()) {
                continue;
            }
            match (&self.default_language, group.columns.first()) {
                (Some(language), Some(column)) if group.setting.is_some() => {
                    draft.cells.set(column, language.as_str())
                }
                _ => draft.problems.push(problem::missing(needs.entity, group)),
            }
        }
    }

    /// A row whose cells cannot be told apart: none is judged, and none is kept where one may be a secret.
    fn read_ragged(&self, place: &RowAt<'_>, draft: &mut Draft) {
        let secretive = self.slots.iter().any(|slot| matches!(slot.role, Role::Secret));
        for (at, text) in place.record.iter().enumerate().filter(|(_, text)| !trim(text).is_empty()) {
            let name = self.slots.get(at).map(|slot| slot.name.clone());
            let name = name.unwrap_or_else(|| format!("field_{}", at + 1));
            draft.raw.set(&name, if secretive { REDACTED.to_owned() } else { kept(text) });
        }
        let further_lines = place.last_line - place.line;
        draft.problems.push(problem::ragged(place.record.len(), self.slots.len(), further_lines));
    }
}

fn accepted(entity: Option<EntityType>, cells: Cells, raw: &Cells) -> Result<Accepted, Rejected> {
    let refused = |problem: Problem| rejected(entity, entity_key(entity, &cells, raw), &problem, "");
    let Some(entity) = entity else {
        return Err(refused(Problem::whole_row("the row's kind is not known")));
    };
    match Record::from_cells(entity, &cells) {
        Ok(record) => Ok(Accepted { record, cells }),
        Err(error) => Err(refused(Problem::cell(&error.column, error.why))),
    }
}

fn rejected(entity: Option<EntityType>, key: Option<String>, problem: &Problem, others: &str) -> Rejected {
    Rejected {
        entity,
        entity_key: key,
        reason: problem.reason,
        column: problem.column.clone(),
        message: format!("{}{others}", problem.message),
    }
}

/// The row's key as far as it can be told: from its good cells, else from what was typed.
fn entity_key(entity: Option<EntityType>, cells: &Cells, raw: &Cells) -> Option<String> {
    let typed =
        |column| raw.get(column).map(trim).filter(|text| text.len() <= MAX_KEY_BYTES && is_clean(text));
    let told = |column| cells.get(column).or_else(|| typed(column));
    let line = || told("extension").or_else(|| told("phone_number"));
    let own = || match entity {
        Some(EntityType::Location) => {
            told("location_external_id").or_else(|| told("location_name")).map(str::to_owned)
        }
        Some(EntityType::ExtensionAssignment) => Some(format!("{}/{}", told("location_key")?, line()?)),
        Some(EntityType::User) | None => None,
    };
    told("entity_key").map(str::to_owned).or_else(own).or_else(|| told("email").map(str::to_owned))
}
