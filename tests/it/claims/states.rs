//! What the schema itself refuses, whoever writes: the last line of defence.

use std::collections::BTreeSet;

use rusqlite::Connection;
use wxbulk::domain::{EntityType, Operation, PendingReason, RejectionReason, RowState, Step, StepState};

use super::Job;

/// Brings row 1 into a state by moves that are allowed.
fn bring_to(job: &Job, state: RowState) -> Connection {
    let raw = job.raw();
    raw.execute("INSERT INTO batches VALUES (1, 1, 1, 'now', NULL)", []).unwrap();
    let way: &[RowState] = match state {
        RowState::Ready => &[],
        RowState::Running => &[RowState::Running],
        RowState::Success | RowState::Pending => &[RowState::Running, state],
        RowState::Dropped => &[RowState::Dropped],
        RowState::Rejected => {
            let rejected =
                "INSERT INTO rows (row_id, input_id, line, raw, row_sha256, state, reason, updated_at)
                            VALUES (2, 1, 3, '{}', zeroblob(32), 'rejected', 'duplicate_key', 'now')";
            raw.execute(rejected, []).unwrap();
            &[]
        }
    };
    for step in way {
        move_row(&raw, 1, *step).unwrap();
    }
    raw
}

/// Moves a row, with all that its new state demands.
fn move_row(raw: &Connection, row_id: u32, state: RowState) -> rusqlite::Result<usize> {
    let further = match state {
        RowState::Ready => "reason = NULL, cause = NULL",
        RowState::Running => "reason = NULL, cause = NULL, batch = 1",
        RowState::Success => {
            "reason = NULL, cause = NULL, step = 'location_lookup', remote_id = 'x', batch = 1"
        }
        RowState::Pending => {
            "step = 'location_lookup', reason = 'half_applied', cause = 'retry_exhausted', batch = 1"
        }
        RowState::Rejected => "reason = 'out_of_scope', cause = NULL",
        RowState::Dropped => "reason = NULL, cause = NULL",
    };
    let identity = "phase = 1, entity_type = 'location', entity_key = 'k', location_key = 'k', cells = '{}'";
    raw.execute(
        &format!("UPDATE rows SET state = ?1, {identity}, {further} WHERE row_id = ?2"),
        (state.as_str(), row_id),
    )
}

#[test]
fn a_row_makes_the_designed_moves_and_no_others() {
    use RowState::{Dropped, Pending, Ready, Rejected, Running, Success};
    let designed = [
        (Ready, Running),
        (Running, Success),
        (Running, Pending),
        (Running, Ready),
        (Pending, Ready),
        (Success, Ready),
        (Rejected, Ready),
        (Rejected, Rejected),
        (Ready, Dropped),
        (Pending, Dropped),
        (Rejected, Dropped),
        (Dropped, Ready),
    ];
    for from in RowState::ALL {
        for to in RowState::ALL {
            let job = Job::with_rows(1);
            let raw = bring_to(&job, *from);
            let moved = move_row(&raw, if *from == Rejected { 2 } else { 1 }, *to);
            assert_eq!(moved.is_ok(), designed.contains(&(*from, *to)), "{from} -> {to}: {moved:?}");
        }
    }
}

#[test]
fn a_state_comes_with_what_it_means() {
    let cases = [
        (RowState::Running, "state = 'pending', step = 'user_lookup', batch = 1", "pending without reason"),
        (
            RowState::Running,
            "state = 'pending', step = 'x', reason = 'half_applied', cause = 'half_applied'",
            "no cause",
        ),
        (
            RowState::Running,
            "state = 'pending', step = 'x', reason = 'bad_luck', cause = 'auth_invalid'",
            "unknown reason",
        ),
        (
            RowState::Running,
            "state = 'pending', reason = 'auth_invalid', cause = 'auth_invalid'",
            "pending nowhere",
        ),
        (RowState::Running, "state = 'success', step = 'user_lookup'", "success without an id"),
        (RowState::Running, "state = 'success', remote_id = 'x'", "success without a step"),
        (RowState::Running, "reason = 'auth_invalid'", "a reason on a running row"),
        (RowState::Running, "state = 'done'", "unknown state"),
        (RowState::Running, "batch = NULL", "running in no batch"),
        (RowState::Running, "batch = 7", "running in a batch that is not"),
        (RowState::Ready, "state = 'running'", "claimed without a batch"),
        (RowState::Ready, "cells = NULL", "a row without cells"),
        (RowState::Ready, "phase = 0", "no phase"),
        (RowState::Ready, "row_id = 0", "row 0"),
        (RowState::Ready, "entity_type = 'device'", "unknown kind"),
        (RowState::Rejected, "reason = NULL WHERE row_id = 2 --", "rejected without reason"),
        (
            RowState::Rejected,
            "reason = 'retry_exhausted' WHERE row_id = 2 --",
            "rejected for what only pending can be",
        ),
        (
            RowState::Running,
            "state = 'pending', step = 'x', reason = 'auth_invalid', cause = 'bad_luck'",
            "unknown cause",
        ),
        (RowState::Rejected, "cause = 'out_of_scope' WHERE row_id = 2 --", "rejected with a cause"),
        (RowState::Dropped, "reason = 'auth_invalid'", "dropped with a reason"),
    ];
    for (state, change, what) in cases {
        let job = Job::with_rows(1);
        let refused =
            bring_to(&job, state).execute(&format!("UPDATE rows SET {change} WHERE row_id = 1"), []);
        assert!(refused.is_err(), "{what} was taken: {change}");
    }
}

#[test]
fn what_is_recorded_is_neither_changed_nor_deleted() {
    let job = Job::with_rows(1);
    let raw = bring_to(&job, RowState::Success);
    raw.execute("INSERT INTO steps VALUES (1, 1, 1, 'location_lookup', 'unchanged', '{}', 'now')", [])
        .unwrap();
    let outcome = "INSERT INTO outcomes (row_id, attempt, run_id, phase, batch, state, step, message, at)
                   VALUES (1, 1, 1, 1, 1, 'success', 'location_lookup', '', 'now')";
    raw.execute(outcome, []).unwrap();
    assert!(raw.execute(outcome, []).is_err(), "a second outcome of one attempt");
    for sql in [
        "DELETE FROM rows",
        "DELETE FROM outcomes",
        "UPDATE outcomes SET state = 'pending'",
        "UPDATE steps SET state = 'applied'",
        "DELETE FROM inputs",
        "DELETE FROM runs",
        "DELETE FROM batches",
    ] {
        assert!(raw.execute(sql, []).is_err(), "{sql} was done");
    }
}

/// The words of the first list behind this text in the schema.
fn words_behind(schema: &str, text: &str) -> BTreeSet<String> {
    let list = schema.split_once(text).unwrap_or_else(|| panic!("{text:?} is not in the schema")).1;
    let list = list.split_once(')').unwrap().0;
    list.split('\'').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The texts of all values of an enum, each of which must read back as the value.
fn texts_of<T: Copy + PartialEq + std::fmt::Debug>(
    all: &[T],
    text: impl Fn(T) -> &'static str,
    read: impl Fn(&str) -> Option<T>,
) -> BTreeSet<String> {
    for value in all {
        assert_eq!(read(text(*value)), Some(*value));
    }
    assert_eq!(read("no such word"), None);
    let texts: BTreeSet<String> = all.iter().map(|value| text(*value).to_owned()).collect();
    assert_eq!(texts.len(), all.len(), "two values share a text: {texts:?}");
    texts
}

macro_rules! texts_of {
    ($name:ident) => {
        texts_of($name::ALL, $name::as_str, $name::from_text)
    };
}

#[test]
fn the_words_of_the_schema_are_those_of_the_code() {
    let job = Job::with_rows(1);
    let table = |name: &str| -> String {
        job.raw()
            .query_row("SELECT sql FROM sqlite_schema WHERE name = ?1", [name], |row| row.get(0))
            .unwrap()
    };
    let rows = table("rows");
    assert_eq!(words_behind(&rows, "CHECK (entity_type = "), texts_of!(EntityType));
    assert_eq!(words_behind(&rows, "CHECK (state = "), texts_of!(RowState));
    let codes = |state: &str| -> BTreeSet<String> {
        let raw = job.raw();
        let mut codes =
            raw.prepare("SELECT reason FROM reason_codes WHERE state = ?1 AND hint != ''").unwrap();
        codes.query_map([state], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    assert_eq!(codes("rejected"), texts_of!(RejectionReason));
    assert_eq!(codes("pending"), texts_of!(PendingReason));
    assert_eq!(job.raw().query_row("SELECT count(*) FROM reason_codes", [], |row| row.get(0)), Ok(13));
    assert_eq!(words_behind(&table("steps"), "CHECK (state = "), texts_of!(StepState));
    assert_eq!(texts_of!(Step).len(), 16);
    assert!(!texts_of!(Operation).is_empty());
}
