//! Reads of what Webex Calling keeps for a person. Who got calling a moment ago may not be known there yet.

use tokio::time::Instant;

use super::work::{Flow, RowWork};
use crate::webex::{Refusal, Trouble};

/// The back end of Webex Calling knows no such subscriber, whatever the text says of a request or a user; the newer paths
/// have a code of their own for it.
const UNKNOWN: [&str; 2] = ["4003", "4008"];

/// Whether Webex says so; a 403 with such a code is about the token.
pub(super) fn is_unknown(refusal: &Refusal) -> bool {
    matches!(refusal.status, 400 | 404) && UNKNOWN.iter().any(|code| refusal.has_code(code))
}

/// Reads, and once more when Webex must know the person, if calling may have been given as late as at `given`.
pub(super) async fn read<T>(
    work: &mut RowWork<'_>,
    given: Option<Instant>,
    read: impl AsyncFn(&mut RowWork<'_>) -> Flow<Result<T, Trouble>>,
) -> Flow<Result<T, Trouble>> {
    let answer = read(work).await?;
    let must_know = given.map(|given| work.context.settled_after(given));
    match (&answer, must_know.filter(|moment| *moment > Instant::now())) {
        (Err(Trouble::Refused(refusal)), Some(moment)) if is_unknown(refusal) => {
            work.context.webex.wait_until(moment).await?;
            read(work).await
        }
        _ => Ok(answer),
    }
}

impl RowWork<'_> {
    /// The latest moment at which an earlier attempt at this row may have given calling; `None` for a first attempt.
    pub(super) fn last_attempt(&self) -> Option<Instant> {
        let context = self.context;
        (self.row.attempt > 1).then(|| context.last_write.get().unwrap_or(context.started))
    }
}
