//! A PostgreSQL and a Redis for the tests of this binary, and a place of its own in them for each.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use cloakroom_engine::start::InCommon;
use cloakroom_store::Store;
use cloakroom_store_postgres::{Options, Postgres, PostgresStore, Url};
use cloakroom_store_redis::{Connection, RedisCounters, RedisMemory, Settings, WithRedis};
use cloakroom_testkit::clock::HandClock;
use cloakroom_testservers::{self as servers, postgres};
use tokio::sync::OnceCell;
use tokio::task::block_in_place;

/// No crash is tried here, so it never waits for the disk.
static POSTGRES: LazyLock<servers::Postgres> = LazyLock::new(|| {
    let settings = postgres::Settings { durable: false, ..postgres::Settings::default() };
    servers::Postgres::start_with(settings).unwrap()
});

static REDIS: LazyLock<servers::Redis> = LazyLock::new(|| servers::Redis::start().unwrap());

/// The longest that anything is awaited. What is tried here is not how fast a busy machine answers.
const GENEROUS: Duration = Duration::from_secs(30);

/// A database of one test.
pub(crate) struct Database(Url);

impl Database {
    /// A new one that has the schema and nothing else.
    pub(crate) async fn create() -> Self {
        /// A database whose schema is there.
        static TEMPLATE: OnceCell<String> = OnceCell::const_new();
        let template = TEMPLATE.get_or_init(async || {
            let name = block_in_place(|| POSTGRES.create_database().unwrap());
            drop(Self::named(&name).open(&HandClock::default()).await);
            // Nobody may be at work in a template.
            let at_work = format!("SELECT count(*) FROM pg_stat_activity WHERE datname = '{name}'");
            while block_in_place(|| POSTGRES.sql("postgres", &at_work).unwrap()) != "0" {}
            name
        });
        let template = template.await;
        Self::named(&block_in_place(|| POSTGRES.create_database_from(template).unwrap()))
    }

    /// What a node of it has, at the time of `clock`.
    pub(crate) async fn node(&self, clock: &HandClock) -> (Arc<dyn Store>, InCommon) {
        (Arc::new(self.open(clock).await), InCommon::default())
    }

    /// The same with a Redis beside it.
    pub(crate) async fn node_with_redis(
        &self,
        redis: &Settings,
        clock: &HandClock,
    ) -> (Arc<dyn Store>, InCommon) {
        static RANDOM: AtomicU64 = AtomicU64::new(1);
        let random = Arc::new(|| RANDOM.fetch_add(1, Ordering::Relaxed));
        let connection = Connection::open(redis.clone());
        tokio::time::timeout(GENEROUS, connection.there()).await.unwrap();
        let in_common = InCommon {
            memory: Some(Arc::new(RedisMemory::new(connection.clone()))),
            counters: Some(Arc::new(RedisCounters::new(connection.clone()))),
            lost_guests: connection.losses().clone(),
            ..InCommon::default()
        };
        let store = WithRedis::new(self.open(clock).await, connection, random);
        // The clock of a test goes in leaps, and Redis's does not.
        (Arc::new(store.carried_every(Duration::ZERO)), in_common)
    }

    fn named(name: &str) -> Self {
        Self(POSTGRES.url(name).parse().unwrap())
    }

    async fn open(&self, clock: &HandClock) -> PostgresStore {
        let clock = Some(clock.for_store());
        let options = Options { clock, danger_no_sync: true, ..Options::default() };
        Postgres::open(&self.0, options).await.unwrap()
    }
}

/// The way to Redis, under a prefix that nobody else has.
pub(crate) fn redis() -> Settings {
    static PREFIX: AtomicU64 = AtomicU64::new(1);
    let mut settings = Settings::parse(&block_in_place(|| REDIS.url())).unwrap();
    settings.prefix = format!("cloakroom-{}", PREFIX.fetch_add(1, Ordering::Relaxed));
    settings.connect = GENEROUS;
    settings.answer = GENEROUS;
    settings
}
