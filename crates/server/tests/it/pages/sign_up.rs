//! `/sign-up` and `/setup`.

use http::StatusCode;

use super::browser::{EMAIL, PASSWORD, attribute, scene, scene_with};

#[tokio::test]
async fn an_account_is_made_and_its_owner_is_in() {
    let scene = scene().await;
    let mut browser = scene.ada().await;
    let account = browser.get("/account").await;
    assert!(account.says("Your account is ready") && account.says("<dd>ada</dd>"));
    assert!(!account.says("Administrator"));
    assert!(!browser.get("/account").await.says("Your account is ready"), "it is said once");
}

#[tokio::test]
async fn everything_that_does_not_fit_is_said_at_once() {
    let scene = scene().await;
    let mut browser = scene.browser();
    let page = browser.get("/sign-up").await;
    let fields = [("email", "ada@@example"), ("username", "@da"), ("password", "short")];
    let again = browser.send(&page, "sign-up", &fields).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    for (id, kept) in
        [("email", Some("ada@@example")), ("username", Some("@da")), ("password", None)]
    {
        let field = again.element(id);
        assert!(field.contains("aria-invalid=\"true\""), "{field}");
        assert_eq!(attribute(field, "value").as_deref(), kept);
    }
    assert!(again.element("email").contains(" autofocus"));
    assert!(!again.says("short\""));
    assert!(again.says("use at least 15 characters"));
}

#[tokio::test]
async fn nothing_at_all_is_asked_for_field_by_field() {
    let scene = scene().await;
    let mut browser = scene.browser();
    let page = browser.get("/sign-up").await;
    let again = browser.send(&page, "sign-up", &[]).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(again.says("Write your email here.") && again.says("Choose a password."));
    assert!(!again.element("username").contains("aria-invalid"));
}

#[tokio::test]
async fn a_password_beyond_all_measure_is_refused_and_not_cut() {
    let scene = scene().await;
    let mut browser = scene.browser();
    let page = browser.get("/sign-up").await;
    let fields = [("email", EMAIL), ("password", &*"x y ".repeat(300))];
    let again = browser.send(&page, "sign-up", &fields).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(again.says("longer than can be kept"));
}

#[tokio::test]
async fn a_taken_email_leads_to_the_sign_in() {
    let scene = scene().await;
    scene.ada().await;
    let mut browser = scene.browser();
    let page = browser.get("/sign-up?return_to=/account/devices").await;
    let taken = browser
        .send(&page, "sign-up", &[("email", "ADA@example.com"), ("password", PASSWORD)])
        .await;
    assert_eq!(taken.status, StatusCode::CONFLICT);
    assert!(taken.says("There is an account with this email already."));
    assert!(taken.says("href=\"/sign-in?return_to=/account/devices\""));
    let taken = browser
        .send(
            &page,
            "sign-up",
            &[("email", "b@example.com"), ("username", "Ada"), ("password", PASSWORD)],
        )
        .await;
    assert_eq!(taken.status, StatusCode::CONFLICT);
    assert!(taken.says("Somebody has this username."));
}

#[tokio::test]
async fn a_closed_sign_up_says_whom_to_ask() {
    let mut settings = cloakroom_testkit::engine::settings();
    settings.sign_up_open = false;
    let scene = scene_with(settings).await;
    let mut browser = scene.browser();
    let page = browser.get("/sign-up").await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.says("Accounts are by invitation"));
    assert!(!browser.get("/sign-in").await.says("/sign-up"));
}

#[tokio::test]
async fn the_set_up_link_makes_one_administrator() {
    let scene = scene().await;
    let secret = scene.engine.set_up_link().await.unwrap().unwrap();
    let address = format!("/setup?link={}", *secret);
    let mut browser = scene.browser();
    let page = browser.get(&address).await;
    assert_eq!(page.status, StatusCode::OK);
    let fields = [("email", EMAIL), ("password", "too short")];
    let again = browser.send(&page, "set-up", &fields).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    let fields = [("email", EMAIL), ("password", PASSWORD)];
    let answer = browser.send(&again, "set-up", &fields).await;
    assert_eq!(answer.leads_to(), "/account");
    assert!(browser.get("/account").await.says("Administrator: you can change everything here."));

    let mut other = scene.browser();
    assert_eq!(other.get(&address).await.status, StatusCode::GONE);
    let late = other.send(&page, "set-up", &[("email", "eve@example.com"), ("password", PASSWORD)]);
    assert_ne!(late.await.leads_to(), "/account");
    assert!(scene.engine.set_up_link().await.unwrap().is_none());
}

#[tokio::test]
async fn without_the_link_nobody_sets_up() {
    let scene = scene().await;
    let mut browser = scene.browser();
    for address in
        ["/setup", "/setup?link=x", "/setup?link=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]
    {
        let page = browser.get(address).await;
        assert_eq!(page.status, StatusCode::GONE, "{address}");
        assert!(page.says("This link doesn’t work any more"));
    }
}
