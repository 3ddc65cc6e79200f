//! Two rows of a phase may mean one object in Webex: the first in row order has it, the other is told before it writes
//! (R26). Which object a row means is known by its look-up, so rows say it one after the other, in the order in which
//! they were begun; whoever has something keeps it here until its end is stored, and in the database from then on.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use tokio::sync::Notify;

use super::directory;
use super::work::{Flow, RowWork, pending};
use crate::domain::{PendingReason, RemoteId, RowId};
use crate::store;

/// What the rows at work mean.
#[derive(Debug, Default)]
pub(super) struct Objects(RefCell<State>);

#[derive(Debug, Default)]
struct State {
    begun: u64,
    /// Rows that have not said yet what they mean, in the order in which they were begun.
    undecided: BTreeMap<u64, Rc<Notify>>,
    /// What rows at work have, by the canonical form of its id.
    held: BTreeMap<String, RowId>,
}

/// A row's place among those that are to say what they mean; dropped when its end is stored.
#[derive(Debug)]
pub(super) struct Turn {
    objects: Rc<Objects>,
    number: u64,
    mine: RefCell<Option<String>>,
}

impl Objects {
    /// The next row begins.
    pub(super) fn queue(self: &Rc<Self>) -> Turn {
        let mut state = self.0.borrow_mut();
        state.begun = state.begun.saturating_add(1);
        let number = state.begun;
        state.undecided.insert(number, Rc::default());
        Turn { objects: Rc::clone(self), number, mine: RefCell::default() }
    }
}

impl Turn {
    /// Waits until the rows begun before have said what they mean, or ended; ends, since the first waits for nobody.
    async fn come(&self) {
        loop {
            let place = {
                let state = self.objects.0.borrow();
                match state.undecided.get(&self.number) {
                    Some(place) if state.undecided.range(..self.number).next().is_some() => Rc::clone(place),
                    _ => return,
                }
            };
            place.notified().await;
        }
    }

    /// Says that the row means nothing that is there; the next row's turn comes.
    pub(super) fn pass(&self) {
        let mut state = self.objects.0.borrow_mut();
        state.undecided.remove(&self.number);
        if let Some(next) = state.undecided.values().next() {
            next.notify_one();
        }
    }

    /// Takes an object; gives the row at work that has it already.
    fn take(&self, object: &RemoteId, row_id: RowId) -> Option<RowId> {
        let object = object.canonical();
        let mut state = self.objects.0.borrow_mut();
        let holder = *state.held.entry(object.clone()).or_insert(row_id);
        if holder != row_id {
            return Some(holder);
        }
        let before = self.mine.replace(Some(object.clone()));
        if let Some(before) = before.filter(|before| *before != object) {
            state.held.remove(&before);
        }
        None
    }

    fn give_up(&self) {
        if let Some(mine) = self.mine.take() {
            self.objects.0.borrow_mut().held.remove(&mine);
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.give_up();
        self.pass();
    }
}

/// Says which object the row means; ends it if another row of the phase has that. Costs no request.
pub(super) async fn mean(work: &mut RowWork<'_>, object: &RemoteId) -> Flow<()> {
    let (row_id, phase) = (work.row.row_id, work.row.batch.phase);
    if work.remote_id.as_ref().is_some_and(|known| known.same_as(object)) {
        return Ok(());
    }
    work.turn.come().await;
    let at_work = work.turn.take(object, row_id);
    work.turn.pass();
    if let Some(other) = at_work {
        let line = directory::in_lists(work.context, move |connection, _| store::line_of(connection, other));
        return taken(other, line.await?.unwrap_or_default());
    }
    let id = object.clone();
    let holder =
        directory::in_lists(work.context, move |connection, _| store::holder(connection, phase, &id, row_id))
            .await?;
    // A later row has it since an earlier run; while it has written nothing it gives way.
    if let Some(holder) = holder.filter(|holder| holder.keeps || holder.row_id < row_id) {
        work.turn.give_up();
        return taken(holder.row_id, holder.line);
    }
    work.remote_id = Some(object.clone());
    Ok(())
}

fn taken(by: RowId, line: i64) -> Flow<()> {
    pending(
        PendingReason::NonRetryableExternal,
        format!(
            "ambiguous: row {by} (line {line}) means the same one in Webex and has it; nothing was sent: \
             remove one of the two rows, or correct what it names"
        ),
    )
}
