//! Pure types of the field: no IO, no SQL, no HTTP, no async.

/// Declares an enum whose text form, parser and list come from one table.
macro_rules! text_enum {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vmeta])* $variant),+ }

        impl $name {
            /// Every value, in declaration order.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// The text form used in the database, the files and the logs.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text),+ }
            }

            /// The value with exactly this text form.
            pub fn from_text(text: &str) -> Option<Self> {
                match text { $($text => Some($name::$variant),)+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

mod column;
mod entity;
mod input;
mod location_settings;
mod notes;
mod operation;
mod outcome;
mod permission;
mod plan;
mod reason;
mod record;
mod remote_id;
mod setting;
mod step;
mod telephone;
mod values;

pub use column::{
    Column, ColumnKind, EXPORT_COLUMNS, FORBIDDEN_SECRETS, IDENTITY_COLUMNS, LOCATION_SETTINGS_PREFIX, Need,
    columns, find_column, settings_entity,
};
pub use entity::{BatchId, EntityType, Phase, RowId};
pub use input::{Accepted, Cells, InputRow, Rejected};
pub use location_settings::{
    CallingDetails, LocationSettings, NumberState, PstnChoice, RouteKind, RouteName,
};
pub use notes::{tag_in, tag_line, with_tag, without_tag};
pub use operation::{Operation, Repeat};
pub use outcome::{Fact, Failure, Outcome, RowState, Success};
pub use permission::{CallAction, CallType, Permission, TRANSFER};
pub use plan::{Difference, Effect, PlannedWrite, RowCheck, RowPlan, Verdict};
pub use reason::{PendingReason, RejectionReason};
pub use record::{Address, AssignmentRecord, CellError, LocationRecord, Record, UserRecord};
pub use remote_id::RemoteId;
pub use setting::{
    Family, Feature, FeatureSpec, Fill, SETTINGS, Setting, SettingKind, SettingValue, Settings,
    StatedSetting, UserSettingsPrefix,
};
pub use step::{Step, StepState};
pub use telephone::{CallingCode, dials_the_same, without_hyphen};
pub use values::{
    Email, Extension, InputHash, LicenseChoice, Line, LocationKey, PhoneNumber, ValueError, fold_name,
};
