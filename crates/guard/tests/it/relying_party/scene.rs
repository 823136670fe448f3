//! The server on a socket, an app that knows it, and a browser at the app.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::IntoResponse as _;
use axum::routing::get;
use cloakroom_engine::clients::NewClient;
use cloakroom_guard::relying_party::{self, MemorySessions, RelyingParty};
use cloakroom_guard::{Clock as _, Guard, Identity, Settings, require};
use cloakroom_model::client::Template;
use cloakroom_model::event::Actor;
use cloakroom_model::id::ClientId;
use cloakroom_model::registration::{AnswerSigning, AuthenticationMethod, GrantType, Registration};
use cloakroom_testkit::browser::{Answer, Browser, request};
use cloakroom_testkit::engine::PASSWORD;
use cloakroom_testkit::server::Server;
use http::header::{CONTENT_TYPE, COOKIE, HOST, SET_COOKIE};
use http::request::Parts;
use http::{HeaderValue, Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower::ServiceExt as _;

use super::{LOGOUT, PATIENCE, SHOP};
use crate::same_clock::SameClock;

/// What stands in the form of a refresh.
const REFRESH: &[u8] = b"grant_type=refresh_token";

/// The server on a socket, an app that knows it, and a browser at the app.
pub(super) struct Scene {
    pub(super) server: Server,
    pub(super) issuer: String,
    pub(super) guard: Guard,
    pub(super) shop: RelyingParty,
    /// Another process of the app, with the same sessions.
    pub(super) beside: RelyingParty,
    pub(super) app: Router,
    pub(super) jar: Vec<String>,
    /// How often the issuer was asked for a refresh.
    pub(super) refreshes: Arc<AtomicUsize>,
    /// Whether refreshes and questions about people find nobody.
    pub(super) refuses: Arc<AtomicBool>,
    /// The error by which refreshes are refused.
    pub(super) refuses_by: Arc<Mutex<Option<&'static str>>>,
    /// Whether the issuer gives no refresh tokens.
    pub(super) keeps_refresh_tokens: Arc<AtomicBool>,
    /// How often the issuer was asked about people.
    pub(super) asked_about: Arc<AtomicUsize>,
    /// Whether it then tells of somebody else.
    pub(super) tells_of_another: Arc<AtomicBool>,
}

impl Scene {
    pub(super) async fn new() -> Self {
        Self::with(|settings| settings).await
    }

    /// With a guard that is set up otherwise.
    pub(super) async fn with(change: impl FnOnce(Settings) -> Settings) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let server = Server::called(&issuer).await;
        let (refreshes, refuses) = (Arc::<AtomicUsize>::default(), Arc::<AtomicBool>::default());
        let (asked_about, tells_of_another) =
            (Arc::<AtomicUsize>::default(), Arc::<AtomicBool>::default());
        let (refuses_by, keeps_refresh_tokens) =
            (Arc::<Mutex<Option<&'static str>>>::default(), Arc::<AtomicBool>::default());
        let door = (server.clone(), Arc::clone(&refreshes), Arc::clone(&refuses));
        let tokens = (Arc::clone(&refuses_by), Arc::clone(&keeps_refresh_tokens));
        let about = (Arc::clone(&asked_about), Arc::clone(&tells_of_another));
        let answers = Router::new().fallback(move |request: Request<Body>| {
            let (edge, refreshes, refuses) = door.clone();
            let (asked_about, tells_of_another) = about.clone();
            let (refuses_by, keeps_refresh_tokens) = tokens.clone();
            async move {
                let (parts, body) = request.into_parts();
                let body = body.collect().await.unwrap().to_bytes();
                if body.windows(REFRESH.len()).any(|window| window == REFRESH) {
                    refreshes.fetch_add(1, Ordering::SeqCst);
                    if refuses.load(Ordering::SeqCst) {
                        return StatusCode::SERVICE_UNAVAILABLE.into_response();
                    }
                    if let Some(error) = *refuses_by.lock().unwrap() {
                        let said = axum::Json(json!({ "error": error }));
                        return (StatusCode::BAD_REQUEST, said).into_response();
                    }
                }
                let asks_about = parts.uri.path() == "/oauth/userinfo";
                if asks_about {
                    asked_about.fetch_add(1, Ordering::SeqCst);
                    if refuses.load(Ordering::SeqCst) {
                        return StatusCode::SERVICE_UNAVAILABLE.into_response();
                    }
                }
                let gives_tokens = parts.uri.path() == "/oauth/token";
                let answer = edge.answer(Request::from_parts(parts, body.into())).await;
                if asks_about && tells_of_another.load(Ordering::SeqCst) {
                    let told = answer.into_body().collect().await.unwrap().to_bytes();
                    let mut told: Value = serde_json::from_slice(&told).unwrap();
                    told["sub"] = json!("somebody else");
                    return axum::Json(told).into_response();
                }
                if gives_tokens && keeps_refresh_tokens.load(Ordering::SeqCst) {
                    let given = answer.into_body().collect().await.unwrap().to_bytes();
                    let mut given: Value = serde_json::from_slice(&given).unwrap();
                    given.as_object_mut().unwrap().remove("refresh_token");
                    return axum::Json(given).into_response();
                }
                answer
            }
        });
        tokio::spawn(async move { axum::serve(listener, answers).await });
        let secret = add_client(&server).await;
        let settings = Settings::new(&issuer, SHOP)
            .service("shop", &secret)
            .clock(SameClock(server.clock.clone()));
        let guard = Guard::start(change(settings)).unwrap();
        let clock = server.clock.clone();
        let sessions = MemorySessions::new(100, move || SameClock(clock.clone()).wall());
        // Clones of these settings keep their sessions in the same place.
        let settings = relying_party::Settings::new("shop", &*secret, SHOP).sessions(sessions);
        let [shop, beside] =
            [(); 2].map(|()| RelyingParty::new(guard.clone(), settings.clone()).unwrap());
        let orders = |me: Identity| async move {
            assert!(me.user().is_some() && me.session().is_some());
            "ada's"
        };
        let lately = require::signed_in().fresh_within(Duration::from_mins(5));
        let app = Router::new()
            .route("/orders", get(orders))
            .merge(Router::new().route("/vault", get(orders)).layer(lately))
            .merge(
                Router::new()
                    .route("/safe", get(orders))
                    .layer(require::signed_in().step_up(["aal2"])),
            )
            .layer(shop.layer());
        let jar = Vec::new();
        let scene = Self {
            server,
            issuer,
            guard,
            shop,
            beside,
            app,
            jar,
            refreshes,
            refuses,
            refuses_by,
            keeps_refresh_tokens,
            asked_about,
            tells_of_another,
        };
        scene.passes(Duration::ZERO).await;
        scene
    }

    /// Time goes on, and the guard hears up to then.
    pub(super) async fn passes(&self, on: Duration) {
        self.server.clock.go(on);
        let heard = async {
            while !self.guard.health().believes || !self.guard.health().has_keys {
                self.server.engine.catch_up().await.unwrap();
                tokio::task::yield_now().await;
            }
        };
        let heard = tokio::time::timeout(PATIENCE, heard).await;
        assert!(heard.is_ok(), "the guard does not hear the feed: {:?}", self.guard.health());
    }

    pub(super) fn refreshes(&self) -> usize {
        self.refreshes.load(Ordering::SeqCst)
    }

    /// Whose token the issuer says that it is.
    pub(super) async fn belongs_to(&self, token: &str) -> String {
        let mut request = request(Method::GET, "/api/v1/session", Body::empty());
        let host = self.issuer.strip_prefix("http://").unwrap();
        request.headers_mut().insert(HOST, host.parse().unwrap());
        request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
        let answer = self.server.browser().send(request).await;
        answer.is(200).json()["user"]["email"].as_str().unwrap().to_owned()
    }

    /// Somebody who is signed in at the issuer and here.
    pub(super) async fn ada_is_in(&mut self) -> Browser {
        let mut ada = self.ada().await;
        let callback = self.ask_for_code(&mut ada, "/sign-in").await;
        self.visit(&callback).await.is(303);
        ada
    }

    /// A browser in which somebody is signed in at the issuer.
    pub(super) async fn ada(&self) -> Browser {
        let mut ada = self.server.browser();
        let wish = json!({ "email": "ada@example.com", "password": PASSWORD, "carry": "cookie" });
        self.at_issuer(&mut ada, Method::POST, "/api/v1/sign-up", &wish).await.is(201);
        ada
    }

    /// Sends JSON to the issuer, by the name that it has here.
    pub(super) async fn at_issuer(
        &self,
        browser: &mut Browser,
        method: Method,
        path: &str,
        body: &Value,
    ) -> Answer {
        let mut request = request(method, path, Body::from(body.to_string()));
        let host = self.issuer.strip_prefix("http://").unwrap();
        request.headers_mut().insert(HOST, host.parse().unwrap());
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(CONTENT_TYPE, json);
        browser.send(request).await
    }

    /// Goes to a page of the app.
    pub(super) async fn visit(&mut self, path: &str) -> Answer {
        let path = path.strip_prefix(SHOP).unwrap_or(path).to_owned();
        self.send(Method::GET, &path, &[("sec-fetch-mode", "navigate")]).await
    }

    /// What a page is told that waits for the end of its session.
    pub(super) async fn visit_waiting(&self) -> Value {
        let asked = self.request(Method::GET, "/me", &[("prefer", "wait=25")]);
        self.ask(asked).await.is(200).json()
    }

    /// Posts a logout token to the app, as an issuer does.
    pub(super) async fn log_out(&self, token: &str) -> Answer {
        let form = Body::from(format!("logout_token={token}"));
        let request = request(Method::POST, "/backchannel-logout", form);
        self.ask(request).await
    }

    /// A request with the cookies that there are.
    pub(super) fn request(
        &self,
        method: Method,
        path: &str,
        headers: &[(&'static str, &'static str)],
    ) -> Request<Body> {
        let mut request = request(method, path, Body::empty());
        request.headers_mut().insert(HOST, HeaderValue::from_static("shop.example"));
        if !self.jar.is_empty() {
            request.headers_mut().insert(COOKIE, self.jar.join("; ").parse().unwrap());
        }
        for (name, value) in headers {
            request.headers_mut().insert(*name, HeaderValue::from_static(value));
        }
        request
    }

    /// The head of such a request.
    pub(super) fn head(&self) -> Parts {
        self.request(Method::GET, "/orders", &[]).into_parts().0
    }

    pub(super) async fn ask(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.app.clone().oneshot(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub(super) async fn send(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(&'static str, &'static str)],
    ) -> Answer {
        let answer = self.ask(self.request(method, path, headers)).await;
        for cookie in answer.headers.get_all(SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            let pair = cookie.split(';').next().unwrap();
            let name = &pair[..=pair.find('=').unwrap()];
            self.jar.retain(|kept| !kept.starts_with(name));
            if !cookie.contains("Max-Age=0") {
                self.jar.push(pair.to_owned());
            }
        }
        answer
    }

    /// Leaves for the sign-in, and takes what the issuer sends back.
    pub(super) async fn ask_for_code(&mut self, ada: &mut Browser, sign_in: &str) -> String {
        let away = self.visit(sign_in).await;
        let question = away.header("location").strip_prefix(&self.issuer).unwrap().to_owned();
        let answer = self.at_issuer(ada, Method::GET, &question, &Value::Null).await;
        let callback = answer.header("location").to_owned();
        assert!(callback.starts_with(&format!("{SHOP}/callback?")), "{answer:?}");
        callback
    }
}

/// The app's client, which follows the feed as well. Returns its secret.
async fn add_client(server: &Server) -> String {
    let mut new = NewClient {
        id: Some(ClientId::parse("shop").unwrap()),
        name: "The Shop".to_owned(),
        template: Template::Web,
        first_party: true,
        origins: Vec::new(),
        audiences: Vec::new(),
        scopes: ["openid", "email", "revocations"].map(str::to_owned).to_vec(),
        algorithm: None,
        token_places: Vec::new(),
        confidential: true,
        registration: Registration {
            redirect_uris: vec![format!("{SHOP}/callback")],
            grant_types: vec![
                GrantType::AuthorizationCode,
                GrantType::RefreshToken,
                GrantType::ClientCredentials,
            ],
            method: AuthenticationMethod::ClientSecretBasic,
            // RS256 is the default, and an RSA key takes long to make.
            signing: AnswerSigning {
                id_token: Some("ES256".to_owned()),
                ..AnswerSigning::default()
            },
            ..Registration::default()
        },
    };
    new.registration.logout.back_channel = Some(LOGOUT.to_owned());
    let added = server.engine.add_client(new, Actor::Operator).await.unwrap();
    added.secret.unwrap().to_string()
}
