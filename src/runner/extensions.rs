//! Whether extensions that rows are about to give could be given at all: Webex is asked once a location and batch, before
//! the first of them is written, so that conflicts show row by row and not as refused writes (contract 6.2).

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use tokio::sync::OnceCell;

use super::directory;
use super::reason;
use super::site::Site;
use super::work::{Flow, RowWork, pending};
use crate::domain::{Extension, Operation, PendingReason, Record, RemoteId};
use crate::store::ClaimedRow;
use crate::webex::site_calls;
use crate::webex::wire::{self, ExtensionStatus};

/// The most extensions in one request (contract 6.2: the limit is not published).
const AT_ONCE: usize = 100;

/// The extensions that the rows of a batch mean to give in one location, and what Webex says of them.
#[derive(Debug, Default)]
pub(super) struct ExtensionCheck {
    extensions: Vec<Extension>,
    said: OnceCell<BTreeMap<String, ExtensionStatus>>,
}

/// For each row of a batch the check of its location; rows of one location share it.
pub(super) fn checks(rows: &[ClaimedRow]) -> Vec<Rc<ExtensionCheck>> {
    let mut by_location: HashMap<&str, ExtensionCheck> = HashMap::new();
    for row in rows {
        by_location.entry(row.location_key.as_str()).or_default().extensions.extend(wanted(row).cloned());
    }
    let shared: HashMap<&str, Rc<ExtensionCheck>> =
        by_location.into_iter().map(|(key, check)| (key, Rc::new(check))).collect();
    rows.iter().map(|row| shared.get(row.location_key.as_str()).cloned().unwrap_or_default()).collect()
}

/// The extension that a user row would give: that of its partner.
fn wanted(row: &ClaimedRow) -> Option<&Extension> {
    match (&row.record, row.partner.as_ref().map(|partner| &partner.record)) {
        (Record::User(user), Some(Record::Assignment(assignment))) if user.calling_enabled => {
            assignment.line.extension()
        }
        _ => None,
    }
}

/// Ends the row if Webex says that the extension cannot be given here.
pub(super) async fn refuse_conflict(
    work: &mut RowWork<'_>,
    check: &ExtensionCheck,
    site: &Site,
    extension: &Extension,
    person: &RemoteId,
) -> Flow<()> {
    // An earlier attempt of this row may have given it.
    if work.left_in_doubt(Operation::LicensesUsersPatch) {
        return Ok(());
    }
    let said = check.said.get_or_try_init(|| ask(work, check, site)).await?;
    let Some(status) = said.get(extension.as_str()) else { return Ok(()) };
    match status.state.as_str() {
        "DUPLICATE" => refuse_holder(work, site, extension, person, status).await,
        "DUPLICATE_IN_LIST" | "INVALID" => refused(site, extension, status),
        _ => Ok(()),
    }
}

/// A duplicate of the very person's own is none.
async fn refuse_holder(
    work: &mut RowWork<'_>,
    site: &Site,
    extension: &Extension,
    person: &RemoteId,
    status: &ExtensionStatus,
) -> Flow<()> {
    let entries = directory::holders_of_extension(work, &site.id, extension).await?;
    let mut owners = entries.iter().filter_map(|entry| entry.owner.as_ref());
    match owners.find(|owner| !owner.id.as_ref().is_some_and(|id| id.same_as(person))) {
        Some(owner) => pending(
            PendingReason::NonRetryableExternal,
            format!(
                "the extension {extension} of {:?} is taken by {} {} ({})",
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
            "Webex says that the extension {extension} cannot be given in {:?}: {} ({})",
            site.name, status.state, status.message
        ),
    )
}

/// What Webex says, by extension; nothing where it does not answer, which is logged once.
async fn ask(
    work: &mut RowWork<'_>,
    check: &ExtensionCheck,
    site: &Site,
) -> Flow<BTreeMap<String, ExtensionStatus>> {
    let mut said = BTreeMap::new();
    for chunk in check.extensions.chunks(AT_ONCE) {
        let answer = work.try_read(site_calls::validate_extensions(&site.id, chunk)).await?;
        match answer.and_then(|reply| directory::items(&reply, "extensionStatus", wire::extension_status)) {
            Ok(statuses) => {
                said.extend(statuses.into_iter().map(|status| (status.extension.clone(), status)));
            }
            Err(trouble) => {
                if !work.context.unchecked.replace(true) {
                    let why = reason::describe(&trouble).0;
                    tracing::warn!(
                        "extensions.unchecked: extensions are not checked before they are given ({why})"
                    );
                }
                break;
            }
        }
    }
    Ok(said)
}
