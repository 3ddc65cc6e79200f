//! Scripted faults: which requests, and what happens to them.

mod mangle;
mod misbehave;
mod parse;

use std::time::Duration;

pub use mangle::Mangle;
pub(crate) use misbehave::{Finish, Scene, finish, plain};

use super::operation::Operation;

/// Which of the matching requests, counted from 1 at the moment the fault was added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calls {
    /// The first one.
    pub from: u32,
    /// The last one.
    pub to: u32,
}

impl Calls {
    /// All of them.
    pub const EVERY: Calls = Calls { from: 1, to: u32::MAX };

    /// The nth only.
    pub fn only(nth: u32) -> Self {
        Calls { from: nth, to: nth }
    }

    /// From the first to the last of a range, both included.
    pub fn range(from: u32, to: u32) -> Self {
        Calls { from, to }
    }
}

/// What becomes of the answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Tamper {
    /// The proper answer.
    #[default]
    None,
    /// This status; without a body: the proper one for 2xx, an error body for the others.
    Status {
        /// Any status, valid or not.
        status: u16,
        /// Sent verbatim.
        body: Option<String>,
    },
    /// The connection is closed without an answer; the request is applied.
    Lost,
    /// The connection is closed without an answer; the request is not applied.
    Drop,
    /// Status line, headers, half of the body, then a TCP reset; the request is applied.
    Reset,
    /// No answer for ten minutes; the request is not applied.
    Hang,
    /// The proper answer with a spoilt body.
    Mangled(Mangle),
    /// 206: all licences but the last are applied; a calling location keeps its routing prefix. Of numbers
    /// to be added the last is refused by name with 400, while the others went in.
    Partial,
    /// 404: the path does not exist at this gateway; the request is not applied.
    NoResource,
    /// The request is applied; the answer is that of an earlier request to the same operation, if this
    /// fault was there to see one.
    Earlier,
    /// As [`Tamper::Earlier`], with the answer of the request before, whatever it asked for.
    Crossed,
    /// A redirect to another address.
    Redirect {
        /// 301, 302, 303, 307 or 308.
        status: u16,
        /// The `Location`.
        url: String,
    },
    /// The proper answer with `Link: <URL>; rel="next"`; `self` is the request's own address.
    Link(String),
    /// A list's page without items that leads to the page which was asked for.
    EmptyPage,
    /// Every item of a list lacks its calling data and carries `errors` instead.
    ItemErrors,
}

/// What happens to a request. The default is nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Effect {
    /// Waited before the request is applied, which happens even if the client has gone by then.
    pub delay: Duration,
    /// Waited after the request was applied, before the answer.
    pub late: Duration,
    /// For this write in place of [`SimConfig::lag`](super::SimConfig::lag).
    pub lag: Option<Duration>,
    /// Whether the request is applied; `None`: what the answer implies.
    pub applied: Option<bool>,
    /// Fields of the body that are not applied although the answer says nothing of it, by their path, such as
    /// `callingLineId.phoneNumber`; in a list it means every item. A request that cannot
    /// do without the field is refused.
    pub silent: Vec<String>,
    /// What becomes of the answer.
    pub tamper: Tamper,
    /// `Retry-After`, verbatim, as many times as given.
    pub retry_after: Vec<String>,
    /// Further headers.
    pub headers: Vec<(String, String)>,
    /// The answer is an error that repeats the `Authorization` header in its body.
    pub echo: bool,
}

impl Effect {
    /// Whether the request takes effect.
    pub fn applies(&self) -> bool {
        self.applied.unwrap_or(match self.tamper {
            Tamper::Status { status, .. } => (200..300).contains(&status) && !self.echo,
            Tamper::Drop
            | Tamper::Hang
            | Tamper::Redirect { .. }
            | Tamper::EmptyPage
            | Tamper::NoResource => false,
            _ => !self.echo,
        })
    }
}

/// An effect on some requests. Build it with [`Fault::on`] or [`Fault::any`], or parse it from text.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// Only this operation; `None`: any.
    pub operation: Option<Operation>,
    /// Which of the requests that match the other two conditions.
    pub calls: Calls,
    /// Only requests about this: the journal's key, the id in the path, a number that is added, activated or deleted, a
    /// setting's name, or `KEY/SETTING`. Case does not matter.
    pub key: Option<String>,
    /// What happens to them.
    pub effect: Effect,
}

impl Fault {
    /// A fault on every request of one operation, without effect so far.
    pub fn on(operation: Operation) -> Self {
        Fault { operation: Some(operation), ..Fault::any() }
    }

    /// A fault on every request, without effect so far.
    pub fn any() -> Self {
        Fault { operation: None, calls: Calls::EVERY, key: None, effect: Effect::default() }
    }

    /// Only the nth.
    pub fn nth(self, nth: u32) -> Self {
        self.calls(Calls::only(nth))
    }

    /// Only these.
    pub fn calls(mut self, calls: Calls) -> Self {
        self.calls = calls;
        self
    }

    /// Only requests about this.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Answers with this status.
    pub fn status(self, status: u16) -> Self {
        self.tamper(Tamper::Status { status, body: None })
    }

    /// Answers with this status and body.
    pub fn status_and_body(self, status: u16, body: impl Into<String>) -> Self {
        self.tamper(Tamper::Status { status, body: Some(body.into()) })
    }

    /// Sets what becomes of the answer.
    pub fn tamper(mut self, tamper: Tamper) -> Self {
        self.effect.tamper = tamper;
        self
    }

    /// Applies the request whatever the answer says.
    pub fn applied(mut self) -> Self {
        self.effect.applied = Some(true);
        self
    }

    /// Does not apply the request whatever the answer says.
    pub fn not_applied(mut self) -> Self {
        self.effect.applied = Some(false);
        self
    }

    /// Takes the write but for this field of the body, and says nothing of it.
    pub fn silent(mut self, field: impl Into<String>) -> Self {
        self.effect.silent.push(field.into());
        self
    }

    /// Adds `Retry-After`, verbatim.
    pub fn retry_after(mut self, value: impl Into<String>) -> Self {
        self.effect.retry_after.push(value.into());
        self
    }

    /// Adds a header.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.effect.headers.push((name.into(), value.into()));
        self
    }

    /// Waits before applying.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.effect.delay = delay;
        self
    }

    /// Applies at once and answers late.
    pub fn late(mut self, late: Duration) -> Self {
        self.effect.late = late;
        self
    }

    /// Lists show the write only after this.
    pub fn lag(mut self, lag: Duration) -> Self {
        self.effect.lag = Some(lag);
        self
    }

    /// Repeats the `Authorization` header in an error body.
    pub fn echo(mut self) -> Self {
        self.effect.echo = true;
        self
    }
}

/// The faults in force, each with the number of requests it has matched.
#[derive(Default)]
pub(crate) struct Faults(Vec<(Fault, u32)>);

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.0.push((fault, 0));
    }

    /// Whether a fault may want the answers of earlier requests.
    pub(crate) fn recall(&self) -> bool {
        self.0.iter().any(|(fault, _)| matches!(fault.effect.tamper, Tamper::Earlier | Tamper::Crossed))
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Counts the request in every fault it matches; the first one that is due takes effect.
    pub(crate) fn pick(&mut self, operation: Operation, names: &[String]) -> Option<Effect> {
        let mut due = None;
        for (fault, count) in &mut self.0 {
            let named = |key: &String| names.iter().any(|name| name.to_lowercase() == key.to_lowercase());
            if fault.operation.is_some_and(|wanted| wanted != operation)
                || !fault.key.as_ref().is_none_or(named)
            {
                continue;
            }
            *count = count.saturating_add(1);
            if due.is_none() && (fault.calls.from..=fault.calls.to).contains(count) {
                due = Some(fault.effect.clone());
            }
        }
        due
    }
}
