//! Clients that are known by their certificates, and tokens that are bound to them (RFC 8705).

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use cloakroom_model::registration::{
    AuthenticationMethod, Binding, CertificateName, ClientKeys, Registration,
};
use cloakroom_server::layers::client_certificate::Sources;
use cloakroom_server::tls::authorities::Authorities;
use cloakroom_testkit::browser::{Answer, request};
use cloakroom_testkit::server::Server;
use http::{HeaderName, Method};
use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    date_time_ymd,
};
use serde_json::json;

use super::relying_party::{RelyingParty, ada, claims};

const ASK: [(&str, &str); 1] = [("grant_type", "client_credentials")];

/// In which a trusted proxy writes the certificate that a client proved to hold the key of.
const HEADER: &str = "client-cert";

const NAME: &str = "client.example.com";

#[tokio::test]
async fn a_client_is_known_by_the_key_of_a_certificate_of_its_own() {
    let server = behind_proxy(None).await;
    let (key, other) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let app = client(&server, |registration| {
        registration.method = AuthenticationMethod::SelfSignedTlsClientAuth;
        registration.keys = Some(set_of(&key));
    })
    .await;
    let mut over = params(NAME);
    over.not_after = date_time_ymd(2025, 12, 31);
    for (certificate, status, why) in [
        (Some(own(&key, &params(NAME))), 200, "its own"),
        (Some(own(&key, &params("renewed.example.com"))), 200, "a new one of the same key"),
        (Some(own(&other, &params(NAME))), 401, "another key"),
        (Some(own(&key, &over)), 401, "one that is over"),
        (Some(":AAAA:".to_owned()), 401, "nothing that can be read"),
        (None, 401, "none"),
    ] {
        let beside: Vec<_> = certificate.iter().map(|item| (HEADER, item.as_str())).collect();
        let answer = app.post_beside("/oauth/token", &ASK, &beside).await;
        assert_eq!(answer.status, status, "{why}: {}", answer.text());
    }
}

#[tokio::test]
async fn a_client_is_known_by_the_key_of_a_certificate_that_it_publishes() {
    const KEYS: &str = "https://app.example/keys";
    let server = behind_proxy(None).await;
    let (key, newer) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let app = client(&server, |registration| {
        registration.method = AuthenticationMethod::SelfSignedTlsClientAuth;
        registration.keys = Some(ClientKeys::At(KEYS.to_owned()));
    })
    .await;
    let publish = |key| {
        let ClientKeys::Set(set) = set_of(key) else { panic!("it is a set") };
        server.others.put(KEYS, "application/json", &set);
    };
    let ask = async |key| {
        let certificate = own(key, &params(NAME));
        app.post_beside("/oauth/token", &ASK, &[(HEADER, &certificate)]).await
    };
    publish(&key);
    ask(&key).await.is(200);
    publish(&newer);
    ask(&newer).await.is(401);
    server.clock.go(Duration::from_mins(1));
    ask(&newer).await.is(200);
    ask(&key).await.is(401);
    let mut over = params(NAME);
    over.not_after = date_time_ymd(2025, 12, 31);
    server.clock.go(Duration::from_mins(10));
    let over = own(&newer, &over);
    app.post_beside("/oauth/token", &ASK, &[(HEADER, &over)]).await.is(401);
    assert_eq!(server.others.asked(), [KEYS; 2], "for one that is over nobody is asked");
}

#[tokio::test]
async fn a_client_is_known_by_a_name_that_an_authority_vouches_for() {
    let authority = Authority::new();
    let server = behind_proxy(Some(&authority)).await;
    let app = client(&server, |registration| {
        registration.method = AuthenticationMethod::TlsClientAuth;
        registration.certificate = Some(CertificateName::SanDns(NAME.to_owned()));
    })
    .await;
    let key = KeyPair::generate().unwrap();
    for (certificate, status, why) in [
        (authority.issue(NAME), 200, "its own"),
        (authority.issue("other.example.com"), 401, "another name"),
        (own(&key, &params(NAME)), 401, "its name, and nobody vouches for it"),
        (Authority::new().issue(NAME), 401, "its name, by another authority"),
    ] {
        let answer = app.post_beside("/oauth/token", &ASK, &[(HEADER, &certificate)]).await;
        assert_eq!(answer.status, status, "{why}: {}", answer.text());
    }
}

#[tokio::test]
async fn a_token_that_is_bound_to_a_certificate_is_worth_nothing_without_it() {
    let server = behind_proxy(None).await;
    let app = RelyingParty::with(&server, |new| {
        new.audiences.clear();
        new.registration.binding = Binding::Certificate;
    })
    .await;
    let (key, other) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let (own, stranger) = (own(&key, &params(NAME)), own(&other, &params(NAME)));
    let code = app.code(&mut ada(&server).await, &[]).await;
    assert_eq!(app.redeem(&code).await.is(400).json()["error"], "invalid_request");
    let tokens = app.redeem_beside(&code, &[(HEADER, &own)]).await.is(200).json();
    assert_eq!(tokens["token_type"], "Bearer");
    assert!(claims(&tokens["access_token"])["cnf"]["x5t#S256"].is_string());

    let token = tokens["access_token"].as_str().unwrap();
    for path in ["/oauth/userinfo", "/api/v1/session"] {
        present(&server, path, token, Some(&own)).await.is(200);
        present(&server, path, token, Some(&stranger)).await.is(401);
        present(&server, path, token, None).await.is(401);
    }
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let again = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    for beside in [vec![], vec![(HEADER, stranger.as_str())]] {
        let refused = app.post_beside("/oauth/token", &again, &beside).await;
        assert_eq!(refused.is(400).json()["error"], "invalid_grant");
    }
    app.post_beside("/oauth/token", &again, &[(HEADER, &own)]).await.is(200);
}

/// A server behind a proxy on this machine that asks for certificates.
async fn behind_proxy(authority: Option<&Authority>) -> Server {
    let authorities = authority.map(Authority::read);
    Server::with(|setup| {
        setup.server.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
        let header = Some(HeaderName::from_static(HEADER));
        setup.server.client_certificates = Sources { header, authorities };
    })
    .await
}

async fn client(server: &Server, change: impl FnOnce(&mut Registration)) -> RelyingParty {
    RelyingParty::with(server, |new| {
        new.confidential = false;
        change(&mut new.registration);
    })
    .await
}

async fn present(server: &Server, path: &str, token: &str, certificate: Option<&str>) -> Answer {
    let mut request = request(Method::GET, path, axum::body::Body::empty());
    let headers = request.headers_mut();
    headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
    if let Some(certificate) = certificate {
        headers.insert(HEADER, certificate.parse().unwrap());
    }
    server.browser().send(request).await
}

struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let (mut params, key) = (CertificateParams::default(), KeyPair::generate().unwrap());
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        Self { pem, issuer: Issuer::new(params, key) }
    }

    fn read(&self) -> Authorities {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &self.pem).unwrap();
        Authorities::read(file.path()).unwrap()
    }

    fn issue(&self, name: &str) -> String {
        let key = KeyPair::generate().unwrap();
        item(params(name).signed_by(&key, &self.issuer).unwrap().der())
    }
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params
}

fn own(key: &KeyPair, params: &CertificateParams) -> String {
    item(params.self_signed(key).unwrap().der())
}

/// RFC 9440 §2: the DER as a byte sequence.
fn item(der: &[u8]) -> String {
    format!(":{}:", STANDARD.encode(der))
}

fn set_of(key: &KeyPair) -> ClientKeys {
    // SEC 1 §2.3.3: both coordinates, behind a byte that says so.
    let (x, y) = key.public_key_raw()[1..].split_at(32);
    let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
    let jwk = json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y });
    ClientKeys::Set(json!({ "keys": [jwk] }).to_string())
}
