//! Promise 10: every queue has an end, and checks stay fast while passwords wait.

use std::future::Future;

use cloakroom_engine::settings::Settings;
use cloakroom_engine::sign_in::SignInError;
use cloakroom_engine::visitor::{Browser, Visitor};
use cloakroom_model::session::Carrier;

use super::{Scene, defaults, on_every_store, sign_in};

on_every_store! {
    a_storm_of_sign_ins_is_turned_away_and_checks_go_on
}

async fn a_storm_of_sign_ins_is_turned_away_and_checks_go_on<F: Future<Output = Scene>>(
    scene: impl Fn(Settings) -> F,
) {
    let scene = scene(defaults()).await;
    let cookie = scene.ada(Carrier::Cookie).await.cookie.unwrap();
    let storm: Vec<_> = (0..2_000_u32)
        .map(|n| {
            let node = scene.here.clone();
            tokio::spawn(async move {
                // Each from a network and at a name of its own, so that no other limit comes first.
                let address = std::net::Ipv4Addr::from(0x0a00_0000 + n * 7).into();
                let visitor = Visitor { address, device: String::new() };
                let wish = sign_in("not the password at all", Carrier::Cookie, Browser::default());
                let wish =
                    cloakroom_engine::sign_in::SignIn { identifier: format!("user-{n}"), ..wish };
                node.sign_in(wish, &visitor).await.map(drop)
            })
        })
        .collect();
    for _ in 0..100 {
        scene.here.check_cookie(&cookie).await.unwrap();
    }
    let mut turned_away = 0;
    for one in storm {
        match one.await.unwrap() {
            Err(SignInError::Passwords(_)) => turned_away += 1,
            Err(SignInError::Mismatch) => (),
            other => panic!("{other:?}"),
        }
    }
    assert!(turned_away > 0, "the queue never ended");
}
