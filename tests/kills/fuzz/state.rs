//! A database as it stands, read without the product.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;
use rusqlite::types::Value;

use super::model::Cells;

/// A row of the table `rows`.
#[derive(Clone, Debug)]
pub(super) struct RowState {
    pub(super) row_id: u32,
    pub(super) kind: String,
    pub(super) phase: u8,
    pub(super) state: String,
    pub(super) reason: String,
    pub(super) cause: String,
    pub(super) message: String,
    pub(super) remote_id: String,
    pub(super) blocked_by: Option<u32>,
    /// What it asks for, or, of a rejected row, what it says.
    pub(super) cells: Cells,
}

/// Every row, by its number.
pub(super) fn rows(database: &Connection) -> BTreeMap<u32, RowState> {
    let mut statement = database
        .prepare(
            "SELECT row_id, coalesce(entity_type, ''), coalesce(phase, 0), state, coalesce(reason, ''), coalesce(cause, ''),
                    coalesce(message, ''), coalesce(remote_id, ''), blocked_by, coalesce(cells, raw)
             FROM rows ORDER BY row_id",
        )
        .unwrap();
    let rows = statement.query_map([], |row| {
        let cells: String = row.get(9)?;
        Ok(RowState {
            row_id: row.get(0)?,
            kind: row.get(1)?,
            phase: row.get(2)?,
            state: row.get(3)?,
            reason: row.get(4)?,
            cause: row.get(5)?,
            message: row.get(6)?,
            remote_id: row.get(7)?,
            blocked_by: row.get(8)?,
            cells: serde_json::from_str(&cells).unwrap(),
        })
    });
    rows.unwrap().map(Result::unwrap).map(|row| (row.row_id, row)).collect()
}

/// Every line of every table, as text.
pub(super) fn dump(database: &Connection) -> Vec<String> {
    let tables = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name";
    let tables: Vec<String> =
        lines(database, tables).into_iter().map(|line| line.replace(['"', '|'], "")).collect();
    tables
        .iter()
        .flat_map(|table| {
            lines(database, &format!("SELECT * FROM {table}"))
                .into_iter()
                .map(move |line| format!("{table}: {line}"))
        })
        .collect()
}

/// The lines of an answer, as text.
pub(super) fn lines(database: &Connection, sql: &str) -> Vec<String> {
    let mut statement = database.prepare(sql).unwrap();
    let columns = statement.column_count();
    let rows = statement.query_map([], |row| {
        (0..columns)
            .map(|column| {
                Ok(match row.get::<_, Value>(column)? {
                    Value::Text(text) => format!("{text:?}|"),
                    other => format!("{other:?}|"),
                })
            })
            .collect::<rusqlite::Result<String>>()
    });
    rows.unwrap().map(Result::unwrap).collect()
}

/// What is only ever added to.
pub(super) fn history(database: &Connection) -> BTreeSet<String> {
    [
        "SELECT 'outcome', * FROM outcomes",
        "SELECT 'step', * FROM steps",
        "SELECT 'call', call_id, run_id, row_id, attempt, operation, feature, mutating, intent_at FROM calls",
        "SELECT 'input', input_id, input_hash, kind FROM inputs",
    ]
    .iter()
    .flat_map(|sql| lines(database, sql))
    .collect()
}
