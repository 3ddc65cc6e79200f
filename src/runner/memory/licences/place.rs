//! The queue for units: rows take theirs in the order of claims, and the licences are read for them.

use std::rc::Rc;

use tokio::time::Instant;

use super::{LicencePool, UnitsRead};
use crate::domain::{LicenseChoice, PendingReason, RemoteId};
use crate::runner::flow::{Cause, Flow, Stop, pending};

/// A row's place in the queue for units; giving it up lets later rows have theirs.
#[derive(Debug)]
pub(crate) struct Place {
    pub(super) pool: Rc<LicencePool>,
    pub(super) number: u64,
    pub(super) batch: u64,
    pub(super) choice: LicenseChoice,
}

/// A unit promised to a row; dropped when the request for it has ended, however. Until then the row keeps its place: it may
/// give the unit back, and the next in row order has it then.
#[derive(Debug)]
pub(crate) struct Unit {
    number: u64,
    /// What it is a unit of.
    pub(crate) licence: RemoteId,
    place: Place,
}

impl Place {
    /// Takes a unit. While units are scarce, rows before this one decide first. `look` reads the licences when what
    /// ended at the given moment must show.
    pub(crate) async fn take(self, look: impl AsyncFn(Option<Instant>) -> Flow<UnitsRead>) -> Flow<Unit> {
        self.read_for_batch(&look).await?;
        let pool = Rc::clone(&self.pool);
        // Ends: every row before this one gives up its place when it ends, and a verdict is asked for once a batch.
        loop {
            // Registered before the state is read, so that no change in between is missed.
            let changed = pool.changed.notified();
            let (wanting, holding) = self.before();
            if self.pool.free(&self.choice) > wanting
                && let Some((number, licence)) = self.pool.promise(&self.choice)
            {
                self.pool.state.borrow_mut().holding.insert(self.number);
                return Ok(Unit { number, licence, place: self });
            }
            match self.verdict() {
                _ if wanting > 0 || holding => changed.await,
                None => self.read_for_verdict(&look).await?,
                Some(Some(unread)) => return Err(Stop::Pending(unread)),
                Some(None) => {
                    return pending(PendingReason::PreconditionMissing, self.pool.no_units(&self.choice));
                }
            }
        }
    }

    /// Takes a unit of those that the first reading shows, in row order: for rows that only plan.
    pub(crate) async fn take_known(self) -> Flow<Unit> {
        let (pool, choice) = (Rc::clone(&self.pool), self.choice.clone());
        self.take(async |_| pending(PendingReason::PreconditionMissing, pool.no_units(&choice))).await
    }

    /// How many rows before this one may still want a unit of its choice, and whether one has a unit that it may give back.
    fn before(&self) -> (i64, bool) {
        let state = self.pool.state.borrow();
        let rivals = state
            .undecided
            .range(..self.number)
            .filter(|(_, choice)| self.pool.overlap(choice, &self.choice));
        rivals.fold((0_i64, false), |(wanting, holding), (number, _)| {
            if state.holding.contains(number) {
                (wanting, true)
            } else {
                (wanting.saturating_add(1), holding)
            }
        })
    }

    /// Reads the licences if no row of this batch, or of a later one, did. What was known before serves when that fails.
    async fn read_for_batch(&self, look: &impl AsyncFn(Option<Instant>) -> Flow<UnitsRead>) -> Flow<()> {
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

    async fn read_for_verdict(&self, look: &impl AsyncFn(Option<Instant>) -> Flow<UnitsRead>) -> Flow<()> {
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
        let mut state = self.pool.state.borrow_mut();
        state.undecided.remove(&self.number);
        state.holding.remove(&self.number);
        drop(state);
        self.pool.changed.notify_waiters();
    }
}

impl Unit {
    /// Gives it back: the row certainly did not take it.
    pub(crate) fn give_back(self) {
        self.place.pool.state.borrow_mut().promised.remove(self.number);
    }
}

impl Drop for Unit {
    /// The place goes after it, and tells those that wait.
    fn drop(&mut self) {
        self.place.pool.state.borrow_mut().promised.end(self.number, Instant::now());
    }
}
