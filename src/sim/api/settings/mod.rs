//! The table of settings, of people and of locations: one entry each, and what the table cannot say.
//!
//! The entries were taken from the published schemas. Where those leave room, the simulator decides:
//!
//! - a PUT that holds a read-only or an unknown field is refused with 400, so that a client which sends back
//!   what it read unstripped is caught;
//! - an optional text that has no value is absent from a GET; every other field is shown;
//! - voicemail and call recording are replaced by a PUT, all other settings are merged, lists are replaced;
//! - a setting marked `professional` answers 405 with 25409 to people who hold a Standard licence only.
//!   webex.md 5 has the code and call recording; the others are those that Standard users have no feature for.

mod checks;
mod emergency;
mod executive;
mod items;
mod members;
mod permissions;
mod shape;
mod shown;

use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::super::reply::Refusal;
use super::super::request::Call;
use super::super::route::{Family, Setting};

pub(super) use checks::{Subject, check, check_kind, normalised, settle};
pub(super) use items::add_item;
use shape::Shape;
pub(super) use shown::complete;

/// One setting.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Definition {
    path: String,
    /// Lives under both prefixes of people's settings, with one state.
    both: bool,
    #[serde(flatten)]
    shape: Shape,
    /// What a PUT leaves out falls back to its default.
    replaces: bool,
    /// Needs a Professional licence.
    pub(super) professional: bool,
    /// Needs this type of executive or assistant.
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    /// The status of a successful PUT; 0: 204.
    put: u16,
    items: Option<Items>,
}

/// What a POST adds to a list of a setting.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Items {
    /// Where the POST goes.
    path: String,
    /// The setting's list.
    list: String,
    #[serde(flatten)]
    shape: Shape,
    /// The fields that tell one item from another; the id is derived from them.
    key: Vec<String>,
    /// The kind of the id; none: items have no ids.
    kind: Option<String>,
    /// The code of the refusal of an item that exists.
    duplicate: Option<u64>,
}

struct Table {
    people: Vec<Definition>,
    telephony: Vec<Definition>,
    locations: Vec<Definition>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let read = |text| serde_json::from_str(text).unwrap_or_default();
    Table {
        people: read(include_str!("people.json")),
        telephony: read(include_str!("telephony.json")),
        locations: read(include_str!("locations.json")),
    }
});

fn definitions(family: Family) -> impl Iterator<Item = &'static Definition> {
    let (own, shared): (&[Definition], &[Definition]) = match family {
        Family::People => (&TABLE.people, &[]),
        Family::Telephony => (&TABLE.telephony, &TABLE.people),
        Family::Location => (&TABLE.locations, &[]),
        Family::Workspace => (&[], &[]),
    };
    own.iter().chain(shared.iter().filter(|known| known.both))
}

/// The definition behind the path of a GET or PUT.
pub(super) fn find(setting: &Setting, call: &Call) -> Result<&'static Definition, Refusal> {
    definitions(setting.family)
        .find(|known| known.path == setting.path)
        .ok_or_else(|| Refusal::no_resource(call.path()))
}

/// The definition with the list that a POST to this path adds to.
pub(super) fn find_items(
    setting: &Setting,
    call: &Call,
) -> Result<(&'static Definition, &'static Items), Refusal> {
    definitions(setting.family)
        .find_map(|known| {
            let items = known.items.as_ref().filter(|items| items.path == setting.path)?;
            Some((known, items))
        })
        .ok_or_else(|| Refusal::no_resource(call.path()))
}

impl Definition {
    /// Under which name the setting is kept.
    pub(super) fn name(&self) -> &str {
        if self.path.is_empty() { "languageAndTimeZone" } else { &self.path }
    }

    /// What a PUT can change of what was sent.
    fn known_of(&self, sent: Map<String, Value>) -> Map<String, Value> {
        self.shape.known_of("", &self.shape.template, sent)
    }

    /// The status of a successful PUT.
    pub(super) fn status(&self) -> u16 {
        if self.put == 0 { 204 } else { self.put }
    }

    /// The setting as it is kept, all fields filled in; a seed may have given only some of them.
    pub(super) fn whole(&self, kept: Option<&Value>) -> Value {
        let mut value = self.shape.template.clone();
        if let Some(kept) = kept {
            lay_over(&mut value, kept);
        }
        value
    }

    /// What a PUT makes of the setting.
    pub(super) fn changed_by(
        &self,
        kept: Option<&Value>,
        sent: &Map<String, Value>,
    ) -> Result<Value, Refusal> {
        let before = self.whole(kept);
        let base = if self.replaces { &self.shape.template } else { &before };
        self.shape.apply(base, sent)
    }

    /// The setting as a GET shows it, but for what depends on its owner.
    pub(super) fn shown(&self, kept: Option<&Value>) -> Map<String, Value> {
        let mut value = self.shape.read_only.clone();
        if !value.is_object() {
            value = Value::Object(Map::new());
        }
        lay_over(&mut value, &self.whole(kept));
        self.shape.without_absent(&value)
    }
}

fn lay_over(value: &mut Value, over: &Value) {
    match (value, over) {
        (Value::Object(fields), Value::Object(over)) => {
            for (name, over) in over {
                lay_over(fields.entry(name.clone()).or_insert(Value::Null), over);
            }
        }
        (value, over) => *value = over.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_can_be_read() {
        for text in
            [include_str!("people.json"), include_str!("telephony.json"), include_str!("locations.json")]
        {
            let table: Result<Vec<Definition>, _> = serde_json::from_str(text);
            assert!(table.unwrap().len() > 4);
        }
    }

    #[test]
    fn a_path_has_one_definition() {
        for family in [Family::People, Family::Telephony, Family::Location] {
            let mut paths: Vec<&str> = definitions(family).map(|known| known.path.as_str()).collect();
            let all = paths.len();
            paths.sort_unstable();
            paths.dedup();
            assert_eq!(paths.len(), all, "{family:?}");
        }
    }
}
