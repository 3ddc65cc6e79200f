//! Items of lists of Webex as the store keeps them.

use crate::store::{SeenNumber, SeenPerson};
use crate::webex::wire::{NumberEntry, Person};

/// A person of the list, once for each of their addresses.
pub(super) fn seen_people(person: &Person) -> impl Iterator<Item = SeenPerson> {
    person.emails.iter().map(|email| SeenPerson {
        id: person.id.clone(),
        email: email.clone(),
        aliases: person.emails.iter().filter(|other| *other != email).cloned().collect(),
        kind: person.kind.clone(),
        licenses: person.licenses.clone(),
        location: None,
        extension: None,
    })
}

/// An entry of the list of numbers.
pub(super) fn seen_number(entry: NumberEntry) -> SeenNumber {
    let owned = entry.owner.is_some();
    let (owner_id, owner_kind, owner_name) =
        entry.owner.map_or_else(Default::default, |owner| (owner.id, owner.kind, owner.name));
    SeenNumber {
        number: entry.number,
        extension: entry.extension,
        location: entry.location,
        location_name: entry.location_name,
        owned,
        owner_id,
        owner_kind,
        owner_name,
        inactive: entry.inactive,
    }
}
