//! The keys of a row (R23), and which of them must be its own (R13).

use rusqlite::{Connection, OptionalExtension};

use super::StoreError;
use crate::domain::{Accepted, Cells, EntityType, LocationRecord, Record, RowId, fold_name};

/// One key that a row must have to itself.
pub(super) struct Claim {
    pub(super) scope: &'static str,
    pub(super) value: String,
    pub(super) what: &'static str,
    pub(super) shown: String,
}

impl Claim {
    pub(super) fn new(
        scope: &'static str,
        value: impl Into<String>,
        what: &'static str,
        shown: &str,
    ) -> Claim {
        Claim { scope, value: value.into(), what, shown: shown.to_owned() }
    }
}

/// A key that an earlier row has.
pub(super) struct Clash {
    pub(super) what: &'static str,
    pub(super) shown: String,
    pub(super) owner: RowId,
}

/// The keys of a row (R23) and which of them must be its own (R13).
pub(super) struct Place {
    pub(super) entity_key: String,
    pub(super) location_key: String,
    pub(super) claims: Vec<Claim>,
}

impl Place {
    pub(super) fn of_location(location: &LocationRecord, cells: &Cells) -> Place {
        let names = [
            ("location_key", location.explicit_key.as_deref()),
            ("location_external_id", location.external_id.as_deref()),
            ("location_name", location.name.as_deref()),
        ];
        let mut claims: Vec<Claim> = names
            .iter()
            .filter_map(|(what, name)| name.map(|name| Claim::new("location", fold_name(name), what, name)))
            .collect();
        let given =
            |skip: usize| names.iter().skip(skip).find_map(|(_, name)| *name).unwrap_or_default().to_owned();
        let entity_key = cells.get("entity_key").map_or_else(|| given(1), str::to_owned);
        claims.push(Claim::new("entity_key location", entity_key.clone(), "entity_key", &entity_key));
        Place { entity_key, location_key: given(0), claims }
    }

    pub(super) fn of_person(accepted: &Accepted, location_key: &str) -> Place {
        let mut claims = Vec::with_capacity(4);
        let derived = match &accepted.record {
            Record::Location(_) => String::new(),
            Record::User(user) => {
                claims.push(Claim::new("user", user.email.as_str(), "email", user.email.as_str()));
                user.email.as_str().to_owned()
            }
            Record::Assignment(assignment) => {
                let email = assignment.email.as_str();
                claims.push(Claim::new("assignment", email, "email", email));
                if let Some(extension) = assignment.line.extension() {
                    let value = format!("{}\u{1f}{extension}", fold_name(location_key));
                    claims.push(Claim::new("extension", value, "extension", extension.as_str()));
                }
                let numbers = assignment.line.number().map(|number| ("phone_number", number)).into_iter();
                let others = assignment.alternate_numbers.iter().map(|number| ("alternate_numbers", number));
                claims.extend(
                    numbers
                        .chain(others)
                        .map(|(what, number)| Claim::new("number", number.as_str(), what, number.as_str())),
                );
                format!("{location_key}/{}", assignment.line.key())
            }
        };
        let entity_key = accepted.cells.get("entity_key").map_or(derived, str::to_owned);
        let scope = match accepted.record.entity() {
            EntityType::User => "entity_key user",
            EntityType::Location | EntityType::ExtensionAssignment => "entity_key assignment",
        };
        claims.push(Claim::new(scope, entity_key.clone(), "entity_key", &entity_key));
        Place { entity_key, location_key: location_key.to_owned(), claims }
    }
}

pub(super) fn location_of(accepted: &Accepted) -> &str {
    accepted.cells.get("location_key").unwrap_or_default()
}

/// The canonical key of the location row that answers to this reference, whichever of its names it is.
pub(super) fn canonical_key(connection: &Connection, reference: &str) -> Result<Option<String>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT r.location_key FROM keys k JOIN rows r USING (row_id) WHERE k.scope = 'location' AND k.value = ?1",
    )?;
    Ok(statement.query_row([fold_name(reference)], |row| row.get(0)).optional()?)
}
