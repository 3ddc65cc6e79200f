//! What a run stands on: its store, its view of Webex, its settings.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::absent::AbsentPaths;
use super::licences::LicenceSettings;
use super::token::TokenWatch;
use crate::domain::NumberState;
use crate::runner::flow::{Flow, Stop};
use crate::store::{self, Readers, RowsAhead, RunId, Store, StoreError, Writer};
use crate::webex::{Trouble, Viewer, Webex};

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

/// What a run or a survey stands on.
#[derive(Debug)]
pub(crate) struct Ground {
    pub(crate) readers: Readers,
    pub(crate) writer: Writer,
    pub(crate) webex: Viewer,
    /// `None` for a survey, which leaves no requests on record.
    pub(crate) run: Option<RunId>,
    /// Which rows the lists of a phase are read for.
    pub(crate) ahead: RowsAhead,
    pub(crate) settings: RowSettings,
    /// When this process began; whatever an earlier one sent was sent before.
    pub(crate) started: Instant,
    pub(crate) token: TokenWatch,
    /// When this run last wrote.
    pub(crate) last_write: Cell<Option<Instant>>,
    /// Paths that this Webex does not have.
    pub(crate) absent: AbsentPaths,
}

impl Ground {
    /// Opens the store for a run, or without one for a survey; the client behind it holds out through outages.
    pub(crate) fn open(
        store: &Store,
        webex: &Rc<Webex>,
        (run, ahead): (Option<RunId>, RowsAhead),
        settings: RowSettings,
        stop: &CancellationToken,
    ) -> Result<Ground, StoreError> {
        let (writer, readers) = (store.start_writer()?, store.start_readers()?);
        webex.hold_out_outages();
        Ok(Ground {
            readers,
            writer,
            webex: Viewer::new(Rc::clone(webex)),
            run,
            ahead,
            settings,
            started: Instant::now(),
            token: TokenWatch::new(stop.clone()),
            last_write: Cell::new(None),
            absent: AbsentPaths::default(),
        })
    }

    /// When a write that ended at this moment must show in a look-up.
    pub(crate) fn shows_after(&self, moment: Instant) -> Instant {
        moment.checked_add(self.settings.settle).unwrap_or(moment)
    }

    /// Whether the token still serves is asked once for all rows that meet a 401.
    pub(crate) async fn check_token_on_401(&self, trouble: Option<&Trouble>) {
        if matches!(trouble, Some(Trouble::Refused(refusal)) if refusal.status == 401) {
            self.token.refused(&self.webex, Instant::now()).await;
        }
    }

    /// Asks the store, off the runtime's thread.
    pub(crate) async fn ask<T, F>(&self, query: F) -> Flow<T>
    where
        T: Send + 'static,
        F: FnOnce(&store::Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let readers = self.readers.clone();
        match tokio::task::spawn_blocking(move || readers.read(query)).await {
            Ok(result) => result.map_err(Stop::Storage),
            Err(_) => {
                Err(Stop::Storage(StoreError::Invariant("a look-up in the database panicked".to_owned())))
            }
        }
    }
}
