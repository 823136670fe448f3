//! `/api/v1/admin/sessions`.

use cloakroom_testkit::server::Server;

#[tokio::test]
async fn any_session_can_be_found_and_ended() {
    let server = Server::start().await;
    let mut root = server.administrator().await;
    let mut ada = server.browser();
    let sid = ada.sign_up("ada").await.json()["session"]["sid"].clone();

    let all = root.get("/api/v1/admin/sessions").await.is(200).json();
    let sids: Vec<_> =
        all["sessions"].as_array().unwrap().iter().map(|session| session["sid"].clone()).collect();
    assert!(sids.len() == 2 && sids.contains(&sid), "{sids:?}");
    let first = sids[0].as_str().unwrap();
    let after = root.get(&format!("/api/v1/admin/sessions?after={first}&limit=1")).await;
    assert_eq!(after.is(200).json()["sessions"][0]["sid"], sids[1]);

    let path = format!("/api/v1/admin/sessions/{}", sid.as_str().unwrap());
    root.delete(&path).await.is(204);
    ada.get("/api/v1/session").await.is(401);
    root.delete(&path).await.is(404);
}
