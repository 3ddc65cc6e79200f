//! Licences and who holds them.

use super::*;

#[tokio::test]
async fn calling_is_enabled_once_and_shows_everywhere() {
    let bench = Bench::of(madrid()).await;
    let madrid = bench.location("Madrid");
    let properties = json!({"locationId": madrid, "extension": "1001", "phoneNumber": "+34910000001"});
    let response = bench.assign(ANA, properties).await;
    assert_eq!(response.status(), 200);
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["licenses"], json!([bench.license(PROFESSIONAL)]));

    let ana = bench.person(ANA);
    let read = bench.read(&format!("/people/{ana}?callingData=true")).await;
    assert_eq!((&read["extension"], &read["locationId"]), (&json!("1001"), &json!(madrid)));
    let numbers = bench.read("/telephony/config/numbers?extension=1001").await;
    assert_eq!(numbers["phoneNumbers"][0]["owner"]["id"], json!(ana));
    assert_eq!(numbers["phoneNumbers"][0]["phoneNumber"], "+34910000001");
    let licenses = bench.read("/licenses").await;
    let used =
        licenses["items"].as_array().unwrap().iter().find(|item| item["name"] == PROFESSIONAL).unwrap();
    assert_eq!(used["consumedUnits"], 1);

    let again = bench.assign(ANA, json!({"locationId": madrid, "extension": "1002"})).await;
    assert_eq!(again.status(), 200);
    assert_eq!(bench.sim.org().person(ANA).unwrap().extension.as_deref(), Some("1001"));
    assert_eq!(bench.sim.org().licenses.iter().map(|license| license.consumed).sum::<i64>(), 1);
}

#[tokio::test]
async fn a_repeated_licence_can_be_made_to_reapply() {
    let bench = Bench::of(OrgSeed { repeated_license_reapplies: true, ..madrid() }).await;
    let madrid = bench.location("Madrid");
    bench.assign(ANA, json!({"locationId": madrid, "phoneNumber": "+34910000001"})).await;
    bench.assign(ANA, json!({"locationId": madrid, "extension": "1002"})).await;
    let org = bench.sim.org();
    assert_eq!(org.person(ANA).unwrap().extension.as_deref(), Some("1002"));
    assert_eq!(org.number("+34910000001").unwrap().owner, None);
}

#[tokio::test]
async fn the_rules_of_a_calling_licence_hold() {
    let org = madrid()
        .location(LocationSeed::calling("Soria").numbers(["+34975000001"]))
        .person(PersonSeed::new("eva@example.com").calling("Madrid", "1000").phone_number("+34910000008"))
        .number(NumberSeed {
            location: "Madrid".into(),
            extension: Some("2000".into()),
            owner: Some(("HUNT_GROUP".into(), "Sales".into())),
            ..NumberSeed::default()
        });
    let bench = Bench::of(org).await;
    let (madrid, toledo) = (bench.location("Madrid"), bench.location("Toledo"));
    let unknown = bench.person(ANA);
    let table = [
        (json!({}), json!(400_411)),
        (json!({"extension": "1001"}), json!(400_411)),
        (json!({"locationId": madrid}), json!(400_411)),
        (json!({"locationId": unknown, "extension": "1001"}), json!(400)),
        (json!({"locationId": toledo, "extension": "1001"}), Value::Null),
        (json!({"locationId": madrid, "extension": "1000"}), json!(4202)),
        (json!({"locationId": madrid, "extension": "2000"}), json!(4202)),
        (json!({"locationId": madrid, "extension": "10a"}), json!(4910)),
        (json!({"locationId": madrid, "extension": "911"}), json!(4911)),
        (json!({"locationId": madrid, "extension": "1"}), json!(4909)),
        (json!({"phoneNumber": "+34910000008"}), json!(4201)),
        (json!({"phoneNumber": "+34910000099"}), json!(27966)),
        (json!({"locationId": madrid, "phoneNumber": "+34975000001"}), json!(27966)),
    ];
    for (properties, expected) in table {
        let text = properties.to_string();
        assert_eq!(code(bench.assign(ANA, properties).await).await, (400, expected), "{text}");
    }
    assert!(bench.sim.org().person(ANA).unwrap().licenses.is_empty());
    let soria = bench.location("Soria");
    let elsewhere = bench.assign(ANA, json!({"locationId": soria, "extension": "1000"})).await;
    assert_eq!(elsewhere.status(), 200);
    let moved = bench.assign(ANA, json!({"locationId": madrid, "extension": "1005"})).await;
    assert_eq!(moved.status(), 400);
}

#[tokio::test]
async fn a_licence_request_is_checked() {
    let bench = Bench::of(madrid().units(STANDARD, 0).license(LicenseSeed::new("Extra"))).await;
    let patch = |body: Value| bench.send(Method::PATCH, "/licenses/users", body);
    let line = json!({"locationId": bench.location("Madrid"), "extension": "1001"});
    let (professional, standard) = (bench.license(PROFESSIONAL), bench.license(STANDARD));

    let bad = json!({"email": ANA, "licenses": [{"id": "nonsense"}]});
    assert_eq!(code(patch(bad).await).await, (404, json!(1)));
    let none_left = json!({"email": ANA, "licenses": [{"id": standard, "properties": line}]});
    let (status, _) = code(patch(none_left).await).await;
    assert_eq!(status, 400);
    assert_eq!(patch(json!({"licenses": [{"id": professional}]})).await.status(), 400);
    assert_eq!(patch(json!({"email": ANA})).await.status(), 400);
    let nobody = json!({"email": "no@example.com", "licenses": [{"id": professional, "properties": line}]});
    assert_eq!(patch(nobody).await.status(), 404);
    let odd =
        json!({"email": ANA, "licenses": [{"id": professional, "operation": "swap", "properties": line}]});
    assert_eq!(patch(odd).await.status(), 400);
    assert!(bench.sim.org().person(ANA).unwrap().licenses.is_empty());

    let plain = json!({"email": ANA, "licenses": [{"id": bench.license("Extra"), "operation": "add"}]});
    assert_eq!(patch(plain).await.status(), 200);
    assert_eq!(bench.sim.org().person(ANA).unwrap().license_names, ["Extra"]);
}

#[tokio::test]
async fn professional_and_standard_exclude_each_other() {
    let bench = Bench::of(madrid()).await;
    let line = json!({"locationId": bench.location("Madrid"), "extension": "1001"});
    let (professional, standard) = (bench.license(PROFESSIONAL), bench.license(STANDARD));
    let add = |id: &str| json!({"id": id, "operation": "add", "properties": line});
    let patch = |items: Value| {
        bench.send(
            Method::PATCH,
            "/licenses/users",
            json!({"personId": bench.person(ANA), "licenses": items}),
        )
    };
    let both = patch(json!([add(&professional), add(&standard)])).await;
    assert_eq!(code(both).await, (400, json!(400_404)));
    assert_eq!(patch(json!([add(&standard)])).await.status(), 200);
    let upgrade = json!([add(&professional), {"id": standard, "operation": "remove"}]);
    assert_eq!(patch(upgrade).await.status(), 200);
    assert_eq!(bench.sim.org().person(ANA).unwrap().license_names, [PROFESSIONAL]);
    assert_eq!(code(patch(json!([add(&standard)])).await).await, (400, json!(400_112)));

    assert_eq!(patch(json!([{"id": professional, "operation": "remove"}])).await.status(), 200);
    let org = bench.sim.org();
    assert_eq!(org.person(ANA).unwrap().location, None);
    assert!(org.numbers.iter().all(|number| number.extension.is_none()));
}

#[tokio::test]
async fn external_people_leave_licences_pending() {
    let guest = PersonSeed { external: true, ..PersonSeed::new("guest@example.com") };
    let bench = Bench::of(madrid().person(guest)).await;
    let line = json!({"locationId": bench.location("Madrid"), "extension": "1001"});
    let body: Value = bench.assign("guest@example.com", line).await.json().await.unwrap();
    assert_eq!(body["licenses"], json!([]));
    assert_eq!(body["pendingLicenses"], json!([bench.license(PROFESSIONAL)]));
}
