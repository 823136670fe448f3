//! `/api/v1/admin/users`.

use cloakroom_testkit::engine::{ISSUER, PASSWORD};
use cloakroom_testkit::server::Server;
use http::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn a_user_is_added_found_and_deleted() {
    let server = Server::start().await;
    let mut root = server.administrator().await;
    let new = json!({"email": "ada@example.com", "username": "ada", "password": PASSWORD, "roles": ["editor"]});
    let added = root.post("/api/v1/admin/users", &new).await.is(201).json();
    assert_eq!((&added["roles"], &added["disabled_at"]), (&json!(["editor"]), &Value::Null));
    root.post("/api/v1/admin/users", &new).await.is(409);

    let path = format!("/api/v1/admin/users/{}", added["id"].as_str().unwrap());
    assert_eq!(root.get(&path).await.is(200).json(), added);
    let found = root.get("/api/v1/admin/users?begins_with=AD&limit=1").await.is(200).json();
    assert_eq!(found["users"], json!([added]));
    let all = root.get("/api/v1/admin/users").await.is(200).json();
    assert_eq!(all["users"].as_array().unwrap().len(), 2);

    server.browser().sign_in("ada", "cookie").await;
    root.delete(&path).await.is(204);
    root.get(&path).await.is(404);
    root.delete(&path).await.is(404);
}

#[tokio::test]
async fn a_disabled_user_is_out_at_once() {
    let server = Server::start().await;
    let mut root = server.administrator().await;
    let mut ada = server.browser();
    let id = ada.sign_up("ada").await.json()["user"]["id"].clone();
    let path = |act: &str| format!("/api/v1/admin/users/{}/{act}", id.as_str().unwrap());

    root.post(&path("disable"), &json!({})).await.is(204);
    ada.get("/api/v1/session").await.is(401);
    let wish = json!({"identifier": "ada@example.com", "password": PASSWORD, "carry": "cookie"});
    ada.post("/api/v1/sign-in", &wish).await.is(401);
    root.post(&path("enable"), &json!({})).await.is(204);
    ada.get("/api/v1/session").await.is(401);
    ada.post("/api/v1/sign-in", &wish).await.is(200);
}

#[tokio::test]
async fn an_administrator_cannot_lock_themselves_out() {
    let server = Server::start().await;
    let mut root = server.administrator().await;
    let id = root.get("/api/v1/session").await.json()["user"]["id"].clone();
    let path = format!("/api/v1/admin/users/{}", id.as_str().unwrap());
    root.delete(&path).await.is(409);
    root.post(&format!("{path}/disable"), &json!({})).await.is(409);
    root.json(Method::PUT, &format!("{path}/roles"), &json!({"roles": []})).await.is(409);
    root.get("/api/v1/admin/users").await.is(200);
}

#[tokio::test]
async fn new_roles_count_at_once() {
    let server = Server::start().await;
    let mut root = server.administrator().await;
    let mut ada = server.browser();
    let id = ada.sign_up("ada").await.json()["user"]["id"].clone();
    ada.get("/api/v1/admin/users").await.is(403);
    let path = format!("/api/v1/admin/users/{}/roles", id.as_str().unwrap());
    root.json(Method::PUT, &path, &json!({"roles": ["admin"]})).await.is(204);
    ada.get("/api/v1/admin/users").await.is(200);
    root.json(Method::PUT, &path, &json!({"roles": []})).await.is(204);
    ada.get("/api/v1/admin/users").await.is(403);
}

#[tokio::test]
async fn a_recovery_link_leads_to_a_new_password() {
    let server = Server::start().await;
    let mut root = server.administrator().await;
    let added = root.post("/api/v1/admin/users", &json!({"email": "ada@example.com"})).await;
    let id = added.is(201).json()["id"].clone();
    let path = format!("/api/v1/admin/users/{}/recovery-link", id.as_str().unwrap());
    let made = root.post(&path, &json!({})).await.is(201).json();
    assert_eq!(made["expires_in"], 3600);
    let path = made["link"].as_str().unwrap().strip_prefix(ISSUER).unwrap();
    assert!(server.browser().get(path).await.is(200).text().contains("ada@example.com"));
}

#[tokio::test]
async fn an_operator_sees_and_ends_where_a_user_is_signed_in() {
    let server = Server::start().await;
    let mut root = server.administrator().await;
    let mut ada = server.browser();
    let id = ada.sign_up("ada").await.json()["user"]["id"].clone();
    let path = format!("/api/v1/admin/users/{}/sessions", id.as_str().unwrap());
    let list = root.get(&path).await.is(200).json();
    assert_eq!(list["sessions"].as_array().unwrap().len(), 1);
    assert_eq!(root.delete(&path).await.is(200).json(), json!({"ended": 1}));
    ada.get("/api/v1/session").await.is(401);
}

#[tokio::test]
async fn an_operator_lets_a_locked_out_user_try_again() {
    let server = Server::start().await;
    let mut root = server.administrator().await;
    let user = server.add_user("ada", &[]).await;
    let wrong = json!({"identifier": "ada@example.com", "password": "wrong and wrong again", "carry": "cookie"});
    let mut status = 401;
    while status == 401 {
        status = server.browser().post("/api/v1/sign-in", &wrong).await.status.as_u16();
    }
    assert_eq!(status, 429);
    root.post(&format!("/api/v1/admin/users/{}/unlock", user.id), &json!({})).await.is(204);
    server.clock.go(std::time::Duration::from_mins(1));
    server.browser().sign_in("ada", "cookie").await;
}
