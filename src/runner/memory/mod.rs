//! What the rows of a run share: lists of Webex, licences, people and sites that were looked at. Most of it holds for a phase.

pub(crate) mod absent;
pub(crate) mod extensions;
pub(crate) mod ground;
pub(crate) mod licences;
pub(crate) mod lists;
pub(crate) mod locations_anew;
pub(crate) mod people;
pub(crate) mod samples;
pub(crate) mod seen;
pub(crate) mod sites;
pub(crate) mod to_come;
pub(crate) mod token;

use std::cell::Cell;

use tokio::time::Instant;

pub(crate) use ground::Ground;
pub use ground::RowSettings;

use crate::domain::Phase;
use crate::runner::flow::Flow;
use crate::store::{self, Reading, StoreError};
use extensions::ExtensionChecks;
use lists::Lists;
use locations_anew::LocationsAnew;
use people::PeopleSeen;
use samples::Samples;
use sites::SharedSites;
use to_come::ToCome;

/// What every row of a run or survey works with.
#[derive(Debug)]
pub(crate) struct Memory {
    pub(crate) ground: Ground,
    /// When the phase at work began; whatever an earlier one sent was answered before.
    pub(crate) phase_began: Cell<Instant>,
    pub(crate) lists: Lists,
    /// What creates that were refused for pace are looked for in.
    pub(crate) locations_anew: LocationsAnew,
    /// Whom settings of this phase named.
    pub(crate) people: PeopleSeen,
    /// What rows of one location share, for a phase.
    pub(crate) sites: SharedSites,
    /// What Webex said of extensions before they are given, for a phase.
    pub(crate) extensions: ExtensionChecks,
    /// Which of the writes that nothing else proves are read back.
    pub(crate) samples: Samples,
    /// What a run would make, in a survey.
    pub(crate) to_come: ToCome,
}

impl Memory {
    /// Nothing seen yet.
    pub(crate) fn new(ground: Ground) -> Memory {
        let started = ground.started;
        Memory {
            ground,
            phase_began: Cell::new(started),
            lists: Lists::new(started),
            locations_anew: LocationsAnew::default(),
            people: PeopleSeen::default(),
            sites: SharedSites::default(),
            extensions: ExtensionChecks::default(),
            samples: Samples::default(),
            to_come: ToCome::default(),
        }
    }

    /// A phase begins: what was found in an earlier one may be so no more.
    pub(crate) fn begin_phase(&self, phase: Phase) {
        self.phase_began.set(Instant::now());
        self.people.forget();
        self.sites.forget();
        self.extensions.forget();
        tracing::info!(phase = phase.number(), rows = phase.title(), "phase.start");
    }

    /// Asks the lists of the phase in the store.
    pub(crate) async fn in_lists<T, F>(&self, query: F) -> Flow<T>
    where
        T: Send + 'static,
        F: FnOnce(&store::Connection, Reading) -> Result<T, StoreError> + Send + 'static,
    {
        let reading = self.lists.reading();
        self.ground.ask(move |connection| query(connection, reading)).await
    }
}
