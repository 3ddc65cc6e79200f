//! Per operation: the method, the statuses that can mean success, and the fields that must be there (webex.md 1).
//! Success never depends on the text of a message.

use reqwest::Method;

use crate::domain::Operation;

/// What an acceptable answer to an operation is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Contract {
    pub(super) method: Method,
    pub(super) accepted: &'static [u16],
    /// JSON pointers (RFC 6901) that must lead to something in the answer.
    pub(super) required: &'static [&'static str],
}

pub(super) const fn of(operation: Operation) -> Contract {
    match operation {
        Operation::PeopleMe => row(Method::GET, &[200], &["/id", "/orgId"]),
        Operation::PeopleList | Operation::LocationsList | Operation::LicensesList => {
            row(Method::GET, &[200], &["/items"])
        }
        Operation::LocationGet => row(Method::GET, &[200], &["/id", "/name"]),
        Operation::CallingLocationsList => row(Method::GET, &[200], &["/locations"]),
        Operation::CallingLocationGet => row(Method::GET, &[200], &["/id"]),
        Operation::NumbersList => row(Method::GET, &[200], &["/phoneNumbers"]),
        Operation::FeatureGet => row(Method::GET, &[200], &[]),
        Operation::TokenExpiry => row(Method::GET, &[200], &["/exp"]),
        Operation::LocationCreate | Operation::CallingLocationEnable | Operation::EmergencyAddressAdd => {
            row(Method::POST, &[200, 201], &["/id"])
        }
        Operation::LocationUpdate | Operation::FeaturePut => row(Method::PUT, &[200, 204], &[]),
        // 206: the rest is applied, the job for the routing prefix did not start (webex.md 3.5).
        Operation::CallingLocationUpdate => row(Method::PUT, &[200, 204, 206], &[]),
        Operation::AnnouncementLanguageModify => row(Method::POST, &[200, 204], &[]),
        Operation::PrefixJobGet => row(Method::GET, &[200], &["/latestExecutionStatus"]),
        Operation::InternalDialingGet | Operation::PstnConnectionGet => row(Method::GET, &[200], &[]),
        Operation::LocationPermissionsGet => row(Method::GET, &[200], &["/callingPermissions"]),
        Operation::InternalDialingPut
        | Operation::LocationPermissionsPut
        | Operation::PstnConnectionPut
        | Operation::NumbersActivate
        | Operation::PersonNumbersPut => row(Method::PUT, &[200, 204], &[]),
        Operation::EmergencyAddressUpdate => row(Method::PUT, &[200, 204], &[]),
        Operation::PstnOptionsList => row(Method::GET, &[200], &["/items"]),
        Operation::RouteChoicesList => row(Method::GET, &[200], &["/routeIdentities"]),
        Operation::NumbersAdd => row(Method::POST, &[200, 201], &[]),
        Operation::NumbersDelete => row(Method::DELETE, &[200, 204], &[]),
        Operation::PersonNumbersGet => row(Method::GET, &[200], &["/phoneNumbers"]),
        Operation::ValidateExtensions => row(Method::POST, &[200], &["/status"]),
        // 206 says that some of the licences were not applied: the caller must never take it for success (R7).
        Operation::LicensesUsersPatch => row(Method::PATCH, &[200, 206], &["/licenses"]),
    }
}

const fn row(method: Method, accepted: &'static [u16], required: &'static [&'static str]) -> Contract {
    Contract { method, accepted, required }
}
