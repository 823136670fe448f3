//! What is measured on: an issuer, a guard that follows it, and requests.

use std::hint::black_box;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use aws_lc_rs::signature::{ED25519, ParsedPublicKey};
use cloakroom_guard::{Clock, CookieName, Guard, Settings};
use cloakroom_jose::{Algorithm, Signer, SigningKey, base64url};
use http::Request;
use http::request::Parts;
use serde_json::json;

use crate::issuer::{AUDIENCE, Issuer, NOW, Said};

/// The cookie that is remembered.
const COOKIE: &str = "cloakroom=the-cookie-of-ada-0123456789abcdefghijklmnop";

/// The guard that is measured, and who it follows.
pub(crate) struct Stage {
    pub(crate) issuer: Issuer,
    pub(crate) guard: Guard,
    /// A request with a token that is remembered.
    pub(crate) token: Parts,
    /// A request with a cookie that is remembered.
    pub(crate) cookie: Parts,
}

impl Stage {
    pub(crate) async fn set(clock: impl Clock) -> Self {
        let issuer = Issuer::start().await;
        let guard = following(&issuer, clock).await;
        let token = with_token(&issuer.said.token("s1", "ada"));
        issuer.said.session(COOKIE, "s1", "ada");
        let cookie = request("cookie", COOKIE);
        for warm in [&token, &cookie] {
            guard.identify(warm).await.expect("good").expect("somebody");
        }
        Self { issuer, guard, token, cookie }
    }

    /// So many tokens that were not seen before, of sessions whose names begin so.
    pub(crate) fn cold(&self, name: &str, count: u64) -> Vec<Cold> {
        (0..count).map(|number| Cold::new(&self.issuer, &format!("{name}-{number}"))).collect()
    }

    /// The issuer's key, for raw signatures.
    pub(crate) fn key(&self) -> ParsedPublicKey {
        let key = base64url::decode(&self.issuer.said.public_key()).expect("a key");
        ParsedPublicKey::new(&ED25519, key).expect("a key")
    }
}

/// A token that was not seen before.
pub(crate) struct Cold {
    pub(crate) request: Parts,
    /// What was signed.
    pub(crate) message: String,
    pub(crate) signature: Vec<u8>,
}

impl Cold {
    fn new(issuer: &Issuer, sid: &str) -> Self {
        let token = issuer.said.token(sid, "ada");
        let (message, signature) = token.rsplit_once('.').expect("a token has dots");
        Self {
            request: with_token(&token),
            message: message.to_owned(),
            signature: base64url::decode(signature).expect("a signature"),
        }
    }
}

/// `jsonwebtoken`, as a service uses it with every request.
pub(crate) struct Other {
    token: String,
    key: jsonwebtoken::DecodingKey,
    expect: jsonwebtoken::Validation,
}

impl Other {
    pub(crate) fn new(issuer: &Issuer) -> Self {
        let mut expect = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::EdDSA);
        expect.set_audience(&[AUDIENCE]);
        expect.set_issuer(&[&issuer.url]);
        expect.leeway = 1_000_000_000;
        // It calls the algorithm by its older name, so it gets a token of its own.
        let signing = SigningKey::generate(Algorithm::EdDsa).expect("a key");
        let jwk = signing.public_jwk().map(|jwk| jwk.to_json()).expect("a public half");
        let key: serde_json::Value = serde_json::from_str(&jwk).expect("JSON");
        let key = jsonwebtoken::DecodingKey::from_ed_components(key["x"].as_str().expect("a key"));
        let claims = json!({
            "iss": issuer.url, "sub": "ada", "aud": AUDIENCE, "client_id": "shop", "exp": NOW + 600, "iat": NOW, "jti": "cold",
            "sid": "cold", "scope": "orders:read", "roles": ["clerk"], "auth_time": NOW, "acr": "aal1",
        });
        let token = Signer::new(Arc::new(signing), "at+jwt").sign(&claims);
        let token = token.expect("claims are signed");
        Self { token, key: key.expect("a key"), expect }
    }

    pub(crate) fn verify(&self) {
        let token = black_box(&self.token);
        let read = jsonwebtoken::decode::<serde_json::Value>(token, &self.key, &self.expect);
        black_box(read.expect("jsonwebtoken verifies it"));
    }
}

async fn following(issuer: &Issuer, clock: impl Clock) -> Guard {
    let settings = Settings::new(&issuer.url, AUDIENCE)
        .service("api", "hush")
        .cookie(CookieName::SameHost)
        .max_staleness(Duration::from_hours(1))
        .remembered_token_bytes(1 << 30)
        .clock(clock);
    let guard = Guard::start(settings).expect("the settings are good");
    issuer.said.opened(1).await;
    issuer.said.tell_heard();
    while !(guard.health().believes && guard.health().has_keys) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    guard
}

pub(crate) fn with_token(token: &str) -> Parts {
    request("authorization", &format!("Bearer {token}"))
}

pub(crate) fn request(name: &str, value: &str) -> Parts {
    Request::get("/orders")
        .header("host", "api.example.com")
        .header(name, value)
        .body(())
        .expect("a request")
        .into_parts()
        .0
}

/// Identifies from memory, and fails where that is not enough.
pub(crate) fn known(guard: &Guard, parts: &Parts) {
    let mut asked = pin!(guard.identify(black_box(parts)));
    match asked.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(Some(identity))) => drop(black_box(identity)),
        other => panic!("not from memory: {other:?}"),
    }
}

impl Said {
    /// The public half of the first key, as a key set has it.
    fn public_key(&self) -> String {
        let jwk = self.keys.lock().unwrap()[0].public_jwk().unwrap().to_json();
        let jwk: serde_json::Value = serde_json::from_str(&jwk).unwrap();
        jwk["x"].as_str().unwrap().to_owned()
    }

    /// Forgets a cookie.
    pub(crate) fn forget(&self, cookie: &str) {
        self.sessions.lock().unwrap().remove(cookie);
    }

    /// Tells that everything was heard up to when the stream was asked for.
    fn tell_heard(&self) {
        self.tell("event: heard\ndata: 0\n\n");
    }
}
