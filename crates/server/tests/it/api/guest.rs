//! `POST /api/v1/guest`.

use cloakroom_testkit::server::Server;
use serde_json::{Value, json};

#[tokio::test]
async fn a_guest_is_a_session_without_a_user() {
    let server = Server::start().await;
    for carry in ["cookie", "token"] {
        let mut guest = server.browser();
        let answer = guest.post("/api/v1/guest", &json!({"carry": carry})).await;
        let body = answer.is(201).json();
        guest.token = body["access_token"].as_str().map(str::to_owned);
        let seen = guest.get("/api/v1/session").await.is(200).json();
        assert_eq!(seen["user"], Value::Null);
        assert_eq!(seen["session"]["sid"], body["session"]["sid"]);
        assert_eq!(seen["session"]["acr"], Value::Null);
        assert_eq!(guest.get("/api/v1/sessions").await.is(403).code(), "user_required");
    }
}

#[tokio::test]
async fn a_browser_with_a_session_keeps_it() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.sign_up("ada").await;
    let answer = browser.post("/api/v1/guest", &json!({"carry": "cookie"})).await;
    assert_eq!(answer.is(409).code(), "conflict");
    assert_ne!(browser.get("/api/v1/session").await.is(200).json()["user"], Value::Null);
}
