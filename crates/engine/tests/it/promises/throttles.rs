//! Guessing: strangers are stopped, owners are not, and nobody learns who is there.

use std::future::Future;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use cloakroom_engine::Engine;
use cloakroom_engine::settings::Settings;
use cloakroom_engine::sign_in::{SignIn, SignInError};
use cloakroom_engine::visitor::{Browser, Visitor};
use cloakroom_model::event::{Actor, Kind};
use cloakroom_model::policy::throttle::STRANGERS_REMEMBERED;
use cloakroom_model::session::Carrier;
use cloakroom_store::EventFilter;
use cloakroom_testkit::engine::{on, visitor};

use super::{Scene, browser_with, defaults, on_every_store, sign_in};

on_every_store! {
    strangers_that_fail_must_wait_while_a_known_device_comes_in
    a_name_that_nobody_has_answers_like_one_that_somebody_has
    through_two_nodes_and_a_restart_both_names_answer_alike_at_every_attempt
    after_a_long_time_both_names_are_forgotten_alike
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

/// To the hundredth failure and beyond: two nodes in turn, a third that was only just started, and after a while with
/// another data key.
async fn through_two_nodes_and_a_restart_both_names_answer_alike_at_every_attempt<
    F: Future<Output = Scene>,
>(
    scene: impl Fn(Settings) -> F,
) {
    let scene = scene(defaults()).await;
    scene.ada(Carrier::Cookie).await;
    let (mut told, mut waited) = (Vec::new(), Duration::ZERO);
    for attempt in 0..400 {
        if attempt == 60 {
            scene.there.renew_data_key(Actor::Operator).await.unwrap();
        }
        let restarted;
        let node = if attempt % 50 == 25 {
            restarted = on(Arc::clone(&scene.store), &scene.clock, attempt, defaults()).await;
            &restarted
        } else {
            scene.nodes()[usize::from(attempt % 2 == 1)]
        };
        let both = on_both_names(node, attempt).await;
        assert_eq!(both[0], both[1], "at attempt {attempt}, after {told:?}");
        if both[0] == Told::Refused && told.ends_with(&[Told::Refused; 3]) {
            assert_eq!(told.iter().filter(|told| **told == Told::Mismatch).count(), 100);
            assert!(told.iter().any(|told| matches!(told, Told::Wait(_))));
            return;
        }
        // Some come while they are still to wait.
        let go = match both[0] {
            Told::Wait(wait) if attempt % 4 == 0 => wait / 2,
            Told::Wait(wait) | Told::Limited(wait) => wait,
            Told::Mismatch | Told::Refused => Duration::ZERO,
        };
        scene.clock.go(go);
        waited += go;
        told.push(both[0]);
    }
    panic!("nobody was refused within {waited:?}: {told:?}");
}

async fn after_a_long_time_both_names_are_forgotten_alike<F: Future<Output = Scene>>(
    scene: impl Fn(Settings) -> F,
) {
    let scene = scene(defaults()).await;
    scene.ada(Carrier::Cookie).await;
    let here = &scene.here;
    let mut attempts = 0..;
    let mut attempt = async || on_both_names(here, attempts.next().unwrap()).await;
    let mut fail = async |times: u32| {
        for _ in 0..times {
            assert_eq!(attempt().await, [Told::Mismatch; 2]);
        }
        attempt().await
    };
    let second = Duration::from_secs(1);
    assert_eq!(fail(5).await, [Told::Wait(second); 2]);
    scene.clock.go(STRANGERS_REMEMBERED.saturating_sub(second));
    here.sweep().await.unwrap();
    assert_eq!(fail(1).await, [Told::Wait(2 * second); 2], "not yet");

    // With a sweep between or without one.
    scene.clock.go(STRANGERS_REMEMBERED);
    assert_eq!(fail(5).await, [Told::Wait(second); 2]);
    scene.clock.go(STRANGERS_REMEMBERED);
    here.sweep().await.unwrap();
    assert_eq!(fail(5).await, [Told::Wait(second); 2]);
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
        let wish = SignIn { identifier: identifier.to_owned(), ..wish };
        match scene.here.sign_in(wish, &visitor()).await.map(drop) {
            Err(SignInError::Mismatch) => (),
            Err(SignInError::Wait(_)) => return tries,
            other => panic!("{other:?}"),
        }
    }
    panic!("nobody was told to wait");
}

/// What somebody who guesses is told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Told {
    Mismatch,
    Wait(Duration),
    Refused,
    Limited(Duration),
}

/// Fails once at a name that somebody has and once at one that nobody has, each time from another network.
async fn on_both_names(node: &Engine, attempt: u64) -> [Told; 2] {
    let mut told = [Told::Refused; 2];
    let address = IpAddr::V4(Ipv4Addr::from_bits(u32::try_from(attempt).unwrap()));
    let visitor = Visitor { address, ..visitor() };
    // Neither always comes first.
    for n in if attempt.is_multiple_of(2) { [0, 1] } else { [1, 0] } {
        let wish = sign_in("not the password at all", Carrier::Cookie, Browser::default());
        let wish = SignIn { identifier: ["ada", "nobody"][n].to_owned(), ..wish };
        told[n] = match node.sign_in(wish, &visitor).await.map(drop) {
            Err(SignInError::Mismatch) => Told::Mismatch,
            Err(SignInError::Wait(wait)) => Told::Wait(wait),
            Err(SignInError::Refused) => Told::Refused,
            Err(SignInError::Limited(limited)) => Told::Limited(limited.retry_after),
            other => panic!("{other:?}"),
        };
    }
    told
}
