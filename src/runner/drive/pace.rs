//! What outlives a run or survey of the limit that Webex sets.

use crate::store::{self, StoreError, Writer};
use crate::webex::Webex;

/// Keeps what is known of the limit.
pub(crate) async fn keep_pace(writer: &Writer, webex: &Webex) -> Result<(), StoreError> {
    let (pace, traffic) = (webex.pace(), webex.traffic());
    let keep = move |connection: &store::Connection| {
        let (requests, refused) = (traffic.requests, traffic.refused);
        store::keep_pace(connection, pace.per_second, requests, refused, pace.paused_for)
    };
    writer.submit(keep).await
}
