//! People and workspaces that the calling back end does not know.

use super::*;

const EVA: &str = "eva@example.com";
const MAX: &str = "max@example.com";

impl Bench {
    /// Status, code and message of a GET below `/people/{id}` or `/workspaces/{id}`.
    async fn refusal(&self, path: &str) -> (u16, Value, String) {
        let response = self.get(path).await;
        let status = response.status().as_u16();
        let body: Value = response.json().await.unwrap();
        (status, body["errors"][0]["errorCode"].clone(), body["message"].as_str().unwrap_or_default().into())
    }
}

fn unauthorized(request: &str) -> (u16, Value, String) {
    (400, json!(4003), format!("[Error 4003] Unauthorized request: {request}"))
}

#[tokio::test]
async fn the_refusal_depends_on_the_path() {
    let bench = Bench::of(madrid()).await;
    let features = format!("/people/{}/features", bench.person(ANA));
    let numbers = bench.refusal(&format!("{features}/numbers")).await;
    assert_eq!(numbers, (404, json!(4003), "User not found.".into()));
    let outgoing = bench.refusal(&format!("{features}/outgoingPermission")).await;
    assert_eq!(outgoing, unauthorized("UserOutgoingCallingPlanPermissionsByTypeGetRequestWCV2"));
    let forwarding = bench.refusal(&format!("{features}/callForwarding")).await;
    assert_eq!(forwarding, unauthorized("UserCallForwardingBusyGetRequest"));
    let newer = bench.refusal(&format!("/telephony/config/people/{}", bench.person(ANA))).await;
    assert_eq!((newer.0, newer.1), (404, json!(4008)));
}

#[tokio::test]
async fn a_licence_does_not_make_a_user_of_the_back_end() {
    let eva = PersonSeed::new(EVA).licensed(PROFESSIONAL);
    let max = PersonSeed::new(MAX).calling("Madrid", "1000").unknown_to_back_end();
    let bench = Bench::of(madrid().person(eva).person(max)).await;
    for email in [EVA, MAX] {
        let id = bench.person(email);
        let shown = bench.read(&format!("/people/{id}?callingData=true")).await;
        assert_eq!(shown["licenses"], json!([bench.license(PROFESSIONAL)]), "{email}");
        let path = format!("/people/{id}/features/callWaiting");
        assert_eq!(bench.refusal(&path).await, unauthorized("UserGetRequestWCV15"), "{email}");
        let put = bench.send(Method::PUT, &path, json!({"enabled": true})).await;
        assert_eq!(code(put).await, (400, json!(4003)), "{email}");
    }
    let max = format!("/people/{}/features/callWaiting", bench.person(MAX));
    let item = json!({"id": bench.license(PROFESSIONAL), "operation": "remove"});
    bench.send(Method::PATCH, "/licenses/users", json!({"email": MAX, "licenses": [item]})).await;
    bench.assign(MAX, json!({"locationId": bench.location("Madrid"), "extension": "1000"})).await;
    assert_eq!(bench.get(&max).await.status(), 200, "taken away and given again");
}

#[tokio::test]
async fn the_back_end_learns_of_people_later() {
    let org = madrid().person(PersonSeed::new(EVA).calling("Madrid", "1000"));
    let habits = Habits { back_end_lag: HOUR, ..Habits::default() };
    let bench = Bench::with(SimConfig { habits, ..SimConfig::with_org(org) }).await;
    let given = bench.assign(ANA, json!({"locationId": bench.location("Madrid"), "extension": "1001"})).await;
    assert_eq!(given.status(), 200);
    let ana = bench.person(ANA);
    let shown = bench.read("/telephony/config/numbers?extension=1001").await;
    assert_eq!(shown["phoneNumbers"][0]["owner"]["id"], json!(ana), "the inventory knows at once");
    let numbers = format!("/people/{ana}/features/numbers");
    assert_eq!(bench.refusal(&numbers).await.0, 404);
    let eva = format!("/people/{}/features/numbers", bench.person(EVA));
    assert_eq!(bench.get(&eva).await.status(), 200, "known for long");
    bench.sim.set_habits(|habits| habits.back_end_lag = Duration::ZERO);
    assert_eq!(bench.get(&numbers).await.status(), 200);
}

#[tokio::test]
async fn a_workspace_has_settings_if_it_has_calling() {
    let org = madrid()
        .workspace(WorkspaceSeed::new("Lobby"))
        .workspace(WorkspaceSeed::new("Door").calling("Madrid", "1009"));
    let bench = Bench::of(org).await;
    let listed = bench.read("/workspaces").await["items"].clone();
    let id = |at: usize| listed[at]["id"].as_str().unwrap().to_owned();
    assert_eq!(listed[0]["calling"]["type"], "freeCalling");
    let path = |at: usize, setting: &str| format!("/workspaces/{}/features/{setting}", id(at));
    assert_eq!(bench.refusal(&path(0, "numbers")).await, unauthorized("UserGetRequestWCV15"));
    let forwarding = bench.refusal(&path(0, "callForwarding")).await;
    assert_eq!(forwarding, unauthorized("UserCallForwardingBusyGetRequest"));
    assert_eq!(bench.read(&path(1, "numbers")).await["phoneNumbers"][0]["extension"], "1009");
    assert_eq!(bench.read(&path(1, "callWaiting")).await["enabled"], true);
    let listed = bench.read("/telephony/config/numbers?ownerType=PLACE").await;
    assert_eq!(listed["phoneNumbers"][0]["owner"]["id"], json!(id(1)));
    assert_eq!(bench.read(&format!("/workspaces/{}", id(1))).await["displayName"], "Door");
}
