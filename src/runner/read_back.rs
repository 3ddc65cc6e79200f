//! What a look-up shows of a write. A status that accepts does not prove that every field was kept (webex.md 1.5).

use std::cell::RefCell;
use std::collections::BTreeMap;

use tokio::time::Instant;

use super::work::{Cause, Flow, RowWork};
use crate::domain::PendingReason;
use crate::webex::{Call, CallKind};

/// Of writes of one kind of which nothing suggests that a value could be refused, one in so many is read back, the first of
/// a run among them.
const SAMPLED: u32 = 100;

/// What a look-up after an attempt shows.
#[derive(Debug)]
pub(super) enum Looked<T> {
    /// What the attempt was to do is done.
    Done(T),
    /// What the row wants is there, but this attempt did not make it so.
    ByOthers(T),
    /// It is not there, or not all of it.
    Lacking(Lacking),
}

/// What does not show of a write.
#[derive(Debug, Default)]
pub(super) struct Lacking {
    /// Names of what still differs, for people.
    pub(super) names: Vec<String>,
    /// Whether something else that the write changed does show.
    pub(super) in_part: bool,
}

/// How many writes of each kind a run has sent.
#[derive(Debug, Default)]
pub(super) struct Samples(RefCell<BTreeMap<CallKind, u32>>);

impl<T> From<Option<T>> for Looked<T> {
    fn from(seen: Option<T>) -> Looked<T> {
        seen.map_or_else(Looked::absent, Looked::Done)
    }
}

impl Looked<()> {
    /// What still differs, among the names of what was sent.
    pub(super) fn of(sent: &[String], differing: Vec<String>) -> Looked<()> {
        if differing.is_empty() {
            return Looked::Done(());
        }
        let in_part = sent.iter().any(|name| !differing.contains(name));
        Looked::Lacking(Lacking { names: differing, in_part })
    }

    /// With words in place of this name.
    pub(super) fn saying(mut self, name: &str, words: impl Fn() -> String) -> Looked<()> {
        if let Looked::Lacking(lacking) = &mut self {
            lacking.names.iter_mut().filter(|one| *one == name).for_each(|one| *one = words());
        }
        self
    }
}

impl<T> Looked<T> {
    /// The same about something else.
    pub(super) fn map<U>(self, other: impl FnOnce(T) -> U) -> Looked<U> {
        match self {
            Looked::Done(value) => Looked::Done(other(value)),
            Looked::ByOthers(value) => Looked::ByOthers(other(value)),
            Looked::Lacking(lacking) => Looked::Lacking(lacking),
        }
    }

    /// Nothing of it is there.
    pub(super) fn absent() -> Looked<T> {
        Looked::Lacking(Lacking::default())
    }
}

impl Lacking {
    /// Why the row cannot be completed.
    pub(super) fn cause(&self) -> Cause {
        Cause::new(PendingReason::NonRetryableExternal, "").naming(self)
    }
}

impl Cause {
    /// The cause with what does not show of a write that Webex took.
    pub(super) fn naming(self, lacking: &Lacking) -> Cause {
        let names = lacking.names.join(", ");
        let message =
            format!("accepted but not applied: Webex took the request and does not show {names} as sent");
        Cause { message, ..self }
    }
}

impl Samples {
    /// Whether this write is one of those that are read back.
    pub(super) fn hold(&self, call: &Call) -> bool {
        let mut sent = self.0.borrow_mut();
        let before = sent.entry(call.kind()).or_default();
        let sampled = *before == 0;
        *before = (*before).wrapping_add(1) % SAMPLED;
        sampled
    }
}

impl RowWork<'_> {
    /// Looks, and again when what was written at this moment must show.
    pub(super) async fn look_twice<T, S: Into<Looked<T>>>(
        &mut self,
        written: Instant,
        look: &mut impl AsyncFnMut(&mut Self) -> Flow<S>,
    ) -> Flow<Looked<T>> {
        let now = look(self).await?.into();
        if matches!(now, Looked::Lacking(_)) {
            self.context.webex.wait_until(self.context.settled_after(written)).await?;
            return Ok(look(self).await?.into());
        }
        Ok(now)
    }
}
