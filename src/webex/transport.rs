//! The one way out: paced, timed, capped, and retried as far as that is safe.
//!
//! A read is retried here until its budget is spent. A write is sent again here only when it certainly did not reach
//! Webex, or was refused for pace; every other doubt is the caller's, who must look before sending it again (R6).

use std::time::Duration;

use reqwest::Url;
use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, LINK, LOCATION, RETRY_AFTER};
use serde_json::Value;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::backoff::Backoff;
use super::body::read_body;
use super::budget::Budget;
use super::calls::Call;
use super::connections::Connections;
use super::contract::{self, Contract};
use super::error::{Interrupted, Refusal, Trouble, describe, one_line};
use super::gate::Gate;
use super::link::next_link;
use super::outage::{Outage, State, UnderWay};
use super::pace::WaitingLine;
use super::retry_after::{AskedWait, asked};
use super::settings::{ClientError, WebexSettings};
use crate::domain::{RemoteId, Repeat};

/// A client bound to one origin and one token.
#[derive(Debug)]
pub struct Webex {
    pub(super) connections: Connections,
    pub(super) settings: WebexSettings,
    pub(super) line: WaitingLine,
    pub(super) gate: Gate,
    pub(super) outage: Outage,
    pub(super) stop: CancellationToken,
}

/// An acceptable answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// Its status, one of those that the operation's contract accepts.
    pub status: u16,
    /// Its body; `null` when it has none.
    pub body: Value,
    /// Webex's id of the exchange.
    pub tracking_id: Option<String>,
    pub(super) next: Option<String>,
}

/// What was sent for one request, for the record.
#[derive(Debug, Clone, Default)]
pub struct Trace {
    /// How often it was sent.
    pub tries: u32,
    /// The status of the last answer.
    pub status: Option<u16>,
    /// Webex's id of the last exchange.
    pub tracking_id: Option<String>,
    /// Waits that the server asked for.
    pub waits: u32,
}

/// Requests so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traffic {
    /// Sent in all.
    pub requests: u64,
    /// Refused for pace (429).
    pub refused: u64,
    /// Sent again after failures that pass.
    pub retries: u64,
}

/// How one attempt ended.
enum Attempt {
    Done(Reply),
    /// For good.
    Failed(Trouble),
    /// Refused for pace; nothing was applied.
    Wait(AskedWait, String),
    /// The request did not leave.
    NotSent(String),
    /// It left, and nobody knows what came of it.
    Unknown {
        what: String,
        backend_code: Option<String>,
        asked: AskedWait,
    },
}

impl Webex {
    /// A client that stops sending when `stop` is cancelled.
    pub fn new(settings: WebexSettings, stop: CancellationToken) -> Result<Webex, ClientError> {
        let connections = Connections::new(&settings)?;
        let line = WaitingLine::new(&settings);
        let gate = Gate::new(settings.concurrency);
        let outage = Outage::new(settings.concurrency, settings.outage_wait);
        Ok(Webex { connections, settings, line, gate, outage, stop })
    }

    /// Gives up the open connections: an answer that did not belong to its request may be followed by others there.
    pub fn renew_connections(&self) {
        self.connections.renew(&self.settings);
    }

    /// The patience for one logical request.
    pub fn budget(&self) -> Budget {
        Budget::new(&self.settings)
    }

    /// The same with other retries than `MAX_RETRIES`.
    pub(super) fn budget_of(&self, retries: Option<u32>) -> Budget {
        match retries {
            Some(retries) => Budget::with_retries(&self.settings, retries.min(self.settings.max_retries)),
            None => self.budget(),
        }
    }

    /// The pauses between looks at something that takes its time, growing; as many as this.
    pub fn pauses(&self, looks: u32) -> impl Iterator<Item = Duration> + use<> {
        Backoff::new(looks, self.settings.backoff_base)
    }

    /// Requests so far.
    pub fn traffic(&self) -> Traffic {
        let counts = self.line.pacer.counts();
        Traffic { requests: counts.requests, refused: counts.refused, retries: counts.retries }
    }

    /// Sends a request, and again as far as that is safe and the budget lasts.
    pub async fn send(&self, call: &Call, budget: &mut Budget, trace: &mut Trace) -> Result<Reply, Trouble> {
        self.send_to(self.url_of(call), call, budget, trace).await
    }

    /// Waits, but no longer than until the run is to stop.
    pub async fn wait(&self, delay: Duration) -> Result<(), Interrupted> {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => Err(Interrupted),
            () = tokio::time::sleep(delay) => Ok(()),
        }
    }

    /// Waits until a moment.
    pub async fn wait_until(&self, moment: Instant) -> Result<(), Interrupted> {
        self.wait(moment.saturating_duration_since(Instant::now())).await
    }

    pub(super) fn url_of(&self, call: &Call) -> Url {
        let mut url = self.settings.base_url.join(&call.path);
        let org = self.settings.org_id.iter().map(|org| ("orgId", org.as_str()));
        let query = call.query.iter().map(|(name, value)| (*name, value.as_str()));
        let pairs: Vec<(&str, &str)> = query.chain(org).collect();
        if !pairs.is_empty() {
            url.query_pairs_mut().extend_pairs(pairs);
        }
        url
    }

    pub(super) async fn send_to(
        &self,
        url: Url,
        call: &Call,
        budget: &mut Budget,
        trace: &mut Trace,
    ) -> Result<Reply, Trouble> {
        let request = self.outage.enter();
        // Bounded by the budget: each turn of the loop takes a retry or a wait from it.
        loop {
            let (ticket, in_flight) = self.admit().await?;
            trace.tries = trace.tries.saturating_add(1);
            let attempt = self.attempt(url.clone(), call, trace).await;
            drop(in_flight);
            let wait = match &attempt {
                Attempt::Wait(AskedWait::Wait(asked), _) => budget.next_wait(Some(*asked)),
                Attempt::Wait(AskedWait::Nothing, _) => budget.next_wait(None),
                _ => None,
            };
            self.answered(ticket, trace.status, wait);
            self.watch_for_outage(trace.status.is_some()).await;
            let delay = match attempt {
                Attempt::Done(reply) => return Ok(reply),
                Attempt::Failed(trouble) => {
                    if matches!(trouble, Trouble::BadReply { .. }) {
                        self.renew_connections();
                    }
                    return Err(trouble);
                }
                // It may have been applied all the same: the caller looks before it is sent again (R6).
                Attempt::Wait(_, what) if call.operation.repeat() == Repeat::Creates => {
                    trace.waits = trace.waits.saturating_add(1);
                    return Err(refused_create(trace, what, wait));
                }
                Attempt::Wait(_, what) => {
                    trace.waits = trace.waits.saturating_add(1);
                    wait.ok_or_else(|| exhausted(trace, what, None))?
                }
                Attempt::NotSent(what) => {
                    self.line.pacer.retried();
                    self.next_retry(budget, &request, exhausted(trace, what, None)).await?
                }
                Attempt::Unknown { what, backend_code, asked } if call.operation.repeat() != Repeat::Read => {
                    let (status, tracking_id) = (trace.status, trace.tracking_id.clone());
                    return Err(Trouble::Doubtful { status, what, tracking_id, backend_code, asked });
                }
                Attempt::Unknown { what, backend_code, asked: AskedWait::TooLong } => {
                    return Err(exhausted(trace, what, backend_code));
                }
                Attempt::Unknown { what, backend_code, asked } => {
                    self.line.pacer.retried();
                    let own = self.next_retry(budget, &request, exhausted(trace, what, backend_code)).await?;
                    if let AskedWait::Wait(wait) = asked { own.max(wait) } else { own }
                }
            };
            tracing::debug!(operation = %call.operation, tries = trace.tries, status = trace.status, ?delay, "request.again");
            self.wait(delay).await?;
        }
    }

    /// The delay before the next retry; when the retries are spent and nobody has got an answer meanwhile, one more round
    /// of them after the hold (R22).
    async fn next_retry(
        &self,
        budget: &mut Budget,
        request: &UnderWay<'_>,
        otherwise: Trouble,
    ) -> Result<Duration, Trouble> {
        match budget.next_retry() {
            Some(delay) => Ok(delay),
            None if budget.has_second_round() && self.outlast_silence(request).await? => {
                Ok(budget.begin_second_round())
            }
            None => Err(otherwise),
        }
    }

    /// Counts a retry that a caller decided on after a look-up.
    pub fn note_retry(&self, call: &Call) {
        self.line.pacer.retried();
        tracing::debug!(operation = %call.operation, "request.again");
    }

    /// Whether Webex was away for longer than the run may wait.
    pub fn gave_up(&self) -> bool {
        self.outage.state() == State::GivenUp
    }

    async fn attempt(&self, url: Url, call: &Call, trace: &mut Trace) -> Attempt {
        let contract = contract::of(call.operation);
        let mut request = self.connections.client().request(contract.method.clone(), url);
        if let Some(body) = &call.body {
            request = request.header(CONTENT_TYPE, "application/json").body(body.to_string());
        }
        trace.status = None;
        trace.tracking_id = None;
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) => return not_answered(&error),
        };
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let tracking_id = self.header(&headers, "trackingid").map(|text| one_line(&text, 128));
        trace.status = Some(status);
        trace.tracking_id.clone_from(&tracking_id);
        let body = match read_body(response).await {
            Ok(body) => self.redacted(body),
            Err(what) => return Attempt::Unknown { what, backend_code: None, asked: AskedWait::Nothing },
        };
        let answer = Answer { status, headers, body, tracking_id };
        self.judge(answer, &contract, call)
    }

    /// A body without the token, also where JSON escapes spell it.
    fn redacted(&self, body: String) -> String {
        let body = self.settings.token.redact(body);
        if !body.contains('\\') {
            return body;
        }
        match serde_json::from_str::<Value>(&body) {
            Ok(mut value) => {
                self.settings.token.redact_json(&mut value);
                value.to_string()
            }
            Err(_) => body,
        }
    }

    fn judge(&self, answer: Answer, contract: &Contract, call: &Call) -> Attempt {
        let status = answer.status;
        if contract.accepted.contains(&status) {
            return accept(answer, contract, call);
        }
        let backend_code = self.header(&answer.headers, "cisco-spark-error-codes");
        let retry_after = self.header(&answer.headers, RETRY_AFTER.as_str());
        let date = self.header(&answer.headers, DATE.as_str());
        let asked = asked(retry_after.as_deref(), date.as_deref(), self.settings.max_retry_after);
        let refusal =
            Refusal::read(status, &answer.body, answer.tracking_id.clone(), backend_code.as_deref());
        match status {
            429 => Attempt::Wait(asked, refusal.to_string()),
            423 if retry_after.is_some() => Attempt::Wait(asked, refusal.to_string()),
            500..=599 => Attempt::Unknown { what: refusal.to_string(), backend_code, asked },
            200..=299 => Attempt::Failed(Trouble::BadReply {
                status,
                what: format!("status {status} is not one that this operation may answer with"),
                tracking_id: answer.tracking_id,
            }),
            300..=399 => {
                let to = self.header(&answer.headers, LOCATION.as_str()).unwrap_or_default();
                let message = format!("redirected to {}; redirects are not followed", one_line(&to, 200));
                Attempt::Failed(Trouble::Refused(Refusal { message, ..refusal }))
            }
            _ => Attempt::Failed(Trouble::Refused(refusal)),
        }
    }

    pub(super) fn header(&self, headers: &HeaderMap, name: &str) -> Option<String> {
        let text = String::from_utf8_lossy(headers.get(name)?.as_bytes()).into_owned();
        Some(self.settings.token.redact(text))
    }
}

/// An answer that arrived whole.
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: String,
    tracking_id: Option<String>,
}

fn accept(answer: Answer, contract: &Contract, call: &Call) -> Attempt {
    let Answer { status, headers, body, tracking_id } = answer;
    let bad =
        |what: String| Attempt::Failed(Trouble::BadReply { status, what, tracking_id: tracking_id.clone() });
    let body = if body.trim().is_empty() {
        Value::Null
    } else {
        match serde_json::from_str(&body) {
            Ok(body) => body,
            Err(error) => return bad(format!("the answer is not JSON ({error})")),
        }
    };
    let missing = contract.required.iter().find(|field| body.pointer(field).is_none_or(is_blank));
    if let Some(field) = missing {
        return bad(format!("the answer lacks the field {}", field.trim_start_matches('/')));
    }
    if let Some((field, asked)) = &call.names {
        let named = body.get(field).and_then(Value::as_str).and_then(|id| RemoteId::parse(id).ok());
        if !named.as_ref().is_some_and(|id| id.same_as(asked)) {
            let shown = named.map_or_else(|| "nothing".to_owned(), |id| id.to_string());
            return bad(format!("the answer is about {shown}, and {asked} was asked for"));
        }
    }
    let next = headers.get_all(LINK).iter().filter_map(|link| link.to_str().ok()).find_map(next_link);
    Attempt::Done(Reply { status, body, tracking_id, next })
}

fn is_blank(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(str::is_empty)
}

fn not_answered(error: &reqwest::Error) -> Attempt {
    let what = describe(error);
    if error.is_connect() || error.is_builder() {
        return Attempt::NotSent(what);
    }
    Attempt::Unknown { what, backend_code: None, asked: AskedWait::Nothing }
}

/// A create that was refused for pace or for a lock; without a wait when that patience is spent.
fn refused_create(trace: &Trace, what: String, wait: Option<Duration>) -> Trouble {
    Trouble::Doubtful {
        status: trace.status,
        what,
        tracking_id: trace.tracking_id.clone(),
        backend_code: None,
        asked: wait.map_or(AskedWait::TooLong, AskedWait::Wait),
    }
}

fn exhausted(trace: &Trace, what: String, backend_code: Option<String>) -> Trouble {
    Trouble::Exhausted {
        tries: trace.tries,
        status: trace.status,
        what,
        tracking_id: trace.tracking_id.clone(),
        backend_code,
    }
}
