//! A reader sees the whole old file or the whole new one: temporary file, fsync, rename, fsync of the directory.

use std::fs::{DirBuilder, File, TryLockError};
use std::io::{BufWriter, Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::ExportError;
use crate::faultpoint::Point;
use crate::store::{FilePlace, Store};

const TEMPORARY: &str = ".tmp";

/// The file of `check --lab`.
const LAB_REPORT: &str = "lab-report.json";

/// How long an export waits for another one in the same directory: so many times this long.
const TURN_TRIES: u32 = 600;
const TURN_WAIT: Duration = Duration::from_millis(50);

/// The right to write the files of a directory. One process has it at a time, so that no older export replaces a newer
/// one; it ends with the process.
pub(super) struct Turn<'a> {
    directory: &'a Path,
    /// By which the files in it are known, whatever it is called.
    canonical: String,
    handle: File,
}

/// A file that is whole and on disk, but not in its place yet.
pub(super) struct Prepared {
    pub(super) path: PathBuf,
    place: FilePlace,
    temporary: NamedTempFile,
    sha256: String,
    /// The hash of what stands in its place.
    present: Option<String>,
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
        turn: &Turn<'_>,
        name: &str,
        fill: impl FnOnce(&mut dyn Write) -> Result<(), ExportError>,
    ) -> Result<Prepared, ExportError> {
        let path = turn.directory.join(name);
        let failed = |error| ExportError::Io { path: path.clone(), error };
        // Opened with O_EXCL and 0600.
        let temporary = tempfile::Builder::new()
            .prefix(&format!(".{name}."))
            .suffix(TEMPORARY)
            .tempfile_in(turn.directory)
            .map_err(failed)?;
        let sha256 = {
            let mut out = Hashed { inner: BufWriter::new(temporary.as_file()), hash: Sha256::new() };
            fill(&mut out)?;
            out.flush().map_err(failed)?;
            hex(&out.hash.finalize())
        };
        temporary.as_file().sync_all().map_err(failed)?;
        Point::TempFileWritten.reached();
        let present = hash_of(&path)?;
        let place = FilePlace { directory: turn.canonical.clone(), name: name.to_owned() };
        Ok(Prepared { path, place, temporary, sha256, present })
    }

    /// The hash of the file in its place; `None` when there is none.
    pub(super) fn present(&self) -> Option<&str> {
        self.present.as_deref()
    }

    /// Whether the file in its place is one that wxbulk wrote, or there is none.
    pub(super) fn is_ours(&self, store: &Store) -> Result<bool, ExportError> {
        let Some(present) = &self.present else { return Ok(true) };
        Ok(*present == self.sha256 || store.wrote(&self.place, present)?)
    }

    pub(super) fn replace(self, store: &Store) -> Result<PathBuf, ExportError> {
        // What is no regular file has no hash.
        let present = self.present.as_deref().filter(|hash| !hash.is_empty());
        store.intend_file(&self.place, &self.sha256, present)?;
        Point::BeforeRename.reached();
        let path = self.place()?;
        Point::AfterRename.reached();
        Ok(path)
    }

    /// Puts it in its place, whatever stands there.
    fn place(self) -> Result<PathBuf, ExportError> {
        let path = self.path;
        match self.temporary.persist(&path) {
            Ok(_) => Ok(path),
            Err(failed) => Err(ExportError::Io { path, error: failed.error }),
        }
    }
}

/// Writes the report of `check --lab`, which is no view of a database: an older one is replaced.
pub fn write_lab_report(directory: &Path, text: &str) -> Result<PathBuf, ExportError> {
    make_directory(directory)?;
    let turn = Turn::take(directory)?;
    let failed = |error| ExportError::Io { path: directory.join(LAB_REPORT), error };
    let prepared = Prepared::write(&turn, LAB_REPORT, |out| out.write_all(text.as_bytes()).map_err(failed))?;
    let path = prepared.place()?;
    turn.sync()?;
    Ok(path)
}

pub(super) fn make_directory(directory: &Path) -> Result<(), ExportError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
        .map_err(|error| ExportError::Io { path: directory.to_owned(), error })
}

impl Turn<'_> {
    /// Waits for it, a bounded time, and removes what a killed export left.
    pub(super) fn take(directory: &Path) -> Result<Turn<'_>, ExportError> {
        let failed = |error| ExportError::Io { path: directory.to_owned(), error };
        let handle = File::open(directory).map_err(failed)?;
        let canonical = directory.canonicalize().map_err(failed)?.to_string_lossy().into_owned();
        for _ in 0..TURN_TRIES {
            match handle.try_lock() {
                Ok(()) => {
                    let turn = Turn { directory, canonical, handle };
                    turn.remove_leftovers().map_err(failed)?;
                    return Ok(turn);
                }
                Err(TryLockError::WouldBlock) => std::thread::sleep(TURN_WAIT),
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
        Err(failed(std::io::Error::other("another export into this directory does not end")))
    }

    /// Makes renames last.
    pub(super) fn sync(self) -> Result<(), ExportError> {
        let path = self.directory.to_owned();
        self.handle.sync_all().map_err(|error| ExportError::Io { path, error })
    }

    fn remove_leftovers(&self) -> std::io::Result<()> {
        for entry in std::fs::read_dir(self.directory)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let mut files =
                super::FileKind::ALL.map(super::FileKind::file_name).into_iter().chain([LAB_REPORT]);
            let ours = files.any(|file| name.starts_with(&format!(".{file}.")));
            if ours && name.ends_with(TEMPORARY) {
                std::fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }
}

/// Removes what a killed export left.
pub fn clean_leftovers(directory: &Path) -> Result<(), ExportError> {
    if directory.exists() { Turn::take(directory).map(drop) } else { Ok(()) }
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
