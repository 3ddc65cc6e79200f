//! Whether extensions that rows are about to give could be given at all: Webex is asked for the ready rows of a location
//! together, before the first of them is written, so that conflicts show row by row and not as refused writes
//! (webex.md 6.2).

use std::collections::BTreeMap;

use super::directory;
use crate::domain::{Extension, Operation, PendingReason, RemoteId};
use crate::runner::engine::Eyes;
use crate::runner::flow::{Flow, Stop, pending};
use crate::runner::memory::Memory;
use crate::runner::memory::extensions::ExtensionCheck;
use crate::runner::memory::lists::items;
use crate::runner::memory::sites::Site;
use crate::runner::reason;
use crate::store;
use crate::webex::site_calls;
use crate::webex::wire::{self, ExtensionStatus};

/// The most extensions in one request (webex.md 6.2: the limit is not published).
const AT_ONCE: usize = 100;

/// What Webex says of an extension that somebody has.
const DUPLICATE: &str = "DUPLICATE";

/// All that it says of one that cannot be given; anything else lets the row go on.
const REFUSING: [&str; 3] = [DUPLICATE, "DUPLICATE_IN_LIST", "INVALID"];

/// The extensions that the unfinished rows of a location will give, in requests.
async fn planned(memory: &Memory, location_key: &str) -> Flow<Vec<ExtensionCheck>> {
    let key = location_key.to_owned();
    let ahead = memory.ground.ahead;
    // It reads much of the job, and the cache of each reader would keep that.
    let planned =
        memory.ground.writer.submit(move |connection| store::planned_extensions(connection, ahead, &key));
    let planned = planned.await.map_err(Stop::Storage)?;
    Ok(planned.chunks(AT_ONCE).filter_map(ExtensionCheck::of).collect())
}

/// Ends the row if Webex says that the extension cannot be given here.
pub(crate) async fn refuse_conflict(
    eyes: &mut Eyes<'_>,
    site: &Site,
    extension: &Extension,
    person: &RemoteId,
) -> Flow<()> {
    // An earlier attempt of this row may have given it; in a location to come all are free.
    if eyes.left_in_doubt(Operation::LicensesUsersPatch) || eyes.is_to_come(&site.id) {
        return Ok(());
    }
    let memory = eyes.memory;
    let key = eyes.row.location_key.as_str();
    let location = memory.extensions.of(key);
    let checks = location.get_or_try_init(|| planned(memory, key)).await?;
    let mut checks = checks.iter().skip_while(|check| !check.covers(extension));
    let Some(check) = checks.next() else { return Ok(()) };
    let refusals = check.refused.get_or_try_init(|| ask(eyes, check, site)).await?;
    if let Some(next) = checks.next() {
        ask_ahead(eyes, next, site).await?;
    }
    match refusals.get(extension.as_str()) {
        None => Ok(()),
        Some(status) if status.state == DUPLICATE => {
            refuse_holder(eyes, site, extension, person, status).await
        }
        Some(status) => refused(site, extension, status),
    }
}

/// One row asks while the others go on, so that later ones need not wait all together.
async fn ask_ahead(eyes: &mut Eyes<'_>, check: &ExtensionCheck, site: &Site) -> Flow<()> {
    if !check.ahead.replace(true) {
        check.refused.get_or_try_init(|| ask(eyes, check, site)).await?;
    }
    Ok(())
}

/// A duplicate of the very person's own is none.
async fn refuse_holder(
    eyes: &mut Eyes<'_>,
    site: &Site,
    extension: &Extension,
    person: &RemoteId,
    status: &ExtensionStatus,
) -> Flow<()> {
    let entries = directory::holders_of_extension(eyes, &site.id, extension).await?;
    let mut owners = entries.iter().filter_map(|entry| entry.owner.as_ref());
    match owners.find(|owner| !owner.id.as_ref().is_some_and(|id| id.same_as(person))) {
        Some(owner) => pending(
            PendingReason::NonRetryableExternal,
            format!(
                "the extension {extension} of {:?} is taken by {} {} ({}): free it, or state another",
                site.name, owner.kind, owner.name, status.message
            ),
        ),
        None if entries.is_empty() => refused(site, extension, status),
        None => Ok(()),
    }
}

fn refused(site: &Site, extension: &Extension, status: &ExtensionStatus) -> Flow<()> {
    pending(
        PendingReason::NonRetryableExternal,
        format!(
            "Webex says that the extension {extension} cannot be given in {:?}: {} ({}); state another",
            site.name, status.state, status.message
        ),
    )
}

/// What Webex refuses, by extension; nothing where it does not answer, which is logged once.
async fn ask(
    eyes: &mut Eyes<'_>,
    check: &ExtensionCheck,
    site: &Site,
) -> Flow<BTreeMap<String, ExtensionStatus>> {
    let planned = check.planned.borrow().clone();
    let answer = eyes.try_read(site_calls::validate_extensions(&site.id, &planned)).await?;
    check.planned.take();
    match answer.and_then(|reply| items(&reply, "extensionStatus", wire::extension_status)) {
        Ok(statuses) => {
            let refusing = statuses.into_iter().filter(|status| REFUSING.contains(&status.state.as_str()));
            Ok(refusing.map(|status| (status.extension.clone(), status)).collect())
        }
        Err(trouble) => {
            if !eyes.memory.extensions.unchecked.replace(true) {
                let why = reason::describe(&trouble).0;
                tracing::warn!(
                    "extensions.unchecked: extensions are not checked before they are given ({why})"
                );
            }
            Ok(BTreeMap::new())
        }
    }
}
