//! From what went wrong to an exit code and a message (`wxbulk --help` lists the codes).

use crate::config::ConfigError;
use crate::export::ExportError;
use crate::ingest::FileRefusal;
use crate::runner::PreflightFailure;
use crate::store::{LoadError, StoreError};

pub(super) const DONE: u8 = 0;
pub(super) const USAGE: u8 = 2;
pub(super) const NEEDS_ATTENTION: u8 = 3;
pub(super) const OTHERS_READY: u8 = 4;
pub(super) const CONFIGURATION: u8 = 10;
pub(super) const PREFLIGHT: u8 = 11;
pub(super) const INPUT_REFUSED: u8 = 12;
pub(super) const OTHER_INPUT: u8 = 13;
pub(super) const DAMAGED: u8 = 14;
pub(super) const LOCKED: u8 = 15;
pub(super) const STOPPED_ITSELF: u8 = 16;
pub(super) const LIMIT: u8 = 17;
pub(super) const STORAGE: u8 = 18;
pub(super) const DEFECT: u8 = 70;

/// An end that is not the one the user asked for.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub code: u8,
    /// What happened, why, and what to do.
    pub message: String,
}

impl Failure {
    pub(super) fn new(code: u8, message: impl Into<String>) -> Failure {
        Failure { code, message: message.into() }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Failure {
        Failure::new(CONFIGURATION, error.to_string())
    }
}

impl From<PreflightFailure> for Failure {
    fn from(error: PreflightFailure) -> Failure {
        Failure::new(PREFLIGHT, format!("the start-up checks failed, no row was touched\n  {error}"))
    }
}

impl From<FileRefusal> for Failure {
    fn from(error: FileRefusal) -> Failure {
        Failure::new(if error.is_limit() { LIMIT } else { INPUT_REFUSED }, error.to_string())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Failure {
        let code = match &error {
            StoreError::Absent { .. } | StoreError::BadCondition { .. } => USAGE,
            StoreError::Damaged { .. } => DAMAGED,
            StoreError::Locked { .. } | StoreError::OlderInUse { .. } => LOCKED,
            StoreError::OtherInput { .. }
            | StoreError::OtherJob { .. }
            | StoreError::OtherPipeline { .. } => OTHER_INPUT,
            StoreError::OtherBinding { .. } => CONFIGURATION,
            StoreError::TooManyRows { .. } => LIMIT,
            StoreError::Storage(_) => STORAGE,
            StoreError::Invariant(_) => DEFECT,
        };
        Failure::new(code, error.to_string())
    }
}

impl From<LoadError<FileRefusal>> for Failure {
    fn from(error: LoadError<FileRefusal>) -> Failure {
        match error {
            LoadError::Source(refusal) => refusal.into(),
            LoadError::Store(error) => error.into(),
        }
    }
}

impl From<ExportError> for Failure {
    fn from(error: ExportError) -> Failure {
        let message = error.to_string();
        match error {
            ExportError::Edited { .. } | ExportError::CheckpointDamaged { .. } => {
                Failure::new(DAMAGED, message)
            }
            ExportError::CheckpointForeign { .. } => Failure::new(OTHER_INPUT, message),
            ExportError::Io { .. } => Failure::new(STORAGE, message),
            ExportError::Store(error) => error.into(),
        }
    }
}
