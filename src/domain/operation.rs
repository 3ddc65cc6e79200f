//! The Webex operations in use, by the names under which calls are recorded.

text_enum! {
    /// One operation of the Webex REST API.
    Operation {
        /// `GET /people/me`
        PeopleMe = "people_me",
        /// `GET /people`
        PeopleList = "people_list",
        /// `GET /locations`
        LocationsList = "locations_list",
        /// `GET /locations/{id}`
        LocationGet = "location_get",
        /// `POST /locations`
        LocationCreate = "location_create",
        /// `PUT /locations/{id}`
        LocationUpdate = "location_update",
        /// `GET /telephony/config/locations`
        CallingLocationsList = "calling_locations_list",
        /// `GET /telephony/config/locations/{id}`
        CallingLocationGet = "calling_location_get",
        /// `POST /telephony/config/locations`
        CallingLocationEnable = "calling_location_enable",
        /// `PUT /telephony/config/locations/{id}`
        CallingLocationUpdate = "calling_location_update",
        /// `POST /telephony/config/locations/{id}/actions/modifyAnnouncementLanguage/invoke`
        AnnouncementLanguageModify = "announcement_language_modify",
        /// `GET /telephony/config/jobs/updateRoutingPrefix/{id}`
        PrefixJobGet = "prefix_job_get",
        /// `GET /telephony/config/locations/{id}/internalDialing`
        InternalDialingGet = "internal_dialing_get",
        /// `PUT /telephony/config/locations/{id}/internalDialing`
        InternalDialingPut = "internal_dialing_put",
        /// `GET /telephony/config/locations/{id}/outgoingPermission`
        LocationPermissionsGet = "location_permissions_get",
        /// `PUT /telephony/config/locations/{id}/outgoingPermission`
        LocationPermissionsPut = "location_permissions_put",
        /// `GET /telephony/pstn/locations/{id}/connectionOptions`
        PstnOptionsList = "pstn_options_list",
        /// `GET /telephony/pstn/locations/{id}/connection`
        PstnConnectionGet = "pstn_connection_get",
        /// `PUT /telephony/pstn/locations/{id}/connection`
        PstnConnectionPut = "pstn_connection_put",
        /// `POST /telephony/pstn/locations/{id}/emergencyAddress`
        EmergencyAddressAdd = "emergency_address_add",
        /// `PUT /telephony/pstn/locations/{id}/emergencyAddresses/{addressId}`
        EmergencyAddressUpdate = "emergency_address_update",
        /// `GET /telephony/config/routeChoices`
        RouteChoicesList = "route_choices_list",
        /// `GET /licenses`
        LicensesList = "licenses_list",
        /// `PATCH /licenses/users`
        LicensesUsersPatch = "licenses_users_patch",
        /// `GET /telephony/config/numbers`
        NumbersList = "numbers_list",
        /// `POST /telephony/config/locations/{id}/numbers`
        NumbersAdd = "numbers_add",
        /// `PUT /telephony/config/locations/{id}/numbers`
        NumbersActivate = "numbers_activate",
        /// `DELETE /telephony/config/locations/{id}/numbers`
        NumbersDelete = "numbers_delete",
        /// `GET /people/{id}/features/numbers`
        PersonNumbersGet = "person_numbers_get",
        /// `PUT /telephony/config/people/{id}/numbers`
        PersonNumbersPut = "person_numbers_put",
        /// `POST /telephony/config/locations/{id}/actions/validateExtensions/invoke`, which changes nothing
        ValidateExtensions = "validate_extensions",
        /// `GET` of one feature of a person
        FeatureGet = "feature_get",
        /// `PUT` of one feature of a person
        FeaturePut = "feature_put",
        /// `GET /authorizations/tokenExpiry`
        TokenExpiry = "token_expiry",
    }
}

/// What sending a request a second time could do, and so what must be known before it is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// A read: harmless.
    Read,
    /// A write that sets a state: a second one changes nothing more.
    SetsState,
    /// A write that takes for somebody what can be taken once, a unit and a line: a second one changes nothing more, or is
    /// refused because of the first.
    Takes,
    /// A write that makes something: a second one could make it twice.
    Creates,
}

impl Operation {
    /// Whether it adds, activates, takes away or gives telephone numbers: a doubt about it is resolved number by number.
    pub const fn is_about_numbers(self) -> bool {
        matches!(
            self,
            Operation::NumbersAdd
                | Operation::NumbersActivate
                | Operation::NumbersDelete
                | Operation::PersonNumbersPut
        )
    }

    /// What a repetition could do.
    pub const fn repeat(self) -> Repeat {
        match self {
            // A number that was added and does not show yet would be refused as in use.
            Operation::LocationCreate
            | Operation::CallingLocationEnable
            | Operation::EmergencyAddressAdd
            | Operation::NumbersAdd => Repeat::Creates,
            Operation::LicensesUsersPatch => Repeat::Takes,
            Operation::LocationUpdate
            | Operation::FeaturePut
            | Operation::CallingLocationUpdate
            | Operation::AnnouncementLanguageModify
            | Operation::InternalDialingPut
            | Operation::LocationPermissionsPut
            | Operation::PstnConnectionPut
            | Operation::NumbersActivate
            | Operation::EmergencyAddressUpdate
            | Operation::NumbersDelete
            | Operation::PersonNumbersPut => Repeat::SetsState,
            Operation::PeopleMe
            | Operation::PeopleList
            | Operation::LocationsList
            | Operation::LocationGet
            | Operation::CallingLocationsList
            | Operation::CallingLocationGet
            | Operation::LicensesList
            | Operation::NumbersList
            | Operation::FeatureGet
            | Operation::PrefixJobGet
            | Operation::InternalDialingGet
            | Operation::LocationPermissionsGet
            | Operation::PstnOptionsList
            | Operation::PstnConnectionGet
            | Operation::RouteChoicesList
            | Operation::PersonNumbersGet
            | Operation::ValidateExtensions
            | Operation::TokenExpiry => Repeat::Read,
        }
    }
}
