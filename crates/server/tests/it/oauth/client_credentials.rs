//! `POST /oauth/token` for the client itself.

use cloakroom_model::event::Actor;
use cloakroom_model::id::ClientId;
use cloakroom_model::registration::AuthenticationMethod;
use cloakroom_testkit::server::Server;
use serde_json::json;

use super::relying_party::{RelyingParty, claims};

const ASK: (&str, &str) = ("grant_type", "client_credentials");

#[tokio::test]
async fn a_client_gets_a_token_for_itself() {
    let server = Server::start().await;
    let app = RelyingParty::new(&server).await;
    let answer = app.post("/oauth/token", &[ASK, ("scope", "read")]).await.is(200).json();
    assert_eq!((&answer["refresh_token"], &answer["id_token"]), (&json!(null), &json!(null)));
    let token = claims(&answer["access_token"]);
    assert_eq!((&token["sub"], &token["scope"]), (&json!("client:app"), &json!("read")));
    assert_eq!((&token["sid"], &token["roles"]), (&json!(null), &json!(null)));
}

#[tokio::test]
async fn it_dies_with_its_client_and_when_it_is_given_back() {
    let server = Server::start().await;
    let app = RelyingParty::new(&server).await;
    let other = RelyingParty::with(&server, |new| new.id = None).await;
    let mut tokens = Vec::new();
    for _ in 0..2 {
        let answer = app.post("/oauth/token", &[ASK]).await.is(200).json();
        tokens.push(answer["access_token"].as_str().unwrap().to_owned());
    }
    let active = async |token: &str| {
        other.post("/oauth/introspect", &[("token", token)]).await.json()["active"] == true
    };
    assert!(active(&tokens[0]).await && active(&tokens[1]).await);
    app.post("/oauth/revoke", &[("token", &tokens[0])]).await.is(200);
    assert!(!active(&tokens[0]).await && active(&tokens[1]).await);
    server.engine.remove_client(&ClientId::parse("app").unwrap(), Actor::Operator).await.unwrap();
    assert!(!active(&tokens[1]).await);
}

#[tokio::test]
async fn what_is_about_a_person_is_not_for_a_client() {
    let server = Server::start().await;
    let app = RelyingParty::new(&server).await;
    for scope in ["openid", "email", "read offline_access", "admin"] {
        let refused = app.post("/oauth/token", &[ASK, ("scope", scope)]).await;
        assert_eq!(refused.is(400).json()["error"], "invalid_scope", "{scope}");
    }
    let all = app.post("/oauth/token", &[ASK]).await.is(200).json();
    assert_eq!(all["scope"], "read write");
}

#[tokio::test]
async fn who_proves_nothing_gets_nothing() {
    let server = Server::start().await;
    let app = RelyingParty::with(&server, |new| {
        new.confidential = false;
        new.registration.method = AuthenticationMethod::None;
    })
    .await;
    let refused = app.post("/oauth/token", &[ASK]).await;
    assert_eq!(refused.is(400).json()["error"], "unauthorized_client");
}
