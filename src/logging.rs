//! Logs on stderr, as text or JSON. One line an event, whatever an event holds.

use std::io::{IsTerminal, Write};

use indicatif::MultiProgress;
use tracing_subscriber::EnvFilter;

/// The form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// `key=value`, for people.
    Text,
    /// One JSON object a line, for machines.
    Json,
}

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verbosity {
    /// Errors only.
    Quiet,
    /// What operators need.
    Normal,
    /// Every retry.
    Verbose,
}

/// Begins logging above the given bars; `RUST_LOG` wins over the verbosity.
pub fn start(format: LogFormat, verbosity: Verbosity, bars: &MultiProgress) {
    let level = match verbosity {
        Verbosity::Quiet => "error",
        Verbosity::Normal => "wxbulk=info,error",
        Verbosity::Verbose => "wxbulk=debug,error",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    let bars = bars.clone();
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(move || AboveBars(bars.clone()))
        .with_target(false)
        .log_internal_errors(false)
        .with_ansi(colour() && format == LogFormat::Text);
    // A second start, as in tests, changes nothing.
    match format {
        LogFormat::Text => builder.try_init().ok(),
        LogFormat::Json => builder.json().flatten_event(true).try_init().ok(),
    };
}

/// Whether stderr wants colour (no-color.org).
pub fn colour() -> bool {
    let forbidden = std::env::var_os("NO_COLOR").is_some_and(|text| !text.is_empty())
        || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    std::io::stderr().is_terminal() && !forbidden
}

struct AboveBars(MultiProgress);

impl Write for AboveBars {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        // A reader that went away must not end the run.
        self.0.suspend(|| std::io::stderr().write_all(bytes)).ok();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        std::io::stderr().flush().ok();
        Ok(())
    }
}
