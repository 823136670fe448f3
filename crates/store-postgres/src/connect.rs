//! Making connections: host after host, each within a bound, and with pauses that grow while none can be made.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use cloakroom_store::Error;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};
use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Config, NoTls, SimpleQueryMessage, SimpleQueryRow};

use crate::connection::Connection;
use crate::failure::{Failure, words};
use crate::tls::{Tls, TlsError};
use crate::url::Url;

/// How long one host may take to let us in, from the first packet to its answer about itself.
const LET_IN: Duration = Duration::from_secs(3);

/// The first pause after a failure, and the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// The oldest PostgreSQL that is supported.
const OLDEST: u32 = 15_00_00;

/// Makes connections of one kind to the hosts of one address.
pub(crate) struct Connector {
    hosts: Vec<Config>,
    places: String,
    tls: Tls,
    session: Session,
    schema: String,
    /// The host that let us in last.
    preferred: AtomicUsize,
    outage: Mutex<Option<String>>,
    over: Notify,
}

/// What is set on each connection, where one has a server's connection to itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Session {
    /// Behind a `PgBouncer`: nothing is set, and every transaction brings what it needs.
    pub(crate) pooled: bool,
    /// The longest that a statement may run.
    pub(crate) statement: Duration,
    /// Whether acknowledged acts may be lost with the machine.
    pub(crate) danger_no_sync: bool,
    /// A connection that carries no acts, and whose commits need no disk.
    pub(crate) idle_talk: bool,
}

/// How long a statement may wait for others' locks, and a transaction for its next statement.
pub(crate) const LOCK: Duration = Duration::from_secs(2);
pub(crate) const IDLE_IN_TRANSACTION: Duration = Duration::from_secs(5);

impl Connector {
    pub(crate) fn new(url: &Url, session: Session) -> Result<Self, TlsError> {
        let hosts = url.hosts().into_iter().map(|host| session.asked_of(host, url)).collect();
        Ok(Self {
            hosts,
            places: url.places(),
            tls: Tls::new(url)?,
            session,
            schema: url.schema.clone(),
            preferred: AtomicUsize::new(0),
            outage: Mutex::new(None),
            over: Notify::new(),
        })
    }

    /// Where it connects to, for people.
    pub(crate) fn places(&self) -> &str {
        &self.places
    }

    /// Makes a connection by asking each host once, the one that let us in last before the others.
    pub(crate) async fn connect(
        &self,
        heard: impl Fn() + Clone + Send + 'static,
    ) -> Result<Connection, ConnectError> {
        let first = self.preferred.load(Ordering::Relaxed);
        let mut failure = ConnectError::Unreachable("there is no host".to_owned());
        for offset in 0..self.hosts.len() {
            let index = (first + offset) % self.hosts.len();
            let asked = self.ask(&self.hosts[index], heard.clone());
            failure = match timeout(LET_IN, asked).await {
                Ok(Ok(connection)) => {
                    self.preferred.store(index, Ordering::Relaxed);
                    return Ok(connection);
                }
                Ok(Err(error)) => error,
                Err(_) => ConnectError::Unreachable("it does not answer".to_owned()),
            };
        }
        Err(failure)
    }

    async fn ask(
        &self,
        host: &Config,
        heard: impl Fn() + Send + 'static,
    ) -> Result<Connection, ConnectError> {
        let connection = if host.get_ssl_mode() == SslMode::Disable {
            let (client, connection) = host.connect(NoTls).await?;
            Connection::drive(client, connection, heard)
        } else {
            let (client, connection) = host.connect(self.tls.clone()).await?;
            Connection::drive(client, connection, heard)
        };
        let answers = connection.client().simple_query(&self.session.question()).await?;
        let row = answers.iter().find_map(|answer| match answer {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        let row = row.ok_or_else(|| ConnectError::Unreachable("it says nothing".to_owned()))?;
        self.judge(row)?;
        Ok(connection)
    }

    /// Whether a server is one to work with.
    fn judge(&self, row: &SimpleQueryRow) -> Result<(), ConnectError> {
        let says = |column: &str| row.get(column).unwrap_or_default();
        if says("version").parse::<u32>().is_ok_and(|version| version < OLDEST) {
            return Err(ConnectError::TooOld { version: says("version_name").to_owned() });
        }
        if says("encoding") != "UTF8" {
            return Err(ConnectError::Encoding { found: says("encoding").to_owned() });
        }
        if says("replica") == "t" || says("read_only") == "on" {
            return Err(ConnectError::ReadOnly);
        }
        if says("fsync") != "on" && !self.session.danger_no_sync {
            return Err(ConnectError::NoSync);
        }
        if !self.session.pooled && says("path") != self.schema {
            return Err(ConnectError::Pooler);
        }
        Ok(())
    }

    /// A connection, as soon as there can be one within `wait`.
    pub(crate) async fn obtain(self: &Arc<Self>, wait: Duration) -> Result<Connection, Error> {
        let obtaining = async {
            loop {
                let mut over = std::pin::pin!(self.over.notified());
                over.as_mut().enable();
                if self.outage().is_none() {
                    // On a task of its own, so that a failure is noted also where nobody waits any more.
                    let connector = Arc::clone(self);
                    let attempt = tokio::spawn(async move {
                        let made = connector.connect(|| {}).await;
                        made.map_err(|error| connector.begin_outage(&error))
                    });
                    if let Ok(Ok(connection)) = attempt.await {
                        return connection;
                    }
                }
                over.await;
            }
        };
        if let Ok(connection) = timeout(wait, obtaining).await {
            return Ok(connection);
        }
        let why = self.outage().unwrap_or_else(|| "it does not answer".to_owned());
        Err(Failure::unavailable(format!("no connection to the database: {why}")))
    }

    /// Why no connection can be made at present.
    fn outage(&self) -> Option<String> {
        self.outage.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From now on one task alone tries, until it is let in.
    fn begin_outage(self: &Arc<Self>, error: &ConnectError) {
        let mut outage = self.outage.lock().unwrap_or_else(PoisonError::into_inner);
        let began = outage.is_none();
        *outage = Some(error.to_string());
        drop(outage);
        if began {
            tracing::error!(host = self.places, %error, "the database cannot be reached");
            tokio::spawn(try_until_let_in(Arc::downgrade(self)));
        }
    }
}

async fn try_until_let_in(connector: Weak<Connector>) {
    let mut pause = FIRST_PAUSE;
    loop {
        sleep(pause + apart()).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
        let Some(connector) = connector.upgrade() else { return };
        let made = connector.connect(|| {}).await;
        let outage = made.err().map(|error| error.to_string());
        let over = outage.is_none();
        *connector.outage.lock().unwrap_or_else(PoisonError::into_inner) = outage;
        if over {
            tracing::info!(host = connector.places, "the database can be reached again");
            connector.over.notify_waiters();
            return;
        }
    }
}

/// Up to a tenth of a second by the process's number, so that nodes do not all try at one moment.
fn apart() -> Duration {
    Duration::from_millis(u64::from(std::process::id()).wrapping_mul(37) % 100)
}

impl Session {
    /// What a server is told when the connection begins.
    fn asked_of(self, mut host: Config, url: &Url) -> Config {
        if self.pooled {
            return host;
        }
        let given = host.get_options().map(|given| format!("{given} ")).unwrap_or_default();
        host.options(format!(
            "{given}-c search_path={schema} -c statement_timeout={statement} -c lock_timeout={lock} -c \
             idle_in_transaction_session_timeout={idle} -c jit=off",
            schema = url.schema,
            statement = self.statement.as_millis(),
            lock = LOCK.as_millis(),
            idle = IDLE_IN_TRANSACTION.as_millis(),
        ));
        host
    }

    /// What a transaction must set for itself behind a `PgBouncer`, after the words that begin it.
    pub(crate) fn of_a_transaction(self, schema: &str) -> String {
        format!(
            "; SET LOCAL search_path = {schema}; SET LOCAL statement_timeout = {statement}; SET LOCAL lock_timeout = \
             {lock}; SET LOCAL idle_in_transaction_session_timeout = {idle}; SET LOCAL jit = off; SELECT {sync}",
            statement = self.statement.as_millis(),
            lock = LOCK.as_millis(),
            idle = IDLE_IN_TRANSACTION.as_millis(),
            sync = self.synchronous(true),
        )
    }

    /// Asks a server what it is, and has it write to the disk before it answers.
    fn question(self) -> String {
        let sync = if self.pooled { "''".to_owned() } else { self.synchronous(false) };
        format!(
            "SELECT current_setting('server_version_num') AS version, current_setting('server_version') AS \
             version_name, current_setting('server_encoding') AS encoding, pg_is_in_recovery() AS replica, \
             current_setting('default_transaction_read_only') AS read_only, current_setting('fsync') AS fsync, \
             current_setting('search_path') AS path, {sync} AS synchronous"
        )
    }

    /// At least `on`: what the operator asks for beyond that stays.
    fn synchronous(self, local: bool) -> String {
        let level = if self.danger_no_sync || self.idle_talk {
            "'off'"
        } else {
            "CASE current_setting('synchronous_commit') WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END"
        };
        format!("set_config('synchronous_commit', {level}, {local})")
    }
}

/// Why no connection was made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// Nobody there, or nobody who answers. It may be otherwise in a moment.
    #[error("{0}")]
    Unreachable(String),
    /// The server does not let this user in, or not into this database.
    #[error("{0}")]
    Denied(String),
    /// A replica, or a server that is told not to write.
    #[error("the server takes no writes: it is a replica, or default_transaction_read_only is on")]
    ReadOnly,
    /// A server that forgets what it acknowledged.
    #[error(
        "the server runs with fsync=off: a crash of its machine would lose what was acknowledged"
    )]
    NoSync,
    /// Statements would run in another schema.
    #[error(
        "the connection did not keep its settings: where a PgBouncer stands between, say so in the URL (pgbouncer=true)"
    )]
    Pooler,
    /// Before what this program is written for.
    #[error("the server is PostgreSQL {version}, and this program needs 15 or later")]
    TooOld {
        /// As it names itself.
        version: String,
    },
    /// Texts could not be kept.
    #[error("the database's encoding is {found}, and this program needs UTF8")]
    Encoding {
        /// What it is.
        found: String,
    },
}

impl ConnectError {
    /// Whether it may be otherwise in a moment.
    pub(crate) fn passes(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::ReadOnly)
    }
}

impl From<tokio_postgres::Error> for ConnectError {
    fn from(error: tokio_postgres::Error) -> Self {
        let words = words(&error);
        match error.code() {
            Some(code)
                if code.code().starts_with("28") || *code == SqlState::INVALID_CATALOG_NAME =>
            {
                Self::Denied(words)
            }
            // 08P01 is how a PgBouncer refuses what is set at the beginning.
            Some(code) if code.code() == "08P01" && words.contains("startup parameter") => {
                Self::Pooler
            }
            _ => Self::Unreachable(words),
        }
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").field("places", &self.places).finish_non_exhaustive()
    }
}
