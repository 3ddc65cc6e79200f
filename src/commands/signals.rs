//! The first signal lets the requests under way end; the second leaves at once, which is as safe.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

const INTERRUPTED: u8 = 130;
const TERMINATED: u8 = 143;

/// Which signal came first.
#[derive(Debug, Clone, Default)]
pub(super) struct Signalled(Arc<AtomicU8>);

impl Signalled {
    /// 130 or 143.
    pub(super) fn exit_code(&self) -> u8 {
        match self.0.load(Ordering::Relaxed) {
            0 => INTERRUPTED,
            code => code,
        }
    }
}

/// Cancels `stop` at the first SIGINT or SIGTERM. Needs a `LocalSet`.
pub(super) fn listen(stop: CancellationToken) -> Signalled {
    let signalled = Signalled::default();
    let told = signalled.clone();
    tokio::task::spawn_local(async move {
        let (Ok(mut interrupt), Ok(mut terminate)) =
            (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
        else {
            tracing::warn!("signals.unavailable: Ctrl-C ends the process at once");
            return;
        };
        for _ in 0..2 {
            let code = tokio::select! {
                _ = interrupt.recv() => INTERRUPTED,
                _ = terminate.recv() => TERMINATED,
            };
            if stop.is_cancelled() {
                std::process::exit(i32::from(code));
            }
            told.0.store(code, Ordering::Relaxed);
            tracing::warn!("signal: stopping after the requests under way; a second signal leaves at once");
            stop.cancel();
        }
    });
    signalled
}
