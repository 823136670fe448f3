//! `GET` and `POST /api/v1/session`.

use cloakroom_testkit::server::Server;

#[tokio::test]
async fn a_cookie_and_a_token_are_the_same_to_whoever_asks() {
    let server = Server::start().await;
    let mut by_cookie = server.browser();
    by_cookie.sign_up("ada").await;
    let mut by_token = server.browser();
    by_token.sign_in("ada", "token").await;
    by_token.jar.clear();

    let one = by_cookie.get("/api/v1/session").await.is(200).json();
    let other = by_token.get("/api/v1/session").await.is(200).json();
    assert_eq!(one["user"], other["user"]);
    assert_eq!(
        (&one["session"]["carrier"], &other["session"]["carrier"]),
        (&"cookie".into(), &"token".into())
    );
    assert_ne!(one["session"]["sid"], other["session"]["sid"]);
}
