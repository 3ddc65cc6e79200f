//! Reads of what Webex Calling keeps for a person. Who got calling a moment ago may not be known there yet.

use tokio::time::Instant;

use crate::runner::engine::Eyes;
use crate::runner::flow::Flow;
use crate::webex::{Refusal, Trouble};

/// The back end of Webex Calling knows no such subscriber, whatever the text says of a request or a user; the newer paths
/// have a code of their own for it.
const UNKNOWN: [&str; 2] = ["4003", "4008"];

/// Whether Webex says so; a 403 with such a code is about the token.
pub(crate) fn is_unknown(refusal: &Refusal) -> bool {
    matches!(refusal.status, 400 | 404) && UNKNOWN.iter().any(|code| refusal.has_code(code))
}

/// Reads, and once more when Webex must know the person, if calling may have been given as late as at `given`.
pub(crate) async fn read<T>(
    eyes: &mut Eyes<'_>,
    given: Option<Instant>,
    read: impl AsyncFn(&mut Eyes<'_>) -> Flow<Result<T, Trouble>>,
) -> Flow<Result<T, Trouble>> {
    let answer = read(eyes).await?;
    let must_know = given.map(|given| eyes.memory.ground.shows_after(given));
    match (&answer, must_know.filter(|moment| *moment > Instant::now())) {
        (Err(Trouble::Refused(refusal)), Some(moment)) if is_unknown(refusal) => {
            eyes.memory.ground.webex.wait_until(moment).await?;
            read(eyes).await
        }
        _ => Ok(answer),
    }
}
