//! How a client proves itself: by an assertion for this server alone, signed with what the profile names.

use cloakroom_jose::{Algorithm, SigningKey};
use cloakroom_model::registration::ClientKeys;
use cloakroom_testkit::engine::ISSUER;
use serde_json::{Value, json};

use super::{App, Scene};
use crate::oauth::keys::{public, signed};

#[tokio::test]
async fn fapi2_security_profile_final_ensure_client_id_in_token_endpoint() {
    let mut scene = Scene::new().await;
    let other = App::new(&scene.server, "other", |_| ()).await;
    let code = scene.code(&[]).await;
    let named = scene.app.exchange(&code).with("client_id", &other.party.id);
    named.is_refused(&scene.server, "invalid_request").await;
    scene.app.exchange(&code).send(&scene.server).await.is(200);
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_authorization_code_is_bound_to_client() {
    let mut scene = Scene::new().await;
    let other = App::new(&scene.server, "other", |_| ()).await;
    let code = scene.code(&[]).await;
    other.exchange(&code).is_refused(&scene.server, "invalid_grant").await;
    scene.app.exchange(&code).send(&scene.server).await.is(200);
}

/// The key could sign so: with PS256 the same client is known.
#[tokio::test]
async fn fapi2_security_profile_final_ensure_signed_client_assertion_with_rs256_fails() {
    let key = SigningKey::generate(Algorithm::Rs256).unwrap();
    let pkcs8 = key.to_pkcs8().unwrap();
    let pss = SigningKey::from_pkcs8(Algorithm::Ps256, pkcs8.as_bytes()).unwrap();
    let pss = pss.with_kid(key.kid());
    let mut jwk = public(&key);
    jwk.as_object_mut().unwrap().remove("alg");
    let mut scene = Scene::with(|new| {
        new.registration.keys = Some(ClientKeys::Set(json!({ "keys": [jwk] }).to_string()));
    })
    .await;
    scene.app.key = pss;
    let assert = |scene: &Scene, key: &SigningKey, algorithm: &str| {
        let header = json!({ "alg": algorithm, "kid": key.kid() });
        signed(key, &header, &scene.app.claims())
    };
    let question = scene.app.question(&[]);
    let good = assert(&scene, &scene.app.key, "PS256");
    question.clone().with("client_assertion", &good).send(&scene.server).await.is(201);
    let refused = question.with("client_assertion", &assert(&scene, &key, "RS256"));
    refused.is_refused(&scene.server, "invalid_client").await;
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_client_assertion_in_token_endpoint() {
    let mut scene = Scene::new().await;
    let code = scene.code(&[]).await;
    let without =
        scene.app.exchange(&code).with("client_assertion", "").with("client_assertion_type", "");
    without.is_refused(&scene.server, "invalid_client").await;
    scene.app.exchange(&code).send(&scene.server).await.is(200);
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_client_assertion_with_exp_is_5_minutes_in_past_fails()
{
    let mut scene = Scene::new().await;
    let past = json!(scene.now() - 300);
    at_the_token_endpoint(&mut scene, "exp", past).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_client_assertion_with_wrong_aud_fails() {
    let mut scene = Scene::new().await;
    at_the_token_endpoint(&mut scene, "aud", json!("https://other.example")).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_client_assertion_with_no_sub_fails() {
    let mut scene = Scene::new().await;
    at_the_token_endpoint(&mut scene, "sub", Value::Null).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_par_ensure_jwt_client_assertions_nbf_8_seconds_in_the_future_is_accepted()
 {
    let scene = Scene::new().await;
    let soon = scene.app.assertion_with("nbf", json!(scene.now() + 8));
    scene.app.question(&[]).with("client_assertion", &soon).send(&scene.server).await.is(201);
}

#[tokio::test]
async fn fapi2_security_profile_final_par_ensure_jwt_client_assertions_nbf_over_60_seconds_in_the_future_fails()
 {
    let scene = Scene::new().await;
    let made = |later: i64| {
        let (mut claims, at) = (scene.app.claims(), scene.now() + later);
        (claims["iat"], claims["nbf"], claims["exp"]) = (json!(at), json!(at), json!(at + 60));
        scene.app.question(&[]).with("client_assertion", &scene.app.assert(&claims))
    };
    made(0).send(&scene.server).await.is(201);
    made(61).is_refused(&scene.server, "invalid_client").await;
}

#[tokio::test]
async fn fapi2_security_profile_final_par_test_array_as_audience_fails() {
    at_the_pushing_endpoint(json!([ISSUER])).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_par_test_par_endpoint_url_as_audience_fails() {
    at_the_pushing_endpoint(json!(format!("{ISSUER}/oauth/par"))).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_par_test_token_endpoint_url_as_audience_fails() {
    at_the_pushing_endpoint(json!(format!("{ISSUER}/oauth/token"))).await;
}

/// An assertion with this claim is refused, and the usual one is taken for the same code.
async fn at_the_token_endpoint(scene: &mut Scene, claim: &str, value: Value) {
    let code = scene.code(&[]).await;
    let assertion = scene.app.assertion_with(claim, value);
    let refused = scene.app.exchange(&code).with("client_assertion", &assertion);
    refused.is_refused(&scene.server, "invalid_client").await;
    scene.app.exchange(&code).send(&scene.server).await.is(200);
}

/// An assertion for this audience is refused, and one for the issuer is taken.
async fn at_the_pushing_endpoint(audience: Value) {
    let scene = Scene::new().await;
    let to = |audience: Value| {
        let assertion = scene.app.assertion_with("aud", audience);
        scene.app.question(&[]).with("client_assertion", &assertion)
    };
    to(json!(ISSUER)).send(&scene.server).await.is(201);
    to(audience).is_refused(&scene.server, "invalid_client").await;
}
