//! What to do about a row, from the row and what is in Webex. Pure: `plan`, `run` and `verify` decide alike.

use serde_json::{Map, Value, json};

use crate::domain::{LocationRecord, fold_name, tag_in, with_tag, without_tag};
use crate::store::SeenLocation;
use crate::webex::calls;

/// Where a location was found.
#[derive(Debug, Clone)]
pub(super) enum Located {
    /// Exactly one location answers.
    Found(Box<SeenLocation>),
    /// Complete lists have none.
    Absent,
    /// More than one could be meant.
    Ambiguous(String),
}

/// By the tag first, then by the exact name (R5).
pub(super) fn locate(location: &LocationRecord, tagged: &[SeenLocation], named: &[SeenLocation]) -> Located {
    let name = location.name.as_deref().unwrap_or_default();
    let tag = location.external_id.as_deref();
    match (tagged, named) {
        ([], []) => Located::Absent,
        ([], [one]) => match (&one.tag, tag) {
            (Some(theirs), Some(ours)) if theirs != ours => Located::Ambiguous(format!(
                "the location named {name:?} in Webex carries another external id ({theirs:?}, the row says {ours:?})"
            )),
            _ => Located::Found(Box::new(one.clone())),
        },
        ([], _) => Located::Ambiguous(format!("Webex has {} locations named {name:?}", named.len())),
        ([one], named) if named.iter().all(|other| other.id.same_as(&one.id)) => {
            Located::Found(Box::new(one.clone()))
        }
        ([one], _) => Located::Ambiguous(format!(
            "the external id {:?} is on the location {:?} in Webex, but another one is named {name:?}",
            tag.unwrap_or_default(),
            one.name
        )),
        (_, _) => Located::Ambiguous(format!(
            "Webex has {} locations with the external id {:?} in their notes",
            tagged.len(),
            tag.unwrap_or_default()
        )),
    }
}

/// A reference of which the file has no location row: an external id or a name.
pub(super) fn locate_reference(
    reference: &str,
    tagged: Vec<SeenLocation>,
    named: Vec<SeenLocation>,
) -> Located {
    let mut found = tagged;
    found.extend(named);
    found.dedup_by(|a, b| a.id.same_as(&b.id));
    match found.as_slice() {
        [] => Located::Absent,
        [one] => Located::Found(Box::new(one.clone())),
        many => Located::Ambiguous(format!("{} locations in Webex answer to {reference:?}", many.len())),
    }
}

/// The name of the field that holds the address.
pub(super) const ADDRESS: &str = "address";

/// The fields of an existing location that differ from the row. Languages are not compared here (R17); notes are compared
/// without the tag, and a missing tag is appended.
pub(super) fn location_changes(location: &LocationRecord, body: &Value) -> Map<String, Value> {
    let mut changes = Map::new();
    let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str).unwrap_or_default().trim();
    if let Some(name) = location.name.as_deref().filter(|name| *name != text("/name")) {
        changes.insert("name".to_owned(), json!(name));
    }
    if location.time_zone != text("/timeZone") {
        changes.insert("timeZone".to_owned(), json!(location.time_zone));
    }
    if !is_address(location, body) {
        changes.insert(ADDRESS.to_owned(), calls::address(location, true));
    }
    if let Some(notes) = changed_notes(location, text("/notes")) {
        changes.insert("notes".to_owned(), json!(notes));
    }
    changes
}

/// Whether a location carries what a create of the row sends: its tag, or else its name and address.
pub(super) fn is_as_created(location: &LocationRecord, body: &Value) -> bool {
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    match &location.external_id {
        Some(tag) => tag_in(text("notes")).as_ref() == Some(tag),
        None => location.name.as_deref() == Some(text("name").trim()) && is_address(location, body),
    }
}

/// The parts of an address, as Webex names them.
const PARTS: [&str; 6] = ["address1", "address2", "city", "state", "postalCode", "country"];

/// Whether a location shows the row's address, in whatever spelling: providers write in capitals, and set blanks where
/// they like (webex.md 3.3).
pub(super) fn is_address(location: &LocationRecord, body: &Value) -> bool {
    let wanted = calls::address(location, true);
    let shown = body.get(ADDRESS).unwrap_or(&Value::Null);
    PARTS.iter().all(|part| spelled_alike(part, text_of(&wanted, part), text_of(shown, part)))
}

fn text_of<'a>(address: &'a Value, part: &str) -> &'a str {
    address.get(part).and_then(Value::as_str).unwrap_or_default()
}

fn spelled_alike(part: &str, one: &str, other: &str) -> bool {
    let kept = |symbol: char| match part {
        "postalCode" => symbol.is_alphanumeric(),
        _ => !symbol.is_whitespace(),
    };
    let folded = |text: &str| fold_name(text).chars().filter(|symbol| kept(*symbol)).collect::<String>();
    one == other || folded(one) == folded(other)
}

/// The row's address and the one that a location shows, for people.
pub(super) fn both_addresses(location: &LocationRecord, body: &Value) -> String {
    let line = |address: &Value| {
        let parts = PARTS.iter().map(|part| text_of(address, part).trim()).filter(|part| !part.is_empty());
        parts.collect::<Vec<_>>().join(", ")
    };
    let shown = line(body.get(ADDRESS).unwrap_or(&Value::Null));
    format!("the address {:?} (it shows {shown:?})", line(&calls::address(location, true)))
}

/// The notes of a new location.
pub(super) fn new_notes(location: &LocationRecord) -> Option<String> {
    let notes = with_tag(&own_notes(location).unwrap_or_default(), location.external_id.as_deref());
    (!notes.is_empty()).then_some(notes)
}

/// What the row states, without lines that would pass for a tag.
fn own_notes(location: &LocationRecord) -> Option<String> {
    location.notes.as_deref().map(without_tag)
}

fn changed_notes(location: &LocationRecord, present: &str) -> Option<String> {
    let own = without_tag(present);
    let stated = own_notes(location);
    let wanted = stated.as_deref().unwrap_or(&own);
    let tag = tag_in(present);
    let wanted_tag = location.external_id.clone().or_else(|| tag.clone());
    let differs = wanted != own || wanted_tag != tag;
    differs.then(|| with_tag(wanted, wanted_tag.as_deref()))
}
