//! `/api/v1/admin/keys`.

use cloakroom_testkit::server::Server;
use serde_json::json;

#[tokio::test]
async fn a_key_is_rotated_and_its_tokens_stay_good() {
    let server = Server::start().await;
    let mut root = server.administrator().await;
    let mut app = server.browser();
    app.sign_up("ada").await;
    app.sign_in("ada", "token").await;

    let before = root.get("/api/v1/admin/keys").await.is(200).json();
    let current = &before["keys"][0];
    let algorithm = json!({"algorithm": current["algorithm"]});
    let now = root.post("/api/v1/admin/keys/rotate", &algorithm).await.is(200).json();
    assert_eq!(now["stage"], "current");
    assert_ne!(now["kid"], current["kid"]);
    app.get("/api/v1/session").await.is(200);
}

#[tokio::test]
async fn a_compromised_key_is_trusted_by_nobody() {
    let server = Server::start().await;
    let mut root = server.administrator().await;
    let mut app = server.browser();
    app.sign_up("ada").await;
    app.sign_in("ada", "token").await;
    let kid = root.get("/api/v1/admin/keys").await.json()["keys"][0]["kid"].clone();
    let path = format!("/api/v1/admin/keys/{}/compromise", kid.as_str().unwrap());
    root.post(&path, &json!({})).await.is(204);
    app.get("/api/v1/session").await.is(401);
    app.sign_in("ada", "token").await;
    app.get("/api/v1/session").await.is(200);
    root.post("/api/v1/admin/keys/none/compromise", &json!({})).await.is(404);
}
