//! Data on stdout, everything else on stderr, and a reader that goes away is no failure.

use std::process::Command;

use crate::support::{Bench, site};

#[tokio::test]
async fn stdout_holds_data_only() {
    let bench = Bench::new(&site(2)).await;
    let ran = bench.wxbulk(&["-v", "run", "site.csv"]).await.expect(0);
    assert!(ran.stderr.contains("run.start") && ran.stderr.contains("run.end"), "{}", ran.stderr);
    assert!(!ran.stdout.contains("INFO") && !ran.stdout.contains("next:"), "{}", ran.stdout);
    let status = bench.wxbulk(&["-v", "status", "--json"]).await.expect(0);
    let report: serde_json::Value = serde_json::from_str(&status.stdout).unwrap();
    let phases = report["phases"].as_array().unwrap();
    assert_eq!(phases.iter().map(|phase| phase["success"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 2, 2]);
    assert_eq!(report["run"]["ended_by"], "finished");
}

#[tokio::test]
async fn what_reads_prints_json_when_asked() {
    let bench = Bench::new(&site(2)).await;
    for (command, field) in [
        (&["check", "--json"][..], "org_id"),
        (&["ingest", "site.csv", "--json"], "rows"),
        (&["status", "--json"], "phases"),
        (&["rehearse", "site.csv", "--json"], "first"),
    ] {
        let ran = bench.wxbulk(command).await.expect(0);
        let value: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        assert!(value.get(field).is_some(), "{command:?}: {value}");
    }
}

#[tokio::test]
async fn log_lines_are_one_json_object_each_when_asked() {
    let bench = Bench::new(&site(2)).await;
    bench.wxbulk(&["ingest", "site.csv"]).await.expect(0);
    let ran = bench.wxbulk(&["--log-format", "json", "run"]).await.expect(0);
    let logged = ran.stderr.lines().filter(|line| line.starts_with('{'));
    let lines: Vec<serde_json::Value> = logged.map(|line| serde_json::from_str(line).unwrap()).collect();
    for event in ["run.start", "phase.start", "batch.start", "batch.end", "run.end"] {
        assert!(lines.iter().any(|line| line["message"] == event), "{event} is not in {}", ran.stderr);
    }
    assert!(lines.iter().all(|line| line["level"].is_string() && line["timestamp"].is_string()));
}

#[tokio::test]
async fn quiet_says_nothing_beside_the_data() {
    let bench = Bench::new(&site(2)).await;
    let ran = bench.wxbulk(&["-q", "run", "site.csv"]).await.expect(0);
    assert_eq!(ran.stderr, "");
    assert!(ran.stdout.contains("2 success"), "{}", ran.stdout);
}

/// The write end of a pipe that nobody reads.
fn unread() -> std::io::PipeWriter {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer
}

#[tokio::test]
async fn a_reader_of_stdout_that_goes_away_is_no_failure() {
    let bench = Bench::new(&site(2)).await;
    for command in [
        &["template"][..],
        &["completions", "bash"],
        &["man"],
        &["ingest", "site.csv", "--check"],
        &["run", "site.csv"],
        &["status"],
        &["status", "--json"],
        &["export"],
        &["check"],
    ] {
        let mut process = bench.command(command);
        process.stdout(unread());
        let output = tokio::task::spawn_blocking(move || process.output()).await.unwrap().unwrap();
        let told = super::stderr(&output);
        assert_eq!(output.status.code(), Some(0), "{command:?}: {told}");
        assert!(!told.contains("panic") && !told.contains("error"), "{command:?}: {told}");
    }
    bench.check_invariants();
}

#[tokio::test]
async fn a_reader_of_stderr_that_goes_away_is_no_failure() {
    let bench = Bench::new(&site(3)).await;
    bench.sim.add_fault("licenses_users_patch@u0%40example.com:status=400".parse().unwrap());
    for (command, code) in
        [(&["-v", "run", "site.csv"][..], 3), (&["run", "no-such.csv"], 12), (&["no-such"], 2)]
    {
        let mut process = bench.command(command);
        process.stderr(unread());
        let output = tokio::task::spawn_blocking(move || process.output()).await.unwrap().unwrap();
        assert_eq!(output.status.code(), Some(code), "{command:?}: {}", super::stdout(&output));
    }
    assert_eq!(bench.count("SELECT count(*) FROM rows WHERE reason = 'unhandled_exception'"), 0);
    bench.check_invariants();
}

/// What the command writes to a terminal, as `script` makes one.
async fn on_a_terminal(bench: &Bench, no_colour: Option<&str>) -> String {
    let command = bench.command(&[]);
    let line = format!("'{}' run site.csv", command.get_program().to_str().unwrap());
    let mut script = Command::new("script");
    script.args(["-qec", &line, "/dev/null"]).env_clear().current_dir(command.get_current_dir().unwrap());
    script.envs(command.get_envs().filter_map(|(name, value)| value.map(|value| (name, value))));
    script.env("PATH", "/usr/bin:/bin").env("TERM", "xterm").envs(no_colour.map(|value| ("NO_COLOR", value)));
    let output = tokio::task::spawn_blocking(move || script.output()).await.unwrap().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", super::stdout(&output));
    super::stdout(&output)
}

/// Whether a text sets colours; a progress bar moves the cursor only.
fn is_coloured(text: &str) -> bool {
    text.split("\u{1b}[").skip(1).any(|rest| {
        let digits = rest.trim_start_matches(|symbol: char| symbol.is_ascii_digit() || symbol == ';');
        digits.starts_with('m')
    })
}

#[tokio::test]
async fn colours_are_for_terminals_that_want_them() {
    for (no_colour, coloured) in [(None, true), (Some(""), true), (Some("1"), false)] {
        let bench = Bench::new(&site(1)).await;
        let printed = on_a_terminal(&bench, no_colour).await;
        assert_eq!(is_coloured(&printed), coloured, "NO_COLOR={no_colour:?}\n{printed}");
        let piped = bench.wxbulk(&["status"]).await.expect(0);
        assert!(!piped.text().contains('\u{1b}'));
    }
}
