//! What to do about a row, from the row and what is in Webex. Pure: `plan`, `run` and `verify` decide alike.

use serde_json::{Map, Value, json};

use crate::domain::{Difference, LocationRecord, fold_name, tag_in, with_tag, without_tag};
use crate::store::SeenLocation;
use crate::webex::calls;

/// Where a location was found.
#[derive(Debug, Clone)]
pub(crate) enum Located {
    /// Exactly one location answers.
    Found(Box<SeenLocation>),
    /// Complete lists have none.
    Absent,
    /// More than one could be meant.
    Ambiguous(String),
}

/// By the tag first, then by the exact name (R5).
pub(crate) fn locate(location: &LocationRecord, tagged: &[SeenLocation], named: &[SeenLocation]) -> Located {
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
pub(crate) fn locate_reference(
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
pub(crate) const ADDRESS: &str = "address";

/// What of an existing location differs from a row.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct LocationChanges {
    /// The fields to send.
    pub(crate) fields: Map<String, Value>,
    /// What they are now.
    pub(crate) differences: Vec<Difference>,
}

impl LocationChanges {
    fn field(&mut self, name: &str, found: String, wanted: String, value: Value) {
        self.fields.insert(name.to_owned(), value);
        self.differences.push(Difference { field: name.to_owned(), found, wanted });
    }
}

/// Whether the address is among what is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compared {
    Everything,
    /// It is changed by another path.
    AllButTheAddress,
}

/// The fields of an existing location that differ from the row. Languages are not compared here (R17); notes are compared
/// without the tag, and a missing tag is appended.
pub(crate) fn location_changes(
    location: &LocationRecord,
    body: &Value,
    compared: Compared,
) -> LocationChanges {
    let mut changes = LocationChanges::default();
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().trim();
    let found = |name: &str| text(name).to_owned();
    if let Some(name) = location.name.as_deref().filter(|name| *name != text("name")) {
        changes.field("name", found("name"), name.to_owned(), json!(name));
    }
    if location.time_zone != text("timeZone") {
        changes.field("timeZone", found("timeZone"), location.time_zone.clone(), json!(location.time_zone));
    }
    if compared == Compared::Everything && !is_address(location, body) {
        let Difference { found, wanted, .. } = addresses(location, body);
        changes.field(ADDRESS, found, wanted, calls::address(location, true));
    }
    if let Some(notes) = changed_notes(location, text("notes")) {
        changes.field("notes", found("notes"), notes.clone(), json!(notes));
    }
    changes
}

/// Whether a location carries what a create of the row sends: its tag, or else its name and address.
pub(crate) fn is_as_created(location: &LocationRecord, body: &Value) -> bool {
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
pub(crate) fn is_address(location: &LocationRecord, body: &Value) -> bool {
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

/// The row's address and the one that a location shows.
pub(crate) fn addresses(location: &LocationRecord, body: &Value) -> Difference {
    let line = |address: &Value| {
        let parts = PARTS.iter().map(|part| text_of(address, part).trim()).filter(|part| !part.is_empty());
        parts.collect::<Vec<_>>().join(", ")
    };
    let found = line(body.get(ADDRESS).unwrap_or(&Value::Null));
    Difference { field: ADDRESS.to_owned(), found, wanted: line(&calls::address(location, false)) }
}

/// A difference in the words of "accepted but not applied": of an address both texts.
pub(crate) fn named(difference: &Difference) -> String {
    let Difference { field, found, wanted } = difference;
    match field.as_str() {
        ADDRESS => format!("the address {wanted:?} (it shows {found:?})"),
        _ => field.clone(),
    }
}

/// The notes of a new location.
pub(crate) fn new_notes(location: &LocationRecord) -> Option<String> {
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
