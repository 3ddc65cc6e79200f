//! The command line as its user meets it: codes, messages, help, streams, environment.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a helper that fails is a failed test"
)]

mod codes;
mod environment;
mod lab;
mod lab_person;
mod question;
mod streams;

use std::process::{Command, Output};

use crate::support::{Bench, site};
use clap::CommandFactory;
use wxbulk::cli::Cli;

/// Commands whose help has no example still; a new one needs one, and one that has got one must go from here.
const WITHOUT_EXAMPLE_STILL: [&str; 0] = [];

/// The binary in a directory of its own, without any environment.
fn bare(arguments: &[&str]) -> Output {
    let directory = tempfile::tempdir().unwrap();
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("wxbulk"));
    command.args(arguments).env_clear().current_dir(directory.path()).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn commands() -> Vec<String> {
    let commands: Vec<String> =
        Cli::command().get_subcommands().map(|command| command.get_name().to_owned()).collect();
    assert!(commands.len() >= 10, "{commands:?}");
    commands
}

#[test]
fn every_command_explains_itself_with_an_example() {
    for command in commands() {
        let output = bare(&[&command, "--help"]);
        assert_eq!(output.status.code(), Some(0), "{command}");
        let help = stdout(&output);
        assert!(help.contains(&format!("Usage: wxbulk {command}")), "{help}");
        let examples = help.lines().filter(|line| line.starts_with(&format!("  wxbulk {command}"))).count();
        let still = WITHOUT_EXAMPLE_STILL.contains(&command.as_str());
        assert_eq!(examples == 0, still, "{command}: {examples} examples\n{help}");
    }
}

#[test]
fn every_option_explains_itself() {
    for command in Cli::command().get_subcommands() {
        for argument in command.get_arguments() {
            assert!(argument.get_help().is_some(), "{} {}", command.get_name(), argument.get_id());
        }
    }
}

#[test]
fn the_help_shows_a_first_job_every_exit_code_and_every_command() {
    let help = stdout(&bare(&["--help"]));
    assert!(help.contains("wxbulk rehearse site.csv") && help.contains("wxbulk run site.csv"), "{help}");
    let codes: String = help.split_once("Exit codes:").unwrap().1.to_owned();
    for code in [0, 2, 3, 4, 10, 11, 12, 13, 14, 15, 16, 17, 18, 70, 129, 130, 143] {
        let words =
            codes.split(|symbol: char| !symbol.is_ascii_digit()).filter(|word| *word == code.to_string());
        assert!(words.count() > 0, "{code} is not in {codes}");
    }
    for command in commands() {
        assert!(help.contains(&format!("\n  {command} ")), "{command}");
    }
}

#[test]
fn a_mistyped_command_or_option_is_answered_with_the_one_that_was_meant() {
    for (typed, meant) in [
        (&["ingset"][..], "'ingest'"),
        (&["stauts"], "'status'"),
        (&["rehearse", "--jsno", "x.csv"], "'--json'"),
        (&["export", "--frce"], "'--force'"),
    ] {
        let output = bare(typed);
        assert_eq!(output.status.code(), Some(2), "{typed:?}");
        assert!(output.stdout.is_empty());
        assert!(stderr(&output).contains(meant), "{}", stderr(&output));
    }
}

#[test]
fn usage_that_makes_no_sense_is_refused() {
    for arguments in [
        &[][..],
        &["ingest"],
        &["-q", "-v", "status"],
        &["ingest", "x.csv", "--delimiter", "x"],
        &["completions", "tcsh"],
        &["simulate", "--listen", "0.0.0.0:0"],
        &["simulate", "--fault", "location_create"],
        &["simulate", "--rate", "50"],
        &["--log-format", "xml", "status"],
    ] {
        let output = bare(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn the_version_is_that_of_the_crate() {
    assert_eq!(stdout(&bare(&["--version"])), format!("wxbulk {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn completions_know_every_command_in_every_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = bare(&["completions", shell]);
        assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""), "{shell}");
        for command in commands() {
            assert!(stdout(&output).contains(&command), "{shell}: {command}");
        }
    }
}

#[test]
fn the_manual_page_has_its_sections_and_names_every_command() {
    let page = stdout(&bare(&["man"]));
    for section in [".TH wxbulk 1", ".SH NAME", ".SH SYNOPSIS", ".SH OPTIONS", ".SH SUBCOMMANDS"] {
        assert!(page.contains(section), "{section} is not in\n{page}");
    }
    for command in commands() {
        assert!(page.contains(&format!("wxbulk\\-{command}(1)")), "{command}");
    }
}

#[tokio::test]
async fn the_template_can_be_rehearsed_as_it_is() {
    let bench = Bench::new(&site(0)).await;
    let template = bench.wxbulk(&["template"]).await.expect(0);
    bench.write_csv(&template.stdout);
    bench.wxbulk(&["ingest", "--check", "site.csv"]).await.expect(0);
    let rehearsed = bench.wxbulk(&["rehearse", "site.csv", "--json"]).await;
    assert!([0, 3].contains(&rehearsed.code), "{}", rehearsed.text());
    let report: serde_json::Value = serde_json::from_str(&rehearsed.stdout).unwrap();
    for pass in ["first", "second"] {
        let sum = ["success", "pending", "rejected"]
            .iter()
            .map(|end| report[pass][end].as_u64().unwrap())
            .sum::<u64>();
        assert_eq!(Some(sum), report[pass]["rows"].as_u64());
        let results = bench.csv_path().with_file_name("wxbulk-rehearsal").join(pass).join("results.csv");
        assert!(results.exists(), "{}", results.display());
    }
    assert!(report["first"]["writes"].as_u64() > Some(0));
    assert_eq!(report["second"]["writes"], 0);
    assert!(bench.sim.journal().is_empty(), "it called the Webex of the environment");
}

#[tokio::test]
async fn a_rehearsal_needs_no_environment_and_its_end_is_that_of_the_job() {
    let bench = Bench::new(&site(2)).await;
    for (csv, code) in [(site(2), 0), (site(2).user("u1@example.com", "Madrid"), 3)] {
        bench.write_csv(&csv.text());
        let mut command = bench.command(&["rehearse", "site.csv"]);
        let output = command.env_clear().output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{}", stderr(&output));
        assert!(stdout(&output).contains("the second run found everything in place and wrote nothing"));
    }
}
