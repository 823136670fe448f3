//! `/ssf/poll/{stream_id}`.

use std::time::Duration;

use cloakroom_testkit::server::Server;
use serde_json::{Value, json};

use super::receiver::{Receiver, ada, caep, change_password, event, ssf, types};

const AT_ONCE: (&str, bool) = ("returnImmediately", true);

#[tokio::test]
async fn what_waits_comes_again_until_it_is_acknowledged() {
    let (server, mut warehouse, stream) = scene().await;
    let (mut browser, user, session) = ada(&server).await;
    change_password(&mut browser).await;
    browser.post("/api/v1/sign-out", &json!({})).await.is(204);
    let all = warehouse.waiting(&stream).await;
    assert_eq!(types(&all), [caep("credential-change"), caep("session-revoked")]);
    assert_eq!(all[0]["sub_id"]["sub"], user.as_str());
    assert_eq!(all[1]["sub_id"]["session"]["id"], session.as_str());
    assert_eq!(event(&all[1]).1["initiating_entity"], "user");
    // The same tokens, under the same names.
    assert_eq!(warehouse.waiting(&stream).await, all);

    let first = warehouse.poll(&stream, &json!({ AT_ONCE.0: AT_ONCE.1, "maxEvents": 1 })).await;
    assert_eq!(
        (warehouse.read_all(&first), &first["moreAvailable"]),
        (all[..1].to_vec(), &json!(true))
    );
    let ack = json!({ AT_ONCE.0: AT_ONCE.1, "ack": [all[0]["jti"]] });
    let rest = warehouse.poll(&stream, &ack).await;
    assert_eq!(
        (warehouse.read_all(&rest), &rest["moreAvailable"]),
        (all[1..].to_vec(), &json!(false))
    );
    let only = json!({ "maxEvents": 0, "ack": [all[1]["jti"], "no-such-token"] });
    let nothing = warehouse.poll(&stream, &only).await;
    assert_eq!(nothing, json!({ "sets": {}, "moreAvailable": false }));
    assert_eq!(warehouse.waiting(&stream).await.len(), 0);
}

#[tokio::test]
async fn what_a_receiver_cannot_take_is_not_sent_again() {
    let (server, mut warehouse, stream) = scene().await;
    let (mut browser, ..) = ada(&server).await;
    browser.post("/api/v1/sign-out", &json!({})).await.is(204);
    let jti = warehouse.waiting(&stream).await[0]["jti"].as_str().unwrap().to_owned();
    let errs = json!({ jti: { "err": "invalid_audience", "description": "not ours" } });
    let body = json!({ "returnImmediately": true, "setErrs": errs });
    assert_eq!(warehouse.poll(&stream, &body).await["sets"], json!({}));
    assert_eq!(warehouse.waiting(&stream).await.len(), 0);
}

#[tokio::test]
async fn who_waits_is_told_as_soon_as_something_happens() {
    let (server, mut warehouse, stream) = scene().await;
    let (mut browser, ..) = ada(&server).await;
    let ask = json!({});
    let waiting = warehouse.poll(&stream, &ask);
    let happening = async {
        tokio::task::yield_now().await;
        browser.post("/api/v1/sign-out", &json!({})).await.is(204);
    };
    let both = async { tokio::join!(waiting, happening).0 };
    let polled = tokio::time::timeout(Duration::from_mins(1), both).await.unwrap();
    assert_eq!(types(&warehouse.read_all(&polled)), [caep("session-revoked")]);
}

#[tokio::test]
async fn who_waits_in_vain_is_answered_with_nothing() {
    let (server, mut warehouse, stream) = scene().await;
    // The clock stands; time passes for whoever waits when it is put on.
    let ask = json!({});
    let waiting = warehouse.poll(&stream, &ask);
    let passing = async { server.clock.go(Duration::from_secs(9)) };
    let polled = async { tokio::join!(waiting, passing).0 };
    let polled = tokio::time::timeout(Duration::from_mins(1), polled).await.unwrap();
    assert_eq!(polled, json!({ "sets": {}, "moreAvailable": false }));
}

#[tokio::test]
async fn nobody_polls_a_stream_that_is_pushed() {
    let server = Server::start().await;
    let mut warehouse = Receiver::new(&server).await;
    let stream = warehouse.is_pushed(None).await;
    let path = format!("/ssf/poll/{}", stream["stream_id"].as_str().unwrap());
    warehouse.post(&path, &json!({ "returnImmediately": true })).await.is(404);
}

#[tokio::test]
async fn a_receiver_that_stays_away_finds_its_stream_disabled() {
    let (server, mut warehouse, stream) = scene().await;
    let (mut browser, ..) = ada(&server).await;
    browser.post("/api/v1/sign-out", &json!({})).await.is(204);
    server.clock.go(Duration::from_hours(7 * 24));
    server.engine.disable_abandoned_streams().await.unwrap();
    let status = async |warehouse: &mut Receiver| -> Value {
        let path = format!("/ssf/status?stream_id={}", stream["stream_id"].as_str().unwrap());
        warehouse.calls.get(&path).await.json()["status"].clone()
    };
    // The token's ten minutes are over.
    warehouse.renew().await;
    assert_eq!(status(&mut warehouse).await, "enabled");
    server.clock.go(Duration::from_millis(1));
    server.engine.disable_abandoned_streams().await.unwrap();
    assert_eq!(status(&mut warehouse).await, "disabled");
    let word = warehouse.waiting(&stream).await;
    assert_eq!(types(&word), [ssf("stream-updated")]);
    let says = event(&word[0]).1;
    assert_eq!(says["status"], "disabled");
    assert!(says["reason"].as_str().unwrap().contains("seven days"));
    assert_eq!(word[0]["sub_id"], json!({ "format": "opaque", "id": stream["stream_id"] }));
    // The word waits no longer than anything else.
    server.clock.go(Duration::from_hours(7 * 24 + 1));
    server.engine.disable_abandoned_streams().await.unwrap();
    warehouse.renew().await;
    assert_eq!(warehouse.waiting(&stream).await.len(), 0);
}

/// A service whose stream is polled.
async fn scene() -> (Server, Receiver, Value) {
    let server = Server::start().await;
    let mut warehouse = Receiver::new(&server).await;
    let stream = warehouse.polls().await;
    (server, warehouse, stream)
}
