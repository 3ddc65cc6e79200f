//! An assignment row: the person, who has calling by now, holds the extension and number, and has the settings of this row.

use super::aliases;
use super::alternates;
use super::calling::{Calling, calling_of, require_here};
use super::directory;
use super::free_number;
use super::line::{LineHeld, TheLine, known_person};
use super::settings;
use super::site;
use super::user::refuse_unsupported;
use crate::domain::{AssignmentRecord, Fact, PendingReason, Record, RemoteId, RowState, Step, StepState};
use crate::runner::engine::{Eyes, Work};
use crate::runner::flow::{Flow, blocked};
use crate::runner::memory::licences::LicencePool;
use crate::runner::memory::sites::Site;
use crate::store::Sibling;
use crate::webex::wire::Person;

pub(crate) async fn reach(
    work: &mut Work<'_>,
    assignment: &AssignmentRecord,
    licences: &LicencePool,
) -> Flow<(RemoteId, String)> {
    refuse_unsupported(work, Step::ApplyFinalSettings, &assignment.unsupported)?;
    work.begin(Step::AssignmentLookup);
    let site = site::find(&work.eyes).await?;
    refuse_without_calling(&work.eyes, assignment, licences).await?;
    let known = match known_person(&work.eyes) {
        Some(id) => Some(id),
        None => person_in_lists(&work.eyes, assignment, &site, licences).await?,
    };
    let (person, read) = match known {
        Some(id) => (id, None),
        None => {
            let person = calling_person(&mut work.eyes, assignment, &site, licences).await?;
            (person.id.clone(), Some(person))
        }
    };
    let aliases = match &read {
        Some(shown) => aliases::learn(&mut work.eyes, shown, assignment.email.as_str()),
        None => work.eyes.row.aliases.clone(),
    };
    aliases::refuse_later(&work.eyes, aliases).await?;
    work.eyes.remote_id = Some(person.clone());
    let standard_only =
        is_standard_only(&mut work.eyes, assignment, &person, read.as_ref(), licences).await?;
    let message = reach_line(work, assignment, &site, &person, read, licences).await?;
    // Phase 2 may have given calling up to the moment when this one began.
    let given = work.eyes.row.partner.as_ref().map(|_| work.eyes.memory.phase_began.get());
    let owner = settings::Owner { person: &person, standard_only, home: site.home, given };
    directory::note_states_in_lists(&mut work.eyes, &assignment.alternate_numbers).await?;
    let further = alternates::reach(work, &site, &owner, &assignment.alternate_numbers).await?;
    let message = if further > 0 { format!("{message}, {further} further numbers") } else { message };
    let written = settings::reach(work, Step::ApplyFinalSettings, &owner, &assignment.settings).await?;
    let settings =
        if assignment.settings.is_empty() { String::new() } else { format!(", {written} settings written") };
    let inactive = work.eyes.not_active_yet().map(|words| format!(", {words}")).unwrap_or_default();
    Ok((person, message + &settings + &inactive))
}

/// Proves that the person holds the line, or tries to change it; says which.
async fn reach_line(
    work: &mut Work<'_>,
    assignment: &AssignmentRecord,
    site: &Site,
    person: &RemoteId,
    read: Option<Person>,
    licences: &LicencePool,
) -> Flow<String> {
    let line = &assignment.line;
    if work.eyes.is_to_come(person) {
        work.sees(Fact::Line, true);
        work.done(StepState::Unchanged, format!("{line} comes with the calling licence"));
        return Ok(format!("{line} comes with the calling licence"));
    }
    let held = LineHeld { line, site, person };
    let holds = work.reach(&held).await?.got;
    work.sees(Fact::Line, holds);
    if holds {
        return Ok(format!("{line} in place"));
    }
    let read = match read {
        Some(read) => read,
        None => calling_person(&mut work.eyes, assignment, site, licences).await?,
    };
    work.begin(Step::AssignExtensionOrNumber);
    let settings = &work.eyes.memory.ground.settings;
    let licence = licences.calling_licence_of(&read.licenses).filter(|_| settings.extension_change);
    if let Some(number) = line.number().filter(|_| licence.is_some()) {
        free_number::require(work, site, number, person).await?;
    }
    let org = settings.org_id.as_deref();
    work.reach(&TheLine { held, has: read.extension, licence, org }).await?;
    work.added.clear();
    Ok(format!("{line} assigned"))
}

/// Whether the person has Standard calling alone, where the row states something that such a licence does not have.
async fn is_standard_only(
    eyes: &mut Eyes<'_>,
    assignment: &AssignmentRecord,
    person: &RemoteId,
    read: Option<&Person>,
    licences: &LicencePool,
) -> Flow<bool> {
    if !assignment.settings.by_feature().any(|(feature, _)| feature.spec().professional) {
        return Ok(false);
    }
    if eyes.is_to_come(person) {
        let partner = eyes.row.partner.as_ref().map(|partner| &partner.record);
        let Some(Record::User(user)) = partner else { return Ok(false) };
        let licence = licences.of_choice(user.license.as_ref())?;
        return Ok(licences.is_standard_only(&[licence]));
    }
    let listed = directory::person_in_lists(eyes, &assignment.email, |_| false).await?;
    let licenses = match (read, listed) {
        (Some(person), _) => person.licenses.clone(),
        (None, Some(listed)) => listed.licenses,
        (None, None) => directory::find_person(eyes, &assignment.email).await?.licenses,
    };
    Ok(licences.is_standard_only(&licenses))
}

/// The person's id, when the lists of this phase show that they have calling here.
async fn person_in_lists(
    eyes: &Eyes<'_>,
    assignment: &AssignmentRecord,
    site: &Site,
    licences: &LicencePool,
) -> Flow<Option<RemoteId>> {
    let listed =
        directory::person_in_lists(eyes, &assignment.email, |held| licences.gives_calling(held)).await?;
    let here = |person: &Person| person.location.as_ref().is_some_and(|id| id.same_as(&site.id));
    Ok(listed.filter(here).map(|person| person.id))
}

/// Whom phase 2 did not find, or left without calling as the lists show, needs no call to be known (R11).
async fn refuse_without_calling(
    eyes: &Eyes<'_>,
    assignment: &AssignmentRecord,
    licences: &LicencePool,
) -> Flow<()> {
    let Some(user_row) = eyes.row.partner.as_ref() else { return Ok(()) };
    if user_row.state != RowState::Pending || user_row.gave(Fact::Calling).is_some() {
        return Ok(());
    }
    if user_row.cause == Some(PendingReason::UserNotFound) {
        return without_calling(eyes, assignment);
    }
    let gives_calling = |held: &[RemoteId]| licences.gives_calling(held);
    match directory::person_in_lists(eyes, &assignment.email, gives_calling).await? {
        Some(person) if matches!(calling_of(&person, licences)?, Calling::No) => {
            without_calling(eyes, assignment)
        }
        _ => Ok(()),
    }
}

fn without_calling<T>(eyes: &Eyes<'_>, assignment: &AssignmentRecord) -> Flow<T> {
    let by = eyes.row.partner.as_ref();
    let at = by.map_or_else(
        || "the file has no accepted user row for this person".to_owned(),
        |row| format!("user row {}, {}", row.row_id, row.state),
    );
    blocked(
        by.and_then(Sibling::to_wait_for),
        format!("the person {} has no calling ({at})", assignment.email),
    )
}

/// Reads the person, who must have calling here: phase 3 never enables (R24).
async fn calling_person(
    eyes: &mut Eyes<'_>,
    assignment: &AssignmentRecord,
    site: &Site,
    licences: &LicencePool,
) -> Flow<Person> {
    let person = directory::find_person(eyes, &assignment.email).await?;
    let calling = calling_of(&person, licences)?;
    if matches!(calling, Calling::No) {
        return without_calling(eyes, assignment);
    }
    require_here(eyes, &calling, site).await?;
    Ok(person)
}
