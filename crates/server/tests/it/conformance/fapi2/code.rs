//! What a code and a refresh token earn, and for whom.

use std::time::Duration;

use super::{App, Scene, TOKEN};
use crate::oauth::keys::{key, public, signed};

#[tokio::test]
async fn fapi2_security_profile_final_ensure_holder_of_key_required() {
    let mut scene = Scene::new().await;
    let code = scene.code(&[]).await;
    scene.app.exchange(&code).alone().is_refused(&scene.server, "invalid_dpop_proof").await;
    scene.app.exchange(&code).send(&scene.server).await.is(200);
}

#[tokio::test]
async fn fapi2_security_profile_final_attempt_reuse_authorization_code_after_one_second() {
    let mut scene = Scene::new().await;
    let code = scene.code(&[]).await;
    let tokens = scene.app.exchange(&code).send(&scene.server).await.is(200).json();
    scene.user_info(&tokens).await.is(200);
    scene.server.clock.go(Duration::from_secs(1));
    scene.app.exchange(&code).is_refused(&scene.server, "invalid_grant").await;
    scene.user_info(&tokens).await.is(401);
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_token_endpoint_fails_with_expired_auth_code() {
    let mut scene = Scene::new().await;
    let code = scene.code(&[]).await;
    scene.server.clock.go(Duration::from_secs(59));
    scene.app.exchange(&code).send(&scene.server).await.is(200);
    let code = scene.code(&[]).await;
    scene.server.clock.go(Duration::from_mins(1));
    scene.app.exchange(&code).is_refused(&scene.server, "invalid_grant").await;
}

/// The token stays the same: it is nothing without its client and its key, and rotation would lose it in a storm.
#[tokio::test]
async fn fapi2_security_profile_final_refresh_token() {
    let mut scene = Scene::new().await;
    let other = App::new(&scene.server, "other", |_| ()).await;
    let tokens = scene.tokens(&[("scope", "openid offline_access")]).await;
    let token = tokens["refresh_token"].as_str().unwrap();
    for _ in 0..3 {
        scene.server.clock.go(Duration::from_mins(10));
        let next = scene.app.refresh(token).send(&scene.server).await.is(200).json();
        assert_eq!(next["refresh_token"], token);
        assert_ne!(next["access_token"], tokens["access_token"]);
        scene.user_info(&next).await.is(200);
    }
    let anonymous =
        scene.app.refresh(token).with("client_assertion", "").with("client_assertion_type", "");
    anonymous.is_refused(&scene.server, "invalid_client").await;
    let stolen = other.refresh(token).beside(scene.app.proof(TOKEN));
    stolen.is_refused(&scene.server, "invalid_grant").await;
    scene.app.refresh(token).alone().is_refused(&scene.server, "invalid_grant").await;
    let thief = key();
    let header = serde_json::json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": public(&thief) });
    let proof = signed(&thief, &header, &scene.app.proof_claims("POST", TOKEN, None));
    scene.app.refresh(token).beside(proof).is_refused(&scene.server, "invalid_grant").await;
    // None of that spoilt it for its owner.
    scene.app.refresh(token).send(&scene.server).await.is(200);
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_pkce_code_verifier_required() {
    verifier_is_refused("").await;
}

#[tokio::test]
async fn fapi2_security_profile_final_incorrect_pkce_code_verifier_rejected() {
    verifier_is_refused("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXl").await;
}

async fn verifier_is_refused(verifier: &str) {
    let mut scene = Scene::new().await;
    let code = scene.code(&[]).await;
    let other = scene.app.exchange(&code).with("code_verifier", verifier);
    other.is_refused(&scene.server, "invalid_grant").await;
    scene.app.exchange(&code).send(&scene.server).await.is(200);
}
