//! Before a run: which users would find no unit of their licence, in row order, if none of them has calling yet.

use super::licences::{LicencePool, LicenceSettings};
use super::preflight::PreflightReport;
use crate::domain::LicenseChoice;

/// How many rows a shortfall names.
const NAMED: usize = 5;

/// Users of one licence choice for whom the free units do not last.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Shortfall {
    /// The choice: `professional`, `standard` or a licence id.
    pub licence: String,
    /// Ready users who are to get it.
    pub users: usize,
    /// How many of them find no unit.
    pub without_unit: usize,
    /// The keys of the first of these.
    pub first: Vec<String>,
}

/// Holds ready users, in row order, against the free units that the start-up checks saw.
pub fn shortfalls(
    settings: &LicenceSettings,
    report: &PreflightReport,
    users: &[(String, Option<LicenseChoice>)],
) -> Vec<Shortfall> {
    let pool = LicencePool::new(settings.clone(), report.licences.clone());
    let mut all: Vec<Shortfall> = Vec::new();
    for (key, choice) in users {
        let choice = choice.as_ref().unwrap_or(&settings.default);
        let licence = choice.to_string();
        let at = all.iter().position(|shortfall| shortfall.licence == licence).unwrap_or(all.len());
        if at == all.len() {
            all.push(Shortfall { licence, users: 0, without_unit: 0, first: Vec::new() });
        }
        let Some(shortfall) = all.get_mut(at) else { continue };
        shortfall.users = shortfall.users.saturating_add(1);
        if pool.promise(choice).is_none() {
            shortfall.without_unit = shortfall.without_unit.saturating_add(1);
            if shortfall.first.len() < NAMED {
                shortfall.first.push(key.clone());
            }
        }
    }
    all.retain(|shortfall| shortfall.without_unit > 0);
    all
}

impl std::fmt::Display for Shortfall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Shortfall { licence, users, without_unit, first } = self;
        let more = if *without_unit > first.len() { ", ..." } else { "" };
        write!(
            f,
            "{without_unit} of {users} ready users find no unit of {licence} unless they have calling already: {}{more}",
            first.join(", ")
        )
    }
}
