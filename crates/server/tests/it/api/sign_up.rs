//! `POST /api/v1/sign-up`.

use cloakroom_testkit::engine::PASSWORD;
use cloakroom_testkit::server::Server;
use serde_json::json;

#[tokio::test]
async fn an_account_and_its_session_begin_together() {
    let server = Server::start().await;
    let mut browser = server.browser();
    let wish = json!({
        "email": "ada@example.com", "username": "ada", "password": PASSWORD, "carry": "cookie",
    });
    let answer = browser.post("/api/v1/sign-up", &wish).await;
    let body = answer.is(201).json();
    assert_eq!(body["user"]["username"], "ada");
    assert_eq!(body["session"]["carrier"], "cookie");
    assert!(body.get("access_token").is_none(), "{body}");
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("cloakroom=s"), "{cookie}");
    assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{cookie}");
    browser.get("/api/v1/session").await.is(200);
}

#[tokio::test]
async fn a_program_gets_tokens_and_no_cookie() {
    let server = Server::start().await;
    let mut app = server.browser();
    let wish = json!({"email": "ada@example.com", "password": PASSWORD, "carry": "token"});
    let answer = app.post("/api/v1/sign-up", &wish).await;
    let body = answer.is(201).json();
    assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("Bearer"), &json!(600)));
    assert!(body["refresh_token"].as_str().unwrap().starts_with("ckr_"));
    assert!(app.jar.is_empty(), "{:?}", app.jar);
}

#[tokio::test]
async fn only_who_is_remembered_keeps_the_cookie() {
    let server = Server::start().await;
    let mut browser = server.browser();
    let wish = json!({
        "email": "ada@example.com", "password": PASSWORD, "carry": "cookie", "remember": true,
    });
    let answer = browser.post("/api/v1/sign-up", &wish).await;
    assert!(answer.is(201).header("set-cookie").ends_with("; Max-Age=2592000"), "30 days");
}

#[tokio::test]
async fn every_field_that_does_not_fit_is_named() {
    let server = Server::start().await;
    let mut browser = server.browser();
    let wish = json!({"email": "ada", "username": "a b", "password": "short", "carry": "cookie"});
    let answer = browser.post("/api/v1/sign-up", &wish).await;
    let body = answer.is(400).json();
    let fields: Vec<_> =
        body["errors"].as_array().unwrap().iter().map(|error| &error["field"]).collect();
    assert_eq!(fields, ["email", "username", "password"]);
    assert!(!answer.text().contains("short\""), "{}", answer.text());
}

#[tokio::test]
async fn a_name_is_taken_once() {
    let server = Server::start().await;
    server.browser().sign_up("ada").await;
    let again = json!({"email": "ADA@Example.com", "password": PASSWORD, "carry": "cookie"});
    let answer = server.browser().post("/api/v1/sign-up", &again).await;
    assert_eq!(answer.is(409).code(), "email_taken");
}

#[tokio::test]
async fn a_closed_door_says_so() {
    let server = Server::with(|setup| setup.engine.sign_up_open = false).await;
    let wish = json!({"email": "ada@example.com", "password": PASSWORD, "carry": "cookie"});
    let answer = server.browser().post("/api/v1/sign-up", &wish).await;
    assert_eq!(answer.is(403).code(), "sign_up_closed");
}

#[tokio::test]
async fn a_client_that_nobody_knows_signs_nobody_up() {
    let server = Server::start().await;
    let mut wish = json!({"email": "ada@example.com", "password": PASSWORD, "carry": "cookie"});
    wish["client_id"] = json!("stranger");
    let answer = server.browser().post("/api/v1/sign-up", &wish).await;
    assert_eq!(answer.is(403).code(), "client_refused");
    assert_eq!(answer.json()["errors"][0]["field"], "client_id");
    wish.as_object_mut().unwrap().remove("client_id");
    server.browser().post("/api/v1/sign-up", &wish).await.is(201);
}
