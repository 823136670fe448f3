//! `/consent` and `/account/apps`: what people allow, and taking it back.

use cloakroom_testkit::server::Server;
use serde_json::json;

use super::relying_party::{RelyingParty, ada, open, send};
use crate::html;

#[tokio::test]
async fn what_an_app_asks_for_is_shown_line_by_line() {
    let server = Server::start().await;
    let app = RelyingParty::with(&server, |new| {
        new.registration.authorization_details_types = vec!["payment".to_owned()];
        new.registration.about.policy = Some("https://app.example/privacy".to_owned());
    })
    .await;
    let mut browser = ada(&server).await;
    let page = open(
        &mut browser,
        &app.question(&[
            ("scope", "openid email read"),
            ("claims", r#"{"userinfo":{"department":null}}"#),
            ("authorization_details", r#"[{"type":"payment","amount":"12 EUR <b>"}]"#),
        ]),
    )
    .await;
    let text = page.text();
    for words in [
        "The App wants to use your account",
        "<strong>ada@example.com</strong>",
        "See your email address",
        "Use <code>read</code>",
        "See your <code>department</code>",
        "<strong>payment</strong>",
        "<dt>amount</dt><dd>12 EUR &#60;b&#62;</dd>",
        "href=\"https://app.example/privacy\"",
    ] {
        assert!(text.contains(words), "no {words} in {text}");
    }
    // Whoever runs this server has registered it.
    assert!(!text.contains("has checked who this is"));
}

#[tokio::test]
async fn what_is_allowed_in_detail_is_allowed_once() {
    let server = Server::start().await;
    let app = RelyingParty::with(&server, |new| {
        new.registration.authorization_details_types = vec!["payment".to_owned()];
    })
    .await;
    let mut browser = ada(&server).await;
    let payment = [("authorization_details", r#"[{"type":"payment","amount":"12"}]"#)];
    let tokens = app.tokens(&mut browser, &payment).await;
    let allowed = json!([{"type": "payment", "amount": "12"}]);
    assert_eq!(tokens["authorization_details"], allowed);
    let token = super::relying_party::claims(&tokens["access_token"]);
    assert_eq!(token["authorization_details"], allowed);
    server.clock.go(std::time::Duration::from_secs(1));
    let again = open(&mut browser, &app.question(&payment)).await;
    assert!(html::form(&again.text(), "consent").is_some(), "{}", again.text());
}

#[tokio::test]
async fn who_takes_a_consent_back_ends_what_the_app_holds() {
    let server = Server::start().await;
    let app = RelyingParty::new(&server).await;
    let mut browser = ada(&server).await;
    let scope = [("scope", "openid offline_access")];
    let offline = app.tokens(&mut browser, &scope).await;
    let bound = app.tokens(&mut browser, &[]).await;
    let active = async |tokens: &serde_json::Value| {
        let token = tokens["access_token"].as_str().unwrap();
        app.post("/oauth/introspect", &[("token", token)]).await.json()["active"] == true
    };
    assert!(active(&offline).await && active(&bound).await);

    let apps = browser.get("/account/apps").await;
    assert!(apps.text().contains("The App"), "{}", apps.text());
    let form = html::form(&apps.text(), "withdraw-1").unwrap();
    send(&mut browser, &form.action, &form.hidden).await.is(303);

    assert!(!active(&offline).await && !active(&bound).await);
    for tokens in [offline, bound] {
        let refresh = tokens["refresh_token"].as_str().unwrap();
        let again = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
        app.post("/oauth/token", &again).await.is(400);
    }
    assert!(browser.get("/account/apps").await.text().contains("No app uses your account"));
    let asked = open(&mut browser, &app.question(&[])).await;
    assert!(html::form(&asked.text(), "consent").is_some());
}

#[tokio::test]
async fn nobody_allows_anything_for_somebody_else() {
    let server = Server::start().await;
    let app = RelyingParty::new(&server).await;
    let mut browser = ada(&server).await;
    let page = open(&mut browser, &app.question(&[])).await;
    let mut form = html::form(&page.text(), "consent").unwrap();
    form.hidden.insert("answer".to_owned(), "allow".to_owned());
    // The same form, sent by a session that it was not shown to.
    let mut other = server.browser();
    other.sign_up("eve").await;
    let refused = send(&mut other, &form.action, &form.hidden).await;
    assert_eq!(refused.status, 403);
    // And by the session, without its token.
    form.hidden.insert("csrf".to_owned(), "forged".to_owned());
    let refused = send(&mut browser, &form.action, &form.hidden).await;
    assert_eq!(refused.status, 403);
    let asked = open(&mut browser, &app.question(&[])).await;
    assert!(html::form(&asked.text(), "consent").is_some(), "nothing was allowed");
}
