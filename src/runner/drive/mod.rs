//! Drives rows: which of them, in which order, how many at once, and what becomes of each when it ends.

pub(crate) mod breaker;
mod context;
mod findings;
mod lists;
mod pace;
mod phase;
pub(crate) mod preflight;
mod row;
pub(crate) mod run;
pub(crate) mod shortfall;
pub(crate) mod survey;
pub(crate) mod terms;
