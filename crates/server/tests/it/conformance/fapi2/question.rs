//! Questions that are refused, and the names of those that were pushed.

use std::time::Duration;

use cloakroom_testkit::browser::{Answer, request};
use http::Method;

use super::{App, PAR, Scene};
use crate::oauth::relying_party::{callback, open, walk};

#[tokio::test]
async fn fapi2_security_profile_final_ensure_request_object_without_redirect_uri_fails() {
    let scene = Scene::new().await;
    is_pushed_but_not(&scene, &[("redirect_uri", "")], "invalid_request").await;
}

/// RFC 9126 §2.4 would let a client push any address; here each is registered.
#[tokio::test]
async fn fapi2_security_profile_final_plain_fapi_tolerate_unregistered_redirect_uri() {
    let scene = Scene::new().await;
    let other = [("redirect_uri", "https://app.example/callback/other")];
    is_pushed_but_not(&scene, &other, "invalid_request").await;
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_unsigned_authorization_request_without_using_par_fails()
 {
    let mut scene = Scene::new().await;
    scene.code(&[]).await;
    let question = scene.app.party.question(&[]);
    let refused = callback(&scene.browser.get(&question).await).unwrap().parameters;
    assert_eq!(refused["error"], "invalid_request");
    assert_eq!((&*refused["state"], &*refused["iss"]), ("the state", "http://localhost:7117"));
}

/// Without `openid` too, where OAuth alone would take the one that is registered.
#[tokio::test]
async fn fapi2_security_profile_final_ensure_redirect_uri_in_authorization_request() {
    let scene = Scene::new().await;
    scene.app.question(&[("scope", "read")]).send(&scene.server).await.is(201);
    let without = [("scope", "read"), ("redirect_uri", "")];
    is_pushed_but_not(&scene, &without, "invalid_request").await;
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_response_type_code_idtoken_fails() {
    let scene = Scene::new().await;
    let hybrid = [("response_type", "code id_token")];
    is_pushed_but_not(&scene, &hybrid, "unsupported_response_type").await;
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_response_type_token_fails() {
    let scene = Scene::new().await;
    let implicit = [("response_type", "token")];
    is_pushed_but_not(&scene, &implicit, "unsupported_response_type").await;
}

/// The name is spent by the answer, and not by the visit.
#[tokio::test]
async fn fapi2_security_profile_final_par_ensure_reused_request_uri_prior_to_auth_completion_succeeds()
 {
    let scene = Scene::new().await;
    let path = pushed(&scene).await;
    let mut stranger = scene.server.browser();
    let first = open(&mut stranger, &path).await;
    assert!(first.text().contains("sign-in"), "{}", first.text());
    let answered = walk(&mut stranger, &path).await.parameters;
    scene.app.exchange(&answered["code"]).send(&scene.server).await.is(200);
}

/// However often the browser came with it before.
#[tokio::test]
async fn fapi2_security_profile_final_par_attempt_reuse_request_uri() {
    let mut scene = Scene::new().await;
    let path = pushed(&scene).await;
    let mut early = scene.server.browser();
    let waiting = early.get(&path).await.header("location").to_owned();
    assert!(walk(&mut scene.browser, &path).await.parameters.contains_key("code"));
    // The person has allowed it by now, so nothing else is in the way.
    is_no_question(&scene.browser.get(&path).await);
    is_no_question(&open(&mut scene.browser, &waiting).await);
    let other = pushed(&scene).await;
    assert!(walk(&mut scene.browser, &other).await.parameters.contains_key("code"));
}

#[tokio::test]
async fn fapi2_security_profile_final_par_attempt_to_use_expired_request_uri() {
    let mut scene = Scene::new().await;
    let answer = scene.app.question(&[]).send(&scene.server).await;
    let lives = answer.json()["expires_in"].as_u64().unwrap();
    let path = scene.app.named(&answer);
    scene.server.clock.go(Duration::from_secs(lives - 1));
    open(&mut scene.browser, &path).await.is(200);
    scene.server.clock.go(Duration::from_secs(1));
    is_no_question(&scene.browser.get(&path).await);
}

#[tokio::test]
async fn fapi2_security_profile_final_par_attempt_to_use_request_uri_for_different_client() {
    let mut scene = Scene::new().await;
    let other = App::new(&scene.server, "other", |_| ()).await;
    let path = pushed(&scene).await;
    let stolen = path.replace("client_id=app", &format!("client_id={}", other.party.id));
    is_no_question(&scene.browser.get(&stolen).await);
    assert!(walk(&mut scene.browser, &path).await.parameters.contains_key("code"));
}

#[tokio::test]
async fn fapi2_security_profile_final_par_authorization_request_containing_request_uri_form_param()
{
    let scene = Scene::new().await;
    let inside = [("request_uri", "urn:ietf:params:oauth:request_uri:6esc_11ACC5bwc014ltc14eY22c")];
    is_pushed_but_not(&scene, &inside, "invalid_request").await;
}

#[tokio::test]
async fn fapi2_security_profile_final_par_attempt_invalid_http_method() {
    let scene = Scene::new().await;
    let question = scene.app.question(&[]);
    question.send(&scene.server).await.is(201);
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let body = question.parameters.iter().map(|(name, value)| format!("{name}={value}"));
        let body = body.collect::<Vec<_>>().join("&");
        let answer = scene.server.browser().send(request(method, PAR, body.into())).await;
        assert_eq!(answer.status, 405);
    }
}

#[tokio::test]
async fn fapi2_security_profile_final_par_ensure_pkce_required() {
    let scene = Scene::new().await;
    let without = [("code_challenge", ""), ("code_challenge_method", "")];
    is_pushed_but_not(&scene, &without, "invalid_request").await;
}

#[tokio::test]
async fn fapi2_security_profile_final_par_plain_pkce_rejected() {
    let scene = Scene::new().await;
    let plain = [("code_challenge_method", "plain")];
    is_pushed_but_not(&scene, &plain, "invalid_request").await;
    is_pushed_but_not(&scene, &[("code_challenge_method", "")], "invalid_request").await;
}

/// RFC 9101 §5: the client's name and the question's are enough.
#[tokio::test]
async fn fapi2_security_profile_final_par_without_duplicate_parameters() {
    let mut scene = Scene::new().await;
    let path = pushed(&scene).await;
    assert_eq!(path.matches('=').count(), 2, "{path}");
    let answered = walk(&mut scene.browser, &path).await.parameters;
    scene.app.exchange(&answered["code"]).send(&scene.server).await.is(200);
}

async fn pushed(scene: &Scene) -> String {
    let answer = scene.app.question(&[]).send(&scene.server).await;
    scene.app.named(&answer)
}

/// The usual question is taken, and this one is not.
async fn is_pushed_but_not(scene: &Scene, with: &[(&str, &str)], error: &str) {
    scene.app.question(&[]).send(&scene.server).await.is(201);
    scene.app.question(with).is_refused(&scene.server, error).await;
}

/// The person is told that there is no such question, and nobody else is.
fn is_no_question(answer: &Answer) {
    assert_eq!(answer.status, 400, "{}", answer.text());
    assert!(answer.text().contains("invalid_request_uri"), "{}", answer.text());
    assert_eq!(answer.header("location"), "");
}
