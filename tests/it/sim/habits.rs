//! Where organisations differ.

use super::*;

const EVA: &str = "eva@example.com";

async fn with(org: OrgSeed, habits: Habits) -> Bench {
    Bench::with(SimConfig { habits, ..SimConfig::with_org(org) }).await
}

#[tokio::test]
async fn licences_can_be_given_beyond_what_was_bought() {
    let habits = Habits { allows_overage: true, ..Habits::default() };
    let bench = with(madrid().units(PROFESSIONAL, 0), habits).await;
    let line = json!({"locationId": bench.location("Madrid"), "extension": "1001"});
    assert_eq!(bench.assign(ANA, line).await.status(), 200);
    let license = bench.read(&format!("/licenses/{}", bench.license(PROFESSIONAL))).await;
    assert_eq!((&license["totalUnits"], &license["consumedUnits"]), (&json!(0), &json!(1)));
}

#[tokio::test]
async fn a_licence_may_show_the_state_of_its_subscription() {
    let ended = LicenseSeed::new(PROFESSIONAL).subscription("Sub-ended").status("EXPIRED");
    let bench = Bench::of(madrid().license(ended)).await;
    let items = bench.read("/licenses").await["items"].clone();
    let states: Vec<(&Value, Option<&Value>)> = items
        .as_array()
        .unwrap()
        .iter()
        .filter(|item| item["name"] == PROFESSIONAL)
        .map(|item| (&item["subscriptionId"], item.get("status")))
        .collect();
    assert_eq!(states, [(&json!("Sub-simulated1"), None), (&json!("Sub-ended"), Some(&json!("EXPIRED")))]);
}

#[tokio::test]
async fn what_is_unknown_or_read_only_may_be_dropped_in_silence() {
    let org = madrid().person(PersonSeed::new(EVA).calling("Madrid", "1000"));
    let bench = with(org, Habits { drops_unknown_fields: true, ..Habits::default() }).await;
    let path = format!("/people/{}/features/voicemail", bench.person(EVA));
    let mut shown = bench.read(&path).await;
    shown["nonsense"] = json!(1);
    shown["sendBusyCalls"]["enabled"] = json!(false);
    shown["sendBusyCalls"]["greetingUploaded"] = json!(true);
    assert_eq!(bench.send(Method::PUT, &path, shown).await.status(), 204);
    let read = bench.read(&path).await;
    assert_eq!(read["sendBusyCalls"]["enabled"], false);
    assert_eq!((&read["sendBusyCalls"]["greetingUploaded"], read.get("nonsense")), (&json!(false), None));
    let location = format!("/telephony/config/locations/{}", bench.location("Madrid"));
    let body = json!({"userLimit": 3, "outsideDialDigit": "9"});
    assert_eq!(bench.send(Method::PUT, &location, body).await.status(), 204);
    let read = bench.read(&location).await;
    assert_eq!((&read["userLimit"], &read["outsideDialDigit"]), (&json!(500_000), &json!("9")));
}

#[tokio::test]
async fn numbers_are_spelled_in_three_ways() {
    for (spelling, expected, bare) in [
        (Spelling::E164, "+34910000001", "34910000001"),
        (Spelling::Hyphen, "+34-910000001", "+34-910000001"),
        (Spelling::National, "910000001", "910000001"),
    ] {
        let eva = PersonSeed::new(EVA).calling("Madrid", "1000").phone_number("+34910000001");
        let bench = with(madrid().person(eva), Habits { spelling, ..Habits::default() }).await;
        let (eva, madrid) = (bench.person(EVA), bench.location("Madrid"));
        let location = format!("/telephony/config/locations/{madrid}");
        let main = json!({"callingLineId": {"phoneNumber": "+34910000001"}});
        assert_eq!(bench.send(Method::PUT, &location, main).await.status(), 204);
        assert_eq!(bench.read(&location).await["callingLineId"]["phoneNumber"], expected);
        let all = bench.read("/telephony/config/locations").await;
        assert_eq!(all["locations"][0]["callingLineId"]["phoneNumber"], expected);
        let numbers = format!("/people/{eva}/features/numbers");
        assert_eq!(bench.read(&numbers).await["phoneNumbers"][0]["directNumber"], bare);
        let exact = bench.read(&format!("{numbers}?preferE164Format=true")).await;
        assert_eq!(exact["phoneNumbers"][0]["directNumber"], "+34910000001");
        let caller = bench.read(&format!("/people/{eva}/features/callerId")).await;
        assert_eq!(
            (&caller["directNumber"], &caller["locationNumber"]),
            (&json!(expected), &json!(expected))
        );
        let listed = bench.read("/telephony/config/numbers?phoneNumber=%2B34910000001").await;
        assert_eq!(listed["phoneNumbers"][0]["phoneNumber"], "+34910000001", "the inventory has E.164");
    }
}

#[tokio::test]
async fn small_pages_may_repeat_an_entry() {
    let habits = Habits { repeats_entries: true, ..Habits::default() };
    let bench = with(OrgSeed::with_people((0..4).map(|n| format!("u{n}@example.com"))), habits).await;
    let (sizes, people) = bench.pages("/people?max=2", "items").await;
    assert_eq!(sizes, [2, 2, 2, 2]);
    assert!(people.chunks(2).zip(people.chunks(2).skip(1)).all(|(one, next)| one[1]["id"] == next[0]["id"]));
    let ids: std::collections::BTreeSet<&str> =
        people.iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 5);
    assert_eq!(bench.pages("/people?max=1", "items").await.0, [1; 5], "one entry repeated would be no end");
}

#[tokio::test]
async fn ids_may_differ_by_kind() {
    let org = madrid().workspace(WorkspaceSeed::new("Door").calling("Madrid", "1009"));
    let id_forms = vec![IdForm::of_cluster("PLACE"), IdForm::padded("PEOPLE")];
    let bench = with(org, Habits { id_forms, ..Habits::default() }).await;
    let place = bench.read("/workspaces").await["items"][0]["id"].as_str().unwrap().to_owned();
    assert!(place.starts_with("Y2lzY29zcGFyazovL3VybjpURUFNOnVzLXdlc3QtMl9y"), "{place}");
    let listed = bench.read("/telephony/config/numbers?ownerType=PLACE").await;
    assert_eq!(listed["phoneNumbers"][0]["owner"]["id"], json!(place));
    let of_owner = format!("/telephony/config/numbers?ownerId={}", place.replace('=', "%3D"));
    assert_eq!(
        bench.read(&of_owner).await["phoneNumbers"].as_array().unwrap().len(),
        1,
        "taken back as shown"
    );
    let found = bench.read(&format!("/people?email={ANA}")).await["items"][0].clone();
    let person = found["id"].as_str().unwrap();
    assert_eq!((person.len() % 4, person.trim_end_matches('=')), (0, bench.person(ANA).as_str()));
    assert_eq!(bench.read(&format!("/people/{person}")).await["id"], json!(person));
    assert_eq!(found["orgId"].as_str().unwrap().trim_end_matches('='), found["orgId"], "other kinds stay");
}

#[tokio::test]
async fn all_of_it_can_be_had_at_once() {
    let bench = with(madrid().units(PROFESSIONAL, 0), Habits::real()).await;
    let line = json!({"locationId": bench.location("Madrid"), "extension": "1001"});
    assert_eq!(bench.assign(ANA, line).await.status(), 200);
    let path = format!("/people/{}/features/numbers", bench.person(ANA));
    bench.sim.set_habits(|habits| habits.back_end_lag = HOUR);
    assert_eq!(bench.get(&path).await.status(), 404);
}
