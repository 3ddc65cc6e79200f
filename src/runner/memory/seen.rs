//! Items of lists of Webex as the store keeps them.

use crate::domain::tag_in;
use crate::store::{SeenLocation, SeenNumber, SeenPerson};
use crate::webex::wire::{Location, NumberEntry, Owner, Person};

/// A person of the list, once for each of their addresses.
pub(crate) fn seen_people(person: &Person) -> impl Iterator<Item = SeenPerson> {
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
pub(crate) fn seen_number(entry: NumberEntry) -> SeenNumber {
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

/// The same back again.
pub(crate) fn number_entry(seen: SeenNumber) -> NumberEntry {
    let owner =
        seen.owned.then_some(Owner { id: seen.owner_id, kind: seen.owner_kind, name: seen.owner_name });
    NumberEntry {
        number: seen.number,
        extension: seen.extension,
        location: seen.location,
        location_name: seen.location_name,
        owner,
        inactive: seen.inactive,
    }
}

/// A location as `GET /locations` shows it, which does not say whether it has calling.
pub(crate) fn seen_location(location: Location) -> SeenLocation {
    SeenLocation {
        id: location.id,
        name: location.name,
        tag: tag_in(&location.notes),
        body: location.body,
        calling_enabled: false,
    }
}
