//! Tells an outage from single failures (R22): when everything fails without any answer, everybody holds and one probes.

use std::cell::Cell;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::error::Interrupted;
use super::transport::Webex;

/// What this client knows of the way to Webex.
#[derive(Debug)]
pub(super) struct Outage {
    /// Twice as many failures in a row as requests that may be in flight make an outage, whoever else is at work.
    threshold: u32,
    /// How long an outage may last before the run stops.
    pub(super) patience: Duration,
    /// Outages are held out only once the start-up checks are over: those fail at once.
    watching: Cell<bool>,
    /// Requests that were begun and have no end yet, also while they wait.
    under_way: Cell<u32>,
    failed_in_a_row: Cell<u32>,
    /// Answers so far, whatever they said.
    answers: Cell<u64>,
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

/// How a hold ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Probed {
    Answered,
    TimeIsUp,
    Stopped,
}

/// One request from its begin to its end; while it lives it counts as under way.
#[derive(Debug)]
pub(super) struct UnderWay<'a> {
    outage: &'a Outage,
    /// Answers that anybody had got when it was begun.
    answers_before: u64,
}

impl UnderWay<'_> {
    /// Whether nobody has got an answer since this request was begun.
    pub(super) fn all_is_silent(&self) -> bool {
        self.outage.answers.get() == self.answers_before
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.outage.under_way.set(self.outage.under_way.get().saturating_sub(1));
    }
}

impl Outage {
    pub(super) fn new(concurrency: u32, patience: Duration) -> Outage {
        Outage {
            threshold: concurrency.saturating_mul(2),
            patience,
            watching: Cell::new(false),
            under_way: Cell::new(0),
            failed_in_a_row: Cell::new(0),
            answers: Cell::new(0),
            state: Cell::new(State::Open),
            over: Notify::new(),
        }
    }

    pub(super) fn state(&self) -> State {
        self.state.get()
    }

    /// A request begins.
    pub(super) fn enter(&self) -> UnderWay<'_> {
        self.under_way.set(self.under_way.get().saturating_add(1));
        UnderWay { outage: self, answers_before: self.answers.get() }
    }

    /// An answer came, whatever it says.
    fn answered(&self) {
        self.failed_in_a_row.set(0);
        self.answers.set(self.answers.get().saturating_add(1));
    }

    /// No answer came. True for the one caller who must probe now.
    fn unanswered(&self) -> bool {
        self.failed_in_a_row.set(self.failed_in_a_row.get().saturating_add(1));
        let threshold = self.threshold.min(self.under_way.get().saturating_mul(2));
        self.failed_in_a_row.get() >= threshold && self.begin()
    }

    /// Begins a hold, unless there is one or none is to be; true for the one caller who must probe now.
    fn begin(&self) -> bool {
        let begins = self.watching.get() && self.state.get() == State::Open;
        if begins {
            self.state.set(State::Holding);
        }
        begins
    }

    /// Ends the hold, one way or the other.
    fn end(&self, state: State) {
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
    /// From now on an outage is held out; before, requests fail by themselves.
    pub fn hold_out_outages(&self) {
        self.outage.watching.set(true);
    }

    /// Counts an attempt; the one that makes an outage of it probes until somebody answers or the patience ends.
    pub(super) async fn watch_for_outage(&self, answered: bool) {
        if answered {
            self.outage.answered();
        } else if self.outage.unanswered() {
            self.hold().await;
        }
    }

    /// What a request whose retries are spent does when nobody has got an answer meanwhile: nothing is concluded from it
    /// before the hold is over (R22). True if it may be tried again.
    pub(super) async fn outlast_silence(&self, request: &UnderWay<'_>) -> Result<bool, Interrupted> {
        if !self.outage.watching.get() || !request.all_is_silent() {
            return Ok(false);
        }
        if self.outage.begin() {
            self.hold().await;
        } else {
            self.outage.held().await;
        }
        if self.stop.is_cancelled() { Err(Interrupted) } else { Ok(true) }
    }

    async fn hold(&self) {
        let patience = self.outage.patience;
        tracing::error!(
            critical = true,
            wait_seconds = patience.as_secs(),
            "outage.hold: nothing answers; waiting for Webex"
        );
        let probed = self.probe(Instant::now().checked_add(patience)).await;
        match probed {
            Probed::Answered => {
                tracing::warn!("outage.over: Webex answers again");
                self.outage.answered();
            }
            Probed::TimeIsUp => {
                tracing::error!(critical = true, "outage.stop: Webex did not come back in time");
            }
            Probed::Stopped => tracing::warn!("outage.left: the run is to stop"),
        }
        let gave_up = probed == Probed::TimeIsUp;
        self.outage.end(if gave_up { State::GivenUp } else { State::Open });
        if gave_up {
            self.stop.cancel();
        }
    }

    /// Asks until any answer comes, whatever it says, or the time is up, or the run is to stop.
    async fn probe(&self, until: Option<Instant>) -> Probed {
        let url = self.url_of(&super::calls::people_me());
        let mut delay = self.settings.backoff_base;
        // Bounded by the time: each turn waits at least the base delay.
        while let Some(left) = until.and_then(|until| until.checked_duration_since(Instant::now()))
            && !left.is_zero()
        {
            if self.wait(delay.min(left)).await.is_err() {
                return Probed::Stopped;
            }
            let asked = async {
                let _permit = self.gate.enter().await;
                self.connections.client().get(url.clone()).send().await.is_ok()
            };
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return Probed::Stopped,
                () = sleep_until(until) => return Probed::TimeIsUp,
                answered = asked => if answered { return Probed::Answered },
            }
            delay = delay.saturating_mul(2).min(PROBE_CEILING);
        }
        Probed::TimeIsUp
    }
}

async fn sleep_until(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watching(concurrency: u32) -> Outage {
        let outage = Outage::new(concurrency, Duration::ZERO);
        outage.watching.set(true);
        outage
    }

    #[test]
    fn only_unanswered_requests_in_a_row_make_an_outage_and_one_caller_probes() {
        let outage = watching(2);
        let _requests: Vec<_> = (0..10).map(|_| outage.enter()).collect();
        for _ in 0..3 {
            assert!(!outage.unanswered());
        }
        outage.answered();
        let probers = (0..10).filter(|_| outage.unanswered()).count();
        assert_eq!((probers, outage.state()), (1, State::Holding));
        outage.end(State::Open);
        assert_eq!(outage.state(), State::Open);
    }

    #[test]
    fn the_last_requests_of_a_job_need_no_more_failures_than_twice_their_number() {
        let outage = watching(16);
        let _last = outage.enter();
        assert!(!outage.unanswered());
        assert!(outage.unanswered());
    }

    #[test]
    fn start_up_checks_are_not_held() {
        let outage = Outage::new(1, Duration::ZERO);
        let _check = outage.enter();
        assert!((0..10).all(|_| !outage.unanswered()));
        assert_eq!(outage.state(), State::Open);
    }

    #[tokio::test]
    async fn a_hold_lets_everybody_go_when_it_ends() {
        let outage = watching(0);
        assert!(outage.unanswered());
        tokio::join!(outage.held(), outage.held(), async { outage.end(State::Open) });
        outage.held().await;
    }
}
