//! `POST /api/v1/sign-in`.

use cloakroom_testkit::engine::PASSWORD;
use cloakroom_testkit::server::Server;
use serde_json::json;

#[tokio::test]
async fn a_wrong_password_and_an_unknown_name_get_the_same_answer() {
    let server = Server::start().await;
    server.add_user("ada", &[]).await;
    let mut answers = Vec::new();
    for (name, password) in [("ada", "not the password at all"), ("nobody", PASSWORD)] {
        let wish = json!({
            "identifier": format!("{name}@example.com"), "password": password, "carry": "cookie",
        });
        let answer = server.browser().post("/api/v1/sign-in", &wish).await;
        assert!(answer.headers.get("set-cookie").is_none());
        answers.push((answer.status, answer.text()));
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0].0, 401);
    server.browser().sign_in("ada", "cookie").await;
}

#[tokio::test]
async fn a_name_that_nobody_can_have_is_not_looked_for() {
    let server = Server::start().await;
    let with = |length: usize| json!({"identifier": "x".repeat(length), "password": PASSWORD, "carry": "cookie"});
    server.browser().post("/api/v1/sign-in", &with(256)).await.is(401);
    let answer = server.browser().post("/api/v1/sign-in", &with(257)).await;
    assert_eq!(answer.is(400).json()["errors"][0]["field"], "identifier");
}

#[tokio::test]
async fn signing_in_again_ends_the_browsers_earlier_session() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.sign_up("ada").await;
    let first = browser.get("/api/v1/session").await.json();
    browser.sign_in("ada", "cookie").await;
    let second = browser.get("/api/v1/session").await.json();
    assert_ne!(first["session"]["sid"], second["session"]["sid"]);
    let sessions = browser.get("/api/v1/sessions").await.is(200).json();
    assert_eq!(sessions["sessions"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_guests_data_goes_with_the_guest() {
    let server = Server::start().await;
    server.add_user("ada", &[]).await;
    let mut browser = server.browser();
    browser.post("/api/v1/guest", &json!({"carry": "cookie"})).await.is(201);
    let cart = json!({"coats": 2});
    browser.json(http::Method::PATCH, "/api/v1/session/data/cart", &cart).await.is(200);
    browser.sign_in("ada", "cookie").await;
    assert_eq!(browser.get("/api/v1/session/data/cart").await.is(200).json(), cart);
}

#[tokio::test]
async fn a_browser_is_known_by_its_second_sign_in() {
    let server = Server::start().await;
    let mut browser = server.browser();
    let answer = browser.sign_up("ada").await;
    let cookies: Vec<_> = answer.headers.get_all("set-cookie").iter().collect();
    assert_eq!(cookies.len(), 2, "{cookies:?}");
    let device = browser.jar["cloakroom-device"].clone();
    let answer = browser.sign_in("ada", "cookie").await;
    assert_eq!(answer.headers.get_all("set-cookie").iter().count(), 1);
    assert_eq!(browser.jar["cloakroom-device"], device);
}

#[tokio::test]
async fn too_many_failures_make_everybody_wait() {
    let server = Server::start().await;
    server.add_user("ada", &[]).await;
    let wish = json!({"identifier": "ada@example.com", "password": "wrong and wrong again", "carry": "cookie"});
    let mut last = server.browser().post("/api/v1/sign-in", &wish).await;
    assert_eq!(last.code(), "wrong_credentials");
    for _ in 0..20 {
        last = server.browser().post("/api/v1/sign-in", &wish).await;
    }
    assert_eq!(last.is(429).code(), "too_many_requests");
    assert!(last.header("retry-after").parse::<u64>().unwrap() >= 1);
}
