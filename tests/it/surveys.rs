//! A plan, the run behind it and a verification say the same of every row: over generated files and organisations, and by
//! example.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a helper that fails is a failed test"
)]

mod by_example;
mod case;
mod draw;
mod generated;
mod hand;
mod judge;
mod org;
