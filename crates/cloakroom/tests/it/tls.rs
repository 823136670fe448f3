//! A server that speaks TLS itself.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    sync::Arc,
};

use rcgen::{CertifiedKey, KeyPair};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned, crypto::aws_lc_rs,
    pki_types::ServerName,
};
use serde_json::json;

use crate::{program::Program, server::soon};

pub(crate) const FILES: [&str; 2] = ["--tls-certificate=chain.pem", "--tls-key=key.pem"];

#[tokio::test]
async fn with_a_certificate_it_is_https_alone() {
    let mut program = Program::new();
    let made = write_pair(program.folder());
    let server = program.serve_with(&FILES);
    assert!(server.url().starts_with("https://localhost:"), "{}", server.url());
    assert_eq!(server.greeting["development"], false);
    let answer = ask(server.address(), "/api/v1/session", &made).unwrap();
    assert!(answer.starts_with("HTTP/1.1 401 ") && answer.contains("max-age="), "{answer}");

    program.set("CLOAKROOM_LISTEN", server.address());
    let healthy = program.run(&["healthcheck", "--json", FILES[0], FILES[1]]).json();
    assert_eq!(healthy, json!({ "healthy": true }));
    // Whoever speaks plain http to it gets no answer.
    program.unset("CLOAKROOM_PUBLIC_URL");
    program.run(&["healthcheck"]).refused(3);
}

#[tokio::test]
async fn a_renewed_certificate_is_served_without_a_restart() {
    let mut program = Program::new();
    let old = write_pair(program.folder());
    let server = program.serve_with(&FILES);
    let shows = |made: &CertifiedKey<KeyPair>| ask(server.address(), "/healthz", made);
    assert!(shows(&old).is_ok());
    let new = write_pair(program.folder());
    soon("the new certificate is served", async || shows(&new).is_ok()).await;
    assert!(shows(&old).is_err());
}

#[tokio::test]
async fn programs_that_show_certificates_have_an_address_of_their_own() {
    let mut program = Program::new();
    let made = write_pair(program.folder());
    let mtls = ["--mtls-listen=127.0.0.1:0", "--mtls-ca=chain.pem"];
    let server = program.serve_with(&[FILES.as_slice(), &mtls].concat());
    let address = server.greeting["mtls_listening"][0].as_str().unwrap();
    let key_set = ask(address, "/.well-known/jwks.json", &made).unwrap();
    assert!(key_set.starts_with("HTTP/1.1 200 "), "{key_set}");
    let page = ask(address, "/sign-in", &made).unwrap();
    let elsewhere = format!("location: {}/sign-in", server.url());
    assert!(page.starts_with("HTTP/1.1 308 ") && page.contains(&elsewhere), "{page}");
}

#[test]
fn a_key_that_everybody_can_read_keeps_it_from_starting() {
    let program = Program::new();
    write_pair(program.folder());
    let key = program.folder().join("key.pem");
    fs::set_permissions(key, fs::Permissions::from_mode(0o644)).unwrap();
    let complaint = program.run(&["serve", "--listen=localhost:0", FILES[0], FILES[1]]).refused(1);
    assert!(complaint.contains("key.pem") && complaint.contains("chmod"), "{complaint}");
    assert!(!program.folder().join("cloakroom-data").exists(), "nothing was begun");
}

/// Writes a certificate for `localhost` and its key into a folder.
pub(crate) fn write_pair(folder: &Path) -> CertifiedKey<KeyPair> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = folder.join("key.pem");
    fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    fs::set_permissions(key, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(folder.join("chain.pem"), made.cert.pem()).unwrap();
    made
}

/// The whole answer to somebody who asks for a path, and believes this certificate alone.
fn ask(address: &str, path: &str, believed: &CertifiedKey<KeyPair>) -> std::io::Result<String> {
    let port = address.rsplit_once(':').unwrap().1;
    let head = format!("GET {path} HTTP/1.1\r\nhost: localhost:{port}\r\nconnection: close");
    send(address, &format!("{head}\r\n\r\n"), believed)
}

/// The whole answer to a request that ends its connection, from one who believes this certificate alone.
pub(crate) fn send(
    address: &str,
    request: &str,
    believed: &CertifiedKey<KeyPair>,
) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(believed.cert.der().clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = StreamOwned::new(connection, TcpStream::connect(address)?);
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
