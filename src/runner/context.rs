//! What every row of a run works with.

use std::cell::Cell;
use std::time::Duration;

use tokio::time::Instant;

use super::licences::LicenceSettings;
use crate::store::{Readers, RunId, Writer};
use crate::webex::Webex;

/// Settings of the work on rows.
#[derive(Debug, Clone)]
pub struct RowSettings {
    /// How long a write may take to show in a look-up.
    pub settle: Duration,
    /// `GET /people/me` organisation id for partner tokens.
    pub org_id: Option<String>,
    /// Which calling licence users get.
    pub licence: LicenceSettings,
    /// Whether the licence PATCH may be tried for another extension (R3).
    pub extension_change: bool,
}

/// What every row of a run works with.
#[derive(Debug)]
pub(super) struct RunContext {
    pub(super) readers: Readers,
    pub(super) writer: Writer,
    pub(super) webex: Webex,
    pub(super) run: RunId,
    pub(super) settings: RowSettings,
    /// When this process began; whatever an earlier one sent was sent before.
    pub(super) started: Instant,
    /// When the phase at work began; whatever an earlier one sent was answered before.
    pub(super) phase_began: Cell<Instant>,
}
