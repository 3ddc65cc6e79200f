//! Rate limits: a token bucket and a fixed window.

use std::str::FromStr;
use std::time::Duration;

/// How many requests are let through; the others get 429 with `Retry-After` and cost nothing.
#[derive(Clone, Debug, PartialEq)]
pub enum RateLimit {
    /// Tokens come back steadily.
    TokenBucket {
        /// Tokens per second.
        per_second: f64,
        /// Tokens at most.
        burst: u32,
        /// `Retry-After` in seconds; `None`: the time until the next token, rounded up.
        retry_after: Option<u64>,
    },
    /// So many requests per window, counted from the first request; `Retry-After` is the rest of it.
    FixedWindow {
        /// Requests per window.
        requests: u32,
        /// Length of the window.
        window: Duration,
    },
}

/// `50/s` or `100/min`, each with `,burst=N` and `,retry_after=SECONDS` if wanted: a token bucket whose
/// burst is N by default. `300/6s`: a fixed window.
impl FromStr for RateLimit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong =
            || format!("`{text}` is no rate: write 50/s, 100/min, 50/s,burst=10,retry_after=5 or 300/6s");
        let mut parts = text.split(',');
        let (requests, per) = parts.next().unwrap_or_default().split_once('/').ok_or_else(wrong)?;
        let requests: u32 = requests.parse().ok().filter(|requests| *requests > 0).ok_or_else(wrong)?;
        let seconds = match per {
            "s" => 1.0,
            "min" => 60.0,
            _ => {
                let seconds = per.strip_suffix('s').and_then(|seconds| seconds.parse().ok());
                let seconds: u64 = seconds.filter(|seconds| *seconds > 0).ok_or_else(wrong)?;
                let window = RateLimit::FixedWindow { requests, window: Duration::from_secs(seconds) };
                return parts.next().is_none().then_some(window).ok_or_else(wrong);
            }
        };
        let (mut burst, mut retry_after) = (requests, None);
        for part in parts {
            match part.split_once('=') {
                Some(("burst", value)) => burst = value.parse().map_err(|_| wrong())?,
                Some(("retry_after", value)) => retry_after = Some(value.parse().map_err(|_| wrong())?),
                _ => return Err(wrong()),
            }
        }
        Ok(RateLimit::TokenBucket { per_second: f64::from(requests) / seconds, burst, retry_after })
    }
}

/// A limit and what is used of it. Times are milliseconds since the start of the server.
#[derive(Debug)]
pub(crate) struct Limiter {
    limit: RateLimit,
    tokens: f64,
    since_ms: Option<u64>,
    used: u32,
}

impl Limiter {
    pub(crate) fn new(limit: RateLimit) -> Self {
        let tokens = match limit {
            RateLimit::TokenBucket { burst, .. } => f64::from(burst.max(1)),
            RateLimit::FixedWindow { .. } => 0.0,
        };
        Limiter { limit, tokens, since_ms: None, used: 0 }
    }

    /// Lets a request through, or says after how many seconds to come again.
    pub(crate) fn admit(&mut self, now_ms: u64) -> Result<(), u64> {
        match self.limit {
            RateLimit::TokenBucket { per_second, burst, retry_after } => {
                self.take_token(now_ms, per_second, burst).map_err(|wait| retry_after.unwrap_or(wait))
            }
            RateLimit::FixedWindow { requests, window } => {
                self.take_place(now_ms, requests, u64::try_from(window.as_millis()).unwrap_or(u64::MAX))
            }
        }
    }

    fn take_token(&mut self, now_ms: u64, per_second: f64, burst: u32) -> Result<(), u64> {
        let elapsed = Duration::from_millis(now_ms.saturating_sub(self.since_ms.unwrap_or(now_ms)));
        self.since_ms = Some(now_ms);
        self.tokens = (self.tokens + elapsed.as_secs_f64() * per_second).min(f64::from(burst.max(1)));
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Ok(());
        }
        let missing = Duration::try_from_secs_f64((1.0 - self.tokens) / per_second).unwrap_or(Duration::MAX);
        Err(missing.as_secs().saturating_add(1))
    }

    fn take_place(&mut self, now_ms: u64, requests: u32, window_ms: u64) -> Result<(), u64> {
        let window_ms = window_ms.max(1);
        let start = *self.since_ms.get_or_insert(now_ms);
        let passed = now_ms.saturating_sub(start);
        if passed >= window_ms {
            self.since_ms = Some(start + passed / window_ms * window_ms);
            self.used = 0;
        }
        if self.used < requests {
            self.used += 1;
            return Ok(());
        }
        let rest = window_ms - passed % window_ms;
        Err(rest.div_ceil(1000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_refills_and_refusals_cost_nothing() {
        let limit = RateLimit::TokenBucket { per_second: 2.0, burst: 2, retry_after: None };
        let mut limiter = Limiter::new(limit);
        assert_eq!(limiter.admit(0), Ok(()));
        assert_eq!(limiter.admit(0), Ok(()));
        assert_eq!(limiter.admit(0), Err(1));
        assert_eq!(limiter.admit(499), Err(1));
        assert_eq!(limiter.admit(500), Ok(()));
        assert_eq!(limiter.admit(501), Err(1));
        assert_eq!(limiter.admit(60_000), Ok(()));
        assert_eq!(limiter.admit(60_000), Ok(()));
        assert_eq!(limiter.admit(60_000), Err(1));
    }

    #[test]
    fn a_window_says_how_long_it_lasts() {
        let limit = RateLimit::FixedWindow { requests: 2, window: Duration::from_secs(6) };
        let mut limiter = Limiter::new(limit);
        assert_eq!(limiter.admit(1_000), Ok(()));
        assert_eq!(limiter.admit(1_000), Ok(()));
        assert_eq!(limiter.admit(1_000), Err(6));
        assert_eq!(limiter.admit(5_500), Err(2));
        assert_eq!(limiter.admit(7_000), Ok(()));
        assert_eq!(limiter.admit(12_900), Ok(()));
        assert_eq!(limiter.admit(12_900), Err(1));
        assert_eq!(limiter.admit(13_000), Ok(()));
    }

    #[test]
    fn a_fixed_hint_replaces_the_computed_one() {
        let limit = RateLimit::TokenBucket { per_second: 50.0, burst: 1, retry_after: Some(5) };
        let mut limiter = Limiter::new(limit);
        assert_eq!(limiter.admit(0), Ok(()));
        assert_eq!(limiter.admit(0), Err(5));
    }
}
