//! Doubts about a location: its address once PSTN is set, its name, its notes.

use serde_json::{Map, Value, json};

use super::Lab;
use super::doubt::Doubt;
use super::ledger::{Answer, Asking};
use super::report::Verdict;
use super::scene::{Needed, address_of, locations_named};
use super::search::{Limit, Trial, limit};
use crate::domain::RemoteId;
use crate::webex::{calls, lab_calls, wire};

/// The second line that an address gets for a moment.
const SECOND_LINE: &str = "wxbulk lab";
/// Longer notes are not tried.
const LONGEST_NOTES: usize = 16_384;
/// Looks at something that may lag.
pub(super) const LOOKS: u32 = 4;

pub(super) async fn address_with_pstn(lab: &Lab<'_>) {
    let (doubt, scene) = (Doubt::AddressWithPstn, lab.scene);
    if let Err(why) = &scene.pstn {
        return lab.ledger.not_asked(doubt, why);
    }
    let Some(before) = scene.address() else {
        return lab.ledger.not_asked(doubt, format!("{:?} shows no address", scene.location.name));
    };
    let asking = lab.begin(doubt);
    let mut wanted = before.clone();
    wanted.insert("address2".to_owned(), json!(SECOND_LINE));
    let was = shown(&before);
    let pledge = lab.ledger.pledge(
        format!("the address of {:?} may read {}", scene.location.name, shown(&wanted)),
        format!("set it to {was} in Control Hub"),
    );
    let answer = asking.send(calls::update_location(&scene.location.id, json!({ "address": wanted }))).await;
    let refused = matches!(answer, Answer::Refused(_));
    let changed = look_until(lab, &asking, |address| refused || alike(address, &wanted)).await;
    asking.saw(format!("afterwards it reads {}", changed.as_ref().map_or("unknown".to_owned(), shown)));
    let verdict = match (&answer, &changed) {
        (Answer::Refused(refusal), _) => Verdict::Refused(refusal.to_string()),
        (_, Some(address)) if alike(address, &wanted) => Verdict::Yes,
        (Answer::Unknown(what), _) => Verdict::Unclear(what.clone()),
        (_, None) => Verdict::Unclear("the location could not be read afterwards".to_owned()),
        (_, Some(_)) => Verdict::No,
    };
    // Put back even if no change shows, unless it was refused: a change may show later.
    let mut untouched = refused && changed.is_some_and(|now| alike(&now, &before));
    if !untouched {
        let mut back = before.clone();
        back.entry("address2").or_insert(Value::Null);
        asking.send(calls::update_location(&scene.location.id, json!({ "address": back }))).await;
        let now = look_until(lab, &asking, |address| alike(address, &before)).await;
        untouched = now.is_some_and(|now| alike(&now, &before));
    }
    if untouched {
        asking.saw(format!("in the end it reads {was}"));
        lab.ledger.redeem(pledge);
    }
    asking.end(verdict);
}

/// The address of the location as it shows when it is as wanted, or at the last look.
async fn look_until(
    lab: &Lab<'_>,
    asking: &Asking<'_>,
    is_wanted: impl Fn(&Map<String, Value>) -> bool,
) -> Option<Map<String, Value>> {
    let mut last = None;
    for pause in lab.webex.pauses(LOOKS) {
        match asking.send(calls::location(&lab.scene.location.id)).await {
            Answer::Taken(reply) => last = address_of(&reply.body),
            Answer::Refused(_) | Answer::Unknown(_) => {}
        }
        if last.as_ref().is_some_and(&is_wanted) || lab.webex.wait(pause).await.is_err() {
            break;
        }
    }
    last
}

/// Whether two addresses say the same: Webex may spell in capitals and set codes apart.
fn alike(one: &Map<String, Value>, other: &Map<String, Value>) -> bool {
    let bare = |address: &Map<String, Value>| -> Vec<(String, String)> {
        let text = |text: &Value| -> String {
            let letters = text.as_str().unwrap_or_default().chars().filter(|letter| letter.is_alphanumeric());
            letters.flat_map(char::to_lowercase).collect()
        };
        let mut parts: Vec<_> = address.iter().map(|(part, value)| (part.clone(), text(value))).collect();
        parts.retain(|(_, text)| !text.is_empty());
        parts.sort_unstable();
        parts
    };
    bare(one) == bare(other)
}

fn shown(address: &Map<String, Value>) -> String {
    let parts: Vec<&str> =
        address.values().filter_map(Value::as_str).filter(|text| !text.is_empty()).collect();
    format!("{:?}", parts.join(", "))
}

pub(super) async fn name_taken(lab: &Lab<'_>) {
    let (doubt, location) = (Doubt::NameTaken, &lab.scene.location);
    let Some(address) = lab.scene.address() else {
        return lab.ledger.not_asked(doubt, format!("{:?} shows no address", location.name));
    };
    let asking = lab.begin(doubt);
    let text = |name: &str| location.body.get(name).and_then(Value::as_str).unwrap_or_default();
    let language = text("preferredLanguage").to_lowercase();
    let body = json!({
        "name": location.name, "timeZone": text("timeZone"), "preferredLanguage": language,
        "announcementLanguage": language, "address": address, "notes": "made by wxbulk check --lab",
    });
    let pledge = lab.ledger.pledge(
        format!("there may be a second location {:?}, without calling", location.name),
        "delete the one without calling in Control Hub".to_owned(),
    );
    let (verdict, second) = match asking.send(lab_calls::create_location_of(body)).await {
        Answer::Taken(reply) => match wire::id(&reply.body) {
            Ok(id) if id.same_as(&location.id) => (Verdict::No, None),
            Ok(id) => (Verdict::Yes, Some(id)),
            Err(error) => return asking.end(Verdict::Unclear(error.to_string())),
        },
        Answer::Refused(refusal) => match namesake(lab).await {
            Ok(second) => (Verdict::Refused(refusal.to_string()), second),
            Err(_) => return asking.end(Verdict::Refused(refusal.to_string())),
        },
        Answer::Unknown(what) => match namesake(lab).await {
            Ok(Some(second)) => (Verdict::Yes, Some(second)),
            // It may show later, so the pledge stays.
            Ok(None) | Err(_) => return asking.end(Verdict::Unclear(what)),
        },
    };
    match second {
        None => lab.ledger.redeem(pledge),
        Some(id) => {
            asking.saw(format!("a second location was made, {id}"));
            // A name that is there twice would stop the rows of this site.
            let renamed = calls::update_location(&id, json!({ "name": lab.plan.second_name }));
            if let Answer::Taken(_) = asking.send(renamed).await {
                lab.ledger.redeem(pledge);
                lab.ledger.leave_for_good(
                    format!("the location {:?}, without calling ({id})", lab.plan.second_name),
                    "delete it in Control Hub",
                );
            }
        }
    }
    asking.end(verdict);
}

/// Another location of the same name.
async fn namesake(lab: &Lab<'_>) -> Needed<Option<RemoteId>> {
    let location = &lab.scene.location;
    let all = locations_named(lab.webex, &location.name).await?;
    Ok(all.into_iter().map(|other| other.id).find(|id| !id.same_as(&location.id)))
}

pub(super) async fn notes_length(lab: &Lab<'_>) {
    let location = &lab.scene.location;
    let before = location.notes.clone();
    let asking = lab.begin(Doubt::NotesLength);
    let pledge = lab.ledger.pledge(
        format!("the notes of {:?} may end with a line of dots", location.name),
        format!("set them to {before:?} in Control Hub"),
    );
    // What stands in the notes stays in front, so that the tag of an external id is there at every instant.
    let shortest = before.chars().count().saturating_add(2);
    let found = limit(shortest, LONGEST_NOTES.max(shortest.saturating_add(1)), async |length| {
        let filled = format!("{before}\n{}", ".".repeat(length.saturating_sub(shortest).saturating_add(1)));
        trial_of_notes(lab, &asking, &filled).await
    })
    .await;
    let back = asking.send(calls::update_location(&location.id, json!({ "notes": before }))).await;
    let now = asking.send(calls::location(&location.id)).await;
    if let (Answer::Taken(_), Answer::Taken(reply)) = (back, now)
        && wire::location(&reply.body).is_ok_and(|shown| shown.notes.trim() == before.trim())
    {
        asking.saw("the notes were put back");
        lab.ledger.redeem(pledge);
    }
    let verdict = match found {
        Limit::Beyond => {
            asking.saw(format!("{LONGEST_NOTES} characters are taken and shown whole; more was not tried"));
            Verdict::No
        }
        Limit::At(taken, how) => {
            asking.saw(format!("{taken} characters are taken, one more is not: {how}"));
            Verdict::Yes
        }
        Limit::Nothing(how) => Verdict::Refused(how),
        Limit::Unclear(why) => Verdict::Unclear(why),
    };
    asking.end(verdict);
}

async fn trial_of_notes(lab: &Lab<'_>, asking: &Asking<'_>, notes: &str) -> Trial {
    let id = &lab.scene.location.id;
    match asking.send(calls::update_location(id, json!({ "notes": notes }))).await {
        Answer::Refused(refusal) => return Trial::Refused(refusal.to_string()),
        Answer::Unknown(what) => return Trial::Unclear(what),
        Answer::Taken(_) => {}
    }
    match asking.send(calls::location(id)).await {
        Answer::Taken(reply) => match wire::location(&reply.body) {
            Ok(shown) if shown.notes == notes => Trial::Taken,
            Ok(shown) => {
                Trial::Refused(format!("success, but {} characters show", shown.notes.chars().count()))
            }
            Err(error) => Trial::Unclear(error.to_string()),
        },
        Answer::Refused(refusal) => Trial::Unclear(refusal.to_string()),
        Answer::Unknown(what) => Trial::Unclear(what),
    }
}
