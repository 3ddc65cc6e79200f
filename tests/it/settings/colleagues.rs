//! Settings that name people who get calling by other rows of the same file.

use wxbulk::sim::{Exchange, LocationSeed, Operation, OrgSeed, PROFESSIONAL, PersonSeed, SimConfig};

use super::{ANA, EVA, LEO, madrid, puts};
use crate::support::{Bench, Csv};

/// Ana, Eva and Leo, none of whom has calling; each row names these.
fn team(ana: &str, eva: &str, leo: &str) -> Csv {
    let names = [(ANA, ana), (EVA, eva), (LEO, leo)];
    (1001..).zip(names).fold(Csv::new(), |csv, (extension, (email, names))| {
        csv.user(email, "Madrid").cell("calling_settings_monitoring_people", names).assignment(
            email,
            "Madrid",
            &extension.to_string(),
        )
    })
}

/// Everybody names everybody, themselves too.
fn all_of_each_other() -> Csv {
    let all = format!("{ANA}|{EVA}|{LEO}");
    team(&all, &all, &all)
}

async fn without_calling(csv: &Csv) -> Bench {
    let org = OrgSeed::with_people([ANA, EVA, LEO]).location(LocationSeed::calling("Madrid"));
    Bench::with(csv, SimConfig::with_org(org)).await
}

/// How many people are on somebody's list.
fn monitored(bench: &Bench, email: &str) -> usize {
    let features = bench.sim.org().person(email).unwrap().features.clone();
    features.get("monitoring").map_or(0, |shown| shown["monitoredElements"].as_array().unwrap().len())
}

#[tokio::test]
async fn people_who_monitor_each_other_succeed_in_one_run_and_each_is_written_once() {
    for (concurrency, size) in [("1", "500"), ("1", "1"), ("16", "2")] {
        let bench = without_calling(&all_of_each_other()).await;
        let bench = bench.env("MAX_CONCURRENCY", concurrency).env("BATCH_SIZE", size);
        bench.run().await.expect(0);
        assert_eq!([ANA, EVA, LEO].map(|email| monitored(&bench, email)), [3, 3, 3]);
        assert_eq!(puts(&bench).len(), 3, "nothing was refused");
        bench.check_invariants();

        let path = bench.csv_path().display().to_string();
        let ran = bench.wxbulk(&["run", &path, "--output-dir", "another"]).await.expect(0);
        assert!(!ran.stderr.contains("phase.again"), "whoever has calling is not waited for");
    }
}

#[tokio::test]
async fn a_limit_is_not_used_up_by_rows_that_wait() {
    let bench = without_calling(&team(EVA, "", "")).await.env("MAX_CONCURRENCY", "1");
    let path = bench.csv_path().display().to_string();
    bench.wxbulk(&["run", &path, "--phase", "2", "--limit", "2"]).await.expect(4);
    let states = "SELECT group_concat(state, ' ' ORDER BY row_id) FROM rows WHERE phase = 2";
    let states: String = bench.database().query_row(states, [], |row| row.get(0)).unwrap();
    assert_eq!(states, "success success ready");
}

#[tokio::test]
async fn a_row_waits_for_a_colleague_who_gets_no_calling_and_goes_with_the_colleagues_row() {
    let csv = team(LEO, "", "");
    let org = OrgSeed::with_people([ANA, EVA, LEO]).location(LocationSeed::calling("Madrid"));
    let bench = Bench::with(&csv, SimConfig::with_org(org.units(PROFESSIONAL, 2))).await;
    bench.run().await.expect(3);
    let row = bench.row("user", ANA);
    row.expect_pending("half_applied", "user_apply_calling_settings");
    row.says(&[LEO, "user row 5"]);
    let leo = bench.row("user", LEO);
    assert_eq!((row.cause.as_deref(), row.blocked_by), (Some("precondition_missing"), Some(leo.row_id)));
    assert!(puts(&bench).is_empty());
    bench.sim.set_units(PROFESSIONAL, 3);
    bench.wxbulk(&["requeue", "--row", &leo.row_id.to_string(), "--yes"]).await.expect(0);
    bench.wxbulk(&["run"]).await.expect(0);
    assert_eq!(monitored(&bench, ANA), 1);
}

/// The process dies between Ana's turn and Leo's: her row waits on disk.
#[tokio::test]
async fn a_row_that_waited_when_the_process_died_goes_on_in_the_next_run() {
    let bench = without_calling(&team(LEO, "", "")).await.env("MAX_CONCURRENCY", "1");
    bench.sim.add_fault(format!("licenses_users_patch@{LEO}:delay=600000").parse().unwrap());
    let given = |call: &&Exchange| call.operation == Operation::LicensesUsersPatch;
    bench.killed_when(|journal| journal.iter().filter(given).count() == 3).await;
    bench.wxbulk(&["run"]).await.expect(0);
    assert_eq!(monitored(&bench, ANA), 1);
}

#[tokio::test]
async fn whom_no_row_gives_calling_webex_refuses_and_the_row_says_what_it_needs() {
    let csv = Csv::new().user(ANA, "Madrid").cell("calling_settings_monitoring_people", "max@example.com");
    let mut org = madrid([ANA.to_owned()]);
    org.people.push(PersonSeed::new("max@example.com"));
    let bench = Bench::with(&csv, SimConfig::with_org(org)).await;
    bench.run().await.expect(3);
    let row = bench.row("user", ANA);
    row.expect_pending("precondition_missing", "user_apply_calling_settings");
    row.says(&["4470", "must have calling", "requeue"]);
}

/// A row stops at its settings before anything was asked of its person: what it gave is what counts, not where it
/// stopped; whether it comes before the row that names the person or behind it.
#[tokio::test]
async fn a_colleague_whose_row_gave_nothing_is_waited_for_wherever_it_stopped() {
    for (namer, named, csv) in [(ANA, LEO, team(LEO, "", "")), (EVA, ANA, team("", ANA, ""))] {
        let bench = without_calling(&csv).await.env("MAX_CONCURRENCY", "1");
        let text = csv.cell("calling_settings_unheard_of", "").text();
        let (before, after) = text.split_once(&format!("user,{named},")).unwrap();
        let (row, rest) = after.split_once('\n').unwrap();
        bench.write_csv(&format!("{before}user,{named},{row}yes\n{rest}"));
        bench.run().await.expect(3);
        let stopped = bench.row("user", named);
        stopped.expect_pending("out_of_scope", "user_apply_calling_settings");
        let row = bench.row("user", namer);
        row.expect_pending("half_applied", "user_apply_calling_settings");
        let waits = (row.cause.as_deref(), row.blocked_by);
        assert_eq!(waits, (Some("precondition_missing"), Some(stopped.row_id)), "{named}");
        assert!(puts(&bench).is_empty(), "nobody without calling is sent");
        bench.check_invariants();
    }
}

/// Nobody gives this colleague calling: that is for Webex to say, and nothing to wait for.
#[tokio::test]
async fn a_colleague_who_is_to_have_no_calling_is_not_waited_for() {
    let text = team("", ANA, "").text();
    let bench = without_calling(&team("", ANA, "")).await.env("MAX_CONCURRENCY", "1");
    let lines: Vec<String> = text
        .lines()
        .enumerate()
        .map(|(at, line)| match at {
            0 => format!("{line},calling_enabled"),
            1 => format!("{line},false"),
            _ => format!("{line},"),
        })
        .collect();
    bench.write_csv(&(lines.join("\n") + "\n"));
    bench.run().await.expect(3);
    let row = bench.row("user", EVA);
    row.says(&["4470", "must have calling"]);
    assert_eq!(row.blocked_by, None);
}
