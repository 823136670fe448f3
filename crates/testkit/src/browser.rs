//! A client with a cookie jar: what a browser, or a program with none, sends and gets.

use std::collections::BTreeMap;

use axum::body::Body;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, COOKIE, HOST, SET_COOKIE, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::Value;

use crate::engine::PASSWORD;
use crate::server::Server;

/// A client with a cookie jar.
#[derive(Clone)]
pub struct Browser {
    server: Server,
    /// Its cookies, by name.
    pub jar: BTreeMap<String, String>,
    /// The token that it puts into the header of each request.
    pub token: Option<String>,
}

/// An answer, whole.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

impl Browser {
    pub(crate) fn new(server: Server) -> Self {
        Self { server, jar: BTreeMap::new(), token: None }
    }

    /// Reads an address.
    pub async fn get(&mut self, path: &str) -> Answer {
        self.send(request(Method::GET, path, Body::empty())).await
    }

    /// Removes what is at an address.
    pub async fn delete(&mut self, path: &str) -> Answer {
        self.send(request(Method::DELETE, path, Body::empty())).await
    }

    /// Sends JSON.
    pub async fn post(&mut self, path: &str, body: &Value) -> Answer {
        self.json(Method::POST, path, body).await
    }

    /// Sends JSON by any method.
    pub async fn json(&mut self, method: Method, path: &str, body: &Value) -> Answer {
        let mut request = request(method, path, Body::from(body.to_string()));
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self.send(request).await
    }

    /// Sends a form, whose fields are encoded already.
    pub async fn form(&mut self, path: &str, fields: &str) -> Answer {
        let mut request = request(Method::POST, path, Body::from(fields.to_owned()));
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        request.headers_mut().insert(CONTENT_TYPE, form);
        self.send(request).await
    }

    /// Sends a request with the jar's cookies, and keeps those of the answer.
    ///
    /// # Panics
    ///
    /// When the answer is not what a server may send.
    pub async fn send(&mut self, mut request: Request<Body>) -> Answer {
        let headers = request.headers_mut();
        if !headers.contains_key(HOST) {
            let (_, host) = self.server.engine.settings().issuer.split_once("://").unwrap();
            headers.insert(HOST, host.parse().unwrap());
        }
        if !headers.contains_key(USER_AGENT) {
            let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
            headers.insert(USER_AGENT, agent.parse().unwrap());
        }
        if !self.jar.is_empty() {
            let cookies: Vec<_> =
                self.jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
            headers.insert(COOKIE, cookies.join("; ").parse().unwrap());
        }
        if let Some(token) = &self.token {
            let value = format!("Bearer {token}");
            headers.insert(http::header::AUTHORIZATION, value.parse().unwrap());
        }
        let (parts, body) = self.server.answer(request).await.into_parts();
        for cookie in parts.headers.get_all(SET_COOKIE) {
            self.keep(cookie.to_str().unwrap());
        }
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// Makes an account of this name, and is signed in by cookie.
    ///
    /// # Panics
    ///
    /// When there is no account afterwards.
    pub async fn sign_up(&mut self, name: &str) -> Answer {
        let wish = serde_json::json!({
            "email": format!("{name}@example.com"), "password": PASSWORD, "carry": "cookie",
        });
        let answer = self.post("/api/v1/sign-up", &wish).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        answer
    }

    /// Signs in, carried as `carry`, and keeps the token where it is one.
    ///
    /// # Panics
    ///
    /// When it does not work.
    pub async fn sign_in(&mut self, name: &str, carry: &str) -> Answer {
        let wish = serde_json::json!({
            "identifier": format!("{name}@example.com"), "password": PASSWORD, "carry": carry,
        });
        let answer = self.post("/api/v1/sign-in", &wish).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        self.token = answer.json()["access_token"].as_str().map(str::to_owned);
        answer
    }

    fn keep(&mut self, cookie: &str) {
        let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
        let (name, value) = pair.split_once('=').unwrap();
        if attributes.contains("Max-Age=0") {
            self.jar.remove(name);
        } else {
            self.jar.insert(name.to_owned(), value.to_owned());
        }
    }
}

impl Answer {
    /// The body as JSON.
    ///
    /// # Panics
    ///
    /// When it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The code of a problem; empty where the answer is none.
    #[must_use]
    pub fn code(&self) -> String {
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        body["code"].as_str().unwrap_or_default().to_owned()
    }

    /// A header as text; empty where there is none.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Fails, and shows the answer, unless it has this status.
    ///
    /// # Panics
    ///
    /// When it has another one.
    #[track_caller]
    pub fn is(&self, status: u16) -> &Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        self
    }
}

/// A request for an address of the server.
///
/// # Panics
///
/// When the address is none.
#[must_use]
pub fn request(method: Method, path: &str, body: Body) -> Request<Body> {
    Request::builder().method(method).uri(path).body(body).unwrap()
}
