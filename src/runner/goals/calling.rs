//! Whether a person has calling, and the licence that gives it.

use super::directory;
use crate::domain::{Difference, Fact, Line, Operation, PendingReason, RemoteId, Step, UserRecord};
use crate::runner::engine::{Decision, Eyes, Goal, Missing, Shown};
use crate::runner::flow::{Flow, pending};
use crate::runner::memory::licences::LicencePool;
use crate::runner::memory::sites::Site;
use crate::webex::wire::Person;
use crate::webex::{Reply, calls, wire};

/// Whether and where a person has calling.
pub(crate) enum Calling {
    /// None at all.
    No,
    /// In this location.
    At(RemoteId),
    /// By a licence; Webex does not say where.
    Somewhere,
}

/// What Webex says of a person's calling.
pub(crate) fn calling_of(person: &Person, licences: &LicencePool) -> Flow<Calling> {
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
pub(crate) async fn require_here(eyes: &Eyes<'_>, calling: &Calling, site: &Site) -> Flow<()> {
    let there = match calling {
        Calling::At(there) if !there.same_as(&site.id) => there,
        _ => return Ok(()),
    };
    let name = directory::location_by_id(eyes, there).await?.map(|seen| seen.name);
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

/// The person holds a calling licence, given with a line.
pub(crate) struct CallingLicence<'a> {
    pub(crate) user: &'a UserRecord,
    /// The person as a look showed them, without calling.
    pub(crate) person: &'a Person,
    pub(crate) site: &'a Site,
    pub(crate) line: &'a Line,
    pub(crate) licence: RemoteId,
    /// The organisation, for partner tokens.
    pub(crate) org: Option<&'a str>,
}

impl Goal for CallingLicence<'_> {
    /// The licences that the person holds.
    type Seen = Vec<RemoteId>;
    type Got = ();

    fn writes_in(&self) -> Step {
        Step::UserEnableCalling
    }

    /// The look at the person told what became of earlier ones.
    fn writes(&self) -> &'static [Operation] {
        &[]
    }

    fn gives(&self) -> Option<Fact> {
        Some(Fact::Calling)
    }

    async fn known(&self, _eyes: &mut Eyes<'_>) -> Flow<Option<Vec<RemoteId>>> {
        Ok(Some(self.person.licenses.clone()))
    }

    async fn look(&self, eyes: &mut Eyes<'_>) -> Flow<Vec<RemoteId>> {
        let now = directory::search_person(eyes, &self.user.email).await?;
        Ok(now.map(|person| person.licenses).unwrap_or_default())
    }

    fn decide(&self, held: &Vec<RemoteId>) -> Decision<()> {
        let CallingLicence { person, site, line, licence, org, .. } = self;
        if held.iter().any(|id| id.same_as(licence)) {
            let proof = format!("licence {licence} is in licenses[], sent with {line}");
            return Decision::InPlace { got: (), proof };
        }
        Decision::Missing(Missing {
            write: calls::add_license(&person.id, licence, &site.id, line, *org),
            words: format!("give calling with {line}"),
            differences: vec![Difference {
                field: "calling".to_owned(),
                found: String::new(),
                wanted: format!("with {line}"),
            }],
        })
    }

    /// The answer must name the person and the licence; 206 never is success (R7).
    fn shown(&self, reply: &Reply) -> Shown<()> {
        let about = Shown::about(reply, "personId", &self.person.id);
        if matches!(about, Shown::Unproved(_)) {
            return about;
        }
        let lists = |key: &str| wire::ids(&reply.body, key).iter().any(|id| id.same_as(&self.licence));
        if reply.status == 206 {
            let whether = if lists("licenses") { "is" } else { "is not" };
            return Shown::Partial(format!(
                "Webex applied the licences in part only (206); the calling licence {whether} among those applied"
            ));
        }
        if lists("licenses") {
            return Shown::Proved(());
        }
        if lists("pendingLicenses") {
            return Shown::Partial(
                "the licence waits for the person to accept it (pendingLicenses)".to_owned(),
            );
        }
        Shown::Unproved("licenses[] does not name the licence".to_owned())
    }

    fn would_be(&self) {}
}
