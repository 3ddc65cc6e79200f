//! What is told of an input file, and what the loading of it tells.

use super::StoreError;
use crate::domain::Rejected;

/// What is known of an input file beside its rows.
#[derive(Debug, Clone)]
pub struct InputFacts {
    /// As given on the command line.
    pub path: String,
    /// The delimiter that was found or given.
    pub delimiter: char,
    /// The encoding that was found or given.
    pub encoding: String,
    /// The header's columns, folded, in the order of the file.
    pub columns: Vec<String>,
    /// `PIPELINE_VERSION`.
    pub pipeline_version: u32,
}

/// What became of the rows of a file.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct LoadReport {
    /// Records in the file.
    pub rows: u32,
    /// Accepted location rows.
    pub locations: u32,
    /// Accepted user rows.
    pub users: u32,
    /// Accepted assignment rows.
    pub assignments: u32,
    /// Rejected rows.
    pub rejected: u32,
    /// The first of them.
    pub samples: Vec<RejectedSample>,
    /// Accepted assignment rows whose extension has more digits than most organisations allow.
    pub long_extensions: u32,
    /// The line of the first of them.
    pub first_long_extension: Option<u64>,
}

/// One rejected row, as the terminal shows it.
#[derive(Debug, Clone, serde::Serialize)]
pub struct RejectedSample {
    /// Its line in the file.
    pub line: u64,
    /// The column at fault.
    pub column: Option<String>,
    /// The reason code.
    pub reason: &'static str,
    /// What is wrong and how to fix it.
    pub message: String,
}

impl RejectedSample {
    pub(super) fn of(line: u64, rejected: &Rejected) -> RejectedSample {
        RejectedSample {
            line,
            column: rejected.column.clone(),
            reason: rejected.reason.as_str(),
            message: rejected.message.clone(),
        }
    }
}

/// Why a file was not taken in.
#[derive(Debug)]
pub enum LoadError<E> {
    /// The file itself is refused.
    Source(E),
    /// The store failed.
    Store(StoreError),
}

impl<E> From<StoreError> for LoadError<E> {
    fn from(error: StoreError) -> Self {
        LoadError::Store(error)
    }
}

impl<E> From<rusqlite::Error> for LoadError<E> {
    fn from(error: rusqlite::Error) -> Self {
        LoadError::Store(error.into())
    }
}
