//! `check --lab`: puts the open doubts about Webex to an organisation for trials.
//!
//! The writes here are not those of a job: they ask on purpose what a job avoids. Nothing but the command imports this
//! room. Each doubt stands alone: what one lacks, or how it fails, is put on record and the next is asked.

mod doubt;
mod ledger;
mod person;
mod plan;
mod rates;
mod report;
mod scene;
mod search;
mod settings;
mod site;
mod sizes;

use doubt::Doubt;
use ledger::Asking;
use scene::Scene;

use crate::webex::Webex;

pub use ledger::Ledger;
pub use plan::{Plan, numbers};
pub use report::{Finding, Left, Request, SCHEMA, Verdict};
pub use scene::NoLocation;

/// What every doubt is asked with.
struct Lab<'a> {
    webex: &'a Webex,
    plan: &'a Plan,
    scene: &'a Scene,
    ledger: &'a Ledger,
}

impl<'a> Lab<'a> {
    fn begin(&self, doubt: Doubt) -> Asking<'a> {
        self.ledger.begin(self.webex, doubt)
    }
}

/// Asks one doubt after the other. What is known stands in the ledger at each instant, so that this may be dropped.
pub async fn ask(webex: &Webex, plan: &Plan, ledger: &Ledger) -> Result<(), NoLocation> {
    let scene = &Scene::read(webex, plan).await?;
    let lab = Lab { webex, plan, scene, ledger };
    settings::without_location(&lab).await;
    person::ask(&lab).await;
    site::address_with_pstn(&lab).await;
    site::name_taken(&lab).await;
    site::notes_length(&lab).await;
    sizes::extensions_to_check(&lab).await;
    sizes::numbers_to_add(&lab).await;
    rates::ask(&lab).await;
    Ok(())
}
