//! What kinds of rows there are, the phase each belongs to, and how rows and batches are numbered.

use std::num::NonZeroU32;

text_enum! {
    /// The kind of thing one row describes.
    EntityType {
        /// A site.
        Location = "location",
        /// A person whom the directory has already put into Webex.
        User = "user",
        /// An extension or number for a person.
        ExtensionAssignment = "extension_assignment",
    }
}

impl EntityType {
    /// The phase in which rows of this kind are driven; the only link between the two.
    pub const fn phase(self) -> Phase {
        match self {
            EntityType::Location => Phase::Locations,
            EntityType::User => Phase::Users,
            EntityType::ExtensionAssignment => Phase::Assignments,
        }
    }
}

/// One of the three fixed phases of a run; each is a barrier for the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// 1: every location exists and is enabled for calling.
    Locations,
    /// 2: every user has calling.
    Users,
    /// 3: every extension and number is in place.
    Assignments,
}

impl Phase {
    /// The phases in the order in which they run.
    pub const IN_ORDER: [Phase; 3] = [Phase::Locations, Phase::Users, Phase::Assignments];

    /// 1, 2 or 3.
    pub const fn number(self) -> u8 {
        match self {
            Phase::Locations => 1,
            Phase::Users => 2,
            Phase::Assignments => 3,
        }
    }

    /// The phase with this number.
    pub fn from_number(number: u8) -> Option<Phase> {
        Phase::IN_ORDER.into_iter().find(|phase| phase.number() == number)
    }

    /// The word for the rows of this phase in tables and progress bars.
    pub const fn title(self) -> &'static str {
        match self {
            Phase::Locations => "locations",
            Phase::Users => "users",
            Phase::Assignments => "assignments",
        }
    }
}

impl std::fmt::Display for Phase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.number())
    }
}

/// The 1-based number of a record in the input file (the header is not counted).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowId(NonZeroU32);

impl RowId {
    /// `None` for 0.
    pub fn new(number: u32) -> Option<RowId> {
        NonZeroU32::new(number).map(RowId)
    }

    /// The number itself.
    pub const fn get(self) -> u32 {
        self.0.get()
    }
}

impl std::fmt::Display for RowId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Names one batch of a phase; the same claims in the same order give the same names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BatchId {
    /// The phase whose rows the batch holds.
    pub phase: Phase,
    /// 1-based within the phase, over all runs of a database.
    pub number: u32,
}

impl std::fmt::Display for BatchId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "p{}-b{:04}", self.phase.number(), self.number)
    }
}
