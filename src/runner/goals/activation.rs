//! Porting day: numbers of the job that stand inactive in a location are activated where that is stated (R16).

use std::collections::VecDeque;

use tokio::time::Instant;

use super::numbers::{self, Refused};
use super::pstn;
use crate::domain::{Difference, NumberState, Operation, PendingReason, PhoneNumber, Step, StepState};
use crate::runner::engine::{Decision, Eyes, Goal, Missing, Shown, Work};
use crate::runner::flow::{Flow, Stop, pending};
use crate::runner::memory::sites::Site;
use crate::store;
use crate::webex::{Reply, calls, site_calls, wire};

/// The most numbers in one request (webex.md 3.7).
const AT_ONCE: usize = 500;

/// How many requests a part may cost beyond one, to tell numbers that are refused from the others.
const FURTHER: usize = 64;

/// What was sent so far.
#[derive(Default)]
struct Progress {
    activated: Vec<PhoneNumber>,
    refused: Vec<Refused>,
}

/// Activates what the job states there and stands inactive; says how many, `None` where that is not wanted.
///
/// Numbers of people count too: their rows have ended, and need not run again for it.
pub(crate) async fn reach(work: &mut Work<'_>, site: &Site) -> Flow<Option<usize>> {
    if site.number_state != Some(NumberState::Active) {
        return Ok(None);
    }
    work.begin(Step::LocationActivateNumbers);
    if [Operation::NumbersAdd, Operation::NumbersActivate].iter().any(|sent| work.eyes.left_in_doubt(*sent)) {
        work.eyes.wait_for_earlier().await?;
    }
    let due = stated_and_inactive(work, site).await?;
    if due.is_empty() {
        work.done(StepState::Unchanged, "none of the job's numbers there stands inactive");
        return Ok(Some(0));
    }
    pstn::require_managed_numbers(&mut work.eyes, site).await?;
    let mut progress = Progress::default();
    let so_far =
        |progress: &Progress| format!("activated {} of {} numbers", progress.activated.len(), due.len());
    for part in due.chunks(AT_ONCE) {
        let sent = send_part(work, site, part, &mut progress).await;
        sent.map_err(|stop| with_progress(stop, &so_far(&progress)))?;
    }
    let silent = still_inactive(&mut work.eyes, site, &progress.activated).await;
    let silent = silent.map_err(|stop| with_progress(stop, &so_far(&progress)))?;
    progress.activated.retain(|number| !silent.contains(number));
    let not_applied = |number| Refused(number, "accepted but not applied".to_owned());
    progress.refused.extend(silent.into_iter().map(not_applied));
    let so_far = so_far(&progress);
    let Progress { activated, refused } = progress;
    if refused.is_empty() {
        return Ok(Some(activated.len()));
    }
    let message = format!("{so_far}; {} stay inactive: {}", refused.len(), numbers::named(&refused));
    pending(PendingReason::NonRetryableExternal, message)
}

fn with_progress(stop: Stop, so_far: &str) -> Stop {
    stop.map(|cause| cause.saying(|message| format!("{so_far}, then: {message}")))
}

/// In order, so that a run that goes on sends the same parts.
async fn stated_and_inactive(work: &mut Work<'_>, site: &Site) -> Flow<Vec<PhoneNumber>> {
    let inactive = inactive_of(&mut work.eyes, site).await?;
    let is_active = |number: &PhoneNumber| Some(inactive.binary_search(number).is_err());
    work.resolve_numbers(Operation::NumbersActivate, is_active);
    if inactive.is_empty() {
        return Ok(Vec::new());
    }
    let key = work.eyes.row.location_key.clone();
    work.eyes.in_lists(move |connection, _| store::stated_numbers(connection, &key, inactive)).await
}

async fn inactive_of(eyes: &mut Eyes<'_>, site: &Site) -> Flow<Vec<PhoneNumber>> {
    if eyes.is_to_come(&site.id) {
        return Ok(Vec::new());
    }
    let call = calls::inactive_numbers_of_location(&site.id);
    let listed = eyes.pages(call, "phoneNumbers", wire::number_entry).await?;
    let theirs = listed.iter().filter(|entry| entry.inactive && numbers::is_of(entry, site));
    let mut inactive: Vec<PhoneNumber> =
        theirs.filter_map(|entry| PhoneNumber::parse(entry.number.as_deref()?).ok()).collect();
    inactive.sort();
    inactive.dedup();
    Ok(inactive)
}

/// Sends a part; when it is refused, once more without the numbers that Webex names, else in halves.
async fn send_part(
    work: &mut Work<'_>,
    site: &Site,
    part: &[PhoneNumber],
    progress: &mut Progress,
) -> Flow<()> {
    let mut parts = VecDeque::from([part.to_vec()]);
    let mut further = FURTHER;
    // Each turn takes a part; one that puts parts back uses up `further`.
    while let Some(mut part) = parts.pop_front() {
        let cause = match work.reach(&ActiveNumbers { site, numbers: part.clone() }).await {
            Ok(_) => {
                progress.activated.extend(part);
                continue;
            }
            Err(Stop::Pending(cause)) if numbers::is_refusal(&cause) => cause,
            Err(stop) => return Err(stop),
        };
        let named = numbers::named_by(&cause, &part, site);
        part.retain(|number| !named.iter().any(|Refused(known, _)| known == number));
        let is_alone = named.is_empty() && part.len() == 1;
        match further.checked_sub(2) {
            Some(left) if !is_alone => {
                let rest = if named.is_empty() { part.split_off(part.len().div_ceil(2)) } else { Vec::new() };
                let again = [rest, part].into_iter().filter(|part| !part.is_empty());
                again.for_each(|part| parts.push_front(part));
                further = left;
            }
            _ => progress.refused.extend(part.into_iter().map(|it| Refused(it, cause.message.clone()))),
        }
        progress.refused.extend(named);
    }
    Ok(())
}

/// What Webex took and still shows inactive when the change must show: a status is no proof (webex.md 1.5).
async fn still_inactive(
    eyes: &mut Eyes<'_>,
    site: &Site,
    activated: &[PhoneNumber],
) -> Flow<Vec<PhoneNumber>> {
    let shown = |inactive: Vec<PhoneNumber>| -> Vec<PhoneNumber> {
        activated.iter().filter(|number| inactive.binary_search(number).is_ok()).cloned().collect()
    };
    if eyes.only_looks || activated.is_empty() || shown(inactive_of(eyes, site).await?).is_empty() {
        return Ok(Vec::new());
    }
    eyes.wait_to_show(Instant::now()).await?;
    Ok(shown(inactive_of(eyes, site).await?))
}

/// Calls reach the numbers, which a look a moment ago showed inactive.
pub(crate) struct ActiveNumbers<'a> {
    pub(crate) site: &'a Site,
    pub(crate) numbers: Vec<PhoneNumber>,
}

impl Goal for ActiveNumbers<'_> {
    /// Those of them that are inactive.
    type Seen = Vec<PhoneNumber>;
    type Got = ();

    fn writes_in(&self) -> Step {
        Step::LocationActivateNumbers
    }

    /// What a look says of earlier attempts was noted by the look at all inactive numbers of the location.
    fn writes(&self) -> &'static [Operation] {
        &[]
    }

    async fn known(&self, _eyes: &mut Eyes<'_>) -> Flow<Option<Vec<PhoneNumber>>> {
        Ok(Some(self.numbers.clone()))
    }

    async fn look(&self, eyes: &mut Eyes<'_>) -> Flow<Vec<PhoneNumber>> {
        let inactive = inactive_of(eyes, self.site).await?;
        Ok(self.numbers.iter().filter(|number| inactive.binary_search(number).is_ok()).cloned().collect())
    }

    fn decide(&self, inactive: &Vec<PhoneNumber>) -> Decision<()> {
        if inactive.is_empty() {
            return Decision::InPlace { got: (), proof: "none of the numbers stands inactive".to_owned() };
        }
        let difference = |number: &PhoneNumber| Difference {
            field: number.to_string(),
            found: NumberState::Inactive.as_str().to_owned(),
            wanted: NumberState::Active.as_str().to_owned(),
        };
        Decision::Missing(Missing {
            write: site_calls::activate_numbers(&self.site.id, inactive),
            words: format!("activate {} numbers of {:?}", inactive.len(), self.site.name),
            differences: inactive.iter().map(difference).collect(),
        })
    }

    fn shown(&self, _reply: &Reply) -> Shown<()> {
        Shown::Proved(())
    }

    fn would_be(&self) {}
}
