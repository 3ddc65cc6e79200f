//! A database of an earlier release, left by a kill in the middle of phase 2, is taken up by this one. Its job was made
//! by that release against the simulator; `applied.json` are the writes that Webex had applied by then.

use crate::support::{Bench, Csv, open};
use rusqlite::Connection;
use wxbulk::sim::{OrgSeed, SimConfig};

const STATE: &str = include_str!("../../fixtures/midjob/midjob.sql");
const APPLIED: &str = include_str!("../../fixtures/midjob/applied.json");
const PEOPLE: [&str; 8] = ["ana", "berta", "clara", "diego", "elena", "x1", "x2", "x3"];

/// The bench with the old database and the Webex that it knows.
async fn taken_over() -> Bench {
    let people = PEOPLE.map(|name| format!("{name}@example.com"));
    let bench = Bench::with(&Csv::new(), SimConfig::with_org(OrgSeed::with_people(people))).await;
    bench.write_csv(include_str!("../../fixtures/midjob/site.csv"));
    let writes: Vec<serde_json::Value> = serde_json::from_str(APPLIED).expect("a list of requests");
    let (root, client) =
        (bench.sim.base_url(), reqwest::Client::builder().no_proxy().build().expect("a client"));
    for write in writes {
        let text = |name: &str| write.get(name).and_then(|value| value.as_str()).unwrap_or_default();
        let path = text("path").strip_prefix("/v1").expect("a path of the API");
        let method = text("method").parse().expect("a method");
        let request = client.request(method, format!("{root}{path}")).bearer_auth("simulated-webex-token");
        let body = write.get("body").expect("a body");
        let answer = request.json(body).send().await.expect("an answer");
        assert!(answer.status().is_success(), "{}: {}", text("path"), answer.status());
    }
    std::fs::create_dir(bench.output()).expect("a directory");
    let database = Connection::open(bench.output().join("wxbulk.db")).expect("a database");
    database.pragma_update(None, "foreign_keys", false).expect("a dump has its tables in any order");
    database.execute_batch(STATE).expect("the old state");
    let moved = "UPDATE binding SET base_url = ?1";
    database.execute(moved, [bench.sim.base_url()]).expect("the simulator's address");
    bench
}

#[tokio::test]
async fn a_job_of_the_release_before_goes_on_where_it_was_killed() {
    let bench = taken_over().await;
    let before = bench.writes().len();
    let told = bench.run().await.expect(3);
    assert!(told.stdout.contains("2 rows of a run that was killed"), "{}", told.text());
    let states = "SELECT group_concat(state, ' ') FROM (SELECT state FROM rows ORDER BY row_id)";
    let states: String = bench.database().query_row(states, [], |row| row.get(0)).expect("rows");
    let done = "success success rejected success success success pending success success success success \
                success pending success success";
    assert_eq!(states, done);
    // Row 8 had its licence and nobody knew; row 9 had none; a setting of row 10 was missing.
    let sent: Vec<String> =
        bench.writes().iter().skip(before).map(|call| call.key.clone().unwrap_or_default()).collect();
    assert_eq!(sent, ["elena@example.com", "ana@example.com"]);
    assert_eq!(bench.count("SELECT count(*) FROM history"), 14);
    bench.check_invariants();
}

#[tokio::test]
async fn an_old_database_that_another_process_works_on_is_left_as_it_is() {
    let bench = taken_over().await;
    let database = bench.output().join("wxbulk.db");
    let lock = std::fs::File::create(bench.output().join("wxbulk.db.lock")).expect("a lock file");
    lock.lock().expect("the lock");
    bench.wxbulk(&["status"]).await.expect(15);
    let versions = "SELECT max(version) FROM refinery_schema_history";
    let version: i64 = open(&database).query_row(versions, [], |row| row.get(0)).expect("a version");
    assert_eq!(version, 2);
    lock.unlock().expect("the end of it");
    bench.wxbulk(&["status"]).await.expect(0);
}

#[tokio::test]
async fn an_old_database_with_an_edited_schema_is_refused_before_it_is_changed() {
    let bench = taken_over().await;
    let path = bench.output().join("wxbulk.db");
    Connection::open(&path).expect("a database").execute_batch("DROP TRIGGER rows_move").expect("an edit");
    let before = std::fs::read(&path).expect("bytes");
    let told = bench.wxbulk(&["status"]).await.expect(14);
    assert!(told.stderr.contains("its schema was edited"), "{}", told.stderr);
    assert!(before == std::fs::read(&path).expect("bytes"), "the bytes changed");
}
