//! One function a subcommand: the whole story of each.

mod amend;
mod ask;
mod check;
mod drop;
mod exit;
mod export;
mod files;
mod ingest;
mod job;
mod lab;
#[cfg(feature = "sim")]
mod org;
mod output;
mod plan;
#[cfg(feature = "sim")]
mod rehearse;
mod requeue;
mod run;
mod signals;
#[cfg(feature = "sim")]
mod simulate;
mod status;
mod survey;
mod verify;
mod watch;
mod words;

use clap::CommandFactory;
use indicatif::MultiProgress;

use crate::cli::{Cli, Command, Global};
use crate::config::{self, Env, Paths};
use crate::store::Store;

pub use exit::Failure;

/// What every command works with.
struct Setup<'a> {
    env: Env<'a>,
    paths: Paths,
    bars: &'a MultiProgress,
    quiet: bool,
}

impl Setup<'_> {
    /// The database, which must be there.
    fn store(&self) -> Result<Store, Failure> {
        let busy_timeout = config::busy_timeout(self.env)?;
        Ok(Store::open(&self.paths.database)?.with_busy_timeout(busy_timeout))
    }

    /// The database, made when there is none.
    fn store_or_new(&self) -> Result<Store, Failure> {
        let busy_timeout = config::busy_timeout(self.env)?;
        Ok(Store::open_or_create(&self.paths.database)?.with_busy_timeout(busy_timeout))
    }
}

/// Does what the command line says, and gives the exit code.
pub fn execute(cli: &Cli, env: Env<'_>, bars: &MultiProgress) -> Result<u8, Failure> {
    let Global { db, output_dir, quiet, .. } = &cli.global;
    let paths = config::paths(env, output_dir.as_deref(), db.as_deref());
    let setup = Setup { env, paths, bars, quiet: *quiet };
    match &cli.command {
        Command::Ingest(args) => ingest::execute(&setup, args),
        Command::Plan(args) => plan::execute(&setup, args),
        Command::Verify(args) => verify::execute(&setup, args),
        Command::Run(args) => run::execute(&setup, args),
        Command::Requeue(args) => requeue::execute(&setup, args),
        Command::Drop(args) => drop::execute(&setup, args),
        Command::Export(args) => export::execute(&setup, args),
        Command::Status(args) => status::execute(&setup, args),
        Command::Check(args) => check::execute(&setup, args),
        Command::Template => output::print(&crate::ingest::template()),
        #[cfg(feature = "sim")]
        Command::Rehearse(args) => rehearse::execute(&setup, args),
        #[cfg(feature = "sim")]
        Command::Simulate(args) => simulate::execute(args),
        Command::Completions { shell } => completions(*shell),
        Command::Man => man(),
    }
}

/// A runtime on this thread: the work waits for Webex, not for the processor.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(exit::DEFECT, format!("no runtime: {error}")))
}

fn completions(shell: clap_complete::Shell) -> Result<u8, Failure> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "wxbulk", &mut text);
    output::print(&String::from_utf8_lossy(&text))
}

fn man() -> Result<u8, Failure> {
    let mut text = Vec::new();
    clap_mangen::Man::new(Cli::command())
        .render(&mut text)
        .map_err(|error| Failure::new(exit::STORAGE, format!("writing the manual page failed: {error}")))?;
    output::print(&String::from_utf8_lossy(&text))
}
