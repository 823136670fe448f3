//! `/api/v1/sessions`.

use cloakroom_testkit::server::Server;
use serde_json::json;

#[tokio::test]
async fn devices_have_names_and_one_of_them_is_this_one() {
    let server = Server::start().await;
    let mut laptop = server.browser();
    laptop.sign_up("ada").await;
    server.clock.go(std::time::Duration::from_mins(1));
    let mut phone = server.browser();
    phone.sign_in("ada", "token").await;

    let list = laptop.get("/api/v1/sessions").await.is(200).json();
    let sessions = list["sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 2);
    let current: Vec<_> = sessions.iter().map(|session| &session["current"]).collect();
    assert_eq!(current.iter().filter(|current| **current == true).count(), 1);
    for session in sessions {
        assert_eq!(session["device"], "Firefox on Linux");
        assert_eq!(session["address"], "127.0.0.1");
        assert_eq!(session["client_id"], "cloakroom");
    }
}

#[tokio::test]
async fn one_device_signs_another_out() {
    let server = Server::start().await;
    let mut laptop = server.browser();
    laptop.sign_up("ada").await;
    let mut phone = server.browser();
    let signed_in = phone.sign_in("ada", "cookie").await.json();
    let sid = signed_in["session"]["sid"].as_str().unwrap();
    laptop.delete(&format!("/api/v1/sessions/{sid}")).await.is(204);
    phone.get("/api/v1/session").await.is(401);
    laptop.get("/api/v1/session").await.is(200);
    assert_eq!(laptop.delete(&format!("/api/v1/sessions/{sid}")).await.is(404).code(), "not_found");
}

#[tokio::test]
async fn nobody_ends_the_session_of_another() {
    let server = Server::start().await;
    let mut ada = server.browser();
    let sid = ada.sign_up("ada").await.json()["session"]["sid"].clone();
    let mut eve = server.browser();
    eve.sign_up("eve").await;
    let path = format!("/api/v1/sessions/{}", sid.as_str().unwrap());
    eve.delete(&path).await.is(404);
    ada.get("/api/v1/session").await.is(200);
    ada.delete(&path).await.is(204);
}

#[tokio::test]
async fn all_others_end_and_with_all_this_one_too() {
    let server = Server::start().await;
    let mut here = server.browser();
    here.sign_up("ada").await;
    let mut there = server.browser();
    there.sign_in("ada", "cookie").await;
    assert_eq!(here.delete("/api/v1/sessions").await.is(200).json(), json!({"ended": 1}));
    there.get("/api/v1/session").await.is(401);
    here.get("/api/v1/session").await.is(200);

    let all = here.delete("/api/v1/sessions?all=true").await;
    assert_eq!(all.is(200).json(), json!({"ended": 1}));
    assert!(!here.jar.contains_key("cloakroom"));
    let mut copy = server.browser();
    copy.get("/api/v1/session").await.is(401);
}
