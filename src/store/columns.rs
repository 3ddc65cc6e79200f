//! Domain types in and out of SQL columns.

use rusqlite::functions::FunctionFlags;
use rusqlite::types::{FromSqlError, FromSqlResult, ValueRef};
use rusqlite::{Connection, Row, types::FromSql};

use crate::domain::{
    BatchId, EntityType, Fact, Feature, Operation, PendingReason, Phase, RemoteId, RowId, RowState, Step,
};

/// A value whose text form stands in a column.
pub(super) trait TextColumn: Sized {
    fn from_column(text: &str) -> Option<Self>;
}

macro_rules! text_column {
    ($($name:ty),+) => { $(impl TextColumn for $name {
        fn from_column(text: &str) -> Option<Self> { <$name>::from_text(text) }
    })+ };
}

text_column!(EntityType, Fact, Feature, Operation, PendingReason, RowState, Step);

impl TextColumn for RemoteId {
    fn from_column(text: &str) -> Option<Self> {
        RemoteId::parse(text).ok()
    }
}

/// Adds `canonical_id(ID)`, by which SQL compares ids as the domain does. No view, trigger or index may use it: other
/// programs that open the database do not have it.
pub(super) fn add_functions(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("canonical_id", 1, flags, |context| {
        let id: Option<String> = context.get(0)?;
        Ok(id.map(|id| RemoteId::parse(&id).map_or(id, |id| id.canonical())))
    })
}

/// Wraps a domain type so that `row.get` reads it.
pub(super) struct Typed<T>(pub(super) T);

impl<T: TextColumn> FromSql for Typed<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        T::from_column(value.as_str()?).map(Typed).ok_or(FromSqlError::InvalidType)
    }
}

impl FromSql for Typed<RowId> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        u32::column_result(value)
            .and_then(|number| RowId::new(number).map(Typed).ok_or(FromSqlError::InvalidType))
    }
}

impl FromSql for Typed<Phase> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        u8::column_result(value)
            .and_then(|number| Phase::from_number(number).map(Typed).ok_or(FromSqlError::InvalidType))
    }
}

/// Reads a typed column that must be filled.
pub(super) fn typed<T>(row: &Row<'_>, column: &str) -> rusqlite::Result<T>
where
    Typed<T>: FromSql,
{
    row.get::<_, Typed<T>>(column).map(|typed| typed.0)
}

/// Reads a typed column that may be NULL.
pub(super) fn optional<T>(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<T>>
where
    Typed<T>: FromSql,
{
    row.get::<_, Option<Typed<T>>>(column).map(|typed| typed.map(|typed| typed.0))
}

/// Reads a batch's name from its two columns.
pub(super) fn batch_id(row: &Row<'_>) -> rusqlite::Result<BatchId> {
    Ok(BatchId { phase: typed(row, "phase")?, number: row.get("number")? })
}
