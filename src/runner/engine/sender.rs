//! The way out for a goal's write.

use crate::runner::memory::Memory;
use crate::webex::{Budget, Reply, Trace, Trouble, Webex, Write};

/// The way out for a goal's write.
#[derive(Clone, Copy)]
pub(crate) struct Sender<'a> {
    pub(crate) webex: &'a Webex,
    /// Where rows meet that share a request.
    pub(crate) memory: &'a Memory,
}

impl Sender<'_> {
    /// Sends one write.
    pub(crate) async fn send(
        self,
        write: &Write,
        budget: &mut Budget,
        trace: &mut Trace,
    ) -> Result<Reply, Trouble> {
        self.webex.send(write, budget, trace).await
    }
}
