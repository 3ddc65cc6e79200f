//! A reader sees the whole old file or the whole new one: temporary file, fsync, rename, fsync of the directory.

use std::fs::{DirBuilder, File};
use std::io::{BufWriter, Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::ExportError;
use crate::store::Store;

const TEMPORARY: &str = ".tmp";

/// A file that is whole and on disk, but not in its place yet.
pub(super) struct Prepared {
    pub(super) path: PathBuf,
    name: String,
    temporary: NamedTempFile,
    sha256: String,
}

/// Counts into the hash what goes into the file.
struct Hashed<W> {
    inner: W,
    hash: Sha256,
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.inner.write(bytes)?;
        if let Some(done) = bytes.get(..written) {
            self.hash.update(done);
        }
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.inner.flush()
    }
}

impl Prepared {
    pub(super) fn write(
        directory: &Path,
        name: &str,
        fill: impl FnOnce(&mut dyn Write) -> Result<(), ExportError>,
    ) -> Result<Prepared, ExportError> {
        let path = directory.join(name);
        let failed = |error| ExportError::Io { path: path.clone(), error };
        // Opened with O_EXCL and 0600.
        let temporary = tempfile::Builder::new()
            .prefix(&format!(".{name}."))
            .suffix(TEMPORARY)
            .tempfile_in(directory)
            .map_err(failed)?;
        let sha256 = {
            let mut out = Hashed { inner: BufWriter::new(temporary.as_file()), hash: Sha256::new() };
            fill(&mut out)?;
            out.flush().map_err(failed)?;
            hex(&out.hash.finalize())
        };
        temporary.as_file().sync_all().map_err(failed)?;
        Ok(Prepared { path, name: name.to_owned(), temporary, sha256 })
    }

    /// The hash of the file in its place; `None` when there is none.
    pub(super) fn present(&self) -> Result<Option<String>, ExportError> {
        hash_of(&self.path)
    }

    /// Whether the file in its place is one that wxbulk wrote, or there is none.
    pub(super) fn is_ours(&self, store: &Store, present: Option<&str>) -> Result<bool, ExportError> {
        let Some(present) = present else { return Ok(true) };
        let record = store.file_record(&self.name)?;
        Ok(present == self.sha256
            || record.is_some_and(|record| {
                record.sha256 == present || record.previous.as_deref() == Some(present)
            }))
    }

    pub(super) fn replace(self, store: &Store) -> Result<PathBuf, ExportError> {
        store.intend_file(&self.name, &self.sha256)?;
        let path = self.path;
        match self.temporary.persist(&path) {
            Ok(_) => Ok(path),
            Err(failed) => Err(ExportError::Io { path, error: failed.error }),
        }
    }
}

pub(super) fn make_directory(directory: &Path) -> Result<(), ExportError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
        .map_err(|error| ExportError::Io { path: directory.to_owned(), error })
}

/// Makes renames last.
pub(super) fn sync_directory(directory: &Path) -> Result<(), ExportError> {
    File::open(directory)
        .and_then(|directory| directory.sync_all())
        .map_err(|error| ExportError::Io { path: directory.to_owned(), error })
}

/// Removes what a killed export left; only the holder of the lock may do so.
pub fn clean_leftovers(directory: &Path) -> Result<usize, ExportError> {
    let failed = |error| ExportError::Io { path: directory.to_owned(), error };
    let entries = match std::fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(failed(error)),
    };
    let mut removed = 0_usize;
    for entry in entries {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let ours =
            super::FileKind::ALL.iter().any(|kind| name.starts_with(&format!(".{}.", kind.file_name())));
        if ours && name.ends_with(TEMPORARY) {
            std::fs::remove_file(entry.path()).map_err(failed)?;
            removed = removed.saturating_add(1);
        }
    }
    Ok(removed)
}

/// `None` when nothing is there. What is no regular file is nobody's export and is not read: a pipe never ends.
fn hash_of(path: &Path) -> Result<Option<String>, ExportError> {
    let failed = |error| ExportError::Io { path: path.to_owned(), error };
    if path.metadata().is_ok_and(|facts| !facts.is_file()) {
        return Ok(Some(String::new()));
    }
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = file.read(&mut buffer).map_err(failed)?;
        match buffer.get(..read) {
            Some([]) | None => return Ok(Some(hex(&hash.finalize()))),
            Some(bytes) => hash.update(bytes),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
