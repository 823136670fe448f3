//! `/account`, `/account/password` and `/account/delete`.

use cloakroom_model::event::Actor;
use cloakroom_model::user::Role;
use http::StatusCode;

use super::browser::{EMAIL, PASSWORD, scene};

const OTHER: &str = "nine umbrellas and a glove";

#[tokio::test]
async fn email_and_username_are_changed_in_place() {
    let scene = scene().await;
    let mut browser = scene.ada().await;
    let page = browser.get("/account").await;
    assert!(!page.element("names").contains(" open"), "the form is folded away");
    assert!(page.element("email").contains("value=\"ada@example.com\""));
    assert!(page.element("username").contains("value=\"ada\""));
    let fields = [
        ("email", " countess@example.com "),
        ("username", "lovelace"),
        ("current_password", PASSWORD),
    ];
    let answer = browser.send(&page, "change-names", &fields).await;
    assert_eq!(answer.leads_to(), "/account", "{}", answer.html);
    let page = browser.get("/account").await;
    assert!(page.says("Your changes are saved.") && page.says("<dd>countess@example.com</dd>"));
    assert!(!browser.get("/account").await.says("Your changes are saved."), "it is said once");

    let mut other = scene.browser();
    assert_eq!(other.sign_in(EMAIL, PASSWORD).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(other.sign_in("lovelace", PASSWORD).await.leads_to(), "/account");
    let without = [("email", "countess@example.com"), ("current_password", PASSWORD)];
    browser.send(&page, "change-names", &without).await;
    assert!(browser.get("/account").await.says("None; you sign in with your email."));
}

#[tokio::test]
async fn names_that_do_not_fit_are_told_field_by_field_and_kept() {
    let scene = scene().await;
    let mut browser = scene.ada().await;
    let mut eve = scene.browser();
    let page = eve.get("/sign-up").await;
    let account = [("email", "eve@example.com"), ("username", "eve"), ("password", PASSWORD)];
    eve.send(&page, "sign-up", &account).await;
    let page = browser.get("/account").await;
    for (email, username, password, status, wrong, words) in [
        ("", "ada", PASSWORD, 422, "email", "Write your email here."),
        ("ada@@example", "ada", PASSWORD, 422, "email", "Check the spelling"),
        (EMAIL, "@da", PASSWORD, 422, "username", "Use 2 to 64 letters and digits"),
        (EMAIL, "lovelace", "", 422, "current_password", "Write your password here."),
        (EMAIL, "lovelace", "not it", 422, "current_password", "Nothing was changed."),
        ("EVE@example.com", "ada", PASSWORD, 409, "email", "Somebody has an account with this"),
        (EMAIL, "Eve", PASSWORD, 409, "username", "Somebody has this username."),
    ] {
        let fields = [("email", email), ("username", username), ("current_password", password)];
        let again = browser.send(&page, "change-names", &fields).await;
        assert_eq!(again.status, status, "{words}");
        assert!(again.says(words), "{words}");
        assert!(again.element(wrong).contains("aria-invalid"), "{words}");
        assert!(again.element(wrong).contains("autofocus"), "{words}");
        assert!(again.element("names").contains(" open"), "what is to be done is unfolded");
        for (field, typed) in [("email", email), ("username", username)] {
            assert!(again.element(field).contains(&format!("value=\"{typed}\"")), "{words}");
        }
        assert!(!again.element("current_password").contains("value="));
        assert!(again.says(&format!("<dd>{EMAIL}</dd>")), "what is kept is shown as it is");
    }
    let all = [("email", ""), ("username", "@"), ("current_password", "")];
    let again = browser.send(&page, "change-names", &all).await;
    assert_eq!(again.html.matches("aria-invalid").count(), 3, "all of them at once");
    assert_eq!(scene.browser().sign_in(EMAIL, PASSWORD).await.leads_to(), "/account");
}

#[tokio::test]
async fn a_new_password_takes_the_place_of_the_old_one() {
    let scene = scene().await;
    let mut browser = scene.ada().await;
    let secret = browser.cookies["cloakroom"].clone();
    let page = browser.get("/account/password").await;
    let fields = [("current_password", PASSWORD), ("new_password", OTHER)];
    let answer = browser.send(&page, "change-password", &fields).await;
    assert_eq!(answer.leads_to(), "/account/password", "{}", answer.html);
    assert!(browser.get("/account/password").await.says("Your other devices stay signed in."));
    assert_ne!(browser.cookies["cloakroom"], secret, "new rights, new secret");
    assert!(browser.is_signed_in().await);

    let mut other = scene.browser();
    assert_eq!(other.sign_in(EMAIL, PASSWORD).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(other.sign_in(EMAIL, OTHER).await.leads_to(), "/account");
}

#[tokio::test]
async fn the_other_devices_go_only_if_the_owner_says_so() {
    let scene = scene().await;
    let mut browser = scene.ada().await;
    let mut phone = scene.ada_on("Safari on iPhone").await;
    let page = browser.get("/account/password").await;
    assert!(page.element("end_others").contains(" checked"), "it is suggested");
    let fields = [("current_password", PASSWORD), ("new_password", OTHER)];
    browser.send(&page, "change-password", &fields).await;
    assert!(phone.is_signed_in().await);

    let page = browser.get("/account/password").await;
    let fields = [("current_password", OTHER), ("new_password", PASSWORD), ("end_others", "true")];
    browser.send(&page, "change-password", &fields).await;
    assert!(browser.get("/account/password").await.says("all your other devices are signed out"));
    assert!(!phone.is_signed_in().await);
    assert!(browser.is_signed_in().await);
}

#[tokio::test]
async fn a_password_is_changed_by_who_knows_it_and_to_a_good_one() {
    let scene = scene().await;
    let mut browser = scene.ada().await;
    for (current, new, wrong, words) in [
        ("", "", "current_password", "Write the password you have now."),
        ("not the right one", OTHER, "current_password", "This is not your current password."),
        (PASSWORD, "", "new_password", "Choose a password."),
        (PASSWORD, "short", "new_password", "use at least 15 characters"),
        (PASSWORD, PASSWORD, "new_password", "This is the password you have now."),
    ] {
        let page = browser.get("/account/password").await;
        let fields = [("current_password", current), ("new_password", new)];
        let again = browser.send(&page, "change-password", &fields).await;
        assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY, "{words}");
        assert!(again.element(wrong).contains("aria-invalid"), "{words}");
        assert!(again.says(words), "{words}");
        assert!(!again.element("end_others").contains(" checked"), "the choice is kept");
    }
    assert_eq!(scene.browser().sign_in(EMAIL, PASSWORD).await.leads_to(), "/account");
}

#[tokio::test]
async fn an_account_is_deleted_by_who_knows_its_password() {
    let scene = scene().await;
    let mut browser = scene.ada().await;
    let mut phone = scene.ada_on("Safari on iPhone").await;
    let page = browser.get("/account/delete").await;
    for wrong in ["", "not the right one"] {
        let again = browser.send(&page, "delete-account", &[("password", wrong)]).await;
        assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(again.element("password").contains("aria-invalid"));
    }
    assert!(phone.is_signed_in().await);
    let answer = browser.send(&page, "delete-account", &[("password", PASSWORD)]).await;
    assert_eq!(answer.leads_to(), "/sign-out");
    assert!(browser.get("/sign-out").await.says("Your account is deleted"));
    assert!(!phone.is_signed_in().await);
    let again = scene.browser().sign_in(EMAIL, PASSWORD).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn the_only_administrator_is_told_who_must_come_first() {
    let scene = scene().await;
    let mut browser = scene.ada().await;
    let ada = scene.engine.find_user_by(EMAIL).await.unwrap().unwrap();
    scene.engine.set_roles(ada.id, vec![Role::admin()], Actor::Operator).await.unwrap();
    let page = browser.get("/account/delete").await;
    let again = browser.send(&page, "delete-account", &[("password", PASSWORD)]).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert!(again.says("Make somebody else an administrator first"), "{}", again.html);
    assert!(browser.is_signed_in().await);
}
