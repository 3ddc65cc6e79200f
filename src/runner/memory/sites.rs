//! What rows of one location share within a phase: how it reaches the telephone network, and requests that add numbers.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use tokio::sync::{Mutex, OnceCell};

use crate::domain::{CallingCode, NumberState, PhoneNumber, RemoteId};
use crate::webex::{AskedWait, Budget, Reply, Trace, Trouble, Webex, site_calls};

/// The most numbers in one request (webex.md 3.7: the limit is not published).
pub(crate) const NUMBERS_AT_ONCE: usize = 100;

/// A calling location.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    pub(crate) id: RemoteId,
    pub(crate) name: String,
    /// The calling code of its country, where that is known.
    pub(crate) home: Option<CallingCode>,
    /// The state that is stated for the job's numbers there, by its row or else by the configuration.
    pub(crate) number_state: Option<NumberState>,
}

impl Site {
    /// The state in which numbers are added; unless something is stated, calls reach them at once.
    pub(crate) fn added_state(&self) -> NumberState {
        self.number_state.unwrap_or(NumberState::Active)
    }
}

/// The locations of a phase, by id.
#[derive(Debug, Default)]
pub(crate) struct SharedSites {
    sites: RefCell<BTreeMap<String, Rc<SharedSite>>>,
    /// Held while a routing prefix is changed: Webex runs one such job at a time in an organisation (webex.md 1.2).
    pub(crate) prefix_turn: Mutex<()>,
}

/// One location.
#[derive(Debug, Default)]
pub(crate) struct SharedSite {
    /// The type of its PSTN connection; `None` inside: none is configured.
    pub(crate) pstn: OnceCell<Option<String>>,
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
    pub(crate) fn of(&self, location: &RemoteId) -> Rc<SharedSite> {
        Rc::clone(self.sites.borrow_mut().entry(location.canonical()).or_default())
    }

    /// A phase begins.
    pub(crate) fn forget(&self) {
        self.sites.borrow_mut().clear();
    }
}

impl SharedSite {
    /// Adds a number, in one request with those that other rows wait to have added.
    ///
    /// Whoever has the turn sends for all that wait; who comes after finds its answer. The holder of the turn waits for
    /// its own request and for nothing else, and each turn answers its holder: nobody waits for ever. A request that
    /// was refused for one of its numbers says nothing of the others, so each of them is sent again alone.
    pub(crate) async fn add_number(
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
        asked: AskedWait::Nothing,
    });
    Answer { result, trace: Trace::default(), numbers: 1 }
}
