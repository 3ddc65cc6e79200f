//! The organisation: people, locations, licences and numbers, with indexes for every hot look-up.

mod build;
mod lagged;
mod numbers;
mod snapshot;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use serde_json::{Map, Value};

pub(crate) use lagged::{Lagged, Moment};
pub(crate) use numbers::{Narrowed, Number, Numbers, Owner};
pub use snapshot::{LicenseState, LocationState, NumberState, OrgState, PersonState};

use super::habits::Habits;
use super::ids::{encode_id, unique_part, uuid};
use super::reply::Refusal;
use super::seed::Pstn;

/// Whether the calling back end has a user for somebody who has a licence.
#[derive(Clone, Copy, Debug)]
pub(crate) enum BackEnd {
    Knows,
    /// The licence was given at this time; the user comes later.
    KnowsSoon {
        since: u64,
    },
    KnowsNothing,
}

/// The calling data of a person.
#[derive(Clone, Debug)]
pub(crate) struct Calling {
    pub(crate) location: usize,
    pub(crate) extension: Option<String>,
    pub(crate) phone: Option<String>,
    pub(crate) back_end: BackEnd,
    /// What announcements to this person are spoken in.
    pub(crate) language: String,
}

/// A room or another place without a person.
pub(crate) struct Workspace {
    pub(crate) key: String,
    pub(crate) id: String,
    pub(crate) name: String,
    /// Location and extension; none: no Webex Calling.
    pub(crate) line: Option<(usize, String)>,
}

impl Workspace {
    pub(crate) fn is_in(&self, location: usize) -> bool {
        self.line.as_ref().is_some_and(|(own, _)| *own == location)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) aliases: Vec<String>,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) kind: String,
    pub(crate) login_enabled: bool,
    pub(crate) invite_pending: bool,
    pub(crate) external: bool,
    pub(crate) work_phone: Option<String>,
    /// Numbers ring each in their own way.
    pub(crate) distinctive_ring: bool,
    pub(crate) licenses: Vec<usize>,
    pub(crate) calling: Option<Calling>,
}

/// What makes a location one for calling.
#[derive(Clone, Debug, Default)]
pub(crate) struct CallingLocation {
    /// The default for what comes later.
    pub(crate) announcement_language: String,
    /// What the features that exist speak.
    pub(crate) feature_language: String,
    pub(crate) routing_prefix: Option<String>,
    pub(crate) main_number: Option<String>,
    /// Other fields of the calling details, as they were put.
    pub(crate) details: Map<String, Value>,
    /// Settings with paths of their own, by name.
    pub(crate) settings: BTreeMap<String, Value>,
}

#[derive(Clone, Debug)]
pub(crate) struct Location {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) time_zone: String,
    pub(crate) preferred_language: String,
    pub(crate) announcement_language: Option<String>,
    pub(crate) address: Value,
    /// By the unique part of the id.
    pub(crate) emergency_addresses: BTreeMap<String, Value>,
    pub(crate) notes: Option<String>,
    pub(crate) latitude: Option<String>,
    pub(crate) longitude: Option<String>,
    pub(crate) calling: Option<CallingLocation>,
    pub(crate) pstn: Option<Pstn>,
    /// Trunk or route group of a local gateway: type and id.
    pub(crate) pstn_route: Option<(String, String)>,
}

#[derive(Clone, Debug)]
pub(crate) struct License {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) subscription: String,
    pub(crate) status: Option<String>,
    pub(crate) units: i64,
    pub(crate) workspaces: i64,
    pub(crate) holders: BTreeSet<usize>,
    /// When the latest units, not yet counted, will show.
    pub(crate) unseen: VecDeque<u64>,
}

impl License {
    pub(crate) fn is_calling(&self) -> bool {
        self.name.starts_with("Webex Calling - ")
    }

    pub(crate) fn consumed(&self) -> i64 {
        self.workspaces + i64::try_from(self.holders.len()).unwrap_or(i64::MAX)
    }
}

/// Rules that a seed or the configuration can change.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(crate) page_cap: Option<usize>,
    pub(crate) unique_location_names: bool,
    pub(crate) habits: Habits,
    pub(crate) repeated_license_reapplies: bool,
    pub(crate) extension_length: (usize, usize),
    pub(crate) pstn_of_new_locations: Option<Pstn>,
    pub(crate) fixed_call_types: Vec<String>,
    pub(crate) prefix_job_looks: u32,
}

/// A way to the telephone network over the customer's own equipment.
pub(crate) struct PremiseRoute {
    /// `TRUNK` or `ROUTE_GROUP`.
    pub(crate) kind: &'static str,
    pub(crate) name: String,
    pub(crate) id: String,
}

/// A change of a location's routing prefix on its way through the extensions.
pub(crate) struct PrefixJob {
    pub(crate) key: String,
    /// After so many looks it is done.
    pub(crate) looks: u32,
    pub(crate) seen: u32,
    pub(crate) updated: usize,
}

/// A location on its way out of calling.
pub(crate) struct DeletionJob {
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) location: usize,
    pub(crate) forced: bool,
    pub(crate) seen: u32,
    /// `COMPLETED` or `FAILED` when it is over.
    pub(crate) exit: Option<&'static str>,
}

pub(crate) struct Org {
    pub(crate) id: String,
    pub(crate) unique: String,
    pub(crate) name: String,
    pub(crate) admin: usize,
    pub(crate) rules: Rules,
    pub(crate) people: Vec<Lagged<Person>>,
    person_by_email: HashMap<String, usize>,
    person_by_key: HashMap<String, usize>,
    pub(crate) locations: Vec<Lagged<Location>>,
    location_by_key: HashMap<String, usize>,
    locations_of_name: HashMap<String, usize>,
    pub(crate) licenses: Vec<License>,
    license_by_key: HashMap<String, usize>,
    pub(crate) numbers: Numbers,
    /// Settings that were put, by person and path.
    pub(crate) features: HashMap<usize, BTreeMap<String, Value>>,
    pub(crate) prefix_jobs: Vec<PrefixJob>,
    pub(crate) deletion_jobs: Vec<DeletionJob>,
    pub(crate) workspaces: Vec<Workspace>,
    /// Trunks and route groups.
    pub(crate) routes: Vec<PremiseRoute>,
}

impl Org {
    pub(crate) fn person_index(&self, id: &str) -> Option<usize> {
        self.person_by_key.get(&unique_part(id)).copied()
    }

    pub(crate) fn person_index_of_email(&self, email: &str) -> Option<usize> {
        self.person_by_email.get(&email.to_lowercase()).copied()
    }

    pub(crate) fn location_index(&self, id: &str) -> Option<usize> {
        self.location_by_key.get(&unique_part(id)).copied()
    }

    pub(crate) fn workspace(&self, id: &str) -> Option<&Workspace> {
        let key = unique_part(id);
        self.workspaces.iter().find(|workspace| workspace.key == key)
    }

    /// The people who have calling in a location.
    pub(crate) fn callers_of(&self, location: usize) -> impl Iterator<Item = usize> {
        let people = self.people.iter().map(Lagged::get).enumerate();
        let calls =
            move |person: &Person| person.calling.as_ref().is_some_and(|own| own.location == location);
        people.filter(move |(_, person)| calls(person)).map(|(index, _)| index)
    }

    /// The language that a new caller of a location hears.
    pub(crate) fn announcement_language(&self, location: usize) -> String {
        let calling = self.locations.get(location).and_then(|location| location.get().calling.as_ref());
        calling.map(|calling| calling.announcement_language.clone()).unwrap_or_default()
    }

    pub(crate) fn license_index(&self, id: &str) -> Option<usize> {
        self.license_by_key.get(&unique_part(id)).copied()
    }

    pub(crate) fn person(&self, index: usize) -> Result<&Person, Refusal> {
        self.people.get(index).map(Lagged::get).ok_or_else(|| Refusal::not_found("Person"))
    }

    pub(crate) fn location(&self, index: usize) -> Result<&Location, Refusal> {
        self.locations.get(index).map(Lagged::get).ok_or_else(|| Refusal::not_found("Location"))
    }

    pub(crate) fn license(&self, index: usize) -> Result<&License, Refusal> {
        self.licenses.get(index).ok_or_else(|| Refusal::not_found("License"))
    }

    /// The location of a path under `/telephony`, which must be enabled for calling.
    pub(crate) fn calling_location(&self, id: &str) -> Result<(usize, &Location, &CallingLocation), Refusal> {
        let index = self.location_index(id).ok_or_else(|| Refusal::not_found("Location"))?;
        let location = self.location(index)?;
        let calling = location.calling.as_ref().ok_or_else(|| Refusal::not_found("Calling location"))?;
        Ok((index, location, calling))
    }

    pub(crate) fn edit_person(&mut self, index: usize, moment: Moment, change: impl FnOnce(&mut Person)) {
        if let Some(person) = self.people.get_mut(index) {
            person.edit(moment, change);
        }
    }

    pub(crate) fn edit_location(&mut self, index: usize, moment: Moment, change: impl FnOnce(&mut Location)) {
        if let Some(location) = self.locations.get_mut(index) {
            location.edit(moment, change);
        }
    }

    /// Adds a location; its id depends on its name and on how many had that name before.
    pub(crate) fn add_location(&mut self, mut location: Location, moment: Moment) -> String {
        let same = self.locations_of_name.entry(location.name.clone()).or_default();
        let key = uuid(&format!("LOCATION/{}/{same}", location.name));
        *same += 1;
        location.id = encode_id("LOCATION", &key);
        let id = location.id.clone();
        self.location_by_key.insert(key, self.locations.len());
        self.locations.push(Lagged::created(location, moment));
        id
    }

    /// Whether a location other than `but` has this name, disregarding case.
    pub(crate) fn has_location_named(&self, name: &str, but: Option<usize>) -> bool {
        let name = name.to_lowercase();
        let mut others = self.locations.iter().enumerate().filter(|(index, _)| Some(*index) != but);
        others.any(|(_, location)| location.get().name.to_lowercase() == name)
    }
}
