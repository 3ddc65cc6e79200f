//! Answers of earlier requests, for gateways that send them again.

use std::collections::HashMap;

use super::fault::Tamper;
use super::operation::Operation;
use super::reply::Reply;

/// The latest answers, kept only while a fault may want them.
#[derive(Default)]
pub(crate) struct Answers {
    of_operation: HashMap<Operation, Reply>,
    latest: Option<Reply>,
}

impl Answers {
    pub(crate) fn keep(&mut self, operation: Operation, reply: &Reply) {
        self.of_operation.insert(operation, reply.clone());
        self.latest = Some(reply.clone());
    }

    /// The answer that goes out in place of the proper one, if there was any before.
    pub(crate) fn in_place(&self, tamper: &Tamper, operation: Operation) -> Option<Reply> {
        match tamper {
            Tamper::Earlier => self.of_operation.get(&operation).cloned(),
            Tamper::Crossed => self.latest.clone(),
            _ => None,
        }
    }
}
