//! Further numbers of a person, beside the first one, which this path cannot touch (webex.md 6.3).

use super::free_number;
use super::settings::Owner;
use super::subscriber;
use crate::domain::{Difference, Operation, PhoneNumber, Step, StepState};
use crate::runner::engine::{Decision, Eyes, Goal, Missing, Shown, Work};
use crate::runner::flow::{Flow, stop_for};
use crate::runner::memory::sites::Site;
use crate::webex::{Reply, site_calls, wire};

/// Gives the person those of the numbers that are lacking, one request each; says how many.
pub(crate) async fn reach(
    work: &mut Work<'_>,
    site: &Site,
    owner: &Owner<'_>,
    wanted: &[PhoneNumber],
) -> Flow<usize> {
    if wanted.is_empty() {
        return Ok(0);
    }
    work.begin(Step::AssignExtensionOrNumber);
    let lacking = lacking(&mut work.eyes, owner, wanted).await?;
    work.resolve_numbers(Operation::PersonNumbersPut, |number| {
        wanted.contains(number).then(|| !lacking.contains(number))
    });
    if lacking.is_empty() {
        work.done(StepState::Unchanged, "the person has every further number");
        return Ok(0);
    }
    for number in &lacking {
        free_number::require(work, site, number, owner.person).await?;
        work.reach(&FurtherNumber { owner, number }).await?;
        work.added.retain(|(_, added)| added != number);
    }
    Ok(lacking.len())
}

/// The person has the number, which a look a moment ago did not show.
pub(crate) struct FurtherNumber<'a> {
    pub(crate) owner: &'a Owner<'a>,
    pub(crate) number: &'a PhoneNumber,
}

impl Goal for FurtherNumber<'_> {
    /// Whether the person lacks it.
    type Seen = bool;
    type Got = ();

    fn writes_in(&self) -> Step {
        Step::AssignExtensionOrNumber
    }

    /// What a look says of earlier attempts was noted by the look at all further numbers of the row.
    fn writes(&self) -> &'static [Operation] {
        &[]
    }

    async fn known(&self, _eyes: &mut Eyes<'_>) -> Flow<Option<bool>> {
        Ok(Some(true))
    }

    async fn look(&self, eyes: &mut Eyes<'_>) -> Flow<bool> {
        Ok(!lacking(eyes, self.owner, std::slice::from_ref(self.number)).await?.is_empty())
    }

    fn decide(&self, lacks: &bool) -> Decision<()> {
        let number = self.number;
        if !lacks {
            return Decision::InPlace { got: (), proof: format!("the person has {number}") };
        }
        let field = format!("{number} as a further number");
        Decision::Missing(Missing {
            write: site_calls::add_person_numbers(self.owner.person, std::slice::from_ref(number)),
            words: format!("give {field}"),
            differences: vec![Difference { field, found: String::new(), wanted: number.to_string() }],
        })
    }

    fn shown(&self, _reply: &Reply) -> Shown<()> {
        Shown::Taken(())
    }

    fn would_be(&self) {}
}

/// Those of the numbers that the person does not have.
async fn lacking(eyes: &mut Eyes<'_>, owner: &Owner<'_>, wanted: &[PhoneNumber]) -> Flow<Vec<PhoneNumber>> {
    if eyes.is_to_come(owner.person) {
        return Ok(wanted.to_vec());
    }
    let operation = Operation::PersonNumbersGet;
    let list = async |eyes: &mut Eyes<'_>| {
        eyes.try_pages(site_calls::person_numbers(owner.person), "phoneNumbers", wire::direct_number).await
    };
    let held = match subscriber::read(eyes, owner.given, list).await? {
        Ok(held) => held,
        Err(trouble) => return stop_for(operation, &trouble),
    };
    let has = |number: &PhoneNumber| held.iter().any(|held| number.is_spelled(held, owner.home));
    Ok(wanted.iter().filter(|number| !has(number)).cloned().collect())
}
