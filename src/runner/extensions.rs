//! Whether extensions that rows are about to give could be given at all: Webex is asked for the ready rows of a location
//! together, before the first of them is written, so that conflicts show row by row and not as refused writes
//! (webex.md 6.2).

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use tokio::sync::OnceCell;

use super::context::RunContext;
use super::directory;
use super::reason;
use super::site::Site;
use super::work::{Flow, RowWork, Stop, pending};
use crate::domain::{Extension, Operation, PendingReason, RemoteId};
use crate::store;
use crate::webex::site_calls;
use crate::webex::wire::{self, ExtensionStatus};

/// The most extensions in one request (webex.md 6.2: the limit is not published).
const AT_ONCE: usize = 100;

/// What Webex says of an extension that somebody has.
const DUPLICATE: &str = "DUPLICATE";

/// All that it says of one that cannot be given; anything else lets the row go on.
const REFUSING: [&str; 3] = [DUPLICATE, "DUPLICATE_IN_LIST", "INVALID"];

/// What was asked in this phase, by location.
#[derive(Debug, Default)]
pub(super) struct ExtensionChecks {
    locations: RefCell<HashMap<String, Rc<OnceCell<Vec<ExtensionCheck>>>>>,
    /// Whether it was logged that extensions cannot be checked before they are given.
    unchecked: Cell<bool>,
}

/// Extensions that rows of one location mean to give, from the first to the last in order, and what Webex says of them.
/// A phase keeps all of these: the list goes once it was asked about, and of the answers only the refusing ones stay.
#[derive(Debug)]
struct ExtensionCheck {
    first: Extension,
    last: Extension,
    planned: RefCell<Vec<Extension>>,
    refused: OnceCell<BTreeMap<String, ExtensionStatus>>,
    /// A row asks before those that need it come.
    ahead: Cell<bool>,
}

impl ExtensionCheck {
    fn of(planned: &[Extension]) -> Option<ExtensionCheck> {
        let (first, last) = (planned.first()?.clone(), planned.last()?.clone());
        Some(ExtensionCheck {
            first,
            last,
            planned: RefCell::new(planned.to_vec()),
            refused: OnceCell::new(),
            ahead: Cell::new(false),
        })
    }

    /// One row asks while the others go on, so that later ones need not wait all together.
    async fn ask_ahead(&self, work: &mut RowWork<'_>, site: &Site) -> Flow<()> {
        if !self.ahead.replace(true) {
            self.refused.get_or_try_init(|| ask(work, self, site)).await?;
        }
        Ok(())
    }

    fn covers(&self, extension: &Extension) -> bool {
        self.first <= *extension && *extension <= self.last
    }
}

impl ExtensionChecks {
    /// A phase begins.
    pub(super) fn forget(&self) {
        self.locations.borrow_mut().clear();
    }

    fn of(&self, location_key: &str) -> Rc<OnceCell<Vec<ExtensionCheck>>> {
        Rc::clone(self.locations.borrow_mut().entry(location_key.to_owned()).or_default())
    }
}

/// The extensions that the unfinished rows of a location will give, in requests.
async fn planned(context: &RunContext, location_key: &str) -> Flow<Vec<ExtensionCheck>> {
    let key = location_key.to_owned();
    let planned = context.writer.submit(move |connection| store::planned_extensions(connection, &key));
    let planned = planned.await.map_err(Stop::Storage)?;
    Ok(planned.chunks(AT_ONCE).filter_map(ExtensionCheck::of).collect())
}

/// Ends the row if Webex says that the extension cannot be given here.
pub(super) async fn refuse_conflict(
    work: &mut RowWork<'_>,
    site: &Site,
    extension: &Extension,
    person: &RemoteId,
) -> Flow<()> {
    // An earlier attempt of this row may have given it.
    if work.left_in_doubt(Operation::LicensesUsersPatch) {
        return Ok(());
    }
    let context = work.context;
    let key = work.row.location_key.as_str();
    let location = context.extensions.of(key);
    let checks = location.get_or_try_init(|| planned(context, key)).await?;
    let mut checks = checks.iter().skip_while(|check| !check.covers(extension));
    let Some(check) = checks.next() else { return Ok(()) };
    let refusals = check.refused.get_or_try_init(|| ask(work, check, site)).await?;
    if let Some(next) = checks.next() {
        next.ask_ahead(work, site).await?;
    }
    match refusals.get(extension.as_str()) {
        None => Ok(()),
        Some(status) if status.state == DUPLICATE => {
            refuse_holder(work, site, extension, person, status).await
        }
        Some(status) => refused(site, extension, status),
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
    work: &mut RowWork<'_>,
    check: &ExtensionCheck,
    site: &Site,
) -> Flow<BTreeMap<String, ExtensionStatus>> {
    let planned = check.planned.borrow().clone();
    let answer = work.try_read(site_calls::validate_extensions(&site.id, &planned)).await?;
    check.planned.take();
    match answer.and_then(|reply| directory::items(&reply, "extensionStatus", wire::extension_status)) {
        Ok(statuses) => {
            let refusing = statuses.into_iter().filter(|status| REFUSING.contains(&status.state.as_str()));
            Ok(refusing.map(|status| (status.extension.clone(), status)).collect())
        }
        Err(trouble) => {
            if !work.context.extensions.unchecked.replace(true) {
                let why = reason::describe(&trouble).0;
                tracing::warn!(
                    "extensions.unchecked: extensions are not checked before they are given ({why})"
                );
            }
            Ok(BTreeMap::new())
        }
    }
}
