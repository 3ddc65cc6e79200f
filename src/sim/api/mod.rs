//! One function per operation, each on the organisation alone.

mod account;
mod addresses;
mod assign;
mod back_end;
mod calling_locations;
mod deletions;
mod features;
mod inventory;
mod jobs;
mod licenses;
mod location_settings;
mod locations;
mod numbers;
mod people;
mod person_numbers;
mod pstn;
mod settings;
mod validate;
mod workspaces;

use super::habits::Spelling;
use super::ids::reform;
use super::operation::Operation as Op;
use super::org::{Moment, Org};
use super::reply::{Outcome, Refusal, Reply};
use super::request::Call;
use super::route::Route;
use super::spelling::respell;

/// A request that is let through to the organisation.
pub(crate) struct Work<'a> {
    pub(crate) call: &'a Call,
    pub(crate) route: &'a Route,
    pub(crate) moment: Moment,
    /// Leave a part of the write undone.
    pub(crate) partial: bool,
    /// Epoch milliseconds at which the token ends.
    pub(crate) token_ends_at: u64,
}

impl Work<'_> {
    /// The id in the path.
    fn id(&self) -> &str {
        self.route.id.as_deref().unwrap_or_default()
    }
}

/// Carries a request out, and shows numbers and ids as this organisation does.
pub(crate) fn dispatch(org: &mut Org, work: &Work<'_>) -> Outcome {
    let mut outcome = carry_out(org, work);
    let habits = &org.rules.habits;
    if let Ok(Reply { body: Some(body), .. }) = &mut outcome {
        if habits.spelling != Spelling::E164 && is_of_back_end(work.route.operation) {
            respell(habits.spelling, body);
        }
        if !habits.id_forms.is_empty() {
            reform(&habits.id_forms, body);
        }
    }
    outcome
}

/// Whether numbers in the answer come from the calling back end. A person's numbers do too, but can be asked for in
/// E.164, so that they are spelled where that is known.
fn is_of_back_end(operation: Op) -> bool {
    matches!(
        operation,
        Op::FeatureGet
            | Op::LocationSettingGet
            | Op::WorkspaceSettingGet
            | Op::CallingLocationGet
            | Op::CallingLocationsList
    )
}

fn carry_out(org: &mut Org, work: &Work<'_>) -> Outcome {
    match work.route.operation {
        Op::PeopleMe => people::me(org, work),
        Op::PeopleList => people::list(org, work),
        Op::PersonGet => people::get(org, work),
        Op::LocationsList => locations::list(org, work),
        Op::LocationGet => locations::get(org, work),
        Op::LocationCreate => locations::create(org, work),
        Op::LocationUpdate => locations::update(org, work),
        Op::CallingLocationsList => calling_locations::list(org, work),
        Op::CallingLocationGet => calling_locations::get(org, work),
        Op::CallingLocationEnable => calling_locations::enable(org, work),
        Op::CallingLocationUpdate => calling_locations::update(org, work),
        Op::LocationSettingGet => location_settings::get(org, work),
        Op::LocationSettingPut => location_settings::put(org, work),
        Op::LocationSettingPost => location_settings::post(org, work),
        Op::AnnouncementLanguageModify => calling_locations::modify_announcement_language(org, work),
        Op::DeletionPrecheck => deletions::precheck(org, work),
        Op::DeletionStart => deletions::start(org, work),
        Op::DeletionsList => deletions::list(org, work),
        Op::DeletionGet => deletions::get(org, work),
        Op::DeletionErrors => deletions::errors(org, work),
        Op::PrefixJobGet => jobs::prefix_job(org, work),
        Op::MoveLocation => jobs::move_location(org, work),
        Op::ManageNumbers => jobs::manage_numbers(),
        Op::LicensesList => licenses::list(org, work),
        Op::LicenseGet => licenses::get(org, work),
        Op::LicensesUsersPatch => assign::patch(org, work),
        Op::NumbersList => numbers::list(org, work),
        Op::AvailableNumbersList => numbers::available(org, work),
        Op::PersonAvailableNumbersList => numbers::available_to_person(org, work),
        Op::NumbersAdd => inventory::add(org, work),
        Op::NumbersActivate => inventory::activate(org, work),
        Op::NumbersDelete => inventory::delete(org, work),
        Op::PersonNumbersGet => person_numbers::get(org, work),
        Op::PersonNumbersPut => person_numbers::put(org, work),
        Op::FeatureGet => features::get(org, work),
        Op::FeaturePut => features::put(org, work),
        Op::FeaturePost => features::post(org, work),
        Op::VoicemailPin => features::pin(org, work),
        Op::ValidateExtensions => validate::extensions(org, work),
        Op::ValidateNumbers => validate::numbers(org, work),
        Op::PstnOptionsList => pstn::options(org, work),
        Op::PstnConnectionGet => pstn::get(org, work),
        Op::PstnConnectionPut => pstn::put(org, work),
        Op::EmergencyAddressLookup => addresses::look_up(org, work),
        Op::EmergencyAddressCreate => addresses::create(org, work),
        Op::EmergencyAddressUpdate => addresses::update(org, work),
        Op::WorkspacesList => workspaces::list(org, work),
        Op::WorkspaceGet => workspaces::get(org, work),
        Op::WorkspaceSettingGet => workspaces::setting(org, work),
        Op::RouteChoicesList => pstn::route_choices(org),
        Op::TokenExpiry => account::token_expiry(work),
        Op::OrganizationsList => account::organizations(org),
        Op::OrganizationGet => account::organization(org, work),
        Op::RolesList => account::roles(),
        Op::Forbidden => Err(Refusal::new(403, "This write is forbidden.")),
        Op::Other => Err(Refusal::no_resource(work.call.path())),
    }
}
