//! Replacing the data key: what is new uses the next one, and what is old goes on.

use std::future::Future;
use std::sync::Arc;

use cloakroom_engine::keys::{MasterKey, MasterKeys, RotateError};
use cloakroom_engine::password::{self, Cost, Pool};
use cloakroom_engine::settings::Settings;
use cloakroom_engine::start::{InCommon, Wiring};
use cloakroom_engine::throttle::Limits;
use cloakroom_engine::visitor::Browser;
use cloakroom_engine::{Engine, EventFilter, Page};
use cloakroom_model::event::{Actor, Kind};
use cloakroom_model::session::Carrier;
use cloakroom_oauth::refresh_token::Presented;
use cloakroom_testkit::engine::{PASSWORD, master_key, on, visitor};
use cloakroom_testkit::randomness::Seeded;

use crate::promises::{Scene, built_in, defaults, on_every_store, presented, sign_in};

on_every_store! {
    what_an_older_data_key_made_goes_on_beside_the_next_one
    a_grant_of_a_key_that_was_not_heard_of_yet_is_refreshed
    no_data_key_is_made_while_the_master_key_changes
}

async fn what_an_older_data_key_made_goes_on_beside_the_next_one<F: Future<Output = Scene>>(
    scene: impl Fn(Settings) -> F,
) {
    let scene = scene(defaults()).await;
    let phone = scene.ada(Carrier::Token).await.tokens.unwrap();
    let laptop = scene.again(Carrier::Cookie, Browser::default()).await.unwrap();
    let shown = scene.here.identifying_cookie(&laptop.session).unwrap();
    let form_key = scene.here.form_key();

    assert_eq!(scene.here.renew_data_key(Actor::Operator).await.unwrap(), 2);
    scene.there.catch_up().await.unwrap();

    let late = on(Arc::clone(&scene.store), &scene.clock, 3, defaults()).await;
    let mut refresh = phone.refresh.to_string();
    for node in [&scene.here, &scene.there, &late] {
        node.check_token(&phone.access.token).await.unwrap();
        node.check_identifying_cookie(&shown).await.unwrap();
        assert_eq!(node.form_key(), form_key, "open forms go on");
        refresh = refreshed(node, &presented(&refresh)).await;
    }
    // What begins now hangs from the new key, at whichever node.
    for node in [&scene.here, &scene.there, &late] {
        let again = sign_in(PASSWORD, Carrier::Token, Browser::default());
        let tokens = node.sign_in(again, &visitor()).await.unwrap().tokens.unwrap();
        let grant = scene.store.find_grant(presented(&tokens.refresh).grant).await.unwrap();
        assert_eq!(grant.unwrap().grant.data_key, 2);
    }
    assert_ne!(scene.here.identifying_cookie(&laptop.session).unwrap(), shown);

    assert_eq!(scene.there.renew_data_key(Actor::Operator).await.unwrap(), 3);
    let page = Page { before: None, limit: 100 };
    let events = scene.here.list_events(&EventFilter { user: None, page }).await.unwrap();
    let made = events.into_iter().filter(|it| it.event.kind == Kind::DataKeyMade);
    let numbers: Vec<_> = made.filter_map(|it| it.event.detail).collect();
    assert_eq!(numbers, ["3", "2", "1"]);
}

async fn a_grant_of_a_key_that_was_not_heard_of_yet_is_refreshed<F: Future<Output = Scene>>(
    scene: impl Fn(Settings) -> F,
) {
    let scene = scene(defaults()).await;
    scene.ada(Carrier::Cookie).await;
    scene.here.renew_data_key(Actor::Operator).await.unwrap();
    let again = scene.again(Carrier::Token, Browser::default()).await.unwrap();
    refreshed(&scene.there, &presented(&again.tokens.unwrap().refresh)).await;
}

async fn no_data_key_is_made_while_the_master_key_changes<F: Future<Output = Scene>>(
    scene: impl Fn(Settings) -> F,
) {
    let scene = scene(defaults()).await;
    let masters = MasterKeys {
        current: MasterKey::generate(&Seeded::new(7118)),
        previous: Some(master_key()),
    };
    let changing = Engine::start(Wiring {
        store: Arc::clone(&scene.store),
        clock: Arc::new(scene.clock.clone()),
        random: Arc::new(Seeded::new(4)),
        masters,
        passwords: Pool::start(password::Settings::new(Cost::danger_next_to_nothing())).unwrap(),
        limits: Limits::default(),
        in_common: InCommon::default(),
        settings: defaults(),
    })
    .await
    .unwrap();
    let refused = changing.renew_data_key(Actor::Operator).await;
    assert!(matches!(refused, Err(RotateError::MasterKeyChanges)), "{refused:?}");
    assert_eq!(scene.store.list_data_keys().await.unwrap().len(), 1);
}

async fn refreshed(node: &Engine, presented: &Presented) -> String {
    let pair =
        node.refresh(presented, &built_in(node), None, None, None, &visitor()).await.unwrap();
    pair.refresh.to_string()
}
