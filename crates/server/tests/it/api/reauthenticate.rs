//! `POST /api/v1/session/reauthenticate`, and what asks for it.

use std::time::Duration;

use cloakroom_testkit::engine::PASSWORD;
use cloakroom_testkit::server::Server;
use serde_json::json;

const PATH: &str = "/api/v1/session/reauthenticate";
const A_WHILE: Duration = Duration::from_mins(16);

#[tokio::test]
async fn after_a_while_other_devices_end_only_with_the_password() {
    let server = Server::start().await;
    let mut here = server.browser();
    here.sign_up("ada").await;
    let mut there = server.browser();
    let sid = there.sign_in("ada", "cookie").await.json()["session"]["sid"].clone();
    let one = format!("/api/v1/sessions/{}", sid.as_str().unwrap());

    server.clock.go(A_WHILE);
    for path in [one.as_str(), "/api/v1/sessions", "/api/v1/sessions?all=false"] {
        let refused = here.delete(path).await;
        assert_eq!(refused.is(401).code(), "reauthentication_required", "{path}");
    }
    there.get("/api/v1/session").await.is(200);
    here.post(PATH, &json!({ "password": PASSWORD })).await.is(200);
    here.delete(&one).await.is(204);
    there.get("/api/v1/session").await.is(401);
    here.delete("/api/v1/sessions").await.is(200);
}

#[tokio::test]
async fn a_new_proof_renews_the_time_and_the_secret() {
    let server = Server::start().await;
    let mut browser = server.browser();
    let before = browser.sign_up("ada").await.json()["session"].clone();
    server.clock.go(A_WHILE);
    let mut copy = browser.clone();
    let after = browser.post(PATH, &json!({ "password": PASSWORD })).await;
    let after = after.is(200).json();
    assert_eq!(after["session"]["sid"], before["sid"]);
    assert_eq!(after["session"]["created_at"], before["created_at"]);
    assert_ne!(after["session"]["authenticated_at"], before["authenticated_at"]);
    assert_eq!(after["user"]["email"], "ada@example.com");
    assert_eq!(copy.get("/api/v1/session").await.is(401).code(), "session_replaced");
    let seen = browser.get("/api/v1/session").await.is(200).json();
    assert_eq!(seen["session"]["authenticated_at"], after["session"]["authenticated_at"]);
}

#[tokio::test]
async fn a_token_proves_itself_in_the_same_way() {
    let server = Server::start().await;
    server.add_user("ada", &[]).await;
    let mut phone = server.browser();
    let refresh = phone.sign_in("ada", "token").await.json()["refresh_token"].clone();
    let mut other = server.browser();
    other.sign_in("ada", "cookie").await;
    server.clock.go(A_WHILE);
    let fields = format!(
        "grant_type=refresh_token&client_id=cloakroom&refresh_token={}",
        refresh.as_str().unwrap()
    );
    phone.token = None;
    let fresh = phone.form("/oauth/token", &fields).await.is(200).json();
    phone.token = fresh["access_token"].as_str().map(str::to_owned);

    let refused = phone.delete("/api/v1/sessions").await;
    assert_eq!(refused.is(401).code(), "reauthentication_required", "a refresh proves nothing");
    for challenge in refused.headers.get_all("www-authenticate") {
        let challenge = challenge.to_str().unwrap();
        assert!(challenge.contains(r#"error="insufficient_user_authentication""#), "{challenge}");
        assert!(challenge.ends_with(r#", max_age="900""#), "{challenge}");
    }
    let proved = phone.post(PATH, &json!({ "password": PASSWORD })).await;
    assert_eq!(proved.is(200).header("set-cookie"), "");
    assert_eq!(phone.delete("/api/v1/sessions").await.is(200).json(), json!({ "ended": 1 }));
    other.get("/api/v1/session").await.is(401);
}

#[tokio::test]
async fn a_wrong_password_proves_nothing_and_guesses_must_wait() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.sign_up("ada").await;
    browser.jar.remove("cloakroom-device");
    server.clock.go(A_WHILE);
    let mut answers = Vec::new();
    for _ in 0..20 {
        answers.push(browser.post(PATH, &json!({ "password": "not the password" })).await);
        if answers.last().unwrap().status == 429 {
            break;
        }
    }
    assert_eq!(answers[0].is(403).code(), "wrong_password");
    let told = answers.last().unwrap();
    assert_eq!(told.is(429).code(), "too_many_requests");
    assert!(!told.header("retry-after").is_empty());
    browser.delete("/api/v1/sessions").await.is(401);
}

#[tokio::test]
async fn whoever_loses_their_own_session_is_not_asked() {
    let server = Server::start().await;
    for way in ["own", "all", "sign-out"] {
        let mut browser = server.browser();
        let name = format!("ada-{way}");
        let sid = browser.sign_up(&name).await.json()["session"]["sid"].clone();
        server.clock.go(A_WHILE);
        match way {
            "own" => {
                let path = format!("/api/v1/sessions/{}", sid.as_str().unwrap());
                browser.delete(&path).await.is(204);
            }
            "all" => {
                browser.delete("/api/v1/sessions?all=true").await.is(200);
            }
            _ => {
                browser.post("/api/v1/sign-out", &json!({})).await.is(204);
            }
        }
        browser.get("/api/v1/session").await.is(401);
    }
}

#[tokio::test]
async fn a_guest_has_nothing_to_prove() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.post("/api/v1/guest", &json!({ "carry": "cookie" })).await.is(201);
    let refused = browser.post(PATH, &json!({ "password": PASSWORD })).await;
    assert_eq!(refused.is(403).code(), "user_required");
}
