//! What every row of a run works with.

use std::cell::Cell;
use std::time::Duration;

use tokio::time::Instant;

use super::Ended;
use super::absent::AbsentPaths;
use super::extensions::ExtensionChecks;
use super::licences::LicenceSettings;
use super::lists::Lists;
use super::people::PeopleSeen;
use super::read_back::Samples;
use super::shared::SharedSites;
use super::token::TokenWatch;
use crate::domain::NumberState;
use crate::store::{self, Readers, RunId, StoreError, Writer};
use crate::webex::{Trouble, Webex};

/// Settings of the work on rows.
#[derive(Debug, Clone)]
pub struct RowSettings {
    /// How long a write may take to show in a look-up.
    pub settle: Duration,
    /// From which age on lists of Webex are read anew.
    pub lists_max_age: Duration,
    /// `GET /people/me` organisation id for partner tokens.
    pub org_id: Option<String>,
    /// Which calling licence users get.
    pub licence: LicenceSettings,
    /// Whether the licence PATCH may be tried for another extension (R3).
    pub extension_change: bool,
    /// Whether numbers that a location lacks are added to it (R16).
    pub add_missing_numbers: bool,
    /// The state of numbers where the location's row states none; unset, numbers are added active and what stands inactive
    /// stays so.
    pub number_state: Option<NumberState>,
    /// Whether numbers that a row added are taken back when the row cannot be completed.
    pub compensate: bool,
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
    pub(super) token: TokenWatch,
    /// When the phase at work began; whatever an earlier one sent was answered before.
    pub(super) phase_began: Cell<Instant>,
    /// When this run last wrote.
    pub(super) last_write: Cell<Option<Instant>>,
    pub(super) lists: Lists,
    /// Paths that this Webex does not have.
    pub(super) absent: AbsentPaths,
    /// Whom settings of this phase named.
    pub(super) people: PeopleSeen,
    /// What rows of one location share, for a phase.
    pub(super) sites: SharedSites,
    /// What Webex said of extensions before they are given, for a phase.
    pub(super) extensions: ExtensionChecks,
    /// Which of the writes that nothing else proves are read back.
    pub(super) samples: Samples,
}

impl RunContext {
    /// When a write that ended at this moment must show in a look-up.
    pub(super) fn settled_after(&self, moment: Instant) -> Instant {
        moment.checked_add(self.settings.settle).unwrap_or(moment)
    }

    /// A 401 is asked about once for all rows.
    pub(super) async fn mind_the_token(&self, trouble: Option<&Trouble>) {
        if matches!(trouble, Some(Trouble::Refused(refusal)) if refusal.status == 401) {
            self.token.refused(&self.webex, Instant::now()).await;
        }
    }

    /// Keeps what is known of the limit that Webex sets.
    pub(super) async fn keep_pace(&self) -> Result<(), StoreError> {
        let (pace, traffic) = (self.webex.pace(), self.webex.traffic());
        let keep = move |connection: &store::Connection| {
            let (requests, refused) = (traffic.requests, traffic.refused);
            store::keep_pace(connection, pace.per_second, requests, refused, pace.paused_for)
        };
        self.writer.submit(keep).await
    }

    /// Keeps it also whenever a pause of everybody begins, so that `status` can say until when; ends with the first
    /// failure to store, which others meet too, and is dropped with the run.
    pub(super) async fn keep_pauses(&self) -> StoreError {
        loop {
            self.webex.pause_begins().await;
            if let Err(error) = self.keep_pace().await {
                return error;
            }
        }
    }

    /// A run that stopped itself ends for its own cause, and not as if it had been asked to.
    pub(super) fn cause_of(&self, ended: Ended) -> Ended {
        match ended {
            Ended::Stopped | Ended::Finished | Ended::Unreachable(_) if self.token.is_dead() => {
                Ended::DeadToken
            }
            Ended::Stopped | Ended::Finished if self.webex.gave_up() => Ended::Outage,
            ended => ended,
        }
    }
}
