//! `/oauth/userinfo`.

use cloakroom_model::registration::Subjects;
use cloakroom_testkit::server::Server;
use serde_json::json;

use super::relying_party::{RelyingParty, ada, claims};

#[tokio::test]
async fn a_client_learns_what_its_scope_and_its_claims_allow() {
    let server = Server::start().await;
    let app = RelyingParty::with(&server, |new| new.audiences.clear()).await;
    let mut browser = ada(&server).await;
    let wanted = r#"{"userinfo":{"email":{"essential":true}}}"#;
    for (with, email) in [
        (vec![("scope", "openid")], json!(null)),
        (vec![("scope", "openid email")], json!("ada@example.com")),
        (vec![("scope", "openid"), ("claims", wanted)], json!("ada@example.com")),
    ] {
        let tokens = app.tokens(&mut browser, &with).await;
        let mut service = server.browser();
        service.token = tokens["access_token"].as_str().map(str::to_owned);
        let info = service.get("/oauth/userinfo").await.is(200).json();
        assert_eq!(info["sub"], claims(&tokens["id_token"])["sub"]);
        assert_eq!(info["email"], email, "{with:?}");
        assert_eq!(service.form("/oauth/userinfo", "").await.is(200).json(), info);
    }
}

#[tokio::test]
async fn a_token_without_openid_or_for_somebody_else_says_nothing() {
    let server = Server::start().await;
    let app = RelyingParty::new(&server).await;
    let mut browser = ada(&server).await;
    let own = ("resource", "http://localhost:7117");
    let mut service = server.browser();

    let unscoped = app.tokens(&mut browser, &[("scope", "read"), own]).await;
    service.token = unscoped["access_token"].as_str().map(str::to_owned);
    let answer = service.get("/oauth/userinfo").await;
    assert_eq!(answer.is(403).json()["error"], "insufficient_scope");
    assert!(answer.header("www-authenticate").starts_with("Bearer realm="));

    let for_the_api = app.tokens(&mut browser, &[("resource", "https://api.example")]).await;
    service.token = for_the_api["access_token"].as_str().map(str::to_owned);
    assert_eq!(service.get("/oauth/userinfo").await.is(401).json()["error"], "invalid_token");

    service.token = None;
    let nothing = service.get("/oauth/userinfo").await;
    assert_eq!(nothing.is(401).json()["error"], "invalid_request");
    assert!(!nothing.header("www-authenticate").contains("error"));
}

#[tokio::test]
async fn the_api_tells_a_third_partys_client_no_more_than_user_info_does() {
    let server = Server::start().await;
    let app = RelyingParty::with(&server, |new| {
        new.audiences.clear();
        new.registration.subjects =
            Subjects::Pairwise { sector: "app.example".to_owned(), listed_at: None };
    })
    .await;
    let mut browser = ada(&server).await;
    for (scope, email) in [("openid", json!(null)), ("openid email", json!("ada@example.com"))] {
        let tokens = app.tokens(&mut browser, &[("scope", scope)]).await;
        let mut service = server.browser();
        service.token = tokens["access_token"].as_str().map(str::to_owned);
        let session = service.get("/api/v1/session").await.is(200).json();
        assert_eq!(session["user"]["id"], claims(&tokens["id_token"])["sub"]);
        assert_eq!(session["user"]["email"], email, "{scope}");
        assert_eq!(service.get("/api/v1/sessions").await.status, 403);
        assert_eq!(service.post("/api/v1/session/cookie", &json!({})).await.status, 403);
    }
}

#[tokio::test]
async fn a_signed_answer_is_for_the_client_alone() {
    let server = Server::start().await;
    let app = RelyingParty::with(&server, |new| {
        new.audiences.clear();
        new.registration.signing.userinfo = Some("ES256".to_owned());
    })
    .await;
    let mut browser = ada(&server).await;
    let tokens = app.tokens(&mut browser, &[]).await;
    let mut service = server.browser();
    service.token = tokens["access_token"].as_str().map(str::to_owned);
    let answer = service.get("/oauth/userinfo").await;
    assert_eq!(answer.is(200).header("content-type"), "application/jwt");
    let signed = claims(&answer.text().into());
    assert_eq!((&signed["aud"], &signed["iss"]), (&json!("app"), &json!("http://localhost:7117")));
    assert_eq!(signed["sub"], claims(&tokens["id_token"])["sub"]);
}

#[tokio::test]
async fn two_sectors_do_not_learn_that_they_have_somebody_in_common() {
    let server = Server::start().await;
    let pairwise = |sector: &str| Subjects::Pairwise { sector: sector.to_owned(), listed_at: None };
    let mut browser = ada(&server).await;
    let mut names = Vec::new();
    for sector in ["one.example", "two.example", "one.example"] {
        let app = RelyingParty::with(&server, |new| {
            new.id = None;
            new.audiences.clear();
            new.registration.subjects = pairwise(sector);
        })
        .await;
        let tokens = app.tokens(&mut browser, &[]).await;
        let name = claims(&tokens["id_token"])["sub"].clone();
        assert_eq!(claims(&tokens["access_token"])["sub"], name);
        let mut service = server.browser();
        service.token = tokens["access_token"].as_str().map(str::to_owned);
        assert_eq!(service.get("/oauth/userinfo").await.is(200).json()["sub"], name);
        names.push(name);
    }
    assert_eq!(names[0], names[2]);
    assert_ne!(names[0], names[1]);
}
