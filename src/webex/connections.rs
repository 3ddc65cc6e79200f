//! The connections to Webex, which can be given up.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderMap};
use reqwest::{Client, redirect, retry};
use tokio::time::Instant;

use super::error::deepest;
use super::settings::{ClientError, WebexSettings};

/// Connections are given up no more often than this: a server that always answers amiss costs little.
const RENEWAL: Duration = Duration::from_secs(1);

/// The connections in use.
#[derive(Debug)]
pub(super) struct Connections {
    client: RefCell<Client>,
    /// When others were given up last.
    renewed: Cell<Option<Instant>>,
}

impl Connections {
    pub(super) fn new(settings: &WebexSettings) -> Result<Connections, ClientError> {
        Ok(Connections { client: RefCell::new(build(settings)?), renewed: Cell::new(None) })
    }

    pub(super) fn client(&self) -> Client {
        self.client.borrow().clone()
    }

    /// Requests that begin from now on take new ones.
    pub(super) fn renew(&self, settings: &WebexSettings) {
        let now = Instant::now();
        if self.renewed.get().is_some_and(|at| now.saturating_duration_since(at) < RENEWAL) {
            return;
        }
        self.renewed.set(Some(now));
        if let Ok(client) = build(settings) {
            self.client.replace(client);
        }
    }
}

fn build(settings: &WebexSettings) -> Result<Client, ClientError> {
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, settings.token.header()?);
    let mut client = Client::builder()
        .default_headers(headers)
        .user_agent(concat!("wxbulk/", env!("CARGO_PKG_VERSION")))
        .timeout(settings.request_timeout)
        .connect_timeout(settings.connect_timeout)
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .referer(false)
        .https_only(!settings.base_url.is_loopback());
    if settings.base_url.is_loopback() {
        // A proxy would be handed the token in plain text.
        client = client.no_proxy();
    }
    if !settings.base_url.is_secure() {
        // Plain HTTP needs no authorities, and a machine may have none.
        client = client.tls_certs_only([]);
    }
    client
        .build()
        .map_err(|error| ClientError::Connections(deepest(&error).unwrap_or_else(|| error.to_string())))
}
