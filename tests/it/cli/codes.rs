//! Every exit code comes with a message that says what, where, why and what to do.

use std::process::Stdio;
use std::time::Duration;

use wxbulk::sim::{Fault, Operation};

use crate::support::{Bench, Csv, Ran, site};

#[track_caller]
fn says(ran: &Ran, words: &[&str]) {
    let text = ran.text();
    for word in words {
        assert!(text.contains(word), "{word:?} is not in\n{text}");
    }
}

#[tokio::test]
async fn done_is_0_and_says_that_nothing_is_left() {
    let bench = Bench::new(&site(2)).await;
    says(&bench.run().await.expect(0), &["next: nothing, every row is done"]);
}

#[tokio::test]
async fn pending_or_rejected_rows_are_3_and_name_the_next_command() {
    let bench = Bench::new(&site(2)).await;
    bench.sim.add_fault(Fault::on(Operation::LicensesUsersPatch).key("u0@example.com").status(400));
    says(&bench.run().await.expect(3), &["1 success       1 pending", "next: wxbulk status"]);
    let status = bench.wxbulk(&["status"]).await.expect(0);
    says(&status, &["non_retryable_external", "do:  ", "Scripted error 400"]);

    let bench = Bench::new(&site(1).user("u0@example.com", "Madrid")).await;
    says(&bench.run().await.expect(3), &["rejected before any call: 1", "rejected_rows.csv"]);
}

#[tokio::test]
async fn no_database_is_2_and_says_how_to_start_one() {
    let bench = Bench::new(&site(1)).await;
    for command in ["status", "export", "run"] {
        says(&bench.wxbulk(&[command]).await.expect(2), &["wxbulk.db", "wxbulk ingest FILE.csv"]);
    }
    assert!(!bench.output().exists());
}

#[tokio::test]
async fn a_start_up_check_that_fails_is_11_and_touches_no_row() {
    for operation in ["people_me", "locations_list", "numbers_list", "licenses_list"] {
        let bench = Bench::new(&site(1)).await;
        bench.sim.add_fault(format!("{operation}:status=403").parse().unwrap());
        says(&bench.run().await.expect(11), &["start-up checks failed, no row was touched", "403"]);
        says(&bench.wxbulk(&["check"]).await.expect(11), &["start-up checks failed"]);
        assert_eq!(bench.count("SELECT count(*) FROM rows WHERE state != 'ready' OR attempt > 0"), 0);
        assert_eq!(bench.count("SELECT count(*) FROM runs"), 0);
        assert!(bench.writes().is_empty());
    }
}

#[tokio::test]
async fn a_webex_that_is_not_there_is_11() {
    let bench = Bench::new(&site(1)).await.env("MAX_RETRIES", "1");
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let bench = bench.env("WEBEX_BASE_URL", &format!("http://{nobody}/v1"));
    says(&bench.run().await.expect(11), &["start-up checks failed"]);
}

#[tokio::test]
async fn a_file_that_cannot_be_used_is_12() {
    let bench = Bench::new(&site(1)).await;
    says(&bench.wxbulk(&["ingest", "no-such.csv"]).await.expect(12), &["no-such.csv", "No such file"]);
    assert!(!bench.output().exists(), "a database was made for it");
    bench.write_csv(&site(1).text().replacen("email", "e-mial", 1));
    let ran = bench.wxbulk(&["ingest", "site.csv"]).await.expect(12);
    says(&ran, &["site.csv", "mial", "email"]);
}

#[tokio::test]
async fn a_job_that_has_no_file_yet_is_12_without_a_call() {
    let bench = Bench::new(&site(1)).await.env("MAX_ROWS", "1");
    bench.run().await.expect(17);
    says(&bench.wxbulk(&["run"]).await.expect(12), &["no file was taken in yet", "wxbulk run FILE.csv"]);
    assert!(bench.sim.journal().is_empty());
}

#[tokio::test]
async fn a_database_that_cannot_be_trusted_is_14_without_a_call() {
    let bench = Bench::new(&site(1)).await;
    std::fs::create_dir(bench.output()).unwrap();
    std::fs::write(bench.output().join("wxbulk.db"), "not a database ".repeat(100)).unwrap();
    let csv = bench.csv_path().display().to_string();
    for command in [&["run"][..], &["run", &csv], &["ingest", &csv], &["status"], &["export"]] {
        says(&bench.wxbulk(command).await.expect(14), &["wxbulk.db", "cannot be trusted", "VACUUM INTO"]);
    }
    assert!(bench.sim.journal().is_empty());
}

#[tokio::test]
async fn a_row_that_was_edited_in_the_database_is_14_without_a_call() {
    let bench = Bench::new(&site(1)).await;
    bench.wxbulk(&["ingest", "site.csv"]).await.expect(0);
    let database = rusqlite::Connection::open(bench.output().join("wxbulk.db")).unwrap();
    database.execute("UPDATE rows SET cells = replace(cells, 'u0@', 'u1@')", []).unwrap();
    drop(database);
    says(&bench.wxbulk(&["run"]).await.expect(14), &["row 2 is not as it was ingested"]);
    assert!(bench.sim.journal().is_empty());
}

#[tokio::test]
async fn a_second_writer_is_15_without_a_call_while_readers_work() {
    let bench = Bench::new(&site(2)).await;
    bench.sim.add_fault(Fault::on(Operation::PeopleList).delay(Duration::from_secs(600)));
    let mut first =
        bench.command(&["run", "site.csv"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let waiting = |call: &wxbulk::sim::Exchange| call.operation == Operation::PeopleList;
    // Both users are being looked up: the first run makes no further call now.
    bench.sim.when(|journal| journal.iter().filter(|call| waiting(call)).count() == 2).await;

    let calls = bench.sim.journal().len();
    for command in [&["run"][..], &["run", "site.csv"], &["ingest", "site.csv"]] {
        says(
            &bench.wxbulk(command).await.expect(15),
            &["another wxbulk works on", "wxbulk.db", "wait for it or stop it"],
        );
    }
    assert_eq!(bench.sim.journal().len(), calls);
    says(&bench.wxbulk(&["status"]).await.expect(0), &["goes on"]);
    bench.wxbulk(&["export"]).await.expect(0);
    first.kill().unwrap();
    first.wait().unwrap();
    bench.sim.clear_faults();
    bench.wxbulk(&["run"]).await.expect(0);
}

#[tokio::test]
async fn the_breaker_is_16_with_counts_and_a_cause() {
    let bench = Bench::new(&site(24)).await.env("BATCH_SIZE", "12");
    bench.sim.add_fault(Fault::on(Operation::LicensesUsersPatch).status(400));
    let ran = bench.run().await.expect(16);
    says(
        &ran,
        &[
            "circuit breaker",
            "12 of 12 rows",
            "non_retryable_external=12",
            "next: mend the cause, then: wxbulk run --retry-pending",
        ],
    );
    assert!(bench.count("SELECT count(*) FROM rows WHERE phase = 3 AND state = 'ready'") == 24);
    bench.check_invariants();
}

#[tokio::test]
async fn the_limits_are_17_and_say_which() {
    let csv = (0..3).fold(Csv::new(), |csv, number| csv.location(&format!("Site {number}")));
    let bench = Bench::new(&csv).await.env("BATCH_SIZE", "1").env("MAX_BATCHES", "2");
    says(&bench.run().await.expect(17), &["MAX_BATCHES (2) was reached", "wxbulk run"]);
    bench.wxbulk(&["run"]).await.expect(0);
    // MAX_ROWS: see loading.rs.
}

#[tokio::test]
async fn a_place_that_cannot_be_written_is_18() {
    let bench = Bench::new(&site(1)).await;
    bench.wxbulk(&["ingest", "site.csv", "--output-dir", "site.csv"]).await.expect(18);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = bench.command(&["template"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(18));
    assert!(super::stderr(&output).contains("stdout"), "{}", super::stderr(&output));
}

#[tokio::test]
async fn an_interrupted_run_is_130_and_goes_on_with_the_same_command() {
    let bench = Bench::new(&site(2)).await;
    bench.sim.add_fault("people_list#1:status=429,retry_after=300".parse().unwrap());
    let mut command = bench.command(&["run", "site.csv"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    bench.sim.when(|journal| journal.iter().any(|call| call.replied == Some(429))).await;
    let interrupt =
        std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(interrupt.success());
    let output = tokio::task::spawn_blocking(|| child.wait_with_output()).await.unwrap().unwrap();
    let printed = super::stdout(&output);
    assert_eq!(output.status.code(), Some(130), "{printed}");
    assert!(printed.contains("stopped: by a signal; everything done so far is kept"), "{printed}");
    bench.wxbulk(&["run"]).await.expect(0);
    bench.check_invariants();
}
