//! Questions on the terminal.

use std::io::{BufRead, IsTerminal, Write};

use super::Failure;
use super::exit::USAGE;

/// Whether somebody can be asked.
pub(super) fn somebody_is_there() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Whether the answer is yes.
pub(super) fn yes(question: &str) -> bool {
    let mut answer = String::new();
    let asked = write!(std::io::stderr(), "{question} [yes/no] ")
        .and_then(|()| std::io::stdin().lock().read_line(&mut answer));
    asked.is_ok() && answer.trim().eq_ignore_ascii_case("yes")
}

/// The same, so that the wait for the answer can be given up. The thread that waits ends with the process.
pub(super) async fn yes_unless_dropped(question: String) -> bool {
    let (told, answer) = tokio::sync::oneshot::channel();
    let asking = std::thread::Builder::new().name("wxbulk-ask".to_owned()).spawn(move || {
        // Nobody may wait for it any more.
        told.send(yes(&question)).ok();
    });
    asking.is_ok() && answer.await.unwrap_or(false)
}

/// Errs unless `--yes` was given or somebody says yes; `what` is what `--yes` would do.
pub(super) fn require_yes(given: bool, question: &str, what: &str) -> Result<(), Failure> {
    if given {
        return Ok(());
    }
    if !somebody_is_there() {
        let why = format!("nobody can be asked here; with --yes {what}. Nothing was changed");
        return Err(Failure::new(USAGE, why));
    }
    if yes(question) {
        return Ok(());
    }
    Err(Failure::new(USAGE, "not confirmed; nothing was changed"))
}
