//! What a run is given, what it tells, and how it ends.

use super::breaker::Breaker;
use crate::domain::{Phase, RowState};
use crate::runner::memory::token::TokenWatch;
use crate::store::{RowsAhead, Selection, StoreError};
use crate::webex::{Traffic, Webex};

/// Static limits of a run.
#[derive(Debug, Clone)]
pub struct RunLimits {
    /// Rows a claim takes.
    pub batch_size: u32,
    /// Claims a run may make.
    pub max_batches: u32,
    /// Rows at work at once.
    pub concurrency: usize,
    /// When a run stops for massive failure.
    pub breaker: Breaker,
}

/// The part of the job that a run works on; by default all of it.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// Which rows.
    pub selection: Selection,
    /// The only phase.
    pub phase: Option<Phase>,
    /// The most rows of a phase.
    pub rows_per_phase: Option<u32>,
}

impl Scope {
    /// Its phases, in order.
    pub(super) fn phases(&self) -> impl Iterator<Item = Phase> + use<> {
        let only = self.phase;
        Phase::IN_ORDER.into_iter().filter(move |phase| only.is_none_or(|only| only == *phase))
    }
}

/// Why a run ended.
#[derive(Debug)]
pub enum Ended {
    /// No row is ready any more.
    Finished,
    /// It was asked to stop.
    Stopped,
    /// Too much of a batch failed for good.
    Breaker(String),
    /// The token is not valid any more (R10).
    DeadToken,
    /// Webex was away for too long (R22).
    Outage,
    /// The lists that a phase needs could not be read.
    Unreachable(String),
    /// `MAX_BATCHES` was reached with rows left.
    TooManyBatches {
        /// The limit.
        limit: u32,
    },
    /// Nothing could be stored any more.
    Storage(StoreError),
    /// A defect.
    Internal(String),
}

impl Ended {
    /// What stopped itself ends for its own cause, and not as if it had been asked to.
    pub(crate) fn because_of(self, token: &TokenWatch, webex: &Webex) -> Ended {
        match self {
            Ended::Stopped | Ended::Finished | Ended::Unreachable(_) if token.is_dead() => Ended::DeadToken,
            Ended::Stopped | Ended::Finished if webex.gave_up() => Ended::Outage,
            ended => ended,
        }
    }

    /// The word for it in the database and the log.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Ended::Finished => "finished",
            Ended::Stopped => "stopped",
            Ended::Breaker(_) => "breaker",
            Ended::DeadToken => "dead_token",
            Ended::Outage => "outage",
            Ended::Unreachable(_) => "unreachable",
            Ended::TooManyBatches { .. } => "max_batches",
            Ended::Storage(_) => "storage",
            Ended::Internal(_) => "internal",
        }
    }
}

/// What happens while a run goes on, for whoever watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A phase begins.
    PhaseStarted(Phase),
    /// A row ended and is stored.
    RowEnded {
        /// Its phase.
        phase: Phase,
        /// Whether it succeeded.
        success: bool,
    },
    /// A batch is complete.
    BatchEnded,
    /// A phase has no ready row any more.
    PhaseEnded(Phase),
}

/// How a run went.
#[derive(Debug)]
pub struct RunSummary {
    /// Why it ended.
    pub ended: Ended,
    /// Requests it made.
    pub traffic: Traffic,
}

/// What rows are looked at for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// What a run would do to the rows that are ready or pending.
    Plan,
    /// Whether the rows that are a success still are as they state.
    Verify,
}

impl Purpose {
    pub(super) const fn rows(self) -> RowsAhead {
        match self {
            Purpose::Plan => RowsAhead::Open,
            Purpose::Verify => RowsAhead::Done,
        }
    }

    pub(super) const fn states(self) -> &'static [RowState] {
        match self {
            Purpose::Plan => &[RowState::Ready, RowState::Pending],
            Purpose::Verify => &[RowState::Success],
        }
    }
}
