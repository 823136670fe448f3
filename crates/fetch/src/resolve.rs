//! From a host's name to its addresses, once for each question.

use std::io;
use std::net::IpAddr;

use async_trait::async_trait;

/// Whoever knows the addresses of names.
#[async_trait]
pub trait Resolve: Send + Sync {
    /// The addresses of a host, the one to try first in front.
    async fn addresses(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// What the operating system knows.
#[derive(Debug, Default)]
pub struct SystemResolver;

#[async_trait]
impl Resolve for SystemResolver {
    async fn addresses(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((host, 0)).await?.map(|address| address.ip()).collect())
    }
}
