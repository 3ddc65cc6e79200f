//! A question on the terminal.

use std::io::{BufRead, IsTerminal, Write};

use super::Failure;
use super::exit::USAGE;

/// Whether somebody can be asked.
pub(super) fn somebody_is_there() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks; anything but yes is no.
pub(super) fn answered_yes(question: &str) -> bool {
    let mut answer = String::new();
    let asked = write!(std::io::stderr(), "{question} [yes/no] ")
        .and_then(|()| std::io::stdin().lock().read_line(&mut answer));
    asked.is_ok() && answer.trim().eq_ignore_ascii_case("yes")
}

/// Errs unless `--yes` was given or somebody says yes; `what` is what `--yes` would do.
pub(super) fn require_yes(yes: bool, question: &str, what: &str) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if !somebody_is_there() {
        let why = format!("nobody can be asked here; with --yes {what}. Nothing was changed");
        return Err(Failure::new(USAGE, why));
    }
    if answered_yes(question) {
        return Ok(());
    }
    Err(Failure::new(USAGE, "not confirmed; nothing was changed"))
}
