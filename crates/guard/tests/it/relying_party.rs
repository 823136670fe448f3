//! An app on another domain, before the real server: somebody signs in, is there, and signs out.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::IntoResponse as _;
use axum::routing::get;
use cloakroom_engine::clients::NewClient;
use cloakroom_engine::fetch::Fetch;
use cloakroom_guard::relying_party::{self, MemorySessions, RelyingParty};
use cloakroom_guard::{Clock as _, Guard, Identity, Settings, require};
use cloakroom_model::client::Template;
use cloakroom_model::event::Actor;
use cloakroom_model::id::ClientId;
use cloakroom_model::registration::{AnswerSigning, AuthenticationMethod, GrantType, Registration};
use cloakroom_testkit::browser::{Answer, Browser, request};
use cloakroom_testkit::engine::PASSWORD;
use cloakroom_testkit::server::Server;
use futures_util::future::join_all;
use http::header::{CONTENT_TYPE, COOKIE, HOST, SET_COOKIE};
use http::request::Parts;
use http::{HeaderValue, Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower::ServiceExt as _;

use crate::same_clock::SameClock;

const SHOP: &str = "https://shop.example";

/// Where the app takes logout tokens.
const LOGOUT: &str = "https://shop.example/backchannel-logout";

/// What stands in the form of a refresh.
const REFRESH: &[u8] = b"grant_type=refresh_token";

/// Longer than any honest machine takes.
const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn somebody_signs_in_is_there_and_is_nobody_once_they_signed_out_at_the_issuer() {
    let mut scene = Scene::new().await;
    let mut ada = scene.ada().await;

    let orders = scene.visit("/orders?page=2").await;
    assert_eq!(orders.header("location"), "/sign-in?return_to=%2Forders%3Fpage%3D2");
    let callback = scene.ask_for_code(&mut ada, orders.header("location")).await;
    let back = scene.visit(&callback).await;
    assert_eq!(back.header("location"), "/orders?page=2", "{}", back.text());
    assert_eq!(scene.jar.len(), 1, "one cookie, and no way that is still open");
    assert!(scene.jar[0].starts_with("__Host-app=") && scene.jar[0].len() == 11 + 43);
    let orders = scene.visit("/orders?page=2").await;
    assert_eq!((orders.status.as_u16(), orders.text().as_str()), (200, "ada's"), "{orders:?}");

    // The code was used, and the way is gone: the callback that is loaded again signs nobody in again.
    scene.visit(&callback).await.is(400);
    scene.visit("/orders").await.is(200);

    scene.at_issuer(&mut ada, Method::POST, "/api/v1/sign-out", &json!({})).await.is(204);
    scene.server.engine.catch_up().await.unwrap();
    let refused = async {
        while scene.visit("/orders").await.status != 303 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, refused).await.expect("the app hears of the end");
    let me = scene.visit("/me").await;
    assert!(me.json()["user"].is_null(), "{me:?}");
}

#[tokio::test]
async fn a_code_that_somebody_else_brought_is_not_taken() {
    let mut scene = Scene::new().await;
    let mut ada = scene.ada().await;
    let callback = scene.ask_for_code(&mut ada, "/sign-in").await;
    let jar = std::mem::take(&mut scene.jar);
    scene.visit(&callback).await.is(400);
    assert!(scene.jar.is_empty(), "{:?}", scene.jar);
    // The browser that left may still come back with it.
    scene.jar = jar;
    scene.visit(&callback).await.is(303);
    scene.visit("/orders").await.is(200);
}

#[tokio::test]
async fn signing_out_here_leads_to_the_issuer_and_no_other_site_can_do_it() {
    let mut scene = Scene::new().await;
    let mut ada = scene.ada().await;
    let callback = scene.ask_for_code(&mut ada, "/sign-in?return_to=//evil.example").await;
    assert_eq!(scene.visit(&callback).await.header("location"), "/");
    let before = scene.jar.clone();
    let across = [("sec-fetch-site", "cross-site")];
    scene.send(Method::POST, "/sign-out", &across).await.is(403);
    scene.visit("/orders").await.is(200);
    let out = scene.send(Method::POST, "/sign-out", &[("sec-fetch-site", "same-origin")]).await;
    let end = out.header("location").to_owned();
    assert!(end.starts_with(&format!("{}/oauth/logout?id_token_hint=", scene.issuer)), "{end}");
    assert!(scene.jar.is_empty());
    scene.jar = before;
    scene.visit("/orders").await.is(303);
}

#[tokio::test]
async fn without_the_feed_a_logout_token_ends_the_session_and_nothing_else_does() {
    let mut scene = Scene::with(Settings::without_feed).await;
    scene.server.others.put(LOGOUT, "text/plain", "");
    let mut ada = scene.ada().await;
    let callback = scene.ask_for_code(&mut ada, "/sign-in").await;
    scene.visit(&callback).await.is(303);
    scene.at_issuer(&mut ada, Method::POST, "/api/v1/sign-out", &json!({})).await.is(204);
    let others: Arc<dyn Fetch> = scene.server.others.clone();
    scene.server.engine.tell_relying_parties(&others).await.unwrap();
    let posted = scene.server.others.posted();
    assert_eq!(posted[0].url, LOGOUT);
    let token = posted[0].form[0].1.clone();
    // Another signature over the same words.
    let end = token.len() - 10;
    let forged = format!("{}{}", &token[..end], token[end..].chars().rev().collect::<String>());
    scene.log_out(&forged).await.is(400);
    scene.visit("/orders").await.is(200);
    scene.log_out(&token).await.is(200);
    scene.visit("/orders").await.is(303);
}

#[tokio::test]
async fn of_many_requests_at_once_one_renews_the_token_and_no_tab_is_signed_out() {
    let mut scene = Scene::new().await;
    scene.ada_is_in().await;
    assert_eq!(scene.refreshes(), 0);
    for round in 1..=2 {
        scene.passes(Duration::from_mins(11)).await;
        let tabs = (0..40).map(|_| scene.ask(scene.request(Method::GET, "/orders", &[])));
        for answer in join_all(tabs).await {
            assert_eq!((answer.status.as_u16(), answer.text().as_str()), (200, "ada's"));
            assert_eq!(answer.header("set-cookie"), "", "the cookie is the one before");
        }
        assert_eq!(scene.refreshes(), round);
    }
}

#[tokio::test]
async fn where_two_processes_renew_a_token_at_once_both_have_it_and_nobody_is_signed_out() {
    let mut scene = Scene::new().await;
    scene.ada_is_in().await;
    for round in 1..=2 {
        scene.passes(Duration::from_mins(11)).await;
        let head = scene.head();
        let asked = (0..10).flat_map(|_| [&scene.shop, &scene.beside]);
        for token in join_all(asked.map(|app| app.access_token(&head))).await {
            let token = token.unwrap().expect("nobody was signed out");
            assert_eq!(scene.belongs_to(&token).await, "ada@example.com");
        }
        let refreshes = scene.refreshes();
        assert!((round..=2 * round).contains(&refreshes), "{refreshes} in {round} rounds");
    }
    scene.visit("/orders").await.is(200);
}

#[tokio::test]
async fn where_the_issuer_is_away_a_token_that_is_over_signs_nobody_out() {
    let mut scene = Scene::new().await;
    scene.ada_is_in().await;
    scene.passes(Duration::from_mins(11)).await;
    scene.refuses.store(true, Ordering::SeqCst);
    // What the feed told says that the session stands.
    scene.visit("/orders").await.is(200);
    assert!(scene.shop.access_token(&scene.head()).await.is_err(), "there is no token to give");
    scene.refuses.store(false, Ordering::SeqCst);
    assert!(scene.shop.access_token(&scene.head()).await.unwrap().is_some());
    scene.visit("/orders").await.is(200);
}

#[tokio::test]
async fn an_app_has_a_token_for_other_services_and_no_browser_sees_it() {
    let mut scene = Scene::new().await;
    let nobody = scene.shop.access_token(&scene.head()).await;
    assert_eq!(nobody.unwrap(), None);
    let mut ada = scene.ada_is_in().await;
    let first = scene.shop.access_token(&scene.head()).await.unwrap().unwrap();
    assert_eq!(scene.shop.access_token(&scene.head()).await.unwrap().unwrap(), first);
    assert_eq!(scene.belongs_to(&first).await, "ada@example.com");
    for path in ["/orders", "/me"] {
        let shown = format!("{:?}", scene.visit(path).await.is(200));
        assert!(!shown.contains(&first), "{shown}");
    }
    scene.passes(Duration::from_mins(11)).await;
    let second = scene.shop.access_token(&scene.head()).await.unwrap().unwrap();
    assert_ne!(first, second);
    assert_eq!(scene.belongs_to(&second).await, "ada@example.com");

    scene.at_issuer(&mut ada, Method::POST, "/api/v1/sign-out", &json!({})).await.is(204);
    scene.server.engine.catch_up().await.unwrap();
    let gone = async {
        while scene.shop.access_token(&scene.head()).await.unwrap().is_some() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, gone).await.expect("the token goes with the session");
}

#[tokio::test]
async fn a_page_for_those_who_proved_themselves_lately_sends_them_to_prove_it_again() {
    let mut scene = Scene::new().await;
    let mut ada = scene.ada_is_in().await;
    scene.visit("/vault").await.is(200);
    scene.passes(Duration::from_mins(6)).await;
    let script = scene.send(Method::GET, "/vault", &[("sec-fetch-mode", "cors")]).await;
    let challenge = script.is(401).header("www-authenticate");
    assert!(challenge.contains("insufficient_user_authentication"), "{challenge}");
    assert!(challenge.contains("max_age=\"300\""), "{challenge}");
    let away = scene.visit("/vault").await;
    let sign_in = away.is(303).header("location").to_owned();
    assert_eq!(sign_in, "/sign-in?return_to=%2Fvault&max_age=300");

    let away = scene.visit(&sign_in).await;
    let question = away.header("location").strip_prefix(&scene.issuer).unwrap().to_owned();
    let asked = scene.at_issuer(&mut ada, Method::GET, &question, &Value::Null).await;
    assert!(!asked.header("location").starts_with(SHOP), "nothing was proved: {asked:?}");
    let proof = json!({ "password": PASSWORD });
    let path = "/api/v1/session/reauthenticate";
    scene.at_issuer(&mut ada, Method::POST, path, &proof).await.is(200);
    let answered = scene.at_issuer(&mut ada, Method::GET, &question, &Value::Null).await;
    let back = scene.visit(answered.header("location")).await;
    assert_eq!(back.is(303).header("location"), "/vault");
    scene.visit("/vault").await.is(200);
}

#[tokio::test]
async fn a_page_for_those_who_are_known_better_says_how() {
    let mut scene = Scene::new().await;
    scene.ada_is_in().await;
    let away = scene.visit("/safe").await;
    assert_eq!(away.is(303).header("location"), "/sign-in?return_to=%2Fsafe&acr_values=aal2");
    let away = scene.visit("/sign-in?return_to=%2Fsafe&acr_values=aal2").await;
    let question = away.header("location");
    assert!(question.contains("&acr_values=aal2"), "{question}");
}

#[tokio::test]
async fn a_script_is_told_who_is_there() {
    let mut scene = Scene::new().await;
    assert_eq!(scene.visit("/me").await.is(200).json(), json!({ "user": null }));
    let mut ada = scene.ada_is_in().await;
    let session = scene.at_issuer(&mut ada, Method::GET, "/api/v1/session", &Value::Null).await;
    let session = session.is(200).json();
    let me = scene.visit("/me").await;
    assert_eq!(me.is(200).json()["user"], json!({ "id": session["user"]["id"], "roles": [] }));
    assert_eq!(me.json()["acr"], session["session"]["acr"]);
    assert_eq!(me.header("cache-control"), "no-store");
    let forged = [("cookie", "__Host-app=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")];
    scene.jar.clear();
    let nobody = scene.send(Method::GET, "/me", &forged).await;
    assert_eq!(nobody.is(200).json(), json!({ "user": null }));
}

/// The server on a socket, an app that knows it, and a browser at the app.
struct Scene {
    server: Server,
    issuer: String,
    guard: Guard,
    shop: RelyingParty,
    /// Another process of the app, with the same sessions.
    beside: RelyingParty,
    app: Router,
    jar: Vec<String>,
    /// How often the issuer was asked for a refresh.
    refreshes: Arc<AtomicUsize>,
    /// Whether refreshes find nobody.
    refuses: Arc<AtomicBool>,
}

impl Scene {
    async fn new() -> Self {
        Self::with(|settings| settings).await
    }

    /// With a guard that is set up otherwise.
    async fn with(change: impl FnOnce(Settings) -> Settings) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let server = Server::with(|setup| {
            setup.engine.issuer.clone_from(&issuer);
            setup.server.public_url = issuer.parse().unwrap();
        })
        .await;
        let (refreshes, refuses) = (Arc::<AtomicUsize>::default(), Arc::<AtomicBool>::default());
        let door = (server.clone(), Arc::clone(&refreshes), Arc::clone(&refuses));
        let answers = Router::new().fallback(move |request: Request<Body>| {
            let (edge, refreshes, refuses) = door.clone();
            async move {
                let (parts, body) = request.into_parts();
                let body = body.collect().await.unwrap().to_bytes();
                if body.windows(REFRESH.len()).any(|window| window == REFRESH) {
                    refreshes.fetch_add(1, Ordering::SeqCst);
                    if refuses.load(Ordering::SeqCst) {
                        return StatusCode::SERVICE_UNAVAILABLE.into_response();
                    }
                }
                edge.answer(Request::from_parts(parts, body.into())).await
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
        let scene = Self { server, issuer, guard, shop, beside, app, jar, refreshes, refuses };
        scene.passes(Duration::ZERO).await;
        scene
    }

    /// Time goes on, and the guard hears up to then.
    async fn passes(&self, on: Duration) {
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

    fn refreshes(&self) -> usize {
        self.refreshes.load(Ordering::SeqCst)
    }

    /// Whose token the issuer says that it is.
    async fn belongs_to(&self, token: &str) -> String {
        let mut request = request(Method::GET, "/api/v1/session", Body::empty());
        let host = self.issuer.strip_prefix("http://").unwrap();
        request.headers_mut().insert(HOST, host.parse().unwrap());
        request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
        let answer = self.server.browser().send(request).await;
        answer.is(200).json()["user"]["email"].as_str().unwrap().to_owned()
    }

    /// Somebody who is signed in at the issuer and here.
    async fn ada_is_in(&mut self) -> Browser {
        let mut ada = self.ada().await;
        let callback = self.ask_for_code(&mut ada, "/sign-in").await;
        self.visit(&callback).await.is(303);
        ada
    }

    /// A browser in which somebody is signed in at the issuer.
    async fn ada(&self) -> Browser {
        let mut ada = self.server.browser();
        let wish = json!({ "email": "ada@example.com", "password": PASSWORD, "carry": "cookie" });
        self.at_issuer(&mut ada, Method::POST, "/api/v1/sign-up", &wish).await.is(201);
        ada
    }

    /// Sends JSON to the issuer, by the name that it has here.
    async fn at_issuer(
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
    async fn visit(&mut self, path: &str) -> Answer {
        let path = path.strip_prefix(SHOP).unwrap_or(path).to_owned();
        self.send(Method::GET, &path, &[("sec-fetch-mode", "navigate")]).await
    }

    /// Posts a logout token to the app, as an issuer does.
    async fn log_out(&self, token: &str) -> Answer {
        let form = Body::from(format!("logout_token={token}"));
        let request = request(Method::POST, "/backchannel-logout", form);
        self.ask(request).await
    }

    /// A request with the cookies that there are.
    fn request(
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
    fn head(&self) -> Parts {
        self.request(Method::GET, "/orders", &[]).into_parts().0
    }

    async fn ask(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.app.clone().oneshot(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    async fn send(
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
    async fn ask_for_code(&mut self, ada: &mut Browser, sign_in: &str) -> String {
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
