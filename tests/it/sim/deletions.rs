//! The end of a location for calling.

use super::*;

const JOBS: &str = "/telephony/config/jobs/locations/deleteCallingLocation";

impl Bench {
    async fn precheck(&self, name: &str) -> Value {
        let path =
            format!("/telephony/config/locations/{}/actions/precheckForDeletion/invoke", self.location(name));
        let response = self.request(Method::POST, &path).send().await.unwrap();
        assert_eq!(response.status(), 200);
        response.json().await.unwrap()
    }

    async fn start(&self, name: &str, forced: bool) -> Response {
        self.send(Method::POST, JOBS, json!({"locationId": self.location(name), "forceDelete": forced})).await
    }

    /// The path of a job that was accepted.
    async fn job(&self, name: &str, forced: bool) -> String {
        let response = self.start(name, forced).await;
        assert_eq!(response.status(), 202);
        format!("{JOBS}/{}", response.json::<Value>().await.unwrap()["id"].as_str().unwrap())
    }
}

fn group(location: &str) -> NumberSeed {
    NumberSeed {
        location: location.into(),
        extension: Some("2000".into()),
        owner: Some(("HUNT_GROUP".into(), "Sales".into())),
        ..NumberSeed::default()
    }
}

#[tokio::test]
async fn people_are_in_the_way() {
    let org = madrid()
        .location(LocationSeed::calling("Soria"))
        .workspace(WorkspaceSeed::new("Door").calling("Soria", "1009"))
        .person(PersonSeed::new("eva@example.com").calling("Madrid", "1000"));
    let bench = Bench::of(org).await;
    let found = bench.precheck("Madrid").await;
    assert_eq!(found["locationDeleteStatus"], "BLOCKED");
    assert_eq!(
        (&found["blocking"]["usersInUseCount"], &found["nonBlocking"]["numbersPresent"]),
        (&json!(1), &json!(true))
    );
    assert_eq!(bench.precheck("Soria").await["blocking"]["workspacesInUseCount"], 1);

    let job = bench.job("Madrid", true).await;
    assert_eq!(bench.start("Soria", false).await.status(), 409, "one at a time");
    assert_eq!(bench.read(&job).await["latestExecutionExitCode"], "FAILED");
    let errors = bench.read(&format!("{job}/errors")).await["items"].clone();
    assert_eq!(errors[0]["error"]["message"][0]["code"], "BATCH-1012004");
    assert_eq!(
        errors[1]["error"]["message"][0]["description"],
        "Users associated with the location. Count: 1"
    );
    assert!(bench.sim.org().locations_named("Madrid")[0].calling);
    assert_eq!(bench.read(JOBS).await["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn features_go_by_force_only() {
    let org = OrgSeed { prefix_job_looks: 1, ..madrid() }
        .location(LocationSeed::calling("Soria"))
        .number(group("Madrid"));
    let bench = Bench::of(org).await;
    assert_eq!(bench.precheck("Madrid").await["locationDeleteStatus"], "FORCE_REQUIRED");
    let job = bench.job("Madrid", false).await;
    assert_eq!(bench.read(&job).await["latestExecutionStatus"], "STARTED");
    assert_eq!(bench.read(&job).await["latestExecutionStatus"], "FAILED");

    let job = bench.job("Madrid", true).await;
    bench.read(&job).await;
    assert!(bench.sim.org().locations_named("Madrid")[0].calling, "still under way");
    assert_eq!(bench.read(&job).await["latestExecutionStatus"], "COMPLETED");
    assert_eq!(bench.read(&format!("{job}/errors")).await, json!({"items": []}));
    let org = bench.sim.org();
    assert!(!org.locations_named("Madrid")[0].calling && org.numbers.is_empty());
    assert_eq!(bench.precheck("Soria").await["blocking"]["lastLocation"], true);
    assert_eq!(bench.start("Madrid", false).await.status(), 404, "it has no calling");
}
