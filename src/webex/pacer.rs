//! One shared pace for all requests: refusals in a row pause everybody, one alone only the refused request.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Refusals in a row after which everybody waits.
const PAUSE_AFTER: u32 = 4;

#[derive(Debug)]
pub(super) struct Pacer {
    strict: bool,
    gap: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    refused_in_a_row: u32,
    paused_until: Option<Instant>,
    next_slot: Option<Instant>,
    requests: u64,
    refused: u64,
    retries: u64,
}

impl Pacer {
    pub(super) fn new(strict: bool, per_second: Option<f64>) -> Pacer {
        let gap = per_second
            .map_or(Duration::ZERO, |rate| Duration::from_secs_f64(rate.recip().clamp(0.0, 3_600.0)));
        Pacer { strict, gap, state: Mutex::default() }
    }

    /// Takes the next slot and says when it is.
    pub(super) fn next_slot(&self, now: Instant) -> Instant {
        let mut state = self.lock();
        let slot = state.paused_until.into_iter().chain(state.next_slot).fold(now, Instant::max);
        if !self.gap.is_zero() {
            state.next_slot = slot.checked_add(self.gap);
        }
        slot
    }

    /// Whether a pause began after a slot was taken.
    pub(super) fn is_paused(&self, now: Instant) -> bool {
        self.lock().paused_until.is_some_and(|until| until > now)
    }

    pub(super) fn answered(&self, refused_for: Option<Duration>, now: Instant) {
        let mut state = self.lock();
        state.requests = state.requests.saturating_add(1);
        let Some(wait) = refused_for else {
            state.refused_in_a_row = 0;
            return;
        };
        state.refused = state.refused.saturating_add(1);
        state.refused_in_a_row = state.refused_in_a_row.saturating_add(1);
        if self.strict || state.refused_in_a_row >= PAUSE_AFTER {
            state.paused_until = state.paused_until.max(now.checked_add(wait));
            state.refused_in_a_row = 0;
        }
    }

    pub(super) fn retried(&self) {
        let mut state = self.lock();
        state.retries = state.retries.saturating_add(1);
    }

    /// Requests sent, those of them that were refused for pace, and retries after failures that pass.
    pub(super) fn counts(&self) -> (u64, u64, u64) {
        let state = self.lock();
        (state.requests, state.refused, state.retries)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAIT: Option<Duration> = Some(Duration::from_secs(5));

    #[test]
    fn four_refusals_in_a_row_pause_everybody_and_an_answer_in_between_does_not() {
        let now = Instant::now();
        let pacer = Pacer::new(false, None);
        for refused in [WAIT, WAIT, WAIT, None, WAIT, WAIT, WAIT] {
            pacer.answered(refused, now);
        }
        assert_eq!(pacer.next_slot(now), now);
        pacer.answered(WAIT, now);
        assert_eq!(pacer.next_slot(now), now + Duration::from_secs(5));
        assert_eq!(pacer.counts(), (8, 7, 0));
    }

    #[test]
    fn strict_pauses_at_the_first_refusal() {
        let now = Instant::now();
        let pacer = Pacer::new(true, None);
        pacer.answered(WAIT, now);
        assert!(pacer.is_paused(now));
    }

    #[test]
    fn a_limit_of_our_own_spaces_the_slots() {
        let now = Instant::now();
        let pacer = Pacer::new(false, Some(10.0));
        let slots: Vec<Duration> = (0..3).map(|_| pacer.next_slot(now) - now).collect();
        assert_eq!(slots, [0, 100, 200].map(Duration::from_millis));
    }
}
