//! Where real organisations and gateways differ from each other or from the documents.

use std::time::Duration;

/// What becomes of the address in `PUT /locations/{id}` of a location with a PSTN connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AddressWithPstn {
    /// The answer is 204 and the address stays: it goes by the emergency address.
    #[default]
    Ignored,
    /// 400, and nothing is changed.
    Refused,
    /// It is changed, as before PSTN is set.
    Applied,
}

/// What becomes of a licence whose extension somebody else has, or whose number is in another location.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LineNotToBeHad {
    /// It is refused.
    #[default]
    Refused,
    /// The licence is given without that line.
    Dropped,
    /// The licence is given with it, as if nobody else were concerned.
    Given,
}

/// How numbers are spelled where the calling back end shows them. The inventory always has E.164.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Spelling {
    /// `+19195559876`
    #[default]
    E164,
    /// `+1-9195559876`
    Hyphen,
    /// `9195559876`
    National,
}

/// How ids of one kind look in answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdForm {
    /// `PLACE`, `PEOPLE`, `LOCATION`, ..
    pub kind: String,
    /// Filled up with `=` to a multiple of four.
    pub padded: bool,
    /// In place of `us`, such as `urn:TEAM:us-west-2_r`.
    pub cluster: String,
}

impl IdForm {
    /// Ids of the kind as a second cluster was seen to show those of workspaces: with padding.
    pub fn of_cluster(kind: impl Into<String>) -> Self {
        IdForm { kind: kind.into(), padded: true, cluster: "urn:TEAM:us-west-2_r".into() }
    }

    /// Ids of the kind with padding.
    pub fn padded(kind: impl Into<String>) -> Self {
        IdForm { kind: kind.into(), padded: true, cluster: "us".into() }
    }
}

/// How this Webex behaves where there is more than one way. The default is the plainest of them;
/// [`Habits::real`] is what logs and live tests of organisations show.
#[derive(Clone, Debug, Default)]
pub struct Habits {
    /// What becomes of an address once PSTN is set.
    pub address_with_pstn: AddressWithPstn,
    /// Addresses are shown in capitals and with a space in the postal code.
    pub respells_addresses: bool,
    /// A licence without free units is given all the same.
    pub allows_overage: bool,
    /// Unknown and read-only fields of a PUT are dropped without a word instead of refused.
    pub drops_unknown_fields: bool,
    /// How numbers are spelled.
    pub spelling: Spelling,
    /// A page begins with the last entry of the one before.
    pub repeats_entries: bool,
    /// For so long after a person got calling, paths of settings do not know them.
    pub back_end_lag: Duration,
    /// The kinds of ids that do not have the usual form.
    pub id_forms: Vec<IdForm>,
    /// Paths of settings answer for people who have a calling licence and no location.
    pub settings_without_location: bool,
    /// What becomes of a licence with a line that is not to be had.
    pub line_not_to_be_had: LineNotToBeHad,
    /// The most characters of a location's notes.
    pub longest_notes: Option<usize>,
    /// The most extensions that one check takes; 100 where none is stated.
    pub extensions_at_once: Option<usize>,
    /// The most numbers that one request adds; 100 where none is stated.
    pub numbers_at_once: Option<usize>,
}

impl Habits {
    /// Everything at once that was seen of real organisations.
    pub fn real() -> Self {
        Habits {
            address_with_pstn: AddressWithPstn::Ignored,
            respells_addresses: true,
            allows_overage: true,
            drops_unknown_fields: true,
            spelling: Spelling::Hyphen,
            repeats_entries: true,
            back_end_lag: Duration::from_secs(2),
            id_forms: vec![IdForm::of_cluster("PLACE")],
            ..Habits::default()
        }
    }
}
