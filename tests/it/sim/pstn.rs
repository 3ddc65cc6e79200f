//! PSTN connections.

use super::*;

#[tokio::test]
async fn a_pstn_connection_opens_the_inventory() {
    let bench = Bench::of(OrgSeed::default().location(LocationSeed::calling("Soria"))).await;
    let path = format!("/telephony/pstn/locations/{}/connection", bench.location("Soria"));
    let unset = bench.get(&path).await;
    assert_eq!(unset.status(), 404);
    let body: Value = unset.json().await.unwrap();
    let message = body["errorMessage"].as_str().unwrap();
    let end = " not found or PSTN for the location is not configured";
    let key = message.strip_prefix("Location ").unwrap().strip_suffix(end).unwrap();
    assert_eq!(bench.read(&format!("/locations/{key}")).await["name"], "Soria");
    let trunk = bench.read("/telephony/config/routeChoices").await["routeIdentities"][0]["id"].clone();
    let body = json!({"premiseRouteType": "TRUNK", "premiseRouteId": trunk});
    assert_eq!(bench.send(Method::PUT, &path, body).await.status(), 204);
    assert_eq!(bench.read(&path).await["pstnConnectionType"], "LOCAL_GATEWAY");
    let numbers = format!("/telephony/config/locations/{}/numbers", bench.location("Soria"));
    let added = bench.send(Method::POST, &numbers, json!({"phoneNumbers": ["+34975000001"]})).await;
    assert_eq!(added.status(), 201);
}

#[tokio::test]
async fn only_some_connections_can_be_set_up() {
    let bench = Bench::of(OrgSeed::default().location(LocationSeed::calling("Soria"))).await;
    let location = format!("/telephony/pstn/locations/{}", bench.location("Soria"));
    let options = bench.read(&format!("{location}/connectionOptions")).await["items"].clone();
    let option = |name: &str| {
        let found = options.as_array().unwrap().iter().find(|item| item["displayName"] == name);
        found.unwrap()["id"].clone()
    };
    let path = format!("{location}/connection");
    let put = |body: Value| bench.send(Method::PUT, &path, body);
    assert_eq!(put(json!({"id": option("Cisco Calling Plans")})).await.status(), 400);
    assert_eq!(put(json!({"id": option("Premises-based PSTN")})).await.status(), 400, "without a route");
    assert_eq!(put(json!({"premiseRouteType": "TRUNK", "premiseRouteId": "x"})).await.status(), 400);
    let routes = bench.read("/telephony/config/routeChoices").await["routeIdentities"].clone();
    let trunk = routes.as_array().unwrap().iter().find(|route| route["type"] == "TRUNK").unwrap();
    let wrong = json!({"premiseRouteType": "ROUTE_GROUP", "premiseRouteId": trunk["id"]});
    assert_eq!(put(wrong).await.status(), 400, "a trunk is no route group");
    assert_eq!(bench.get(&path).await.status(), 404);
    assert_eq!(put(json!({"id": option("Sample Cloud PSTN")})).await.status(), 204);
    assert_eq!(bench.read(&path).await["pstnConnectionType"], "NON_INTEGRATED_CCP");
}
