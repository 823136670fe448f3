//! Promise 1: delete wins.

use std::future::Future;

use cloakroom_engine::identity::NotSignedIn;
use cloakroom_engine::profile::ProfileError;
use cloakroom_engine::refresh::RefreshError;
use cloakroom_engine::session_cookie::SessionCookieError;
use cloakroom_engine::session_data::DataError;
use cloakroom_engine::settings::Settings;
use cloakroom_engine::visitor::Browser;
use cloakroom_model::data::{Change, Seen};
use cloakroom_model::event::Actor;
use cloakroom_model::session::Carrier;
use cloakroom_testkit::engine::{PASSWORD, visitor};
use serde_json::json;

use super::{Scene, browser_with, built_in, cart, defaults, on_every_store, password, presented};

on_every_store! {
    what_was_looked_up_before_a_sign_out_earns_nothing_after_it
    ending_all_sessions_ends_every_carrier_of_each
    a_disabled_user_is_out_everywhere_and_cannot_come_back_in
    a_deleted_user_leaves_a_free_name_and_no_way_in
    ending_a_session_from_another_one_ends_only_that_one
    what_was_asked_of_the_account_before_a_sign_out_is_not_done_after_it
}

async fn what_was_looked_up_before_a_sign_out_earns_nothing_after_it<F: Future<Output = Scene>>(
    scene: impl Fn(Settings) -> F,
) {
    let scene = scene(defaults()).await;
    let ada = scene.ada(Carrier::Token).await;
    let tokens = ada.tokens.unwrap();
    let mut before = Vec::new();
    for node in scene.nodes() {
        let identity = node.check_token(&tokens.access.token).await.unwrap();
        let put = node
            .write_data(
                &identity,
                &built_in(node),
                None,
                &cart(),
                Seen::Unsaid,
                Change::Patch(json!({"a": 1})),
            )
            .await;
        assert!(put.is_ok());
        before.push(identity);
    }

    scene.here.sign_out(&before[0]).await.unwrap();

    assert!(matches!(
        scene.here.check_token(&tokens.access.token).await,
        Err(NotSignedIn::Revoked)
    ));
    scene.there.catch_up().await.unwrap();
    assert!(matches!(
        scene.there.check_token(&tokens.access.token).await,
        Err(NotSignedIn::Revoked)
    ));
    for (node, identity) in scene.nodes().into_iter().zip(&before) {
        let written = node
            .write_data(
                identity,
                &built_in(node),
                None,
                &cart(),
                Seen::Unsaid,
                Change::Patch(json!({"a": 2})),
            )
            .await;
        assert!(matches!(written, Err(DataError::Ended)), "{written:?}");
        let link = node.cookie_link(identity).await;
        assert!(matches!(link, Err(SessionCookieError::Ended)), "{link:?}");
        let refreshed = node
            .refresh(&presented(&tokens.refresh), &built_in(node), None, None, None, &visitor())
            .await;
        assert!(matches!(refreshed.map(drop), Err(RefreshError::Refused)));
    }
}

async fn ending_all_sessions_ends_every_carrier_of_each<F: Future<Output = Scene>>(
    scene: impl Fn(Settings) -> F,
) {
    let scene = scene(defaults()).await;
    let phone = scene.ada(Carrier::Token).await.tokens.unwrap();
    let laptop = scene.again(Carrier::Cookie, Browser::default()).await.unwrap();
    let cookie = laptop.cookie.clone().unwrap();
    let identity = scene.here.check_cookie(&cookie).await.unwrap();
    let earned = scene
        .here
        .earn_token(&identity, &built_in(&scene.here), &scene.here.settings().issuer)
        .unwrap()
        .token;
    for token in [&phone.access.token, &earned] {
        scene.there.check_token(token).await.unwrap();
    }

    assert_eq!(scene.here.end_my_sessions(&identity, true).await.unwrap(), 2);

    scene.there.catch_up().await.unwrap();
    for node in scene.nodes() {
        assert!(node.check_cookie(&cookie).await.is_err());
        for token in [&phone.access.token, &earned] {
            assert!(node.check_token(token).await.is_err());
        }
        let refreshed = node
            .refresh(&presented(&phone.refresh), &built_in(node), None, None, None, &visitor())
            .await;
        assert!(refreshed.is_err());
    }
}

async fn a_disabled_user_is_out_everywhere_and_cannot_come_back_in<F: Future<Output = Scene>>(
    scene: impl Fn(Settings) -> F,
) {
    let scene = scene(defaults()).await;
    let ada = scene.ada(Carrier::Cookie).await;
    let cookie = ada.cookie.clone().unwrap();
    let user = ada.session.session.user.unwrap();
    scene.there.check_cookie(&cookie).await.unwrap();

    scene.here.disable_user(user, Actor::Operator).await.unwrap();

    scene.there.catch_up().await.unwrap();
    for node in scene.nodes() {
        assert!(matches!(node.check_cookie(&cookie).await, Err(NotSignedIn::NoSession)));
    }
    assert!(scene.again(Carrier::Cookie, browser_with(&ada)).await.is_err());
    scene.here.enable_user(user, Actor::Operator).await.unwrap();
    assert!(scene.here.check_cookie(&cookie).await.is_err(), "what ended stays ended");
    scene.again(Carrier::Cookie, browser_with(&ada)).await.unwrap();
}

async fn a_deleted_user_leaves_a_free_name_and_no_way_in<F: Future<Output = Scene>>(
    scene: impl Fn(Settings) -> F,
) {
    let scene = scene(defaults()).await;
    let ada = scene.ada(Carrier::Token).await;
    let token = ada.tokens.unwrap().access.token;
    scene.there.check_token(&token).await.unwrap();
    scene.here.delete_user(ada.session.session.user.unwrap(), Actor::Operator).await.unwrap();
    scene.there.catch_up().await.unwrap();
    for node in scene.nodes() {
        assert!(node.check_token(&token).await.is_err());
    }
    assert!(scene.again(Carrier::Cookie, Browser::default()).await.is_err());
    scene.ada(Carrier::Cookie).await;
}

async fn ending_a_session_from_another_one_ends_only_that_one<F: Future<Output = Scene>>(
    scene: impl Fn(Settings) -> F,
) {
    let scene = scene(defaults()).await;
    let first = scene.ada(Carrier::Cookie).await;
    let second = scene.again(Carrier::Cookie, Browser::default()).await.unwrap();
    let (first_cookie, second_cookie) = (first.cookie.unwrap(), second.cookie.unwrap());
    let identity = scene.here.check_cookie(&second_cookie).await.unwrap();
    assert!(scene.here.end_my_session(&identity, first.session.session.id).await.unwrap());
    assert!(!scene.here.end_my_session(&identity, first.session.session.id).await.unwrap());
    assert!(scene.here.check_cookie(&first_cookie).await.is_err());
    scene.here.check_cookie(&second_cookie).await.unwrap();
}

async fn what_was_asked_of_the_account_before_a_sign_out_is_not_done_after_it<
    F: Future<Output = Scene>,
>(
    scene: impl Fn(Settings) -> F,
) {
    let scene = scene(defaults()).await;
    let (stolen, owners) = (scene.ada(Carrier::Cookie).await, Browser::default());
    let cookie = scene.again(Carrier::Cookie, owners.clone()).await.unwrap().cookie.unwrap();
    // Whoever holds this one has passed every check at the door before the owner throws them out.
    let thief = scene.there.check_cookie(stolen.cookie.as_ref().unwrap()).await.unwrap();
    let owner = scene.here.check_cookie(&cookie).await.unwrap();
    scene.here.end_my_sessions(&owner, false).await.unwrap();

    let (known, node) = (password(PASSWORD), &scene.there);
    let renamed =
        node.change_my_names(&thief, &known, "eve@example.com", None, &owners, &visitor()).await;
    assert!(matches!(renamed, Err(ProfileError::Stale)), "{renamed:?}");
    let deleted = node.delete_me(&thief, &known, &owners, &visitor()).await;
    assert!(matches!(deleted, Err(ProfileError::Stale)), "{deleted:?}");

    let node = &scene.here;
    node.change_my_names(&owner, &known, "ada@example.org", None, &owners, &visitor())
        .await
        .unwrap();
    let owner = node.check_cookie(&cookie).await.unwrap();
    node.delete_me(&owner, &known, &owners, &visitor()).await.unwrap();
}
