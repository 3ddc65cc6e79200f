//! The question before production, on a terminal of its own (`script` makes one).

use std::io::{Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::support::{Bench, site};

/// A job for production that is at its question.
struct Asked {
    terminal: Child,
    keys: ChildStdin,
    screen: ChildStdout,
}

impl Asked {
    async fn by(bench: &Bench, arguments: &[&str]) -> Asked {
        let inner = bench.command(arguments);
        let words = [inner.get_program()].into_iter().chain(inner.get_args());
        let words: Vec<String> = words.map(|word| format!("'{}'", word.to_str().unwrap())).collect();
        let mut command = Command::new("/usr/bin/script");
        command.args(["-q", "-e", "-c", &words.join(" "), "/dev/null"]).env_clear();
        command.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.current_dir(inner.get_current_dir().unwrap());
        let mut terminal = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (keys, screen) = (terminal.stdin.take().unwrap(), terminal.stdout.take().unwrap());
        let asked = Asked { terminal, keys, screen };
        tokio::task::spawn_blocking(|| asked.when_shown("[yes/no] ")).await.unwrap()
    }

    fn when_shown(mut self, words: &str) -> Asked {
        let mut shown = String::new();
        while !shown.contains(words) {
            let mut byte = [0];
            assert_eq!(self.screen.read(&mut byte).unwrap(), 1, "it ended with {shown:?}");
            shown.push(char::from(byte[0]));
        }
        self
    }

    /// Types this; gives the exit code and what was shown to the end.
    async fn answer(mut self, keys: &[u8]) -> (Option<i32>, String) {
        self.keys.write_all(keys).unwrap();
        self.keys.flush().unwrap();
        let end = tokio::task::spawn_blocking(move || {
            let mut shown = Vec::new();
            self.screen.read_to_end(&mut shown).unwrap();
            (self.terminal.wait().unwrap().code(), String::from_utf8_lossy(&shown).into_owned())
        });
        tokio::time::timeout(std::time::Duration::from_secs(120), end).await.unwrap().unwrap()
    }
}

/// A job that the breaker stopped at its user.
async fn with_pending() -> Bench {
    let bench = Bench::new(&site(1)).await.env("ENVIRONMENT", "prod");
    bench.sim.add_fault("licenses_users_patch:status=403".parse().unwrap());
    bench.wxbulk(&["run", "site.csv", "--yes"]).await.expect(16);
    bench.sim.clear_faults();
    assert_eq!(bench.count("SELECT count(*) FROM rows WHERE state = 'pending'"), 1);
    bench
}

#[tokio::test]
async fn ctrl_c_at_the_question_ends_the_run_at_once() {
    let bench = Bench::new(&site(1)).await.env("ENVIRONMENT", "prod");
    let (code, shown) = Asked::by(&bench, &["run", "site.csv"]).await.answer(b"\x03").await;
    assert_eq!(code, Some(130), "{shown}");
    assert!(shown.contains("stopped by a signal before the first write; no row was touched"), "{shown}");
    assert_eq!((bench.writes().len(), bench.count("SELECT count(*) FROM runs")), (0, 0));
    assert!(bench.output().join("ready_to_load.csv").exists());
}

#[tokio::test]
async fn a_no_changes_nothing_and_a_yes_goes_on() {
    let bench = with_pending().await;
    let before = bench.writes().len();
    for keys in [&b"no\n"[..], b"\n", b"\x04", b"\x03"] {
        let (code, shown) = Asked::by(&bench, &["run", "--retry-pending"]).await.answer(keys).await;
        assert_eq!(code, Some(if keys == b"\x03" { 130 } else { 2 }), "{shown}");
        bench.row("user", "u0@example.com").expect_pending("permission_denied", "user_enable_calling");
        assert_eq!(bench.writes().len(), before, "{keys:?}");
    }
    let (code, shown) = Asked::by(&bench, &["run", "--retry-pending"]).await.answer(b"YES\n").await;
    assert_eq!(code, Some(0), "{shown}");
    bench.check_invariants();
}
