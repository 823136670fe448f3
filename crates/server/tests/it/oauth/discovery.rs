//! `/.well-known/openid-configuration` and its like: every row is held against what the server does.

use std::collections::BTreeSet;

use cloakroom_model::registration::GrantType;
use cloakroom_testkit::browser::request;
use cloakroom_testkit::server::Server;
use http::{HeaderValue, Method};
use serde_json::{Value, json};

use super::relying_party::{RelyingParty, ada, walk};

const OPENID: &str = "/.well-known/openid-configuration";
const OAUTH: &str = "/.well-known/oauth-authorization-server";
const RESOURCE: &str = "/.well-known/oauth-protected-resource";
const KEYS: &str = "/.well-known/jwks.json";

#[tokio::test]
async fn a_client_that_knows_the_issuer_finds_everything_else() {
    let server = Server::start().await;
    let answer = server.browser().get(OPENID).await;
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "public, max-age=300");
    let document = answer.is(200).json();
    assert_eq!(document["issuer"], "http://localhost:7117");
    assert_eq!(document["token_endpoint"], "http://localhost:7117/oauth/token");
    assert_eq!(server.browser().get(OAUTH).await.is(200).json(), document);
    // RFC 9728 §3.3, §4: each names the other.
    let resource = server.browser().get(RESOURCE).await.is(200).json();
    assert_eq!(resource["authorization_servers"], json!([document["issuer"]]));
    assert_eq!(document["protected_resources"], json!([resource["resource"]]));
}

#[tokio::test]
async fn every_address_in_the_document_is_answered() {
    let server = Server::start().await;
    let document = document(&server).await;
    let addresses = document
        .as_object()
        .unwrap()
        .iter()
        .filter(|(name, _)| name.ends_with("_endpoint") || name.ends_with("_uri"));
    let mut seen = 0;
    for (name, address) in addresses {
        let path = address.as_str().unwrap().strip_prefix("http://localhost:7117").unwrap();
        let answer = server.browser().get(path).await;
        assert_ne!(answer.status, 404, "{name}");
        seen += 1;
    }
    assert_eq!(seen, 10, "{document}");
}

#[tokio::test]
async fn what_answers_are_signed_with_has_a_key() {
    let server = Server::start().await;
    RelyingParty::with(&server, |new| new.registration.signing.id_token = None).await;
    let document = document(&server).await;
    let keys = server.browser().get(KEYS).await.is(200).json();
    let published: BTreeSet<_> =
        keys["keys"].as_array().unwrap().iter().map(|key| key["alg"].as_str().unwrap()).collect();
    for row in [
        "id_token_signing_alg_values_supported",
        "userinfo_signing_alg_values_supported",
        "authorization_signing_alg_values_supported",
        "introspection_signing_alg_values_supported",
    ] {
        let algorithms = texts(&document[row]);
        // OpenID Connect Discovery §3 asks for RS256, which is what a client gets that does not say.
        assert!(algorithms.contains("RS256"), "{row}: {algorithms:?}");
        assert!(algorithms.is_subset(&published), "{row}: {algorithms:?}, {published:?}");
    }
}

#[tokio::test]
async fn grants_that_are_not_told_of_are_refused() {
    let server = Server::start().await;
    let every = GrantType::ALL.to_vec();
    let app = RelyingParty::with(&server, |new| new.registration.grant_types = every).await;
    let document = document(&server).await;
    let told = texts(&document["grant_types_supported"]);
    for grant_type in GrantType::ALL {
        let token_type = "urn:ietf:params:oauth:token-type:access_token";
        let whole = [
            ("grant_type", grant_type.as_str()),
            ("device_code", "x"),
            ("subject_token", "x"),
            ("subject_token_type", token_type),
        ];
        let answer = app.post("/oauth/token", &whole).await;
        let unsupported = answer.json()["error"] == "unsupported_grant_type";
        assert_eq!(unsupported, !told.contains(grant_type.as_str()), "{grant_type:?}");
    }
}

#[tokio::test]
async fn answers_come_in_every_mode_that_is_told_of_and_name_their_issuer() {
    let server = Server::start().await;
    let app = RelyingParty::with(&server, |new| {
        new.first_party = true;
        new.registration.signing.authorization = Some("ES256".to_owned());
    })
    .await;
    let document = document(&server).await;
    assert_eq!(document["response_types_supported"], json!(["code"]));
    assert_eq!(document["code_challenge_methods_supported"], json!(["S256"]));
    assert_eq!(document["authorization_response_iss_parameter_supported"], true);
    let mut browser = ada(&server).await;
    let modes = texts(&document["response_modes_supported"]);
    assert_eq!(modes.len(), 6);
    for mode in modes {
        let answer = walk(&mut browser, &app.question(&[("response_mode", mode)])).await;
        let is_signed = answer.parameters.contains_key("response");
        assert_eq!(is_signed, mode.ends_with("jwt"), "{mode}");
        let issuer = answer.parameters.get("iss").map(String::as_str);
        assert_eq!(issuer, (!is_signed).then_some("http://localhost:7117"), "{mode}");
    }
    let plain = app.question(&[("code_challenge_method", "plain")]);
    assert_eq!(walk(&mut browser, &plain).await.parameters["error"], "invalid_request");
}

#[tokio::test]
async fn what_this_server_does_not_do_is_not_told_of() {
    let server = Server::start().await;
    let app = RelyingParty::with(&server, |new| new.first_party = true).await;
    let document = document(&server).await;
    assert_eq!(document["require_request_uri_registration"], true);
    let elsewhere = app.question(&[("request_uri", "https://app.example/request")]);
    let asked = walk(&mut ada(&server).await, &elsewhere).await;
    assert!(asked.parameters["error"].starts_with("request_uri_not_supported"), "{asked:?}");
    let algorithms = texts(&document["request_object_signing_alg_values_supported"]);
    assert!(!algorithms.contains("none"), "{algorithms:?}");
    for row in ["mtls_endpoint_aliases", "registration_endpoint"] {
        assert!(document.get(row).is_none(), "{row}");
    }
    let ways = texts(&document["introspection_endpoint_auth_methods_supported"]);
    assert!(!ways.contains("none"), "nobody learns of tokens without proving who they are");
}

#[tokio::test]
async fn scripts_of_any_page_may_read_what_is_well_known() {
    let server = Server::start().await;
    for path in [OPENID, OAUTH, RESOURCE, KEYS] {
        let mut asked = request(Method::GET, path, axum::body::Body::empty());
        asked.headers_mut().insert("origin", HeaderValue::from_static("https://any.example"));
        let answer = server.browser().send(asked).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
        assert_eq!(answer.header("access-control-allow-credentials"), "", "{path}");
    }
}

async fn document(server: &Server) -> Value {
    server.browser().get(OPENID).await.is(200).json()
}

fn texts(list: &Value) -> BTreeSet<&str> {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}
