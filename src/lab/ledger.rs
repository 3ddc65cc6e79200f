//! What is known at each instant, so that a signal loses none of it: a doubt is on record from its first request on, and
//! what a write may leave behind before it is sent.

use std::cell::RefCell;

use super::doubt::Doubt;
use super::report::{Finding, Left, Request, Verdict};
use crate::webex::{Call, Refusal, Reply, Sample, Trace, Trouble, Webex};

/// Everything that came to light so far.
#[derive(Debug, Default)]
pub struct Ledger {
    findings: RefCell<Vec<Finding>>,
    /// `None`: taken back.
    left: RefCell<Vec<Option<Left>>>,
}

/// What came of one request.
#[derive(Debug)]
pub(super) enum Answer {
    Taken(Reply),
    Refused(Refusal),
    /// No answer, or one that says nothing about the question.
    Unknown(String),
}

/// One doubt while it is asked.
#[derive(Debug)]
pub(super) struct Asking<'a> {
    pub(super) webex: &'a Webex,
    pub(super) ledger: &'a Ledger,
    doubt: Doubt,
    index: usize,
}

/// An entry of what may be left behind.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pledge(usize);

impl Ledger {
    /// What came of each doubt so far.
    pub fn findings(&self) -> Vec<Finding> {
        self.findings.borrow().clone()
    }

    /// What is or may be in the organisation now.
    pub fn left_behind(&self) -> Vec<Left> {
        self.left.borrow().iter().flatten().cloned().collect()
    }

    pub(super) fn begin<'a>(&'a self, webex: &'a Webex, doubt: Doubt) -> Asking<'a> {
        let mut findings = self.findings.borrow_mut();
        findings.push(Finding::open(doubt));
        Asking { webex, ledger: self, doubt, index: findings.len().saturating_sub(1) }
    }

    /// A doubt that lacks what it needs.
    pub(super) fn not_asked(&self, doubt: Doubt, why: impl Into<String>) {
        let mut finding = Finding::open(doubt);
        finding.close(doubt, Verdict::NotAsked(why.into()));
        self.findings.borrow_mut().push(finding);
    }

    /// Puts on record what the next write may leave behind.
    pub(super) fn pledge(&self, what: impl Into<String>, undo: impl Into<String>) -> Pledge {
        self.leave(Left { what: what.into(), undo: undo.into(), told_beforehand: false })
    }

    /// What Webex has no way to undo.
    pub(super) fn leave_for_good(&self, what: impl Into<String>, undo: impl Into<String>) {
        let left = Left { what: what.into(), undo: undo.into(), told_beforehand: true };
        if !self.left.borrow().iter().flatten().any(|known| *known == left) {
            self.leave(left);
        }
    }

    fn leave(&self, left: Left) -> Pledge {
        let mut all = self.left.borrow_mut();
        all.push(Some(left));
        Pledge(all.len().saturating_sub(1))
    }

    /// It is not there, or not any more.
    pub(super) fn redeem(&self, pledge: Pledge) {
        if let Some(left) = self.left.borrow_mut().get_mut(pledge.0) {
            *left = None;
        }
    }
}

impl Asking<'_> {
    fn edit(&self, change: impl FnOnce(&mut Finding)) {
        if let Some(finding) = self.ledger.findings.borrow_mut().get_mut(self.index) {
            change(finding);
        }
    }

    /// Sends a request by the usual rules of pace and retries, and keeps what came back.
    pub(super) async fn send(&self, call: impl Into<Call>) -> Answer {
        let call = call.into();
        let mut trace = Trace::default();
        let sent = self.webex.send(&call, &mut self.webex.budget(), &mut trace).await;
        let mut request = Request { times: trace.tries, ..described(&call) };
        request.status = trace.status;
        request.tracking_id = trace.tracking_id;
        let answer = match sent {
            Ok(reply) => Answer::Taken(reply),
            Err(Trouble::Refused(refusal)) => {
                request.codes.clone_from(&refusal.codes);
                request.message.clone_from(&refusal.message);
                // Of a token that is dead nothing is learnt.
                if refusal.status == 401 {
                    Answer::Unknown(refusal.to_string())
                } else {
                    Answer::Refused(refusal)
                }
            }
            Err(trouble) => Answer::Unknown(said(trouble)),
        };
        if let Answer::Unknown(what) = &answer {
            request.message.clone_from(what);
        }
        self.edit(|finding| finding.requests.push(request));
        answer
    }

    /// Puts a burst on record: a request that was sent so often.
    pub(super) fn sampled(&self, call: &Call, times: u32, last: Option<&Sample>) {
        let status = last.and_then(|sample| sample.status);
        self.edit(|finding| finding.requests.push(Request { times, status, ..described(call) }));
    }

    /// Puts on record what shows.
    pub(super) fn saw(&self, what: impl Into<String>) {
        self.edit(|finding| finding.seen.push(what.into()));
    }

    pub(super) fn end(self, verdict: Verdict) {
        tracing::info!(doubt = self.doubt.facts().id, verdict = %verdict, "lab.doubt");
        self.edit(|finding| finding.close(self.doubt, verdict));
    }
}

fn described(call: &Call) -> Request {
    Request {
        operation: call.operation.to_string(),
        method: call.method(),
        path: call.shown_path(),
        times: 1,
        status: None,
        codes: Vec::new(),
        message: String::new(),
        tracking_id: None,
    }
}

fn said(trouble: Trouble) -> String {
    match trouble {
        Trouble::Refused(refusal) => refusal.to_string(),
        Trouble::BadReply { status, what, .. } => format!("HTTP {status}, but {what}"),
        Trouble::Doubtful { what, .. } => format!("no answer that says whether it was done: {what}"),
        Trouble::Exhausted { tries, what, .. } => format!("sent {tries} times: {what}"),
        Trouble::Interrupted => "it was cut short".to_owned(),
    }
}
