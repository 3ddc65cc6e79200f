//! What a run would make, as far as a survey has come: rows that depend on it are told of it as if it were there.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{Fact, PhoneNumber, RemoteId, RowId};
use crate::store::Sibling;

/// Things to come.
#[derive(Debug, Default)]
pub(crate) struct ToCome(RefCell<Things>);

#[derive(Debug, Default)]
struct Things {
    /// What rows would bring about.
    given: BTreeMap<RowId, (RemoteId, Vec<Fact>)>,
    /// Locations and people whose calling would be made: nothing that it holds can be read yet.
    calling: BTreeSet<String>,
    /// The types of PSTN connections that would be made, by location.
    pstn: BTreeMap<String, String>,
    /// Numbers that would be added to their location, each by which row.
    numbers: BTreeMap<PhoneNumber, RowId>,
}

impl ToCome {
    /// A row would bring this about.
    pub(crate) fn give(&self, row: RowId, remote_id: &RemoteId, facts: &[Fact]) {
        if !facts.is_empty() {
            self.0.borrow_mut().given.insert(row, (remote_id.clone(), facts.to_vec()));
        }
    }

    /// Tells a row that depends on another what that one would bring about.
    pub(crate) fn tell(&self, sibling: &mut Sibling) {
        if let Some((remote_id, facts)) = self.0.borrow().given.get(&sibling.row_id) {
            sibling.remote_id = Some(remote_id.clone());
            sibling.gives.extend(facts.iter().copied());
        }
    }

    /// Whether a row would bring this about.
    pub(crate) fn is_given(&self, row: RowId, fact: Fact) -> bool {
        self.0.borrow().given.get(&row).is_some_and(|(_, facts)| facts.contains(&fact))
    }

    /// Calling would be made for this location or person.
    pub(crate) fn expect_calling(&self, id: &RemoteId) {
        self.0.borrow_mut().calling.insert(id.canonical());
    }

    /// Whether the calling of this location or person is yet to be made.
    pub(crate) fn is_calling_of(&self, id: &RemoteId) -> bool {
        self.0.borrow().calling.contains(&id.canonical())
    }

    /// A location would be connected in this way.
    pub(crate) fn expect_pstn(&self, location: &RemoteId, kind: &str) {
        self.0.borrow_mut().pstn.insert(location.canonical(), kind.to_owned());
    }

    /// How a location would be connected by then.
    pub(crate) fn pstn_of(&self, location: &RemoteId) -> Option<String> {
        self.0.borrow().pstn.get(&location.canonical()).cloned()
    }

    /// A row would add these numbers to their location.
    pub(crate) fn expect_numbers(&self, row: RowId, numbers: &[PhoneNumber]) {
        self.0.borrow_mut().numbers.extend(numbers.iter().map(|number| (number.clone(), row)));
    }

    /// Whether another row would have added a number to its location by then.
    pub(crate) fn has_number(&self, row: RowId, number: &PhoneNumber) -> bool {
        self.0.borrow().numbers.get(number).is_some_and(|by| *by != row)
    }
}
