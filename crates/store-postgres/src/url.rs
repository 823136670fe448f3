//! Where a database is, as its operator writes it: `postgres://user:password@host/database?option=…`, with several
//! hosts where there is a replica to take over.
//!
//! What the driver does not know is read here: how far a connection is to be trusted (`sslmode`, `sslrootcert`), which
//! schema is ours (`schema`), and whether a `PgBouncer` stands between (`pgbouncer`). A password leaves this module only
//! towards the server.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

/// A database's address.
#[derive(Clone, Eq, PartialEq)]
pub struct Url {
    pub(crate) config: Config,
    pub(crate) trust: Trust,
    pub(crate) roots: Option<PathBuf>,
    pub(crate) schema: String,
    pub(crate) pooler: bool,
}

/// How far a connection is to be trusted: `sslmode`, in the words that every client of PostgreSQL uses.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Trust {
    /// No TLS.
    Disable,
    /// TLS where the server has it, with whomever it is.
    Prefer,
    /// TLS, with whomever it is.
    Require,
    /// TLS with a server whose certificate an authority signed, whatever its name.
    VerifyCa,
    /// TLS with the server whose name was asked for.
    VerifyFull,
}

impl Trust {
    pub(crate) fn is_verified(self) -> bool {
        matches!(self, Self::VerifyCa | Self::VerifyFull)
    }

    fn driver(self) -> SslMode {
        match self {
            Self::Disable => SslMode::Disable,
            Self::Prefer => SslMode::Prefer,
            Self::Require | Self::VerifyCa | Self::VerifyFull => SslMode::Require,
        }
    }
}

impl Url {
    /// The name of the schema that holds the tables: `cloakroom`, unless `?schema=` says otherwise.
    #[must_use]
    pub fn schema(&self) -> &str {
        &self.schema
    }

    /// The same with this password, where it names none.
    #[must_use]
    pub fn with_password(mut self, password: &str) -> Self {
        if self.config.get_password().is_none() {
            self.config.password(password);
        }
        self
    }

    /// Where the hosts are, the user and the database, for people: without anything secret.
    #[must_use]
    pub fn shown(&self) -> String {
        let user = self.config.get_user().unwrap_or_default();
        format!("postgres://{user}@{}/{}", self.places(), self.name())
    }

    /// The database's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.config.get_dbname().or(self.config.get_user()).unwrap_or_default()
    }

    /// Whether a `PgBouncer` stands between, which gives a server's connection for one transaction only.
    #[must_use]
    pub fn is_pooled(&self) -> bool {
        self.pooler
    }

    /// Whether the connection leaves this machine without proof of who is at its other end.
    #[must_use]
    pub fn trusts_the_network(&self) -> bool {
        !self.trust.is_verified() && !is_here(&self.config)
    }

    /// What one host is asked, in the order in which they stand.
    pub(crate) fn hosts(&self) -> Vec<Config> {
        let hosts = self.config.get_hosts();
        let ports = self.config.get_ports();
        let of = |index: usize| {
            let mut config = self.without_hosts();
            match &hosts[index] {
                Host::Tcp(name) => config.host(name),
                Host::Unix(path) => config.host_path(path),
            };
            if let Some(port) = ports.get(index).or(ports.first()) {
                config.port(*port);
            }
            config
        };
        (0..hosts.len()).map(of).collect()
    }

    /// The hosts' names, for people.
    pub(crate) fn places(&self) -> String {
        let ports = self.config.get_ports();
        let name = |(index, host): (usize, &Host)| match host {
            Host::Tcp(name) => match ports.get(index).or(ports.first()) {
                Some(port) => format!("{name}:{port}"),
                None => name.clone(),
            },
            Host::Unix(path) => path.display().to_string(),
        };
        self.config.get_hosts().iter().enumerate().map(name).collect::<Vec<_>>().join(",")
    }

    fn without_hosts(&self) -> Config {
        let given = &self.config;
        let mut config = Config::new();
        if let Some(user) = given.get_user() {
            config.user(user);
        }
        if let Some(password) = given.get_password() {
            config.password(password);
        }
        if let Some(name) = given.get_dbname() {
            config.dbname(name);
        }
        if let Some(options) = given.get_options() {
            config.options(options);
        }
        config.application_name(given.get_application_name().unwrap_or("cloakroom"));
        config.channel_binding(given.get_channel_binding());
        config.ssl_mode(self.trust.driver());
        config.ssl_negotiation(given.get_ssl_negotiation());
        config.connect_timeout(given.get_connect_timeout().copied().unwrap_or(CONNECT));
        config.tcp_user_timeout(given.get_tcp_user_timeout().copied().unwrap_or(UNACKNOWLEDGED));
        config.keepalives(true);
        config.keepalives_idle(Duration::from_secs(5));
        config.keepalives_interval(Duration::from_secs(1));
        config.keepalives_retries(3);
        config
    }
}

/// How long a host may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(2);

/// How long what was sent may stay unacknowledged by the other machine.
const UNACKNOWLEDGED: Duration = Duration::from_secs(4);

impl FromStr for Url {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
            return Err(UrlError::NotAUrl);
        }
        let (place, query) = text.split_once('?').unwrap_or((text, ""));
        let mut ours = Ours::default();
        let mut rest = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').ok_or(UrlError::NotAUrl)?;
            let decoded = || percent_decode_str(value).decode_utf8().map_err(|_| UrlError::NotAUrl);
            match key {
                "sslmode" => ours.trust = Some(trust(&decoded()?)?),
                "sslrootcert" => ours.roots = Some(PathBuf::from(&*decoded()?)),
                "schema" => ours.schema = Some(name(&decoded()?)?),
                "pgbouncer" => ours.pooler = flag(&decoded()?)?,
                _ => rest.push(pair),
            }
        }
        let driver =
            if rest.is_empty() { place.to_owned() } else { format!("{place}?{}", rest.join("&")) };
        let config: Config = driver.parse().map_err(UrlError::Driver)?;
        if config.get_hosts().is_empty() {
            return Err(UrlError::NoHost);
        }
        if !config.get_hostaddrs().is_empty() {
            return Err(UrlError::HostAddress);
        }
        if config.get_user().is_none() {
            return Err(UrlError::NoUser);
        }
        let trust =
            ours.trust.unwrap_or(if is_here(&config) { Trust::Disable } else { Trust::VerifyFull });
        Ok(Self {
            config,
            trust,
            roots: ours.roots,
            schema: ours.schema.unwrap_or_else(|| "cloakroom".to_owned()),
            pooler: ours.pooler,
        })
    }
}

#[derive(Default)]
struct Ours {
    trust: Option<Trust>,
    roots: Option<PathBuf>,
    schema: Option<String>,
    pooler: bool,
}

fn trust(word: &str) -> Result<Trust, UrlError> {
    match word {
        "disable" => Ok(Trust::Disable),
        "prefer" => Ok(Trust::Prefer),
        "require" => Ok(Trust::Require),
        "verify-ca" => Ok(Trust::VerifyCa),
        "verify-full" => Ok(Trust::VerifyFull),
        _ => Err(UrlError::SslMode),
    }
}

fn flag(word: &str) -> Result<bool, UrlError> {
    word.parse().map_err(|_| UrlError::Flag)
}

/// A name that needs no quotes, and that nothing in a statement could be mistaken for.
fn name(word: &str) -> Result<String, UrlError> {
    let letters = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
    let mut bytes = word.bytes();
    let begins = bytes.next().is_some_and(letters);
    if begins
        && word.len() <= 50
        && bytes.all(|byte| letters(byte) || byte.is_ascii_digit())
        && !word.starts_with("pg_")
        && word != "public"
        && word != "information_schema"
    {
        Ok(word.to_owned())
    } else {
        Err(UrlError::Schema)
    }
}

/// Whether every host is this machine.
fn is_here(config: &Config) -> bool {
    config.get_hosts().iter().all(|host| match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
        }
    })
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Url")
            .field("hosts", &self.places())
            .field("database", &self.config.get_dbname())
            .field("trust", &self.trust)
            .field("schema", &self.schema)
            .field("pooler", &self.pooler)
            .finish_non_exhaustive()
    }
}

/// Why a text is not the address of a database. None of these quotes the text: it may hold a password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UrlError {
    /// Another kind of text.
    #[error("expected postgres://user:password@host:port/database?option=value")]
    NotAUrl,
    /// Whom to ask is missing.
    #[error("the database's URL names no host")]
    NoHost,
    /// An address beside the name.
    #[error("the database's URL may not have hostaddr: name the host")]
    HostAddress,
    /// As whom to ask is missing.
    #[error("the database's URL names no user")]
    NoUser,
    /// Not a mode.
    #[error("sslmode is one of disable, prefer, require, verify-ca and verify-full")]
    SslMode,
    /// Neither yes nor no.
    #[error("pgbouncer is true or false")]
    Flag,
    /// Not a name that can be used everywhere.
    #[error(
        "schema is a name of small letters, digits and underscores, at most 50, that begins with a letter, and is not \
         one of PostgreSQL's own"
    )]
    Schema,
    /// What the driver says.
    #[error("the database's URL: {0}")]
    Driver(#[source] tokio_postgres::Error),
}

#[cfg(test)]
mod tests;
