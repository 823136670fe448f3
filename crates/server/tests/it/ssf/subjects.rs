//! `/ssf/subjects/…`.

use cloakroom_testkit::engine::ISSUER;
use cloakroom_testkit::server::Server;
use serde_json::{Value, json};

use super::receiver::{Receiver, ada};

#[tokio::test]
async fn nobody_is_told_of_who_is_removed_until_they_are_added_again() {
    let server = Server::start().await;
    let mut warehouse = Receiver::new(&server).await;
    let stream = warehouse.polls().await;
    let (mut browser, user, _) = ada(&server).await;
    let by_email = json!({ "format": "email", "email": "Ada@example.com" });
    let by_name = json!({ "format": "iss_sub", "iss": ISSUER, "sub": user });
    let complex = json!({ "format": "complex", "user": by_name });
    let mut waiting = 0;
    for subject in [by_email, by_name, complex] {
        let wish = json!({ "stream_id": stream["stream_id"], "subject": subject });
        warehouse.post("/ssf/subjects/remove", &wish).await.is(204);
        browser.post("/api/v1/sign-out", &json!({})).await.is(204);
        assert_eq!(warehouse.waiting(&stream).await.len(), waiting, "{subject}");
        let added = warehouse.post("/ssf/subjects/add", &wish).await;
        assert_eq!(added.is(200).text(), "");
        browser.sign_in("ada", "cookie").await;
        browser.post("/api/v1/sign-out", &json!({})).await.is(204);
        waiting += 1;
        assert_eq!(warehouse.waiting(&stream).await.len(), waiting, "{subject}");
        browser.sign_in("ada", "cookie").await;
    }
}

#[tokio::test]
async fn whether_somebody_is_known_is_not_said() {
    let server = Server::start().await;
    let mut warehouse = Receiver::new(&server).await;
    let stream = warehouse.polls().await;
    let (_, user, _) = ada(&server).await;
    let ask = async |warehouse: &mut Receiver, path: &str, subject: Value| {
        let wish = json!({ "stream_id": stream["stream_id"], "subject": subject });
        let answer = warehouse.post(path, &wish).await;
        (answer.status.as_u16(), answer.text())
    };
    for subject in [
        json!({ "format": "email", "email": "ada@example.com" }),
        json!({ "format": "email", "email": "nobody@example.com" }),
        json!({ "format": "iss_sub", "iss": "https://other.example", "sub": user }),
        json!({ "format": "phone_number", "phone_number": "+12065550100" }),
        json!({ "format": "opaque", "id": stream["stream_id"] }),
    ] {
        let removed = ask(&mut warehouse, "/ssf/subjects/remove", subject.clone()).await;
        assert_eq!(removed, (204, String::new()));
        let added = ask(&mut warehouse, "/ssf/subjects/add", subject).await;
        assert_eq!(added, (200, String::new()));
    }
    let unread = ask(&mut warehouse, "/ssf/subjects/add", json!({ "format": "face" })).await;
    assert_eq!(unread.0, 400);
}
