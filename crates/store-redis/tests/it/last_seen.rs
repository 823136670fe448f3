//! Last uses on their way to the authority.

use std::sync::Arc;
use std::time::Duration;

use cloakroom_model::event::{Actor, Event, Kind};
use cloakroom_model::id::SessionId;
use cloakroom_model::session::Carrier;
use cloakroom_model::session::Session;
use cloakroom_model::time::Timestamp;
use cloakroom_store::memory::Memory;
use cloakroom_store::{Act, Sessions as _};
use cloakroom_store_redis::{CARRIED_EVERY, Connection, LastSeen, WithRedis};
use cloakroom_testkit::clock::HandClock;
use cloakroom_testkit::engine::{ada, on, settings, visitor};
use cloakroom_testkit::interleaved::Interleaved;

use crate::scene::counting;
use crate::server::{GENEROUS, Server, connection};

const LAG: Duration = Duration::from_secs(5);
const MOMENT: Duration = Duration::from_millis(1);
const LIMIT: usize = 500;

#[tokio::test]
async fn no_session_ends_as_idle_that_any_node_has_seen() {
    let scene = Scene::start().await;
    let (here, there) = (scene.node(), scene.node());
    let idle = scene.session.idle;
    let seen = scene.session.last_seen_at.plus(idle).minus(MOMENT);
    there.touch_sessions(&*scene.store, &[(scene.sid(), seen)]).await.unwrap();
    assert_eq!(
        scene.known().await,
        scene.session.last_seen_at,
        "the authority is not asked to write"
    );
    for node in [&here, &there] {
        let found = node.find_last_seen(&*scene.store, scene.sid()).await.unwrap();
        assert_eq!(found, Some(seen), "whoever would call it idle finds out");
    }

    // The other node ends what is idle, and hears of this use before.
    let at = seen.plus(idle + LAG).minus(MOMENT);
    let ended = scene.ended_by(&here, at).await;
    assert_eq!((ended, scene.known().await), (0, seen));
    assert_eq!(scene.waiting().await, 0, "it is not carried twice");

    let ended = scene.ended_by(&here, at.plus(MOMENT)).await;
    assert_eq!(ended, 0, "it was carried a while ago, and the other may have seen it since");
    let later = at.plus(MOMENT).plus(CARRIED_EVERY * 2);
    let ended = scene.ended_by(&there, later).await;
    assert_eq!(ended, 1);
    assert_eq!(there.find_last_seen(&*scene.store, scene.sid()).await.unwrap(), None);
}

#[tokio::test]
async fn one_node_carries_and_the_others_leave_it_to_that_one() {
    let scene = Scene::start().await;
    let (here, there) = (scene.node(), scene.node());
    let at = scene.session.last_seen_at.plus(Duration::from_mins(1));
    assert_eq!(scene.ended_by(&here, at).await, 0);
    here.touch_sessions(&*scene.store, &[(scene.sid(), at)]).await.unwrap();
    for node in [&here, &there] {
        assert_eq!(scene.ended_by(node, at).await, 0);
        assert_eq!(scene.known().await, scene.session.last_seen_at);
    }
    // Its lease ends, or is lost.
    let lease = redis::cmd("DEL").arg("seen:{seen}:lease").clone();
    assert_eq!(scene.connection.ask::<i64>(&lease).await.unwrap(), 1);
    assert_eq!(scene.ended_by(&there, at).await, 0);
    assert_eq!(scene.known().await, at);
}

#[tokio::test]
async fn times_are_raised_and_never_lowered() {
    let scene = Scene::start().await;
    let node = scene.node().carried_every(Duration::ZERO);
    let later = scene.session.last_seen_at.plus(Duration::from_hours(2));
    let between = scene.session.last_seen_at.plus(Duration::from_hours(1));
    for seen in [later, between] {
        node.touch_sessions(&*scene.store, &[(scene.sid(), seen)]).await.unwrap();
    }
    assert_eq!(scene.ended_by(&node, later).await, 0);
    assert_eq!(scene.known().await, later);
    node.touch_sessions(&*scene.store, &[(scene.sid(), between)]).await.unwrap();
    assert_eq!(node.find_last_seen(&*scene.store, scene.sid()).await.unwrap(), Some(later));
    assert_eq!(scene.ended_by(&node, later).await, 0);
    assert_eq!(scene.known().await, later);
}

#[tokio::test]
async fn whoever_lists_sessions_sees_the_latest_uses() {
    let mut scene = Scene::start().await;
    let (node, user) = (scene.node(), scene.session.user.unwrap());
    let listed = async |scene: &Scene| {
        let sessions = node.list_sessions(&*scene.store, user).await.unwrap();
        sessions.into_iter().map(|session| session.last_seen_at).collect::<Vec<_>>()
    };
    assert_eq!(listed(&scene).await, [scene.session.last_seen_at]);
    let seen = scene.session.last_seen_at.plus(Duration::from_hours(1));
    node.touch_sessions(&*scene.store, &[(scene.sid(), seen)]).await.unwrap();
    assert_eq!(listed(&scene).await, [seen]);
    assert_eq!(scene.known().await, seen, "the authority was told");
    scene.server.stop();
    assert_eq!(listed(&scene).await, [seen]);
}

#[tokio::test]
async fn however_many_there_are_all_are_carried() {
    let scene = Scene::start().await;
    let node = scene.node();
    let seen = scene.session.last_seen_at.plus(Duration::from_hours(1));
    // The one that is there is seen last; the others are gone from the authority.
    let gone = (0..2_345_u32).map(|n| {
        let mut id = [0; 16];
        id[..4].copy_from_slice(&n.to_be_bytes());
        (SessionId::from_bytes(id), seen.minus(Duration::from_millis(u64::from(n % 7))))
    });
    let all: Vec<_> = gone.chain([(scene.sid(), seen)]).collect();
    node.touch_sessions(&*scene.store, &all).await.unwrap();
    assert_eq!(scene.waiting().await, all.len());
    assert_eq!(scene.ended_by(&node, seen).await, 0);
    assert_eq!((scene.waiting().await, scene.known().await), (0, seen));
}

#[tokio::test]
async fn without_redis_the_authority_hears_of_every_use_and_ends_nothing_in_haste() {
    let mut scene = Scene::start().await;
    let node = scene.node();
    scene.server.stop();
    let seen = scene.session.last_seen_at.plus(Duration::from_hours(1));
    node.touch_sessions(&*scene.store, &[(scene.sid(), seen)]).await.unwrap();
    assert_eq!(scene.known().await, seen);
    assert_eq!(node.find_last_seen(&*scene.store, scene.sid()).await.unwrap(), Some(seen));
    let idle = seen.plus(scene.session.idle + LAG);
    let ended = scene.ended_by(&node, idle).await;
    assert_eq!(ended, 0, "a use that lay in Redis may be unheard of");
    let long_idle = idle.plus(Duration::from_hours(1));
    let ended = scene.ended_by(&node, long_idle).await;
    assert_eq!(ended, 1);
}

#[tokio::test]
async fn an_emptied_redis_loses_what_was_not_carried_and_no_more() {
    let mut scene = Scene::start().await;
    let node = scene.node().carried_every(Duration::ZERO);
    let carried = scene.session.last_seen_at.plus(Duration::from_hours(1));
    node.touch_sessions(&*scene.store, &[(scene.sid(), carried)]).await.unwrap();
    assert_eq!(scene.ended_by(&node, carried).await, 0);
    let lost = carried.plus(Duration::from_mins(4));
    node.touch_sessions(&*scene.store, &[(scene.sid(), lost)]).await.unwrap();
    scene.server.stop();
    scene.server.start_again();
    let back = scene.connection.there();
    tokio::time::timeout(GENEROUS, back).await.expect("it does not come back");
    let found = async {
        // The first answers may still be of the connection that broke.
        node.find_last_seen(&*scene.store, scene.sid()).await.unwrap()
    };
    assert_eq!(found.await, Some(carried));
}

#[tokio::test]
async fn what_one_node_has_seen_is_not_idle_at_another() {
    let server = Server::start();
    let (clock, connection) = (HandClock::default(), connection(&server, "idle"));
    let authority = Arc::new(Memory::new(clock.for_store()));
    let node = async |seed| {
        let authority = Interleaved(Arc::clone(&authority));
        let store = WithRedis::new(authority, connection.clone(), counting());
        // Hours pass here in no time, and for Redis not at all.
        let store = store.carried_every(Duration::ZERO);
        on(Arc::new(store), &clock, seed, settings()).await
    };
    let (here, there) = (node(1).await, node(2).await);
    let ada = here.sign_up(ada(Carrier::Cookie), &visitor()).await.unwrap();
    let (cookie, session) = (ada.cookie.unwrap(), ada.session.session.clone());
    there.catch_up().await.unwrap();
    for node in [&here, &there] {
        node.check_cookie(&cookie).await.unwrap();
    }
    for _ in 0..3 {
        clock.go(session.idle.saturating_sub(Duration::from_mins(1)));
        there.check_cookie(&cookie).await.expect("it is in use at this node");
        there.flush_last_seen().await.unwrap();
        let known = authority.find_last_seen(session.id).await.unwrap().unwrap();
        assert!(known < clock.now(), "the authority is not asked to write each use");
        here.sweep().await.unwrap();
    }
    here.check_cookie(&cookie).await.expect("it was in use at the other node");
    here.flush_last_seen().await.unwrap();

    clock.go(session.idle + LAG);
    there.catch_up().await.unwrap();
    for node in [&here, &there] {
        node.check_cookie(&cookie).await.map(drop).unwrap_err();
    }
    assert_eq!(authority.find_last_seen(session.id).await.unwrap(), None);
}

/// A session in an authority, and a Redis.
struct Scene {
    server: Server,
    connection: Connection,
    store: Arc<Memory>,
    session: Session,
}

impl Scene {
    async fn start() -> Self {
        let server = Server::start();
        let connection = connection(&server, "seen");
        let clock = HandClock::default();
        let store = Arc::new(Memory::new(clock.for_store()));
        let engine = on(Arc::clone(&store) as _, &clock, 1, settings()).await;
        let session =
            engine.sign_up(ada(Carrier::Cookie), &visitor()).await.unwrap().session.session.clone();
        Self { server, connection, store, session }
    }

    fn node(&self) -> LastSeen {
        LastSeen::new(self.connection.clone())
    }

    fn sid(&self) -> SessionId {
        self.session.id
    }

    /// How many sessions a node ends.
    async fn ended_by(&self, node: &LastSeen, at: Timestamp) -> usize {
        node.expire_sessions(&*self.store, LAG, LIMIT, &act(at)).await.unwrap().value
    }

    /// What the authority knows by itself.
    async fn known(&self) -> Timestamp {
        self.store.find_last_seen(self.sid()).await.unwrap().expect("the session is there")
    }

    /// How many wait to be carried.
    async fn waiting(&self) -> usize {
        let count = redis::cmd("ZCARD").arg("seen:{seen}:times").clone();
        self.connection.ask(&count).await.unwrap()
    }
}

fn act(at: Timestamp) -> Act {
    Act { at, nonce: 1, event: Event::new(at, Kind::SessionEnded, Actor::Server) }
}
