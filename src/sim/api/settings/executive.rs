//! Executives and their assistants: one list, shown from both ends.

use serde_json::{Map, Value, json};

use super::super::super::org::{Org, Person};
use super::checks::Subject;
use super::shown::{is_same, person_card};

const ASSISTANTS: &str = "executive/assignedAssistants";

fn assistant_ids(org: &Org, executive: usize) -> impl Iterator<Item = &Value> {
    let kept = Subject::Person(executive).kept(org, ASSISTANTS);
    kept.and_then(|setting| setting.get("assistantIds")?.as_array()).into_iter().flatten()
}

/// The assistants of an executive.
pub(super) fn assistants(org: &Org, executive: usize, fields: &mut Map<String, Value>) {
    let shown = assistant_ids(org, executive).filter_map(|id| {
        let index = org.person_index(id.as_str()?)?;
        let mut card = person_card(org, index)?;
        card.insert("optInEnabled".into(), json!(false));
        let calling = org.person(index).ok()?.calling.as_ref()?;
        let location = org.location(calling.location).ok()?;
        card.insert("location".into(), json!({"id": location.id, "name": location.name}));
        Some(Value::Object(card))
    });
    let shown: Vec<Value> = shown.collect();
    fields.insert("assistants".into(), json!(shown));
}

/// The executives of an assistant.
pub(super) fn executives(org: &Org, assistant: &Person, fields: &mut Map<String, Value>) {
    let put = fields.get("executives").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut indexes: Vec<usize> = org.features.keys().copied().collect();
    indexes.sort_unstable();
    let mine =
        indexes.into_iter().filter(|index| assistant_ids(org, *index).any(|id| is_same(id, &assistant.id)));
    let shown = mine.filter_map(|index| {
        let mut card = person_card(org, index)?;
        for name in ["directNumber", "extension"] {
            card.entry(name).or_insert(json!(""));
        }
        let id = &org.person(index).ok()?.id;
        let chosen = put.iter().find(|row| row.get("personId").is_some_and(|known| is_same(known, id)));
        let opted = chosen.and_then(|row| row.get("optInEnabled")).cloned().unwrap_or(json!(false));
        card.insert("optInEnabled".into(), opted);
        Some(Value::Object(card))
    });
    let shown: Vec<Value> = shown.collect();
    fields.insert("executives".into(), json!(shown));
}
