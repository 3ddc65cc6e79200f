//! People whom settings name: found in the lists of the phase, which hold the people of the file, else looked up once.
//! Webex takes only people who have calling (webex.md 5). Who gets it by another row of the same file is waited
//! for: the row ends pending and blocked by that row, and is worked off again when all rows of the phase had their turn.

use super::directory;
use crate::domain::{Email, Fact, PendingReason, Record, RemoteId};
use crate::runner::engine::Eyes;
use crate::runner::flow::{Flow, blocked, pending};
use crate::runner::memory::people::Named;
use crate::store::{self, RowsAhead, Sibling};
use crate::webex::wire::Person;

/// The id of a person whom a setting names. Rows that want the same person wait for one look-up; a failed one is not
/// remembered.
pub(crate) async fn id_of(eyes: &mut Eyes<'_>, email: &Email) -> Flow<RemoteId> {
    let place = eyes.memory.people.of(email);
    let look_up = async || -> Flow<Option<Named>> {
        let found = match directory::person_in_lists(eyes, email, |_| false).await? {
            Some(listed) => Some(listed),
            None => directory::search_person(eyes, email).await?,
        };
        Ok(found.map(named))
    };
    match place.get_or_try_init(look_up).await?.clone() {
        Some(person) => {
            // Whether somebody may be named matters to a write; a check compares who is named.
            if !person.has_calling && eyes.memory.ground.ahead != RowsAhead::Done {
                wait_for_calling(eyes, email).await?;
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
async fn wait_for_calling(eyes: &Eyes<'_>, email: &Email) -> Flow<()> {
    let address = email.clone();
    let row = eyes.in_lists(move |connection, _| store::user_row(connection, &address));
    let mut row = row.await?;
    row.iter_mut().for_each(|row| eyes.memory.to_come.tell(row));
    match row {
        Some(row) if row.row_id != eyes.row.row_id && is_to_give_calling(&row) => blocked(
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
