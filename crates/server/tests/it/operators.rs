//! `/healthz`, and the operators' own listener.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use cloakroom_store::memory::Memory;
use cloakroom_testkit::browser::request;
use cloakroom_testkit::clock::HandClock;
use cloakroom_testkit::faulty::{Fault, Faulty};
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

#[tokio::test(start_paused = true)]
async fn a_node_that_cannot_hear_says_so_and_its_callers_are_told_to_come_again() {
    let clock = HandClock::default();
    let store = Arc::new(Faulty::new(Arc::new(Memory::new(clock.for_store()))));
    let server = Server::on(Arc::clone(&store) as _, clock, |_| ()).await;
    let mut ada = server.browser();
    ada.sign_up("ada").await;
    ada.get("/api/v1/session").await.is(200);
    let (status, text) = operators(&server, "/readyz").await;
    assert_eq!((status, text.as_str()), (StatusCode::OK, "ready\n"));
    let (_, metrics) = operators(&server, "/metrics").await;
    assert!(metrics.contains("cloakroom_log_trusted 1\n"), "{metrics}");
    assert!(metrics.contains("cloakroom_log_unheard_seconds 0.0\n"), "{metrics}");
    assert!(metrics.contains("cloakroom_memory_believed_total 1\n"), "{metrics}");

    store.log(Fault::Hangs);
    store.rest(Fault::Refuses);
    server.clock.go(Duration::from_secs(3));
    let (status, text) = operators(&server, "/readyz").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(
        text.starts_with("not ready: the revocation log was last heard 3000 ms ago: "),
        "{text}"
    );
    let (_, metrics) = operators(&server, "/metrics").await;
    assert!(metrics.contains("cloakroom_log_trusted 0\n"), "{metrics}");
    assert!(metrics.contains("cloakroom_log_unheard_seconds 3.0\n"), "{metrics}");
    let answer = ada.get("/api/v1/session").await;
    answer.is(503);
    assert!(answer.header("retry-after").parse::<u64>().is_ok());
    let (status, _) = operators(&server, "/healthz").await;
    assert_eq!(status, StatusCode::OK, "the process answers");

    store.log(Fault::None);
    store.rest(Fault::None);
    ada.get("/api/v1/session").await.is(200);
    assert_eq!(operators(&server, "/readyz").await.0, StatusCode::OK);
}

async fn operators(server: &Server, path: &str) -> (StatusCode, String) {
    let answer = server.operators().handle(request(Method::GET, path, Body::empty())).await;
    let (status, body) = (answer.status(), answer.into_body().collect().await.unwrap());
    (status, String::from_utf8(body.to_bytes().to_vec()).unwrap())
}
