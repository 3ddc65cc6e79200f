//! What must hold before the first row: the token, its reach, and what the file needs of the organisation.

use crate::domain::PendingReason;
use crate::webex::wire::{self, License};
use crate::webex::{Read, Reply, Trace, Trouble, Webex, calls};

use crate::runner::reason;

/// What the start-up checks found.
#[derive(Debug, Clone, serde::Serialize)]
pub struct PreflightReport {
    /// The organisation of the token's owner.
    pub org_id: String,
    /// The owner's address.
    pub owner: String,
    /// Free units of each calling licence and subscription.
    pub free_units: Vec<FreeUnits>,
    /// When the token ends, in seconds from now, if Webex tells.
    pub token_seconds_left: Option<i64>,
    /// Every licence of the organisation.
    #[serde(skip)]
    pub(super) licences: Vec<License>,
}

/// What is left of a calling licence.
#[derive(Debug, Clone, serde::Serialize)]
pub struct FreeUnits {
    /// The licence's name.
    pub licence: String,
    /// The subscription that it is part of.
    pub subscription: Option<String>,
    /// Units bought and not in use; below zero when more are in use than were bought.
    pub free: i64,
    /// Its status, where that says that none of them is given.
    pub ended: Option<String>,
}

/// The start-up check that failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{check}: {message}\n  {fix}")]
pub struct PreflightFailure {
    /// Which call.
    pub check: &'static str,
    /// What came back.
    pub message: String,
    /// What to do.
    pub fix: &'static str,
}

/// Reads five cheap things, the token's owner first; none of them changes anything (webex.md 2).
pub async fn preflight(webex: &Webex) -> Result<PreflightReport, PreflightFailure> {
    let me = checked(webex, calls::people_me(), "GET /people/me").await?;
    let (locations, numbers, licences, token_seconds_left) = tokio::join!(
        checked(webex, calls::locations(1), "GET /locations"),
        checked(webex, calls::numbers_probe(), "GET /telephony/config/numbers"),
        checked(webex, calls::licenses(), "GET /licenses"),
        token_seconds_left(webex)
    );
    locations?;
    numbers?;
    let licences = licences?;
    let licences = wire::items(&licences, "items", wire::license).unwrap_or_default();
    let text = |pointer: &str| {
        me.body.pointer(pointer).and_then(|text| text.as_str()).unwrap_or_default().to_owned()
    };
    Ok(PreflightReport {
        org_id: text("/orgId"),
        owner: text("/emails/0"),
        free_units: free_units(&licences),
        token_seconds_left,
        licences,
    })
}

async fn checked(webex: &Webex, call: Read, check: &'static str) -> Result<Reply, PreflightFailure> {
    let operation = call.operation;
    let sent = webex.send(&call, &mut webex.budget(), &mut Trace::default()).await;
    sent.map_err(|trouble| {
        let (message, _, _) = reason::describe(&trouble);
        let fix = match reason::for_trouble(operation, &trouble) {
            Some(PendingReason::AuthInvalid) => "the token is not valid: set WEBEX_TOKEN to a fresh one",
            Some(PendingReason::PermissionDenied) => {
                "the token lacks a scope or role for this: use one of a full administrator with the scopes that README lists"
            }
            Some(PendingReason::RetryExhausted) => {
                "Webex cannot be reached: check WEBEX_BASE_URL and the network, then try again"
            }
            _ => "check WEBEX_BASE_URL: it must be the address of the Webex API, with /v1",
        };
        PreflightFailure { check, message, fix }
    })
}

fn free_units(licences: &[License]) -> Vec<FreeUnits> {
    let calling = licences.iter().filter(|licence| licence.name.starts_with("Webex Calling"));
    calling
        .map(|licence| FreeUnits {
            licence: licence.name.clone(),
            subscription: licence.subscription.clone(),
            free: licence.total.saturating_sub(licence.consumed),
            ended: licence.ended.clone(),
        })
        .collect()
}

/// A failure here says nothing about the token (webex.md 2).
async fn token_seconds_left(webex: &Webex) -> Option<i64> {
    let mut budget = webex.budget();
    let sent = webex.send(&calls::token_expiry(), &mut budget, &mut Trace::default()).await;
    let milliseconds = match sent {
        Ok(reply) => reply.body.get("exp").and_then(serde_json::Value::as_i64)?,
        Err(Trouble::Interrupted) | Err(_) => return None,
    };
    Some(milliseconds.saturating_sub(jiff::Timestamp::now().as_millisecond()).div_euclid(1_000))
}
