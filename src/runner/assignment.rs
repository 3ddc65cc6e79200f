//! Phase 3: prove that the person holds the extension and number, or say why not; apply the settings.

use super::aliases;
use super::alternates;
use super::directory;
use super::licences::LicencePool;
use super::numbers;
use super::settings;
use super::site::{self, Site};
use super::user::{Calling, calling_of, refuse_unsupported, require_here};
use super::work::{Cause, Flow, RowWork, blocked, pending};
use super::write::Shown;
use crate::domain::{
    AssignmentRecord, Fact, Line, Operation, PendingReason, RemoteId, RowState, Step, StepState,
};
use crate::store::Sibling;
use crate::webex::calls;
use crate::webex::wire::{NumberEntry, Person};

/// What the numbers list says of one extension or number.
enum Held {
    ByThePerson,
    ByNobody,
}

pub(super) async fn drive(
    work: &mut RowWork<'_>,
    assignment: &AssignmentRecord,
    licences: &LicencePool,
) -> Flow<(RemoteId, String)> {
    refuse_unsupported(work, Step::ApplyFinalSettings, &assignment.unsupported)?;
    work.begin(Step::AssignmentLookup);
    let site = site::find(work).await?;
    refuse_without_calling(work, assignment, licences).await?;
    let known = match known_person(work) {
        Some(id) => Some(id),
        None => person_in_lists(work, assignment, &site, licences).await?,
    };
    let (person, read) = match known {
        Some(id) => (id, None),
        None => {
            let person = calling_person(work, assignment, &site, licences).await?;
            (person.id.clone(), Some(person))
        }
    };
    let aliases = match &read {
        Some(shown) => aliases::learn(work, shown, assignment.email.as_str()),
        None => work.row.aliases.clone(),
    };
    aliases::refuse_later(work, aliases).await?;
    work.remote_id = Some(person.clone());
    let standard_only = is_standard_only(work, assignment, read.as_ref(), licences).await?;
    let in_place = directory::holds_in_lists(work, &assignment.line, &site.id, &person).await?
        || is_in_place(work, &assignment.line, &site, &person).await?
        || is_in_place_late(work, &assignment.line, &site, &person).await?;
    let message = if in_place {
        work.resolve_earlier(Operation::LicensesUsersPatch, true);
        work.sees(Fact::Line, true);
        work.done(StepState::Unchanged, format!("the person holds {}", assignment.line));
        format!("{} in place", assignment.line)
    } else {
        let person = match read {
            Some(person) => person,
            None => calling_person(work, assignment, &site, licences).await?,
        };
        work.sees(Fact::Line, false);
        work.done(StepState::Unchanged, format!("nobody holds {}", assignment.line));
        change(work, assignment, &site, &person, licences).await?;
        format!("{} assigned", assignment.line)
    };
    // Phase 2 may have given calling up to the moment when this one began.
    let given = work.row.partner.as_ref().map(|_| work.context.phase_began.get());
    let owner = settings::Owner { person: &person, standard_only, home: site.home, given };
    directory::note_states_in_lists(work, &assignment.alternate_numbers).await?;
    let further = alternates::apply(work, &site, &owner, &assignment.alternate_numbers).await?;
    let message = if further > 0 { format!("{message}, {further} further numbers") } else { message };
    let written = settings::apply(work, Step::ApplyFinalSettings, &owner, &assignment.settings).await?;
    let settings =
        if assignment.settings.is_empty() { String::new() } else { format!(", {written} settings written") };
    let inactive = work.not_active_yet().map(|words| format!(", {words}")).unwrap_or_default();
    Ok((person, message + &settings + &inactive))
}

/// Whether the person has Standard calling alone, as far as licences were read already; else Webex itself refuses what
/// such a licence does not have.
async fn is_standard_only(
    work: &RowWork<'_>,
    assignment: &AssignmentRecord,
    read: Option<&Person>,
    licences: &LicencePool,
) -> Flow<bool> {
    if assignment.settings.is_empty() {
        return Ok(false);
    }
    let licenses = match read {
        Some(person) => Some(person.licenses.clone()),
        None => {
            directory::person_in_lists(work, &assignment.email, |_| false).await?.map(|seen| seen.licenses)
        }
    };
    Ok(licenses.is_some_and(|licenses| licences.is_standard_only(&licenses)))
}

/// The person's id, when the user row gave or found calling.
fn known_person(work: &RowWork<'_>) -> Option<RemoteId> {
    work.row.partner.as_ref()?.gave(Fact::Calling).cloned()
}

/// The person's id, when the lists of this phase show that they have calling here.
async fn person_in_lists(
    work: &RowWork<'_>,
    assignment: &AssignmentRecord,
    site: &Site,
    licences: &LicencePool,
) -> Flow<Option<RemoteId>> {
    let listed =
        directory::person_in_lists(work, &assignment.email, |held| licences.gives_calling(held)).await?;
    let here = |person: &Person| person.location.as_ref().is_some_and(|id| id.same_as(&site.id));
    Ok(listed.filter(here).map(|person| person.id))
}

/// Whom phase 2 did not find, or left without calling as the lists show, needs no call to be known (R11).
async fn refuse_without_calling(
    work: &RowWork<'_>,
    assignment: &AssignmentRecord,
    licences: &LicencePool,
) -> Flow<()> {
    let Some(user_row) = work.row.partner.as_ref() else { return Ok(()) };
    if user_row.state != RowState::Pending || user_row.gave(Fact::Calling).is_some() {
        return Ok(());
    }
    if user_row.cause == Some(PendingReason::UserNotFound) {
        return without_calling(work, assignment);
    }
    let gives_calling = |held: &[RemoteId]| licences.gives_calling(held);
    match directory::person_in_lists(work, &assignment.email, gives_calling).await? {
        Some(person) if matches!(calling_of(&person, licences)?, Calling::No) => {
            without_calling(work, assignment)
        }
        _ => Ok(()),
    }
}

fn without_calling<T>(work: &RowWork<'_>, assignment: &AssignmentRecord) -> Flow<T> {
    let by = work.row.partner.as_ref();
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
    work: &mut RowWork<'_>,
    assignment: &AssignmentRecord,
    site: &Site,
    licences: &LicencePool,
) -> Flow<Person> {
    let person = directory::find_person(work, &assignment.email).await?;
    let calling = calling_of(&person, licences)?;
    if matches!(calling, Calling::No) {
        return without_calling(work, assignment);
    }
    require_here(work, &calling, site).await?;
    Ok(person)
}

/// Whether the person holds every part of the line; a part that another holds ends the row.
async fn is_in_place(work: &mut RowWork<'_>, line: &Line, site: &Site, person: &RemoteId) -> Flow<bool> {
    let mut in_place = true;
    if let Some(extension) = line.extension() {
        let entries = directory::holders_of_extension(work, &site.id, extension).await?;
        let what = format!("the extension {extension} of {:?}", site.name);
        in_place &= matches!(holder(&entries, person, &what)?, Held::ByThePerson);
    }
    if let Some(number) = line.number() {
        let entries: Vec<NumberEntry> =
            directory::holder_of_number(work, number).await?.into_iter().collect();
        in_place &= matches!(holder(&entries, person, &format!("the number {number}"))?, Held::ByThePerson);
    }
    Ok(in_place)
}

/// What phase 2 proved may show in the numbers list only after the settle time.
async fn is_in_place_late(work: &mut RowWork<'_>, line: &Line, site: &Site, person: &RemoteId) -> Flow<bool> {
    if known_person(work).is_none() || !work.settle_phase().await? {
        return Ok(false);
    }
    is_in_place(work, line, site, person).await
}

fn holder(entries: &[NumberEntry], person: &RemoteId, what: &str) -> Flow<Held> {
    let mut owners = entries.iter().filter_map(|entry| entry.owner.as_ref()).peekable();
    if owners.peek().is_none() {
        return Ok(Held::ByNobody);
    }
    let theirs = |id: &Option<RemoteId>| id.as_ref().is_some_and(|id| id.same_as(person));
    match owners.find(|owner| !theirs(&owner.id)) {
        None => Ok(Held::ByThePerson),
        Some(other) => pending(
            PendingReason::NonRetryableExternal,
            format!("{what} is taken by {} {}: free it, or state another", other.kind, other.name),
        ),
    }
}

/// The person has calling with another line: no identity-free operation is proven to change it (R3).
async fn change(
    work: &mut RowWork<'_>,
    assignment: &AssignmentRecord,
    site: &Site,
    person: &Person,
    licences: &LicencePool,
) -> Flow<()> {
    work.begin(Step::AssignExtensionOrNumber);
    let has = person
        .extension
        .as_deref()
        .map_or("no extension".to_owned(), |extension| format!("extension {extension}"));
    let licence = licences.calling_licence_of(&person.licenses);
    let Some(licence) = licence.filter(|_| work.context.settings.extension_change) else {
        return pending(
            PendingReason::OutOfScope,
            format!(
                "the person already has calling with {has}; no operation that leaves identity alone changes it to {}: \
                 do it in Control Hub, or try EXTENSION_CHANGE=license_patch",
                assignment.line
            ),
        );
    };
    if let Some(number) = assignment.line.number() {
        numbers::require(work, site, number, &person.id).await?;
        work.begin(Step::AssignExtensionOrNumber);
    }
    let org = work.context.settings.org_id.clone();
    let call = calls::add_license(&person.id, &licence, &site.id, &assignment.line, org.as_deref());
    let unchanged = Cause::new(
        PendingReason::OutOfScope,
        format!("Webex took the licence again but left the person with {has}: change it in Control Hub"),
    );
    work.write(
        call,
        |_| Shown::ByLookUp(unchanged.clone()),
        async |work| Ok(is_in_place(work, &assignment.line, site, &person.id).await?.then_some(())),
    )
    .await?;
    work.added.clear();
    work.sees(Fact::Line, true);
    work.done(StepState::Applied, format!("read back: the person holds {}", assignment.line));
    Ok(())
}
