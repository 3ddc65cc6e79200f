//! When the next request may leave. What is refused alone waits alone, and slows everybody a little; refusals in a row
//! pause everybody, with one request that probes whether that was right. Pure: the clock is an argument.

mod learnt;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use learnt::Learnt;

/// Refusals in a row, in the order of sending, after which everybody waits.
const PAUSE_AFTER: u32 = 3;

/// A pause is probed after this part of it: a server that lets single requests through is slow, not closed.
const PROBE_AFTER: f64 = 0.125;

/// Whoever waits for the end of a pause looks this often whether it was lifted.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// At a start the second request follows the first after this, the third after half of it, and so on.
const RAMP: Duration = Duration::from_millis(20);

/// Turns that were missed by less than this are made up for, so that late timers cost no speed.
const CREDIT: Duration = Duration::from_millis(20);

/// A shorter time cannot be slept.
const TICK: Duration = Duration::from_millis(1);

/// The longest distance between two requests, in seconds.
const LONGEST_GAP: f64 = 3_600.0;

/// The shared pace of all requests.
#[derive(Debug)]
pub(super) struct Pacer {
    strict: bool,
    /// The least distance between two requests that the settings allow.
    own_gap: Duration,
    state: Mutex<State>,
}

/// What the first in the line is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// Send now, and hand the ticket in with the answer.
    Go(Ticket),
    /// Ask again then.
    Wait(Instant),
}

/// One attempt under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket {
    number: u64,
    probe: bool,
}

#[derive(Debug, Default)]
struct State {
    learnt: Learnt,
    pause: Option<Pause>,
    next_turn: Option<Instant>,
    /// The first in the line was told to wait for its turn.
    waiting: bool,
    /// The last turn was waited for.
    held: bool,
    refused_in_a_row: u32,
    /// The latest ticket of those that were refused.
    last_refused: u64,
    tickets: u64,
    /// Tickets whose answers are due.
    under_way: u64,
    /// Until then some wait because they were refused, and not for want of work.
    resting_until: Option<Instant>,
    counts: Counts,
}

/// Nobody sends until then, but for one probe.
#[derive(Debug)]
struct Pause {
    until: Instant,
    probe_at: Option<Instant>,
}

/// Requests so far.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counts {
    /// Sent and over.
    pub(super) requests: u64,
    /// Of these, refused for pace.
    pub(super) refused: u64,
    /// Sent again after failures that pass.
    pub(super) retries: u64,
}

impl Pacer {
    /// With a limit of our own, and with a pause of everybody at each refusal when `strict`.
    pub(super) fn new(strict: bool, per_second: Option<f64>) -> Pacer {
        Pacer { strict, own_gap: per_second.map_or(Duration::ZERO, gap), state: Mutex::default() }
    }

    /// Begins with the rate that an earlier run has learnt.
    pub(super) fn resume(&self, per_second: f64, now: Instant) {
        self.lock().learnt.resume(per_second, now);
    }

    /// Asks for the first in the line. It is told to wait no longer than to the end of a pause or of a gap.
    pub(super) fn ask(&self, now: Instant) -> Turn {
        let mut state = self.lock();
        if let Some(turn) = state.ask_pause(now) {
            return turn;
        }
        if let Some(turn) = state.next_turn.filter(|turn| turn.saturating_duration_since(now) >= TICK) {
            state.waiting = true;
            return Turn::Wait(turn);
        }
        state.held = std::mem::take(&mut state.waiting);
        if !state.held && state.under_way == 0 && state.resting_until.is_none_or(|until| now > until) {
            state.learnt.starved(now);
        }
        let ticket = state.ticket(false);
        let learnt = state.learnt.per_second().map_or(Duration::ZERO, gap);
        let ramp = u32::try_from(ticket.number).ok().and_then(|number| RAMP.checked_div(number));
        let made_up = now.checked_sub(CREDIT).unwrap_or(now);
        let from = state.next_turn.map_or(now, |turn| turn.max(made_up));
        state.next_turn = from.checked_add(self.own_gap.max(learnt).max(ramp.unwrap_or_default()));
        Turn::Go(ticket)
    }

    /// The server let a request through, whatever it answered.
    pub(super) fn served(&self, ticket: Ticket, now: Instant) {
        let mut state = self.lock();
        state.ended();
        if ticket.number > state.last_refused {
            state.refused_in_a_row = 0;
        }
        if ticket.probe && state.pause.take().is_some() {
            state.learnt.flows_again(now);
        }
        let held = state.held;
        state.learnt.served(held, now);
    }

    /// The server refused a request for pace and asked it to wait. True when a pause of everybody begins.
    pub(super) fn refused(&self, ticket: Ticket, wait: Duration, now: Instant) -> bool {
        let mut state = self.lock();
        state.ended();
        state.counts.refused = state.counts.refused.saturating_add(1);
        let paused = state.pause.is_some();
        state.learnt.refused(paused, now);
        let rested = now.checked_add(wait);
        state.resting_until = state.resting_until.max(rested);
        if !ticket.probe {
            state.refused_in_a_row = state.refused_in_a_row.saturating_add(1);
            state.last_refused = state.last_refused.max(ticket.number);
        }
        if !self.strict && state.refused_in_a_row < PAUSE_AFTER {
            return false;
        }
        state.refused_in_a_row = 0;
        let Some(until) = rested else { return false };
        if let Some(pause) = &mut state.pause {
            pause.until = pause.until.max(until);
        } else {
            let probe_at = now.checked_add(wait.mul_f64(PROBE_AFTER)).filter(|_| !self.strict);
            state.pause = Some(Pause { until, probe_at });
        }
        !paused
    }

    /// No answer came, which says nothing of the pace.
    pub(super) fn unanswered(&self) {
        let mut state = self.lock();
        state.ended();
    }

    /// A failure that passes is tried again.
    pub(super) fn retried(&self) {
        let mut state = self.lock();
        state.counts.retries = state.counts.retries.saturating_add(1);
    }

    /// Requests so far.
    pub(super) fn counts(&self) -> Counts {
        self.lock().counts
    }

    /// The learnt rate, and what is left of a pause of everybody.
    pub(super) fn pace(&self, now: Instant) -> (Option<f64>, Option<Duration>) {
        let state = self.lock();
        let left = state.pause.as_ref().map(|pause| pause.until.saturating_duration_since(now));
        (state.learnt.per_second(), left.filter(|left| !left.is_zero()))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// What a pause says to the first in the line; `None` when there is none, or no more.
    fn ask_pause(&mut self, now: Instant) -> Option<Turn> {
        let pause = self.pause.as_mut()?;
        if now >= pause.until {
            self.pause = None;
            self.learnt.flows_again(now);
            return None;
        }
        match pause.probe_at {
            Some(at) if now >= at => {
                pause.probe_at = None;
                Some(Turn::Go(self.ticket(true)))
            }
            Some(at) => Some(Turn::Wait(at)),
            None => {
                let look = now.checked_add(LOOK_EVERY).unwrap_or(now);
                Some(Turn::Wait(pause.until.min(look)))
            }
        }
    }

    /// An attempt is over.
    fn ended(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
        self.counts.requests = self.counts.requests.saturating_add(1);
    }

    fn ticket(&mut self, probe: bool) -> Ticket {
        self.tickets = self.tickets.saturating_add(1);
        self.under_way = self.under_way.saturating_add(1);
        Ticket { number: self.tickets, probe }
    }
}

fn gap(per_second: f64) -> Duration {
    Duration::from_secs_f64(per_second.recip().clamp(0.0, LONGEST_GAP))
}

#[cfg(test)]
mod tests;
