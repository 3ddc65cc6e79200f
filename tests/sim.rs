#![cfg(feature = "sim")]
//! The simulator as its clients see it, over real HTTP.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "helpers of tests may fail a test"
)]

use std::time::Duration;

use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use wxbulk::sim::{
    Calls, Fault, LicenseSeed, LocationSeed, Mangle, NumberSeed, Operation, OrgSeed, PROFESSIONAL,
    PersonSeed, Pstn, RateLimit, STANDARD, SimConfig, SimHandle, Tamper, start,
};

const HOUR: Duration = Duration::from_secs(3600);
const ANA: &str = "ana.garcia@example.com";

struct Bench {
    sim: SimHandle,
    http: reqwest::Client,
}

impl Bench {
    async fn with(config: SimConfig) -> Bench {
        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        Bench { sim: start(config).await.unwrap(), http: http.build().unwrap() }
    }

    async fn of(org: OrgSeed) -> Bench {
        Bench::with(SimConfig::with_org(org)).await
    }

    async fn failing(fault: Fault) -> Bench {
        Bench::with(SimConfig::with_org(madrid()).fault(fault)).await
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let url = if path.starts_with("http") { path.to_owned() } else { self.sim.base_url() + path };
        self.http.request(method, url).bearer_auth("canary-token")
    }

    async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.unwrap()
    }

    async fn send(&self, method: Method, path: &str, body: Value) -> Response {
        self.request(method, path).json(&body).send().await.unwrap()
    }

    async fn read(&self, path: &str) -> Value {
        let response = self.get(path).await;
        assert_eq!(response.status(), 200, "{path}");
        response.json().await.unwrap()
    }

    /// The sizes of all pages and the items, following `Link` to the end.
    async fn pages(&self, path: &str, key: &str) -> (Vec<usize>, Vec<Value>) {
        let (mut sizes, mut items, mut next) = (Vec::new(), Vec::new(), Some(path.to_owned()));
        while let Some(path) = next {
            let response = self.get(&path).await;
            assert_eq!(response.status(), 200, "{path}");
            next = link(&response);
            let body: Value = response.json().await.unwrap();
            let page = body[key].as_array().unwrap().clone();
            sizes.push(page.len());
            items.extend(page);
            assert!(sizes.len() < 100, "pages without end");
        }
        (sizes, items)
    }

    async fn create(&self, name: &str) -> Response {
        self.send(Method::POST, "/locations", location_body(name)).await
    }

    /// A create whose answer is expected to fail at the transport.
    async fn broken_create(&self, name: &str) -> reqwest::Error {
        let request = self.request(Method::POST, "/locations").json(&location_body(name));
        match request.send().await {
            Err(error) => error,
            Ok(response) => response.bytes().await.expect_err("a broken answer"),
        }
    }

    async fn assign(&self, email: &str, properties: Value) -> Response {
        let license = self.license(PROFESSIONAL);
        let item = json!({"id": license, "operation": "add", "properties": properties});
        self.send(Method::PATCH, "/licenses/users", json!({"email": email, "licenses": [item]})).await
    }

    fn license(&self, name: &str) -> String {
        self.sim.org().licenses.iter().find(|license| license.name == name).unwrap().id.clone()
    }

    fn location(&self, name: &str) -> String {
        self.sim.org().locations_named(name).first().unwrap().id.clone()
    }

    fn person(&self, email: &str) -> String {
        self.sim.org().person(email).unwrap().id.clone()
    }

    fn creates(&self) -> usize {
        self.sim.journal().iter().filter(|exchange| exchange.operation == Operation::LocationCreate).count()
    }
}

fn madrid() -> OrgSeed {
    let numbers = ["+34910000001", "+34910000002"];
    OrgSeed::with_people([ANA, "luis.gil@example.com"])
        .location(LocationSeed::calling("Madrid").pstn(Pstn::LocalGateway).numbers(numbers))
        .location(LocationSeed::new("Toledo"))
}

fn location_body(name: &str) -> Value {
    json!({
        "name": name, "timeZone": "Europe/Madrid", "preferredLanguage": "es_es",
        "announcementLanguage": "es_es", "notes": "[ext_id=1]",
        "address": {
            "address1": "Calle Mayor 1", "city": "Madrid", "state": "Madrid",
            "postalCode": "28013", "country": "ES",
        },
    })
}

fn link(response: &Response) -> Option<String> {
    let link = response.headers().get("link")?.to_str().unwrap();
    let url = link.strip_prefix('<').unwrap().strip_suffix(">; rel=\"next\"").unwrap();
    Some(url.to_owned())
}

fn header(response: &Response, name: &str) -> Option<String> {
    response.headers().get(name).map(|value| value.to_str().unwrap().to_owned())
}

async fn code(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    let body: Value = response.json().await.unwrap();
    assert!(body["trackingId"].is_string(), "{body}");
    (status, body["errors"][0]["errorCode"].clone())
}

// ---------------------------------------------------------------- reading

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
    assert!(bench.read("/organizations").await["items"][0]["displayName"].is_string());
    assert_eq!(bench.read("/roles").await["items"][0]["name"], "Full Administrator");
    let names: Vec<String> = bench.read("/licenses").await["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|license| license["name"].as_str().unwrap().to_owned())
        .collect();
    assert!(names.contains(&PROFESSIONAL.to_owned()) && names.contains(&STANDARD.to_owned()));
}

// -------------------------------------------------------------- locations

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

// ------------------------------------------------------------ licences

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
    assert_eq!(code(patch(bad).await).await, (400, json!(400_000)));
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

// ------------------------------------------------------------- numbers

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
    assert_eq!(put(false, "DELETE", "+34910000001").await.status(), 204);
    assert_eq!(bench.sim.org().number("+34910000001").unwrap().owner, None);
}

#[tokio::test]
async fn extensions_are_validated_without_being_taken() {
    let bench =
        Bench::of(madrid().person(PersonSeed::new("eva@example.com").calling("Madrid", "1000"))).await;
    let extensions = json!({"extensions": ["1000", "1001", "1001", "911", "a1", "1"]});
    let location = bench.location("Madrid");
    let path = format!("/telephony/config/locations/{location}/actions/validateExtensions/invoke");
    let body: Value = bench.send(Method::POST, &path, extensions.clone()).await.json().await.unwrap();
    let state = |index: usize| body["extensionStatus"][index]["state"].as_str().unwrap().to_owned();
    let states: Vec<String> = (0..6).map(state).collect();
    assert_eq!(states, ["DUPLICATE", "VALID", "DUPLICATE_IN_LIST", "INVALID", "INVALID", "INVALID"]);
    assert_eq!(body["status"], "ERRORS");
    let org_path = "/telephony/config/actions/validateExtensions/invoke";
    let body: Value = bench.send(Method::POST, org_path, extensions).await.json().await.unwrap();
    assert_eq!(body["extensionStatus"][0]["state"], "VALID");
}

// ------------------------------------------------------------- settings

#[tokio::test]
async fn a_put_replaces_the_whole_setting() {
    let eva = PersonSeed::new("eva@example.com")
        .calling("Madrid", "1000")
        .feature("doNotDisturb", json!({"ringSplashEnabled": true}));
    let bench = Bench::of(madrid().person(eva)).await;
    let path = format!("/people/{}/features/doNotDisturb", bench.person("eva@example.com"));
    let before = bench.read(&path).await;
    let all = json!({"enabled": false, "ringSplashEnabled": true, "webexGoOverrideEnabled": false});
    assert_eq!(before, all);
    let missing = bench.send(Method::PUT, &path, json!({"enabled": true})).await;
    assert_eq!(code(missing).await, (400, json!(25008)));
    let short =
        bench.send(Method::PUT, &path, json!({"enabled": true, "webexGoOverrideEnabled": false})).await;
    assert_eq!(short.status(), 204);
    assert_eq!(bench.read(&path).await["ringSplashEnabled"], false);
    for bad in [json!({"webexGoOverrideEnabled": "yes"}), json!({"webexGoOverrideEnabled": true, "x": 1})] {
        assert_eq!(bench.send(Method::PUT, &path, bad).await.status(), 400);
    }
    let stored = bench.sim.org().person("eva@example.com").unwrap().features["doNotDisturb"].clone();
    let whole = json!({"enabled": true, "ringSplashEnabled": false, "webexGoOverrideEnabled": false});
    assert_eq!(stored, whole);
}

#[tokio::test]
async fn what_a_setting_shows_can_be_put_back() {
    let bench =
        Bench::of(madrid().person(PersonSeed::new("eva@example.com").calling("Madrid", "1000"))).await;
    let eva = bench.person("eva@example.com");
    let people = [
        "doNotDisturb",
        "callWaiting",
        "callForwarding",
        "voicemail",
        "callerId",
        "bargeIn",
        "intercept",
        "incomingPermission",
        "outgoingPermission",
        "hoteling",
        "privacy",
        "pushToTalk",
        "reception",
        "executiveAssistant",
        "applications",
        "callingBehavior",
    ];
    let telephony = [
        "musicOnHold",
        "emergencyCallbackNumber",
        "features/personalAssistant",
        "features/callBridge",
        "features/hotDesking/guest",
        "singleNumberReach",
        "settings/permissions",
        "callCaptions",
        "outgoingPermission/autoTransferNumbers",
        "selectiveAccept",
        "selectiveReject",
        "selectiveForward",
        "executive/alert",
        "executive/screening",
    ];
    let people = people.iter().map(|name| format!("/people/{eva}/features/{name}"));
    let telephony = telephony.iter().map(|name| format!("/telephony/config/people/{eva}/{name}"));
    let root = std::iter::once(format!("/telephony/config/people/{eva}"));
    for path in people.chain(telephony).chain(root) {
        let shown = bench.read(&path).await;
        let answer = bench.send(Method::PUT, &path, shown.clone()).await;
        let expected = if path.ends_with("privacy") { 200 } else { 204 };
        assert_eq!(answer.status(), expected, "{path} {shown}");
        assert_eq!(bench.read(&path).await, shown, "{path}");
    }
}

#[tokio::test]
async fn some_shown_values_are_not_taken_back() {
    let bench =
        Bench::of(madrid().person(PersonSeed::new("eva@example.com").calling("Madrid", "1000"))).await;
    let eva = bench.person("eva@example.com");
    let path = format!("/people/{eva}/features/callRecording");
    let mut shown = bench.read(&path).await;
    assert_eq!(shown["notification"]["type"], "None");
    assert_eq!(bench.send(Method::PUT, &path, shown.clone()).await.status(), 400);
    shown["notification"]["type"] = Value::Null;
    assert_eq!(bench.send(Method::PUT, &path, shown).await.status(), 204);
    let path = format!("/people/{eva}/features/callForwarding");
    for rings in [1, 21] {
        let body = json!({"callForwarding": {"noAnswer": {"enabled": true, "numberOfRings": rings}}});
        assert_eq!(bench.send(Method::PUT, &path, body).await.status(), 400);
    }
}

#[tokio::test]
async fn members_go_in_as_ids_and_come_out_as_people() {
    let org = madrid()
        .person(PersonSeed::new("eva@example.com").calling("Madrid", "1000"))
        .person(PersonSeed::new("max@example.com").calling("Madrid", "1001"));
    let bench = Bench::of(org).await;
    let path = format!("/people/{}/features/monitoring", bench.person("eva@example.com"));
    let put = |id: String| {
        let body = json!({"enableCallParkNotification": true, "monitoredElements": [id]});
        bench.send(Method::PUT, &path, body)
    };
    assert_eq!(code(put(bench.person(ANA)).await).await, (400, json!(4470)));
    assert_eq!(put(bench.person("max@example.com")).await.status(), 204);
    let read = bench.read(&path).await;
    assert_eq!(read["callParkNotificationEnabled"], true);
    assert_eq!(read["monitoredElements"][0]["member"]["email"], "max@example.com");
}

#[tokio::test]
async fn people_without_calling_have_no_settings() {
    let bench = Bench::of(madrid()).await;
    let path = format!("/people/{}/features/callWaiting", bench.person(ANA));
    assert_eq!(code(bench.get(&path).await).await, (404, json!(4008)));
    let put = bench.send(Method::PUT, &path, json!({"enabled": true})).await;
    assert_eq!(code(put).await, (404, json!(4008)));
}

#[tokio::test]
async fn permissions_list_every_call_type() {
    let bench =
        Bench::of(madrid().person(PersonSeed::new("eva@example.com").calling("Madrid", "1000"))).await;
    let path = format!("/people/{}/features/outgoingPermission", bench.person("eva@example.com"));
    let put = |kind: &str| {
        let row = json!({"callType": kind, "action": "BLOCK", "transferEnabled": false});
        bench.send(Method::PUT, &path, json!({"useCustomEnabled": true, "callingPermissions": [row]}))
    };
    assert_eq!(code(put("CASUAL").await).await, (400, json!(25321)));
    assert_eq!(put("NATIONAL").await.status(), 204);
    let rows = bench.read(&path).await["callingPermissions"].as_array().unwrap().clone();
    assert_eq!(rows.len(), 10);
    let action = |kind: &str| rows.iter().find(|row| row["callType"] == kind).unwrap()["action"].clone();
    assert_eq!((action("NATIONAL"), action("TOLL_FREE")), (json!("BLOCK"), json!("ALLOW")));
}

#[tokio::test]
async fn a_pstn_connection_opens_the_inventory() {
    let bench = Bench::of(OrgSeed::default().location(LocationSeed::calling("Soria"))).await;
    let path = format!("/telephony/pstn/locations/{}/connection", bench.location("Soria"));
    assert_eq!(bench.get(&path).await.status(), 404);
    let trunk = bench.read("/telephony/config/routeChoices").await["routeIdentities"][0]["id"].clone();
    let body = json!({"premiseRouteType": "TRUNK", "premiseRouteId": trunk});
    assert_eq!(bench.send(Method::PUT, &path, body).await.status(), 204);
    assert_eq!(bench.read(&path).await["pstnConnectionType"], "LOCAL_GATEWAY");
    let numbers = format!("/telephony/config/locations/{}/numbers", bench.location("Soria"));
    let added = bench.send(Method::POST, &numbers, json!({"phoneNumbers": ["+34975000001"]})).await;
    assert_eq!(added.status(), 201);
}

// ----------------------------------------------------- forbidden writes

#[tokio::test]
async fn identity_and_deletions_are_refused_and_recorded() {
    let bench = Bench::of(madrid()).await;
    let (ana, madrid) = (bench.person(ANA), bench.location("Madrid"));
    let before = bench.read(&format!("/people/{ana}")).await;
    let writes = [
        (Method::PUT, format!("/people/{ana}")),
        (Method::PATCH, format!("/people/{ana}")),
        (Method::DELETE, format!("/people/{ana}")),
        (Method::POST, "/people".to_owned()),
        (Method::DELETE, format!("/people/{ana}/features/voicemail")),
        (Method::DELETE, format!("/locations/{madrid}")),
        (Method::DELETE, format!("/telephony/config/locations/{madrid}")),
        (Method::PUT, "/identity/scim/x/v2/Users/y".to_owned()),
    ];
    for (method, path) in &writes {
        let response = bench.send(method.clone(), path, json!({"displayName": "X"})).await;
        assert_eq!(response.status(), 403, "{method} {path}");
    }
    let forbidden =
        bench.sim.journal().into_iter().filter(|exchange| exchange.operation == Operation::Forbidden).count();
    assert_eq!(forbidden, writes.len());
    assert_eq!(bench.read(&format!("/people/{ana}")).await, before);
    assert_eq!(bench.get("/nothing").await.status(), 404);
}

// --------------------------------------------------------------- faults

#[tokio::test]
async fn a_status_comes_without_effect() {
    let bench =
        Bench::failing(Fault::on(Operation::LocationCreate).nth(2).status(503).retry_after("1")).await;
    assert_eq!(bench.create("A").await.status(), 201);
    let failed = bench.create("B").await;
    assert_eq!(failed.status(), 503);
    assert_eq!(header(&failed, "retry-after").as_deref(), Some("1"));
    assert!(failed.json::<Value>().await.unwrap()["trackingId"].is_string());
    assert_eq!(bench.create("B").await.status(), 201);
    assert_eq!(bench.sim.org().locations_named("B").len(), 1);
}

#[tokio::test]
async fn any_status_can_be_sent() {
    for status in [201, 202, 204, 205, 206, 304, 402, 418, 451, 511, 599, 600, 999] {
        let bench = Bench::failing(Fault::on(Operation::LocationCreate).status(status)).await;
        assert_eq!(bench.create("A").await.status().as_u16(), status);
        let applied = (200..300).contains(&status);
        assert_eq!(bench.sim.org().locations_named("A").len(), usize::from(applied), "{status}");
    }
}

#[tokio::test]
async fn an_error_may_hide_an_effect() {
    for status in [400, 409, 500] {
        let bench = Bench::failing(Fault::on(Operation::LocationCreate).status(status).applied()).await;
        assert_eq!(bench.create("A").await.status().as_u16(), status);
        assert_eq!(bench.sim.org().locations_named("A").len(), 1);
        let exchange = bench.sim.journal().pop().unwrap();
        assert_eq!((exchange.applied, exchange.replied), (true, Some(status)));
    }
}

#[tokio::test]
async fn a_success_may_have_no_effect() {
    let bench = Bench::failing(Fault::on(Operation::LocationCreate).status(201).not_applied()).await;
    assert_eq!(bench.create("A").await.status(), 201);
    assert!(bench.sim.org().locations_named("A").is_empty());
}

#[tokio::test]
async fn a_lost_answer_leaves_the_effect() {
    let bench = Bench::failing(Fault::on(Operation::LocationCreate).nth(1).tamper(Tamper::Lost)).await;
    let error = bench.broken_create("A").await;
    assert!(error.is_request() && error.status().is_none(), "{error:?}");
    assert_eq!(bench.sim.org().locations_named("A").len(), 1);
    let exchange = bench.sim.journal().pop().unwrap();
    assert_eq!((exchange.applied, exchange.replied, exchange.fault.as_deref()), (true, None, Some("lost")));
    assert_eq!(bench.creates(), 1, "the client must not have sent it twice");
    assert_eq!(bench.create("B").await.status(), 201);
}

#[tokio::test]
async fn a_dropped_request_has_no_effect() {
    let bench = Bench::failing(Fault::on(Operation::LocationCreate).nth(1).tamper(Tamper::Drop)).await;
    let error = bench.broken_create("A").await;
    assert!(error.is_request(), "{error:?}");
    assert!(bench.sim.org().locations_named("A").is_empty());
    assert!(!bench.sim.journal().pop().unwrap().applied);
}

#[tokio::test]
async fn a_reset_breaks_the_body() {
    let bench = Bench::failing(Fault::on(Operation::LocationCreate).nth(1).tamper(Tamper::Reset)).await;
    let error = bench.broken_create("A").await;
    assert!(!error.is_timeout() && !error.is_connect(), "{error:?}");
    assert_eq!(bench.sim.org().locations_named("A").len(), 1);
    assert_eq!(bench.sim.journal().pop().unwrap().replied, Some(201));
}

#[tokio::test]
async fn a_hang_never_answers() {
    let bench = Bench::failing(Fault::on(Operation::LocationCreate).tamper(Tamper::Hang)).await;
    let request = bench.request(Method::POST, "/locations").json(&location_body("A"));
    let error = request.timeout(Duration::from_millis(200)).send().await.unwrap_err();
    assert!(error.is_timeout());
    assert!(bench.sim.org().locations_named("A").is_empty());
}

#[tokio::test]
async fn a_late_answer_follows_an_effect() {
    let bench = Bench::failing(Fault::on(Operation::LocationCreate).late(HOUR)).await;
    let request = bench.request(Method::POST, "/locations").json(&location_body("A"));
    let error = request.timeout(Duration::from_millis(500)).send().await.unwrap_err();
    assert!(error.is_timeout());
    assert_eq!(bench.sim.org().locations_named("A").len(), 1);
    let exchange = bench.sim.journal().pop().unwrap();
    assert_eq!((exchange.applied, exchange.replied), (true, None));
}

#[tokio::test]
async fn a_delayed_request_takes_effect_though_its_client_has_gone() {
    let delay = Duration::from_millis(400);
    let bench = Bench::failing(Fault::on(Operation::LocationCreate).delay(delay)).await;
    let request = bench.request(Method::POST, "/locations").json(&location_body("A"));
    let error = request.timeout(Duration::from_millis(100)).send().await.unwrap_err();
    assert!(error.is_timeout());
    while !bench.sim.journal().iter().any(|exchange| exchange.applied) {
        tokio::task::yield_now().await;
    }
    assert_eq!(bench.sim.org().locations_named("A").len(), 1);
}

#[tokio::test]
async fn lists_lag_and_details_do_not() {
    let bench = Bench::failing(Fault::on(Operation::LocationCreate).nth(1).lag(HOUR)).await;
    let hidden: Value = bench.create("Hidden").await.json().await.unwrap();
    bench.create("Shown").await;
    assert_eq!(bench.read("/locations?name=hidden").await["items"], json!([]));
    assert_eq!(bench.read("/locations?name=shown").await["items"].as_array().unwrap().len(), 1);
    let path = format!("/locations/{}", hidden["id"].as_str().unwrap());
    assert_eq!(bench.read(&path).await["name"], "Hidden");

    bench.sim.set_lag(HOUR);
    let line = json!({"locationId": bench.location("Madrid"), "extension": "1001"});
    assert_eq!(bench.assign(ANA, line).await.status(), 200);
    let listed = bench.read("/people?email=ana.garcia%40example.com&callingData=true").await;
    assert_eq!(listed["items"][0]["licenses"], json!([]));
    assert_eq!(bench.read("/telephony/config/numbers?extension=1001").await["phoneNumbers"], json!([]));
    let person = bench.read(&format!("/people/{}?callingData=true", bench.person(ANA))).await;
    assert_eq!(person["extension"], "1001");
    let licenses = bench.read("/licenses").await;
    assert!(licenses["items"].as_array().unwrap().iter().all(|license| license["consumedUnits"] == 0));
    let toledo = format!("/locations/{}", bench.location("Toledo"));
    bench.send(Method::PUT, &toledo, json!({"notes": "late"})).await;
    assert_eq!(bench.read("/locations?name=toledo").await["items"][0].get("notes"), None);
    assert_eq!(bench.read(&toledo).await["notes"], "late");
}

#[tokio::test]
async fn spoilt_bodies_are_spoilt() {
    let body = |mangle: Mangle| async move {
        let bench =
            Bench::failing(Fault::on(Operation::LocationCreate).tamper(Tamper::Mangled(mangle))).await;
        let response = bench.create("A").await;
        assert_eq!(response.status(), 201);
        assert_eq!(bench.sim.org().locations_named("A").len(), 1);
        response.bytes().await.unwrap()
    };
    let parsed = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes);
    assert!(body(Mangle::Empty).await.is_empty());
    assert!(parsed(&body(Mangle::Truncated).await).is_err());
    assert!(body(Mangle::Html).await.starts_with(b"<!DOCTYPE"));
    assert!(parsed(&body(Mangle::Text).await).is_err());
    assert_eq!(parsed(&body(Mangle::NoId).await).unwrap().get("id"), None);
    assert_eq!(parsed(&body(Mangle::NoId).await).unwrap()["name"], "A");
    assert_eq!(parsed(&body(Mangle::NullId).await).unwrap()["id"], Value::Null);
    assert_eq!(parsed(&body(Mangle::NumberId).await).unwrap()["id"], 42);
    assert_eq!(parsed(&body(Mangle::EmptyId).await).unwrap()["id"], "");
    assert!(parsed(&body(Mangle::PathId).await).unwrap()["id"].as_str().unwrap().contains("../"));
    assert!(parsed(&body(Mangle::Array).await).unwrap()[0]["id"].is_string());
    assert!(parsed(&body(Mangle::Deep).await).is_err());
    assert!(std::str::from_utf8(&body(Mangle::BadUtf8).await).is_err());
    let doubled = body(Mangle::DuplicateKeys).await;
    assert_eq!(std::str::from_utf8(&doubled).unwrap().matches("\"id\":").count(), 2);
    let huge = body(Mangle::Huge).await;
    assert!(huge.len() > 64 << 20);
    assert_eq!(parsed(&huge).unwrap()["name"], "A");
}

#[tokio::test]
async fn broken_transfers_are_broken() {
    for mangle in [Mangle::ShortBody, Mangle::TwoLengths, Mangle::BigHeader] {
        let bench =
            Bench::failing(Fault::on(Operation::LocationCreate).tamper(Tamper::Mangled(mangle))).await;
        let error = bench.broken_create("A").await;
        assert!(!error.is_timeout(), "{mangle:?} {error:?}");
        assert_eq!(bench.sim.org().locations_named("A").len(), 1);
    }
    for mangle in [Mangle::Slow, Mangle::SlowHead] {
        let bench =
            Bench::failing(Fault::on(Operation::LocationCreate).tamper(Tamper::Mangled(mangle))).await;
        let request = bench.request(Method::POST, "/locations").json(&location_body("A"));
        let answer = request.timeout(Duration::from_millis(500)).send().await;
        assert_eq!(answer.is_ok(), mangle == Mangle::Slow);
        let error = match answer {
            Ok(response) => response.bytes().await.unwrap_err(),
            Err(error) => error,
        };
        assert!(error.is_timeout(), "{mangle:?} {error:?}");
    }
    let bench = Bench::failing(Fault::any().tamper(Tamper::Mangled(Mangle::Endless))).await;
    let mut response = bench.get("/people/me").await;
    let mut received = 0;
    while received < (8 << 20) {
        received += response.chunk().await.unwrap().unwrap().len();
    }
}

#[tokio::test]
async fn half_a_licence_request_is_applied() {
    let fault = Fault::on(Operation::LicensesUsersPatch).tamper(Tamper::Partial);
    let bench =
        Bench::with(SimConfig::with_org(madrid().license(LicenseSeed::new("Extra"))).fault(fault)).await;
    let line = json!({"locationId": bench.location("Madrid"), "extension": "1001"});
    let extra = json!({"id": bench.license("Extra"), "operation": "add"});
    let calling = json!({"id": bench.license(PROFESSIONAL), "operation": "add", "properties": line});
    let body = json!({"email": ANA, "licenses": [extra, calling]});
    let response = bench.send(Method::PATCH, "/licenses/users", body).await;
    assert_eq!(response.status(), 206);
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["licenses"], json!([bench.license("Extra")]));
    assert_eq!(bench.sim.org().person(ANA).unwrap().license_names, ["Extra"]);
}

#[tokio::test]
async fn lists_can_be_led_astray() {
    let bench = Bench::failing(Fault::on(Operation::LocationsList).nth(1).tamper(Tamper::EmptyPage)).await;
    let (sizes, _) = bench.pages("/locations", "items").await;
    assert_eq!(sizes, [0, 2]);
    bench.sim.add_fault(Fault::on(Operation::LocationsList).tamper(Tamper::Link("self".into())));
    let looping = bench.get("/locations?max=5").await;
    assert_eq!(link(&looping), Some(format!("{}/locations?max=5", bench.sim.base_url())));
    bench.sim.clear_faults();
    let elsewhere = Tamper::Link("http://other.example/v1/locations".into());
    bench.sim.add_fault(Fault::on(Operation::LocationsList).tamper(elsewhere));
    assert_eq!(link(&bench.get("/locations").await).as_deref(), Some("http://other.example/v1/locations"));
    bench.sim.add_fault(Fault::on(Operation::PeopleList).tamper(Tamper::ItemErrors));
    let people = bench.read("/people?callingData=true").await;
    assert!(people["items"][0]["errors"]["callingData"]["code"].is_number());
    assert_eq!(people["items"][0].get("phoneNumbers"), None);
}

#[tokio::test]
async fn redirects_headers_and_echoes_are_sent() {
    let redirect = Tamper::Redirect { status: 307, url: "http://other.example/".into() };
    let bench = Bench::failing(Fault::on(Operation::LocationCreate).nth(1).tamper(redirect)).await;
    let response = bench.create("A").await;
    assert_eq!(response.status(), StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(header(&response, "location").as_deref(), Some("http://other.example/"));
    assert!(bench.sim.org().locations_named("A").is_empty());

    let spark =
        Fault::on(Operation::LocationCreate).nth(1).status(502).header("cisco-spark-error-codes", "4251");
    bench.sim.add_fault(spark);
    assert_eq!(header(&bench.create("A").await, "cisco-spark-error-codes").as_deref(), Some("4251"));

    bench.sim.add_fault(Fault::on(Operation::LocationCreate).nth(1).status(400).echo());
    let echoed = bench.create("A").await;
    assert_eq!(echoed.status(), 400);
    assert!(echoed.text().await.unwrap().contains("Bearer canary-token"));
    assert!(bench.sim.org().locations_named("A").is_empty());
}

#[tokio::test]
async fn retry_after_goes_out_verbatim() {
    for value in ["2", "-5", "1.5", "abc", "rand(30),add(30)", "99999999999999999999", ""] {
        let bench = Bench::failing(Fault::any().status(429).retry_after(value)).await;
        assert_eq!(header(&bench.get("/people/me").await, "retry-after").as_deref(), Some(value));
    }
    let twice = Fault::any().status(429).retry_after("1").retry_after("2");
    let bench = Bench::failing(twice).await;
    assert_eq!(bench.get("/people/me").await.headers().get_all("retry-after").iter().count(), 2);
}

#[tokio::test]
async fn faults_choose_by_key_and_count_from_when_they_are_added() {
    let bench = Bench::of(madrid()).await;
    bench.create("A").await;
    bench.sim.add_fault(Fault::on(Operation::LocationCreate).key("b").nth(2).status(500));
    let mut statuses = Vec::new();
    for name in ["A", "B", "A", "B", "B"] {
        statuses.push(bench.create(name).await.status().as_u16());
    }
    assert_eq!(statuses, [201, 201, 201, 500, 201]);
    bench.sim.clear_faults();
    bench.sim.add_fault(Fault::any().calls(Calls::range(2, 3)).status(500));
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(bench.get("/people/me").await.status().as_u16());
    }
    assert_eq!(statuses, [200, 500, 500, 200]);
}

#[tokio::test]
async fn the_first_of_several_faults_wins_and_all_of_them_count() {
    let bench = Bench::of(madrid()).await;
    bench.sim.add_fault(Fault::on(Operation::PeopleMe).nth(1).status(500));
    bench.sim.add_fault(Fault::any().calls(Calls::range(1, 2)).status(503));
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(bench.get("/people/me").await.status().as_u16());
    }
    assert_eq!(statuses, [500, 503, 200]);
}

#[tokio::test]
async fn people_and_settings_are_keys_too() {
    let bench =
        Bench::of(madrid().person(PersonSeed::new("eva@example.com").calling("Madrid", "1000"))).await;
    let path = |name: &str| format!("/people/{}/features/{name}", bench.person("eva@example.com"));
    bench.sim.add_fault("feature_get@callWaiting:status=500".parse().unwrap());
    bench.sim.add_fault("feature_get@eva@example.com/hoteling:status=502".parse().unwrap());
    assert_eq!(bench.get(&path("callWaiting")).await.status(), 500);
    assert_eq!(bench.get(&path("hoteling")).await.status(), 502);
    assert_eq!(bench.get(&path("bargeIn")).await.status(), 200);
    bench.sim.add_fault("licenses_users_patch@ANA.garcia@example.com:lost".parse().unwrap());
    let id = bench.person(ANA);
    let item = json!({"id": bench.license(PROFESSIONAL), "properties": {"extension": "1"}});
    let request = bench.request(Method::PATCH, "/licenses/users");
    assert!(request.json(&json!({"personId": id, "licenses": [item]})).send().await.is_err());
}

#[test]
fn faults_are_read_from_text() {
    let parse = |text: &str| text.parse::<Fault>().unwrap();
    let create = || Fault::on(Operation::LocationCreate);
    assert_eq!(
        parse("location_create#2:status=503,retry_after=1"),
        create().nth(2).status(503).retry_after("1")
    );
    let lost = Fault::on(Operation::LicensesUsersPatch).calls(Calls::range(1, 3)).tamper(Tamper::Lost);
    assert_eq!(parse("licenses_users_patch#1-3:lost"), lost);
    let delayed = Fault::on(Operation::PeopleList).delay(Duration::from_millis(300));
    assert_eq!(parse("people_list#*:delay=300"), delayed);
    assert_eq!(parse("any#5:reset"), Fault::any().nth(5).tamper(Tamper::Reset));
    assert_eq!(parse("any#5-:hang"), Fault::any().calls(Calls::range(5, u32::MAX)).tamper(Tamper::Hang));
    assert_eq!(parse("location_create@Plaza%3A 1:lost"), create().key("Plaza: 1").tamper(Tamper::Lost));
    let random = create().status(429).retry_after("rand(30),add(30)");
    assert_eq!(parse("location_create:status=429,retry_after=\"rand(30),add(30)\""), random);
    let date = create().status(429).retry_after("Fri, 31 Dec 1999 23:59:59 GMT");
    assert_eq!(parse("location_create:status=429,retry_after=\"Fri, 31 Dec 1999 23:59:59 GMT\""), date);
    let body = create().status_and_body(201, "{\"id\":null,\"a\":[1,2]}").applied();
    assert_eq!(parse("location_create:status=201,body={\"id\":null,\"a\":[1,2]},applied"), body);
    let away = create().tamper(Tamper::Redirect { status: 308, url: "http://b.example/x".into() });
    assert_eq!(parse("location_create:status=308,redirect=http://b.example/x"), away);
    assert_eq!(parse("location_create:redirect=http://b.example/x,status=308"), away);
    assert_eq!(parse("location_create:mangle=no_id"), create().tamper(Tamper::Mangled(Mangle::NoId)));
    assert_eq!(parse("any:header=a: b,status=500"), Fault::any().status(500).header("a", "b"));
}

#[test]
fn wrong_fault_texts_are_refused() {
    for text in [
        "",
        "location_create",
        "nonsense:lost",
        "any#0:lost",
        "any#3-2:lost",
        "any#x:lost",
        "any:",
        "any:boom",
        "any:status=x",
        "any:delay=-1",
        "any:mangle=nonsense",
        "any:header=x",
    ] {
        assert!(text.parse::<Fault>().is_err(), "{text}");
    }
}

#[test]
fn limits_are_read_from_text() {
    let bucket = |per_second: f64, burst: u32, retry_after: Option<u64>| {
        Ok(RateLimit::TokenBucket { per_second, burst, retry_after })
    };
    assert_eq!("50/s".parse(), bucket(50.0, 50, None));
    assert_eq!("120/min".parse(), bucket(2.0, 120, None));
    assert_eq!("50/s,burst=10,retry_after=5".parse(), bucket(50.0, 10, Some(5)));
    let window = RateLimit::FixedWindow { requests: 300, window: Duration::from_secs(6) };
    assert_eq!("300/6s".parse(), Ok(window));
    for text in ["", "50", "0/s", "x/s", "50/h", "50/0s", "50/s,burst=x", "50/s,size=3", "300/6s,burst=1"] {
        assert!(text.parse::<RateLimit>().is_err(), "{text}");
    }
}

#[test]
fn operations_have_one_name_each() {
    for (operation, name) in Operation::ALL {
        assert_eq!((operation.to_string().as_str(), name.parse()), (*name, Ok(*operation)));
    }
}

// ---------------------------------------------------------------- limits

#[tokio::test]
async fn a_window_refuses_what_is_too_much() {
    let rate = Some(RateLimit::FixedWindow { requests: 2, window: HOUR });
    let bench = Bench::with(SimConfig { rate, ..SimConfig::with_org(madrid()) }).await;
    let mut statuses = Vec::new();
    for name in ["A", "B", "C"] {
        statuses.push(bench.create(name).await.status().as_u16());
    }
    assert_eq!(statuses, [201, 201, 429]);
    let refused = bench.create("D").await;
    let wait: u64 = header(&refused, "retry-after").unwrap().parse().unwrap();
    assert!((3000..=3600).contains(&wait), "{wait}");
    assert!(header(&refused, "trackingid").is_some());
    assert_eq!(code(refused).await.0, 429);
    let org = bench.sim.org();
    assert_eq!((org.locations_named("B").len(), org.locations_named("C").len()), (1, 0));
    let exchange = bench.sim.journal().pop().unwrap();
    assert_eq!((exchange.fault.as_deref(), exchange.replied), (Some("rate_limit"), Some(429)));
    bench.sim.set_rate(None);
    assert_eq!(bench.create("C").await.status(), 201);
}

#[tokio::test]
async fn refusals_do_not_count_for_the_bucket_nor_for_faults() {
    let rate = Some(RateLimit::TokenBucket { per_second: 0.001, burst: 1, retry_after: Some(5) });
    let fault = Fault::on(Operation::PeopleMe).nth(2).status(500);
    let bench = Bench::with(SimConfig { rate, ..SimConfig::default() }.fault(fault)).await;
    assert_eq!(bench.get("/people/me").await.status(), 200);
    for _ in 0..3 {
        let refused = bench.get("/people/me").await;
        assert_eq!(refused.status(), 429);
        assert_eq!(header(&refused, "retry-after").as_deref(), Some("5"));
    }
    bench.sim.set_rate(None);
    assert_eq!(bench.get("/people/me").await.status(), 500);
}

// --------------------------------------------------------------- journal

#[tokio::test]
async fn the_journal_tells_every_request_in_order() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("journal.jsonl");
    let config = SimConfig { journal: Some(file.clone()), ..SimConfig::with_org(madrid()) };
    let bench =
        Bench::with(config.fault(Fault::on(Operation::LocationCreate).nth(2).tamper(Tamper::Lost))).await;
    bench.create("A").await;
    bench.broken_create("B").await;
    bench.get("/people?email=ana.garcia%40example.com").await;
    bench.sim.set_token(Some("other".into()));
    bench.create("C").await;

    let journal = bench.sim.journal();
    let told: Vec<_> = journal
        .iter()
        .map(|exchange| {
            (exchange.operation, exchange.key.as_deref(), exchange.nth, exchange.applied, exchange.replied)
        })
        .collect();
    let expected = [
        (Operation::LocationCreate, Some("A"), 1, true, Some(201)),
        (Operation::LocationCreate, Some("B"), 2, true, None),
        (Operation::PeopleList, Some(ANA), 1, false, Some(200)),
        (Operation::LocationCreate, Some("C"), 3, false, Some(401)),
    ];
    assert_eq!(told, expected);
    assert!(journal.iter().map(|exchange| exchange.seq).eq(1..=4));
    assert_eq!(journal[0].body.as_ref().unwrap()["name"], "A");

    bench.sim.stop().await;
    let text = std::fs::read_to_string(&file).unwrap();
    let mut lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    lines.sort_by_key(|line| line["seq"].as_u64());
    assert_eq!(lines.len(), 4);
    assert_eq!((&lines[1]["operation"], &lines[1]["applied"]), (&json!("location_create"), &json!(true)));
    assert!(!text.contains("canary-token"));
}

// ------------------------------------------------------------------- end

#[tokio::test]
async fn stopping_cuts_what_hangs_and_frees_the_port() {
    let bench = Bench::failing(Fault::on(Operation::PeopleMe).tamper(Tamper::Hang)).await;
    let address = bench.sim.address();
    bench.get("/locations").await;
    let hanging = tokio::spawn(bench.request(Method::GET, "/people/me").send());
    while !bench.sim.journal().iter().any(|exchange| exchange.operation == Operation::PeopleMe) {
        tokio::task::yield_now().await;
    }
    bench.sim.stop().await;
    assert!(hanging.await.unwrap().is_err());
    assert!(std::net::TcpListener::bind(address).is_ok());
}

#[tokio::test]
async fn a_dropped_handle_stops_the_server() {
    let bench = Bench::of(madrid()).await;
    let request = bench.request(Method::GET, "/people/me");
    drop(bench);
    let mut answer = request.try_clone().unwrap().send().await;
    while answer.is_ok() {
        answer = request.try_clone().unwrap().send().await;
    }
    assert!(answer.is_err());
}
