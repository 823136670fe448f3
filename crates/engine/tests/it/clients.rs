//! Clients whose names, origins and keys are in the way.

use std::future::Future;

use cloakroom_engine::Engine;
use cloakroom_engine::clients::{ClientError, NewClient};
use cloakroom_engine::refresh::RefreshError;
use cloakroom_engine::settings::Settings;
use cloakroom_engine::sign_in::{SignIn, SignInError};
use cloakroom_engine::visitor::Browser;
use cloakroom_jose::Algorithm;
use cloakroom_model::client::Template;
use cloakroom_model::event::Actor;
use cloakroom_model::id::ClientId;
use cloakroom_model::log::{CONCERNS_FOR, Subject};
use cloakroom_model::session::Carrier;
use cloakroom_store::Reading;
use cloakroom_testkit::engine::{ISSUER, PASSWORD, visitor};

use crate::promises::{Scene, browser_with, defaults, on_every_store, presented, sign_in};

on_every_store! {
    a_client_is_known_only_when_its_tokens_can_be_signed
    a_removed_clients_name_is_free_when_its_tokens_are_dead
    an_origin_names_one_client
    what_no_key_could_sign_is_refused_before_anything_is_done
}

const AUDIENCE: &str = "https://legacy.example.com";

async fn a_client_is_known_only_when_its_tokens_can_be_signed<F: Future<Output = Scene>>(
    scene: impl Fn(Settings) -> F,
) {
    let scene = scene(defaults()).await;
    let before = scene.store.read_snapshot().await.unwrap().place;
    let billing = NewClient { algorithm: Some("ES256".to_owned()), ..client("billing") };
    added(&scene.here, billing).await;
    let Reading::Rows { rows, .. } = scene.store.read_log(before, 100).await.unwrap() else {
        panic!("the log is lost")
    };
    // Other nodes hear of them in this order.
    let subjects: Vec<&Subject> = rows.iter().map(|row| &row.subject).collect();
    assert!(matches!(subjects[..], [Subject::Key(_), Subject::Client(_)]), "{subjects:?}");
}

async fn a_removed_clients_name_is_free_when_its_tokens_are_dead<F: Future<Output = Scene>>(
    scene: impl Fn(Settings) -> F,
) {
    let scene = scene(defaults()).await;
    let phone = added(&scene.here, client("phone")).await;
    scene.here.remove_client(&phone, Actor::Operator).await.unwrap();
    for node in scene.nodes() {
        let again = node.add_client(client("phone"), Actor::Operator).await;
        assert!(matches!(again, Err(ClientError::Ended)), "{again:?}");
    }

    scene.clock.go(CONCERNS_FOR);
    scene.here.sweep().await.unwrap();
    added(&scene.here, client("phone")).await;
    scene.ada(Carrier::Cookie).await;
    let wish = sign_in(PASSWORD, Carrier::Token, Browser::default());
    let wish = SignIn { client: Some(phone), ..wish };
    let tokens = scene.here.sign_in(wish, &visitor()).await.unwrap().tokens.unwrap();
    scene.here.check_token(&tokens.access.token).await.unwrap();
}

async fn an_origin_names_one_client<F: Future<Output = Scene>>(scene: impl Fn(Settings) -> F) {
    let scene = scene(defaults()).await;
    let at = |name, origin: &str| NewClient { origins: vec![origin.to_owned()], ..client(name) };
    let shop = "https://shop.example.com";
    added(&scene.here, at("shop", shop)).await;
    for origin in [shop, ISSUER] {
        let second = scene.here.add_client(at("second", origin), Actor::Operator).await;
        assert!(matches!(second, Err(ClientError::Invalid { field: "origin", .. })), "{second:?}");
    }
    added(&scene.here, at("second", "https://second.example.com")).await;
    assert_eq!(scene.here.client_at_origin(shop).unwrap().id.as_str(), "shop");
}

async fn what_no_key_could_sign_is_refused_before_anything_is_done<F: Future<Output = Scene>>(
    scene: impl Fn(Settings) -> F,
) {
    let scene = scene(defaults()).await;
    let node = &scene.here;
    let ada = scene.ada(Carrier::Cookie).await;
    let legacy = NewClient {
        template: Template::Legacy,
        audiences: vec![AUDIENCE.to_owned()],
        algorithm: Some("HS256".to_owned()),
        ..client("legacy")
    };
    let legacy = added(node, legacy).await;
    let wish = || SignIn {
        client: Some(legacy.clone()),
        ..sign_in(PASSWORD, Carrier::Token, browser_with(&ada))
    };

    let refused = node.sign_in(wish(), &visitor()).await;
    assert!(matches!(refused.map(drop), Err(SignInError::Mint(_))));
    node.check_cookie(ada.cookie.as_ref().unwrap()).await.expect("the browser's session stays");
    let guest = node.begin_guest(Carrier::Token, Some(&legacy), &visitor()).await;
    assert!(guest.is_err());
    let user = ada.session.session.user.unwrap();
    assert_eq!(node.list_sessions(user).await.unwrap().len(), 1);

    let (key, _) = node.add_shared_key(Algorithm::Hs256, AUDIENCE, Actor::Operator).await.unwrap();
    let first = node.sign_in(wish(), &visitor()).await.unwrap().tokens.unwrap().refresh;
    node.compromise_key(&key.id, Actor::Operator).await.unwrap();
    let (first, client) = (presented(&first), node.find_client(&legacy).unwrap());
    let refused = node.refresh(&first, &client, None, None, None, &visitor()).await;
    assert!(matches!(refused.map(drop), Err(RefreshError::Mint(_))));
    // However long it takes until there is a key again, the token is still the newest of its chain.
    scene.clock.go(node.settings().replay_window * 2);
    node.add_shared_key(Algorithm::Hs256, AUDIENCE, Actor::Operator).await.unwrap();
    node.refresh(&first, &client, None, None, None, &visitor()).await.unwrap();
}

async fn added(node: &Engine, new: NewClient) -> ClientId {
    node.add_client(new, Actor::Operator).await.unwrap().client.id
}

/// A client of whoever runs the server, on a phone.
pub(crate) fn client(name: &str) -> NewClient {
    NewClient {
        id: Some(ClientId::parse(name).unwrap()),
        name: name.to_owned(),
        template: Template::Mobile,
        first_party: true,
        origins: Vec::new(),
        audiences: Vec::new(),
        scopes: Vec::new(),
        algorithm: None,
        token_places: Vec::new(),
        confidential: false,
        registration: cloakroom_model::registration::Registration::default(),
    }
}
