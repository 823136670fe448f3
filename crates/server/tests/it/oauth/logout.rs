//! `/oauth/logout`: an app signs its user out, and gets the browser back.

use std::time::Duration;

use cloakroom_testkit::browser::{Answer, Browser, request};
use cloakroom_testkit::server::Server;
use http::{HeaderValue, Method};
use serde_json::{Value, json};
use url::form_urlencoded::Serializer;

use super::relying_party::{RelyingParty, ada, send};
use crate::html;

const BYE: &str = "https://app.example/bye";

#[tokio::test]
async fn an_app_that_brings_the_sessions_own_token_signs_its_user_out() {
    let server = Server::start().await;
    let app = app(&server).await;
    let mut browser = ada(&server).await;
    let tokens = app.tokens(&mut browser, &[]).await;
    let access = tokens["access_token"].as_str().unwrap();
    let active = async || app.post("/oauth/introspect", &[("token", access)]).await.json();
    assert_eq!(active().await["active"], true);

    let answer = browser.get(&wish(&hinting(&tokens, &[("state", "a & b")]))).await;

    assert_eq!(answer.status, 303);
    assert_eq!(answer.header("location"), format!("{BYE}?state=a+%26+b"));
    assert_eq!(answer.header("referrer-policy"), "no-referrer");
    assert_eq!(active().await, json!({"active": false}));
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let again = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    assert_eq!(app.post("/oauth/token", &again).await.is(400).json()["error"], "invalid_grant");
    assert!(!is_signed_in(&mut browser).await);
}

#[tokio::test]
async fn without_the_sessions_own_token_the_person_is_asked() {
    let server = Server::start().await;
    let app = app(&server).await;
    let mut browser = ada(&server).await;
    let of_another_session = app.tokens(&mut another(&server).await, &[]).await;
    for parameters in [
        vec![],
        vec![("client_id", "app")],
        vec![("client_id", "app"), ("post_logout_redirect_uri", BYE), ("state", "s")],
        hinting(&of_another_session, &[("state", "s")]),
    ] {
        let page = browser.get(&wish(&parameters)).await;
        assert_eq!(page.status, 200, "{parameters:?}");
        assert!(html::form(&page.text(), "log-out").is_some(), "{}", page.text());
        assert!(is_signed_in(&mut browser).await, "{parameters:?}");
    }
    let page = browser.get(&wish(&hinting(&of_another_session, &[("state", "s")]))).await;
    let policy = page.header("content-security-policy");
    assert!(policy.contains("form-action 'self' https://app.example;"), "{policy}");
    assert!(page.text().contains("The App"), "{}", page.text());

    let form = html::form(&page.text(), "log-out").unwrap();
    let answer = send(&mut browser, &form.action, &form.hidden).await;

    assert_eq!(answer.header("location"), format!("{BYE}?state=s"));
    assert!(!is_signed_in(&mut browser).await);
}

#[tokio::test]
async fn who_is_sent_nowhere_is_told_that_it_is_done() {
    let server = Server::start().await;
    let app = app(&server).await;
    let mut browser = ada(&server).await;
    let tokens = app.tokens(&mut browser, &[]).await;
    let hint = tokens["id_token"].as_str().unwrap();
    let answer = browser.get(&wish(&[("id_token_hint", hint)])).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/sign-out"));
    let page = browser.get("/sign-out").await;
    assert!(page.text().contains("You are signed out"), "{}", page.text());
    // Nobody is there any more, and the app gets the browser all the same.
    let again = browser.get(&wish(&hinting(&tokens, &[]))).await;
    assert_eq!(again.header("location"), BYE);
}

#[tokio::test]
async fn a_token_that_expired_still_says_which_session_is_meant() {
    let server = Server::start().await;
    let app = app(&server).await;
    let mut browser = ada(&server).await;
    let tokens = app.tokens(&mut browser, &[]).await;
    server.clock.go(Duration::from_hours(3));
    let answer = browser.get(&wish(&hinting(&tokens, &[]))).await;
    assert_eq!(answer.header("location"), BYE);
    assert!(!is_signed_in(&mut browser).await);
}

#[tokio::test]
async fn nobody_is_sent_where_no_app_that_asks_has_registered() {
    let server = Server::start().await;
    let app = app(&server).await;
    let other = RelyingParty::with(&server, |new| {
        new.id = None;
        new.registration.logout.redirect_uris = vec!["https://other.example/bye".to_owned()];
    })
    .await;
    let mut browser = ada(&server).await;
    let tokens = app.tokens(&mut browser, &[]).await;
    let hint = tokens["id_token"].as_str().unwrap();
    let access = tokens["access_token"].as_str().unwrap();
    let (head, signature) = hint.rsplit_once('.').unwrap();
    let first = if signature.starts_with('A') { "B" } else { "A" };
    let forged = format!("{head}.{first}{}", &signature[1..]);
    for parameters in [
        [("id_token_hint", hint), ("post_logout_redirect_uri", "https://evil.example/")],
        [("id_token_hint", hint), ("post_logout_redirect_uri", "https://other.example/bye")],
        [("id_token_hint", hint), ("post_logout_redirect_uri", "https://app.example/bye?x=1")],
        [("id_token_hint", hint), ("post_logout_redirect_uri", "https://app.example/callback")],
        [("client_id", "app"), ("post_logout_redirect_uri", "https://other.example/bye")],
        [("client_id", "nobody"), ("post_logout_redirect_uri", BYE)],
        [("state", "s"), ("post_logout_redirect_uri", BYE)],
        [("id_token_hint", hint), ("client_id", &other.id)],
        [("id_token_hint", &forged), ("post_logout_redirect_uri", BYE)],
        [("id_token_hint", access), ("post_logout_redirect_uri", BYE)],
        [("id_token_hint", "a.b.c"), ("post_logout_redirect_uri", BYE)],
        [("client_id", "app"), ("client_id", "app")],
    ] {
        let page = browser.get(&wish(&parameters)).await;
        assert_eq!((page.status.as_u16(), page.header("location")), (400, ""), "{parameters:?}");
        assert!(page.text().contains("invalid_request"), "{parameters:?}: {}", page.text());
        assert!(is_signed_in(&mut browser).await, "{parameters:?}");
    }
    let unaltered = browser.get(&wish(&hinting(&tokens, &[]))).await;
    assert_eq!(unaltered.header("location"), BYE);
}

#[tokio::test]
async fn a_page_of_the_app_may_post_it_and_the_browser_brings_it_again() {
    let server = Server::start().await;
    let app = app(&server).await;
    let mut browser = ada(&server).await;
    let tokens = app.tokens(&mut browser, &[]).await;
    let hint = tokens["id_token"].as_str().unwrap();

    let sent = post(&mut server.browser(), &hinting(&tokens, &[("state", "s")])).await;
    assert_eq!(sent.status, 303);
    let back = sent.header("location").to_owned();
    assert!(back.starts_with("/oauth/logout?") && !back.contains(hint), "{back}");
    let answer = browser.get(&back).await;

    assert_eq!(answer.header("location"), format!("{BYE}?state=s"));
    assert!(!is_signed_in(&mut browser).await);
}

#[tokio::test]
async fn another_site_signs_nobody_out_by_posting() {
    let server = Server::start().await;
    let app = app(&server).await;
    let mut browser = ada(&server).await;
    let of_another_session = app.tokens(&mut another(&server).await, &[]).await;
    let asks = |page: &Answer| html::form(&page.text(), "log-out").is_some();
    for parameters in [
        vec![("client_id", "app"), ("post_logout_redirect_uri", BYE)],
        vec![("client_id", "app"), ("csrf", "AAAA")],
        hinting(&of_another_session, &[]),
    ] {
        // With the cookie, as a browser that is lax about it would, and without.
        assert!(asks(&post(&mut browser, &parameters).await), "{parameters:?}");
        let sent = post(&mut server.browser(), &parameters).await;
        assert!(asks(&browser.get(sent.header("location")).await), "{parameters:?}");
        assert!(is_signed_in(&mut browser).await, "{parameters:?}");
    }
    // The token of one form is not that of another.
    let page = browser.get("/sign-out").await;
    let csrf = html::form(&page.text(), "sign-out").unwrap().hidden["csrf"].clone();
    let refused = browser.get(&wish(&[("csrf", &csrf)])).await;
    assert_eq!(refused.status, 403);
    assert!(asks(&refused) && is_signed_in(&mut browser).await);
}

/// An app that may have the browser back afterwards.
async fn app(server: &Server) -> RelyingParty {
    RelyingParty::with(server, |new| {
        new.registration.logout.redirect_uris = vec![BYE.to_owned()];
    })
    .await
}

/// Another browser at which Ada is signed in.
async fn another(server: &Server) -> Browser {
    let mut browser = server.browser();
    browser.sign_in("ada", "cookie").await.is(200);
    browser
}

/// The address by which a client asks.
fn wish(parameters: &[(&str, &str)]) -> String {
    let query = Serializer::new(String::new()).extend_pairs(parameters).finish();
    format!("/oauth/logout?{query}")
}

/// What a client asks that has the session's ID token and wants the browser back.
fn hinting<'a>(tokens: &'a Value, with: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let hint = tokens["id_token"].as_str().unwrap();
    [("id_token_hint", hint), ("post_logout_redirect_uri", BYE)]
        .into_iter()
        .chain(with.iter().copied())
        .collect()
}

/// Posts a wish as another site's page does.
async fn post(browser: &mut Browser, parameters: &[(&str, &str)]) -> Answer {
    let body = Serializer::new(String::new()).extend_pairs(parameters).finish();
    let mut request = request(Method::POST, "/oauth/logout", body.into());
    let headers = request.headers_mut();
    let form = HeaderValue::from_static("application/x-www-form-urlencoded");
    headers.insert("content-type", form);
    headers.insert("origin", HeaderValue::from_static("https://app.example"));
    headers.insert("sec-fetch-site", HeaderValue::from_static("cross-site"));
    browser.send(request).await
}

async fn is_signed_in(browser: &mut Browser) -> bool {
    browser.get("/account").await.status == 200
}
