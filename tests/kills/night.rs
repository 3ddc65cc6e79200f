//! A night with every trouble, told command by command: the token dies, the network goes, the operator stops the run,
//! and the morning after everything is mended and done. `cargo test --test kills night -- --nocapture` prints the story.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

use std::time::Duration;

use crate::process::{End, Process};
use crate::support::{Bench, Csv, Ran, TOKEN};
use wxbulk::sim::{Exchange, Operation, OrgSeed, SimConfig};

const PEOPLE: usize = 60;

/// Three sites; one address is misspelt, and one extension is not a number.
fn job() -> Csv {
    let sites = ["Madrid", "Sevilla", "Valencia"];
    let csv = sites.into_iter().fold(Csv::new(), Csv::location);
    (0..PEOPLE).fold(csv, |csv, number| {
        let email = if number == 7 { "pesron7@example.com".to_owned() } else { person(number) };
        let extension = if number == 9 { "10O9".to_owned() } else { format!("{}", 1000 + number) };
        csv.person(&email, sites[number % 3], &extension)
    })
}

fn person(number: usize) -> String {
    format!("person{number}@example.com")
}

/// Everybody is in Webex under the right address.
async fn bench() -> Bench {
    let org = OrgSeed::with_people((0..PEOPLE).map(person));
    let bench = Bench::with(&job(), SimConfig::with_org(org)).await;
    bench.env("MAX_CONCURRENCY", "4").env("BATCH_SIZE", "20")
}

fn tell(what: &str, command: &str, (code, stdout, stderr): (i32, &str, &str)) {
    println!("\n# {what}\n$ {command}\n{stdout}{stderr}(exit {code})");
}

async fn type_in(bench: &Bench, what: &str, arguments: &[&str], code: i32) -> Ran {
    let ran = bench.wxbulk(&[&["-q"], arguments].concat()).await;
    tell(what, &format!("wxbulk {}", arguments.join(" ")), (ran.code, &ran.stdout, &ran.stderr));
    ran.expect(code)
}

/// Starts `run`; the end comes later.
fn start(bench: &Bench, arguments: &[&str]) -> Process {
    Process::start(bench.command(&[&["-q"], arguments].concat()))
}

async fn end(mut run: Process, what: &str, command: &str, code: i32) -> End {
    let end = run.end().await;
    tell(what, command, (end.code.unwrap_or(-1), &end.stdout, &end.stderr));
    end.expect(code)
}

fn unanswered(journal: &[Exchange]) -> usize {
    journal.iter().filter(|call| call.operation == Operation::PeopleMe && call.replied.is_none()).count()
}

fn patches(journal: &[Exchange]) -> usize {
    journal.iter().filter(|call| call.operation == Operation::LicensesUsersPatch).count()
}

#[tokio::test]
async fn a_night_of_troubles_ends_with_every_row_done() {
    let bench = bench().await;
    let csv = bench.csv_path().display().to_string();

    // The token dies when four tenths of the people have calling.
    let run = start(&bench, &["run", &csv]);
    bench.sim.when(|journal| patches(journal) >= PEOPLE * 4 / 10).await;
    bench.sim.set_token(Some("another-token-of-the-tests".to_owned()));
    let ended = end(run, "23:00, the token dies at 40 %", "wxbulk run site.csv", 16).await;
    assert!(ended.stdout.contains("the token is not valid any more"), "{}", ended.stdout);
    let burnt = bench.count("SELECT count(*) FROM rows WHERE cause = 'auth_invalid'");
    assert!(burnt <= 4, "no more rows than were at work: {burnt}");

    // With a fresh token the network goes, for as long as it takes the run to notice and ask twice.
    bench.sim.set_token(Some(TOKEN.to_owned()));
    type_in(&bench, "a fresh token", &["requeue", "--reason", "auth_invalid", "--yes"], 0).await;
    let run = start(&bench, &["run"]);
    let before = patches(&bench.sim.journal());
    bench.sim.when(|journal| patches(journal) >= before + 4).await;
    bench.sim.add_fault("any:drop".parse().unwrap());
    bench.sim.when(|journal| unanswered(journal) >= 2).await;
    bench.sim.clear_faults();
    // It goes on by itself, until the operator stops it.
    bench.sim.set_latency(Duration::from_millis(20));
    let before = patches(&bench.sim.journal());
    bench.sim.when(|journal| patches(journal) >= before + 4).await;
    run.signal("-INT").await;
    end(run, "the network goes and comes back; Ctrl-C at 03:10", "wxbulk run", 130).await;
    assert_eq!(bench.count("SELECT count(*) FROM rows WHERE cause = 'retry_exhausted'"), 0);
    bench.sim.set_latency(Duration::ZERO);
    type_in(&bench, "and on", &["run"], 3).await;

    // The morning after.
    let status = type_in(&bench, "07:30, what is left?", &["status"], 0).await;
    assert!(status.stdout.contains("user_not_found"), "{}", status.stdout);
    for (file, wrong, right) in [
        ("pending_rows.csv", "pesron7@example.com", "person7@example.com"),
        ("rejected_rows.csv", "10O9", "1009"),
    ] {
        let path = bench.output().join(file);
        std::fs::write(&path, bench.file(file).replace(wrong, right)).unwrap();
        let path = path.display().to_string();
        let what = format!("{file} corrected: what would it change?");
        type_in(&bench, &what, &["ingest", "--amend", &path, "--check"], 0).await;
        type_in(&bench, "so be it", &["ingest", "--amend", &path], 0).await;
    }
    let done = type_in(&bench, "one more command", &["run"], 0).await;
    assert!(done.stdout.contains("0 pending       0 ready"), "{}", done.stdout);
    assert_eq!(bench.count("SELECT count(*) FROM rows WHERE state != 'success'"), 0);
    let given = bench.calls(Operation::LicensesUsersPatch).into_iter().filter(|call| call.applied).count();
    assert_eq!(given, PEOPLE, "everybody got one licence, once");
    bench.check_invariants();
}
