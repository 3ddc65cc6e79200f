//! What rows of one location share within a phase: how it reaches the telephone network, and requests that add numbers.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use tokio::sync::{Mutex, OnceCell};

use super::site::Site;
use crate::domain::{NumberState, PhoneNumber, RemoteId};
use crate::webex::{Asked, Budget, Reply, Trace, Trouble, Webex, site_calls};

/// The most numbers in one request (webex.md 3.7: the limit is not published).
pub(super) const NUMBERS_AT_ONCE: usize = 100;

/// The locations of a phase, by id.
#[derive(Debug, Default)]
pub(super) struct SharedSites {
    sites: RefCell<BTreeMap<String, Rc<SharedSite>>>,
    /// Held while a routing prefix is changed: Webex runs one such job at a time in an organisation (webex.md 1.2).
    pub(super) prefix_turn: Mutex<()>,
}

/// One location.
#[derive(Debug, Default)]
pub(super) struct SharedSite {
    /// The type of its PSTN connection; `None` inside: none is configured.
    pub(super) pstn: OnceCell<Option<String>>,
    turn: Mutex<()>,
    waiting: RefCell<VecDeque<Rc<Ticket>>>,
}

/// A number that a row wants to be added.
#[derive(Debug)]
struct Ticket {
    number: PhoneNumber,
    state: NumberState,
    answer: RefCell<Option<Answer>>,
}

/// What came of the request that carried a ticket's number.
#[derive(Debug, Clone)]
struct Answer {
    result: Result<Reply, Trouble>,
    trace: Trace,
    /// Numbers in that request.
    numbers: usize,
}

impl SharedSites {
    /// What is known of a location in this phase.
    pub(super) fn of(&self, location: &RemoteId) -> Rc<SharedSite> {
        Rc::clone(self.sites.borrow_mut().entry(location.canonical()).or_default())
    }

    /// A phase begins.
    pub(super) fn forget(&self) {
        self.sites.borrow_mut().clear();
    }
}

impl SharedSite {
    /// Adds a number, in one request with those that other rows wait to have added.
    ///
    /// Whoever has the turn sends for all that wait; who comes after finds its answer. The holder of the turn waits for
    /// its own request and for nothing else, and each turn answers its holder: nobody waits for ever. A request that
    /// was refused for one of its numbers says nothing of the others, so each of them is sent again alone.
    pub(super) async fn add_number(
        &self,
        webex: &Webex,
        site: &Site,
        number: &PhoneNumber,
        budget: &mut Budget,
        trace: &mut Trace,
    ) -> Result<Reply, Trouble> {
        let answer = self.add_together(webex, site, number, budget).await;
        *trace = answer.trace;
        let shared = answer.numbers > 1;
        match answer.result {
            Err(Trouble::Refused(refusal)) if shared && matches!(refusal.status, 400 | 409) => {
                let alone =
                    site_calls::add_numbers(&site.id, std::slice::from_ref(number), site.added_state());
                webex.send(&alone, budget, trace).await
            }
            result => result,
        }
    }

    async fn add_together(
        &self,
        webex: &Webex,
        site: &Site,
        number: &PhoneNumber,
        budget: &mut Budget,
    ) -> Answer {
        let state = site.added_state();
        let ticket = Rc::new(Ticket { number: number.clone(), state, answer: RefCell::default() });
        self.waiting.borrow_mut().push_back(Rc::clone(&ticket));
        let _turn = self.turn.lock().await;
        // Ends: each turn of the loop takes tickets from the queue, and this one is in it unless it is answered.
        loop {
            if let Some(answer) = ticket.answer.take() {
                return answer;
            }
            let group = self.next_group();
            let Some(state) = group.first().map(|ticket| ticket.state) else { return lost() };
            let numbers: Vec<PhoneNumber> = group.iter().map(|ticket| ticket.number.clone()).collect();
            let mut trace = Trace::default();
            let call = site_calls::add_numbers(&site.id, &numbers, state);
            let result = webex.send(&call, budget, &mut trace).await;
            let answer = Answer { result, trace, numbers: numbers.len() };
            for ticket in group {
                ticket.answer.replace(Some(answer.clone()));
            }
        }
    }

    /// The first that wait and want their numbers in one state: rows may know a location by several keys.
    fn next_group(&self) -> Vec<Rc<Ticket>> {
        let mut waiting = self.waiting.borrow_mut();
        let state = waiting.front().map(|ticket| ticket.state);
        let alike = waiting.iter().take(NUMBERS_AT_ONCE).take_while(|ticket| Some(ticket.state) == state);
        let count = alike.count();
        waiting.drain(..count).collect()
    }
}

/// The row that carried the number failed by a defect: only a look-up tells what came of it.
fn lost() -> Answer {
    let what = "the request that carried the number was given up".to_owned();
    let result = Err(Trouble::Doubtful {
        status: None,
        what,
        tracking_id: None,
        backend_code: None,
        asked: Asked::Nothing,
    });
    Answer { result, trace: Trace::default(), numbers: 1 }
}
