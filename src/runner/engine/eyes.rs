//! Looking: what a row can ask of Webex and of the store. It has no way to change either.

use std::collections::BTreeSet;

use serde_json::Value;
use tokio::time::Instant;

use crate::domain::{Feature, Operation, PhoneNumber, RemoteId, Step};
use crate::runner::flow::{Flow, Stop, stop_for};
use crate::runner::memory::Memory;
use crate::runner::memory::lists::items;
use crate::runner::reason;
use crate::store::{self, CallRecord, ClaimedRow, Doubt, Reading, StoreError};
use crate::webex::wire::Lacking;
use crate::webex::{Call, Read, Reply, Trace, Trouble};

/// The eyes of the work on one row.
pub(crate) struct Eyes<'a> {
    pub(crate) memory: &'a Memory,
    pub(crate) row: &'a ClaimedRow,
    /// The step at work; the row's `step` in the results is the last one.
    pub(crate) step: Step,
    pub(crate) remote_id: Option<RemoteId>,
    pub(super) last_status: Option<u16>,
    /// Whether a request was sent for this row alone.
    pub(super) asked: bool,
    pub(super) calls: Vec<CallRecord>,
    /// Other addresses of people, as their records show them.
    pub(super) learnt: Vec<(String, Vec<String>)>,
    /// Numbers of the row that calls do not reach yet.
    inactive: BTreeSet<PhoneNumber>,
    /// A list that was begun at this moment or later, by whatever row, serves this look.
    pub(crate) shares_looks_since: Option<Instant>,
    /// Whether nothing is to be written: what a run would make is told by things to come.
    pub(crate) only_looks: bool,
}

impl<'a> Eyes<'a> {
    pub(super) fn new(memory: &'a Memory, row: &'a ClaimedRow, step: Step, only_looks: bool) -> Eyes<'a> {
        Eyes {
            memory,
            row,
            step,
            remote_id: None,
            last_status: None,
            asked: false,
            calls: Vec::new(),
            learnt: Vec::new(),
            inactive: BTreeSet::new(),
            shares_looks_since: None,
            only_looks,
        }
    }

    /// Reads.
    pub(crate) async fn read(&mut self, call: Read) -> Flow<Reply> {
        let operation = call.operation;
        self.try_read(call).await?.or_else(|trouble| stop_for(operation, &trouble))
    }

    /// Reads where a refusal is an answer too.
    pub(crate) async fn try_read(&mut self, call: Read) -> Flow<Result<Reply, Trouble>> {
        let ground = &self.memory.ground;
        if let Some(trouble) = ground.absent.answer_to(&call) {
            return Ok(Err(trouble));
        }
        let begun_at = store::now();
        let mut trace = Trace::default();
        let result = ground.webex.read(&call, &mut trace).await;
        ground.absent.note(&call, &result);
        self.note_read(&call, &trace, begun_at, result.as_ref().err());
        ground.check_token_on_401(result.as_ref().err()).await;
        match result {
            Err(Trouble::Interrupted) => Err(Stop::Interrupted),
            other => Ok(other),
        }
    }

    /// Reads every page of a list.
    pub(crate) async fn pages<T>(
        &mut self,
        call: Read,
        key: &'static str,
        read: impl Fn(&Value) -> Result<T, Lacking>,
    ) -> Flow<Vec<T>> {
        let operation = call.operation;
        self.try_pages(call, key, read).await?.or_else(|trouble| stop_for(operation, &trouble))
    }

    /// Reads every page of a list whose refusal is an answer too.
    pub(crate) async fn try_pages<T>(
        &mut self,
        call: Read,
        key: &'static str,
        read: impl Fn(&Value) -> Result<T, Lacking>,
    ) -> Flow<Result<Vec<T>, Trouble>> {
        let ground = &self.memory.ground;
        if let Some(trouble) = ground.absent.answer_to(&call) {
            return Ok(Err(trouble));
        }
        let begun_at = store::now();
        let mut trace = Trace::default();
        let mut all = Vec::new();
        let result = ground
            .webex
            .pages(&call, &mut trace, async |reply| {
                all.extend(items(&reply, key, &read)?);
                Ok(())
            })
            .await;
        ground.absent.note(&call, &result);
        self.note_read(&call, &trace, begun_at, result.as_ref().err());
        ground.check_token_on_401(result.as_ref().err()).await;
        match result {
            Ok(()) => Ok(Ok(all)),
            Err(Trouble::Interrupted) => Err(Stop::Interrupted),
            Err(trouble) => Ok(Err(trouble)),
        }
    }

    /// Asks the lists of the phase in the store.
    pub(crate) async fn in_lists<T, F>(&self, query: F) -> Flow<T>
    where
        T: Send + 'static,
        F: FnOnce(&store::Connection, Reading) -> Result<T, StoreError> + Send + 'static,
    {
        self.memory.in_lists(query).await
    }

    /// Notes whether calls reach a number of the row; the last word counts.
    pub(crate) fn note_state(&mut self, number: &PhoneNumber, inactive: bool) {
        if inactive {
            self.inactive.insert(number.clone());
        } else {
            self.inactive.remove(number);
        }
    }

    /// Says of which numbers of the row calls do not reach the person yet, if of any.
    pub(crate) fn not_active_yet(&self) -> Option<String> {
        let numbers: Vec<&str> = self.inactive.iter().map(PhoneNumber::as_str).collect();
        (!numbers.is_empty()).then(|| format!("not active yet: {}", numbers.join(", ")))
    }

    /// Keeps other addresses of a person, for rows that need no look-up of the person.
    pub(crate) fn learn_addresses(&mut self, email: &str, others: &[String]) {
        self.learnt.push((email.to_owned(), others.to_vec()));
    }

    /// Whether an earlier attempt at this row left such a write of which nobody knows the end.
    pub(crate) fn left_in_doubt(&self, operation: Operation) -> bool {
        self.row.unsettled.contains(&Doubt { operation, feature: None })
    }

    /// Whether it left such a write of this object of settings.
    pub(crate) fn feature_left_in_doubt(&self, feature: Feature) -> bool {
        self.row.unsettled.contains(&Doubt::of(feature))
    }

    /// Waits until what an earlier phase sent must show; false when that was so before.
    pub(crate) async fn wait_for_phase(&self) -> Flow<bool> {
        let ground = &self.memory.ground;
        let settled = ground.shows_after(self.memory.phase_began.get());
        if settled <= Instant::now() {
            return Ok(false);
        }
        ground.webex.wait_until(settled).await?;
        Ok(true)
    }

    /// Waits until what an earlier process may have sent must show in a look-up begun now.
    pub(crate) async fn wait_for_earlier(&self) -> Flow<()> {
        let ground = &self.memory.ground;
        Ok(ground.webex.wait_until(ground.shows_after(ground.started)).await?)
    }

    /// Waits until what was written at this moment must show.
    pub(crate) async fn wait_to_show(&self, written: Instant) -> Flow<()> {
        let ground = &self.memory.ground;
        Ok(ground.webex.wait_until(ground.shows_after(written)).await?)
    }

    /// The latest moment at which an earlier attempt at this row may have given calling; `None` for a first attempt.
    pub(crate) fn last_attempt(&self) -> Option<Instant> {
        let ground = &self.memory.ground;
        (self.row.attempt > 1).then(|| ground.last_write.get().unwrap_or(ground.started))
    }

    /// Whether the calling of this location or person is yet to be made, in a survey.
    pub(crate) fn is_to_come(&self, id: &RemoteId) -> bool {
        self.only_looks && self.memory.to_come.is_calling_of(id)
    }

    fn note_read(&mut self, call: &Call, trace: &Trace, begun_at: String, trouble: Option<&Trouble>) {
        self.asked = true;
        self.last_status = trace.status.or(self.last_status);
        let error = trouble.map(|trouble| reason::describe(trouble).0);
        let record = self.record(call.operation, trace, begun_at, error, None);
        self.calls.push(CallRecord { feature: call.feature, ..record });
    }

    pub(super) fn record(
        &self,
        operation: Operation,
        trace: &Trace,
        begun_at: String,
        error: Option<String>,
        applied: Option<bool>,
    ) -> CallRecord {
        CallRecord {
            step: Some(self.step),
            operation,
            feature: None,
            tries: trace.tries,
            status: trace.status,
            tracking_id: trace.tracking_id.clone(),
            error,
            applied,
            remote_id: None,
            begun_at,
        }
    }
}
