//! `plan` and `verify` as commands: what they touch, when they refuse, and what `run` says of an old plan.

use super::*;
use wxbulk::sim::{Exchange, Operation as Request};
use wxbulk::store::Lock;

#[tokio::test]
async fn neither_moves_a_row_or_writes_to_webex() {
    let bench = Bench::new(&two_sites()).await;
    bench.wxbulk(&["ingest", "site.csv"]).await.expect(0);
    let before = dump(&bench.database());
    bench.wxbulk(&["plan"]).await;
    assert_eq!(before, dump(&bench.database()));
    bench.run().await.expect(0);
    let (before, writes) = (dump(&bench.database()), bench.writes().len());
    for command in [&["plan"][..], &["verify"], &["verify", "--location", "MAD-01"]] {
        bench.wxbulk(command).await;
        assert_eq!(before, dump(&bench.database()), "{command:?}");
        assert_eq!(bench.writes().len(), writes, "{command:?}");
    }
    bench.check_invariants();
}

#[tokio::test]
async fn a_plan_can_take_the_file_in() {
    let bench = Bench::new(&two_sites()).await;
    let told = bench.wxbulk(&["plan", "site.csv"]).await;
    assert!(
        told.stderr.contains("12 rows: 2 locations, 5 users, 5 assignments, 0 rejected"),
        "{}",
        told.text()
    );
    assert_eq!(bench.count("SELECT count(*) FROM rows WHERE state = 'ready'"), 12);
    assert!(bench.output().join("ready_to_load.csv").exists());
    bench.wxbulk(&["plan", "site.csv", "--location", "Nowhere"]).await.expect(2);
    bench.write_csv(&crate::support::site(1).text());
    bench.wxbulk(&["plan", "site.csv"]).await.expect(13);
}

#[tokio::test]
async fn a_job_in_which_nothing_is_open_has_an_empty_plan() {
    let bench = Bench::new(&two_sites()).await;
    bench.run().await.expect(0);
    let requests = bench.sim.journal().len();
    let told = bench.wxbulk(&["plan"]).await.expect(0);
    assert!(told.stdout.contains("nothing to do: no row is ready or pending"), "{}", told.text());
    assert!(told.stderr.contains("next: wxbulk verify"), "{}", told.text());
    assert_eq!(bench.sim.journal().len(), requests, "nothing is asked where nothing is to be planned");
}

#[tokio::test]
async fn a_job_in_which_nothing_is_done_has_nothing_to_verify() {
    let bench = Bench::new(&two_sites()).await;
    bench.wxbulk(&["ingest", "site.csv"]).await.expect(0);
    let told = bench.wxbulk(&["verify"]).await.expect(0);
    assert!(told.stdout.contains("nothing to verify: no row is a success yet"), "{}", told.text());
    assert!(told.stderr.contains("next: wxbulk run"), "{}", told.text());
    assert!(bench.sim.journal().is_empty());
}

#[tokio::test]
async fn each_has_the_job_to_itself_but_for_what_is_stored() {
    let bench = Bench::new(&two_sites()).await;
    bench.run().await.expect(0);
    bench.keep_checks(&everywhere(), &checks_of(12, Vec::new()), true);
    bench.keep_plan(&everywhere(), &[], true, "[]");
    let store = bench.store();
    let _lock = Lock::take(&store).unwrap();
    for command in ["plan", "verify"] {
        bench.wxbulk(&[command]).await.expect(15);
        bench.wxbulk(&[command, "--stored"]).await.expect(0);
    }
}

#[tokio::test]
async fn what_is_stored_is_there_after_the_first_time_only() {
    let bench = Bench::new(&two_sites()).await;
    for command in ["plan", "verify"] {
        bench.wxbulk(&[command, "--stored"]).await.expect(2);
    }
    bench.wxbulk(&["ingest", "site.csv"]).await.expect(0);
    for command in ["plan", "verify"] {
        let told = bench.wxbulk(&[command, "--stored"]).await.expect(2);
        assert!(told.stderr.contains(&format!("next: wxbulk {command}")), "{}", told.text());
    }
    bench.wxbulk(&["plan", "--stored", "--location", "MAD-01"]).await.expect(2);
    bench.wxbulk(&["plan", "--stored", "site.csv"]).await.expect(2);
    bench.wxbulk(&["verify", "--stored", "--location", "MAD-01"]).await.expect(2);
}

#[tokio::test]
async fn the_start_up_checks_come_first_and_leave_the_former_plan() {
    let bench = Bench::new(&two_sites()).await;
    bench.wxbulk(&["ingest", "site.csv"]).await.expect(0);
    bench.keep_plan(&everywhere(), &every_effect(), true, "[]");
    bench.sim.add_fault("people_me:status=401".parse().unwrap());
    bench.wxbulk(&["plan"]).await.expect(11);
    bench.sim.clear_faults();
    assert_eq!(bench.count("SELECT count(*) FROM planned_rows"), 12);
    let bench = bench.env("ENVIRONMENT", "");
    bench.wxbulk(&["plan"]).await.expect(10);
}

/// What `run` says of the stored plan, in a job that has nothing left to do.
async fn said_of_the_plan(bench: &Bench) -> Vec<String> {
    let told = bench.wxbulk(&["run"]).await;
    told.stderr.lines().filter(|line| line.contains("plan.")).map(str::to_owned).collect()
}

#[tokio::test]
async fn a_run_says_that_the_plan_is_old_or_of_another_file() {
    let bench = Bench::new(&two_sites()).await;
    bench.run().await.expect(0);
    assert!(said_of_the_plan(&bench).await.is_empty());
    bench.keep_plan(&everywhere(), &[], true, "[]");
    assert!(said_of_the_plan(&bench).await.is_empty());

    let raw = Connection::open(bench.output().join("wxbulk.db")).unwrap();
    let older = "UPDATE surveys SET begun_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-61 minutes')";
    raw.execute_batch(older).unwrap();
    let said = said_of_the_plan(&bench).await;
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("older than an hour") && said[0].contains("wxbulk plan"), "{said:?}");

    bench.keep_plan(&everywhere(), &[], true, "[]");
    bench.write_csv(&two_sites().cell("row_ref", "the last").text());
    bench.wxbulk(&["ingest", "site.csv", "--amend"]).await.expect(0);
    let said = said_of_the_plan(&bench).await;
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("the file was changed since the plan was made"), "{said:?}");
    let told = bench.wxbulk(&["plan", "--stored"]).await;
    assert!(told.stdout.contains("OUTDATED"), "{}", told.text());
}

#[tokio::test]
async fn a_signal_ends_either_of_them_and_leaves_what_was_stored() {
    let bench = Bench::new(&two_sites()).await;
    bench.wxbulk(&["run", "site.csv", "--phase", "1"]).await.expect(4);
    bench.keep_plan(&everywhere(), &every_effect(), true, "[]");
    let before = dump(&bench.database());
    for command in ["plan", "verify"] {
        bench.sim.add_fault("people_me:hang".parse().unwrap());
        let asked = bench.calls(Request::PeopleMe).len();
        let mut plan = bench.command(&[command]);
        plan.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        let child = plan.spawn().unwrap();
        let asks = |journal: &[Exchange]| {
            journal.iter().filter(|call| call.operation == Request::PeopleMe).count() > asked
        };
        bench.sim.when(asks).await;
        let killed = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
        assert!(killed.unwrap().success());
        let ended = tokio::task::spawn_blocking(move || child.wait_with_output()).await.unwrap().unwrap();
        assert_eq!(ended.status.code(), Some(130), "{command}");
        bench.sim.clear_faults();
    }
    assert_eq!(before, dump(&bench.database()));
    assert_eq!(bench.count("SELECT count(*) FROM planned_rows"), 12);
}
