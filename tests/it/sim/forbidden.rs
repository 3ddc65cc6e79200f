//! What no client may write.

use super::*;

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
