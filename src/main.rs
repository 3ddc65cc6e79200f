//! Parses the command line, starts logging, calls a command, and maps its end to an exit code.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use indicatif::{MultiProgress, ProgressDrawTarget};
use wxbulk::cli::Cli;
use wxbulk::commands;
use wxbulk::logging::{self, Verbosity};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let verbosity = match (cli.global.quiet, cli.global.verbose) {
        (true, _) => Verbosity::Quiet,
        (false, true) => Verbosity::Verbose,
        (false, false) => Verbosity::Normal,
    };
    let bars = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
    logging::start(cli.global.log_format, verbosity, &bars);
    match commands::execute(&cli, &|name| variable(name), &bars) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            writeln!(std::io::stderr(), "error: {}", failure.message).ok();
            ExitCode::from(failure.code)
        }
    }
}

/// What is no text becomes one that no setting allows, so that it is refused by name and not passed over.
fn variable(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}
