//! What surveys of Webex found: how it is kept, told and acted on. The store is filled as a survey fills it.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a helper that fails is a failed test"
)]

mod commands;
mod requeue_drifted;
mod rows_to_survey;
mod telling;

use crate::support::{Bench, Csv};
use rusqlite::Connection;
use wxbulk::domain::{
    Difference, Effect, Failure, LocationKey, Operation, PendingReason, Phase, PlannedWrite, RowCheck, RowId,
    RowPlan, Step, Verdict,
};
use wxbulk::store::{self, Store, SurveyFacts};

/// Two sites; users on rows 3, 5, 7, 9 and 11, each with the assignment behind it.
fn two_sites() -> Csv {
    let csv = Csv::new().location("Madrid").cell("location_external_id", "MAD-01").location("La Palma");
    let csv = csv.person("ana@example.com", "MAD-01", "1001").person("eva@example.com", "MAD-01", "1002");
    let csv = csv.person("leo@example.com", "La Palma", "1001").person("mia@example.com", "La Palma", "1002");
    csv.person("zoe@example.com", "La Palma", "1003")
}

fn row_id(number: u32) -> RowId {
    RowId::new(number).unwrap()
}

impl Bench {
    fn store(&self) -> Store {
        Store::open(&self.output().join("wxbulk.db")).unwrap()
    }

    /// Keeps a plan as a survey would.
    fn keep_plan(&self, facts: &SurveyFacts, rows: &[RowPlan], complete: bool, shortfalls: &str) {
        self.store()
            .write(|connection| {
                store::begin_plan(connection, facts)?;
                rows.iter().try_for_each(|row| store::keep_planned(connection, row))?;
                store::end_plan(connection, complete, 41, shortfalls)
            })
            .unwrap();
    }

    /// Keeps what a verification found, as a survey would.
    fn keep_checks(&self, facts: &SurveyFacts, rows: &[RowCheck], complete: bool) {
        self.store()
            .write(|connection| {
                store::begin_check(connection, facts)?;
                rows.iter().try_for_each(|row| store::keep_checked(connection, row))?;
                store::end_check(connection, complete, 41)
            })
            .unwrap();
    }
}

fn everywhere() -> SurveyFacts {
    SurveyFacts { scope: "all locations".to_owned(), ..SurveyFacts::default() }
}

fn planned(number: u32, phase: Phase, location: &str, effect: Effect, writes: Vec<PlannedWrite>) -> RowPlan {
    RowPlan {
        row_id: row_id(number),
        phase,
        location_key: LocationKey::parse(location).unwrap(),
        effect,
        writes,
        reads: 2,
        failure: None,
    }
}

fn blocked(plan: RowPlan, step: Step, cause: PendingReason, message: &str, by: Option<u32>) -> RowPlan {
    let failure = Failure {
        step,
        cause,
        message: message.to_owned(),
        http_status: None,
        tracking_id: None,
        remote_id: None,
        blocked_by: by.map(row_id),
    };
    RowPlan { effect: Effect::Blocked, failure: Some(failure), ..plan }
}

fn write(step: Step, operation: Operation, words: &str, differences: Vec<Difference>) -> PlannedWrite {
    PlannedWrite { step, operation, words: words.to_owned(), differences }
}

fn difference(field: &str, found: &str, wanted: &str) -> Difference {
    Difference { field: field.to_owned(), found: found.to_owned(), wanted: wanted.to_owned() }
}

fn checked(number: u32, verdict: Verdict, differences: Vec<Difference>, message: Option<&str>) -> RowCheck {
    RowCheck { row_id: row_id(number), verdict, differences, message: message.map(str::to_owned) }
}

/// Every row in place, but for what `others` say.
fn checks_of(rows: u32, others: Vec<RowCheck>) -> Vec<RowCheck> {
    let all = (1..=rows).map(|number| {
        let other = others.iter().find(|check| check.row_id == row_id(number)).cloned();
        other.unwrap_or_else(|| checked(number, Verdict::InPlace, Vec::new(), None))
    });
    all.collect()
}

/// A plan of the two sites in which every effect comes up.
fn every_effect() -> Vec<RowPlan> {
    use Effect::{Assign, Blocked, Create, Enable, Same, Update};
    use Phase::{Assignments, Locations, Users};
    let (madrid, palma) = ("MAD-01", "La Palma");
    let create = write(Step::LocationCreate, Operation::LocationCreate, "create MAD-01", Vec::new());
    let numbers = "add +34910000001, +34910000002 to MAD-01";
    let numbers = write(Step::LocationAddNumbers, Operation::NumbersAdd, numbers, Vec::new());
    let zone = vec![difference("time_zone", "Atlantic/Canary", "Europe/Madrid")];
    let zone = write(Step::LocationUpdate, Operation::LocationUpdate, "change the location", zone);
    let enable = "give Webex Calling - Professional with extension 1001";
    let enable = write(Step::UserEnableCalling, Operation::LicensesUsersPatch, enable, Vec::new());
    let number = "add +34910000003 to MAD-01";
    let number = write(Step::NumberAdd, Operation::NumbersAdd, number, Vec::new());
    let line = write(Step::AssignExtensionOrNumber, Operation::PersonNumbersPut, "give the line", Vec::new());
    let waiting = vec![difference("call_waiting_enabled", "true", "false")];
    let waiting =
        write(Step::UserApplyCallingSettings, Operation::FeaturePut, "change call waiting", waiting);
    let units = "no unit of the licence is free (Webex Calling - Professional: 1 of 1 units in use)";
    let pstn = "\"La Palma\" has no PSTN connection, without which it can hold no numbers: connect it in Control Hub";
    let bare = |number, phase, location| planned(number, phase, location, Blocked, Vec::new());
    let lacks = PendingReason::PreconditionMissing;
    vec![
        planned(1, Locations, madrid, Create, vec![create, numbers]),
        planned(2, Locations, palma, Update, vec![zone]),
        planned(3, Users, madrid, Enable, vec![enable]),
        planned(4, Assignments, madrid, Assign, vec![number, line]),
        blocked(bare(5, Users, madrid), Step::UserEnableCalling, lacks, units, None),
        blocked(
            bare(6, Assignments, madrid),
            Step::AssignmentLookup,
            lacks,
            "the person has no calling",
            Some(5),
        ),
        blocked(
            bare(7, Users, palma),
            Step::UserLookup,
            PendingReason::UserNotFound,
            "Webex knows nobody with the address leo@example.com",
            None,
        ),
        blocked(
            bare(8, Assignments, palma),
            Step::AssignmentLookup,
            lacks,
            "the person has no calling",
            Some(7),
        ),
        planned(9, Users, palma, Same, Vec::new()),
        planned(10, Assignments, palma, Same, Vec::new()),
        planned(11, Users, palma, Update, vec![waiting.clone()]),
        blocked(planned(12, Assignments, palma, Blocked, vec![waiting]), Step::NumberAdd, lacks, pstn, None),
    ]
}

/// Everything that a run knows of its rows.
fn dump(database: &Connection) -> String {
    let tables =
        ["rows", "counts", "batches", "runs", "steps", "calls", "outcomes", "gives", "keys", "inputs"];
    crate::support::dump(database, &tables)
}
