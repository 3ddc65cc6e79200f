//! What holds for the text of every cell: trimming, the spreadsheet guard, characters that no cell may hold.

/// Blank space that spreadsheets and people leave around a value.
const BLANK: [char; 4] = [' ', '\t', '\r', '\n'];

/// The first characters that make a spreadsheet run a cell; wxbulk's exports put `'` before them.
const FORMULA: [char; 6] = ['=', '@', '-', '+', '\t', '\r'];

const MAX_SHOWN_CHARS: usize = 60;

/// Without the ASCII blank space around it.
pub(super) fn trim(text: &str) -> &str {
    text.trim_matches(BLANK)
}

/// Trimmed, and without the `'` that wxbulk's exports put before a formula character.
pub(super) fn clean(text: &str) -> &str {
    let mut text = trim(text);
    // Each turn takes a character away, so that what is left needs no second cleaning.
    while let Some(rest) = unguarded(text) {
        text = trim(rest);
    }
    text
}

/// What stands behind the `'` of an export; `None` where there is none.
pub(super) fn unguarded(text: &str) -> Option<&str> {
    text.strip_prefix('\'').filter(|rest| rest.starts_with(FORMULA))
}

/// The value in quotes as a message shows it: on one line, control and invisible characters escaped, cut when long.
pub(super) fn shown(text: &str) -> String {
    match text.char_indices().nth(MAX_SHOWN_CHARS) {
        Some((end, _)) => format!("{:?}...", text.get(..end).unwrap_or_default()),
        None => format!("{text:?}"),
    }
}

/// Whether lines may be broken in a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lines {
    One,
    Many,
}

/// Says which character a cell may not hold, if it holds one.
pub(super) fn forbidden_character(text: &str, lines: Lines) -> Option<String> {
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return None;
    }
    let allowed = |c: char| lines == Lines::Many && matches!(c, '\n' | '\t');
    let found = text.chars().find(|c| is_forbidden(*c) && !allowed(*c))?;
    let name = match found {
        '\n' | '\r' => "a line break".to_owned(),
        '\t' => "a tab".to_owned(),
        '\0' => "a NUL character".to_owned(),
        other => format!("the invisible character {}", code_point(other)),
    };
    Some(format!("{} contains {name}: delete it", shown(text)))
}

/// Whether the text may stand in one line of a file or log as it is.
pub(super) fn is_clean(text: &str) -> bool {
    !text.chars().any(is_forbidden)
}

/// Control characters, line separators, and marks that reorder or hide what is read.
fn is_forbidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// `U+00F1`.
pub(super) fn code_point(c: char) -> String {
    format!("U+{:04X}", u32::from(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guard_of_exports_is_undone_and_nothing_else() {
        for (cell, value) in [
            ("'=SUM(A1)", "=SUM(A1)"),
            (" '+34", "+34"),
            ("'\t'=x", "=x"),
            ("'t Harde", "'t Harde"),
            ("''=x", "''=x"),
            ("'", "'"),
            (" x\r\n", "x"),
        ] {
            assert_eq!(clean(cell), value, "{cell:?}");
            assert_eq!(clean(value), value, "{cell:?}");
        }
    }

    #[test]
    fn messages_show_one_harmless_line() {
        assert_eq!(shown("a\u{1b}[31m\n\u{202e}"), "\"a\\u{1b}[31m\\n\\u{202e}\"");
        assert_eq!(shown(&"x".repeat(61)), format!("\"{}\"...", "x".repeat(60)));
    }
}
