//! Nobody else may read the state or the files, whatever the umask.

use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use wxbulk::sim::{Fault, Operation};

use crate::support::{Bench, site};

/// The same command under `umask 000`, which would give everybody everything.
fn with_open_umask(command: &Command) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", "umask 000 && exec \"$0\" \"$@\""]).arg(command.get_program()).args(command.get_args());
    shell.env_clear().envs(command.get_envs().filter_map(|(name, value)| value.map(|value| (name, value))));
    shell.current_dir(command.get_current_dir().unwrap());
    shell
}

#[tokio::test]
async fn everything_is_the_owners_alone_in_the_middle_of_a_run() {
    let bench = Bench::new(&site(2)).await;
    bench.sim.add_fault(Fault::on(Operation::LocationCreate).delay(Duration::from_secs(600)));
    let csv = bench.csv_path().display().to_string();
    assert!(with_open_umask(&bench.command(&["ingest", &csv])).output().unwrap().status.success());
    let mut run = with_open_umask(&bench.command(&["run"]))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    bench.sim.when(|journal| journal.iter().any(|call| call.operation == Operation::LocationCreate)).await;

    let mut seen = Vec::new();
    for entry in std::fs::read_dir(bench.output()).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{name}");
        seen.push(name);
    }
    run.kill().unwrap();
    run.wait().unwrap();
    for name in
        ["wxbulk.db", "wxbulk.db-wal", "wxbulk.db-shm", "wxbulk.db.lock", "results.csv", "checkpoint.json"]
    {
        assert!(seen.iter().any(|file| file == name), "{name} is not in {seen:?}");
    }
    assert_eq!(std::fs::metadata(bench.output()).unwrap().permissions().mode() & 0o777, 0o700);
}
