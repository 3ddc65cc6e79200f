//! The catalogue of input columns: the one table behind header checks, normalisation, `input_schema.md`
//! and the typed records.

use super::EntityType::{self, ExtensionAssignment, Location, User};
use super::location_settings::LOCATION_SETTINGS;
use super::setting::{SETTINGS, SettingKind, UserSettingsPrefix};

/// How a column's cells are normalised and checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// `location`, `user` or `extension_assignment`.
    EntityType,
    /// A key or reference of at most 256 characters.
    Key,
    /// One line of text of at most this many characters.
    Text(usize),
    /// One or more lines of text of at most this many characters.
    Note(usize),
    /// An e-mail address.
    Email,
    /// Two to ten digits.
    Extension,
    /// An E.164 number.
    Phone,
    /// E.164 numbers, separated by `|`.
    Phones,
    /// `true` or `false` and their usual spellings.
    Bool,
    /// An IANA time zone.
    TimeZone,
    /// A language such as `es_es`.
    Language,
    /// An ISO 3166-1 alpha-2 country code.
    Country,
    /// `professional`, `standard` or a licence id.
    License,
    /// One of these words, and one that stands for none of them.
    Choice(&'static [&'static str], Option<&'static str>),
    /// A whole number between these.
    Integer(u32, u32),
    /// An E.164 number, or two to ten digits as they are dialled.
    Destination,
    /// A moment, stored in UTC.
    Moment,
    /// Permissions by type of call, separated by `|`.
    Permissions,
    /// E-mail addresses of at most this many people, separated by `|`.
    People(usize),
    /// ASCII digits, so many at least and at most.
    Digits {
        /// At least.
        least: usize,
        /// At most.
        most: usize,
    },
    /// Carried through as it is.
    Carried,
}

impl ColumnKind {
    /// The kind of a setting's column.
    const fn of(kind: SettingKind) -> ColumnKind {
        match kind {
            SettingKind::Bool => ColumnKind::Bool,
            SettingKind::Choice { choices, none } => ColumnKind::Choice(choices, none),
            SettingKind::Integer { least, most } => ColumnKind::Integer(least, most),
            SettingKind::Text(limit) => ColumnKind::Text(limit),
            SettingKind::Destination => ColumnKind::Destination,
            SettingKind::Phone => ColumnKind::Phone,
            SettingKind::Extension => ColumnKind::Extension,
            SettingKind::Email | SettingKind::Person => ColumnKind::Email,
            SettingKind::TimeZone => ColumnKind::TimeZone,
            SettingKind::Moment => ColumnKind::Moment,
            SettingKind::Permissions => ColumnKind::Permissions,
            SettingKind::People { most } => ColumnKind::People(most),
        }
    }
}

/// Whether a row of an entity must fill the column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Always.
    Required,
    /// Never.
    Optional,
    /// At least one column of this group.
    OneOf(&'static str),
    /// Blank takes the named setting, and without it the row is rejected.
    OrSetting(&'static str),
}

/// One column of the input file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name in the header, in lower case with `_`.
    pub name: String,
    /// How its cells are read.
    pub kind: ColumnKind,
    /// The rows on which it may be filled, and whether it must be.
    pub on: Vec<(EntityType, Need)>,
    /// One line for the written schema.
    pub about: &'static str,
}

impl Column {
    /// What a row of this entity owes the column; `None` where the cell must stay blank.
    pub fn need(&self, entity: EntityType) -> Option<Need> {
        self.on.iter().find(|(on, _)| *on == entity).map(|(_, need)| *need)
    }
}

/// The prefix of the calling settings of a location.
pub const LOCATION_SETTINGS_PREFIX: &str = "location_settings_";

/// Columns that would carry a person's identity (R1). Filled in on a user row they reject it; blank they are harmless.
pub const IDENTITY_COLUMNS: &[&str] = &[
    "display_name",
    "first_name",
    "last_name",
    "full_name",
    "given_name",
    "family_name",
    "middle_name",
    "nick_name",
    "nickname",
    "name",
    "title",
    "job_title",
    "department",
    "division",
    "company",
    "organization",
    "manager",
    "manager_id",
    "emails",
    "user_name",
    "username",
    "phone_numbers",
    "phone",
    "mobile",
    "mobile_number",
    "work_phone",
    "avatar",
    "roles",
    "addresses",
    "employee_number",
    "login_enabled",
    "surname",
    "middle_initial",
    "preferred_name",
    "status",
];

/// Endings of column names whose cells are secrets (R18): refused and redacted before anything is stored.
pub const FORBIDDEN_SECRETS: &[&str] = &["pin", "password", "passcode", "pwd", "pin_code"];

/// Columns that wxbulk's own files add; on the way back in they are read over, but for `row_id`.
pub const EXPORT_COLUMNS: &[&str] = &[
    "timestamp",
    "batch_id",
    "row_id",
    "phase",
    "step",
    "status",
    "http_status",
    "message",
    "remote_id",
    "reason_code",
    "reason_message",
    "raw_row_minified",
    "cause",
    "hint",
    "tracking_id",
    "blocked_by",
    "line",
    "job",
];

const fn group(name: &'static str) -> Need {
    Need::OneOf(name)
}

type Fixed = (&'static str, ColumnKind, &'static [(EntityType, Need)], &'static str);

const ALL_OPTIONAL: &[(EntityType, Need)] =
    &[(Location, Need::Optional), (User, Need::Optional), (ExtensionAssignment, Need::Optional)];
const ON_LOCATION: &[(EntityType, Need)] = &[(Location, Need::Required)];
const ON_LOCATION_OPTIONAL: &[(EntityType, Need)] = &[(Location, Need::Optional)];

const FIXED: &[Fixed] = &[
    (
        "entity_type",
        ColumnKind::EntityType,
        &[(Location, Need::Required), (User, Need::Required), (ExtensionAssignment, Need::Required)],
        "what the row describes",
    ),
    ("entity_key", ColumnKind::Key, ALL_OPTIONAL, "a key of your own for the row; derived when blank"),
    (
        "location_key",
        ColumnKind::Key,
        &[(Location, Need::Optional), (User, Need::Required), (ExtensionAssignment, Need::Required)],
        "on a location its key; elsewhere the key, external id or name of the location",
    ),
    ("row_ref", ColumnKind::Key, ALL_OPTIONAL, "your reference, carried into every file"),
    (
        "location_name",
        ColumnKind::Text(80),
        &[(Location, Need::OneOf("location_name or location_external_id"))],
        "the name in Webex; calling allows 80 characters",
    ),
    (
        "location_external_id",
        ColumnKind::Text(128),
        &[(Location, group("location_name or location_external_id"))],
        "your id of the site, kept as a tag in the location's notes",
    ),
    ("time_zone", ColumnKind::TimeZone, ON_LOCATION, "an IANA zone such as Europe/Madrid"),
    (
        "preferred_language",
        ColumnKind::Language,
        &[(Location, Need::OrSetting("DEFAULT_LANGUAGE"))],
        "language of the location, such as es_es",
    ),
    (
        "announcement_language",
        ColumnKind::Language,
        &[(Location, Need::OrSetting("DEFAULT_LANGUAGE"))],
        "language of announcements, such as es_es; used when the location is created or enabled",
    ),
    ("address_line1", ColumnKind::Text(256), ON_LOCATION, "street and number"),
    ("address_line2", ColumnKind::Text(256), ON_LOCATION_OPTIONAL, "floor, building"),
    ("address_city", ColumnKind::Text(128), ON_LOCATION, "city"),
    ("address_state", ColumnKind::Text(128), ON_LOCATION, "state or province; Webex demands it everywhere"),
    ("address_postal_code", ColumnKind::Text(32), ON_LOCATION, "postal code, leading zeros kept"),
    ("address_country", ColumnKind::Country, ON_LOCATION, "ISO 3166-1 alpha-2, such as ES"),
    ("notes", ColumnKind::Note(2048), ON_LOCATION_OPTIONAL, "free text kept in the location's notes"),
    (
        "email",
        ColumnKind::Email,
        &[(User, Need::Required), (ExtensionAssignment, Need::Required)],
        "the person's address as Webex has it",
    ),
    (
        "calling_enabled",
        ColumnKind::Bool,
        &[(User, Need::Optional)],
        "whether the person is to have calling; blank is true",
    ),
    (
        "calling_license",
        ColumnKind::License,
        &[(User, Need::Optional)],
        "professional, standard or a licence id; blank takes CALLING_LICENSE; without a free unit ALLOW_LICENSE_OVERAGE decides",
    ),
    (
        "extension",
        ColumnKind::Extension,
        &[(ExtensionAssignment, group("extension or phone_number"))],
        "2 to 10 digits, without routing prefix; few organisations allow more than 8",
    ),
    (
        "phone_number",
        ColumnKind::Phone,
        &[(ExtensionAssignment, group("extension or phone_number"))],
        "E.164, such as +34911234567",
    ),
    (
        "alternate_numbers",
        ColumnKind::Phones,
        &[(ExtensionAssignment, Need::Optional)],
        "further numbers of the person, separated by |",
    ),
];

/// Every known column, in the order of the template.
pub fn columns() -> Vec<Column> {
    let fixed = FIXED.iter().map(|(name, kind, on, about)| Column {
        name: (*name).to_owned(),
        kind: *kind,
        on: on.to_vec(),
        about,
    });
    let location_settings = LOCATION_SETTINGS.iter().map(|(name, kind, about)| Column {
        name: format!("{LOCATION_SETTINGS_PREFIX}{name}"),
        kind: *kind,
        on: vec![(Location, Need::Optional)],
        about,
    });
    let person_settings = UserSettingsPrefix::ALL.iter().flat_map(|prefix| {
        SETTINGS.iter().map(|setting| Column {
            name: format!("{}{}", prefix.as_str(), setting.name),
            kind: ColumnKind::of(setting.kind),
            on: vec![(prefix.entity(), Need::Optional)],
            about: setting.about,
        })
    });
    fixed.chain(location_settings).chain(person_settings).collect()
}

/// The known column with this folded name.
pub fn find_column<'a>(columns: &'a [Column], name: &str) -> Option<&'a Column> {
    columns.iter().find(|column| column.name == name)
}

/// The entity on whose rows a settings column, known or not, belongs.
pub fn settings_entity(name: &str) -> Option<EntityType> {
    if name.starts_with(LOCATION_SETTINGS_PREFIX) {
        return Some(Location);
    }
    UserSettingsPrefix::ALL
        .iter()
        .find(|prefix| name.starts_with(prefix.as_str()))
        .map(|prefix| prefix.entity())
}

impl UserSettingsPrefix {
    /// The rows that carry settings under this prefix.
    pub const fn entity(self) -> EntityType {
        match self {
            UserSettingsPrefix::Calling => User,
            UserSettingsPrefix::Final => ExtensionAssignment,
        }
    }
}
