//! How often and how long one logical request may still wait, over all its attempts.

use std::time::Duration;

use super::backoff::Backoff;
use super::settings::WebexSettings;

/// The most that one request may wait in all because a server asked for it (R21).
const RATE_LIMIT_TOTAL: Duration = Duration::from_secs(1_800);

/// The patience left for one request: retries, and apart from them the waits that a server asks for.
#[derive(Debug, Clone)]
pub struct Budget {
    backoff: Backoff,
    /// One more round of retries for after an outage; none where another way is tried when these are spent.
    second_round: Option<Backoff>,
    own_pace: Backoff,
    /// A server that refuses and asks for no wait is not asked again at once: the waits would be spent before it recovers.
    shortest_wait: Duration,
    waits_left: u32,
    asked_left: Duration,
}

impl Budget {
    pub(super) fn new(settings: &WebexSettings) -> Budget {
        let budget = Budget::with_retries(settings, settings.max_retries);
        Budget { second_round: Some(budget.backoff.clone()), ..budget }
    }

    pub(super) fn with_retries(settings: &WebexSettings, retries: u32) -> Budget {
        Budget {
            backoff: Backoff::new(retries, settings.backoff_base),
            second_round: None,
            own_pace: Backoff::new(settings.max_rate_limit_waits, settings.backoff_base),
            shortest_wait: settings.backoff_base,
            waits_left: settings.max_rate_limit_waits,
            asked_left: RATE_LIMIT_TOTAL,
        }
    }

    /// The delay before the next retry; `None` when the retries are spent.
    pub fn next_retry(&mut self) -> Option<Duration> {
        self.backoff.next()
    }

    /// Whether the retries can be had once more.
    pub(super) const fn has_second_round(&self) -> bool {
        self.second_round.is_some()
    }

    /// Gives all retries once more, and the delay before the first of them.
    pub(super) fn begin_second_round(&mut self) -> Duration {
        self.backoff = self.second_round.take().unwrap_or_else(|| self.backoff.clone());
        self.backoff.next().unwrap_or_default()
    }

    /// The delay that a refusal costs: what was asked, or our own pace; `None` when that patience is spent.
    pub(super) fn next_wait(&mut self, asked: Option<Duration>) -> Option<Duration> {
        self.waits_left = self.waits_left.checked_sub(1)?;
        let wait = asked.map(|asked| asked.max(self.shortest_wait)).or_else(|| self.own_pace.next())?;
        self.asked_left = self.asked_left.checked_sub(wait)?;
        Some(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::webex::{BaseUrl, Token};

    fn budget(max_retries: u32, max_rate_limit_waits: u32) -> Budget {
        Budget::new(&WebexSettings {
            base_url: BaseUrl::parse("http://localhost/v1").unwrap(),
            token: Token::parse("t").unwrap(),
            org_id: None,
            request_timeout: Duration::from_secs(20),
            connect_timeout: Duration::from_secs(5),
            max_retries,
            backoff_base: Duration::from_millis(1),
            max_retry_after: Duration::from_secs(300),
            max_rate_limit_waits,
            strict_retry_after: false,
            concurrency: 16,
            outage_wait: Duration::ZERO,
            max_requests_per_second: None,
        })
    }

    #[test]
    fn a_storm_of_refusals_costs_no_retries() {
        let mut budget = budget(2, 50);
        for _ in 0..50 {
            assert!(budget.next_wait(Some(Duration::from_secs(1))).is_some());
        }
        assert!(budget.next_wait(Some(Duration::from_secs(1))).is_none());
        assert!(budget.next_retry().is_some() && budget.next_retry().is_some());
        assert!(budget.next_retry().is_none());
    }

    #[test]
    fn asked_waits_end_after_half_an_hour() {
        let mut budget = budget(0, 50);
        let waits = (0..50).map_while(|_| budget.next_wait(Some(Duration::from_secs(300)))).count();
        assert_eq!(waits, 6);
    }
}
