//! Scripted faults, and their text form.

use super::*;

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
