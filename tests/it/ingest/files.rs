//! Catalogue 1-17, 31-39: files, encodings, delimiters, limits and the hash.

use std::io::Write;
use std::path::Path;

use super::sheet::{file, hashed, read, read_with, refusal, refusal_with, settings};
use wxbulk::domain::{InputHash, InputRow};
use wxbulk::ingest::{self, FileRefusal, IngestSettings};

const TEXT: &str =
    "entity_type,email,location_key,row_ref\nuser,ana@x.com,Málaga,1\nuser,luis@x.com,Málaga,2\n";

fn keys(rows: &[InputRow]) -> Vec<&str> {
    rows.iter().map(|row| row.verdict.as_ref().unwrap().cells.get("location_key").unwrap()).collect()
}

fn utf16(text: &str, order: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(order).collect()
}

fn with_encoding(name: &str) -> IngestSettings {
    IngestSettings { encoding: Some(name.to_owned()), ..settings() }
}

#[test]
fn encodings_that_are_read_1_3_5_6() {
    let cp1252 = encoding_rs::WINDOWS_1252.encode(TEXT).0.into_owned();
    let cases = [
        ("1", format!("\u{feff}{TEXT}").into_bytes(), settings()),
        ("3", utf16(&format!("\u{feff}{TEXT}"), u16::to_le_bytes), settings()),
        ("3", utf16(&format!("\u{feff}{TEXT}"), u16::to_be_bytes), settings()),
        ("4", utf16(TEXT, u16::to_be_bytes), with_encoding("utf-16be")),
        ("5", cp1252, with_encoding("windows-1252")),
        ("", format!("\u{feff}{TEXT}").into_bytes(), with_encoding("utf8")),
    ];
    for (number, bytes, settings) in cases {
        let rows = read_with(bytes, &settings).unwrap_or_else(|refusal| panic!("case {number}: {refusal}"));
        assert_eq!(keys(&rows), ["Málaga", "Málaga"], "case {number}");
    }
    let mojibake = read(TEXT.replace("Málaga", "MÃ¡laga")).unwrap();
    assert_eq!(keys(&mojibake), ["MÃ¡laga", "MÃ¡laga"], "case 6");
}

#[test]
fn encodings_that_are_refused_4_5() {
    let cp1252 = encoding_rs::WINDOWS_1252.encode(TEXT).0.into_owned();
    let offset = cp1252.iter().position(|byte| *byte == 0xe1).unwrap();
    let found = refusal(&cp1252);
    assert!(found.starts_with(&format!("2: byte 0xe1 at offset {offset} is not UTF-8")), "{found}");
    assert!(found.contains("--encoding windows-1252"), "{found}");
    assert!(refusal(utf16(TEXT, u16::to_be_bytes)).contains("UTF-16 without its mark"));
    assert!(refusal(utf16(TEXT, u16::to_le_bytes)).contains("--encoding utf-16le"));
    assert!(refusal_with(TEXT, &with_encoding("latin-99")).contains("no encoding is called \"latin-99\""));
    let marked = format!("\u{feff}{TEXT}");
    assert!(
        refusal_with(marked, &with_encoding("windows-1252")).contains("mark of UTF-8: leave the option out")
    );
    let odd = [utf16(&format!("\u{feff}{TEXT}"), u16::to_le_bytes), vec![b'x']].concat();
    assert!(refusal(odd).contains("is not UTF-16LE"));
}

#[test]
fn a_bad_byte_is_located_behind_any_chunk() {
    for filler in [0, 65_400, 65_535, 65_536, 131_000, 1_000_000] {
        let mut bytes = TEXT.as_bytes().to_vec();
        bytes.extend_from_slice("\n".repeat(filler).as_bytes());
        let (offset, line) = (bytes.len() + 2, 4 + filler);
        bytes.extend_from_slice(b"us\xf1r,a,b,c\n");
        let found = refusal(bytes);
        assert!(found.starts_with(&format!("{line}: byte 0xf1 at offset {offset} ")), "{filler}: {found}");
        let mut cut = TEXT.as_bytes().to_vec();
        cut.extend_from_slice("\n".repeat(filler).as_bytes());
        let offset = cut.len();
        cut.extend_from_slice(b"\xe2\x82");
        let found = refusal(cut);
        assert!(found.contains(&format!("byte 0xe2 at offset {offset} ")), "{filler}: {found}");
    }
}

#[test]
fn delimiters_7_to_10() {
    for delimiter in [";", "\t", "|"] {
        let text = TEXT.replace(',', delimiter);
        assert_eq!(keys(&read(&text).unwrap()).len(), 2, "{delimiter:?}");
        let stated = format!("sep={delimiter}\r\n{text}");
        let rows = read(stated).unwrap();
        assert_eq!((keys(&rows).len(), rows[0].line), (2, 3), "{delimiter:?}");
    }
    let forced = IngestSettings { delimiter: Some(b'^'), ..settings() };
    assert_eq!(keys(&read_with(TEXT.replace(',', "^"), &forced).unwrap()).len(), 2);
    let wrong = IngestSettings { delimiter: Some(b'"'), ..settings() };
    assert!(refusal_with(TEXT, &wrong).contains("--delimiter"));
}

#[test]
fn line_ends_11_13_14() {
    let crlf = TEXT.replace('\n', "\r\n");
    let mixed = TEXT.replacen('\n', "\r\n", 1);
    let unfinished = TEXT.trim_end();
    for text in [crlf.as_str(), mixed.as_str(), unfinished] {
        let rows = read(text).unwrap();
        assert_eq!(keys(&rows), ["Málaga", "Málaga"]);
        assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [2, 3]);
        assert_eq!(rows[1].raw.get("row_ref"), Some("2"), "{text:?}");
    }
}

#[test]
fn other_types_of_files_35() {
    for (beginning, what) in [
        (&b"PK\x03\x04rest"[..], "zip archive"),
        (b"\x1f\x8b\x08rest", "gzip"),
        (b"SQLite format 3\0rest", "SQLite"),
    ] {
        assert!(refusal(beginning).contains(what), "{what}");
    }
}

#[test]
fn paths_that_are_no_files_34() {
    let directory = tempfile::tempdir().unwrap();
    let missing = directory.path().join("missing.csv");
    for (path, what) in [
        (directory.path(), "a directory"),
        (&missing, "cannot be read"),
        (Path::new("/dev/zero"), "a device"),
    ] {
        let opened = ingest::open(path, &settings()).unwrap_err().to_string();
        let hashed = ingest::hash_file(path).unwrap_err().to_string();
        assert!(opened.contains(what) && opened == hashed, "{opened} {hashed}");
    }
    let one_line = vec![b'x'; 200 * 1024];
    assert!(refusal(one_line).starts_with("1: the line here is longer than"));
}

#[test]
fn the_hash_is_that_of_the_bytes_39() {
    let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(ingest::hash_file(file("abc").path()).unwrap().as_str(), known);
    let crlf = format!("\u{feff}{}", TEXT.replace('\n', "\r\n"));
    let mut hashes: Vec<InputHash> = Vec::new();
    for bytes in [TEXT.as_bytes(), crlf.as_bytes(), &utf16(&format!("\u{feff}{TEXT}"), u16::to_le_bytes)] {
        let (_, hash) = hashed(bytes, &settings()).unwrap();
        assert_eq!(hash, ingest::hash_file(file(bytes).path()).unwrap());
        hashes.push(hash);
    }
    assert!(hashes[0] != hashes[1] && hashes[1] != hashes[2]);
}

#[test]
fn a_hash_before_the_end_is_an_error() {
    let file = file(TEXT);
    let mut reading = ingest::open(file.path(), &settings()).unwrap();
    reading.next().unwrap().unwrap();
    assert!(matches!(reading.finish(), Err(FileRefusal::Unfinished { .. })));
}

#[test]
fn a_file_that_changes_is_refused_36() {
    for addition in ["user,eva@x.com,MAD,3\n", ""] {
        let mut file = file(TEXT);
        let mut reading = ingest::open(file.path(), &settings()).unwrap();
        file.write_all(addition.as_bytes()).unwrap();
        let long_ago = std::time::UNIX_EPOCH;
        file.as_file().set_modified(long_ago).unwrap();
        assert!(reading.by_ref().all(|row| row.is_ok()));
        assert!(matches!(reading.finish(), Err(FileRefusal::Changed { .. })), "{addition:?}");
    }
}

#[test]
fn rows_have_a_limit_31_32() {
    let row = "user,ana@x.com,MAD,r\n";
    let of = |rows: usize| format!("entity_type,email,location_key,row_ref\n{}", row.repeat(rows));
    assert_eq!(read(of(21_000)).unwrap().len(), 21_000);
    let refusal = read(of(21_001)).unwrap_err();
    assert!(refusal.is_limit());
    assert!(refusal.to_string().contains(":21002: more than 21000 rows"), "{refusal}");
    assert!(!read("").unwrap_err().is_limit());
}

/// A writer without end: what was read of it is bounded, so the pipe breaks.
fn endless(line: &'static [u8]) -> (FileRefusal, u64) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("pipe.csv");
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    let pipe = path.clone();
    let writer = std::thread::spawn(move || {
        let mut pipe = std::fs::File::options().write(true).open(pipe).unwrap();
        let block = line.repeat(8192 / line.len());
        let mut written = 0;
        let header = pipe.write_all(TEXT.as_bytes());
        while header.is_ok() && pipe.write_all(&block).is_ok() {
            written += block.len();
        }
        u64::try_from(written).unwrap()
    });
    let mut reading = ingest::open(&path, &settings()).unwrap();
    let refusal = reading.by_ref().find_map(Result::err).unwrap();
    assert!(reading.next().is_none(), "the refusal ends the reading");
    drop(reading);
    (refusal, writer.join().unwrap())
}

#[test]
fn endless_streams_end_early_33() {
    let (refusal, written) = endless(b"user,ana@x.com,MAD,r\n");
    assert!(refusal.is_limit(), "{refusal}");
    assert!(written < 1024 * 1024, "{written}");
    for line in [&b"\n"[..], b"\r\n", b"x", b"\"\n", b"user,\"a,b\n", b",", b"\"\"\""] {
        let (_, written) = endless(line);
        assert!(written < 8 * 1024 * 1024, "{line:?}: {written}");
    }
}

#[test]
fn a_pipe_is_read_and_hashed_in_one_pass_even_byte_by_byte() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("pipe.csv");
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    let pipe = path.clone();
    let writer = std::thread::spawn(move || {
        let mut pipe = std::fs::File::options().write(true).open(pipe).unwrap();
        for byte in format!("\u{feff}{TEXT}").as_bytes() {
            pipe.write_all(&[*byte]).unwrap();
        }
    });
    let mut reading = ingest::open(&path, &settings()).unwrap();
    let rows = reading.by_ref().collect::<Result<Vec<_>, _>>().unwrap();
    writer.join().unwrap();
    assert_eq!(keys(&rows), ["Málaga", "Málaga"]);
    assert_eq!(reading.finish().unwrap(), ingest::hash_file(file(format!("\u{feff}{TEXT}")).path()).unwrap());
    assert!(ingest::hash_file(&path).unwrap_err().to_string().contains("read only once"));
}
