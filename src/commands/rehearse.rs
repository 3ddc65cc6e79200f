//! `rehearse`: the whole job against a simulated Webex, and once more from a new database.

use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Instant;

use super::exit::{DEFECT, DONE, NEEDS_ATTENTION, STORAGE};
use super::job::{Job, JobEnd};
use super::{Failure, Setup, ingest, org, output, run};
use crate::cli::RehearseArgs;
use crate::config::{self, InputConfig, RunConfig};
use crate::export::FileKind;
use crate::runner::Scope;
use crate::sim::{self, Exchange, Operation, SimConfig, SimHandle};
use crate::store::{LoadReport, Lock, Store};

const DIRECTORY: &str = "wxbulk-rehearsal";

/// What one of the two runs did.
#[derive(Debug, serde::Serialize)]
struct Pass {
    exit_code: u8,
    rows: u32,
    success: u32,
    pending: u32,
    rejected: u32,
    requests: u64,
    writes: usize,
    seconds: f64,
    files: PathBuf,
    #[serde(skip)]
    text: String,
}

pub(super) fn execute(setup: &Setup<'_>, args: &RehearseArgs) -> Result<u8, Failure> {
    let input = config::input(setup.env)?;
    let seed = org::seed_from(&args.csv, &args.read, input.default_language.clone())?;
    let webex = Simulated::start(SimConfig::with_org(seed))?;
    let config = config::run(&|name| webex.env(setup, name))?;
    let first = pass(setup, args, &input, &config, &webex, "first")?;
    let second = pass(setup, args, &input, &config, &webex, "second")?;
    if args.json {
        output::print_json(&serde_json::json!({ "first": first, "second": second }))?;
    } else {
        output::print(&report(&first, &second))?;
    }
    if first.exit_code > NEEDS_ATTENTION || second.exit_code > NEEDS_ATTENTION {
        return Ok(first.exit_code.max(second.exit_code));
    }
    let clean = first.exit_code == DONE && second.exit_code == DONE && second.writes == 0;
    Ok(if clean { DONE } else { NEEDS_ATTENTION })
}

fn pass(
    setup: &Setup<'_>,
    args: &RehearseArgs,
    input: &InputConfig,
    config: &RunConfig,
    webex: &Simulated,
    name: &str,
) -> Result<Pass, Failure> {
    let files = Path::new(DIRECTORY).join(name);
    clear(&files)?;
    let begun = Instant::now();
    let writes_before = webex.writes();
    let file = ingest::Input::open(&args.csv, &args.read, input)?;
    let store = Store::open_or_create(&files.join("wxbulk.db"))?;
    let lock = Lock::take(&store)?;
    let loaded = file.take_in(&store, input)?.unwrap_or_default();
    output::note(setup.quiet, &format!("rehearsal, {name} run: {}", ingest::describe(&args.csv, &loaded)));
    let scope = Scope::default();
    let end = Job {
        scope: &scope,
        retry: None,
        until: None,
        store: &store,
        lock: &lock,
        output: &files,
        config,
        bars: setup.bars,
        question: &|_| None,
    }
    .execute()?;
    let seconds = begun.elapsed().as_secs_f64();
    Ok(summarise(&loaded, &end, webex.writes().saturating_sub(writes_before), seconds, files))
}

fn summarise(loaded: &LoadReport, end: &JobEnd, writes: usize, seconds: f64, files: PathBuf) -> Pass {
    Pass {
        exit_code: end.code,
        rows: loaded.rows,
        success: end.progress.iter().map(|phase| phase.success).sum(),
        pending: end.progress.iter().map(|phase| phase.pending).sum(),
        rejected: end.rejected,
        requests: end.traffic.requests,
        writes,
        seconds,
        files,
        text: run::summary(end),
    }
}

fn report(first: &Pass, second: &Pass) -> String {
    let mut text = String::new();
    for (name, pass) in [("first run", first), ("second run, from a new database", second)] {
        let Pass { rows, success, pending, rejected, requests, writes, seconds, files, .. } = pass;
        text.push_str(&format!("{name}\n{}", indent(&pass.text)));
        text.push_str(&format!(
            "  {rows} rows = {success} success + {pending} pending + {rejected} rejected\n  {requests} requests, {writes} of them writes, in {seconds:.1} s\n  files in {}\n\n",
            files.display()
        ));
    }
    text.push_str(if second.writes == 0 {
        "the second run found everything in place and wrote nothing\n"
    } else {
        "the second run wrote again: see its calls with SELECT * FROM calls_of_row WHERE mutating = 1\n"
    });
    text
}

fn indent(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}

/// Removes what an earlier rehearsal left, and nothing else.
fn clear(directory: &Path) -> Result<(), Failure> {
    let database = ["wxbulk.db", "wxbulk.db-wal", "wxbulk.db-shm", "wxbulk.db-journal", "wxbulk.db.lock"];
    let files = FileKind::ALL.map(FileKind::file_name);
    for name in database.iter().chain(&files) {
        match std::fs::remove_file(directory.join(name)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Failure::new(STORAGE, format!("{}: {error}", directory.join(name).display())));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The simulator on a thread and runtime of its own, so that it and the run do not wait for each other.
struct Simulated {
    handle: SimHandle,
    _stop: tokio::sync::oneshot::Sender<()>,
}

impl Simulated {
    fn start(config: SimConfig) -> Result<Simulated, Failure> {
        let failed = |what: String| Failure::new(DEFECT, format!("the simulator did not start: {what}"));
        let (told, started) = mpsc::channel();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        std::thread::Builder::new()
            .name("wxbulk-sim".to_owned())
            .spawn(move || serve(config, &told, stopped))
            .map_err(|error| failed(error.to_string()))?;
        let handle =
            started.recv().map_err(|error| failed(error.to_string()))?.map_err(|e| failed(e.to_string()))?;
        Ok(Simulated { handle, _stop: stop })
    }

    fn writes(&self) -> usize {
        // The check of extensions changes nothing, although it is a POST.
        let asks = |exchange: &Exchange| {
            exchange.method == "GET" || exchange.operation == Operation::ValidateExtensions
        };
        self.handle.journal().iter().filter(|exchange| !asks(exchange)).count()
    }

    /// The caller's environment, but for where Webex is and who asks.
    fn env(&self, setup: &Setup<'_>, name: &str) -> Option<String> {
        match name {
            "ENVIRONMENT" => Some("lab".to_owned()),
            "WEBEX_BASE_URL" => Some(self.handle.base_url()),
            "WEBEX_TOKEN" => Some("rehearsal".to_owned()),
            "WEBEX_ORG_ID" => None,
            _ => (setup.env)(name),
        }
    }
}

fn serve(
    config: SimConfig,
    told: &mpsc::Sender<std::io::Result<SimHandle>>,
    stopped: tokio::sync::oneshot::Receiver<()>,
) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            told.send(Err(error)).ok();
            return;
        }
    };
    runtime.block_on(async {
        told.send(sim::start(config).await).ok();
        // Ends when the rehearsal drops its end.
        stopped.await.ok();
    });
}
