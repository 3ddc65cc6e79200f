//! Faults that no status tells of, and answers that belong elsewhere.

use super::*;

const EVA: &str = "eva@example.com";

fn with_eva() -> OrgSeed {
    madrid().person(PersonSeed::new(EVA).calling("Madrid", "1000"))
}

#[tokio::test]
async fn a_field_may_be_dropped_in_silence() {
    let bench = Bench::of(with_eva()).await;
    let path = format!("/telephony/config/locations/{}", bench.location("Madrid"));
    let silent = Fault::on(Operation::CallingLocationUpdate).nth(1).silent("callingLineId.phoneNumber");
    bench.sim.add_fault(silent);
    let body = json!({"callingLineId": {"name": "Acme", "phoneNumber": "+34910000001"}});
    assert_eq!(bench.send(Method::PUT, &path, body.clone()).await.status(), 204);
    let line = bench.read(&path).await["callingLineId"].clone();
    assert_eq!(line, json!({"name": "Acme", "phoneNumber": null}));
    let exchange = bench.sim.journal().into_iter().find(|one| one.fault.is_some()).unwrap();
    assert_eq!(exchange.fault.as_deref(), Some("silent=callingLineId.phoneNumber"));
    assert_eq!(exchange.body, Some(body.clone()), "the journal has what was sent");
    assert_eq!(bench.send(Method::PUT, &path, body).await.status(), 204);
    assert_eq!(
        bench.read(&path).await["callingLineId"]["phoneNumber"],
        "+34910000001",
        "the second call is whole"
    );
}

#[tokio::test]
async fn fields_of_every_item_may_be_dropped() {
    let bench = Bench::of(with_eva()).await;
    bench.sim.add_fault("licenses_users_patch:silent=licenses.properties.phoneNumber".parse().unwrap());
    let line =
        json!({"locationId": bench.location("Madrid"), "extension": "1001", "phoneNumber": "+34910000001"});
    assert_eq!(bench.assign(ANA, line).await.status(), 200);
    let ana = bench.sim.org().person(ANA).unwrap().clone();
    assert_eq!((ana.extension.as_deref(), ana.phone_number), (Some("1001"), None));
    let path = format!("/people/{}/features/callForwarding", bench.person(EVA));
    let text =
        "feature_put@callForwarding:silent=callForwarding.always.destination,silent=businessContinuity";
    bench.sim.add_fault(text.parse().unwrap());
    let always = json!({"enabled": true, "destination": "+34600000001", "ringReminderEnabled": false});
    let body = json!({"callForwarding": {"always": always}, "businessContinuity": {"enabled": true}});
    assert_eq!(bench.send(Method::PUT, &path, body).await.status(), 204);
    let read = bench.read(&path).await;
    assert_eq!(read["callForwarding"]["always"]["enabled"], true);
    assert_eq!(read["callForwarding"]["always"].get("destination"), None);
    assert_eq!(read["businessContinuity"]["enabled"], false);
}

#[tokio::test]
async fn a_path_may_not_exist_here() {
    let bench = Bench::of(with_eva()).await;
    bench.sim.add_fault("feature_put@preferredAnswerEndpoint:no_resource".parse().unwrap());
    let path = format!("/telephony/config/people/{}/preferredAnswerEndpoint", bench.person(EVA));
    assert_eq!(bench.get(&path).await.status(), 200, "only where it was said");
    let put = bench.send(Method::PUT, &path, json!({"preferredAnswerEndpointId": null})).await;
    let unknown = bench.get(&format!("/people/{}/features/nonsense?x=1", bench.person(EVA))).await;
    let unheard = bench.get("/nonsense").await;
    let eva = bench.person(EVA);
    for (response, path) in [
        (put, format!("telephony/config/people/{eva}/preferredAnswerEndpoint")),
        (unknown, format!("people/{eva}/features/nonsense")),
        (unheard, "nonsense".into()),
    ] {
        assert_eq!(response.status(), 404, "{path}");
        let body: Value = response.json().await.unwrap();
        assert_eq!(body["message"], format!("No static resource hydra/v1/{path}."));
    }
    assert!(bench.sim.journal().iter().all(|one| one.method == "GET" || !one.applied));
}

#[tokio::test]
async fn numbers_may_be_added_in_part() {
    let bench = Bench::of(madrid()).await;
    bench.sim.add_fault("numbers_add#1:partial".parse().unwrap());
    let path = format!("/telephony/config/locations/{}/numbers", bench.location("Madrid"));
    let body = json!({"phoneNumbers": ["+34910000011", "+34910000012", "+34910000013"]});
    let response = bench.send(Method::POST, &path, body.clone()).await;
    assert_eq!(response.status(), 400);
    let refused: Value = response.json().await.unwrap();
    assert_eq!(refused[0]["errors"].as_array().unwrap().len(), 1);
    assert_eq!(refused[0]["errors"][0]["number"], "+34910000013");
    let added = |phone: &str| bench.sim.org().number(phone).is_some();
    let state = ["+34910000011", "+34910000012", "+34910000013"].map(added);
    assert_eq!(state, [true, true, false]);
    assert!(bench.sim.journal()[0].applied);
    assert_eq!(bench.send(Method::POST, &path, body).await.status(), 201);
    assert!(added("+34910000013"));
}

#[tokio::test]
async fn an_earlier_answer_may_come_again() {
    let bench = Bench::of(madrid()).await;
    bench.sim.add_fault(Fault::on(Operation::LicensesUsersPatch).nth(2).tamper(Tamper::Earlier));
    let madrid = bench.location("Madrid");
    let line = |extension: &str| json!({"locationId": madrid, "extension": extension});
    let first: Value = bench.assign(ANA, line("1001")).await.json().await.unwrap();
    bench.read("/people/me").await;
    let second = bench.assign("luis.gil@example.com", line("1002")).await;
    assert_eq!(second.status(), 200);
    assert_eq!(second.json::<Value>().await.unwrap(), first, "of somebody else");
    let luis = bench.sim.org().person("luis.gil@example.com").unwrap().clone();
    assert_eq!(luis.extension.as_deref(), Some("1002"), "but applied");
}

#[tokio::test]
async fn the_answer_of_another_request_may_come() {
    let bench = Bench::of(madrid()).await;
    bench.sim.add_fault("people_list#1:crossed".parse().unwrap());
    let me = bench.read("/people/me").await;
    assert_eq!(bench.read("/people").await, me);
    assert!(bench.read("/people").await["items"].is_array());
    bench.sim.clear_faults();
    bench.sim.add_fault("location_create:earlier".parse().unwrap());
    let created: Value = bench.create("Soria").await.json().await.unwrap();
    assert_eq!(created["name"], "Soria", "nothing earlier: the proper answer");
}
