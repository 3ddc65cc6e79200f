//! Who holds an extension or number.

use super::directory;
use crate::domain::{Difference, Fact, Line, Operation, PendingReason, RemoteId, Step};
use crate::runner::engine::{Decision, Eyes, Goal, Missing, Shown};
use crate::runner::flow::{Cause, Flow};
use crate::runner::memory::sites::Site;
use crate::webex::wire::NumberEntry;
use crate::webex::{Reply, calls};

/// Whether the person holds every part of the line, and nobody else does.
#[derive(Clone, Copy)]
pub(crate) struct LineHeld<'a> {
    pub(crate) line: &'a Line,
    pub(crate) site: &'a Site,
    pub(crate) person: &'a RemoteId,
}

/// The person holds the line, which nobody holds yet.
pub(crate) struct TheLine<'a> {
    pub(crate) held: LineHeld<'a>,
    /// The extension that the person has.
    pub(crate) has: Option<String>,
    /// The person's calling licence, if it may be tried for another line (R3).
    pub(crate) licence: Option<RemoteId>,
    /// The organisation, for partner tokens.
    pub(crate) org: Option<&'a str>,
}

/// Who holds the parts of a line, in words of each part.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Held {
    Theirs,
    /// Nobody holds some part, and nobody else the rest.
    Free,
    /// Another holds some part.
    Taken(String),
}

impl Goal for LineHeld<'_> {
    type Seen = Held;
    /// Whether the person does.
    type Got = bool;

    fn writes_in(&self) -> Step {
        Step::AssignmentLookup
    }

    fn writes(&self) -> &'static [Operation] {
        &[Operation::LicensesUsersPatch]
    }

    /// A run believes the lists only where they show what it wants; lists may lag behind phase 2.
    async fn known(&self, eyes: &mut Eyes<'_>) -> Flow<Option<Held>> {
        let listed = directory::line_in_lists(eyes, self.line, &self.site.id).await?;
        let held = listed.map(|(extension, number)| self.held(extension.as_deref(), number.as_deref()));
        Ok(held.filter(|held| *held == Held::Theirs || eyes.only_looks))
    }

    /// What phase 2 proved may show in the numbers list only after the settle time.
    async fn look(&self, eyes: &mut Eyes<'_>) -> Flow<Held> {
        let held = self.look_once(eyes).await?;
        let may_lag = held == Held::Free && known_person(eyes).is_some();
        if may_lag && eyes.wait_for_phase().await? {
            return self.look_once(eyes).await;
        }
        Ok(held)
    }

    fn decide(&self, held: &Held) -> Decision<bool> {
        let line = self.line;
        match held {
            Held::Theirs => Decision::InPlace { got: true, proof: format!("the person holds {line}") },
            Held::Free => Decision::InPlace { got: false, proof: format!("nobody holds {line}") },
            Held::Taken(words) => Decision::Stop(Cause::new(
                PendingReason::NonRetryableExternal,
                format!("{words}: free it, or state another"),
            )),
        }
    }

    fn shown(&self, _reply: &Reply) -> Shown<bool> {
        Shown::ToReadBack
    }

    fn would_be(&self) -> bool {
        true
    }

    fn is_ours(&self, held: &Held) -> bool {
        *held == Held::Theirs
    }
}

impl Goal for TheLine<'_> {
    type Seen = Held;
    type Got = ();

    fn writes_in(&self) -> Step {
        Step::AssignExtensionOrNumber
    }

    /// The look at who holds the line told what became of earlier ones.
    fn writes(&self) -> &'static [Operation] {
        &[]
    }

    fn gives(&self) -> Option<Fact> {
        Some(Fact::Line)
    }

    async fn known(&self, _eyes: &mut Eyes<'_>) -> Flow<Option<Held>> {
        Ok(Some(Held::Free))
    }

    async fn look(&self, eyes: &mut Eyes<'_>) -> Flow<Held> {
        self.held.look_once(eyes).await
    }

    fn decide(&self, held: &Held) -> Decision<()> {
        let LineHeld { line, site, person } = self.held;
        match (held, &self.licence) {
            (Held::Theirs, _) => {
                Decision::InPlace { got: (), proof: format!("read back: the person holds {line}") }
            }
            (Held::Taken(words), _) => Decision::Stop(Cause::new(
                PendingReason::NonRetryableExternal,
                format!("{words}: free it, or state another"),
            )),
            (Held::Free, Some(licence)) => Decision::Missing(Missing {
                write: calls::add_license(person, licence, &site.id, line, self.org),
                words: format!("assign {line}"),
                differences: vec![self.difference()],
            }),
            // No operation that leaves identity alone is proven to change it (R3).
            (Held::Free, None) => Decision::Stop(Cause {
                differences: vec![self.difference()],
                ..Cause::new(
                    PendingReason::OutOfScope,
                    format!(
                        "the person already has calling with {}; no operation that leaves identity alone changes it to {line}: \
                         do it in Control Hub, or try EXTENSION_CHANGE=license_patch",
                        self.has()
                    ),
                )
            }),
        }
    }

    fn shown(&self, _reply: &Reply) -> Shown<()> {
        Shown::ByLookUp(Cause::new(
            PendingReason::OutOfScope,
            format!(
                "Webex took the licence again but left the person with {}: change it in Control Hub",
                self.has()
            ),
        ))
    }

    fn would_be(&self) {}
}

impl TheLine<'_> {
    fn has(&self) -> String {
        self.has
            .as_ref()
            .map_or_else(|| "no extension".to_owned(), |extension| format!("extension {extension}"))
    }

    fn difference(&self) -> Difference {
        let line = self.held.line;
        let field = if line.extension().is_some() { "extension" } else { "phone_number" };
        Difference {
            field: field.to_owned(),
            found: self.has.clone().unwrap_or_default(),
            wanted: line.extension().map_or_else(|| line.to_string(), ToString::to_string),
        }
    }
}

impl LineHeld<'_> {
    async fn look_once(&self, eyes: &mut Eyes<'_>) -> Flow<Held> {
        let mut extension = None;
        if let Some(wanted) = self.line.extension() {
            extension = Some(directory::holders_of_extension(eyes, &self.site.id, wanted).await?);
            if let held @ Held::Taken(_) = self.held(extension.as_deref(), None) {
                return Ok(held);
            }
        }
        let number = match self.line.number() {
            Some(number) => Some(Vec::from_iter(directory::holder_of_number(eyes, number).await?)),
            None => None,
        };
        Ok(self.held(extension.as_deref(), number.as_deref()))
    }

    /// What entries of the numbers list say of the parts of the line.
    fn held(&self, extension: Option<&[NumberEntry]>, number: Option<&[NumberEntry]>) -> Held {
        let extension = extension.map(|entries| {
            let stated = self.line.extension().map(ToString::to_string).unwrap_or_default();
            holder(entries, self.person, &format!("the extension {stated} of {:?}", self.site.name))
        });
        let number = number.map(|entries| {
            let stated = self.line.number().map(ToString::to_string).unwrap_or_default();
            holder(entries, self.person, &format!("the number {stated}"))
        });
        let mut parts = [extension, number].into_iter().flatten();
        parts.find(|held| *held != Held::Theirs).unwrap_or(Held::Theirs)
    }
}

fn holder(entries: &[NumberEntry], person: &RemoteId, what: &str) -> Held {
    let mut owners = entries.iter().filter_map(|entry| entry.owner.as_ref()).peekable();
    if owners.peek().is_none() {
        return Held::Free;
    }
    let theirs = |id: &Option<RemoteId>| id.as_ref().is_some_and(|id| id.same_as(person));
    match owners.find(|owner| !theirs(&owner.id)) {
        None => Held::Theirs,
        Some(other) => Held::Taken(format!("{what} is taken by {} {}", other.kind, other.name)),
    }
}

/// The person's id, when the user row gave or found calling.
pub(crate) fn known_person(eyes: &Eyes<'_>) -> Option<RemoteId> {
    eyes.row.partner.as_ref()?.gave(Fact::Calling).cloned()
}
