//! The keys of a row (R23), and which of them must be its own (R13).

use rusqlite::{Connection, OptionalExtension, params};

use super::StoreError;
use super::columns::typed;
use crate::domain::{
    Accepted, Cells, EntityType, LocationKey, LocationRecord, PhoneNumber, Record, Rejected, RejectionReason,
    RowId, fold_name,
};

/// One key that a row must have to itself.
#[derive(Debug, Clone, PartialEq, Eq)]
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

    /// The claim to a row's `row_ref`, if it has one.
    pub(super) fn of_row_ref(cells: &Cells) -> Option<Claim> {
        cells.get("row_ref").map(|row_ref| Claim::new("row_ref", row_ref, "row_ref", row_ref))
    }
}

/// A key that an earlier row has.
pub(super) struct Clash {
    pub(super) what: &'static str,
    pub(super) shown: String,
    pub(super) owner: RowId,
}

impl Clash {
    /// The refusal of the later row, given the line of the first where that is known.
    pub(super) fn refusal(&self, accepted: &Accepted, line: Option<i64>) -> Rejected {
        let Clash { what, shown, owner } = self;
        let place = line.map_or_else(|| format!("row {owner}"), |line| format!("row {owner} (line {line})"));
        let key = accepted.cells.get("entity_key").or_else(|| accepted.cells.get("email"));
        Rejected {
            entity: Some(accepted.record.entity()),
            entity_key: key.map(str::to_owned),
            reason: RejectionReason::DuplicateKey,
            column: Some((*what).to_owned()),
            message: format!(
                "the {what} {shown:?} is already on {place}: the first stays; correct the {what} or remove this row"
            ),
        }
    }
}

/// The keys of a row (R23) and which of them must be its own (R13).
pub(super) struct Place {
    pub(super) entity_key: String,
    pub(super) location_key: String,
    pub(super) claims: Vec<Claim>,
}

impl Place {
    /// Where an accepted row stands, given the canonical key of the location that a person's row refers to.
    pub(super) fn of(accepted: &Accepted, location_key: &str) -> Place {
        match &accepted.record {
            Record::Location(location) => Place::of_location(location, &accepted.cells),
            Record::User(_) | Record::Assignment(_) => Place::of_person(accepted, location_key),
        }
    }

    /// Where an accepted row stands now. A reference that no location row answers to is its own key.
    pub(super) fn find(connection: &Connection, accepted: &Accepted) -> Result<Place, StoreError> {
        if let Record::Location(location) = &accepted.record {
            return Ok(Place::of_location(location, &accepted.cells));
        }
        let reference = location_of(accepted);
        let key = canonical_key(connection, reference)?;
        Ok(Place::of_person(accepted, key.as_deref().unwrap_or(reference)))
    }

    /// Every key that the row must have to itself: its `row_ref` and those of its place.
    pub(super) fn all_claims(&self, cells: &Cells) -> Vec<Claim> {
        Claim::of_row_ref(cells).into_iter().chain(self.claims.iter().cloned()).collect()
    }

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
        let settings = &location.settings;
        let numbers = settings.numbers.iter().map(|number| ("location_settings_numbers", number));
        let main =
            settings.details.main_number.iter().map(|number| ("location_settings_main_number", number));
        let main = main.filter(|(_, number)| !settings.numbers.contains(number));
        claims.extend(
            numbers
                .chain(main)
                .map(|(what, number)| Claim::new("location number", number.as_str(), what, number.as_str())),
        );
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

/// Those of the numbers that rows of this location state, its own row or one of a person.
pub fn stated_numbers(
    connection: &Connection,
    location: &LocationKey,
    numbers: Vec<PhoneNumber>,
) -> Result<Vec<PhoneNumber>, StoreError> {
    let mut query = connection.prepare_cached(
        "SELECT 1 FROM keys k JOIN rows r USING (row_id)
         WHERE k.scope IN ('location number', 'number') AND k.value = ?1 AND r.location_key = ?2",
    )?;
    let mut stated = Vec::new();
    for number in numbers {
        if query.exists([number.as_str(), location.as_str()])? {
            stated.push(number);
        }
    }
    Ok(stated)
}

/// Takes the keys for this row, or gives the claim that another row has, and takes none.
pub(super) fn claim(
    connection: &Connection,
    row_id: RowId,
    claims: &[Claim],
) -> Result<Option<Clash>, StoreError> {
    // A RETURNING clause would build a table of its own for each key.
    let mut insert = connection.prepare_cached(
        "INSERT INTO keys (scope, value, row_id) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
    )?;
    for (taken, claim) in claims.iter().enumerate() {
        if insert.execute(params![claim.scope, claim.value, row_id.get()])? == 1 {
            continue;
        }
        if let Some(owner) = owner(connection, claim.scope, &claim.value)?
            && owner != row_id
        {
            give_back(connection, row_id, claims.iter().take(taken))?;
            return Ok(Some(Clash { what: claim.what, shown: claim.shown.clone(), owner }));
        }
    }
    Ok(None)
}

/// Frees the keys that this row has.
pub(super) fn give_back<'c>(
    connection: &Connection,
    row_id: RowId,
    claims: impl IntoIterator<Item = &'c Claim>,
) -> Result<(), StoreError> {
    let mut delete =
        connection.prepare_cached("DELETE FROM keys WHERE scope = ?1 AND value = ?2 AND row_id = ?3")?;
    for claim in claims {
        delete.execute(params![claim.scope, claim.value, row_id.get()])?;
    }
    Ok(())
}

/// The row that has a key.
pub(super) fn owner(connection: &Connection, scope: &str, value: &str) -> Result<Option<RowId>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT row_id FROM keys WHERE scope = ?1 AND value = ?2")?;
    Ok(statement.query_row([scope, value], |row| typed(row, "row_id")).optional()?)
}
