//! Opening a database: as one of its servers, or beside them.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use cloakroom_model::time::Timestamp;
use cloakroom_store::Act;
use cloakroom_store_sql::copy::Away;
use cloakroom_store_sql::{Database as _, Db as _};
use tokio::time::sleep;
use tokio_postgres::Client;

use crate::PostgresStore;
use crate::connect::{ConnectError, Connector, Session};
use crate::connection::Connection;
use crate::database::Postgres;
use crate::failure::words;
use crate::lane::{Lane, TIMELINE};
use crate::listen::Listener;
use crate::migrate;
use crate::pool::Pool;
use crate::readers::Readers;
use crate::serving;
use crate::tls::TlsError;
use crate::url::Url;

/// How a database is opened.
#[derive(Clone)]
pub struct Options {
    /// How many connections are read on by all at once.
    pub readers: NonZeroUsize,
    /// How many transactions may be open at once.
    pub writers: NonZeroUsize,
    /// How many acts may wait for one of those connections; one more is told that storage is busy.
    pub waiting: usize,
    /// Where a session can be kept, when the address leads to a `PgBouncer`: for changes of the schema and for news of the
    /// log. The address itself where `None`.
    pub direct: Option<Url>,
    /// How long a server that is not there, or a replica that is not yet a primary, is waited for.
    pub patience: Duration,
    /// What the store's clock says; the database's own where `None`. For tests whose time stands still.
    pub clock: Option<Arc<dyn Fn() -> Timestamp + Send + Sync>>,
    /// Acknowledges before the disk has it, and takes servers that never wait for it (`fsync=off`): a crash of the
    /// machine loses acts that were acknowledged.
    pub danger_no_sync: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            readers: NonZeroUsize::new(2).expect("two is not zero"),
            writers: NonZeroUsize::new(8).expect("eight is not zero"),
            waiting: 1024,
            direct: None,
            patience: Duration::from_secs(10),
            clock: None,
            danger_no_sync: false,
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("readers", &self.readers)
            .field("writers", &self.writers)
            .field("waiting", &self.waiting)
            .field("direct", &self.direct)
            .field("patience", &self.patience)
            .field("danger_no_sync", &self.danger_no_sync)
            .finish_non_exhaustive()
    }
}

/// How many transactions that read as of one moment, and how many that take long, are open at once.
const SNAPSHOTS: usize = 2;
const LONG: usize = 2;

/// How many reads are open at once behind a `PgBouncer`, where each is a transaction.
const POOLED_READS: usize = 8;

/// How long a connection, or a place to have one, is waited for.
const WAIT: Duration = Duration::from_secs(2);

/// Between two tries to reach a server that is not there yet.
const PAUSE: Duration = Duration::from_millis(250);

/// The longest that a statement may run, and one that may take long. The server ends it then; where nothing is heard of
/// that for as long as [`GRACE`], the connection is given up.
const STATEMENT: Duration = Duration::from_millis(3500);
const LONG_STATEMENT: Duration = Duration::from_mins(1);
const GRACE: Duration = Duration::from_millis(500);

impl Postgres {
    /// Opens a database as one of its servers: brings its schema up to date, and listens to the others.
    pub async fn open(url: &Url, options: Options) -> Result<PostgresStore, OpenError> {
        Self::serve(url, options).await.map(PostgresStore::new)
    }

    /// Opens a database beside its servers: never makes one, never migrates, and does not listen.
    pub async fn attach(url: &Url, options: Options) -> Result<PostgresStore, OpenError> {
        Self::beside(url, options).await.map(PostgresStore::new)
    }

    /// Ends what a database has revived that was put back from a backup, so that servers may open it again; answers how
    /// many sessions ended. Nobody else is at work in it meanwhile.
    ///
    /// `danger_keep_sessions` leaves sessions, grants and links as they were.
    pub async fn renew(
        url: &Url,
        options: Options,
        act: &Act,
        danger_keep_sessions: bool,
    ) -> Result<usize, OpenError> {
        let postgres = Self::over(url, options, migrate::require_current_or_restored).await?;
        let act = act.clone();
        let renewed = postgres
            .transact(move |db: &Lane| {
                let act = act.clone();
                Box::pin(async move {
                    db.run(migrate::AT_HOME, &[]).await?;
                    cloakroom_store_sql::renew(db, &act, danger_keep_sessions).await
                })
            })
            .await;
        renewed.map_err(|error| OpenError::Database(error.to_string()))
    }

    async fn serve(url: &Url, options: Options) -> Result<Self, OpenError> {
        let direct = options.direct.clone().or_else(|| (!url.pooler).then(|| url.clone()));
        let Some(direct) = direct else {
            // Nobody to change the schema, and nobody to listen: it must be there, and reading it often must do.
            return Self::beside(url, options).await;
        };
        if direct.pooler {
            return Err(OpenError::DirectIsPooled);
        }
        if direct.schema != url.schema {
            return Err(OpenError::TwoSchemas);
        }
        let session = options.session(&direct, STATEMENT);
        let connector = Connector::new(&direct, session)?;
        let connection = first(&connector, options.patience).await?;
        // Before anything else, so that nobody begins to copy what is about to be served.
        serving::begin(connection.client(), &direct.schema).await?;
        migrate::migrate(connection.client(), &direct.schema).await?;
        let idle_talk = Connector::new(&direct, Session { idle_talk: true, ..session })?;
        let listener = Listener::start(idle_talk, &direct.schema, connection);
        let mut postgres = Self::beside(url, options).await?;
        postgres.listener = Some(listener);
        Ok(postgres)
    }

    async fn beside(url: &Url, options: Options) -> Result<Self, OpenError> {
        Self::over(url, options, migrate::require_current).await
    }

    /// Opens a database that nobody serves, nor will while the connection lives, for a [`crate::Place`]; makes it
    /// where `make` says so.
    pub(crate) async fn alone(
        url: &Url,
        options: Options,
        make: bool,
    ) -> Result<(Self, Connection), OpenError> {
        let connector = Connector::new(url, options.session(url, STATEMENT))?;
        let connection = first(&connector, options.patience).await?;
        serving::alone(connection.client(), &url.schema, connector.places()).await?;
        if make && migrate::version(connection.client(), &url.schema).await?.is_none() {
            let maker = first(&connector, options.patience).await?;
            migrate::migrate(maker.client(), &url.schema).await?;
        }
        let postgres = Self::over(url, options, migrate::require_version).await?;
        Ok((postgres, connection))
    }

    async fn over(
        url: &Url,
        options: Options,
        require: impl AsyncFnOnce(&Client, &str) -> Result<(), OpenError>,
    ) -> Result<Self, OpenError> {
        const WRITE: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";
        const READ: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY";
        const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        let session = options.session(url, STATEMENT);
        let short = Arc::new(Connector::new(url, session)?);
        let long_session = options.session(url, LONG_STATEMENT);
        let long = Arc::new(Connector::new(url, long_session)?);
        let connection = first(&short, options.patience).await?;
        require(connection.client(), &url.schema).await?;
        let tells_timeline = tells_timeline(connection.client()).await?;
        drop(connection);
        let pool = |connector: &Arc<Connector>, size| {
            Pool::new(Arc::clone(connector), size, options.waiting, WAIT)
        };
        let shared =
            (!url.pooler).then(|| Readers::new(Arc::clone(&short), options.readers.get(), WAIT));
        let begin = |words: &str, session: Session| -> Arc<str> {
            let set =
                if url.pooler { session.of_a_transaction(&url.schema) } else { String::new() };
            format!("{words}{set}").into()
        };
        Ok(Self {
            shared,
            reads: pool(&short, POOLED_READS),
            writes: pool(&short, options.writers.get()),
            snapshots: pool(&short, SNAPSHOTS),
            long: pool(&long, LONG),
            begin_read: begin(READ, session),
            begin_long_read: begin(READ, long_session),
            begin_snapshot: begin(SNAPSHOT, session),
            begin_write: begin(WRITE, session),
            begin_long_write: begin(WRITE, long_session),
            patience: STATEMENT + GRACE,
            long_patience: LONG_STATEMENT + GRACE,
            pooled: url.pooler,
            clock: options.clock,
            tells_timeline,
            listener: None,
        })
    }
}

impl Options {
    /// How connections are set that carry acts.
    pub(crate) fn of_acts(&self, url: &Url) -> Session {
        self.session(url, STATEMENT)
    }

    fn session(&self, url: &Url, statement: Duration) -> Session {
        Session {
            pooled: url.pooler,
            statement,
            danger_no_sync: self.danger_no_sync,
            idle_talk: false,
        }
    }
}

/// The first connection. A server that is still on its way is waited for.
async fn first(connector: &Connector, patience: Duration) -> Result<Connection, OpenError> {
    let mut waited = Duration::ZERO;
    loop {
        match connector.connect(|| {}).await {
            Ok(connection) => return Ok(connection),
            Err(error) if error.passes() && waited < patience => {
                if waited.is_zero() {
                    tracing::info!(host = connector.places(), %error, "waiting for the database");
                }
                sleep(PAUSE).await;
                waited += PAUSE;
            }
            Err(error) => {
                return Err(OpenError::Connect { places: connector.places().to_owned(), error });
            }
        }
    }
}

/// Whether the server says on which timeline it writes. Some that are not quite PostgreSQL have no log of that kind.
async fn tells_timeline(client: &Client) -> Result<bool, OpenError> {
    match client.batch_execute(TIMELINE.postgres()).await {
        Ok(()) => Ok(true),
        Err(error) if error.as_db_error().is_some() => {
            tracing::warn!(
                error = words(&error),
                "the database does not say its timeline: that a replica took over is noticed only where the revocation \
                 log lacks a row"
            );
            Ok(false)
        }
        Err(error) => Err(OpenError::Database(words(&error))),
    }
}

/// Why a database cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// No server lets us in.
    #[error("the database at {places} cannot be opened: {error}")]
    Connect {
        /// Where it was looked for.
        places: String,
        /// What the last of them said.
        error: ConnectError,
    },
    /// Nobody can be believed.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// There is no schema, and whoever opens is not to make one.
    #[error(
        "the database has no tables of this program: start its server once (behind a PgBouncer it needs \
         database_direct for that)"
    )]
    Missing,
    /// Somebody else's tables.
    #[error(
        "the schema {schema} holds tables of another program: name another one in the URL (schema=…)"
    )]
    NotOurs {
        /// Its name.
        schema: String,
    },
    /// It was put back from a backup, and what ended since is live again in it.
    #[error(
        "the database was put back from a backup, and what ended since is live again in it: run `cloakroom restore`"
    )]
    Restored,
    /// A newer program wrote it, whose schema this program cannot use.
    #[error(
        "the database has schema version {found}, and this program knows versions up to {expected}: use the program \
         that wrote it, or a newer one"
    )]
    Newer {
        /// The database's version.
        found: u32,
        /// The newest version that this program knows.
        expected: u32,
    },
    /// An older program wrote it, and only a server brings it up to date.
    #[error(
        "the database has schema version {found}, and this program needs version {expected}: start this version's \
         server once"
    )]
    Older {
        /// The database's version.
        found: u32,
        /// The version that this program needs.
        expected: u32,
    },
    /// Another node is changing the schema and does not come to an end.
    #[error(
        "another node has been changing the database's schema for a minute: try again when it is done"
    )]
    Migrating,
    /// A step did not get its locks.
    #[error(
        "the step to schema version {version} was in the way of others for too long: end long transactions on its \
         tables, and start again"
    )]
    InTheWay {
        /// Where it leads.
        version: u32,
    },
    /// It is copied to or from somewhere else, and is not the one that holds what is true.
    #[error(transparent)]
    Away(#[from] Away),
    /// Somebody copies it at this moment.
    #[error(
        "the database is being copied at this moment (`cloakroom db copy`): wait until that is done, and see what it \
         says"
    )]
    BeingCopied,
    /// Whoever is to have it alone does not.
    #[error(
        "a server is at work with the database at {places}, or somebody else copies it: stop every node, and run \
         this again"
    )]
    Serving {
        /// Where it is.
        places: String,
    },
    /// A pooler leads to what is copied.
    #[error(
        "copying needs the server itself, and the URL says pgbouncer=true: name the way past the PgBouncer"
    )]
    PlaceIsPooled,
    /// Both addresses lead to a pooler.
    #[error("database_direct leads to the server itself: it may not say pgbouncer=true")]
    DirectIsPooled,
    /// The addresses differ in what they lead to.
    #[error("database and database_direct name different schemas")]
    TwoSchemas,
    /// What the server says.
    #[error("the database cannot be opened: {0}")]
    Database(String),
}
