//! What a run would make, as far as a survey has come: rows that depend on it are told of it as if it were there.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::domain::{Fact, PendingReason, PhoneNumber, RemoteId, RowId, RowState};
use crate::store::{Given, Sibling};
use crate::webex::Write;

/// How a row would end.
#[derive(Debug)]
pub(crate) struct Ending {
    /// Its location or person, if it got so far.
    pub(crate) remote_id: Option<RemoteId>,
    /// What it would bring about, and what it found not to be so.
    pub(crate) given: Vec<Given>,
    /// Where it would stand and why; `None` where it stays as it is.
    pub(crate) state: Option<(RowState, Option<PendingReason>)>,
}

/// Things to come.
#[derive(Debug, Default)]
pub(crate) struct ToCome(RefCell<Things>);

#[derive(Debug, Default)]
struct Things {
    /// How rows would end.
    endings: BTreeMap<RowId, Ending>,
    /// Locations and people whose calling would be made: nothing that it holds can be read yet.
    calling: BTreeSet<String>,
    /// The types of PSTN connections that would be made, by location.
    pstn: BTreeMap<String, String>,
    /// Numbers that would be added to their location, each by which row.
    numbers: BTreeMap<PhoneNumber, RowId>,
    /// Objects of settings as they would be written, by path.
    settings: BTreeMap<String, Value>,
}

impl ToCome {
    /// A row would end so.
    pub(crate) fn end(&self, row: RowId, ending: Ending) {
        self.0.borrow_mut().endings.insert(row, ending);
    }

    /// Tells a row that depends on another how that one would have ended by then.
    pub(crate) fn tell(&self, sibling: &mut Sibling) {
        let things = self.0.borrow();
        let Some(Ending { remote_id, given, state }) = things.endings.get(&sibling.row_id) else { return };
        if let Some(remote_id) = remote_id {
            sibling.remote_id = Some(remote_id.clone());
        }
        for Given { fact, reached } in given {
            sibling.gives.retain(|known| known != fact);
            sibling.gives.extend(reached.then_some(*fact));
        }
        if let Some((state, cause)) = state {
            (sibling.state, sibling.cause) = (*state, *cause);
        }
    }

    /// Whether a row would bring this about.
    pub(crate) fn is_given(&self, row: RowId, fact: Fact) -> bool {
        let things = self.0.borrow();
        let given = things.endings.get(&row).map(|ending| ending.given.as_slice()).unwrap_or_default();
        given.iter().rfind(|given| given.fact == fact).is_some_and(|given| given.reached)
    }

    /// An object of settings would be written: whoever looks at it after that sees it so.
    pub(crate) fn expect_settings(&self, write: &Write) {
        let body = write.feature.and(write.content()).filter(|body| !body.is_null());
        if let Some(body) = body {
            self.0.borrow_mut().settings.insert(write.shown_path(), body.clone());
        }
    }

    /// The object of settings at a path, as it would be by then.
    pub(crate) fn settings_at(&self, path: &str) -> Option<Value> {
        self.0.borrow().settings.get(path).cloned()
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
