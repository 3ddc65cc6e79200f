//! Which row of the database a record of a corrected file means (R12): the one whose `row_id` it carries, else the one
//! with its key, else the one with its `row_ref`, else a rejected row that reads the same, else the unfinished row at
//! the same place of a file with as many rows.

use std::collections::{HashMap, HashSet};

use rusqlite::Connection;

use super::present::Present;
use crate::domain::{Accepted, EntityType, InputRow, Rejected, RejectionReason, RowId, RowState, fold_name};
use crate::store::StoreError;
use crate::store::columns::typed;
use crate::store::ingested::seal;
use crate::store::keys::{self, Place};

/// What is known of a record so far.
pub(super) enum Found {
    /// It means this row.
    Row(Box<Present>),
    /// Only its place in the whole file may tell.
    Later,
    /// It names a row that it cannot mean.
    Refused(Rejected),
}

/// Finds rows, each for one record only.
pub(super) struct Matcher<'a> {
    connection: &'a Connection,
    taken: HashSet<RowId>,
    aside: Vec<InputRow>,
    last_row_id: u32,
}

impl<'a> Matcher<'a> {
    pub(super) fn begin(connection: &'a Connection) -> Result<Matcher<'a>, StoreError> {
        let last_row_id =
            connection.query_row("SELECT coalesce(max(row_id), 0) FROM rows", [], |row| row.get(0))?;
        Ok(Matcher { connection, taken: HashSet::new(), aside: Vec::new(), last_row_id })
    }

    pub(super) fn find(&mut self, row: &InputRow) -> Result<Found, StoreError> {
        if let Some(row_id) = row.amends {
            return self.by_number(row_id, row);
        }
        let found = match &row.verdict {
            Ok(accepted) => self.by_key(accepted)?,
            Err(rejected) => self.by_told_key(rejected, row)?,
        };
        let found = match found {
            Some(row_id) => Some(row_id),
            None => self.rejected_like(row)?,
        };
        match found {
            Some(row_id) => {
                Ok(self.take(row_id)?.map_or(Found::Later, |present| Found::Row(Box::new(present))))
            }
            None => Ok(Found::Later),
        }
    }

    pub(super) fn set_aside(&mut self, row: InputRow) {
        self.aside.push(row);
    }

    pub(super) fn take_aside(&mut self) -> Vec<InputRow> {
        std::mem::take(&mut self.aside)
    }

    /// The unfinished rows that no record means yet, by their lines in files of as many rows as this one.
    pub(super) fn unfinished_by_line(&self, rows: u32) -> Result<HashMap<u64, RowId>, StoreError> {
        let mut statement = self.connection.prepare(
            "SELECT r.line, r.row_id FROM rows r JOIN inputs i USING (input_id)
             WHERE r.state IN ('rejected', 'pending', 'ready') AND i.row_count = ?1 ORDER BY r.input_id",
        )?;
        let found = statement.query_map([rows], |row| {
            Ok((row.get::<_, i64>("line")?.unsigned_abs(), typed::<RowId>(row, "row_id")?))
        })?;
        let mut by_line = HashMap::new();
        for entry in found {
            let (line, row_id) = entry?;
            if self.free(Some(row_id)).is_some() {
                by_line.insert(line, row_id);
            }
        }
        Ok(by_line)
    }

    /// That row, if it is of the kind that the record says.
    pub(super) fn take_alike(
        &mut self,
        row_id: RowId,
        row: &InputRow,
    ) -> Result<Option<Present>, StoreError> {
        let present = Present::read(self.connection, row_id)?;
        let alike = present.filter(|present| present.raw.get("entity_type") == row.raw.get("entity_type"));
        self.taken.extend(alike.as_ref().map(|present| present.row_id));
        Ok(alike)
    }

    /// The number of the next new row.
    pub(super) fn next_row_id(&mut self) -> Result<RowId, StoreError> {
        self.last_row_id = self.last_row_id.saturating_add(1);
        RowId::new(self.last_row_id).ok_or_else(|| StoreError::Invariant("no row number is left".to_owned()))
    }

    pub(super) fn require_room(&self, max_rows: u32) -> Result<(), StoreError> {
        if self.last_row_id > max_rows {
            return Err(StoreError::TooManyRows { max_rows, rows: self.last_row_id });
        }
        Ok(())
    }

    fn take(&mut self, row_id: RowId) -> Result<Option<Present>, StoreError> {
        self.taken.insert(row_id);
        Present::read(self.connection, row_id)
    }

    fn by_number(&mut self, row_id: RowId, row: &InputRow) -> Result<Found, StoreError> {
        let why = if self.taken.contains(&row_id) {
            format!("row {row_id} stands in this file twice: the first stays; remove one of the two")
        } else {
            match self.take(row_id)? {
                Some(present) => return Ok(Found::Row(Box::new(present))),
                None => format!("there is no row {row_id} in this database: clear the cell to add a new row"),
            }
        };
        Ok(Found::Refused(Rejected {
            entity: row
                .verdict
                .as_ref()
                .map_or_else(|rejected| rejected.entity, |accepted| Some(accepted.record.entity())),
            entity_key: row.raw.get("entity_key").or_else(|| row.raw.get("email")).map(str::to_owned),
            reason: RejectionReason::InvalidInputSchema,
            column: Some("row_id".to_owned()),
            message: why,
        }))
    }

    /// By a key that the operator chose, then by the location or person, then by the derived key.
    fn by_key(&self, accepted: &Accepted) -> Result<Option<RowId>, StoreError> {
        let place = Place::find(self.connection, accepted)?;
        let chosen = accepted.cells.get("entity_key").is_some();
        let (keys, mut own): (Vec<_>, Vec<_>) =
            place.claims.iter().partition(|claim| claim.scope.starts_with("entity_key"));
        own.retain(|claim| matches!(claim.scope, "location" | "user" | "assignment"));
        let first = if chosen { &keys } else { &own };
        for claim in first.iter().chain(own.iter().filter(|_| chosen)) {
            if let Some(owner) = self.free(keys::owner(self.connection, claim.scope, &claim.value)?) {
                return Ok(Some(owner));
            }
        }
        for claim in keys.iter().filter(|_| !chosen) {
            if let Some(owner) = self.free(keys::owner(self.connection, claim.scope, &claim.value)?)
                && self.waits(owner)?
            {
                return Ok(Some(owner));
            }
        }
        if let Some(row_id) = self.by_row_ref(accepted.cells.get("row_ref"))? {
            return Ok(Some(row_id));
        }
        self.only_rejected("entity_key = ?1", &place.entity_key, Some(accepted.record.entity()))
    }

    /// Whether a row waits for a correction. Under the same extension with another address a row is meant only then:
    /// else somebody new would be given the row of the one who has it.
    fn waits(&self, row_id: RowId) -> Result<bool, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT 1 FROM rows WHERE row_id = ?1 AND state = 'pending'")?;
        Ok(statement.exists([row_id.get()])?)
    }

    /// By what can be told of a record that is invalid.
    fn by_told_key(&self, rejected: &Rejected, row: &InputRow) -> Result<Option<RowId>, StoreError> {
        let told = rejected.entity_key.as_deref().or_else(|| row.raw.get("email"));
        if let (Some(entity), Some(key)) = (rejected.entity, told) {
            let scopes: &[(&str, String)] = &match entity {
                EntityType::Location => {
                    [("entity_key location", key.to_owned()), ("location", fold_name(key))]
                }
                EntityType::User => [("entity_key user", key.to_owned()), ("user", key.to_lowercase())],
                EntityType::ExtensionAssignment => {
                    let email = row.raw.get("email").unwrap_or(key);
                    [("assignment", email.trim().to_lowercase()), ("entity_key assignment", key.to_owned())]
                }
            };
            for (scope, value) in scopes {
                if let Some(owner) = self.free(keys::owner(self.connection, scope, value)?) {
                    return Ok(Some(owner));
                }
            }
        }
        if let Some(row_id) = self.by_row_ref(row.raw.get("row_ref"))? {
            return Ok(Some(row_id));
        }
        match told {
            Some(key) => self.only_rejected("entity_key = ?1", key, rejected.entity),
            None => Ok(None),
        }
    }

    fn by_row_ref(&self, row_ref: Option<&str>) -> Result<Option<RowId>, StoreError> {
        let Some(row_ref) = row_ref else { return Ok(None) };
        if let Some(owner) = self.free(keys::owner(self.connection, "row_ref", row_ref)?) {
            return Ok(Some(owner));
        }
        self.only_rejected("row_ref = ?1", row_ref, None)
    }

    /// A rejected row that reads exactly as this record does.
    fn rejected_like(&self, row: &InputRow) -> Result<Option<RowId>, StoreError> {
        let seal = seal(&row.raw.to_json(), None);
        let mut statement = self.connection.prepare_cached(
            "SELECT row_id FROM rows WHERE state = 'rejected' AND row_sha256 = ?1 ORDER BY row_id",
        )?;
        let rows = statement.query_map([seal.as_slice()], |row| typed::<RowId>(row, "row_id"))?;
        for row_id in rows {
            if let Some(row_id) = self.free(Some(row_id?)) {
                return Ok(Some(row_id));
            }
        }
        Ok(None)
    }

    /// The rejected row for which this holds, if there is exactly one that no other record means.
    fn only_rejected(
        &self,
        condition: &str,
        value: &str,
        entity: Option<EntityType>,
    ) -> Result<Option<RowId>, StoreError> {
        let sql = format!(
            "SELECT row_id FROM rows WHERE state = '{}' AND {condition} AND (?2 IS NULL OR entity_type IS NULL OR entity_type = ?2)",
            RowState::Rejected
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let entity = entity.map(EntityType::as_str);
        let rows =
            statement.query_map(rusqlite::params![value, entity], |row| typed::<RowId>(row, "row_id"))?;
        let mut free = Vec::new();
        for row_id in rows {
            free.extend(self.free(Some(row_id?)));
        }
        match free.as_slice() {
            [only] => Ok(Some(*only)),
            _ => Ok(None),
        }
    }

    fn free(&self, row_id: Option<RowId>) -> Option<RowId> {
        row_id.filter(|row_id| !self.taken.contains(row_id))
    }
}
