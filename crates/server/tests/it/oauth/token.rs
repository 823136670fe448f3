//! `POST /oauth/token` with a refresh token.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cloakroom_engine::clients::NewClient;
use cloakroom_model::client::Template;
use cloakroom_model::event::Actor;
use cloakroom_model::id::ClientId;
use cloakroom_testkit::browser::{Answer, request};
use cloakroom_testkit::engine::PASSWORD;
use cloakroom_testkit::server::Server;
use http::{HeaderValue, Method};
use serde_json::json;

#[tokio::test]
async fn a_refresh_token_earns_the_next_pair() {
    let server = Server::start().await;
    let first = sign_up(&server).await;
    let answer = refresh(&server, &first).await;
    let body = answer.is(200).json();
    assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("Bearer"), &json!(600)));
    assert_eq!(answer.header("cache-control"), "no-store");
    let mut app = server.browser();
    app.token = body["access_token"].as_str().map(str::to_owned);
    app.get("/api/v1/session").await.is(200);
    refresh(&server, body["refresh_token"].as_str().unwrap()).await.is(200);
}

#[tokio::test]
async fn inside_the_window_a_rotated_token_earns_the_newest_once_more() {
    let server = Server::start().await;
    let first = sign_up(&server).await;
    let one = refresh(&server, &first).await.json()["refresh_token"].clone();
    let again = refresh(&server, &first).await.is(200).json()["refresh_token"].clone();
    assert_eq!(one, again);
}

#[tokio::test]
async fn after_the_window_a_rotated_token_ends_the_grant() {
    let server = Server::start().await;
    let first = sign_up(&server).await;
    let body = refresh(&server, &first).await.is(200).json();
    server.clock.go(Duration::from_secs(31));
    let stolen = refresh(&server, &first).await;
    assert_eq!(stolen.is(400).json()["error"], "invalid_grant");
    let newest = body["refresh_token"].as_str().unwrap();
    assert_eq!(refresh(&server, newest).await.is(400).json()["error"], "invalid_grant");
    let mut app = server.browser();
    app.token = body["access_token"].as_str().map(str::to_owned);
    app.get("/api/v1/session").await.is(401);
}

#[tokio::test]
async fn scope_may_narrow_and_never_widen() {
    let server = Server::start().await;
    let first = sign_up(&server).await;
    let with = |scope: &str| {
        format!("grant_type=refresh_token&client_id=cloakroom&refresh_token={first}&scope={scope}")
    };
    let wider = server.browser().form("/oauth/token", &with("session:cookie+everything")).await;
    assert_eq!(wider.is(400).json()["error"], "invalid_scope");
    let same = server.browser().form("/oauth/token", &with("session:cookie")).await;
    assert_eq!(same.is(200).json()["scope"], "session:cookie");
}

#[tokio::test]
async fn a_confidential_client_proves_itself_in_one_way() {
    let server = Server::start().await;
    let secret = add_client(&server).await;
    let token = sign_in_at_shop(&server).await;
    let ask = async |authorization: Option<String>, more: &str| {
        let body = format!("grant_type=refresh_token&refresh_token={token}{more}");
        let mut request = request(Method::POST, "/oauth/token", body.into());
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        request.headers_mut().insert("content-type", form);
        if let Some(value) = authorization {
            request.headers_mut().insert("authorization", value.parse().unwrap());
        }
        server.browser().send(request).await
    };
    let basic = |secret: &str| Some(format!("Basic {}", STANDARD.encode(format!("shop:{secret}"))));

    ask(basic(&secret), "").await.is(200);
    ask(None, &format!("&client_id=shop&client_secret={secret}")).await.is(200);
    let both = ask(basic(&secret), &format!("&client_secret={secret}")).await;
    assert_eq!(both.is(400).json()["error"], "invalid_request");
    for (authorization, more) in [
        (None, "&client_id=shop"),
        (None, "&client_id=shop&client_secret=x"),
        (None, "&client_id=nobody"),
        (None, ""),
        (basic("x"), ""),
        (Some("Bearer x".to_owned()), ""),
    ] {
        let answer = ask(authorization, more).await;
        assert_eq!(answer.is(401).json()["error"], "invalid_client", "{more}");
        assert!(answer.header("www-authenticate").starts_with("Basic"));
    }
    let other = ask(None, "&client_id=cloakroom").await;
    assert_eq!(other.is(400).json()["error"], "invalid_grant", "a token of another client");
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_in_the_words_of_oauth() {
    let server = Server::start().await;
    let first = sign_up(&server).await;
    for (body, error) in [
        ("client_id=cloakroom".to_owned(), "invalid_request"),
        ("client_id=cloakroom&grant_type=password".to_owned(), "unsupported_grant_type"),
        ("client_id=cloakroom&grant_type=refresh_token".to_owned(), "invalid_request"),
        (
            "client_id=cloakroom&grant_type=refresh_token&refresh_token=x".to_owned(),
            "invalid_grant",
        ),
        (
            format!(
                "client_id=cloakroom&grant_type=refresh_token&refresh_token={first}&refresh_token={first}"
            ),
            "invalid_request",
        ),
        ("client_id=cloakroom&grant_type=%ff".to_owned(), "invalid_request"),
    ] {
        let answer = server.browser().form("/oauth/token", &body).await;
        assert_eq!(answer.is(400).json()["error"], error, "{body}");
    }
    refresh(&server, &first).await.is(200);
}

#[tokio::test]
async fn a_chain_that_turns_too_fast_waits() {
    let server = Server::start().await;
    let mut token = sign_up(&server).await;
    let mut answer = refresh(&server, &token).await;
    while answer.status == 200 {
        token = answer.json()["refresh_token"].as_str().unwrap().to_owned();
        answer = refresh(&server, &token).await;
    }
    assert_eq!(answer.is(429).json()["error"], "slow_down");
    assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1);
    server.clock.go(Duration::from_secs(31));
    refresh(&server, &token).await.is(200);
}

async fn sign_up(server: &Server) -> String {
    let wish = json!({"email": "ada@example.com", "password": PASSWORD, "carry": "token"});
    let answer = server.browser().post("/api/v1/sign-up", &wish).await;
    answer.is(201).json()["refresh_token"].as_str().unwrap().to_owned()
}

async fn refresh(server: &Server, token: &str) -> Answer {
    let body = format!("grant_type=refresh_token&client_id=cloakroom&refresh_token={token}");
    server.browser().form("/oauth/token", &body).await
}

async fn add_client(server: &Server) -> String {
    let new = NewClient {
        id: Some(ClientId::parse("shop").unwrap()),
        name: "Shop".to_owned(),
        template: Template::Mobile,
        first_party: true,
        origins: Vec::new(),
        audiences: Vec::new(),
        scopes: Vec::new(),
        algorithm: None,
        token_places: Vec::new(),
        confidential: true,
        registration: cloakroom_model::registration::Registration::default(),
    };
    server.engine.add_client(new, Actor::Operator).await.unwrap().secret.unwrap().to_string()
}

async fn sign_in_at_shop(server: &Server) -> String {
    server.add_user("ada", &[]).await;
    let wish = json!({
        "identifier": "ada@example.com", "password": PASSWORD, "carry": "token", "client_id": "shop",
    });
    let answer = server.browser().post("/api/v1/sign-in", &wish).await;
    answer.is(200).json()["refresh_token"].as_str().unwrap().to_owned()
}
