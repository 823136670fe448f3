//! What administrators and operators see of streams.

use std::time::Duration;

use axum::body::Body;
use cloakroom_testkit::browser::request;
use cloakroom_testkit::server::Server;
use http::Method;
use http_body_util::BodyExt as _;
use serde_json::json;

use super::receiver::{ENDPOINT, Receiver, ada, change_password};

const PATH: &str = "/api/v1/admin/streams";

#[tokio::test]
async fn an_administrator_sees_who_is_told_and_how_far_behind_they_are() {
    let server = Server::start().await;
    let mut root = server.administrator().await;
    assert_eq!(root.get(PATH).await.is(200).json(), json!({ "streams": [] }));
    let mut warehouse = Receiver::new(&server).await;
    let made = warehouse.is_pushed(Some("Bearer secret")).await;
    let (mut browser, ..) = ada(&server).await;
    warehouse.answers(503, "");
    change_password(&mut browser).await;
    warehouse.deliver().await;
    let listed = root.get(PATH).await;
    assert!(!listed.is(200).text().contains("secret"), "what it is sent with is shown to nobody");
    let listed = listed.json()["streams"][0].clone();
    let expected = json!({
        "id": made["stream_id"],
        "client_id": "warehouse",
        "delivery": "push",
        "endpoint_url": ENDPOINT,
        "status": "enabled",
        "reason": null,
        "description": null,
        "created_at": listed["created_at"],
        "waiting": 1,
        "waiting_since": listed["waiting_since"],
        "failures": 1,
    });
    assert_eq!(listed, expected);
    assert!(listed["waiting_since"].as_str().unwrap() >= listed["created_at"].as_str().unwrap());

    server.clock.go(Duration::from_secs(1));
    let mut other = Receiver::named(&server, "other", "ssf.manage").await;
    let made = other.polls().await;
    let off = json!({ "stream_id": made["stream_id"], "status": "paused", "reason": "moving" });
    other.post("/ssf/status", &off).await.is(200);
    let listed = root.get(PATH).await.json()["streams"][1].clone();
    let seen = ["delivery", "endpoint_url", "status", "reason", "waiting", "waiting_since"];
    let seen = seen.map(|name| listed[name].clone());
    assert_eq!(json!(seen), json!(["poll", null, "paused", "moving", 0, null]));
}

#[tokio::test]
async fn operators_see_what_was_delivered_what_was_not_and_what_waits() {
    let server = Server::start().await;
    let mut warehouse = Receiver::new(&server).await;
    warehouse.is_pushed(None).await;
    let (mut browser, ..) = ada(&server).await;
    let before = metrics(&server).await;
    assert!(!before.contains("signals_waiting"), "nobody has looked yet: {before}");
    warehouse.answers(503, "");
    change_password(&mut browser).await;
    warehouse.deliver().await;
    server.clock.go(Duration::from_secs(2));
    server.engine.disable_abandoned_streams().await.unwrap();
    shows(
        &server,
        &[
            "signals_delivered_total{by=\"push\"} 0",
            "signals_failed_total 1",
            "streams{status=\"enabled\"} 1",
            "streams{status=\"paused\"} 0",
            "streams_failing 1",
            "signals_waiting 1",
            "signals_oldest_seconds 2.0",
        ],
    )
    .await;

    warehouse.takes();
    warehouse.deliver().await;
    let mut poller = Receiver::named(&server, "poller", "ssf.manage").await;
    let stream = poller.polls().await;
    signs_out(&server, "bea").await;
    let told = poller.waiting(&stream).await;
    let names = json!([told[0]["jti"]]);
    poller.poll(&stream, &json!({ "ack": names, "maxEvents": 0 })).await;
    warehouse.deliver().await;
    server.engine.disable_abandoned_streams().await.unwrap();
    shows(
        &server,
        &[
            "signals_delivered_total{by=\"push\"} 2",
            "signals_delivered_total{by=\"poll\"} 1",
            "signals_failed_total 1",
            "signals_given_up_total 0",
            "streams_failing 0",
            "signals_waiting 0",
            "signals_oldest_seconds 0.0",
        ],
    )
    .await;

    // A receiver that stays away: it counts as lost, and what waited does no more.
    signs_out(&server, "cyd").await;
    server.clock.go(Duration::from_hours(8 * 24));
    server.engine.disable_abandoned_streams().await.unwrap();
    server.engine.disable_abandoned_streams().await.unwrap();
    let lost = ["streams_abandoned_total 2", "streams{status=\"disabled\"} 2", "signals_waiting 0"];
    shows(&server, &lost).await;
}

/// Somebody comes, and goes again: one signal.
async fn signs_out(server: &Server, name: &str) {
    let mut browser = server.browser();
    browser.sign_up(name).await.is(201);
    browser.post("/api/v1/sign-out", &json!({})).await.is(204);
}

/// Holds the metrics against lines that must be in them.
async fn shows(server: &Server, lines: &[&str]) {
    let metrics = metrics(server).await;
    for line in lines {
        assert!(metrics.contains(&format!("\ncloakroom_{line}\n")), "{line} is not in\n{metrics}");
    }
}

async fn metrics(server: &Server) -> String {
    let asked = request(Method::GET, "/metrics", Body::empty());
    let body = server.operators().handle(asked).await.into_body().collect().await.unwrap();
    String::from_utf8(body.to_bytes().to_vec()).unwrap()
}
