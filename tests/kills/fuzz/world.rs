//! A seed's job, its database, its Webex, and what is known of them from the outside.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::time::Duration;

use wxbulk::sim::{Exchange, Operation, SimConfig};

use super::super::process::{End, Process};
use super::super::support::{Bench, Csv, open};
use super::job::{Job, Troubles};
use super::model::Model;
use super::state::{self, RowState};

/// No command of so small a job lasts so long.
const PATIENCE: Duration = Duration::from_secs(90);

/// Nothing dies of a signal but what the fuzz kills. On a machine where somebody else ends processes by their name this
/// says so.
pub(super) const UNASKED: &str = "nothing dies unasked";

/// An invariant that does not hold, and how that shows.
#[derive(Clone, Debug)]
pub(super) struct Broken {
    pub(super) invariant: &'static str,
    pub(super) what: String,
}

pub(super) type Check = Result<(), Broken>;

/// Whether `WXBULK_FUZZ_WITHOUT` names this, with commas between: an invariant that is not judged, or something that is
/// not drawn. Nothing is left out unless it says so.
pub(super) fn left_out(name: &str) -> bool {
    std::env::var("WXBULK_FUZZ_WITHOUT")
        .unwrap_or_default()
        .split(',')
        .any(|left_out| left_out.trim() == name)
}

/// Fails under this name unless it holds.
pub(super) fn ensure(holds: bool, invariant: &'static str, what: impl FnOnce() -> String) -> Check {
    if holds || left_out(invariant) { Ok(()) } else { Err(Broken { invariant, what: what() }) }
}

pub(super) struct World {
    pub(super) bench: Bench,
    pub(super) model: Model,
    pub(super) troubles: Troubles,
    pub(super) dice: fastrand::Rng,
    /// What was done, in order.
    pub(super) story: Vec<String>,
    /// Requests that somebody made by hand.
    pub(super) by_hand: BTreeSet<u64>,
    /// Locations that were changed by hand, each with the ends that rows had come to by then.
    pub(super) touched: BTreeMap<String, i64>,
    /// Names that locations got by hand, with the names they had.
    pub(super) renamed: Vec<(String, String)>,
    pub(super) history: BTreeSet<String>,
    /// The last run was killed: rows may be running, and files be old.
    pub(super) orphans: bool,
    /// The bytes of the file that was taken in last.
    pub(super) last_file: String,
    /// How many fresh extensions and the like were drawn.
    pub(super) drawn: usize,
    /// How many files of other sites there were.
    pub(super) foreign: usize,
}

impl World {
    pub(super) async fn new(job: Job, dice: fastrand::Rng) -> World {
        let bench = Bench::with(&Csv::new(), SimConfig::with_org(job.org.clone())).await;
        let bench = bench.env("OUTAGE_WAIT_SECONDS", "1").env("BUSY_TIMEOUT_SECONDS", "30");
        bench.write_csv(&job.text());
        let mut model = Model::default();
        model.take(&job.records, 0);
        World {
            last_file: job.text(),
            bench,
            model,
            troubles: job.troubles,
            dice,
            story: Vec::new(),
            by_hand: BTreeSet::new(),
            touched: BTreeMap::new(),
            renamed: Vec::new(),
            history: BTreeSet::new(),
            orphans: false,
            drawn: 0,
            foreign: 0,
        }
    }

    pub(super) fn rows(&self) -> BTreeMap<u32, RowState> {
        state::rows(&self.bench.database())
    }

    pub(super) fn requests(&self) -> u64 {
        u64::try_from(self.bench.sim.journal().len()).unwrap()
    }

    /// The last end that a row came to.
    pub(super) fn ends(&self) -> i64 {
        self.bench.count("SELECT coalesce(max(outcome_id), 0) FROM outcomes")
    }

    /// What wxbulk asked to be changed, in order of arrival.
    pub(super) fn writes(&self) -> Vec<Exchange> {
        let ours = |call: &Exchange| {
            call.method != "GET"
                && call.operation != Operation::ValidateExtensions
                && !self.by_hand.contains(&call.seq)
        };
        self.bench.sim.journal().into_iter().filter(ours).collect()
    }

    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        self.bench.command(arguments)
    }

    /// Runs a command to its end.
    pub(super) async fn ended(&self, command: Command) -> Result<End, Broken> {
        let end = self.end_of(Process::start(command)).await?;
        ensure(end.signal.is_none(), UNASKED, || format!("{end:#?}"))?;
        Ok(end)
    }

    pub(super) async fn end_of(&self, mut process: Process) -> Result<End, Broken> {
        match tokio::time::timeout(PATIENCE, process.end()).await {
            Ok(end) => {
                let defect = end.code == Some(70) || end.stderr.contains("panicked");
                ensure(!defect, "no defect shows", || format!("{end:#?}"))?;
                Ok(end)
            }
            Err(_) => Err(Broken { invariant: "every command ends", what: format!("not in {PATIENCE:?}") }),
        }
    }

    pub(super) async fn wxbulk(&self, arguments: &[&str]) -> Result<End, Broken> {
        self.ended(self.command(arguments)).await
    }

    /// Runs a command that must change nothing.
    pub(super) async fn reads(&self, arguments: &[&str], codes: &[i32]) -> Check {
        let before = state::dump(&self.bench.database());
        let files = self.files();
        let end = self.wxbulk(arguments).await?;
        ensure(end.code.is_some_and(|code| codes.contains(&code)), "exit codes", || {
            format!("{arguments:?} must end with one of {codes:?}: {end:#?}")
        })?;
        let after = state::dump(&self.bench.database());
        ensure(before == after, "what only reads changes nothing", || {
            format!("{arguments:?}: {}", difference(&before, &after))
        })?;
        ensure(files == self.files(), "what only reads changes nothing", || {
            format!("{arguments:?} changed a file")
        })
    }

    /// The files in the output directory but for the database's.
    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let entries = std::fs::read_dir(self.bench.output()).unwrap().map(|entry| entry.unwrap());
        let named = entries.map(|entry| (entry.file_name().into_string().unwrap(), entry.path()));
        named
            .filter(|(name, _)| !name.starts_with("wxbulk.db"))
            .map(|(name, path)| (name, std::fs::read(path).unwrap()))
            .collect()
    }

    /// A copy of the database as it is, so that asking it leaves no trace.
    pub(super) fn copy(&self) -> std::path::PathBuf {
        let path = self.bench.csv_path().with_file_name("copy.db");
        std::fs::remove_file(&path).ok();
        let from = open(&self.bench.output().join("wxbulk.db"));
        from.execute("VACUUM INTO ?1", [path.display().to_string()]).unwrap();
        path
    }
}

pub(super) fn difference(before: &[String], after: &[String]) -> String {
    let gone = before.iter().filter(|line| !after.contains(line)).map(|line| format!("\n- {line}"));
    let new = after.iter().filter(|line| !before.contains(line)).map(|line| format!("\n+ {line}"));
    gone.chain(new).take(12).collect()
}
