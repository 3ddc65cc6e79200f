//! The location that a user or assignment row refers to, if it is there and enabled for calling (R11).

use super::decide::Located;
use super::directory;
use crate::domain::{CallingCode, Fact, NumberState, PendingReason, Record, RemoteId, RowState};
use crate::runner::engine::Eyes;
use crate::runner::flow::{Flow, blocked, pending};
use crate::runner::memory::sites::Site;
use crate::store::Sibling;

/// Finds the row's location without a call: the lists of this phase have it, or the row waits.
pub(crate) async fn find(eyes: &Eyes<'_>) -> Flow<Site> {
    let key = eyes.row.location_key.as_str();
    let Some(location_row) = eyes.row.location.clone() else {
        let located = directory::find_reference(eyes, key).await?;
        return usable(eyes, key, located);
    };
    // What its row proved needs no list, which may lag or be older.
    if let Some(id) = location_row.gave(Fact::Site) {
        return Ok(of_row(eyes, &location_row, id, key));
    }
    let located = match &location_row.record {
        Record::Location(location) => directory::find_location(eyes, location).await?,
        Record::User(_) | Record::Assignment(_) => Located::Absent,
    };
    usable(eyes, key, located)
}

/// A location that its row found or made.
fn of_row(eyes: &Eyes<'_>, row: &Sibling, id: &RemoteId, key: &str) -> Site {
    let home = match &row.record {
        Record::Location(location) => CallingCode::of_country(&location.address.country),
        Record::User(_) | Record::Assignment(_) => None,
    };
    Site { id: id.clone(), name: key.to_owned(), home, number_state: number_state(eyes) }
}

/// The cell of the location's row wins, unless the row was dropped.
fn number_state(eyes: &Eyes<'_>) -> Option<NumberState> {
    let row = eyes.row.location.as_ref().filter(|row| row.state != RowState::Dropped);
    let stated = match row.map(|row| &row.record) {
        Some(Record::Location(location)) => location.settings.number_state,
        _ => None,
    };
    stated.or(eyes.memory.ground.settings.number_state)
}

fn usable(eyes: &Eyes<'_>, key: &str, located: Located) -> Flow<Site> {
    let row = eyes.row.location.as_ref();
    let by = row.and_then(|row| row.to_wait_for());
    let at = row.map_or_else(String::new, |row| format!(" (row {}, {})", row.row_id, row.state));
    match located {
        Located::Found(seen) if seen.calling_enabled => {
            let country = seen.body.pointer("/address/country").and_then(|country| country.as_str());
            let home = country.and_then(CallingCode::of_country);
            Ok(Site { id: seen.id.clone(), name: seen.name, home, number_state: number_state(eyes) })
        }
        Located::Found(seen) => {
            blocked(by, format!("the location {:?} is not enabled for calling{at}", seen.name))
        }
        Located::Absent => blocked(by, format!("the location {key:?} is not in Webex{at}")),
        // The location row says it for all of them.
        Located::Ambiguous(message) if by.is_some() => {
            blocked(by, format!("the location {key:?} is ambiguous in Webex: {message}{at}"))
        }
        Located::Ambiguous(message) => {
            pending(PendingReason::NonRetryableExternal, format!("ambiguous: {message}"))
        }
    }
}
