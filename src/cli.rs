//! The command line.

mod surveys;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::logging::LogFormat;

pub use surveys::{PlanArgs, VerifyArgs};

/// What every command takes.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// The database [default: wxbulk.db in the output directory]
    #[arg(long, global = true, value_name = "PATH")]
    pub db: Option<PathBuf>,
    /// Where the database and the files go [env: OUTPUT_DIR] [default: ./wxbulk-out]
    #[arg(long, global = true, value_name = "DIR")]
    pub output_dir: Option<PathBuf>,
    /// The form of log lines on stderr
    #[arg(long, global = true, value_enum, default_value = "text")]
    pub log_format: LogFormat,
    /// Log every retry
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub verbose: bool,
    /// Log errors only
    #[arg(short, long, global = true)]
    pub quiet: bool,
}

/// Brings up whole Webex Calling sites from one CSV.
#[derive(Debug, Parser)]
#[command(name = "wxbulk", version, max_term_width = 100, after_long_help = AFTER)]
pub struct Cli {
    /// What every command takes.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const AFTER: &str = "\
A first job, start to end:
  wxbulk template > site.csv            a sample to fill in
  wxbulk rehearse site.csv              the whole job against a simulated Webex
  export ENVIRONMENT=lab WEBEX_BASE_URL=https://webexapis.com/v1 WEBEX_TOKEN=...
  wxbulk check                          is the token good enough?
  wxbulk plan site.csv                  what the job would do, row by row; writes nothing to Webex
  wxbulk run site.csv                   the job; run the same command again after any stop
  wxbulk status                         how far it is, and what waits for you
  wxbulk verify                         is what was done still so?

Exit codes:
  0 done   2 usage   3 done, but rows are pending, rejected, blocked or drifted, or a file was left alone
  4 selection done, others ready
  10 configuration   11 start-up checks   12 input file refused   13 another input
  14 database, checkpoint or export damaged or edited   15 another process works on it
  16 stopped: circuit breaker, token or outage   17 MAX_ROWS or MAX_BATCHES
  18 storage   70 defect   129/130/143 stopped by a signal, everything kept";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Read, normalise and validate a CSV into the database
    #[command(
        after_help = "Examples:\n  wxbulk ingest site.csv --check      what would be rejected, writing nothing\n  wxbulk ingest --amend wxbulk-out/pending_rows.csv --check      what a corrected file would change, cell by cell\n\nA corrected file says which rows it means by row_id with the mark of this job beside it (columns row_id and job of\npending_rows.csv and rejected_rows.csv), else by their keys, else by row_ref. A column that it\nlacks stays as it is, a cell that is blank is cleared. Rows that are not in it are not touched."
    )]
    Ingest(IngestArgs),
    /// Say what `run` would do to each row that is not done; writes nothing to Webex
    #[command(
        after_help = "Examples:\n  wxbulk plan site.csv                take the file in and say what the job would do\n  wxbulk plan --location MAD-01 --rows      row by row\n  wxbulk plan --only blocked          what stands in the way\n  wxbulk plan --stored --csv > plan.csv     the stored plan again, without a request\n\nLooks at every row that is ready or pending as `run` would, by reads alone. No row changes its state. The plan is kept\nin the database in place of the former one; `run` says when it is old. It has the job to itself, as `run` has: a plan\nmade beside a run would be wrong before it ended. Only --stored can be asked for at any time.\nExit code 3 when a row is blocked."
    )]
    Plan(PlanArgs),
    /// Drive Webex through the phases: locations, users, assignments
    #[command(
        after_help = "Examples:\n  wxbulk run site.csv                 take the file in and do the job\n  wxbulk run                          go on after any stop; rows that are done are not touched\n  wxbulk run --location MAD-01 --limit 5     a few rows first\n  wxbulk run --until 05:30            stop when the window closes\n\nNeeds ENVIRONMENT (lab or prod), WEBEX_BASE_URL (with /v1) and WEBEX_TOKEN.\nThe first Ctrl-C lets the requests under way end; the second leaves at once. Both are safe."
    )]
    Run(RunArgs),
    /// Compare the rows that are done with Webex as it is now; writes nothing to Webex
    #[command(
        after_help = "Examples:\n  wxbulk verify                       every row that is a success\n  wxbulk verify --location MAD-01 --json | jq .rows\n  wxbulk verify --stored --csv > drift.csv  what the last one found, without a request\n\nFinds what somebody changed or removed since. No row changes its state: `wxbulk requeue --drifted` gives the rows that\nhave drifted back to `run`, which puts things right. It has the job to itself, as `run` has; only --stored can be asked\nfor at any time. Exit code 3 when a row is drifted or missing, or Webex did not tell."
    )]
    Verify(VerifyArgs),
    /// Return pending rows to ready, after the cause is mended, or rows that have drifted
    #[command(
        after_help = "Examples:\n  wxbulk requeue --reason user_not_found        after the directory sync\n  wxbulk requeue --location MAD-01 --phase 2\n  wxbulk requeue --where \"http_status = 404\" --yes\n  wxbulk requeue --drifted                     what `wxbulk verify` found changed or gone\n\nRows that were blocked by a returned row come along. The history stays. Then: wxbulk run"
    )]
    Requeue(RequeueArgs),
    /// Take rows out of the job that shall not be worked
    #[command(
        after_help = "Examples:\n  wxbulk drop --row 7 --row 13          a person who never comes, with the assignment\n  wxbulk drop --rejected --yes\n\nOnly ready, pending and rejected rows can be dropped. They are kept with their history, `dropped` in results.csv,\nand count as open nowhere. Their keys are free for other rows. A file amended later that changes such a row makes\nit ready again; one that states it as it is does not. Rows that depend on it say so in the next run."
    )]
    Drop(DropArgs),
    /// Rewrite the files from the database, at any time, also while a run goes on
    #[command(after_help = "Example:\n  wxbulk export --only pending_rows,results")]
    Export(ExportArgs),
    /// How far the job is, and what waits for you
    #[command(after_help = "Example:\n  wxbulk status --json | jq .phases")]
    Status(StatusArgs),
    /// The start-up checks alone: token, reach, licences
    #[command(
        after_help = "Examples:\n  wxbulk check && wxbulk run site.csv\n  wxbulk check --lab --location 'Trials' --person spare@example.com      puts open doubts to a lab organisation\n\nNeeds ENVIRONMENT, WEBEX_BASE_URL and WEBEX_TOKEN. Changes nothing, but for --lab: see docs/lab.md."
    )]
    Check(CheckArgs),
    /// Print a sample CSV
    #[command(after_help = "Example:\n  wxbulk template > site.csv")]
    Template,
    /// The whole job, twice, against a simulated Webex in this process
    #[cfg(feature = "sim")]
    #[command(
        after_help = "Example:\n  wxbulk rehearse site.csv\n\nFiles go to ./wxbulk-rehearsal/first and ./wxbulk-rehearsal/second. Needs no token and no network.\nThe second run starts from a new database and must change nothing."
    )]
    Rehearse(RehearseArgs),
    /// Serve the simulated Webex, for trials with `run`
    #[cfg(feature = "sim")]
    #[command(
        after_help = "Example:\n  wxbulk simulate --listen 127.0.0.1:8080 --org-from site.csv --rate 5/s --fault 'location_create#2:status=503'\n  ENVIRONMENT=lab WEBEX_BASE_URL=http://127.0.0.1:8080/v1 WEBEX_TOKEN=simulated-webex-token wxbulk run site.csv"
    )]
    Simulate(SimulateArgs),
    /// Print completions for a shell
    #[command(after_help = "Example:\n  wxbulk completions bash > /etc/bash_completion.d/wxbulk")]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    #[command(after_help = "Example:\n  wxbulk man | man -l -")]
    Man,
}

/// How a CSV is to be read.
#[derive(Debug, Clone, Default, Args)]
pub struct ReadArgs {
    /// The delimiter, instead of reading it off the header: , ; | or tab
    #[arg(long, value_name = "C", value_parser = delimiter)]
    pub delimiter: Option<u8>,
    /// The encoding of a file that is neither UTF-8 nor UTF-16, such as windows-1252
    #[arg(long, value_name = "NAME")]
    pub encoding: Option<String>,
}

/// `ingest`.
#[derive(Debug, Args)]
pub struct IngestArgs {
    /// The file
    pub csv: PathBuf,
    /// How to read it.
    #[command(flatten)]
    pub read: ReadArgs,
    /// The file corrects rows of this job: pending_rows.csv, rejected_rows.csv, the whole file or a part of it
    #[arg(long)]
    pub amend: bool,
    /// With --amend: also return the pending rows of the file that it does not change to ready
    #[arg(long, requires = "amend")]
    pub retry: bool,
    /// Only say what would happen; write nothing
    #[arg(long)]
    pub check: bool,
    /// Print the counts, and with --amend every change, as JSON
    #[arg(long)]
    pub json: bool,
}

/// `run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// A file to take in first
    pub csv: Option<PathBuf>,
    /// How to read it.
    #[command(flatten)]
    pub read: ReadArgs,
    /// Once the start-up checks have passed, return the pending rows of this selection to ready
    #[arg(long)]
    pub retry_pending: bool,
    /// Only rows of this location, by key, external id or name; may be repeated
    #[arg(long, value_name = "KEY")]
    pub location: Vec<String>,
    /// Only this phase: 1 locations, 2 users, 3 assignments
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=3))]
    pub phase: Option<u8>,
    /// At most this many rows of each phase
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub limit: Option<u32>,
    /// Stop at this local time; a time that is past means tomorrow
    #[arg(long, value_name = "HH:MM", value_parser = clock)]
    pub until: Option<jiff::civil::Time>,
    /// Do not ask before ENVIRONMENT=prod
    #[arg(short, long)]
    pub yes: bool,
}

/// `requeue`.
#[derive(Debug, Args)]
pub struct RequeueArgs {
    /// Rows with this reason or cause; may be repeated
    #[arg(long, value_name = "CODE")]
    pub reason: Vec<String>,
    /// Rows of this phase
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=3))]
    pub phase: Option<u8>,
    /// This row; may be repeated
    #[arg(long, value_name = "ID", value_parser = clap::value_parser!(u32).range(1..))]
    pub row: Vec<u32>,
    /// Rows of this location; may be repeated
    #[arg(long, value_name = "KEY")]
    pub location: Vec<String>,
    /// Rows for which this holds in the view pending_rows
    #[arg(long = "where", value_name = "SQL")]
    pub condition: Option<String>,
    /// Every pending row
    #[arg(long)]
    pub all: bool,
    /// Rows that are done, but were changed or gone when `verify` last looked; goes with --phase and --location only
    #[arg(long, conflicts_with_all = ["reason", "row", "condition", "all"])]
    pub drifted: bool,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
}

/// `drop`.
#[derive(Debug, Args)]
pub struct DropArgs {
    /// This row; may be repeated
    #[arg(
        long, value_name = "ID", value_parser = clap::value_parser!(u32).range(1..),
        required_unless_present = "rejected", conflicts_with = "rejected"
    )]
    pub row: Vec<u32>,
    /// Every rejected row
    #[arg(long)]
    pub rejected: bool,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
}

/// `export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Only these: results, pending_rows, rejected_rows, ready_to_load, checkpoint
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub only: Vec<String>,
    /// Also replace files that someone edited
    #[arg(long)]
    pub force: bool,
}

/// `status`.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// Print it as JSON
    #[arg(long)]
    pub json: bool,
}

/// `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Print it as JSON
    #[arg(long)]
    pub json: bool,
    /// Ask a lab organisation what no document says; makes and changes things there, see docs/lab.md
    #[arg(long)]
    pub lab: bool,
    /// With --lab: the location for the trials, by name
    #[arg(long, value_name = "NAME", requires = "lab")]
    pub location: Option<String>,
    /// With --lab: somebody without calling, for what needs a person
    #[arg(long, value_name = "EMAIL", requires = "lab")]
    pub person: Option<String>,
    /// With --lab: numbers that nobody has, such as +34910000000..+34910000199, to add and to delete again
    #[arg(long, value_name = "NUMBERS", requires = "lab")]
    pub numbers: Option<String>,
    /// With --lab: also ask each family of endpoints 20 times a second for so many seconds; takes minutes
    #[arg(
        long,
        value_name = "SECONDS",
        requires = "lab",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "60",
        value_parser = burst
    )]
    pub rates: Option<Duration>,
    /// With --lab: do not ask
    #[arg(short, long, requires = "lab")]
    pub yes: bool,
}

/// `rehearse`.
#[cfg(feature = "sim")]
#[derive(Debug, Args)]
pub struct RehearseArgs {
    /// The file
    pub csv: PathBuf,
    /// How to read it.
    #[command(flatten)]
    pub read: ReadArgs,
    /// Print the report as JSON
    #[arg(long)]
    pub json: bool,
}

/// `simulate`.
#[cfg(feature = "sim")]
#[derive(Debug, Args)]
pub struct SimulateArgs {
    /// Where to listen; loopback addresses only
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDR")]
    pub listen: std::net::SocketAddr,
    /// Make the people of this file, as the directory sync would have
    #[arg(long, value_name = "CSV")]
    pub org_from: Option<PathBuf>,
    /// Refuse more requests than this, with 429: 50/s, 100/min, 50/s,burst=10,retry_after=5, or 300/6s (a fixed window)
    #[arg(long, value_name = "N/s")]
    pub rate: Option<String>,
    /// Answer each request only after this many milliseconds
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub latency: u64,
    /// Answer a refused request only after this many milliseconds
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub refusal_latency: u64,
    /// Go wrong: OPERATION#CALLS:EFFECT, such as 'licenses_users_patch#1-3:lost'
    #[arg(long, value_name = "SPEC")]
    pub fault: Vec<String>,
    /// Write one JSON line a request to this file
    #[arg(long, value_name = "FILE")]
    pub journal: Option<PathBuf>,
}

fn clock(text: &str) -> Result<jiff::civil::Time, String> {
    jiff::civil::Time::strptime("%H:%M", text).map_err(|_| "it must be a time such as 05:30".to_owned())
}

fn burst(text: &str) -> Result<Duration, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.1..=600.0).contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
        _ => Err("it must be a number of seconds from 0.1 to 600".to_owned()),
    }
}

fn delimiter(text: &str) -> Result<u8, String> {
    match text {
        "," => Ok(b','),
        ";" => Ok(b';'),
        "|" => Ok(b'|'),
        "\t" | "\\t" | "tab" | "TAB" => Ok(b'\t'),
        _ => Err("it must be one of , ; | tab".to_owned()),
    }
}
