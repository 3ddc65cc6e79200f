//! The stored plan and the findings of the last verification as CSV, for whoever asked for them.

use std::io::Write;

use super::ExportError;
use super::table::view;
use crate::domain::Effect;
use crate::store::Store;

/// Every planned row, or those that come to one effect: one line a write, and one for a row without any.
pub fn write_plan(store: &Store, only: Option<Effect>, out: &mut dyn Write) -> Result<(), ExportError> {
    let condition = only.map_or_else(String::new, |effect| format!("WHERE effect = '{effect}'"));
    let sql = format!("SELECT * FROM planned {condition} ORDER BY phase, row_id, position");
    store.read(|connection| Ok(view(connection, &sql, out)))?
}

/// Every row that the last verification did not find in place: one line a value, and one for a row without any.
pub fn write_findings(store: &Store, out: &mut dyn Write) -> Result<(), ExportError> {
    let sql = "SELECT c.row_id, r.entity_type, r.entity_key, r.location_key, d.field, d.expected, d.found, c.verdict, c.verified_at,
                      c.message
               FROM checks c JOIN rows r USING (row_id) LEFT JOIN check_differences d USING (row_id)
               WHERE c.verdict != 'in_place' AND c.survey = (SELECT number FROM surveys WHERE purpose = 'verify')
               ORDER BY r.phase, c.row_id, d.position";
    store.read(|connection| Ok(view(connection, sql, out)))?
}
