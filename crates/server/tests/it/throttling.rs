//! Limits that are used up: whatever anybody may send answers 429 then, and says when to come back.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use cloakroom_engine::throttle::What;
use cloakroom_server::operation::Security;
use cloakroom_server::routes;
use cloakroom_testkit::browser::Answer;
use cloakroom_testkit::server::Server;
use http::StatusCode;
use http::header::RETRY_AFTER;
use serde_json::json;

use crate::oauth::relying_party::RelyingParty;

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// What is sent, and the limit that stands before it.
const ALL: &[(What, &str, &str)] = &[
    (What::SignUp, "/api/v1/sign-up", ""),
    (What::SignIn, "/api/v1/sign-in", ""),
    (What::Guest, "/api/v1/guest", ""),
    (What::Client, "/oauth/token", "grant_type=client_credentials"),
    (What::Client, "/oauth/token", "grant_type=refresh_token&refresh_token=x"),
    (What::Client, "/oauth/par", "redirect_uri=https://app.example/callback"),
    (What::Client, "/oauth/device", "scope=openid"),
    (What::Client, "/oauth/introspect", "token=x"),
    (What::Client, "/oauth/revoke", "token=x"),
    (What::Code, "/oauth/token", "grant_type=authorization_code&code=x&redirect_uri=x"),
    (What::Push, "/oauth/par", "redirect_uri=https://app.example/callback"),
    (What::Introspect, "/oauth/introspect", "token=x"),
    (What::Authorize, "/oauth/authorize", "client_id=app"),
    (What::Logout, "/oauth/logout", "id_token_hint=x"),
];

#[tokio::test]
async fn whoever_used_a_limit_up_is_told_when_to_come_back() {
    let server = Server::start().await;
    let app = RelyingParty::new(&server).await;
    for (_, path, fields) in ALL {
        let answer = send(&app, path, fields).await;
        assert_ne!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{path} {}", answer.text());
    }
    // Well made, and of no grant.
    let refresh_token = format!("grant_type=refresh_token&refresh_token=ckr_{}", "A".repeat(75));
    let refresh = (What::Refresh, "/oauth/token", refresh_token.as_str());
    assert_eq!(send(&app, refresh.1, refresh.2).await.status, 400);
    for (what, path, fields) in ALL.iter().chain([&refresh]) {
        let server = Server::start().await;
        let app = RelyingParty::new(&server).await;
        let now = server.engine.now();
        while server.engine.limits().check(*what, &HERE, now).await.is_ok() {}
        let answer = send(&app, path, fields).await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{path} {}", answer.text());
        let wait = answer.header(RETRY_AFTER.as_str()).parse::<u64>();
        assert!(wait.is_ok_and(|wait| wait > 0), "{path} says when to come back");
    }
}

#[tokio::test]
async fn every_operation_that_anybody_may_send_to_has_a_limit() {
    let tried: BTreeSet<_> = ALL.iter().map(|(_, path, _)| *path).collect();
    let mut found = 0;
    for operation in routes::operations() {
        let anybody = matches!(operation.security, Security::Open | Security::Client);
        if anybody && operation.method == "post" {
            assert!(tried.contains(operation.path), "{} has no limit here", operation.path);
            assert!(operation.refusals.contains(&429), "{} does not tell of it", operation.path);
            found += 1;
        }
    }
    assert!(found >= 8, "{found}");
}

/// A form by a client, or JSON by anybody.
async fn send(app: &RelyingParty, path: &str, fields: &str) -> Answer {
    let mut browser = app.server.browser();
    if path.starts_with("/api/") {
        let mut body = json!({ "carry": "cookie" });
        if path != "/api/v1/guest" {
            body["password"] = json!("a password of many words");
            let who = if path == "/api/v1/sign-in" { "identifier" } else { "email" };
            body[who] = json!("ada@example.com");
        }
        return browser.post(path, &body).await;
    }
    if matches!(path, "/oauth/authorize" | "/oauth/logout") {
        return browser.get(&format!("{path}?{fields}")).await;
    }
    let fields: Vec<_> = url::form_urlencoded::parse(fields.as_bytes()).collect();
    let fields: Vec<_> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
    app.post(path, &fields).await
}
