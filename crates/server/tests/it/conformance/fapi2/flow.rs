//! The whole way from a question to a token, and what a question may say.

use cloakroom_jose::Algorithm;
use cloakroom_testkit::browser::Answer;
use cloakroom_testkit::server::Server;
use serde_json::{Value, json};

use super::Scene;
use crate::html;
use crate::oauth::relying_party::{callback, claims, open, send, walk};

#[tokio::test]
async fn fapi2_security_profile_final_discovery_end_point_verification() {
    let scene = Scene::new().await;
    let path = "/.well-known/openid-configuration";
    let usual = Server::start().await.browser().get(path).await.json();
    assert_eq!(usual["require_pushed_authorization_requests"], false);
    assert!(names(&usual["token_endpoint_auth_methods_supported"]).contains(&"none".to_owned()));

    let told = scene.server.browser().get(path).await.is(200).json();
    let issuer = told["issuer"].as_str().unwrap();
    for endpoint in ["authorization_endpoint", "token_endpoint", "jwks_uri"] {
        assert!(told[endpoint].as_str().unwrap().starts_with(issuer), "{endpoint}");
    }
    for (member, expected) in [
        ("pushed_authorization_request_endpoint", json!(format!("{issuer}/oauth/par"))),
        ("require_pushed_authorization_requests", json!(true)),
        ("authorization_response_iss_parameter_supported", json!(true)),
        ("token_endpoint_auth_methods_supported", json!(["private_key_jwt"])),
        ("response_types_supported", json!(["code"])),
        ("code_challenge_methods_supported", json!(["S256"])),
        ("dpop_signing_alg_values_supported", json!(["Ed25519", "EdDSA", "ES256", "PS256"])),
    ] {
        assert_eq!(told[member], expected, "{member}");
    }
    let allowed = [Algorithm::Ed25519, Algorithm::EdDsa, Algorithm::Es256, Algorithm::Ps256];
    for (member, value) in told.as_object().unwrap() {
        if member.contains("signing_alg") {
            for name in names(value) {
                assert!(allowed.iter().any(|it| it.name() == name), "{member}: {name}");
            }
        }
    }
}

#[tokio::test]
async fn fapi2_security_profile_final_happy_flow() {
    let mut scene = Scene::new().await;
    let pushed = scene.app.question(&[]).send(&scene.server).await;
    assert!(pushed.is(201).json()["expires_in"].as_u64().unwrap() < 600);
    let answered = walk(&mut scene.browser, &scene.app.named(&pushed)).await;
    assert_eq!(answered.parameters["state"], "the state");
    assert_eq!(answered.parameters["iss"], "http://localhost:7117");
    let code = &answered.parameters["code"];
    let tokens = scene.app.exchange(code).send(&scene.server).await.is(200).json();
    assert_eq!(tokens["token_type"], "DPoP");
    let jkt = scene.app.thumbprint();
    assert_eq!(claims(&tokens["access_token"])["cnf"], json!({ "jkt": jkt }));
    let id_token = claims(&tokens["id_token"]);
    assert_eq!((&id_token["aud"], &id_token["nonce"]), (&json!("app"), &json!("the nonce")));
    assert_eq!(algorithm(&tokens["id_token"]), "ES256");
    assert_eq!(scene.user_info(&tokens).await.is(200).json()["sub"], id_token["sub"]);
}

#[tokio::test]
async fn fapi2_security_profile_final_user_rejects_authentication() {
    let mut scene = Scene::new().await;
    let pushed = scene.app.question(&[]).send(&scene.server).await;
    let page = open(&mut scene.browser, &scene.app.named(&pushed)).await;
    let mut form = html::form(&page.text(), "consent").unwrap();
    form.hidden.insert("answer".to_owned(), "deny".to_owned());
    let answered = send(&mut scene.browser, &form.action, &form.hidden).await;
    let answered = callback(&answered).unwrap().parameters;
    assert_eq!(answered["error"], "access_denied");
    assert_eq!((&*answered["state"], &*answered["iss"]), ("the state", "http://localhost:7117"));
    assert!(!answered.contains_key("code"));
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_authorization_request_without_state_success() {
    let mut scene = Scene::new().await;
    let answered = scene.ask(&[("state", "")]).await;
    assert!(!answered.parameters.contains_key("state"), "{answered:?}");
    let code = &answered.parameters["code"];
    let tokens = scene.app.exchange(code).send(&scene.server).await.is(200).json();
    assert!(claims(&tokens["id_token"]).get("s_hash").is_none());
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_authorization_request_without_nonce_success() {
    let mut scene = Scene::new().await;
    let tokens = scene.tokens(&[("nonce", "")]).await;
    assert!(claims(&tokens["id_token"]).get("nonce").is_none());
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_authorization_request_with_64_char_nonce_success() {
    let mut scene = Scene::new().await;
    let nonce = "0123456789abcdef".repeat(4);
    let tokens = scene.tokens(&[("nonce", &nonce)]).await;
    assert_eq!(claims(&tokens["id_token"])["nonce"], nonce);
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_other_scope_order_succeeds() {
    let mut scene = Scene::new().await;
    let granted = |tokens: &Value| {
        let mut words: Vec<String> =
            tokens["scope"].as_str().unwrap().split(' ').map(str::to_owned).collect();
        words.sort();
        words
    };
    let one = scene.tokens(&[("scope", "openid profile email")]).await;
    let other = scene.tokens(&[("scope", "email profile openid")]).await;
    assert_eq!(granted(&one), granted(&other));
    assert!(claims(&other["id_token"])["sub"].is_string());
}

#[tokio::test]
async fn fapi2_security_profile_final_test_claims_parameter_identity_claims() {
    let mut scene = Scene::new().await;
    let wanted = json!({
        "id_token": { "email": null, "email_verified": { "essential": true }, "x_unknown": null },
        "userinfo": { "email": { "essential": true }, "x_unknown": { "value": "1" } },
    });
    let tokens = scene.tokens(&[("claims", &wanted.to_string())]).await;
    let id_token = claims(&tokens["id_token"]);
    assert_eq!(id_token["email"], "ada@example.com");
    assert!(id_token["email_verified"].is_boolean());
    let told = scene.user_info(&tokens).await.is(200).json();
    assert_eq!(told["email"], "ada@example.com");
    assert!(told.get("x_unknown").is_none() && id_token.get("x_unknown").is_none());
}

#[tokio::test]
async fn fapi2_security_profile_final_access_token_type_header_case_sensitivity() {
    let mut scene = Scene::new().await;
    let tokens = scene.tokens(&[]).await;
    let token = tokens["access_token"].as_str().unwrap();
    for scheme in ["DPoP", "dpop", "DPOP", "dPoP"] {
        scene.present(scheme, token, &[scene.app.proof_for(token)]).await.is(200);
    }
}

/// What stands beside a pushed question is not looked at.
#[tokio::test]
async fn fapi2_security_profile_final_ensure_different_nonce_inside_and_outside_request_object() {
    let mut scene = Scene::new().await;
    let path = beside(&scene, "nonce=another").await;
    let code = walk(&mut scene.browser, &path).await.parameters["code"].clone();
    let tokens = scene.app.exchange(&code).send(&scene.server).await.is(200).json();
    assert_eq!(claims(&tokens["id_token"])["nonce"], "the nonce");
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_different_state_inside_and_outside_request_object() {
    let mut scene = Scene::new().await;
    let path = beside(&scene, "state=another").await;
    let answered = walk(&mut scene.browser, &path).await.parameters;
    assert_eq!(answered["state"], "the state");
    assert!(answered.contains_key("code"));
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_authorization_request_with_long_nonce() {
    let mut scene = Scene::new().await;
    let nonce = "0123456789abcdef".repeat(24);
    let tokens = scene.tokens(&[("nonce", &nonce)]).await;
    assert_eq!(claims(&tokens["id_token"])["nonce"], nonce);
    let longest = scene.app.question(&[("nonce", &"n".repeat(2048))]);
    longest.send(&scene.server).await.is(201);
    let longer = scene.app.question(&[("nonce", &"n".repeat(2049))]);
    longer.is_refused(&scene.server, "invalid_request").await;
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_authorization_request_with_long_state() {
    let mut scene = Scene::new().await;
    let state = "0123456789abcdef".repeat(64);
    assert_eq!(scene.ask(&[("state", &state)]).await.parameters["state"], state);
    let longer = scene.app.question(&[("state", &"s".repeat(2049))]);
    longer.is_refused(&scene.server, "invalid_request").await;
}

#[tokio::test]
async fn fapi2_security_profile_final_state_only_outside_request_object_not_used() {
    let mut scene = Scene::new().await;
    let pushed = scene.app.question(&[("state", "")]).send(&scene.server).await;
    let path = format!("{}&state=outside", scene.app.named(&pushed));
    let answered = walk(&mut scene.browser, &path).await.parameters;
    assert!(!answered.contains_key("state") && answered.contains_key("code"), "{answered:?}");
}

/// Where a browser is sent with a parameter beside the name of what was pushed.
async fn beside(scene: &Scene, parameter: &str) -> String {
    let pushed: Answer = scene.app.question(&[]).send(&scene.server).await;
    format!("{}&{parameter}", scene.app.named(&pushed))
}

fn algorithm(token: &Value) -> String {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    let header = token.as_str().unwrap().split('.').next().unwrap();
    let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
    header["alg"].as_str().unwrap().to_owned()
}

fn names(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect()
}
