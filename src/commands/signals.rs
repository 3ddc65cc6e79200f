//! The first signal lets the requests under way end; the second leaves at once, which is as safe.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::Poll;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

const HUNG_UP: u8 = 129;
const INTERRUPTED: u8 = 130;
const TERMINATED: u8 = 143;

/// Which signal came first.
#[derive(Debug, Clone, Default)]
pub(super) struct Signalled(Arc<AtomicU8>);

impl Signalled {
    /// Whether one has come.
    pub(super) fn came(&self) -> bool {
        self.0.load(Ordering::Relaxed) != 0
    }

    /// 129, 130 or 143.
    pub(super) fn exit_code(&self) -> u8 {
        match self.0.load(Ordering::Relaxed) {
            0 => INTERRUPTED,
            code => code,
        }
    }
}

/// The signals that stop a run, each with its exit code.
struct Signals(Vec<(Signal, u8)>);

impl Signals {
    fn new() -> std::io::Result<Signals> {
        let mut all = vec![(SignalKind::interrupt(), INTERRUPTED), (SignalKind::terminate(), TERMINATED)];
        if !hang_up_is_ignored() {
            all.push((SignalKind::hangup(), HUNG_UP));
        }
        let heard = all.into_iter().map(|(kind, code)| Ok((signal(kind)?, code)));
        heard.collect::<std::io::Result<_>>().map(Signals)
    }

    /// Waits for the next one.
    async fn next(&mut self) -> u8 {
        poll_fn(|context| {
            let mut signals = self.0.iter_mut();
            let came =
                signals.find_map(|(signal, code)| signal.poll_recv(context).is_ready().then_some(*code));
            came.map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }
}

/// Under `nohup` it is, and must stay so. Where the system does not tell, it is left as it is.
fn hang_up_is_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_none_or(|mask| mask & 1 == 1)
}

/// Cancels `stop` at the first SIGINT, SIGTERM or SIGHUP, and says what that does. Needs a `LocalSet`.
pub(super) fn listen(stop: CancellationToken, what: &'static str) -> Signalled {
    let signalled = Signalled::default();
    let told = signalled.clone();
    tokio::task::spawn_local(async move {
        let Ok(mut signals) = Signals::new() else {
            tracing::warn!("signals.unavailable: Ctrl-C ends the process at once");
            return;
        };
        for _ in 0..2 {
            let code = signals.next().await;
            if stop.is_cancelled() {
                std::process::exit(i32::from(code));
            }
            told.0.store(code, Ordering::Relaxed);
            tracing::warn!("signal: {what}; a second signal leaves at once");
            stop.cancel();
        }
    });
    signalled
}

/// Whether the time has come at which a run is to stop.
#[derive(Debug, Clone, Default)]
pub(super) struct TimeUp(std::rc::Rc<std::cell::Cell<bool>>);

impl TimeUp {
    pub(super) fn has_come(&self) -> bool {
        self.0.get()
    }
}

/// Cancels `stop` at a local time, tomorrow if it is past. Needs a `LocalSet`.
pub(super) fn stop_at(until: jiff::civil::Time, stop: CancellationToken) -> TimeUp {
    let time_up = TimeUp::default();
    let told = time_up.clone();
    let wait = until_then(until, &jiff::ZonedDateTime::now());
    tokio::task::spawn_local(async move {
        tokio::time::sleep(wait).await;
        told.0.set(true);
        tracing::warn!("until: the time has come; stopping after the requests under way");
        stop.cancel();
    });
    time_up
}

fn until_then(until: jiff::civil::Time, now: &jiff::ZonedDateTime) -> std::time::Duration {
    let today = now.with().time(until).build();
    let then = match today {
        Ok(then) if then > *now => Ok(then),
        Ok(then) => then.tomorrow(),
        Err(error) => Err(error),
    };
    // A local time that does not exist on that day is at most a day away all the same.
    then.map_or(std::time::Duration::from_secs(86_400), |then| {
        std::time::Duration::try_from(now.duration_until(&then)).unwrap_or_default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_past_time_means_tomorrow() {
        let now: jiff::ZonedDateTime = "2026-11-24T22:30:00[Europe/Madrid]".parse().unwrap();
        let minutes =
            |text| until_then(jiff::civil::Time::strptime("%H:%M", text).unwrap(), &now).as_secs() / 60;
        assert_eq!((minutes("23:00"), minutes("05:30"), minutes("22:30")), (30, 420, 1440));
    }
}
