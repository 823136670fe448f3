//! Promises 3 and 4: a refresh never signs anybody out by accident, and theft shows.

use std::future::Future;
use std::time::Duration;

use cloakroom_engine::clients::NewClient;
use cloakroom_engine::refresh::RefreshError;
use cloakroom_engine::settings::Settings;
use cloakroom_engine::sign_in::SignIn;
use cloakroom_engine::visitor::Browser;
use cloakroom_model::client::Template;
use cloakroom_model::event::{Actor, Kind};
use cloakroom_model::session::Carrier;
use cloakroom_oauth::scope::Scope;
use cloakroom_store::EventFilter;
use cloakroom_testkit::engine::{PASSWORD, visitor};

use super::{Scene, built_in, defaults, on_every_store, presented};

on_every_store! {
    any_token_rotated_inside_the_window_earns_the_newest_on_any_node
    a_token_rotated_before_the_window_ends_the_grant_and_the_event_says_so
    more_than_sixteen_rotations_in_a_window_must_wait
    a_token_that_was_tampered_with_ends_nothing
    a_refresh_may_narrow_the_scope_and_never_widen_it
    a_clients_tokens_are_for_its_own_api_unless_it_asks_for_cloakroom
}

async fn any_token_rotated_inside_the_window_earns_the_newest_on_any_node<
    F: Future<Output = Scene>,
>(
    scene: impl Fn(Settings) -> F,
) {
    let scene = scene(defaults()).await;
    let mut chain = vec![scene.ada(Carrier::Token).await.tokens.unwrap().refresh];
    for n in 0..5 {
        let node = scene.nodes()[n % 2];
        let pair = node
            .refresh(&presented(&chain[n]), &built_in(node), None, None, None, &visitor())
            .await
            .unwrap();
        chain.push(pair.refresh);
    }
    for old in &chain[..5] {
        for node in scene.nodes() {
            let pair = node
                .refresh(&presented(old), &built_in(node), None, None, None, &visitor())
                .await
                .unwrap();
            assert_eq!(*pair.refresh, *chain[5]);
            node.check_token(&pair.access.token).await.unwrap();
        }
    }
}

async fn a_token_rotated_before_the_window_ends_the_grant_and_the_event_says_so<
    F: Future<Output = Scene>,
>(
    scene: impl Fn(Settings) -> F,
) {
    let scene = scene(no_window()).await;
    let stolen = scene.ada(Carrier::Token).await.tokens.unwrap();
    let client = built_in(&scene.here);
    let owners = scene
        .here
        .refresh(&presented(&stolen.refresh), &client, None, None, None, &visitor())
        .await
        .unwrap();
    let again = scene
        .here
        .refresh(&presented(&owners.refresh), &client, None, None, None, &visitor())
        .await
        .unwrap();
    scene.clock.go(Duration::from_millis(1));

    let thief = scene
        .there
        .refresh(&presented(&stolen.refresh), &client, None, None, None, &visitor())
        .await;

    assert!(matches!(thief.map(drop), Err(RefreshError::Refused)));
    scene.here.catch_up().await.unwrap();
    let owner =
        scene.here.refresh(&presented(&again.refresh), &client, None, None, None, &visitor()).await;
    assert!(
        matches!(owner.map(drop), Err(RefreshError::Refused)),
        "the owner signs in again, and knows"
    );
    assert!(scene.here.check_token(&again.access.token).await.is_err());
    let events = scene.store.list_events(&EventFilter::default()).await.unwrap();
    assert!(events.iter().any(|recorded| recorded.event.kind == Kind::RefreshStolen));
}

async fn more_than_sixteen_rotations_in_a_window_must_wait<F: Future<Output = Scene>>(
    scene: impl Fn(Settings) -> F,
) {
    let scene = scene(defaults()).await;
    let client = built_in(&scene.here);
    let mut newest = scene.ada(Carrier::Token).await.tokens.unwrap().refresh;
    for _ in 0..16 {
        newest = scene
            .here
            .refresh(&presented(&newest), &client, None, None, None, &visitor())
            .await
            .unwrap()
            .refresh;
    }
    let one_more =
        scene.here.refresh(&presented(&newest), &client, None, None, None, &visitor()).await;
    assert!(matches!(one_more.map(drop), Err(RefreshError::Wait(_))));
}

async fn a_token_that_was_tampered_with_ends_nothing<F: Future<Output = Scene>>(
    scene: impl Fn(Settings) -> F,
) {
    let scene = scene(no_window()).await;
    let client = built_in(&scene.here);
    let tokens = scene.ada(Carrier::Token).await.tokens.unwrap();
    let newest = scene
        .here
        .refresh(&presented(&tokens.refresh), &client, None, None, None, &visitor())
        .await
        .unwrap();
    scene.clock.go(Duration::from_millis(1));
    let mut forged = tokens.refresh.to_string();
    let middle = forged.len() - 10;
    let other = if &forged[middle..=middle] == "A" { "B" } else { "A" };
    forged.replace_range(middle..=middle, other);
    let refused =
        scene.here.refresh(&presented(&forged), &client, None, None, None, &visitor()).await;
    assert!(matches!(refused.map(drop), Err(RefreshError::Refused)));
    scene
        .here
        .refresh(&presented(&newest.refresh), &client, None, None, None, &visitor())
        .await
        .unwrap();
}

async fn a_refresh_may_narrow_the_scope_and_never_widen_it<F: Future<Output = Scene>>(
    scene: impl Fn(Settings) -> F,
) {
    let scene = scene(defaults()).await;
    let client = built_in(&scene.here);
    let tokens = scene.ada(Carrier::Token).await.tokens.unwrap();
    assert_eq!(tokens.scope.words(), ["session:cookie"]);
    let none = Scope::default();
    let narrow = scene
        .here
        .refresh(&presented(&tokens.refresh), &client, Some(&none), None, None, &visitor())
        .await
        .unwrap();
    assert!(narrow.scope.is_empty());
    let more = Scope::parse("session:cookie admin").unwrap();
    let widened = scene
        .here
        .refresh(&presented(&narrow.refresh), &client, Some(&more), None, None, &visitor())
        .await;
    assert!(matches!(widened.map(drop), Err(RefreshError::Scope)));
    scene
        .here
        .refresh(&presented(&narrow.refresh), &client, None, None, None, &visitor())
        .await
        .unwrap();
}

fn no_window() -> Settings {
    Settings { replay_window: Duration::ZERO, ..defaults() }
}

async fn a_clients_tokens_are_for_its_own_api_unless_it_asks_for_cloakroom<
    F: Future<Output = Scene>,
>(
    scene: impl Fn(Settings) -> F,
) {
    const API: &str = "https://api.example.com";
    let scene = scene(defaults()).await;
    scene.ada(Carrier::Cookie).await;
    let phone = NewClient {
        id: None,
        name: "Phone".to_owned(),
        template: Template::Mobile,
        first_party: true,
        origins: vec![],
        audiences: vec![API.to_owned()],
        scopes: vec![],
        algorithm: None,
        token_places: vec![],
        confidential: false,
        registration: cloakroom_model::registration::Registration::default(),
    };
    let phone = scene.here.add_client(phone, Actor::Operator).await.unwrap().client;
    let wish = super::sign_in(PASSWORD, Carrier::Token, Browser::default());
    let wish = SignIn { client: Some(phone.id.clone()), ..wish };
    let tokens = scene.here.sign_in(wish, &visitor()).await.unwrap().tokens.unwrap();
    let client = scene.here.find_client(&phone.id).unwrap();
    assert_eq!(audience(&tokens.access.token), API);
    assert!(scene.here.check_token(&tokens.access.token).await.is_err(), "it is not for Cloakroom");

    let issuer = scene.here.settings().issuer.clone();
    let refresh = async |resource| {
        scene
            .here
            .refresh(&presented(&tokens.refresh), &client, None, resource, None, &visitor())
            .await
    };
    assert_eq!(audience(&refresh(None).await.unwrap().access.token), API);
    let own = refresh(Some(issuer.as_str())).await.unwrap().access.token;
    scene.here.check_token(&own).await.unwrap();
    let elsewhere = refresh(Some("https://elsewhere.example")).await;
    assert!(matches!(elsewhere.map(drop), Err(RefreshError::Audience)));
}

/// What a token says that it is for.
fn audience(token: &str) -> String {
    let payload = token.split('.').nth(1).unwrap();
    let claims = cloakroom_jose::base64url::decode(payload).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
    claims["aud"].as_str().unwrap().to_owned()
}
