//! How the simulator is started.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use super::fault::Fault;
use super::habits::Habits;
use super::limit::RateLimit;
use super::seed::OrgSeed;

/// How the simulator is started. By default it is fast, unlimited and free of faults.
#[derive(Clone, Debug)]
pub struct SimConfig {
    /// Where to listen; port 0 takes any free one.
    pub listen: SocketAddr,
    /// What the organisation holds.
    pub org: OrgSeed,
    /// The only valid token; `None`: every token that is not empty.
    pub token: Option<String>,
    /// How long the token says it will live.
    pub token_lifetime: Duration,
    /// Waited before each answer, once the request has taken effect.
    pub latency: Duration,
    /// Waited before each 429.
    pub refusal_latency: Duration,
    /// The rate limit.
    pub rate: Option<RateLimit>,
    /// Faults from the start.
    pub faults: Vec<Fault>,
    /// A file that gets a JSON line for each request.
    pub journal: Option<PathBuf>,
    /// No page is larger than this.
    pub page_cap: Option<usize>,
    /// Refuse a location whose name exists. Off by default, so that a duplicate shows.
    pub unique_location_names: bool,
    /// Lists and searches show a write only after this.
    pub lag: Duration,
    /// How it behaves where there is more than one way.
    pub habits: Habits,
}

impl Default for SimConfig {
    fn default() -> Self {
        SimConfig {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            org: OrgSeed::default(),
            token: None,
            token_lifetime: Duration::from_secs(12 * 3600),
            latency: Duration::ZERO,
            refusal_latency: Duration::ZERO,
            rate: None,
            faults: Vec::new(),
            journal: None,
            page_cap: None,
            unique_location_names: false,
            lag: Duration::ZERO,
            habits: Habits::default(),
        }
    }
}

impl SimConfig {
    /// The default with this organisation.
    pub fn with_org(org: OrgSeed) -> Self {
        SimConfig { org, ..SimConfig::default() }
    }

    /// Adds a fault.
    pub fn fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }
}
