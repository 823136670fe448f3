//! Promise 8: revocation arrives, and memory that cannot hear is not trusted.

use std::future::Future;
use std::time::Duration;

use cloakroom_engine::settings::Settings;
use cloakroom_model::event::Actor;
use cloakroom_model::key::Stage;
use cloakroom_model::session::Carrier;
use cloakroom_oauth::token_in_question::TokenInQuestion;

use super::{Scene, built_in, defaults, on_every_store};

on_every_store! {
    a_node_that_follows_refuses_without_being_asked_twice
    a_node_that_has_not_heard_for_two_seconds_asks_the_store
    a_compromised_key_verifies_nothing_anywhere
    while_a_key_is_given_up_every_node_signs
    a_removed_client_is_refused_with_all_its_tokens
    a_token_that_is_given_back_again_and_again_ends_once
}

async fn a_node_that_follows_refuses_without_being_asked_twice<F: Future<Output = Scene>>(
    scene: impl Fn(Settings) -> F,
) {
    let scene = scene(defaults()).await;
    let cookie = scene.ada(Carrier::Cookie).await.cookie.unwrap();
    let there = scene.there.clone();
    let following = tokio::spawn(async move { there.follow().await });
    let identity = scene.there.check_cookie(&cookie).await.unwrap();
    scene.here.sign_out(&identity).await.unwrap();

    let refused = async {
        while scene.there.check_cookie(&cookie).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), refused)
        .await
        .expect("the revocation never arrived");
    following.abort();
}

async fn a_node_that_has_not_heard_for_two_seconds_asks_the_store<F: Future<Output = Scene>>(
    scene: impl Fn(Settings) -> F,
) {
    // A staleness of nothing: every check hears the log first, which is what an old memory does.
    let scene = scene(Settings { staleness: Duration::ZERO, ..defaults() }).await;
    let cookie = scene.ada(Carrier::Cookie).await.cookie.unwrap();
    let identity = scene.there.check_cookie(&cookie).await.unwrap();
    scene.clock.go(Duration::from_secs(3));
    scene.here.sign_out(&identity).await.unwrap();
    scene.clock.go(Duration::from_millis(1));
    assert!(scene.there.check_cookie(&cookie).await.is_err());
}

async fn a_compromised_key_verifies_nothing_anywhere<F: Future<Output = Scene>>(
    scene: impl Fn(Settings) -> F,
) {
    let scene = scene(defaults()).await;
    let ada = scene.ada(Carrier::Cookie).await;
    let identity = scene.here.check_cookie(ada.cookie.as_ref().unwrap()).await.unwrap();
    let issuer = &scene.here.settings().issuer;
    let before = scene.here.earn_token(&identity, &built_in(&scene.here), issuer).unwrap().token;
    scene.there.check_token(&before).await.unwrap();
    let published = scene.there.published_keys();

    let key = scene.here.list_keys().await.unwrap().remove(0).id;
    scene.here.compromise_key(&key, Actor::Operator).await.unwrap();

    scene.there.catch_up().await.unwrap();
    for node in scene.nodes() {
        assert!(node.check_token(&before).await.is_err());
        assert!(
            !node.published_keys().json.contains(&key.0),
            "a key that is not trusted is not published"
        );
    }
    assert_ne!(published.etag, scene.there.published_keys().etag);
    let after = scene.here.earn_token(&identity, &built_in(&scene.here), issuer).unwrap().token;
    for node in scene.nodes() {
        node.check_token(&after).await.unwrap();
    }
}

async fn while_a_key_is_given_up_every_node_signs<F: Future<Output = Scene>>(
    scene: impl Fn(Settings) -> F,
) {
    let scene = scene(defaults()).await;
    let ada = scene.ada(Carrier::Cookie).await;
    let identity = scene.here.check_cookie(ada.cookie.as_ref().unwrap()).await.unwrap();
    let issuer = &scene.here.settings().issuer;
    for _ in 0..3 {
        let keys = scene.here.list_keys().await.unwrap();
        let current = keys.into_iter().find(|key| matches!(key.stage, Stage::Current { .. }));
        let (here, key) = (scene.here.clone(), current.unwrap().id);
        let given_up =
            tokio::spawn(async move { here.compromise_key(&key, Actor::Operator).await });
        while !given_up.is_finished() {
            scene.there.catch_up().await.unwrap();
            for node in scene.nodes() {
                node.earn_token(&identity, &built_in(node), issuer).unwrap();
            }
            tokio::task::yield_now().await;
        }
        given_up.await.unwrap().unwrap();
    }
}

async fn a_removed_client_is_refused_with_all_its_tokens<F: Future<Output = Scene>>(
    scene: impl Fn(Settings) -> F,
) {
    use cloakroom_engine::clients::NewClient;
    use cloakroom_engine::sign_in::SignIn;
    use cloakroom_model::client::Template;
    let scene = scene(defaults()).await;
    scene.ada(Carrier::Cookie).await;
    let new = NewClient {
        id: Some(cloakroom_model::id::ClientId::parse("phone").unwrap()),
        name: "Phone".to_owned(),
        template: Template::Mobile,
        first_party: true,
        origins: vec![],
        audiences: vec![],
        scopes: vec![],
        algorithm: Some("ES256".to_owned()),
        token_places: vec![],
        confidential: false,
        registration: cloakroom_model::registration::Registration::default(),
    };
    let phone = scene.here.add_client(new, Actor::Operator).await.unwrap().client;
    let wish = super::sign_in(
        cloakroom_testkit::engine::PASSWORD,
        Carrier::Token,
        cloakroom_engine::visitor::Browser::default(),
    );
    let wish = SignIn { client: Some(phone.id.clone()), ..wish };
    let tokens = scene
        .here
        .sign_in(wish, &cloakroom_testkit::engine::visitor())
        .await
        .unwrap()
        .tokens
        .unwrap();
    scene.there.catch_up().await.unwrap();
    scene.there.check_token(&tokens.access.token).await.unwrap();

    scene.here.remove_client(&phone.id, Actor::Operator).await.unwrap();

    scene.there.catch_up().await.unwrap();
    for node in scene.nodes() {
        assert!(node.check_token(&tokens.access.token).await.is_err());
        assert!(node.find_client(&phone.id).is_none());
    }
}

async fn a_token_that_is_given_back_again_and_again_ends_once<F: Future<Output = Scene>>(
    scene: impl Fn(Settings) -> F,
) {
    let scene = scene(defaults()).await;
    let token = scene.ada(Carrier::Token).await.tokens.unwrap().access.token;
    let before = scene.store.read_snapshot().await.unwrap().rows.len();
    let request = TokenInQuestion::Access(token.clone().into());
    for _ in 0..3 {
        for node in scene.nodes() {
            node.revoke(&request, &built_in(node)).await.unwrap();
            node.catch_up().await.unwrap();
            scene.there.catch_up().await.unwrap();
        }
    }
    assert_eq!(scene.store.read_snapshot().await.unwrap().rows.len(), before + 1);
    assert!(scene.there.check_token(&token).await.is_err());
}
