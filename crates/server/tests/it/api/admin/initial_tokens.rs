//! `/api/v1/admin/initial-tokens`.

use cloakroom_engine::settings::Registering;
use cloakroom_testkit::server::Server;
use serde_json::json;

use crate::oauth::register::{app, register};

const PATH: &str = "/api/v1/admin/initial-tokens";

#[tokio::test]
async fn a_right_is_made_listed_used_and_taken_back() {
    let server =
        Server::with(|setup| setup.engine.own_accord.registering = Registering::WithToken).await;
    let mut root = server.administrator().await;
    let made = root.post(PATH, &json!({ "note": "team blue", "uses": 2 })).await.is(201).json();
    let token = made["token"].as_str().unwrap();
    let shown = &made["initial_token"];
    assert_eq!((&shown["note"], &shown["uses_left"]), (&json!("team blue"), &json!(2)));
    register(&server, Some(token), &app()).await.is(201);

    let listed = root.get(PATH).await;
    assert!(!listed.is(200).text().contains(token), "it is shown once");
    let mut expected = shown.clone();
    expected["uses_left"] = json!(1);
    assert_eq!(listed.json(), json!({ "initial_tokens": [expected] }));

    let of_it = format!("{PATH}/{}", shown["id"].as_str().unwrap());
    root.delete(&of_it).await.is(204);
    root.delete(&of_it).await.is(404);
    register(&server, Some(token), &app()).await.is(401);
    assert_eq!(root.get(PATH).await.json(), json!({ "initial_tokens": [] }));
    let events = root.get("/api/v1/admin/events").await.is(200).text();
    assert!(events.contains("initial_token_made") && events.contains("initial_token_removed"));
    assert!(!events.contains(token));
}

#[tokio::test]
async fn a_right_is_for_one_client_and_a_day_where_nothing_is_said() {
    let server = Server::start().await;
    let mut root = server.administrator().await;
    let made = root.post(PATH, &json!({})).await.is(201).json();
    assert_eq!(made["initial_token"]["uses_left"], 1);
    let many = root.post(PATH, &json!({ "unlimited": true })).await.is(201).json();
    assert_eq!(many["initial_token"]["uses_left"], json!(null));
    for (field, new) in [
        ("uses", json!({ "uses": 0 })),
        ("uses", json!({ "uses": 1_000_001 })),
        ("uses", json!({ "uses": 2, "unlimited": true })),
        ("expires_in", json!({ "expires_in": 0 })),
        ("expires_in", json!({ "expires_in": 31_536_001 })),
        ("note", json!({ "note": "two\nlines" })),
        ("note", json!({ "note": "x".repeat(101) })),
    ] {
        let refused = root.post(PATH, &new).await.is(400).json();
        assert_eq!(refused["errors"][0]["field"], field, "{new}");
    }
}
