//! The lists that are in use.

use std::cell::Cell;

use tokio::time::Instant;

use crate::store::Reading;

/// Which reading of the lists serves look-ups, and what of it is complete.
#[derive(Debug)]
pub(in crate::runner) struct Lists {
    reading: Cell<Reading>,
    people: Cell<bool>,
    numbers: Cell<bool>,
    pub(super) read_at: Cell<Instant>,
}

impl Lists {
    /// Nothing was read yet.
    pub(in crate::runner) fn new(now: Instant) -> Lists {
        Lists {
            reading: Cell::default(),
            people: Cell::new(false),
            numbers: Cell::new(false),
            read_at: Cell::new(now),
        }
    }

    pub(in crate::runner) fn reading(&self) -> Reading {
        self.reading.get()
    }

    /// Whether everybody whom the file names, and Webex has, is in the list of people, and every line in that of numbers.
    pub(in crate::runner) fn people_are_complete(&self) -> bool {
        self.people.get()
    }

    pub(in crate::runner) fn numbers_are_complete(&self) -> bool {
        self.numbers.get()
    }

    pub(super) fn serve(&self, reading: Reading, (people, numbers): (bool, bool)) {
        self.reading.set(reading);
        self.people.set(people);
        self.numbers.set(numbers);
        self.read_at.set(Instant::now());
    }
}
