//! `/account`, `/account/password` and `/account/delete`.

use http::StatusCode;

use super::browser::{EMAIL, PASSWORD, scene};

const OTHER: &str = "nine umbrellas and a glove";

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
