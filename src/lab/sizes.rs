//! How much one request may hold: extensions to check, numbers to add.

use super::Lab;
use super::doubt::Doubt;
use super::ledger::{Answer, Asking};
use super::report::Verdict;
use super::scene::numbers_of;
use super::search::{Limit, Trial, limit};
use crate::domain::{Extension, PhoneNumber};
use crate::webex::{lab_calls, site_calls};

/// More extensions are not tried.
const MOST_EXTENSIONS: usize = 1_024;
/// The first of the extensions that are checked and never given.
const FIRST_EXTENSION: usize = 100_000;
/// What one request may delete (webex.md 3.7).
const DELETED_AT_ONCE: usize = 5;

pub(super) async fn extensions_to_check(lab: &Lab<'_>) {
    let doubt = Doubt::ValidateLimit;
    if let Err(why) = &lab.scene.calling {
        return lab.ledger.not_asked(doubt, why);
    }
    let asking = lab.begin(doubt);
    let all: Vec<Extension> = (FIRST_EXTENSION..)
        .take(MOST_EXTENSIONS)
        .filter_map(|extension| Extension::parse(&extension.to_string()).ok())
        .collect();
    let found = limit(1, all.len(), async |size| {
        let part = all.get(..size).unwrap_or_default();
        match asking.send(site_calls::validate_extensions(&lab.scene.location.id, part)).await {
            Answer::Taken(reply) => {
                let answered = reply.body.get("extensionStatus").and_then(|all| all.as_array()).map(Vec::len);
                match answered {
                    // Where all is well the list may be left out.
                    Some(answered) if answered != 0 && answered != size => {
                        Trial::Refused(format!("success, but {answered} of them are answered"))
                    }
                    _ => Trial::Taken,
                }
            }
            Answer::Refused(refusal) => Trial::Refused(refusal.to_string()),
            Answer::Unknown(what) => Trial::Unclear(what),
        }
    })
    .await;
    end(asking, found, all.len());
}

pub(super) async fn numbers_to_add(lab: &Lab<'_>) {
    let (doubt, scene, numbers) = (Doubt::NumbersLimit, lab.scene, &lab.plan.numbers);
    if numbers.is_empty() {
        return lab.ledger.not_asked(doubt, "no --numbers were given");
    }
    let kind = match scene.calling.as_ref().and(scene.pstn.as_ref()) {
        Ok(pstn) => pstn.kind.as_str(),
        Err(why) => return lab.ledger.not_asked(doubt, why),
    };
    if !matches!(kind, "LOCAL_GATEWAY" | "NON_INTEGRATED_CCP") {
        return lab.ledger.not_asked(
            doubt,
            format!("the PSTN of {:?} is {kind}: its numbers are not ours to add", scene.location.name),
        );
    }
    match present(lab).await {
        Err(why) => return lab.ledger.not_asked(doubt, why),
        Ok(there) if !there.is_empty() => {
            let (count, name) = (there.len(), &scene.location.name);
            return lab.ledger.not_asked(doubt, format!("{count} of the --numbers are in {name:?} already, and what is there is not ours to delete"));
        }
        Ok(_) => {}
    }
    let asking = lab.begin(doubt);
    let found = limit(1, numbers.len(), async |size| {
        let part = numbers.get(..size).unwrap_or_default();
        trial_of_numbers(lab, &asking, part).await
    })
    .await;
    end(asking, found, numbers.len());
}

/// Adds some numbers and deletes them again.
async fn trial_of_numbers(lab: &Lab<'_>, asking: &Asking<'_>, numbers: &[PhoneNumber]) -> Trial {
    let location = &lab.scene.location;
    let (Some(first), Some(last)) = (numbers.first(), numbers.last()) else {
        return Trial::Unclear("there are no numbers".to_owned());
    };
    let pledge = lab.ledger.pledge(
        format!("{} numbers {first} .. {last} may be in {:?}, out of service", numbers.len(), location.name),
        "delete them in Control Hub",
    );
    let answer = asking.send(lab_calls::add_inactive_numbers(&location.id, numbers)).await;
    // Some may be in place after a refusal too.
    let added = match present(lab).await {
        Ok(added) => added,
        Err(why) => return Trial::Unclear(why),
    };
    for part in added.chunks(DELETED_AT_ONCE) {
        if let Answer::Refused(refusal) = asking.send(site_calls::delete_numbers(&location.id, part)).await {
            return Trial::Unclear(format!("they could not be deleted again: {refusal}"));
        }
    }
    match present(lab).await {
        Ok(left) if left.is_empty() => lab.ledger.redeem(pledge),
        Ok(left) => return Trial::Unclear(format!("{} of them could not be deleted again", left.len())),
        Err(why) => return Trial::Unclear(why),
    }
    match answer {
        Answer::Taken(_) if added.len() == numbers.len() => Trial::Taken,
        Answer::Taken(_) => {
            Trial::Refused(format!("success, but {} of {} are there", added.len(), numbers.len()))
        }
        Answer::Refused(refusal) => Trial::Refused(refusal.to_string()),
        Answer::Unknown(what) => Trial::Unclear(what),
    }
}

/// Which of the numbers to try are in the location.
async fn present(lab: &Lab<'_>) -> Result<Vec<PhoneNumber>, String> {
    let there: std::collections::BTreeSet<String> = numbers_of(lab.webex, &lab.scene.location.id)
        .await?
        .into_iter()
        .filter_map(|entry| entry.number)
        .collect();
    Ok(lab.plan.numbers.iter().filter(|number| there.contains(number.as_str())).cloned().collect())
}

fn end(asking: Asking<'_>, found: Limit, greatest: usize) {
    let verdict = match found {
        Limit::Beyond => {
            asking.saw(format!("{greatest} are taken; more was not tried"));
            Verdict::No
        }
        Limit::At(taken, how) => {
            asking.saw(format!("{taken} are taken, one more is not: {how}"));
            Verdict::Yes
        }
        Limit::Nothing(how) => Verdict::Refused(how),
        Limit::Unclear(why) => Verdict::Unclear(why),
    };
    asking.end(verdict);
}
