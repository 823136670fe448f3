//! RFC 9470: a service says that a proof is too old, and the client asks its user for a new one.

use std::time::Duration;

use cloakroom_testkit::server::Server;

use super::relying_party::{RelyingParty, ada, open};

/// What the service is for that says no: Cloakroom's own API.
const API: &str = "http://localhost:7117";

#[tokio::test]
async fn what_a_challenge_asks_for_earns_a_token_that_is_good_enough() {
    let server = Server::start().await;
    let app = RelyingParty::with(&server, |app| app.first_party = true).await;
    let mut browser = ada(&server).await;
    let mut program = server.browser();
    server.clock.go(Duration::from_mins(16));
    // A session that lives as the browser's own does still gives tokens, and what they say is old.
    let tokens = app.tokens(&mut browser, &[("resource", API)]).await;
    program.token = tokens["access_token"].as_str().map(str::to_owned);
    let refused = program.delete("/api/v1/sessions").await;
    let asked = refused.is(401).header("www-authenticate").to_owned();
    let (_, max_age) = asked.split_once("max_age=\"").unwrap();
    let (max_age, _) = max_age.split_once('"').unwrap();

    let better = [("resource", API), ("max_age", max_age)];
    let page = open(&mut browser, &app.question(&better)).await;
    assert!(page.text().contains("id=\"again\""), "nobody is asked: {}", page.text());
    let tokens = app.tokens(&mut browser, &better).await;
    program.token = tokens["access_token"].as_str().map(str::to_owned);
    program.delete("/api/v1/sessions").await.is(200);
}
