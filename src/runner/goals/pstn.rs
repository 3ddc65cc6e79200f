//! How a location reaches the telephone network (webex.md 3.6).

use crate::domain::{
    Difference, Operation, PendingReason, PstnChoice, RemoteId, RouteKind, RouteName, Step, fold_name,
};
use crate::runner::engine::{Decision, Eyes, Goal, Missing, Shown, Work};
use crate::runner::flow::{Cause, Flow, Stop, pending, stop_for};
use crate::runner::memory::sites::Site;
use crate::webex::wire::{self, Named, PstnConnection};
use crate::webex::{Refusal, Reply, Trouble, Write, site_calls};

/// The types whose connection and numbers the API can manage (webex.md 3.6, 3.7).
const MANAGED: [&str; 2] = [LOCAL_GATEWAY, NON_INTEGRATED];
const LOCAL_GATEWAY: &str = "LOCAL_GATEWAY";
const NON_INTEGRATED: &str = "NON_INTEGRATED_CCP";

const IN_CONTROL_HUB: &str = "only local gateways and providers without integration can be connected by API; \
     connect Calling Plans and integrated providers in Control Hub";

/// What the row's words mean in Webex.
pub(super) enum Target {
    Route { kind: RouteKind, id: RemoteId, shown: String },
    Option(Named),
}

/// The location is connected as its row states.
pub(super) struct Connected<'a> {
    pub(super) site: &'a Site,
    pub(super) target: Target,
}

/// Connects the location as the row states; says whether that changed anything.
pub(crate) async fn reach(work: &mut Work<'_>, site: &Site, choice: &PstnChoice) -> Flow<bool> {
    work.begin(Step::LocationApplyPstn);
    let target = match choice {
        PstnChoice::LocalGateway(route) => Target::Route {
            kind: route.kind,
            id: resolve_route(&mut work.eyes, route).await?,
            shown: route.to_string(),
        },
        PstnChoice::Option(name) => Target::Option(option_named(&mut work.eyes, site, name).await?),
    };
    let goal = Connected { site, target };
    let reached = work.reach(&goal).await.map_err(|stop| stop.map(|cause| goal.target.explain(cause)))?;
    let changed = reached.changed();
    if changed {
        goal.target.require_managed(&reached.got)?;
        if work.eyes.only_looks {
            work.eyes.memory.to_come.expect_pstn(&site.id, &reached.got);
        }
        // Rows with numbers for this location need not ask again; one that asked before the change was told otherwise.
        work.eyes.memory.sites.of(&site.id).pstn.set(Some(reached.got)).ok();
    }
    Ok(changed)
}

impl Goal for Connected<'_> {
    type Seen = Option<PstnConnection>;
    /// The type of the connection.
    type Got = String;

    fn writes_in(&self) -> Step {
        Step::LocationApplyPstn
    }

    fn writes(&self) -> &'static [Operation] {
        &[Operation::PstnConnectionPut]
    }

    async fn look(&self, eyes: &mut Eyes<'_>) -> Flow<Option<PstnConnection>> {
        connection(eyes, &self.site.id).await
    }

    fn decide(&self, seen: &Option<PstnConnection>) -> Decision<String> {
        let shown = self.target.shown();
        match seen.as_ref().filter(|present| self.target.is(present)) {
            Some(present) => {
                Decision::InPlace { got: present.kind.clone(), proof: format!("connected by {shown}") }
            }
            None => match self.target.unmanaged() {
                Some(cause) => Decision::Stop(cause),
                None => Decision::Missing(Missing {
                    write: self.target.write(&self.site.id),
                    words: format!("connect the location to the telephone network by {shown}"),
                    differences: vec![Difference {
                        field: format!("the PSTN connection by {shown}"),
                        found: seen.as_ref().map(|present| present.kind.clone()).unwrap_or_default(),
                        wanted: shown,
                    }],
                }),
            },
        }
    }

    fn reads_beside(&self, _seen: &Option<PstnConnection>) -> u32 {
        1
    }

    fn shown(&self, _reply: &Reply) -> Shown<String> {
        Shown::ToReadBack
    }

    fn would_be(&self) -> String {
        let kind = if matches!(self.target, Target::Route { .. }) { LOCAL_GATEWAY } else { NON_INTEGRATED };
        kind.to_owned()
    }
}

/// Ends the row if numbers cannot be added to its location by API.
pub(crate) async fn require_managed_numbers(eyes: &mut Eyes<'_>, site: &Site) -> Flow<()> {
    why_no_numbers(eyes, site).await?.map_or(Ok(()), |cause| Err(Stop::Pending(cause)))
}

/// Why numbers cannot be added to a location by API, if they cannot; asked once a location and phase (R16).
pub(crate) async fn why_no_numbers(eyes: &mut Eyes<'_>, site: &Site) -> Flow<Option<Cause>> {
    let shared = eyes.memory.sites.of(&site.id);
    let cause = match shared.pstn.get_or_try_init(|| kind(eyes, &site.id)).await? {
        Some(kind) if MANAGED.contains(&kind.as_str()) => return Ok(None),
        Some(kind) => Cause::new(
            PendingReason::OutOfScope,
            format!(
                "the PSTN connection of {:?} is of type {kind}, whose numbers no API may touch: manage them in Control Hub",
                site.name
            ),
        ),
        None => Cause::new(
            PendingReason::PreconditionMissing,
            format!(
                "{:?} has no PSTN connection, without which it can hold no numbers: fill location_settings_pstn_connection \
                 on its row, or connect it in Control Hub",
                site.name
            ),
        ),
    };
    Ok(Some(cause))
}

async fn kind(eyes: &mut Eyes<'_>, location: &RemoteId) -> Flow<Option<String>> {
    if let Some(to_come) = eyes.memory.to_come.pstn_of(location) {
        return Ok(Some(to_come));
    }
    Ok(connection(eyes, location).await?.map(|connection| connection.kind))
}

/// Whether a location has PSTN.
pub(crate) async fn is_connected(eyes: &mut Eyes<'_>, location: &RemoteId) -> Flow<bool> {
    Ok(connection(eyes, location).await?.is_some())
}

/// The connection; `None` when nothing is configured.
async fn connection(eyes: &mut Eyes<'_>, location: &RemoteId) -> Flow<Option<PstnConnection>> {
    if eyes.is_to_come(location) {
        return Ok(None);
    }
    match eyes.try_read(site_calls::pstn_connection(location)).await? {
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
pub(crate) async fn resolve_route(eyes: &mut Eyes<'_>, route: &RouteName) -> Flow<RemoteId> {
    let choices = eyes.pages(site_calls::route_choices(), "routeIdentities", wire::route).await?;
    let of_kind = choices.into_iter().filter(|choice| choice.kind == route.kind.as_str()).collect();
    Ok(only(of_kind, &route.name, &route.to_string())?.id)
}

async fn option_named(eyes: &mut Eyes<'_>, site: &Site, name: &str) -> Flow<Named> {
    if eyes.is_to_come(&site.id) {
        // Nobody can ask for the options of a location that is not there.
        return Ok(Named { id: site.id.clone(), name: name.to_owned(), kind: String::new() });
    }
    let options = eyes.pages(site_calls::pstn_options(&site.id), "items", wire::connection_option).await?;
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
                present.kind == LOCAL_GATEWAY
                    && present.route_kind == kind.as_str()
                    && present.route.as_ref().is_some_and(|route| route.same_as(id))
            }
            Target::Option(option) => present.id.as_ref().is_some_and(|id| id.same_as(&option.id)),
        }
    }

    fn write(&self, location: &RemoteId) -> Write {
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
    fn unmanaged(&self) -> Option<Cause> {
        match self {
            Target::Option(option) if fold_name(&option.name).starts_with("cisco") => Some(Cause::new(
                PendingReason::OutOfScope,
                format!("{:?} is Cisco's own PSTN: {IN_CONTROL_HUB}", option.name),
            )),
            _ => None,
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
    fn explain(&self, cause: Cause) -> Cause {
        match self {
            Target::Option(option) if cause.http_status == Some(400) => {
                let cause = Cause { reason: PendingReason::OutOfScope, ..cause };
                cause.saying(|message| format!("{:?}: {message}; {IN_CONTROL_HUB}", option.name))
            }
            _ => cause,
        }
    }
}
