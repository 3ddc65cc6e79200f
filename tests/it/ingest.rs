//! The `ingest` room against the catalogue of bad inputs, by the numbers of its cases.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a helper of tests fails by panicking"
)]

mod assignments;
mod documents;
mod files;
mod headers;
mod locations;
mod properties;
mod quotes;
mod records;
mod settings;
mod sheet;
mod users;
