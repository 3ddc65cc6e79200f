//! Tells an outage from single failures (R22): when everything fails without any answer, everybody holds and one probes.

use std::cell::Cell;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::transport::Webex;

/// What this client knows of the way to Webex.
#[derive(Debug)]
pub(super) struct Outage {
    /// Failures in a row that make an outage.
    threshold: u32,
    /// How long an outage may last before the run stops.
    pub(super) patience: Duration,
    failed_in_a_row: Cell<u32>,
    state: Cell<State>,
    over: Notify,
}

/// Where things stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Open,
    /// Somebody probes; everybody else waits.
    Holding,
    /// It lasted too long.
    GivenUp,
}

impl Outage {
    pub(super) fn new(concurrency: u32, patience: Duration) -> Outage {
        Outage {
            threshold: concurrency.saturating_mul(2),
            patience,
            failed_in_a_row: Cell::new(0),
            state: Cell::new(State::Open),
            over: Notify::new(),
        }
    }

    pub(super) fn state(&self) -> State {
        self.state.get()
    }

    /// An answer came, whatever it says.
    pub(super) fn answered(&self) {
        self.failed_in_a_row.set(0);
    }

    /// No answer came. True for the one caller who must probe now.
    pub(super) fn unanswered(&self) -> bool {
        self.failed_in_a_row.set(self.failed_in_a_row.get().saturating_add(1));
        let begins = self.failed_in_a_row.get() >= self.threshold && self.state.get() == State::Open;
        if begins {
            self.state.set(State::Holding);
        }
        begins
    }

    /// Ends the hold, one way or the other.
    pub(super) fn end(&self, state: State) {
        self.failed_in_a_row.set(0);
        self.state.set(state);
        self.over.notify_waiters();
    }

    /// Resolves when the hold ends.
    pub(super) async fn held(&self) {
        // Registered before the state is read, so that an end in between is not missed.
        let over = self.over.notified();
        if self.state.get() == State::Holding {
            over.await;
        }
    }
}

/// The longest wait between two probes of an outage.
const PROBE_CEILING: Duration = Duration::from_secs(15);

impl Webex {
    /// Counts an attempt; the one that makes an outage of it probes until somebody answers or the patience ends.
    pub(super) async fn watch_for_outage(&self, answered: bool) {
        if answered {
            return self.outage.answered();
        }
        if !self.outage.unanswered() {
            return;
        }
        let patience = self.outage.patience;
        tracing::error!(
            critical = true,
            wait_seconds = patience.as_secs(),
            "outage.hold: nothing answers; waiting for Webex"
        );
        let probed = self.probe(Instant::now().checked_add(patience)).await;
        match probed {
            true => tracing::warn!("outage.over: Webex answers again"),
            false => tracing::error!(critical = true, "outage.stop: Webex did not come back in time"),
        }
        self.outage.end(if probed { State::Open } else { State::GivenUp });
        if !probed {
            self.stop.cancel();
        }
    }

    /// Asks until any answer comes, whatever it says; false when the time is up or the run is to stop.
    async fn probe(&self, until: Option<Instant>) -> bool {
        let url = self.url_of(&super::calls::people_me());
        let mut delay = self.settings.backoff_base;
        // Bounded by the time: each turn waits at least the base delay.
        while until.is_some_and(|until| Instant::now() < until) {
            if self.wait(delay).await.is_err() {
                return false;
            }
            if self.client.get(url.clone()).send().await.is_ok() {
                return true;
            }
            delay = delay.saturating_mul(2).min(PROBE_CEILING);
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_unanswered_requests_in_a_row_make_an_outage_and_one_caller_probes() {
        let outage = Outage::new(2, Duration::ZERO);
        for _ in 0..3 {
            assert!(!outage.unanswered());
        }
        outage.answered();
        let probers = (0..10).filter(|_| outage.unanswered()).count();
        assert_eq!((probers, outage.state()), (1, State::Holding));
        outage.end(State::Open);
        assert_eq!(outage.state(), State::Open);
    }

    #[tokio::test]
    async fn a_hold_lets_everybody_go_when_it_ends() {
        let outage = Outage::new(0, Duration::ZERO);
        assert!(outage.unanswered());
        tokio::join!(outage.held(), outage.held(), async { outage.end(State::Open) });
        outage.held().await;
    }
}
