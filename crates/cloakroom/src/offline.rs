//! The database as a command works with it: beside a running server or without one, in short transactions, and with
//! the same use cases as the server.
//!
//! A command never makes a database and never changes its schema: a server does both when it starts. It does not
//! follow the log either, because it is over before anything happens.

use std::{
    io,
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use cloakroom_engine::{
    Engine,
    clock::SystemClock,
    password::Pool,
    random::SystemRandomness,
    start::{InCommon, Wiring},
    visitor::Visitor,
};
use cloakroom_model::user::User;
use cloakroom_store::Store;
use cloakroom_store_postgres::PostgresStore;
use cloakroom_store_sqlite::{Options, Sqlite, SqliteStore};
use tokio::runtime;
use url::Url;

use crate::{
    exit::Failure,
    master_key, postgres,
    redis::Beside,
    settings::{self, Database, Given, Settings},
    wiring,
};

/// Whether a command has to do with keys.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Keys {
    /// It signs, verifies or makes keys, so the master key must be at hand.
    Needed,
    /// It does not, and works for an operator who has no master key.
    NotNeeded,
}

/// What a command works with.
pub(crate) struct Offline {
    /// The use cases.
    pub(crate) engine: Engine,
    /// What the server is called, as far as the settings of this command say.
    pub(crate) public_url: Url,
}

/// Does something with the database.
pub(crate) fn run<T>(
    given: &Given,
    keys: Keys,
    act: impl AsyncFnOnce(&Offline) -> Result<T, Failure>,
) -> Result<T, Failure> {
    with(&settings::load(given)?.settings, keys, act)
}

/// The same for settings that were read.
pub(crate) fn with<T>(
    settings: &Settings,
    keys: Keys,
    act: impl AsyncFnOnce(&Offline) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let masters = match keys {
        Keys::Needed => Some(master_key::needed(settings)?),
        Keys::NotNeeded => None,
    };
    block_on(async {
        let attached = Attached::to(settings).await?;
        let engine = Engine::beside(Wiring {
            store: attached.store(),
            clock: Arc::new(SystemClock::new()),
            random: Arc::new(SystemRandomness::default()),
            masters,
            passwords: Pool::start(wiring::password_pool_of_one(settings))
                .map_err(|error| no_thread(&error))?,
            limits: wiring::limits(settings),
            in_common: InCommon::default(),
            settings: wiring::engine_settings(settings, &settings.public_url),
        })
        .await?;
        let public_url = settings.public_url.clone();
        let done = act(&Offline { engine, public_url }).await;
        attached.close().await;
        done
    })
}

impl Offline {
    /// Whom an id, an email or a username means.
    pub(crate) async fn user(&self, text: &str) -> Result<User, Failure> {
        let found = self.engine.find_user_by(text).await?;
        found.ok_or_else(|| Failure::Refused(format!("there is no user `{text}`")))
    }
}

/// The database that a server has made, opened beside it.
pub(crate) enum Attached {
    /// A file.
    Sqlite(Beside<SqliteStore>),
    /// A server.
    Postgres(Beside<PostgresStore>),
}

impl Attached {
    /// Opens what the settings name.
    pub(crate) async fn to(settings: &Settings) -> Result<Self, Failure> {
        match &settings.database {
            Database::Sqlite(path) => {
                let sqlite = Sqlite::attach(path, Options::default())?;
                Ok(Self::Sqlite(Beside::put(settings, sqlite)?))
            }
            Database::Postgres(url) => {
                let postgres = postgres::attach(settings, url).await?;
                Ok(Self::Postgres(Beside::put(settings, postgres)?))
            }
            Database::Memory => Err(nothing_to_reach()),
        }
    }

    /// As the engine sees it.
    pub(crate) fn store(&self) -> Arc<dyn Store> {
        match self {
            Self::Sqlite(sqlite) => sqlite.store(),
            Self::Postgres(postgres) => postgres.store(),
        }
    }

    /// Closes it: what waits to be written is written.
    pub(crate) async fn close(self) {
        if let Self::Sqlite(sqlite) = self {
            sqlite.authority().close().await;
        }
    }
}

/// What no command can work with.
pub(crate) fn nothing_to_reach() -> Failure {
    Failure::Refused(
        "database is memory: what a server keeps there no command can reach; use its pages and its API".to_owned(),
    )
}

/// Runs one thing to its end.
pub(crate) fn block_on<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| no_thread(&error))?
        .block_on(future)
}

/// Whoever runs a command, as events tell it.
pub(crate) fn visitor() -> Visitor {
    let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
    Visitor { address, device: "the command line".to_owned() }
}

fn no_thread(error: &io::Error) -> Failure {
    Failure::Unavailable(format!("the system gives no thread: {error}"))
}
