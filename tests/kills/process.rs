//! A command that runs beside the test.
#![allow(dead_code, reason = "each test file uses its part")]

use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output, Stdio};

use tokio::task::JoinHandle;

use crate::support::{Bench, TOKEN};
use wxbulk::sim::Exchange;

/// A command at work. It is waited for on a thread of its own, so that the simulator goes on serving.
pub(crate) struct Process {
    pid: u32,
    end: JoinHandle<Output>,
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct End {
    /// Its exit code, unless a signal ended it.
    pub(crate) code: Option<i32>,
    /// The signal that ended it.
    pub(crate) signal: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Process {
    pub(crate) fn start(mut command: Command) -> Process {
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let child = child.expect("the binary starts");
        let pid = child.id();
        let end = tokio::task::spawn_blocking(move || child.wait_with_output().expect("it ends"));
        Process { pid, end }
    }

    /// Sends a signal, such as `-KILL`; nothing happens when the process has ended.
    pub(crate) async fn signal(&self, name: &'static str) {
        if self.has_ended() {
            return;
        }
        let pid = self.pid.to_string();
        // It may end between the question and the signal.
        let kill = move || Command::new("kill").args([name, &pid]).stderr(Stdio::null()).status();
        tokio::task::spawn_blocking(kill).await.unwrap().expect("kill runs");
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.end.is_finished()
    }

    /// Waits for its end.
    pub(crate) async fn end(&mut self) -> End {
        let output = (&mut self.end).await.expect("the thread ends");
        let end = End {
            code: output.status.code(),
            signal: output.status.signal(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        };
        assert!(!format!("{}{}", end.stdout, end.stderr).contains(TOKEN), "the token shows in the output");
        end
    }
}

/// A test that fails leaves nothing running.
impl Drop for Process {
    fn drop(&mut self) {
        if !self.has_ended() {
            let pid = self.pid.to_string();
            Command::new("kill").args(["-KILL", &pid]).stderr(Stdio::null()).status().ok();
        }
    }
}

impl End {
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> End {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }
}

impl Bench {
    /// `wxbulk run site.csv`, beside the test.
    pub(crate) fn start(&self) -> Process {
        let csv = self.csv_path().display().to_string();
        Process::start(self.command(&["run", &csv]))
    }

    /// Signals the process when the simulator's journal is as wanted, and gives its end; it may end earlier.
    pub(crate) async fn signal_when(
        &self,
        mut process: Process,
        name: &'static str,
        holds: impl Fn(&[Exchange]) -> bool,
    ) -> End {
        tokio::select! {
            () = self.sim.when(holds) => {}
            end = process.end() => return end,
        }
        process.signal(name).await;
        process.end().await
    }
}
