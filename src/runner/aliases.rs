//! A person may have several addresses, and rows of the file may name several of them: of each phase the first such row
//! has the person, the others are told before they write (R26). The person's own record names the addresses, so that no
//! row needs to wait for another to know which is the first.

use super::directory;
use super::work::{Flow, RowWork, pending};
use crate::domain::PendingReason;
use crate::store;
use crate::webex::wire::Person;

/// The other addresses of a person whom a look-up showed; kept for rows that need none.
pub(super) fn learn(work: &mut RowWork<'_>, person: &Person, email: &str) -> Vec<String> {
    let others: Vec<String> = person.emails.iter().filter(|address| *address != email).cloned().collect();
    if others != work.row.aliases {
        let (email, kept) = (email.to_owned(), others.clone());
        let keep = move |connection: &store::Connection| store::keep_aliases(connection, &email, &kept);
        work.answers.push(work.context.writer.submit(keep));
    }
    others
}

/// Ends the row if one before it in this phase names the same person by another address.
pub(super) async fn refuse_later(work: &RowWork<'_>, others: Vec<String>) -> Flow<()> {
    if others.is_empty() {
        return Ok(());
    }
    let (row_id, phase, named) = (work.row.row_id, work.row.batch.phase, others.join(", "));
    let first = directory::in_lists(work.context, move |connection, _| {
        store::row_before_with_address(connection, phase, &others, row_id)
    });
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
