//! Doubts about when the calling back end knows somebody (webex.md 5).

use tokio::time::Instant;

use super::Lab;
use super::doubt::Doubt;
use super::ledger::{Answer, Asking};
use super::report::Verdict;
use super::scene::read;
use crate::domain::{Family, Feature, RemoteId};
use crate::webex::{Read, Refusal, calls, lab_calls, site_calls, wire};

/// One page of people with calling data (webex.md 1.3).
const PAGE: u32 = 100;
/// With the usual pauses the last look is half a minute after the first.
const LOOKS: u32 = 7;
/// The codes by which the back end says that it has no such user.
const UNKNOWN_TO_BACK_END: [&str; 2] = ["4003", "4008"];

/// What the paths of settings said together.
enum Shown {
    All,
    /// Of these the back end has no such user.
    Unknown(String),
    Refused(String),
    Unclear(String),
}

/// One path of each kind that was seen to refuse in its own way.
fn paths(person: &RemoteId) -> [Read; 4] {
    [
        site_calls::person_numbers(person),
        calls::feature(person, Feature::CallForwarding, Family::People),
        calls::feature(person, Feature::OutgoingPermission, Family::People),
        calls::feature(person, Feature::MusicOnHold, Family::Telephony),
    ]
}

pub(super) async fn without_location(lab: &Lab<'_>) {
    let doubt = Doubt::SettingsWithoutLocation;
    let person = match licensed_without_location(lab).await {
        Ok(person) => person,
        Err(why) => return lab.ledger.not_asked(doubt, why),
    };
    let asking = lab.begin(doubt);
    asking.saw(format!("asked about {} ({})", person.emails.join(", "), person.id));
    let verdict = match look(&asking, &person.id).await {
        Shown::All => Verdict::Yes,
        Shown::Unknown(how) => {
            asking.saw(how);
            Verdict::No
        }
        Shown::Refused(how) => Verdict::Refused(how),
        Shown::Unclear(why) => Verdict::Unclear(why),
    };
    asking.end(verdict);
}

/// The person of the trials if they are such a one, else the first on a page of people.
async fn licensed_without_location(lab: &Lab<'_>) -> Result<wire::Person, String> {
    lab.scene.licences.as_ref().map_err(Clone::clone)?;
    let is_one = |person: &wire::Person| {
        let licensed = lab.scene.is_licensed(person).unwrap_or(false);
        licensed && person.location.is_none() && person.calling_unknown.is_none()
    };
    if let Ok(person) = &lab.scene.person
        && is_one(person)
    {
        return Ok(person.clone());
    }
    let page = read(lab.webex, lab_calls::callers(PAGE)).await?;
    let people = wire::items(&page, "items", wire::person).map_err(|error| error.to_string())?;
    let count = people.len();
    let found = people.into_iter().find(is_one);
    found.ok_or_else(|| {
        format!("nobody among the first {count} people holds a calling licence without a location")
    })
}

/// Looks from right after the licence until half a minute later.
pub(super) async fn after_licence(lab: &Lab<'_>, asking: Asking<'_>, person: &RemoteId) {
    let given = Instant::now();
    let mut looks = 0_u32;
    for pause in lab.webex.pauses(LOOKS) {
        let after = given.elapsed().as_secs_f64();
        looks = looks.saturating_add(1);
        match look(&asking, person).await {
            Shown::All if looks == 1 => return asking.end(Verdict::Yes),
            Shown::All => {
                asking.saw(format!("all are shown at look {looks}, {after:.1} s after the licence"));
                return asking.end(Verdict::No);
            }
            Shown::Unknown(how) if looks == 1 => asking.saw(format!("at once: {how}")),
            Shown::Unknown(_) => {}
            Shown::Refused(how) => return asking.end(Verdict::Refused(how)),
            Shown::Unclear(why) => return asking.end(Verdict::Unclear(why)),
        }
        if lab.webex.wait(pause).await.is_err() {
            break;
        }
    }
    asking.saw(format!("not within {looks} looks, {:.1} s", given.elapsed().as_secs_f64()));
    asking.end(Verdict::No);
}

async fn look(asking: &Asking<'_>, person: &RemoteId) -> Shown {
    let mut unknown = Vec::new();
    for call in paths(person) {
        let path = call.shown_path();
        match asking.send(call).await {
            Answer::Taken(_) => {}
            Answer::Refused(refusal) if is_unknown(&refusal) => unknown.push(format!("{path}: {refusal}")),
            Answer::Refused(refusal) => return Shown::Refused(format!("{path}: {refusal}")),
            Answer::Unknown(what) => return Shown::Unclear(format!("{path}: {what}")),
        }
    }
    if unknown.is_empty() { Shown::All } else { Shown::Unknown(unknown.join("; ")) }
}

fn is_unknown(refusal: &Refusal) -> bool {
    matches!(refusal.status, 400 | 404) && UNKNOWN_TO_BACK_END.iter().any(|code| refusal.has_code(code))
}
