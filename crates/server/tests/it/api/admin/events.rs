//! `/api/v1/admin/events`.

use cloakroom_testkit::engine::PASSWORD;
use cloakroom_testkit::server::Server;
use serde_json::json;

#[tokio::test]
async fn what_happened_is_listed_without_secrets() {
    let server = Server::start().await;
    let mut root = server.administrator().await;
    let mut ada = server.browser();
    let id = ada.sign_up("ada").await.json()["user"]["id"].clone();
    let wrong = json!({"identifier": "ada@example.com", "password": "wrong and wrong again", "carry": "cookie"});
    ada.post("/api/v1/sign-in", &wrong).await.is(401);

    let path = format!("/api/v1/admin/events?user={}", id.as_str().unwrap());
    let answer = root.get(&path).await;
    let events = answer.is(200).json()["events"].clone();
    let kinds: Vec<_> = events.as_array().unwrap().iter().map(|event| &event["kind"]).collect();
    assert_eq!(kinds, ["sign_in_failed", "signed_up"]);
    assert_eq!(events[0]["address"], "127.0.0.1");
    for secret in [PASSWORD, "wrong and", &ada.jar["cloakroom"]] {
        assert!(!answer.text().contains(secret));
    }
    let seq = &events[0]["seq"];
    let earlier = root.get(&format!("{path}&before={seq}&limit=1")).await.is(200).json();
    assert_eq!(earlier["events"][0], events[1]);
}
