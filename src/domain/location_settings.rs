//! The calling settings of a location: their columns, and what a row states of them (webex.md 3.5 to 3.7).

use super::column::{ColumnKind, LOCATION_SETTINGS_PREFIX};
use super::record::{parsed, wrong};
use super::{CellError, Cells, Permission, PhoneNumber};

text_enum! {
    /// What a route leads through.
    RouteKind {
        /// One trunk.
        Trunk = "TRUNK",
        /// A group of trunks.
        RouteGroup = "ROUTE_GROUP",
    }
}

text_enum! {
    /// Whether calls reach a number: before its porting day they must not.
    NumberState {
        /// They do.
        Active = "ACTIVE",
        /// They do not yet.
        Inactive = "INACTIVE",
    }
}

const ROUTE_KINDS: &[&str] = &[RouteKind::Trunk.as_str(), RouteKind::RouteGroup.as_str()];

const NUMBER_STATES: &[&str] = &[NumberState::Active.as_str(), NumberState::Inactive.as_str()];

/// The word for a PSTN connection over the customer's own gateway.
const LOCAL_GATEWAY: &str = "LOCAL_GATEWAY";

/// Whether the announcement language of what exists changes too, and the word for it.
const EXISTING: &str = "announcement_language_existing";
const CHANGE: &str = "change";

/// Names behind `location_settings_`, how their cells are read, and a line for the written schema.
pub(super) const LOCATION_SETTINGS: &[(&str, ColumnKind, &str)] = &[
    (
        "main_number",
        ColumnKind::Phone,
        "main number, E.164; added to the location if ADD_MISSING_NUMBERS allows",
    ),
    ("caller_id_name", ColumnKind::Text(256), "name shown on calls from the location's number"),
    ("external_caller_id_name", ColumnKind::Text(256), "name shown on external calls"),
    (
        "announcement_language",
        ColumnKind::Language,
        "language of announcements of what is created later, compared and set again",
    ),
    (
        EXISTING,
        ColumnKind::Choice(&[CHANGE], None),
        "with it: where that language changes, people and features that exist speak it too; Webex does not show theirs",
    ),
    (
        "routing_prefix",
        ColumnKind::Digits { least: 1, most: 7 },
        "digits before extensions between locations, the steering digit among them",
    ),
    ("outside_dial_digit", ColumnKind::Digits { least: 1, most: 4 }, "what to dial for an outside line"),
    ("enforce_outside_dial_digit", ColumnKind::Bool, "whether it must be dialled"),
    ("pstn_connection", ColumnKind::Text(256), "LOCAL_GATEWAY or the display name of a connection option"),
    ("pstn_route_type", ColumnKind::Choice(ROUTE_KINDS, None), "with LOCAL_GATEWAY: what it leads through"),
    ("pstn_route_name", ColumnKind::Text(256), "with LOCAL_GATEWAY: name of the trunk or route group"),
    ("unknown_extension_route_type", ColumnKind::Choice(ROUTE_KINDS, None), "where unknown extensions go"),
    ("unknown_extension_route_name", ColumnKind::Text(256), "its name"),
    (
        "outgoing_permissions",
        ColumnKind::Permissions,
        "what becomes of outgoing calls; kinds not listed stay",
    ),
    ("numbers", ColumnKind::Phones, "numbers that the location is to have, E.164, separated by |"),
    (
        "number_state",
        ColumnKind::Choice(NUMBER_STATES, None),
        "state of the numbers that any row adds to the location; ACTIVE also activates those that stand inactive",
    ),
];

/// What a row states of a location's calling.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LocationSettings {
    /// How it reaches the telephone network.
    pub pstn: Option<PstnChoice>,
    /// Numbers that it is to have, each once.
    pub numbers: Vec<PhoneNumber>,
    /// The state in which the job's numbers are to be there; `None` takes the configured one.
    pub number_state: Option<NumberState>,
    /// Fields of the calling location itself.
    pub details: CallingDetails,
    /// Where calls to unknown extensions go.
    pub unknown_extensions: Option<RouteName>,
    /// What becomes of outgoing calls.
    pub outgoing_permissions: Vec<Permission>,
}

/// Fields of `/telephony/config/locations/{id}`; `None` is not stated.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallingDetails {
    /// The main number.
    pub main_number: Option<PhoneNumber>,
    /// The name that goes with it.
    pub caller_id_name: Option<String>,
    /// The name shown on external calls.
    pub external_caller_id_name: Option<String>,
    /// Such as `es_es`.
    pub announcement_language: Option<String>,
    /// Whether people and features that exist are to speak it too.
    pub existing_too: bool,
    /// Digits.
    pub routing_prefix: Option<String>,
    /// Digits.
    pub outside_dial_digit: Option<String>,
    /// Whether they must be dialled.
    pub enforce_outside_dial_digit: Option<bool>,
}

/// How a location is to reach the telephone network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PstnChoice {
    /// Over a trunk or route group of the customer.
    LocalGateway(RouteName),
    /// By the connection option with this display name.
    Option(String),
}

/// A trunk or route group by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteName {
    /// Which of the two.
    pub kind: RouteKind,
    /// Its name in Webex.
    pub name: String,
}

impl std::fmt::Display for RouteName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = match self.kind {
            RouteKind::Trunk => "trunk",
            RouteKind::RouteGroup => "route group",
        };
        write!(f, "{kind} {:?}", self.name)
    }
}

impl LocationSettings {
    /// Every trunk and route group that the row names.
    pub fn routes(&self) -> impl Iterator<Item = &RouteName> {
        let gateway = match &self.pstn {
            Some(PstnChoice::LocalGateway(route)) => Some(route),
            Some(PstnChoice::Option(_)) | None => None,
        };
        gateway.into_iter().chain(&self.unknown_extensions)
    }

    /// Reads normalised cells; other settings columns are left to the caller.
    pub(super) fn from_cells(cells: &Cells) -> Result<LocationSettings, CellError> {
        let mut numbers = phones(cells, "numbers")?;
        numbers.sort();
        numbers.dedup();
        Ok(LocationSettings {
            pstn: pstn(cells)?,
            numbers,
            number_state: number_state(cells)?,
            details: CallingDetails::from_cells(cells)?,
            unknown_extensions: route(cells, "unknown_extension_route")?,
            outgoing_permissions: permissions(cells)?,
        })
    }
}

impl CallingDetails {
    fn from_cells(cells: &Cells) -> Result<CallingDetails, CellError> {
        let text = |name| stated(cells, name).map(str::to_owned);
        let existing_too = stated(cells, EXISTING).is_some();
        if existing_too && stated(cells, "announcement_language").is_none() {
            return Err(wrong(
                &column("announcement_language"),
                &format!("is blank, but {} is filled: fill both or none", column(EXISTING)),
            ));
        }
        Ok(CallingDetails {
            main_number: parsed(cells, &column("main_number"), PhoneNumber::parse)?,
            caller_id_name: text("caller_id_name"),
            external_caller_id_name: text("external_caller_id_name"),
            announcement_language: text("announcement_language"),
            existing_too,
            routing_prefix: text("routing_prefix"),
            outside_dial_digit: text("outside_dial_digit"),
            enforce_outside_dial_digit: stated(cells, "enforce_outside_dial_digit")
                .map(|text| text == "true"),
        })
    }

    /// Whether the row states none of them.
    pub fn is_empty(&self) -> bool {
        *self == CallingDetails::default()
    }
}

/// Whether a column is one of the catalogue.
pub(super) fn is_location_setting(column: &str) -> bool {
    let name = column.strip_prefix(LOCATION_SETTINGS_PREFIX);
    name.is_some_and(|name| LOCATION_SETTINGS.iter().any(|(known, _, _)| *known == name))
}

fn column(name: &str) -> String {
    format!("{LOCATION_SETTINGS_PREFIX}{name}")
}

fn stated<'a>(cells: &'a Cells, name: &str) -> Option<&'a str> {
    cells.get(&column(name))
}

fn phones(cells: &Cells, name: &str) -> Result<Vec<PhoneNumber>, CellError> {
    let read = |text: &str| text.split('|').map(PhoneNumber::parse).collect::<Result<Vec<_>, _>>();
    Ok(parsed(cells, &column(name), read)?.unwrap_or_default())
}

fn number_state(cells: &Cells) -> Result<Option<NumberState>, CellError> {
    let read = |text: &str| NumberState::from_text(text).ok_or("is neither ACTIVE nor INACTIVE");
    parsed(cells, &column("number_state"), read)
}

fn permissions(cells: &Cells) -> Result<Vec<Permission>, CellError> {
    let Some(text) = stated(cells, "outgoing_permissions") else { return Ok(Vec::new()) };
    let list = text.split('|').map(Permission::parse).collect::<Option<Vec<_>>>();
    list.ok_or_else(|| {
        wrong(&column("outgoing_permissions"), &format!("{text:?} is not a list of permissions"))
    })
}

fn pstn(cells: &Cells) -> Result<Option<PstnChoice>, CellError> {
    let connection = stated(cells, "pstn_connection");
    let route = route(cells, "pstn_route")?;
    match (connection, route) {
        (Some(name), Some(route)) if name.eq_ignore_ascii_case(LOCAL_GATEWAY) => {
            Ok(Some(PstnChoice::LocalGateway(route)))
        }
        (Some(name), None) if name.eq_ignore_ascii_case(LOCAL_GATEWAY) => Err(wrong(
            &column("pstn_route_name"),
            "is blank, but LOCAL_GATEWAY needs it: write the name of a trunk or route group, and its type",
        )),
        (_, Some(_)) => Err(wrong(
            &column("pstn_route_name"),
            "goes with LOCAL_GATEWAY only: write that into location_settings_pstn_connection, or clear the route",
        )),
        (Some(name), None) => Ok(Some(PstnChoice::Option(name.to_owned()))),
        (None, None) => Ok(None),
    }
}

/// A route is stated whole or not at all.
fn route(cells: &Cells, stem: &str) -> Result<Option<RouteName>, CellError> {
    let (kind, name) = (format!("{stem}_type"), format!("{stem}_name"));
    let lacks = |lacking: &str, given: &str| {
        Err(wrong(&column(lacking), &format!("is blank, but {} is filled: fill both or none", column(given))))
    };
    match (stated(cells, &kind), stated(cells, &name)) {
        (None, None) => Ok(None),
        (Some(_), None) => lacks(&name, &kind),
        (None, Some(_)) => lacks(&kind, &name),
        (Some(text), Some(route)) => match RouteKind::from_text(text) {
            Some(kind) => Ok(Some(RouteName { kind, name: route.to_owned() })),
            None => Err(wrong(&column(&kind), &format!("{text:?} is neither TRUNK nor ROUTE_GROUP"))),
        },
    }
}
