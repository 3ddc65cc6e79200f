//! Lists, page by page, until there is no next link (webex.md 1.3).

use serde_json::Value;

use super::calls::Call;
use super::error::Trouble;
use super::transport::{Reply, Trace, Webex};

/// The most pages of one list; at the documented sizes far beyond any organisation.
const PAGE_CAP: u32 = 10_000;

/// How many entries at the end of a page may come again at the beginning of the next one.
const REPEATED: usize = 8;

/// How far a list is read, and with how much patience for each page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageLimits {
    /// The most pages.
    pub pages: u32,
    /// Retries of one page after failures that pass; `None` takes `MAX_RETRIES`.
    pub retries: Option<u32>,
}

impl PageLimits {
    /// Every page, with the patience of any request.
    pub const ALL: PageLimits = PageLimits { pages: PAGE_CAP, retries: None };
}

/// How much of a list was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// All of it.
    Whole,
    /// As many pages as the limit allows; there are more.
    Cut,
}

impl Extent {
    /// For a list that must be read to its end.
    pub fn require_whole(self) -> Result<(), Trouble> {
        match self {
            Extent::Whole => Ok(()),
            Extent::Cut => Err(Trouble::BadReply {
                status: 200,
                what: format!("the list has more than {PAGE_CAP} pages"),
                tracking_id: None,
            }),
        }
    }
}

impl Webex {
    /// Reads every page of a list, also behind an empty one. Any page that fails makes the whole read fail.
    pub async fn pages(
        &self,
        call: &Call,
        trace: &mut Trace,
        page: impl AsyncFnMut(Reply) -> Result<(), Trouble>,
    ) -> Result<(), Trouble> {
        self.pages_within(call, PageLimits::ALL, trace, page).await?.require_whole()
    }

    /// Reads a list page by page as far as the limits allow.
    pub async fn pages_within(
        &self,
        call: &Call,
        limits: PageLimits,
        trace: &mut Trace,
        mut page: impl AsyncFnMut(Reply) -> Result<(), Trouble>,
    ) -> Result<Extent, Trouble> {
        let mut url = self.url_of(call);
        let mut before = Vec::new();
        for _ in 0..limits.pages.min(PAGE_CAP) {
            let mut reply =
                self.send_to(url.clone(), call, &mut self.budget_of(limits.retries), trace).await?;
            let next = reply.next.clone();
            before = leave_out(&before, &mut reply.body);
            let (status, tracking_id) = (reply.status, reply.tracking_id.clone());
            let bad = |what: &str| Trouble::BadReply {
                status,
                what: what.to_owned(),
                tracking_id: tracking_id.clone(),
            };
            page(reply).await?;
            let Some(next) = next else { return Ok(Extent::Whole) };
            let next = url.join(&next).map_err(|_| bad("the link to the next page is not a URL"))?;
            if !self.settings.base_url.same_origin(&next) {
                return Err(bad("the link to the next page leads to another server; not followed"));
            }
            if next == url {
                return Err(bad("the link to the next page leads back to the same page"));
            }
            url = next;
        }
        Ok(Extent::Cut)
    }
}

/// Leaves out what a page repeats of the end of the page before, and gives its own end.
fn leave_out(before: &[Value], body: &mut Value) -> Vec<Value> {
    let lists = body.as_object_mut().into_iter().flat_map(|fields| fields.values_mut());
    let mut end = Vec::new();
    for list in lists.filter_map(Value::as_array_mut) {
        let repeated = list.iter().take(REPEATED).take_while(|entry| before.contains(entry)).count();
        list.drain(..repeated);
        end.extend(list.iter().rev().take(REPEATED).cloned());
    }
    end
}
