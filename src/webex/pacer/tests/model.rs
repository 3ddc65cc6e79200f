//! Workers, a line, a network and a limited server in virtual time: nothing sleeps, and each story is always the same.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::ops::Range;
use std::time::Duration;

use tokio::time::Instant;

use super::super::{Pacer, Ticket, Turn};

/// A limiter: at this second it lets a request through, or says after how many seconds to come again.
pub(super) type Limit = Box<dyn FnMut(f64) -> Result<(), u64>>;

/// Tokens come back steadily.
pub(super) fn bucket(per_second: f64, burst: u32, retry_after: u64) -> Limit {
    leaky(per_second, burst, retry_after, 0.0)
}

/// The same, where a refused request costs a token too, down to a debt of a whole burst.
pub(super) fn counting_refused(per_second: f64, burst: u32, retry_after: u64) -> Limit {
    leaky(per_second, burst, retry_after, 1.0)
}

fn leaky(per_second: f64, burst: u32, retry_after: u64, cost_of_refusal: f64) -> Limit {
    let burst = f64::from(burst);
    let (mut tokens, mut last) = (burst, 0.0);
    Box::new(move |now| {
        tokens = f64::min(tokens + (now - last) * per_second, burst);
        last = now;
        if tokens >= 1.0 {
            tokens -= 1.0;
            return Ok(());
        }
        tokens = f64::max(tokens - cost_of_refusal, -burst);
        Err(retry_after)
    })
}

/// So many requests a window; it says how long the window lasts, in whole seconds as a header does.
pub(super) fn window(requests: u32, seconds: u32) -> Limit {
    let (mut used, mut ends) = (0, f64::from(seconds));
    Box::new(move |now| {
        while now >= ends {
            (used, ends) = (0, ends + f64::from(seconds));
        }
        if used < requests {
            used += 1;
            return Ok(());
        }
        // Whole seconds, rounded up.
        Err((1_u32..).find(|wait| now + f64::from(*wait) >= ends).map_or(1, u64::from))
    })
}

/// One request of so many is refused, whatever the pace: another client has what it would have had. Always the same ones.
pub(super) fn at_random(one_of: u64) -> Limit {
    let mut state = 88_172_645_463_325_252_u64;
    Box::new(move |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        if (state >> 20).is_multiple_of(one_of) { Err(1) } else { Ok(()) }
    })
}

/// One limit until this second, then another.
pub(super) fn changing(mut first: Limit, at: f64, mut then: Limit) -> Limit {
    Box::new(move |now| if now < at { first(now) } else { then(now) })
}

/// How the requests are made.
#[derive(Clone)]
pub(super) struct Setting {
    pub(super) workers: usize,
    pub(super) requests: u32,
    /// Of these, some that are made by few, as lists are read: a barrier before and behind them.
    pub(super) by_few: Range<u32>,
    /// How few.
    pub(super) few: u32,
    /// Of an answer; a refusal takes 50 ms or as long as that.
    pub(super) latency: Duration,
}

/// How it went.
pub(super) struct Story {
    /// Seconds until the last answer.
    pub(super) makespan: f64,
    pub(super) refused: u32,
    /// Of one request.
    pub(super) most_refusals: u32,
    /// The longest that a request stood in the line.
    pub(super) longest_wait: Duration,
    /// When requests left.
    pub(super) sent: Vec<f64>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Queue,
    Ask,
    Served,
    Refused(u64),
}

/// A worker has one request in hand.
#[derive(Clone, Copy)]
struct Worker {
    queued: Duration,
    ticket: Option<Ticket>,
    refusals: u32,
}

struct Model<'a> {
    pacer: &'a Pacer,
    start: Instant,
    setting: Setting,
    limit: Limit,
    events: BinaryHeap<Reverse<(Duration, u64, usize, Event)>>,
    /// Keeps events of one moment in order.
    serial: u64,
    line: VecDeque<usize>,
    workers: Vec<Worker>,
    /// Workers without a request, while requests are made by few.
    idle: Vec<usize>,
    begun: u32,
    served: u32,
    story: Story,
}

/// Makes all requests, each as often as it takes.
pub(super) fn tell(pacer: &Pacer, setting: Setting, limit: Limit) -> Story {
    let worker = Worker { queued: Duration::ZERO, ticket: None, refusals: 0 };
    let mut model = Model {
        pacer,
        start: Instant::now(),
        limit,
        events: BinaryHeap::new(),
        serial: 0,
        line: VecDeque::new(),
        workers: vec![worker; setting.workers],
        idle: Vec::new(),
        begun: 0,
        served: 0,
        story: Story {
            makespan: 0.0,
            refused: 0,
            most_refusals: 0,
            longest_wait: Duration::ZERO,
            sent: Vec::new(),
        },
        setting,
    };
    (0..model.setting.workers).for_each(|worker| model.begin(Duration::ZERO, worker));
    while let Some(Reverse((at, _, worker, event))) = model.events.pop() {
        model.happens(at, worker, event);
    }
    assert_eq!(model.served, model.setting.requests, "every request is served in the end");
    model.story
}

impl Model<'_> {
    fn later(&mut self, at: Duration, worker: usize, event: Event) {
        self.serial += 1;
        self.events.push(Reverse((at, self.serial, worker, event)));
    }

    fn begin(&mut self, at: Duration, worker: usize) {
        let under_way = self.begun - self.served;
        if self.setting.by_few.contains(&self.begun) && under_way >= self.setting.few {
            self.idle.push(worker);
        } else if self.begun < self.setting.requests {
            self.begun += 1;
            self.workers[worker].refusals = 0;
            self.later(at, worker, Event::Queue);
        }
    }

    fn happens(&mut self, at: Duration, worker: usize, event: Event) {
        let now = self.start + at;
        match event {
            Event::Queue => {
                self.workers[worker].queued = at;
                self.line.push_back(worker);
                if self.line.len() == 1 {
                    self.later(at, worker, Event::Ask);
                }
            }
            Event::Ask => match self.pacer.ask(now) {
                Turn::Wait(until) => self.later(until - self.start, worker, Event::Ask),
                Turn::Go(ticket) => self.send(at, worker, ticket),
            },
            Event::Served => {
                self.pacer.served(self.ticket(worker), now);
                self.served += 1;
                self.story.makespan = at.as_secs_f64();
                let idle = std::mem::take(&mut self.idle);
                idle.into_iter().chain([worker]).for_each(|worker| self.begin(at, worker));
            }
            Event::Refused(wait) => {
                let wait = Duration::from_secs(wait);
                self.pacer.refused(self.ticket(worker), wait, now);
                self.story.refused += 1;
                self.workers[worker].refusals += 1;
                self.story.most_refusals = self.story.most_refusals.max(self.workers[worker].refusals);
                self.later(at + wait, worker, Event::Queue);
            }
        }
    }

    fn send(&mut self, at: Duration, worker: usize, ticket: Ticket) {
        self.workers[worker].ticket = Some(ticket);
        self.story.longest_wait = self.story.longest_wait.max(at - self.workers[worker].queued);
        self.story.sent.push(at.as_secs_f64());
        self.line.pop_front();
        if let Some(next) = self.line.front() {
            self.later(at, *next, Event::Ask);
        }
        let latency = self.setting.latency;
        match (self.limit)(at.as_secs_f64()) {
            Ok(()) => self.later(at + latency, worker, Event::Served),
            Err(wait) => {
                self.later(at + latency.min(Duration::from_millis(50)), worker, Event::Refused(wait));
            }
        }
    }

    fn ticket(&self, worker: usize) -> Ticket {
        self.workers[worker].ticket.expect("sent before it is answered")
    }
}
