//! People whom settings name: found in the lists of the phase, which hold the people of the file, else looked up once.
//! Webex takes only people who have calling (webex.md 5). Who gets it by another row of the same file is waited
//! for: the row ends pending and blocked by that row, and is worked off again when all rows of the phase had their turn.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use tokio::sync::OnceCell;

use super::directory;
use super::work::{Flow, RowWork, blocked, pending};
use crate::domain::{Email, Fact, PendingReason, Record, RemoteId};
use crate::store::{self, Sibling};
use crate::webex::wire::Person;

/// What the look-ups of this phase found; nobody is an answer too.
#[derive(Debug, Default)]
pub(super) struct PeopleSeen(RefCell<BTreeMap<Email, Rc<OnceCell<Option<Named>>>>>);

/// A person as the look-up showed them.
#[derive(Debug, Clone)]
struct Named {
    id: RemoteId,
    has_calling: bool,
}

impl PeopleSeen {
    /// Before a phase: what was found earlier may be so no more.
    pub(super) fn forget(&self) {
        self.0.borrow_mut().clear();
    }

    fn place_of(&self, email: &Email) -> Rc<OnceCell<Option<Named>>> {
        Rc::clone(self.0.borrow_mut().entry(email.clone()).or_default())
    }
}

/// The id of a person whom a setting names. Rows that want the same person wait for one look-up; a failed one is not
/// remembered.
pub(super) async fn id_of(work: &mut RowWork<'_>, email: &Email) -> Flow<RemoteId> {
    let place = work.context.people.place_of(email);
    let look_up = async || -> Flow<Option<Named>> {
        let found = match directory::person_in_lists(work, email, |_| false).await? {
            Some(listed) => Some(listed),
            None => directory::search_person(work, email).await?,
        };
        Ok(found.map(named))
    };
    match place.get_or_try_init(look_up).await?.clone() {
        Some(person) => {
            if !person.has_calling {
                wait_for_calling(work, email).await?;
            }
            Ok(person.id)
        }
        None => pending(
            PendingReason::PreconditionMissing,
            format!("a setting of the row names {email}, but nobody in Webex has this address"),
        ),
    }
}

fn named(person: Person) -> Named {
    Named { id: person.id, has_calling: person.location.is_some() }
}

/// Ends the row for now if another row of the file is to give the person calling and has not done so. Of others Webex
/// itself says whether they may be named.
async fn wait_for_calling(work: &RowWork<'_>, email: &Email) -> Flow<()> {
    let address = email.clone();
    let row = directory::in_lists(work.context, move |connection, _| store::user_row(connection, &address));
    match row.await? {
        Some(row) if row.row_id != work.row.row_id && is_to_give_calling(&row) => blocked(
            Some(row.row_id),
            format!(
                "a setting of the row names {email}, who has no calling yet; the row goes on when user row {} has given it",
                row.row_id
            ),
        ),
        _ => Ok(()),
    }
}

fn is_to_give_calling(row: &Sibling) -> bool {
    let wanted = matches!(&row.record, Record::User(user) if user.calling_enabled);
    wanted && row.gave(Fact::Calling).is_none()
}
