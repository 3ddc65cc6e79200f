//! The header: what each column of the file is, resolved once.

use csv::StringRecord;

use super::refusal::FileRefusal;
use super::suggest;
use super::text::{shown, trim};
use crate::domain::{
    Column, EXPORT_COLUMNS, EntityType, FORBIDDEN_SECRETS, IDENTITY_COLUMNS, columns, settings_entity,
};

const MAX_COLUMNS: usize = 999;
const ROW_ID: &str = "row_id";
const JOB: &str = "job";

/// The header of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The folded names, in the order of the file.
    pub columns: Vec<String>,
    /// What separates the cells.
    pub delimiter: char,
    /// The encoding in which the file is read.
    pub encoding: String,
    /// Whether the file carries wxbulk's `row_id`: it is one of its own, perhaps corrected.
    pub has_row_id: bool,
}

impl Header {
    pub(super) fn new(slots: &[Slot], delimiter: char, encoding: String) -> Header {
        Header {
            columns: slots.iter().map(|slot| slot.name.clone()).collect(),
            delimiter,
            encoding,
            has_row_id: slots.iter().any(|slot| matches!(slot.role, Role::RowId)),
        }
    }
}

/// What the cells of one column are to a row.
#[derive(Debug, Clone)]
pub(super) enum Role {
    /// A column of the schema.
    Known(Box<Column>),
    /// A setting that the catalogue does not know, on rows of this entity.
    OtherSetting(EntityType),
    /// `x_*`.
    Carried,
    /// Identity data.
    Identity,
    /// A PIN or password.
    Secret,
    /// The `row_id` of one of wxbulk's own files.
    RowId,
    /// The mark of the job whose file it is.
    Job,
    /// Another column that wxbulk's own files add.
    Export,
}

/// One column of the file.
#[derive(Debug, Clone)]
pub(super) struct Slot {
    pub(super) name: String,
    pub(super) role: Role,
}

/// The folded form in which names of columns are compared.
fn fold(name: &str) -> String {
    trim(name).to_lowercase().replace([' ', '-'], "_")
}

/// Where the header stands, for refusals.
pub(super) struct HeaderAt<'a> {
    pub(super) path: &'a str,
    pub(super) line: u64,
}

impl HeaderAt<'_> {
    fn refuse(&self, column: &str, why: String) -> FileRefusal {
        FileRefusal::Header { path: self.path.to_owned(), line: self.line, column: column.to_owned(), why }
    }
}

/// Resolves every name, or refuses the file.
pub(super) fn resolve(record: &StringRecord, place: &HeaderAt<'_>) -> Result<Vec<Slot>, FileRefusal> {
    let names: Vec<String> = record.iter().map(fold).collect();
    check_names(&names, place)?;
    let known = columns();
    let own_file = names.iter().any(|name| name == ROW_ID);
    if !names.iter().any(|name| known.iter().any(|column| column.name == *name)) {
        let why = "no column of this line is known: the first line must name the columns (if it does, see --delimiter)";
        return Err(place.refuse("1", why.to_owned()));
    }
    let slots = names
        .into_iter()
        .map(|name| match role(&name, &known, own_file) {
            Ok(role) => Ok(Slot { name, role }),
            Err(why) => Err(place.refuse(&name, why)),
        })
        .collect::<Result<Vec<Slot>, FileRefusal>>()?;
    if !slots.iter().any(|slot| slot.name == "entity_type") {
        return Err(
            place.refuse("entity_type", "the header lacks this column: add it, each row needs it".to_owned())
        );
    }
    Ok(slots)
}

fn check_names(names: &[String], place: &HeaderAt<'_>) -> Result<(), FileRefusal> {
    if names.len() > MAX_COLUMNS {
        let why = format!("the header has {} columns; at most {MAX_COLUMNS} are read", names.len());
        return Err(place.refuse(&names.len().to_string(), why));
    }
    if let Some(at) = names.iter().position(String::is_empty) {
        let why = "this column has no name: name it, or delete it (spreadsheets: delete the empty columns on the right)";
        return Err(place.refuse(&(at + 1).to_string(), why.to_owned()));
    }
    for (at, name) in names.iter().enumerate() {
        if let Some(first) = names.iter().take(at).position(|other| other == name) {
            let why =
                format!("columns {} and {} have the same name: delete or rename one", first + 1, at + 1);
            return Err(place.refuse(name, why));
        }
    }
    Ok(())
}

fn role(name: &str, known: &[Column], own_file: bool) -> Result<Role, String> {
    let identity = is_identity(name);
    if FORBIDDEN_SECRETS.iter().any(|ending| name.ends_with(ending)) {
        return Ok(Role::Secret);
    }
    if let Some(column) = known.iter().find(|column| column.name == name) {
        return Ok(Role::Known(Box::new(column.clone())));
    }
    if name == ROW_ID {
        return Ok(Role::RowId);
    }
    if name == JOB {
        return Ok(Role::Job);
    }
    // `status` is both: a result in wxbulk's own files, a state of the person in others.
    if EXPORT_COLUMNS.contains(&name) && (own_file || !identity) {
        return Ok(Role::Export);
    }
    if identity {
        return Ok(Role::Identity);
    }
    if name.starts_with("x_") {
        return Ok(Role::Carried);
    }
    other_setting(name, known).unwrap_or_else(|| Err(unknown(name, known)))
}

/// Also without the `_` between the words, as Webex itself writes such names.
fn is_identity(name: &str) -> bool {
    let squeezed = |name: &str| name.replace('_', "");
    IDENTITY_COLUMNS.iter().any(|identity| squeezed(identity) == squeezed(name))
}

fn other_setting(name: &str, known: &[Column]) -> Option<Result<Role, String>> {
    let entity = settings_entity(name)?;
    let settings = known
        .iter()
        .map(|column| column.name.as_str())
        .filter(|known| settings_entity(known) == Some(entity));
    Some(match suggest::misspelt_setting(name, settings) {
        Some(meant) => Err(format!("no such setting: {meant} is meant? rename the column, or delete it")),
        None => Ok(Role::OtherSetting(entity)),
    })
}

fn unknown(name: &str, known: &[Column]) -> String {
    let nearest = suggest::nearest(name, known.iter().map(|column| column.name.as_str()));
    let meant = nearest.map(|meant| format!(": {meant} is meant?")).unwrap_or_default();
    format!(
        "{} is not a known column{meant} rename it, delete it, or begin its name with x_ to carry it along unread",
        shown(name)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fold_over_case_blanks_and_dashes() {
        assert_eq!(fold(" Location-Name\r"), "location_name");
        assert_eq!(fold("First Name"), "first_name");
    }

    #[test]
    fn status_is_a_result_only_in_files_of_our_own() {
        assert!(matches!(role("status", &columns(), true), Ok(Role::Export)));
        assert!(matches!(role("status", &columns(), false), Ok(Role::Identity)));
    }

    #[test]
    fn identity_is_known_in_the_spelling_of_webex_too() {
        assert!(matches!(role("displayname", &columns(), false), Ok(Role::Identity)));
    }
}
