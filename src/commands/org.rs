//! The organisation that a file needs, as the directory sync would have left it: its people, and licences for all. Its
//! locations can hold numbers, the trunks and route groups that the file names are there, and whom its settings name
//! without a row of their own has calling already.

use std::collections::BTreeSet;
use std::path::Path;

use super::Failure;
use crate::cli::ReadArgs;
use crate::domain::{Record, RouteKind, RouteName};
use crate::ingest::{self, IngestSettings};
use crate::sim::{CallingSeed, LocationSeed, OrgSeed, PROFESSIONAL, PersonSeed, Pstn, STANDARD};

/// Where they are who have calling before the job.
const ELSEWHERE: &str = "Simulated site elsewhere";

/// What the rows of a file name.
#[derive(Default)]
struct Named {
    people: BTreeSet<String>,
    /// In settings.
    colleagues: BTreeSet<String>,
    routes: Vec<RouteName>,
}

impl Named {
    fn take(&mut self, record: Record) {
        let (email, settings) = match record {
            Record::User(user) => (user.email, user.settings),
            Record::Assignment(assignment) => (assignment.email, assignment.settings),
            Record::Location(location) => {
                self.routes.extend(location.settings.routes().cloned());
                return;
            }
        };
        self.people.insert(email.to_string());
        self.colleagues.extend(settings.people().into_iter().map(ToString::to_string));
    }

    /// Names of one kind of route, once each.
    fn routes(&self, kind: RouteKind) -> Vec<String> {
        let of_kind = self.routes.iter().filter(|route| route.kind == kind);
        of_kind.map(|route| route.name.clone()).collect::<BTreeSet<_>>().into_iter().collect()
    }
}

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
    let mut named = Named::default();
    for row in ingest::open(csv, &settings)? {
        if let Ok(accepted) = row?.verdict {
            named.take(accepted.record);
        }
    }
    Ok(org_of(&named))
}

fn org_of(named: &Named) -> OrgSeed {
    let everybody = named.people.union(&named.colleagues).count();
    let units = i64::try_from(everybody).unwrap_or(i64::MAX);
    let org = OrgSeed {
        trunks: named.routes(RouteKind::Trunk),
        route_groups: named.routes(RouteKind::RouteGroup),
        pstn_of_new_locations: Some(Pstn::LocalGateway),
        ..OrgSeed::with_people(&named.people)
    };
    let org = org.units(PROFESSIONAL, units).units(STANDARD, units);
    let colleagues: Vec<PersonSeed> = named.colleagues.difference(&named.people).map(colleague).collect();
    if colleagues.is_empty() {
        return org;
    }
    colleagues.into_iter().fold(org.location(LocationSeed::calling(ELSEWHERE)), OrgSeed::person)
}

/// Somebody who has calling, and no extension that a row could want.
fn colleague(email: &String) -> PersonSeed {
    let calling = CallingSeed {
        location: ELSEWHERE.to_owned(),
        extension: None,
        phone_number: None,
        license: PROFESSIONAL.to_owned(),
    };
    PersonSeed { calling: Some(calling), ..PersonSeed::new(email) }
}
