//! `/healthz`, and the operators' own listener.

use axum::body::Body;
use cloakroom_testkit::browser::request;
use cloakroom_testkit::server::Server;
use http::{Method, StatusCode};
use http_body_util::BodyExt as _;

#[tokio::test]
async fn a_server_is_healthy_by_any_name() {
    let server = Server::start().await;
    let mut request = request(Method::GET, "/healthz", Body::empty());
    request.headers_mut().insert("host", "10.0.0.7".parse().unwrap());
    server.browser().send(request).await.is(200);
}

#[tokio::test]
async fn operators_have_addresses_that_nobody_else_has() {
    let server = Server::start().await;
    server.browser().sign_up("ada").await;
    for path in ["/readyz", "/metrics"] {
        server.browser().get(path).await.is(404);
        let answer = operators(&server, path).await;
        assert_eq!(answer.0, StatusCode::OK, "{path}");
    }
    let (_, metrics) = operators(&server, "/metrics").await;
    assert!(
        metrics.contains("cloakroom_requests_total{face=\"api\",status=\"2xx\"} 1\n"),
        "{metrics}"
    );
    assert!(metrics.contains("cloakroom_remembered_sessions 1\n"), "{metrics}");
    assert!(metrics.ends_with("# EOF\n"));
    assert_eq!(operators(&server, "/api/v1/session").await.0, StatusCode::NOT_FOUND);
}

async fn operators(server: &Server, path: &str) -> (StatusCode, String) {
    let answer = server.operators().handle(request(Method::GET, path, Body::empty())).await;
    let (status, body) = (answer.status(), answer.into_body().collect().await.unwrap());
    (status, String::from_utf8(body.to_bytes().to_vec()).unwrap())
}
