//! The units that a run promised and the last reading does not count.

use std::collections::BTreeMap;

use tokio::time::Instant;

use crate::domain::RemoteId;

/// Every promise by its number, and how many there are of each licence: asked for each row, so that it is not counted anew.
#[derive(Debug, Default)]
pub(super) struct Promises {
    all: BTreeMap<u64, Promise>,
    by_licence: BTreeMap<String, i64>,
    next: u64,
}

#[derive(Debug)]
pub(super) struct Promise {
    pub(super) licence: RemoteId,
    /// When its request ended; `None` while it is under way.
    pub(super) ended: Option<Instant>,
}

impl Promises {
    /// Adds one, under way; gives its number.
    pub(super) fn add(&mut self, licence: RemoteId) -> u64 {
        let number = self.next;
        self.next = number.saturating_add(1);
        change(&mut self.by_licence, &licence, 1);
        self.all.insert(number, Promise { licence, ended: None });
        number
    }

    /// Takes one back.
    pub(super) fn remove(&mut self, number: u64) {
        if let Some(promise) = self.all.remove(&number) {
            change(&mut self.by_licence, &promise.licence, -1);
        }
    }

    /// Its request has ended.
    pub(super) fn end(&mut self, number: u64, at: Instant) {
        if let Some(promise) = self.all.get_mut(&number) {
            promise.ended = Some(at);
        }
    }

    /// Keeps those for which this holds, asked in the order of their numbers.
    pub(super) fn retain(&mut self, mut holds: impl FnMut(&Promise) -> bool) {
        let by_licence = &mut self.by_licence;
        self.all.retain(|_, promise| {
            let keeps = holds(promise);
            if !keeps {
                change(by_licence, &promise.licence, -1);
            }
            keeps
        });
    }

    /// How many there are of a licence.
    pub(super) fn of(&self, licence: &RemoteId) -> i64 {
        self.by_licence.get(&licence.canonical()).copied().unwrap_or_default()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Promise> {
        self.all.values()
    }
}

fn change(by_licence: &mut BTreeMap<String, i64>, licence: &RemoteId, by: i64) {
    let count = by_licence.entry(licence.canonical()).or_default();
    *count = count.saturating_add(by);
}
