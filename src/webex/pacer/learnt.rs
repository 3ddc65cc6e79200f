//! The learnt rate: none until the server refuses, then what it let through, and a little more with each request that
//! it lets through. Pure: the clock is an argument.
//!
//! Between two refusals a token bucket lets through just what it is filled with, so that this is its rate. Of a
//! fixed window it is the speed at which the window was used up, which is not what limits it: so a rate is cut hard
//! only where many requests are refused. No more can be let through than is asked for: times with little work say
//! nothing of the limit.

use std::time::Duration;

use tokio::time::Instant;

/// Refusals closer than this belong together: what was sent before the first of them was known says nothing new.
const EPISODE: Duration = Duration::from_millis(500);

/// A time shorter than this is too short to measure a rate in.
const SHORTEST_MEASURE: Duration = Duration::from_millis(250);

/// A larger share of refused requests says that the rate is wrong, and not just at its limit.
const MANY: f64 = 0.05;

/// So much of what was let through is asked for next.
const MODESTY: f64 = 0.97;

/// One episode leaves between so much and all of the rate when few were refused ..
const FEW_REFUSED: (f64, f64) = (0.92, 1.0);

/// .. and between so much and so much when many were.
const MANY_REFUSED: (f64, f64) = (0.5, 0.85);

/// The growth at first: requests a second with each request that waited for its turn, but not more than this part of
/// the rate.
const GROWTH: f64 = 0.01;
const LARGEST_GROWTH: f64 = 0.001;

/// The growth is `e` times as large after this time and so many requests without a refusal, and so on up to the limit:
/// near the rate that was refused it is slow, and a limit that was raised is soon found.
const SECONDS: f64 = 3.0;
const REQUESTS: f64 = 20.0;
const STEEPEST: f64 = 4.0;

/// No learnt rate is slower than this or faster than that, so that a wait for a turn has a bound.
const RATES: (f64, f64) = (0.2, 1_000_000.0);

/// What is known of the limit that a server sets.
#[derive(Debug, Default)]
pub(super) struct Learnt {
    per_second: Option<f64>,
    /// When the limit was last met.
    met: Option<Instant>,
    /// Since then, or since there was work again.
    episode: Measure,
    /// Since then, or since the last pause.
    flow: Measure,
    refused: u32,
    /// Requests since the limit was last met that waited for their turn and were let through.
    held: u32,
}

/// Requests let through since a moment.
#[derive(Debug, Default)]
struct Measure {
    since: Option<Instant>,
    served: u32,
}

impl Measure {
    fn begin(now: Instant) -> Measure {
        Measure { since: Some(now), served: 0 }
    }

    fn add(&mut self, now: Instant) {
        self.since.get_or_insert(now);
        self.served = self.served.saturating_add(1);
    }

    fn lasted(&self, now: Instant) -> Duration {
        self.since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since))
    }

    fn per_second(&self, now: Instant) -> f64 {
        f64::from(self.served) / self.lasted(now).max(Duration::from_millis(50)).as_secs_f64()
    }
}

impl Learnt {
    /// Takes over the rate of an earlier run, as if its limit had just been met.
    pub(super) fn resume(&mut self, per_second: f64, now: Instant) {
        if per_second.is_finite() {
            self.per_second = Some(per_second.clamp(RATES.0, RATES.1));
            self.met = Some(now);
        }
    }

    /// Requests a second; `None` while no limit was met.
    pub(super) fn per_second(&self) -> Option<f64> {
        self.per_second
    }

    /// Requests flow again after a pause.
    pub(super) fn flows_again(&mut self, now: Instant) {
        self.flow = Measure::begin(now);
    }

    /// There is work again, after a time in which less was sent than might have been.
    pub(super) fn starved(&mut self, now: Instant) {
        self.episode = Measure::begin(now);
        self.flow = Measure::begin(now);
        self.refused = 0;
    }

    /// A request was let through. Requests were `held` when they wait for their turn, and not for work.
    pub(super) fn served(&mut self, held: bool, now: Instant) {
        self.episode.add(now);
        self.flow.add(now);
        let quiet = self.met.map_or(Duration::ZERO, |met| now.saturating_duration_since(met));
        if let Some(rate) = self.per_second.as_mut().filter(|_| held) {
            self.held = self.held.saturating_add(1);
            let steepness =
                (quiet.as_secs_f64() / SECONDS).min(f64::from(self.held) / REQUESTS).min(STEEPEST);
            *rate = (*rate + GROWTH.min(*rate * LARGEST_GROWTH) * steepness.exp()).min(RATES.1);
        }
    }

    /// A request was refused. What is refused while everybody pauses says nothing of the rate.
    pub(super) fn refused(&mut self, paused: bool, now: Instant) {
        self.refused = self.refused.saturating_add(1);
        if paused || self.met.is_some_and(|met| now.saturating_duration_since(met) < EPISODE) {
            return;
        }
        self.per_second = self.estimate(now).map(|rate| rate.clamp(RATES.0, RATES.1));
        self.met = Some(now);
        self.held = 0;
        self.starved(now);
    }

    fn estimate(&self, now: Instant) -> Option<f64> {
        if self.episode.served == 0 {
            // What lets nothing through is closed and not slow; the pause waits for it.
            return self.per_second;
        }
        let measured = self.flow.lasted(now) >= SHORTEST_MEASURE;
        let measure = if measured { &self.flow } else { &self.episode };
        let let_through = measure.per_second(now) * MODESTY;
        let Some(rate) = self.per_second else {
            // The very first burst says how much was in stock, and not how much comes after it.
            return (measured || self.met.is_some()).then_some(let_through);
        };
        let (served, refused) = (f64::from(self.episode.served), f64::from(self.refused));
        let many = refused > MANY * (served + refused);
        let (least, most) = if many { MANY_REFUSED } else { FEW_REFUSED };
        Some(let_through.clamp(rate * least, rate * most))
    }
}
