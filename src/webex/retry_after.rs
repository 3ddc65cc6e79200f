//! The wait that a server asks for (R15).

use std::time::Duration;

/// What a `Retry-After` header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskedWait {
    /// This long.
    Wait(Duration),
    /// Longer than we are willing to wait.
    TooLong,
    /// Nothing usable: our own backoff decides.
    Nothing,
}

/// Reads seconds, an HTTP date against the answer's own `Date`, or terms such as `rand(30),add(30)`. Anything else asks
/// nothing.
pub(super) fn asked(header: Option<&str>, date: Option<&str>, longest: Duration) -> AskedWait {
    let Some(text) = header.map(str::trim).filter(|text| !text.is_empty()) else { return AskedWait::Nothing };
    let wait = if let Some(wait) = seconds(text) {
        wait
    } else if let Ok(until) = httpdate::parse_http_date(text) {
        let now = date
            .and_then(|date| httpdate::parse_http_date(date).ok())
            .unwrap_or_else(std::time::SystemTime::now);
        until.duration_since(now).unwrap_or_default()
    } else if let Some((wait, chance)) = terms(text) {
        let more = chance.min(longest).mul_f64(fastrand::f64());
        // Only the fixed part can be too long.
        wait.saturating_add(more).min(wait.max(longest))
    } else {
        return AskedWait::Nothing;
    };
    if wait > longest { AskedWait::TooLong } else { AskedWait::Wait(wait) }
}

fn seconds(text: &str) -> Option<Duration> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    // Digits that fit no integer are a wait beyond every limit.
    digits.then(|| text.parse::<u64>().map_or(Duration::MAX, Duration::from_secs))
}

/// What is fixed and what is left to chance of terms such as `rand(30),add(30)`, which a gateway of Webex sends: its own
/// configuration, and meant for whoever waits.
fn terms(text: &str) -> Option<(Duration, Duration)> {
    let (mut fixed, mut chance) = (Duration::ZERO, Duration::ZERO);
    for term in text.split(',') {
        let (name, argument) = term.trim().strip_suffix(')')?.split_once('(')?;
        let part = match name.trim() {
            "add" => &mut fixed,
            "rand" => &mut chance,
            _ => return None,
        };
        *part = part.saturating_add(seconds(argument.trim())?);
    }
    Some((fixed, chance))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_seconds_and_dates_and_nothing_else() {
        let longest = Duration::from_secs(300);
        let date = "Tue, 24 Nov 2026 10:00:00 GMT";
        let cases = [
            (Some("2"), AskedWait::Wait(Duration::from_secs(2))),
            (Some(" 0 "), AskedWait::Wait(Duration::ZERO)),
            (Some("300"), AskedWait::Wait(longest)),
            (Some("301"), AskedWait::TooLong),
            (Some("99999999999999999999"), AskedWait::TooLong),
            (Some("-5"), AskedWait::Nothing),
            (Some("1.5"), AskedWait::Nothing),
            (Some("add(30)"), AskedWait::Wait(Duration::from_secs(30))),
            (Some("add(301)"), AskedWait::TooLong),
            (Some("rand(30),add(99999999999999999999)"), AskedWait::TooLong),
            (Some("rand(30),mul(30)"), AskedWait::Nothing),
            (Some("rand(-1),add(30)"), AskedWait::Nothing),
            (Some("add(30"), AskedWait::Nothing),
            (Some("soon"), AskedWait::Nothing),
            (Some(""), AskedWait::Nothing),
            (None, AskedWait::Nothing),
            (Some("Tue, 24 Nov 2026 10:00:07 GMT"), AskedWait::Wait(Duration::from_secs(7))),
            (Some("Tue, 24 Nov 2026 09:00:00 GMT"), AskedWait::Wait(Duration::ZERO)),
            (Some("Tue, 24 Nov 2026 11:00:00 GMT"), AskedWait::TooLong),
        ];
        for (header, wanted) in cases {
            assert_eq!(asked(header, Some(date), longest), wanted, "{header:?}");
        }
    }

    #[test]
    fn a_wait_with_a_part_left_to_chance_is_never_shorter_than_its_fixed_part_nor_longer_than_allowed() {
        for (header, least, most) in [
            ("rand(30),add(30)", 30, 60),
            (" add(5) , rand( 2 )", 5, 7),
            ("rand(99999999999999999999),add(30)", 30, 300),
        ] {
            let waits: Vec<AskedWait> =
                (0..50).map(|_| asked(Some(header), None, Duration::from_secs(300))).collect();
            for wait in &waits {
                let AskedWait::Wait(wait) = wait else { panic!("{header}: {wait:?}") };
                assert!((least..=most).contains(&wait.as_secs()), "{header}: {wait:?}");
            }
            assert!(waits.iter().any(|wait| *wait != waits[0]), "{header} is left to chance");
        }
    }
}
