//! Data on stdout. A reader that goes away early, such as `head`, is no failure.

use std::io::{BufRead, ErrorKind, IsTerminal, Write};

use super::Failure;
use super::exit::{DONE, STORAGE};

pub(super) fn print(text: &str) -> Result<u8, Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(DONE),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(DONE),
        Err(error) => Err(Failure::new(STORAGE, format!("writing to stdout failed: {error}"))),
    }
}

pub(super) fn print_line(text: &str) -> Result<u8, Failure> {
    print(&format!("{text}\n"))
}

pub(super) fn print_json(value: &impl serde::Serialize) -> Result<u8, Failure> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| Failure::new(super::exit::DEFECT, error.to_string()))?;
    print_line(&text)
}

/// What a person should see beside the data; silent with `--quiet`.
pub(super) fn note(quiet: bool, text: &str) {
    if !quiet {
        // Nothing is lost when stderr is closed.
        writeln!(std::io::stderr(), "{text}").ok();
    }
}

/// Whether somebody is there to answer.
pub(super) fn is_attended() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks on the terminal; only `yes` is one.
pub(super) fn agreed(question: &str) -> bool {
    let mut answer = String::new();
    let asked = write!(std::io::stderr(), "{question} [yes/no] ")
        .and_then(|()| std::io::stdin().lock().read_line(&mut answer));
    asked.is_ok() && answer.trim().eq_ignore_ascii_case("yes")
}
