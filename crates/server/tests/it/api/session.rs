//! `GET` and `POST /api/v1/session`.

use std::time::Duration;

use axum::body::Body;
use cloakroom_engine::clients::NewClient;
use cloakroom_model::client::{Template, TokenPlace};
use cloakroom_model::event::Actor;
use cloakroom_model::id::ClientId;
use cloakroom_testkit::browser::{Browser, request};
use cloakroom_testkit::engine::PASSWORD;
use cloakroom_testkit::server::Server;
use http::Method;
use serde_json::json;

#[tokio::test]
async fn a_cookie_and_a_token_are_the_same_to_whoever_asks() {
    let server = Server::start().await;
    let mut by_cookie = server.browser();
    by_cookie.sign_up("ada").await;
    let mut by_token = server.browser();
    by_token.sign_in("ada", "token").await;
    by_token.jar.clear();

    let one = by_cookie.get("/api/v1/session").await.is(200).json();
    let other = by_token.get("/api/v1/session").await.is(200).json();
    assert_eq!(one["user"], other["user"]);
    assert_eq!(one["user"]["email"], "ada@example.com");
    assert_eq!(one["session"]["carrier"], "cookie");
    assert_eq!(other["session"]["carrier"], "token");
    assert_ne!(one["session"]["sid"], other["session"]["sid"]);
    assert_eq!(one["session"]["created_at"], "2026-01-01T00:00:00.000Z");
    assert_eq!(one["session"]["idle_expires_at"], "2026-01-02T00:00:00.000Z");
    assert_eq!(one["session"]["amr"], json!(["pwd"]));
}

#[tokio::test]
async fn nobody_is_told_how_to_be_somebody() {
    let server = Server::start().await;
    let answer = server.browser().get("/api/v1/session").await;
    assert_eq!(
        (answer.is(401).code(), answer.header("www-authenticate")),
        ("not_signed_in".to_owned(), "Bearer realm=\"http://localhost:7117\"",)
    );
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test]
async fn a_session_that_is_not_used_ends() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.sign_up("ada").await;
    browser.get("/api/v1/session").await.is(200);
    server.clock.go(Duration::from_hours(25));
    let answer = browser.get("/api/v1/session").await;
    assert_eq!(answer.is(401).code(), "session_expired");
    assert!(browser.jar.contains_key("cloakroom"), "only signing out takes a cookie back");
}

#[tokio::test]
async fn a_token_that_is_none_is_said_to_be_none() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.sign_up("ada").await;
    browser.sign_in("ada", "token").await;
    browser.get("/api/v1/session").await.is(200);

    let token = browser.token.take().unwrap();
    for bad in [token[1..].to_owned(), token.replacen('.', "..", 1), "x".to_owned()] {
        browser.token = Some(bad);
        let answer = browser.get("/api/v1/session").await;
        assert_eq!(
            answer.is(401).code(),
            "invalid_token",
            "a token counts, and the cookie beside it does not"
        );
        assert!(answer.header("www-authenticate").contains("error=\"invalid_token\""));
    }
    browser.token = Some("two words".to_owned());
    let answer = browser.get("/api/v1/session").await;
    assert_eq!(answer.is(400).code(), "invalid_request");
    assert!(answer.header("www-authenticate").contains("error=\"invalid_request\""));

    server.clock.go(Duration::from_mins(11));
    browser.token = Some(token);
    assert_eq!(browser.get("/api/v1/session").await.is(401).code(), "invalid_token");
}

#[tokio::test]
async fn a_token_dies_with_its_session() {
    let server = Server::start().await;
    let mut app = server.browser();
    app.sign_up("ada").await;
    let sid = app.sign_in("ada", "token").await.json()["session"]["sid"].clone();
    app.get("/api/v1/session").await.is(200);

    let mut elsewhere = server.browser();
    elsewhere.sign_in("ada", "cookie").await;
    elsewhere.delete(&format!("/api/v1/sessions/{}", sid.as_str().unwrap())).await.is(204);
    assert_eq!(app.get("/api/v1/session").await.is(401).code(), "token_revoked");
}

#[tokio::test]
async fn only_a_client_that_asked_for_it_may_put_its_token_elsewhere() {
    let server = Server::start().await;
    server.add_user("ada", &[]).await;
    let legacy = token_of(&server, "legacy", vec![TokenPlace::Body, TokenPlace::Query]).await;
    let strict = token_of(&server, "strict", Vec::new()).await;

    let mut browser = server.browser();
    let query = |token: &str| format!("/api/v1/session?access_token={token}");
    let form = |token: &str| format!("access_token={token}");
    browser.get(&query(&legacy)).await.is(200);
    browser.form("/api/v1/session", &form(&legacy)).await.is(200);
    for answer in
        [browser.get(&query(&strict)).await, browser.form("/api/v1/session", &form(&strict)).await]
    {
        assert_eq!(answer.is(400).code(), "invalid_request");
        assert!(answer.header("www-authenticate").contains("error=\"invalid_request\""));
    }

    browser.token = Some(legacy.clone());
    browser.get("/api/v1/session").await.is(200);
    browser.get(&query(&legacy)).await.is(400);
    browser.form("/api/v1/session", &form(&legacy)).await.is(400);
}

#[tokio::test]
async fn a_replaced_cookie_is_told_to_try_again() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.sign_up("ada").await;
    let mut behind = browser.clone();
    browser.sign_in("ada", "cookie").await;
    browser.get("/api/v1/session").await.is(200);
    assert_eq!(behind.get("/api/v1/session").await.is(401).code(), "session_replaced");
    server.clock.go(Duration::from_secs(61));
    assert_eq!(behind.get("/api/v1/session").await.is(401).code(), "session_unknown");
}

#[tokio::test]
async fn two_authorization_headers_are_one_too_many() {
    let server = Server::start().await;
    let mut browser = server.browser();
    let mut twice = request(Method::GET, "/api/v1/session", Body::empty());
    twice.headers_mut().append("authorization", "Bearer a".parse().unwrap());
    twice.headers_mut().append("authorization", "Bearer a".parse().unwrap());
    assert_eq!(browser.send(twice).await.is(400).code(), "invalid_request");
}

/// A token of ada's by a client with these places.
async fn token_of(server: &Server, name: &str, token_places: Vec<TokenPlace>) -> String {
    let new = NewClient {
        id: Some(ClientId::parse(name).unwrap()),
        name: name.to_owned(),
        template: Template::Legacy,
        first_party: true,
        origins: Vec::new(),
        audiences: Vec::new(),
        scopes: Vec::new(),
        algorithm: None,
        token_places,
        confidential: false,
        registration: cloakroom_model::registration::Registration::default(),
    };
    server.engine.add_client(new, Actor::Operator).await.unwrap();
    let mut browser: Browser = server.browser();
    let wish = json!({
        "identifier": "ada@example.com", "password": PASSWORD, "carry": "token", "client_id": name,
    });
    let answer = browser.post("/api/v1/sign-in", &wish).await;
    answer.is(200).json()["access_token"].as_str().unwrap().to_owned()
}
