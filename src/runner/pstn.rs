//! How a location reaches the telephone network (webex.md 3.6).

use super::read_back::{Lacking, Looked};
use super::site::Site;
use super::work::{Cause, Flow, RowWork, Stop, pending, stop_for};
use super::write::Shown;
use crate::domain::{
    Operation, PendingReason, PstnChoice, RemoteId, RouteKind, RouteName, Step, StepState, fold_name,
};
use crate::webex::wire::{self, Named, PstnConnection};
use crate::webex::{Call, Refusal, Trouble, site_calls};

/// The types whose connection and numbers the API can manage (webex.md 3.6, 3.7).
const MANAGED: [&str; 2] = ["LOCAL_GATEWAY", "NON_INTEGRATED_CCP"];

const IN_CONTROL_HUB: &str = "only local gateways and providers without integration can be connected by API; \
     connect Calling Plans and integrated providers in Control Hub";

/// What the row's words mean in Webex.
enum Target {
    Route { kind: RouteKind, id: RemoteId, shown: String },
    Option(Named),
}

/// Connects the location as the row states; says whether that changed anything.
pub(super) async fn apply(work: &mut RowWork<'_>, site: &Site, choice: &PstnChoice) -> Flow<bool> {
    work.begin(Step::LocationApplyPstn);
    let target = match choice {
        PstnChoice::LocalGateway(route) => Target::Route {
            kind: route.kind,
            id: resolve_route(work, route).await?,
            shown: route.to_string(),
        },
        PstnChoice::Option(name) => Target::Option(option_named(work, site, name).await?),
    };
    let present = connection(work, &site.id).await?;
    let in_place = present.as_ref().is_some_and(|present| target.is(present));
    work.resolve_earlier(Operation::PstnConnectionPut, in_place);
    if in_place {
        work.done(StepState::Unchanged, format!("connected by {}", target.shown()));
        return Ok(false);
    }
    target.refuse_unmanaged()?;
    let sent = [format!("the PSTN connection by {}", target.shown())];
    let written = work
        .write(
            target.call(&site.id),
            |_| Shown::ToReadBack,
            async |work| match connection(work, &site.id).await? {
                Some(now) if target.is(&now) => Ok(Looked::Done(now.kind)),
                _ => Ok(Looked::Lacking(Lacking { names: sent.to_vec(), in_part: false })),
            },
        )
        .await;
    let kind = written.map_err(|stop| target.explain(stop))?;
    target.require_managed(&kind)?;
    // Rows with numbers for this location need not ask again; one that asked before the change was told otherwise.
    work.context.sites.of(&site.id).pstn.set(Some(kind)).ok();
    work.done(StepState::Applied, format!("connected by {}", target.shown()));
    Ok(true)
}

/// Whether numbers can be added to a location by API; asked once a location and phase (R16).
pub(super) async fn require_managed_numbers(work: &mut RowWork<'_>, site: &Site) -> Flow<()> {
    let shared = work.context.sites.of(&site.id);
    let kind = shared.pstn.get_or_try_init(|| kind(work, &site.id)).await?;
    match kind {
        Some(kind) if MANAGED.contains(&kind.as_str()) => Ok(()),
        Some(kind) => pending(
            PendingReason::OutOfScope,
            format!(
                "the PSTN connection of {:?} is of type {kind}, whose numbers no API may touch: manage them in Control Hub",
                site.name
            ),
        ),
        None => pending(
            PendingReason::PreconditionMissing,
            format!(
                "{:?} has no PSTN connection, without which it can hold no numbers: fill location_settings_pstn_connection \
                 on its row, or connect it in Control Hub",
                site.name
            ),
        ),
    }
}

async fn kind(work: &mut RowWork<'_>, location: &RemoteId) -> Flow<Option<String>> {
    Ok(connection(work, location).await?.map(|connection| connection.kind))
}

/// Whether a location has PSTN.
pub(super) async fn is_connected(work: &mut RowWork<'_>, location: &RemoteId) -> Flow<bool> {
    Ok(connection(work, location).await?.is_some())
}

/// The connection; `None` when nothing is configured.
async fn connection(work: &mut RowWork<'_>, location: &RemoteId) -> Flow<Option<PstnConnection>> {
    match work.try_read(site_calls::pstn_connection(location)).await? {
        Ok(reply) => Ok(wire::pstn_connection(&reply.body)),
        Err(Trouble::Refused(refusal)) if says_none(&refusal) => Ok(None),
        Err(trouble) => stop_for(Operation::PstnConnectionGet, &trouble),
    }
}

/// A 404, or a 400 that says so in words.
fn says_none(refusal: &Refusal) -> bool {
    let said = refusal.message.to_lowercase();
    refusal.is_not_found()
        || (refusal.status == 400 && said.contains("pstn for the location is not configured"))
}

/// The trunk or route group with this name.
pub(super) async fn resolve_route(work: &mut RowWork<'_>, route: &RouteName) -> Flow<RemoteId> {
    let choices = work.pages(site_calls::route_choices(), "routeIdentities", wire::route).await?;
    let of_kind = choices.into_iter().filter(|choice| choice.kind == route.kind.as_str()).collect();
    Ok(only(of_kind, &route.name, &route.to_string())?.id)
}

async fn option_named(work: &mut RowWork<'_>, site: &Site, name: &str) -> Flow<Named> {
    let options = work.pages(site_calls::pstn_options(&site.id), "items", wire::connection_option).await?;
    only(options, name, &format!("PSTN connection option {name:?} for {:?}", site.name))
}

/// The one with this name, names compared as those of locations.
fn only(all: Vec<Named>, name: &str, what: &str) -> Flow<Named> {
    let folded = fold_name(name);
    let known = all.iter().map(|one| format!("{:?}", one.name)).take(10).collect::<Vec<_>>().join(", ");
    let mut named = all.into_iter().filter(|one| fold_name(&one.name) == folded);
    match (named.next(), named.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => {
            let has = if known.is_empty() { "none".to_owned() } else { known };
            pending(PendingReason::PreconditionMissing, format!("Webex has no {what} (it has {has})"))
        }
        (Some(_), Some(_)) => pending(
            PendingReason::NonRetryableExternal,
            format!("Webex has more than one {what}; ambiguous: rename one in Control Hub"),
        ),
    }
}

impl Target {
    fn is(&self, present: &PstnConnection) -> bool {
        match self {
            Target::Route { kind, id, .. } => {
                present.kind == "LOCAL_GATEWAY"
                    && present.route_kind == kind.as_str()
                    && present.route.as_ref().is_some_and(|route| route.same_as(id))
            }
            Target::Option(option) => present.id.as_ref().is_some_and(|id| id.same_as(&option.id)),
        }
    }

    fn call(&self, location: &RemoteId) -> Call {
        match self {
            Target::Route { kind, id, .. } => site_calls::connect_by_route(location, kind.as_str(), id),
            Target::Option(option) => site_calls::connect_by_option(location, &option.id),
        }
    }

    fn shown(&self) -> String {
        match self {
            Target::Route { shown, .. } => shown.clone(),
            Target::Option(option) => format!("{:?}", option.name),
        }
    }

    /// The options do not tell their type; Cisco's own are known by name and never connected by API.
    fn refuse_unmanaged(&self) -> Flow<()> {
        match self {
            Target::Option(option) if fold_name(&option.name).starts_with("cisco") => pending(
                PendingReason::OutOfScope,
                format!("{:?} is Cisco's own PSTN: {IN_CONTROL_HUB}", option.name),
            ),
            _ => Ok(()),
        }
    }

    /// What Webex took, but cannot complete by API.
    fn require_managed(&self, kind: &str) -> Flow<()> {
        match self {
            Target::Option(option) if !MANAGED.contains(&kind) => pending(
                PendingReason::OutOfScope,
                format!(
                    "{:?} is of type {kind}, which is set up in Control Hub only: finish it there",
                    option.name
                ),
            ),
            _ => Ok(()),
        }
    }

    /// A refused option is most likely of an integrated provider.
    fn explain(&self, stop: Stop) -> Stop {
        match (self, stop) {
            (Target::Option(option), Stop::Pending(cause)) if cause.http_status == Some(400) => {
                Stop::Pending(Cause {
                    reason: PendingReason::OutOfScope,
                    message: format!("{:?}: {}; {IN_CONTROL_HUB}", option.name, cause.message),
                    ..cause
                })
            }
            (_, stop) => stop,
        }
    }
}
