//! Promise 2: no lost update; and what becomes of a guest's cart.

use std::future::Future;

use cloakroom_engine::session_data::DataError;
use cloakroom_engine::settings::Settings;
use cloakroom_engine::visitor::Browser;
use cloakroom_model::data::{Change, Etag, Seen};
use cloakroom_model::session::Carrier;
use cloakroom_testkit::engine::visitor;
use serde_json::{Value, json};

use super::{Scene, built_in, cart, defaults, on_every_store};

on_every_store! {
    of_two_writers_that_saw_the_same_version_one_is_told
    merges_of_different_keys_at_once_all_stay
    a_guests_cart_is_there_after_sign_up_and_on_the_next_device
    a_second_click_on_sign_in_keeps_the_cart
    another_users_earlier_session_hands_nothing_on
}

async fn of_two_writers_that_saw_the_same_version_one_is_told<F: Future<Output = Scene>>(
    scene: impl Fn(Settings) -> F,
) {
    let scene = scene(defaults()).await;
    let ada = scene.ada(Carrier::Cookie).await;
    let cookie = ada.cookie.unwrap();
    let [here, there] = scene.nodes();
    let first = here.check_cookie(&cookie).await.unwrap();
    let second = there.check_cookie(&cookie).await.unwrap();
    let put = Change::Put(json!({"v": 0}));
    let seen = here
        .write_data(&first, &built_in(here), None, &cart(), Seen::Absent, put)
        .await
        .unwrap()
        .unwrap()
        .etag;

    let (one, client) = (Change::Put(json!({"v": 1})), built_in(here));
    let two = Change::Put(json!({"v": 2}));
    let namespace = cart();
    let (one, two) = tokio::join!(
        here.write_data(&first, &client, None, &namespace, saw(seen), one),
        there.write_data(&second, &client, None, &namespace, saw(seen), two),
    );

    let results = [&one, &two];
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1, "{results:?}");
    let winner = if one.is_ok() { json!({"v": 1}) } else { json!({"v": 2}) };
    let now = here.read_data(&first, &client, None, &namespace).await.unwrap().unwrap();
    assert_eq!(now.value, winner);
    for result in [one, two] {
        if let Err(error) = result {
            assert!(
                matches!(error, DataError::NotAsSeen(Some(etag)) if etag == now.etag),
                "{error:?}"
            );
        }
    }
}

async fn merges_of_different_keys_at_once_all_stay<F: Future<Output = Scene>>(
    scene: impl Fn(Settings) -> F,
) {
    let scene = scene(defaults()).await;
    let cookie = scene.ada(Carrier::Cookie).await.cookie.unwrap();
    let writers = (0..16).map(|n| {
        let node = scene.nodes()[n % 2].clone();
        let cookie = cookie.clone();
        tokio::spawn(async move {
            let identity = node.check_cookie(&cookie).await.unwrap();
            let mut patch = serde_json::Map::new();
            patch.insert(format!("item-{n}"), json!(n));
            let patch = Change::Patch(Value::Object(patch));
            node.write_data(&identity, &built_in(&node), None, &cart(), Seen::Unsaid, patch)
                .await
                .unwrap();
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    assert_eq!(read(&scene, &cookie).await.as_object().unwrap().len(), 16);
}

async fn a_guests_cart_is_there_after_sign_up_and_on_the_next_device<F: Future<Output = Scene>>(
    scene: impl Fn(Settings) -> F,
) {
    let scene = scene(defaults()).await;
    let guest =
        scene.here.begin_guest(Carrier::Cookie, None, &visitor()).await.unwrap().cookie.unwrap();
    fill(&scene, &guest, json!({"items": ["coat"]})).await;

    let browser = Browser { session: Some(guest.clone()), device: None };
    let ada = scene.ada_in(Carrier::Cookie, browser).await.cookie.unwrap();
    assert_eq!(read(&scene, &ada).await, json!({"items": ["coat"]}));
    assert!(scene.here.check_cookie(&guest).await.is_err(), "the guest is gone");

    let second =
        scene.here.begin_guest(Carrier::Cookie, None, &visitor()).await.unwrap().cookie.unwrap();
    fill(&scene, &second, json!({"items": ["hat"]})).await;
    let browser = Browser { session: Some(second), device: None };
    let other_device = scene.again(Carrier::Cookie, browser).await.unwrap().cookie.unwrap();
    for cookie in [&ada, &other_device] {
        assert_eq!(read(&scene, cookie).await, json!({"items": ["coat", "hat"]}));
    }
}

async fn a_second_click_on_sign_in_keeps_the_cart<F: Future<Output = Scene>>(
    scene: impl Fn(Settings) -> F,
) {
    let scene = scene(defaults()).await;
    scene.ada(Carrier::Cookie).await;
    let guest =
        scene.here.begin_guest(Carrier::Cookie, None, &visitor()).await.unwrap().cookie.unwrap();
    fill(&scene, &guest, json!({"items": ["coat"]})).await;
    let browser = Browser { session: Some(guest), device: None };
    // Both clicks send the guest's cookie: the answer to the first was not there yet.
    let first = scene.again(Carrier::Cookie, browser.clone()).await.unwrap().cookie.unwrap();
    let second = scene.again(Carrier::Cookie, browser).await.unwrap().cookie.unwrap();
    assert_eq!(read(&scene, &second).await, json!({"items": ["coat"]}));
    assert!(scene.here.check_cookie(&first).await.is_err(), "one browser, one session");
}

async fn another_users_earlier_session_hands_nothing_on<F: Future<Output = Scene>>(
    scene: impl Fn(Settings) -> F,
) {
    let scene = scene(defaults()).await;
    let ada = scene.ada(Carrier::Cookie).await.cookie.unwrap();
    fill(&scene, &ada, json!({"items": ["ada's coat"]})).await;
    let wish = cloakroom_engine::sign_up::SignUp {
        email: "bob@example.com".to_owned(),
        username: None,
        password: super::password(cloakroom_testkit::engine::PASSWORD),
        carry: Carrier::Cookie,
        client: None,
        remember: false,
        set_up: None,
        browser: Browser { session: Some(ada.clone()), device: None },
    };
    let bob = scene.here.sign_up(wish, &visitor()).await.unwrap().cookie.unwrap();
    let identity = scene.here.check_cookie(&bob).await.unwrap();
    let cart =
        scene.here.read_data(&identity, &built_in(&scene.here), None, &cart()).await.unwrap();
    assert_eq!(cart, None);
    assert!(scene.here.check_cookie(&ada).await.is_err(), "one browser, one session");
}

fn saw(etag: Etag) -> Seen {
    Seen::Versions([Some(etag), None, None, None])
}

async fn fill(scene: &Scene, cookie: &cloakroom_engine::secret::CookieSecret, value: Value) {
    let identity = scene.here.check_cookie(cookie).await.unwrap();
    let put = Change::Put(value);
    scene
        .here
        .write_data(&identity, &built_in(&scene.here), None, &cart(), Seen::Absent, put)
        .await
        .unwrap();
}

async fn read(scene: &Scene, cookie: &cloakroom_engine::secret::CookieSecret) -> Value {
    let identity = scene.there.check_cookie(cookie).await.unwrap();
    scene
        .there
        .read_data(&identity, &built_in(&scene.there), None, &cart())
        .await
        .unwrap()
        .unwrap()
        .value
}
