//! PSTN connections.

use super::*;

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
