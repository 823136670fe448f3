//! Another server, which answers as it is told, and a way out to it.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use cloakroom_fetch::{Fetch as _, FetchError, Fetched, Limits, Outbound, Resolve, Settings};
use cloakroom_testkit::clock::HandClock;
use rcgen::{CertificateParams, CertifiedKey, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivateKeyDer;
use tempfile::NamedTempFile;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use url::Url;

/// What most tests are answered.
pub(crate) const ANSWER: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";

/// What a server does once it has read a request.
#[derive(Clone, Copy)]
pub(crate) enum Then {
    /// It closes the connection.
    Close,
    /// It says nothing more, and does not close.
    Stall,
    /// It says this for as long as anybody listens.
    Repeat(&'static str),
}

/// Another server.
pub(crate) struct Other {
    pub(crate) address: SocketAddr,
    certificate: CertifiedKey<KeyPair>,
    /// What it was asked, each with its body.
    asked: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Other {
    /// One that goes by these names and always answers this.
    pub(crate) async fn answering(names: &[&str], answer: &str, then: Then) -> Self {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        Self::with(CertificateParams::new(names).unwrap(), answer, then).await
    }

    /// One with this certificate.
    pub(crate) async fn with(params: CertificateParams, answer: &str, then: Then) -> Self {
        let signing_key = KeyPair::generate().unwrap();
        let cert = params.self_signed(&signing_key).unwrap();
        let certificate = CertifiedKey { cert, signing_key };
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let serving =
            serve(socket, acceptor(&certificate), Arc::clone(&asked), answer.to_owned(), then);
        Self { address, certificate, asked, task: tokio::spawn(serving) }
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn acceptor(certificate: &CertifiedKey<KeyPair>) -> TlsAcceptor {
    let key = PrivateKeyDer::try_from(certificate.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.cert.der().clone()], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

async fn serve(
    socket: TcpListener,
    acceptor: TlsAcceptor,
    asked: Arc<Mutex<Vec<String>>>,
    answer: String,
    then: Then,
) {
    loop {
        let (stream, _) = socket.accept().await.unwrap();
        let (acceptor, asked, answer) = (acceptor.clone(), Arc::clone(&asked), answer.clone());
        tokio::spawn(async move {
            let Ok(mut stream) = acceptor.accept(stream).await else { return };
            let request = read(&mut stream).await;
            asked.lock().unwrap().push(request);
            // Whoever had enough has gone.
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.flush().await;
            match then {
                Then::Close => {
                    let _ = stream.shutdown().await;
                }
                Then::Stall => std::future::pending().await,
                Then::Repeat(text) => while stream.write_all(text.as_bytes()).await.is_ok() {},
            }
        });
    }
}

/// A request's head, and the body of which the head says how long it is.
async fn read(stream: &mut TlsStream<TcpStream>) -> String {
    let mut request = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return text;
            }
        }
        let mut some = [0; 1024];
        match stream.read(&mut some).await {
            Ok(read @ 1..) => request.extend_from_slice(&some[..read]),
            _ => return text,
        }
    }
}

/// Names and their addresses, as a test has them.
#[derive(Default)]
pub(crate) struct Names {
    addresses: BTreeMap<&'static str, Vec<IpAddr>>,
    pub(crate) asked: AtomicUsize,
}

impl Names {
    pub(crate) fn of(names: &[(&'static str, &[&str])]) -> Arc<Self> {
        let addresses = names.iter().map(|(name, addresses)| {
            (*name, addresses.iter().map(|address| address.parse().unwrap()).collect())
        });
        Arc::new(Self { addresses: addresses.collect(), asked: AtomicUsize::new(0) })
    }
}

#[async_trait]
impl Resolve for Names {
    async fn addresses(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.addresses.get(host).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

/// A way out that believes another server's certificate.
pub(crate) struct Way {
    pub(crate) outbound: Arc<Outbound>,
    pub(crate) clock: HandClock,
}

impl Way {
    /// It may ask this machine and looks these names up.
    pub(crate) fn to(other: &Other, resolver: Arc<dyn Resolve>) -> Self {
        Self::allowed(other, resolver, &["127.0.0.0/8"])
    }

    /// It may ask these networks.
    pub(crate) fn allowed(other: &Other, resolver: Arc<dyn Resolve>, networks: &[&str]) -> Self {
        let authority = NamedTempFile::new().unwrap();
        std::fs::write(authority.path(), other.certificate.cert.pem()).unwrap();
        Self::with(
            Settings {
                authority: Some(authority.path().to_owned()),
                danger_private_networks: networks.iter().map(|net| net.parse().unwrap()).collect(),
            },
            resolver,
        )
    }

    pub(crate) fn with(settings: Settings, resolver: Arc<dyn Resolve>) -> Self {
        let clock = HandClock::default();
        let outbound = Outbound::new(settings, resolver, Arc::new(clock.clone())).unwrap();
        Self { outbound: Arc::new(outbound), clock }
    }

    pub(crate) async fn fetch(&self, url: &str) -> Result<Fetched, FetchError> {
        self.fetch_within(url, Limits::default()).await
    }

    pub(crate) async fn fetch_anew(&self, url: &str) -> Result<Fetched, FetchError> {
        self.outbound.fetch_anew(&Url::parse(url).unwrap(), Limits::default()).await
    }

    pub(crate) async fn fetch_within(
        &self,
        url: &str,
        limits: Limits,
    ) -> Result<Fetched, FetchError> {
        self.outbound.fetch(&Url::parse(url).unwrap(), limits).await
    }
}
