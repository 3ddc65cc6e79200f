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
const SHARE_OF_PASSED: f64 = 0.97;

/// One episode leaves between so much and all of the rate when few were refused, and so much of what is known to flow ..
const FEW_REFUSED: Cut = Cut { least: 0.92, most: 1.0, of_known: 0.92 };

/// .. and between so much and so much when many were.
const MANY_REFUSED: Cut = Cut { least: 0.5, most: 0.85, of_known: 0.6 };

/// Refusals that no pace prevents must not bring the rate to nothing: what was let through stands for what can flow,
/// half as much of it after this time ..
const HALVING: Duration = Duration::from_secs(30);

/// .. and half as much at once when so many are refused for each that is let through.
const NEARLY_CLOSED: f64 = 2.0;

/// Below this part of what is known to flow, a rate grows by this part of itself with each request.
const RECOVERED: f64 = 0.8;
const RECOVERY: f64 = 0.03;

/// The growth at first: requests a second with each request that waited for its turn, but not more than this part of
/// the rate.
const GROWTH: f64 = 0.01;
const LARGEST_GROWTH: f64 = 0.001;

/// The growth is `e` times as large after this time and so many requests without a refusal, and so on up to the limit:
/// near the rate that was refused it is slow, and a limit that was raised is soon found.
const SECONDS: f64 = 3.0;
const REQUESTS: f64 = 20.0;
const STEEPEST: f64 = 4.0;

/// A first rate of fewer requests than this is a guess: the few that began a run, side by side, say little of many.
const SAMPLE: u32 = 10;

/// A guess grows by this part of itself with each request, until the next refusal.
const GROWTH_OF_A_GUESS: f64 = 0.2;

/// No learnt rate is slower than this or faster than that, so that a wait for a turn has a bound.
const RATES: (f64, f64) = (0.2, 1_000_000.0);

/// What an episode leaves of a rate.
struct Cut {
    least: f64,
    most: f64,
    /// Of what is known to flow, however low the rest would be.
    of_known: f64,
}

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
    /// What was let through, in requests a second, and when: the most, as it counts from then.
    known: Option<(f64, Instant)>,
    /// The rate is of too few requests.
    guessed: bool,
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
        if let Some(rate) = self.per_second.filter(|_| held) {
            self.held = self.held.saturating_add(1);
            self.per_second = Some((rate + self.growth(rate, now)).min(RATES.1));
        }
    }

    fn growth(&self, rate: f64, now: Instant) -> f64 {
        if self.guessed {
            return rate * GROWTH_OF_A_GUESS;
        }
        let quiet = self.met.map_or(Duration::ZERO, |met| now.saturating_duration_since(met));
        let steepness = (quiet.as_secs_f64() / SECONDS).min(f64::from(self.held) / REQUESTS).min(STEEPEST);
        let growth = GROWTH.min(rate * LARGEST_GROWTH) * steepness.exp();
        if rate < self.known_to_flow(now) * RECOVERED { growth.max(rate * RECOVERY) } else { growth }
    }

    /// Requests a second that were let through before, the less the longer ago.
    fn known_to_flow(&self, now: Instant) -> f64 {
        self.known.map_or(0.0, |(per_second, at)| {
            per_second * (-now.saturating_duration_since(at).div_duration_f64(HALVING)).exp2()
        })
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

    fn estimate(&mut self, now: Instant) -> Option<f64> {
        if self.episode.served == 0 {
            // What lets nothing through is closed and not slow; the pause waits for it.
            return self.per_second;
        }
        let measured = self.flow.lasted(now) >= SHORTEST_MEASURE;
        let measure = if measured { &self.flow } else { &self.episode };
        let let_through = measure.per_second(now) * SHARE_OF_PASSED;
        self.guessed = self.per_second.is_none() && measure.served < SAMPLE;
        let Some(rate) = self.per_second else {
            // The very first burst says how much was in stock, and not how much comes after it.
            self.known = self.met.map(|_| (let_through, now));
            return (measured || self.met.is_some()).then_some(let_through);
        };
        let (served, refused) = (f64::from(self.episode.served), f64::from(self.refused));
        let nearly_closed = refused > NEARLY_CLOSED * served;
        let before = self.known_to_flow(now) * if nearly_closed { 0.5 } else { 1.0 };
        let known = before.max(let_through);
        if nearly_closed || let_through > before {
            self.known = Some((known, now));
        }
        let many = refused > MANY * (served + refused);
        let cut = if many { MANY_REFUSED } else { FEW_REFUSED };
        let lowest = rate.min(known * cut.of_known);
        Some(let_through.clamp(rate * cut.least, rate * cut.most).max(lowest))
    }
}
