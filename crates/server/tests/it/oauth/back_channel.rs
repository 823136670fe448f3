//! Logout tokens: apps are told that a session has ended.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cloakroom_engine::fetch::{Fetch, FetchError, Fetched, Limits, Message};
use cloakroom_store::memory::Memory;
use cloakroom_testkit::clock::HandClock;
use cloakroom_testkit::server::Server;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use url::Url;

use super::relying_party::{RelyingParty, ada, claims};

const LOGOUT: &str = "https://app.example/logout";

#[tokio::test]
async fn an_app_is_told_once_that_a_session_has_ended() {
    let server = Server::start().await;
    let app = app(&server).await;
    server.others.put(LOGOUT, "text/plain", "");
    let mut browser = ada(&server).await;
    let id_token = claims(&app.tokens(&mut browser, &[]).await["id_token"]);
    tell(&server).await;
    assert_eq!(told(&server), Vec::<String>::new());

    browser.post("/api/v1/sign-out", &json!({})).await;
    tell(&server).await;
    tell(&server).await;

    let told = told(&server);
    let [token] = &told[..] else { panic!("{told:?}") };
    let token = json!(token);
    let header = token.as_str().unwrap().split('.').next().unwrap();
    let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
    assert_eq!((&header["typ"], &header["alg"]), (&json!("logout+jwt"), &json!("ES256")));
    let said = claims(&token);
    for name in ["iss", "aud", "sub", "sid"] {
        assert!(said[name].is_string() && said[name] == id_token[name], "{name}: {said}");
    }
    let event = "http://schemas.openid.net/event/backchannel-logout";
    assert_eq!(said["events"], json!({event: {}}));
    assert!(said["jti"].is_string() && said.get("nonce").is_none(), "{said}");
}

#[tokio::test]
async fn an_app_with_a_grant_that_goes_on_is_told_of_the_session_too() {
    let server = Server::start().await;
    let app = app(&server).await;
    server.others.put(LOGOUT, "text/plain", "");
    let mut browser = ada(&server).await;
    let tokens = app.tokens(&mut browser, &[("scope", "openid offline_access")]).await;
    browser.post("/api/v1/sign-out", &json!({})).await;
    tell(&server).await;
    let sid = claims(&json!(told(&server)[0]))["sid"].clone();
    assert_eq!(sid, claims(&tokens["id_token"])["sid"]);
    assert_eq!(claims(&tokens["access_token"])["sid"], json!(null));
}

#[tokio::test]
async fn a_logout_token_is_no_id_token() {
    let server = Server::start().await;
    let app = app(&server).await;
    server.others.put(LOGOUT, "text/plain", "");
    let mut browser = ada(&server).await;
    let id_token = app.tokens(&mut browser, &[]).await["id_token"].clone();
    browser.post("/api/v1/sign-out", &json!({})).await;
    tell(&server).await;
    let hinting = |token: &str| format!("/oauth/logout?id_token_hint={token}");
    assert_eq!(browser.get(&hinting(id_token.as_str().unwrap())).await.status, 303);
    assert_eq!(browser.get(&hinting(&told(&server)[0])).await.status, 400);
}

#[tokio::test]
async fn an_app_that_is_away_is_tried_again_after_growing_pauses() {
    let server = Server::start().await;
    let app = app(&server).await;
    let mut browser = ada(&server).await;
    app.tokens(&mut browser, &[]).await;
    browser.post("/api/v1/sign-out", &json!({})).await;
    // Nobody answers, and then an answer that is none.
    tell(&server).await;
    server.clock.go(Duration::from_secs(10));
    refuse(&server);
    tell(&server).await;
    assert_eq!(told(&server).len(), 1);

    server.others.put(LOGOUT, "text/plain", "");
    server.clock.go(Duration::from_secs(59));
    tell(&server).await;
    assert_eq!(told(&server).len(), 1);
    server.clock.go(Duration::from_secs(1));
    tell(&server).await;
    assert_eq!(told(&server).len(), 2);
}

#[tokio::test]
async fn an_app_that_never_answers_is_given_up() {
    let server = Server::start().await;
    let app = app(&server).await;
    refuse(&server);
    let mut browser = ada(&server).await;
    app.tokens(&mut browser, &[]).await;
    browser.post("/api/v1/sign-out", &json!({})).await;
    for _ in 0..10 {
        tell(&server).await;
        server.clock.go(Duration::from_hours(7));
    }
    assert_eq!(told(&server).len(), 7);
}

#[tokio::test]
async fn a_node_that_has_not_heard_of_an_app_tries_again() {
    let clock = HandClock::default();
    let store = Arc::new(Memory::new(clock.for_store()));
    let one = Server::on(store.clone(), clock.clone(), |_| ()).await;
    let other = Server::on(store, clock.clone(), |_| ()).await;
    other.others.put(LOGOUT, "text/plain", "");
    let app = app(&one).await;
    let mut browser = ada(&one).await;
    app.tokens(&mut browser, &[]).await;
    browser.post("/api/v1/sign-out", &json!({})).await;
    tell(&other).await;
    assert_eq!(told(&other), Vec::<String>::new());
    other.engine.catch_up().await.unwrap();
    clock.go(Duration::from_secs(10));
    tell(&other).await;
    assert_eq!(told(&other).len(), 1);
}

#[tokio::test]
async fn whoever_tells_is_woken_by_the_end() {
    let server = Server::start().await;
    let app = app(&server).await;
    let mut browser = ada(&server).await;
    app.tokens(&mut browser, &[]).await;
    let (bell, mut rings) = mpsc::unbounded_channel();
    let engine = server.engine.clone();
    let telling = tokio::spawn(async move { engine.keep_telling(Arc::new(Bell(bell))).await });
    browser.post("/api/v1/sign-out", &json!({})).await;
    let rang = tokio::time::timeout(Duration::from_mins(1), rings.recv()).await;
    assert_eq!(rang.unwrap().as_deref(), Some(LOGOUT));
    telling.abort();
}

/// An app that wants to be told.
async fn app(server: &Server) -> RelyingParty {
    RelyingParty::with(server, |new| {
        new.registration.logout.back_channel = Some(LOGOUT.to_owned());
    })
    .await
}

/// Tells whoever is due.
async fn tell(server: &Server) {
    let others: Arc<dyn Fetch> = server.others.clone();
    assert!(!server.engine.tell_relying_parties(&others).await.unwrap());
}

/// The logout tokens that were posted so far.
fn told(server: &Server) -> Vec<String> {
    let posted = server.others.posted();
    let tokens = posted.into_iter().map(|posted| {
        assert_eq!(posted.url, LOGOUT);
        let [(name, token)] = &posted.form[..] else { panic!("{:?}", posted.form) };
        assert_eq!(name, "logout_token");
        token.clone()
    });
    tokens.collect()
}

/// From now on the app does not take what it is told.
fn refuse(server: &Server) {
    let body = b"".as_slice().into();
    let refusal = Fetched { status: 400, content_type: None, body, fresh_for: Duration::ZERO };
    server.others.answer(LOGOUT, refusal);
}

/// An app that says when it is told.
struct Bell(mpsc::UnboundedSender<String>);

#[async_trait]
impl Fetch for Bell {
    async fn fetch(&self, _: &Url, _: Limits) -> Result<Fetched, FetchError> {
        Err(FetchError::Busy)
    }

    async fn fetch_anew(&self, _: &Url, _: Limits) -> Result<Fetched, FetchError> {
        Err(FetchError::Busy)
    }

    async fn post(&self, url: &Url, _: &[(&str, &str)], _: Limits) -> Result<Fetched, FetchError> {
        self.0.send(url.to_string()).unwrap();
        Err(FetchError::Busy)
    }

    async fn send(&self, _: &Url, _: Message<'_>, _: Limits) -> Result<Fetched, FetchError> {
        Err(FetchError::Busy)
    }
}
