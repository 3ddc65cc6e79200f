//! What a request asks for, by a name that faults and the journal share.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident $text:literal)*) => {
        /// An operation of the simulated API.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Operation { $($(#[$doc])* $name,)* }

        impl Operation {
            /// Every operation with its text form.
            pub const ALL: &'static [(Operation, &'static str)] = &[$((Operation::$name, $text),)*];

            /// The text form, as in `--fault` and in the journal.
            pub fn as_str(self) -> &'static str {
                match self { $(Operation::$name => $text,)* }
            }
        }
    };
}

operations! {
    /// `GET /people/me`
    PeopleMe "people_me"
    /// `GET /people`
    PeopleList "people_list"
    /// `GET /people/{id}`
    PersonGet "person_get"
    /// `GET /locations`
    LocationsList "locations_list"
    /// `GET /locations/{id}`
    LocationGet "location_get"
    /// `POST /locations`
    LocationCreate "location_create"
    /// `PUT /locations/{id}`
    LocationUpdate "location_update"
    /// `GET /telephony/config/locations`
    CallingLocationsList "calling_locations_list"
    /// `GET /telephony/config/locations/{id}`
    CallingLocationGet "calling_location_get"
    /// `POST /telephony/config/locations`
    CallingLocationEnable "calling_location_enable"
    /// `PUT /telephony/config/locations/{id}`
    CallingLocationUpdate "calling_location_update"
    /// `GET` of a setting of a calling location
    LocationSettingGet "location_setting_get"
    /// `PUT` of a setting of a calling location
    LocationSettingPut "location_setting_put"
    /// `POST` of a new item to a setting of a calling location
    LocationSettingPost "location_setting_post"
    /// `POST /telephony/config/locations/{id}/actions/modifyAnnouncementLanguage/invoke`
    AnnouncementLanguageModify "announcement_language_modify"
    /// `POST /telephony/config/locations/{id}/actions/precheckForDeletion/invoke`
    DeletionPrecheck "deletion_precheck"
    /// `POST /telephony/config/jobs/locations/deleteCallingLocation`
    DeletionStart "deletion_start"
    /// `GET /telephony/config/jobs/locations/deleteCallingLocation`
    DeletionsList "deletions_list"
    /// `GET /telephony/config/jobs/locations/deleteCallingLocation/{id}`
    DeletionGet "deletion_get"
    /// `GET /telephony/config/jobs/locations/deleteCallingLocation/{id}/errors`
    DeletionErrors "deletion_errors"
    /// `GET /telephony/config/jobs/updateRoutingPrefix/{id}`
    PrefixJobGet "prefix_job_get"
    /// `POST /telephony/config/jobs/person/moveLocation`
    MoveLocation "move_location"
    /// `POST /telephony/config/jobs/numbers/manageNumbers`
    ManageNumbers "manage_numbers"
    /// `GET /licenses`
    LicensesList "licenses_list"
    /// `GET /licenses/{id}`
    LicenseGet "license_get"
    /// `PATCH /licenses/users`
    LicensesUsersPatch "licenses_users_patch"
    /// `GET /telephony/config/numbers`
    NumbersList "numbers_list"
    /// `GET /telephony/config/locations/{id}/availableNumbers`
    AvailableNumbersList "available_numbers_list"
    /// `GET /telephony/config/people/{id}/secondary/availableNumbers`, or `primary/..` for somebody new
    PersonAvailableNumbersList "person_available_numbers_list"
    /// `POST /telephony/config/locations/{id}/numbers`
    NumbersAdd "numbers_add"
    /// `PUT /telephony/config/locations/{id}/numbers`
    NumbersActivate "numbers_activate"
    /// `DELETE /telephony/config/locations/{id}/numbers`
    NumbersDelete "numbers_delete"
    /// `GET /people/{id}/features/numbers`
    PersonNumbersGet "person_numbers_get"
    /// `PUT /telephony/config/people/{id}/numbers`
    PersonNumbersPut "person_numbers_put"
    /// `GET` of a person's calling setting
    FeatureGet "feature_get"
    /// `PUT` of a person's calling setting
    FeaturePut "feature_put"
    /// `POST` on a person's calling setting: an action, or a new item of a list
    FeaturePost "feature_post"
    /// A person's voicemail PIN: a reset or a new one. A client without business there never sends it
    VoicemailPin "voicemail_pin"
    /// `POST .../validateExtensions/invoke`, of the org or of a location
    ValidateExtensions "validate_extensions"
    /// `POST /telephony/config/actions/validateNumbers/invoke`
    ValidateNumbers "validate_numbers"
    /// `GET /telephony/pstn/locations/{id}/connectionOptions`
    PstnOptionsList "pstn_options_list"
    /// `GET /telephony/pstn/locations/{id}/connection`
    PstnConnectionGet "pstn_connection_get"
    /// `PUT /telephony/pstn/locations/{id}/connection`
    PstnConnectionPut "pstn_connection_put"
    /// `POST /telephony/pstn/locations/{id}/emergencyAddress/lookup`
    EmergencyAddressLookup "emergency_address_lookup"
    /// `POST /telephony/pstn/locations/{id}/emergencyAddress`
    EmergencyAddressCreate "emergency_address_create"
    /// `PUT /telephony/pstn/locations/{id}/emergencyAddresses/{addressId}`
    EmergencyAddressUpdate "emergency_address_update"
    /// `GET /telephony/config/routeChoices`
    RouteChoicesList "route_choices_list"
    /// `GET /workspaces`
    WorkspacesList "workspaces_list"
    /// `GET /workspaces/{id}`
    WorkspaceGet "workspace_get"
    /// `GET` of a workspace's calling setting
    WorkspaceSettingGet "workspace_setting_get"
    /// `GET /authorizations/tokenExpiry`
    TokenExpiry "token_expiry"
    /// `GET /organizations`
    OrganizationsList "organizations_list"
    /// `GET /organizations/{id}`
    OrganizationGet "organization_get"
    /// `GET /roles`
    RolesList "roles_list"
    /// A write that is never allowed: identity, and every deletion but that of location numbers
    Forbidden "forbidden"
    /// A path the simulator does not know
    Other "other"
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Operation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .find(|(_, name)| *name == text)
            .map(|(operation, _)| *operation)
            .ok_or_else(|| format!("unknown operation `{text}`"))
    }
}

impl Serialize for Operation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
