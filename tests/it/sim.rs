//! The simulator as its clients see it, over real HTTP.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "helpers of tests may fail a test"
)]

mod addresses;
mod back_end;
mod deletions;
mod faults;
mod forbidden;
mod habits;
mod journal;
mod licences;
mod limits;
mod locations;
mod numbers;
mod pstn;
mod quiet_faults;
mod reading;
mod settings;
mod shapes;

use std::time::Duration;

use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use wxbulk::sim::{
    AddressWithPstn, Calls, Fault, Habits, IdForm, LicenseSeed, LocationSeed, Mangle, NumberSeed, Operation,
    OrgSeed, PROFESSIONAL, PersonSeed, Pstn, RateLimit, STANDARD, SimConfig, SimHandle, Spelling, Tamper,
    WorkspaceSeed, start,
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
