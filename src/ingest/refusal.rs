//! Why a whole file is refused: nothing of it is ingested.

use crate::domain::EntityType;

use super::text::shown;

/// A reason to refuse the whole file; each says where, what, why and how to fix it.
#[derive(Debug, thiserror::Error)]
pub enum FileRefusal {
    /// The file cannot be opened or read.
    #[error("{path}: cannot be read: {source}")]
    Unreadable {
        /// The file.
        path: String,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The path names something else than a file or a pipe.
    #[error("{path}: is {what}: give the path of a CSV file")]
    NotAFile {
        /// The path.
        path: String,
        /// What it is.
        what: &'static str,
    },
    /// The bytes are those of another type of file.
    #[error("{path}: is {what}, whatever its name says: {fix}")]
    OtherType {
        /// The file.
        path: String,
        /// What it is.
        what: &'static str,
        /// What to do.
        fix: &'static str,
    },
    /// There is no record behind the header, or nothing at all.
    #[error("{path}: {what}: nothing to do; `wxbulk template` prints a sample")]
    Empty {
        /// The file.
        path: String,
        /// What is missing.
        what: &'static str,
    },
    /// An option for reading the file is no such thing, or contradicts the file.
    #[error("{path}: {option}: {why}")]
    Option {
        /// The file.
        path: String,
        /// The option.
        option: &'static str,
        /// What is wrong and how to fix it.
        why: String,
    },
    /// A byte sequence is not text in the file's encoding.
    #[error("{path}:{line}: byte {byte:#04x} at offset {offset} is not {encoding}: {fix}")]
    Undecodable {
        /// The file.
        path: String,
        /// The line of the byte.
        line: u64,
        /// Its offset from the beginning of the file.
        offset: u64,
        /// The first byte that cannot be read.
        byte: u8,
        /// The encoding in which the file was read.
        encoding: &'static str,
        /// What to do.
        fix: &'static str,
    },
    /// The header cannot be used.
    #[error("{path}:{line}:{column}: {why}")]
    Header {
        /// The file.
        path: String,
        /// The line of the header.
        line: u64,
        /// The column at fault: its name, or its number where it has none.
        column: String,
        /// What is wrong and how to fix it.
        why: String,
    },
    /// A row's entity needs a column that the header lacks.
    #[error(
        "{path}:{line}:{column}: the header lacks this column, but the {entity} row on this line needs it: add it"
    )]
    MissingColumn {
        /// The file.
        path: String,
        /// The line of the first such row.
        line: u64,
        /// The column, or the columns one of which is needed.
        column: String,
        /// The kind of row.
        entity: EntityType,
    },
    /// Lines end in CR alone.
    #[error("{path}:{line}: lines end in CR alone: save the file again with LF or CRLF line ends")]
    LoneCr {
        /// The file.
        path: String,
        /// The line.
        line: u64,
    },
    /// A quote is not closed where its cell ends.
    #[error("{path}:{line}:{column}: the `\"` that opens here {what}")]
    Quote {
        /// The file.
        path: String,
        /// The line on which it opens.
        line: u64,
        /// The column of its cell: the name, or the number where there is none.
        column: String,
        /// Where it is closed, what is wrong with that, and how to fix it.
        what: String,
    },
    /// A record is longer than any real one.
    #[error(
        "{path}:{line}: {what} here is longer than {limit} bytes: this is not a CSV for wxbulk, or a `\"` is not closed"
    )]
    TooLong {
        /// The file.
        path: String,
        /// The line on which it begins.
        line: u64,
        /// The record or the header line.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// There are more records than `MAX_ROWS`.
    #[error("{path}:{line}: more than {max_rows} rows: split the file by location, or raise MAX_ROWS")]
    TooManyRows {
        /// The file.
        path: String,
        /// The line of the first record too many.
        line: u64,
        /// The limit.
        max_rows: u32,
    },
    /// The file is not what it was when it was opened.
    #[error("{path}: was changed while it was read: close it in other programs and try again")]
    Changed {
        /// The file.
        path: String,
    },
    /// The hash was asked for before the last record was read.
    #[error("{path}: was not read to its end, so its hash is not known")]
    Unfinished {
        /// The file.
        path: String,
    },
}

impl FileRefusal {
    /// Whether a static limit (`MAX_ROWS`) was exceeded, which has an exit code of its own.
    pub const fn is_limit(&self) -> bool {
        matches!(self, FileRefusal::TooManyRows { .. })
    }

    pub(super) fn option(path: &str, option: &'static str, why: impl Into<String>) -> FileRefusal {
        FileRefusal::Option { path: path.to_owned(), option, why: why.into() }
    }

    pub(super) fn unreadable(path: &str, source: std::io::Error) -> FileRefusal {
        FileRefusal::Unreadable { path: path.to_owned(), source }
    }
}

/// The path as it can be printed on one line.
pub(super) fn printable(path: &std::path::Path) -> String {
    let text = path.display().to_string();
    if text.chars().any(char::is_control) { shown(&text) } else { text }
}
