//! A service beside the real server: its cookies, its tokens, its feed and its session data.

use std::time::Duration;

use axum::body::Body;
use axum::routing::{get, post};
use axum::{Json, Router};
use cloakroom_engine::clients::NewClient;
use cloakroom_guard::data::{DataError, Document, SessionData};
use cloakroom_guard::{Carrier, CookieName, Guard, Identity, Settings};
use cloakroom_model::client::Template;
use cloakroom_model::event::Actor;
use cloakroom_model::id::ClientId;
use cloakroom_model::registration::{AuthenticationMethod, GrantType, Registration};
use cloakroom_testkit::browser::{Browser, request};
use cloakroom_testkit::engine::PASSWORD;
use cloakroom_testkit::server::Server;
use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HOST};
use http::{HeaderName, HeaderValue, Method, Request};
use http_body_util::BodyExt as _;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower::ServiceExt as _;

use crate::same_clock::SameClock;
use crate::service::soon;

#[tokio::test]
async fn a_cookie_is_remembered_and_dies_with_its_sign_out() {
    let scene = Scene::new().await;
    let (mut ada, signed_up) = scene.signs_up("cookie").await;
    let cookie = (COOKIE, format!("cloakroom={}", ada.jar["cloakroom"]));
    let (status, me) = scene.send("GET", "/me", &cookie).await;
    assert_eq!(status, 200);
    assert_eq!(me["user"], signed_up["user"]["id"]);
    assert_eq!(me["session"], signed_up["session"]["sid"]);
    assert_eq!(me["carrier"], "Cookie");
    assert_eq!(scene.guard.health().remembered_cookies, 1, "the server had heard the place");
    assert_eq!(scene.send("GET", "/me", &cookie).await, (200, me));

    scene.at_issuer(&mut ada, "/api/v1/sign-out", &json!({})).await;
    scene.is_refused(&cookie).await;
}

#[tokio::test]
async fn a_token_dies_with_its_sessions_sign_out() {
    let scene = Scene::new().await;
    let (mut ada, signed_up) = scene.signs_up("token").await;
    let token = signed_up["access_token"].as_str().unwrap();
    let bearer = (AUTHORIZATION, format!("Bearer {token}"));
    let (status, me) = scene.send("GET", "/me", &bearer).await;
    assert_eq!((status, &me["user"]), (200, &signed_up["user"]["id"]));
    assert_eq!(me["carrier"], "Bearer");

    ada.token = Some(token.to_owned());
    scene.at_issuer(&mut ada, "/api/v1/sign-out", &json!({})).await;
    scene.is_refused(&bearer).await;
}

#[tokio::test]
async fn a_cookie_outlives_the_client_that_its_session_began_at() {
    let scene = Scene::new().await;
    let shop = ClientId::parse("shop").unwrap();
    let new = NewClient {
        id: Some(shop.clone()),
        name: "Shop".to_owned(),
        template: Template::Legacy,
        first_party: true,
        ..service()
    };
    scene.server.engine.add_client(new, Actor::Operator).await.unwrap();
    let wish = |carry, name| {
        json!({
            "email": format!("{name}@example.com"), "password": PASSWORD, "carry": carry, "client_id": "shop",
        })
    };
    let (ada, _) = scene.signs_up_as(&wish("cookie", "ada")).await;
    let (_, of_bea) = scene.signs_up_as(&wish("token", "bea")).await;
    let cookie = (COOKIE, format!("cloakroom={}", ada.jar["cloakroom"]));
    let bearer = (AUTHORIZATION, format!("Bearer {}", of_bea["access_token"].as_str().unwrap()));
    for carried in [&cookie, &bearer] {
        assert_eq!(scene.send("GET", "/me", carried).await.0, 200);
    }

    scene.server.engine.remove_client(&shop, Actor::Operator).await.unwrap();
    scene.is_refused(&bearer).await;
    assert_eq!(scene.send("GET", "/me", &cookie).await.0, 200, "from memory");
    scene.server.clock.go(Duration::from_secs(61));
    scene.server.engine.catch_up().await.unwrap();
    soon("the server is asked and says the same", async || {
        scene.send("GET", "/me", &cookie).await.0 == 200
    })
    .await;
}

#[tokio::test]
async fn of_many_who_change_a_cart_at_once_nobodys_change_is_lost() {
    let scene = Scene::new().await;
    let (ada, _) = scene.signs_up("cookie").await;
    let cookie = (COOKIE, format!("cloakroom={}", ada.jar["cloakroom"]));
    assert_eq!(scene.send("POST", "/cart", &cookie).await, (200, json!(1)));
    let added =
        futures_util::future::join_all((0..4).map(|_| scene.send("POST", "/cart", &cookie)));
    let mut counts: Vec<_> = added.await.into_iter().map(|(_, count)| count.as_u64()).collect();
    counts.sort_unstable();
    assert_eq!(counts, [Some(2), Some(3), Some(4), Some(5)]);
    let nobody = (COOKIE, "a=b".to_owned());
    assert_eq!(scene.send("POST", "/cart", &nobody).await.0, 401);
}

#[derive(Default, Deserialize, Serialize)]
struct Cart {
    coats: u32,
}

impl Document for Cart {
    const NAMESPACE: &'static str = "cart";
}

/// The server, and a service on its host that is up to date.
struct Scene {
    server: Server,
    issuer: String,
    guard: Guard,
    service: Router,
}

impl Scene {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let server = Server::called(&issuer).await;
        let edge = server.clone();
        let answers = Router::new()
            .fallback(move |request: Request<Body>| async move { edge.answer(request).await });
        tokio::spawn(async move { axum::serve(listener, answers).await });
        let secret = add_service(&server).await;
        let settings = Settings::new(&issuer, &issuer)
            .service("orders", secret)
            .cookie(CookieName::SameHost)
            .clock(SameClock(server.clock.clone()));
        let guard = Guard::start(settings).unwrap();
        let me = |me: Identity| async move {
            let carrier = match me.carrier() {
                Carrier::Cookie => "Cookie",
                Carrier::Bearer => "Bearer",
                Carrier::Dpop => "DPoP",
            };
            Json(json!({ "user": me.user(), "session": me.session(), "carrier": carrier }))
        };
        let add = |cart: SessionData<Cart>| async move {
            let cart = cart.update(|cart| cart.coats += 1).await?;
            Ok::<_, DataError>(Json(cart.coats))
        };
        let service =
            Router::new().route("/me", get(me)).route("/cart", post(add)).layer(guard.layer());
        soon("the guard hears the feed", async || {
            server.engine.catch_up().await.unwrap();
            guard.health().believes && guard.health().has_keys
        })
        .await;
        Self { server, issuer, guard, service }
    }

    /// Somebody signs up at the issuer.
    async fn signs_up(&self, carry: &str) -> (Browser, Value) {
        let wish = json!({ "email": "ada@example.com", "password": PASSWORD, "carry": carry });
        self.signs_up_as(&wish).await
    }

    /// The same, as wished. The place of that is one that a question may name, as far as the guard is concerned.
    async fn signs_up_as(&self, wish: &Value) -> (Browser, Value) {
        let mut ada = self.server.browser();
        let signed_up = self.at_issuer(&mut ada, "/api/v1/sign-up", wish).await;
        self.server.clock.go(Duration::from_millis(300));
        self.server.engine.catch_up().await.unwrap();
        (ada, signed_up)
    }

    /// Posts JSON to the issuer, by the name that it has here.
    async fn at_issuer(&self, browser: &mut Browser, path: &str, body: &Value) -> Value {
        let mut request = request(Method::POST, path, Body::from(body.to_string()));
        let host = self.issuer.strip_prefix("http://").unwrap();
        request.headers_mut().insert(HOST, host.parse().unwrap());
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(CONTENT_TYPE, json);
        let answer = browser.send(request).await;
        assert!(answer.status.is_success(), "{}", answer.text());
        serde_json::from_slice(&answer.body).unwrap_or(Value::Null)
    }

    async fn send(
        &self,
        method: &str,
        path: &str,
        (name, value): &(HeaderName, String),
    ) -> (u16, Value) {
        let request = Request::builder().method(method).uri(path).header(name, value);
        let request = request.body(Body::empty()).unwrap();
        let (parts, body) = self.service.clone().oneshot(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (parts.status.as_u16(), serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    /// What is carried is refused, because the feed said so: the guard believes its memory all the time.
    async fn is_refused(&self, carried: &(HeaderName, String)) {
        self.server.engine.catch_up().await.unwrap();
        soon("the end is heard", async || {
            assert!(self.guard.health().believes);
            self.send("GET", "/me", carried).await.0 == 401
        })
        .await;
    }
}

/// The service's client, which follows the feed. Returns its secret.
async fn add_service(server: &Server) -> String {
    let added = server.engine.add_client(service(), Actor::Operator).await.unwrap();
    added.secret.unwrap().to_string()
}

fn service() -> NewClient {
    NewClient {
        id: Some(ClientId::parse("orders").unwrap()),
        name: "Orders".to_owned(),
        template: Template::Service,
        first_party: false,
        origins: Vec::new(),
        audiences: Vec::new(),
        scopes: vec!["revocations".to_owned()],
        algorithm: None,
        token_places: Vec::new(),
        confidential: true,
        registration: Registration {
            grant_types: vec![GrantType::ClientCredentials],
            method: AuthenticationMethod::ClientSecretBasic,
            ..Registration::default()
        },
    }
}
