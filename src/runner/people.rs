//! People whom settings name: found in the lists of the phase, which hold the people of the file, else looked up once.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use tokio::sync::OnceCell;

use super::directory;
use super::work::{Flow, RowWork, pending};
use crate::domain::{Email, PendingReason, RemoteId};

/// What the look-ups of this phase found; nobody is an answer too.
#[derive(Debug, Default)]
pub(super) struct PeopleSeen(RefCell<BTreeMap<Email, Rc<OnceCell<Option<RemoteId>>>>>);

impl PeopleSeen {
    /// Before a phase: what was found earlier may be so no more.
    pub(super) fn forget(&self) {
        self.0.borrow_mut().clear();
    }

    fn place_of(&self, email: &Email) -> Rc<OnceCell<Option<RemoteId>>> {
        Rc::clone(self.0.borrow_mut().entry(email.clone()).or_default())
    }
}

/// The id of a person whom a setting names. Rows that want the same person wait for one look-up; a failed one is not
/// remembered.
pub(super) async fn id_of(work: &mut RowWork<'_>, email: &Email) -> Flow<RemoteId> {
    let place = work.context.people.place_of(email);
    let look_up = async || -> Flow<Option<RemoteId>> {
        let found = match directory::person_in_lists(work, email, |_| false).await? {
            Some(listed) => Some(listed),
            None => directory::search_person(work, email).await?,
        };
        Ok(found.map(|person| person.id))
    };
    match place.get_or_try_init(look_up).await? {
        Some(id) => Ok(id.clone()),
        None => pending(
            PendingReason::PreconditionMissing,
            format!("a setting of the row names {email}, but nobody in Webex has this address"),
        ),
    }
}
