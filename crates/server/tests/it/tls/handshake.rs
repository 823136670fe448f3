//! What is spoken, what is refused, and how long anybody may take.

use std::sync::Arc;
use std::time::Duration;

use cloakroom_server::listener::Limits;
use cloakroom_server::tls::Tls;
use cloakroom_testkit::server::Server;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ProtocolVersion};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{Files, REQUEST, Running, made, trusting};

#[tokio::test]
async fn both_versions_of_http_are_spoken_over_tls() {
    let (server, config) = started(Limits::default());
    let mut http1 = config.clone();
    http1.alpn_protocols = vec![b"http/1.1".to_vec()];
    let mut stream = server.connect(http1).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    stream.write_all(REQUEST).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("shown nothing"), "{answer}");

    let mut http2 = config;
    http2.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let mut stream = server.connect(http2).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    // The preface and an empty SETTINGS frame (RFC 9113 §3.4); a server answers with its own.
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    let mut head = [0; 9];
    stream.read_exact(&mut head).await.unwrap();
    assert_eq!(head[3], 4, "a SETTINGS frame");
}

#[tokio::test]
async fn tls_1_2_and_1_3_are_spoken() {
    for (version, spoken) in
        [(&TLS12, ProtocolVersion::TLSv1_2), (&TLS13, ProtocolVersion::TLSv1_3)]
    {
        let made = made();
        let server = serving(&made, Limits::default());
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut roots = rustls::RootCertStore::empty();
        roots.add(made.cert.der().clone()).unwrap();
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[version])
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let stream = server.connect(config).await.unwrap();
        assert_eq!(stream.get_ref().1.protocol_version(), Some(spoken));
    }
}

#[tokio::test]
async fn tls_1_1_is_refused_where_the_same_words_of_1_2_are_answered() {
    const HANDSHAKE: u8 = 22;
    const ALERT: u8 = 21;
    /// RFC 8446 §6: `protocol_version`, and it is fatal.
    const WRONG_VERSION: [u8; 2] = [2, 70];

    let (server, _) = started(Limits::default());
    assert_eq!(answer_to_hello(&server, 0x0303).await[0], HANDSHAKE);
    let answer = answer_to_hello(&server, 0x0302).await;
    assert_eq!((answer[0], &answer[5..7]), (ALERT, &WRONG_VERSION[..]));
    assert_eq!(answer_to_hello(&server, 0x0301).await[0], ALERT);
}

#[tokio::test]
async fn plain_http_gets_no_answer_where_tls_is_spoken() {
    let (server, config) = started(Limits::default());
    assert!(server.ask(config).await.unwrap().ends_with("shown nothing"));
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(REQUEST).await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
}

#[tokio::test]
async fn who_does_not_shake_hands_in_time_is_shown_the_door() {
    let limits = Limits { handshake: Duration::from_millis(20), ..Limits::default() };
    let (server, _) = started(limits);
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    // A connection that is closed in anger is as good as one that is closed.
    assert_eq!(stream.read(&mut [0]).await.unwrap_or(0), 0);
}

#[tokio::test]
async fn no_handshake_is_made_without_a_place() {
    for (handshakes, is_made) in [(1, true), (0, false)] {
        let handshake = Duration::from_millis(if is_made { 30_000 } else { 500 });
        let limits = Limits { handshakes, handshake, ..Limits::default() };
        let (server, config) = started(limits);
        assert_eq!(server.ask(config).await.is_ok(), is_made, "{handshakes}");
    }
}

#[tokio::test]
async fn one_handshake_more_than_allowed_waits_for_its_place() {
    let limits = Limits { handshakes: 1, ..Limits::default() };
    let (server, config) = started(limits);
    let mut idle = TcpStream::connect(server.address).await.unwrap();
    // Half of a record's head: the handshake has begun, and takes the one place.
    idle.write_all(&[22, 3]).await.unwrap();
    let server = Arc::new(server);
    let asking = tokio::spawn({
        let server = Arc::clone(&server);
        async move { server.ask(config).await }
    });
    tokio::task::yield_now().await;
    assert!(!asking.is_finished());
    drop(idle);
    assert!(asking.await.unwrap().unwrap().ends_with("shown nothing"));
}

#[tokio::test]
async fn a_handshake_that_does_not_end_does_not_hold_up_the_end() {
    let (server, config) = started(Limits::default());
    let idle = TcpStream::connect(server.address).await.unwrap();
    // Connections are accepted in turn, so the idle one is in its handshake by now.
    server.ask(config).await.unwrap();
    assert!(server.stop().await, "everything finished in time");
    drop(idle);
}

#[tokio::test]
async fn over_https_browsers_are_told_to_stay() {
    let made = made();
    let mut files = Files::new();
    files.write(&made);
    let called = |url: &'static str| {
        Server::with(move |setup| setup.server.public_url = url.parse().unwrap())
    };
    let edge = called("https://id.example.com").await.edge();
    let server = Running::answering(&Tls::new(&files.read()), Limits::default(), edge);
    let answer = server.ask(trusting(&made).with_no_client_auth()).await.unwrap();
    assert!(answer.contains("strict-transport-security: max-age="), "{answer}");
}

fn started(limits: Limits) -> (Running, ClientConfig) {
    let made = made();
    let server = serving(&made, limits);
    (server, trusting(&made).with_no_client_auth())
}

fn serving(made: &rcgen::CertifiedKey<rcgen::KeyPair>, limits: Limits) -> Running {
    let mut files = Files::new();
    files.write(made);
    Running::start(&Tls::new(&files.read()), limits)
}

/// The first bytes that come back for a greeting of this version (RFC 5246 §7.4.1.2), with all that a server needs to
/// go on.
async fn answer_to_hello(server: &Running, version: u16) -> [u8; 7] {
    let extensions: &[&[u8]] = &[
        // Curve P-256, points uncompressed, ECDSA with it and SHA-256.
        &[0, 10, 0, 4, 0, 2, 0, 23],
        &[0, 11, 0, 2, 1, 0],
        &[0, 13, 0, 4, 0, 2, 4, 3],
    ];
    let extensions = extensions.concat();
    let mut hello = version.to_be_bytes().to_vec();
    hello.extend([7; 32]);
    // No session; ECDHE with ECDSA and AES-128-GCM; no compression.
    hello.extend([0, 0, 2, 0xc0, 0x2b, 1, 0]);
    hello.extend(u16::try_from(extensions.len()).unwrap().to_be_bytes());
    hello.extend(extensions);
    let mut record = vec![22, 3, 1];
    let length = u16::try_from(hello.len()).unwrap();
    record.extend((length + 4).to_be_bytes());
    record.extend([1, 0]);
    record.extend(length.to_be_bytes());
    record.extend(hello);

    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(&record).await.unwrap();
    let mut answer = [0; 7];
    stream.read_exact(&mut answer).await.unwrap();
    answer
}
