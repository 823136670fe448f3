//! `/api/v1/admin/clients`.

use cloakroom_testkit::server::Server;
use serde_json::json;

#[tokio::test]
async fn a_client_is_registered_by_its_template() {
    let server = Server::start().await;
    let mut root = server.administrator().await;
    let new = json!({
        "client_id": "shop", "name": "Shop", "template": "mobile", "first_party": true, "confidential": true,
    });
    let added = root.post("/api/v1/admin/clients", &new).await.is(201).json();
    assert_eq!(added["client"]["carriers"], json!(["token"]));
    assert_eq!(added["client_secret"].as_str().unwrap().len(), 43);
    root.post("/api/v1/admin/clients", &new).await.is(409);

    let seen = root.get("/api/v1/admin/clients/shop").await;
    assert_eq!(seen.is(200).json(), added["client"]);
    assert!(!seen.text().contains(added["client_secret"].as_str().unwrap()));
    let all = root.get("/api/v1/admin/clients").await.is(200).json();
    assert_eq!(all["clients"].as_array().unwrap().len(), 2);

    root.delete("/api/v1/admin/clients/shop").await.is(204);
    root.get("/api/v1/admin/clients/shop").await.is(404);
}

#[tokio::test]
async fn a_value_that_does_not_fit_is_named() {
    let server = Server::start().await;
    let mut root = server.administrator().await;
    for (field, value) in [
        ("name", json!("")),
        ("origins", json!(["https://shop.example.com/path"])),
        ("audiences", json!(["api"])),
        ("scopes", json!(["two words"])),
        ("algorithm", json!("none")),
        ("token_places", json!(["query"])),
    ] {
        let mut new = json!({"name": "Shop", "template": "web"});
        new[field] = value;
        let answer = root.post("/api/v1/admin/clients", &new).await;
        assert_eq!(answer.is(400).json()["errors"][0]["field"], field);
    }
}

#[tokio::test]
async fn the_built_in_client_stays() {
    let server = Server::start().await;
    let mut root = server.administrator().await;
    root.delete("/api/v1/admin/clients/cloakroom").await.is(409);
    root.get("/api/v1/admin/clients/cloakroom").await.is(200);
}
