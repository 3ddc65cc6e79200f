//! What a run would do to a row, and what a check found of one: told by the same comparison of wish and Webex as the run.

use super::{Failure, LocationKey, Operation, Phase, RowId, Step};

text_enum! {
    /// What a run would do to a row: the first that applies, in this order.
    Effect {
        /// It cannot be completed as things stand.
        Blocked = "blocked",
        /// Its location would be created.
        Create = "create",
        /// Its location would be enabled, or its person given calling.
        Enable = "enable",
        /// Its person would be given the line, by a write of the row or by the one that gives calling.
        Assign = "assign",
        /// Something of it would be changed.
        Update = "update",
        /// Everything is as the row wants it.
        Same = "same",
    }
}

/// A value that is not as a row wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The column without its prefix, such as `call_waiting_enabled`, or what it is about, such as `extension`.
    pub field: String,
    /// What Webex shows; empty when it shows nothing.
    pub found: String,
    /// What the row states.
    pub wanted: String,
}

/// A write that a run would send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedWrite {
    /// The step that it belongs to.
    pub step: Step,
    /// The request.
    pub operation: Operation,
    /// What it does, for people: `add +34910000002 to EXT-3`.
    pub words: String,
    /// The values that it changes; empty where something is made or given as a whole.
    pub differences: Vec<Difference>,
}

/// What a run would do to one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowPlan {
    /// The row.
    pub row_id: RowId,
    /// Its phase.
    pub phase: Phase,
    /// The location that it refers to.
    pub location_key: LocationKey,
    /// What it comes to.
    pub effect: Effect,
    /// The writes, in order. A row that stops may have some: those before it stops.
    pub writes: Vec<PlannedWrite>,
    /// Look-ups that a run makes for the row alone.
    pub reads: u32,
    /// Why the row would be pending.
    pub failure: Option<Failure>,
}

text_enum! {
    /// What a check found of a row that was a success.
    Verdict {
        /// Everything is as the row states it.
        InPlace = "in_place",
        /// Something is otherwise.
        Drifted = "drifted",
        /// What the row brought about is gone.
        Missing = "missing",
        /// Webex did not tell.
        Unknown = "unknown",
    }
}

/// What a check found of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowCheck {
    /// The row.
    pub row_id: RowId,
    /// What it comes to.
    pub verdict: Verdict,
    /// What is otherwise; for something that is gone, what it was.
    pub differences: Vec<Difference>,
    /// What the check met, in words, where the differences do not say it.
    pub message: Option<String>,
}
