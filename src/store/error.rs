//! What can go wrong with the state, by what the operator must do about it.

use std::path::{Path, PathBuf};

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no database at this place.
    #[error("there is no database at {path}\n  to start one: wxbulk ingest FILE.csv --db {path}", path = path.display())]
    Absent {
        /// The place.
        path: PathBuf,
    },
    /// The file is not a sound database of wxbulk.
    #[error("the database {path} cannot be trusted: {finding}\n  nothing was changed; put back a copy made with `VACUUM INTO`, or start anew in another directory", path = path.display())]
    Damaged {
        /// The place.
        path: PathBuf,
        /// What was found.
        finding: String,
    },
    /// Another process works on this database.
    #[error("another wxbulk works on {path}\n  wait for it or stop it; `wxbulk status` and `wxbulk export` work meanwhile", path = path.display())]
    Locked {
        /// The place.
        path: PathBuf,
    },
    /// The database is to be brought up to date, but another process works on it.
    #[error("{path} was made by an earlier version of wxbulk, and another one works on it: it can only be brought up to this version when that one has ended\n  wait for it or stop it; the version that works on it can tell its status meanwhile", path = path.display())]
    OlderInUse {
        /// The place.
        path: PathBuf,
    },
    /// The file given is not the one this database was made from.
    #[error(
        "this database was made from another file\n  in the database: sha256 {known}\n  this file:       sha256 {given}\n  to take over corrections: wxbulk ingest --amend FILE; for another job choose another --output-dir"
    )]
    OtherInput {
        /// The hash of the latest input.
        known: String,
        /// The hash of the given file.
        given: String,
    },
    /// A file of another job.
    #[error(
        "{place}: this file was written by another job ({given}), this database is of job {known}: its row numbers mean other rows\n  name the database of that job with --output-dir or --db; to take its rows in as rows of this job, delete the columns row_id and job; nothing was changed"
    )]
    OtherJob {
        /// File, line and column.
        place: String,
        /// The mark of this database.
        known: String,
        /// The mark in the file.
        given: String,
    },
    /// The database was made under another `PIPELINE_VERSION`.
    #[error(
        "this database was made under PIPELINE_VERSION {known}, now it is {given}\n  set it back, or start anew in another directory"
    )]
    OtherPipeline {
        /// As recorded.
        known: u32,
        /// As configured.
        given: u32,
    },
    /// The database belongs to another Webex.
    #[error(
        "this database belongs to another {what}: it was bound to {known}, now it is {given}\n  correct the environment, or start anew in another directory"
    )]
    OtherBinding {
        /// Base URL, organisation or ENVIRONMENT.
        what: &'static str,
        /// As bound.
        known: String,
        /// As given.
        given: String,
    },
    /// A condition given on the command line is no SQL on the view.
    #[error(
        "--where {condition:?}: {error}\n  it must be a condition on the columns of pending_rows, such as \"http_status = 404\""
    )]
    BadCondition {
        /// As given.
        condition: String,
        /// What SQLite says.
        error: String,
    },
    /// A file would bring the job over its limit.
    #[error(
        "with the new rows of this file the job has {rows} rows, more than {max_rows}: raise MAX_ROWS, or make another job of the new rows; nothing was changed"
    )]
    TooManyRows {
        /// `MAX_ROWS`.
        max_rows: u32,
        /// Rows of the job with the file.
        rows: u32,
    },
    /// The disk or the file system failed.
    #[error(
        "storage failed: {0}\n  nothing that was reported is lost; free the cause and run the same command again"
    )]
    Storage(String),
    /// Something that must hold did not.
    #[error("invariant broken: {0}")]
    Invariant(String),
}

impl StoreError {
    pub(super) fn damaged(path: &Path, finding: &str) -> StoreError {
        StoreError::Damaged { path: path.to_owned(), finding: finding.to_owned() }
    }

    /// Says what else it means that another process works on a database of an earlier version.
    pub(super) fn of_older(self) -> StoreError {
        match self {
            StoreError::Locked { path } => StoreError::OlderInUse { path },
            other => other,
        }
    }

    /// Fills in the place where only the finding was known.
    pub(super) fn at(self, place: &Path) -> StoreError {
        match self {
            StoreError::Damaged { finding, .. } => StoreError::damaged(place, &finding),
            other => other,
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> StoreError {
        use rusqlite::ErrorCode::{ConstraintViolation, DatabaseCorrupt, NotADatabase};
        match error.sqlite_error_code() {
            Some(DatabaseCorrupt | NotADatabase) => {
                StoreError::damaged(Path::new("(this)"), &error.to_string())
            }
            Some(ConstraintViolation) => StoreError::Invariant(error.to_string()),
            _ => StoreError::Storage(error.to_string()),
        }
    }
}

impl From<std::io::Error> for StoreError {
    fn from(error: std::io::Error) -> StoreError {
        StoreError::Storage(error.to_string())
    }
}
