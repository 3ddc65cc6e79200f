//! The line in front of the way out: requests leave in the order in which they come, at the pace that the pacer gives.

use std::time::Duration;

use tokio::sync::{Mutex, Notify};
use tokio::time::Instant;

use super::error::Interrupted;
use super::gate::InFlight;
use super::pacer::{Pacer, Ticket, Turn};
use super::settings::WebexSettings;
use super::transport::Webex;

/// Requests that wait for their turn.
#[derive(Debug)]
pub(super) struct WaitingLine {
    pub(super) pacer: Pacer,
    /// The first in the line holds it, and alone watches the clock.
    first: Mutex<()>,
    pause_began: Notify,
}

impl WaitingLine {
    pub(super) fn new(settings: &WebexSettings) -> WaitingLine {
        WaitingLine {
            pacer: Pacer::new(settings.strict_retry_after, settings.max_requests_per_second),
            first: Mutex::default(),
            pause_began: Notify::new(),
        }
    }
}

/// What is known of the server's limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// Requests a second that it lets through; `None` while no limit was met.
    pub per_second: Option<f64>,
    /// What is left of a pause of everybody.
    pub paused_for: Option<Duration>,
}

impl Webex {
    /// Begins at the rate that an earlier run has learnt, in requests a second.
    pub fn resume_pace(&self, per_second: f64) {
        self.line.pacer.resume(per_second, Instant::now());
    }

    /// What is known of the server's limit.
    pub fn pace(&self) -> Pace {
        let (per_second, paused_for) = self.line.pacer.pace(Instant::now());
        Pace { per_second, paused_for }
    }

    /// Resolves when a pause of everybody begins.
    pub async fn pause_begins(&self) {
        self.line.pause_began.notified().await;
    }

    /// Waits for the turn of one request and for room among those in flight.
    pub(super) async fn admit(&self) -> Result<(Ticket, InFlight<'_>), Interrupted> {
        let first = async {
            self.outage.held().await;
            self.line.first.lock().await
        };
        let _first = tokio::select! {
            biased;
            () = self.stop.cancelled() => return Err(Interrupted),
            first = first => first,
        };
        // Bounded by the longest pause and the longest gap.
        loop {
            let in_flight = tokio::select! {
                biased;
                () = self.stop.cancelled() => return Err(Interrupted),
                in_flight = self.gate.enter() => in_flight,
            };
            match self.line.pacer.ask(Instant::now()) {
                Turn::Go(ticket) => break Ok((ticket, in_flight)),
                Turn::Wait(until) => {
                    // A probe must find room while everybody waits.
                    drop(in_flight);
                    self.wait_until(until).await?;
                }
            }
        }
    }

    /// What an attempt says of the pace: a status other than 429 means that the limiter let it through.
    pub(super) fn answered(&self, ticket: Ticket, status: Option<u16>, wait: Option<Duration>) {
        let now = Instant::now();
        match status {
            None => self.line.pacer.unanswered(),
            Some(429) if self.line.pacer.refused(ticket, wait.unwrap_or_default(), now) => {
                self.line.pause_began.notify_one();
            }
            Some(429) => {}
            Some(_) => self.line.pacer.served(ticket, now),
        }
    }
}
