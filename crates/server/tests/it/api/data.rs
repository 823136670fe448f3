//! `/api/v1/session/data/{namespace}`.

use axum::body::Body;
use cloakroom_engine::clients::NewClient;
use cloakroom_model::client::Template;
use cloakroom_model::event::Actor;
use cloakroom_model::id::ClientId;
use cloakroom_testkit::browser::{Answer, Browser, request};
use cloakroom_testkit::server::Server;
use http::{HeaderValue, Method};
use serde_json::{Value, json};

const CART: &str = "/api/v1/session/data/cart";

#[tokio::test]
async fn a_document_is_made_read_changed_and_removed() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.sign_up("ada").await;
    assert_eq!(browser.get(CART).await.is(404).code(), "not_found");

    let made = put(&mut browser, ("if-none-match", "*"), &json!({"coats": 1})).await;
    let first = made.is(204).header("etag").to_owned();
    let read = browser.get(CART).await;
    assert_eq!((read.is(200).json(), read.header("etag")), (json!({"coats": 1}), first.as_str()));

    let changed = put(&mut browser, ("if-match", &first), &json!([1, "two", null])).await;
    let second = changed.is(204).header("etag").to_owned();
    assert_ne!(first, second);
    assert_eq!(browser.get(CART).await.json(), json!([1, "two", null]));

    send(&mut browser, Method::DELETE, Some(("if-match", &second)), None).await.is(204);
    browser.get(CART).await.is(404);
}

#[tokio::test]
async fn who_did_not_see_the_latest_version_is_told_so() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.sign_up("ada").await;
    let first = put(&mut browser, ("if-none-match", "*"), &json!(1)).await;
    let first = first.header("etag").to_owned();
    let second = put(&mut browser, ("if-match", &first), &json!(2)).await;
    let second = second.is(204).header("etag").to_owned();

    let late = put(&mut browser, ("if-match", &first), &json!(3)).await;
    assert_eq!(
        (late.is(412).code(), late.header("etag")),
        ("precondition_failed".into(), second.as_str())
    );
    put(&mut browser, ("if-none-match", "*"), &json!(3)).await.is(412);
    put(&mut browser, ("if-match", &format!("W/{second}")), &json!(3)).await.is(412);
    send(&mut browser, Method::DELETE, Some(("if-match", &first)), None).await.is(412);
    assert_eq!(browser.get(CART).await.json(), json!(2));
}

#[tokio::test]
async fn who_names_no_version_may_only_merge() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.sign_up("ada").await;
    let blind = send(&mut browser, Method::PUT, None, Some(&json!(1))).await;
    assert_eq!(blind.is(428).code(), "precondition_required");
    send(&mut browser, Method::DELETE, None, None).await.is(428);

    let merged = send(&mut browser, Method::PATCH, None, Some(&json!({"a": 1, "b": 2}))).await;
    assert_eq!(merged.is(200).json(), json!({"a": 1, "b": 2}));
    let merged = send(&mut browser, Method::PATCH, None, Some(&json!({"b": null, "c": 3}))).await;
    assert_eq!(merged.is(200).json(), json!({"a": 1, "c": 3}));
    assert_eq!(browser.get(CART).await.header("etag"), merged.header("etag"));
}

#[tokio::test]
async fn a_reader_who_has_the_version_is_sent_nothing() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.sign_up("ada").await;
    let etag = put(&mut browser, ("if-none-match", "*"), &json!(1)).await.header("etag").to_owned();
    let known = send(&mut browser, Method::GET, Some(("if-none-match", &etag)), None).await;
    assert!(known.is(304).body.is_empty());
    let other = send(&mut browser, Method::GET, Some(("if-none-match", "\"x\"")), None).await;
    other.is(200);
}

#[tokio::test]
async fn a_users_document_is_on_every_device_and_a_guests_in_one() {
    let server = Server::start().await;
    let mut laptop = server.browser();
    laptop.sign_up("ada").await;
    put(&mut laptop, ("if-none-match", "*"), &json!("coat")).await.is(204);
    let mut phone = server.browser();
    phone.sign_in("ada", "token").await;
    assert_eq!(phone.get(CART).await.is(200).json(), json!("coat"));

    let mut guest = server.browser();
    guest.post("/api/v1/guest", &json!({"carry": "cookie"})).await.is(201);
    guest.get(CART).await.is(404);
}

#[tokio::test]
async fn a_client_sees_its_own_documents_alone() {
    let server = Server::start().await;
    let origin = "https://shop.example.com";
    let new = NewClient {
        id: Some(ClientId::parse("shop").unwrap()),
        name: "Shop".to_owned(),
        template: Template::Web,
        first_party: true,
        origins: vec![origin.to_owned()],
        audiences: Vec::new(),
        scopes: Vec::new(),
        algorithm: None,
        token_places: Vec::new(),
        confidential: false,
        registration: cloakroom_model::registration::Registration::default(),
    };
    server.engine.add_client(new, Actor::Operator).await.unwrap();
    let mut browser = server.browser();
    browser.sign_up("ada").await;
    put(&mut browser, ("if-none-match", "*"), &json!("ours")).await.is(204);

    send(&mut browser, Method::GET, Some(("origin", origin)), None).await.is(404);
    let mut asking = request(Method::GET, &format!("{CART}?client_id=cloakroom"), Body::empty());
    asking.headers_mut().insert("origin", HeaderValue::from_static("https://shop.example.com"));
    assert_eq!(browser.send(asking).await.is(403).code(), "client_refused");
    let stranger = send(&mut browser, Method::GET, Some(("origin", "https://evil.example")), None);
    assert_eq!(stranger.await.is(403).code(), "client_refused");
}

#[tokio::test]
async fn more_than_the_limit_is_not_kept() {
    let server = Server::with(|setup| setup.engine.session_data_limit = 100).await;
    let mut browser = server.browser();
    browser.sign_up("ada").await;
    put(&mut browser, ("if-none-match", "*"), &json!("x".repeat(98))).await.is(204);
    let more = send(&mut browser, Method::PATCH, None, Some(&json!("x".repeat(99)))).await;
    assert_eq!(more.is(413).code(), "too_large");
    assert_eq!(browser.get(CART).await.json().as_str().unwrap().len(), 98);
}

#[tokio::test]
async fn only_json_without_two_readings_is_kept() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.sign_up("ada").await;
    for (body, status) in [
        (&br#"{"a":1}"#[..], 200),
        (br#"{"a":1,"a":2}"#, 400),
        (br#"{"a":{"b":1,"b":2}}"#, 400),
        (b"{\"a\":\"\xff\"}", 400),
        (b"", 400),
        (b"1 2", 400),
    ] {
        let mut request = request(Method::PATCH, CART, Body::from(body));
        let patch = HeaderValue::from_static("application/merge-patch+json");
        request.headers_mut().insert("content-type", patch);
        browser.send(request).await.is(status);
    }
}

async fn put(browser: &mut Browser, condition: (&'static str, &str), body: &Value) -> Answer {
    send(browser, Method::PUT, Some(condition), Some(body)).await
}

async fn send(
    browser: &mut Browser,
    method: Method,
    header: Option<(&'static str, &str)>,
    body: Option<&Value>,
) -> Answer {
    let bytes = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    let mut request = request(method, CART, bytes);
    let headers = request.headers_mut();
    if body.is_some() {
        headers.insert("content-type", HeaderValue::from_static("application/json"));
    }
    if let Some((name, value)) = header {
        headers.insert(name, HeaderValue::from_str(value).unwrap());
    }
    browser.send(request).await
}
