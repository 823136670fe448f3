//! Who may use `/api/v1/admin/…`: held against every operation there is.

use axum::body::Body;
use cloakroom_server::routes;
use cloakroom_testkit::browser::request;
use cloakroom_testkit::server::Server;
use http::Method;

#[tokio::test]
async fn only_an_administrator_administrates() {
    let server = Server::start().await;
    let mut root = server.administrator().await;
    let mut ada = server.browser();
    ada.sign_up("ada").await;
    let mut tried = 0;
    for operation in routes::operations() {
        if !operation.path.starts_with("/api/v1/admin/") {
            continue;
        }
        let method: Method = operation.method.to_uppercase().parse().unwrap();
        let id = "018bcfe5-6800-7101-8101-010101010101";
        let path = operation.path.replace("{user}", id);
        let path = path.replace("{sid}", id).replace("{id}", id);
        let ask = || request(method.clone(), &path, Body::empty());
        let mut nobody = server.browser();
        assert_eq!(nobody.send(ask()).await.is(401).code(), "not_signed_in", "{path}");
        // What has a body is refused for the body only after its sender has been looked at.
        let refused = ada.send(ask()).await;
        assert_eq!(refused.is(403).code(), "admin_required", "{method} {path}");
        let admitted = root.send(ask()).await;
        assert!(admitted.code() != "admin_required", "{method} {path}");
        tried += 1;
    }
    assert!(tried > 20, "only {tried} operations were tried");
}
