//! Lists, page by page, until there is no next link (contract 1.3).

use super::calls::Call;
use super::error::Trouble;
use super::transport::{Reply, Trace, Webex};

/// The most pages of one list; at the documented sizes far beyond any organisation.
const PAGE_CAP: usize = 10_000;

impl Webex {
    /// Reads every page of a list, also behind an empty one. Any page that fails makes the whole read fail.
    pub async fn pages(
        &self,
        call: &Call,
        trace: &mut Trace,
        mut page: impl AsyncFnMut(Reply) -> Result<(), Trouble>,
    ) -> Result<(), Trouble> {
        let mut url = self.url_of(call);
        for _ in 0..PAGE_CAP {
            let reply = self.send_to(url.clone(), call, &mut self.budget(), trace).await?;
            let next = reply.next.clone();
            let (status, tracking_id) = (reply.status, reply.tracking_id.clone());
            let bad = |what: &str| Trouble::BadReply {
                status,
                what: what.to_owned(),
                tracking_id: tracking_id.clone(),
            };
            page(reply).await?;
            let Some(next) = next else { return Ok(()) };
            let next = url.join(&next).map_err(|_| bad("the link to the next page is not a URL"))?;
            if !self.settings.base_url.same_origin(&next) {
                return Err(bad("the link to the next page leads to another server; not followed"));
            }
            if next == url {
                return Err(bad("the link to the next page leads back to the same page"));
            }
            url = next;
        }
        Err(Trouble::BadReply {
            status: 200,
            what: format!("the list has more than {PAGE_CAP} pages"),
            tracking_id: None,
        })
    }
}
