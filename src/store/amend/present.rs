//! A row of the database as a corrected file, or a wish to drop it, meets it.

use rusqlite::{Connection, OptionalExtension, Row};

use super::matching::By;
use super::{CellChange, Change, RowChange};
use crate::domain::{
    Accepted, Cells, EntityType, InputRow, Record, Rejected, RejectionReason, RowId, RowState,
};
use crate::store::StoreError;
use crate::store::columns::{optional, typed};
use crate::store::ingested::read_back;
use crate::store::keys::{Claim, Place};

/// What is known of the row.
#[derive(Debug)]
pub(in crate::store) struct Present {
    pub(in crate::store) row_id: RowId,
    pub(in crate::store) state: RowState,
    pub(in crate::store) entity: Option<EntityType>,
    pub(in crate::store) entity_key: Option<String>,
    pub(in crate::store) location_key: String,
    pub(in crate::store) line: u64,
    pub(in crate::store) raw: Cells,
    /// `None` for a rejected row.
    pub(in crate::store) cells: Option<Cells>,
}

const COLUMNS: &str = "row_id, state, entity_type, entity_key, location_key, line, raw, cells";

impl Present {
    pub(in crate::store) fn read(
        connection: &Connection,
        row_id: RowId,
    ) -> Result<Option<Present>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM rows WHERE row_id = ?1");
        Ok(connection.prepare_cached(&sql)?.query_row([row_id.get()], Present::of).optional()?)
    }

    /// Every row of a person that has keys.
    pub(super) fn walk_persons(
        connection: &Connection,
        mut each: impl FnMut(Present) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM rows WHERE phase > 1 AND state NOT IN ('rejected', 'dropped') ORDER BY row_id"
        );
        let mut statement = connection.prepare(&sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            each(Present::of(row)?)?;
        }
        Ok(())
    }

    fn of(row: &Row<'_>) -> rusqlite::Result<Present> {
        let cells: Option<String> = row.get("cells")?;
        let raw: String = row.get("raw")?;
        Ok(Present {
            row_id: typed(row, "row_id")?,
            state: typed(row, "state")?,
            entity: optional(row, "entity_type")?,
            entity_key: row.get("entity_key")?,
            location_key: row.get::<_, Option<String>>("location_key")?.unwrap_or_default(),
            line: row.get::<_, i64>("line")?.unsigned_abs(),
            raw: Cells::from_json(&raw).unwrap_or_default(),
            cells: cells.as_deref().and_then(Cells::from_json),
        })
    }

    /// The row as it is driven; `None` for a rejected one.
    pub(super) fn accepted(&self) -> Result<Option<Accepted>, StoreError> {
        match (self.entity, &self.cells) {
            (Some(entity), Some(cells)) => read_back(entity, &cells.to_json()).map(Some),
            _ => Ok(None),
        }
    }

    /// The keys that the row has.
    pub(in crate::store) fn claims(&self) -> Result<Vec<Claim>, StoreError> {
        Ok(match self.accepted()? {
            Some(accepted) => Place::of(&accepted, &self.location_key).all_claims(&accepted.cells),
            // A duplicate keeps its reference.
            None => Claim::of_row_ref(&self.raw).into_iter().collect(),
        })
    }

    /// Completes a record by what only the database has: a column that the file lacks says nothing of its cell, and a
    /// key that an export derived is not one that the operator chose.
    pub(super) fn carry_over(
        &self,
        connection: &Connection,
        row: &mut InputRow,
        columns: &[String],
    ) -> Result<(), StoreError> {
        let drop_key = match row.raw.get("entity_key") {
            Some(key) => self.was_derived(connection, key)?,
            None => false,
        };
        if drop_key {
            row.raw.set("entity_key", "");
        }
        let lacks = |column: &str| !columns.iter().any(|known| known == column);
        // What a rejected row held in other columns was never read: the record alone counts.
        let kept = self.cells.iter().flat_map(|_| self.raw.iter());
        for (column, text) in kept.filter(|(column, _)| lacks(column)) {
            row.raw.set(column, text);
        }
        let Ok(accepted) = &row.verdict else { return Ok(()) };
        let entity = accepted.record.entity();
        let mut cells = accepted.cells.clone();
        if drop_key {
            cells.set("entity_key", "");
        }
        if self.cells.is_some() && self.entity != Some(entity) {
            row.verdict = Err(self.other_kind(entity));
            return Ok(());
        }
        for (column, text) in self.cells.iter().flat_map(Cells::iter).filter(|(column, _)| lacks(column)) {
            cells.set(column, text);
        }
        row.verdict = match Record::from_cells(entity, &cells) {
            Ok(record) => Ok(Accepted { record, cells }),
            Err(error) => Err(Rejected {
                entity: Some(entity),
                entity_key: self.entity_key.clone(),
                reason: RejectionReason::InvalidInputSchema,
                column: Some(error.column),
                message: error.why,
            }),
        };
        Ok(())
    }

    /// Whether the row has or had this key by derivation: then a file of ours states it, and nobody chose it.
    fn was_derived(&self, connection: &Connection, key: &str) -> Result<bool, StoreError> {
        if self.raw.get("entity_key").is_none() && self.entity_key.as_deref() == Some(key) {
            return Ok(true);
        }
        let sql = "SELECT 1 FROM derived_keys WHERE row_id = ?1 AND entity_key = ?2";
        Ok(connection.prepare_cached(sql)?.exists(rusqlite::params![self.row_id.get(), key])?)
    }

    /// Whether a record, completed, states the row as it is. A rejected row is not stated by anything: it is to change.
    pub(super) fn is_stated_by(&self, row: &InputRow) -> bool {
        match (&self.cells, &row.verdict) {
            (Some(cells), Ok(accepted)) => *cells == accepted.cells,
            (Some(_), Err(_)) => false,
            (None, _) => self.state == RowState::Dropped && self.raw == row.raw,
        }
    }

    fn other_kind(&self, entity: EntityType) -> Rejected {
        let present = self.entity.map_or("other", EntityType::as_str);
        Rejected {
            entity: Some(entity),
            entity_key: self.entity_key.clone(),
            reason: RejectionReason::InvalidInputSchema,
            column: Some("entity_type".to_owned()),
            message: format!(
                "row {} is a row of type {present} and cannot become one of type {entity}: clear its row_id to add a new row",
                self.row_id
            ),
        }
    }
}

/// Whether a change of this cell is a change of what the row asks of Webex.
fn drives(column: &str) -> bool {
    column != "row_ref" && column != "entity_key" && !column.starts_with("x_")
}

/// The cells in which a correction differs from what the row states so far.
pub(super) fn differences(present: &Present, raw: &Cells, accepted: &Accepted) -> Vec<CellChange> {
    let (was, now) = match &present.cells {
        Some(cells) => (cells, &accepted.cells),
        // A rejected row has no normalised cells.
        None => (&present.raw, raw),
    };
    let columns: std::collections::BTreeSet<&str> =
        was.iter().chain(now.iter()).map(|(column, _)| column).collect();
    columns
        .into_iter()
        .filter(|column| was.get(column) != now.get(column))
        .map(|column| CellChange {
            column: column.to_owned(),
            was: was.get(column).map(str::to_owned),
            now: now.get(column).map(str::to_owned),
        })
        .collect()
}

impl Change {
    /// Whether the row is to run: it is new, was rejected or dropped, or asks for something else than before.
    pub(super) fn runs(&self) -> bool {
        match &self.present {
            Some(present) if present.cells.is_some() && present.state != RowState::Dropped => {
                self.cells.iter().any(|cell| drives(&cell.column))
            }
            _ => true,
        }
    }

    /// What is told of it, its cells included.
    pub(super) fn tell(self) -> RowChange {
        let ready =
            self.runs() || self.present.as_ref().is_some_and(|present| present.state == RowState::Ready);
        let given = self.accepted.cells.get("entity_key").map(str::to_owned);
        let present = self.present.as_ref();
        let key = || present.and_then(|present| present.entity_key.clone());
        RowChange {
            row_id: self.row_id.get(),
            line: self.line,
            entity_key: given.or_else(key).unwrap_or_else(|| super::replace::place_key(&self.accepted)),
            was: present.map(|present| present.state.as_str()),
            by: self.by.map(By::as_str),
            ready,
            cells: self.cells,
        }
    }
}
