//! What must hold after every operation.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;

use sha2::{Digest, Sha256};

use super::super::checker::FILES;
use super::model::Exported;
use super::state::{self, RowState};
use super::webex;
use super::world::{Broken, Check, World, ensure};

/// Judges the database, Webex and the files. After a kill rows may be running and files old: then only the history is.
pub(super) async fn judge(world: &mut World) -> Check {
    let history = state::history(&world.bench.database());
    let lost: Vec<_> = world.history.difference(&history).take(5).collect();
    ensure(lost.is_empty(), "history is only added to", || format!("{lost:#?}"))?;
    world.history = history;
    webex::nothing_is_made_twice(world)?;
    if world.orphans {
        return Ok(());
    }
    let bench = AssertUnwindSafe(&world.bench);
    std::panic::catch_unwind(move || bench.check_invariants())
        .map_err(|panic| Broken { invariant: "the bench's invariants", what: said(panic.as_ref()) })?;
    world.rows_are_the_files()?;
    let rows = world.rows();
    webex::successes_are_in_webex(world, &rows)?;
    webex::half_applied_is_true(world, &rows)?;
    units_come_before_numbers(world)?;
    checkpoint_is_right(world, &rows)?;
    files_are_fresh(world, &rows).await
}

/// What a panic said.
pub(super) fn said(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|&text| text.to_owned())).unwrap_or_default()
}

/// R19: for a person who gets no unit no number is added.
fn units_come_before_numbers(world: &World) -> Check {
    let sql = "SELECT r.row_id, n.proof, e.proof FROM rows r
               JOIN steps n ON n.row_id = r.row_id AND n.attempt = r.attempt AND n.step = 'number_add' AND n.state = 'applied'
               JOIN steps e ON e.row_id = r.row_id AND e.attempt = r.attempt AND e.state = 'failed' AND e.proof LIKE 'no unit %'
               WHERE r.state = 'pending'";
    let found = state::lines(&world.bench.database(), sql);
    ensure(found.is_empty(), "units come before numbers", || format!("{found:?}"))
}

/// R20, from the rows.
fn checkpoint_is_right(world: &World, rows: &BTreeMap<u32, RowState>) -> Check {
    let shown: serde_json::Value = serde_json::from_str(&world.bench.file("checkpoint.json")).unwrap();
    let open = |row: &&RowState| matches!(row.state.as_str(), "ready" | "running");
    let phase = rows.values().filter(open).map(|row| row.phase).min().unwrap_or(3);
    let of_phase = || rows.values().filter(|row| row.phase == phase && row.state != "rejected");
    let last = of_phase().take_while(|row| !open(row)).last().map_or(0, |row| row.row_id);
    let hash: String = Sha256::digest(&world.last_file).iter().map(|byte| format!("{byte:02x}")).collect();
    let due = serde_json::json!([phase, last, hash]);
    let is = serde_json::json!([shown["phase"], shown["last_row_id"], shown["input_hash"]]);
    ensure(is == due, "the checkpoint is right", || format!("it says {is}, must say {due}"))
}

/// The files are what a fresh export of the same rows gives, and their lines add up.
async fn files_are_fresh(world: &World, rows: &BTreeMap<u32, RowState>) -> Check {
    let (copy, fresh) = (world.copy().display().to_string(), world.bench.csv_path().with_file_name("fresh"));
    let directory = fresh.display().to_string();
    let end = world.wxbulk(&["export", "--force", "--db", &copy, "--output-dir", &directory]).await?;
    ensure(end.code == Some(0), "exit codes", || format!("{end:#?}"))?;
    for name in FILES {
        let (is, due) = (world.bench.file(name), std::fs::read_to_string(fresh.join(name)).unwrap());
        ensure(is == due, "files are what a fresh export gives", || {
            format!("{name}:\n{is}\nmust be\n{due}")
        })?;
    }
    std::fs::remove_dir_all(fresh).unwrap();
    let count = |states: &[&str]| rows.values().filter(|row| states.contains(&row.state.as_str())).count();
    for (name, due) in [
        ("results.csv", count(&["success", "pending"])),
        ("pending_rows.csv", count(&["pending"])),
        ("rejected_rows.csv", count(&["rejected"])),
        ("ready_to_load.csv", count(&["ready", "success", "pending"])),
    ] {
        let lines = Exported::read(&world.bench.file(name)).len();
        ensure(lines == due, "the lines of the files add up", || {
            format!("{name} has {lines}, must have {due}")
        })?;
    }
    Ok(())
}
