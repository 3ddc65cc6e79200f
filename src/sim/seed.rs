//! What the organisation holds when the simulator starts.

use std::collections::BTreeMap;

use serde_json::Value;

/// The name of the licence most people get.
pub const PROFESSIONAL: &str = "Webex Calling - Professional";
/// The API's name of the Standard licence.
pub const STANDARD: &str = "Webex Calling - Basic";
/// A licence that has nothing to do with calling.
pub const MEETINGS: &str = "Meeting - Webex Meeting Center";

const SUBSCRIPTION: &str = "Sub-simulated1";
const MANY_UNITS: i64 = 100_000;

/// The whole organisation.
#[derive(Clone, Debug)]
pub struct OrgSeed {
    /// The unique part of the organisation's id.
    pub org_id: String,
    /// Its display name.
    pub name: String,
    /// Who the token belongs to.
    pub admin_email: String,
    /// The people.
    pub people: Vec<PersonSeed>,
    /// The locations.
    pub locations: Vec<LocationSeed>,
    /// The licences.
    pub licenses: Vec<LicenseSeed>,
    /// Numbers and extensions nobody of `people` holds.
    pub numbers: Vec<NumberSeed>,
    /// Workspaces.
    pub workspaces: Vec<WorkspaceSeed>,
    /// Trunks that a PSTN connection may name.
    pub trunks: Vec<String>,
    /// Route groups that a PSTN connection may name.
    pub route_groups: Vec<String>,
    /// The PSTN connection that a location gets when it is enabled for calling.
    pub pstn_of_new_locations: Option<Pstn>,
    /// Adding a licence that the person holds applies its properties anew instead of changing nothing.
    pub repeated_license_reapplies: bool,
    /// The shortest and the longest extension.
    pub extension_length: (usize, usize),
    /// Types of calls whose outgoing permission the organisation cannot change: shown by a GET, refused in a
    /// PUT. Live systems show some that are not published, such as `CASUAL`.
    pub fixed_call_types: Vec<String>,
    /// How often a job, of a routing prefix or of a location's end, is found running before it is done.
    pub prefix_job_looks: u32,
}

impl Default for OrgSeed {
    fn default() -> Self {
        OrgSeed {
            org_id: "7f3a2c10-5b1e-4d53-9c2f-1f6f0c6a9e01".into(),
            name: "Simulated Org".into(),
            admin_email: "admin@sim.example".into(),
            people: Vec::new(),
            locations: Vec::new(),
            licenses: vec![
                LicenseSeed { units: 50, ..LicenseSeed::new(MEETINGS) },
                LicenseSeed::new(STANDARD),
                LicenseSeed::new(PROFESSIONAL),
            ],
            numbers: Vec::new(),
            workspaces: Vec::new(),
            trunks: vec!["Trunk 1".into()],
            route_groups: vec!["Route Group 1".into()],
            pstn_of_new_locations: None,
            repeated_license_reapplies: false,
            extension_length: (2, 10),
            fixed_call_types: Vec::new(),
            prefix_job_looks: 0,
        }
    }
}

impl OrgSeed {
    /// The default organisation with people who have no calling.
    pub fn with_people<E: Into<String>>(emails: impl IntoIterator<Item = E>) -> Self {
        let people = emails.into_iter().map(|email| PersonSeed::new(email)).collect();
        OrgSeed { people, ..OrgSeed::default() }
    }

    /// Adds a person.
    pub fn person(mut self, person: PersonSeed) -> Self {
        self.people.push(person);
        self
    }

    /// Adds a location.
    pub fn location(mut self, location: LocationSeed) -> Self {
        self.locations.push(location);
        self
    }

    /// Adds a licence.
    pub fn license(mut self, license: LicenseSeed) -> Self {
        self.licenses.push(license);
        self
    }

    /// Adds a workspace.
    pub fn workspace(mut self, workspace: WorkspaceSeed) -> Self {
        self.workspaces.push(workspace);
        self
    }

    /// Adds a number or an extension.
    pub fn number(mut self, number: NumberSeed) -> Self {
        self.numbers.push(number);
        self
    }

    /// Sets the units of the licences with this name.
    pub fn units(mut self, license: &str, units: i64) -> Self {
        self.licenses.iter_mut().filter(|seed| seed.name == license).for_each(|seed| seed.units = units);
        self
    }
}

/// A person.
#[derive(Clone, Debug)]
pub struct PersonSeed {
    /// The address people are looked up by.
    pub email: String,
    /// Further addresses, by which they are found too.
    pub aliases: Vec<String>,
    /// `person`, `bot` or `appuser`.
    pub kind: String,
    /// May sign in.
    pub login_enabled: bool,
    /// Has not yet accepted the invitation.
    pub invite_pending: bool,
    /// Belongs to another organisation: licences stay pending.
    pub external: bool,
    /// The work number that the directory has set.
    pub work_phone: Option<String>,
    /// Names of further licences.
    pub licenses: Vec<String>,
    /// Has calling already.
    pub calling: Option<CallingSeed>,
    /// Paths of settings answer as if the person had no calling.
    pub unknown_to_back_end: bool,
    /// Settings that differ from the default, by name (`doNotDisturb`, ..).
    pub features: BTreeMap<String, Value>,
}

impl PersonSeed {
    /// A person without calling.
    pub fn new(email: impl Into<String>) -> Self {
        PersonSeed {
            email: email.into(),
            aliases: Vec::new(),
            kind: "person".into(),
            login_enabled: true,
            invite_pending: false,
            external: false,
            work_phone: None,
            licenses: Vec::new(),
            calling: None,
            unknown_to_back_end: false,
            features: BTreeMap::new(),
        }
    }

    /// Gives the person a further address.
    pub fn alias(mut self, email: impl Into<String>) -> Self {
        self.aliases.push(email.into());
        self
    }

    /// A person who has calling, with a Professional licence.
    pub fn calling(mut self, location: impl Into<String>, extension: impl Into<String>) -> Self {
        self.calling = Some(CallingSeed {
            location: location.into(),
            extension: Some(extension.into()),
            phone_number: None,
            license: PROFESSIONAL.into(),
        });
        self
    }

    /// Gives a person who has calling a phone number too.
    pub fn phone_number(mut self, phone: impl Into<String>) -> Self {
        if let Some(calling) = &mut self.calling {
            calling.phone_number = Some(phone.into());
        }
        self
    }

    /// Gives a licence that led to nothing: no location, no line, no user in the back end.
    pub fn licensed(mut self, license: impl Into<String>) -> Self {
        self.licenses.push(license.into());
        self
    }

    /// Leaves somebody who has calling without a user in the back end.
    pub fn unknown_to_back_end(mut self) -> Self {
        self.unknown_to_back_end = true;
        self
    }

    /// Sets fields of a calling setting.
    pub fn feature(mut self, name: impl Into<String>, fields: Value) -> Self {
        self.features.insert(name.into(), fields);
        self
    }
}

/// The calling data of a person.
#[derive(Clone, Debug)]
pub struct CallingSeed {
    /// The location's name.
    pub location: String,
    /// Without routing prefix.
    pub extension: Option<String>,
    /// E.164; added to the location's inventory.
    pub phone_number: Option<String>,
    /// The licence's name.
    pub license: String,
}

/// A workspace.
#[derive(Clone, Debug)]
pub struct WorkspaceSeed {
    /// Its name.
    pub name: String,
    /// The location's name and the extension; `None`: its calling is not Webex Calling.
    pub line: Option<(String, String)>,
}

impl WorkspaceSeed {
    /// A workspace whose calling is `freeCalling`.
    pub fn new(name: impl Into<String>) -> Self {
        WorkspaceSeed { name: name.into(), line: None }
    }

    /// A workspace with Webex Calling.
    pub fn calling(mut self, location: impl Into<String>, extension: impl Into<String>) -> Self {
        self.line = Some((location.into(), extension.into()));
        self
    }
}

/// How a location reaches the telephone network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pstn {
    /// A trunk or route group of the customer.
    LocalGateway,
    /// A cloud provider without integration.
    NonIntegratedCcp,
    /// A cloud provider that owns the numbers.
    IntegratedCcp,
    /// Cisco's calling plans.
    CiscoPstn,
}

impl Pstn {
    /// The API's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Pstn::LocalGateway => "LOCAL_GATEWAY",
            Pstn::NonIntegratedCcp => "NON_INTEGRATED_CCP",
            Pstn::IntegratedCcp => "INTEGRATED_CCP",
            Pstn::CiscoPstn => "CISCO_PSTN",
        }
    }
}

/// A location.
#[derive(Clone, Debug)]
pub struct LocationSeed {
    /// Its name.
    pub name: String,
    /// IANA time zone.
    pub time_zone: String,
    /// Such as `es_es`.
    pub preferred_language: String,
    /// `address1`, `city`, `state`, `postalCode`, `country`.
    pub address: Value,
    /// Free text.
    pub notes: Option<String>,
    /// Enabled for calling.
    pub calling: bool,
    /// PSTN connection.
    pub pstn: Option<Pstn>,
    /// Prefix for calls between locations.
    pub routing_prefix: Option<String>,
    /// Free numbers of the inventory.
    pub numbers: Vec<String>,
    /// One of `numbers`.
    pub main_number: Option<String>,
}

impl LocationSeed {
    /// A location that is not enabled for calling.
    pub fn new(name: impl Into<String>) -> Self {
        LocationSeed {
            name: name.into(),
            time_zone: "Europe/Madrid".into(),
            preferred_language: "es_es".into(),
            address: serde_json::json!({
                "address1": "Calle Mayor 1", "city": "Madrid", "state": "Madrid",
                "postalCode": "28013", "country": "ES",
            }),
            notes: None,
            calling: false,
            pstn: None,
            routing_prefix: None,
            numbers: Vec::new(),
            main_number: None,
        }
    }

    /// A location that is enabled for calling.
    pub fn calling(name: impl Into<String>) -> Self {
        LocationSeed { calling: true, ..LocationSeed::new(name) }
    }

    /// Sets the notes.
    pub fn notes(mut self, notes: impl Into<String>) -> Self {
        self.notes = Some(notes.into());
        self
    }

    /// Sets the PSTN connection.
    pub fn pstn(mut self, pstn: Pstn) -> Self {
        self.pstn = Some(pstn);
        self
    }

    /// Sets the free numbers.
    pub fn numbers<N: Into<String>>(mut self, numbers: impl IntoIterator<Item = N>) -> Self {
        self.numbers = numbers.into_iter().map(Into::into).collect();
        self
    }
}

/// A licence of the organisation.
#[derive(Clone, Debug)]
pub struct LicenseSeed {
    /// Its name; a calling licence is known by it.
    pub name: String,
    /// Which subscription it belongs to.
    pub subscription: String,
    /// Units bought.
    pub units: i64,
    /// Units in use by workspaces.
    pub workspaces: i64,
    /// Shown as `status` if given, such as `SUSPENDED` or `EXPIRED`. No published schema has it.
    pub status: Option<String>,
}

impl LicenseSeed {
    /// A licence with plenty of units.
    pub fn new(name: impl Into<String>) -> Self {
        LicenseSeed {
            name: name.into(),
            subscription: SUBSCRIPTION.into(),
            units: MANY_UNITS,
            workspaces: 0,
            status: None,
        }
    }

    /// Sets the subscription.
    pub fn subscription(mut self, subscription: impl Into<String>) -> Self {
        self.subscription = subscription.into();
        self
    }

    /// Sets what is shown as `status`.
    pub fn status(mut self, status: impl Into<String>) -> Self {
        self.status = Some(status.into());
        self
    }
}

/// A number or extension that no person holds.
#[derive(Clone, Debug, Default)]
pub struct NumberSeed {
    /// The location's name.
    pub location: String,
    /// E.164.
    pub phone_number: Option<String>,
    /// Without routing prefix.
    pub extension: Option<String>,
    /// `INACTIVE` instead of `ACTIVE`.
    pub inactive: bool,
    /// Type and name of who holds it, such as `HUNT_GROUP` and `Sales`; `CALL_PARK` is in no list of numbers.
    pub owner: Option<(String, String)>,
}
