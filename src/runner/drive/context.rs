//! What a run works with.

use std::rc::Rc;

use super::pace::keep_pace;
use crate::runner::memory::Memory;
use crate::store::{RunId, StoreError};
use crate::webex::Webex;

/// What a run works with: what rows share, and the way out for writes.
#[derive(Debug)]
pub(crate) struct RunContext {
    pub(crate) run: RunId,
    pub(crate) webex: Rc<Webex>,
    pub(crate) memory: Memory,
}

impl RunContext {
    /// Keeps what is known of the limit that Webex sets.
    pub(crate) async fn keep_pace(&self) -> Result<(), StoreError> {
        keep_pace(&self.memory.ground.writer, &self.webex).await
    }

    /// Keeps it also whenever a pause of everybody begins, so that `status` can say until when; ends with the first
    /// failure to store, which others meet too, and is dropped with the run.
    pub(crate) async fn keep_pauses(&self) -> StoreError {
        loop {
            self.webex.pause_begins().await;
            if let Err(error) = self.keep_pace().await {
                return error;
            }
        }
    }
}
