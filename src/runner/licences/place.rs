//! The queue for units: rows take theirs in the order of claims, and the licences are read for them.

use std::rc::Rc;

use tokio::time::Instant;

use super::{LicencePool, Reading};
use crate::domain::{LicenseChoice, PendingReason, RemoteId};
use crate::runner::work::{Cause, Flow, Stop, pending};

/// A row's place in the queue for units; giving it up lets later rows have theirs.
#[derive(Debug)]
pub(in crate::runner) struct Place {
    pub(super) pool: Rc<LicencePool>,
    pub(super) number: u64,
    pub(super) batch: u64,
    pub(super) choice: LicenseChoice,
}

/// A unit promised to a row; dropped when the request for it has ended, however.
#[derive(Debug)]
pub(in crate::runner) struct Unit {
    pub(super) pool: Rc<LicencePool>,
    pub(super) number: u64,
    /// What it is a unit of.
    pub(in crate::runner) licence: RemoteId,
}

impl Place {
    /// Takes a unit. While units are scarce, rows before this one decide first. `look` reads the licences when what
    /// ended at the given moment must show.
    pub(in crate::runner) async fn take(
        self,
        look: impl AsyncFn(Option<Instant>) -> Flow<Reading>,
    ) -> Flow<Unit> {
        self.read_for_batch(&look).await?;
        // Ends: every row before this one gives up its place when it ends, and a verdict is asked for once a batch.
        loop {
            // Registered before the state is read, so that no change in between is missed.
            let changed = self.pool.changed.notified();
            let before = i64::try_from(self.undecided_before()).unwrap_or(i64::MAX);
            if self.pool.free(&self.choice) > before
                && let Some((number, licence)) = self.pool.promise(&self.choice)
            {
                return Ok(Unit { pool: Rc::clone(&self.pool), number, licence });
            }
            match self.verdict() {
                _ if before > 0 => changed.await,
                None => self.read_for_verdict(&look).await?,
                Some(Some(unread)) => return Err(Stop::Pending(unread)),
                Some(None) => {
                    return pending(PendingReason::PreconditionMissing, self.pool.no_units(&self.choice));
                }
            }
        }
    }

    fn undecided_before(&self) -> usize {
        let state = self.pool.state.borrow();
        state
            .undecided
            .range(..self.number)
            .filter(|(_, choice)| self.pool.overlap(choice, &self.choice))
            .count()
    }

    /// Reads the licences if no row of this batch, or of a later one, did. What was known before serves when that fails.
    async fn read_for_batch(&self, look: &impl AsyncFn(Option<Instant>) -> Flow<Reading>) -> Flow<()> {
        let _turn = self.pool.turn.lock().await;
        if self.pool.state.borrow().read_for >= self.batch {
            return Ok(());
        }
        match look(None).await {
            Ok(reading) => self.pool.keep(reading),
            Err(Stop::Pending(cause)) => {
                tracing::warn!(
                    "licences.unread: units are counted on from the last reading ({})",
                    cause.message
                );
            }
            Err(stop) => return Err(stop),
        }
        self.pool.state.borrow_mut().read_for = self.batch;
        Ok(())
    }

    /// What was found out for this batch, if anything was: the inner `None` says that the reading holds.
    fn verdict(&self) -> Option<Option<Cause>> {
        let state = self.pool.state.borrow();
        let (batch, unread) = state.verdicts.get(&self.choice.to_string())?;
        (*batch >= self.batch).then(|| unread.clone())
    }

    async fn read_for_verdict(&self, look: &impl AsyncFn(Option<Instant>) -> Flow<Reading>) -> Flow<()> {
        let unread = match look(self.pool.last_ended(&self.choice).await).await {
            Ok(reading) => {
                self.pool.keep(reading);
                None
            }
            Err(Stop::Pending(cause)) => Some(cause),
            Err(stop) => return Err(stop),
        };
        self.pool.state.borrow_mut().verdicts.insert(self.choice.to_string(), (self.batch, unread));
        Ok(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.pool.state.borrow_mut().undecided.remove(&self.number);
        self.pool.changed.notify_waiters();
    }
}

impl Unit {
    /// Gives it back: the row certainly did not take it.
    pub(in crate::runner) fn give_back(self) {
        self.pool.state.borrow_mut().promised.remove(self.number);
    }
}

impl Drop for Unit {
    fn drop(&mut self) {
        self.pool.state.borrow_mut().promised.end(self.number, Instant::now());
        self.pool.changed.notify_waiters();
    }
}
