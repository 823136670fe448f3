//! `__Secure-cloakroom-id`: sibling hosts see who is there, and earn nothing by it.

use cloakroom_testkit::engine::PASSWORD;
use cloakroom_testkit::server::{Server, Setup};
use http::Method;
use serde_json::json;

#[tokio::test]
async fn without_a_cookie_domain_there_is_no_identifying_cookie() {
    let server = Server::start().await;
    let mut ada = server.browser();
    ada.sign_up("ada").await;
    assert!(!ada.jar.contains_key("cloakroom-id"));
}

#[tokio::test]
async fn a_sibling_host_sees_who_is_there_until_the_sign_out() {
    let server = Server::with(with_domain).await;
    let mut ada = server.browser();
    ada.sign_up("ada").await;
    let mut sibling = server.browser();
    sibling.jar.insert("cloakroom-id".to_owned(), ada.jar["cloakroom-id"].clone());

    let seen = sibling.get("/api/v1/session").await.is(200).json();
    let own = ada.get("/api/v1/session").await.is(200).json();
    assert_eq!((&seen["user"], &seen["session"]["sid"]), (&own["user"], &own["session"]["sid"]));

    ada.post("/api/v1/sign-out", &json!({})).await.is(204);
    assert!(!ada.jar.contains_key("cloakroom-id"), "it is taken back with the session's own");
    sibling.get("/api/v1/session").await.is(401);
}

#[tokio::test]
async fn the_identifying_cookie_earns_nothing() {
    let server = Server::with(with_domain).await;
    let mut ada = server.browser();
    ada.sign_up("ada").await;
    let mut sibling = server.browser();
    sibling.jar.insert("cloakroom-id".to_owned(), ada.jar["cloakroom-id"].clone());
    sibling.get("/api/v1/session").await.is(200);

    for path in ["/api/v1/sessions", "/api/v1/session/data/cart", "/api/v1/admin/users"] {
        sibling.get(path).await.is(401);
    }
    let audience = json!({ "audience": "http://localhost:7117" });
    sibling.post("/api/v1/session/token", &audience).await.is(401);
    sibling.post("/api/v1/sign-out", &json!({})).await.is(401);
    sibling.json(Method::DELETE, "/api/v1/sessions?all=true", &json!({})).await.is(401);
    ada.get("/api/v1/session").await.is(200);
}

#[tokio::test]
async fn the_pages_give_it_and_take_it_back_too() {
    let server = Server::with(with_domain).await;
    let mut ada = server.browser();
    let form = format!(
        "csrf={}&email=ada%40example.com&password={}",
        csrf(&ada.get("/sign-up").await.text()),
        PASSWORD.replace(' ', "+")
    );
    ada.form("/sign-up", &form).await.is(303);
    let mut sibling = server.browser();
    sibling.jar.insert("cloakroom-id".to_owned(), ada.jar["cloakroom-id"].clone());
    sibling.get("/api/v1/session").await.is(200);

    let form = format!("csrf={}", csrf(&ada.get("/sign-out").await.text()));
    ada.form("/sign-out", &form).await.is(303);
    assert!(!ada.jar.contains_key("cloakroom-id"), "it is taken back with the session's own");
    sibling.get("/api/v1/session").await.is(401);
}

fn csrf(page: &str) -> &str {
    page.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap()
}

fn with_domain(setup: &mut Setup) {
    setup.server.cookie_domain = Some("localhost".to_owned());
}
