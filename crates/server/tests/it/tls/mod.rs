//! TLS by our own listener, with real handshakes.

mod client_certificate;
mod handshake;
mod replacement;

use std::fs::{self, File};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::body::Body;
use axum::response::Response;
use cloakroom_server::listener::{Answer, Limits, Sockets};
use cloakroom_server::tls::served::Served;
use cloakroom_server::tls::{ShownChain, Tls};
use http::Request;
use hyper::body::Incoming;
use rcgen::{CertifiedKey, KeyPair};
use rustls::client::WantsClientCert;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ConfigBuilder, RootCertStore};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

const HOST: &str = "id.example.com";
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: id.example.com\r\nconnection: close\r\n\r\n";

/// A certificate with its key in two files.
struct Files {
    folder: TempDir,
    writes: u64,
}

impl Files {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), writes: 0 }
    }

    fn certificate(&self) -> PathBuf {
        self.folder.path().join("chain.pem")
    }

    fn key(&self) -> PathBuf {
        self.folder.path().join("key.pem")
    }

    fn write(&mut self, made: &CertifiedKey<KeyPair>) {
        self.write_certificate(&made.cert.pem());
        self.write_key(&made.signing_key.serialize_pem());
    }

    fn write_certificate(&mut self, text: &str) {
        let path = self.certificate();
        self.write_file(&path, text);
    }

    fn write_key(&mut self, text: &str) {
        let path = self.key();
        self.write_file(&path, text);
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// Each later than the one before, however coarse the file system's clock.
    fn write_file(&mut self, path: &PathBuf, text: &str) {
        fs::write(path, text).unwrap();
        self.writes += 1;
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000 + self.writes);
        File::options().write(true).open(path).unwrap().set_modified(at).unwrap();
    }

    fn read(&self) -> Arc<Served> {
        Served::read(&self.certificate(), &self.key()).unwrap()
    }
}

fn made() -> CertifiedKey<KeyPair> {
    rcgen::generate_simple_self_signed([HOST.to_owned()]).unwrap()
}

/// A server that answers with what the client showed.
struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<bool>,
}

impl Running {
    fn start(tls: &Tls, limits: Limits) -> Self {
        Self::answering(tls, limits, Arc::new(Mirror))
    }

    fn answering(tls: &Tls, limits: Limits, answer: Arc<impl Answer>) -> Self {
        let sockets = Sockets::bind(&["127.0.0.1:0".parse().unwrap()]).unwrap();
        let address = sockets.addresses()[0];
        let (stop, stopped) = oneshot::channel();
        let serving = sockets.over(tls).serve(answer, limits, async {
            let _ = stopped.await;
        });
        Self { address, stop, serving: tokio::spawn(serving) }
    }

    async fn stop(self) -> bool {
        self.stop.send(()).unwrap();
        self.serving.await.unwrap()
    }

    async fn connect(&self, config: ClientConfig) -> std::io::Result<TlsStream<TcpStream>> {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let name = ServerName::try_from(HOST).unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, stream).await
    }

    /// The whole answer to a request for `/` over HTTP/1.1.
    async fn ask(&self, config: ClientConfig) -> std::io::Result<String> {
        let mut stream = self.connect(config).await?;
        stream.write_all(REQUEST).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        Ok(answer)
    }
}

/// Says how many certificates the client showed, and the digits of its own.
struct Mirror;

impl Answer for Mirror {
    async fn answer(&self, request: Request<Incoming>, _: SocketAddr) -> Response {
        let shown = request.extensions().get::<ShownChain>();
        Response::new(Body::from(match shown {
            Some(ShownChain(chain)) => format!("shown {} {:02x?}", chain.len(), &chain[0][..]),
            None => "shown nothing".to_owned(),
        }))
    }
}

/// A client that trusts this certificate.
fn trusting(server: &CertifiedKey<KeyPair>) -> ConfigBuilder<ClientConfig, WantsClientCert> {
    let mut roots = RootCertStore::empty();
    roots.add(server.cert.der().clone()).unwrap();
    ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
}
