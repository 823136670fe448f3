//! `POST /oauth/device`, `/device` and `POST /oauth/token` with a device's code: a device is let in by a person elsewhere.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use cloakroom_engine::clients::NewClient;
use cloakroom_model::registration::GrantType;
use cloakroom_testkit::browser::{Answer, Browser};
use cloakroom_testkit::engine::PASSWORD;
use cloakroom_testkit::server::Server;
use http::HeaderValue;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};

use super::relying_party::{RelyingParty, ada, claims, open, send};
use crate::html;

const GRANT: (&str, &str) = ("grant_type", "urn:ietf:params:oauth:grant-type:device_code");

#[tokio::test]
async fn a_person_lets_a_device_in_from_a_browser_where_they_sign_in_for_it() {
    let server = Server::start().await;
    let app = television(&server).await;
    server.add_user("ada", &[]).await;
    let waits = begin(&app, &[("scope", "openid email")]).await;
    assert_eq!(waits["verification_uri"], "http://localhost:7117/device");
    assert_eq!((&waits["expires_in"], &waits["interval"]), (&json!(900), &json!(5)));
    assert_eq!(poll(&app, &waits).await, "authorization_pending");

    let mut browser = server.browser();
    let to_sign_in = type_code(&mut browser, &waits).await;
    let sign_in = browser.get(to_sign_in.is(303).header("location")).await;
    let mut form = html::form(&sign_in.text(), "sign-in").unwrap();
    for (name, value) in [("identifier", "ada@example.com"), ("password", PASSWORD)] {
        form.hidden.insert(name.to_owned(), value.to_owned());
    }
    let back = send(&mut browser, &form.action, &form.hidden).await;
    let shown = browser.get(back.is(303).header("location")).await.is(200).text();
    let code = html::attribute(html::element(&shown, "user_code").unwrap(), "value");
    assert_eq!(code.as_deref(), waits["user_code"].as_str());
    let asked = type_code(&mut browser, &waits).await.is(200).text();
    for part in ["The App", "ada@example.com", "127.0.0.1", "See your email address"] {
        assert!(asked.contains(part), "{part} in {asked}");
    }
    let done = answer(&mut browser, &asked, "allow").await;
    assert_eq!(done.is(303).header("location"), "/device/done");
    assert!(browser.get("/device/done").await.is(200).text().contains("The device is in"));

    let tokens = redeem(&app, &waits).await.is(200).json();
    assert_eq!(tokens["scope"], "email openid");
    let (id_token, access) = (claims(&tokens["id_token"]), claims(&tokens["access_token"]));
    assert_eq!((&id_token["aud"], &id_token["sid"]), (&json!("app"), &access["sid"]));
    let apps = browser.get("/account/apps").await.is(200).text();
    assert!(apps.contains("The App"), "{apps}");
    browser.post("/api/v1/sign-out", &json!({})).await;
    let again = ("refresh_token", tokens["refresh_token"].as_str().unwrap());
    let refused = app.post("/oauth/token", &[("grant_type", "refresh_token"), again]).await;
    assert_eq!(refused.is(400).json()["error"], "invalid_grant");
}

#[tokio::test]
async fn a_device_with_offline_access_stays_in_when_its_person_signs_out() {
    let server = Server::start().await;
    let app = television(&server).await;
    let mut browser = ada(&server).await;
    let waits = begin(&app, &[("scope", "openid offline_access")]).await;
    let_in(&mut browser, &waits).await;
    let tokens = redeem(&app, &waits).await.is(200).json();
    browser.post("/api/v1/sign-out", &json!({})).await;
    let again = ("refresh_token", tokens["refresh_token"].as_str().unwrap());
    app.post("/oauth/token", &[("grant_type", "refresh_token"), again]).await.is(200);
}

#[tokio::test]
async fn an_address_with_a_code_tells_nothing_and_does_nothing() {
    let server = Server::start().await;
    let app = television(&server).await;
    let mut browser = ada(&server).await;
    let waits = begin(&app, &[]).await;
    let complete = waits["verification_uri_complete"].as_str().unwrap();
    let path = complete.strip_prefix("http://localhost:7117").unwrap();
    let page = browser.get(path).await.is(200).text();
    assert!(page.contains(waits["user_code"].as_str().unwrap()), "{page}");
    assert!(!page.contains("The App") && html::form(&page, "device-answer").is_none(), "{page}");
    let answer = path.replace("/device?", "/device/answer?answer=allow&");
    assert_eq!(browser.get(&answer).await.is(303).header("location"), "/device");
    assert_eq!(browser.get("/device/done").await.is(303).header("location"), "/device");
    assert_eq!(poll(&app, &waits).await, "authorization_pending");
}

#[tokio::test]
async fn a_first_party_device_is_asked_about_too_and_every_time() {
    let server = Server::start().await;
    let app = television_with(&server, |new| new.first_party = true).await;
    let mut browser = ada(&server).await;
    for _ in 0..2 {
        let waits = begin(&app, &[]).await;
        let asked = type_code(&mut browser, &waits).await.is(200).text();
        assert!(html::form(&asked, "device-answer").is_some(), "{asked}");
        assert_eq!(poll(&app, &waits).await, "authorization_pending");
        answer(&mut browser, &asked, "allow").await.is(303);
        redeem(&app, &waits).await.is(200);
    }
}

#[tokio::test]
async fn a_device_that_asked_from_another_network_is_said_to() {
    let server = Server::start().await;
    let app = television(&server).await;
    let mut browser = ada(&server).await;
    let near = begin(&app, &[]).await;
    let far = begin_from(&app, SocketAddr::from((Ipv4Addr::new(203, 0, 113, 7), 40_000))).await;
    let words = "which is not the network that you are in";
    assert!(!type_code(&mut browser, &near).await.is(200).text().contains(words));
    let asked = type_code(&mut browser, &far).await.is(200).text();
    assert!(asked.contains("203.0.113.7") && asked.contains(words), "{asked}");
}

#[tokio::test]
async fn a_device_that_is_turned_away_is_told_so() {
    let server = Server::start().await;
    let app = television(&server).await;
    let mut browser = ada(&server).await;
    let waits = begin(&app, &[]).await;
    let asked = type_code(&mut browser, &waits).await.is(200).text();
    answer(&mut browser, &asked, "deny").await.is(303);
    let done = browser.get("/device/done").await.is(200).text();
    assert!(done.contains("The device is turned away"), "{done}");
    assert_eq!(poll(&app, &waits).await, "access_denied");
    assert_eq!(answer(&mut browser, &asked, "allow").await.status, 422);
    assert_eq!(poll(&app, &waits).await, "access_denied");
}

#[tokio::test]
async fn a_device_that_asks_too_often_slows_down() {
    let server = Server::start().await;
    let app = television(&server).await;
    let waits = begin(&app, &[]).await;
    assert_eq!(poll(&app, &waits).await, "authorization_pending");
    server.clock.go(Duration::from_secs(4));
    assert_eq!(poll(&app, &waits).await, "slow_down");
    server.clock.go(Duration::from_secs(9));
    assert_eq!(poll(&app, &waits).await, "slow_down", "ten seconds from then on");
    server.clock.go(Duration::from_secs(15));
    assert_eq!(poll(&app, &waits).await, "authorization_pending");
}

#[tokio::test]
async fn a_device_that_waits_too_long_is_told_to_begin_again() {
    let server = Server::start().await;
    let app = television(&server).await;
    let mut browser = ada(&server).await;
    let waits = begin(&app, &[]).await;
    let asked = type_code(&mut browser, &waits).await.is(200).text();
    server.clock.go(Duration::from_mins(15));
    answer(&mut browser, &asked, "allow").await.is(422);
    type_code(&mut browser, &waits).await.is(422);
    server.engine.sweep().await.unwrap();
    assert_eq!(poll(&app, &waits).await, "expired_token");
    server.clock.go(Duration::from_mins(15));
    server.engine.sweep().await.unwrap();
    assert_eq!(poll(&app, &waits).await, "invalid_grant");
}

#[tokio::test]
async fn a_code_of_either_kind_works_once() {
    let server = Server::start().await;
    let app = television(&server).await;
    let mut browser = ada(&server).await;
    let waits = begin(&app, &[]).await;
    let asked = let_in(&mut browser, &waits).await;
    answer(&mut browser, &asked, "allow").await.is(422);
    type_code(&mut browser, &waits).await.is(422);
    redeem(&app, &waits).await.is(200);
    assert_eq!(poll(&app, &waits).await, "invalid_grant");
}

#[tokio::test]
async fn a_devices_code_is_worth_nothing_to_another_client_and_is_not_spoilt() {
    let server = Server::start().await;
    let app = television(&server).await;
    let other = television_with(&server, |new| new.id = None).await;
    let mut browser = ada(&server).await;
    let waits = begin(&app, &[]).await;
    assert_eq!(poll(&other, &waits).await, "invalid_grant");
    let_in(&mut browser, &waits).await;
    assert_eq!(poll(&other, &waits).await, "invalid_grant");
    let mut impostor = app.clone();
    impostor.secret = Some("wrong".to_owned());
    assert_eq!(redeem(&impostor, &waits).await.is(401).json()["error"], "invalid_client");
    redeem(&app, &waits).await.is(200);
}

#[tokio::test]
async fn a_device_is_not_in_where_its_person_has_signed_out_before_it_came() {
    let server = Server::start().await;
    let app = television(&server).await;
    for scope in ["openid", "openid offline_access"] {
        let mut browser = server.browser();
        browser.sign_up(&format!("ada{}", scope.len())).await;
        let waits = begin(&app, &[("scope", scope)]).await;
        let_in(&mut browser, &waits).await;
        browser.post("/api/v1/sign-out", &json!({})).await;
        assert_eq!(poll(&app, &waits).await, "invalid_grant");
    }
}

#[tokio::test]
async fn what_is_taken_back_before_the_device_comes_is_not_given() {
    let server = Server::start().await;
    let app = television(&server).await;
    let mut browser = ada(&server).await;
    let waits = begin(&app, &[]).await;
    let_in(&mut browser, &waits).await;
    let apps = browser.get("/account/apps").await.text();
    let withdraw = html::form(&apps, "withdraw-1").unwrap_or_else(|| panic!("{apps}"));
    send(&mut browser, &withdraw.action, &withdraw.hidden).await.is(303);
    assert_eq!(poll(&app, &waits).await, "invalid_grant");
}

#[tokio::test]
async fn a_code_that_no_device_shows_finds_none() {
    let server = Server::start().await;
    let app = television(&server).await;
    let mut browser = ada(&server).await;
    let waits = begin(&app, &[]).await;
    for typed in ["", "WDJB", "AEIO-UAEI", "BBBB-BBBB"] {
        let page = type_code(&mut browser, &json!({ "user_code": typed })).await.is(422).text();
        assert!(html::form(&page, "device-answer").is_none(), "{typed}");
    }
    let typed = waits["user_code"].as_str().unwrap().to_lowercase().replace('-', " ");
    let asked = type_code(&mut browser, &json!({ "user_code": typed })).await.is(200).text();
    assert!(html::form(&asked, "device-answer").is_some(), "{asked}");
}

#[tokio::test]
async fn who_guesses_codes_has_to_wait() {
    let server = Server::start().await;
    let app = television(&server).await;
    let mut browser = ada(&server).await;
    let wrong = json!({ "user_code": "BBBB-BBBB" });
    let mut guesses = 0;
    let told = loop {
        let page = type_code(&mut browser, &wrong).await;
        if page.status == 429 {
            break page;
        }
        page.is(422);
        guesses += 1;
    };
    assert_eq!(guesses, 20, "of one session");
    assert!(told.header("retry-after").parse::<u64>().unwrap() >= 1);
    let waits = begin(&app, &[]).await;
    type_code(&mut browser, &waits).await.is(429);

    // Other sessions do not help for long: they come from the same network.
    for n in 0..2 {
        let mut other = server.browser();
        other.sign_up(&format!("other{n}")).await;
        for _ in 0..19 {
            type_code(&mut other, &wrong).await.is(422);
        }
    }
    let mut last = server.browser();
    last.sign_up("last").await;
    type_code(&mut last, &waits).await.is(429);
    server.clock.go(Duration::from_mins(5));
    let asked = type_code(&mut last, &waits).await.is(200).text();
    answer(&mut last, &asked, "allow").await.is(303);
}

#[tokio::test]
async fn one_persons_question_is_not_answered_in_another_session() {
    let server = Server::start().await;
    let app = television(&server).await;
    let mut browser = ada(&server).await;
    let mut other = server.browser();
    other.sign_up("eve").await;
    let waits = begin(&app, &[]).await;
    let asked = type_code(&mut other, &waits).await.is(200).text();
    answer(&mut browser, &asked, "allow").await.is(403);
    assert_eq!(poll(&app, &waits).await, "authorization_pending");
    answer(&mut other, &asked, "allow").await.is(303);
}

#[tokio::test]
async fn a_device_asks_for_no_more_than_its_client_may_have() {
    let server = Server::start().await;
    let app = television(&server).await;
    let plain = RelyingParty::with(&server, |new| new.id = None).await;
    for (app, parameter, error) in [
        (&app, ("scope", "openid admin"), "invalid_scope"),
        (&app, ("resource", "https://other.example"), "invalid_target"),
        (&plain, ("scope", "openid"), "unauthorized_client"),
    ] {
        let refused = app.post("/oauth/device", &[parameter]).await;
        assert_eq!(refused.is(400).json()["error"], error, "{parameter:?}");
    }
    let mut browser = ada(&server).await;
    let waits = begin(&app, &[("resource", "https://api.example")]).await;
    let_in(&mut browser, &waits).await;
    let code = ("device_code", waits["device_code"].as_str().unwrap());
    let elsewhere = ("resource", "http://localhost:7117");
    let refused = app.post("/oauth/token", &[GRANT, code, elsewhere]).await;
    assert_eq!(refused.is(400).json()["error"], "invalid_target");
    let tokens = redeem(&app, &waits).await.is(200).json();
    assert_eq!(claims(&tokens["access_token"])["aud"], "https://api.example");
}

#[tokio::test]
async fn of_too_many_devices_from_one_network_the_last_has_to_wait() {
    let server = Server::start().await;
    let app = television(&server).await;
    for _ in 0..120 {
        begin(&app, &[]).await;
    }
    let refused = app.post("/oauth/device", &[]).await;
    assert_eq!(refused.is(429).json()["error"], "slow_down");
    assert!(refused.header("retry-after").parse::<u64>().unwrap() >= 1);
}

/// A client that may let devices wait.
async fn television(server: &Server) -> RelyingParty {
    television_with(server, |_| ()).await
}

async fn television_with(server: &Server, change: impl FnOnce(&mut NewClient)) -> RelyingParty {
    RelyingParty::with(server, |new| {
        new.registration.grant_types.push(GrantType::DeviceCode);
        change(new);
    })
    .await
}

/// A device begins to wait.
async fn begin(app: &RelyingParty, with: &[(&str, &str)]) -> Value {
    app.post("/oauth/device", with).await.is(200).json()
}

async fn begin_from(app: &RelyingParty, peer: SocketAddr) -> Value {
    let mut request = app.form("/oauth/device", &[]);
    request.headers_mut().insert("host", HeaderValue::from_static("localhost:7117"));
    let body = app.server.answer_to(request, peer).await.into_body();
    serde_json::from_slice(&body.collect().await.unwrap().to_bytes()).unwrap()
}

async fn redeem(app: &RelyingParty, waits: &Value) -> Answer {
    let code = ("device_code", waits["device_code"].as_str().unwrap());
    app.post("/oauth/token", &[GRANT, code]).await
}

/// Why the device is not in.
async fn poll(app: &RelyingParty, waits: &Value) -> Value {
    redeem(app, waits).await.is(400).json()["error"].clone()
}

/// A person types what the device shows.
async fn type_code(browser: &mut Browser, waits: &Value) -> Answer {
    let page = open(browser, "/device").await.is(200).text();
    let mut form = html::form(&page, "device").unwrap();
    let code = waits["user_code"].as_str().unwrap();
    form.hidden.insert("user_code".to_owned(), code.to_owned());
    send(browser, &form.action, &form.hidden).await
}

/// A person answers what they are asked.
async fn answer(browser: &mut Browser, asked: &str, answer: &str) -> Answer {
    let mut form = html::form(asked, "device-answer").unwrap();
    form.hidden.insert("answer".to_owned(), answer.to_owned());
    send(browser, &form.action, &form.hidden).await
}

/// A person types the code and lets the device in; answers what they were asked.
async fn let_in(browser: &mut Browser, waits: &Value) -> String {
    let asked = type_code(browser, waits).await.is(200).text();
    answer(browser, &asked, "allow").await.is(303);
    asked
}
