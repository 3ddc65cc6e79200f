//! Brings up Webex Calling sites from one CSV, with every row and step as state in SQLite.
//!
//! Data flows one way: CSV -> [`ingest`] -> [`store`] -> [`runner`] -> [`webex`]; [`store`] -> [`export`].
//! [`domain`] holds the types they share, [`commands`] tells each subcommand's story, and `sim` is a Webex of our own
//! that stands outside.

pub mod cli;
pub mod commands;
pub mod config;
pub mod domain;
pub mod export;
mod faultpoint;
pub mod ingest;
pub mod lab;
pub mod logging;
pub mod runner;
#[cfg(feature = "sim")]
pub mod sim;
pub mod store;
pub mod webex;
