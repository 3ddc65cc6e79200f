//! Which calling licence a user gets, and who gets the last units: they are promised in row order (R19).
//!
//! Free are the units that the last reading shows, less those promised that it does not count yet. The licences are read
//! when the phase begins, again before the first unit of each further batch is promised, and once more in a batch before
//! its first row is told that none is free. For that reading nothing is under way and all that was given must show: units
//! bought meanwhile serve, and none is promised that somebody else took before. Its verdict holds for the rest of the
//! batch. A batch that gives no unit costs no request, one that gives some costs one, and one that runs out costs a second.
//!
//! What a reading has grown by is ours as long as it is no more than we gave. When it is more, somebody else takes units
//! too, and a unit given counts as shown only when the settle time is over. A reading that has not grown by then lags, or
//! somebody gave a unit back: nobody can tell, so for a minute our own count is believed, and then the reading.

mod place;
mod promises;
#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::{Mutex, Notify};
use tokio::time::Instant;

pub(crate) use place::Place;
use promises::Promises;

use super::ground::Ground;
use super::lists;
use crate::domain::{LicenseChoice, Operation, PendingReason, RemoteId};
use crate::runner::flow::{Cause, Flow, pending, stop_for};
use crate::webex::wire::License;

/// How long after it must show a unit given is counted against a reading that has not grown by it.
const OWN_COUNT_HOLDS: Duration = Duration::from_secs(60);

/// What the operator chose.
#[derive(Debug, Clone)]
pub struct LicenceSettings {
    /// For users whose row names none.
    pub default: LicenseChoice,
    /// The subscription to take units from.
    pub subscription: Option<String>,
    /// Whether a licence is given without a free unit, if Webex does so.
    pub overage: bool,
}

/// How a row comes by a licence.
#[derive(Debug)]
pub(crate) enum Turn {
    /// It waits for a unit, in row order.
    Queued(Place),
    /// It has one of the last time that it was looked at.
    Promised,
    /// It needs none.
    NotNeeded,
    /// Units do not matter: a check asks whether it has one.
    Uncounted,
}

/// The calling licences of the organisation and the units that are still free.
#[derive(Debug)]
pub(crate) struct LicencePool {
    settings: LicenceSettings,
    licences: RefCell<Rc<[License]>>,
    state: RefCell<State>,
    changed: Notify,
    /// Held by the row that reads for its batch.
    turn: Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    /// Units that this run promised and the last reading does not count.
    promised: Promises,
    /// By licence, the units in use of which it is known whose they are: what the first reading showed, and ours since.
    known: BTreeMap<String, i64>,
    /// Claimed rows whose need of a unit is not settled, in claim order, which is row order.
    undecided: BTreeMap<u64, LicenseChoice>,
    /// Those of them that have a unit and do not know yet whether they keep it.
    holding: BTreeSet<u64>,
    next_place: u64,
    /// Batches claimed so far; the last of them.
    batch: u64,
    /// The last batch for which the licences were read.
    read_for: u64,
    /// By choice, the last batch whose verdict stands, and why there is none if the licences could not be read for it.
    verdicts: BTreeMap<String, (u64, Option<Cause>)>,
}

/// The licences as Webex shows them.
#[derive(Debug)]
pub(crate) struct UnitsRead {
    licences: Vec<License>,
    /// What ended up to this moment must show in it.
    shows: Option<Instant>,
}

/// Reads the licences when what ended at `since` must show.
pub(crate) async fn read(ground: &Ground, since: Option<Instant>) -> Flow<UnitsRead> {
    if let Some(ended) = since {
        ground.webex.wait_until(ground.shows_after(ended)).await?;
    }
    let shows = Instant::now().checked_sub(ground.settings.settle);
    match lists::read_licenses(ground).await {
        Ok(licences) => Ok(UnitsRead { licences, shows }),
        Err(trouble) => {
            ground.check_token_on_401(Some(&trouble)).await;
            stop_for(Operation::LicensesList, &trouble)
        }
    }
}

impl LicencePool {
    /// The licences as they were read for the first batch.
    pub(crate) fn new(settings: LicenceSettings, licences: Vec<License>) -> LicencePool {
        LicencePool {
            settings,
            licences: RefCell::new(licences.into()),
            state: RefCell::new(State { read_for: 1, ..State::default() }),
            changed: Notify::new(),
            turn: Mutex::default(),
        }
    }

    /// Whether any of these licences gives calling.
    pub(crate) fn gives_calling(&self, ids: &[RemoteId]) -> bool {
        self.calling_licence_of(ids).is_some()
    }

    /// The calling licence among those that a person holds.
    pub(crate) fn calling_licence_of(&self, held: &[RemoteId]) -> Option<RemoteId> {
        self.calling_licences_of(held).into_iter().next().map(|licence| licence.id)
    }

    fn calling_licences_of(&self, held: &[RemoteId]) -> Vec<License> {
        let calling =
            |licence: &&License| self.is_calling(licence) && held.iter().any(|id| id.same_as(&licence.id));
        self.licences().iter().filter(calling).cloned().collect()
    }

    /// The calling licence that a person holds where the row, or else the configuration, wants another.
    pub(crate) fn held_instead(&self, held: &[RemoteId], stated: Option<&LicenseChoice>) -> Option<String> {
        let wanted = stated.unwrap_or(&self.settings.default);
        let held = self.calling_licences_of(held);
        let other = held.first()?.name.clone();
        (!held.iter().any(|licence| licence.suits(wanted))).then_some(other)
    }

    /// Whether these licences give calling by Standard ones alone.
    pub(crate) fn is_standard_only(&self, held: &[RemoteId]) -> bool {
        let held = self.calling_licences_of(held);
        let holds = |choice: &LicenseChoice| held.iter().any(|licence| licence.suits(choice));
        holds(&LicenseChoice::Standard) && !holds(&LicenseChoice::Professional)
    }

    /// A batch is claimed: the rows that queue now are its.
    pub(crate) fn begin_batch(&self) {
        let mut state = self.state.borrow_mut();
        state.batch = state.batch.saturating_add(1);
    }

    /// Queues a row in the order of claims.
    pub(crate) fn queue(self: &Rc<Self>, choice: Option<LicenseChoice>) -> Place {
        let choice = choice.unwrap_or_else(|| self.settings.default.clone());
        let mut state = self.state.borrow_mut();
        let (number, batch) = (state.next_place, state.batch);
        state.next_place = number.saturating_add(1);
        state.undecided.insert(number, choice.clone());
        Place { pool: Rc::clone(self), number, batch, choice }
    }

    pub(crate) fn licences(&self) -> Rc<[License]> {
        Rc::clone(&self.licences.borrow())
    }

    /// Takes a reading for what is so now; promises that it counts are kept no longer.
    fn keep(&self, reading: UnitsRead) {
        for licence in self.licences().iter() {
            let mut state = self.state.borrow_mut();
            state.known.entry(licence.id.canonical()).or_insert(licence.consumed);
        }
        for licence in &reading.licences {
            self.count(licence, reading.shows);
        }
        *self.licences.borrow_mut() = reading.licences.into();
        self.changed.notify_waiters();
    }

    /// Strikes out the promises that a reading of a licence counts: as many as it has grown by, and the old ones.
    fn count(&self, licence: &License, shows: Option<Instant>) {
        let mut state = self.state.borrow_mut();
        let State { promised, known, .. } = &mut *state;
        let known = known.entry(licence.id.canonical()).or_insert(licence.consumed);
        let all_ours = licence.consumed.saturating_sub(*known) <= promised.of(&licence.id);
        promised.retain(|promise| {
            let Some(ended) = promise.ended.filter(|_| promise.licence.same_as(&licence.id)) else {
                return true;
            };
            let late = shows.and_then(|shows| shows.checked_duration_since(ended));
            if *known < licence.consumed && (all_ours || late.is_some()) {
                *known = known.saturating_add(1);
                return false;
            }
            late.is_none_or(|late| late < OWN_COUNT_HOLDS)
        });
    }

    /// Units that are free and not promised, over all licences of a choice.
    fn free(&self, choice: &LicenseChoice) -> i64 {
        let licences = self.licences();
        if self.settings.overage && self.matching(&licences, choice).next().is_some() {
            return i64::MAX;
        }
        self.matching(&licences, choice).map(|licence| self.free_of(licence)).filter(|free| *free > 0).sum()
    }

    fn free_of(&self, licence: &License) -> i64 {
        let promised = self.state.borrow().promised.of(&licence.id);
        licence.total.saturating_sub(licence.consumed).saturating_sub(promised)
    }

    /// The licence that a choice means, whether units are free or not.
    pub(crate) fn of_choice(&self, choice: Option<&LicenseChoice>) -> Flow<RemoteId> {
        let choice = choice.unwrap_or(&self.settings.default);
        let licences = self.licences();
        match self.matching(&licences, choice).next() {
            Some(licence) => Ok(licence.id.clone()),
            None => pending(PendingReason::PreconditionMissing, self.no_units(choice)),
        }
    }

    /// The first licence of a choice with a free unit, where some are taken that the pool does not know of; the first of
    /// all when none is free and that is no reason to give none.
    pub(crate) fn first_free(
        &self,
        choice: &LicenseChoice,
        taken: impl Fn(&RemoteId) -> i64,
    ) -> Option<RemoteId> {
        let licences = self.licences();
        let free = |licence: &&License| self.free_of(licence) > taken(&licence.id);
        let any = || self.matching(&licences, choice).next().filter(|_| self.settings.overage);
        let first = self.matching(&licences, choice).find(free).or_else(any);
        first.map(|licence| licence.id.clone())
    }

    fn matching<'a>(
        &'a self,
        licences: &'a [License],
        choice: &'a LicenseChoice,
    ) -> impl Iterator<Item = &'a License> {
        let usable = |licence: &&License| self.in_subscription(licence) && licence.ended.is_none();
        licences.iter().filter(usable).filter(move |licence| licence.suits(choice))
    }

    fn is_calling(&self, licence: &License) -> bool {
        [&LicenseChoice::Professional, &LicenseChoice::Standard, &self.settings.default]
            .into_iter()
            .any(|choice| licence.suits(choice))
    }

    fn in_subscription(&self, licence: &License) -> bool {
        self.settings.subscription.as_ref().is_none_or(|wanted| licence.subscription.as_ref() == Some(wanted))
    }

    /// Whether two choices could be served by one licence, by whatever name they call it.
    fn overlap(&self, one: &LicenseChoice, other: &LicenseChoice) -> bool {
        one == other || self.matching(&self.licences(), one).any(|licence| licence.suits(other))
    }

    /// Promises a unit of a choice, if one is free.
    fn promise(&self, choice: &LicenseChoice) -> Option<(u64, RemoteId)> {
        let licence = self.first_free(choice, |_| 0)?;
        let number = self.state.borrow_mut().promised.add(licence.clone());
        Some((number, licence))
    }

    /// When the last request for a unit of this choice ended; waits while one is under way.
    async fn last_ended(&self, choice: &LicenseChoice) -> Option<Instant> {
        let licences = self.licences();
        // Ends: a unit is let go when its row ends, and no row before the one that asks is undecided.
        loop {
            let changed = self.changed.notified();
            let ends: Vec<Option<Instant>> = {
                let state = self.state.borrow();
                let promised = state.promised.iter().filter(|promise| {
                    self.matching(&licences, choice).any(|licence| licence.id.same_as(&promise.licence))
                });
                promised.map(|promise| promise.ended).collect()
            };
            if ends.iter().all(Option::is_some) {
                return ends.into_iter().flatten().max();
            }
            changed.await;
        }
    }

    fn no_units(&self, choice: &LicenseChoice) -> String {
        let licences = self.licences();
        let several = self.matching(&licences, choice).nth(1).is_some();
        let counts: Vec<String> = self
            .matching(&licences, choice)
            .map(|licence| {
                let subscription = licence.subscription.as_ref().filter(|_| several);
                format!(
                    "{}{}: {} of {} units in use",
                    licence.name,
                    subscription.map(|name| format!(" of {name}")).unwrap_or_default(),
                    licence.total.saturating_sub(self.free_of(licence)),
                    licence.total
                )
            })
            .collect();
        if counts.is_empty() {
            let names: Vec<String> = licences
                .iter()
                .filter(|licence| self.is_calling(licence))
                .map(|License { name, ended, .. }| match ended {
                    Some(status) => format!("{name}: {status}"),
                    None => name.clone(),
                })
                .collect();
            let has = if names.is_empty() { "no calling licence".to_owned() } else { names.join(", ") };
            return format!(
                "the organisation has no licence {choice:?} to give (it has {has})",
                choice = choice.to_string()
            );
        }
        format!("no unit of the licence is free ({})", counts.join("; "))
    }
}
