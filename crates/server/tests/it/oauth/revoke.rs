//! `POST /oauth/revoke`.

use cloakroom_testkit::server::Server;

#[tokio::test]
async fn a_refresh_token_that_is_given_back_ends_its_grant() {
    let server = Server::start().await;
    server.add_user("ada", &[]).await;
    let mut app = server.browser();
    let refresh = app.sign_in("ada", "token").await.json()["refresh_token"].clone();
    let refresh = refresh.as_str().unwrap();
    app.get("/api/v1/session").await.is(200);

    let mut client = server.browser();
    let body = format!("token={refresh}&client_id=cloakroom");
    client.form("/oauth/revoke", &body).await.is(200);
    app.get("/api/v1/session").await.is(401);
    let body = format!("grant_type=refresh_token&client_id=cloakroom&refresh_token={refresh}");
    client.form("/oauth/token", &body).await.is(400);
}

#[tokio::test]
async fn an_access_token_that_is_given_back_ends_alone() {
    let server = Server::start().await;
    server.add_user("ada", &[]).await;
    let mut app = server.browser();
    let pair = app.sign_in("ada", "token").await.json();
    let token = pair["access_token"].as_str().unwrap();
    let mut client = server.browser();
    client.form("/oauth/revoke", &format!("token={token}&client_id=cloakroom")).await.is(200);
    app.get("/api/v1/session").await.is(401);
    let refresh = pair["refresh_token"].as_str().unwrap();
    let body = format!("grant_type=refresh_token&client_id=cloakroom&refresh_token={refresh}");
    client.form("/oauth/token", &body).await.is(200);
}

#[tokio::test]
async fn what_is_nothing_any_more_is_no_error() {
    let server = Server::start().await;
    let mut client = server.browser();
    for token in ["ckr_broken", "a.b.c", "whatever"] {
        client.form("/oauth/revoke", &format!("token={token}&client_id=cloakroom")).await.is(200);
    }
    let answer = client.form("/oauth/revoke", "client_id=cloakroom").await;
    assert_eq!(answer.is(400).json()["error"], "invalid_request");
    let answer = client.form("/oauth/revoke", "token=x&client_id=nobody").await;
    assert_eq!(answer.is(401).json()["error"], "invalid_client");
}
