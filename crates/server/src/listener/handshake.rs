//! The TLS handshake of a connection: so many at once, each within a limit, and none after the word to stop.
//!
//! A handshake costs the server more than it costs the client, so it is what a flood would be made of.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Semaphore, watch};
use tokio_rustls::server::TlsStream;

use crate::tls::{ShownChain, Tls};

/// Where handshakes are made. Clones share the places.
#[derive(Clone)]
pub(super) struct Handshakes {
    places: Arc<Semaphore>,
    limit: Duration,
    stopping: watch::Receiver<bool>,
}

impl Handshakes {
    /// So many at once, each with so much time, until `stopping` says so.
    pub(super) fn new(places: usize, limit: Duration, stopping: watch::Receiver<bool>) -> Self {
        Self { places: Arc::new(Semaphore::new(places)), limit, stopping }
    }

    /// Makes one. The time it waits for a place counts.
    pub(super) async fn make<S: AsyncRead + AsyncWrite + Unpin>(
        mut self,
        tls: &Tls,
        stream: S,
    ) -> io::Result<(TlsStream<S>, Option<ShownChain>)> {
        let handshake = async {
            // Never closed, so there is always a place at some time.
            let _place = self.places.acquire().await.map_err(io::Error::other)?;
            tls.accept(stream).await
        };
        tokio::select! {
            made = tokio::time::timeout(self.limit, handshake) => {
                made.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
            }
            // Nobody would answer on it any more; an error means the same.
            _ = self.stopping.wait_for(|stopping| *stopping) => {
                Err(io::ErrorKind::ConnectionAborted.into())
            }
        }
    }
}
