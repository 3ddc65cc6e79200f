//! Addresses of locations before and after PSTN.

use super::*;

fn street(address1: &str) -> Value {
    json!({"address1": address1, "city": "Madrid", "state": "Madrid", "postalCode": "28013", "country": "ES"})
}

impl Bench {
    async fn street_of(&self, name: &str) -> Value {
        self.read(&format!("/locations/{}", self.location(name))).await["address"]["address1"].clone()
    }
}

async fn with_habits(habits: Habits) -> Bench {
    Bench::with(SimConfig { habits, ..SimConfig::with_org(madrid()) }).await
}

#[tokio::test]
async fn pstn_takes_the_address_out_of_the_location() {
    for (wish, status, with_pstn) in [
        (AddressWithPstn::Ignored, 204, "Calle Mayor 1"),
        (AddressWithPstn::Refused, 400, "Calle Mayor 1"),
        (AddressWithPstn::Applied, 204, "Calle Sol 2"),
    ] {
        let bench = with_habits(Habits { address_with_pstn: wish, ..Habits::default() }).await;
        let put = |name: &str| {
            let (path, bench) = (format!("/locations/{}", bench.location(name)), &bench);
            let body = json!({"notes": "new", "address": street("Calle Sol 2")});
            async move { bench.send(Method::PUT, &path, body).await.status().as_u16() }
        };
        assert_eq!((put("Madrid").await, put("Toledo").await), (status, 204), "{wish:?}");
        assert_eq!(bench.street_of("Madrid").await, with_pstn, "{wish:?}");
        assert_eq!(bench.street_of("Toledo").await, "Calle Sol 2", "without PSTN");
        let notes = bench.sim.org().locations_named("Madrid")[0].notes.clone();
        assert_eq!(notes.is_some(), status == 204, "{wish:?}: the rest is applied, or nothing is");
    }
}

#[tokio::test]
async fn an_emergency_address_is_the_way_with_pstn() {
    let bench = Bench::of(madrid()).await;
    let location = format!("/telephony/pstn/locations/{}", bench.location("Madrid"));
    let unknown = format!("{location}/emergencyAddresses/{}", bench.location("Madrid"));
    let refused = bench.send(Method::PUT, &unknown, street("Calle Sol 2")).await;
    assert_eq!(refused.status(), 404);
    let body: Value = refused.json().await.unwrap();
    assert!(body["errorMessage"].is_string() && body.get("message").is_none(), "{body}");

    let create = format!("{location}/emergencyAddress");
    let created = bench.send(Method::POST, &create, street("Calle Sol 2")).await;
    assert_eq!(created.status(), 201);
    let id = created.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned();
    assert_eq!(bench.street_of("Madrid").await, "Calle Sol 2");
    let own = format!("{location}/emergencyAddresses/{id}");
    assert_eq!(bench.send(Method::PUT, &own, street("Calle Luna 3")).await.status(), 204);
    assert_eq!(bench.street_of("Madrid").await, "Calle Luna 3");
    let kept = bench.sim.org().locations_named("Madrid")[0].emergency_addresses.clone();
    assert_eq!(kept.values().collect::<Vec<_>>(), [&street("Calle Luna 3")]);
    assert_eq!(bench.send(Method::PUT, &own, json!({"city": "Madrid"})).await.status(), 400);
}

#[tokio::test]
async fn an_address_is_looked_up_without_being_kept() {
    let bench = Bench::of(madrid()).await;
    let path = format!("/telephony/pstn/locations/{}/emergencyAddress/lookup", bench.location("Madrid"));
    let ask = |address1: &str| {
        let (path, bench, body) = (path.clone(), &bench, street(address1));
        async move { bench.send(Method::POST, &path, body).await.json::<Value>().await.unwrap() }
    };
    let found = ask("Calle Sol 2").await["addresses"][0].clone();
    assert_eq!((&found["address1"], &found["meta"]["houseNumber"]), (&json!("CALLE SOL 2"), &json!("2")));
    assert_eq!(found.get("errors"), None);
    assert_eq!(ask("Calle Sol").await["addresses"][0]["errors"][0]["code"], "PMP4004");
    assert_eq!(bench.street_of("Madrid").await, "Calle Mayor 1");
}

#[tokio::test]
async fn an_address_may_come_back_in_another_spelling() {
    let bench = with_habits(Habits { respells_addresses: true, ..Habits::default() }).await;
    bench.create("Soria").await;
    let address = bench.read(&format!("/locations/{}", bench.location("Soria"))).await["address"].clone();
    let expected = json!({
        "address1": "CALLE MAYOR 1", "city": "MADRID", "state": "MADRID", "postalCode": "28 013", "country": "ES",
    });
    assert_eq!(address, expected);
}

#[tokio::test]
async fn enabling_is_strict_about_spelling() {
    let bench = Bench::of(madrid()).await;
    let mut body = location_body("Toledo");
    body["id"] = json!(bench.location("Toledo"));
    let enable = |field: &str, value: Value| {
        let mut body = body.clone();
        *body.pointer_mut(field).unwrap() = value;
        bench.send(Method::POST, "/telephony/config/locations", body)
    };
    for field in ["/preferredLanguage", "/announcementLanguage"] {
        assert_eq!(code(enable(field, json!("es_ES")).await).await, (400, json!(25046)), "{field}");
    }
    let mut address = street("Calle Sol 2");
    address["address2"] = json!("");
    assert_eq!(enable("/address", address.clone()).await.status(), 400);
    address["address2"] = Value::Null;
    assert_eq!(enable("/address", address).await.status(), 201);
}
