//! TLS spoken by the server itself: the certificate that it serves, and the ones that clients show.
//!
//! Rests on rustls, with the one provider of cryptography that the rest of the program uses. Leaves out how
//! certificates are obtained, and who a client is by the one it shows: that is matched against what is registered.

pub mod authorities;
pub mod pair;
mod possession;
pub mod served;

use std::fmt;
use std::io;
use std::sync::Arc;

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::CertificateDer;
use rustls::server::NoServerSessionStorage;
use rustls::version::{TLS12, TLS13};
use rustls::{ConfigBuilder, ServerConfig, WantsVerifier};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use self::possession::Possession;
use self::served::Served;

/// How one address speaks TLS. Cheap to clone.
#[derive(Clone)]
pub struct Tls(Arc<ServerConfig>);

/// The certificates that a client showed in the handshake, its own first, whose key it proved to hold. The listener
/// puts them into each request of the connection.
#[derive(Clone, Debug)]
pub struct ShownChain(pub Arc<[CertificateDer<'static>]>);

impl Tls {
    /// Serves this certificate, and asks clients for none.
    #[must_use]
    pub fn new(served: &Arc<Served>) -> Self {
        let config = versions().with_no_client_auth().with_cert_resolver(Arc::clone(served) as _);
        Self::with(config)
    }

    /// Serves this certificate, and takes one from clients that have one, whoever issued it.
    #[must_use]
    pub fn asking(served: &Arc<Served>) -> Self {
        let mut config = versions()
            .with_client_cert_verifier(Arc::new(Possession::of(&provider())))
            .with_cert_resolver(Arc::clone(served) as _);
        // A resumed connection would prove nothing anew.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Self::with(config)
    }

    fn with(mut config: ServerConfig) -> Self {
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Self(Arc::new(config))
    }

    /// Makes the handshake of a connection.
    pub(crate) async fn accept<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
    ) -> io::Result<(TlsStream<S>, Option<ShownChain>)> {
        let stream = TlsAcceptor::from(Arc::clone(&self.0)).accept(stream).await?;
        let shown = stream.get_ref().1.peer_certificates();
        let chain = shown.map(|chain| {
            ShownChain(chain.iter().map(|certificate| certificate.clone().into_owned()).collect())
        });
        Ok((stream, chain))
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

/// The one provider of cryptography. Named, so that nothing depends on what a process happens to have installed.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

/// TLS 1.2 and 1.3: what is older has known attacks (RFC 8996).
fn versions() -> ConfigBuilder<ServerConfig, WantsVerifier> {
    ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13, &TLS12])
        .expect("the provider has suites for both versions")
}
