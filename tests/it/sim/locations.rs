//! Locations.

use super::*;

#[tokio::test]
async fn a_location_is_created_read_updated_and_enabled() {
    let bench = Bench::of(OrgSeed::default()).await;
    let created: Value = bench.create("Madrid Norte").await.json().await.unwrap();
    let id = created["id"].as_str().unwrap();
    let listed = bench.read("/locations?name=norte").await;
    assert_eq!(listed["items"][0]["id"], json!(id));
    assert_eq!(listed["items"][0]["notes"], "[ext_id=1]");

    let path = format!("/locations/{id}");
    let changed =
        bench.send(Method::PUT, &path, json!({"notes": "new", "announcementLanguage": "en_us"})).await;
    assert_eq!(changed.status(), 204);
    let read = bench.read(&path).await;
    assert_eq!((&read["notes"], &read["name"]), (&json!("new"), &json!("Madrid Norte")));
    assert_eq!(bench.sim.org().locations[0].announcement_language.as_deref(), Some("es_es"));

    let calling = format!("/telephony/config/locations/{id}");
    assert_eq!(bench.get(&calling).await.status(), 404);
    let mut body = location_body("Madrid Norte");
    body["id"] = json!(id);
    let enable = || bench.send(Method::POST, "/telephony/config/locations", body.clone());
    assert_eq!(enable().await.status(), 201);
    assert_eq!(enable().await.status(), 409);
    assert_eq!(bench.read(&calling).await["announcementLanguage"], "es_es");
    assert_eq!(bench.read("/telephony/config/locations").await["locations"][0]["id"], json!(id));
}

#[tokio::test]
async fn a_location_body_is_checked() {
    let bench = Bench::of(OrgSeed::default()).await;
    for (pointer, value) in [
        ("/announcementLanguage", json!("es_ES")),
        ("/announcementLanguage", Value::Null),
        ("/address/state", Value::Null),
        ("/address/country", json!("Spain")),
        ("/timeZone", json!("Madrid")),
        ("/name", json!("x".repeat(257))),
    ] {
        let mut body = location_body("Madrid");
        *body.pointer_mut(pointer).unwrap() = value;
        let response = bench.send(Method::POST, "/locations", body).await;
        assert_eq!(code(response).await.0, 400, "{pointer}");
    }
    assert!(bench.sim.org().locations.is_empty());
    assert!(bench.sim.journal().iter().all(|exchange| !exchange.applied));
}

#[tokio::test]
async fn names_may_repeat_unless_told_otherwise() {
    let bench = Bench::of(OrgSeed::default()).await;
    let (first, second) = (bench.create("Madrid").await, bench.create("Madrid").await);
    assert_eq!((first.status().as_u16(), second.status().as_u16()), (201, 201));
    let org = bench.sim.org();
    assert_eq!(org.locations_named("Madrid").len(), 2);
    assert_ne!(org.locations[0].id, org.locations[1].id);

    let strict = Bench::with(SimConfig { unique_location_names: true, ..SimConfig::default() }).await;
    assert_eq!(strict.create("Madrid").await.status(), 201);
    assert_eq!(strict.create("MADRID").await.status(), 409);
    assert_eq!(strict.sim.org().locations.len(), 1);
}

#[tokio::test]
async fn ids_are_the_same_in_every_run() {
    let (one, two) = (Bench::of(madrid()).await, Bench::of(madrid()).await);
    assert_eq!(one.person(ANA), two.person(ANA));
    assert_eq!(one.license(PROFESSIONAL), two.license(PROFESSIONAL));
    one.create("Soria").await;
    two.create("Lugo").await;
    two.create("Soria").await;
    assert_eq!(one.location("Soria"), two.location("Soria"));
}

#[tokio::test]
async fn the_main_number_must_be_in_the_inventory() {
    let bench = Bench::of(madrid()).await;
    let path = format!("/telephony/config/locations/{}", bench.location("Madrid"));
    let put = |phone: &str| bench.send(Method::PUT, &path, json!({"callingLineId": {"phoneNumber": phone}}));
    assert_eq!(code(put("+34910000009").await).await, (400, json!(27966)));
    assert_eq!(put("+34910000001").await.status(), 204);
    assert_eq!(bench.read(&path).await["callingLineId"]["phoneNumber"], "+34910000001");
    let numbers = bench.read("/telephony/config/numbers?phoneNumber=%2B34910000001").await;
    assert_eq!(numbers["phoneNumbers"][0]["mainNumber"], true);
}

#[tokio::test]
async fn without_pstn_a_main_number_is_dropped_in_silence() {
    let bench = Bench::of(madrid().location(LocationSeed::calling("Soria"))).await;
    let path = format!("/telephony/config/locations/{}", bench.location("Soria"));
    let body = json!({"callingLineId": {"name": "Acme", "phoneNumber": "+34975000001"}});
    assert_eq!(bench.send(Method::PUT, &path, body).await.status(), 204);
    assert_eq!(bench.read(&path).await["callingLineId"], json!({"name": "Acme", "phoneNumber": null}));
}

#[tokio::test]
async fn a_language_is_for_what_comes_later_unless_told_otherwise() {
    let eva = PersonSeed::new("eva@example.com").calling("Madrid", "1000");
    let bench = Bench::of(madrid().person(eva)).await;
    let path = format!("/telephony/config/locations/{}", bench.location("Madrid"));
    let general = format!("/locations/{}", bench.location("Madrid"));
    assert_eq!(bench.read(&path).await["announcementLanguage"], "es_es");
    assert_eq!(bench.read(&general).await["announcementLanguage"], Value::Null);
    let spoken = |email: &str| bench.sim.org().person(email).unwrap().announcement_language.clone().unwrap();
    let features = || bench.sim.org().locations_named("Madrid")[0].feature_language.clone().unwrap();

    let put = bench.send(Method::PUT, &path, json!({"announcementLanguage": "en_gb"})).await;
    assert_eq!(put.status(), 204);
    bench.assign(ANA, json!({"locationId": bench.location("Madrid"), "extension": "1001"})).await;
    assert_eq!(
        (spoken("eva@example.com"), spoken(ANA), features()),
        ("es_es".into(), "en_gb".into(), "es_es".into())
    );

    let invoke = format!("{path}/actions/modifyAnnouncementLanguage/invoke");
    let modify = |body: Value| bench.send(Method::POST, &invoke, body);
    assert_eq!(modify(json!({"agentEnabled": true})).await.status(), 400);
    assert_eq!(
        modify(json!({"agentEnabled": true, "announcementLanguageCode": "fr_FR"})).await.status(),
        400
    );
    let people = json!({"agentEnabled": true, "serviceEnabled": false, "announcementLanguageCode": "fr_fr"});
    assert_eq!(modify(people).await.status(), 204);
    assert_eq!(
        (spoken("eva@example.com"), spoken(ANA), features()),
        ("fr_fr".into(), "fr_fr".into(), "es_es".into())
    );
    assert_eq!(
        modify(json!({"serviceEnabled": true, "announcementLanguageCode": "de_de"})).await.status(),
        204
    );
    assert_eq!((spoken(ANA), features()), ("fr_fr".into(), "de_de".into()));
    assert_eq!(bench.read(&path).await["announcementLanguage"], "en_gb", "the default is another matter");
}

#[tokio::test]
async fn a_routing_prefix_starts_a_job_or_stays_behind() {
    let org = madrid().person(PersonSeed::new("eva@example.com").calling("Madrid", "1000"));
    let fault = Fault::on(Operation::CallingLocationUpdate).nth(1).tamper(Tamper::Partial);
    let bench = Bench::with(SimConfig::with_org(org).fault(fault)).await;
    let path = format!("/telephony/config/locations/{}", bench.location("Madrid"));
    let body = json!({"routingPrefix": "77", "externalCallerIdName": "Acme"});
    let half = bench.send(Method::PUT, &path, body.clone()).await;
    assert_eq!(half.status(), 206);
    assert!(half.json::<Value>().await.unwrap()["failureReason"].is_string());
    let state = bench.sim.org().locations[0].clone();
    assert_eq!((state.routing_prefix, &state.details["externalCallerIdName"]), (None, &json!("Acme")));
    let whole = bench.send(Method::PUT, &path, body).await;
    assert_eq!(whole.status(), 200);
    assert!(whole.json::<Value>().await.unwrap()["batchJobId"].is_string());
    let found = bench.read("/telephony/config/numbers?extension=1000").await;
    assert_eq!(found["phoneNumbers"][0]["esn"], "771000");
}

#[tokio::test]
async fn one_prefix_job_runs_at_a_time() {
    let org = OrgSeed { prefix_job_looks: 3, ..madrid() }
        .location(LocationSeed::calling("Soria"))
        .person(PersonSeed::new("eva@example.com").calling("Madrid", "1000"))
        .person(PersonSeed::new("max@example.com").calling("Soria", "1000"));
    let bench = Bench::of(org).await;
    let path = |name: &str| format!("/telephony/config/locations/{}", bench.location(name));
    let (madrid, soria) = (path("Madrid"), path("Soria"));
    let started = bench.send(Method::PUT, &madrid, json!({"routingPrefix": "71"})).await;
    assert_eq!(started.status(), 200);
    let id = started.json::<Value>().await.unwrap()["batchJobId"].as_str().unwrap().to_owned();
    let job = format!("/telephony/config/jobs/updateRoutingPrefix/{id}");
    assert_eq!(bench.read(&job).await["latestExecutionStatus"], "STARTING");

    let second = bench.send(Method::PUT, &soria, json!({"routingPrefix": "72"})).await;
    assert_eq!(second.status(), 409);
    assert!(second.json::<Value>().await.unwrap()["failureReason"].is_string());
    let same = bench.send(Method::PUT, &madrid, json!({"routingPrefix": "71"})).await;
    assert_eq!(same.status(), 204, "nothing changes, so no job is needed");

    assert_eq!(bench.read(&job).await["latestExecutionStatus"], "STARTED");
    let done = bench.read(&job).await;
    assert_eq!(done["jobExecutionStatus"][0]["timeElapsed"], "PT0S");
    assert_eq!(done["latestExecutionExitCode"], "COMPLETED");
    assert_eq!(done["counts"]["routingPrefixUpdated"], 1);
    assert_eq!(bench.send(Method::PUT, &soria, json!({"routingPrefix": "72"})).await.status(), 200);
    assert_eq!(bench.get("/telephony/config/jobs/updateRoutingPrefix/x").await.status(), 404);
}

#[tokio::test]
async fn a_location_without_extensions_needs_no_job() {
    let bench = Bench::of(madrid()).await;
    let path = format!("/telephony/config/locations/{}", bench.location("Madrid"));
    let put = |body: Value| bench.send(Method::PUT, &path, body);
    assert_eq!(put(json!({"routingPrefix": "71"})).await.status(), 204);
    assert_eq!(put(json!({"routingPrefix": "7a"})).await.status(), 400);
    assert_eq!(put(json!({"routingPrefix": "12345678"})).await.status(), 400, "seven digits at most");
    assert_eq!(put(json!({"routingPrefix": "1234567"})).await.status(), 204);
    assert_eq!(put(json!({"connection": {"type": "TRUNK", "id": "x"}})).await.status(), 400);
    assert_eq!(put(json!({"userLimit": 3})).await.status(), 400, "read-only");
}

#[tokio::test]
async fn a_location_has_settings_of_its_own() {
    let bench =
        Bench::of(madrid().person(PersonSeed::new("eva@example.com").calling("Madrid", "1000"))).await;
    let path = |name: &str| format!("/telephony/config/locations/{}/{name}", bench.location("Madrid"));
    let put = |name: &str, body: Value| {
        let path = path(name);
        let bench = &bench;
        async move { bench.send(Method::PUT, &path, body).await.status().as_u16() }
    };
    for name in [
        "internalDialing",
        "outgoingPermission",
        "musicOnHold",
        "features/emergencyCallbackNumber",
        "schedules",
    ] {
        assert!(bench.read(&path(name)).await.is_object(), "{name}");
    }
    let routes = bench.read("/telephony/config/routeChoices").await["routeIdentities"].clone();
    let group = routes.as_array().unwrap().iter().find(|route| route["type"] == "ROUTE_GROUP").unwrap();
    let unknown = json!({"id": group["id"], "type": "ROUTE_GROUP"});
    let body = json!({"enableUnknownExtensionRoutePolicy": true, "unknownExtensionRouteIdentity": unknown});
    assert_eq!(put("internalDialing", body).await, 204);
    let read = bench.read(&path("internalDialing")).await;
    assert_eq!(read["unknownExtensionRouteIdentity"]["name"], "Route Group 1");
    assert_eq!(put("internalDialing", read).await, 204, "the name is accepted without effect");
    let half = json!({"unknownExtensionRouteIdentity": {"id": group["id"]}});
    assert_eq!(put("internalDialing", half).await, 400);

    let block = |kind: &str| json!({"callingPermissions": [{"callType": kind, "action": "BLOCK", "transferEnabled": false}]});
    assert_eq!(put("outgoingPermission", block("NATIONAL")).await, 204);
    assert_eq!(put("outgoingPermission", block("TOLL_FREE")).await, 204);
    let rows = bench.read(&path("outgoingPermission")).await["callingPermissions"].clone();
    let blocked = rows.as_array().unwrap().iter().filter(|row| row["action"] == "BLOCK").count();
    assert_eq!(blocked, 5, "three by default, two by us");

    assert_eq!(
        put("features/emergencyCallbackNumber", json!({"selected": "LOCATION_MEMBER_NUMBER"})).await,
        400
    );
    let member =
        json!({"selected": "LOCATION_MEMBER_NUMBER", "locationMemberId": bench.person("eva@example.com")});
    assert_eq!(put("features/emergencyCallbackNumber", member).await, 204);
    assert_eq!(put("musicOnHold", json!({"greeting": "DEFAULT"})).await, 400, "that is a person's word");
    assert_eq!(put("musicOnHold", json!({"mohEnabled": false})).await, 400, "that is a person's field");
    let music = json!({"callHoldEnabled": false, "greeting": "CUSTOM", "playlistId": "list"});
    assert_eq!(put("musicOnHold", music).await, 204);
    let read = bench.read(&path("musicOnHold")).await;
    assert_eq!((&read["callHoldEnabled"], &read["callParkEnabled"]), (&json!(false), &json!(true)));
    assert_eq!((&read["playlist"]["id"], read.get("playlistId")), (&json!("list"), None));
    assert_eq!(put("outgoingPermission", json!({"useCustomEnabled": true})).await, 204, "the list stays");
    assert_eq!(bench.read(&path("outgoingPermission")).await["callingPermissions"], rows);
    assert_eq!(put("nonsense", json!({})).await, 404);
}
