//! The promises, one file each, on the memory store, on SQLite, on PostgreSQL, and on PostgreSQL with
//! a Redis beside it.
//!
//! Promise 7 (acknowledged is durable) is about processes that die, and 9 (tokens are read strictly) about
//! tokens alone: they are tested where a process is killed and in `jose`.

mod data;
mod delete;
mod new_rights;
mod queues;
mod refresh;
mod revocation;
mod secrets;
mod throttles;

use std::sync::Arc;

use cloakroom_engine::Engine;
use cloakroom_engine::begin::SignedIn;
use cloakroom_engine::settings::Settings;
use cloakroom_engine::sign_in::{SignIn, SignInError};
use cloakroom_engine::sign_up::SignUp;
use cloakroom_engine::start::InCommon;
use cloakroom_engine::visitor::Browser;
use cloakroom_model::client::Client;
use cloakroom_model::data::Namespace;
use cloakroom_model::id::ClientId;
use cloakroom_model::password::Password;
use cloakroom_model::session::Carrier;
use cloakroom_oauth::refresh_token::Presented;
use cloakroom_store::Store;
use cloakroom_store::memory::Memory;
use cloakroom_store_sqlite::{Options, Sqlite};
use cloakroom_testkit::clock::HandClock;
use cloakroom_testkit::engine::{PASSWORD, ada, of_many, settings, visitor};

use crate::servers;

/// Two nodes on one store.
pub(crate) struct Scene {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: HandClock,
    pub(crate) here: Engine,
    pub(crate) there: Engine,
}

/// Makes a test of each claim for each store.
macro_rules! on_every_store {
    ($($claim:ident)*) => {
        mod on_memory {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $claim() {
                super::$claim(crate::promises::Scene::on_memory).await;
            })*
        }

        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $claim() {
                super::$claim(crate::promises::Scene::on_sqlite).await;
            })*
        }

        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $claim() {
                super::$claim(crate::promises::Scene::on_postgres).await;
            })*
        }

        mod on_postgres_with_redis {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $claim() {
                super::$claim(crate::promises::Scene::on_postgres_with_redis).await;
            })*
        }
    };
}
pub(crate) use on_every_store;

impl Scene {
    pub(crate) async fn on_memory(settings: Settings) -> Self {
        let clock = HandClock::default();
        let store = Arc::new(Memory::new(clock.for_store()));
        Self::on(store, clock, settings).await
    }

    pub(crate) async fn on_sqlite(settings: Settings) -> Self {
        let clock = HandClock::default();
        let options = Options { clock: Some(clock.for_store()), ..Options::default() };
        Self::on(Arc::new(Sqlite::temporary(options).unwrap()), clock, settings).await
    }

    /// Each node has connections of its own, as two processes have.
    pub(crate) async fn on_postgres(settings: Settings) -> Self {
        let clock = HandClock::default();
        let database = servers::Database::create().await;
        let nodes = [database.node(&clock).await, database.node(&clock).await];
        Self::of_nodes(nodes, clock, settings).await
    }

    /// The same, with guests, the shared memory, counters and last uses in Redis.
    pub(crate) async fn on_postgres_with_redis(settings: Settings) -> Self {
        let clock = HandClock::default();
        let database = servers::Database::create().await;
        let redis = servers::redis();
        let node = async || database.node_with_redis(&redis, &clock).await;
        let nodes = [node().await, node().await];
        Self::of_nodes(nodes, clock, settings).await
    }

    async fn on(store: Arc<dyn Store>, clock: HandClock, settings: Settings) -> Self {
        let nodes = [(); 2].map(|()| (Arc::clone(&store), InCommon::default()));
        Self::of_nodes(nodes, clock, settings).await
    }

    async fn of_nodes(
        [here, there]: [(Arc<dyn Store>, InCommon); 2],
        clock: HandClock,
        settings: Settings,
    ) -> Self {
        let store = Arc::clone(&here.0);
        let here = of_many(here.0, here.1, &clock, 1, settings.clone()).await;
        let there = of_many(there.0, there.1, &clock, 2, settings).await;
        Self { store, clock, here, there }
    }

    pub(crate) fn nodes(&self) -> [&Engine; 2] {
        [&self.here, &self.there]
    }

    /// Signs Ada up at the first node.
    pub(crate) async fn ada(&self, carry: Carrier) -> SignedIn {
        self.ada_in(carry, Browser::default()).await
    }

    /// Signs Ada up in a browser that has brought something.
    pub(crate) async fn ada_in(&self, carry: Carrier, browser: Browser) -> SignedIn {
        let wish = SignUp { username: Some("ada".to_owned()), browser, ..ada(carry) };
        self.here.sign_up(wish, &visitor()).await.unwrap()
    }

    /// Signs Ada in again.
    pub(crate) async fn again(
        &self,
        carry: Carrier,
        browser: Browser,
    ) -> Result<SignedIn, SignInError> {
        self.here.sign_in(sign_in(PASSWORD, carry, browser), &visitor()).await
    }
}

pub(crate) fn sign_in(secret: &str, carry: Carrier, browser: Browser) -> SignIn {
    SignIn {
        identifier: "ada".to_owned(),
        password: password(secret),
        carry,
        client: None,
        remember: false,
        browser,
    }
}

pub(crate) fn password(text: &str) -> Password {
    Password::new(text.to_owned()).unwrap()
}

pub(crate) fn browser_with(signed_in: &SignedIn) -> Browser {
    Browser { session: signed_in.cookie.clone(), device: signed_in.device.clone() }
}

pub(crate) fn built_in(node: &Engine) -> Arc<Client> {
    node.find_client(&ClientId::built_in()).unwrap()
}

pub(crate) fn cart() -> Namespace {
    Namespace::parse("cart").unwrap()
}

pub(crate) fn presented(token: &str) -> Presented {
    Presented::parse(token).unwrap()
}

/// The settings that most claims need.
pub(crate) fn defaults() -> Settings {
    settings()
}
