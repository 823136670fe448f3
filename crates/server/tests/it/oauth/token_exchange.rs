//! `POST /oauth/token` with another token (RFC 8693): a shop's user reaches the service of orders, which asks the one of
//! stock, which asks the ledger. Each names the client that it is by its URL.

use std::time::Duration;

use cloakroom_engine::clients::NewClient;
use cloakroom_model::client::Client;
use cloakroom_model::event::Actor;
use cloakroom_model::id::ClientId;
use cloakroom_model::registration::{AuthenticationMethod, Binding, GrantType, RegisteredBy};
use cloakroom_model::secret::Digest;
use cloakroom_testkit::browser::{Answer, Browser};
use cloakroom_testkit::engine::ISSUER;
use cloakroom_testkit::server::Server;
use serde_json::{Value, json};

use super::dpop::Holder;
use super::relying_party::{RelyingParty, ada, claims, send};
use crate::html;

const ORDERS: &str = "https://orders.example";
const STOCK: &str = "https://stock.example";
const LEDGER: &str = "https://ledger.example";

const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

#[tokio::test]
async fn a_service_gets_a_token_to_pass_on_that_says_who_acts_for_whom() {
    let server = Server::start().await;
    let Scene { orders, sent, .. } = scene(&server).await;
    let answer = exchange(&orders, &sent, &[]).await.is(200).json();
    assert_eq!(answer["issued_token_type"], ACCESS_TOKEN);
    assert_eq!((&answer["token_type"], &answer["scope"]), (&json!("Bearer"), &json!("read write")));
    assert_eq!((&answer["refresh_token"], &answer["id_token"]), (&json!(null), &json!(null)));
    let (before, after) = (claims(&json!(sent)), claims(&answer["access_token"]));
    for same in ["iss", "sub", "sid", "grant_id", "auth_time", "acr", "amr"] {
        assert_eq!(before[same], after[same], "{same}");
        assert!(!before[same].is_null(), "{same}");
    }
    assert_eq!((&after["aud"], &after["client_id"]), (&json!(STOCK), &json!(ORDERS)));
    assert_eq!(after["act"], json!({ "sub": format!("client:{ORDERS}") }));
    assert_eq!((&before["act"], &before["came_from"]), (&json!(null), &json!(null)));

    // Whom it is for can ask, and is told who acts.
    let told = introspect(&orders, &answer["access_token"]).await;
    assert_eq!((&told["active"], &told["act"]), (&json!(true), &after["act"]));
}

#[tokio::test]
async fn a_chain_of_services_names_all_of_them() {
    let server = Server::start().await;
    let Scene { orders, stock, sent, .. } = scene(&server).await;
    let first = access(&exchange(&orders, &sent, &[("scope", "read")]).await);
    let second = access(&exchange(&stock, &first, &[]).await);
    let told = claims(&json!(second));
    let act = json!({
        "sub": format!("client:{STOCK}"), "act": { "sub": format!("client:{ORDERS}") },
    });
    assert_eq!((&told["act"], &told["aud"]), (&act, &json!(LEDGER)));
    assert_eq!(told["scope"], "read");
    // Nobody can go back to what the first one gave up.
    let wider = exchange(&stock, &first, &[("scope", "read write")]).await;
    assert_eq!(wider.is(400).json()["error"], "invalid_scope");
}

#[tokio::test]
async fn an_exchange_narrows_and_never_widens() {
    let server = Server::start().await;
    let Scene { orders, sent, .. } = scene(&server).await;
    let narrow = [("scope", "read"), ("audience", LEDGER)];
    let answer = exchange(&orders, &sent, &narrow).await.is(200).json();
    let told = claims(&answer["access_token"]);
    assert_eq!((&told["scope"], &told["aud"]), (&json!("read"), &json!(LEDGER)));
    let by_resource = exchange(&orders, &sent, &[("resource", LEDGER)]).await.is(200).json();
    assert_eq!(claims(&by_resource["access_token"])["aud"], LEDGER);
    for (with, error) in [
        (("scope", "read admin"), "invalid_scope"),
        (("scope", "session:cookie"), "invalid_scope"),
        // The user's token has it, and the service's may not.
        (("scope", "openid"), "invalid_scope"),
        (("audience", "https://other.example"), "invalid_target"),
        (("audience", ISSUER), "invalid_target"),
        (("resource", "https://other.example"), "invalid_target"),
    ] {
        let refused = exchange(&orders, &sent, &[with]).await;
        assert_eq!(refused.is(400).json()["error"], error, "{with:?}");
    }
}

#[tokio::test]
async fn no_exchanged_token_is_for_the_server_itself_or_earns_a_cookie() {
    let server = Server::start().await;
    let phone = service(&server, "https://phone.example", &[ISSUER, STOCK], |new| {
        new.first_party = true;
        new.scopes.extend(["openid", "session:cookie"].map(str::to_owned));
    })
    .await;
    let mut browser = ada(&server).await;
    let scope = ("scope", "openid read session:cookie");
    let own = phone.tokens(&mut browser, &[scope]).await;
    let token = own["access_token"].as_str().unwrap();
    assert_eq!(claims(&own["access_token"])["scope"], "openid read session:cookie");

    let elsewhere = exchange(&phone, token, &[("audience", STOCK)]).await.is(200).json();
    assert_eq!(elsewhere["scope"], "openid read", "the rest goes along");
    for with in [&[][..], &[("audience", ISSUER)]] {
        let refused = exchange(&phone, token, with).await;
        assert_eq!(refused.is(400).json()["error"], "invalid_target");
    }
    let asked = [("audience", STOCK), ("scope", "session:cookie")];
    let refused = exchange(&phone, token, &asked).await;
    assert_eq!(refused.is(400).json()["error"], "invalid_scope");
}

#[tokio::test]
async fn it_dies_with_the_session_that_it_hangs_from() {
    let server = Server::start().await;
    let Scene { orders, stock, sent, mut browser, .. } = scene(&server).await;
    let first = access(&exchange(&orders, &sent, &[]).await);
    let second = access(&exchange(&stock, &first, &[]).await);
    for (service, token) in [(&orders, &first), (&stock, &second)] {
        assert_eq!(introspect(service, &json!(token)).await["active"], true);
    }
    browser.post("/api/v1/sign-out", &json!({})).await;
    for (service, token) in [(&orders, &first), (&stock, &second)] {
        assert_eq!(introspect(service, &json!(token)).await["active"], false);
    }
    for (service, token) in [(&orders, &sent), (&stock, &first)] {
        refused_as_ended(&exchange(service, token, &[]).await);
    }
}

#[tokio::test]
async fn it_dies_with_the_grant_that_it_hangs_from() {
    let server = Server::start().await;
    let Scene { shop, orders, mut browser, .. } = scene(&server).await;
    for (scope, how) in [("openid read", "consent"), ("openid read offline_access", "refresh")] {
        let tokens = shop.tokens(&mut browser, &[("scope", scope)]).await;
        let sent = tokens["access_token"].as_str().unwrap();
        let passed_on = exchange(&orders, sent, &[]).await.is(200).json()["access_token"].clone();
        assert_eq!(introspect(&orders, &passed_on).await["active"], true);
        if how == "refresh" {
            let refresh = tokens["refresh_token"].as_str().unwrap();
            shop.post("/oauth/revoke", &[("token", refresh)]).await.is(200);
        } else {
            let apps = browser.get("/account/apps").await.text();
            let form = html::form(&apps, "withdraw-1").unwrap();
            send(&mut browser, &form.action, &form.hidden).await.is(303);
        }
        assert_eq!(introspect(&orders, &passed_on).await["active"], false, "{how}");
        refused_as_ended(&exchange(&orders, sent, &[]).await);
    }
}

#[tokio::test]
async fn it_dies_with_the_token_that_it_came_from() {
    let server = Server::start().await;
    let Scene { shop, orders, stock, sent, .. } = scene(&server).await;
    let first = access(&exchange(&orders, &sent, &[]).await);
    let second = access(&exchange(&stock, &first, &[]).await);
    let active = async |token: &str| introspect(&stock, &json!(token)).await["active"] == true;
    assert!(active(&second).await);
    shop.post("/oauth/revoke", &[("token", &sent)]).await.is(200);
    assert!(!active(&first).await && !active(&second).await);
    refused_as_ended(&exchange(&stock, &first, &[]).await);
}

#[tokio::test]
async fn it_dies_with_the_client_and_with_the_user_of_the_token_that_it_came_from() {
    for end in ["the client", "the service", "the user"] {
        let server = Server::start().await;
        let Scene { orders, stock, sent, .. } = scene(&server).await;
        let first = access(&exchange(&orders, &sent, &[]).await);
        let second = json!(access(&exchange(&stock, &first, &[]).await));
        assert_eq!(introspect(&stock, &second).await["active"], true, "{end}");
        let remove = async |id: &str| {
            let id = ClientId::parse(id).unwrap();
            server.engine.remove_client(&id, Actor::Operator).await.unwrap();
        };
        match end {
            "the client" => remove("app").await,
            "the service" => remove(ORDERS).await,
            _ => {
                let user = server.engine.find_user_by("ada@example.com").await.unwrap().unwrap();
                server.engine.disable_user(user.id, Actor::Operator).await.unwrap();
            }
        }
        assert_eq!(introspect(&stock, &second).await["active"], false, "{end}");
        refused_as_ended(&exchange(&stock, &first, &[]).await);
    }
}

#[tokio::test]
async fn it_does_not_outlive_the_token_that_it_came_from() {
    let server = Server::start().await;
    let Scene { orders, sent, .. } = scene(&server).await;
    server.clock.go(Duration::from_mins(9));
    let answer = exchange(&orders, &sent, &[]).await.is(200).json();
    assert_eq!(answer["expires_in"], 60);
    assert_eq!(claims(&answer["access_token"])["exp"], claims(&json!(sent))["exp"]);
    server.clock.go(Duration::from_mins(3));
    refused_as_ended(&exchange(&orders, &sent, &[]).await);
}

#[tokio::test]
async fn a_service_exchanges_what_was_sent_to_it_or_made_for_it_and_nothing_else() {
    let server = Server::start().await;
    let Scene { orders, stock, shop, sent, .. } = scene(&server).await;
    access(&exchange(&orders, &sent, &[]).await);
    // It found the token. That its own tokens may be for the same service does not help.
    let finder = service(&server, "https://finder.example", &[ORDERS, STOCK], |_| ()).await;
    for other in [&finder, &stock] {
        let refused = exchange(other, &sent, &[]).await.is(400).json();
        assert_eq!(refused["error"], "invalid_request");
        assert!(!refused["error_description"].as_str().unwrap().contains("good now"), "{refused}");
    }
    // Its own it may narrow, wherever that is for.
    let own = ("grant_type", "client_credentials");
    let own = access(&orders.post("/oauth/token", &[own]).await);
    access(&exchange(&orders, &own, &[("scope", "read")]).await);
    // And one that registered for other things alone may not exchange at all.
    let refused = exchange(&shop, &sent, &[]).await.is(400).json();
    assert_eq!(refused["error"], "unauthorized_client");
}

#[tokio::test]
async fn a_services_own_token_is_passed_on_as_the_services() {
    let server = Server::start().await;
    let gateway = service(&server, "https://gateway.example", &[ORDERS], |_| ()).await;
    let orders = service(&server, ORDERS, &[STOCK], |_| ()).await;
    let own = ("grant_type", "client_credentials");
    let sent = access(&gateway.post("/oauth/token", &[own]).await);
    let passed_on = access(&exchange(&orders, &sent, &[]).await);
    let told = claims(&json!(passed_on));
    assert_eq!(told["sub"], "client:https://gateway.example");
    assert_eq!(told["act"], json!({ "sub": format!("client:{ORDERS}") }));
    let id = ClientId::parse(&gateway.id).unwrap();
    server.engine.remove_client(&id, Actor::Operator).await.unwrap();
    assert_eq!(introspect(&orders, &json!(passed_on)).await["active"], false);
    refused_as_ended(&exchange(&orders, &sent, &[]).await);
}

#[tokio::test]
async fn an_actor_is_named_by_its_own_token_and_the_new_one_dies_with_it() {
    let server = Server::start().await;
    let Scene { orders, stock, sent, .. } = scene(&server).await;
    let agent = service(&server, "https://agent.example", &[ORDERS], |_| ()).await;
    let own = ("grant_type", "client_credentials");
    let acting = access(&agent.post("/oauth/token", &[own]).await);
    let with = [("actor_token", acting.as_str()), ("actor_token_type", ACCESS_TOKEN)];
    let passed_on = access(&exchange(&orders, &sent, &with).await);
    let told = claims(&json!(passed_on));
    assert_eq!(told["act"], json!({ "sub": "client:https://agent.example" }));
    assert_eq!(told["sub"], claims(&json!(sent))["sub"]);

    // Not one that was found, not one by which somebody acts for another, and not one that has ended.
    let elsewhere = access(&stock.post("/oauth/token", &[own]).await);
    let handed_on = exchange(&orders, &acting, &[("audience", LEDGER)]).await;
    let handed_on = access(&handed_on);
    for token in [&elsewhere, &handed_on, &"x".to_owned()] {
        let with = [("actor_token", token.as_str()), ("actor_token_type", ACCESS_TOKEN)];
        let refused = exchange(&orders, &sent, &with).await;
        assert_eq!(refused.is(400).json()["error"], "invalid_request");
    }
    agent.post("/oauth/revoke", &[("token", &acting)]).await.is(200);
    assert_eq!(introspect(&orders, &json!(passed_on)).await["active"], false);
    refused_as_ended(&exchange(&orders, &sent, &with).await);
}

#[tokio::test]
async fn a_bound_token_is_exchanged_for_who_holds_its_key_and_stays_bound() {
    let server = Server::start().await;
    let Scene { shop, orders, mut browser, .. } = scene(&server).await;
    let (holder, thief) = (Holder::new(&server), Holder::new(&server));
    let code = shop.code(&mut browser, &[("scope", "openid read")]).await;
    let bound = access(&holder.redeem(&shop, &code).await);
    let form = form(&bound, &[]);
    let by_holder = holder.post(&orders, "/oauth/token", &form).await.is(200).json();
    assert_eq!(by_holder["token_type"], "DPoP");
    let cnf = json!({ "jkt": holder.thumbprint() });
    assert_eq!(claims(&by_holder["access_token"])["cnf"], cnf);

    let alone = orders.post("/oauth/token", &form).await;
    let by_another = thief.post(&orders, "/oauth/token", &form).await;
    for refused in [alone, by_another] {
        let refused = refused.is(400).json();
        assert_eq!(refused["error"], "invalid_request");
        assert!(refused["error_description"].as_str().unwrap().contains("bound"), "{refused}");
    }
    // A bound actor is no other.
    let agent = service(&server, "https://agent.example", &[ORDERS], |_| ()).await;
    let own = [("grant_type", "client_credentials")];
    let acting = access(&holder.post(&agent, "/oauth/token", &own).await);
    let tokens = shop.tokens(&mut browser, &[("scope", "openid read")]).await;
    let sent = tokens["access_token"].as_str().unwrap();
    let with = [("actor_token", acting.as_str()), ("actor_token_type", ACCESS_TOKEN)];
    let form = self::form(sent, &with);
    holder.post(&orders, "/oauth/token", &form).await.is(200);
    let refused = thief.post(&orders, "/oauth/token", &form).await;
    assert_eq!(refused.is(400).json()["error"], "invalid_request");
}

#[tokio::test]
async fn what_a_client_that_binds_its_tokens_gets_is_bound() {
    let server = Server::start().await;
    let Scene { orders, sent, .. } = scene(&server).await;
    access(&exchange(&orders, &sent, &[]).await);
    let id = ClientId::parse(ORDERS).unwrap();
    let bind = |client: &mut Client| client.registration.binding = Binding::Dpop;
    server.engine.change_client(&id, bind, Actor::Operator).await.unwrap();
    let refused = exchange(&orders, &sent, &[]).await;
    assert_eq!(refused.is(400).json()["error"], "invalid_dpop_proof");
    let holder = Holder::new(&server);
    let bound = holder.post(&orders, "/oauth/token", &form(&sent, &[])).await.is(200).json();
    assert_eq!(claims(&bound["access_token"])["cnf"], json!({ "jkt": holder.thumbprint() }));
}

#[tokio::test]
async fn who_proves_nothing_exchanges_nothing() {
    let server = Server::start().await;
    let Scene { orders, sent, .. } = scene(&server).await;
    access(&exchange(&orders, &sent, &[]).await);
    // A public client cannot register for it.
    let mut new = super::relying_party::registration();
    new.id = None;
    new.confidential = false;
    new.registration.method = AuthenticationMethod::None;
    new.registration.grant_types = vec![GrantType::TokenExchange];
    assert!(server.engine.add_client(new, Actor::Operator).await.is_err());
    let public = RelyingParty::with(&server, |new| {
        new.id = None;
        new.confidential = false;
        new.registration.method = AuthenticationMethod::None;
    })
    .await;
    let refused = exchange(&public, &sent, &[]).await.is(400).json();
    assert_eq!(refused["error"], "unauthorized_client");
    // Nor is one that registered itself sent tokens to pass on.
    let itself = service(&server, "https://stranger.example", &[STOCK], |new| {
        new.registration.by = RegisteredBy::Itself { token: Digest([0; 32]) };
    })
    .await;
    let refused = exchange(&itself, &sent, &[]).await.is(400).json();
    assert_eq!(refused["error"], "unauthorized_client");
    let mut impostor = orders.clone();
    impostor.secret = Some("wrong".to_owned());
    assert_eq!(exchange(&impostor, &sent, &[]).await.is(401).json()["error"], "invalid_client");
}

#[tokio::test]
async fn what_is_no_access_token_of_this_server_is_refused() {
    let server = Server::start().await;
    let Scene { shop, orders, sent, mut browser, .. } = scene(&server).await;
    access(&exchange(&orders, &sent, &[]).await);
    let tokens = shop.tokens(&mut browser, &[]).await;
    let (refresh, id_token) = (&tokens["refresh_token"], &tokens["id_token"]);
    let mut forged = sent.clone();
    forged.replace_range(forged.len() - 8.., "AAAAAAAA");
    for token in ["x", "a.b.c", refresh.as_str().unwrap(), id_token.as_str().unwrap(), &forged] {
        refused_as_ended(&exchange(&orders, token, &[]).await);
    }
}

#[tokio::test]
async fn other_kinds_of_token_are_neither_read_nor_given() {
    let server = Server::start().await;
    let Scene { orders, sent, .. } = scene(&server).await;
    access(&exchange(&orders, &sent, &[("requested_token_type", ACCESS_TOKEN)]).await);
    for with in [
        ("subject_token_type", "urn:ietf:params:oauth:token-type:saml2"),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:id_token"),
        ("subject_token_type", ""),
        ("requested_token_type", "urn:ietf:params:oauth:token-type:refresh_token"),
        ("actor_token_type", ACCESS_TOKEN),
    ] {
        let refused = exchange(&orders, &sent, &[with]).await;
        assert_eq!(refused.is(400).json()["error"], "invalid_request", "{with:?}");
    }
}

#[tokio::test]
async fn a_token_that_passed_through_too_many_hands_goes_no_further() {
    let server = Server::start().await;
    let Scene { orders, mut sent, .. } = scene(&server).await;
    // A service may exchange its own again and again, and is named each time.
    for hands in 1..=4 {
        sent = access(&exchange(&orders, &sent, &[("audience", LEDGER)]).await);
        let text = claims(&json!(sent))["act"].to_string();
        assert_eq!(text.matches("sub").count(), hands);
    }
    let refused = exchange(&orders, &sent, &[("audience", LEDGER)]).await.is(400).json();
    assert_eq!(refused["error"], "invalid_request");
    assert!(refused["error_description"].as_str().unwrap().contains("hands"), "{refused}");
}

/// What most tests begin with.
struct Scene {
    shop: RelyingParty,
    orders: RelyingParty,
    stock: RelyingParty,
    browser: Browser,
    /// What the shop sends to the service of orders in the name of Ada.
    sent: String,
}

async fn scene(server: &Server) -> Scene {
    let shop = RelyingParty::with(server, |new| {
        new.audiences = vec![ORDERS.to_owned()];
        new.scopes.push("admin".to_owned());
    })
    .await;
    let orders = service(server, ORDERS, &[STOCK, LEDGER], |_| ()).await;
    let stock = service(server, STOCK, &[LEDGER], |_| ()).await;
    let mut browser = ada(server).await;
    let tokens = shop.tokens(&mut browser, &[("scope", "openid read write")]).await;
    let sent = tokens["access_token"].as_str().unwrap().to_owned();
    Scene { shop, orders, stock, browser, sent }
}

/// A service that may exchange tokens for these audiences.
async fn service(
    server: &Server,
    id: &str,
    audiences: &[&str],
    change: impl FnOnce(&mut NewClient),
) -> RelyingParty {
    RelyingParty::with(server, |new| {
        new.id = Some(ClientId::parse(id).unwrap());
        new.audiences = audiences.iter().map(|&audience| audience.to_owned()).collect();
        new.scopes = ["read", "write"].map(str::to_owned).to_vec();
        new.registration.grant_types.push(GrantType::TokenExchange);
        change(new);
    })
    .await
}

fn form<'a>(token: &'a str, with: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let usual =
        [("grant_type", GRANT), ("subject_token", token), ("subject_token_type", ACCESS_TOKEN)];
    let replaced = |name: &str| with.iter().any(|(other, _)| *other == name);
    let usual = usual.into_iter().filter(|(name, _)| !replaced(name));
    usual.chain(with.iter().copied().filter(|(_, value)| !value.is_empty())).collect()
}

async fn exchange(by: &RelyingParty, token: &str, with: &[(&str, &str)]) -> Answer {
    by.post("/oauth/token", &form(token, with)).await
}

fn access(answer: &Answer) -> String {
    answer.is(200).json()["access_token"].as_str().unwrap().to_owned()
}

async fn introspect(asker: &RelyingParty, token: &Value) -> Value {
    let token = token.as_str().unwrap();
    asker.post("/oauth/introspect", &[("token", token)]).await.is(200).json()
}

/// RFC 8693 §2.2.2, and one text for all reasons.
fn refused_as_ended(answer: &Answer) {
    let refused = answer.is(400).json();
    assert_eq!(refused["error"], "invalid_request");
    assert!(refused["error_description"].as_str().unwrap().contains("good now"), "{refused}");
}
