//! Times, lengths of time and keys as people read and type them.

use jiff::{Timestamp, Unit, tz::TimeZone};

use crate::config::Env;

/// What stands between the parts of a line: plain ASCII where the terminal cannot be trusted with more.
pub(super) fn separator(env: Env<'_>) -> &'static str {
    let filled = |name: &&str| env(name).is_some_and(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find(|name| filled(name)).and_then(|name| env(name));
    let locale = locale.unwrap_or_default().to_ascii_lowercase();
    let unicode = locale.contains("utf-8") || locale.contains("utf8");
    if unicode && env("TERM").as_deref() != Some("dumb") { " \u{b7} " } else { " | " }
}

/// A time stamp of the database as local time with its offset.
pub(super) fn local_time(stamp: &str) -> String {
    let Ok(moment) = stamp.parse::<Timestamp>() else { return stamp.to_owned() };
    moment.to_zoned_datetime(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S %:z").to_string()
}

/// How many seconds ago a time stamp of the database was; negative when it is to come.
pub(super) fn seconds_since(stamp: &str) -> Option<i64> {
    let moment: Timestamp = stamp.parse().ok()?;
    let age = Timestamp::now().since((Unit::Second, moment)).ok()?;
    Some(age.get_seconds())
}

/// Such as `11 h 40 min`, or `4 min`.
pub(super) fn hours_and_minutes(seconds: i64) -> String {
    let minutes = seconds.max(0).div_euclid(60);
    match (minutes.div_euclid(60), minutes.rem_euclid(60)) {
        (0, 0) => "less than a minute".to_owned(),
        (0, minutes) => format!("{minutes} min"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

/// Such as `1 row`, or `5 rows`.
pub(super) fn count(number: u32, what: &str) -> String {
    let end = if number == 1 { "" } else { "s" };
    format!("{number} {what}{end}")
}

/// A word as a shell takes it for one.
pub(super) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./@+:,%=".contains(c);
    if !word.is_empty() && !word.starts_with('-') && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// ` --location KEY` for each of the locations.
pub(super) fn location_options(keys: &[String]) -> String {
    keys.iter().map(|key| format!(" --location {}", quoted(key))).collect()
}

/// Which rows are meant, in words.
pub(super) fn scope(keys: &[String]) -> String {
    match keys {
        [] => "all locations".to_owned(),
        keys => format!("only {}", keys.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_stays_one_word_for_a_shell() {
        for (key, word) in [
            ("MAD-01", "MAD-01"),
            ("Calle Mayor", "'Calle Mayor'"),
            ("d'Or", r"'d'\''Or'"),
            ("-x", "'-x'"),
            ("", "''"),
            ("$(id)", "'$(id)'"),
        ] {
            assert_eq!(quoted(key), word);
        }
    }

    #[test]
    fn a_length_of_time_has_hours_and_minutes() {
        for (seconds, words) in
            [(-5, "less than a minute"), (59, "less than a minute"), (240, "4 min"), (42_000, "11 h 40 min")]
        {
            assert_eq!(hours_and_minutes(seconds), words);
        }
    }

    #[test]
    fn a_terminal_of_unknown_reach_gets_ascii() {
        let of = |pairs: &'static [(&str, &str)]| {
            let found = |name: &str| {
                pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
            };
            separator(&found)
        };
        assert_eq!(of(&[]), " | ");
        assert_eq!(of(&[("LANG", "es_ES.UTF-8")]), " \u{b7} ");
        assert_eq!(of(&[("LANG", "es_ES.UTF-8"), ("TERM", "dumb")]), " | ");
        assert_eq!(of(&[("LC_ALL", "C"), ("LANG", "es_ES.UTF-8")]), " | ");
    }
}
