//! A user row: the person has calling with the line of the assignment row, and the settings of this row.

use tokio::time::Instant;

use super::aliases;
use super::calling::{Calling, CallingLicence, calling_of, require_here};
use super::decide::Located;
use super::directory;
use super::extensions;
use super::free_number;
use super::settings;
use super::site;
use crate::domain::{
    Email, Fact, Line, Operation, PendingReason, Record, RemoteId, RowState, Settings, Step, StepState,
    UserRecord,
};
use crate::runner::engine::{Eyes, Work};
use crate::runner::flow::{Flow, Stop, pending};
use crate::runner::memory::licences::{self, LicencePool, Turn};
use crate::runner::memory::sites::Site;
use crate::store::{RowsAhead, Sibling};
use crate::webex::wire::Person;

pub(crate) async fn reach(
    work: &mut Work<'_>,
    user: &UserRecord,
    licences: &LicencePool,
    turn: Turn,
) -> Flow<(RemoteId, String)> {
    refuse_unsupported(work, Step::UserApplyCallingSettings, &user.unsupported)?;
    work.begin(Step::UserLookup);
    let site = site::find(&work.eyes).await?;
    let mut person = person_of(work, &user.email, licences).await?;
    let calling = calling_of(&person, licences)?;
    let has_calling = !matches!(calling, Calling::No);
    let says = if has_calling { "the person has calling" } else { "the person has no calling" };
    work.sees(Fact::Calling, has_calling);
    work.done(StepState::Unchanged, says);
    require_here(&work.eyes, &calling, &site).await?;
    work.resolve_earlier(Operation::LicensesUsersPatch, has_calling);
    let mut done = Vec::new();
    let mut given = work.eyes.last_attempt();
    match (has_calling, user.calling_enabled) {
        (true, _) => {
            // Lets later rows have their turn.
            drop(turn);
            let other = licences.held_instead(&person.licenses, user.license.as_ref());
            done.push(format!(
                "already has calling{}",
                other.map(|name| format!(" by {name}")).unwrap_or_default()
            ));
        }
        (false, true) => {
            let (licence, line) = give_calling(work, user, &person, &site, licences, turn).await?;
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
    let own = without_final_ones(&work.eyes, &user.settings);
    let written = settings::reach(work, Step::UserApplyCallingSettings, &owner, &own).await?;
    if !user.settings.is_empty() {
        done.push(format!("{written} settings written"));
    }
    refuse_other_licence(work, user, &person, licences)?;
    done.extend(work.eyes.not_active_yet());
    Ok((person.id, done.join(", ")))
}

/// The settings of the row but for those that the assignment row of the person states too: final ones stand once that row has
/// brought them about, and a check leaves them to it, for an earlier attempt may have.
fn without_final_ones(eyes: &Eyes<'_>, settings: &Settings) -> Settings {
    let Some(Sibling { state, record: Record::Assignment(assignment), .. }) = &eyes.row.partner else {
        return settings.clone();
    };
    let checked = eyes.memory.ground.ahead == RowsAhead::Done && *state != RowState::Dropped;
    match checked || *state == RowState::Success {
        true => settings.without(&assignment.settings),
        false => settings.clone(),
    }
}

/// Gives the person calling with the line of the assignment row; gives the licence and the line.
async fn give_calling(
    work: &mut Work<'_>,
    user: &UserRecord,
    person: &Person,
    site: &Site,
    licences: &LicencePool,
    turn: Turn,
) -> Flow<(RemoteId, Line)> {
    work.begin(Step::UserEnableCalling);
    let line = line_of_partner(&work.eyes, site).await?;
    let ground = &work.eyes.memory.ground;
    let org = ground.settings.org_id.as_deref();
    let goal = |licence| CallingLicence { user, person, site, line: &line, licence, org };
    let licence = match turn {
        Turn::NotNeeded => {
            return pending(PendingReason::UnhandledException, "the row was not queued for a licence");
        }
        Turn::Uncounted => {
            let licence = licences.of_choice(user.license.as_ref())?;
            work.reach(&goal(licence.clone())).await?;
            licence
        }
        Turn::Promised => {
            let licence = licences.of_choice(user.license.as_ref())?;
            with_unit(work, goal(licence.clone())).await.map_err(|(stop, _)| stop)?;
            licence
        }
        Turn::Queued(place) => {
            if let Some(extension) = line.extension() {
                let conflict = extensions::refuse_conflict(&mut work.eyes, site, extension, &person.id).await;
                conflict.map_err(|stop| with_origin(&work.eyes, stop))?;
            }
            let unit = match work.eyes.only_looks {
                true => place.take_known().await?,
                false => place.take(async |since| licences::read(ground, since).await).await?,
            };
            let licence = unit.licence.clone();
            let given = with_unit(work, goal(licence.clone())).await;
            // Only a refusal is certain to have used no unit, and what stopped before the request.
            if let Err((_, Unit::Unused)) = &given {
                unit.give_back();
            }
            given.map_err(|(stop, _)| stop)?;
            licence
        }
    };
    work.expect_calling(&person.id);
    Ok((licence, line))
}

/// What became of the unit that was promised to a row which ended otherwise.
enum Unit {
    Unused,
    Unknown,
}

/// Adds what the line needs, for who has a unit only: what is added to a location is not taken away again.
async fn with_unit(work: &mut Work<'_>, goal: CallingLicence<'_>) -> Result<(), (Stop, Unit)> {
    if let Some(number) = goal.line.number() {
        let required = free_number::require(work, goal.site, number, &goal.person.id).await;
        required.map_err(|stop| (with_origin(&work.eyes, stop), Unit::Unused))?;
    }
    match work.reach(&goal).await {
        Ok(_) => {
            // The person has the number now.
            work.added.clear();
            Ok(())
        }
        Err(stop) => {
            let refused =
                matches!(&stop, Stop::Pending(cause) if matches!(cause.http_status, Some(400..=499)));
            let unit = if refused { Unit::Unused } else { Unit::Unknown };
            let stop = if is_about_line(&stop) { with_origin(&work.eyes, stop) } else { stop };
            Err((stop, unit))
        }
    }
}

/// What the row states beyond that is done by now. A calling licence is never taken away: Webex erases the person's
/// settings, voicemail and devices with it, and does not turn Professional into Standard at all (webex.md 4.3, 6.3). That
/// the configuration wants another licence for users without one is no reason to stop.
fn refuse_other_licence(
    work: &mut Work<'_>,
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
async fn person_of(work: &mut Work<'_>, email: &Email, licences: &LicencePool) -> Flow<Person> {
    let listed = match work.eyes.left_in_doubt(Operation::LicensesUsersPatch) {
        true => {
            // A killed process may have sent it just now.
            work.eyes.wait_for_earlier().await?;
            None
        }
        false => directory::person_in_lists(&work.eyes, email, |held| licences.gives_calling(held)).await?,
    };
    let (person, aliases) = match listed {
        Some(person) => (person, work.eyes.row.aliases.clone()),
        None => {
            let found = directory::find_person(&mut work.eyes, email).await;
            if matches!(&found, Err(Stop::Pending(cause)) if cause.reason == PendingReason::UserNotFound) {
                work.sees(Fact::Calling, false);
            }
            let person = found?;
            let aliases = aliases::learn(&mut work.eyes, &person, email.as_str());
            (person, aliases)
        }
    };
    aliases::refuse_later(&work.eyes, aliases).await?;
    work.eyes.remote_id = Some(person.id.clone());
    Ok(person)
}

/// Before any call: what Webex has no dependable operation for (R25).
pub(crate) fn refuse_unsupported(work: &mut Work<'_>, step: Step, columns: &[String]) -> Flow<()> {
    if columns.is_empty() {
        return Ok(());
    }
    work.begin(step);
    pending(
        PendingReason::OutOfScope,
        format!("no dependable operation for {}; nothing was sent", columns.join(", ")),
    )
}

/// The line that the assignment row of the same person names (R2).
async fn line_of_partner(eyes: &Eyes<'_>, site: &Site) -> Flow<Line> {
    let row = eyes.row;
    let why = match row.partner.as_ref().map(|partner| (partner, &partner.record)) {
        Some((partner, _)) if partner.state == RowState::Dropped => format!(
            "the assignment row {} (line {}) of this person was dropped; drop this row too, or amend that one",
            partner.row_id, partner.line
        ),
        Some((partner, Record::Assignment(assignment))) if same_site(eyes, partner, site).await? => {
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
fn with_origin(eyes: &Eyes<'_>, stop: Stop) -> Stop {
    let Some(Sibling { row_id, line, .. }) = &eyes.row.partner else { return stop };
    stop.map(|cause| {
        cause.saying(|message| {
            format!("{message}; change it in assignment row {row_id} (line {line}), which states it")
        })
    })
}

/// Whether the partner row means this row's location; one that has no row in the file may go by several names.
async fn same_site(eyes: &Eyes<'_>, partner: &Sibling, site: &Site) -> Flow<bool> {
    if partner.location_key == eyes.row.location_key.as_str() {
        return Ok(true);
    }
    if eyes.row.location.is_some() {
        return Ok(false);
    }
    let located = directory::find_reference(eyes, &partner.location_key).await?;
    Ok(matches!(located, Located::Found(seen) if seen.id.same_as(&site.id)))
}

/// Whether Webex refused what was sent, which is the licence with the line, and not who sent it.
fn is_about_line(stop: &Stop) -> bool {
    let Stop::Pending(cause) = stop else { return false };
    let refused = matches!(cause.http_status, Some(400..=499));
    let of_the_row =
        matches!(cause.reason, PendingReason::NonRetryableExternal | PendingReason::PreconditionMissing);
    refused && of_the_row
}
