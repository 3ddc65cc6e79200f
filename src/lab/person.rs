//! Doubts about licences, asked of one person who has no calling before and none afterwards.

use serde_json::Value;

use super::Lab;
use super::doubt::Doubt;
use super::ledger::{Answer, Asking, Pledge};
use super::report::Verdict;
use super::scene::{self, Needed, number_elsewhere, numbers_of};
use super::settings;
use super::site::LOOKS;
use crate::domain::{Email, Extension, Line, RemoteId};
use crate::webex::wire::{self, License, Person};
use crate::webex::{calls, lab_calls, site_calls};

/// Extensions that are looked at to find free ones.
const CANDIDATES: u32 = 20;

/// Whom and what the trials are made with.
struct Trials<'a> {
    lab: &'a Lab<'a>,
    email: &'a Email,
    person: &'a RemoteId,
    /// Two that nobody in the location has.
    free: [Extension; 2],
    /// One that somebody there has.
    taken: Option<Extension>,
    with_units: Option<&'a License>,
    without_units: Option<&'a License>,
}

/// What came of giving the licence.
enum Given {
    Yes,
    /// Success without the licence.
    Without,
    Refused(String),
    Unclear(String),
}

const DOUBTS: [Doubt; 5] = [
    Doubt::ExtensionTaken,
    Doubt::NumberElsewhere,
    Doubt::Overage,
    Doubt::SettingsAfterLicence,
    Doubt::LicenceAgain,
];

pub(super) async fn ask(lab: &Lab<'_>) {
    let trials = match prepared(lab).await {
        Ok(trials) => trials,
        Err(why) => {
            for doubt in DOUBTS {
                lab.ledger.not_asked(doubt, why.as_str());
            }
            return;
        }
    };
    trials.extension_taken().await;
    trials.number_elsewhere().await;
    let held = trials.overage().await;
    trials.licence_kept(held).await;
}

async fn prepared<'a>(lab: &'a Lab<'a>) -> Needed<Trials<'a>> {
    let scene = lab.scene;
    scene.calling.as_ref().map_err(Clone::clone)?;
    let person = scene.person.as_ref().map_err(Clone::clone)?;
    let email = lab.plan.person.as_ref().ok_or("no --person was given")?;
    if person.location.is_some() || person.calling_unknown.is_some() || scene.is_licensed(person)? {
        return Err(format!("{email} has calling already; name somebody who has none"));
    }
    let licences: Vec<&License> =
        scene.licences.iter().flatten().filter(|licence| is_meant(lab, licence)).collect();
    if licences.is_empty() {
        return Err(format!("there is no licence {}", lab.plan.licence));
    }
    let entries = numbers_of(lab.webex, &scene.location.id).await?;
    let owned = entries.iter().filter(|entry| entry.owner.is_some());
    let taken = owned.filter_map(|entry| Extension::parse(entry.extension.as_deref()?).ok()).next();
    let free = free_extensions(lab, taken.as_ref()).await?;
    Ok(Trials {
        lab,
        email,
        person: &person.id,
        free,
        taken,
        with_units: licences.iter().copied().find(|licence| licence.total > licence.consumed),
        without_units: licences.iter().copied().find(|licence| licence.total <= licence.consumed),
    })
}

fn is_meant(lab: &Lab<'_>, licence: &License) -> bool {
    let wanted = lab.plan.subscription.as_ref();
    licence.suits(&lab.plan.licence)
        && wanted.is_none_or(|wanted| licence.subscription.as_ref() == Some(wanted))
}

/// Two extensions as long as those in use, from the end, that Webex calls valid.
async fn free_extensions(lab: &Lab<'_>, like: Option<&Extension>) -> Needed<[Extension; 2]> {
    let length = like.map_or(4, |extension| extension.as_str().len());
    let end = 10_u32.saturating_pow(u32::try_from(length).unwrap_or(4)).saturating_sub(1);
    let candidates: Vec<Extension> = (0..CANDIDATES)
        .filter_map(|back| Extension::parse(&format!("{:0length$}", end.checked_sub(back)?)).ok())
        .collect();
    let reply =
        scene::read(lab.webex, site_calls::validate_extensions(&lab.scene.location.id, &candidates)).await?;
    let statuses = match reply.body.get("extensionStatus") {
        Some(Value::Array(_)) => {
            wire::items(&reply, "extensionStatus", wire::extension_status).unwrap_or_default()
        }
        _ => Vec::new(),
    };
    let wrong: Vec<&str> = statuses
        .iter()
        .filter(|status| status.state != "VALID")
        .map(|status| status.extension.as_str())
        .collect();
    let mut free = candidates.into_iter().filter(|extension| !wrong.contains(&extension.as_str()));
    match (free.next(), free.next()) {
        (Some(one), Some(other)) => Ok([one, other]),
        _ => Err(format!("no two free extensions were found in {:?}", lab.scene.location.name)),
    }
}

impl Trials<'_> {
    async fn extension_taken(&self) {
        let doubt = Doubt::ExtensionTaken;
        let Some(taken) = &self.taken else {
            let name = &self.lab.scene.location.name;
            return self.lab.ledger.not_asked(doubt, format!("nobody in {name:?} has an extension"));
        };
        self.ask_for_line(doubt, Line::Extension(taken.clone())).await;
    }

    async fn number_elsewhere(&self) {
        let doubt = Doubt::NumberElsewhere;
        let (number, place) = match number_elsewhere(self.lab.webex, &self.lab.scene.location.id).await {
            Ok(found) => found,
            Err(why) => return self.lab.ledger.not_asked(doubt, why),
        };
        let [extension, _] = self.free.clone();
        let back = self.lab.ledger.pledge(
            format!("{number} may have left {place:?}"),
            format!("see in Control Hub that it is in {place:?}"),
        );
        self.ask_for_line(doubt, Line::Both(extension, number.clone())).await;
        let call = calls::numbers_by_number(&number);
        let there = scene::read(self.lab.webex, call).await.ok().and_then(|reply| {
            wire::items(&reply, "phoneNumbers", wire::number_entry).ok()?.into_iter().next()
        });
        if there.is_some_and(|entry| entry.location_name == place && entry.owner.is_none()) {
            self.lab.ledger.redeem(back);
        }
    }

    /// Tries to give a licence with a line that should not be had, and takes back what came of it.
    async fn ask_for_line(&self, doubt: Doubt, line: Line) {
        let Some(licence) = self.with_units else {
            return self.lab.ledger.not_asked(doubt, "no licence has a free unit");
        };
        let asking = self.lab.begin(doubt);
        asking.saw(format!("asked for {line}"));
        let pledge = self.pledge(licence);
        let verdict = match self.give(&asking, licence, &line).await {
            Given::Refused(how) => {
                self.look_after_refusal(&asking, licence, pledge).await;
                return asking.end(Verdict::Refused(how));
            }
            Given::Unclear(why) => Verdict::Unclear(why),
            Given::Without => Verdict::No,
            Given::Yes => self.has(&asking, &line).await,
        };
        self.take_back(&asking, licence, pledge).await;
        asking.end(verdict);
    }

    /// The licence that the person has now, if Webex gave one without a free unit.
    async fn overage(&self) -> Option<(&License, Pledge)> {
        let doubt = Doubt::Overage;
        let Some(licence) = self.without_units else {
            self.lab.ledger.not_asked(
                doubt,
                "every licence of the kind has free units, and to use them up would take them from others",
            );
            return None;
        };
        let asking = self.lab.begin(doubt);
        asking.saw(format!("{}: {} of {} units in use", licence.name, licence.consumed, licence.total));
        let pledge = self.pledge(licence);
        let [extension, _] = self.free.clone();
        let given = self.give(&asking, licence, &Line::Extension(extension)).await;
        let verdict = match given {
            Given::Yes => {
                asking.end(Verdict::Yes);
                return Some((licence, pledge));
            }
            Given::Refused(how) => {
                self.look_after_refusal(&asking, licence, pledge).await;
                asking.end(Verdict::Refused(how));
                return None;
            }
            Given::Without => Verdict::No,
            Given::Unclear(why) => Verdict::Unclear(why),
        };
        self.take_back(&asking, licence, pledge).await;
        asking.end(verdict);
        None
    }

    /// What is asked while the person has the licence, and its end.
    async fn licence_kept(&self, held: Option<(&License, Pledge)>) {
        let ledger = self.lab.ledger;
        let Some(licence) = held.map(|(licence, _)| licence).or(self.with_units) else {
            for doubt in [Doubt::SettingsAfterLicence, Doubt::LicenceAgain] {
                ledger.not_asked(doubt, "no licence has a free unit");
            }
            return;
        };
        let asking = self.lab.begin(Doubt::SettingsAfterLicence);
        let pledge = held.map_or_else(|| self.pledge(licence), |(_, pledge)| pledge);
        let [extension, _] = self.free.clone();
        let given = match held {
            Some(_) => Given::Yes,
            None => self.give(&asking, licence, &Line::Extension(extension)).await,
        };
        let why = match given {
            Given::Yes => {
                settings::after_licence(self.lab, asking, self.person).await;
                return self.licence_again(licence, pledge).await;
            }
            Given::Refused(how) => {
                self.look_after_refusal(&asking, licence, pledge).await;
                asking.end(Verdict::Unclear(format!("the licence was refused: {how}")));
                return ledger.not_asked(Doubt::LicenceAgain, "the licence could not be given");
            }
            Given::Without => "the licence was not given".to_owned(),
            Given::Unclear(why) => why,
        };
        self.take_back(&asking, licence, pledge).await;
        asking.end(Verdict::Unclear(why));
        ledger.not_asked(Doubt::LicenceAgain, "the licence could not be given");
    }

    async fn licence_again(&self, licence: &License, pledge: Pledge) {
        let asking = self.lab.begin(Doubt::LicenceAgain);
        let [_, other] = self.free.clone();
        let line = Line::Extension(other);
        let verdict = match self.give(&asking, licence, &line).await {
            Given::Refused(how) => Verdict::Refused(how),
            Given::Unclear(why) => Verdict::Unclear(why),
            Given::Yes | Given::Without => self.has(&asking, &line).await,
        };
        self.take_back(&asking, licence, pledge).await;
        asking.end(verdict);
    }

    fn pledge(&self, licence: &License) -> Pledge {
        self.lab.ledger.pledge(
            format!("{} may hold {}", self.email, licence.name),
            "take the licence away in Control Hub",
        )
    }

    async fn give(&self, asking: &Asking<'_>, licence: &License, line: &Line) -> Given {
        let org = self.lab.plan.org_id.as_deref();
        let call = calls::add_license(self.person, &licence.id, &self.lab.scene.location.id, line, org);
        let holds = |held: &[RemoteId]| held.iter().any(|held| held.same_as(&licence.id));
        let given = match asking.send(call).await {
            Answer::Refused(refusal) => return Given::Refused(refusal.to_string()),
            Answer::Taken(reply) if holds(&wire::ids(&reply.body, "licenses")) => Given::Yes,
            Answer::Taken(_) => Given::Without,
            Answer::Unknown(what) => match scene::person(self.lab.webex, self.email).await {
                Ok(Some(person)) if holds(&person.licenses) => Given::Yes,
                _ => Given::Unclear(what),
            },
        };
        let name = &self.lab.scene.location.name;
        self.lab.ledger.leave_for_good(
            format!("{} may be in the identity group of {name:?}, and without the work number that the directory had set", self.email),
            "the next directory sync sets the number; the group does no harm",
        );
        given
    }

    /// Whether the person has a line now: its number, or the extension where there is none.
    async fn has(&self, asking: &Asking<'_>, line: &Line) -> Verdict {
        let Some(number) = line.number() else {
            let wanted = line.extension().map(Extension::as_str);
            let is_there = |person: &Person| person.extension.as_deref() == wanted;
            return verdict(self.look_until(asking, is_there).await.map(|person| is_there(&person)));
        };
        let mut has = None;
        for pause in self.lab.webex.pauses(LOOKS) {
            if let Answer::Taken(reply) = asking.send(calls::numbers_by_number(number)).await {
                let entries = wire::items(&reply, "phoneNumbers", wire::number_entry).unwrap_or_default();
                let owners = entries.iter().filter_map(|entry| entry.owner.as_ref()?.id.as_ref());
                has = Some(owners.into_iter().any(|owner| owner.same_as(self.person)));
            }
            if has == Some(true) || self.lab.webex.wait(pause).await.is_err() {
                break;
            }
        }
        verdict(has)
    }

    /// Webex may refuse and have given it all the same.
    async fn look_after_refusal(&self, asking: &Asking<'_>, licence: &License, pledge: Pledge) {
        let holds = |person: &Person| person.licenses.iter().any(|held| held.same_as(&licence.id));
        match self.look(asking).await {
            Some(person) if holds(&person) => {
                asking.saw("refused, and yet the licence was given");
                self.take_back(asking, licence, pledge).await;
            }
            Some(_) => self.lab.ledger.redeem(pledge),
            None => {}
        }
    }

    /// Takes the licence away and looks that it is gone.
    async fn take_back(&self, asking: &Asking<'_>, licence: &License, pledge: Pledge) {
        let call = lab_calls::remove_license(self.person, &licence.id, self.lab.plan.org_id.as_deref());
        asking.send(call).await;
        let is_gone = |person: &Person| !person.licenses.iter().any(|held| held.same_as(&licence.id));
        if self.look_until(asking, is_gone).await.is_some_and(|person| is_gone(&person)) {
            asking.saw("the licence was taken back");
            self.lab.ledger.redeem(pledge);
        }
    }

    async fn look(&self, asking: &Asking<'_>) -> Option<Person> {
        let Answer::Taken(reply) = asking.send(calls::person_by_email(self.email)).await else { return None };
        let people = wire::items(&reply, "items", wire::person).unwrap_or_default();
        people.into_iter().find(|person| person.id.same_as(self.person))
    }

    /// The person as it is wanted, or at the last look.
    async fn look_until(&self, asking: &Asking<'_>, is_wanted: impl Fn(&Person) -> bool) -> Option<Person> {
        let mut last = None;
        for pause in self.lab.webex.pauses(LOOKS) {
            last = self.look(asking).await.or(last);
            if last.as_ref().is_some_and(&is_wanted) || self.lab.webex.wait(pause).await.is_err() {
                break;
            }
        }
        if let Some(person) = &last {
            let extension = person.extension.as_deref().unwrap_or("no extension");
            asking.saw(format!("the person shows {extension} and {} licences", person.licenses.len()));
        }
        last
    }
}

fn verdict(has: Option<bool>) -> Verdict {
    match has {
        Some(true) => Verdict::Yes,
        Some(false) => Verdict::No,
        None => Verdict::Unclear("it could not be looked at afterwards".to_owned()),
    }
}
