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
        /// `GET /licenses`
        LicensesList = "licenses_list",
        /// `PATCH /licenses/users`
        LicensesUsersPatch = "licenses_users_patch",
        /// `GET /telephony/config/numbers`
        NumbersList = "numbers_list",
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
    /// A write that makes something: a second one could make it twice.
    Creates,
}

impl Operation {
    /// What a repetition could do.
    pub const fn repeat(self) -> Repeat {
        match self {
            Operation::LocationCreate | Operation::CallingLocationEnable => Repeat::Creates,
            Operation::LocationUpdate | Operation::LicensesUsersPatch | Operation::FeaturePut => {
                Repeat::SetsState
            }
            Operation::PeopleMe
            | Operation::PeopleList
            | Operation::LocationsList
            | Operation::LocationGet
            | Operation::CallingLocationsList
            | Operation::CallingLocationGet
            | Operation::LicensesList
            | Operation::NumbersList
            | Operation::FeatureGet
            | Operation::TokenExpiry => Repeat::Read,
        }
    }
}
