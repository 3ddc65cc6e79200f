//! One request past the line, sent once: how a limiter is measured. Everything else goes through [`Webex::send`].

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, RETRY_AFTER};

use super::calls::Call;
use super::contract;
use super::error::one_line;
use super::retry_after::{AskedWait, asked};
use super::transport::Webex;

/// What one answer says of a rate limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// Its status; none when no answer came.
    pub status: Option<u16>,
    /// `Retry-After` as it was sent.
    pub retry_after: Option<String>,
    /// The wait that it asks for.
    pub wait: Option<Duration>,
    /// Other headers that speak of a limit, `NAME: VALUE`.
    pub limits: Vec<String>,
}

impl Webex {
    /// Sends a request once, when there is room among those in flight but without asking the pacer. For requests that
    /// change nothing.
    pub async fn sample(&self, call: &Call) -> Sample {
        let _in_flight = self.gate.enter().await;
        let mut request =
            self.connections.client().request(contract::of(call.operation).method, self.url_of(call));
        if let Some(body) = &call.body {
            request = request.header(CONTENT_TYPE, "application/json").body(body.to_string());
        }
        match request.send().await {
            Ok(response) => self.sampled(response.status().as_u16(), response.headers()),
            Err(_) => Sample { status: None, retry_after: None, wait: None, limits: Vec::new() },
        }
    }

    fn sampled(&self, status: u16, headers: &HeaderMap) -> Sample {
        let text = |name: &str| self.header(headers, name).map(|text| one_line(&text, 64));
        let retry_after = text(RETRY_AFTER.as_str());
        let date = text(DATE.as_str());
        let wait = match asked(retry_after.as_deref(), date.as_deref(), self.settings.max_retry_after) {
            AskedWait::Wait(wait) => Some(wait),
            AskedWait::TooLong => Some(self.settings.max_retry_after),
            AskedWait::Nothing => None,
        };
        let about_limits = |name: &&str| name.contains("ratelimit") || name.contains("rate-limit");
        let names = headers.keys().map(|name| name.as_str()).filter(about_limits).take(8);
        let limits = names.filter_map(|name| Some(format!("{name}: {}", text(name)?))).collect();
        Sample { status: Some(status), retry_after, wait, limits }
    }
}
