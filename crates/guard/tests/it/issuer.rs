//! An issuer that says what the test has it say. It signs real tokens, and is asked over real connections.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use cloakroom_jose::{Algorithm, Jwks, Signer, SigningKey};
use futures_util::stream;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

pub(crate) const AUDIENCE: &str = "https://api.example.com";
pub(crate) const NOW: u64 = 1_800_000_000;
/// The place in the log that every stream begins at.
pub(crate) const PLACE: &str = "1.00000000000000aa";

/// The issuer. When it is dropped, its connections break.
pub(crate) struct Issuer {
    pub(crate) url: String,
    pub(crate) said: Arc<Said>,
    address: SocketAddr,
    running: Option<JoinHandle<()>>,
}

/// What it says, and what it was asked.
pub(crate) struct Said {
    url: String,
    /// The keys, of which the last one signs.
    pub(crate) keys: Mutex<Vec<Arc<SigningKey>>>,
    /// What `GET /api/v1/session` answers to a cookie: a status and a body.
    pub(crate) sessions: Mutex<HashMap<String, (u16, Value)>>,
    /// The roles that introspection tells; `None` for a token that is not active.
    pub(crate) roles: Mutex<Option<Vec<String>>>,
    /// Whether a question's place is one that was heard here.
    pub(crate) hears: Mutex<bool>,
    /// Whoever follows.
    followers: Mutex<Vec<mpsc::UnboundedSender<Bytes>>>,
    /// What each of them named as the last event that it heard.
    pub(crate) resumed_from: Mutex<Vec<Option<String>>>,
    /// How often each path was asked for.
    asked: Mutex<HashMap<&'static str, usize>>,
    opened: watch::Sender<usize>,
    /// Keys, and answers about sessions and tokens, are those of the question's moment, and wait while this is false.
    pub(crate) answers: watch::Sender<bool>,
}

impl Issuer {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let url = format!("http://{address}");
        let said = Arc::new(Said {
            url: url.clone(),
            keys: Mutex::new(vec![new_key("key-1")]),
            sessions: Mutex::default(),
            roles: Mutex::new(Some(vec!["staff".to_owned()])),
            hears: Mutex::new(true),
            followers: Mutex::default(),
            resumed_from: Mutex::default(),
            asked: Mutex::default(),
            opened: watch::Sender::new(0),
            answers: watch::Sender::new(true),
        });
        let mut issuer = Self { url, said, address, running: None };
        issuer.listen(listener);
        issuer
    }

    /// Is not there any more: nothing connects, and what was connected breaks.
    pub(crate) async fn stop(&mut self) {
        let running = self.running.take().unwrap();
        running.abort();
        let _ = running.await;
        self.said.followers.lock().unwrap().clear();
    }

    /// Is there again, with whatever it knew.
    pub(crate) async fn start_again(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.listen(listener);
    }

    fn listen(&mut self, listener: TcpListener) {
        let app = router(Arc::clone(&self.said));
        self.running = Some(tokio::spawn(async move {
            // Connections live in this task's set, and break with it.
            let mut connections = tokio::task::JoinSet::new();
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                let service = hyper_util::service::TowerToHyperService::new(app.clone());
                let io = hyper_util::rt::TokioIo::new(socket);
                connections.spawn(async move {
                    let builder = hyper_util::server::conn::auto::Builder::new(
                        hyper_util::rt::TokioExecutor::new(),
                    );
                    // A guard that goes away breaks its connections.
                    let _ = builder.serve_connection(io, service).await;
                });
            }
        }));
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        if let Some(running) = &self.running {
            running.abort();
        }
    }
}

impl Said {
    /// A token of this session and this user.
    pub(crate) fn token(&self, sid: &str, user: &str) -> String {
        let key = Arc::clone(self.keys.lock().unwrap().last().unwrap());
        self.token_by(&key, sid, user)
    }

    /// A token that names its key as `kid`.
    pub(crate) fn token_by_unknown(&self, kid: &str) -> String {
        self.token_by(&new_key(kid), "s", "mallory")
    }

    fn token_by(&self, key: &Arc<SigningKey>, sid: &str, user: &str) -> String {
        let claims = json!({
            "iss": self.url, "sub": user, "aud": AUDIENCE, "client_id": "shop", "exp": NOW + 600, "iat": NOW,
            "jti": format!("{sid}-{user}"), "sid": sid, "scope": "orders:read", "roles": ["clerk"],
            "auth_time": NOW - 60, "acr": "aal1",
        });
        Signer::new(Arc::clone(key), "at+jwt").sign(&claims).unwrap()
    }

    /// Signs with another key from now on.
    pub(crate) fn rotate(&self, kid: &str) {
        self.keys.lock().unwrap().push(new_key(kid));
    }

    /// A cookie's session.
    pub(crate) fn session(&self, cookie: &str, sid: &str, user: &str) {
        self.session_with(cookie, sid, user, &["clerk"]);
    }

    /// A cookie's session, of a user with these roles.
    pub(crate) fn session_with(&self, cookie: &str, sid: &str, user: &str, roles: &[&str]) {
        let session = json!({
            "session": {
                "sid": sid, "created_at": "2027-01-15T07:00:00.000Z",
                "authenticated_at": "2027-01-15T07:00:00.000Z", "expires_at": "2027-02-15T08:00:00.000Z",
                "idle_expires_at": "2027-01-16T08:00:00.000Z", "carrier": "cookie", "acr": "aal1", "amr": ["pwd"],
            },
            "user": { "id": user, "email": "ada@example.com", "username": null, "roles": roles },
        });
        self.sessions.lock().unwrap().insert(cookie.to_owned(), (200, session));
    }

    /// A cookie that is refused from now on.
    pub(crate) fn refuses(&self, cookie: &str, code: &str) {
        let problem = json!({ "code": code });
        self.sessions.lock().unwrap().insert(cookie.to_owned(), (401, problem));
    }

    /// Tells all who follow.
    pub(crate) fn tell(&self, text: &str) {
        let told = Bytes::from(text.to_owned());
        self.followers.lock().unwrap().retain(|follower| follower.send(told.clone()).is_ok());
    }

    /// Cuts the streams of all who follow.
    pub(crate) fn cut(&self) {
        self.followers.lock().unwrap().clear();
    }

    /// How often a path was asked for.
    pub(crate) fn asked(&self, path: &str) -> usize {
        self.asked.lock().unwrap().get(path).copied().unwrap_or(0)
    }

    /// Waits until so many streams were opened.
    pub(crate) async fn opened(&self, count: usize) {
        self.opened.subscribe().wait_for(|opened| *opened >= count).await.unwrap();
    }

    fn count(&self, path: &'static str) {
        *self.asked.lock().unwrap().entry(path).or_default() += 1;
    }
}

pub(crate) fn new_key(kid: &str) -> Arc<SigningKey> {
    Arc::new(SigningKey::generate(Algorithm::Ed25519).unwrap().with_kid(kid))
}

fn router(said: Arc<Said>) -> Router {
    Router::new()
        .route("/.well-known/openid-configuration", get(metadata))
        .route("/keys", get(keys))
        .route("/token", post(token))
        .route("/introspect", post(introspect))
        .route("/api/v1/session", get(session))
        .route("/api/v1/revocations", get(revocations))
        .with_state(said)
}

async fn metadata(State(said): State<Arc<Said>>) -> Json<Value> {
    let at = |path| format!("{}{path}", said.url);
    Json(json!({
        "issuer": said.url, "jwks_uri": at("/keys"), "token_endpoint": at("/token"),
        "introspection_endpoint": at("/introspect"),
    }))
}

async fn keys(State(said): State<Arc<Said>>) -> String {
    said.count("/keys");
    let keys: Vec<_> =
        said.keys.lock().unwrap().iter().map(|key| key.public_jwk().unwrap()).collect();
    said.answers.subscribe().wait_for(|answers| *answers).await.unwrap();
    Jwks::new(keys).unwrap().to_json()
}

async fn token(State(said): State<Arc<Said>>, headers: HeaderMap, form: String) -> Response {
    said.count("/token");
    let asks = form.contains("grant_type=client_credentials") && form.contains("scope=revocations");
    if headers["authorization"] != "Basic YXBpOmh1c2g=" || !asks {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    Json(json!({ "access_token": "service-token", "token_type": "Bearer", "expires_in": 600 }))
        .into_response()
}

async fn introspect(State(said): State<Arc<Said>>, headers: HeaderMap) -> Response {
    said.count("/introspect");
    let body = match &*said.roles.lock().unwrap() {
        Some(roles) => json!({ "active": true, "roles": roles }),
        None => json!({ "active": false }),
    };
    said.answers.subscribe().wait_for(|answers| *answers).await.unwrap();
    with_place(&said, &headers, Json(body).into_response())
}

async fn session(State(said): State<Arc<Said>>, headers: HeaderMap) -> Response {
    said.count("/api/v1/session");
    let cookie = headers["cookie"].to_str().unwrap();
    let known = said.sessions.lock().unwrap().get(cookie).cloned();
    said.answers.subscribe().wait_for(|answers| *answers).await.unwrap();
    let (status, body) = known.unwrap_or((401, json!({ "code": "session_unknown" })));
    let status = StatusCode::from_u16(status).unwrap();
    with_place(&said, &headers, (status, Json(body)).into_response())
}

/// The place that the question named, if it was heard here.
fn with_place(said: &Said, headers: &HeaderMap, mut response: Response) -> Response {
    if let Some(place) = headers.get("cloakroom-place").filter(|_| *said.hears.lock().unwrap()) {
        response.headers_mut().insert("cloakroom-place", place.clone());
    }
    response
}

/// A stream that begins with an empty snapshot, or goes on, and then says what the test says.
async fn revocations(State(said): State<Arc<Said>>, headers: HeaderMap) -> Response {
    if headers["authorization"] != "Bearer service-token" {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let from = headers.get("last-event-id").map(|id| id.to_str().unwrap().to_owned());
    let (tell, told) = mpsc::unbounded_channel::<Bytes>();
    let begin = match &from {
        Some(_) => "event: begin\ndata: resumed\n\n".to_owned(),
        None => {
            format!("event: begin\nid:\ndata: snapshot\n\nevent: rows\nid: {PLACE}\ndata: 0\n\n")
        }
    };
    tell.send(begin.into()).unwrap();
    said.followers.lock().unwrap().push(tell);
    said.resumed_from.lock().unwrap().push(from);
    said.opened.send_modify(|opened| *opened += 1);
    let body = stream::unfold(told, |mut told| async {
        told.recv().await.map(|bytes| (Ok::<_, Infallible>(bytes), told))
    });
    Response::builder()
        .header("content-type", "text/event-stream")
        .body(Body::from_stream(body))
        .unwrap()
}
