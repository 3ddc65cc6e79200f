//! Lists, look-ups and preflight reads.

use super::*;

#[tokio::test]
async fn every_answer_has_a_tracking_id_and_needs_a_token() {
    let bench = Bench::with(SimConfig { token: Some("right".into()), ..SimConfig::default() }).await;
    let url = bench.sim.base_url() + "/people/me";
    let anonymous = bench.http.get(&url).send().await.unwrap();
    assert_eq!(anonymous.status(), 401);
    assert!(header(&anonymous, "trackingid").is_some());
    assert_eq!(bench.http.get(&url).bearer_auth("wrong").send().await.unwrap().status(), 401);
    let known = bench.http.get(&url).bearer_auth("right").send().await.unwrap();
    assert_eq!(known.status(), 200);
    assert!(header(&known, "trackingid").is_some());
    bench.sim.set_token(Some("other".into()));
    assert_eq!(bench.http.get(&url).bearer_auth("right").send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn lists_are_paged_by_links() {
    let emails: Vec<String> = (0..250).map(|n| format!("user{n}@example.com")).collect();
    let bench = Bench::of(OrgSeed::with_people(emails)).await;
    let (sizes, people) = bench.pages("/people?excludeStatus=true", "items").await;
    assert_eq!(sizes, [100, 100, 51]);
    let mut ids: Vec<&str> = people.iter().map(|person| person["id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 251);
    assert_eq!(bench.pages("/people?max=500", "items").await.0, [251]);
    assert_eq!(bench.pages("/people?max=500&callingData=true", "items").await.0, [100, 100, 51]);
    assert_eq!(bench.get("/people?max=0").await.status(), 400);
}

#[tokio::test]
async fn the_page_cap_holds_everywhere() {
    let mut org = madrid();
    for n in 0..4 {
        org = org
            .location(LocationSeed::calling(format!("Site {n}")))
            .person(PersonSeed::new(format!("p{n}@example.com")).calling("Madrid", format!("10{n}")));
    }
    let bench = Bench::with(SimConfig { page_cap: Some(2), ..SimConfig::with_org(org) }).await;
    assert_eq!(bench.pages("/people", "items").await.0, [2, 2, 2, 1]);
    assert_eq!(bench.pages("/locations?max=500", "items").await.0, [2, 2, 2]);
    assert_eq!(bench.pages("/telephony/config/locations", "locations").await.0, [2, 2, 1]);
    assert_eq!(bench.pages("/telephony/config/numbers?max=2000", "phoneNumbers").await.0, [2, 2, 2]);
    let path = format!("/licenses/{}?includeAssignedTo=user&limit=300", bench.license(PROFESSIONAL));
    assert_eq!(bench.pages(&path, "users").await.0, [2, 2]);
}

#[tokio::test]
async fn people_are_found_by_exact_email_or_by_id() {
    let bench = Bench::of(madrid()).await;
    let found = bench.read("/people?email=ANA.Garcia%40example.com").await;
    assert_eq!(found["items"][0]["emails"], json!([ANA]));
    assert_eq!(found["items"][0].get("extension"), None);
    assert_eq!(bench.read("/people?email=ana.garcia").await["items"], json!([]));
    let (id, other) = (bench.person(ANA), bench.location("Madrid"));
    let by_id = bench.read(&format!("/people?id={id},{other}")).await;
    assert_eq!(by_id["items"].as_array().unwrap().len(), 1);
    assert_eq!(by_id["notFoundIds"], json!([other]));
    assert_eq!(bench.read(&format!("/people/{id}==")).await["id"], json!(id));
    assert_eq!(bench.get(&format!("/people/{other}")).await.status(), 404);
    let many = vec![id.as_str(); 86].join(",");
    assert_eq!(bench.get(&format!("/people?id={many}")).await.status(), 400);
}

#[tokio::test]
async fn preflight_reads_answer() {
    let bench = Bench::of(madrid()).await;
    assert!(bench.read("/people/me").await["roles"][0].is_string());
    assert!(bench.read("/authorizations/tokenExpiry").await["exp"].as_u64().unwrap() > 1_700_000_000_000);
    let organization = bench.read("/organizations").await["items"][0].clone();
    let path = format!("/organizations/{}", organization["id"].as_str().unwrap());
    assert_eq!(bench.read(&path).await, organization);
    assert_eq!(bench.get("/organizations/x").await.status(), 404);
    assert_eq!(bench.read("/roles").await["items"][0]["name"], "Full Administrator");
    let names: Vec<String> = bench.read("/licenses").await["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|license| license["name"].as_str().unwrap().to_owned())
        .collect();
    assert!(names.contains(&PROFESSIONAL.to_owned()) && names.contains(&STANDARD.to_owned()));
}

/// One of them has no body at all.
#[tokio::test]
async fn errors_come_in_six_shapes() {
    let org = madrid()
        .location(LocationSeed::calling("Soria").pstn(Pstn::LocalGateway))
        .location(LocationSeed::calling("Lugo"))
        .person(PersonSeed::new("eva@example.com").calling("Madrid", "1000").phone_number("+34910000008"));
    let bench = Bench::of(org).await;
    let pstn = format!("/telephony/pstn/locations/{}/connection", bench.location("Lugo"));
    let numbers = format!("/telephony/config/locations/{}/numbers", bench.location("Soria"));
    let job = |name: &str| format!("/telephony/config/jobs/{name}");
    let user = json!({"userId": bench.person(ANA), "extension": "1"});
    let moved = |user: Value| json!({"usersList": [{"locationId": bench.location("Soria"), "validate": true, "users": [user]}]});
    let taken = json!({"userId": bench.person("eva@example.com"), "phoneNumber": "+34910000008"});
    let phones = |phone: &str| json!({ "phoneNumbers": [phone] });
    for (method, path, body, status, pointer, expected) in [
        (Method::POST, "/locations".into(), json!({}), 400, "/errors/0/errorCode", json!(25008)),
        (Method::POST, numbers.clone(), phones("+34910000001"), 409, "/errorCode", json!(25223)),
        (Method::POST, job("person/moveLocation"), moved(user), 400, "/error/0/code", json!(1_026_010)),
        (Method::POST, job("person/moveLocation"), moved(taken), 400, "/error/0/code", json!(4201)),
        (
            Method::POST,
            job("numbers/manageNumbers"),
            json!({}),
            400,
            "/error/message/0/code",
            json!("BATCH-1017"),
        ),
        (Method::POST, numbers.clone(), phones("910"), 400, "/0/errors/0/errorCode", json!("8362")),
    ] {
        let response = bench.send(method, &path, body).await;
        assert_eq!(response.status(), status, "{path}");
        assert!(header(&response, "trackingid").is_some(), "{path}");
        let body: Value = response.json().await.unwrap();
        assert_eq!(body.pointer(pointer), Some(&expected), "{path} {body}");
    }
    let unset = bench.get(&pstn).await;
    assert!(header(&unset, "trackingid").is_some());
    let body: Value = unset.json().await.unwrap();
    assert_eq!(body.as_object().unwrap().keys().collect::<Vec<_>>(), ["errorMessage"]);
    let unknown = bench.send(Method::DELETE, &numbers, phones("+34910000099")).await;
    assert!(header(&unknown, "trackingid").is_some());
    assert_eq!(unknown.text().await.unwrap(), "");
}
