//! Promise 6: new rights, new secret.

use std::future::Future;
use std::time::Duration;

use cloakroom_engine::devices::EndError;
use cloakroom_engine::identity::NotSignedIn;
use cloakroom_engine::reauthenticate::{ProofError, ReauthenticateError};
use cloakroom_engine::secret::{CookieSecret, from_text};
use cloakroom_engine::settings::Settings;
use cloakroom_engine::sign_in::SignInError;
use cloakroom_engine::visitor::Browser;
use cloakroom_model::session::Carrier;
use cloakroom_testkit::engine::{PASSWORD, visitor};

use super::{Scene, browser_with, built_in, defaults, on_every_store, password, sign_in};

on_every_store! {
    a_sign_in_replaces_the_browsers_secret_and_names_the_successor
    a_change_of_password_replaces_the_secret_and_ends_the_others_on_wish
    a_change_of_password_by_token_leaves_no_old_cookie
    a_new_proof_replaces_the_secret_and_makes_the_sign_in_fresh
    a_new_proof_by_token_leaves_no_old_cookie
    a_wrong_proof_is_counted_and_changes_nothing
    a_token_takes_its_session_into_a_browser_by_a_link_that_works_once
    a_cookies_token_for_cloakroom_earns_no_cookie
    an_old_password_lets_nobody_in
    the_identifying_cookie_ends_with_the_secret_and_earns_nothing
}

const NEW: &str = "a new and much longer password";

async fn a_sign_in_replaces_the_browsers_secret_and_names_the_successor<
    F: Future<Output = Scene>,
>(
    scene: impl Fn(Settings) -> F,
) {
    let scene = scene(defaults()).await;
    let first = scene.ada(Carrier::Cookie).await;
    let second = scene.again(Carrier::Cookie, browser_with(&first)).await.unwrap();
    assert_ne!(first.session.session.id, second.session.session.id);
    scene.there.catch_up().await.unwrap();
    for node in scene.nodes() {
        match node.check_cookie(first.cookie.as_ref().unwrap()).await {
            Err(NotSignedIn::Replaced(replaced)) => {
                assert_eq!(replaced.successor, second.session.session.id);
            }
            other => panic!("{:?}", other.map(|identity| identity.sid())),
        }
        node.check_cookie(second.cookie.as_ref().unwrap()).await.unwrap();
    }
}

async fn a_change_of_password_replaces_the_secret_and_ends_the_others_on_wish<
    F: Future<Output = Scene>,
>(
    scene: impl Fn(Settings) -> F,
) {
    for end_others in [false, true] {
        let scene = scene(defaults()).await;
        let here = scene.ada(Carrier::Cookie).await;
        let other = scene.again(Carrier::Cookie, Browser::default()).await.unwrap().cookie.unwrap();
        let identity = scene.here.check_cookie(here.cookie.as_ref().unwrap()).await.unwrap();

        let changed = scene
            .here
            .change_my_password(
                &identity,
                &password(PASSWORD),
                &password(NEW),
                end_others,
                &browser_with(&here),
                &visitor(),
            )
            .await
            .unwrap();

        assert_eq!(
            changed.session.session.id, here.session.session.id,
            "the session stays the same one"
        );
        scene.there.catch_up().await.unwrap();
        for node in scene.nodes() {
            let old = node.check_cookie(here.cookie.as_ref().unwrap()).await;
            assert!(matches!(old, Err(NotSignedIn::Replaced(_))));
            node.check_cookie(changed.cookie.as_ref().unwrap()).await.unwrap();
            assert_eq!(node.check_cookie(&other).await.is_ok(), !end_others);
        }
    }
}

async fn a_change_of_password_by_token_leaves_no_old_cookie<F: Future<Output = Scene>>(
    scene: impl Fn(Settings) -> F,
) {
    let scene = scene(defaults()).await;
    let (token, cookie) = token_and_cookie(&scene).await;
    let identity = scene.here.check_token(&token).await.unwrap();
    let (old, new) = (password(PASSWORD), password(NEW));
    let changed = scene
        .here
        .change_my_password(&identity, &old, &new, false, &Browser::default(), &visitor())
        .await
        .unwrap();
    assert!(changed.cookie.is_none(), "it was not asked for by cookie");
    assert!(scene.here.check_cookie(&cookie).await.is_err(), "new rights, new secret");
    scene.here.check_token(&token).await.unwrap();
}

async fn a_new_proof_replaces_the_secret_and_makes_the_sign_in_fresh<F: Future<Output = Scene>>(
    scene: impl Fn(Settings) -> F,
) {
    let scene = scene(defaults()).await;
    let ada = scene.ada(Carrier::Cookie).await;
    let other = scene.again(Carrier::Cookie, Browser::default()).await.unwrap();
    let other_sid = other.session.session.id;
    scene.clock.go(scene.here.settings().fresh_sign_in + Duration::from_millis(1));
    let identity = scene.here.check_cookie(ada.cookie.as_ref().unwrap()).await.unwrap();
    for node in scene.nodes() {
        let one = node.end_my_session(&identity, other_sid).await;
        assert!(matches!(one, Err(EndError::NotFresh(_))));
        let others = node.end_my_sessions(&identity, false).await;
        assert!(matches!(others, Err(EndError::NotFresh(_))));
    }
    scene.here.check_cookie(other.cookie.as_ref().unwrap()).await.unwrap();

    let proved = scene
        .here
        .reauthenticate(&identity, &password(PASSWORD), &browser_with(&ada), &visitor())
        .await
        .unwrap();
    let authentication = proved.session.session.authentication.as_ref().unwrap();
    assert_eq!(authentication.at, scene.here.now());
    assert_eq!(proved.session.session.id, identity.sid());
    scene.there.catch_up().await.unwrap();
    for node in scene.nodes() {
        let old = node.check_cookie(ada.cookie.as_ref().unwrap()).await;
        assert!(matches!(old, Err(NotSignedIn::Replaced(_))));
    }
    let identity = scene.there.check_cookie(proved.cookie.as_ref().unwrap()).await.unwrap();
    assert!(scene.there.end_my_session(&identity, other_sid).await.unwrap());
    assert!(scene.there.check_cookie(other.cookie.as_ref().unwrap()).await.is_err());
}

async fn a_new_proof_by_token_leaves_no_old_cookie<F: Future<Output = Scene>>(
    scene: impl Fn(Settings) -> F,
) {
    let scene = scene(defaults()).await;
    let (token, cookie) = token_and_cookie(&scene).await;
    let identity = scene.here.check_token(&token).await.unwrap();
    let (browser, secret) = (Browser::default(), password(PASSWORD));
    let proved = scene.here.reauthenticate(&identity, &secret, &browser, &visitor()).await.unwrap();
    assert!(proved.cookie.is_none() && proved.tokens.is_none());
    assert!(scene.here.check_cookie(&cookie).await.is_err(), "it proved nothing");
    scene.here.check_token(&token).await.unwrap();
}

async fn a_wrong_proof_is_counted_and_changes_nothing<F: Future<Output = Scene>>(
    scene: impl Fn(Settings) -> F,
) {
    let scene = scene(defaults()).await;
    let ada = scene.ada(Carrier::Cookie).await;
    let cookie = ada.cookie.as_ref().unwrap();
    let identity = scene.here.check_cookie(cookie).await.unwrap();
    let wrong = password("not the password at all");
    let browser = Browser::default();
    let mut told_to_wait = false;
    for _ in 0..50 {
        let refused = scene.here.reauthenticate(&identity, &wrong, &browser, &visitor()).await;
        match refused.map(drop) {
            Err(ReauthenticateError::Proof(ProofError::Password(SignInError::Mismatch))) => (),
            Err(ReauthenticateError::Proof(ProofError::Password(SignInError::Wait(_)))) => {
                told_to_wait = true;
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(told_to_wait, "as at a sign-in");
    let now = scene.here.check_cookie(cookie).await.unwrap();
    assert_eq!(now.session.session.authentication, identity.session.session.authentication);
}

/// The token and the cookie of one session.
async fn token_and_cookie(scene: &Scene) -> (String, CookieSecret) {
    let ada = scene.ada(Carrier::Token).await;
    let token = ada.tokens.unwrap().access.token.clone();
    let identity = scene.here.check_token(&token).await.unwrap();
    let link = from_text(&scene.here.cookie_link(&identity).await.unwrap()).unwrap();
    let carried =
        scene.here.spend_cookie_link(&link, &Browser::default(), &visitor()).await.unwrap();
    (token, carried.cookie.unwrap())
}

async fn a_token_takes_its_session_into_a_browser_by_a_link_that_works_once<
    F: Future<Output = Scene>,
>(
    scene: impl Fn(Settings) -> F,
) {
    let scene = scene(defaults()).await;
    let ada = scene.ada(Carrier::Token).await;
    let identity = scene.here.check_token(&ada.tokens.unwrap().access.token).await.unwrap();
    let link = from_text(&scene.here.cookie_link(&identity).await.unwrap()).unwrap();

    let shown = scene.there.look_at_cookie_link(&link, &visitor()).await.unwrap();
    assert_eq!(shown.user.email.as_str(), "ada@example.com");
    let taken =
        scene.there.spend_cookie_link(&link, &Browser::default(), &visitor()).await.unwrap();
    let again = scene.here.spend_cookie_link(&link, &Browser::default(), &visitor()).await;

    assert!(again.is_err());
    let carried = scene.here.check_cookie(taken.cookie.as_ref().unwrap()).await.unwrap();
    assert_eq!(carried.sid(), identity.sid());
}

async fn a_cookies_token_for_cloakroom_earns_no_cookie<F: Future<Output = Scene>>(
    scene: impl Fn(Settings) -> F,
) {
    let scene = scene(defaults()).await;
    let ada = scene.ada(Carrier::Cookie).await;
    let identity = scene.here.check_cookie(ada.cookie.as_ref().unwrap()).await.unwrap();
    let client = built_in(&scene.here);
    let token = scene.here.earn_token(&identity, &client, &scene.here.settings().issuer).unwrap();
    let as_token = scene.here.check_token(&token.token).await.unwrap();
    assert!(scene.here.cookie_link(&as_token).await.is_err());
    assert!(scene.here.earn_token(&as_token, &client, &scene.here.settings().issuer).is_err());
    assert!(scene.here.earn_token(&identity, &client, "https://elsewhere.example").is_err());
}

async fn an_old_password_lets_nobody_in<F: Future<Output = Scene>>(scene: impl Fn(Settings) -> F) {
    let scene = scene(defaults()).await;
    let ada = scene.ada(Carrier::Cookie).await;
    let identity = scene.here.check_cookie(ada.cookie.as_ref().unwrap()).await.unwrap();
    let (old, new, browser) = (password(PASSWORD), password(NEW), Browser::default());
    scene
        .here
        .change_my_password(&identity, &old, &new, false, &browser, &visitor())
        .await
        .unwrap();
    assert!(scene.again(Carrier::Cookie, Browser::default()).await.is_err());
    scene
        .there
        .sign_in(sign_in(NEW, Carrier::Cookie, Browser::default()), &visitor())
        .await
        .unwrap();
}

async fn the_identifying_cookie_ends_with_the_secret_and_earns_nothing<
    F: Future<Output = Scene>,
>(
    scene: impl Fn(Settings) -> F,
) {
    let scene = scene(defaults()).await;
    let first = scene.ada(Carrier::Cookie).await;
    let value = scene.here.identifying_cookie(&first.session).unwrap();
    for node in scene.nodes() {
        let identity = node.check_identifying_cookie(&value).await.unwrap();
        assert_eq!(identity.sid(), first.session.session.id);
        assert!(identity.identifies_only);
        let issuer = &node.settings().issuer;
        assert!(node.earn_token(&identity, &built_in(node), issuer).is_err());
        let (old, new) = (password(PASSWORD), password(NEW));
        let changed = node
            .change_my_password(&identity, &old, &new, true, &Browser::default(), &visitor())
            .await;
        assert!(changed.is_err());
        let client = built_in(node);
        assert!(node.read_data(&identity, &client, None, &super::cart()).await.is_err());
    }
    let mut forged = value.to_string();
    let other = if forged.ends_with('A') { "E" } else { "A" };
    forged.replace_range(forged.len() - 1.., other);
    assert!(scene.here.check_identifying_cookie(&forged).await.is_err());

    let identity = scene.here.check_cookie(first.cookie.as_ref().unwrap()).await.unwrap();
    let (old, new) = (password(PASSWORD), password(NEW));
    let changed = scene
        .here
        .change_my_password(&identity, &old, &new, false, &browser_with(&first), &visitor())
        .await
        .unwrap();
    scene.there.catch_up().await.unwrap();
    let value_now = scene.here.identifying_cookie(&changed.session).unwrap();
    for node in scene.nodes() {
        assert!(node.check_identifying_cookie(&value).await.is_err(), "the old secret is gone");
        node.check_identifying_cookie(&value_now).await.unwrap();
    }
}
