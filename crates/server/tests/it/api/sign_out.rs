//! `POST /api/v1/sign-out`.

use std::time::Duration;

use axum::body::Body;
use cloakroom_testkit::browser::request;
use cloakroom_testkit::server::Server;
use http::Method;

#[tokio::test]
async fn a_cookie_is_worth_nothing_afterwards() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.sign_up("ada").await;
    let mut copy = browser.clone();
    copy.get("/api/v1/session").await.is(200);

    let answer = browser.send(sign_out()).await;
    assert!(answer.is(204).header("set-cookie").contains("Max-Age=0"));
    assert!(!browser.jar.contains_key("cloakroom"));
    assert_eq!(copy.get("/api/v1/session").await.is(401).code(), "session_unknown");
}

#[tokio::test]
async fn a_token_is_worth_nothing_afterwards() {
    let server = Server::start().await;
    server.add_user("ada", &[]).await;
    let mut app = server.browser();
    let refresh = app.sign_in("ada", "token").await.json()["refresh_token"].clone();
    app.send(sign_out()).await.is(204);
    assert_eq!(app.get("/api/v1/session").await.is(401).code(), "token_revoked");
    let refresh = refresh.as_str().unwrap();
    let body = format!("grant_type=refresh_token&client_id=cloakroom&refresh_token={refresh}");
    let answer = server.browser().form("/oauth/token", &body).await;
    assert_eq!(answer.is(400).json()["error"], "invalid_grant");
}

#[tokio::test]
async fn whose_session_is_over_is_signed_out_and_nobody_has_nothing_to_sign_out() {
    let server = Server::start().await;
    let mut browser = server.browser();
    assert_eq!(browser.send(sign_out()).await.is(401).code(), "not_signed_in");
    browser.sign_up("ada").await;
    server.clock.go(Duration::from_hours(24 * 31));
    browser.send(sign_out()).await.is(204);
    assert!(!browser.jar.contains_key("cloakroom"));
}

#[tokio::test]
async fn a_cookie_that_was_just_replaced_signs_out_the_session_that_goes_on() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.sign_up("ada").await;
    let mut behind = browser.clone();
    browser.sign_in("ada", "cookie").await;
    browser.get("/api/v1/session").await.is(200);
    behind.send(sign_out()).await.is(204);
    browser.get("/api/v1/session").await.is(401);
}

fn sign_out() -> http::Request<Body> {
    request(Method::POST, "/api/v1/sign-out", Body::empty())
}
