//! Which row of the database a record of a corrected file means (R12): in a file of this job the one whose `row_id` it
//! carries, else the one with its key, else the one with its `row_ref` where that is the same person or place, else a
//! row without keys that reads the same. A rejected row is also meant by its place in a file that has nearly all rows of
//! the job. No other row is: the file of another job has places too.

use std::collections::{HashMap, HashSet};

use rusqlite::Connection;

use super::present::Present;
use crate::domain::{Accepted, EntityType, InputRow, Rejected, RejectionReason, RowId, RowState, fold_name};
use crate::store::StoreError;
use crate::store::columns::typed;
use crate::store::ingested::seal;
use crate::store::keys::{self, Place, canonical_key};

/// The part of the job's rows, in hundredths, that a file must have by other ways before a place in it says anything.
const MUST_HAVE: u32 = 90;

/// The rows without keys, as the indices on them say it, and what they may be found by.
const KEYLESS: &str = "state IN ('rejected', 'dropped')";
const EMAIL: &str = "lower(trim(json_extract(raw, '$.email'))) = ?1";
const ENTITY_KEY: &str = "entity_key = ?1";
const ROW_REF: &str = "row_ref = ?1";

/// By what a record was found to mean a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    RowId,
    Key,
    RowRef,
    Text,
    Place,
}

impl By {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            By::RowId => "row_id",
            By::Key => "key",
            By::RowRef => "row_ref",
            By::Text => "text",
            By::Place => "place",
        }
    }
}

/// What is known of a record so far.
pub(super) enum Found {
    /// It means this row.
    Row(Box<Present>, By),
    /// Only its place in the whole file may tell.
    Later,
    /// It names a row that it cannot mean.
    Refused(Rejected),
}

/// Finds rows, each for one record only.
pub(super) struct Matcher<'a> {
    connection: &'a Connection,
    /// The columns of the file.
    columns: &'a [String],
    /// The mark of this job in its files.
    mark: String,
    taken: HashSet<RowId>,
    /// Of those taken, the ones that are part of the job.
    of_the_job: u32,
    aside: Vec<InputRow>,
    last_row_id: u32,
}

impl<'a> Matcher<'a> {
    pub(super) fn begin(
        connection: &'a Connection,
        columns: &'a [String],
    ) -> Result<Matcher<'a>, StoreError> {
        let last_row_id =
            connection.query_row("SELECT coalesce(max(row_id), 0) FROM rows", [], |row| row.get(0))?;
        let mark = connection.query_row("SELECT mark FROM job", [], |row| row.get(0))?;
        let (taken, aside) = (HashSet::new(), Vec::new());
        Ok(Matcher { connection, columns, mark, taken, of_the_job: 0, aside, last_row_id })
    }

    pub(super) fn find(&mut self, row: &InputRow) -> Result<Found, StoreError> {
        if let (Some(row_id), Some(_)) = (row.amends, &row.job) {
            return self.by_number(row_id, row);
        }
        if let Err(rejected) = &row.verdict
            && rejected.column.as_deref() == Some("row_id")
        {
            return Ok(Found::Refused(rejected.clone()));
        }
        let found = match &row.verdict {
            Ok(accepted) => self.by_key(accepted, row)?,
            Err(rejected) => self.by_told_key(rejected, row)?,
        };
        let found = match found {
            Some(found) => Some(found),
            None => self.keyless_alike(row)?.map(|row_id| (row_id, By::Text)),
        };
        let Some((row_id, by)) = found else { return Ok(Found::Later) };
        Ok(self.take(row_id)?.map_or(Found::Later, |present| Found::Row(Box::new(present), by)))
    }

    /// Whether the files of this job carry this mark.
    pub(super) fn is_mark(&self, job: &str) -> bool {
        job.eq_ignore_ascii_case(&self.mark)
    }

    /// The mark of this job.
    pub(super) fn mark(&self) -> &str {
        &self.mark
    }

    pub(super) fn set_aside(&mut self, row: InputRow) {
        self.aside.push(row);
    }

    pub(super) fn take_aside(&mut self) -> Vec<InputRow> {
        std::mem::take(&mut self.aside)
    }

    /// The rejected rows that no record means yet, by their lines in files of as many rows as this one; none in a file
    /// that lacks too much of the job to be its own.
    pub(super) fn rejected_by_line(&self, rows: u32) -> Result<HashMap<u64, RowId>, StoreError> {
        let mut by_line = HashMap::new();
        let job = "SELECT coalesce(sum(rows), 0) FROM counts WHERE state != 'dropped'";
        let job: u32 = self.connection.query_row(job, [], |row| row.get(0))?;
        if self.of_the_job.saturating_mul(100) < job.saturating_mul(MUST_HAVE) {
            return Ok(by_line);
        }
        let mut statement = self.connection.prepare(
            "SELECT r.line, r.row_id FROM rows r JOIN inputs i USING (input_id)
             WHERE r.state = 'rejected' AND i.row_count = ?1 ORDER BY r.input_id",
        )?;
        let found = statement.query_map([rows], |row| {
            Ok((row.get::<_, i64>("line")?.unsigned_abs(), typed::<RowId>(row, "row_id")?))
        })?;
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
        let present = Present::read(self.connection, row_id)?;
        if present.as_ref().is_some_and(|present| present.state != RowState::Dropped) {
            self.of_the_job = self.of_the_job.saturating_add(1);
        }
        Ok(present)
    }

    fn by_number(&mut self, row_id: RowId, row: &InputRow) -> Result<Found, StoreError> {
        let why = if self.taken.contains(&row_id) {
            format!("row {row_id} stands in this file twice: the first stays; remove one of the two")
        } else {
            match self.take(row_id)? {
                Some(present) => return Ok(Found::Row(Box::new(present), By::RowId)),
                None => format!("there is no row {row_id} in this database: clear the cell to add a new row"),
            }
        };
        Ok(Found::Refused(Rejected {
            entity: entity_of(row),
            entity_key: row.raw.get("entity_key").or_else(|| row.raw.get("email")).map(str::to_owned),
            reason: RejectionReason::InvalidInputSchema,
            column: Some("row_id".to_owned()),
            message: why,
        }))
    }

    /// By a key that the operator chose, then by the location or person, then by the derived key.
    fn by_key(&self, accepted: &Accepted, row: &InputRow) -> Result<Option<(RowId, By)>, StoreError> {
        let place = Place::find(self.connection, accepted)?;
        let chosen = accepted.cells.get("entity_key").is_some();
        let (keys, mut own): (Vec<_>, Vec<_>) =
            place.claims.iter().partition(|claim| claim.scope.starts_with("entity_key"));
        own.retain(|claim| matches!(claim.scope, "location" | "user" | "assignment"));
        let first = if chosen { &keys } else { &own };
        for claim in first.iter().chain(own.iter().filter(|_| chosen)) {
            if let Some(owner) = self.free(keys::owner(self.connection, claim.scope, &claim.value)?) {
                return Ok(Some((owner, By::Key)));
            }
        }
        for claim in keys.iter().filter(|_| !chosen) {
            if let Some(owner) = self.free(keys::owner(self.connection, claim.scope, &claim.value)?)
                && self.waits(owner)?
            {
                return Ok(Some((owner, By::Key)));
            }
        }
        self.by_key_of_keyless(Some(&place.entity_key), row)
    }

    /// A row without keys by the person, then by the key that it is told by; else any by its `row_ref`.
    fn by_key_of_keyless(
        &self,
        key: Option<&str>,
        row: &InputRow,
    ) -> Result<Option<(RowId, By)>, StoreError> {
        let email = row.raw.get("email").map(|email| email.trim().to_ascii_lowercase());
        for (condition, value) in [(EMAIL, email.as_deref()), (ENTITY_KEY, key)] {
            if let Some(value) = value
                && let Some(found) = self.keyless(condition, value, row)?
            {
                return Ok(Some((found, By::Key)));
            }
        }
        self.by_row_ref(row)
    }

    /// Whether a row waits for a correction. Under the same extension with another address a row is meant only then:
    /// else somebody new would be given the row of the one who has it.
    fn waits(&self, row_id: RowId) -> Result<bool, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT 1 FROM rows WHERE row_id = ?1 AND state = 'pending'")?;
        Ok(statement.exists([row_id.get()])?)
    }

    /// By what can be told of a record that is invalid.
    fn by_told_key(&self, rejected: &Rejected, row: &InputRow) -> Result<Option<(RowId, By)>, StoreError> {
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
                    return Ok(Some((owner, By::Key)));
                }
            }
        }
        self.by_key_of_keyless(told, row)
    }

    fn by_row_ref(&self, row: &InputRow) -> Result<Option<(RowId, By)>, StoreError> {
        let Some(row_ref) = row.raw.get("row_ref").map(str::trim) else { return Ok(None) };
        let found = match self.free(keys::owner(self.connection, "row_ref", row_ref)?) {
            Some(owner) => Some(owner),
            None => self.keyless(ROW_REF, row_ref, row)?,
        };
        let present = found.map(|row_id| Present::read(self.connection, row_id)).transpose()?.flatten();
        Ok(match present {
            Some(present) if self.agree(&present, row)? => Some((present.row_id, By::RowRef)),
            _ => None,
        })
    }

    /// Whether a row and a record name one person or one place, as far as both name any.
    fn agree(&self, present: &Present, row: &InputRow) -> Result<bool, StoreError> {
        let was = present.cells.as_ref().unwrap_or(&present.raw);
        let kind = entity_of(row);
        let mut agreed = present.entity.is_none() || kind.is_none() || present.entity == kind;
        let mut named = false;
        for column in ["email", "location_name", "location_external_id", "location_key"] {
            let (Some(was), Some(now)) = (was.get(column), row.raw.get(column)) else { continue };
            let same = fold_name(was) == fold_name(now)
                || (column == "location_key" && self.canonical(was)? == self.canonical(now)?);
            (agreed, named) = (agreed && same, true);
        }
        Ok(agreed && named)
    }

    fn canonical(&self, reference: &str) -> Result<String, StoreError> {
        Ok(canonical_key(self.connection, reference)?.unwrap_or_else(|| fold_name(reference)))
    }

    /// A row without keys that reads exactly as this record does.
    fn keyless_alike(&self, row: &InputRow) -> Result<Option<RowId>, StoreError> {
        let seal = seal(&row.raw.to_json(), None);
        let sql = format!("SELECT row_id FROM rows WHERE {KEYLESS} AND row_sha256 = ?1 ORDER BY row_id");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map([seal.as_slice()], |row| typed::<RowId>(row, "row_id"))?;
        for row_id in rows {
            if let Some(row_id) = self.free(Some(row_id?)) {
                return Ok(Some(row_id));
            }
        }
        Ok(None)
    }

    /// The row without keys for which this holds, if there is exactly one that no other record means. Of several a dropped
    /// one is meant if the record states it as it is: a file from before it was dropped is no reason to work it.
    fn keyless(&self, condition: &str, value: &str, row: &InputRow) -> Result<Option<RowId>, StoreError> {
        let sql = format!(
            "SELECT row_id FROM rows WHERE {KEYLESS} AND {condition} AND (?2 IS NULL OR entity_type IS NULL OR entity_type = ?2)"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let entity = entity_of(row).map(EntityType::as_str);
        let rows =
            statement.query_map(rusqlite::params![value, entity], |row| typed::<RowId>(row, "row_id"))?;
        let mut meant = Vec::new();
        for row_id in rows {
            let Some(row_id) = self.free(Some(row_id?)) else { continue };
            let present = Present::read(self.connection, row_id)?;
            if let Some(present) = present
                && (present.state == RowState::Rejected || self.same_target(&present, row)?)
            {
                meant.push(present);
            }
        }
        if let [only] = meant.as_slice() {
            return Ok(Some(only.row_id));
        }
        for present in meant {
            let mut row = row.clone();
            present.carry_over(self.connection, &mut row, self.columns)?;
            if present.is_stated_by(&row) {
                return Ok(Some(present.row_id));
            }
        }
        Ok(None)
    }

    /// Whether a record means the location or person of a dropped row, whose keys another row may have taken.
    fn same_target(&self, dropped: &Present, row: &InputRow) -> Result<bool, StoreError> {
        match (dropped.accepted()?, &row.verdict) {
            (Some(was), Ok(now)) => Ok(was.record.same_target(&now.record)),
            _ => self.agree(dropped, row),
        }
    }

    fn free(&self, row_id: Option<RowId>) -> Option<RowId> {
        row_id.filter(|row_id| !self.taken.contains(row_id))
    }
}

/// The kind of row that a record says it is, as far as that can be told.
fn entity_of(row: &InputRow) -> Option<EntityType> {
    match &row.verdict {
        Ok(accepted) => Some(accepted.record.entity()),
        Err(rejected) => rejected.entity,
    }
}
