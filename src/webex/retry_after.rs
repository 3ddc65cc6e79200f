//! The wait that a server asks for (R15).

use std::time::Duration;

/// What a `Retry-After` header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// This long.
    Wait(Duration),
    /// Longer than we are willing to wait.
    TooLong,
    /// Nothing usable: our own backoff decides.
    Nothing,
}

/// Reads seconds, or an HTTP date against the answer's own `Date`. Anything else asks nothing.
pub(super) fn asked(header: Option<&str>, date: Option<&str>, longest: Duration) -> Asked {
    let Some(text) = header.map(str::trim).filter(|text| !text.is_empty()) else { return Asked::Nothing };
    let wait = if text.bytes().all(|b| b.is_ascii_digit()) {
        // Digits that fit no integer are a wait beyond every limit.
        text.parse::<u64>().map_or(Duration::MAX, Duration::from_secs)
    } else if let Ok(until) = httpdate::parse_http_date(text) {
        let now = date
            .and_then(|date| httpdate::parse_http_date(date).ok())
            .unwrap_or_else(std::time::SystemTime::now);
        until.duration_since(now).unwrap_or_default()
    } else {
        return Asked::Nothing;
    };
    if wait > longest { Asked::TooLong } else { Asked::Wait(wait) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_seconds_and_dates_and_nothing_else() {
        let longest = Duration::from_secs(300);
        let date = "Tue, 24 Nov 2026 10:00:00 GMT";
        let cases = [
            (Some("2"), Asked::Wait(Duration::from_secs(2))),
            (Some(" 0 "), Asked::Wait(Duration::ZERO)),
            (Some("300"), Asked::Wait(longest)),
            (Some("301"), Asked::TooLong),
            (Some("99999999999999999999"), Asked::TooLong),
            (Some("-5"), Asked::Nothing),
            (Some("1.5"), Asked::Nothing),
            (Some("rand(30),add(30)"), Asked::Nothing),
            (Some(""), Asked::Nothing),
            (None, Asked::Nothing),
            (Some("Tue, 24 Nov 2026 10:00:07 GMT"), Asked::Wait(Duration::from_secs(7))),
            (Some("Tue, 24 Nov 2026 09:00:00 GMT"), Asked::Wait(Duration::ZERO)),
            (Some("Tue, 24 Nov 2026 11:00:00 GMT"), Asked::TooLong),
        ];
        for (header, wanted) in cases {
            assert_eq!(asked(header, Some(date), longest), wanted, "{header:?}");
        }
    }
}
