//! The plans `openid-ssf-transmitter-test-plan` and `openid-ssf-transmitter-caep-test-plan`.

use cloakroom_testkit::server::Server;
use http::Method;
use serde_json::{Value, json};

use crate::ssf::receiver::{
    ENDPOINT, POLL, PUSH, Receiver, ada, caep, change_password, event, ssf, types,
};

const UNKNOWN: &str = "018bcfe5-6800-7707-8707-070707070707";

#[tokio::test]
async fn openid_ssf_transmitter_metadata() {
    let server = Server::start().await;
    let answer = server.browser().get("/.well-known/ssf-configuration").await;
    assert_eq!(answer.is(200).header("content-type"), "application/json");
    let metadata = answer.json();
    let issuer = metadata["issuer"].as_str().unwrap();
    assert_eq!(issuer, cloakroom_testkit::engine::ISSUER);
    assert_eq!(metadata["spec_version"], "1_0");
    assert_eq!(metadata["delivery_methods_supported"], json!([PUSH, POLL]));
    assert_eq!(metadata["authorization_schemes"], json!([{ "spec_urn": "urn:ietf:rfc:6749" }]));
    assert_eq!(metadata["default_subjects"], "ALL");
    let at = |member: &str| metadata[member].as_str().unwrap().strip_prefix(issuer).unwrap();
    server.browser().get(at("jwks_uri")).await.is(200);
    // Each is there, and asks who comes.
    for member in [
        "configuration_endpoint",
        "status_endpoint",
        "add_subject_endpoint",
        "remove_subject_endpoint",
        "verification_endpoint",
    ] {
        server.browser().post(at(member), &json!({})).await.is(401);
    }
    let mut receiver = Receiver::new(&server).await;
    let stream = receiver.polls().await;
    let supported = stream["events_supported"].as_array().unwrap();
    for kind in ["session-revoked", "credential-change"] {
        assert!(supported.contains(&json!(caep(kind))), "{kind}");
    }
}

#[tokio::test]
async fn openid_ssf_stream_control_happy_path() {
    let (_, mut receiver) = scene().await;
    let wish = json!({
        "delivery": { "method": POLL },
        "events_requested": [caep("session-revoked"), caep("device-compliance-change")],
        "description": "the first",
    });
    let made = receiver.post("/ssf/stream", &wish).await.is(201).json();
    assert_eq!(made["iss"], cloakroom_testkit::engine::ISSUER);
    assert_eq!(made["aud"], "warehouse");
    assert_eq!(made["events_requested"], wish["events_requested"]);
    assert_eq!(made["events_delivered"], json!([caep("session-revoked")]));
    let id = made["stream_id"].as_str().unwrap().to_owned();
    let of_stream = |path: &str| format!("{path}?stream_id={id}");
    let read = receiver.calls.get(&of_stream("/ssf/stream")).await;
    assert_eq!(read.is(200).header("cache-control"), "no-store");
    assert_eq!(read.json(), made);
    assert_eq!(receiver.calls.get("/ssf/stream").await.is(200).json(), json!([made]));

    let update = json!({ "stream_id": id, "events_requested": [caep("credential-change")] });
    let updated = receiver.send(Method::PATCH, &update).await.is(200).json();
    assert_eq!(updated["events_delivered"], json!([caep("credential-change")]));
    assert_eq!(updated["description"], "the first");

    let replace = json!({
        "stream_id": id,
        "delivery": { "method": POLL },
        "events_requested": [caep("session-revoked")],
        "description": "the second",
    });
    let replaced = receiver.send(Method::PUT, &replace).await.is(200).json();
    assert_eq!(replaced["events_delivered"], json!([caep("session-revoked")]));
    assert_eq!(replaced["description"], "the second");

    let status = receiver.calls.get(&of_stream("/ssf/status")).await.is(200).json();
    assert_eq!(status, json!({ "stream_id": id, "status": "enabled" }));
    for status in ["paused", "enabled", "disabled"] {
        let wish = json!({ "stream_id": id, "status": status });
        assert_eq!(receiver.post("/ssf/status", &wish).await.is(200).json(), wish);
        assert_eq!(receiver.calls.get(&of_stream("/ssf/status")).await.json(), wish);
    }
    let gone = receiver.calls.delete(&of_stream("/ssf/stream")).await;
    assert_eq!(gone.is(204).text(), "");
    receiver.calls.get(&of_stream("/ssf/stream")).await.is(404);
    assert_eq!(receiver.calls.get("/ssf/stream").await.json(), json!([]));
}

#[tokio::test]
async fn openid_ssf_stream_control_error_create_stream_with_broken_input() {
    let (_, mut receiver) = scene().await;
    for body in [
        json!("broken"),
        json!({ "delivery": "broken" }),
        json!({ "delivery": { "method": "broken" } }),
        json!({ "events_requested": 1 }),
    ] {
        receiver.post("/ssf/stream", &body).await.is(400);
    }
    assert_eq!(receiver.calls.get("/ssf/stream").await.json(), json!([]));
    receiver.polls().await;
}

#[tokio::test]
async fn openid_ssf_stream_control_error_create_stream_with_invalid_token() {
    let (_, receiver) = scene().await;
    let refused = receiver.without_token().post("/ssf/stream", &json!({})).await;
    assert!(refused.is(401).header("www-authenticate").contains("invalid_token"));
}

#[tokio::test]
async fn openid_ssf_stream_control_error_create_stream_with_duplicate_config() {
    let (_, mut receiver) = scene().await;
    let wish = json!({ "delivery": { "method": POLL } });
    receiver.post("/ssf/stream", &wish).await.is(201);
    receiver.post("/ssf/stream", &wish).await.is(409);
}

#[tokio::test]
async fn openid_ssf_stream_control_error_read_stream_with_invalid_token() {
    let (_, mut receiver) = scene().await;
    let stream = receiver.polls().await;
    let path = of_stream("/ssf/stream", &stream);
    receiver.without_token().calls.get(&path).await.is(401);
    receiver.calls.get(&path).await.is(200);
}

#[tokio::test]
async fn openid_ssf_stream_control_error_read_unknown_stream() {
    let (_, mut receiver) = scene().await;
    receiver.polls().await;
    for name in [UNKNOWN, "unknown"] {
        receiver.calls.get(&format!("/ssf/stream?stream_id={name}")).await.is(404);
    }
}

#[tokio::test]
async fn openid_ssf_stream_control_error_update_stream_with_invalid_token() {
    let (_, mut receiver) = scene().await;
    let update = json!({ "stream_id": receiver.polls().await["stream_id"], "description": "a" });
    receiver.without_token().send(Method::PATCH, &update).await.is(401);
    receiver.send(Method::PATCH, &update).await.is(200);
}

#[tokio::test]
async fn openid_ssf_stream_control_error_update_stream_with_invalid_body() {
    let (_, mut receiver) = scene().await;
    refuses_broken_bodies(&mut receiver, &Method::PATCH).await;
}

#[tokio::test]
async fn openid_ssf_stream_control_error_update_unknown_stream() {
    let (_, mut receiver) = scene().await;
    receiver.polls().await;
    let update = json!({ "stream_id": UNKNOWN, "description": "a" });
    receiver.send(Method::PATCH, &update).await.is(404);
}

#[tokio::test]
async fn openid_ssf_stream_control_error_replace_stream_with_invalid_body() {
    let (_, mut receiver) = scene().await;
    refuses_broken_bodies(&mut receiver, &Method::PUT).await;
}

#[tokio::test]
async fn openid_ssf_stream_control_error_replace_stream_with_invalid_token() {
    let (_, mut receiver) = scene().await;
    let stream = receiver.polls().await;
    receiver.without_token().send(Method::PUT, &stream).await.is(401);
    receiver.send(Method::PUT, &stream).await.is(200);
}

#[tokio::test]
async fn openid_ssf_stream_control_error_replace_unknown_stream() {
    let (_, mut receiver) = scene().await;
    let mut stream = receiver.polls().await;
    stream["stream_id"] = json!(UNKNOWN);
    receiver.send(Method::PUT, &stream).await.is(404);
}

#[tokio::test]
async fn openid_ssf_stream_control_error_delete_stream_with_invalid_token() {
    let (_, mut receiver) = scene().await;
    let stream = receiver.polls().await;
    let path = of_stream("/ssf/stream", &stream);
    receiver.without_token().calls.delete(&path).await.is(401);
    receiver.calls.delete(&path).await.is(204);
}

#[tokio::test]
async fn openid_ssf_stream_control_error_delete_unknown_stream() {
    let (_, mut receiver) = scene().await;
    receiver.calls.delete(&format!("/ssf/stream?stream_id={UNKNOWN}")).await.is(404);
}

#[tokio::test]
async fn openid_ssf_stream_subject_control() {
    let (_, mut receiver) = scene().await;
    let stream = receiver.polls().await;
    let subject = json!({ "format": "email", "email": "ada@example.com" });
    let wish = json!({ "stream_id": stream["stream_id"], "subject": subject, "verified": true });
    receiver.post("/ssf/subjects/add", &wish).await.is(200);
    receiver.post("/ssf/subjects/remove", &wish).await.is(204);
    receiver.calls.delete(&of_stream("/ssf/stream", &stream)).await.is(204);
}

#[tokio::test]
async fn openid_ssf_transmitter_stream_verification_push() {
    let (_, mut receiver) = scene().await;
    let stream = receiver.is_pushed(Some("Bearer secret")).await;
    verify(&mut receiver, &stream, "the state").await;
    receiver.deliver().await;
    let [told] = &receiver.told()[..] else { panic!("{:?}", receiver.posted()) };
    is_verification(told, &stream, "the state");
    assert_eq!(receiver.posted()[0].authorization.as_deref(), Some("Bearer secret"));
}

#[tokio::test]
async fn openid_ssf_transmitter_stream_verification_poll_only() {
    let (_, mut receiver) = scene().await;
    let stream = receiver.polls().await;
    verify(&mut receiver, &stream, "the state").await;
    let polled = receiver.poll(&stream, &json!({ "maxEvents": 10 })).await;
    let [told] = &receiver.read_all(&polled)[..] else { panic!("{polled}") };
    is_verification(told, &stream, "the state");
}

#[tokio::test]
async fn openid_ssf_transmitter_stream_verification_poll_and_ack() {
    let (_, mut receiver) = scene().await;
    let stream = receiver.polls().await;
    verify(&mut receiver, &stream, "the first").await;
    let first = receiver.waiting(&stream).await;
    is_verification(&first[0], &stream, "the first");
    verify(&mut receiver, &stream, "the second").await;
    let ack = json!({ "ack": [first[0]["jti"]] });
    let polled = receiver.poll(&stream, &ack).await;
    let [told] = &receiver.read_all(&polled)[..] else { panic!("{polled}") };
    is_verification(told, &stream, "the second");
}

#[tokio::test]
async fn openid_ssf_transmitter_stream_verification_ack_only() {
    let (_, mut receiver) = scene().await;
    let stream = receiver.polls().await;
    verify(&mut receiver, &stream, "the state").await;
    let told = receiver.waiting(&stream).await;
    is_verification(&told[0], &stream, "the state");
    let ack = json!({ "ack": [told[0]["jti"]], "maxEvents": 0 });
    let answer = receiver.poll(&stream, &ack).await;
    assert_eq!(answer["sets"], json!({}));
    assert_eq!(receiver.waiting(&stream).await.len(), 0);
}

#[tokio::test]
async fn openid_ssf_transmitter_stream_verification_error_push_no_auth() {
    let (_, mut receiver) = scene().await;
    receiver.takes();
    let delivery = json!({ "method": PUSH, "endpoint_url": ENDPOINT });
    let wish = json!({ "delivery": delivery });
    let stream = receiver.post("/ssf/stream", &wish).await.is(201).json();
    verify(&mut receiver, &stream, "the state").await;
    receiver.deliver().await;
    is_verification(&receiver.told()[0], &stream, "the state");
    assert_eq!(receiver.posted()[0].authorization, None);
}

#[tokio::test]
async fn openid_ssf_transmitter_stream_caep_interop() {
    let server = Server::start().await;
    let mut receiver = Receiver::with(&server, "warehouse", "ssf.manage", None).await;
    let requested = ["session-revoked", "credential-change", "device-compliance-change"].map(caep);
    let wish = json!({ "delivery": { "method": POLL }, "events_requested": requested });
    let stream = receiver.post("/ssf/stream", &wish).await.is(201).json();
    assert_eq!(stream["events_delivered"], json!(requested[..2]));
    let read = receiver.calls.get(&of_stream("/ssf/stream", &stream)).await.is(200).json();
    assert_eq!(read, stream);
    let status = receiver.calls.get(&of_stream("/ssf/status", &stream)).await.is(200).json();
    assert_eq!(status["status"], "enabled");
    verify(&mut receiver, &stream, "the state").await;
    let told = receiver.waiting(&stream).await;
    is_verification(&told[0], &stream, "the state");
    receiver.poll(&stream, &json!({ "ack": [told[0]["jti"]], "maxEvents": 0 })).await;

    let (mut browser, user, session) = ada(&server).await;
    change_password(&mut browser).await;
    browser.post("/api/v1/sign-out", &json!({})).await.is(204);
    let polled = receiver.poll(&stream, &json!({ "returnImmediately": true })).await;
    for token in polled["sets"].as_object().unwrap().values() {
        assert_eq!(header(token)["alg"], "RS256");
        assert_eq!(header(token)["typ"], "secevent+jwt");
    }
    let told = receiver.read_all(&polled);
    assert_eq!(types(&told), [caep("credential-change"), caep("session-revoked")]);
    let named = json!({
        "format": "iss_sub", "iss": cloakroom_testkit::engine::ISSUER, "sub": user,
    });
    let (_, changed) = event(&told[0]);
    assert_eq!(told[0]["sub_id"], named);
    assert_eq!(changed["credential_type"], "password");
    assert_eq!(changed["change_type"], "update");
    let (_, revoked) = event(&told[1]);
    let session = json!({ "format": "opaque", "id": session });
    let complex = json!({ "format": "complex", "session": session, "user": named });
    assert_eq!(told[1]["sub_id"], complex);
    for (claims, says) in [(&told[0], changed), (&told[1], revoked)] {
        assert!(!says["reason_admin"]["en"].as_str().unwrap().is_empty());
        assert_eq!(says["initiating_entity"], "user");
        assert_eq!(says["event_timestamp"], claims["iat"]);
        assert_eq!(claims.get("sub").or(claims.get("exp")), None);
    }
    receiver.calls.delete(&of_stream("/ssf/stream", &stream)).await.is(204);
}

async fn scene() -> (Server, Receiver) {
    let server = Server::start().await;
    let receiver = Receiver::new(&server).await;
    (server, receiver)
}

fn of_stream(path: &str, stream: &Value) -> String {
    format!("{path}?stream_id={}", stream["stream_id"].as_str().unwrap())
}

async fn verify(receiver: &mut Receiver, stream: &Value, state: &str) {
    let wish = json!({ "stream_id": stream["stream_id"], "state": state });
    receiver.post("/ssf/verification", &wish).await.is(204);
}

/// SSF 1.0 §8.1.4.1.
fn is_verification(claims: &Value, stream: &Value, state: &str) {
    let (kind, says) = event(claims);
    assert_eq!((kind, says), (ssf("verification"), json!({ "state": state })));
    assert_eq!(claims["sub_id"], json!({ "format": "opaque", "id": stream["stream_id"] }));
}

async fn refuses_broken_bodies(receiver: &mut Receiver, method: &Method) {
    let stream = receiver.polls().await;
    for body in [
        json!(["broken"]),
        json!({ "description": "without a name" }),
        json!({ "stream_id": stream["stream_id"], "delivery": { "method": "broken" } }),
        json!({ "stream_id": stream["stream_id"], "events_requested": "broken" }),
    ] {
        receiver.send(method.clone(), &body).await.is(400);
    }
    receiver.send(method.clone(), &stream).await.is(200);
}

fn header(token: &Value) -> Value {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    let header = token.as_str().unwrap().split('.').next().unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap()
}
