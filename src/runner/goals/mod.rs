//! What rows want to be so in Webex: goals, and the prose of each kind of row. Knows of the engine its vocabulary alone.

mod activation;
mod aliases;
mod alternates;
mod announcements;
mod assignment;
mod calling;
mod colleagues;
mod compare;
mod compensate;
mod decide;
mod decide_site;
mod directory;
mod emergency_address;
mod extensions;
mod free_number;
mod kinds;
mod line;
mod location;
mod location_settings;
mod numbers;
mod overlay;
mod pstn;
mod settings;
mod site;
mod site_calling;
mod subscriber;
#[cfg(test)]
mod tests;
mod user;

pub(crate) use kinds::{first_step, reach_all};
