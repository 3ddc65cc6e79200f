//! Writes the changes of a corrected file and moves the keys with them. A change whose key another row has is taken
//! back, and the rest is tried again without it: so two rows may exchange their extensions, and a refused change
//! leaves its row with all its keys.

use std::collections::{HashMap, HashSet};

use rusqlite::Connection;

use super::present::Present;
use super::{Change, Refusal};
use crate::domain::{Accepted, EntityType, Rejected, RowId, RowState, fold_name};
use crate::store::StoreError;
use crate::store::ingested::{self, Placed, Rewrite};
use crate::store::keys::{self, Clash, Place, location_of};

/// What was written and what was not.
pub(super) struct Replaced {
    pub(super) done: Vec<Change>,
    pub(super) refused: Vec<Refusal>,
}

/// Writes all changes but those whose keys other rows have.
pub(super) fn all(
    connection: &Connection,
    input_id: i64,
    mut changes: Vec<Change>,
) -> Result<Replaced, StoreError> {
    changes.sort_by_key(|change| change.row_id);
    let mut refused = Vec::new();
    // Each turn but the last refuses a change, so that there is one turn more than changes at most.
    for _ in 0..=changes.len() {
        connection.execute_batch("SAVEPOINT amend")?;
        let clashes = Attempt { connection, input_id, clashes: HashMap::new() }.write(&changes)?;
        if clashes.is_empty() {
            connection.execute_batch("RELEASE amend")?;
            return Ok(Replaced { done: changes, refused });
        }
        connection.execute_batch("ROLLBACK TO amend; RELEASE amend")?;
        let (stay, go): (Vec<_>, Vec<_>) =
            changes.into_iter().partition(|change| !clashes.contains_key(&change.row_id));
        changes = stay;
        refused.extend(go.into_iter().filter_map(|change| refusal(change, &clashes)));
    }
    Err(StoreError::Invariant("the changes of the file do not come to rest".to_owned()))
}

fn refusal(change: Change, clashes: &HashMap<RowId, Rejected>) -> Option<Refusal> {
    let rejected = clashes.get(&change.row_id)?.clone();
    let Change { row_id, line, raw, present, .. } = change;
    Some(Refusal { row_id: Some(row_id), line, raw, rejected, present })
}

/// The key under which a row is told of before it has its place.
pub(super) fn place_key(accepted: &Accepted) -> String {
    Place::of(accepted, location_of(accepted)).entity_key
}

/// One try at writing every change.
struct Attempt<'a> {
    connection: &'a Connection,
    input_id: i64,
    clashes: HashMap<RowId, Rejected>,
}

/// A row that is not in the file, but whose location goes by another key now because of one that is.
struct Moved {
    row: Present,
    because: RowId,
}

impl Attempt<'_> {
    /// Locations first, then their rows that stay as they are, then what is changed or new, each in row order.
    fn write(mut self, changes: &[Change]) -> Result<HashMap<RowId, Rejected>, StoreError> {
        for change in changes {
            if let Some(present) = &change.present {
                keys::give_back(self.connection, change.row_id, &present.claims()?)?;
            }
        }
        let (locations, persons): (Vec<&Change>, Vec<&Change>) =
            changes.iter().partition(|change| change.accepted.record.entity() == EntityType::Location);
        for change in &locations {
            self.place(change)?;
        }
        let moved = self.moved(&locations, changes)?;
        for Moved { row, .. } in &moved {
            keys::give_back(self.connection, row.row_id, &row.claims()?)?;
        }
        // First those that are to stay as they are: what is changed or new may not take a key of theirs.
        for moved in &moved {
            self.move_along(moved)?;
        }
        for change in persons {
            self.place(change)?;
        }
        Ok(self.clashes)
    }

    fn place(&mut self, change: &Change) -> Result<(), StoreError> {
        let Change { row_id, line, raw, accepted, present, .. } = change;
        let place = Place::find(self.connection, accepted)?;
        let claims = place.all_claims(&accepted.cells);
        if let Some(clash) = keys::claim(self.connection, *row_id, &claims)? {
            return self.refuse(*row_id, accepted, &clash);
        }
        let placed = Placed { row_id: *row_id, line: *line, raw: raw.to_json() };
        match present {
            None => ingested::insert(self.connection, self.input_id, &placed, accepted, &place),
            Some(present) => {
                let renewal = (present.state, renewal(change, present)?);
                ingested::replace(self.connection, self.input_id, &placed, accepted, &place, renewal)
            }
        }
    }

    /// The rows whose reference to a location leads elsewhere, or somewhere at last, since these were written.
    fn moved(&self, locations: &[&Change], changes: &[Change]) -> Result<Vec<Moved>, StoreError> {
        let mut affected: HashMap<String, RowId> = HashMap::new();
        for change in locations.iter().filter(|change| !self.clashes.contains_key(&change.row_id)) {
            let old = change.present.as_ref().map(|present| present.location_key.as_str());
            let new = Place::of(&change.accepted, "").claims;
            let names = new.iter().filter(|claim| claim.scope == "location").map(|claim| claim.value.clone());
            affected.extend(names.chain(old.map(fold_name)).map(|name| (name, change.row_id)));
        }
        let mut moved = Vec::new();
        if affected.is_empty() {
            return Ok(moved);
        }
        let changed: HashSet<RowId> = changes.iter().map(|change| change.row_id).collect();
        Present::walk_persons(self.connection, |row| {
            if let Some(because) = affected.get(&fold_name(&row.location_key))
                && !changed.contains(&row.row_id)
            {
                moved.push(Moved { because: *because, row });
            }
            Ok(())
        })?;
        Ok(moved)
    }

    fn move_along(&mut self, moved: &Moved) -> Result<(), StoreError> {
        let Some(accepted) = moved.row.accepted()? else { return Ok(()) };
        let place = Place::find(self.connection, &accepted)?;
        match keys::claim(self.connection, moved.row.row_id, &place.all_claims(&accepted.cells))? {
            Some(clash) => self.refuse(moved.because, &accepted, &clash),
            None => ingested::move_place(self.connection, moved.row.row_id, &place),
        }
    }

    fn refuse(&mut self, row_id: RowId, accepted: &Accepted, clash: &Clash) -> Result<(), StoreError> {
        let owner = Present::read(self.connection, clash.owner)?;
        let line = owner.as_ref().map(|owner| i64::try_from(owner.line).unwrap_or(i64::MAX));
        let mut rejected = clash.refusal(accepted, line);
        if owner.is_some_and(|owner| matches!(owner.state, RowState::Ready | RowState::Pending)) {
            rejected.message.push_str(&format!(
                ", or give that one up with `wxbulk drop --row {}` and amend again",
                clash.owner
            ));
        }
        self.clashes.entry(row_id).or_insert(rejected);
        Ok(())
    }
}

/// What was done for a row in Webex, and what nobody knows of it, stays its own while it means the same location or person.
fn renewal(change: &Change, present: &Present) -> Result<Rewrite, StoreError> {
    if !change.runs() {
        return Ok(Rewrite::NotesOnly);
    }
    let same = present.accepted()?.is_none_or(|was| was.record.same_target(&change.accepted.record));
    Ok(if same { Rewrite::SameTarget } else { Rewrite::OtherTarget })
}
