//! Instants at which a debug build can be made to die, for the tests of kills. In a release build nothing of it is left.

/// An instant at which one thing is lasting already and the next is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Point {
    /// The intent of a write is on disk, the request has not left.
    IntentCommitted,
    /// The answer to a write is here, nothing of it is on disk.
    ReplyRead,
    /// A row's end is on disk, nobody was told.
    OutcomeCommitted,
    /// A file of an export is whole under its temporary name.
    TempFileWritten,
    /// What is about to replace a file is on record, the file is the old one.
    BeforeRename,
    /// The file is the new one.
    AfterRename,
}

#[cfg(not(debug_assertions))]
impl Point {
    /// Nothing.
    pub(crate) const fn reached(self) {}
}

#[cfg(debug_assertions)]
impl Point {
    const fn name(self) -> &'static str {
        match self {
            Point::IntentCommitted => "intent_committed",
            Point::ReplyRead => "reply_read",
            Point::OutcomeCommitted => "outcome_committed",
            Point::TempFileWritten => "temp_file_written",
            Point::BeforeRename => "before_rename",
            Point::AfterRename => "after_rename",
        }
    }

    /// Dies without any clean-up when `WXBULK_KILL_AT=POINT:N` names this point and this is its Nth passage.
    pub(crate) fn reached(self) {
        use std::sync::atomic::{AtomicU32, Ordering};
        static PASSAGES: AtomicU32 = AtomicU32::new(0);

        let Ok(wanted) = std::env::var("WXBULK_KILL_AT") else { return };
        let Some((name, nth)) = wanted.split_once(':') else { return };
        if name != self.name() {
            return;
        }
        let passage = PASSAGES.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        if nth.parse() == Ok(passage) {
            std::process::abort();
        }
    }
}
