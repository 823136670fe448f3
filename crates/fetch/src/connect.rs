//! A connection to a host: looked up, every address looked at, and then to one of exactly those.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use cloakroom_engine::fetch::FetchError;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use url::Host;

use crate::address::Addresses;
use crate::resolve::Resolve;
use crate::target::Target;

/// How long one address may keep the others from being tried.
const PATIENCE: Duration = Duration::from_secs(2);

/// What connections are made with.
pub(crate) struct Connector {
    pub(crate) addresses: Addresses,
    pub(crate) resolver: Arc<dyn Resolve>,
    pub(crate) tls: Arc<ClientConfig>,
}

impl Connector {
    /// Connects, and makes sure that it is the host of this name.
    pub(crate) async fn connect(
        &self,
        target: &Target<'_>,
    ) -> Result<TlsStream<TcpStream>, FetchError> {
        let (addresses, name) = match target.host {
            Host::Domain(host) => {
                let found =
                    self.resolver.addresses(host).await.map_err(|error| unreachable(&error))?;
                let name = ServerName::try_from(host.to_owned());
                (found, name.map_err(|_| FetchError::Url("its host is no name"))?)
            }
            Host::Ipv4(ip) => (vec![IpAddr::V4(ip)], ServerName::from(IpAddr::V4(ip))),
            Host::Ipv6(ip) => (vec![IpAddr::V6(ip)], ServerName::from(IpAddr::V6(ip))),
        };
        // No honest name has addresses of both kinds, so one that must not be asked spoils the others.
        if let Some(forbidden) = addresses.iter().find(|address| !self.addresses.allow(**address)) {
            return Err(FetchError::Forbidden(*forbidden));
        }
        let stream = reach(&addresses, target.port).await?;
        let connector = TlsConnector::from(Arc::clone(&self.tls));
        connector.connect(name, stream).await.map_err(|error| unreachable(&error))
    }
}

/// A connection to the first of the addresses that takes one.
async fn reach(addresses: &[IpAddr], port: u16) -> Result<TcpStream, FetchError> {
    let mut failed = FetchError::Unreachable("the host has no address".to_owned());
    for address in addresses {
        let connecting = TcpStream::connect(SocketAddr::new(*address, port));
        match tokio::time::timeout(PATIENCE, connecting).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => failed = unreachable(&error),
            Err(_) => failed = FetchError::Unreachable(format!("no answer from {address}")),
        }
    }
    Err(failed)
}

fn unreachable(error: &io::Error) -> FetchError {
    FetchError::Unreachable(error.to_string())
}
