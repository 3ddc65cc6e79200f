//! Numbers and extensions.

use super::*;

#[tokio::test]
async fn numbers_are_filtered() {
    let org = madrid()
        .location(LocationSeed::calling("Soria").numbers(["+34975000001"]))
        .person(
            PersonSeed::new("eva.sanz@example.com").calling("Madrid", "1000").phone_number("+34910000008"),
        )
        .person(PersonSeed::new("max@example.com").calling("Soria", "1000"))
        .number(NumberSeed {
            location: "Soria".into(),
            phone_number: Some("+34975000002".into()),
            inactive: true,
            owner: Some(("GROUP_PAGING".into(), "All".into())),
            ..NumberSeed::default()
        });
    let bench = Bench::of(org).await;
    let (soria, eva) = (bench.location("Soria"), bench.person("eva.sanz@example.com"));
    for (query, expected) in [
        (String::new(), 6),
        (format!("locationId={soria}"), 3),
        ("phoneNumber=%2B34910000008".into(), 1),
        ("phoneNumber=%2B3491000000".into(), 0),
        ("extension=1000".into(), 2),
        (format!("extension=1000&locationId={soria}"), 1),
        (format!("ownerId={eva}"), 1),
        ("ownerName=SANZ".into(), 1),
        ("ownerType=PEOPLE".into(), 2),
        ("ownerType=PAGING_GROUP".into(), 1),
        ("available=true".into(), 3),
        ("numberType=EXTENSION".into(), 1),
        ("numberType=NUMBER".into(), 5),
        ("state=INACTIVE".into(), 1),
        ("phoneNumberType=PRIMARY".into(), 5),
        ("phoneNumberType=ALTERNATE".into(), 0),
    ] {
        let body = bench.read(&format!("/telephony/config/numbers?{query}")).await;
        assert_eq!(body["phoneNumbers"].as_array().unwrap().len(), expected, "{query}");
    }
    let bad = "/telephony/config/numbers?available=true&ownerType=PEOPLE";
    assert_eq!(bench.get(bad).await.status(), 400);
    let counted = bench.read("/telephony/config/numbers?details=true&max=1").await;
    assert_eq!(counted["count"]["unAssigned"], 3);
    let bare = bench.read("/telephony/config/numbers?numberType=EXTENSION").await;
    assert_eq!(bare["phoneNumbers"][0].get("phoneNumber"), None);
    let free = bench.read("/telephony/config/numbers?available=true").await;
    assert_eq!(free["phoneNumbers"][0].get("owner"), None);
}

#[tokio::test]
async fn numbers_are_added_activated_and_deleted() {
    let org = madrid()
        .location(LocationSeed::calling("Soria"))
        .location(LocationSeed::calling("Lugo").pstn(Pstn::CiscoPstn));
    let bench = Bench::of(org).await;
    let path = |name: &str| format!("/telephony/config/locations/{}/numbers", bench.location(name));
    let add = |name: &str, phones: Value| {
        let path = path(name);
        let bench = &bench;
        async move { bench.send(Method::POST, &path, json!({"phoneNumbers": phones, "state": "INACTIVE"})).await }
    };
    assert_eq!(add("Madrid", json!(["+34910000010", "+34910000001"])).await.status(), 201);
    assert!(!bench.sim.org().number("+34910000010").unwrap().active);
    assert_eq!(add("Soria", json!(["+34975000001"])).await.status(), 400);
    assert_eq!(add("Lugo", json!(["+34982000001"])).await.status(), 400);
    let too_many: Vec<String> = (0..101).map(|n| format!("+34911000{n:03}")).collect();
    assert_eq!(add("Madrid", json!(too_many)).await.status(), 400);
    let malformed: Value = add("Madrid", json!(["910"])).await.json().await.unwrap();
    assert_eq!(malformed[0]["errors"][0]["errorCode"], "8362");

    let activate = bench.send(Method::PUT, &path("Madrid"), json!({"phoneNumbers": ["+34910000010"]})).await;
    assert_eq!(activate.status(), 204);
    assert!(bench.sim.org().number("+34910000010").unwrap().active);

    let path = path("Madrid");
    let unknown = bench.send(Method::DELETE, &path, json!({"phoneNumbers": ["+34910000099"]})).await;
    assert_eq!(unknown.status(), 502);
    assert_eq!(header(&unknown, "cisco-spark-error-codes").as_deref(), Some("4251"));
    let six: Vec<String> = (0..6).map(|n| format!("+3491000000{n}")).collect();
    assert_eq!(bench.send(Method::DELETE, &path, json!({ "phoneNumbers": six })).await.status(), 400);
    let gone = bench.send(Method::DELETE, &path, json!({"phoneNumbers": ["+34910000010"]})).await;
    assert_eq!(gone.status(), 204);
    assert!(bench.sim.org().number("+34910000010").is_none());
}

#[tokio::test]
async fn numbers_wait_for_their_day() {
    let bench = Bench::of(madrid()).await;
    let path = format!("/telephony/config/locations/{}/numbers", bench.location("Madrid"));
    let body = |phones: Value, kind: &str| json!({"phoneNumbers": phones, "numberType": kind});
    let mobile = |many: usize| -> Value { (0..many).map(|n| format!("+346000000{n:02}")).collect() };
    assert_eq!(bench.send(Method::POST, &path, body(mobile(21), "MOBILE")).await.status(), 400);
    assert_eq!(bench.send(Method::POST, &path, body(mobile(20), "MOBILE")).await.status(), 201);
    assert_eq!(bench.send(Method::POST, &path, body(json!(["+34910000010"]), "DID")).await.status(), 201);
    assert!(bench.sim.org().number("+34910000010").unwrap().active, "unless told otherwise");
    let waiting = json!({"phoneNumbers": ["+34910000011"], "state": "INACTIVE"});
    assert_eq!(bench.send(Method::POST, &path, waiting).await.status(), 201);
    let listed = bench.read("/telephony/config/numbers?phoneNumber=%2B34910000011").await;
    assert_eq!(listed["phoneNumbers"][0]["state"], "INACTIVE");
    let line =
        json!({"locationId": bench.location("Madrid"), "extension": "1001", "phoneNumber": "+34910000011"});
    assert_eq!(bench.assign(ANA, line).await.status(), 200, "an inactive number can be given");
    assert!(!bench.sim.org().number("+34910000011").unwrap().active);
    for action in ["ACTIVATE", "DEACTIVATE"] {
        let many: Vec<String> = (0..501).map(|n| format!("+34911000{n:03}")).collect();
        let put = bench.send(Method::PUT, &path, json!({"phoneNumbers": many, "action": action})).await;
        assert!(put.text().await.unwrap().contains("At most 500"), "{action}");
    }
}

#[tokio::test]
async fn a_provider_keeps_its_numbers() {
    let lugo = LocationSeed::calling("Lugo").pstn(Pstn::CiscoPstn).numbers(["+34982000001"]);
    let bench = Bench::of(madrid().location(lugo)).await;
    let path = format!("/telephony/config/locations/{}/numbers", bench.location("Lugo"));
    let refused = bench.send(Method::DELETE, &path, json!({"phoneNumbers": ["+34982000001"]})).await;
    assert_eq!(refused.status(), 400);
    assert!(refused.text().await.unwrap().contains("ERR.V.TRM.TMN60004"));
    assert!(bench.sim.org().number("+34982000001").is_some());
}

#[tokio::test]
async fn a_number_in_use_has_two_codes() {
    let org = madrid().location(LocationSeed::calling("Soria").pstn(Pstn::LocalGateway));
    let bench = Bench::of(org).await;
    let path = format!("/telephony/config/locations/{}/numbers", bench.location("Soria"));
    let response = bench.send(Method::POST, &path, json!({"phoneNumbers": ["+34910000001"]})).await;
    assert_eq!(response.status(), 409);
    let body: Value = response.json().await.unwrap();
    assert_eq!((&body["errorCode"], &body["errors"][0]["errorCode"]), (&json!(25223), &json!(8363)));
}

#[tokio::test]
async fn alternate_numbers_come_and_go() {
    let bench =
        Bench::of(madrid().person(PersonSeed::new("eva@example.com").calling("Madrid", "1000"))).await;
    let eva = bench.person("eva@example.com");
    let path = format!("/telephony/config/people/{eva}/numbers");
    let put = |primary: bool, action: &str, phone: &str| {
        let entry = json!({"primary": primary, "action": action, "directNumber": phone});
        bench.send(Method::PUT, &path, json!({"phoneNumbers": [entry]}))
    };
    assert_eq!(put(true, "ADD", "+34910000001").await.status(), 400);
    assert_eq!(code(put(false, "ADD", "+34910000099").await).await, (400, json!(27966)));
    assert_eq!(put(false, "ADD", "+34910000001").await.status(), 204);
    let read = bench.read(&format!("/people/{eva}/features/numbers?preferE164Format=true")).await;
    assert_eq!(read["phoneNumbers"].as_array().unwrap().len(), 2);
    assert_eq!(read["phoneNumbers"][1]["directNumber"], "+34910000001");
    assert_eq!(read["distinctiveRingEnabled"], true);
    let silent = json!({"phoneNumbers": [], "enableDistinctiveRingPattern": false});
    assert_eq!(bench.send(Method::PUT, &path, silent).await.status(), 204);
    assert_eq!(bench.read(&format!("/people/{eva}/features/numbers")).await["distinctiveRingEnabled"], false);
    assert_eq!(put(false, "DELETE", "+34910000001").await.status(), 204);
    assert_eq!(bench.sim.org().number("+34910000001").unwrap().owner, None);
}

#[tokio::test]
async fn extensions_are_validated_without_being_taken() {
    let park = NumberSeed {
        location: "Madrid".into(),
        extension: Some("2000".into()),
        owner: Some(("CALL_PARK".into(), "Park".into())),
        ..NumberSeed::default()
    };
    let eva = PersonSeed::new("eva@example.com").calling("Madrid", "1000");
    let bench = Bench::of(madrid().person(eva).number(park)).await;
    let sent = ["1000", "1001", "1001", "911", "a1", "1", "2000"];
    let location = bench.location("Madrid");
    let path = format!("/telephony/config/locations/{location}/actions/validateExtensions/invoke");
    let body: Value =
        bench.send(Method::POST, &path, json!({ "extensions": sent })).await.json().await.unwrap();
    let answers: Vec<(&str, Option<u64>)> = body["extensionStatus"]
        .as_array()
        .unwrap()
        .iter()
        .map(|status| (status["state"].as_str().unwrap(), status["errorCode"].as_u64()))
        .collect();
    let expected = [
        ("DUPLICATE", Some(4202)),
        ("VALID", None),
        ("DUPLICATE_IN_LIST", Some(9498)),
        ("INVALID", Some(4911)),
        ("INVALID", Some(4910)),
        ("INVALID", Some(4909)),
        ("DUPLICATE", Some(9495)),
    ];
    assert_eq!(answers, expected);
    assert_eq!(body["status"], "ERRORS");
    let org_path = "/telephony/config/actions/validateExtensions/invoke";
    let body: Value =
        bench.send(Method::POST, org_path, json!({ "extensions": sent })).await.json().await.unwrap();
    assert_eq!(body["extensionStatus"][0]["state"], "VALID");
    let listed = bench.read("/telephony/config/numbers?extension=2000").await;
    assert_eq!(listed["phoneNumbers"], json!([]), "call park extensions are no numbers");
}

#[tokio::test]
async fn numbers_are_validated_one_by_one() {
    let bench = Bench::of(madrid()).await;
    let sent = json!({"phoneNumbers": ["+34910000001", "+34910000077", "+34910000077", "910"]});
    let path = "/telephony/config/actions/validateNumbers/invoke";
    let body: Value = bench.send(Method::POST, path, sent).await.json().await.unwrap();
    let states: Vec<&str> =
        body["phoneNumbers"].as_array().unwrap().iter().map(|one| one["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["Duplicate", "Available", "Duplicate In List", "Invalid"]);
    assert!(body["phoneNumbers"][0]["detail"][0].as_str().unwrap().starts_with("[Error 8363]"));
}

#[tokio::test]
async fn free_numbers_are_offered() {
    let eva = PersonSeed::new("eva@example.com").calling("Madrid", "1000").phone_number("+34910000008");
    let org = madrid().location(LocationSeed::calling("Soria").numbers(["+34975000001"])).person(eva);
    let bench = Bench::of(org).await;
    let (madrid, eva) = (bench.location("Madrid"), bench.person("eva@example.com"));
    for (path, expected) in [
        (format!("locations/{madrid}/availableNumbers"), 2),
        (format!("locations/{madrid}/availableNumbers?phoneNumber=%2B34910000001,%2B34975000001"), 1),
        (format!("people/{eva}/secondary/availableNumbers"), 2),
        ("people/primary/availableNumbers".into(), 3),
        (format!("people/primary/availableNumbers?locationId={madrid}"), 2),
    ] {
        let body = bench.read(&format!("/telephony/config/{path}")).await;
        assert_eq!(body["phoneNumbers"].as_array().unwrap().len(), expected, "{path}");
    }
}

/// What somebody mends in the organisation between two runs.
#[tokio::test]
async fn a_hunt_group_gives_its_extension_up_and_a_person_does_not_and_people_appear() {
    let held = NumberSeed {
        location: "Madrid".into(),
        extension: Some("1000".into()),
        owner: Some(("HUNT_GROUP".into(), "Sales".into())),
        ..NumberSeed::default()
    };
    let org = madrid().number(held).person(PersonSeed::new("max@example.com").calling("Madrid", "1001"));
    let bench = Bench::of(org).await;
    bench.sim.free_extension("Madrid", "1000");
    bench.sim.free_extension("Madrid", "1001");
    let holders = |extension: &str| {
        let numbers = bench.sim.org().numbers;
        numbers.iter().filter(|number| number.extension.as_deref() == Some(extension)).count()
    };
    assert_eq!((holders("1000"), holders("1001")), (0, 1));

    let asked = "/people?email=late@example.com";
    assert_eq!(bench.read(asked).await["items"], json!([]));
    bench.sim.add_person(&PersonSeed::new("late@example.com"));
    assert_eq!(bench.read(asked).await["items"][0]["emails"][0], "late@example.com");
}
