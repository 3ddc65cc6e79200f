//! Which calling licence a user gets, and who gets the last units: they are promised in row order (R19).

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use tokio::sync::Notify;

use crate::domain::{LicenseChoice, RemoteId};
use crate::webex::wire::License;

/// What the operator chose.
#[derive(Debug, Clone)]
pub struct LicenceSettings {
    /// For users whose row names none.
    pub default: LicenseChoice,
    /// The subscription to take units from.
    pub subscription: Option<String>,
}

/// The calling licences of the organisation and the units that are still free.
#[derive(Debug)]
pub(super) struct LicencePool {
    settings: LicenceSettings,
    licences: Vec<License>,
    state: RefCell<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// Units promised by this run, by licence id.
    promised: BTreeMap<String, i64>,
    /// Claimed rows that may still ask, in claim order.
    undecided: BTreeMap<u64, LicenseChoice>,
    next_place: u64,
}

/// A row's place in the queue for units; giving it up lets later rows have theirs.
#[derive(Debug)]
pub(super) struct Place {
    pool: Rc<LicencePool>,
    number: u64,
    choice: LicenseChoice,
}

/// Why a row gets no licence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NoUnits(pub(super) String);

impl LicencePool {
    pub(super) fn new(settings: LicenceSettings, licences: Vec<License>) -> LicencePool {
        LicencePool { settings, licences, state: RefCell::default(), changed: Notify::new() }
    }

    /// Whether any of these licences gives calling.
    pub(super) fn gives_calling(&self, ids: &[RemoteId]) -> bool {
        self.calling_licence_of(ids).is_some()
    }

    /// The calling licence among those that a person holds.
    pub(super) fn calling_licence_of(&self, held: &[RemoteId]) -> Option<RemoteId> {
        let calling = self.licences.iter().filter(|licence| self.is_calling(licence));
        calling.map(|licence| &licence.id).find(|id| held.iter().any(|held| held.same_as(id))).cloned()
    }

    /// Whether these licences give calling by Standard ones alone.
    pub(super) fn is_standard_only(&self, held: &[RemoteId]) -> bool {
        let holds = |choice: &LicenseChoice| {
            let mut licences = self.licences.iter().filter(|licence| matches(choice, licence));
            licences.any(|licence| held.iter().any(|id| id.same_as(&licence.id)))
        };
        holds(&LicenseChoice::Standard) && !holds(&LicenseChoice::Professional)
    }

    /// Queues a row in the order of claims.
    pub(super) fn queue(self: &Rc<Self>, choice: Option<LicenseChoice>) -> Place {
        let choice = choice.unwrap_or_else(|| self.settings.default.clone());
        let mut state = self.state.borrow_mut();
        let number = state.next_place;
        state.next_place = number.saturating_add(1);
        state.undecided.insert(number, choice.clone());
        Place { pool: Rc::clone(self), number, choice }
    }

    /// Units that are free and not promised, over all licences of a choice.
    fn free(&self, choice: &LicenseChoice) -> i64 {
        self.matching(choice).map(|licence| self.free_of(licence)).filter(|free| *free > 0).sum()
    }

    fn free_of(&self, licence: &License) -> i64 {
        let promised = self.state.borrow().promised.get(licence.id.canonical()).copied().unwrap_or(0);
        licence.total.saturating_sub(licence.consumed).saturating_sub(promised)
    }

    fn matching<'a>(&'a self, choice: &'a LicenseChoice) -> impl Iterator<Item = &'a License> {
        self.licences.iter().filter(move |licence| self.in_subscription(licence) && matches(choice, licence))
    }

    fn is_calling(&self, licence: &License) -> bool {
        [&LicenseChoice::Professional, &LicenseChoice::Standard, &self.settings.default]
            .into_iter()
            .any(|choice| matches(choice, licence))
    }

    fn in_subscription(&self, licence: &License) -> bool {
        self.settings.subscription.as_ref().is_none_or(|wanted| licence.subscription.as_ref() == Some(wanted))
    }

    /// Whether two choices could be served by one licence, by whatever name they call it.
    fn overlap(&self, one: &LicenseChoice, other: &LicenseChoice) -> bool {
        one == other || self.matching(one).any(|licence| matches(other, licence))
    }

    pub(super) fn promise(&self, choice: &LicenseChoice) -> Option<RemoteId> {
        let licence = self.matching(choice).find(|licence| self.free_of(licence) > 0)?;
        self.add(&licence.id, 1);
        Some(licence.id.clone())
    }

    fn add(&self, licence: &RemoteId, units: i64) {
        let mut state = self.state.borrow_mut();
        let promised = state.promised.entry(licence.canonical().to_owned()).or_default();
        *promised = promised.saturating_add(units);
    }

    /// Gives back a unit that a row did not take.
    pub(super) fn give_back(&self, licence: &RemoteId) {
        self.add(licence, -1);
        self.changed.notify_waiters();
    }

    fn no_units(&self, choice: &LicenseChoice) -> NoUnits {
        let several = self.matching(choice).nth(1).is_some();
        let counts: Vec<String> = self
            .matching(choice)
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
            let names: Vec<&str> =
                self.licences.iter().filter(|l| self.is_calling(l)).map(|l| l.name.as_str()).collect();
            let has = if names.is_empty() { "no calling licence".to_owned() } else { names.join(", ") };
            return NoUnits(format!(
                "the organisation has no licence {choice:?} to give (it has {has})",
                choice = choice.to_string()
            ));
        }
        NoUnits(format!("no unit of the licence is free ({})", counts.join("; ")))
    }
}

impl Place {
    /// Takes a unit. While units are scarce, rows before this one decide first.
    pub(super) async fn take(self) -> Result<RemoteId, NoUnits> {
        loop {
            // Registered before the state is read, so that no change in between is missed.
            let changed = self.pool.changed.notified();
            let before = i64::try_from(self.undecided_before()).unwrap_or(i64::MAX);
            let free = self.pool.free(&self.choice);
            if free > before || before == 0 {
                return self.pool.promise(&self.choice).ok_or_else(|| self.pool.no_units(&self.choice));
            }
            // Ends: every row before this one gives up its place when it ends, whatever its end.
            changed.await;
        }
    }

    fn undecided_before(&self) -> usize {
        let state = self.pool.state.borrow();
        state
            .undecided
            .range(..self.number)
            .filter(|(_, choice)| self.pool.overlap(choice, &self.choice))
            .count()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.pool.state.borrow_mut().undecided.remove(&self.number);
        self.pool.changed.notify_waiters();
    }
}

/// Licences are told apart by name: the type tag inside an id misleads (contract 4.2).
fn matches(choice: &LicenseChoice, licence: &License) -> bool {
    match choice {
        LicenseChoice::Id(id) => id.same_as(&licence.id),
        LicenseChoice::Professional => licence.name == "Webex Calling - Professional",
        LicenseChoice::Standard => {
            licence.name == "Webex Calling - Basic"
                || (licence.name.starts_with("Webex Calling") && licence.name.contains("Standard"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn licence(id: &str, name: &str, total: i64, consumed: i64, subscription: &str) -> License {
        License {
            id: RemoteId::parse(id).unwrap(),
            name: name.to_owned(),
            total,
            consumed,
            subscription: Some(subscription.to_owned()),
        }
    }

    fn pool(licences: Vec<License>, subscription: Option<&str>) -> Rc<LicencePool> {
        let settings = LicenceSettings {
            default: LicenseChoice::Professional,
            subscription: subscription.map(str::to_owned),
        };
        Rc::new(LicencePool::new(settings, licences))
    }

    #[tokio::test]
    async fn the_last_unit_goes_to_the_first_row_that_needs_one() {
        let pool = pool(vec![licence("P", "Webex Calling - Professional", 10, 9, "s")], None);
        let (first, second, third) = (pool.queue(None), pool.queue(None), pool.queue(None));
        let (third, second, ()) = tokio::join!(third.take(), second.take(), async { drop(first) });
        assert_eq!(second.unwrap().as_str(), "P");
        assert_eq!(
            third.unwrap_err().0,
            "no unit of the licence is free (Webex Calling - Professional: 10 of 10 units in use)"
        );
    }

    #[tokio::test]
    async fn a_unit_given_back_serves_the_next_row() {
        let pool = pool(vec![licence("P", "Webex Calling - Professional", 1, 0, "s")], None);
        let taken = pool.queue(None).take().await.unwrap();
        pool.give_back(&taken);
        assert!(pool.queue(None).take().await.is_ok());
        assert!(pool.queue(None).take().await.is_err());
    }

    #[tokio::test]
    async fn the_subscription_and_the_choice_are_kept_to() {
        let licences = vec![
            licence("A", "Webex Calling - Professional", 5, 0, "one"),
            licence("B", "Webex Calling - Professional", 5, 0, "two"),
            licence("C", "Webex Calling - Basic", 5, 0, "two"),
        ];
        let pool = pool(licences, Some("two"));
        assert_eq!(pool.queue(None).take().await.unwrap().as_str(), "B");
        assert_eq!(pool.queue(Some(LicenseChoice::Standard)).take().await.unwrap().as_str(), "C");
        let absent = LicenseChoice::Id(RemoteId::parse("unknown-licence-id-000000").unwrap());
        assert!(pool.queue(Some(absent)).take().await.unwrap_err().0.contains("has no licence"));
    }
}
