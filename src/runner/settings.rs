//! A person's settings: read the whole object, lay the row's values over it, write it back when something differs (R18).

use super::decide;
use super::work::{Flow, RowWork, pending};
use super::write::Shown;
use crate::domain::{Feature, PendingReason, RemoteId, Setting, SettingValue, Settings, Step, StepState};
use crate::webex::calls;

/// Applies every setting of the row; says how many objects had to be written.
pub(super) async fn apply(
    work: &mut RowWork<'_>,
    step: Step,
    person: &RemoteId,
    settings: &Settings,
) -> Flow<usize> {
    if settings.is_empty() {
        return Ok(0);
    }
    work.begin(step);
    let mut written = Vec::new();
    for (feature, wanted) in settings.by_feature() {
        if apply_feature(work, person, feature, wanted).await? {
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

async fn apply_feature(
    work: &mut RowWork<'_>,
    person: &RemoteId,
    feature: Feature,
    wanted: &[(&'static Setting, SettingValue)],
) -> Flow<bool> {
    let present = work.read(calls::feature(person, feature)).await?.body;
    if present.as_object().is_none_or(serde_json::Map::is_empty) {
        let what = format!("the present {feature} cannot be read, and nothing was written over it");
        return pending(PendingReason::InvalidResponseSchema, what);
    }
    let Some(body) = decide::overlay(&present, wanted, feature.read_only()) else { return Ok(false) };
    work.write(
        calls::put_feature(person, feature, body),
        |_| Shown::Proved(()),
        async |work| {
            let now = work.read(calls::feature(person, feature)).await?.body;
            Ok(decide::overlay(&now, wanted, feature.read_only()).is_none().then_some(()))
        },
    )
    .await?;
    Ok(true)
}
