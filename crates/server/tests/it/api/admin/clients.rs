//! `/api/v1/admin/clients`.

use cloakroom_testkit::server::Server;
use serde_json::json;

use crate::oauth::relying_party::{RelyingParty, ada, claims};

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

#[tokio::test]
async fn an_address_for_answers_makes_a_client_that_signs_people_in() {
    let server = Server::start().await;
    let mut root = server.administrator().await;
    let new = json!({
        "client_id": "app",
        "name": "The App",
        "template": "web",
        "registration": {
            "redirect_uris": ["https://app.example/callback"],
            "id_token_signed_response_alg": "ES256",
        },
    });
    let added = root.post("/api/v1/admin/clients", &new).await.is(201).json();
    assert!(added["client_secret"].is_string());
    let client = &added["client"];
    assert_eq!(client["scopes"], json!(["openid", "profile", "email", "offline_access"]));
    let registration = &client["registration"];
    assert_eq!(registration["grant_types"], json!(["authorization_code", "refresh_token"]));
    assert_eq!(registration["token_endpoint_auth_method"], "client_secret_basic");

    let app = RelyingParty {
        server: server.clone(),
        id: "app".to_owned(),
        secret: added["client_secret"].as_str().map(str::to_owned),
    };
    let tokens = app.tokens(&mut ada(&server).await, &[]).await;
    assert_eq!(claims(&tokens["id_token"])["aud"], "app");
}

#[tokio::test]
async fn a_registration_that_does_not_fit_is_refused() {
    let server = Server::start().await;
    let mut root = server.administrator().await;
    let callback = "https://app.example/callback";
    for (why, registration) in [
        ("redirect_uris: ", json!({ "redirect_uris": ["http://app.example/callback"] })),
        ("redirect_uris: ", json!({ "grant_types": ["authorization_code"] })),
        (
            "token_endpoint_auth_method: ",
            json!({ "redirect_uris": [callback], "token_endpoint_auth_method": "magic" }),
        ),
        (
            "jwks_uri: ",
            json!({ "redirect_uris": [callback], "jwks_uri": "http://app.example/keys" }),
        ),
        (
            "request_uris: ",
            json!({ "redirect_uris": [callback], "request_uris": ["http://app.example/request"] }),
        ),
        (
            "request_object_signing_alg: ",
            json!({ "redirect_uris": [callback], "request_object_signing_alg": "none" }),
        ),
        (
            "id_token_signed_response_alg: ",
            json!({ "redirect_uris": [callback], "id_token_signed_response_alg": "HS256" }),
        ),
    ] {
        let new = json!({ "name": "App", "template": "web", "registration": registration });
        let refused = root.post("/api/v1/admin/clients", &new).await.is(400).json();
        assert_eq!(refused["errors"][0]["field"], "registration", "{refused}");
        let expected = refused["errors"][0]["expected"].as_str().unwrap();
        assert!(expected.starts_with(why), "{expected}");
    }
    let none = json!({ "redirect_uris": ["com.example.app:/cb"] });
    let new = json!({
        "name": "App", "template": "mobile", "registration": none, "danger_without_pkce": true,
    });
    let refused = root.post("/api/v1/admin/clients", &new).await.is(400).json();
    assert_eq!(refused["errors"][0]["field"], "danger_without_pkce");
}
