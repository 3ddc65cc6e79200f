//! What `ingest` makes of one record of the file, on its way into the store.

use std::collections::BTreeMap;

use super::{EntityType, Record, RejectionReason, RowId};

/// Column name to text; blank cells are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Cells(BTreeMap<String, String>);

impl Cells {
    /// Sets a cell; a blank one is not kept.
    pub fn set(&mut self, column: &str, text: impl Into<String>) {
        let text = text.into();
        if text.is_empty() {
            self.0.remove(column);
        } else {
            self.0.insert(column.to_owned(), text);
        }
    }

    /// The cell's text, when it is filled.
    pub fn get(&self, column: &str) -> Option<&str> {
        self.0.get(column).map(String::as_str)
    }

    /// Filled cells in the order of their columns' names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(column, text)| (column.as_str(), text.as_str()))
    }

    /// Whether no cell is filled.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One line of JSON with the filled cells.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads what [`Cells::to_json`] wrote.
    pub fn from_json(json: &str) -> Option<Cells> {
        serde_json::from_str(json).ok()
    }
}

/// One record of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputRow {
    /// Its 1-based number.
    pub row_id: RowId,
    /// The line of the file on which it begins.
    pub line: u64,
    /// The `row_id` cell of one of wxbulk's own files, where there is one: matches the row in an amend.
    pub amends: Option<RowId>,
    /// The `job` cell beside it: the mark of the database that wrote the file. Without it `amends` says nothing.
    pub job: Option<String>,
    /// The filled cells as they were, secrets redacted: `raw_row_minified`.
    pub raw: Cells,
    /// What validation said.
    pub verdict: Result<Accepted, Rejected>,
}

/// A row that may be driven, if its keys are its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The typed row.
    pub record: Record,
    /// The filled cells, normalised; `Record::from_cells` gives `record` again.
    pub cells: Cells,
}

/// A row that is refused, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// What kind of row it means to be, when that can be told.
    pub entity: Option<EntityType>,
    /// Its key, as far as one can be told.
    pub entity_key: Option<String>,
    /// The code.
    pub reason: RejectionReason,
    /// The column at fault, when it is one.
    pub column: Option<String>,
    /// What is wrong, why, and how to fix it.
    pub message: String,
}
