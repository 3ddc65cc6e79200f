//! The location that a user or assignment row refers to, if it is there and enabled for calling (R11).

use super::decide::Located;
use super::directory;
use super::work::{Flow, RowWork, blocked, pending};
use crate::domain::{CallingCode, Fact, NumberState, PendingReason, Record, RemoteId, RowState};
use crate::store::Sibling;

/// A calling location.
#[derive(Debug, Clone)]
pub(super) struct Site {
    pub(super) id: RemoteId,
    pub(super) name: String,
    /// The calling code of its country, where that is known.
    pub(super) home: Option<CallingCode>,
    /// The state that is stated for the job's numbers there, by its row or else by the configuration.
    pub(super) number_state: Option<NumberState>,
}

impl Site {
    /// The state in which numbers are added; unless something is stated, calls reach them at once.
    pub(super) fn added_state(&self) -> NumberState {
        self.number_state.unwrap_or(NumberState::Active)
    }
}

/// Finds the row's location without a call: the lists of this phase have it, or the row waits.
pub(super) async fn find(work: &RowWork<'_>) -> Flow<Site> {
    let key = work.row.location_key.as_str();
    let Some(location_row) = work.row.location.clone() else {
        let located = directory::find_reference(work, key).await?;
        return usable(work, key, located);
    };
    // What its row proved needs no list, which may lag or be older.
    if let Some(id) = location_row.gave(Fact::Site) {
        return Ok(of_row(work, &location_row, id, key));
    }
    let located = match &location_row.record {
        Record::Location(location) => directory::find_location(work, location).await?,
        Record::User(_) | Record::Assignment(_) => Located::Absent,
    };
    usable(work, key, located)
}

/// A location that its row found or made.
fn of_row(work: &RowWork<'_>, row: &Sibling, id: &RemoteId, key: &str) -> Site {
    let home = match &row.record {
        Record::Location(location) => CallingCode::of_country(&location.address.country),
        Record::User(_) | Record::Assignment(_) => None,
    };
    Site { id: id.clone(), name: key.to_owned(), home, number_state: number_state(work) }
}

/// The cell of the location's row wins, unless the row was dropped.
fn number_state(work: &RowWork<'_>) -> Option<NumberState> {
    let row = work.row.location.as_ref().filter(|row| row.state != RowState::Dropped);
    let stated = match row.map(|row| &row.record) {
        Some(Record::Location(location)) => location.settings.number_state,
        _ => None,
    };
    stated.or(work.context.settings.number_state)
}

fn usable(work: &RowWork<'_>, key: &str, located: Located) -> Flow<Site> {
    let row = work.row.location.as_ref();
    let by = row.and_then(|row| row.to_wait_for());
    let at = row.map_or_else(String::new, |row| format!(" (row {}, {})", row.row_id, row.state));
    match located {
        Located::Found(seen) if seen.calling_enabled => {
            let country = seen.body.pointer("/address/country").and_then(|country| country.as_str());
            let home = country.and_then(CallingCode::of_country);
            Ok(Site { id: seen.id.clone(), name: seen.name, home, number_state: number_state(work) })
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
