//! How a request is checked where no guard does it.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use axum::body::Bytes;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use cloakroom_engine::clock::{Clock as _, SystemClock};
use cloakroom_jose::{Algorithms, Expectations, Jwks, TrustedKeys, VerifyingKey};
use http::{
    HeaderMap, HeaderValue, Method, Request, StatusCode,
    header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HOST},
};
use http_body_util::{BodyExt as _, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde::Deserialize;
use serde_json::Value;

use super::service::Task;
use crate::exit::Failure;

/// What a check finds.
pub(super) enum Checked {
    /// Who it is.
    Known(String),
    /// Nobody, or nobody any more.
    Unknown,
    /// Whoever would know is away.
    NobodyToAsk,
}

/// Checks requests.
pub(super) enum Checker {
    /// Asks about a cookie.
    Cookie(Asking),
    /// Asks about a token, and proves by this header who asks.
    Introspection(Asking, HeaderValue),
    /// Verifies a token.
    Jwt(Box<Verifying>),
}

impl Checker {
    /// Will ask about cookies.
    pub(super) fn of_cookies(task: &Task) -> Result<Self, Failure> {
        Ok(Self::Cookie(Asking::new(task)?))
    }

    /// Will ask about tokens.
    pub(super) fn of_tokens(task: &Task) -> Result<Self, Failure> {
        let pair = STANDARD.encode(format!("{}:{}", task.client, task.secret));
        Ok(Self::Introspection(Asking::new(task)?, header(&format!("Basic {pair}"))?))
    }

    /// Will verify tokens, with the keys that are fetched now.
    pub(super) async fn alone(task: Task, ahead: Arc<AtomicU64>) -> Result<Self, Failure> {
        let asking = Asking::new(&task)?;
        Ok(Self::Jwt(Box::new(Verifying::prepare(&asking, task, ahead).await?)))
    }

    /// Who sends a request with these headers.
    pub(super) async fn check(&self, headers: &HeaderMap) -> Checked {
        match self {
            Self::Cookie(asking) => {
                let Some(cookie) = headers.get(COOKIE) else { return Checked::Unknown };
                let request = asking.request(Method::GET, "/api/v1/session").header(COOKIE, cookie);
                asking
                    .who(request, Bytes::new(), |answer| {
                        answer["user"]["id"].as_str().map(str::to_owned)
                    })
                    .await
            }
            Self::Introspection(asking, proof) => {
                let Some(token) = bearer(headers) else { return Checked::Unknown };
                let request = asking
                    .request(Method::POST, "/oauth/introspect")
                    .header(AUTHORIZATION, proof)
                    .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
                // A token in compact form has no character that a form would escape.
                let body = Bytes::from(format!("token={token}"));
                asking
                    .who(request, body, |answer| {
                        let active = answer["active"].as_bool().unwrap_or_default();
                        active.then(|| answer["sub"].as_str().map(str::to_owned)).flatten()
                    })
                    .await
            }
            Self::Jwt(verifying) => match bearer(headers).and_then(|token| verifying.who(token)) {
                Some(user) => Checked::Known(user),
                None => Checked::Unknown,
            },
        }
    }
}

/// A client of the server's, with connections that it keeps.
pub(super) struct Asking {
    client: Client<HttpConnector, Full<Bytes>>,
    server: SocketAddr,
    host: HeaderValue,
}

impl Asking {
    fn new(task: &Task) -> Result<Self, Failure> {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let host = task.issuer.trim_start_matches("http://");
        Ok(Self {
            client: Client::builder(TokioExecutor::new()).build(connector),
            server: task.server,
            host: header(host)?,
        })
    }

    fn request(&self, method: Method, path: &str) -> http::request::Builder {
        Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.server))
            .header(HOST, &self.host)
    }

    /// Asks, and reads from the answer who it is.
    async fn who(
        &self,
        request: http::request::Builder,
        body: Bytes,
        read: impl FnOnce(Value) -> Option<String>,
    ) -> Checked {
        match self.ask(request, body).await {
            Some((StatusCode::OK, body)) => {
                let answer = serde_json::from_slice(&body).ok();
                answer.and_then(read).map_or(Checked::Unknown, Checked::Known)
            }
            Some((StatusCode::UNAUTHORIZED, _)) => Checked::Unknown,
            _ => Checked::NobodyToAsk,
        }
    }

    async fn ask(
        &self,
        request: http::request::Builder,
        body: Bytes,
    ) -> Option<(StatusCode, Bytes)> {
        let answer = self.client.request(request.body(Full::new(body)).ok()?).await.ok()?;
        let status = answer.status();
        Some((status, answer.into_body().collect().await.ok()?.to_bytes()))
    }
}

/// Verifies tokens with the server's public keys, each time anew.
pub(super) struct Verifying {
    keys: TrustedKeys,
    expect: Expectations,
    clock: SystemClock,
    /// By how many seconds the clock is set ahead.
    ahead: Arc<AtomicU64>,
}

/// What of a token's claims is read.
#[derive(Deserialize)]
struct Claims {
    sub: String,
}

impl Verifying {
    async fn prepare(asking: &Asking, task: Task, ahead: Arc<AtomicU64>) -> Result<Self, Failure> {
        let request = asking.request(Method::GET, "/.well-known/jwks.json");
        let (_, body) = asking.ask(request, Bytes::new()).await.ok_or_else(no_keys)?;
        let set = Jwks::from_json(&body).map_err(|_| no_keys())?;
        let keys = set.keys().iter().map(|key| VerifyingKey::from_jwk(key, Algorithms::ALL));
        let keys = keys.collect::<Result<Vec<_>, _>>().and_then(TrustedKeys::new);
        Ok(Self {
            keys: keys.map_err(|_| no_keys())?,
            expect: Expectations::new(task.issuer, task.audience, "at+jwt"),
            clock: SystemClock::new(),
            ahead,
        })
    }

    fn who(&self, token: &str) -> Option<String> {
        let now = u64::try_from(self.clock.wall().seconds()).unwrap_or_default();
        let now = now + self.ahead.load(Relaxed);
        let verified = self.keys.verify::<Claims>(token, &self.expect, now).ok()?;
        Some(verified.into_claims().sub)
    }
}

/// The token in the header of RFC 6750 §2.1.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

fn header(text: &str) -> Result<HeaderValue, Failure> {
    HeaderValue::from_str(text)
        .map_err(|_| Failure::Usage("the task does not fit a header".to_owned()))
}

fn no_keys() -> Failure {
    Failure::Unavailable("the server's public keys cannot be fetched".to_owned())
}
