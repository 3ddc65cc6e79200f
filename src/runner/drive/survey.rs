//! What a run would do, or whether what one did still holds: every row is looked at, nothing is written to Webex.

use std::rc::Rc;
use std::sync::Arc;

use futures_util::stream::{self, StreamExt};
use tokio_util::sync::CancellationToken;

use super::findings;
use super::lists::read_lists;
use super::pace::keep_pace;
use super::row;
use super::shortfall::{self, Shortfall};
use super::terms::{Ended, Event, Purpose, Scope};
use crate::domain::{Fact, Outcome, Phase, Record, RowId};
use crate::runner::engine::{Finished, RowEnd};
use crate::runner::memory::licences::{LicencePool, Turn};
use crate::runner::memory::{Ground, Memory, RowSettings};
use crate::store::{self, ClaimedRow, Sibling, Store};
use crate::webex::{Traffic, Webex};

/// How many rows are taken up in one turn: memory does not grow with the rows.
const IN_A_TURN: u32 = 500;

/// Rows looked at at once; how many of their requests are under way is up to the client.
const AT_ONCE: usize = 16;

/// How a survey went; what it says of each row is in the store.
#[derive(Debug)]
pub struct Survey {
    /// Why it ended; only `Finished` means that every row was looked at.
    pub ended: Ended,
    /// Requests that it made.
    pub traffic: Traffic,
    /// Licences of which there are not enough for the rows that are to get one.
    pub shortfalls: Vec<Shortfall>,
}

/// A survey at work.
struct Surveyor<'a> {
    memory: Memory,
    scope: &'a Scope,
    purpose: Purpose,
    stop: CancellationToken,
    events: std::sync::mpsc::Sender<Event>,
    shortfalls: Vec<Shortfall>,
    /// The licences as they were read for the users; assignments are held against the same lists.
    licences: Option<Rc<LicencePool>>,
}

/// Looks at every row of the scope. Must be called within a `LocalSet`; ends soon after `stop` is cancelled.
///
/// There are no hands in it: what would be written is noted, and taken for done by the rows that depend on it.
pub async fn survey(
    store: &Store,
    webex: Webex,
    rows: RowSettings,
    scope: &Scope,
    purpose: Purpose,
    stop: CancellationToken,
    events: std::sync::mpsc::Sender<Event>,
) -> Survey {
    let webex = Rc::new(webex);
    let ground = match Ground::open(store, &webex, (None, purpose.rows()), rows, &stop) {
        Ok(ground) => ground,
        Err(error) => {
            let (ended, traffic) = (Ended::Storage(error), webex.traffic());
            return Survey { ended, traffic, shortfalls: Vec::new() };
        }
    };
    let memory = Memory::new(ground);
    let mut surveyor =
        Surveyor { memory, scope, purpose, stop, events, shortfalls: Vec::new(), licences: None };
    let ended = surveyor.phases().await.err().unwrap_or(Ended::Finished);
    let ended =
        keep_pace(&surveyor.memory.ground.writer, &webex).await.map_or_else(Ended::Storage, |()| ended);
    let ended = ended.because_of(&surveyor.memory.ground.token, &webex);
    Survey { ended, traffic: webex.traffic(), shortfalls: surveyor.shortfalls }
}

impl Surveyor<'_> {
    async fn phases(&mut self) -> Result<(), Ended> {
        for phase in self.scope.phases() {
            self.phase(phase).await?;
        }
        Ok(())
    }

    async fn phase(&mut self, phase: Phase) -> Result<(), Ended> {
        if self.rows_after(phase, None, 1).await?.is_empty() {
            return Ok(());
        }
        self.memory.begin_phase(phase);
        self.events.send(Event::PhaseStarted(phase)).ok();
        let licences = self.licences_for(phase).await?;
        if phase == Phase::Users && self.purpose == Purpose::Plan {
            let short = shortfall::foreseen(&self.memory, &licences, &self.scope.selection).await;
            self.shortfalls = short.map_err(Ended::Storage)?;
        }
        licences.begin_batch();
        let mut after = None;
        let mut again = Vec::new();
        // Ends: each turn goes on behind the last row of the one before.
        loop {
            let rows = self.rows_after(phase, after, IN_A_TURN).await?;
            let Some(last) = rows.last() else { break };
            after = Some(last.row_id);
            again.extend(self.look_at(&licences, rows).await?);
        }
        // Whom these rows name would have calling by then; once is enough, as in a run.
        for rows in again.chunks(usize::try_from(IN_A_TURN).unwrap_or(usize::MAX)) {
            let mut taken = Vec::new();
            for row in rows {
                taken.extend(self.row(phase, *row).await?);
            }
            self.look_at(&licences, taken).await?;
        }
        self.events.send(Event::PhaseEnded(phase)).ok();
        Ok(())
    }

    async fn licences_for(&mut self, phase: Phase) -> Result<Rc<LicencePool>, Ended> {
        if let Some(read) = self.licences.clone().filter(|_| phase == Phase::Assignments) {
            return Ok(read);
        }
        let licences = Rc::new(read_lists(&self.memory, phase, self.scope).await?);
        self.licences = (phase == Phase::Users).then(|| Rc::clone(&licences));
        Ok(licences)
    }

    /// Looks at rows, several at once, and keeps what is found; gives those that wait for another row of their phase.
    async fn look_at(&self, licences: &Rc<LicencePool>, rows: Vec<ClaimedRow>) -> Result<Vec<RowId>, Ended> {
        let turns: Vec<Turn> = rows.iter().map(|row| self.turn(licences, row)).collect();
        let work = rows.into_iter().zip(turns).map(async |(row, turn)| {
            let finished = row::work_on(&self.memory, licences, &row, turn, None).await;
            (row, finished)
        });
        let mut ended = stream::iter(work).buffer_unordered(AT_ONCE);
        let (mut again, mut kept) = (Vec::new(), Vec::new());
        while let Some((row, finished)) = ended.next().await {
            if self.stop.is_cancelled() {
                return Err(Ended::Stopped);
            }
            match &finished.end {
                RowEnd::Storage(_) => {
                    let RowEnd::Storage(error) = finished.end else { continue };
                    return Err(Ended::Storage(error));
                }
                RowEnd::Released => return Err(Ended::Stopped),
                RowEnd::Settled(outcome) => {
                    let success = matches!(outcome, Outcome::Success(_));
                    self.events.send(Event::RowEnded { phase: row.batch.phase, success }).ok();
                    again.extend(waits(&row, outcome).then_some(row.row_id));
                }
            }
            kept.push(self.keep(row, finished));
        }
        for ack in kept {
            ack.await.map_err(Ended::Storage)?;
        }
        Ok(again)
    }

    /// Tells the rows behind it what this one would bring about, and stores what it comes to.
    fn keep(&self, row: ClaimedRow, finished: Finished) -> store::Ack<()> {
        let to_come = &self.memory.to_come;
        let ending = findings::ending(&finished, self.purpose);
        let comes = row.batch.phase == Phase::Assignments
            && ending.remote_id.as_ref().is_some_and(|person| to_come.is_calling_of(person));
        to_come.end(row.row_id, ending);
        let writer = &self.memory.ground.writer;
        match self.purpose {
            Purpose::Plan => {
                let plan = findings::plan_of(&row, finished, comes);
                writer.submit(move |connection| store::keep_planned(connection, &plan))
            }
            Purpose::Verify => {
                let check = findings::check_of(&row, finished, comes);
                writer.submit(move |connection| store::keep_checked(connection, &check))
            }
        }
    }

    fn turn(&self, licences: &Rc<LicencePool>, row: &ClaimedRow) -> Turn {
        let has_unit = self.memory.to_come.is_given(row.row_id, Fact::Calling);
        match (&row.record, self.purpose) {
            (_, Purpose::Verify) => Turn::Uncounted,
            (Record::User(user), Purpose::Plan) if has_unit && user.calling_enabled => Turn::Promised,
            (Record::User(user), Purpose::Plan) if user.calling_enabled => {
                Turn::Queued(licences.queue(user.license.clone()))
            }
            (_, Purpose::Plan) => Turn::NotNeeded,
        }
    }

    async fn rows_after(
        &self,
        phase: Phase,
        after: Option<RowId>,
        most: u32,
    ) -> Result<Vec<ClaimedRow>, Ended> {
        let (states, selection) = (self.purpose.states(), self.scope.selection.clone());
        let rows = self.memory.ground.writer.submit(move |connection| {
            store::rows_to_survey(connection, states, phase, &selection, after, most)
        });
        let mut rows = rows.await.map_err(Ended::Storage)?;
        for row in &mut rows {
            self.tell(row);
        }
        Ok(rows)
    }

    /// The same for one row.
    async fn row(&self, phase: Phase, row: RowId) -> Result<Option<ClaimedRow>, Ended> {
        let before = row.get().checked_sub(1).and_then(RowId::new);
        let rows = self.rows_after(phase, before, 1).await?;
        Ok(rows.into_iter().find(|found| found.row_id == row))
    }

    /// What rows that it depends on would bring about.
    fn tell(&self, row: &mut ClaimedRow) {
        let tell = |sibling: &mut Sibling| self.memory.to_come.tell(sibling);
        row.location.iter_mut().map(Arc::make_mut).for_each(tell);
        row.partner.iter_mut().for_each(tell);
    }
}

/// Whether the row waits for another of its phase, which a later look may find done.
fn waits(row: &ClaimedRow, outcome: &Outcome) -> bool {
    let blocked = matches!(outcome, Outcome::Pending(failure) if failure.blocked_by.is_some());
    blocked && row.batch.phase == Phase::Users
}
