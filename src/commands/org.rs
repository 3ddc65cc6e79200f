//! The organisation that a file needs, as the directory sync would have left it: its people, and licences for all. Its
//! locations can hold numbers, and the trunks and route groups that the file
//! names are there.

use std::collections::BTreeSet;
use std::path::Path;

use super::Failure;
use crate::cli::ReadArgs;
use crate::domain::{Record, RouteKind};
use crate::ingest::{self, IngestSettings};
use crate::sim::{OrgSeed, PROFESSIONAL, Pstn, STANDARD};

/// Reads the people of a file; rejected rows are nobody.
pub(super) fn seed_from(
    csv: &Path,
    read: &ReadArgs,
    default_language: Option<String>,
) -> Result<OrgSeed, Failure> {
    let settings = IngestSettings {
        max_rows: u32::MAX,
        default_language,
        delimiter: read.delimiter,
        encoding: read.encoding.clone(),
    };
    let mut people = BTreeSet::new();
    let mut routes = BTreeSet::new();
    for row in ingest::open(csv, &settings)? {
        match row?.verdict.map(|accepted| accepted.record) {
            Ok(Record::User(user)) => people.insert(user.email.to_string()),
            Ok(Record::Assignment(assignment)) => people.insert(assignment.email.to_string()),
            Ok(Record::Location(location)) => {
                routes.extend(location.settings.routes().map(|route| (route.kind, route.name.clone())));
                continue;
            }
            Err(_) => continue,
        };
    }
    let units = i64::try_from(people.len()).unwrap_or(i64::MAX);
    let named = |kind: RouteKind| {
        let of_kind = routes.iter().filter(move |(other, _)| *other == kind);
        of_kind.map(|(_, name)| name.clone()).collect()
    };
    let org = OrgSeed {
        trunks: named(RouteKind::Trunk),
        route_groups: named(RouteKind::RouteGroup),
        pstn_of_new_locations: Some(Pstn::LocalGateway),
        ..OrgSeed::with_people(people)
    };
    Ok(org.units(PROFESSIONAL, units).units(STANDARD, units))
}
