//! Questions that lie at a URL which their client registered (RFC 9101 §5.2): fetched once, by whoever may cause it.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::body::Body;
use cloakroom_engine::fetch::{FetchError, Fetched};
use cloakroom_testkit::browser::request;
use cloakroom_testkit::server::Server;
use http::header::{HOST, RETRY_AFTER};
use http::{HeaderValue, Method, StatusCode};
use serde_json::json;

use super::keys::{key, sealed, signed};
use super::relying_party::{CALLBACK, ada, callback, claims, open, walk};
use super::request_object::{Signing, encoded, error};

const AT: &str = "https://app.example/request.jwt";
const TYPE: &str = "application/oauth-authz-req+jwt";

#[tokio::test]
async fn a_question_at_a_registered_url_is_fetched_once_and_leads_to_a_code() {
    let server = Server::start().await;
    let app = app(&server).await;
    server.add_user("ada", &[]).await;
    server.others.put(AT, TYPE, &app.object());
    let mut browser = server.browser();
    let answer = walk(&mut browser, &question(AT, &[])).await;
    assert_eq!(answer.parameters["state"], "the state");
    assert_eq!(server.others.asked(), [AT], "however many pages the person saw");
    let tokens = app.app.redeem(&answer.parameters["code"]).await.is(200).json();
    assert_eq!(claims(&tokens["id_token"])["nonce"], "the nonce");
}

#[tokio::test]
async fn what_lies_there_by_now_is_read_each_time() {
    let server = Server::start().await;
    let app = app(&server).await;
    let mut browser = ada(&server).await;
    for state in ["one", "two"] {
        // A file often ends with a new line.
        let object = format!("{}\n", app.with("state", json!(state)));
        server.others.put(AT, "application/jwt; charset=utf-8", &object);
        // OpenID Connect Core §6.2: what is behind the `#` names the version, and is not sent.
        let answer = walk(&mut browser, &question(&format!("{AT}#{state}"), &[])).await;
        assert_eq!(answer.parameters["state"], state);
    }
    assert_eq!(server.others.asked().len(), 2);
    // The second one comes again, with its name (`jti`).
    assert_eq!(error(&browser.get(&question(AT, &[])).await), "invalid_request_object");
}

#[tokio::test]
async fn what_stands_beside_it_counts_for_nothing() {
    let server = Server::start().await;
    let app = app(&server).await;
    server.others.put(AT, TYPE, &app.object());
    let beside = [("scope", "openid email"), ("state", "forged"), ("nonce", "forged")];
    let answer = walk(&mut ada(&server).await, &question(AT, &beside)).await;
    assert_eq!(answer.parameters["state"], "the state");
    let tokens = app.app.redeem(&answer.parameters["code"]).await.is(200).json();
    assert_eq!(tokens["scope"], "openid");
}

#[tokio::test]
async fn nothing_is_fetched_that_the_client_did_not_register() {
    let server = Server::start().await;
    let app = app(&server).await;
    server.others.put(AT, TYPE, &app.object());
    let mut browser = ada(&server).await;
    for elsewhere in [
        "https://app.example/request.jwt2",
        "https://app.example/request.jwt?more",
        "https://app.example/Request.jwt",
        "https://app.example:443/request.jwt",
        "https://app.example@thief.example/request.jwt",
        "http://app.example/request.jwt",
        "https://169.254.169.254/request.jwt",
    ] {
        let refused = browser.get(&question(elsewhere, &[])).await;
        assert_eq!(error(&refused), "invalid_request_uri", "{elsewhere}");
    }
    let both = question(AT, &[("request", &app.object())]);
    assert_eq!(error(&browser.get(&both).await), "invalid_request");
    // A client pushes what it asks, and not where it lies (RFC 9126 §2.1).
    let pushed = app.app.post("/oauth/par", &[("request_uri", AT)]).await;
    assert_eq!(pushed.is(400).json()["error"], "invalid_request");
    assert_eq!(server.others.asked(), [""; 0]);
    let answer = walk(&mut browser, &question(AT, &[])).await;
    assert!(answer.parameters.contains_key("code"), "{answer:?}");
}

#[tokio::test]
async fn for_a_client_without_keys_nobody_is_asked() {
    let server = Server::start().await;
    let app = app_with_keys(&server, false).await;
    server.others.put(AT, TYPE, &app.object());
    let refused = ada(&server).await.get(&question(AT, &[])).await;
    assert_eq!(error(&refused), "request_not_supported");
    assert_eq!(server.others.asked(), [""; 0]);
}

#[tokio::test]
async fn what_is_no_signed_question_is_refused_with_the_reason() {
    let server = Server::start().await;
    let app = app(&server).await;
    let mut browser = ada(&server).await;
    let page = |status: u16, content_type: &str, body: &str| {
        let content_type = Some(content_type.to_owned());
        let fresh_for = Duration::from_mins(5);
        Ok(Fetched { status, content_type, body: body.as_bytes().into(), fresh_for })
    };
    let good = app.object();
    let unsigned = sealed(&json!({ "alg": "none" }), &app.claims(), |_| Vec::new());
    let by_another = signed(&key(), &app.header(), &app.claims());
    let for_another = app.with("client_id", json!("another"));
    let unreachable = Err(FetchError::Unreachable("refused by 10.0.0.1".to_owned()));
    let forbidden = Err(FetchError::Forbidden("10.0.0.1".parse().unwrap()));
    for (there, code, sentence) in [
        (page(404, TYPE, &good), "invalid_request_uri", "(200)"),
        (page(302, TYPE, &good), "invalid_request_uri", "(200)"),
        (page(200, "text/html", &good), "invalid_request_uri", "is not application/"),
        (page(200, TYPE, &" ".repeat(17_000)), "invalid_request_uri", "too large"),
        (Err(FetchError::TooSlow), "invalid_request_uri", "in time"),
        (unreachable, "invalid_request_uri", "nobody answers"),
        (forbidden, "invalid_request_uri", "not public"),
        (Err(FetchError::Busy), "temporarily_unavailable", ""),
        (page(200, TYPE, "x"), "invalid_request_object", ""),
        (page(200, TYPE, &unsigned), "request_not_supported", "must be signed"),
        (page(200, TYPE, &by_another), "invalid_request_object", "signature"),
        (page(200, TYPE, &for_another), "invalid_request_object", "client_id"),
    ] {
        match there {
            Ok(page) => server.others.answer(AT, page),
            Err(why) => server.others.fail(AT, why),
        }
        let told = callback(&browser.get(&question(AT, &[])).await).unwrap().parameters;
        assert_eq!(told["error"], code, "{told:?}");
        let why = &told["error_description"];
        assert!(why.contains(sentence), "{why:?} does not say {sentence:?}");
        assert!(!why.contains("10.0.0.1"), "{why}");
    }
    // Where no address is beside it that the client registered, nobody but the person is told.
    let alone = encoded(&[("client_id", "app"), ("request_uri", AT)]);
    let stolen =
        [("client_id", "app"), ("request_uri", AT), ("redirect_uri", "https://thief.example/")];
    for query in [alone.clone(), encoded(&stolen)] {
        let page = browser.get(&format!("/oauth/authorize?{query}")).await;
        assert_eq!((page.status.as_u16(), page.header("location")), (400, ""));
    }
    server.others.put(AT, TYPE, &good);
    let answer = walk(&mut browser, &format!("/oauth/authorize?{alone}")).await;
    assert!(
        answer.parameters.contains_key("code"),
        "what is signed says where it goes: {answer:?}"
    );
}

#[tokio::test]
async fn a_network_makes_this_server_ask_others_so_often_and_no_more() {
    let server = Server::start().await;
    let app = app(&server).await;
    server.others.put(AT, TYPE, "x");
    let ask = async |last: u8| {
        let peer = SocketAddr::from((Ipv4Addr::new(203, 0, 113, last), 40_000));
        let mut asking = request(Method::GET, &question(AT, &[]), Body::empty());
        asking.headers_mut().insert(HOST, HeaderValue::from_static("localhost:7117"));
        server.answer_to(asking, peer).await
    };
    for _ in 0..120 {
        assert_eq!(ask(1).await.status(), StatusCode::SEE_OTHER);
    }
    let limited = ask(1).await;
    assert_eq!(limited.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(limited.headers().contains_key(RETRY_AFTER));
    assert_eq!(server.others.asked().len(), 120);
    server.others.put(AT, TYPE, &app.object());
    let elsewhere = ask(2).await;
    assert_eq!(elsewhere.status(), StatusCode::SEE_OTHER);
    let location = elsewhere.headers()["location"].to_str().unwrap();
    assert!(location.starts_with("/oauth/authorize?client_id=app&request_uri=urn"), "{location}");
    // What a person brings in a form goes the same way.
    let mut browser = server.browser();
    let form = browser.form("/oauth/authorize", &parameters(AT, &[])).await;
    assert_eq!(error(&form), "invalid_request_object", "it was read before");
    let page = open(&mut browser, &app.app.question(&[])).await;
    assert_eq!(page.status, 200, "questions in parameters go on");
}

async fn app(server: &Server) -> Signing {
    app_with_keys(server, true).await
}

async fn app_with_keys(server: &Server, with_keys: bool) -> Signing {
    Signing::new(server, |new| {
        new.registration.requests.request_uris = vec![AT.to_owned()];
        if !with_keys {
            new.registration.keys = None;
        }
    })
    .await
}

/// Where a browser is sent with it.
fn question(at: &str, beside: &[(&str, &str)]) -> String {
    format!("/oauth/authorize?{}", parameters(at, beside))
}

fn parameters(at: &str, beside: &[(&str, &str)]) -> String {
    let query = [("client_id", "app"), ("redirect_uri", CALLBACK), ("request_uri", at)];
    encoded(&[&query[..], beside].concat())
}
