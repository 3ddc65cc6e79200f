//! The waits between attempts: a finite list, so that no retry loop can run for ever.

use std::time::Duration;

/// The longest single wait of our own choosing.
const CEILING: Duration = Duration::from_secs(30);

/// Exponential delays with jitter, one a retry; ends when the retries are spent.
#[derive(Debug, Clone)]
pub(super) struct Backoff {
    left: u32,
    next: Duration,
}

impl Backoff {
    pub(super) fn new(retries: u32, base: Duration) -> Backoff {
        Backoff { left: retries, next: base }
    }
}

impl Iterator for Backoff {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        self.left = self.left.checked_sub(1)?;
        let full = self.next.min(CEILING);
        self.next = full.saturating_mul(2);
        // Between a half and the whole, so that rows that failed together do not come back together.
        Some(full.mul_f64(fastrand::f64().mul_add(0.5, 0.5)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_within_jitter_and_end() {
        let delays: Vec<Duration> = Backoff::new(8, Duration::from_secs(1)).collect();
        assert_eq!(delays.len(), 8);
        for (delay, full) in delays.iter().zip([1_u64, 2, 4, 8, 16, 30, 30, 30]) {
            let full = Duration::from_secs(full);
            assert!(*delay >= full / 2 && *delay <= full, "{delay:?} of {full:?}");
        }
    }
}
