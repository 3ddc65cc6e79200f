//! The job that is disturbed, and what must hold when it is done, whatever happened on the way.

use std::collections::BTreeMap;
use std::time::Duration;

use sha2::{Digest, Sha256};
use wxbulk::sim::{Exchange, LocationState, Operation, OrgSeed, OrgState, SimConfig};

use crate::support::{Bench, Csv};

pub(crate) const FILES: [&str; 5] =
    ["results.csv", "pending_rows.csv", "rejected_rows.csv", "ready_to_load.csv", "checkpoint.json"];

/// A job, and how it goes when nothing disturbs it.
pub(crate) struct Plan {
    pub(crate) csv: Csv,
    /// Requests, the start-up checks among them.
    pub(crate) requests: usize,
    /// Requests that change something.
    pub(crate) writes: usize,
    pub(crate) rows: usize,
    remote: String,
}

/// This many sites, each with this many people, some of them with settings; extensions repeat from site to site.
pub(crate) fn job(sites: usize, people: usize) -> Csv {
    let mut csv = (0..sites).fold(Csv::new(), |csv, site| csv.location(&format!("Site {site}")));
    for number in 0..sites * people {
        let (email, site) = (format!("u{number}@example.com"), format!("Site {}", number % sites));
        csv = csv.person(&email, &site, &format!("{}", 1000 + number / sites));
        if number % 3 == 0 {
            csv = csv.cell("final_settings_do_not_disturb_enabled", "true");
        }
    }
    csv
}

impl Plan {
    pub(crate) async fn new(sites: usize, people: usize) -> Plan {
        let csv = job(sites, people);
        let bench = Bench::new(&csv).await;
        bench.run().await.expect(0);
        Plan {
            rows: sites + 2 * sites * people,
            requests: bench.sim.journal().len(),
            writes: bench.writes().len(),
            remote: remote(bench.sim.org()),
            csv,
        }
    }

    /// A bench for this job in a Webex that answers after this many milliseconds.
    pub(crate) async fn bench(&self, latency: u64) -> Bench {
        let org = OrgSeed::with_people(self.csv.emails());
        let latency = Duration::from_millis(latency);
        let bench = Bench::with(&self.csv, SimConfig { latency, ..SimConfig::with_org(org) }).await;
        // When a test fails its simulator is gone: what still runs then gives up soon.
        bench.env("OUTAGE_WAIT_SECONDS", "10")
    }

    /// Some instant of the job, as a number of requests; every eighth is before the first.
    pub(crate) fn instant(&self, dice: &mut fastrand::Rng) -> usize {
        if dice.u8(..8) == 0 { 0 } else { dice.usize(1..=self.requests) }
    }

    /// One more run with nothing in its way, and then everything is as if nothing had happened.
    pub(crate) async fn heal(&self, bench: &Bench, story: &str) {
        bench.sim.clear_faults();
        let ran = bench.run().await;
        assert_eq!(ran.code, 0, "{story}: the healing run\n{}", ran.text());
        assert!(!ran.stdout.contains("left alone"), "{story}: {}", ran.stdout);
        self.check(bench, story).await;
    }

    /// What must hold after the last run.
    pub(crate) async fn check(&self, bench: &Bench, story: &str) {
        bench.check_invariants();
        assert_eq!(remote(bench.sim.org()), self.remote, "{story}: Webex is not as without a disturbance");
        nothing_made_twice(&bench.sim.journal(), story);
        self.every_row_ended_once(bench, story);
        every_success_has_its_writes(bench, story);
        self.checkpoint_is_right(bench, story);
        self.files_are_the_state(bench, story).await;
    }

    /// Every row ended, once, and the counts add up.
    #[track_caller]
    fn every_row_ended_once(&self, bench: &Bench, story: &str) {
        let rows = i64::try_from(self.rows).unwrap();
        for (what, sql) in [
            ("rows", "SELECT count(*) FROM rows"),
            ("successes", "SELECT count(*) FROM rows WHERE state = 'success'"),
            ("ends", "SELECT count(*) FROM outcomes"),
            ("ends of different rows", "SELECT count(DISTINCT row_id) FROM outcomes WHERE state = 'success'"),
            ("rows in progress", "SELECT sum(success) FROM progress"),
            ("rows in results", "SELECT count(*) FROM results WHERE status = 'success'"),
        ] {
            assert_eq!(bench.count(sql), rows, "{story}: {what}");
        }
        let broken = bench.count("SELECT count(*) FROM pragma_foreign_key_check");
        assert_eq!(broken, 0, "{story}: references");
        let open = bench.count("SELECT count(*) FROM batches WHERE completed_at IS NULL");
        assert_eq!(open, 0, "{story}: batches left open");
        let unended = bench.count("SELECT count(*) FROM runs WHERE ended_at IS NULL");
        assert_eq!(unended, 0, "{story}: runs without an end");
    }

    /// The phase is the last one, the row the last one, the input this one.
    #[track_caller]
    fn checkpoint_is_right(&self, bench: &Bench, story: &str) {
        let checkpoint: serde_json::Value = serde_json::from_str(&bench.file("checkpoint.json")).unwrap();
        let last = bench.count("SELECT max(row_id) FROM rows WHERE phase = 3");
        let hash: String = Sha256::digest(self.csv.text()).iter().map(|byte| format!("{byte:02x}")).collect();
        let stands = (&checkpoint["phase"], &checkpoint["last_row_id"], &checkpoint["input_hash"]);
        assert_eq!(stands, (&3.into(), &last.into(), &hash.into()), "{story}");
    }

    /// The files are those that a fresh export of the same database gives, and nothing else lies about.
    pub(crate) async fn files_are_the_state(&self, bench: &Bench, story: &str) {
        let fresh = bench.csv_path().with_file_name("fresh");
        let (database, directory) = (bench.output().join("wxbulk.db"), fresh.display().to_string());
        let database = database.display().to_string();
        bench.wxbulk(&["export", "--db", &database, "--output-dir", &directory]).await.expect(0);
        for name in FILES {
            let anew = std::fs::read_to_string(fresh.join(name)).unwrap();
            assert_eq!(bench.file(name), anew, "{story}: {name} is not what a fresh export gives");
        }
        std::fs::remove_dir_all(fresh).unwrap();
        assert_eq!(temporary_files(bench), Vec::<String>::new(), "{story}");
    }
}

/// What an export that was cut off left behind.
pub(crate) fn temporary_files(bench: &Bench) -> Vec<String> {
    let entries = std::fs::read_dir(bench.output()).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with('.') || name.contains(".new")).collect()
}

/// What is in Webex, without what depends on the order in which it came there.
fn remote(mut org: OrgState) -> String {
    org.locations.sort_by(|one, other| one.name.cmp(&other.name));
    let without_id = |location: &LocationState| LocationState { id: String::new(), ..location.clone() };
    let locations: Vec<_> = org.locations.iter().map(without_id).collect();
    let mut numbers: Vec<_> = org.numbers.iter().map(|number| format!("{number:?}")).collect();
    numbers.sort();
    format!("{locations:#?}\n{numbers:#?}\n{:#?}\n{:#?}", org.people, org.licenses)
}

/// How often each write of this operation took effect, by key.
fn applied(journal: &[Exchange], operation: Operation) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for call in journal.iter().filter(|call| call.operation == operation && call.applied) {
        *counts.entry(call.key.as_deref().expect("a key")).or_default() += 1;
    }
    counts
}

#[track_caller]
fn nothing_made_twice(journal: &[Exchange], story: &str) {
    for operation in
        [Operation::LocationCreate, Operation::CallingLocationEnable, Operation::LicensesUsersPatch]
    {
        let twice: Vec<_> = applied(journal, operation).into_iter().filter(|(_, times)| *times > 1).collect();
        assert!(twice.is_empty(), "{story}: {operation} took effect twice: {twice:?}");
    }
}

/// Nothing of this job was in Webex before: each success stands on writes that took effect, and no record claims a
/// write that did not.
#[track_caller]
fn every_success_has_its_writes(bench: &Bench, story: &str) {
    let journal = bench.sim.journal();
    let database = bench.database();
    let keys = |sql: &str| -> Vec<String> {
        let mut statement = database.prepare(sql).unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    for (entity, operation) in [
        ("location", Operation::LocationCreate),
        ("location", Operation::CallingLocationEnable),
        ("user", Operation::LicensesUsersPatch),
    ] {
        let took_effect = applied(&journal, operation);
        let successes = keys(&format!(
            "SELECT entity_key FROM rows WHERE entity_type = '{entity}' AND state = 'success'"
        ));
        for key in successes {
            assert!(took_effect.contains_key(key.as_str()), "{story}: {entity} {key} without {operation}");
        }
        let claimed = keys(&format!(
            "SELECT DISTINCT r.entity_key FROM calls c JOIN rows r USING (row_id) WHERE c.operation = '{operation}' AND c.applied = 1"
        ));
        for key in claimed {
            assert!(took_effect.contains_key(key.as_str()), "{story}: {operation} of {key} is claimed");
        }
        let unknown = bench.count(&format!(
            "SELECT count(*) FROM calls WHERE operation = '{operation}' AND applied IS NULL"
        ));
        assert_eq!(unknown, 0, "{story}: nobody looked what became of a {operation}");
    }
}
