//! From the seed to the organisation.

use std::collections::HashMap;

use super::super::config::SimConfig;
use super::super::ids::{encode_id, uuid};
use super::super::seed::{
    CallingSeed, LicenseSeed, LocationSeed, NumberSeed, OrgSeed, PersonSeed, WorkspaceSeed,
};
use super::{
    BackEnd, Calling, CallingLocation, Lagged, License, Location, Moment, Number, Numbers, Org, Owner,
    Person, PremiseRoute, Rules, Workspace,
};

const AT_START: Moment = Moment { now: 0, visible_at: 0 };

impl Org {
    pub(crate) fn build(config: &SimConfig) -> Org {
        let seed = &config.org;
        let mut org = Org {
            id: encode_id("ORGANIZATION", &seed.org_id),
            unique: seed.org_id.clone(),
            name: seed.name.clone(),
            admin: 0,
            rules: Rules {
                page_cap: config.page_cap,
                unique_location_names: config.unique_location_names,
                habits: config.habits.clone(),
                repeated_license_reapplies: seed.repeated_license_reapplies,
                extension_length: seed.extension_length,
                pstn_of_new_locations: seed.pstn_of_new_locations,
                fixed_call_types: seed.fixed_call_types.clone(),
                prefix_job_looks: seed.prefix_job_looks,
            },
            people: Vec::with_capacity(seed.people.len() + 1),
            person_by_email: HashMap::new(),
            person_by_key: HashMap::new(),
            locations: Vec::new(),
            location_by_key: HashMap::new(),
            locations_of_name: HashMap::new(),
            licenses: Vec::new(),
            license_by_key: HashMap::new(),
            numbers: Numbers::default(),
            features: HashMap::new(),
            prefix_jobs: Vec::new(),
            deletion_jobs: Vec::new(),
            workspaces: Vec::new(),
            routes: premise_routes(seed),
        };
        seed.licenses.iter().for_each(|license| org.seed_license(license));
        seed.locations.iter().for_each(|location| org.seed_location(location));
        org.seed_person(&PersonSeed::new(seed.admin_email.clone()));
        seed.people.iter().for_each(|person| org.seed_person(person));
        seed.workspaces.iter().for_each(|workspace| org.seed_workspace(workspace));
        seed.numbers.iter().for_each(|number| org.seed_number(number));
        org
    }

    fn seed_license(&mut self, seed: &LicenseSeed) {
        // The tag misleads as it does in reality: a Professional licence was seen with BCSTD.
        let tag = if seed.name.ends_with("Professional") { "BCSTD" } else { "CFPRO" };
        let key = format!(
            "{}:{tag}_{}",
            self.unique,
            uuid(&format!("LICENSE/{}/{}", seed.name, seed.subscription))
        );
        self.license_by_key.insert(key.clone(), self.licenses.len());
        self.licenses.push(License {
            id: encode_id("LICENSE", &key),
            name: seed.name.clone(),
            subscription: seed.subscription.clone(),
            status: seed.status.clone(),
            units: seed.units,
            workspaces: seed.workspaces,
            holders: Default::default(),
            unseen: Default::default(),
        });
    }

    fn seed_location(&mut self, seed: &LocationSeed) {
        let calling = seed.calling.then(|| CallingLocation {
            announcement_language: seed.preferred_language.to_lowercase(),
            feature_language: seed.preferred_language.to_lowercase(),
            routing_prefix: seed.routing_prefix.clone(),
            main_number: seed.main_number.clone(),
            ..CallingLocation::default()
        });
        let location = Location {
            id: String::new(),
            name: seed.name.clone(),
            time_zone: seed.time_zone.clone(),
            preferred_language: seed.preferred_language.clone(),
            announcement_language: None,
            address: seed.address.clone(),
            emergency_addresses: Default::default(),
            notes: seed.notes.clone(),
            latitude: None,
            longitude: None,
            calling,
            pstn: seed.pstn,
            pstn_route: None,
        };
        let index = self.locations.len();
        self.add_location(location, AT_START);
        for phone in seed.numbers.iter().chain(seed.main_number.iter()) {
            if self.numbers.by_phone(phone).is_none() {
                let number = Number { phone: Some(phone.clone()), ..Number::new(index) };
                self.numbers.add(number, AT_START);
            }
        }
    }

    /// Adds a person, as a directory sync does.
    pub(crate) fn seed_person(&mut self, seed: &PersonSeed) {
        let index = self.people.len();
        let email = seed.email.to_lowercase();
        let key = uuid(&format!("PEOPLE/{email}"));
        let (first_name, last_name) = names(&email);
        let mut person = Person {
            id: encode_id("PEOPLE", &key),
            email: seed.email.clone(),
            aliases: seed.aliases.clone(),
            first_name,
            last_name,
            kind: seed.kind.clone(),
            login_enabled: seed.login_enabled,
            invite_pending: seed.invite_pending,
            external: seed.external,
            work_phone: seed.work_phone.clone(),
            distinctive_ring: true,
            licenses: Vec::new(),
            calling: None,
        };
        for name in seed.licenses.iter().chain(seed.calling.as_ref().map(|calling| &calling.license)) {
            if let Some(license) = self.licenses.iter().position(|license| license.name == *name) {
                person.licenses.push(license);
            }
        }
        for license in &person.licenses {
            if let Some(license) = self.licenses.get_mut(*license) {
                license.holders.insert(index);
            }
        }
        person.calling = seed.calling.as_ref().and_then(|calling| self.seed_calling(calling, &person, &key));
        if let Some(calling) = person.calling.as_mut().filter(|_| seed.unknown_to_back_end) {
            calling.back_end = BackEnd::KnowsNothing;
        }
        if !seed.features.is_empty() {
            self.features.insert(index, seed.features.clone());
        }
        self.person_by_email.insert(email, index);
        self.person_by_email.extend(seed.aliases.iter().map(|alias| (alias.to_lowercase(), index)));
        self.person_by_key.insert(key, index);
        self.people.push(Lagged::settled(person));
    }

    fn seed_calling(&mut self, seed: &CallingSeed, person: &Person, key: &str) -> Option<Calling> {
        let location = self.locations.iter().position(|location| location.get().name == seed.location)?;
        let free = seed.phone_number.as_ref().and_then(|phone| self.numbers.by_phone(phone));
        if let Some(free) = free {
            self.numbers.remove(free);
        }
        let number = Number {
            phone: seed.phone_number.clone(),
            extension: seed.extension.clone(),
            owner: Some(person.as_owner(key)),
            ..Number::new(location)
        };
        self.numbers.add(number, AT_START);
        let language = self.announcement_language(location);
        let (extension, phone) = (seed.extension.clone(), seed.phone_number.clone());
        Some(Calling { location, extension, phone, back_end: BackEnd::Knows, language })
    }

    fn seed_workspace(&mut self, seed: &WorkspaceSeed) {
        let key = uuid(&format!("PLACE/{}", seed.name));
        let id = encode_id("PLACE", &key);
        let line = seed.line.as_ref().and_then(|(name, extension)| {
            let location = self.locations.iter().position(|location| location.get().name == *name)?;
            Some((location, extension.clone()))
        });
        if let Some((location, extension)) = line.clone() {
            let owner = Owner {
                key: key.clone(),
                id: id.clone(),
                kind: "PLACE".into(),
                first_name: seed.name.clone(),
                last_name: String::new(),
            };
            let number = Number { extension: Some(extension), owner: Some(owner), ..Number::new(location) };
            self.numbers.add(number, AT_START);
        }
        self.workspaces.push(Workspace { key, id, name: seed.name.clone(), line });
    }

    /// Takes an extension from whoever has it there, but from no person.
    pub(crate) fn free_extension(&mut self, location: &str, extension: &str) {
        let found = self.locations.iter().position(|known| known.get().name == location);
        let held = found.and_then(|location| self.numbers.by_extension(location, extension));
        let by_person = |owner: &Owner| owner.kind == "PEOPLE";
        let Some(key) = held else { return };
        let number = self.numbers.get(key);
        if !number.is_some_and(|number| number.owner.as_ref().is_some_and(by_person)) {
            self.numbers.remove(key);
        }
    }

    fn seed_number(&mut self, seed: &NumberSeed) {
        let found = self.locations.iter().position(|location| location.get().name == seed.location);
        let Some(location) = found else { return };
        let owner = seed.owner.as_ref().map(|(kind, name)| {
            let key = uuid(&format!("{kind}/{name}"));
            let id = encode_id(kind, &key);
            Owner { key, id, kind: kind.clone(), first_name: name.clone(), last_name: String::new() }
        });
        let number = Number {
            phone: seed.phone_number.clone(),
            extension: seed.extension.clone(),
            active: !seed.inactive,
            owner,
            ..Number::new(location)
        };
        self.numbers.add(number, AT_START);
    }
}

impl Person {
    pub(crate) fn as_owner(&self, key: &str) -> Owner {
        Owner {
            key: key.to_owned(),
            id: self.id.clone(),
            kind: "PEOPLE".into(),
            first_name: self.first_name.clone(),
            last_name: self.last_name.clone(),
        }
    }
}

fn premise_routes(seed: &OrgSeed) -> Vec<PremiseRoute> {
    let route = |kind: &'static str, name: &String| PremiseRoute {
        kind,
        name: name.clone(),
        id: encode_id(kind, &uuid(&format!("{kind}/{name}"))),
    };
    let trunks = seed.trunks.iter().map(|name| route("TRUNK", name));
    trunks.chain(seed.route_groups.iter().map(|name| route("ROUTE_GROUP", name))).collect()
}

/// `ana.garcia@x.com` is Ana Garcia.
fn names(email: &str) -> (String, String) {
    let local = email.split('@').next().unwrap_or_default();
    let (first, last) = local.split_once('.').unwrap_or((local, "User"));
    (capitalised(first), capitalised(last))
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}
