//! `/account/devices`: one browser ends the other.

use std::time::Duration;

use http::StatusCode;

use super::browser::{Browser, PASSWORD, Page, attribute, scene};

#[tokio::test]
async fn one_device_signs_another_out() {
    let scene = scene().await;
    let mut browser = scene.ada().await;
    let mut phone = scene.ada_on("Safari on iPhone").await;
    let page = browser.get("/account/devices").await;
    assert!(page.says("Safari on iPhone") && page.says("203.0.113.7"), "{}", page.html);
    assert_eq!(page.html.matches("this device").count(), 1);
    let ways_out = ways_out(&page);
    assert_eq!(ways_out.len(), 1, "none for this device");

    let answer = browser.send(&page, &ways_out[0], &[]).await;
    assert_eq!(answer.leads_to(), "/account/devices");
    assert!(!phone.is_signed_in().await);
    let page = browser.get("/account/devices").await;
    assert!(page.says("That device is signed out.") && !page.says("Safari on iPhone"));
}

#[tokio::test]
async fn a_device_that_is_out_already_is_no_error() {
    let scene = scene().await;
    let mut browser = scene.ada().await;
    scene.ada_on("Safari on iPhone").await;
    let page = browser.get("/account/devices").await;
    let way_out = ways_out(&page).remove(0);
    browser.send(&page, &way_out, &[]).await;
    browser.send(&page, &way_out, &[]).await;
    assert!(browser.get("/account/devices").await.says("That device was signed out already."));
}

#[tokio::test]
async fn all_others_go_and_this_one_stays() {
    let scene = scene().await;
    let mut browser = scene.ada().await;
    let mut others = Vec::new();
    for name in ["Safari on iPhone", "Chrome on Windows"] {
        others.push(scene.ada_on(name).await);
    }
    let page = browser.get("/account/devices").await;
    browser.send(&page, "sign-out-others", &[]).await;
    assert!(browser.get("/account/devices").await.says("All your other devices are signed out."));
    assert!(all_out(&mut others).await);
}

#[tokio::test]
async fn everywhere_means_here_too() {
    let scene = scene().await;
    let mut browser = scene.ada().await;
    let mut others = vec![scene.ada_on("Safari on iPhone").await];
    let page = browser.get("/account/devices").await;
    let answer = browser.send(&page, "sign-out-everywhere", &[]).await;
    assert_eq!(answer.leads_to(), "/sign-out");
    assert!(browser.get("/sign-out").await.says("You are signed out everywhere"));
    assert!(all_out(&mut others).await && !browser.is_signed_in().await);
}

#[tokio::test]
async fn after_a_while_a_device_goes_only_with_the_password() {
    let scene = scene().await;
    let mut browser = scene.ada().await;
    let mut phone = scene.ada_on("Safari on iPhone").await;
    let mut third = scene.ada_on("Chrome on Windows").await;
    scene.clock.go(Duration::from_mins(16));
    let page = browser.get("/account/devices").await;
    let way_out = way_out_of(&page, "Safari on iPhone");
    let secret = browser.cookies["cloakroom"].clone();

    let asked = browser.send(&page, &way_out, &[]).await;
    assert_eq!(asked.status, StatusCode::FORBIDDEN);
    assert!(asked.says("You signed in here a while ago"), "{}", asked.html);
    assert!(asked.element("password").contains("autofocus"));
    assert_eq!(ways_out(&asked).len(), 2, "the other one is there as before");
    for (typed, words) in [("", "Write your password here."), ("not it", "Nobody was signed out.")]
    {
        let again = browser.send(&asked, &way_out, &[("password", typed)]).await;
        assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(again.says(words) && again.element("password").contains("aria-invalid"));
    }
    assert!(phone.is_signed_in().await && browser.is_signed_in().await);

    let answer = browser.send(&asked, &way_out, &[("password", PASSWORD)]).await;
    assert_eq!(answer.leads_to(), "/account/devices", "{}", answer.html);
    assert!(browser.get("/account/devices").await.says("That device is signed out."));
    assert!(!phone.is_signed_in().await && third.is_signed_in().await);
    assert_ne!(browser.cookies["cloakroom"], secret, "new rights, new secret");

    let page = browser.get("/account/devices").await;
    browser.send(&page, "sign-out-others", &[]).await;
    assert!(!third.is_signed_in().await, "one proof is enough for a while");
    assert!(browser.is_signed_in().await);
}

#[tokio::test]
async fn after_a_while_all_others_go_only_with_the_password() {
    let scene = scene().await;
    let mut browser = scene.ada().await;
    let mut phone = scene.ada_on("Safari on iPhone").await;
    scene.clock.go(Duration::from_mins(16));
    let page = browser.get("/account/devices").await;
    let asked = browser.send(&page, "sign-out-others", &[]).await;
    assert_eq!(asked.status, StatusCode::FORBIDDEN);
    assert!(phone.is_signed_in().await);
    browser.send(&asked, "sign-out-others", &[("password", PASSWORD)]).await;
    assert!(browser.get("/account/devices").await.says("All your other devices are signed out."));
    assert!(!phone.is_signed_in().await && browser.is_signed_in().await);
}

#[tokio::test]
async fn whoever_goes_too_is_never_asked() {
    let scene = scene().await;
    let mut browser = scene.ada().await;
    let mut phone = scene.ada_on("Safari on iPhone").await;
    scene.clock.go(Duration::from_mins(16));
    let page = browser.get("/account/devices").await;
    browser.send(&page, "sign-out-everywhere", &[]).await;
    assert!(!phone.is_signed_in().await && !browser.is_signed_in().await);
}

#[tokio::test]
async fn a_device_that_went_meanwhile_is_not_asked_about() {
    let scene = scene().await;
    let mut browser = scene.ada().await;
    let mut phone = scene.ada_on("Safari on iPhone").await;
    scene.clock.go(Duration::from_mins(16));
    let page = browser.get("/account/devices").await;
    let way_out = ways_out(&page).remove(0);
    let there = phone.get("/sign-out").await;
    phone.send(&there, "sign-out", &[]).await;
    let answer = browser.send(&page, &way_out, &[]).await;
    assert_eq!(answer.leads_to(), "/account/devices");
    assert!(browser.get("/account/devices").await.says("That device was signed out already."));
}

#[tokio::test]
async fn nobody_ends_the_session_of_somebody_else() {
    let scene = scene().await;
    let mut ada = scene.ada().await;
    let mut eve = scene.browser();
    let page = eve.get("/sign-up").await;
    let password = "eight hats upon a hook";
    eve.send(&page, "sign-up", &[("email", "eve@example.com"), ("password", password)]).await;
    scene.ada_on("Safari on iPhone").await;

    let of_ada = ada.get("/account/devices").await;
    let sid = of_ada.form(&ways_out(&of_ada)[0]).unwrap().hidden.remove("sid").unwrap();
    let of_eve = eve.get("/account/devices").await;
    let mut form = of_eve.form("sign-out-everywhere").unwrap();
    form.hidden.insert("sid".to_owned(), sid.clone());
    eve.post("/account/devices/sign-out", &form.hidden, "same-origin").await;
    assert!(ada.get("/account/devices").await.says(&sid), "it is still there");
}

#[tokio::test]
async fn what_is_not_a_session_is_not_asked_for() {
    let scene = scene().await;
    let mut browser = scene.ada().await;
    let page = browser.get("/account/devices").await;
    let form = page.form("sign-out-everywhere").unwrap().hidden;
    for sid in ["", "x", "0198C2A4-7A5E-7C3D-9F10-2B6C8D4E1F00"] {
        let mut form = form.clone();
        form.insert("sid".to_owned(), sid.to_owned());
        let answer = browser.post("/account/devices/sign-out", &form, "same-origin").await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{sid:?}");
        assert!(answer.says("That didn’t make sense to us"));
    }
}

#[tokio::test]
async fn loading_the_address_of_an_act_does_nothing() {
    let scene = scene().await;
    let mut browser = scene.ada().await;
    let mut phone = scene.ada_on("Safari on iPhone").await;
    for act in ["sign-out", "sign-out-others", "sign-out-everywhere"] {
        let answer = browser.get(&format!("/account/devices/{act}")).await;
        assert_eq!(answer.leads_to(), "/account/devices");
    }
    assert!(phone.is_signed_in().await && browser.is_signed_in().await);
}

/// The ids of the forms that sign one device out.
fn ways_out(page: &Page) -> Vec<String> {
    let one = |tag: &&str| attribute(tag, "action").as_deref() == Some("/account/devices/sign-out");
    page.tags("form").filter(one).map(|tag| attribute(tag, "id").unwrap()).collect()
}

/// The id of the form that signs this device out.
fn way_out_of(page: &Page, device: &str) -> String {
    let label = format!("Sign out of {device}");
    let is_it = |tag: &&str| attribute(tag, "aria-label").as_deref() == Some(label.as_str());
    let button = page.tags("button").find(is_it).unwrap();
    attribute(button, "id").unwrap().replace("submit-", "sign-out-")
}

async fn all_out(browsers: &mut [Browser]) -> bool {
    for browser in browsers {
        if browser.is_signed_in().await {
            return false;
        }
    }
    true
}
