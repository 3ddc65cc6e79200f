//! The address of a location that has PSTN: it is changed through its emergency address only (webex.md 3.3).

use super::decide::{both_addresses, is_address};
use super::read_back::Looked;
use super::work::{Cause, Flow, RowWork, Stop};
use super::write::Shown;
use crate::domain::{LocationRecord, Operation, PendingReason, RemoteId};
use crate::webex::{calls, site_calls};

const SCOPE: &str =
    "the token needs the scope spark-admin:telephony_pstn_write for the address of a location with PSTN";

/// Brings the address to what the row states, which it is not yet.
///
/// No request shows the id of an emergency address. One that this row added is changed; else one is added, and what an
/// earlier attempt may have added is looked for first, since a second would be another.
pub(super) async fn change(work: &mut RowWork<'_>, location: &LocationRecord, id: &RemoteId) -> Flow<()> {
    let body = calls::address(location, false);
    let call = match work.row.emergency_address.clone() {
        Some(address) => site_calls::update_emergency_address(id, &address, body),
        None if work.left_in_doubt(Operation::EmergencyAddressAdd) => {
            work.settle_earlier().await?;
            let there = is_address(location, &work.read(calls::location(id)).await?.body);
            work.resolve_earlier(Operation::EmergencyAddressAdd, there);
            if there {
                return Ok(());
            }
            site_calls::add_emergency_address(id, body)
        }
        None => site_calls::add_emergency_address(id, body),
    };
    let look = async |work: &mut RowWork<'_>| {
        let now = work.read(calls::location(id)).await?.body;
        let lacking = (!is_address(location, &now)).then(|| both_addresses(location, &now));
        Ok(Looked::of(&[], lacking.into_iter().collect()))
    };
    work.write(call, |_| Shown::ToReadBack, look).await.map_err(with_scope)
}

fn with_scope(stop: Stop) -> Stop {
    match stop {
        Stop::Pending(cause) if cause.reason == PendingReason::PermissionDenied => {
            Stop::Pending(Cause { message: format!("{}; {SCOPE}", cause.message), ..cause })
        }
        stop => stop,
    }
}
