//! A Webex of our own: stateful, scriptable, with a journal of every request.
//!
//! Written from docs/webex.md and the published schemas alone; it imports nothing of this crate, so that a wrong
//! field name cannot hide on both sides. [`start`] runs it on a local port; [`SimHandle`] steers and inspects it.
//!
//! A request passes, in this order: the token, the rate limit, the scripted faults, the organisation.

mod api;
mod config;
mod fault;
mod habits;
mod handle;
mod ids;
mod journal;
mod limit;
mod operation;
mod org;
mod page;
mod recall;
mod reply;
mod request;
mod route;
mod seed;
mod server;
mod spelling;
mod target;
mod wire;

pub use config::SimConfig;
pub use fault::{Calls, Effect, Fault, Mangle, Tamper};
pub use habits::{AddressWithPstn, Habits, IdForm, LineNotToBeHad, Spelling};
pub use handle::{SimHandle, start};
pub use journal::Exchange;
pub use limit::RateLimit;
pub use operation::Operation;
pub use org::{LicenseState, LocationState, NumberState, OrgState, PersonState};
pub use seed::{
    CallingSeed, LicenseSeed, LocationSeed, MEETINGS, NumberSeed, OrgSeed, PROFESSIONAL, PersonSeed, Pstn,
    STANDARD, WorkspaceSeed,
};
