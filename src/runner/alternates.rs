//! Further numbers of a person, beside the first one, which this path cannot touch (webex.md 6.3).

use super::numbers;
use super::read_back::Looked;
use super::settings::Owner;
use super::site::Site;
use super::subscriber;
use super::work::{Flow, RowWork, stop_for};
use super::write::Shown;
use crate::domain::{Operation, PhoneNumber, Step, StepState};
use crate::webex::{site_calls, wire};

/// Gives the person those of the numbers that are lacking, one request each; says how many.
pub(super) async fn apply(
    work: &mut RowWork<'_>,
    site: &Site,
    owner: &Owner<'_>,
    wanted: &[PhoneNumber],
) -> Flow<usize> {
    if wanted.is_empty() {
        return Ok(0);
    }
    work.begin(Step::AssignExtensionOrNumber);
    let lacking = lacking(work, owner, wanted).await?;
    work.resolve_numbers(Operation::PersonNumbersPut, |number| {
        wanted.contains(number).then(|| !lacking.contains(number))
    });
    if lacking.is_empty() {
        work.done(StepState::Unchanged, "the person has every further number");
        return Ok(0);
    }
    for number in &lacking {
        numbers::require(work, site, number, owner.person).await?;
        work.begin(Step::AssignExtensionOrNumber);
        give(work, owner, number).await?;
        work.added.retain(|(_, added)| added != number);
        work.done(StepState::Applied, format!("gave {number} as a further number"));
    }
    Ok(lacking.len())
}

async fn give(work: &mut RowWork<'_>, owner: &Owner<'_>, number: &PhoneNumber) -> Flow<()> {
    let one = std::slice::from_ref(number);
    let sent = [format!("{number} as a further number")];
    work.write(
        site_calls::add_person_numbers(owner.person, one),
        |_| Shown::Taken(()),
        async |work| {
            let lacks = !lacking(work, owner, one).await?.is_empty();
            Ok(Looked::of(&sent, if lacks { sent.to_vec() } else { Vec::new() }))
        },
    )
    .await
}

/// Those of the numbers that the person does not have.
async fn lacking(
    work: &mut RowWork<'_>,
    owner: &Owner<'_>,
    wanted: &[PhoneNumber],
) -> Flow<Vec<PhoneNumber>> {
    let call = site_calls::person_numbers(owner.person);
    let list = async |work: &mut RowWork<'_>| {
        work.try_pages(call.clone(), "phoneNumbers", wire::direct_number).await
    };
    let held = match subscriber::read(work, owner.given, list).await? {
        Ok(held) => held,
        Err(trouble) => return stop_for(call.operation, &trouble),
    };
    let has = |number: &PhoneNumber| held.iter().any(|held| number.is_spelled(held, owner.home));
    Ok(wanted.iter().filter(|number| !has(number)).cloned().collect())
}
