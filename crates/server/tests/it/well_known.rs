//! `/.well-known/…`

use axum::body::Body;
use cloakroom_testkit::browser::request;
use cloakroom_testkit::server::Server;
use http::Method;

#[tokio::test]
async fn the_keys_are_published_and_may_be_kept_for_a_while() {
    let server = Server::start().await;
    let mut service = server.browser();
    let answer = service.get("/.well-known/jwks.json").await;
    let keys = answer.is(200).json()["keys"].clone();
    assert!(!keys.as_array().unwrap().is_empty());
    for key in keys.as_array().unwrap() {
        assert!(key.get("d").is_none() && key.get("k").is_none(), "{key}");
    }
    assert_eq!(answer.header("cache-control"), "public, max-age=300");
    assert_eq!(answer.header("content-type"), "application/jwk-set+json");

    let mut again = request(Method::GET, "/.well-known/jwks.json", Body::empty());
    again.headers_mut().insert("if-none-match", answer.headers["etag"].clone());
    assert!(service.send(again).await.is(304).body.is_empty());
}
