//! The spellings of phone numbers.

use serde_json::Value;

use super::habits::Spelling;

/// Country codes of two digits begin so; `1` and `7` have one digit, all others three.
const TWO_DIGITS: [&str; 44] = [
    "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "47", "48",
    "49", "51", "52", "53", "54", "55", "56", "57", "58", "60", "61", "62", "63", "64", "65", "66", "81",
    "82", "84", "86", "90", "91", "92", "93", "94", "95", "98",
];

/// A number in E.164 in this spelling; any other text as it is.
pub(crate) fn respelled(spelling: Spelling, text: &str) -> String {
    let parts = text.strip_prefix('+').filter(|digits| is_digits(digits)).and_then(|digits| {
        digits.split_at_checked(country_code_length(digits)).filter(|(_, national)| national.len() >= 4)
    });
    match (spelling, parts) {
        (Spelling::Hyphen, Some((country, national))) => format!("+{country}-{national}"),
        (Spelling::National, Some((_, national))) => national.to_owned(),
        _ => text.to_owned(),
    }
}

/// Respells every number of an answer.
pub(crate) fn respell(spelling: Spelling, value: &mut Value) {
    match value {
        Value::String(text) if text.starts_with('+') => *text = respelled(spelling, text),
        Value::Array(items) => items.iter_mut().for_each(|item| respell(spelling, item)),
        Value::Object(fields) => fields.values_mut().for_each(|field| respell(spelling, field)),
        _ => {}
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn country_code_length(digits: &str) -> usize {
    if digits.starts_with(['1', '7']) {
        1
    } else if TWO_DIGITS.iter().any(|code| digits.starts_with(code)) {
        2
    } else {
        3
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_country_code_is_told_from_the_rest() {
        for (number, hyphen, national) in [
            ("+19195559876", "+1-9195559876", "9195559876"),
            ("+34910000001", "+34-910000001", "910000001"),
            ("+351210000001", "+351-210000001", "210000001"),
            ("+6557765419", "+65-57765419", "57765419"),
            ("1000", "1000", "1000"),
            ("+1 919", "+1 919", "+1 919"),
        ] {
            assert_eq!(respelled(Spelling::Hyphen, number), hyphen);
            assert_eq!(respelled(Spelling::National, number), national);
            assert_eq!(respelled(Spelling::E164, number), number);
        }
    }
}
