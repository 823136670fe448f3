//! A node that cannot hear the log asks, or says that it cannot; it never answers from an old memory.

use std::time::Duration;

use cloakroom_engine::StoreError;
use cloakroom_engine::identity::NotSignedIn;
use cloakroom_engine::settings::Settings;
use cloakroom_model::session::Carrier;
use cloakroom_testkit::engine::settings;
use cloakroom_testkit::faulty::Fault;

use super::Nodes;

/// Longer than memory is trusted.
const OUT_OF_HEARING: Duration = Duration::from_millis(2_001);

/// Longer than any request waits for storage.
const PATIENCE: Duration = Duration::from_secs(6);

#[tokio::test(start_paused = true)]
async fn who_cannot_hear_asks_the_store_about_a_cookie_and_answers_right() {
    for fault in [Fault::Refuses, Fault::Hangs] {
        let nodes = Nodes::start(settings()).await;
        let cookie = nodes.ada(Carrier::Cookie).await.cookie.unwrap();
        nodes.there.catch_up().await.unwrap();
        let identity = nodes.there.check_cookie(&cookie).await.unwrap();
        nodes.there.check_cookie(&cookie).await.unwrap();
        assert_eq!(nodes.there.vitals().memory.believed, 1, "memory answers while it is heard");

        nodes.way.log(fault);
        nodes.clock.go(OUT_OF_HEARING);
        nodes.there.check_cookie(&cookie).await.unwrap();
        let vitals = nodes.there.vitals();
        assert_eq!((vitals.memory.believed, vitals.memory.asked), (1, 2), "{fault:?}");
        assert!(!vitals.log.trusted);
        nodes.here.sign_out(&identity).await.unwrap();
        let refused = nodes.there.check_cookie(&cookie).await.map(drop);
        assert!(matches!(refused, Err(NotSignedIn::NoSession)), "{fault:?}: {refused:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_can_neither_hear_nor_ask_says_so_and_does_not_wait_for_ever() {
    let nodes = Nodes::start(settings()).await;
    let ada = nodes.ada(Carrier::Cookie).await;
    let cookie = ada.cookie.unwrap();
    nodes.there.catch_up().await.unwrap();
    nodes.there.check_cookie(&cookie).await.unwrap();
    nodes.way.log(Fault::Hangs);
    nodes.way.rest(Fault::Hangs);
    nodes.there.check_cookie(&cookie).await.expect("it was heard a moment ago");

    nodes.clock.go(OUT_OF_HEARING);
    let checked = tokio::time::timeout(PATIENCE, nodes.there.check_cookie(&cookie)).await;
    let refused = checked.expect("it waited for ever").map(drop);
    assert!(matches!(refused, Err(NotSignedIn::Store(StoreError::Unavailable(_)))), "{refused:?}");
}

#[tokio::test(start_paused = true)]
async fn a_token_is_not_believed_by_who_cannot_hear() {
    let nodes = Nodes::start(settings()).await;
    let token = nodes.ada(Carrier::Token).await.tokens.unwrap().access.token;
    nodes.there.catch_up().await.unwrap();
    nodes.there.check_token(&token).await.unwrap();
    for fault in [Fault::Refuses, Fault::Hangs] {
        nodes.way.log(fault);
        nodes.clock.go(OUT_OF_HEARING);
        let checked = tokio::time::timeout(PATIENCE, nodes.there.check_token(&token)).await;
        let refused = checked.expect("it waited for ever").map(drop);
        assert!(matches!(refused, Err(NotSignedIn::Store(StoreError::Unavailable(_)))));
    }
    nodes.way.log(Fault::None);
    nodes.there.check_token(&token).await.unwrap();
}

/// A process that was stopped, and a machine that was suspended: the steady clock went on.
#[tokio::test]
async fn who_was_stopped_for_longer_than_the_bound_answers_nothing_from_memory() {
    let nodes = Nodes::start(settings()).await;
    let cookie = nodes.ada(Carrier::Cookie).await.cookie.unwrap();
    nodes.there.catch_up().await.unwrap();
    let identity = nodes.there.check_cookie(&cookie).await.unwrap();
    nodes.here.sign_out(&identity).await.unwrap();
    nodes.there.check_cookie(&cookie).await.expect("it has not heard yet");
    nodes.clock.go(OUT_OF_HEARING);
    let refused = nodes.there.check_cookie(&cookie).await.map(drop);
    assert!(matches!(refused, Err(NotSignedIn::NoSession)), "{refused:?}");
    assert_eq!(nodes.there.vitals().log.asked, 1, "the request read the log");
}

#[tokio::test]
async fn a_reader_that_is_woken_reads_before_its_time() {
    let never = Duration::from_hours(24);
    let settings = Settings { log_interval: never, ..settings() };
    let nodes = Nodes::start(settings).await;
    let cookie = nodes.ada(Carrier::Cookie).await.cookie.unwrap();
    let there = nodes.there.clone();
    let following = tokio::spawn(async move { there.follow().await });
    nodes.way.wake();
    let identity = nodes.there.check_cookie(&cookie).await.unwrap();
    nodes.here.sign_out(&identity).await.unwrap();
    nodes.there.check_cookie(&cookie).await.expect("nobody woke it yet");

    nodes.way.wake();
    let refused = async {
        while nodes.there.check_cookie(&cookie).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), refused).await.expect("it was not woken");
    following.abort();
}

#[tokio::test(start_paused = true)]
async fn who_cannot_hear_is_not_ready_and_says_since_when() {
    let nodes = Nodes::start(settings()).await;
    nodes.there.readiness().await.unwrap();
    for fault in [Fault::Refuses, Fault::Hangs] {
        nodes.way.log(fault);
        nodes.clock.go(OUT_OF_HEARING);
        let ready = tokio::time::timeout(PATIENCE, nodes.there.readiness()).await;
        let why = ready.expect("it waited for ever").unwrap_err();
        assert!(why.unheard_for >= Some(OUT_OF_HEARING), "{why}");
        assert!(why.to_string().starts_with("the revocation log was last heard "), "{why}");
    }
    nodes.way.log(Fault::None);
    nodes.there.readiness().await.unwrap();
    assert!(nodes.there.vitals().log.trusted);
}
