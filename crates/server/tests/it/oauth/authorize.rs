//! `/oauth/authorize`: from a client's question to its code, with a person in between.

use std::time::Duration;

use cloakroom_model::registration::AuthenticationMethod;
use cloakroom_testkit::server::Server;

use super::relying_party::{RelyingParty, ada, callback, claims, open, send, walk};
use crate::html;

#[tokio::test]
async fn a_person_who_comes_from_an_app_signs_in_consents_and_goes_back() {
    let server = Server::start().await;
    let app = RelyingParty::new(&server).await;
    server.add_user("ada", &[]).await;
    let mut browser = server.browser();

    let page = open(&mut browser, &app.question(&[])).await;
    assert!(html::form(&page.text(), "sign-in").is_some(), "{}", page.text());
    let answer = walk(&mut browser, &app.question(&[])).await;

    assert_eq!(answer.mode, "query");
    assert_eq!(answer.parameters["state"], "the state");
    assert_eq!(answer.parameters["iss"], "http://localhost:7117");
    let tokens = app.redeem(&answer.parameters["code"]).await.is(200).json();
    assert_eq!(tokens["token_type"], "Bearer");
    let id_token = claims(&tokens["id_token"]);
    assert_eq!(id_token["aud"], "app");
    assert_eq!(id_token["nonce"], "the nonce");
    assert_eq!(claims(&tokens["access_token"])["sid"], id_token["sid"]);
}

#[tokio::test]
async fn who_allowed_an_app_before_is_not_asked_again() {
    let server = Server::start().await;
    let app = RelyingParty::new(&server).await;
    let mut browser = ada(&server).await;

    app.code(&mut browser, &[]).await;
    let at_once = browser.get(&app.question(&[])).await;
    assert!(callback(&at_once).unwrap().parameters.contains_key("code"));

    // More than before is another question.
    let more = open(&mut browser, &app.question(&[("scope", "openid email")])).await;
    assert!(html::form(&more.text(), "consent").is_some(), "{}", more.text());
}

#[tokio::test]
async fn who_does_not_allow_it_is_not_known_to_the_app() {
    let server = Server::start().await;
    let app = RelyingParty::new(&server).await;
    let mut browser = ada(&server).await;
    let page = open(&mut browser, &app.question(&[])).await;
    let mut consent = html::form(&page.text(), "consent").unwrap();
    consent.hidden.insert("answer".to_owned(), "deny".to_owned());

    let denied = callback(&send(&mut browser, &consent.action, &consent.hidden).await).unwrap();

    assert_eq!(denied.parameters["error"], "access_denied");
    assert_eq!(denied.parameters["state"], "the state");
    assert!(!denied.parameters.contains_key("code"));
}

#[tokio::test]
async fn a_first_party_app_is_not_asked_about() {
    let server = Server::start().await;
    let app = RelyingParty::with(&server, |new| new.first_party = true).await;
    let mut browser = ada(&server).await;
    let answer = browser.get(&app.question(&[])).await;
    assert!(callback(&answer).unwrap().parameters.contains_key("code"));
}

#[tokio::test]
async fn nobody_is_asked_anything_where_the_app_forbids_it() {
    let server = Server::start().await;
    let app = RelyingParty::new(&server).await;
    let silently = app.question(&[("prompt", "none")]);
    let error = async |browser: &mut _| {
        let browser: &mut cloakroom_testkit::browser::Browser = browser;
        callback(&browser.get(&silently).await).unwrap().parameters["error"].clone()
    };
    assert_eq!(error(&mut server.browser()).await, "login_required");
    let mut browser = ada(&server).await;
    assert_eq!(error(&mut browser).await, "consent_required");

    app.code(&mut browser, &[]).await;
    let answer = callback(&browser.get(&silently).await).unwrap();
    assert!(answer.parameters.contains_key("code"), "{answer:?}");
}

#[tokio::test]
async fn a_person_proves_again_who_they_are_and_the_session_goes_on() {
    let server = Server::start().await;
    let app = RelyingParty::new(&server).await;
    let mut browser = ada(&server).await;
    let first = claims(&app.tokens(&mut browser, &[]).await["id_token"]);
    server.clock.go(Duration::from_mins(5));

    let page = open(&mut browser, &app.question(&[("prompt", "login")])).await;
    assert!(html::form(&page.text(), "again").is_some(), "{}", page.text());
    let again = claims(&app.tokens(&mut browser, &[("prompt", "login")]).await["id_token"]);

    assert_eq!(again["sid"], first["sid"]);
    assert!(again["auth_time"].as_u64() > first["auth_time"].as_u64());
}

#[tokio::test]
async fn an_old_sign_in_is_renewed_where_the_app_wants_a_young_one() {
    let server = Server::start().await;
    let app = RelyingParty::new(&server).await;
    let mut browser = ada(&server).await;
    app.code(&mut browser, &[]).await;
    server.clock.go(Duration::from_mins(5));

    let young_enough = browser.get(&app.question(&[("max_age", "301")])).await;
    assert!(callback(&young_enough).is_some());
    let page = open(&mut browser, &app.question(&[("max_age", "299")])).await;
    assert!(html::form(&page.text(), "again").is_some(), "{}", page.text());
    let silent = app.question(&[("max_age", "299"), ("prompt", "none")]);
    let refused = callback(&browser.get(&silent).await).unwrap();
    assert_eq!(refused.parameters["error"], "login_required");
}

#[tokio::test]
async fn a_person_says_which_account_it_shall_be() {
    let server = Server::start().await;
    let app = RelyingParty::new(&server).await;
    let mut browser = ada(&server).await;
    app.code(&mut browser, &[]).await;
    server.clock.go(Duration::from_mins(1));
    let question = app.question(&[("prompt", "select_account")]);

    let page = open(&mut browser, &question).await;
    assert!(page.text().contains("Continue as ada@example.com"), "{}", page.text());
    let other = html::attribute(html::element(&page.text(), "another").unwrap(), "href").unwrap();
    assert!(html::form(&browser.get(&other).await.text(), "sign-in").is_some());
    assert!(walk(&mut browser, &question).await.parameters.contains_key("code"));
}

#[tokio::test]
async fn the_word_that_an_account_was_chosen_is_nobody_elses_to_say() {
    let server = Server::start().await;
    let app = RelyingParty::new(&server).await;
    let mut browser = ada(&server).await;
    app.code(&mut browser, &[]).await;
    server.clock.go(Duration::from_mins(1));
    let forged = app.question(&[("prompt", "select_account"), ("chosen", "true")]);
    let page = open(&mut browser, &forged).await;
    assert!(html::element(&page.text(), "this").is_some(), "{}", page.text());
}

#[tokio::test]
async fn an_answer_travels_as_the_app_asks() {
    let server = Server::start().await;
    let app = RelyingParty::with(&server, |new| new.first_party = true).await;
    let mut browser = ada(&server).await;
    for (mode, how) in [("query", "query"), ("fragment", "fragment"), ("form_post", "form_post")] {
        let answer = walk(&mut browser, &app.question(&[("response_mode", mode)])).await;
        assert_eq!(answer.mode, how);
        assert!(answer.parameters.contains_key("code"), "{answer:?}");
    }
    for (mode, how) in
        [("jwt", "query"), ("fragment.jwt", "fragment"), ("form_post.jwt", "form_post")]
    {
        let answer = walk(&mut browser, &app.question(&[("response_mode", mode)])).await;
        assert_eq!(answer.mode, how);
        let signed = claims(&answer.parameters["response"].clone().into());
        assert_eq!(signed["aud"], "app");
        assert!(signed["code"].is_string() && signed["state"] == "the state", "{signed}");
    }
}

#[tokio::test]
async fn a_form_of_ours_leads_on_to_the_app_and_nowhere_else() {
    let server = Server::start().await;
    let app = RelyingParty::new(&server).await;
    server.add_user("ada", &[]).await;
    let mut browser = server.browser();
    let page = open(&mut browser, &app.question(&[])).await;
    let policy = page.header("content-security-policy");
    assert!(policy.contains("form-action 'self' https://app.example;"), "{policy}");
    let plain = server.browser().get("/sign-in").await;
    assert!(plain.header("content-security-policy").contains("form-action 'self';"));
}

#[tokio::test]
async fn a_question_that_a_page_of_the_app_posts_is_brought_again_by_the_browser() {
    let server = Server::start().await;
    let app = RelyingParty::new(&server).await;
    let mut browser = ada(&server).await;
    app.code(&mut browser, &[]).await;
    // As a browser does it: from another site, and without the cookie that is SameSite=Lax.
    let mut request = cloakroom_testkit::browser::request(
        http::Method::POST,
        "/oauth/authorize",
        app.parameters(&[]).into(),
    );
    let form = http::HeaderValue::from_static("application/x-www-form-urlencoded");
    request.headers_mut().insert("content-type", form);
    let site = http::HeaderValue::from_static("cross-site");
    request.headers_mut().insert("sec-fetch-site", site);
    let sent = server.browser().send(request).await;
    assert_eq!(sent.status, 303);
    let answer = walk(&mut browser, sent.header("location")).await;
    assert_eq!(answer.parameters["state"], "the state");
}

#[tokio::test]
async fn where_no_answer_may_go_the_person_is_told() {
    let server = Server::start().await;
    let app = RelyingParty::new(&server).await;
    let mut browser = ada(&server).await;
    assert!(callback(&browser.get(&app.question(&[("prompt", "none")])).await).is_some());
    for (with, code) in [
        (("redirect_uri", "https://app.example/callback/"), "invalid_request"),
        (("redirect_uri", "https://APP.example/callback"), "invalid_request"),
        (("redirect_uri", "https://app.example.evil.example/callback"), "invalid_request"),
        (("redirect_uri", "https://app.example/callback?x=1"), "invalid_request"),
        (("redirect_uri", "https://app.example@evil.example/callback"), "invalid_request"),
        (("redirect_uri", "http://app.example/callback"), "invalid_request"),
        (("redirect_uri", "https://app.example:8443/callback"), "invalid_request"),
        (("redirect_uri", "https://app.example/%63allback"), "invalid_request"),
        (("redirect_uri", ""), "invalid_request"),
        (("client_id", "nobody"), "invalid_request"),
        (("client_id", ""), "invalid_request"),
    ] {
        let page = browser.get(&app.question(&[with])).await;
        assert_eq!((page.status.as_u16(), page.header("location")), (400, ""), "{with:?}");
        assert!(page.text().contains(code), "{with:?}: {}", page.text());
    }
    let twice = format!("{}&state=other", app.question(&[]));
    assert_eq!(browser.get(&twice).await.status, 400);
}

#[tokio::test]
async fn every_other_mistake_is_told_to_the_app() {
    let server = Server::start().await;
    let app = RelyingParty::new(&server).await;
    let mut browser = ada(&server).await;
    for (with, code) in [
        (("response_type", "token"), "unsupported_response_type"),
        (("response_type", ""), "invalid_request"),
        (("code_challenge", ""), "invalid_request"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("scope", "openid admin"), "invalid_scope"),
        (("resource", "https://elsewhere.example"), "invalid_target"),
        (("prompt", "none login"), "invalid_request"),
        (("max_age", "soon"), "invalid_request"),
        (("claims", "{"), "invalid_request"),
        (("request", "a.b.c"), "request_not_supported"),
    ] {
        let answer = browser.get(&app.question(&[with])).await;
        let answer = callback(&answer).unwrap_or_else(|| panic!("{with:?}: {}", answer.text()));
        assert_eq!(answer.parameters["error"], code, "{with:?}: {answer:?}");
        assert_eq!(answer.parameters["state"], "the state");
        assert_eq!(answer.parameters["iss"], "http://localhost:7117");
    }
}

#[tokio::test]
async fn a_public_client_has_nothing_but_its_pkce() {
    let server = Server::start().await;
    let app = RelyingParty::with(&server, |new| {
        new.confidential = false;
        new.registration.method = AuthenticationMethod::None;
        new.registration.redirect_uris.push("http://127.0.0.1/callback".to_owned());
    })
    .await;
    let mut browser = ada(&server).await;
    let redirect = ("redirect_uri", "http://127.0.0.1:49152/callback");
    let code = app.code(&mut browser, &[redirect]).await;
    app.redeem_with(&code, &[redirect]).await.is(200);
    let without = browser.get(&app.question(&[("code_challenge", "")])).await;
    assert_eq!(callback(&without).unwrap().parameters["error"], "invalid_request");
}

#[tokio::test]
async fn nobody_signs_in_for_a_question_that_was_kept_too_long() {
    let server = Server::start().await;
    let app = RelyingParty::new(&server).await;
    server.add_user("ada", &[]).await;
    let mut browser = server.browser();
    let to_sign_in = browser.get(&app.question(&[])).await.header("location").to_owned();
    server.clock.go(Duration::from_mins(31));
    let page = browser.get(&to_sign_in).await;
    let mut form = html::form(&page.text(), "sign-in").unwrap();
    form.hidden.insert("identifier".to_owned(), "ada@example.com".to_owned());
    form.hidden.insert("password".to_owned(), cloakroom_testkit::engine::PASSWORD.to_owned());
    let signed_in = send(&mut browser, &form.action, &form.hidden).await;
    let page = browser.get(signed_in.header("location")).await;
    assert_eq!(page.status, 400);
    assert!(page.text().contains("invalid_request_uri"), "{}", page.text());
}
