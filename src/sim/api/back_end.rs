//! What the calling back end knows of people, and what paths of settings answer about those it does not know.

use super::super::operation::Operation as Op;
use super::super::org::{BackEnd, Calling, License, Org};
use super::super::reply::Refusal;
use super::super::route::{Family, Route, Setting};
use super::Work;

impl Calling {
    fn is_known(&self, org: &Org, now: u64) -> bool {
        let lag = u64::try_from(org.rules.habits.back_end_lag.as_millis()).unwrap_or(u64::MAX);
        match self.back_end {
            BackEnd::Knows => true,
            BackEnd::KnowsSoon { since } => now >= since.saturating_add(lag),
            BackEnd::KnowsNothing => false,
        }
    }
}

/// The person in the path, who must have calling.
pub(super) fn calling_person(org: &Org, work: &Work<'_>) -> Result<usize, Refusal> {
    let index = org.person_index(work.id()).ok_or_else(|| Refusal::not_found("Person"))?;
    let person = org.person(index)?;
    let calling = person.calling.as_ref();
    let is_licensed = |license: &usize| org.license(*license).is_ok_and(License::is_calling);
    if calling.is_none()
        && org.rules.habits.settings_without_location
        && person.licenses.iter().any(is_licensed)
    {
        return Ok(index);
    }
    if calling.is_some_and(|calling| calling.is_known(org, work.moment.now)) {
        return Ok(index);
    }
    Err(unknown_subscriber(work.route))
}

/// The back end's refusal names its own request, not the one that was sent. The texts of the older paths are
/// those of recorded answers; for the newer ones only the code 4008 is known.
pub(super) fn unknown_subscriber(route: &Route) -> Refusal {
    match (route.operation, &route.setting) {
        (Op::PersonNumbersGet, _) => Refusal::new(404, "User not found.").with_code(4003),
        (_, Some(Setting { family: Family::People | Family::Workspace, path })) => {
            let request = match path.as_str() {
                "outgoingPermission" => "UserOutgoingCallingPlanPermissionsByTypeGetRequestWCV2",
                "callForwarding" => "UserCallForwardingBusyGetRequest",
                _ => "UserGetRequestWCV15",
            };
            Refusal::coded(400, 4003, &format!("Unauthorized request: {request}"))
        }
        _ => Refusal::coded(404, 4008, "The user is not a calling user."),
    }
}
