//! Opening the input, and the hash that names it.

use std::fmt::Write as _;
use std::fs::{File, FileType, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::refusal::{FileRefusal, printable};
use crate::domain::InputHash;

const CHUNK: usize = 64 * 1024;

/// A file or a pipe, and what it was when it was opened.
pub(super) struct InputFile {
    file: File,
    opened: Metadata,
}

impl InputFile {
    pub(super) fn open(path: &Path, name: &str) -> Result<InputFile, FileRefusal> {
        let unreadable = |error| FileRefusal::unreadable(name, error);
        kind(path, name)?;
        let file = File::open(path).map_err(unreadable)?;
        let opened = file.metadata().map_err(unreadable)?;
        Ok(InputFile { file, opened })
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Refuses a file that is not what it was at opening, or of which more or less than all was read.
    pub(super) fn unchanged(&self, name: &str, read: u64) -> Result<(), FileRefusal> {
        let now = self.file.metadata().map_err(|error| FileRefusal::unreadable(name, error))?;
        let modified = now.modified().ok() != self.opened.modified().ok();
        if self.opened.is_file() && (modified || now.len() != self.opened.len() || now.len() != read) {
            return Err(FileRefusal::Changed { path: name.to_owned() });
        }
        Ok(())
    }
}

/// The SHA-256 of a file's bytes, without looking at what they say. A pipe is refused: it can be read only once.
pub fn hash_file(path: &Path) -> Result<InputHash, FileRefusal> {
    let name = printable(path);
    if kind(path, &name)?.is_fifo() {
        return Err(FileRefusal::NotAFile { path: name, what: "a pipe, which can be read only once" });
    }
    let input = InputFile::open(path, &name)?;
    let mut hash = Sha256::new();
    let mut chunk = vec![0; CHUNK];
    // One byte more than the file had shows that it grows, and bounds the loop.
    let mut rest = (&input.file).take(input.opened.len().saturating_add(1));
    let mut total = 0;
    loop {
        let count =
            retrying(|| rest.read(&mut chunk)).map_err(|error| FileRefusal::unreadable(&name, error))?;
        if count == 0 {
            break;
        }
        hash.update(chunk.get(..count).unwrap_or_default());
        total += size(count);
    }
    input.unchanged(&name, total)?;
    hex(&name, hash)
}

/// A file or a pipe. Asked before opening, for to open a device can have effects, and to open a pipe can wait.
fn kind(path: &Path, name: &str) -> Result<FileType, FileRefusal> {
    let kind = std::fs::metadata(path).map_err(|error| FileRefusal::unreadable(name, error))?.file_type();
    let what = match kind {
        kind if kind.is_file() || kind.is_fifo() => return Ok(kind),
        kind if kind.is_dir() => "a directory",
        _ => "a device or socket",
    };
    Err(FileRefusal::NotAFile { path: name.to_owned(), what })
}

pub(super) fn hex(name: &str, hash: Sha256) -> Result<InputHash, FileRefusal> {
    let mut text = String::with_capacity(64);
    let written: std::fmt::Result = hash.finalize().iter().try_for_each(|byte| write!(text, "{byte:02x}"));
    match (written, InputHash::parse(&text)) {
        (Ok(()), Ok(hash)) => Ok(hash),
        _ => Err(FileRefusal::Unfinished { path: name.to_owned() }),
    }
}

/// Repeats a read that a signal interrupted, a bounded number of times.
pub(super) fn retrying(mut read: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
    const TRIES: u32 = 100;
    for _ in 1..TRIES {
        match read() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
    read()
}

/// A length as the number that offsets and sizes are kept in.
pub(super) fn size(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
