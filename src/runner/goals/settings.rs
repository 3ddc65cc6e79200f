//! A person's settings: read the whole object, lay the row's values over it, write it back when something differs (R18).

use std::cell::Cell;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::colleagues;
use super::overlay::{self, Change, Unreadable, Wanted, WantedValue};
use super::subscriber::{self, is_unknown};
use crate::domain::{
    CallingCode, Family, Feature, Operation, PendingReason, RemoteId, SettingValue, Settings, StatedSetting,
    Step,
};
use crate::runner::engine::{Decision, Eyes, Goal, Missing, Shown, Work};
use crate::runner::flow::{Cause, Flow, pending, stop_for};
use crate::webex::{Reply, Trouble, Write, calls};

/// Whose settings they are.
pub(crate) struct Owner<'a> {
    pub(crate) person: &'a RemoteId,
    /// Whether the person's licences are known to give Standard calling and no more.
    pub(crate) standard_only: bool,
    /// The calling code of the country in which they have it, where that is known.
    pub(crate) home: Option<CallingCode>,
    /// When calling was given to them, at the latest, where that may be a moment ago.
    pub(crate) given: Option<Instant>,
}

/// Reaches every setting of the row; says how many objects had to be written.
pub(crate) async fn reach(
    work: &mut Work<'_>,
    step: Step,
    owner: &Owner<'_>,
    settings: &Settings,
) -> Flow<usize> {
    if settings.is_empty() {
        return Ok(0);
    }
    work.begin(step);
    refuse_standard(owner, settings)?;
    let mut objects = Vec::new();
    for (feature, stated) in settings.by_feature() {
        objects.push((feature, wanted(&mut work.eyes, stated).await?));
    }
    // What an earlier attempt left in doubt comes first: whatever stops this one, it is known whether that is in place.
    objects.sort_by_key(|(feature, _)| !work.eyes.feature_left_in_doubt(*feature));
    let mut written = 0_usize;
    for (feature, wanted) in objects {
        let reached = work.reach(&FeatureSet { owner, step, feature, wanted, place: Cell::default() }).await;
        let named = |cause: Cause| cause.saying(|message| format!("{feature}: {message}"));
        let changed = reached.map_err(|stop| stop.map(named))?.changed();
        written = written.saturating_add(usize::from(changed));
    }
    Ok(written)
}

/// Before any call: what a Standard licence does not have.
fn refuse_standard(owner: &Owner<'_>, settings: &Settings) -> Flow<()> {
    let professional = |(feature, _): &(Feature, &[StatedSetting])| feature.spec().professional;
    match settings.by_feature().find(professional).filter(|_| owner.standard_only) {
        Some((feature, _)) => pending(
            PendingReason::PreconditionMissing,
            format!(
                "{feature} needs a Professional licence, and the person has a Standard one; nothing was written"
            ),
        ),
        None => Ok(()),
    }
}

/// The stated values as Webex takes them: people by their ids.
async fn wanted(eyes: &mut Eyes<'_>, stated: &[StatedSetting]) -> Flow<Vec<Wanted>> {
    let mut all = Vec::new();
    for (setting, value) in stated {
        let value = match value {
            SettingValue::Bool(on) => WantedValue::Plain(json!(on)),
            SettingValue::Integer(number) => WantedValue::Plain(json!(number)),
            SettingValue::Text(text) => WantedValue::Plain(json!(text)),
            SettingValue::Nothing => WantedValue::Plain(Value::Null),
            SettingValue::Permissions(permissions) => WantedValue::Permissions(permissions.clone()),
            SettingValue::Person(email) => WantedValue::Person(colleagues::id_of(eyes, email).await?),
            SettingValue::People(emails) => {
                let mut ids = Vec::new();
                for email in emails {
                    ids.push(colleagues::id_of(eyes, email).await?);
                }
                WantedValue::People(ids)
            }
        };
        all.push(Wanted { setting, value });
    }
    Ok(all)
}

/// An object of a person's settings has the values that a row states.
pub(crate) struct FeatureSet<'a> {
    pub(crate) owner: &'a Owner<'a>,
    /// The user row and the assignment row of a person state settings in steps of their own.
    pub(crate) step: Step,
    pub(crate) feature: Feature,
    pub(crate) wanted: Vec<Wanted>,
    /// Where a look found it: a few objects are in another place in some organisations (webex.md 5).
    pub(crate) place: Cell<Option<Family>>,
}

/// An object of settings as it is now.
pub(crate) enum Present {
    /// In this place.
    There(Family, Value),
    /// The person's calling is yet to come.
    ToCome,
}

impl Goal for FeatureSet<'_> {
    type Seen = Present;
    type Got = ();

    fn writes_in(&self) -> Step {
        self.step
    }

    fn writes(&self) -> &'static [Operation] {
        &[Operation::FeaturePut]
    }

    fn feature(&self) -> Option<Feature> {
        Some(self.feature)
    }

    async fn known(&self, eyes: &mut Eyes<'_>) -> Flow<Option<Present>> {
        if !eyes.only_looks {
            return Ok(None);
        }
        if eyes.is_to_come(self.owner.person) {
            return Ok(Some(Present::ToCome));
        }
        let spec = self.feature.spec();
        let there = |family: Family| {
            let path = calls::feature(self.owner.person, self.feature, family).shown_path();
            eyes.memory.to_come.settings_at(&path).map(|body| Present::There(family, body))
        };
        Ok(there(spec.family).or_else(|| spec.also.and_then(there)))
    }

    async fn look(&self, eyes: &mut Eyes<'_>) -> Flow<Present> {
        if let Some(family) = self.place.get() {
            let body = eyes.read(calls::feature(self.owner.person, self.feature, family)).await?.body;
            return Ok(Present::There(family, body));
        }
        let (family, body) = read(eyes, self.owner, self.feature).await?;
        self.place.set(Some(family));
        Ok(Present::There(family, body))
    }

    fn decide(&self, seen: &Present) -> Decision<()> {
        let (family, body) = match seen {
            Present::There(family, body) => (*family, body),
            Present::ToCome => {
                let differences = self.wanted.iter().map(|wanted| wanted.against(&Value::Null)).collect();
                return self.missing(self.feature.spec().family, Change { body: Value::Null, differences });
            }
        };
        match overlay::changes(self.feature, body, &self.wanted, self.owner.home) {
            Ok(None) => {
                Decision::InPlace { got: (), proof: "every setting is as the row states it".to_owned() }
            }
            Ok(Some(change)) => self.missing(family, change),
            Err(Unreadable(what)) => Decision::Stop(Cause {
                request_failed: true,
                ..Cause::new(
                    PendingReason::InvalidResponseSchema,
                    format!("{what}, and nothing was written over it"),
                )
            }),
        }
    }

    fn reads_beside(&self, seen: &Present) -> u32 {
        let before = u32::from(matches!(seen, Present::ToCome));
        before.saturating_add(u32::from(self.may_be_dropped()))
    }

    fn shown(&self, _reply: &Reply) -> Shown<()> {
        if self.may_be_dropped() { Shown::ToReadBack } else { Shown::Taken(()) }
    }

    fn would_be(&self) {}
}

impl FeatureSet<'_> {
    fn may_be_dropped(&self) -> bool {
        self.wanted.iter().any(|wanted| wanted.setting.may_be_dropped())
    }

    fn missing(&self, family: Family, change: Change) -> Decision<()> {
        let write: Write = calls::put_feature(self.owner.person, self.feature, family, change.body);
        let words = format!("write {}", self.feature);
        Decision::Missing(Missing { write, words, differences: change.differences })
    }
}

/// Reads an object where it is.
async fn read(eyes: &mut Eyes<'_>, owner: &Owner<'_>, feature: Feature) -> Flow<(Family, Value)> {
    let (spec, person) = (feature.spec(), owner.person);
    let call = calls::feature(person, feature, spec.family);
    let answer = subscriber::read(eyes, owner.given, async |eyes| eyes.try_read(call.clone()).await).await?;
    let trouble = match answer {
        Ok(reply) => return Ok((spec.family, reply.body)),
        Err(trouble) => trouble,
    };
    match (&trouble, spec.also) {
        // For somebody who is unknown no other place has the setting either.
        (Trouble::Refused(refusal), Some(family)) if refusal.status == 404 && !is_unknown(refusal) => {
            Ok((family, eyes.read(calls::feature(person, feature, family)).await?.body))
        }
        _ => stop_for(call.operation, &trouble),
    }
}
