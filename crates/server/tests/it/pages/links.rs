//! `/recover` and `/sign-in/link`: one-time links.

use std::time::Duration;

use cloakroom_engine::secret::CookieSecret;
use cloakroom_engine::sign_in::SignIn;
use cloakroom_engine::visitor::Browser as Brought;
use cloakroom_model::event::Actor;
use cloakroom_model::password::Password;
use cloakroom_model::session::Carrier;
use http::StatusCode;

use super::browser::{Browser, EMAIL, PASSWORD, Scene, scene};

const OTHER: &str = "nine umbrellas and a glove";

#[tokio::test]
async fn a_recovery_link_sets_a_new_password_and_ends_everything() {
    let scene = scene().await;
    let mut old = scene.ada().await;
    let address = recovery_link(&scene, &old).await;
    let mut browser = scene.browser();
    let page = browser.get(&address).await;
    assert!(page.says(EMAIL), "whose account it is");
    let again = browser.send(&page, "recover", &[("new_password", "short")]).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(again.says(EMAIL) && again.element("new_password").contains("aria-invalid"));
    assert!(old.is_signed_in().await, "looking and failing ends nothing");

    let answer = browser.send(&again, "recover", &[("new_password", OTHER)]).await;
    assert_eq!(answer.leads_to(), "/sign-in");
    assert!(browser.get("/sign-in").await.says("Your new password is set"));
    assert!(!old.is_signed_in().await);
    assert!(!browser.is_signed_in().await, "nobody is signed in by a link");
    assert_eq!(browser.sign_in(EMAIL, OTHER).await.leads_to(), "/account");

    assert_eq!(scene.browser().get(&address).await.status, StatusCode::GONE);
    let late = scene.browser().send(&page, "recover", &[("new_password", PASSWORD)]).await;
    assert_ne!(late.leads_to(), "/sign-in");
}

#[tokio::test]
async fn a_recovery_link_is_good_for_an_hour() {
    let scene = scene().await;
    let ada = scene.ada().await;
    let address = recovery_link(&scene, &ada).await;
    assert_eq!(scene.browser().get(&address).await.status, StatusCode::OK);
    scene.clock.go(Duration::from_hours(1));
    assert_eq!(scene.browser().get(&address).await.status, StatusCode::GONE);
}

#[tokio::test]
async fn without_a_link_the_page_says_how_to_come_by_one() {
    let scene = scene().await;
    let page = scene.browser().get("/recover").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.says("recovery link"));
    assert_eq!(scene.browser().get("/recover?link=x").await.status, StatusCode::GONE);
}

#[tokio::test]
async fn a_token_earns_a_cookie_by_a_link_that_shows_whose_account_it_is() {
    let scene = scene().await;
    scene.ada().await;
    let address = cookie_link(&scene).await;
    let mut browser = scene.browser();
    let page = browser.get(&address).await;
    assert!(page.says(EMAIL));
    assert!(!browser.is_signed_in().await, "looking spends nothing and signs nobody in");
    let answer = browser.send(&page, "link", &[]).await;
    assert_eq!(answer.leads_to(), "/account");
    assert!(browser.get("/account").await.says(EMAIL));

    let mut late = scene.browser();
    assert_eq!(late.get(&address).await.status, StatusCode::GONE);
}

#[tokio::test]
async fn a_cookie_link_lives_for_a_minute() {
    let scene = scene().await;
    scene.ada().await;
    let address = cookie_link(&scene).await;
    assert_eq!(scene.browser().get(&address).await.status, StatusCode::OK);
    scene.clock.go(Duration::from_mins(1));
    let page = scene.browser().get(&address).await;
    assert_eq!(page.status, StatusCode::GONE);
    assert!(page.says("It works for one minute and only once."));
}

#[tokio::test]
async fn a_link_of_somebody_else_says_whose_place_it_takes() {
    let scene = scene().await;
    scene.ada().await;
    let mut eve = scene.browser();
    let page = eve.get("/sign-up").await;
    let fields = [("email", "eve@example.com"), ("password", OTHER)];
    eve.send(&page, "sign-up", &fields).await;
    let page = eve.get(&cookie_link(&scene).await).await;
    assert!(page.says(EMAIL) && page.says("It is signed in as <strong>eve@example.com</strong>"));
    eve.send(&page, "link", &[]).await;
    assert!(eve.get("/account").await.says(EMAIL));
}

/// As the command line makes one.
async fn recovery_link(scene: &Scene, ada: &Browser) -> String {
    let cookie = CookieSecret::parse(&ada.cookies["cloakroom"]).unwrap();
    let identity = scene.engine.check_cookie(&cookie).await.unwrap();
    let user = identity.user_id().unwrap();
    let secret = scene.engine.recovery_link(user, Actor::Operator).await.unwrap();
    format!("/recover?link={}", *secret)
}

/// As an app asks for one.
async fn cookie_link(scene: &Scene) -> String {
    let wish = SignIn {
        identifier: EMAIL.to_owned(),
        password: Password::new(PASSWORD.to_owned()).unwrap(),
        carry: Carrier::Token,
        client: None,
        remember: false,
        browser: Brought::default(),
    };
    let visitor = cloakroom_testkit::engine::visitor();
    let tokens = scene.engine.sign_in(wish, &visitor).await.unwrap().tokens.unwrap();
    let identity = scene.engine.check_token(&tokens.access.token).await.unwrap();
    let secret = scene.engine.cookie_link(&identity).await.unwrap();
    format!("/sign-in/link?link={}", *secret)
}
