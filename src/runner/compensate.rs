//! Taking back what a row added when the row cannot be completed; opt-in, and numbers only: a location is never removed.

use super::numbers;
use super::site::Site;
use super::work::{Cause, Flow, RowWork, Stop};
use super::write::Shown;
use crate::domain::{PendingReason, PhoneNumber, RemoteId, Step, StepState};
use crate::store;
use crate::webex::site_calls;

/// The most numbers in one request (webex.md 3.7).
const AT_ONCE: usize = 5;

/// Takes back the numbers that this attempt added and that nothing uses, if the row ends pending. Then nothing of the
/// row is left in Webex by them, and its reason is the cause itself (R8).
pub(super) async fn compensate<T>(work: &mut RowWork<'_>, result: Flow<T>) -> Flow<T> {
    match result {
        Err(Stop::Pending(cause)) if is_due(work, &cause) => Err(take_back(work, cause).await),
        result => result,
    }
}

/// Not while nobody knows what became of a write: it may have used the number.
fn is_due(work: &RowWork<'_>, cause: &Cause) -> bool {
    let may = work.context.settings.compensate && cause.reason != PendingReason::AuthInvalid;
    may && !work.added.is_empty() && !work.left_doubt
}

/// Gives what the row ends with: its cause, and what of the numbers could not be taken back.
async fn take_back(work: &mut RowWork<'_>, cause: Cause) -> Stop {
    work.fail_open_step(&cause.message);
    work.begin(Step::Compensate);
    let added = std::mem::take(&mut work.added);
    for chunk in added.chunk_by(|(one, _), (other, _)| one.same_as(other)) {
        for part in chunk.chunks(AT_ONCE) {
            match delete(work, part).await {
                Ok(()) => {}
                Err(Stop::Pending(why)) => {
                    let message =
                        format!("{}; taking back {} failed: {}", cause.message, listed(part), why.message);
                    return Stop::Pending(Cause { message, ..cause });
                }
                Err(stop) => return stop,
            }
        }
    }
    let (row_id, attempt) = (work.row.row_id, work.row.attempt);
    let numbers: Vec<PhoneNumber> = added.iter().map(|(_, number)| number.clone()).collect();
    let taken_back =
        move |connection: &store::Connection| store::take_back_numbers(connection, row_id, attempt, &numbers);
    work.answers.push(work.context.writer.submit(taken_back));
    work.done(StepState::Applied, format!("took back {}", listed(&added)));
    let message = format!("{} (the numbers that the row had added were taken back)", cause.message);
    Stop::Pending(Cause { message, ..cause })
}

/// Removes numbers of one location; a look-up that shows none of them proves it.
async fn delete(work: &mut RowWork<'_>, part: &[(RemoteId, PhoneNumber)]) -> Flow<()> {
    let Some((location, _)) = part.first() else { return Ok(()) };
    let site = Site { id: location.clone(), name: String::new(), home: None, number_state: None };
    let numbers: Vec<PhoneNumber> = part.iter().map(|(_, number)| number.clone()).collect();
    work.write(
        site_calls::delete_numbers(location, &numbers),
        |_| Shown::Proved(()),
        async |work| {
            let missing = numbers::missing_of(work, &site, &numbers).await?;
            Ok((missing.len() == numbers.len()).then_some(()))
        },
    )
    .await
}

fn listed(numbers: &[(RemoteId, PhoneNumber)]) -> String {
    let shown = numbers.iter().take(10).map(|(_, number)| number.as_str()).collect::<Vec<_>>().join(", ");
    let more = numbers.len().saturating_sub(10);
    if more > 0 { format!("{shown} and {more} more") } else { shown }
}
