//! One live connection, to whatever stands there.

use std::sync::Arc;
use std::time::Duration;

use redis::aio::ConnectionLike as _;
use redis::cluster::ClusterClientBuilder;
use redis::cluster_async::ClusterConnection;
use redis::io::tcp::TcpSettings;
use redis::sentinel::{SentinelClientBuilder, SentinelServerType};
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, ConnectionInfo, IntoConnectionInfo,
    RedisConnectionInfo, RedisError, TlsCertificates, Value,
};
use tokio::time::timeout;

use crate::bundle::Bundles;
use crate::settings::{Host, Login, Settings, Tls, Topology};

/// A live connection. Clones share it.
#[derive(Clone)]
pub(crate) enum Link {
    /// To one server, which may have been named by sentinels.
    One(Arc<Bundles>),
    /// To all nodes of a cluster, and the longest that an answer may take.
    Cluster(ClusterConnection, Duration),
}

/// Why a question has no answer.
#[derive(Clone, Debug)]
pub(crate) enum NoAnswer {
    /// It did not come in time.
    TooLong,
    /// It was no, or the connection broke.
    Refused(RedisError),
}

impl From<RedisError> for NoAnswer {
    fn from(error: RedisError) -> Self {
        Self::Refused(error)
    }
}

impl Link {
    /// Makes one. The caller bounds how long that takes in all.
    pub(crate) async fn make(settings: &Settings) -> Result<Self, NoLink> {
        let roots = settings.tls.as_ref().map(roots).transpose()?;
        match &settings.topology {
            Topology::Single { db } => {
                let info = address(settings, &settings.hosts[0])
                    .into_connection_info()?
                    .set_tcp_settings(tcp(settings))
                    .set_redis_settings(login(&settings.login).set_db(*db));
                Self::to_one(&client(info, roots)?, settings).await
            }
            Topology::Sentinel { service, db } => {
                let client = by_sentinels(settings, service, *db, roots).await?;
                Self::to_one(&client, settings).await
            }
            Topology::Cluster => {
                let nodes = settings.hosts.iter().map(|host| {
                    let info = address(settings, host).into_connection_info()?;
                    Ok(info.set_redis_settings(login(&settings.login)))
                });
                let nodes = nodes.collect::<Result<Vec<ConnectionInfo>, RedisError>>()?;
                let mut builder = ClusterClientBuilder::new(nodes)
                    .connection_timeout(settings.connect)
                    .response_timeout(settings.answer)
                    .overall_response_timeout(Some(settings.answer))
                    .connection_concurrency_limit(settings.waiting)
                    .tcp_settings(tcp(settings))
                    // A move of slots is followed; waiting longer than an answer may take is in vain.
                    .retries(3)
                    .min_retry_wait(5)
                    .max_retry_wait(50);
                if let Some(roots) = roots {
                    builder = builder.certs(roots);
                }
                let connection = builder.build()?.get_async_connection().await?;
                Ok(Self::Cluster(connection, settings.answer))
            }
        }
    }

    async fn to_one(client: &Client, settings: &Settings) -> Result<Self, NoLink> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(settings.connect))
            // The bundles bound it.
            .set_response_timeout(None);
        let connection = client.get_multiplexed_async_connection_with_config(&config).await?;
        Ok(Self::One(Bundles::new(connection, settings.answer)))
    }

    /// Asks one thing once.
    pub(crate) async fn ask(&self, question: &Cmd) -> Result<Value, NoAnswer> {
        match self {
            Self::One(bundles) => bundles.ask(question).await,
            // Its nodes have connections of their own, and what is asked in one moment goes to several of them.
            Self::Cluster(connection, within) => {
                let mut connection = connection.clone();
                match timeout(*within, connection.req_packed_command(question)).await {
                    Ok(answer) => Ok(answer?.extract_error()?),
                    Err(_) => Err(NoAnswer::TooLong),
                }
            }
        }
    }

    /// Whether it goes on by itself where a node of it is lost.
    pub(crate) const fn is_cluster(&self) -> bool {
        matches!(self, Self::Cluster(..))
    }
}

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoLink {
    /// The roots cannot be read.
    #[error("the file with Redis's root certificates cannot be read")]
    Roots(#[source] std::io::Error),
    /// Nobody is there, or they do not let us in.
    #[error(transparent)]
    Refused(#[from] RedisError),
    /// It took too long.
    #[error("Redis took too long to let us in")]
    TooLong,
}

/// Read at each attempt, so that a certificate that was renewed is found.
fn roots(tls: &Tls) -> Result<TlsCertificates, NoLink> {
    let root_cert = tls.ca_file.as_ref().map(std::fs::read).transpose().map_err(NoLink::Roots)?;
    Ok(TlsCertificates { client_tls: None, root_cert })
}

fn client(info: ConnectionInfo, roots: Option<TlsCertificates>) -> Result<Client, RedisError> {
    match roots {
        Some(roots) => Client::build_with_tls(info, roots),
        None => Client::open(info),
    }
}

/// A client of the master that the sentinels name now.
async fn by_sentinels(
    settings: &Settings,
    service: &str,
    db: i64,
    roots: Option<TlsCertificates>,
) -> Result<Client, RedisError> {
    let sentinels = settings.hosts.iter().map(|host| address(settings, host));
    let mut builder = SentinelClientBuilder::new(sentinels, service, SentinelServerType::Master)?
        .set_client_to_redis_db(db)
        .set_client_to_redis_tcp_settings(tcp(settings))
        .set_client_to_sentinel_tcp_settings(tcp(settings));
    if let Some(user) = &settings.login.user {
        builder = builder.set_client_to_redis_username(user);
    }
    if let Some(password) = &settings.login.password {
        builder = builder.set_client_to_redis_password(password.as_str());
    }
    if let Some(user) = &settings.sentinel_login.user {
        builder = builder.set_client_to_sentinel_username(user);
    }
    if let Some(password) = &settings.sentinel_login.password {
        builder = builder.set_client_to_sentinel_password(password.as_str());
    }
    if let Some(roots) = roots {
        builder = builder
            .set_client_to_redis_tls_mode(redis::TlsMode::Secure)
            .set_client_to_redis_certificates(roots.clone())
            .set_client_to_sentinel_tls_mode(redis::TlsMode::Secure)
            .set_client_to_sentinel_certificates(roots);
    }
    builder.build()?.async_get_client().await
}

fn address(settings: &Settings, host: &Host) -> ConnectionAddr {
    let Host { name, port } = host.clone();
    match settings.tls {
        None => ConnectionAddr::Tcp(name, port),
        Some(_) => ConnectionAddr::TcpTls { host: name, port, insecure: false, tls_params: None },
    }
}

fn login(login: &Login) -> RedisConnectionInfo {
    let mut info = RedisConnectionInfo::default();
    if let Some(user) = &login.user {
        info = info.set_username(user);
    }
    if let Some(password) = &login.password {
        info = info.set_password(password.as_str());
    }
    info
}

/// A peer that went silent is given up by the kernel as well.
fn tcp(settings: &Settings) -> TcpSettings {
    TcpSettings::default().set_nodelay(true).set_user_timeout(settings.connect + settings.answer)
}
