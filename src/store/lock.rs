//! One writer at a time: an OS lock on a file of its own, held for the life of the command.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::{Store, StoreError};

/// Proof that no other process writes. Holding it proves every running row an orphan.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of this database, or says at once that another process has it.
    pub fn take(store: &Store) -> Result<Lock, StoreError> {
        Lock::at(store.path())
    }

    /// The same for a database that is still to be made.
    pub(super) fn at(database: &Path) -> Result<Lock, StoreError> {
        let path = lock_path(database);
        let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path)?;
        match file.try_lock() {
            Ok(()) => Ok(Lock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(StoreError::Locked { path: database.to_owned() }),
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }
}

/// The lock file; it stays, since deleting it could let two processes lock two files of one name.
fn lock_path(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}
