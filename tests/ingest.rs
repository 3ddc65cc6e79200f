//! The `ingest` room against the catalogue of bad inputs, by the numbers of its cases.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a helper of tests fails by panicking"
)]

#[path = "ingest/assignments.rs"]
mod assignments;
#[path = "ingest/documents.rs"]
mod documents;
#[path = "ingest/files.rs"]
mod files;
#[path = "ingest/headers.rs"]
mod headers;
#[path = "ingest/locations.rs"]
mod locations;
#[path = "ingest/properties.rs"]
mod properties;
#[path = "ingest/quotes.rs"]
mod quotes;
#[path = "ingest/records.rs"]
mod records;
#[path = "ingest/settings.rs"]
mod settings;
#[path = "ingest/sheet.rs"]
mod sheet;
#[path = "ingest/users.rs"]
mod users;
