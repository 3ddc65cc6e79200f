//! Phase 2: find the person, give calling with the line of the assignment row, apply the settings.

use tokio::time::Instant;

use super::aliases;
use super::decide::Located;
use super::directory;
use super::extensions;
use super::licences::{self, LicencePool, Place};
use super::numbers;
use super::settings;
use super::site::{self, Site};
use super::work::{Cause, Flow, RowWork, Stop, pending};
use super::write::Shown;
use crate::domain::{
    Email, Fact, Line, Operation, PendingReason, Record, RemoteId, RowState, Step, StepState, UserRecord,
};
use crate::store::Sibling;
use crate::webex::wire::Person;
use crate::webex::{Reply, calls, wire};

pub(super) async fn drive(
    work: &mut RowWork<'_>,
    user: &UserRecord,
    licences: &LicencePool,
    place: Option<Place>,
) -> Flow<(RemoteId, String)> {
    refuse_unsupported(work, Step::UserApplyCallingSettings, &user.unsupported)?;
    work.begin(Step::UserLookup);
    let site = site::find(work).await?;
    let mut person = person_of(work, &user.email, licences).await?;
    let calling = calling_of(&person, licences)?;
    let has_calling = !matches!(calling, Calling::No);
    let says = if has_calling { "the person has calling" } else { "the person has no calling" };
    work.sees(Fact::Calling, has_calling);
    work.done(StepState::Unchanged, says);
    require_here(work, &calling, &site).await?;
    work.resolve_earlier(Operation::LicensesUsersPatch, has_calling);
    let mut done = Vec::new();
    let mut given = work.last_attempt();
    match (has_calling, user.calling_enabled) {
        (true, _) => {
            drop(place);
            let other = licences.held_instead(&person.licenses, user.license.as_ref());
            done.push(format!(
                "already has calling{}",
                other.map(|name| format!(" by {name}")).unwrap_or_default()
            ));
        }
        (false, true) => {
            let (licence, line) = give_calling(work, user, &person, &site, place).await?;
            given = Some(Instant::now());
            person.licenses.push(licence);
            done.push(format!("calling enabled with {line}"));
        }
        (false, false) if user.settings.is_empty() => {
            done.push("has no calling and is to have none".to_owned())
        }
        (false, false) => {
            work.begin(Step::UserApplyCallingSettings);
            return pending(
                PendingReason::PreconditionMissing,
                "the row states settings, but the person has no calling and calling_enabled is false",
            );
        }
    }
    let standard_only = licences.is_standard_only(&person.licenses);
    let owner = settings::Owner { person: &person.id, standard_only, home: site.home, given };
    let written = settings::apply(work, Step::UserApplyCallingSettings, &owner, &user.settings).await?;
    if !user.settings.is_empty() {
        done.push(format!("{written} settings written"));
    }
    refuse_other_licence(work, user, &person, licences)?;
    done.extend(work.not_active_yet());
    Ok((person.id, done.join(", ")))
}

/// Gives the person calling with the line of the assignment row; gives the licence and the line.
async fn give_calling(
    work: &mut RowWork<'_>,
    user: &UserRecord,
    person: &Person,
    site: &Site,
    place: Option<Place>,
) -> Flow<(RemoteId, Line)> {
    let Some(place) = place else {
        return pending(PendingReason::UnhandledException, "the row was not queued for a licence");
    };
    let line = line_of_partner(work, site).await?;
    if let Some(extension) = line.extension() {
        let conflict = extensions::refuse_conflict(work, site, extension, &person.id).await;
        conflict.map_err(|stop| with_origin(work, stop))?;
    }
    let licence = enable(work, user, person, site, &line, place).await?;
    Ok((licence, line))
}

/// What the row states beyond that is done by now. A calling licence is never taken away: Webex erases the person's
/// settings, voicemail and devices with it, and does not turn Professional into Standard at all (webex.md 4.3, 6.3). That
/// the configuration wants another licence for users without one is no reason to stop.
fn refuse_other_licence(
    work: &mut RowWork<'_>,
    user: &UserRecord,
    person: &Person,
    licences: &LicencePool,
) -> Flow<()> {
    let Some(stated) = &user.license else { return Ok(()) };
    let Some(held) = licences.held_instead(&person.licenses, Some(stated)) else { return Ok(()) };
    work.begin(Step::UserEnableCalling);
    pending(
        PendingReason::OutOfScope,
        format!(
            "the person has {held} and the row states {stated}: wxbulk takes no calling licence away; change it in \
             Control Hub, or state the one that the person has"
        ),
    )
}

/// The person, from the lists of this phase where these can tell; a write in doubt is looked for anew.
async fn person_of(work: &mut RowWork<'_>, email: &Email, licences: &LicencePool) -> Flow<Person> {
    let listed = match work.left_in_doubt(Operation::LicensesUsersPatch) {
        true => {
            // A killed process may have sent it just now.
            work.settle_earlier().await?;
            None
        }
        false => directory::person_in_lists(work, email, |held| licences.gives_calling(held)).await?,
    };
    let (person, aliases) = match listed {
        Some(person) => (person, work.row.aliases.clone()),
        None => {
            let found = directory::find_person(work, email).await;
            if matches!(&found, Err(Stop::Pending(cause)) if cause.reason == PendingReason::UserNotFound) {
                work.sees(Fact::Calling, false);
            }
            let person = found?;
            let aliases = aliases::learn(work, &person, email.as_str());
            (person, aliases)
        }
    };
    aliases::refuse_later(work, aliases).await?;
    work.remote_id = Some(person.id.clone());
    Ok(person)
}

/// Before any call: what Webex has no dependable operation for (R25).
pub(super) fn refuse_unsupported(work: &mut RowWork<'_>, step: Step, columns: &[String]) -> Flow<()> {
    if columns.is_empty() {
        return Ok(());
    }
    work.begin(step);
    pending(
        PendingReason::OutOfScope,
        format!("no dependable operation for {}; nothing was sent", columns.join(", ")),
    )
}

/// Whether and where a person has calling.
pub(super) enum Calling {
    /// None at all.
    No,
    /// In this location.
    At(RemoteId),
    /// By a licence; Webex does not say where.
    Somewhere,
}

/// What Webex says of a person's calling.
pub(super) fn calling_of(person: &Person, licences: &LicencePool) -> Flow<Calling> {
    if let Some(errors) = &person.calling_unknown {
        return pending(
            PendingReason::InvalidResponseSchema,
            format!(
                "Webex could not tell the person's calling data ({errors}); nothing is concluded from that"
            ),
        );
    }
    match &person.location {
        Some(location) => Ok(Calling::At(location.clone())),
        None if licences.gives_calling(&person.licenses) => Ok(Calling::Somewhere),
        None => Ok(Calling::No),
    }
}

/// A person is never moved between locations (R4).
pub(super) async fn require_here(work: &RowWork<'_>, calling: &Calling, site: &Site) -> Flow<()> {
    let there = match calling {
        Calling::At(there) if !there.same_as(&site.id) => there,
        _ => return Ok(()),
    };
    let name = directory::location_by_id(work, there).await?.map(|seen| seen.name);
    let elsewhere = name.map_or_else(|| format!("with id {there}"), |name| format!("{name:?}"));
    pending(
        PendingReason::PreconditionMissing,
        format!(
            "the person has calling in another location, {elsewhere}; the row says {:?}. wxbulk never moves people: \
             move the person in Control Hub, or correct the row",
            site.name
        ),
    )
}

/// The line that the assignment row of the same person names (R2).
async fn line_of_partner(work: &mut RowWork<'_>, site: &Site) -> Flow<Line> {
    work.begin(Step::UserEnableCalling);
    let row = work.row;
    let why = match row.partner.as_ref().map(|partner| (partner, &partner.record)) {
        Some((partner, _)) if partner.state == RowState::Dropped => format!(
            "the assignment row {} (line {}) of this person was dropped; drop this row too, or amend that one",
            partner.row_id, partner.line
        ),
        Some((partner, Record::Assignment(assignment))) if same_site(work, partner, site).await? => {
            return Ok(assignment.line.clone());
        }
        Some((partner, _)) => format!(
            "the assignment row {} of this person is for the location {:?}",
            partner.row_id, partner.location_key
        ),
        None => format!("the file has no accepted extension_assignment row for {}", row.entity_key),
    };
    pending(
        PendingReason::PreconditionMissing,
        format!("calling cannot be enabled without an extension or number: {why}"),
    )
}

/// What is said against the line is mended in the row that states it (R2).
fn with_origin(work: &RowWork<'_>, stop: Stop) -> Stop {
    match (stop, &work.row.partner) {
        (Stop::Pending(cause), Some(partner)) => {
            let Sibling { row_id, line, .. } = partner;
            let message = format!(
                "{}; change it in assignment row {row_id} (line {line}), which states it",
                cause.message
            );
            Stop::Pending(Cause { message, ..cause })
        }
        (stop, _) => stop,
    }
}

/// Whether the partner row means this row's location; one that has no row in the file may go by several names.
async fn same_site(work: &RowWork<'_>, partner: &Sibling, site: &Site) -> Flow<bool> {
    if partner.location_key == work.row.location_key.as_str() {
        return Ok(true);
    }
    if work.row.location.is_some() {
        return Ok(false);
    }
    let located = directory::find_reference(work, &partner.location_key).await?;
    Ok(matches!(located, Located::Found(seen) if seen.id.same_as(&site.id)))
}

async fn enable(
    work: &mut RowWork<'_>,
    user: &UserRecord,
    person: &Person,
    site: &Site,
    line: &Line,
    place: Place,
) -> Flow<RemoteId> {
    work.begin(Step::UserEnableCalling);
    let context = work.context;
    let unit = place.take(async |since| licences::read(context, since).await).await?;
    // Only for who has a unit: what is added to a location is not taken away again.
    if let Some(number) = line.number() {
        if let Err(stop) = numbers::require(work, site, number, &person.id).await {
            unit.give_back();
            return Err(with_origin(work, stop));
        }
        work.begin(Step::UserEnableCalling);
    }
    let licence = unit.licence.clone();
    let call =
        calls::add_license(&person.id, &licence, &site.id, line, work.context.settings.org_id.as_deref());
    let result = work
        .write(
            call,
            |reply| shows_licence(reply, &licence, &person.id),
            async |work| {
                let now = directory::search_person(work, &user.email).await?;
                let holds = |person: &Person| person.licenses.iter().any(|id| id.same_as(&licence));
                Ok(now.is_some_and(|person| holds(&person)).then_some(()))
            },
        )
        .await;
    // Only a refusal is certain to have used no unit.
    if matches!(&result, Err(Stop::Pending(cause)) if matches!(cause.http_status, Some(400..=499))) {
        unit.give_back();
    }
    result.map_err(|stop| if is_about_line(&stop) { with_origin(work, stop) } else { stop })?;
    work.sees(Fact::Calling, true);
    // The person has the number now.
    work.added.clear();
    work.done(StepState::Applied, format!("licence {licence} is in licenses[], sent with {line}"));
    Ok(licence)
}

/// Whether Webex refused what was sent, which is the licence with the line, and not who sent it.
fn is_about_line(stop: &Stop) -> bool {
    let Stop::Pending(cause) = stop else { return false };
    let refused = matches!(cause.http_status, Some(400..=499));
    let of_the_row =
        matches!(cause.reason, PendingReason::NonRetryableExternal | PendingReason::PreconditionMissing);
    refused && of_the_row
}

/// The answer must name the person and the licence; 206 never is success (R7).
fn shows_licence(reply: &Reply, licence: &RemoteId, person: &RemoteId) -> Shown<()> {
    let about = Shown::about(reply, "personId", person);
    if matches!(about, Shown::Unproved(_)) {
        return about;
    }
    let lists = |key: &str| wire::ids(&reply.body, key).iter().any(|id| id.same_as(licence));
    if reply.status == 206 {
        let whether = if lists("licenses") { "the calling licence is" } else { "the calling licence is not" };
        return Shown::Partial(format!(
            "Webex applied the licences in part only (206); {whether} among those applied"
        ));
    }
    if lists("licenses") {
        return Shown::Proved(());
    }
    if lists("pendingLicenses") {
        return Shown::Partial("the licence waits for the person to accept it (pendingLicenses)".to_owned());
    }
    Shown::Unproved("licenses[] does not name the licence".to_owned())
}
