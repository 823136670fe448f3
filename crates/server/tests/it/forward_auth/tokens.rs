//! The token that a service is handed, and the tokens that requests may bring.

use cloakroom_jose::Algorithm;
use cloakroom_model::policy::entry::{Passes, Rule, Service, Who};
use cloakroom_model::user::Role;
use serde_json::{Value, json};

use super::*;
use crate::oauth::keys::{ath, fresh as fresh_name, key, public, signed};
use crate::oauth::relying_party::{RelyingParty, claims};

const AUDIENCE: &str = "https://api.example";
const URL: &str = "https://orders.example.test/orders?open=1";

#[tokio::test]
async fn a_service_is_handed_a_short_token_that_is_for_it_alone() {
    let server =
        server(vec![with_service(|service| service.passes = Some(Passes::OwnHeader))]).await;
    let mut ada = signed_in(&server, "ada", &["staff"]).await;
    let session = ada.get("/api/v1/session").await.json();
    let answer = ask(&ada, "GET", URL, &SCRIPT).await;
    let token = answer.is(200).header("x-cloakroom-token").to_owned();
    let said = claims(&json!(token));
    assert_eq!((&said["iss"], &said["aud"]), (&json!(ISSUER), &json!(AUDIENCE)));
    assert_eq!((&said["sub"], &said["sid"]), (&session["user"]["id"], &session["session"]["sid"]));
    assert_eq!((&said["scope"], &said["roles"]), (&json!("read"), &json!(["staff"])));
    assert_eq!(said["exp"].as_u64().unwrap() - said["iat"].as_u64().unwrap(), 600);
    assert!(!answer.headers.contains_key("authorization"));

    let mut program = server.browser();
    program.token = Some(token);
    program.get("/api/v1/session").await.is(401);
}

#[tokio::test]
async fn a_token_is_remembered_for_a_quarter_of_its_life_and_never_longer_than_it_is_true() {
    let server = server(vec![
        with_service(|service| service.passes = Some(Passes::OwnHeader)),
        Rule {
            host: "other.example.test".to_owned(),
            ..with_service(|service| {
                service.passes = Some(Passes::OwnHeader);
                service.scope = vec!["write".to_owned()];
            })
        },
    ])
    .await;
    let mut root = server.administrator().await;
    let user = server.add_user("ada", &["staff"]).await;
    let mut ada = server.browser();
    ada.sign_in("ada", "cookie").await;
    let token = async |browser: &Browser| {
        ask(browser, "GET", URL, &SCRIPT).await.is(200).header("x-cloakroom-token").to_owned()
    };
    let first = token(&ada).await;
    assert_eq!(token(&ada).await, first);
    let other = ask(&ada, "GET", "https://other.example.test/", &SCRIPT).await;
    let other = other.is(200).header("x-cloakroom-token").to_owned();
    assert_eq!(claims(&json!(other))["scope"], "write", "another host has a token of its own");
    server.clock.go(Duration::from_secs(149));
    assert_eq!(token(&ada).await, first);
    server.clock.go(Duration::from_secs(2));
    let second = token(&ada).await;
    assert_ne!(second, first);

    let path = format!("/api/v1/admin/users/{}/roles", user.id);
    root.json(Method::PUT, &path, &json!({ "roles": ["author"] })).await.is(204);
    let third = token(&ada).await;
    assert_eq!(claims(&json!(third))["roles"], json!(["author"]));

    let form = [("token", third.as_str()), ("client_id", "cloakroom")];
    let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    server.browser().form("/oauth/revoke", &form).await.is(200);
    assert_ne!(token(&ada).await, third, "one that was given back is not handed out");

    ada.post("/api/v1/sign-out", &json!({})).await.is(204);
}

#[tokio::test]
async fn a_token_stands_in_the_authorization_header_where_the_rule_says_so() {
    let server = server(vec![with_service(|service| {
        service.passes = Some(Passes::Authorization);
        service.accepts = true;
    })])
    .await;
    let ada = signed_in(&server, "ada", &[]).await;
    let app = RelyingParty::new(&server).await;
    let answer = ask(&ada, "GET", URL, &[("authorization", "Basic cm9vdDpyb290")]).await;
    let handed = answer.is(200).header("authorization").strip_prefix("Bearer ").unwrap();
    assert_eq!(claims(&json!(handed))["aud"], AUDIENCE);
    assert_eq!(answer.header("x-cloakroom-token"), "");

    let own = app.tokens(&mut ada.clone(), &[("scope", "openid read")]).await;
    let own = format!("Bearer {}", own["access_token"].as_str().unwrap());
    let answer = ask(&server.browser(), "GET", URL, &[("authorization", &own)]).await;
    assert_eq!(answer.is(200).header("authorization"), own, "a token earns no other");
}

#[tokio::test]
async fn a_request_may_bring_a_token_for_the_service_where_the_rule_says_so() {
    let closed = Rule { host: "closed.example.test".to_owned(), ..with_service(|_| ()) };
    let accepting = with_service(|service| service.accepts = true);
    let server = server(vec![accepting, closed]).await;
    let mut ada = signed_in(&server, "ada", &["staff"]).await;
    let app =
        RelyingParty::with(&server, |new| new.audiences.push("https://other.example".to_owned()))
            .await;
    let program = server.browser();
    let bearer = async |scope: &str, resource: &str, browser: &mut Browser| {
        let with = [("scope", scope), ("resource", resource)];
        let tokens = app.tokens(browser, &with).await;
        format!("Bearer {}", tokens["access_token"].as_str().unwrap())
    };
    let good = bearer("openid read", AUDIENCE, &mut ada).await;
    let answer = ask(&program, "GET", URL, &[("authorization", &good)]).await;
    assert_eq!(answer.is(200).header("remote-email"), "ada@example.com");
    assert_eq!(answer.header("remote-groups"), "staff");

    let narrow = bearer("openid", AUDIENCE, &mut ada).await;
    let refused = ask(&program, "GET", URL, &[("authorization", &narrow)]).await;
    assert_eq!(refused.is(403).code(), "insufficient_scope");
    assert!(refused.header("www-authenticate").contains("scope=\"read\""), "{refused:?}");
    let elsewhere = bearer("openid read", "https://other.example", &mut ada).await;
    for (token, why) in [
        (elsewhere.as_str(), "another audience"),
        ("Bearer nonsense", "no token"),
        (&good.replace("Bearer", "DPoP"), "a scheme for bound tokens"),
    ] {
        let answer = ask(&program, "GET", URL, &[("authorization", token)]).await;
        assert_eq!(answer.is(401).code(), "invalid_token", "{why}");
        // Whoever writes a header means it: the cookie beside it does not count.
        ask(&ada, "GET", URL, &[("authorization", token)]).await.is(401);
    }
    let mut own = server.browser();
    own.sign_in("ada", "token").await;
    let own = format!("Bearer {}", own.token.unwrap());
    ask(&program, "GET", URL, &[("authorization", &own)]).await.is(401);

    let url = "https://closed.example.test/";
    ask(&program, "GET", url, &[("authorization", &good)]).await.is(401);
    ask(&ada, "GET", url, &[("authorization", "Bearer of-the-service-itself")]).await.is(200);

    ask(&program, "GET", URL, &[("authorization", &good)]).await.is(200);
    ada.post("/api/v1/sign-out", &json!({})).await.is(204);
    let ended = ask(&program, "GET", URL, &[("authorization", &good)]).await;
    assert_eq!(ended.is(401).code(), "token_revoked");
}

#[tokio::test]
async fn the_rule_holds_for_tokens_too() {
    let staff = Who::Of { roles: vec![Role::parse("staff").unwrap()], users: Vec::new() };
    let within = Some(Duration::from_mins(5));
    let server =
        server(vec![Rule { who: staff, within, ..with_service(|it| it.accepts = true) }]).await;
    let app = RelyingParty::new(&server).await;
    let mut tokens = Vec::new();
    for (name, roles) in [("ada", &["staff"][..]), ("bob", &[])] {
        let mut browser = signed_in(&server, name, roles).await;
        let got = app.tokens(&mut browser, &[("scope", "openid read")]).await;
        tokens.push(format!("Bearer {}", got["access_token"].as_str().unwrap()));
    }
    let program = server.browser();
    ask(&program, "GET", URL, &[("authorization", &tokens[0])]).await.is(200);
    ask(&program, "GET", URL, &[("authorization", &tokens[1])]).await.is(403);
    server.clock.go(Duration::from_mins(6));
    let old = ask(&program, "GET", URL, &[("authorization", &tokens[0])]).await;
    assert!(old.is(401).header("www-authenticate").contains("max_age=\"300\""), "{old:?}");
}

#[tokio::test]
async fn a_token_of_nobody_and_one_that_outlives_its_session_are_told_apart() {
    let server = server(vec![with_service(|service| service.accepts = true)]).await;
    let app = RelyingParty::new(&server).await;
    let mut ada = signed_in(&server, "ada", &[]).await;
    let scope = ("scope", "openid offline_access read");
    let offline = app.tokens(&mut ada, &[scope, ("prompt", "consent")]).await;
    ada.post("/api/v1/sign-out", &json!({})).await.is(204);
    let bearer = |tokens: &Value| format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    let program = server.browser();
    let answer = ask(&program, "GET", URL, &[("authorization", &bearer(&offline))]).await;
    assert_eq!(answer.is(200).header("remote-email"), "ada@example.com");
    assert_eq!(answer.header("x-cloakroom-session"), "");

    let own =
        app.post("/oauth/token", &[("grant_type", "client_credentials"), ("scope", "read")]).await;
    let own = own.is(200).json();
    ask(&program, "GET", URL, &[("authorization", &bearer(&own))]).await.is(401);
}

#[tokio::test]
async fn a_token_that_is_bound_to_a_key_is_proved_for_the_original_request() {
    let server = server(vec![with_service(|service| service.accepts = true)]).await;
    let app = RelyingParty::new(&server).await;
    let mut ada = signed_in(&server, "ada", &[]).await;
    let key = key();
    let header = json!({ "typ": "dpop+jwt", "alg": Algorithm::Es256.name(), "jwk": public(&key) });
    let proof = |method: &str, url: &str, token: Option<&str>| {
        let now = server.engine.now().seconds();
        let mut claims = json!({ "jti": fresh_name(), "htm": method, "htu": url, "iat": now });
        if let Some(token) = token {
            claims["ath"] = json!(ath(token));
        }
        signed(&key, &header, &claims)
    };
    let code = app.code(&mut ada, &[("scope", "openid read")]).await;
    let redeeming = proof("POST", &format!("{ISSUER}/oauth/token"), None);
    let tokens = app.redeem_beside(&code, &[("dpop", &redeeming)]).await.is(200).json();
    let token = tokens["access_token"].as_str().unwrap();
    let (dpop, bearer) = (format!("DPoP {token}"), format!("Bearer {token}"));
    let url = "https://orders.example.test/orders";
    let program = server.browser();
    let good = proof("PUT", url, Some(token));
    for ask_with in 0..2 {
        // The second time the proof was used already.
        let headers = [("authorization", dpop.as_str()), ("dpop", good.as_str())];
        let answer = ask(&program, "PUT", URL, &headers).await;
        answer.is(if ask_with == 0 { 200 } else { 401 });
    }
    for (authorization, proof, why) in [
        (&bearer, Some(proof("PUT", url, Some(token))), "another scheme"),
        (&dpop, None, "no proof"),
        (&dpop, Some(proof("GET", url, Some(token))), "another method"),
        (
            &dpop,
            Some(proof("PUT", "https://orders.example.test/other", Some(token))),
            "another path",
        ),
        (
            &dpop,
            Some(proof("PUT", &format!("{ISSUER}/forward-auth"), Some(token))),
            "the question itself",
        ),
    ] {
        let mut headers = vec![("authorization", authorization.as_str())];
        headers.extend(proof.as_deref().map(|proof| ("dpop", proof)));
        let answer = ask(&program, "PUT", URL, &headers).await;
        assert_eq!(answer.status.as_u16(), 401, "{why}: {answer:?}");
    }
}

/// A rule for a service that reads tokens.
fn with_service(change: impl FnOnce(&mut Service)) -> Rule {
    let mut service = Service {
        audience: AUDIENCE.to_owned(),
        scope: vec!["read".to_owned()],
        accepts: false,
        passes: None,
    };
    change(&mut service);
    Rule { service: Some(service), ..rule("orders.example.test") }
}
