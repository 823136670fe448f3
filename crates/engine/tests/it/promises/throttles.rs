//! Guessing: strangers are stopped, owners are not, and nobody learns who is there.

use std::future::Future;

use cloakroom_engine::settings::Settings;
use cloakroom_engine::sign_in::SignInError;
use cloakroom_engine::visitor::Browser;
use cloakroom_model::event::{Actor, Kind};
use cloakroom_model::session::Carrier;
use cloakroom_store::EventFilter;
use cloakroom_testkit::engine::visitor;

use super::{Scene, browser_with, defaults, on_every_store, sign_in};

on_every_store! {
    strangers_that_fail_must_wait_while_a_known_device_comes_in
    a_name_that_nobody_has_answers_like_one_that_somebody_has
    an_operator_can_clear_the_count
}

async fn strangers_that_fail_must_wait_while_a_known_device_comes_in<F: Future<Output = Scene>>(
    scene: impl Fn(Settings) -> F,
) {
    let scene = scene(defaults()).await;
    let ada = scene.ada(Carrier::Cookie).await;
    assert!(fail_until_told_to_wait(&scene, "ada").await >= 5);
    let stranger = scene.again(Carrier::Cookie, Browser::default()).await;
    assert!(
        matches!(stranger.map(drop), Err(SignInError::Wait(_))),
        "even with the right password"
    );
    scene.again(Carrier::Cookie, browser_with(&ada)).await.unwrap();
    let events = scene.store.list_events(&EventFilter::default()).await.unwrap();
    for kind in [Kind::SignInFailed, Kind::SignInThrottled, Kind::SignedIn] {
        assert!(events.iter().any(|recorded| recorded.event.kind == kind), "{kind:?}");
    }
}

async fn a_name_that_nobody_has_answers_like_one_that_somebody_has<F: Future<Output = Scene>>(
    scene: impl Fn(Settings) -> F,
) {
    let scene = scene(defaults()).await;
    scene.ada(Carrier::Cookie).await;
    let somebody = fail_until_told_to_wait(&scene, "ada").await;
    let nobody = fail_until_told_to_wait(&scene, "nobody").await;
    assert_eq!(somebody, nobody);
}

async fn an_operator_can_clear_the_count<F: Future<Output = Scene>>(scene: impl Fn(Settings) -> F) {
    let scene = scene(defaults()).await;
    let ada = scene.ada(Carrier::Cookie).await;
    fail_until_told_to_wait(&scene, "ada").await;
    scene.here.unlock_user(ada.session.session.user.unwrap(), Actor::Operator).await.unwrap();
    scene.again(Carrier::Cookie, Browser::default()).await.unwrap();
}

/// Fails at a name; answers how often it was let try.
async fn fail_until_told_to_wait(scene: &Scene, identifier: &str) -> usize {
    for tries in 0..50 {
        let wish = sign_in("not the password at all", Carrier::Cookie, Browser::default());
        let wish = cloakroom_engine::sign_in::SignIn { identifier: identifier.to_owned(), ..wish };
        match scene.here.sign_in(wish, &visitor()).await.map(drop) {
            Err(SignInError::Mismatch) => (),
            Err(SignInError::Wait(_)) => return tries,
            other => panic!("{other:?}"),
        }
    }
    panic!("nobody was told to wait");
}
