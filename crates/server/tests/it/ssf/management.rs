//! `/ssf/stream` and `/ssf/status`.

use cloakroom_model::event::Actor;
use cloakroom_model::id::ClientId;
use cloakroom_testkit::browser::Answer;
use cloakroom_testkit::server::Server;
use http::Method;
use serde_json::{Value, json};

use super::receiver::{ENDPOINT, POLL, PUSH, Receiver, ada, caep};

#[tokio::test]
async fn a_stream_belongs_to_its_service_alone() {
    let server = Server::start().await;
    let mut warehouse = Receiver::new(&server).await;
    let mut other = Receiver::named(&server, "other", "ssf.manage").await;
    let stream = warehouse.polls().await;
    let id = stream["stream_id"].clone();
    let query = format!("?stream_id={}", id.as_str().unwrap());
    warehouse.calls.get(&format!("/ssf/stream{query}")).await.is(200);
    other.calls.get(&format!("/ssf/stream{query}")).await.is(404);
    other.calls.get(&format!("/ssf/status{query}")).await.is(404);
    other.calls.delete(&format!("/ssf/stream{query}")).await.is(404);
    for method in [Method::PATCH, Method::PUT] {
        other.send(method, &json!({ "stream_id": id })).await.is(404);
    }
    let paused = json!({ "stream_id": id, "status": "paused" });
    other.post("/ssf/status", &paused).await.is(404);
    other.post("/ssf/verification", &json!({ "stream_id": id })).await.is(404);
    let path = format!("/ssf/poll/{}", id.as_str().unwrap());
    other.post(&path, &json!({ "returnImmediately": true })).await.is(404);
    assert_eq!(other.calls.get("/ssf/stream").await.is(200).json(), json!([]));
    let own = other.polls().await;
    assert_eq!(own["aud"], "other");
}

#[tokio::test]
async fn a_token_does_what_its_scope_allows() {
    let server = Server::start().await;
    let mut manages = Receiver::named(&server, "warehouse", "ssf.manage").await;
    let stream = manages.polls().await;
    let id = stream["stream_id"].as_str().unwrap();
    let mut reads = Receiver::named(&server, "reader", "ssf.read").await;
    reads.calls.get("/ssf/stream").await.is(200);
    let refused = reads.post("/ssf/stream", &json!({})).await;
    assert_eq!(refused.is(403).json()["error"], "insufficient_scope");
    let challenge = refused.headers.get_all("www-authenticate").iter();
    let says = challenge.map(|it| it.to_str().unwrap().to_owned()).collect::<String>();
    assert!(says.contains("scope=\"ssf.manage\""), "{says}");
    reads.calls.delete(&format!("/ssf/stream?stream_id={id}")).await.is(403);
    reads.post("/ssf/verification", &json!({ "stream_id": id })).await.is(403);
    let mut another = Receiver::named(&server, "another", "read").await;
    another.calls.get("/ssf/stream").await.is(403);
}

#[tokio::test]
async fn a_persons_token_has_no_stream() {
    let server = Server::start().await;
    let mut warehouse = Receiver::new(&server).await;
    let mut browser = server.browser();
    browser.sign_up("ada").await;
    browser.jar.clear();
    browser.sign_in("ada", "token").await;
    let answer = browser.get("/ssf/stream").await;
    assert_eq!(answer.is(403).json()["error"], "access_denied");
    // A cookie is nobody's here.
    let mut by_cookie = server.browser();
    by_cookie.sign_in("ada", "cookie").await;
    by_cookie.get("/ssf/stream").await.is(401);
    // A token outside the header is none.
    let token = warehouse.calls.token.take().unwrap();
    warehouse.calls.get(&format!("/ssf/stream?access_token={token}")).await.is(401);
}

#[tokio::test]
async fn a_client_that_registered_itself_has_no_stream() {
    let server = Server::start().await;
    let mut warehouse = Receiver::new(&server).await;
    let id = warehouse.polls().await["stream_id"].clone();
    let mut stranger = Receiver::stranger(&server).await;
    let query = format!("?stream_id={}", id.as_str().unwrap());
    let poll = format!("/ssf/poll/{}", id.as_str().unwrap());
    let user = json!({ "format": "email", "email": "ada@example.com" });
    for (method, path, body) in [
        (Method::GET, "/ssf/stream", json!(null)),
        (Method::GET, &*format!("/ssf/stream{query}"), json!(null)),
        (Method::GET, &format!("/ssf/status{query}"), json!(null)),
        (Method::PATCH, "/ssf/stream", json!({ "stream_id": id })),
        (Method::PUT, "/ssf/stream", json!({ "stream_id": id })),
        (Method::POST, "/ssf/status", json!({ "stream_id": id, "status": "enabled" })),
        (Method::POST, "/ssf/subjects/add", json!({ "stream_id": id, "subject": user })),
        (Method::POST, "/ssf/subjects/remove", json!({ "stream_id": id, "subject": user })),
        (Method::POST, "/ssf/verification", json!({ "stream_id": id })),
        (Method::POST, &poll, json!({ "returnImmediately": true })),
        (Method::DELETE, &format!("/ssf/stream{query}"), json!(null)),
        (Method::POST, "/ssf/stream", json!({ "delivery": { "method": POLL } })),
    ] {
        let taken = ask(&mut warehouse, &method, path, &body).await;
        assert!(taken.status.is_success(), "{method} {path}: {}", taken.status);
        let refused = ask(&mut stranger, &method, path, &body).await;
        assert_eq!(refused.is(403).json()["error"], "access_denied", "{method} {path}");
    }
}

#[tokio::test]
async fn what_is_named_is_changed_and_what_is_replaced_is_gone() {
    let server = Server::start().await;
    let mut warehouse = Receiver::new(&server).await;
    let wish = json!({
        "delivery": { "method": POLL },
        "events_requested": [caep("session-revoked"), "https://example.com/other"],
        "description": "ours",
    });
    let made = warehouse.post("/ssf/stream", &wish).await.is(201).json();
    assert_eq!(made["events_delivered"], json!([caep("session-revoked")]));
    let id = &made["stream_id"];

    let change = json!({ "stream_id": id, "description": "theirs" });
    let changed = warehouse.send(Method::PATCH, &change).await.is(200).json();
    let mut expected = made.clone();
    expected["description"] = json!("theirs");
    assert_eq!(changed, expected);
    let nothing = json!({ "stream_id": id, "description": null });
    let changed = warehouse.send(Method::PATCH, &nothing).await.is(200).json();
    assert_eq!(changed["description"], Value::Null);

    let wish = json!({ "stream_id": id, "events_requested": [caep("credential-change")] });
    let replaced = warehouse.send(Method::PUT, &wish).await.is(200).json();
    assert_eq!(replaced["events_delivered"], json!([caep("credential-change")]));
    assert_eq!(replaced["delivery"], made["delivery"]);

    // Who believes something else of a stream than what is so is told.
    for (member, value) in [
        ("iss", json!("https://other.example")),
        ("aud", json!("other")),
        ("events_delivered", json!([caep("session-revoked")])),
    ] {
        let mut wish = replaced.clone();
        wish[member] = value;
        for method in [Method::PATCH, Method::PUT] {
            let refused = warehouse.send(method, &wish).await;
            let why = refused.is(400).json()["error_description"].as_str().unwrap().to_owned();
            assert!(why.starts_with(member), "{why}");
        }
    }
    assert_eq!(warehouse.send(Method::PUT, &replaced).await.is(200).json(), replaced);
}

#[tokio::test]
async fn a_header_is_never_told_and_goes_to_no_other_place() {
    let server = Server::start().await;
    let mut warehouse = Receiver::new(&server).await;
    let stream = warehouse.is_pushed(Some("Bearer the-secret")).await;
    let id = stream["stream_id"].clone();
    assert_eq!(stream["delivery"], json!({ "method": PUSH, "endpoint_url": ENDPOINT }));
    for answer in
        [warehouse.calls.get("/ssf/stream").await, warehouse.send(Method::PUT, &stream).await]
    {
        assert!(!answer.is(200).text().contains("the-secret"));
    }
    let verify = json!({ "stream_id": id });
    let sent_with = async |warehouse: &mut Receiver| {
        warehouse.post("/ssf/verification", &verify).await.is(204);
        warehouse.deliver().await;
        server.others.sent().pop().unwrap().authorization
    };
    // It stays where nothing is said of it.
    assert_eq!(sent_with(&mut warehouse).await.as_deref(), Some("Bearer the-secret"));
    let elsewhere = "https://elsewhere.example/events";
    server.others.put(elsewhere, "text/plain", "");
    let moved = json!({ "method": PUSH, "endpoint_url": elsewhere });
    let moved = json!({ "stream_id": id, "delivery": moved });
    warehouse.send(Method::PATCH, &moved).await.is(200);
    assert_eq!(sent_with(&mut warehouse).await, None);
    let back = json!({
        "method": PUSH, "endpoint_url": ENDPOINT, "authorization_header": "Bearer another",
    });
    let back = json!({ "stream_id": id, "delivery": back });
    warehouse.send(Method::PATCH, &back).await.is(200);
    assert_eq!(sent_with(&mut warehouse).await.as_deref(), Some("Bearer another"));
    let without = json!({
        "method": PUSH, "endpoint_url": ENDPOINT, "authorization_header": null,
    });
    let without = json!({ "stream_id": id, "delivery": without });
    warehouse.send(Method::PATCH, &without).await.is(200);
    assert_eq!(sent_with(&mut warehouse).await, None);
}

#[tokio::test]
async fn a_removed_client_takes_its_stream_along() {
    let server = Server::start().await;
    let mut warehouse = Receiver::new(&server).await;
    let id = ClientId::parse("warehouse").unwrap();
    warehouse.is_pushed(None).await;
    let (mut browser, ..) = ada(&server).await;
    browser.post("/api/v1/sign-out", &json!({})).await.is(204);
    server.engine.remove_client(&id, Actor::Operator).await.unwrap();
    warehouse.deliver().await;
    assert_eq!(warehouse.posted(), []);
    warehouse.calls.get("/ssf/stream").await.is(401);
}

#[tokio::test]
async fn what_is_too_large_or_of_another_type_is_refused() {
    let server = Server::start().await;
    let mut warehouse = Receiver::new(&server).await;
    let large = json!({ "description": "x".repeat(70_000) });
    warehouse.post("/ssf/stream", &large).await.is(413);
    warehouse.calls.form("/ssf/stream", "description=ours").await.is(400);
    warehouse.post("/ssf/stream", &json!({ "description": "ours" })).await.is(201);
}

#[tokio::test]
async fn a_paused_stream_keeps_what_a_disabled_one_does_not() {
    let server = Server::start().await;
    let mut warehouse = Receiver::new(&server).await;
    let stream = warehouse.polls().await;
    let id = stream["stream_id"].clone();
    let set = async |warehouse: &mut Receiver, status: &str| {
        let wish = json!({ "stream_id": id, "status": status, "reason": "night" });
        let told = warehouse.post("/ssf/status", &wish).await.is(200).json();
        assert_eq!(told, wish);
    };
    let (mut browser, ..) = ada(&server).await;
    set(&mut warehouse, "paused").await;
    browser.post("/api/v1/sign-out", &json!({})).await.is(204);
    assert_eq!(warehouse.waiting(&stream).await.len(), 0);
    set(&mut warehouse, "enabled").await;
    assert_eq!(warehouse.waiting(&stream).await.len(), 1);
    set(&mut warehouse, "disabled").await;
    browser.sign_in("ada", "cookie").await;
    browser.post("/api/v1/sign-out", &json!({})).await.is(204);
    warehouse.post("/ssf/verification", &json!({ "stream_id": id })).await.is(400);
    set(&mut warehouse, "enabled").await;
    assert_eq!(warehouse.waiting(&stream).await.len(), 0);
}

async fn ask(receiver: &mut Receiver, method: &Method, path: &str, body: &Value) -> Answer {
    match *method {
        Method::GET => receiver.calls.get(path).await,
        Method::DELETE => receiver.calls.delete(path).await,
        _ => receiver.calls.json(method.clone(), path, body).await,
    }
}
