//! What Webex said in a phase of extensions that rows mean to give, location by location.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use tokio::sync::OnceCell;

use crate::domain::Extension;
use crate::webex::wire::ExtensionStatus;

/// What was asked in this phase, by location.
#[derive(Debug, Default)]
pub(crate) struct ExtensionChecks {
    locations: RefCell<HashMap<String, Rc<OnceCell<Vec<ExtensionCheck>>>>>,
    /// Whether it was logged that extensions cannot be checked before they are given.
    pub(crate) unchecked: Cell<bool>,
}

/// Extensions that rows of one location mean to give, from the first to the last in order, and what Webex says of them.
/// A phase keeps all of these: the list goes once it was asked about, and of the answers only the refusing ones stay.
#[derive(Debug)]
pub(crate) struct ExtensionCheck {
    pub(crate) first: Extension,
    pub(crate) last: Extension,
    pub(crate) planned: RefCell<Vec<Extension>>,
    pub(crate) refused: OnceCell<BTreeMap<String, ExtensionStatus>>,
    /// A row asks before those that need it come.
    pub(crate) ahead: Cell<bool>,
}

impl ExtensionCheck {
    pub(crate) fn of(planned: &[Extension]) -> Option<ExtensionCheck> {
        let (first, last) = (planned.first()?.clone(), planned.last()?.clone());
        Some(ExtensionCheck {
            first,
            last,
            planned: RefCell::new(planned.to_vec()),
            refused: OnceCell::new(),
            ahead: Cell::new(false),
        })
    }

    pub(crate) fn covers(&self, extension: &Extension) -> bool {
        self.first <= *extension && *extension <= self.last
    }
}

impl ExtensionChecks {
    /// A phase begins.
    pub(crate) fn forget(&self) {
        self.locations.borrow_mut().clear();
    }

    pub(crate) fn of(&self, location_key: &str) -> Rc<OnceCell<Vec<ExtensionCheck>>> {
        Rc::clone(self.locations.borrow_mut().entry(location_key.to_owned()).or_default())
    }
}
