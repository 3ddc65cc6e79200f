//! How the file separates its cells: read off its first lines, never off its content.

use super::bytes::Source;
use super::refusal::FileRefusal;
use super::text::shown;

/// In the order of preference where a header line has none or equally many.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// What was found out before the header is read.
pub(super) struct Dialect {
    pub(super) delimiter: u8,
    /// Line ends that were taken away in front of what the CSV reader sees.
    pub(super) lines_before: u64,
}

pub(super) fn detect(source: &mut Source, forced: Option<u8>) -> Result<Dialect, FileRefusal> {
    if let Some(forced) = forced
        && !is_delimiter(forced)
    {
        let why = format!("{:?} cannot separate cells: use , ; | or a tab", char::from(forced));
        return Err(FileRefusal::option(source.path(), "--delimiter", why));
    }
    let (mut line, mut number) = source.peek_line()?;
    let mut lines_before = 0;
    let stated = separator_line(&line);
    if stated.is_some() {
        lines_before = source.skip_line();
        (line, _) = source.peek_line()?;
        number = lines_before + 1;
    }
    check_header_line(source.path(), &line, number)?;
    let delimiter = forced.or(stated).unwrap_or_else(|| most_frequent(&line));
    Ok(Dialect { delimiter, lines_before })
}

fn is_delimiter(byte: u8) -> bool {
    byte == b'\t' || byte.is_ascii_punctuation() && !matches!(byte, b'"' | b'_' | b'\'' | b'+')
}

/// The delimiter of a line such as `sep=;`, which spreadsheets read and write.
fn separator_line(line: &str) -> Option<u8> {
    let line = line.trim_end_matches('\r');
    let line = line.strip_prefix('"').unwrap_or(line);
    let (key, value) = line.split_at_checked(4)?;
    let first = *value.as_bytes().first()?;
    // A spreadsheet that saves such a line again fills it up with delimiters.
    let only = value.bytes().all(|byte| byte == first || byte == b'"' || DELIMITERS.contains(&byte));
    (key.eq_ignore_ascii_case("sep=") && is_delimiter(first) && only).then_some(first)
}

fn check_header_line(path: &str, line: &str, number: u64) -> Result<(), FileRefusal> {
    let refuse = |column: String, why: &str| {
        Err(FileRefusal::Header { path: path.to_owned(), line: number, column, why: why.to_owned() })
    };
    if line.trim().is_empty() {
        return Err(FileRefusal::Empty { path: path.to_owned(), what: "there is no header" });
    }
    if line.starts_with('\u{feff}') {
        return refuse("1".to_owned(), "the header begins with a second byte order mark (U+FEFF): delete it");
    }
    if line.contains('\0') {
        return refuse(shown(line), "the header holds NUL characters: save the file as UTF-8 text");
    }
    if line.trim_end_matches('\r').contains('\r') {
        return Err(FileRefusal::LoneCr { path: path.to_owned(), line: number });
    }
    Ok(())
}

fn most_frequent(line: &str) -> u8 {
    let mut quoted = false;
    let mut counts = DELIMITERS.map(|delimiter| (delimiter, 0_usize));
    for byte in line.bytes() {
        quoted ^= byte == b'"';
        for (delimiter, count) in &mut counts {
            *count += usize::from(!quoted && *delimiter == byte);
        }
    }
    let most = counts.iter().map(|(_, count)| *count).max().unwrap_or_default();
    counts.iter().find(|(_, count)| *count == most).map_or(b',', |(delimiter, _)| *delimiter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separator_lines_are_known_from_headers() {
        for (line, expected) in [
            ("sep=;", Some(b';')),
            ("SEP=,\r", Some(b',')),
            ("\"sep=;\"", Some(b';')),
            ("sep=\t", Some(b'\t')),
            ("sep=;;;;", Some(b';')),
            ("sep=,email", None),
            ("separator", None),
            ("sep=", None),
        ] {
            assert_eq!(separator_line(line), expected, "{line:?}");
        }
    }

    #[test]
    fn delimiters_in_quotes_do_not_count() {
        assert_eq!(most_frequent("\"a,b,c\";d"), b';');
        assert_eq!(most_frequent("email"), b',');
    }
}
