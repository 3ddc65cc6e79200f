//! Webex for those who only look.

use std::rc::Rc;
use std::time::Duration;

use tokio::time::Instant;

use super::calls::Read;
use super::error::{Interrupted, Trouble};
use super::pages::{Extent, PageLimits};
use super::transport::{Reply, Trace, Webex};

/// A client without a way to change anything: it takes [`Read`]s alone.
#[derive(Debug, Clone)]
pub struct Viewer(Rc<Webex>);

impl Viewer {
    /// Looks by this client.
    pub fn new(webex: Rc<Webex>) -> Viewer {
        Viewer(webex)
    }

    /// Sends a read, and again as far as the patience for one request lasts.
    pub async fn read(&self, call: &Read, trace: &mut Trace) -> Result<Reply, Trouble> {
        self.0.send(call, &mut self.0.budget(), trace).await
    }

    /// Reads every page of a list; see [`Webex::pages`].
    pub async fn pages(
        &self,
        call: &Read,
        trace: &mut Trace,
        page: impl AsyncFnMut(Reply) -> Result<(), Trouble>,
    ) -> Result<(), Trouble> {
        self.0.pages(call, trace, page).await
    }

    /// Reads a list as far as the limits allow; see [`Webex::pages_within`].
    pub async fn pages_within(
        &self,
        call: &Read,
        limits: PageLimits,
        trace: &mut Trace,
        page: impl AsyncFnMut(Reply) -> Result<(), Trouble>,
    ) -> Result<Extent, Trouble> {
        self.0.pages_within(call, limits, trace, page).await
    }

    /// The pauses between looks at something that takes its time; see [`Webex::pauses`].
    pub fn pauses(&self, looks: u32) -> impl Iterator<Item = Duration> + use<> {
        self.0.pauses(looks)
    }

    /// Waits, but no longer than until the run is to stop.
    pub async fn wait(&self, delay: Duration) -> Result<(), Interrupted> {
        self.0.wait(delay).await
    }

    /// Waits until a moment.
    pub async fn wait_until(&self, moment: Instant) -> Result<(), Interrupted> {
        self.0.wait_until(moment).await
    }
}
