//! Further numbers of a person, beside the first one, which this path cannot touch (contract 6.3).

use super::numbers;
use super::site::Site;
use super::work::{Flow, RowWork};
use super::write::Shown;
use crate::domain::{Operation, PhoneNumber, RemoteId, Step, StepState};
use crate::webex::{site_calls, wire};

/// Gives the person those of the numbers that are lacking, one request each; says how many.
pub(super) async fn apply(
    work: &mut RowWork<'_>,
    site: &Site,
    person: &RemoteId,
    wanted: &[PhoneNumber],
) -> Flow<usize> {
    if wanted.is_empty() {
        return Ok(0);
    }
    work.begin(Step::AssignExtensionOrNumber);
    let lacking = lacking(work, person, wanted).await?;
    work.resolve_numbers(Operation::PersonNumbersPut, |number| {
        wanted.contains(number).then(|| !lacking.contains(number))
    });
    if lacking.is_empty() {
        work.done(StepState::Unchanged, "the person has every further number");
        return Ok(0);
    }
    for number in &lacking {
        numbers::require(work, site, number, person).await?;
        work.begin(Step::AssignExtensionOrNumber);
        give(work, person, number).await?;
        work.added.retain(|(_, added)| added != number);
        work.done(StepState::Applied, format!("gave {number} as a further number"));
    }
    Ok(lacking.len())
}

async fn give(work: &mut RowWork<'_>, person: &RemoteId, number: &PhoneNumber) -> Flow<()> {
    let one = std::slice::from_ref(number);
    work.write(
        site_calls::add_person_numbers(person, one),
        |_| Shown::Proved(()),
        async |work| Ok(lacking(work, person, one).await?.is_empty().then_some(())),
    )
    .await
}

/// Those of the numbers that the person does not have.
async fn lacking(
    work: &mut RowWork<'_>,
    person: &RemoteId,
    wanted: &[PhoneNumber],
) -> Flow<Vec<PhoneNumber>> {
    let held = work.pages(site_calls::person_numbers(person), "phoneNumbers", wire::direct_number).await?;
    // Some answers leave out the plus sign, whatever was preferred.
    let digits = |text: &str| text.trim_start_matches('+').to_owned();
    let has = |number: &PhoneNumber| held.iter().any(|held| digits(held) == digits(number.as_str()));
    Ok(wanted.iter().filter(|number| !has(number)).cloned().collect())
}
