//! `/sign-in` and `/sign-out`.

use std::time::Duration;

use http::StatusCode;

use super::browser::{EMAIL, PASSWORD, attribute, scene, scene_with};

#[tokio::test]
async fn a_right_password_signs_in_and_leads_to_the_account() {
    let scene = scene().await;
    scene.ada().await;
    for identifier in [EMAIL, "ada", "ADA@Example.com", " ada "] {
        let mut browser = scene.browser();
        let answer = browser.sign_in(identifier, PASSWORD).await;
        assert_eq!((answer.status, answer.leads_to()), (StatusCode::SEE_OTHER, "/account"));
        let account = browser.get("/account").await;
        assert_eq!(account.status, StatusCode::OK);
        assert!(account.says(EMAIL), "{}", account.html);
    }
}

#[tokio::test]
async fn what_was_typed_is_kept_and_the_password_is_not() {
    let scene = scene().await;
    scene.ada().await;
    let mut browser = scene.browser();
    let page = browser.get("/sign-in").await;
    let fields =
        [("identifier", "ada\"><b>"), ("password", "not the right one"), ("remember", "true")];
    let again = browser.send(&page, "sign-in", &fields).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(attribute(again.element("identifier"), "value").as_deref(), Some("ada\"><b>"));
    assert!(again.element("remember").contains(" checked"));
    assert!(!again.says("not the right one"));
    let password = again.element("password");
    assert!(password.contains("aria-invalid=\"true\"") && password.contains(" autofocus"));
    assert!(attribute(password, "aria-describedby").unwrap().contains("password-problem"));
    assert!(again.says("This username and password don’t match."));

    let fields = [("identifier", "ada"), ("password", PASSWORD)];
    assert_eq!(browser.send(&again, "sign-in", &fields).await.leads_to(), "/account");
}

#[tokio::test]
async fn an_unknown_name_is_answered_like_a_wrong_password() {
    let scene = scene().await;
    scene.ada().await;
    let mut browser = scene.browser();
    let known = browser.sign_in(EMAIL, "not the right one").await;
    let unknown = browser.sign_in("eve@example.com", "not the right one").await;
    assert_eq!(known.status, unknown.status);
    assert_eq!(known.html.replace(EMAIL, ""), unknown.html.replace("eve@example.com", ""));
}

#[tokio::test]
async fn an_empty_field_is_named_where_it_stands() {
    let scene = scene().await;
    let mut browser = scene.browser();
    let again = browser.sign_in("", "").await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(again.element("identifier").contains(" autofocus"));
    assert!(again.element("password").contains("aria-invalid"));
    assert!(again.says("<a href=\"#identifier\">") && again.says("<a href=\"#password\">"));
}

#[tokio::test]
async fn it_leads_on_to_where_the_visitor_wanted_to_go_and_nowhere_else() {
    let scene = scene().await;
    scene.ada().await;
    for (wanted, reached) in [
        ("/account/devices?x=1", "/account/devices?x=1"),
        ("//evil.example", "/account"),
        ("/\\evil.example", "/account"),
        ("https://evil.example", "/account"),
    ] {
        let mut browser = scene.browser();
        let query = url::form_urlencoded::byte_serialize(wanted.as_bytes()).collect::<String>();
        let page = browser.get(&format!("/sign-in?return_to={query}")).await;
        let fields = [("identifier", EMAIL), ("password", PASSWORD)];
        assert_eq!(browser.send(&page, "sign-in", &fields).await.leads_to(), reached, "{wanted}");

        let mut browser = scene.browser();
        let page = browser.get("/sign-in").await;
        let fields = [("identifier", EMAIL), ("password", PASSWORD), ("return_to", wanted)];
        assert_eq!(browser.send(&page, "sign-in", &fields).await.leads_to(), reached, "{wanted}");
    }
}

#[tokio::test]
async fn a_page_that_needs_a_user_asks_for_one_and_comes_back() {
    let scene = scene().await;
    scene.ada().await;
    let mut browser = scene.browser();
    let page = browser.get("/account/devices").await;
    assert_eq!(page.leads_to(), "/sign-in?return_to=/account/devices");
    let page = browser.open("/account/devices").await;
    assert!(page.says("Please sign in to go on."));
    let fields = [("identifier", EMAIL), ("password", PASSWORD)];
    let answer = browser.send(&page, "sign-in", &fields).await;
    assert_eq!(answer.leads_to(), "/account/devices");
}

#[tokio::test]
async fn only_a_remembered_session_outlives_the_browser() {
    let scene = scene().await;
    scene.ada().await;
    for (remember, lasts) in [("true", true), ("false", false)] {
        let mut browser = scene.browser();
        let page = browser.get("/sign-in").await;
        let fields = [("identifier", EMAIL), ("password", PASSWORD), ("remember", remember)];
        let answer = browser.send(&page, "sign-in", &fields).await;
        let cookies = answer.headers.get_all("set-cookie").iter();
        let session = cookies
            .map(|cookie| cookie.to_str().unwrap())
            .find(|cookie| cookie.starts_with("cloakroom="))
            .unwrap();
        assert!(session.contains("HttpOnly") && session.contains("SameSite=Lax"), "{session}");
        assert_eq!(session.contains("Max-Age="), lasts, "{session}");
    }
}

#[tokio::test]
async fn too_many_failures_ask_to_wait_and_keep_what_was_typed() {
    let scene = scene().await;
    scene.ada().await;
    let mut browser = scene.browser();
    let mut answer = browser.sign_in(EMAIL, "not the right one").await;
    for _ in 0..50 {
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            break;
        }
        answer = browser.sign_in(EMAIL, "not the right one").await;
    }
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    let wait: u64 = answer.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!(answer.says("There were too many attempts. Please wait"));
    assert_eq!(attribute(answer.element("identifier"), "value").as_deref(), Some(EMAIL));

    scene.clock.go(Duration::from_secs(wait));
    assert_eq!(browser.sign_in(EMAIL, PASSWORD).await.leads_to(), "/account");
}

#[tokio::test]
async fn who_is_signed_in_is_not_asked_again() {
    let scene = scene().await;
    let mut browser = scene.ada().await;
    assert_eq!(browser.get("/sign-in").await.leads_to(), "/account");
    assert_eq!(
        browser.get("/sign-in?return_to=/account/devices").await.leads_to(),
        "/account/devices"
    );
    assert_eq!(browser.get("/").await.leads_to(), "/account");
}

#[tokio::test]
async fn signing_out_ends_the_session_and_takes_its_cookie_back() {
    let scene = scene().await;
    let mut browser = scene.ada().await;
    let secret = browser.cookies["cloakroom"].clone();
    let page = browser.get("/sign-out").await;
    assert!(page.says("Sign out?") && page.says(EMAIL));
    let answer = browser.send(&page, "sign-out", &[]).await;
    assert_eq!(answer.leads_to(), "/sign-out");
    assert!(!browser.cookies.contains_key("cloakroom"));
    assert!(browser.get("/sign-out").await.says("You are signed out"));

    browser.cookies.insert("cloakroom".to_owned(), secret);
    assert!(!browser.is_signed_in().await);
    assert!(browser.open("/account").await.says("You were signed out of this browser."));
}

#[tokio::test]
async fn a_link_alone_signs_nobody_out() {
    let scene = scene().await;
    let mut browser = scene.ada().await;
    browser.get("/sign-out").await;
    assert!(browser.is_signed_in().await);
}

#[tokio::test]
async fn a_session_that_went_unused_for_too_long_asks_to_sign_in() {
    let scene = scene().await;
    let mut browser = scene.ada().await;
    scene.clock.go(Duration::from_hours(25));
    assert_eq!(browser.get("/account").await.leads_to(), "/sign-in?return_to=/account");
}

#[tokio::test]
async fn a_full_account_says_where_to_make_room() {
    use cloakroom_model::policy::limit::{Limit, WhenFull};
    let mut settings = cloakroom_testkit::engine::settings();
    settings.session_limit = Some(Limit { sessions: 1, when_full: WhenFull::Refuse });
    let scene = scene_with(settings).await;
    scene.ada().await;
    let answer = scene.browser().sign_in(EMAIL, PASSWORD).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(answer.says("on as many devices as it may be"));
}
