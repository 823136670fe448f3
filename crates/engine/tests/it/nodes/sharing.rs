//! What one node has read the others need not read, and it makes nothing worse when it is lost, old or away.

use std::sync::Arc;
use std::time::Duration;

use cloakroom_engine::Engine;
use cloakroom_engine::identity::NotSignedIn;
use cloakroom_engine::secret::CookieSecret;
use cloakroom_model::event::Actor;
use cloakroom_model::session::Carrier;
use cloakroom_testkit::engine::{of_many, settings};
use cloakroom_testkit::faulty::Fault;
use cloakroom_testkit::in_common::Common;

use super::Nodes;

#[tokio::test]
async fn a_session_is_read_from_storage_once_and_not_once_per_node() {
    let scene = Scene::start().await;
    let ada = scene.nodes.ada(Carrier::Cookie).await;
    let cookie = ada.cookie.unwrap();
    scene.fill(&cookie).await;
    assert_eq!(asked(&scene.one), 1);
    let identity = scene.other.check_cookie(&cookie).await.unwrap();
    assert_eq!(asked(&scene.other), 0, "the first one's is as good");
    assert_eq!(identity.sid(), ada.session.session.id);
    assert_eq!(identity.session.user, ada.session.user);
    assert_eq!(scene.other.vitals().shared.unwrap().hits, 1);
    scene.other.check_cookie(&cookie).await.unwrap();
    assert_eq!(scene.other.vitals().shared.unwrap().hits, 1, "it is remembered now");

    scene.nodes.here.sign_out(&identity).await.unwrap();
    for node in [&scene.one, &scene.other] {
        node.catch_up().await.unwrap();
        assert!(matches!(node.check_cookie(&cookie).await, Err(NotSignedIn::NoSession)));
    }
}

#[tokio::test]
async fn a_session_that_tokens_name_is_shared_too() {
    let scene = Scene::start().await;
    let token = scene.nodes.ada(Carrier::Token).await.tokens.unwrap().access.token;
    for node in [&scene.one, &scene.other] {
        node.catch_up().await.unwrap();
    }
    scene.one.check_token(&token).await.unwrap();
    scene.given().await;
    scene.other.check_token(&token).await.unwrap();
    assert_eq!((asked(&scene.one), asked(&scene.other)), (1, 0));
}

#[tokio::test]
async fn an_old_snapshot_of_it_revives_nobody() {
    let scene = Scene::start().await;
    let cookie = scene.nodes.ada(Carrier::Cookie).await.cookie.unwrap();
    scene.fill(&cookie).await;
    let snapshot = scene.common.entries();
    let identity = scene.one.check_cookie(&cookie).await.unwrap();
    scene.one.sign_out(&identity).await.unwrap();
    scene.common.put_back(snapshot);
    scene.other.catch_up().await.unwrap();
    for node in [&scene.one, &scene.other, &scene.restarted().await] {
        let refused = node.check_cookie(&cookie).await.map(drop);
        assert!(matches!(refused, Err(NotSignedIn::NoSession)), "{refused:?}");
        assert_eq!(node.vitals().shared.unwrap().disbelieved, 1);
    }
}

#[tokio::test]
async fn it_shows_nobody_and_what_is_written_there_makes_nobody() {
    let scene = Scene::start().await;
    let ada = scene.nodes.ada(Carrier::Cookie).await;
    let cookie = ada.cookie.unwrap();
    scene.fill(&cookie).await;
    let mut entries = scene.common.entries();
    let session = &ada.session.session;
    let secrets: [&[u8]; 4] = [
        b"ada",
        session.id.as_bytes(),
        session.user.as_ref().unwrap().as_bytes(),
        &cookie.digest().0,
    ];
    for (name, sealed) in &entries {
        for secret in secrets {
            let shows = |bytes: &[u8]| bytes.windows(secret.len()).any(|part| part == secret);
            assert!(!shows(&name.0) && !shows(sealed));
        }
    }
    for sealed in entries.values_mut() {
        sealed[40] ^= 1;
    }
    scene.common.put_back(entries);
    scene.other.check_cookie(&cookie).await.unwrap();
    assert_eq!(asked(&scene.other), 1, "storage was asked instead");
}

#[tokio::test]
async fn a_new_data_key_opens_nothing_that_was_shared_under_the_old_one() {
    let scene = Scene::start().await;
    let cookie = scene.nodes.ada(Carrier::Cookie).await.cookie.unwrap();
    scene.fill(&cookie).await;
    scene.one.renew_data_key(Actor::Operator).await.unwrap();
    scene.other.catch_up().await.unwrap();
    scene.other.check_cookie(&cookie).await.unwrap();
    assert_eq!(asked(&scene.other), 1);
}

#[tokio::test(start_paused = true)]
async fn while_it_is_away_nobody_waits_for_it() {
    for fault in [Fault::Refuses, Fault::Hangs] {
        let scene = Scene::start().await;
        let cookie = scene.nodes.ada(Carrier::Cookie).await.cookie.unwrap();
        scene.other.catch_up().await.unwrap();
        scene.common.set(fault);
        for node in [&scene.one, &scene.other] {
            let checked =
                tokio::time::timeout(Duration::from_millis(100), node.check_cookie(&cookie));
            checked.await.expect("it waited").unwrap();
            assert_eq!((asked(node), node.vitals().shared.unwrap().unanswered), (1, 1));
        }
        scene.common.set(Fault::None);
        let node = scene.restarted().await;
        node.check_cookie(&cookie).await.unwrap();
        scene.given().await;
        scene.restarted().await.check_cookie(&cookie).await.unwrap();
        assert_eq!(node.vitals().memory.filled, 1);
    }
}

/// Two nodes with a memory in common, beside the two of every scene, which have none.
struct Scene {
    nodes: Nodes,
    common: Arc<Common>,
    one: Engine,
    other: Engine,
}

impl Scene {
    async fn start() -> Self {
        let nodes = Nodes::start(settings()).await;
        let common = Arc::new(Common::default());
        let node = async |seed| {
            let store = Arc::clone(&nodes.store) as _;
            of_many(store, common.for_node(), &nodes.clock, seed, settings()).await
        };
        let (one, other) = (node(3).await, node(4).await);
        Self { nodes, common, one, other }
    }

    /// A node that starts now.
    async fn restarted(&self) -> Engine {
        let store = Arc::clone(&self.nodes.store) as _;
        of_many(store, self.common.for_node(), &self.nodes.clock, 5, settings()).await
    }

    /// The first node looks a session up and gives it to the others, who have heard as much.
    async fn fill(&self, cookie: &CookieSecret) {
        for node in [&self.one, &self.other] {
            node.catch_up().await.unwrap();
        }
        self.one.check_cookie(cookie).await.unwrap();
        self.given().await;
    }

    /// Waits until something is shared.
    async fn given(&self) {
        let given = async {
            while self.common.entries().is_empty() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), given).await.expect("nothing was shared");
    }
}

fn asked(node: &Engine) -> u64 {
    node.vitals().memory.asked
}
