//! The people and things of the tests, and stores over one server, each under a prefix of its own.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use cloakroom_model::data::{Change, DocumentKey, Etag, Namespace, Owner, Seen};
use cloakroom_model::event::{Actor, Event, Kind};
use cloakroom_model::id::{ClientId, SessionId, UserId};
use cloakroom_model::secret::Digest;
use cloakroom_model::session::{Carrier, Device, Session};
use cloakroom_model::time::Timestamp;
use cloakroom_model::user::{Email, Life, User};
use cloakroom_store::contract::Fresh;
use cloakroom_store::memory::Memory;
use cloakroom_store::{
    Act, Begin, Begun, Earlier, Hanging, InsertUser, Merge, NewUser, Store, Who, Write, Written,
};
use cloakroom_store_postgres::{Options, Postgres};
use cloakroom_store_redis::{Connection, Randomness, Settings, WithRedis};
use cloakroom_testkit::interleaved::Interleaved;
use cloakroom_testservers::{self as servers, Redis, postgres};
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use tokio::task::block_in_place;
use tokio::time::timeout;

/// Now, for everybody.
pub(crate) const NOW: Timestamp = Timestamp(1_800_000_000_000);

/// The longest that anything is awaited.
pub(crate) const GENEROUS: Duration = Duration::from_secs(30);

/// The server that the tests share which do not break it.
pub(crate) static REDIS: LazyLock<Redis> = LazyLock::new(|| Redis::start().unwrap());

/// The authority that nodes share. It gives others their turn before and after each verb.
pub(crate) type Authority = Interleaved<Memory>;

/// One process of many.
pub(crate) type Node = WithRedis<Authority>;

/// An empty store over the shared server.
pub(crate) async fn fresh() -> Fresh {
    fresh_at(blocking(|| settings(&REDIS)).await).await
}

/// An empty store over this server.
pub(crate) async fn fresh_at(settings: Settings) -> Fresh {
    let connection = Connection::open(settings);
    timeout(GENEROUS, connection.there()).await.unwrap();
    // The contract's hours pass in no time.
    let store = WithRedis::new(memory(), connection, counting()).carried_every(Duration::ZERO);
    Fresh::new(store)
}

/// The same beside a PostgreSQL, as it is used: a database of its own, from one that has the schema.
pub(crate) async fn fresh_beside_postgres() -> Fresh {
    static POSTGRES: LazyLock<servers::Postgres> = LazyLock::new(|| {
        let settings = postgres::Settings { durable: false, ..postgres::Settings::default() };
        servers::Postgres::start_with(settings).unwrap()
    });
    static TEMPLATE: OnceCell<String> = OnceCell::const_new();
    let options = Options { danger_no_sync: true, ..Options::default() };
    let url = |name: &str| POSTGRES.url(name).parse().unwrap();
    let template = TEMPLATE.get_or_init(async || {
        let name = blocking(|| POSTGRES.create_database().unwrap()).await;
        drop(Postgres::open(&url(&name), options.clone()).await.unwrap());
        // Nobody may be at work in a template.
        let at_work = format!("SELECT count(*) FROM pg_stat_activity WHERE datname = '{name}'");
        while block_in_place(|| POSTGRES.sql("postgres", &at_work).unwrap()) != "0" {}
        name
    });
    let template = template.await;
    let name = block_in_place(|| POSTGRES.create_database_from(template).unwrap());
    let authority = Postgres::open(&url(&name), options).await.unwrap();
    let connection = Connection::open(blocking(|| settings(&REDIS)).await);
    timeout(GENEROUS, connection.there()).await.unwrap();
    Fresh::new(WithRedis::new(authority, connection, counting()).carried_every(Duration::ZERO))
}

pub(crate) fn authority() -> Authority {
    Interleaved(Arc::new(memory()))
}

/// One node of those that share an authority and this Redis.
pub(crate) fn node(authority: &Authority, settings: &Settings) -> Node {
    WithRedis::new(
        Interleaved(Arc::clone(&authority.0)),
        Connection::open(settings.clone()),
        counting(),
    )
}

/// The way to a server, under a prefix that nobody else has.
pub(crate) fn settings(redis: &Redis) -> Settings {
    settings_at(&redis.url())
}

/// The same from a URL.
pub(crate) fn settings_at(url: &str) -> Settings {
    static PREFIX: AtomicU64 = AtomicU64::new(1);
    let mut settings = Settings::parse(url).unwrap();
    settings.prefix = format!("cloakroom-{}", PREFIX.fetch_add(1, Ordering::Relaxed));
    // What is tried here is not how fast a busy machine answers.
    settings.connect = Duration::from_secs(5);
    settings.answer = Duration::from_secs(5);
    settings
}

/// Does what blocks.
pub(crate) async fn blocking<T: Send + 'static>(doing: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(doing).await.unwrap()
}

pub(crate) fn memory() -> Memory {
    Memory::new(Arc::new(|| NOW))
}

/// Numbers that nobody had before.
pub(crate) fn counting() -> Randomness {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    Arc::new(|| NEXT.fetch_add(1, Ordering::Relaxed))
}

pub(crate) fn act(kind: Kind) -> Act {
    static NONCE: AtomicU64 = AtomicU64::new(1);
    let nonce = NONCE.fetch_add(1, Ordering::Relaxed);
    Act { at: NOW, nonce, event: Event::new(NOW, kind, Actor::Operator) }
}

pub(crate) fn digest(n: u8) -> Digest {
    Digest([n; 32])
}

pub(crate) fn session_id(n: u8) -> SessionId {
    SessionId::of_guest(NOW, [n; 10], &digest(n))
}

pub(crate) fn session(n: u8, user: Option<UserId>) -> Session {
    Session {
        id: session_id(n),
        user,
        client: client(),
        carrier: Carrier::Cookie,
        device: Device::default(),
        authentication: None,
        created_at: NOW,
        expires_at: NOW.plus(Duration::from_hours(24)),
        idle: Duration::from_hours(1),
        last_seen_at: NOW,
        remembered: true,
    }
}

pub(crate) fn client() -> ClientId {
    ClientId::parse("shop").unwrap()
}

pub(crate) async fn sign_up(store: &dyn Store, n: u8) -> User {
    let user = User {
        id: UserId::new(NOW, [n; 10]),
        email: Email::parse(&format!("user{n}@example.com")).unwrap(),
        username: None,
        roles: Vec::new(),
        life: Life::Active,
        generation: 0,
        created_at: NOW,
    };
    let new = NewUser { user: user.clone(), password: None };
    assert_eq!(store.insert_user(new, &act(Kind::SignedUp)).await.unwrap(), InsertUser::Done);
    user
}

/// Lets guest `n` in, with secret `n`, by a cookie.
pub(crate) async fn come_as_guest(store: &dyn Store, n: u8) -> Session {
    let guest = session(n, None);
    store.insert_guest(guest.clone(), Some(digest(n)), None, &act(Kind::GuestCame)).await.unwrap();
    guest
}

pub(crate) fn cart(owner: Owner) -> DocumentKey {
    DocumentKey { owner, client: client(), namespace: Namespace::parse("cart").unwrap() }
}

/// Guest `n` writes into its cart, on top of what is there.
pub(crate) fn write(n: u8, item: &str) -> Write {
    static ETAG: AtomicU64 = AtomicU64::new(1);
    let etag = u128::from(ETAG.fetch_add(1, Ordering::Relaxed));
    Write {
        key: cart(Owner::Session(session_id(n))),
        by: Hanging::Session(session_id(n)),
        seen: Seen::Unsaid,
        change: Change::Patch(json!({ item: true })),
        etag: Etag(etag.to_be_bytes()),
        limit: 65_536,
    }
}

pub(crate) async fn put(store: &dyn Store, n: u8, item: &str) {
    let written = store.write_data(write(n, item), &act(Kind::ProfileChanged)).await.unwrap();
    assert!(matches!(written, Written::Done(Some(_))), "{written:?}");
}

/// What a cart says.
pub(crate) async fn cart_of(store: &dyn Store, owner: Owner) -> Option<Value> {
    store.read_data(&cart(owner)).await.unwrap().map(|document| document.value)
}

/// A sign-in as session `n` of a browser that was guest `earlier`.
pub(crate) fn begin(user: &User, n: u8, earlier: u8) -> Begin {
    let merge = Merge { rules: Vec::new(), limit: 65_536, etag_seed: [n; 16] };
    Begin {
        who: Who::Known { user: user.id, generation: user.generation },
        session: session(n, Some(user.id)),
        secret: Some(digest(n)),
        grant: None,
        earlier: Some(Earlier { id: session_id(earlier), merge, elsewhere: None }),
        limit: None,
        link: None,
        device: None,
    }
}

pub(crate) async fn sign_in(store: &dyn Store, user: &User, n: u8, earlier: u8) {
    let begun = store.begin_session(begin(user, n, earlier), &act(Kind::SignedIn)).await.unwrap();
    assert!(matches!(begun, Begun::Done(_)), "{begun:?}");
}

/// How many carts were merged.
pub(crate) async fn merges(store: &dyn Store) -> usize {
    count(store, Kind::GuestMerged).await
}

/// How often something happened.
pub(crate) async fn count(store: &dyn Store, kind: Kind) -> usize {
    let page = cloakroom_store::Page { before: None, limit: 1000 };
    let filter = cloakroom_store::EventFilter { user: None, page };
    let events = store.list_events(&filter).await.unwrap();
    events.iter().filter(|it| it.event.kind == kind).count()
}
