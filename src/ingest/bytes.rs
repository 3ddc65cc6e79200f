//! Raw bytes to text in one pass: hashed as they are on disk, decoded, and bounded.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use encoding_rs::{Decoder, DecoderResult, Encoding};
use sha2::{Digest, Sha256};

use super::file::{InputFile, hex, retrying, size};
use super::refusal::{FileRefusal, printable};
use super::signature;
use super::text::shown;
use crate::domain::InputHash;

const CHUNK: usize = 64 * 1024;
const HEADER_BYTES: usize = 128 * 1024;
const RECORD_BYTES_READ: usize = 4 * 1024 * 1024;
const LONGEST_SEQUENCE: usize = 4;

/// The decoded text of one file, for the CSV reader.
pub(super) struct Source {
    path: String,
    file: InputFile,
    hash: Sha256,
    raw: Vec<u8>,
    raw_at: usize,
    raw_total: u64,
    decoder: Decoder,
    text: Vec<u8>,
    text_at: usize,
    lines: u64,
    state: State,
    budget: usize,
    record_line: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Reading,
    LastChunk,
    Ended,
}

impl Source {
    pub(super) fn open(path: &Path, encoding: Option<&str>) -> Result<Source, FileRefusal> {
        let name = printable(path);
        let file = InputFile::open(path, &name)?;
        let mut source = Source {
            path: name,
            file,
            hash: Sha256::new(),
            raw: Vec::with_capacity(CHUNK),
            raw_at: 0,
            raw_total: 0,
            decoder: encoding_rs::UTF_8.new_decoder_without_bom_handling(),
            text: Vec::new(),
            text_at: 0,
            lines: 0,
            state: State::Reading,
            budget: RECORD_BYTES_READ,
            record_line: 1,
        };
        source.read_beginning()?;
        source.choose_encoding(encoding)?;
        Ok(source)
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    pub(super) fn encoding(&self) -> &'static str {
        self.decoder.encoding().name()
    }

    /// Sets the bound of the record that begins on this line.
    pub(super) fn begin_record(&mut self, line: u64) {
        self.budget = RECORD_BYTES_READ;
        self.record_line = line;
    }

    /// The next line that is not blank, without taking it away, and its number. Blank when the file is.
    pub(super) fn peek_line(&mut self) -> Result<(String, u64), FileRefusal> {
        let mut searched = 0;
        while self.state != State::Ended && self.unserved().len() <= HEADER_BYTES {
            let text = self.unserved();
            if text.get(searched.max(blank_lines(text))..).unwrap_or_default().contains(&b'\n') {
                break;
            }
            searched = text.len();
            self.decode_more()?;
        }
        let (blank, line) = self.line_bounds();
        let number = 1 + count_lines(self.text.get(..self.text_at + blank).unwrap_or_default());
        if line > HEADER_BYTES {
            let path = self.path.clone();
            return Err(FileRefusal::TooLong { path, line: number, what: "the line", limit: HEADER_BYTES });
        }
        let line = String::from_utf8_lossy(self.unserved().get(blank..blank + line).unwrap_or_default());
        Ok((line.trim_matches('\n').to_owned(), number))
    }

    /// Takes the line that [`Source::peek_line`] shows away; says how many line ends went with it.
    pub(super) fn skip_line(&mut self) -> u64 {
        let (blank, line) = self.line_bounds();
        let skipped = count_lines(self.unserved().get(..blank + line).unwrap_or_default());
        self.text_at += blank + line;
        skipped
    }

    fn unserved(&self) -> &[u8] {
        self.text.get(self.text_at..).unwrap_or_default()
    }

    /// The length of the blank lines ahead, and of the line behind them with its end.
    fn line_bounds(&self) -> (usize, usize) {
        let text = self.unserved();
        let blank = blank_lines(text);
        let rest = text.get(blank..).unwrap_or_default();
        (blank, rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |at| at + 1))
    }

    /// The hash of the whole file, once it has been read to its end.
    pub(super) fn finish(self) -> Result<InputHash, FileRefusal> {
        if self.state != State::Ended {
            return Err(FileRefusal::Unfinished { path: self.path });
        }
        self.file.unchanged(&self.path, self.raw_total)?;
        hex(&self.path, self.hash)
    }

    /// Enough bytes to know the type of the file, even when they come one by one.
    fn read_beginning(&mut self) -> Result<(), FileRefusal> {
        while self.raw.len() < signature::LONGEST && self.state == State::Reading {
            self.read_raw()?;
        }
        Ok(())
    }

    fn choose_encoding(&mut self, named: Option<&str>) -> Result<(), FileRefusal> {
        if self.raw.is_empty() {
            return Err(FileRefusal::Empty { path: self.path.clone(), what: "the file is empty" });
        }
        let named = named.map(|name| find_encoding(&self.path, name)).transpose()?;
        let marked = Encoding::for_bom(&self.raw);
        signature::refuse_other_types(&self.path, &self.raw)?;
        if named.is_none() && marked.is_none() {
            signature::refuse_unmarked_utf16(&self.path, &self.raw)?;
        }
        if let (Some(named), Some((marked, _))) = (named, marked)
            && named != marked
        {
            let why = format!("the file begins with the mark of {}: leave the option out", marked.name());
            return Err(FileRefusal::option(&self.path, "--encoding", why));
        }
        self.raw_at = marked.map_or(0, |(_, length)| length);
        let encoding = named.or(marked.map(|(encoding, _)| encoding)).unwrap_or(encoding_rs::UTF_8);
        self.decoder = encoding.new_decoder_without_bom_handling();
        Ok(())
    }

    /// Appends one chunk of the file to `raw`, or notes its end.
    fn read_raw(&mut self) -> Result<(), FileRefusal> {
        let begin = self.raw.len();
        let read = append_chunk(self.file.file(), &mut self.raw);
        let count = read.map_err(|error| FileRefusal::unreadable(&self.path, error))?;
        if count == 0 {
            self.state = State::LastChunk;
        }
        self.hash.update(self.raw.get(begin..).unwrap_or_default());
        self.raw_total += size(count);
        Ok(())
    }

    /// Appends decoded text, at the end of the file a line end: the last record may lack its own.
    fn decode_more(&mut self) -> Result<(), FileRefusal> {
        if self.raw_at == self.raw.len() && self.state == State::Reading {
            // A malformed sequence may have begun in the chunk before; its first byte is shown.
            self.raw_at = self.raw.len().min(LONGEST_SEQUENCE);
            self.raw.drain(..self.raw.len() - self.raw_at);
            self.read_raw()?;
        }
        let begin = self.text.len();
        self.text.resize(begin + CHUNK, 0);
        let (result, read, written) = self.decoder.decode_to_utf8_without_replacement(
            self.raw.get(self.raw_at..).unwrap_or_default(),
            self.text.get_mut(begin..).unwrap_or_default(),
            self.state == State::LastChunk,
        );
        self.text.truncate(begin + written);
        self.raw_at += read;
        self.lines += count_lines(self.text.get(begin..).unwrap_or_default());
        match result {
            DecoderResult::Malformed(length, after) => {
                Err(self.undecodable(usize::from(length) + usize::from(after)))
            }
            DecoderResult::InputEmpty if self.state == State::LastChunk => {
                self.text.push(b'\n');
                self.state = State::Ended;
                Ok(())
            }
            DecoderResult::InputEmpty | DecoderResult::OutputFull => Ok(()),
        }
    }

    fn undecodable(&self, back: usize) -> FileRefusal {
        let at = self.raw_at.saturating_sub(back);
        let unread = self.raw.len() - at;
        FileRefusal::Undecodable {
            path: self.path.clone(),
            line: self.lines + 1,
            offset: self.raw_total.saturating_sub(size(unread)),
            byte: self.raw.get(at).copied().unwrap_or_default(),
            encoding: self.encoding(),
            fix: "save it as UTF-8 (in a spreadsheet: 'CSV UTF-8'), or name its encoding, such as --encoding windows-1252",
        }
    }
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.text_at == self.text.len() {
            if self.state == State::Ended {
                return Ok(0);
            }
            self.text.clear();
            self.text_at = 0;
            self.decode_more().map_err(io::Error::other)?;
        }
        let count = buffer.len().min(self.text.len() - self.text_at).min(self.budget);
        if count == 0 && !buffer.is_empty() {
            return Err(io::Error::other(FileRefusal::TooLong {
                path: self.path.clone(),
                line: self.record_line,
                what: "the record or gap that begins",
                limit: RECORD_BYTES_READ,
            }));
        }
        let from = self.text.get(self.text_at..self.text_at + count).unwrap_or_default();
        buffer.get_mut(..count).unwrap_or_default().copy_from_slice(from);
        self.text_at += count;
        self.budget -= count;
        Ok(count)
    }
}

/// One read of at most a chunk, appended.
fn append_chunk(mut file: &File, bytes: &mut Vec<u8>) -> io::Result<usize> {
    let begin = bytes.len();
    bytes.resize(begin + CHUNK, 0);
    let read = retrying(|| file.read(bytes.get_mut(begin..).unwrap_or_default()));
    bytes.truncate(begin + read.as_ref().copied().unwrap_or_default());
    read
}

fn find_encoding(path: &str, name: &str) -> Result<&'static Encoding, FileRefusal> {
    Encoding::for_label_no_replacement(name.as_bytes()).ok_or_else(|| {
        let why =
            format!("no encoding is called {}: use a name such as windows-1252 or utf-16le", shown(name));
        FileRefusal::option(path, "--encoding", why)
    })
}

fn blank_lines(text: &[u8]) -> usize {
    text.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count()
}

fn count_lines(text: &[u8]) -> u64 {
    size(text.iter().filter(|byte| **byte == b'\n').count())
}
