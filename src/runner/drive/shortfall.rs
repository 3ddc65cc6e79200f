//! Users who will certainly find no unit of their licence. Before a run nobody knows who has calling already and needs none,
//! but no more people can have it than there are units in use; when the lists of users are read, it is known.

use std::collections::BTreeMap;

use super::preflight::PreflightReport;
use crate::domain::{LicenseChoice, RemoteId};
use crate::runner::memory::Memory;
use crate::runner::memory::licences::{LicencePool, LicenceSettings};
use crate::store::{self, Selection, StoreError};

/// How many users are read in one turn: memory does not grow with the rows.
const AT_ONCE: u32 = 1_000;

/// How many rows a shortfall names.
const NAMED: usize = 5;

/// Users of one licence choice for whom the free units do not last.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Shortfall {
    /// The choice: `professional`, `standard` or a licence id.
    pub licence: String,
    /// Ready users who are to get it.
    pub users: usize,
    /// How many of them find no unit, at least.
    pub without_unit: usize,
    /// The keys of the first of these; none where some user may have calling already, so that nobody knows whom it meets.
    pub first: Vec<String>,
}

/// Holds ready users, one after the other in row order, against the free units that the start-up checks saw.
#[derive(Debug)]
pub struct Shortfalls {
    pool: LicencePool,
    default: LicenseChoice,
    /// Units of calling licences in use: as many ready users may have calling already, and no more.
    in_use: usize,
    /// Units that the users so far take, by licence.
    taken: BTreeMap<String, i64>,
    all: Vec<Shortfall>,
}

impl Shortfalls {
    /// Before the first user.
    pub fn new(settings: &LicenceSettings, report: &PreflightReport) -> Shortfalls {
        let pool = LicencePool::new(settings.clone(), report.licences.clone());
        let in_use = report.licences.iter().filter(|licence| licence.name.starts_with("Webex Calling"));
        let in_use = in_use.map(|licence| usize::try_from(licence.consumed).unwrap_or_default());
        let in_use = in_use.fold(0, usize::saturating_add);
        Shortfalls::of(pool, settings, in_use)
    }

    fn of(pool: LicencePool, settings: &LicenceSettings, in_use: usize) -> Shortfalls {
        let default = settings.default.clone();
        Shortfalls { pool, default, in_use, taken: BTreeMap::new(), all: Vec::new() }
    }

    /// Gives the next user, by the row's key, a unit of the chosen licence, or notes that there is none.
    pub fn add(&mut self, key: String, choice: Option<LicenseChoice>) {
        let choice = choice.as_ref().unwrap_or(&self.default);
        let licence = choice.to_string();
        let at = self.all.iter().position(|one| one.licence == licence).unwrap_or(self.all.len());
        if at == self.all.len() {
            self.all.push(Shortfall { licence, users: 0, without_unit: 0, first: Vec::new() });
        }
        let Some(shortfall) = self.all.get_mut(at) else { return };
        shortfall.users = shortfall.users.saturating_add(1);
        let taken = |licence: &RemoteId| self.taken.get(&licence.canonical()).copied().unwrap_or_default();
        if let Some(licence) = self.pool.first_free(choice, taken) {
            let taken = self.taken.entry(licence.canonical()).or_default();
            *taken = taken.saturating_add(1);
            return;
        }
        shortfall.without_unit = shortfall.without_unit.saturating_add(1);
        if shortfall.first.len() < NAMED {
            shortfall.first.push(key);
        }
    }

    /// The licences of which there are certainly not enough.
    pub fn found(mut self) -> Vec<Shortfall> {
        for shortfall in self.all.iter_mut().filter(|_| self.in_use > 0) {
            shortfall.without_unit = shortfall.without_unit.saturating_sub(self.in_use);
            shortfall.first.clear();
        }
        self.all.retain(|shortfall| shortfall.without_unit > 0);
        self.all
    }
}

/// The rows that will find no unit, once the lists show who has calling; none where the lists are not complete.
pub(crate) async fn foreseen(
    memory: &Memory,
    pool: &LicencePool,
    selection: &Selection,
) -> Result<Vec<Shortfall>, StoreError> {
    if !memory.lists.people_are_complete() {
        return Ok(Vec::new());
    }
    let settings = &memory.ground.settings.licence;
    let units = LicencePool::new(settings.clone(), pool.licences().to_vec());
    let mut shortfalls = Shortfalls::of(units, settings, 0);
    let mut after = None;
    // Ends: each turn goes on behind the last row of the one before.
    loop {
        let (reading, selection) = (memory.lists.reading(), selection.clone());
        let ahead = memory.ground.ahead;
        let users = memory
            .ground
            .writer
            .submit(move |connection| {
                store::users_without_line(connection, ahead, reading, &selection, after, AT_ONCE)
            })
            .await?;
        let Some(last) = users.last() else { break };
        after = Some(last.row_id);
        for user in users.into_iter().filter(|user| !pool.gives_calling(&user.licenses)) {
            shortfalls.add(user.key, user.licence);
        }
    }
    Ok(shortfalls.found())
}

/// Names them in the log.
pub(crate) async fn warn(
    memory: &Memory,
    pool: &LicencePool,
    selection: &Selection,
) -> Result<(), StoreError> {
    for short in foreseen(memory, pool, selection).await? {
        tracing::warn!(licence = short.licence, "licences.short: {short}");
    }
    Ok(())
}

impl std::fmt::Display for Shortfall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Shortfall { licence, users, without_unit, first } = self;
        if first.is_empty() {
            return write!(f, "at least {without_unit} of {users} ready users find no unit of {licence}");
        }
        let more = if *without_unit > first.len() { ", ..." } else { "" };
        write!(
            f,
            "{without_unit} of {users} ready users find no unit of {licence}: {}{more}",
            first.join(", ")
        )
    }
}
