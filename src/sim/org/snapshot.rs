//! A copy of the organisation for assertions.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::seed::Pstn;
use super::{Lagged, License, Location, Org, Person};

/// The organisation at one moment, without any lag.
#[derive(Clone, Debug, Default)]
pub struct OrgState {
    /// In order of creation.
    pub locations: Vec<LocationState>,
    /// By email in lower case, the token's owner included.
    pub people: BTreeMap<String, PersonState>,
    /// In order of creation.
    pub numbers: Vec<NumberState>,
    /// As seeded.
    pub licenses: Vec<LicenseState>,
}

impl OrgState {
    /// The locations with exactly this name.
    pub fn locations_named(&self, name: &str) -> Vec<&LocationState> {
        self.locations.iter().filter(|location| location.name == name).collect()
    }

    /// The person with this email.
    pub fn person(&self, email: &str) -> Option<&PersonState> {
        self.people.get(&email.to_lowercase())
    }

    /// The entry of the inventory with this phone number.
    pub fn number(&self, phone: &str) -> Option<&NumberState> {
        self.numbers.iter().find(|number| number.phone_number.as_deref() == Some(phone))
    }
}

/// A location.
#[derive(Clone, Debug)]
pub struct LocationState {
    /// The encoded id.
    pub id: String,
    /// The name.
    pub name: String,
    /// IANA time zone.
    pub time_zone: String,
    /// As it was sent.
    pub preferred_language: String,
    /// The address as it was sent.
    pub address: Value,
    /// Free text.
    pub notes: Option<String>,
    /// Enabled for calling.
    pub calling: bool,
    /// The announcement language, as it was sent last: what comes later speaks it.
    pub announcement_language: Option<String>,
    /// What the features of a calling location speak.
    pub feature_language: Option<String>,
    /// By the unique part of the id.
    pub emergency_addresses: BTreeMap<String, Value>,
    /// The routing prefix of a calling location.
    pub routing_prefix: Option<String>,
    /// The main number of a calling location.
    pub main_number: Option<String>,
    /// Other calling details, as they were put.
    pub details: Value,
    /// Settings with a path of their own, by name.
    pub settings: BTreeMap<String, Value>,
    /// The PSTN connection.
    pub pstn: Option<Pstn>,
    /// Trunk or route group of a local gateway: type and id.
    pub pstn_route: Option<(String, String)>,
}

/// A person.
#[derive(Clone, Debug)]
pub struct PersonState {
    /// The encoded id.
    pub id: String,
    /// As seeded.
    pub email: String,
    /// The ids of the licences.
    pub licenses: Vec<String>,
    /// The names of the licences.
    pub license_names: Vec<String>,
    /// The name of the calling location.
    pub location: Option<String>,
    /// Without routing prefix.
    pub extension: Option<String>,
    /// E.164.
    pub phone_number: Option<String>,
    /// What announcements to a person with calling are spoken in.
    pub announcement_language: Option<String>,
    /// The settings that were put, by name, whole.
    pub features: BTreeMap<String, Value>,
}

/// An entry of the inventory.
#[derive(Clone, Debug)]
pub struct NumberState {
    /// The location's name.
    pub location: String,
    /// E.164.
    pub phone_number: Option<String>,
    /// Without routing prefix.
    pub extension: Option<String>,
    /// In service.
    pub active: bool,
    /// A further number of its owner.
    pub alternate: bool,
    /// Type and id of who holds it.
    pub owner: Option<(String, String)>,
}

/// A licence.
#[derive(Clone, Debug)]
pub struct LicenseState {
    /// The encoded id.
    pub id: String,
    /// The name.
    pub name: String,
    /// The subscription.
    pub subscription: String,
    /// Units bought.
    pub units: i64,
    /// Units in use.
    pub consumed: i64,
}

impl Org {
    pub(crate) fn snapshot(&self) -> OrgState {
        let people = self.people.iter().map(Lagged::get).enumerate();
        OrgState {
            locations: self.locations.iter().map(|location| location_state(location.get())).collect(),
            people: people
                .map(|(index, person)| (person.email.to_lowercase(), self.person_state(index, person)))
                .collect(),
            numbers: self.number_states(),
            licenses: self.licenses.iter().map(license_state).collect(),
        }
    }

    fn location_name(&self, index: usize) -> String {
        self.locations.get(index).map(|location| location.get().name.clone()).unwrap_or_default()
    }

    fn person_state(&self, index: usize, person: &Person) -> PersonState {
        let licenses = || person.licenses.iter().filter_map(|license| self.licenses.get(*license));
        PersonState {
            id: person.id.clone(),
            email: person.email.clone(),
            licenses: licenses().map(|license| license.id.clone()).collect(),
            license_names: licenses().map(|license| license.name.clone()).collect(),
            location: person.calling.as_ref().map(|calling| self.location_name(calling.location)),
            extension: person.calling.as_ref().and_then(|calling| calling.extension.clone()),
            phone_number: person.calling.as_ref().and_then(|calling| calling.phone.clone()),
            announcement_language: person.calling.as_ref().map(|calling| calling.language.clone()),
            features: self.features.get(&index).cloned().unwrap_or_default(),
        }
    }

    fn number_states(&self) -> Vec<NumberState> {
        self.numbers
            .all()
            .map(|number| NumberState {
                location: self.location_name(number.location),
                phone_number: number.phone.clone(),
                extension: number.extension.clone(),
                active: number.active,
                alternate: number.alternate,
                owner: number.owner.as_ref().map(|owner| (owner.kind.clone(), owner.id.clone())),
            })
            .collect()
    }
}

fn location_state(location: &Location) -> LocationState {
    let calling = location.calling.as_ref();
    LocationState {
        id: location.id.clone(),
        name: location.name.clone(),
        time_zone: location.time_zone.clone(),
        preferred_language: location.preferred_language.clone(),
        address: location.address.clone(),
        notes: location.notes.clone(),
        calling: calling.is_some(),
        announcement_language: calling
            .map(|calling| calling.announcement_language.clone())
            .or_else(|| location.announcement_language.clone()),
        feature_language: calling.map(|calling| calling.feature_language.clone()),
        emergency_addresses: location.emergency_addresses.clone(),
        routing_prefix: calling.and_then(|calling| calling.routing_prefix.clone()),
        main_number: calling.and_then(|calling| calling.main_number.clone()),
        details: Value::Object(calling.map(|calling| calling.details.clone()).unwrap_or_default()),
        settings: calling.map(|calling| calling.settings.clone()).unwrap_or_default(),
        pstn: location.pstn,
        pstn_route: location.pstn_route.clone(),
    }
}

fn license_state(license: &License) -> LicenseState {
    LicenseState {
        id: license.id.clone(),
        name: license.name.clone(),
        subscription: license.subscription.clone(),
        units: license.units,
        consumed: license.consumed(),
    }
}
