//! A person may have several addresses, and rows of the file may name several of them: of each phase the first such row
//! has the person, the others are told before they write (R26). The person's own record names the addresses, so that no
//! row needs to wait for another to know which is the first.

use crate::domain::PendingReason;
use crate::runner::engine::Eyes;
use crate::runner::flow::{Flow, pending};
use crate::store;
use crate::webex::wire::Person;

/// The other addresses of a person whom a look-up showed; kept for rows that need none.
pub(crate) fn learn(eyes: &mut Eyes<'_>, person: &Person, email: &str) -> Vec<String> {
    let others: Vec<String> = person.emails.iter().filter(|address| *address != email).cloned().collect();
    if others != eyes.row.aliases {
        eyes.learn_addresses(email, &others);
    }
    others
}

/// Ends the row if one before it in this phase names the same person by another address.
pub(crate) async fn refuse_later(eyes: &Eyes<'_>, others: Vec<String>) -> Flow<()> {
    if others.is_empty() {
        return Ok(());
    }
    let (row_id, phase, named) = (eyes.row.row_id, eyes.row.batch.phase, others.join(", "));
    let first = eyes
        .in_lists(move |connection, _| store::row_before_with_address(connection, phase, &others, row_id));
    let Some(first) = first.await? else { return Ok(()) };
    pending(
        PendingReason::NonRetryableExternal,
        format!(
            "ambiguous: the person also has the address {named}, and row {} (line {}) means the same one and has it; \
             nothing was sent: remove one of the two rows, or correct the address",
            first.row_id, first.line
        ),
    )
}
