//! Drives the rows through Webex: preflight, then phase by phase, batch by batch, row by row.
//!
//! What a row wants to be so in Webex is a goal (`goals`), the engine reaches it (`engine`): it looks, decides, writes where
//! there is something to write, and looks again where a write leaves a doubt. Without hands the same goals make a plan or a
//! check. `memory` holds what rows share, `drive` claims rows and settles them.

mod drive;
mod engine;
mod flow;
mod goals;
mod memory;
mod reason;

pub use drive::breaker::Breaker;
pub use drive::preflight::{FreeUnits, PreflightFailure, PreflightReport, preflight};
pub use drive::run::run;
pub use drive::shortfall::{Shortfall, Shortfalls};
pub use drive::survey::{Survey, survey};
pub use drive::terms::{Ended, Event, Purpose, RunLimits, RunSummary, Scope};
pub use memory::RowSettings;
pub use memory::licences::LicenceSettings;
