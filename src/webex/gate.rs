//! How many requests may be in flight at once, of every kind: rows, lists, start-up checks, probes (`MAX_CONCURRENCY`).

use tokio::sync::{Semaphore, SemaphorePermit};

/// Where requests leave, one permit each. A permit is held from the moment at which the request leaves until its answer is
/// read, and never while anything else is waited for: who has one needs nobody who waits for one.
#[derive(Debug)]
pub(super) struct Gate(Semaphore);

/// One request in flight; `None` only if the gate were closed, which it never is.
#[derive(Debug)]
pub(super) struct InFlight<'a> {
    _permit: Option<SemaphorePermit<'a>>,
}

impl Gate {
    pub(super) fn new(concurrency: u32) -> Gate {
        Gate(Semaphore::new(usize::try_from(concurrency.max(1)).unwrap_or(1)))
    }

    /// Waits for room; who came first goes first.
    pub(super) async fn enter(&self) -> InFlight<'_> {
        InFlight { _permit: self.0.acquire().await.ok() }
    }
}
