//! The files: views of the database, each replaced as a whole, and never over someone's edits unasked.

mod atomic;
mod checkpoint;
mod escape;
mod survey;
mod table;

use std::path::{Path, PathBuf};

use crate::domain::InputHash;
use crate::store::{Store, StoreError};
use atomic::{Prepared, Turn};

pub use atomic::{clean_leftovers, write_lab_report};
pub use checkpoint::check_checkpoint;
pub use survey::{write_findings, write_plan};

/// One of the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// Every finished row with its latest end.
    Results,
    /// The rows that wait for the operator, with their input columns.
    Pending,
    /// The rows that were refused, with their input columns.
    Rejected,
    /// Every accepted row, normalised.
    ReadyToLoad,
    /// How far the phases are; written last.
    Checkpoint,
}

impl FileKind {
    /// In the order in which they are written.
    pub const ALL: [FileKind; 5] = [
        FileKind::Results,
        FileKind::Pending,
        FileKind::Rejected,
        FileKind::ReadyToLoad,
        FileKind::Checkpoint,
    ];

    /// Its name in the output directory.
    pub const fn file_name(self) -> &'static str {
        match self {
            FileKind::Results => "results.csv",
            FileKind::Pending => "pending_rows.csv",
            FileKind::Rejected => "rejected_rows.csv",
            FileKind::ReadyToLoad => "ready_to_load.csv",
            FileKind::Checkpoint => "checkpoint.json",
        }
    }

    /// The kind that a user means by `results`, `results.csv`, ...
    pub fn from_user(text: &str) -> Option<FileKind> {
        FileKind::ALL.into_iter().find(|kind| {
            let name = kind.file_name();
            text == name || name.split('.').next() == Some(text)
        })
    }
}

/// What to do with a file that is not as wxbulk wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edited {
    /// Write nothing and say so.
    Refuse,
    /// Leave that file alone and write the others.
    Keep,
    /// Leave that file alone, unless it is the one with this hash, whose corrections were all taken over just now.
    KeepOthersThan(InputHash),
    /// Replace it.
    Overwrite,
}

/// What an export did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exported {
    /// Written, or found to be up to date.
    pub current: Vec<PathBuf>,
    /// Left alone because someone edited them.
    pub kept: Vec<PathBuf>,
}

/// Why the files could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// Someone edited a file, or it is not ours.
    #[error("{} is not as wxbulk wrote it; it was not overwritten, and no file was changed\n{}", path.display(), ways_out(path))]
    Edited {
        /// The file.
        path: PathBuf,
    },
    /// `checkpoint.json` cannot be read.
    #[error("{path} is damaged: {finding}; nothing was overwritten\n  the state is in the database, not in this file: wxbulk export --force writes it anew", path = path.display())]
    CheckpointDamaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        finding: String,
    },
    /// `checkpoint.json` belongs to another input.
    #[error("{path} belongs to another input (sha256 {hash}); nothing was overwritten\n  choose another --output-dir, or wxbulk export --force to give that file up", path = path.display())]
    CheckpointForeign {
        /// The file.
        path: PathBuf,
        /// The hash that it names.
        hash: String,
    },
    /// The file system failed.
    #[error("writing {path} failed: {error}", path = path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// The failure.
        error: std::io::Error,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What can be done about a file that someone edited.
pub fn ways_out(path: &Path) -> String {
    let give_up = "  to give its edits up: wxbulk export --force";
    if path.extension().is_some_and(|extension| extension == "csv") {
        return format!(
            "  to take its corrections over: wxbulk ingest --amend {}\n{give_up}",
            path.display()
        );
    }
    give_up.to_owned()
}

/// Writes the files into a directory. All of them show one moment of the database.
pub fn write(
    store: &Store,
    directory: &Path,
    kinds: &[FileKind],
    edited: Edited,
) -> Result<Exported, ExportError> {
    if store.latest_input()?.is_none() {
        return Ok(Exported::default());
    }
    atomic::make_directory(directory)?;
    let turn = Turn::take(directory)?;
    let prepared = prepare(store, &turn, kinds, &store.input_columns()?)?;
    let mut exported = Exported::default();
    let mut wanted = Vec::new();
    for file in prepared {
        let may_go = match &edited {
            Edited::Overwrite => true,
            Edited::KeepOthersThan(taken_over) if file.present() == Some(taken_over.as_str()) => true,
            Edited::KeepOthersThan(_) | Edited::Keep | Edited::Refuse => file.is_ours(store)?,
        };
        match (may_go, &edited) {
            (true, _) => wanted.push(file),
            (false, Edited::Refuse) => return Err(ExportError::Edited { path: file.path }),
            (false, _) => exported.kept.push(file.path),
        }
    }
    for file in wanted {
        exported.current.push(file.replace(store)?);
    }
    turn.sync()?;
    Ok(exported)
}

/// Writes each file under a temporary name beside its place, in one read transaction.
fn prepare(
    store: &Store,
    turn: &Turn<'_>,
    kinds: &[FileKind],
    columns: &[String],
) -> Result<Vec<Prepared>, ExportError> {
    let mut files = Vec::new();
    // The closure's own error is carried out beside the store's.
    store.read(|connection| {
        for kind in FileKind::ALL.into_iter().filter(|kind| kinds.contains(kind)) {
            files.push(Prepared::write(turn, kind.file_name(), |out| match kind {
                FileKind::Results => table::results(connection, out),
                FileKind::Pending => table::with_input(connection, "pending_rows", columns, out),
                FileKind::Rejected => table::with_input(connection, "rejected_rows", columns, out),
                FileKind::ReadyToLoad => table::ready_to_load(connection, columns, out),
                FileKind::Checkpoint => checkpoint::write(connection, out),
            }));
        }
        Ok(())
    })?;
    files.into_iter().collect()
}
