//! Cells that a spreadsheet would run are made text; `ingest` undoes it.

use std::borrow::Cow;

use crate::domain::PhoneNumber;

/// Puts `'` before a cell that begins like a formula, unless it is exactly a number.
pub(super) fn escape(cell: &str) -> Cow<'_, str> {
    if cell.starts_with(['=', '@', '-', '+', '\t', '\r']) && !is_number(cell) {
        return Cow::Owned(format!("'{cell}"));
    }
    Cow::Borrowed(cell)
}

fn is_number(cell: &str) -> bool {
    let plain = cell.strip_prefix('-').unwrap_or(cell);
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let decimal = plain.split_once('.').is_some_and(|(whole, rest)| digits(whole) && digits(rest));
    digits(plain) || decimal || PhoneNumber::parse(cell).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_become_text_and_numbers_stay() {
        for formula in ["=1+1", "@SUM(A1)", "-2+3", "+cmd|' /C calc'!A0", "\t=1", "\r=1", "+0123", "-"] {
            assert_eq!(escape(formula), format!("'{formula}"));
        }
        for plain in ["+34911234567", "-5", "-5.25", "Madrid", "'=x", "", "{\"a\":1}"] {
            assert_eq!(escape(plain), plain);
        }
    }
}
