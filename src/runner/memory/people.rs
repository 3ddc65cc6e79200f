//! People whom settings name, as one look-up in a phase showed them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use tokio::sync::OnceCell;

use crate::domain::{Email, RemoteId};

/// What the look-ups of this phase found; nobody is an answer too.
#[derive(Debug, Default)]
pub(crate) struct PeopleSeen(RefCell<BTreeMap<Email, Rc<OnceCell<Option<Named>>>>>);

/// A person as the look-up showed them.
#[derive(Debug, Clone)]
pub(crate) struct Named {
    pub(crate) id: RemoteId,
    pub(crate) has_calling: bool,
}

impl PeopleSeen {
    /// Before a phase: what was found earlier may be so no more.
    pub(crate) fn forget(&self) {
        self.0.borrow_mut().clear();
    }

    /// What is known of this person, or the place for it.
    pub(crate) fn of(&self, email: &Email) -> Rc<OnceCell<Option<Named>>> {
        Rc::clone(self.0.borrow_mut().entry(email.clone()).or_default())
    }
}
