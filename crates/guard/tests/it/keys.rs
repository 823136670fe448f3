//! Keys: fetched, rotated meanwhile, and asked for by names that nobody has.

use std::time::Duration;

use cloakroom_guard::Settings;
use futures_util::future::join_all;

use crate::issuer::{AUDIENCE, Issuer};
use crate::service::{Service, settings, soon};

#[tokio::test]
async fn a_thousand_unknown_keys_are_worth_few_questions() {
    let issuer = Issuer::start().await;
    let service = Service::up_to_date(&issuer).await;
    assert_eq!(service.by_token(&issuer.said.token("s1", "ada")).await, 200);
    let before = issuer.said.asked("/keys");
    for number in 0..1000 {
        let token = issuer.said.token_by_unknown(&format!("made-up-{number}"));
        assert_eq!(service.by_token(&token).await, 401);
    }
    assert!(issuer.said.asked("/keys") <= before + 1, "{}", issuer.said.asked("/keys"));
    service.clock.go(Duration::from_secs(5));
    service.hears(&issuer).await;
    let token = issuer.said.token_by_unknown("made-up");
    assert_eq!(service.by_token(&token).await, 401);
    assert_eq!(service.by_token(&token).await, 401);
    assert!(issuer.said.asked("/keys") <= before + 2, "{}", issuer.said.asked("/keys"));
}

#[tokio::test]
async fn who_waits_for_keys_that_come_slowly_does_not_ask_for_them_again() {
    let issuer = Issuer::start().await;
    let service = Service::up_to_date(&issuer).await;
    assert_eq!(service.by_token(&issuer.said.token("s1", "ada")).await, 200);
    service.clock.go(Duration::from_secs(5));
    service.hears(&issuer).await;
    let before = issuer.said.asked("/keys");
    issuer.said.answers.send_replace(false);
    let tokens: Vec<_> =
        (0..10).map(|number| issuer.said.token_by_unknown(&format!("made-up-{number}"))).collect();
    let all = join_all(tokens.iter().map(|token| service.by_token(token)));
    let answered = async {
        soon("they are asked for", async || issuer.said.asked("/keys") > before).await;
        service.clock.go(Duration::from_mins(1));
        issuer.said.answers.send_replace(true);
    };
    let (statuses, ()) = tokio::join!(all, answered);
    assert!(statuses.iter().all(|status| *status == 401));
    assert_eq!(issuer.said.asked("/keys"), before + 1);
}

#[tokio::test]
async fn a_token_that_no_key_could_make_good_is_worth_no_question() {
    let issuer = Issuer::start().await;
    let service = Service::up_to_date(&issuer).await;
    assert_eq!(service.by_token(&issuer.said.token("s1", "ada")).await, 200);
    service.clock.go(Duration::from_secs(606));
    service.hears(&issuer).await;
    let before = issuer.said.asked("/keys");
    // It has expired by this clock.
    assert_eq!(service.by_token(&issuer.said.token_by_unknown("made-up")).await, 401);
    assert_eq!(issuer.said.asked("/keys"), before);
}

#[tokio::test]
async fn a_key_that_was_rotated_meanwhile_is_found_by_the_first_token_that_names_it() {
    let issuer = Issuer::start().await;
    let service = Service::up_to_date(&issuer).await;
    let old = issuer.said.token("s1", "ada");
    assert_eq!(service.by_token(&old).await, 200);
    issuer.said.rotate("key-2");
    service.clock.go(Duration::from_secs(5));
    service.hears(&issuer).await;
    assert_eq!(service.by_token(&issuer.said.token("s2", "bea")).await, 200);
    assert_eq!(service.by_token(&old).await, 200);
}

#[tokio::test]
async fn keys_are_used_on_while_the_provider_does_not_answer() {
    let mut issuer = Issuer::start().await;
    let service = Service::start(Settings::new(&issuer.url, AUDIENCE));
    let token = issuer.said.token("s1", "ada");
    assert_eq!(service.by_token(&token).await, 200);
    issuer.stop().await;
    assert_eq!(service.by_token(&issuer.said.token("s2", "bea")).await, 200);
}

#[tokio::test]
async fn a_service_may_start_before_the_server() {
    let mut issuer = Issuer::start().await;
    issuer.stop().await;
    let service = Service::start(settings(&issuer));
    let token = issuer.said.token("s1", "ada");
    assert_eq!(service.by_token(&token).await, 503);
    issuer.start_again().await;
    soon("the keys are there", async || {
        // The pause between two questions passes.
        service.clock.go(Duration::from_secs(5));
        service.by_token(&token).await == 200
    })
    .await;
}

#[tokio::test]
async fn any_provider_will_do_less_the_feed() {
    let issuer = Issuer::start().await;
    let service = Service::start(Settings::new(&issuer.url, AUDIENCE));
    let token = issuer.said.token("s1", "ada");
    assert_eq!(service.by_token(&token).await, 200);
    service.clock.go(Duration::from_secs(604));
    assert_eq!(service.by_token(&token).await, 200, "until it expires");
    service.clock.go(Duration::from_secs(1));
    assert_eq!(service.by_token(&token).await, 401);
}

#[tokio::test]
async fn a_provider_that_speaks_for_another_issuer_is_not_believed() {
    let issuer = Issuer::start().await;
    // The same server under another name.
    let url = issuer.url.replace("127.0.0.1", "localhost");
    let service = Service::start(Settings::new(url, AUDIENCE));
    let token = issuer.said.token("s1", "ada");
    assert_eq!(service.by_token(&token).await, 401, "the token is another issuer's");
    assert!(!service.guard.health().has_keys);
}
