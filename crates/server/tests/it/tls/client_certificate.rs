//! What a client shows of itself, to this server or to a proxy in front of it.

use std::net::IpAddr;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use cloakroom_model::time::Timestamp;
use cloakroom_server::layers::client_certificate::{ClientCertificate, Sources};
use cloakroom_server::listener::Limits;
use cloakroom_server::tls::authorities::Authorities;
use cloakroom_server::tls::{ShownChain, Tls};
use http::{Extensions, HeaderMap, HeaderName, HeaderValue};
use rcgen::{BasicConstraints, CertificateParams, CertifiedKey, IsCa, Issuer, KeyPair};
use rustls::client::ResolvesClientCert;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey as Certified;
use rustls::{ClientConfig, SignatureScheme};

use super::{Files, Running, made, trusting};

const NOW: Timestamp = Timestamp(1_800_000_000_000);
const PROXY: &str = "10.0.0.1";

#[tokio::test]
async fn a_client_is_known_by_the_certificate_whose_key_it_holds() {
    let (server, own) = (made(), made());
    let running = asking(&server);
    let key = PrivateKeyDer::try_from(own.signing_key.serialize_der()).unwrap();
    let config =
        trusting(&server).with_client_auth_cert(vec![own.cert.der().clone()], key).unwrap();
    let answer = running.ask(config).await.unwrap();
    let expected = format!("shown 1 {:02x?}", &own.cert.der()[..]);
    assert!(answer.ends_with(&expected), "{answer}");
}

#[tokio::test]
async fn a_client_that_has_no_certificate_is_served_all_the_same() {
    let server = made();
    let running = asking(&server);
    let answer = running.ask(trusting(&server).with_no_client_auth()).await.unwrap();
    assert!(answer.ends_with("shown nothing"), "{answer}");
}

#[tokio::test]
async fn a_certificate_without_its_key_ends_the_handshake() {
    let (server, own, stolen) = (made(), made(), made());
    let running = asking(&server);
    assert!(running.ask(showing(&server, &own, &own)).await.unwrap().contains("shown 1"));
    assert!(running.ask(showing(&server, &stolen, &own)).await.is_err());
}

#[tokio::test]
async fn nobody_shows_a_certificate_where_none_is_asked_for() {
    let (server, own) = (made(), made());
    let mut files = Files::new();
    files.write(&server);
    let running = Running::start(&Tls::new(&files.read()), Limits::default());
    let answer = running.ask(showing(&server, &own, &own)).await.unwrap();
    assert!(answer.ends_with("shown nothing"), "{answer}");
}

#[test]
fn an_authority_vouches_for_what_it_issued_while_that_lasts() {
    let authority = Authority::new();
    let (issued, strange) = (authority.issue(), made().cert.der().clone());
    let sources = Sources { header: None, authorities: Some(authority.read()) };
    let at = |certificate: &CertificateDer<'static>, now| {
        let mut extensions = Extensions::new();
        extensions.insert(ShownChain([certificate.clone()].into()));
        let peer: IpAddr = "192.0.2.1".parse().unwrap();
        sources.of(peer, &HeaderMap::new(), &extensions, &[], now).unwrap()
    };
    assert!(at(&issued, NOW).verified);
    assert_eq!(at(&issued, NOW).leaf(), &issued[..]);
    assert!(!at(&strange, NOW).verified, "it is handed on, and nobody vouches for it");
    let long_after = Timestamp(70_000_000_000_000);
    assert!(!at(&issued, long_after).verified, "it has ended");
}

#[test]
fn a_trusted_proxy_writes_a_certificate_in_either_form() {
    let certificate = made().cert;
    let (der, pem) = (certificate.der(), certificate.pem());
    let escaped = pem.replace('+', "%2B").replace('\n', "%0A").replace(' ', "%20");
    let half_escaped = pem.replace('\n', "%0a").replace(' ', "%20");
    for value in [item(der), item(der).replace('=', ""), escaped, half_escaped] {
        let read = forwarded(PROXY, &[("client-cert", &value)]).unwrap();
        assert_eq!((read.leaf(), read.verified), (&der[..], false), "{value}");
    }
}

#[test]
fn a_header_is_believed_from_a_trusted_proxy_only() {
    let value = item(made().cert.der());
    assert!(forwarded(PROXY, &[("client-cert", &value)]).is_some());
    assert_eq!(forwarded("192.0.2.1", &[("client-cert", &value)]), None);
    assert_eq!(forwarded(PROXY, &[("x-client-cert", &value)]), None);
}

#[test]
fn two_certificates_or_none_are_nobodys() {
    let value = item(made().cert.der());
    assert!(forwarded(PROXY, &[("client-cert", &value)]).is_some());
    assert_eq!(forwarded(PROXY, &[("client-cert", &value), ("client-cert", &value)]), None);
    for value in ["", ":", "::", ":***:", "nonsense", "%zz", "-----BEGIN%20CERTIFICATE-----"] {
        assert_eq!(forwarded(PROXY, &[("client-cert", value)]), None, "{value}");
    }
    assert_eq!(forwarded(PROXY, &[("client-cert", &value), ("client-cert-chain", "x")]), None);
}

#[test]
fn the_issuers_that_a_proxy_passes_on_count_and_its_word_does_not() {
    let root = Authority::new();
    let (middle, leaf) = root.issue_through_another();
    let sources = Sources {
        header: Some(HeaderName::from_static("client-cert")),
        authorities: Some(root.read()),
    };
    let (leaf, middle) = (item(&leaf), item(&middle));
    let with = read(&sources, PROXY, &[("client-cert", &leaf), ("client-cert-chain", &middle)]);
    assert!(with.as_ref().unwrap().verified);
    assert_eq!(with.unwrap().chain.len(), 2);
    let without = read(&sources, PROXY, &[("client-cert", &leaf)]);
    assert!(!without.unwrap().verified);
}

#[test]
fn a_proxys_own_certificate_is_not_its_clients() {
    let sources =
        Sources { header: Some(HeaderName::from_static("client-cert")), authorities: None };
    let mut extensions = Extensions::new();
    extensions.insert(ShownChain([made().cert.der().clone()].into()));
    let of = |peer: &str| {
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        sources.of(peer.parse().unwrap(), &HeaderMap::new(), &extensions, &trusted, NOW)
    };
    assert!(of("192.0.2.1").is_some());
    assert_eq!(of(PROXY), None);
}

fn asking(server: &CertifiedKey<KeyPair>) -> Running {
    let mut files = Files::new();
    files.write(server);
    Running::start(&Tls::asking(&files.read()), Limits::default())
}

/// A client that shows one certificate and signs with the key of another.
fn showing(
    server: &CertifiedKey<KeyPair>,
    shown: &CertifiedKey<KeyPair>,
    signing: &CertifiedKey<KeyPair>,
) -> ClientConfig {
    let key = PrivateKeyDer::try_from(signing.signing_key.serialize_der()).unwrap();
    let key = aws_lc_rs::sign::any_supported_type(&key).unwrap();
    let certified = Certified::new(vec![shown.cert.der().clone()], key);
    trusting(server).with_client_cert_resolver(Arc::new(Always(Arc::new(certified))))
}

#[derive(Debug)]
struct Always(Arc<Certified>);

impl ResolvesClientCert for Always {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<Certified>> {
        Some(Arc::clone(&self.0))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// Somebody who issues certificates.
struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let (params, key) = (Self::params("Root"), KeyPair::generate().unwrap());
        let pem = params.self_signed(&key).unwrap().pem();
        Self { pem, issuer: Issuer::new(params, key) }
    }

    fn params(name: &str) -> CertificateParams {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        params
    }

    fn read(&self) -> Authorities {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &self.pem).unwrap();
        Authorities::read(file.path()).unwrap()
    }

    fn issue(&self) -> CertificateDer<'static> {
        issue(&self.issuer)
    }

    /// An authority below this one, and what that one issues.
    fn issue_through_another(&self) -> (CertificateDer<'static>, CertificateDer<'static>) {
        let (params, key) = (Self::params("Middle"), KeyPair::generate().unwrap());
        let middle = params.signed_by(&key, &self.issuer).unwrap();
        (middle.der().clone(), issue(&Issuer::new(params, key)))
    }
}

fn issue(issuer: &Issuer<'_, KeyPair>) -> CertificateDer<'static> {
    let mut params = CertificateParams::new(["client.example.com".to_owned()]).unwrap();
    params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
    params.signed_by(&KeyPair::generate().unwrap(), issuer).unwrap().der().clone()
}

/// RFC 9440 §2: the DER as a byte sequence.
fn item(der: &[u8]) -> String {
    format!(":{}:", BASE64_STANDARD.encode(der))
}

fn forwarded(peer: &str, headers: &[(&'static str, &str)]) -> Option<ClientCertificate> {
    let sources =
        Sources { header: Some(HeaderName::from_static("client-cert")), authorities: None };
    read(&sources, peer, headers)
}

fn read(
    sources: &Sources,
    peer: &str,
    headers: &[(&'static str, &str)],
) -> Option<ClientCertificate> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(*name, HeaderValue::from_str(value).unwrap());
    }
    let trusted = ["10.0.0.0/8".parse().unwrap()];
    sources.of(peer.parse().unwrap(), &map, &Extensions::new(), &trusted, NOW)
}
