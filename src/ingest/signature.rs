//! Files that are no CSV, known by their first bytes.

use super::refusal::FileRefusal;

/// How many bytes are needed to tell.
pub(super) const LONGEST: usize = 16;

const SAVE_AS: &str = "open it in the spreadsheet and save it as CSV UTF-8";

const TYPES: &[(&[u8], &str, &str)] = &[
    (b"PK\x03\x04", "a zip archive or a spreadsheet (.xlsx, .ods)", SAVE_AS),
    (b"\xd0\xcf\x11\xe0", "an old spreadsheet (.xls)", SAVE_AS),
    (b"\x1f\x8b", "compressed with gzip", "unpack it with gunzip first"),
    (b"SQLite format 3\0", "a SQLite database", "give the CSV file"),
    (b"%PDF-", "a PDF", "give the CSV file"),
];

pub(super) fn refuse_other_types(path: &str, beginning: &[u8]) -> Result<(), FileRefusal> {
    match TYPES.iter().find(|(signature, _, _)| beginning.starts_with(signature)) {
        Some((_, what, fix)) => Err(FileRefusal::OtherType { path: path.to_owned(), what, fix }),
        None => Ok(()),
    }
}

/// A NUL this early is half of a UTF-16 character, or the file is no text at all.
pub(super) fn refuse_unmarked_utf16(path: &str, beginning: &[u8]) -> Result<(), FileRefusal> {
    if !beginning.iter().take(LONGEST).any(|byte| *byte == 0) {
        return Ok(());
    }
    Err(FileRefusal::OtherType {
        path: path.to_owned(),
        what: "UTF-16 without its mark, or no text at all (it holds NUL bytes)",
        fix: "save it as UTF-8, or name its encoding, such as --encoding utf-16le",
    })
}
