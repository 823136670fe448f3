//! `/api/v1/password` and `/api/v1/account`.

use cloakroom_testkit::engine::PASSWORD;
use cloakroom_testkit::server::Server;
use http::Method;
use serde_json::{Value, json};

const NEW: &str = "nine hats and a walking stick";

#[tokio::test]
async fn a_new_password_replaces_the_secret_and_ends_the_others() {
    let server = Server::start().await;
    let mut here = server.browser();
    here.sign_up("ada").await;
    let mut there = server.browser();
    there.sign_in("ada", "cookie").await;
    let mut copy = here.clone();

    let change = json!({"current_password": PASSWORD, "new_password": NEW});
    here.post("/api/v1/password", &change).await.is(200);
    here.get("/api/v1/session").await.is(200);
    assert_eq!(copy.get("/api/v1/session").await.is(401).code(), "session_replaced");
    there.get("/api/v1/session").await.is(401);

    let wish = |password: &str| json!({"identifier": "ada@example.com", "password": password, "carry": "cookie"});
    server.browser().post("/api/v1/sign-in", &wish(PASSWORD)).await.is(401);
    server.browser().post("/api/v1/sign-in", &wish(NEW)).await.is(200);
}

#[tokio::test]
async fn the_others_may_stay() {
    let server = Server::start().await;
    let mut here = server.browser();
    here.sign_up("ada").await;
    let mut there = server.browser();
    there.sign_in("ada", "cookie").await;
    let change = json!({"current_password": PASSWORD, "new_password": NEW, "end_others": false});
    here.post("/api/v1/password", &change).await.is(200);
    there.get("/api/v1/session").await.is(200);
}

#[tokio::test]
async fn an_open_browser_is_not_its_owner() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.sign_up("ada").await;
    let wrong = "not the password at all";
    let change = json!({"current_password": wrong, "new_password": NEW});
    let names = json!({"current_password": wrong, "email": "eve@example.com"});
    let delete = json!({"current_password": wrong});
    for (method, path, body) in [
        (Method::POST, "/api/v1/password", change),
        (Method::PUT, "/api/v1/account", names),
        (Method::DELETE, "/api/v1/account", delete),
    ] {
        let answer = browser.json(method, path, &body).await;
        assert_eq!(answer.is(403).code(), "wrong_password", "{path}");
    }
    let user = browser.get("/api/v1/session").await.is(200).json()["user"].clone();
    assert_eq!(user["email"], "ada@example.com");
}

#[tokio::test]
async fn a_new_password_is_held_to_the_rules() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.sign_up("ada").await;
    let change = json!({"current_password": PASSWORD, "new_password": "short"});
    let answer = browser.post("/api/v1/password", &change).await;
    assert_eq!(answer.is(400).json()["errors"][0]["field"], "new_password");
}

#[tokio::test]
async fn names_change_and_stay_unique() {
    let server = Server::start().await;
    server.add_user("eve", &[]).await;
    let mut browser = server.browser();
    browser.sign_up("ada").await;
    let to = |email: &str, username: Value| json!({"current_password": PASSWORD, "email": email, "username": username});
    let path = "/api/v1/account";
    let taken = browser.json(Method::PUT, path, &to("EVE@example.com", Value::Null)).await;
    assert_eq!(taken.is(409).code(), "email_taken");
    let changed = browser.json(Method::PUT, path, &to("countess@example.com", json!("ada"))).await;
    assert_eq!(changed.is(200).json()["user"]["username"], "ada");
    let seen = browser.get("/api/v1/session").await.is(200).json();
    assert_eq!(seen["user"]["email"], "countess@example.com");
}

#[tokio::test]
async fn the_only_administrator_is_told_who_must_come_first() {
    let server = Server::start().await;
    let mut root = server.administrator().await;
    let proof = json!({"current_password": PASSWORD});
    let refused = root.json(Method::DELETE, "/api/v1/account", &proof).await;
    assert_eq!(refused.is(409).code(), "last_administrator");
    root.get("/api/v1/session").await.is(200);

    server.add_user("eve", &["admin"]).await;
    root.json(Method::DELETE, "/api/v1/account", &proof).await.is(204);
}

#[tokio::test]
async fn a_deleted_account_is_gone_everywhere() {
    let server = Server::start().await;
    let mut here = server.browser();
    here.sign_up("ada").await;
    let mut there = server.browser();
    there.sign_in("ada", "token").await;
    let proof = json!({"current_password": PASSWORD});
    here.json(Method::DELETE, "/api/v1/account", &proof).await.is(204);
    assert!(!here.jar.contains_key("cloakroom"));
    there.get("/api/v1/session").await.is(401);
    let wish = json!({"identifier": "ada@example.com", "password": PASSWORD, "carry": "cookie"});
    server.browser().post("/api/v1/sign-in", &wish).await.is(401);
}
