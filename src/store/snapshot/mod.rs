//! What bulk reads of Webex saw, for look-ups. Each reading of the lists has a number of its own, under which its pages
//! are kept; look-ups go on in the reading before it until it is complete.

mod lists;
mod locations;
mod numbers;
mod people;

use rusqlite::Connection;

use super::StoreError;

pub use lists::{KnownList, keep_list, known_list};
pub use locations::{
    SeenLocation, keep_calling, keep_locations, location_with_id, locations_named, locations_with_tag,
};
pub use numbers::{SeenNumber, keep_numbers, numbers_of_extension, numbers_of_number};
pub use people::{SeenPerson, WithoutLine, keep_people, people_with_email, users_without_line};

/// The number of one reading of the lists within its run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reading(u32);

impl Reading {
    /// The one after this.
    pub const fn next(self) -> Reading {
        Reading(self.0.saturating_add(1))
    }

    pub(super) const fn number(self) -> u32 {
        self.0
    }
}

/// Forgets the pages of one list, `people` or `numbers`, that are in a reading already.
pub fn forget_list(connection: &Connection, name: &str, reading: Reading) -> Result<(), StoreError> {
    let table = if name == "people" { "seen_people" } else { "seen_numbers" };
    connection.execute(&format!("DELETE FROM {table} WHERE reading = ?1"), [reading.number()])?;
    Ok(())
}

/// Forgets every reading but this one; what an earlier run read serves nobody.
pub fn forget_other_readings(connection: &Connection, kept: Reading) -> Result<(), StoreError> {
    for table in ["seen_locations", "seen_people", "seen_numbers"] {
        connection.execute(&format!("DELETE FROM {table} WHERE reading != ?1"), [kept.number()])?;
    }
    Ok(())
}
