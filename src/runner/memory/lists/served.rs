//! The lists that are in use.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use tokio::time::Instant;

use crate::domain::RemoteId;
use crate::store::Reading;

/// Which reading of the lists serves look-ups, and what of it is complete.
#[derive(Debug)]
pub(crate) struct Lists {
    reading: Cell<Reading>,
    people: Cell<bool>,
    numbers: Cell<bool>,
    pub(crate) read_at: Cell<Instant>,
    /// Locations that lists of this run showed, and those that it made.
    locations: RefCell<BTreeSet<String>>,
}

impl Lists {
    /// Nothing was read yet.
    pub(crate) fn new(now: Instant) -> Lists {
        Lists {
            reading: Cell::default(),
            people: Cell::new(false),
            numbers: Cell::new(false),
            read_at: Cell::new(now),
            locations: RefCell::default(),
        }
    }

    /// Notes a location that is there; whether this is news.
    pub(crate) fn note_location(&self, id: &RemoteId) -> bool {
        self.locations.borrow_mut().insert(id.canonical())
    }

    pub(crate) fn reading(&self) -> Reading {
        self.reading.get()
    }

    /// Whether everybody whom the file names, and Webex has, is in the list of people, and every line in that of numbers.
    pub(crate) fn people_are_complete(&self) -> bool {
        self.people.get()
    }

    pub(crate) fn numbers_are_complete(&self) -> bool {
        self.numbers.get()
    }

    pub(crate) fn serve(&self, reading: Reading, (people, numbers): (bool, bool)) {
        self.reading.set(reading);
        self.people.set(people);
        self.numbers.set(numbers);
        self.read_at.set(Instant::now());
    }
}
