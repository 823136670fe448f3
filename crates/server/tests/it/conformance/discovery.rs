//! The modules that read the server's metadata. Its rows are held against behaviour in
//! `oauth::discovery`; here stands what must be among them.

use cloakroom_testkit::server::Server;
use serde_json::{Value, json};

use crate::oauth::relying_party::RelyingParty;

#[tokio::test]
async fn oidcc_discovery_endpoint_verification() {
    let document = document().await;
    for member in [
        "issuer",
        "authorization_endpoint",
        "token_endpoint",
        "userinfo_endpoint",
        "jwks_uri",
        "scopes_supported",
        "response_types_supported",
        "subject_types_supported",
        "id_token_signing_alg_values_supported",
        "claims_supported",
    ] {
        assert!(document.get(member).is_some(), "{member} is missing: {document}");
    }
    assert_eq!(document["issuer"], "http://localhost:7117");
    assert!(has(&document, "scopes_supported", "openid"));
    assert!(has(&document, "response_types_supported", "code"));
    assert!(has(&document, "subject_types_supported", "public"));
    assert!(has(&document, "id_token_signing_alg_values_supported", "RS256"));
    assert!(!has(&document, "id_token_signing_alg_values_supported", "none"));
    assert_eq!(document["claims_parameter_supported"], true);
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_discovery_endpoint_verification() {
    let document = document().await;
    assert_eq!(document["end_session_endpoint"], "http://localhost:7117/oauth/logout");
}

#[tokio::test]
async fn oidcc_backchannel_logout_discovery_endpoint_verification() {
    let document = document().await;
    assert_eq!(document["backchannel_logout_supported"], true);
    assert_eq!(document["backchannel_logout_session_supported"], true);
}

#[tokio::test]
async fn oidcc_frontchannel_logout_discovery_endpoint_verification() {
    let document = document().await;
    assert_eq!(document["frontchannel_logout_supported"], true);
    assert_eq!(document["frontchannel_logout_session_supported"], true);
}

/// Of a server with a client that says nothing about algorithms.
async fn document() -> Value {
    let server = Server::start().await;
    RelyingParty::with(&server, |new| new.registration.signing.id_token = None).await;
    server.browser().get("/.well-known/openid-configuration").await.is(200).json()
}

fn has(document: &Value, member: &str, word: &str) -> bool {
    document[member].as_array().unwrap().contains(&json!(word))
}
