//! Takes rows out of the job on purpose: they stay with all their history, are never worked and hold no keys.

use rusqlite::Connection;

use super::amend::Present;
use super::{Lock, Store, StoreError, keys, now, selection};
use crate::domain::{RowId, RowState};

/// Which rows are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DropChoice {
    /// These.
    Rows(Vec<RowId>),
    /// Every rejected row.
    Rejected,
}

/// A row that would be dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DropRow {
    /// Its number.
    pub row_id: RowId,
    /// Its line in the file that gave it.
    pub line: u64,
    /// Its key, as far as it has one.
    pub entity_key: Option<String>,
    /// Where it stands.
    pub state: RowState,
    /// The reason code of a pending or rejected row.
    pub reason: Option<String>,
}

/// What `drop` would do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DropPreview {
    /// Rows that can be dropped.
    pub rows: Vec<DropRow>,
    /// Rows that are dropped already.
    pub dropped: u32,
    /// Rows that are there and cannot be dropped, and why.
    pub refused: Vec<(RowId, RowState)>,
    /// Numbers that no row has.
    pub absent: Vec<RowId>,
}

impl Store {
    /// What `drop` would do; changes nothing.
    pub fn preview_drop(&self, choice: &DropChoice) -> Result<DropPreview, StoreError> {
        self.read(|connection| preview(connection, choice))
    }

    /// Drops rows and says how many, and how many rows that depend on them are ready again, to say what that means for
    /// them. Nothing is done unless every row can be dropped.
    pub fn drop_rows(&self, _lock: &Lock, choice: &DropChoice) -> Result<(u32, u32), StoreError> {
        self.write(|connection| {
            let rows: Vec<RowId> =
                preview(connection, choice)?.rows.into_iter().map(|row| row.row_id).collect();
            for row_id in &rows {
                drop_row(connection, *row_id)?;
            }
            let woken = selection::wake_dependents(connection, &rows)?;
            Ok((u32::try_from(rows.len()).unwrap_or(u32::MAX), woken))
        })
    }
}

fn preview(connection: &Connection, choice: &DropChoice) -> Result<DropPreview, StoreError> {
    let mut preview = DropPreview::default();
    match choice {
        DropChoice::Rows(rows) => {
            let rows: std::collections::BTreeSet<&RowId> = rows.iter().collect();
            rows.into_iter().try_for_each(|row_id| preview.add(connection, *row_id))?;
        }
        DropChoice::Rejected => {
            let mut statement =
                connection.prepare("SELECT row_id FROM rows WHERE state = 'rejected' ORDER BY row_id")?;
            let rows = statement.query_map([], |row| super::columns::typed(row, "row_id"))?;
            for row_id in rows {
                preview.add(connection, row_id?)?;
            }
        }
    }
    Ok(preview)
}

impl DropPreview {
    fn add(&mut self, connection: &Connection, row_id: RowId) -> Result<(), StoreError> {
        let Some(present) = Present::read(connection, row_id)? else {
            self.absent.push(row_id);
            return Ok(());
        };
        let state = present.state;
        match state {
            RowState::Dropped => self.dropped = self.dropped.saturating_add(1),
            RowState::Running | RowState::Success => self.refused.push((row_id, state)),
            RowState::Ready | RowState::Pending | RowState::Rejected => {
                let sql = "SELECT reason FROM rows WHERE row_id = ?1";
                let reason = connection.prepare_cached(sql)?.query_row([row_id.get()], |row| row.get(0))?;
                self.rows.push(DropRow {
                    row_id,
                    line: present.line,
                    entity_key: present.entity_key,
                    state,
                    reason,
                });
            }
        }
        Ok(())
    }
}

/// What the row was is kept in its message, and its ends in the history.
fn drop_row(connection: &Connection, row_id: RowId) -> Result<(), StoreError> {
    let Some(present) = Present::read(connection, row_id)? else { return Ok(()) };
    keys::give_back(connection, row_id, &present.claims()?)?;
    connection
        .prepare_cached(
            "UPDATE rows SET state = 'dropped', reason = NULL, cause = NULL, blocked_by = NULL, updated_at = ?1,
                 message = 'dropped on purpose; it was ' || state || coalesce(' (' || reason || ')', '')
                           || iif(reason IS NULL, '', coalesce(': ' || message, ''))
             WHERE row_id = ?2",
        )?
        .execute(rusqlite::params![now(), row_id.get()])?;
    Ok(())
}
