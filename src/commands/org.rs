//! The organisation that a file needs, as the directory sync would have left it: its people, and licences for all.

use std::collections::BTreeSet;
use std::path::Path;

use super::Failure;
use crate::cli::ReadArgs;
use crate::domain::Record;
use crate::ingest::{self, IngestSettings};
use crate::sim::{OrgSeed, PROFESSIONAL, STANDARD};

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
    for row in ingest::open(csv, &settings)? {
        match row?.verdict.map(|accepted| accepted.record) {
            Ok(Record::User(user)) => people.insert(user.email.to_string()),
            Ok(Record::Assignment(assignment)) => people.insert(assignment.email.to_string()),
            Ok(Record::Location(_)) | Err(_) => false,
        };
    }
    let units = i64::try_from(people.len()).unwrap_or(i64::MAX);
    Ok(OrgSeed::with_people(people).units(PROFESSIONAL, units).units(STANDARD, units))
}
