//! Profiles: what `fapi2` refuses that the default takes, what `oidc-certification` takes that the default refuses, and
//! what becomes of clients that were registered before.

use std::sync::Arc;

use axum::body::Body;
use cloakroom_engine::settings::Profile;
use cloakroom_model::client::Template;
use cloakroom_model::event::Actor;
use cloakroom_model::id::ClientId;
use cloakroom_model::registration::{AuthenticationMethod, ClientKeys};
use cloakroom_store::memory::Memory;
use cloakroom_testkit::browser::{Browser, request};
use cloakroom_testkit::clock::HandClock;
use cloakroom_testkit::engine::{ISSUER, PASSWORD};
use cloakroom_testkit::server::Server;
use http::Method;
use serde_json::{Value, json};

use super::keys::{key, public};
use super::relying_party::{RelyingParty, ada, registration};

#[tokio::test]
async fn a_client_that_the_profile_has_no_room_for_is_not_registered() {
    for (member, method, change) in [
        ("token_endpoint_auth_method", AuthenticationMethod::ClientSecretBasic, ""),
        ("token_endpoint_auth_method", AuthenticationMethod::None, ""),
        ("id_token_signed_response_alg", AuthenticationMethod::PrivateKeyJwt, "RS256"),
        ("", AuthenticationMethod::PrivateKeyJwt, "ES256"),
    ] {
        for profile in Profile::ALL {
            let server = Server::with(|setup| setup.engine.profile = profile).await;
            let mut new = registration();
            new.confidential = method == AuthenticationMethod::ClientSecretBasic;
            new.registration.method = method;
            new.registration.grant_types.truncate(2);
            new.registration.keys = (method == AuthenticationMethod::PrivateKeyJwt)
                .then(|| ClientKeys::Set(json!({ "keys": [public(&key())] }).to_string()));
            if !change.is_empty() {
                new.registration.signing.id_token = Some(change.to_owned());
            }
            let added = server.engine.add_client(new, Actor::Operator).await;
            if profile == Profile::Fapi2 && !member.is_empty() {
                let why = added.unwrap_err().to_string();
                assert!(why.starts_with(member) && why.contains("fapi2"), "{method:?}: {why}");
            } else {
                added.unwrap();
            }
        }
    }
}

#[tokio::test]
async fn a_client_from_before_the_profile_is_refused_everywhere_and_named_at_the_start() {
    let (clock, store) = store();
    let before = Server::on(Arc::clone(&store) as _, clock.clone(), |_| ()).await;
    let app = RelyingParty::new(&before).await;
    let mut browser = ada(&before).await;
    let tokens = app.tokens(&mut browser, &[("scope", "openid offline_access")]).await;
    assert_eq!(before.engine.clients_that_cannot_work(), []);

    let strict = Server::on(store, clock, |setup| setup.engine.profile = Profile::Fapi2).await;
    let named = strict.engine.clients_that_cannot_work();
    assert_eq!(named.len(), 1);
    assert_eq!(named[0].0, ClientId::parse("app").unwrap());
    assert_eq!(named[0].1.member, "token_endpoint_auth_method");

    let refresh = tokens["refresh_token"].as_str().unwrap();
    let again = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    let app = RelyingParty { server: strict.clone(), ..app };
    for (path, form) in [
        ("/oauth/token", &again[..]),
        ("/oauth/introspect", &[("token", refresh)]),
        ("/oauth/revoke", &[("token", refresh)]),
        ("/oauth/par", &[]),
    ] {
        let refused = app.post(path, form).await.is(401).json();
        assert_eq!(refused["error"], "invalid_client", "{path}");
        let told = refused["error_description"].as_str().unwrap();
        assert!(told.contains("fapi2") && told.contains("private_key_jwt"), "{told}");
    }
    let shown = strict.browser().get(&app.question(&[])).await;
    assert_eq!(shown.status, 400);
    assert!(shown.text().contains("unauthorized_client"), "{}", shown.text());
    // A token that is bound to nothing is from before, and opens nothing any more.
    let userinfo = own_audience_token(&before).await;
    bearer(&before, &userinfo).await.is(200);
    bearer(&strict, &userinfo).await.is(401);
}

#[tokio::test]
async fn under_the_strict_profile_neither_a_password_nor_a_cookie_earns_a_token() {
    for profile in [Profile::OAuth21, Profile::Fapi2] {
        let server = Server::with(|setup| setup.engine.profile = profile).await;
        let mut browser = ada(&server).await;
        let strict = profile == Profile::Fapi2;
        let wish = |carry: &str| json!({ "identifier": "ada@example.com", "password": PASSWORD, "carry": carry });
        let token = server.browser().post("/api/v1/sign-in", &wish("token")).await;
        assert_eq!(token.status, if strict { 403 } else { 200 }, "{}", token.text());
        server.browser().post("/api/v1/sign-in", &wish("cookie")).await.is(200);
        let guest = server.browser().post("/api/v1/guest", &json!({ "carry": "token" })).await;
        assert_eq!(guest.status, if strict { 403 } else { 201 }, "{}", guest.text());
        let earned = earn(&mut browser).await;
        assert_eq!(earned.status, if strict { 403 } else { 200 }, "{}", earned.text());
    }
}

#[tokio::test]
async fn only_the_certification_lets_a_client_with_a_secret_forget_pkce() {
    let without = [("code_challenge", ""), ("code_challenge_method", "")];
    for profile in [Profile::OAuth21, Profile::OidcCertification] {
        let server = Server::with(|setup| setup.engine.profile = profile).await;
        let app = RelyingParty::with(&server, |new| new.first_party = true).await;
        let public = RelyingParty::with(&server, |new| {
            new.id = Some(ClientId::parse("public").unwrap());
            new.first_party = true;
            new.confidential = false;
            new.registration.method = AuthenticationMethod::None;
        })
        .await;
        let mut browser = ada(&server).await;
        app.code(&mut browser, &[]).await;
        let refused =
            |page| super::relying_party::callback(page).unwrap().parameters.contains_key("error");
        let by_app = browser.get(&app.question(&without)).await;
        assert_eq!(refused(&by_app), profile == Profile::OAuth21);
        assert!(refused(&browser.get(&public.question(&without)).await));
    }
}

#[tokio::test]
async fn only_the_certification_reads_every_clients_token_in_the_body() {
    for profile in [Profile::OAuth21, Profile::OidcCertification] {
        let server = Server::with(|setup| setup.engine.profile = profile).await;
        let token = own_audience_token(&server).await;
        bearer(&server, &token).await.is(200);
        let body = format!("access_token={token}");
        let answer = server.browser().form("/oauth/userinfo", &body).await;
        assert_eq!(answer.status.is_success(), profile == Profile::OidcCertification);
        let told = server.browser().get("/.well-known/oauth-protected-resource").await.json();
        let methods = told["bearer_methods_supported"].as_array().unwrap().clone();
        assert_eq!(methods.contains(&json!("body")), profile == Profile::OidcCertification);
    }
}

fn store() -> (HandClock, Arc<Memory>) {
    let clock = HandClock::default();
    let store = Arc::new(Memory::new(clock.for_store()));
    (clock, store)
}

/// A token that UserInfo takes, of a client that is registered for it.
async fn own_audience_token(server: &Server) -> String {
    let app = RelyingParty::with(server, |new| {
        new.id = Some(ClientId::parse("own").unwrap());
        new.template = Template::Web;
        new.audiences.clear();
    })
    .await;
    let mut browser = server.browser();
    browser.sign_up("bob").await;
    let tokens: Value = app.tokens(&mut browser, &[]).await;
    tokens["access_token"].as_str().unwrap().to_owned()
}

async fn bearer(server: &Server, token: &str) -> cloakroom_testkit::browser::Answer {
    let mut request = request(Method::GET, "/oauth/userinfo", Body::empty());
    request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    server.browser().send(request).await
}

/// Asks for a token for what a cookie shows.
async fn earn(browser: &mut Browser) -> cloakroom_testkit::browser::Answer {
    let body = json!({ "audience": ISSUER }).to_string();
    let mut request = request(Method::POST, "/api/v1/session/token", body.into());
    let headers = request.headers_mut();
    headers.insert("content-type", "application/json".parse().unwrap());
    headers.insert("origin", ISSUER.parse().unwrap());
    browser.send(request).await
}
