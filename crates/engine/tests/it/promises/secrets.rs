//! Promise 5: nothing that can be presented is stored.

use cloakroom_engine::secret::{digest_bytes, from_text, to_text};
use cloakroom_engine::sign_in::{SignIn, SignInError};
use cloakroom_engine::sign_up::SignUp;
use cloakroom_engine::visitor::Browser;
use cloakroom_model::event::Actor;
use cloakroom_model::id::UserId;
use cloakroom_model::session::Carrier;
use cloakroom_store_sqlite::{Options, Sqlite};
use cloakroom_testkit::clock::HandClock;
use cloakroom_testkit::engine::{PASSWORD, ada, on, settings, visitor};
use std::sync::Arc;

use super::{built_in, presented, sign_in};

#[tokio::test]
async fn who_steals_the_files_finds_nothing_to_present() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cloakroom.db");
    let store = Arc::new(Sqlite::open(&file, Options::default()).unwrap());
    let engine = on(store, &HandClock::default(), 3, settings()).await;
    let set_up = engine.set_up_link().await.unwrap().unwrap();
    let wish = SignUp { username: Some("ada".to_owned()), remember: true, ..ada(Carrier::Cookie) };
    let ada = engine.sign_up(wish, &visitor()).await.unwrap();
    let user: UserId = ada.session.session.user.unwrap();
    let recover = engine.recovery_link(user, Actor::Operator).await.unwrap();
    let tokens = engine
        .sign_in(sign_in(PASSWORD, Carrier::Token, Browser::default()), &visitor())
        .await
        .unwrap()
        .tokens
        .unwrap();
    let next = engine
        .refresh(&presented(&tokens.refresh), &built_in(&engine), None, None, None, &visitor())
        .await
        .unwrap();
    let identity = engine.check_token(&next.access.token).await.unwrap();
    let cookie_link = engine.cookie_link(&identity).await.unwrap();
    let guest = engine.begin_guest(Carrier::Cookie, None, &visitor()).await.unwrap();

    // What somebody typed into the wrong field.
    let name = "hunter2 in the wrong field";
    let wish = SignIn {
        identifier: name.to_owned(),
        ..sign_in(PASSWORD, Carrier::Cookie, Browser::default())
    };
    let nobody = engine.sign_in(wish, &visitor()).await;
    assert!(matches!(nobody.map(drop), Err(SignInError::Mismatch)));

    let cookie = ada.cookie.unwrap();
    let device = ada.device.unwrap();
    let guest = guest.cookie.unwrap();
    let mut secrets: Vec<(&str, Vec<u8>)> = vec![
        ("the password", PASSWORD.as_bytes().to_vec()),
        ("a cookie's text", to_text(&cookie.secret).as_bytes().to_vec()),
        ("a cookie", cookie.secret.0.to_vec()),
        ("a guest's cookie", guest.secret.0.to_vec()),
        ("a device's cookie", device.0.to_vec()),
        ("a refresh token", tokens.refresh.as_bytes().to_vec()),
        ("its successor", next.refresh.as_bytes().to_vec()),
        ("an access token", next.access.token.as_bytes().to_vec()),
        ("a name that nobody has", name.as_bytes().to_vec()),
        ("a digest without a key of such a name", digest_bytes(name.as_bytes()).0.to_vec()),
    ];
    for (name, link) in [
        ("the set-up link", &set_up),
        ("a recovery link", &recover),
        ("a cookie link", &cookie_link),
    ] {
        secrets.push((name, link.as_bytes().to_vec()));
        secrets.push((name, from_text(link).unwrap().0.to_vec()));
    }

    let mut stored = Vec::new();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        stored.extend(std::fs::read(entry.unwrap().path()).unwrap());
    }
    assert!(
        contains(&stored, b"ada@example.com"),
        "the files that were searched are the right ones"
    );
    for (name, secret) in secrets {
        assert!(!contains(&stored, &secret), "{name} is stored");
    }
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}
