//! Starting, steering, inspecting and stopping the simulator.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::config::SimConfig;
use super::fault::Fault;
use super::habits::Habits;
use super::journal::Exchange;
use super::limit::RateLimit;
use super::org::OrgState;
use super::seed::PersonSeed;
use super::server::{Server, serve};

const STOP_WITHIN: Duration = Duration::from_secs(5);

/// Starts the simulator; it serves until the handle is stopped or dropped.
pub async fn start(config: SimConfig) -> io::Result<SimHandle> {
    let listener = TcpListener::bind(config.listen).await?;
    let address = listener.local_addr()?;
    let server = Arc::new(Server::new(&config)?);
    let task = tokio::spawn(serve(Arc::clone(&server), listener));
    Ok(SimHandle { address, server, task: Some(task) })
}

/// A running simulator.
pub struct SimHandle {
    address: SocketAddr,
    server: Arc<Server>,
    task: Option<JoinHandle<io::Result<()>>>,
}

impl SimHandle {
    /// Where the API begins, `/v1` included.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Adds a fault; it counts requests from now on.
    pub fn add_fault(&self, fault: Fault) {
        self.server.front().faults.add(fault);
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        self.server.front().faults.clear();
    }

    /// Sets or lifts the rate limit; a new one starts afresh.
    pub fn set_rate(&self, rate: Option<RateLimit>) {
        self.server.front().set_rate(rate);
    }

    /// Sets the wait before each answer.
    pub fn set_latency(&self, latency: Duration) {
        self.server.front().latency = latency;
    }

    /// Sets how long lists lag behind writes from now on.
    pub fn set_lag(&self, lag: Duration) {
        self.server.front().lag = lag;
    }

    /// Sets the units bought of the licences with this name from now on.
    pub fn set_units(&self, license: &str, units: i64) {
        let mut org = self.server.org();
        org.licenses.iter_mut().filter(|known| known.name == license).for_each(|known| known.units = units);
    }

    /// Changes how it behaves from now on.
    pub fn set_habits(&self, change: impl FnOnce(&mut Habits)) {
        change(&mut self.server.org().rules.habits);
    }

    /// Adds a person, as a directory sync does.
    pub fn add_person(&self, person: &PersonSeed) {
        self.server.org().seed_person(person);
    }

    /// Takes an extension from the hunt group or the like that has it in this location.
    pub fn free_extension(&self, location: &str, extension: &str) {
        self.server.org().free_extension(location, extension);
    }

    /// Sets the only valid token; `None`: every token that is not empty.
    pub fn set_token(&self, token: Option<String>) {
        self.server.front().token = token;
    }

    /// Every request so far, in order of arrival.
    pub fn journal(&self) -> Vec<Exchange> {
        self.server.journal().all()
    }

    /// Waits until the journal is as the caller wants it; asked at every arrival and every change of an entry.
    pub async fn when(&self, holds: impl Fn(&[Exchange]) -> bool) {
        let news = self.server.journal().news();
        loop {
            // Registered before the journal is looked at, so that no change in between is missed.
            let changed = news.notified();
            if holds(self.server.journal().exchanges()) {
                return;
            }
            changed.await;
        }
    }

    /// The organisation as it is now, without any lag.
    pub fn org(&self) -> OrgState {
        self.server.org().snapshot()
    }

    /// Stops serving; requests under way are cut. Returns within five seconds.
    pub async fn stop(mut self) {
        self.server.stop();
        if let Some(task) = self.task.take() {
            let abort = task.abort_handle();
            if tokio::time::timeout(STOP_WITHIN, task).await.is_err() {
                abort.abort();
            }
        }
    }
}

impl Drop for SimHandle {
    fn drop(&mut self) {
        self.server.stop();
    }
}
