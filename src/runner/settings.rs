//! A person's settings: read the whole object, lay the row's values over it, write it back when something differs (R18).

use serde_json::{Value, json};
use tokio::time::Instant;

use super::overlay::{self, Change, Unreadable, Wanted, WantedValue};
use super::people;
use super::read_back::Looked;
use super::subscriber::{self, is_unknown};
use super::work::{Flow, RowWork, Stop, pending, stop_for};
use super::write::Shown;
use crate::domain::{
    CallingCode, Family, Feature, PendingReason, RemoteId, SettingValue, Settings, StatedSetting, Step,
    StepState,
};
use crate::webex::{Trouble, calls};

/// Whose settings they are.
pub(super) struct Owner<'a> {
    pub(super) person: &'a RemoteId,
    /// Whether the person's licences are known to give Standard calling and no more.
    pub(super) standard_only: bool,
    /// The calling code of the country in which they have it, where that is known.
    pub(super) home: Option<CallingCode>,
    /// When calling was given to them, at the latest, where that may be a moment ago.
    pub(super) given: Option<Instant>,
}

/// An object of settings as it is now.
struct Present {
    feature: Feature,
    family: Family,
    body: Value,
}

/// Applies every setting of the row; says how many objects had to be written.
pub(super) async fn apply(
    work: &mut RowWork<'_>,
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
        objects.push((feature, wanted(work, stated).await?));
    }
    // What an earlier attempt left in doubt comes first: whatever stops this one, it is known whether that is in place.
    objects.sort_by_key(|(feature, _)| !work.feature_left_in_doubt(*feature));
    let mut written = Vec::new();
    for (feature, wanted) in &objects {
        let applied = apply_feature(work, owner, *feature, wanted).await;
        if applied.map_err(|stop| named(*feature, stop))? {
            written.push(feature.as_str());
        }
    }
    if written.is_empty() {
        work.done(StepState::Unchanged, "every setting is as the row states it");
    } else {
        work.done(StepState::Applied, format!("written: {}", written.join(", ")));
    }
    Ok(written.len())
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
async fn wanted(work: &mut RowWork<'_>, stated: &[StatedSetting]) -> Flow<Vec<Wanted>> {
    let mut all = Vec::new();
    for (setting, value) in stated {
        let value = match value {
            SettingValue::Bool(on) => WantedValue::Plain(json!(on)),
            SettingValue::Integer(number) => WantedValue::Plain(json!(number)),
            SettingValue::Text(text) => WantedValue::Plain(json!(text)),
            SettingValue::Nothing => WantedValue::Plain(Value::Null),
            SettingValue::Permissions(permissions) => WantedValue::Permissions(permissions.clone()),
            SettingValue::Person(email) => WantedValue::Person(people::id_of(work, email).await?),
            SettingValue::People(emails) => {
                let mut ids = Vec::new();
                for email in emails {
                    ids.push(people::id_of(work, email).await?);
                }
                WantedValue::People(ids)
            }
        };
        all.push(Wanted { setting, value });
    }
    Ok(all)
}

async fn apply_feature(
    work: &mut RowWork<'_>,
    owner: &Owner<'_>,
    feature: Feature,
    wanted: &[Wanted],
) -> Flow<bool> {
    let person = owner.person;
    let present = read(work, owner, feature).await?;
    let change = changes(&present, wanted, owner.home)?;
    work.resolve_feature(feature, change.is_none());
    let Some(Change { body, names }) = change else { return Ok(false) };
    let may_be_dropped = wanted.iter().any(|wanted| wanted.setting.may_be_dropped());
    work.write(
        calls::put_feature(person, feature, present.family, body),
        |_| if may_be_dropped { Shown::ToReadBack } else { Shown::Taken(()) },
        async |work| {
            let body = work.read(calls::feature(person, feature, present.family)).await?.body;
            let now = Present { body, ..present };
            let lacking = changes(&now, wanted, owner.home)?.map(|change| change.names);
            Ok(Looked::of(&names, lacking.unwrap_or_default()))
        },
    )
    .await?;
    Ok(true)
}

/// Reads an object where it is; a few are in another place in some organisations (webex.md 5).
async fn read(work: &mut RowWork<'_>, owner: &Owner<'_>, feature: Feature) -> Flow<Present> {
    let (spec, person) = (feature.spec(), owner.person);
    let call = calls::feature(person, feature, spec.family);
    let answer = subscriber::read(work, owner.given, async |work| work.try_read(call.clone()).await).await?;
    let trouble = match answer {
        Ok(reply) => return Ok(Present { feature, family: spec.family, body: reply.body }),
        Err(trouble) => trouble,
    };
    match (&trouble, spec.also) {
        // For somebody who is unknown no other place has the setting either.
        (Trouble::Refused(refusal), Some(family)) if refusal.status == 404 && !is_unknown(refusal) => {
            let body = work.read(calls::feature(person, feature, family)).await?.body;
            Ok(Present { feature, family, body })
        }
        _ => stop_for(call.operation, &trouble),
    }
}

/// What to write; `None` when everything is as the row states it.
fn changes(present: &Present, wanted: &[Wanted], home: Option<CallingCode>) -> Flow<Option<Change>> {
    overlay::changes(present.feature, &present.body, wanted, home).or_else(|Unreadable(what)| {
        let what = format!("{what}, and nothing was written over it");
        pending(PendingReason::InvalidResponseSchema, what)
    })
}

/// Says which object it was.
fn named(feature: Feature, stop: Stop) -> Stop {
    match stop {
        Stop::Pending(mut cause) => {
            cause.message = format!("{feature}: {}", cause.message);
            Stop::Pending(cause)
        }
        Stop::Interrupted | Stop::Storage(_) => stop,
    }
}
