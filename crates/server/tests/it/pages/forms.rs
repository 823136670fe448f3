//! Forms are ours, sent from our own pages, and whole.

use axum::body::Body;
use http::{Request, StatusCode};

use super::browser::{EMAIL, PASSWORD, attribute, scene};

#[tokio::test]
async fn a_form_that_was_shown_to_another_browser_signs_nobody_in() {
    let scene = scene().await;
    scene.ada().await;
    let fields = [("identifier", EMAIL), ("password", PASSWORD)];
    let mut mine = scene.browser();
    let page = mine.get("/sign-in").await;
    let mut strange = scene.browser();
    strange.get("/sign-in").await;
    let again = strange.send(&page, "sign-in", &fields).await;
    assert_eq!(again.status, StatusCode::FORBIDDEN);
    assert_eq!(attribute(again.element("identifier"), "value").as_deref(), Some(EMAIL));
    assert!(!strange.is_signed_in().await);
    assert_eq!(strange.send(&again, "sign-in", &fields).await.leads_to(), "/account");
    assert_eq!(mine.send(&page, "sign-in", &fields).await.leads_to(), "/account");
}

#[tokio::test]
async fn a_form_without_its_token_or_without_the_cookie_does_nothing() {
    let scene = scene().await;
    scene.ada().await;
    let mut browser = scene.browser();
    let page = browser.get("/sign-in").await;
    let fields = [("identifier", EMAIL), ("password", PASSWORD), ("csrf", "")];
    assert_eq!(browser.send(&page, "sign-in", &fields).await.status, StatusCode::FORBIDDEN);
    browser.cookies.clear();
    assert_eq!(browser.send(&page, "sign-in", &fields[..2]).await.status, StatusCode::FORBIDDEN);
    assert!(!browser.is_signed_in().await);
}

#[tokio::test]
async fn a_form_of_an_earlier_session_earns_nothing_in_a_later_one() {
    let scene = scene().await;
    let mut browser = scene.ada().await;
    let mut old = Vec::new();
    for path in
        ["/account", "/account/password", "/account/delete", "/account/devices", "/sign-out"]
    {
        old.push(browser.get(path).await);
    }
    let page = browser.get("/sign-out").await;
    browser.send(&page, "sign-out", &[]).await;
    assert_eq!(browser.sign_in(EMAIL, PASSWORD).await.leads_to(), "/account");
    let forms =
        ["change-names", "change-password", "delete-account", "sign-out-everywhere", "sign-out"];
    for (page, form) in old.iter().zip(forms) {
        let fields = [
            ("current_password", PASSWORD),
            ("new_password", "nine umbrellas and a glove"),
            ("password", PASSWORD),
        ];
        let answer = browser.send(page, form, &fields).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{form}");
        assert!(answer.says("Nothing was changed yet"), "{form}");
    }
    assert!(browser.is_signed_in().await);
}

#[tokio::test]
async fn a_form_for_one_thing_does_no_other() {
    let scene = scene().await;
    let mut browser = scene.ada().await;
    let page = browser.get("/account/password").await;
    let mut form = page.form("change-password").unwrap().hidden;
    form.insert("password".to_owned(), PASSWORD.to_owned());
    let answer = browser.post("/account/delete", &form, "same-origin").await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(browser.is_signed_in().await);
}

#[tokio::test]
async fn what_another_site_sends_is_refused_whatever_it_carries() {
    let scene = scene().await;
    let mut browser = scene.ada().await;
    for (path, id) in [("/sign-out", "sign-out"), ("/account/devices", "sign-out-everywhere")] {
        let form = browser.get(path).await.form(id).unwrap();
        for site in ["cross-site", "same-site"] {
            let answer = browser.post(&form.action, &form.hidden, site).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN);
            assert!(answer.says("Another website asked for this"), "{}", answer.html);
        }
        assert!(browser.is_signed_in().await);
    }
    let form = browser.get("/sign-out").await.form("sign-out").unwrap();
    browser.post(&form.action, &form.hidden, "same-origin").await;
    assert!(!browser.is_signed_in().await, "the same form from our own page");
}

#[tokio::test]
async fn what_is_no_form_is_no_request() {
    let scene = scene().await;
    let mut browser = scene.browser();
    let long = format!("identifier={}", "x".repeat(20_000));
    for (kind, body, status) in [
        ("application/x-www-form-urlencoded", "a=1&a=2", StatusCode::BAD_REQUEST),
        ("application/x-www-form-urlencoded", "identifier=%zz", StatusCode::BAD_REQUEST),
        ("application/x-www-form-urlencoded", "identifier=%ff", StatusCode::BAD_REQUEST),
        ("application/x-www-form-urlencoded", &long, StatusCode::PAYLOAD_TOO_LARGE),
        ("multipart/form-data; boundary=x", "--x--", StatusCode::BAD_REQUEST),
        ("application/json", "{}", StatusCode::BAD_REQUEST),
        ("text/plain", "identifier=ada", StatusCode::BAD_REQUEST),
    ] {
        for path in ["/sign-in", "/sign-up", "/setup", "/recover", "/sign-in/link", "/sign-out"] {
            let request = Request::post(path)
                .header("content-type", kind)
                .body(Body::from(body.to_owned()))
                .unwrap();
            let answer = browser.ask(request).await;
            assert_eq!(answer.status, status, "{path} {kind}");
            assert!(answer.says("<h1>"), "{path} {kind}");
        }
    }
}

#[tokio::test]
async fn another_method_is_answered_with_those_there_are() {
    let scene = scene().await;
    let mut browser = scene.browser();
    let request = Request::delete("/sign-in").body(Body::empty()).unwrap();
    let answer = browser.ask(request).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(answer.says("This page opens differently"));
    assert_eq!(answer.headers["allow"], "GET,HEAD,POST");
}

#[tokio::test]
async fn a_replaced_cookie_is_sent_to_itself_once() {
    let scene = scene().await;
    let mut browser = scene.ada().await;
    let old = browser.cookies["cloakroom"].clone();
    let page = browser.get("/account/password").await;
    let fields = [("current_password", PASSWORD), ("new_password", "nine umbrellas and a glove")];
    browser.send(&page, "change-password", &fields).await;
    let new = browser.cookies.insert("cloakroom".to_owned(), old.clone()).unwrap();

    let answer = browser.get("/account/devices?x=1").await;
    assert_eq!(answer.leads_to(), "/account/devices?x=1");
    assert_eq!(browser.cookies["cloakroom"], old, "nothing clears it");
    let answer = browser.get("/account/devices?x=1").await;
    assert!(answer.leads_to().starts_with("/sign-in"), "once");
    browser.cookies.insert("cloakroom".to_owned(), new);
    assert!(browser.is_signed_in().await);
}

#[tokio::test]
async fn a_sign_out_with_a_replaced_cookie_ends_the_session_it_became() {
    let scene = scene().await;
    let mut browser = scene.ada().await;
    let old = browser.cookies["cloakroom"].clone();
    let sign_out = browser.get("/sign-out").await;
    let page = browser.get("/account/password").await;
    let fields = [("current_password", PASSWORD), ("new_password", "nine umbrellas and a glove")];
    browser.send(&page, "change-password", &fields).await;
    let new = browser.cookies.insert("cloakroom".to_owned(), old).unwrap();
    browser.send(&sign_out, "sign-out", &[]).await;
    browser.cookies.insert("cloakroom".to_owned(), new);
    assert!(!browser.is_signed_in().await);
}
