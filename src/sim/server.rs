//! The way of a request through the simulator.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use std::collections::HashMap;

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::response::Response;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::Instant;

use super::api::{Work, dispatch};
use super::config::SimConfig;
use super::fault::{Effect, Faults, Finish, Scene, Tamper, finish, plain};
use super::ids::uuid;
use super::journal::{Exchange, Journal};
use super::limit::{Limiter, RateLimit};
use super::operation::Operation;
use super::org::{Moment, Org};
use super::recall::Answers;
use super::reply::{Outcome, Refusal, Reply};
use super::request::Call;
use super::route::{Route, route};
use super::target::{Target, target};
use super::wire::{RawReply, Wire, WireListener};

const HANG: Duration = Duration::from_secs(600);

/// What every request meets before the organisation does.
pub(crate) struct Front {
    pub(crate) token: Option<String>,
    pub(crate) faults: Faults,
    pub(crate) latency: Duration,
    pub(crate) lag: Duration,
    refusal_latency: Duration,
    limiter: Option<Limiter>,
    counts: HashMap<Operation, u32>,
}

impl Front {
    pub(crate) fn set_rate(&mut self, rate: Option<RateLimit>) {
        self.limiter = rate.map(Limiter::new);
    }

    fn admit(&mut self, call: &Call, now_ms: u64) -> Result<(), (Refusal, &'static str)> {
        let known = call.bearer().is_some_and(|sent| self.token.as_ref().is_none_or(|token| token == sent));
        if !known {
            let message =
                "The request requires a valid access token set in the Authorization request header.";
            return Err((Refusal::new(401, message), "token"));
        }
        let wait = self.limiter.as_mut().and_then(|limiter| limiter.admit(now_ms).err());
        if let Some(wait) = wait {
            let refusal = Refusal::new(429, "Too many requests.");
            return Err((refusal.with_header("retry-after", wait.to_string()), "rate_limit"));
        }
        Ok(())
    }
}

pub(crate) struct Server {
    front: Mutex<Front>,
    journal: Mutex<Journal>,
    org: Mutex<Org>,
    answers: Mutex<Answers>,
    started: Instant,
    token_ends_at: u64,
    stop: watch::Sender<bool>,
}

/// Serves until stopped.
pub(crate) async fn serve(server: Arc<Server>, tcp: TcpListener) -> io::Result<()> {
    let mut stop = server.stop.subscribe();
    let listener = WireListener { tcp, stop: stop.clone() };
    let app = Router::new().fallback(answer).with_state(server).into_make_service_with_connect_info::<Wire>();
    let stopped = async move {
        // An error means that the server is gone, which is a stop too.
        drop(stop.wait_for(|stopped| *stopped).await);
    };
    axum::serve(listener, app).with_graceful_shutdown(stopped).await
}

async fn answer(
    State(server): State<Arc<Server>>,
    ConnectInfo(wire): ConnectInfo<Wire>,
    request: Request,
) -> Response {
    let mut stop = server.stop.subscribe();
    let finish = tokio::select! {
        finish = Arc::clone(&server).handle(request) => finish,
        _ = stop.wait_for(|stopped| *stopped) => Finish::Raw(RawReply::default()),
    };
    match finish {
        Finish::Http(response) => response,
        Finish::Raw(raw) => {
            wire.take_over(raw);
            Response::default()
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Closes the journal's entry when the request is over, also when its client has gone.
struct Ticket {
    server: Arc<Server>,
    seq: u64,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.server.journal().close(self.seq);
    }
}

/// A request on its way.
struct Passage {
    call: Call,
    route: Route,
    ticket: Ticket,
    effect: Option<Effect>,
    latency: Duration,
    lag: Duration,
    /// The answer is kept for a later request.
    recall: bool,
}

impl Server {
    pub(crate) fn new(config: &SimConfig) -> io::Result<Self> {
        let mut front = Front {
            token: config.token.clone(),
            faults: Faults::default(),
            latency: config.latency,
            lag: config.lag,
            refusal_latency: config.refusal_latency,
            limiter: config.rate.clone().map(Limiter::new),
            counts: HashMap::new(),
        };
        config.faults.iter().cloned().for_each(|fault| front.faults.add(fault));
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(Server {
            front: Mutex::new(front),
            journal: Mutex::new(Journal::open(config.journal.as_deref())?),
            org: Mutex::new(Org::build(config)),
            answers: Mutex::default(),
            started: Instant::now(),
            token_ends_at: millis(now.saturating_add(config.token_lifetime)),
            stop: watch::Sender::new(false),
        })
    }

    pub(crate) fn front(&self) -> MutexGuard<'_, Front> {
        locked(&self.front)
    }

    pub(crate) fn journal(&self) -> MutexGuard<'_, Journal> {
        locked(&self.journal)
    }

    pub(crate) fn org(&self) -> MutexGuard<'_, Org> {
        locked(&self.org)
    }

    pub(crate) fn stop(&self) {
        self.stop.send_replace(true);
    }

    fn now_ms(&self) -> u64 {
        millis(self.started.elapsed())
    }

    async fn handle(self: Arc<Self>, request: Request) -> Finish {
        let call = Call::read(request).await;
        let route = route(&call);
        let subject = target(&self.org(), &call, &route);
        let passage = match Arc::clone(&self).enter(call, route, &subject) {
            Ok(passage) => passage,
            Err((refusal, ticket, wait)) => {
                pause(wait).await;
                let tracking_id = tracking_id(ticket.seq);
                self.journal().change(ticket.seq, |exchange| exchange.replied = Some(refusal.status));
                return Finish::Http(plain(refusal.into_reply(&tracking_id), &tracking_id));
            }
        };
        let Some(effect) = passage.effect.clone() else { return self.pass(passage).await };
        self.interfere(passage, effect).await
    }

    /// Token, limit, faults; whatever the end, the arrival is on record.
    fn enter(
        self: Arc<Self>,
        call: Call,
        route: Route,
        subject: &Target,
    ) -> Result<Passage, (Refusal, Ticket, Duration)> {
        let mut front = locked(&self.front);
        let at_ms = self.now_ms();
        let admitted = front.admit(&call, at_ms);
        let effect = match admitted {
            Ok(()) => front.faults.pick(route.operation, &subject.names),
            Err(_) => None,
        };
        let nth = front.counts.entry(route.operation).or_default();
        *nth = nth.saturating_add(1);
        let refused = admitted.as_ref().err().map(|(_, why)| (*why).to_owned());
        let exchange = Exchange {
            seq: 0,
            operation: route.operation,
            method: call.method.to_string(),
            path: call.uri.clone(),
            key: subject.key(),
            feature: route.setting.as_ref().map(|setting| setting.path.clone()),
            nth: *nth,
            applied: false,
            replied: None,
            fault: refused.or_else(|| effect.as_ref().map(ToString::to_string)),
            at_ms,
            body: without_secrets(&call),
        };
        let seq = self.journal().begin(exchange);
        let (latency, lag, refusal_latency) = (front.latency, front.lag, front.refusal_latency);
        let recall = front.faults.recall();
        drop(front);
        let ticket = Ticket { server: self, seq };
        match admitted {
            Ok(()) => Ok(Passage { call, route, ticket, effect, latency, lag, recall }),
            Err((refusal, _)) => Err((refusal, ticket, refusal_latency)),
        }
    }

    /// The way of most requests.
    async fn pass(&self, passage: Passage) -> Finish {
        let reply = self.execute(&passage, &Effect::default());
        pause(passage.latency).await;
        let seq = passage.ticket.seq;
        self.journal().change(seq, |exchange| exchange.replied = Some(reply.status));
        Finish::Http(plain(reply, &tracking_id(seq)))
    }

    /// The way of a request that meets a fault.
    async fn interfere(self: Arc<Self>, passage: Passage, effect: Effect) -> Finish {
        let server = Arc::clone(&self);
        let wanted = effect.clone();
        // In a task of its own: a delayed write takes effect even if its client has gone.
        let done = tokio::spawn(async move {
            pause(wanted.delay).await;
            let other = locked(&server.answers).in_place(&wanted.tamper, passage.route.operation);
            let reply = wanted.applies().then(|| server.execute(&passage, &wanted));
            (passage, other.or(reply))
        });
        let Ok((passage, reply)) = done.await else { return Finish::Raw(RawReply::default()) };
        if effect.tamper == Tamper::Hang {
            pause(HANG).await;
            return Finish::Raw(RawReply::default());
        }
        pause(passage.latency.saturating_add(effect.late)).await;
        let seq = passage.ticket.seq;
        let scene = Scene {
            operation: passage.route.operation,
            url: format!("http://{}{}", passage.call.host, passage.call.uri),
            authorization: passage.call.authorization.as_deref().unwrap_or_default(),
            tracking_id: tracking_id(seq),
        };
        let (finish, status) = finish(&effect, reply, scene);
        self.journal().change(seq, |exchange| exchange.replied = status);
        finish
    }

    /// Carries the request out and records whether it took effect.
    fn execute(&self, passage: &Passage, effect: &Effect) -> Reply {
        let now = self.now_ms();
        let reduced = (!effect.silent.is_empty()).then(|| passage.call.without(&effect.silent));
        let work = Work {
            call: reduced.as_ref().unwrap_or(&passage.call),
            route: &passage.route,
            moment: Moment { now, visible_at: now.saturating_add(millis(effect.lag.unwrap_or(passage.lag))) },
            partial: effect.tamper == Tamper::Partial,
            token_ends_at: self.token_ends_at,
        };
        let outcome: Outcome = dispatch(&mut self.org(), &work);
        let seq = passage.ticket.seq;
        let reply = match outcome {
            Ok(reply) => {
                let writes = passage.call.method.as_str() != "GET";
                self.journal().change(seq, |exchange| exchange.applied = writes);
                reply
            }
            Err(refusal) => refusal.into_reply(&tracking_id(seq)),
        };
        if passage.recall {
            locked(&self.answers).keep(passage.route.operation, &reply);
        }
        reply
    }
}

async fn pause(duration: Duration) {
    if !duration.is_zero() {
        tokio::time::sleep(duration).await;
    }
}

fn tracking_id(seq: u64) -> String {
    format!("SIM_{}", uuid(&format!("TRACKING/{seq}")))
}

/// The body for the journal.
fn without_secrets(call: &Call) -> Option<serde_json::Value> {
    let mut body = call.body.clone()?;
    if let Some(passcode) = body.get_mut("passcode") {
        *passcode = "***".into();
    }
    Some(body)
}
