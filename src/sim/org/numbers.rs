//! Phone numbers and extensions.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::lagged::{Lagged, Moment};

/// Who holds a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Owner {
    /// The unique part of the id.
    pub(crate) key: String,
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
}

/// One entry of the inventory: a phone number, an extension, or both.
#[derive(Clone, Debug)]
pub(crate) struct Number {
    pub(crate) location: usize,
    pub(crate) phone: Option<String>,
    pub(crate) extension: Option<String>,
    pub(crate) active: bool,
    pub(crate) alternate: bool,
    pub(crate) toll_free: bool,
    pub(crate) mobile: bool,
    pub(crate) service: bool,
    pub(crate) ring_pattern: Option<String>,
    pub(crate) owner: Option<Owner>,
}

impl Number {
    pub(crate) fn new(location: usize) -> Self {
        Number {
            location,
            phone: None,
            extension: None,
            active: true,
            alternate: false,
            toll_free: false,
            mobile: false,
            service: false,
            ring_pattern: None,
            owner: None,
        }
    }
}

impl Number {
    /// Held by a call park extension, which no list of numbers shows.
    pub(crate) fn is_call_park(&self) -> bool {
        self.owner.as_ref().is_some_and(|owner| owner.kind == "CALL_PARK")
    }
}

/// The inventory in order of creation, with its indexes.
#[derive(Default)]
pub(crate) struct Numbers {
    entries: BTreeMap<u64, Lagged<Number>>,
    next: u64,
    by_phone: HashMap<String, u64>,
    by_extension: HashMap<String, BTreeSet<u64>>,
    by_owner: HashMap<String, BTreeSet<u64>>,
    by_location: HashMap<usize, BTreeSet<u64>>,
}

/// The narrowest index that serves a search.
pub(crate) enum Narrowed<'a> {
    Phone(&'a str),
    Extension(&'a str),
    Owner(&'a str),
    Location(usize),
    All,
}

impl Numbers {
    pub(crate) fn get(&self, key: u64) -> Option<&Number> {
        self.entries.get(&key).map(Lagged::get)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Number> {
        self.entries.values().map(Lagged::get)
    }

    pub(crate) fn by_phone(&self, phone: &str) -> Option<u64> {
        self.by_phone.get(phone).copied()
    }

    /// The holder of an extension in a location.
    pub(crate) fn by_extension(&self, location: usize, extension: &str) -> Option<u64> {
        let keys = self.by_extension.get(extension)?;
        keys.iter().copied().find(|key| self.get(*key).is_some_and(|number| number.location == location))
    }

    pub(crate) fn of_owner(&self, owner: &str) -> Vec<u64> {
        self.by_owner.get(owner).map(|keys| keys.iter().copied().collect()).unwrap_or_default()
    }

    pub(crate) fn of_location(&self, location: usize) -> impl Iterator<Item = &Number> {
        self.by_location.get(&location).into_iter().flatten().filter_map(|key| self.get(*key))
    }

    pub(crate) fn keys_of_location(&self, location: usize) -> Vec<u64> {
        self.by_location.get(&location).into_iter().flatten().copied().collect()
    }

    /// What a search sees, in order.
    pub(crate) fn listed<'a>(
        &'a self,
        narrowed: &Narrowed<'_>,
        now: u64,
    ) -> Box<dyn Iterator<Item = &'a Number> + 'a> {
        let keys = match narrowed {
            Narrowed::All => {
                return Box::new(self.entries.values().filter_map(move |number| number.listed(now)));
            }
            Narrowed::Phone(phone) => {
                let found = self.by_phone.get(*phone).and_then(|key| self.entries.get(key));
                return Box::new(found.into_iter().filter_map(move |number| number.listed(now)));
            }
            Narrowed::Extension(extension) => self.by_extension.get(*extension),
            Narrowed::Owner(owner) => self.by_owner.get(*owner),
            Narrowed::Location(location) => self.by_location.get(location),
        };
        let found = keys.into_iter().flatten().filter_map(|key| self.entries.get(key));
        Box::new(found.filter_map(move |number| number.listed(now)))
    }

    pub(crate) fn add(&mut self, number: Number, moment: Moment) -> u64 {
        let key = self.next;
        self.next += 1;
        self.index(key, &number);
        self.entries.insert(key, Lagged::created(number, moment));
        key
    }

    pub(crate) fn remove(&mut self, key: u64) {
        if let Some(number) = self.entries.remove(&key) {
            self.unindex(key, number.get());
        }
    }

    pub(crate) fn edit(&mut self, key: u64, moment: Moment, change: impl FnOnce(&mut Number)) {
        let Some(before) = self.get(key).cloned() else { return };
        self.unindex(key, &before);
        if let Some(number) = self.entries.get_mut(&key) {
            number.edit(moment, change);
        }
        if let Some(after) = self.get(key).cloned() {
            self.index(key, &after);
        }
    }

    fn index(&mut self, key: u64, number: &Number) {
        self.by_location.entry(number.location).or_default().insert(key);
        if let Some(phone) = &number.phone {
            self.by_phone.insert(phone.clone(), key);
        }
        if let Some(extension) = &number.extension {
            self.by_extension.entry(extension.clone()).or_default().insert(key);
        }
        if let Some(owner) = &number.owner {
            self.by_owner.entry(owner.key.clone()).or_default().insert(key);
        }
    }

    fn unindex(&mut self, key: u64, number: &Number) {
        let mut sets = vec![self.by_location.get_mut(&number.location)];
        sets.push(number.extension.as_ref().and_then(|extension| self.by_extension.get_mut(extension)));
        sets.push(number.owner.as_ref().and_then(|owner| self.by_owner.get_mut(&owner.key)));
        for keys in sets.into_iter().flatten() {
            keys.remove(&key);
        }
        if let Some(phone) = &number.phone {
            self.by_phone.remove(phone);
        }
    }
}
