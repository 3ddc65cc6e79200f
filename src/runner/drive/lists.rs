//! The lists that the rows of a phase look things up in, read before the first of them.

use super::terms::{Ended, Scope};
use crate::domain::Phase;
use crate::runner::memory::Memory;
use crate::runner::memory::licences::LicencePool;
use crate::runner::memory::lists::{self, ReadFailure};
use crate::runner::reason;
use crate::webex::Trouble;

/// Reads anew what the rows of a phase look things up in.
pub(crate) async fn read_lists(memory: &Memory, phase: Phase, scope: &Scope) -> Result<LicencePool, Ended> {
    let Memory { ground, lists: kept, .. } = memory;
    let licences = async {
        match phase {
            Phase::Locations => Ok(Vec::new()),
            Phase::Users | Phase::Assignments => lists::read_licenses(ground).await,
        }
    };
    let lists = lists::read(ground, kept, phase, &scope.selection, scope.rows_per_phase);
    let (lists, licences) = tokio::join!(lists, licences);
    if let Err(failure) = lists {
        return Err(without_lists(memory, failure).await);
    }
    let licences = match licences {
        Ok(licences) => licences,
        Err(trouble) => return Err(unreachable_for(memory, "the list of licences", &trouble).await),
    };
    Ok(LicencePool::new(ground.settings.licence.clone(), licences))
}

/// The end of a run that lacks the lists that it needs.
pub(crate) async fn without_lists(memory: &Memory, failure: ReadFailure) -> Ended {
    match failure {
        ReadFailure::Storage(error) => Ended::Storage(error),
        ReadFailure::Trouble(trouble) => unreachable_for(memory, "the lists of locations", &trouble).await,
    }
}

async fn unreachable_for(memory: &Memory, what: &str, trouble: &Trouble) -> Ended {
    memory.ground.check_token_on_401(Some(trouble)).await;
    if *trouble == Trouble::Interrupted {
        return Ended::Stopped;
    }
    Ended::Unreachable(format!("{what} could not be read: {}", reason::describe(trouble).0))
}
