//! Proofs of the key that tokens are held by.

use std::time::Duration;

use serde_json::{Value, json};

use super::{PAR, Scene, TOKEN, set};
use crate::oauth::keys::{key, public, sealed, sealed_with_secret, signed};
use crate::oauth::relying_party::walk;

/// RFC 9449 knows neither claim. One that is there must hold, as in any other token.
#[tokio::test]
async fn fapi2_security_profile_final_check_dpop_proof_nbf_exp() {
    let mut scene = Scene::new().await;
    let now = scene.now();
    let code = scene.code(&[]).await;
    let with = |scene: &Scene, mut claims: Value, nbf: i64, exp: i64| {
        set(&mut claims, "nbf", json!(nbf));
        set(&mut claims, "exp", json!(exp));
        scene.app.prove(&claims)
    };
    let asking = |scene: &Scene| scene.app.proof_claims("POST", TOKEN, None);
    for (nbf, exp) in [(now, now - 60), (now + 60, now + 300)] {
        let proof = with(&scene, asking(&scene), nbf, exp);
        let refused = scene.app.exchange(&code).beside(proof);
        refused.is_refused(&scene.server, "invalid_dpop_proof").await;
    }
    let proof = with(&scene, asking(&scene), now, now + 300);
    let tokens = scene.app.exchange(&code).beside(proof).send(&scene.server).await.is(200).json();
    let token = tokens["access_token"].as_str().unwrap();
    let claims = scene.app.proof_claims("GET", "/oauth/userinfo", Some(token));
    let proof = with(&scene, claims, now, now + 300);
    scene.present("DPoP", token, &[proof]).await.is(200);
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_dpopproof_with_iat_10seconds_before_succeeds() {
    made_at(-10).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_dpopproof_with_iat_10seconds_after_succeeds() {
    made_at(10).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_mismatched_dpop_jkt_fails() {
    let scene = Scene::new().await;
    let own = scene.app.question(&[("dpop_jkt", &scene.app.thumbprint())]);
    own.beside(scene.app.proof(PAR)).send(&scene.server).await.is(201);
    let other = key().public_jwk().unwrap().thumbprint();
    let refused = scene.app.question(&[("dpop_jkt", &other)]).beside(scene.app.proof(PAR));
    refused.is_refused(&scene.server, "invalid_dpop_proof").await;
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_token_endpoint_fails_with_mismatched_dpop_proof_jkt() {
    let mut scene = Scene::new().await;
    let code = bound_code(&mut scene, &[]).await;
    another_key_is_refused(&scene, &code).await;
    scene.app.exchange(&code).send(&scene.server).await.is(200);
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_token_endpoint_fails_with_mismatched_dpop_jkt() {
    let mut scene = Scene::new().await;
    let jkt = scene.app.thumbprint();
    let code = scene.code(&[("dpop_jkt", &jkt)]).await;
    another_key_is_refused(&scene, &code).await;
    scene.app.exchange(&code).send(&scene.server).await.is(200);
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_dpopproof_at_par_endpoint_binding_success() {
    let mut scene = Scene::new().await;
    let code = bound_code(&mut scene, &[]).await;
    let tokens = scene.app.exchange(&code).send(&scene.server).await.is(200).json();
    scene.user_info(&tokens).await.is(200);
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_dpop_auth_code_binding_success() {
    let mut scene = Scene::new().await;
    let jkt = scene.app.thumbprint();
    let code = bound_code(&mut scene, &[("dpop_jkt", &jkt)]).await;
    let tokens = scene.app.exchange(&code).send(&scene.server).await.is(200).json();
    scene.user_info(&tokens).await.is(200);
}

#[tokio::test]
async fn fapi2_security_profile_final_dpop_negative_tests() {
    let mut scene = Scene::new().await;
    let tokens = scene.tokens(&[]).await;
    let token = tokens["access_token"].as_str().unwrap();
    scene.user_info(&tokens).await.is(200);

    let app = &scene.app;
    let good = || app.proof_claims("GET", "/oauth/userinfo", Some(token));
    let with = |claim: &str, value: Value| {
        let mut claims = good();
        set(&mut claims, claim, value);
        app.prove(&claims)
    };
    let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": public(&app.holds) });
    let under = |name: &str, value: Value| {
        let mut header = header.clone();
        set(&mut header, name, value);
        signed(&app.holds, &header, &good())
    };
    let mut private = public(&app.holds);
    private["d"] = private["x"].clone();
    let used = app.prove(&good());
    scene.present("DPoP", token, std::slice::from_ref(&used)).await.is(200);
    let stranger = key();
    let by_another = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": public(&stranger) });
    for (why, proofs) in [
        ("none", vec![]),
        ("two", vec![app.prove(&good()), app.prove(&good())]),
        ("used before", vec![used]),
        ("no jti", vec![with("jti", Value::Null)]),
        ("no htm", vec![with("htm", Value::Null)]),
        ("no htu", vec![with("htu", Value::Null)]),
        ("no iat", vec![with("iat", Value::Null)]),
        ("no ath", vec![with("ath", Value::Null)]),
        ("another method", vec![with("htm", json!("POST"))]),
        ("another place", vec![with("htu", json!("http://localhost:7117/oauth/token"))]),
        ("another token", vec![with("ath", json!("fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"))]),
        ("too old", vec![with("iat", json!(scene.now() - 300))]),
        ("too early", vec![with("iat", json!(scene.now() + 120))]),
        ("no typ", vec![under("typ", Value::Null)]),
        ("another typ", vec![under("typ", json!("JWT"))]),
        ("no key", vec![under("jwk", Value::Null)]),
        ("a private key", vec![under("jwk", private)]),
        ("another key than it says", vec![under("jwk", public(&stranger))]),
        ("a key of somebody else", vec![signed(&stranger, &by_another, &good())]),
        ("not signed", vec![sealed(&header, &good(), |_| Vec::new())]),
        ("none as algorithm", {
            let mut none = header.clone();
            none["alg"] = json!("none");
            vec![sealed(&none, &good(), |_| Vec::new())]
        }),
        ("a shared secret", vec![sealed_with_secret(&header, &good(), b"secret")]),
    ] {
        let answer = scene.present("DPoP", token, &proofs).await;
        assert_eq!(answer.status, 401, "{why}: {}", answer.text());
    }
    scene.present("Bearer", token, &[app.proof_for(token)]).await.is(401);
    scene.present("Bearer", token, &[]).await.is(401);
    scene.user_info(&tokens).await.is(200);
}

/// Proofs that were made this many seconds from now count at every endpoint.
async fn made_at(seconds: i64) {
    let mut scene = Scene::new().await;
    let at = scene.now() + seconds;
    let made = |scene: &Scene, method: &str, path: &str, token: Option<&str>| {
        let mut claims = scene.app.proof_claims(method, path, token);
        claims["iat"] = json!(at);
        scene.app.prove(&claims)
    };
    let proof = made(&scene, "POST", PAR, None);
    let pushed = scene.app.question(&[]).beside(proof).send(&scene.server).await;
    let code = walk(&mut scene.browser, &scene.app.named(&pushed)).await.parameters["code"].clone();
    let exchange = scene.app.exchange(&code).beside(made(&scene, "POST", TOKEN, None));
    let tokens = exchange.send(&scene.server).await.is(200).json();
    let token = tokens["access_token"].as_str().unwrap();
    let proof = made(&scene, "GET", "/oauth/userinfo", Some(token));
    scene.present("DPoP", token, &[proof]).await.is(200);
    // Ten seconds are not any number of seconds.
    scene.server.clock.go(Duration::from_mins(5));
    let proof = made(&scene, "GET", "/oauth/userinfo", Some(token));
    scene.present("DPoP", token, &[proof]).await.is(401);
}

/// A code for what was pushed beside a proof.
async fn bound_code(scene: &mut Scene, with: &[(&str, &str)]) -> String {
    let pushed = scene.app.question(with).beside(scene.app.proof(PAR)).send(&scene.server).await;
    walk(&mut scene.browser, &scene.app.named(&pushed)).await.parameters["code"].clone()
}

async fn another_key_is_refused(scene: &Scene, code: &str) {
    let other = key();
    let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": public(&other) });
    let proof = signed(&other, &header, &scene.app.proof_claims("POST", TOKEN, None));
    let refused = scene.app.exchange(code).beside(proof);
    refused.is_refused(&scene.server, "invalid_grant").await;
}
