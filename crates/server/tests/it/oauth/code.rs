//! `POST /oauth/token` with a code.

use std::time::Duration;

use cloakroom_model::event::Actor;
use cloakroom_model::user::Role;
use cloakroom_testkit::server::Server;
use serde_json::json;

use super::relying_party::{RelyingParty, ada, claims};

#[tokio::test]
async fn a_code_earns_tokens_that_end_with_the_session() {
    let server = Server::start().await;
    let app = RelyingParty::new(&server).await;
    let mut browser = ada(&server).await;
    let tokens = app.tokens(&mut browser, &[("scope", "openid email")]).await;
    assert_eq!(tokens["scope"], "email openid");
    let access = tokens["access_token"].as_str().unwrap();
    let info = [("token", access)];
    assert_eq!(app.post("/oauth/introspect", &info).await.json()["active"], true);

    browser.delete("/api/v1/sessions?all=true").await.is(200);

    assert_eq!(app.post("/oauth/introspect", &info).await.json(), json!({"active": false}));
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let again = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    let refused = app.post("/oauth/token", &again).await;
    assert_eq!(refused.is(400).json()["error"], "invalid_grant");
}

#[tokio::test]
async fn introspection_tells_the_roles_that_a_user_has_now() {
    for scope in ["openid", "openid offline_access"] {
        let server = Server::start().await;
        let app = RelyingParty::new(&server).await;
        let tokens = app.tokens(&mut ada(&server).await, &[("scope", scope)]).await;
        let token = tokens["access_token"].as_str().unwrap();
        let roles = async || {
            app.post("/oauth/introspect", &[("token", token)]).await.json()["roles"].clone()
        };
        assert_eq!((roles().await, &claims(&json!(token))["roles"]), (json!(null), &json!(null)));
        let ada = server.engine.find_user_by("ada@example.com").await.unwrap().unwrap();
        for now in [json!(["clerk"]), json!(null)] {
            let given = now.as_array().map(|_| Role::parse("clerk").unwrap());
            server
                .engine
                .set_roles(ada.id, given.into_iter().collect(), Actor::Operator)
                .await
                .unwrap();
            assert_eq!(roles().await, now, "{scope}");
        }
    }
}

#[tokio::test]
async fn offline_access_outlives_the_session() {
    let server = Server::start().await;
    let app = RelyingParty::new(&server).await;
    let mut browser = ada(&server).await;
    let tokens = app.tokens(&mut browser, &[("scope", "openid offline_access")]).await;
    assert_eq!(claims(&tokens["access_token"])["sid"], json!(null));
    browser.post("/api/v1/sign-out", &json!({})).await;

    let refresh = tokens["refresh_token"].as_str().unwrap();
    let again = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    let next = app.post("/oauth/token", &again).await.is(200).json();
    assert_eq!(claims(&next["id_token"])["sub"], claims(&tokens["id_token"])["sub"]);
    let token = next["access_token"].as_str().unwrap();
    assert_eq!(app.post("/oauth/introspect", &[("token", token)]).await.json()["active"], true);
}

#[tokio::test]
async fn a_second_use_of_a_code_ends_what_the_first_got() {
    let server = Server::start().await;
    let app = RelyingParty::new(&server).await;
    let mut browser = ada(&server).await;
    let code = app.code(&mut browser, &[]).await;
    let tokens = app.redeem(&code).await.is(200).json();
    server.clock.go(Duration::from_secs(30));

    assert_eq!(app.redeem(&code).await.is(400).json()["error"], "invalid_grant");

    let token = tokens["access_token"].as_str().unwrap();
    let answer = app.post("/oauth/introspect", &[("token", token)]).await;
    assert_eq!(answer.json(), json!({"active": false}));
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let again = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    app.post("/oauth/token", &again).await.is(400);
}

#[tokio::test]
async fn a_code_alone_is_worth_nothing_and_is_not_spoilt_by_trying() {
    let server = Server::start().await;
    let app = RelyingParty::new(&server).await;
    let other = RelyingParty::with(&server, |new| new.id = None).await;
    let mut browser = ada(&server).await;
    let code = app.code(&mut browser, &[]).await;
    let wrong = "a".repeat(43);
    for with in [
        ("code_verifier", wrong.as_str()),
        ("code_verifier", ""),
        ("redirect_uri", "https://app.example/other"),
        ("redirect_uri", ""),
    ] {
        let refused = app.redeem_with(&code, &[with]).await;
        assert_eq!(refused.is(400).json()["error"], "invalid_grant", "{with:?}");
    }
    assert_eq!(other.redeem(&code).await.is(400).json()["error"], "invalid_grant");
    let mut impostor = app.clone();
    impostor.secret = Some("wrong".to_owned());
    assert_eq!(impostor.redeem(&code).await.is(401).json()["error"], "invalid_client");
    app.redeem(&code).await.is(200);
}

#[tokio::test]
async fn a_code_lives_a_minute() {
    let server = Server::start().await;
    let app = RelyingParty::new(&server).await;
    let mut browser = ada(&server).await;
    let young = app.code(&mut browser, &[]).await;
    server.clock.go(Duration::from_secs(59));
    app.redeem(&young).await.is(200);
    let old = app.code(&mut browser, &[]).await;
    server.clock.go(Duration::from_mins(1));
    assert_eq!(app.redeem(&old).await.is(400).json()["error"], "invalid_grant");
}

#[tokio::test]
async fn a_verifier_without_a_challenge_shows_that_the_challenge_was_taken_away() {
    let server = Server::start().await;
    let app = RelyingParty::with(&server, |new| {
        new.registration.requests.danger_without_pkce = true;
    })
    .await;
    let mut browser = ada(&server).await;
    let without = [("code_challenge", ""), ("code_challenge_method", "")];
    let code = app.code(&mut browser, &without).await;
    assert_eq!(app.redeem(&code).await.is(400).json()["error"], "invalid_grant");
    app.redeem_with(&code, &[("code_verifier", "")]).await.is(200);
}

#[tokio::test]
async fn the_token_is_for_the_service_that_was_asked_for() {
    let server = Server::start().await;
    let app = RelyingParty::new(&server).await;
    let mut browser = ada(&server).await;
    let resource = ("resource", "https://api.example");
    let code = app.code(&mut browser, &[resource]).await;
    let refused = app.redeem_with(&code, &[("resource", "http://localhost:7117")]).await;
    assert_eq!(refused.is(400).json()["error"], "invalid_target");
    let tokens = app.redeem_with(&code, &[resource]).await.is(200).json();
    assert_eq!(claims(&tokens["access_token"])["aud"], "https://api.example");
}

#[tokio::test]
async fn of_many_who_redeem_one_code_one_gets_tokens() {
    let server = Server::start().await;
    let app = RelyingParty::new(&server).await;
    let mut browser = ada(&server).await;
    let code = app.code(&mut browser, &[]).await;
    let all = (0..8).map(|_| {
        let (app, code) = (app.clone(), code.clone());
        tokio::spawn(async move { app.redeem(&code).await.status.as_u16() })
    });
    let mut granted = 0;
    for one in all.collect::<Vec<_>>() {
        granted += usize::from(one.await.unwrap() == 200);
    }
    assert_eq!(granted, 1);
}
