//! `POST /oauth/par`.

use std::time::Duration;

use cloakroom_testkit::browser::{Answer, Browser};
use cloakroom_testkit::server::Server;
use url::form_urlencoded::{self, Serializer};

use super::relying_party::{RelyingParty, ada, callback, walk};

#[tokio::test]
async fn a_request_that_was_pushed_is_brought_by_its_name() {
    let server = Server::start().await;
    let app = RelyingParty::new(&server).await;
    let mut browser = ada(&server).await;
    let pushed = push(&app, &[]).await;
    assert_eq!(pushed.is(201).json()["expires_in"], 60);
    assert_eq!(pushed.header("cache-control"), "no-store");
    // What stands beside the name is not what was asked.
    let question = format!("{}&scope=read&state=other", named(&app, &pushed));
    let answer = walk(&mut browser, &question).await;
    assert_eq!(answer.parameters["state"], "the state");
    app.redeem(&answer.parameters["code"]).await.is(200);
}

#[tokio::test]
async fn a_name_is_good_for_a_minute_for_one_client_and_once() {
    let server = Server::start().await;
    let app = RelyingParty::with(&server, |new| new.first_party = true).await;
    let other = RelyingParty::with(&server, |new| new.id = None).await;
    let mut browser = ada(&server).await;

    let pushed = push(&app, &[]).await;
    let stolen = named(&app, &pushed).replace("client_id=app", &format!("client_id={}", other.id));
    assert_eq!(browser.get(&stolen).await.status, 400);
    assert!(code(&mut browser, &named(&app, &pushed)).await.is_some());
    assert!(code(&mut browser, &named(&app, &pushed)).await.is_none());

    let late = push(&app, &[]).await;
    server.clock.go(Duration::from_mins(1));
    assert!(code(&mut browser, &named(&app, &late)).await.is_none());
}

#[tokio::test]
async fn a_person_may_take_longer_than_the_name_lives() {
    let server = Server::start().await;
    let app = RelyingParty::new(&server).await;
    server.add_user("ada", &[]).await;
    let mut browser = server.browser();
    let pushed = push(&app, &[]).await;
    let to_sign_in = browser.get(&named(&app, &pushed)).await.header("location").to_owned();
    server.clock.go(Duration::from_mins(10));
    let answer = walk(&mut browser, &to_sign_in).await;
    app.redeem(&answer.parameters["code"]).await.is(200);
}

#[tokio::test]
async fn what_could_not_be_answered_is_refused_at_once() {
    let server = Server::start().await;
    let app = RelyingParty::new(&server).await;
    push(&app, &[]).await.is(201);
    for (with, error) in [
        (("redirect_uri", "https://evil.example/"), "invalid_request"),
        (("scope", "admin"), "invalid_scope"),
        (("code_challenge", ""), "invalid_request"),
        (("request_uri", "urn:ietf:params:oauth:request_uri:x"), "invalid_request"),
    ] {
        let refused = push(&app, &[with]).await;
        assert_eq!(refused.is(400).json()["error"], error, "{with:?}");
    }
    let mut impostor = app.clone();
    impostor.secret = Some("wrong".to_owned());
    assert_eq!(push(&impostor, &[]).await.is(401).json()["error"], "invalid_client");
}

#[tokio::test]
async fn a_client_that_must_push_its_requests_is_held_to_it() {
    let server = Server::start().await;
    let app = RelyingParty::with(&server, |new| {
        new.first_party = true;
        new.registration.requests.pushed = true;
    })
    .await;
    let mut browser = ada(&server).await;
    let refused = callback(&browser.get(&app.question(&[])).await).unwrap();
    assert_eq!(refused.parameters["error"], "invalid_request");
    let pushed = push(&app, &[]).await;
    assert!(code(&mut browser, &named(&app, &pushed)).await.is_some());
}

async fn push(app: &RelyingParty, with: &[(&str, &str)]) -> Answer {
    let parameters = app.parameters(with);
    let parameters: Vec<(String, String)> =
        form_urlencoded::parse(parameters.as_bytes()).into_owned().collect();
    let parameters: Vec<(&str, &str)> =
        parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    app.post("/oauth/par", &parameters).await
}

fn named(app: &RelyingParty, pushed: &Answer) -> String {
    let name = pushed.json()["request_uri"].as_str().unwrap().to_owned();
    let query = Serializer::new(String::new())
        .append_pair("client_id", &app.id)
        .append_pair("request_uri", &name)
        .finish();
    format!("/oauth/authorize?{query}")
}

async fn code(browser: &mut Browser, path: &str) -> Option<String> {
    callback(&browser.get(path).await)?.parameters.get("code").cloned()
}
