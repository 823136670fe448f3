//! Modules of the plan `oidcc-dynamic-certification-test-plan` in which the server fetches something of the client's: its
//! keys, and its questions. All clients are registered by themselves.

use std::time::Duration;

use cloakroom_jose::{Algorithm, SigningKey};
use cloakroom_testkit::engine::ISSUER;
use cloakroom_testkit::server::Server;
use serde_json::{Value, json};
use url::form_urlencoded::{self, Serializer};

use crate::oauth::keys::{key, public, sealed, signed};
use crate::oauth::private_key_jwt::Signing;
use crate::oauth::register::{app, open_server, register, relying_party};
use crate::oauth::relying_party::{CALLBACK, RelyingParty, ada, callback, walk};

const KEYS: &str = "https://app.example/jwks";
const REQUEST: &str = "https://app.example/request";

#[tokio::test]
async fn oidcc_registration_jwks_uri() {
    let server = open_server().await;
    let (app, tokens) = with_published_keys(&server).await;
    assert!(tokens["id_token"].is_string(), "{tokens}");
    assert_eq!(app.app.secret, None);
}

#[tokio::test]
async fn oidcc_refresh_token_rp_key_rotation() {
    let server = open_server().await;
    let (mut app, tokens) = with_published_keys(&server).await;
    app.key = key();
    publish(&server, &app.key);
    server.clock.go(Duration::from_mins(1));
    let refresh = [
        ("grant_type", "refresh_token"),
        ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
    ];
    let next = app.post("/oauth/token", &refresh, &app.assertion()).await.is(200).json();
    assert!(next["access_token"].is_string(), "{next}");
}

#[tokio::test]
async fn oidcc_request_uri_signed_rs256() {
    let server = open_server().await;
    let key = SigningKey::generate(Algorithm::Rs256).unwrap();
    let app = asking_by_reference(&server, &key).await;
    let header = json!({ "alg": "RS256", "kid": key.kid() });
    server.others.put(REQUEST, "application/jwt", &signed(&key, &header, &question(&app)));
    let answer = walk(&mut ada(&server).await, &by_reference(&app)).await;
    assert_eq!(answer.parameters["state"], "the state");
    app.redeem(&answer.parameters["code"]).await.is(200);
}

/// `none` is not listed, so the suite skips the module.
#[tokio::test]
async fn oidcc_request_uri_unsigned() {
    let server = open_server().await;
    let document = server.browser().get("/.well-known/openid-configuration").await.json();
    assert_eq!(document["request_uri_parameter_supported"], true);
    let listed = document["request_object_signing_alg_values_supported"].as_array().unwrap();
    assert!(!listed.contains(&json!("none")), "{listed:?}");

    let app = asking_by_reference(&server, &key()).await;
    let unsigned = sealed(&json!({ "alg": "none" }), &question(&app), |_| Vec::new());
    server.others.put(REQUEST, "application/jwt", &unsigned);
    let refused = callback(&ada(&server).await.get(&by_reference(&app)).await).unwrap();
    assert_eq!(refused.parameters["error"], "request_not_supported");
}

/// A client whose keys lie elsewhere, and the tokens of a sign-in at it.
async fn with_published_keys(server: &Server) -> (Signing, Value) {
    let mut said = app();
    said["token_endpoint_auth_method"] = json!("private_key_jwt");
    said["jwks_uri"] = json!(KEYS);
    let registered = register(server, None, &said).await.is(201).json();
    assert_eq!(registered["jwks_uri"], KEYS);
    let app = Signing { app: relying_party(server, &registered), key: key() };
    publish(server, &app.key);
    let mut browser = ada(server).await;
    let wanted = [("scope", "openid offline_access"), ("prompt", "consent")];
    let code = app.app.code(&mut browser, &wanted).await;
    let redeem = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
    ];
    let tokens = app.post("/oauth/token", &redeem, &app.assertion()).await.is(200).json();
    (app, tokens)
}

fn publish(server: &Server, key: &SigningKey) {
    let set = json!({ "keys": [public(key)] });
    server.others.put(KEYS, "application/json", &set.to_string());
}

async fn asking_by_reference(server: &Server, key: &SigningKey) -> RelyingParty {
    let set = json!({ "keys": [public(key)] });
    server.others.put(KEYS, "application/json", &set.to_string());
    let mut said = app();
    said["jwks_uri"] = json!(KEYS);
    said["request_uris"] = json!([REQUEST]);
    relying_party(server, &register(server, None, &said).await.is(201).json())
}

/// What the client asks, as claims.
fn question(app: &RelyingParty) -> Value {
    let parameters = app.parameters(&[]);
    let parameters = form_urlencoded::parse(parameters.as_bytes()).into_owned();
    let mut claims: Value = parameters.map(|(name, text)| (name, json!(text))).collect();
    (claims["iss"], claims["aud"]) = (json!(app.id), json!(ISSUER));
    claims
}

fn by_reference(app: &RelyingParty) -> String {
    let query = Serializer::new(String::new())
        .extend_pairs([
            ("client_id", app.id.as_str()),
            ("response_type", "code"),
            ("scope", "openid"),
        ])
        .extend_pairs([("redirect_uri", CALLBACK), ("request_uri", REQUEST)])
        .finish();
    format!("/oauth/authorize?{query}")
}
