//! Typed rows: what `run` works on. A user has no name fields, so identity cannot be written.

use super::column::{LOCATION_SETTINGS_PREFIX, settings_entity};
use super::location_settings::{LocationSettings, is_location_setting};
use super::setting::{Setting, SettingValue, Settings, UserSettingsPrefix};
use super::{Cells, Email, EntityType, Extension, LicenseChoice, Line, PhoneNumber, fold_name};

/// A row of one of the three kinds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// A site.
    Location(LocationRecord),
    /// A person.
    User(UserRecord),
    /// An extension or number for a person.
    Assignment(AssignmentRecord),
}

/// A site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocationRecord {
    /// Its name in Webex; without one it can only be found by its external id.
    pub name: Option<String>,
    /// The operator's id, kept as a tag in the notes.
    pub external_id: Option<String>,
    /// An explicit `location_key`.
    pub explicit_key: Option<String>,
    /// IANA name.
    pub time_zone: String,
    /// Such as `es_es`.
    pub preferred_language: String,
    /// Such as `es_es`.
    pub announcement_language: String,
    /// Where it is.
    pub address: Address,
    /// Free text for the notes.
    pub notes: Option<String>,
    /// What it states of the location's calling.
    pub settings: Box<LocationSettings>,
    /// Filled settings columns for which Webex has no dependable operation.
    pub unsupported: Vec<String>,
}

/// A postal address as Webex demands it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Street and number.
    pub line1: String,
    /// Floor, building.
    pub line2: Option<String>,
    /// City.
    pub city: String,
    /// State or province.
    pub state: String,
    /// Postal code.
    pub postal_code: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
}

/// A person who is to have calling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRecord {
    /// The key.
    pub email: Email,
    /// The location as the row refers to it.
    pub location: String,
    /// Whether the person is to have calling.
    pub calling_enabled: bool,
    /// Which licence; `None` takes the configured one.
    pub license: Option<LicenseChoice>,
    /// Settings to apply in phase 2.
    pub settings: Settings,
    /// Filled settings columns for which Webex has no dependable operation.
    pub unsupported: Vec<String>,
}

/// An extension or number for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssignmentRecord {
    /// Whose it is to be.
    pub email: Email,
    /// The location as the row refers to it.
    pub location: String,
    /// The extension, the number or both.
    pub line: Line,
    /// Further numbers.
    pub alternate_numbers: Vec<PhoneNumber>,
    /// Settings to apply in phase 3.
    pub settings: Settings,
    /// Filled settings columns for which Webex has no dependable operation.
    pub unsupported: Vec<String>,
}

/// Says which normalised cell is not what it must be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: {why}")]
pub struct CellError {
    /// The column.
    pub column: String,
    /// What is wrong.
    pub why: String,
}

impl Record {
    /// Reads normalised cells.
    pub fn from_cells(entity: EntityType, cells: &Cells) -> Result<Record, CellError> {
        match entity {
            EntityType::Location => location(cells).map(Record::Location),
            EntityType::User => user(cells).map(Record::User),
            EntityType::ExtensionAssignment => assignment(cells).map(Record::Assignment),
        }
    }

    /// Whether both mean the same location or person in Webex: then what was done for the one is done for the other.
    pub fn same_target(&self, other: &Record) -> bool {
        match (self, other) {
            (Record::Location(one), Record::Location(other)) => one.same_location(other),
            (Record::User(one), Record::User(other)) => one.email == other.email,
            (Record::Assignment(one), Record::Assignment(other)) => one.email == other.email,
            _ => false,
        }
    }

    /// The kind of row.
    pub const fn entity(&self) -> EntityType {
        match self {
            Record::Location(_) => EntityType::Location,
            Record::User(_) => EntityType::User,
            Record::Assignment(_) => EntityType::ExtensionAssignment,
        }
    }
}

impl LocationRecord {
    /// The external id decides where both have one, as it does in look-ups (R5), else the name.
    fn same_location(&self, other: &LocationRecord) -> bool {
        match (&self.external_id, &other.external_id) {
            (Some(one), Some(other)) => one == other,
            _ => {
                let folded = |location: &LocationRecord| location.name.as_deref().map(fold_name);
                self.name.is_some() && folded(self) == folded(other)
            }
        }
    }
}

fn location(cells: &Cells) -> Result<LocationRecord, CellError> {
    let name = cells.get("location_name").map(str::to_owned);
    let external_id = cells.get("location_external_id").map(str::to_owned);
    if name.is_none() && external_id.is_none() {
        return Err(missing("location_name"));
    }
    let stated = cells.iter().filter(|(column, _)| column.starts_with(LOCATION_SETTINGS_PREFIX));
    let unsupported = stated.filter(|(column, _)| !is_location_setting(column));
    Ok(LocationRecord {
        name,
        external_id,
        explicit_key: cells.get("location_key").map(str::to_owned),
        time_zone: required(cells, "time_zone")?,
        preferred_language: required(cells, "preferred_language")?,
        announcement_language: required(cells, "announcement_language")?,
        address: Address {
            line1: required(cells, "address_line1")?,
            line2: cells.get("address_line2").map(str::to_owned),
            city: required(cells, "address_city")?,
            state: required(cells, "address_state")?,
            postal_code: required(cells, "address_postal_code")?,
            country: required(cells, "address_country")?,
        },
        notes: cells.get("notes").map(str::to_owned),
        settings: Box::new(LocationSettings::from_cells(cells)?),
        unsupported: unsupported.map(|(column, _)| column.to_owned()).collect(),
    })
}

fn user(cells: &Cells) -> Result<UserRecord, CellError> {
    let (settings, unsupported) = settings(cells, UserSettingsPrefix::Calling)?;
    Ok(UserRecord {
        email: parsed(cells, "email", Email::parse)?.ok_or_else(|| missing("email"))?,
        location: required(cells, "location_key")?,
        calling_enabled: match cells.get("calling_enabled") {
            None | Some("true") => true,
            Some("false") => false,
            Some(other) => {
                return Err(wrong("calling_enabled", &format!("{other:?} is neither true nor false")));
            }
        },
        license: parsed(cells, "calling_license", LicenseChoice::parse)?,
        settings,
        unsupported,
    })
}

fn assignment(cells: &Cells) -> Result<AssignmentRecord, CellError> {
    let (settings, unsupported) = settings(cells, UserSettingsPrefix::Final)?;
    let extension = parsed(cells, "extension", Extension::parse)?;
    let number = parsed(cells, "phone_number", PhoneNumber::parse)?;
    let alternate_numbers = cells
        .get("alternate_numbers")
        .map(|text| text.split('|').map(PhoneNumber::parse).collect::<Result<Vec<_>, _>>())
        .transpose()
        .map_err(|error| wrong("alternate_numbers", &error.to_string()))?
        .unwrap_or_default();
    Ok(AssignmentRecord {
        email: parsed(cells, "email", Email::parse)?.ok_or_else(|| missing("email"))?,
        location: required(cells, "location_key")?,
        line: Line::new(extension, number).ok_or_else(|| missing("extension"))?,
        alternate_numbers,
        settings,
        unsupported,
    })
}

/// The row's settings, and the filled settings columns that the catalogue does not know.
fn settings(cells: &Cells, prefix: UserSettingsPrefix) -> Result<(Settings, Vec<String>), CellError> {
    let mut known = Settings::default();
    let mut unsupported = Vec::new();
    for (column, text) in cells.iter().filter(|(column, _)| settings_entity(column) == Some(prefix.entity()))
    {
        match column.strip_prefix(prefix.as_str()).and_then(Setting::find) {
            Some(setting) => {
                let value = SettingValue::parse(setting.kind, text)
                    .ok_or_else(|| wrong(column, &format!("{text:?} is not a value of this setting")))?;
                known.state(setting, value);
            }
            None => unsupported.push(column.to_owned()),
        }
    }
    Ok((known, unsupported))
}

fn required(cells: &Cells, column: &str) -> Result<String, CellError> {
    cells.get(column).map(str::to_owned).ok_or_else(|| missing(column))
}

pub(super) fn parsed<T, E: std::fmt::Display>(
    cells: &Cells,
    column: &str,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Result<Option<T>, CellError> {
    cells.get(column).map(parse).transpose().map_err(|error| wrong(column, &error.to_string()))
}

fn missing(column: &str) -> CellError {
    wrong(column, "is blank but required")
}

pub(super) fn wrong(column: &str, why: &str) -> CellError {
    CellError { column: column.to_owned(), why: why.to_owned() }
}
