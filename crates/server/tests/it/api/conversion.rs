//! `POST /api/v1/session/token` and `POST /api/v1/session/cookie`.

use cloakroom_testkit::engine::ISSUER;
use cloakroom_testkit::server::Server;
use serde_json::json;

#[tokio::test]
async fn a_cookie_earns_a_token_that_dies_with_the_session() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.sign_up("ada").await;
    let answer = browser.post("/api/v1/session/token", &json!({"audience": ISSUER})).await;
    let token = answer.is(200).json()["access_token"].as_str().unwrap().to_owned();
    let mut program = server.browser();
    program.token = Some(token);
    let seen = program.get("/api/v1/session").await.is(200).json();
    assert_eq!(
        seen["session"]["sid"],
        browser.get("/api/v1/session").await.json()["session"]["sid"]
    );

    browser.delete("/api/v1/sessions?all=true").await.is(200);
    program.get("/api/v1/session").await.is(401);
}

#[tokio::test]
async fn rights_never_grow() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.sign_up("ada").await;
    let audience = json!({"audience": ISSUER});
    let earned = browser.post("/api/v1/session/token", &audience).await;
    let elsewhere = json!({"audience": "https://api.example.com"});
    let answer = browser.post("/api/v1/session/token", &elsewhere).await;
    assert_eq!(answer.is(403).code(), "client_refused");
    assert_eq!(answer.json()["errors"][0]["field"], "audience");

    let mut program = server.browser();
    program.token = earned.is(200).json()["access_token"].as_str().map(str::to_owned);
    let again = program.post("/api/v1/session/token", &audience).await;
    assert_eq!(again.is(403).code(), "client_refused", "a token earns no token");
    let cookie = program.post("/api/v1/session/cookie", &json!({})).await;
    assert_eq!(cookie.is(403).code(), "insufficient_scope", "and not the cookie it came from");
    assert!(cookie.header("www-authenticate").contains("scope=\"session:cookie\""));
    let cookie = browser.post("/api/v1/session/cookie", &json!({})).await;
    cookie.is(403);
}

#[tokio::test]
async fn a_token_earns_a_link_to_this_server() {
    let server = Server::start().await;
    server.add_user("ada", &[]).await;
    let mut app = server.browser();
    app.sign_in("ada", "token").await;
    let answer = app.post("/api/v1/session/cookie", &json!({})).await;
    let body = answer.is(200).json();
    assert_eq!(body["expires_in"], 60);
    let link = body["link"].as_str().unwrap();
    let path = link.strip_prefix(ISSUER).unwrap();
    let page = server.browser().get(path).await;
    assert!(page.is(200).text().contains("ada@example.com"));
}

#[tokio::test]
async fn a_guest_has_no_account_to_be_shown() {
    let server = Server::start().await;
    let mut guest = server.browser();
    let answer = guest.post("/api/v1/guest", &json!({"carry": "token"})).await;
    guest.token = answer.json()["access_token"].as_str().map(str::to_owned);
    let answer = guest.post("/api/v1/session/cookie", &json!({})).await;
    assert_eq!(answer.is(403).code(), "user_required");
}
