//! Telephone numbers, and what spreadsheets do to them.

use std::borrow::Cow;

use super::normalize::Normalized;
use super::text::shown;
use crate::domain::PhoneNumber;

/// What may stand between the digits of a number that begins with `+`.
const SEPARATORS: [char; 5] = [' ', '-', '.', '(', ')'];

/// From this length on, digits can hold a country code.
const MIN_INTERNATIONAL_DIGITS: usize = 11;

pub(super) fn normalize(text: &str) -> Normalized<'_> {
    if PhoneNumber::parse(text).is_ok() {
        return Ok(Cow::Borrowed(text));
    }
    match text.strip_prefix('+') {
        Some(rest) => without_separators(text, rest).map(Cow::Owned),
        None => Err(without_plus(text)),
    }
}

/// Numbers separated by `|`.
pub(super) fn normalize_list(text: &str) -> Normalized<'_> {
    let numbers =
        text.split('|').map(|number| normalize(super::text::trim(number))).collect::<Result<Vec<_>, _>>()?;
    let joined = numbers.join("|");
    Ok(if joined == text { Cow::Borrowed(text) } else { Cow::Owned(joined) })
}

/// `3.49E+10`, with a decimal point or comma.
pub(super) fn is_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else {
        return false;
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number =
        |text: &str| digits(text) || text.split_once(['.', ',']).is_some_and(|(a, b)| digits(a) && digits(b));
    number(mantissa) && exponent.strip_prefix(['+', '-']).is_some_and(digits)
}

/// `1234.0`: digits that went through a decimal number.
pub(super) fn is_decimal(text: &str) -> bool {
    text.split_once(['.', ',']).is_some_and(|(whole, fraction)| {
        !whole.is_empty()
            && whole.bytes().all(|byte| byte.is_ascii_digit())
            && !fraction.is_empty()
            && fraction.bytes().all(|byte| byte == b'0')
    })
}

fn without_separators(text: &str, rest: &str) -> Result<String, String> {
    let not_a_number = |why: &str| Err(format!("{} is not an E.164 number: {why}", shown(text)));
    if is_scientific(rest) || is_decimal(rest) {
        return Err(damaged(text));
    }
    if text.contains("(0)") {
        return not_a_number("leave out the (0), it is not dialled after the country code");
    }
    let digits: String = rest.chars().filter(|c| !SEPARATORS.contains(c)).collect();
    let number = format!("+{digits}");
    if PhoneNumber::parse(&number).is_ok() {
        return Ok(number);
    }
    match digits.bytes().find(|byte| !byte.is_ascii_digit()) {
        Some(_) => not_a_number("write + and the digits 0 to 9, such as +34911234567"),
        None if digits.starts_with('0') => not_a_number("no country code begins with 0"),
        None => not_a_number(&format!("it has {} digits, 4 to 15 are possible", digits.len())),
    }
}

fn without_plus(text: &str) -> String {
    if is_scientific(text) || is_decimal(text) {
        return damaged(text);
    }
    let bare = text.strip_prefix("tel:").or(text.strip_prefix('\'')).unwrap_or(text);
    let digits: String = bare.chars().filter(|c| !SEPARATORS.contains(c) && *c != '+').collect();
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return format!("{} is not a telephone number: write it like +34911234567", shown(text));
    }
    let international = digits.strip_prefix("00").unwrap_or(&digits);
    let suggestion = format!("+{international}");
    let has_country = bare.starts_with('+') || digits.starts_with("00");
    if PhoneNumber::parse(&suggestion).is_ok() && has_country {
        return format!("{} is not in E.164 form: write {suggestion}", shown(text));
    }
    if PhoneNumber::parse(&suggestion).is_ok() && digits.len() >= MIN_INTERNATIONAL_DIGITS {
        return format!(
            "{} lacks the + (spreadsheets drop it): if it begins with the country code, write {suggestion}",
            shown(text)
        );
    }
    format!("{} lacks the country code: write the number in full, such as +34911234567", shown(text))
}

fn damaged(text: &str) -> String {
    format!(
        "a spreadsheet turned the number into {text}: format the column as text and write it again in full, such as +34911234567"
    )
}
