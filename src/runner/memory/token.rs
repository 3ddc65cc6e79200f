//! Whether the token is still good: one shared question to Webex after a 401 (R10).

use std::cell::Cell;

use tokio::sync::Mutex;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::webex::{Trace, Trouble, Viewer, calls};

/// Knows when the token was last asked about, and whether it was dead then.
#[derive(Debug)]
pub(crate) struct TokenWatch {
    stop: CancellationToken,
    asked: Mutex<Option<Instant>>,
    dead: Cell<bool>,
}

impl TokenWatch {
    /// Cancels `stop` when the token turns out to be dead.
    pub(crate) fn new(stop: CancellationToken) -> TokenWatch {
        TokenWatch { stop, asked: Mutex::new(None), dead: Cell::new(false) }
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.dead.get()
    }

    /// A request was refused with 401 at this moment. Asks whether the token is dead, unless somebody did since.
    pub(crate) async fn refused(&self, webex: &Viewer, at: Instant) {
        let mut asked = self.asked.lock().await;
        if self.dead.get() || asked.is_some_and(|asked| asked > at) {
            return;
        }
        *asked = Some(Instant::now());
        let answer = webex.read(&calls::people_me(), &mut Trace::default()).await;
        if matches!(&answer, Err(Trouble::Refused(refusal)) if refusal.status == 401) {
            tracing::error!(
                critical = true,
                "token.dead: Webex does not know the token any more; the run stops"
            );
            self.dead.set(true);
            self.stop.cancel();
        }
    }
}
