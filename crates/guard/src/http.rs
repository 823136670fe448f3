//! Requests to the identity server: over TLS, with an end to every wait and to every body.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio::time::timeout;

use crate::settings::{Settings, SettingsError};

/// The longest answer that is read: a key set of many keys, or a document of session data.
const LONGEST: usize = 1024 * 1024;

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(3);

/// A client that speaks to the identity server.
#[derive(Clone)]
pub(crate) struct Http {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    limit: Duration,
}

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// No answer came: nobody knows whether the request arrived.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Unreachable {
    #[error("the server cannot be reached")]
    Connection(#[source] Arc<dyn std::error::Error + Send + Sync>),
    #[error("the server did not answer in time")]
    Timeout,
}

impl Http {
    pub(crate) fn new(settings: &Settings) -> Result<Self, SettingsError> {
        let mut connector = HttpConnector::new();
        connector.enforce_http(false);
        connector.set_connect_timeout(Some(CONNECT));
        connector.set_nodelay(true);
        connector.set_keepalive(Some(Duration::from_secs(15)));
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls(&settings.authorities)?)
            .https_or_http()
            .enable_http1()
            .wrap_connector(connector);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(30))
            .build(connector);
        Ok(Self { client, limit: settings.ask_timeout })
    }

    /// Sends a request and reads the whole answer.
    pub(crate) async fn send(&self, request: Request<Full<Bytes>>) -> Result<Answer, Unreachable> {
        timeout(self.limit, self.exchange(request)).await.map_err(|_| Unreachable::Timeout)?
    }

    /// Sends a request and hands out the answer while its body is still coming.
    pub(crate) async fn open(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, Unreachable> {
        let answer = timeout(self.limit, self.client.request(request)).await;
        answer
            .map_err(|_| Unreachable::Timeout)?
            .map_err(|why| Unreachable::Connection(Arc::new(why)))
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Answer, Unreachable> {
        let answer = self.client.request(request).await;
        let answer = answer.map_err(|why| Unreachable::Connection(Arc::new(why)))?;
        let (parts, body) = answer.into_parts();
        let body = Limited::new(body, LONGEST).collect().await;
        let body = body.map_err(|why| Unreachable::Connection(why.into()))?;
        Ok(Answer { status: parts.status, headers: parts.headers, body: body.to_bytes() })
    }
}

impl Answer {
    /// The body as JSON of this shape.
    pub(crate) fn json<T: serde::de::DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.body).ok()
    }

    /// A header as text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// The authorities of the operating system, read once.
static NATIVE: LazyLock<RootCertStore> = LazyLock::new(|| {
    let mut roots = RootCertStore::empty();
    // Systems carry some that nobody can read any more; the others count.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
});

fn tls(authorities: &[Vec<u8>]) -> Result<ClientConfig, SettingsError> {
    let mut roots = RootCertStore::empty();
    roots.roots.extend(NATIVE.roots.iter().cloned());
    for pem in authorities {
        let certificates: Vec<_> = CertificateDer::pem_slice_iter(pem)
            .collect::<Result<_, _>>()
            .map_err(|_| SettingsError::Authority)?;
        if certificates.is_empty() {
            return Err(SettingsError::Authority);
        }
        for certificate in certificates {
            roots.add(certificate).map_err(|_| SettingsError::Authority)?;
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider has suites for both versions")
        .with_root_certificates(roots)
        .with_no_client_auth())
}
