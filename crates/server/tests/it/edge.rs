//! What every request passes.

use std::net::SocketAddr;

use axum::body::Body;
use cloakroom_engine::clients::NewClient;
use cloakroom_model::client::Template;
use cloakroom_model::event::Actor;
use cloakroom_model::id::ClientId;
use cloakroom_server::face::Face;
use cloakroom_server::routes;
use cloakroom_testkit::browser::{Answer, Browser, request};
use cloakroom_testkit::engine::PASSWORD;
use cloakroom_testkit::server::Server;
use http::{HeaderValue, Method, Request};
use serde_json::json;

const SHOP: &str = "https://shop.example.com";

#[test]
fn every_operation_is_where_other_sites_are_turned_away() {
    for operation in routes::operations() {
        // A proxy's question has the headers of another request, and changes nothing.
        let face = if operation.id == "forwardAuth" { Face::Proxy } else { Face::Api };
        assert_eq!(Face::of(operation.path), face, "{}", operation.path);
    }
}

#[tokio::test]
async fn another_host_is_another_server() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.get("/sign-in").await.is(200);
    let page = ask(&mut browser, "GET", "/sign-in?a=b", &[("host", "127.0.0.1:7117")]).await;
    assert_eq!(page.is(308).header("location"), "http://localhost:7117/sign-in?a=b");
    let call = ask(&mut browser, "GET", "/api/v1/session", &[("host", "evil.example")]).await;
    assert_eq!(call.is(421).code(), "misdirected");
    let detail = call.json()["detail"].as_str().unwrap().to_owned();
    assert!(
        detail.contains("evil.example") && detail.contains("http://localhost:7117"),
        "{detail}"
    );
}

#[tokio::test]
async fn no_origin_is_let_in_that_no_client_lists() {
    let server = Server::start().await;
    add_shop(&server).await;
    let mut browser = server.browser();
    let preflight = [("access-control-request-method", "POST")];
    for (origin, listed) in [(SHOP, true), ("https://evil.example", false), ("null", false)] {
        let headers = [("origin", origin), preflight[0]];
        let asked = ask(&mut browser, "OPTIONS", "/api/v1/session", &headers).await;
        asked.is(204);
        let read = ask(&mut browser, "GET", "/api/v1/session", &[("origin", origin)]).await;
        for answer in [asked, read] {
            let allowed = answer.header("access-control-allow-origin");
            assert_eq!(allowed, if listed { origin } else { "" }, "{origin}");
            assert_eq!(answer.header("vary"), "origin");
        }
    }
    let plain = browser.get("/api/v1/session").await;
    assert_eq!(plain.header("access-control-allow-origin"), "");
    assert_eq!(plain.header("vary"), "origin", "or a cache would give it to a listed origin");
}

#[tokio::test]
async fn another_site_makes_a_browser_change_nothing() {
    let server = Server::start().await;
    add_shop(&server).await;
    let mut browser = server.browser();
    browser.sign_up("ada").await;
    for headers in [
        vec![("origin", "https://evil.example")],
        vec![("sec-fetch-site", "cross-site")],
        vec![("sec-fetch-site", "same-site"), ("origin", "https://blog.localhost")],
        vec![("origin", "null")],
    ] {
        let answer = ask(&mut browser, "DELETE", "/api/v1/sessions?all=true", &headers).await;
        assert_eq!(answer.is(403).code(), "cross_site", "{headers:?}");
    }
    browser.get("/api/v1/session").await.is(200);
    let shop = [("origin", SHOP), ("sec-fetch-site", "cross-site")];
    ask(&mut browser, "POST", "/api/v1/sign-out", &shop).await.is(204);
}

#[tokio::test]
async fn every_answer_is_kept_by_nobody_and_guessed_at_by_nobody() {
    let server = Server::start().await;
    let mut browser = server.browser();
    for path in ["/api/v1/session", "/nowhere", "/api/v1/nowhere", "/sign-in"] {
        let answer = browser.get(path).await;
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"));
        assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin", "{path}");
        assert_eq!(answer.header("strict-transport-security"), "", "plain http");
    }
    let https = Server::with(|setup| {
        setup.server.public_url = "https://id.example.com".parse().unwrap();
    });
    let mut browser = https.await.browser();
    let answer = ask(&mut browser, "GET", "/api/v1/session", &[("host", "id.example.com")]).await;
    assert_eq!(answer.header("strict-transport-security"), "max-age=63072000");
}

#[tokio::test]
async fn on_https_cookies_are_bound_to_the_host() {
    let server = Server::with(|setup| {
        setup.server.public_url = "https://id.example.com".parse().unwrap();
    })
    .await;
    let mut browser = server.browser();
    let wish = json!({"email": "ada@example.com", "password": PASSWORD, "carry": "cookie"});
    let mut request = request(Method::POST, "/api/v1/sign-up", Body::from(wish.to_string()));
    request.headers_mut().insert("host", HeaderValue::from_static("id.example.com"));
    request.headers_mut().insert("content-type", HeaderValue::from_static("application/json"));
    browser.send(request).await.is(201);
    let names: Vec<_> = browser.jar.keys().collect();
    assert_eq!(names, ["__Host-cloakroom", "__Host-cloakroom-device"]);
}

#[tokio::test]
async fn what_is_not_there_is_a_problem_for_programs_and_a_page_for_people() {
    let server = Server::start().await;
    let mut browser = server.browser();
    let call = browser.get("/api/v1/nowhere").await;
    assert_eq!(call.is(404).header("content-type"), "application/problem+json");
    let page = browser.get("/nowhere").await;
    assert_eq!(page.is(404).header("content-type"), "text/html; charset=utf-8");
    let method = ask(&mut browser, "DELETE", "/api/v1/session", &[]).await;
    assert_eq!(
        (method.is(405).code(), method.header("allow")),
        ("method_not_allowed".into(), "GET,HEAD,POST")
    );
}

#[tokio::test]
async fn the_address_of_a_client_is_what_trusted_proxies_say() {
    let server = Server::with(|setup| {
        setup.server.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
    })
    .await;
    let user = server.add_user("ada", &[]).await;
    let wish = json!({"identifier": "ada@example.com", "password": PASSWORD, "carry": "token"});
    for (peer, address) in [("10.0.0.1:5000", "198.51.100.7"), ("203.0.113.9:5000", "203.0.113.9")]
    {
        let request = Request::post("/api/v1/sign-in")
            .header("host", "localhost:7117")
            .header("content-type", "application/json")
            .header("x-forwarded-for", "6.6.6.6, 198.51.100.7")
            .body(Body::from(wish.to_string()))
            .unwrap();
        let peer: SocketAddr = peer.parse().unwrap();
        assert_eq!(server.answer_to(request, peer).await.status(), 200);
        let sessions = server.engine.list_sessions(user.id).await.unwrap();
        assert!(sessions.iter().any(|session| session.device.address == address), "{address}");
    }
}

async fn add_shop(server: &Server) {
    let new = NewClient {
        id: Some(ClientId::parse("shop").unwrap()),
        name: "Shop".to_owned(),
        template: Template::Web,
        first_party: true,
        origins: vec![SHOP.to_owned()],
        audiences: Vec::new(),
        scopes: Vec::new(),
        algorithm: None,
        token_places: Vec::new(),
        confidential: false,
        registration: cloakroom_model::registration::Registration::default(),
    };
    server.engine.add_client(new, Actor::Operator).await.unwrap();
}

async fn ask(
    browser: &mut Browser,
    method: &str,
    path: &str,
    headers: &[(&'static str, &str)],
) -> Answer {
    let mut request = request(method.parse().unwrap(), path, Body::empty());
    for (name, value) in headers {
        request.headers_mut().insert(*name, HeaderValue::from_str(value).unwrap());
    }
    browser.send(request).await
}
