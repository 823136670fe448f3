//! Clients that publish their keys at a URL (`jwks_uri`), which the server asks as seldom as it can.

use std::time::Duration;

use cloakroom_engine::fetch::{FetchError, Fetched};
use cloakroom_jose::SigningKey;
use cloakroom_model::registration::ClientKeys;
use cloakroom_testkit::engine::ISSUER;
use cloakroom_testkit::server::Server;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use url::form_urlencoded::Serializer;

use super::keys::{fresh, key, public, sealed, signed};
use super::private_key_jwt::Signing;
use super::relying_party::{CALLBACK, ada, walk};

const KEYS: &str = "https://app.example/keys";

#[tokio::test]
async fn a_client_is_known_by_a_key_that_it_publishes() {
    let server = Server::start().await;
    let app = app(&server).await;
    publish(&server, &[&app.key]);
    let token = app.ask(&app.assertion()).await.is(200).json();
    let token = ("token", token["access_token"].as_str().unwrap());
    let told = app.post("/oauth/introspect", &[token], &app.assertion()).await;
    assert_eq!(told.is(200).json()["active"], true);
    app.post("/oauth/revoke", &[token], &app.assertion()).await.is(200);
    assert_eq!(server.others.asked(), [KEYS]);
    // An assertion counts once, whatever its key comes from.
    let assertion = app.assertion();
    app.ask(&assertion).await.is(200);
    app.ask(&assertion).await.is(401);
}

#[tokio::test]
async fn a_question_is_signed_with_a_key_that_its_client_publishes() {
    let server = Server::start().await;
    let app = app(&server).await;
    publish(&server, &[&app.key]);
    let mut browser = ada(&server).await;
    let now = server.engine.now().seconds();
    let parameters = app.app.parameters(&[]);
    let parameters = url::form_urlencoded::parse(parameters.as_bytes());
    let mut claims: Value =
        parameters.map(|(name, value)| (name.into_owned(), json!(value))).collect();
    claims["iss"] = json!("app");
    claims["aud"] = json!(ISSUER);
    claims["exp"] = json!(now + 60);
    let header = json!({ "typ": "oauth-authz-req+jwt", "alg": "ES256", "kid": app.key.kid() });
    let question = |object: &str| {
        let mut query = Serializer::new(String::new());
        query.extend_pairs([("client_id", "app"), ("redirect_uri", CALLBACK), ("request", object)]);
        format!("/oauth/authorize?{}", query.finish())
    };
    let answer = walk(&mut browser, &question(&signed(&app.key, &header, &claims))).await;
    assert!(answer.parameters.contains_key("code"), "{answer:?}");
    assert_eq!(server.others.asked(), [KEYS]);
    for (header, claims) in [
        (json!({ "alg": "none" }), claims.clone()),
        (header, json!({ "iss": "app", "aud": "https://other.example" })),
    ] {
        server.clock.go(Duration::from_mins(2));
        let answer = browser.get(&question(&signed(&app.key, &header, &claims))).await;
        assert!(answer.is(303).header("location").contains("error="));
    }
    assert_eq!(server.others.asked(), [KEYS], "for what cannot be good nobody is asked");
}

#[tokio::test]
async fn a_new_key_is_found_by_one_more_question() {
    let server = Server::start().await;
    let mut app = app(&server).await;
    publish(&server, &[&app.key]);
    app.ask(&app.assertion()).await.is(200);
    let old = std::mem::replace(&mut app.key, key());
    publish(&server, &[&old, &app.key]);
    app.ask(&app.assertion()).await.is(401);
    server.clock.go(Duration::from_mins(1));
    app.ask(&app.assertion()).await.is(200);
    assert_eq!(server.others.asked().len(), 2);
    // The one before is still published, and good.
    app.key = old;
    app.ask(&app.assertion()).await.is(200);
    assert_eq!(server.others.asked().len(), 2);
}

#[tokio::test]
async fn a_key_that_was_taken_back_is_refused_when_the_set_is_over() {
    let server = Server::start().await;
    let mut app = app(&server).await;
    publish(&server, &[&app.key]);
    app.ask(&app.assertion()).await.is(200);
    let newer = key();
    publish(&server, &[&newer]);
    server.clock.go(Duration::from_secs(5 * 60 - 1));
    app.ask(&app.assertion()).await.is(200);
    assert_eq!(server.others.asked().len(), 1);
    server.clock.go(Duration::from_secs(1));
    app.ask(&app.assertion()).await.is(401);
    app.key = newer;
    app.ask(&app.assertion()).await.is(200);
    assert_eq!(server.others.asked().len(), 2);
}

#[tokio::test]
async fn a_set_is_believed_for_an_hour_at_most() {
    let server = Server::start().await;
    let app = app(&server).await;
    let day = Duration::from_hours(24);
    let set = page(200, "application/jwk-set+json", &set_of(&[&app.key]), day);
    server.others.answer(KEYS, set);
    for asked in 1..=2 {
        app.ask(&app.assertion()).await.is(200);
        server.clock.go(Duration::from_secs(3599));
        app.ask(&app.assertion()).await.is(200);
        assert_eq!(server.others.asked().len(), asked);
        server.clock.go(Duration::from_secs(1));
    }
}

#[tokio::test]
async fn nonsense_under_new_names_is_worth_one_question_a_minute() {
    let server = Server::start().await;
    let app = app(&server).await;
    publish(&server, &[&app.key]);
    app.ask(&app.assertion()).await.is(200);
    let stranger = key();
    for asked in 1..=3 {
        for _ in 0..50 {
            let mut header = app.header();
            header["kid"] = json!(fresh());
            app.ask(&signed(&stranger, &header, &app.claims())).await.is(401);
        }
        assert_eq!(server.others.asked().len(), asked);
        server.clock.go(Duration::from_mins(1));
    }
    app.ask(&app.assertion()).await.is(200);
}

#[tokio::test]
async fn for_what_cannot_be_good_nobody_is_asked() {
    let server = Server::start().await;
    let app = app(&server).await;
    publish(&server, &[&app.key]);
    let now = server.engine.now().seconds();
    let with_header = |name: &str, value: Value| {
        let mut header = app.header();
        header[name] = value;
        signed(&app.key, &header, &app.claims())
    };
    for assertion in [
        app.with("aud", json!("https://other.example")),
        app.with("iss", json!("another")),
        app.with("exp", json!(now - 31)),
        app.with("nbf", json!(now + 31)),
        with_header("alg", json!("none")),
        with_header("alg", json!("HS256")),
        with_header("typ", json!("at+jwt")),
        with_header("jku", json!("https://thief.example/keys")),
        sealed(&app.header(), &app.claims(), |_| Vec::new()),
    ] {
        app.ask(&assertion).await.is(401);
    }
    assert_eq!(server.others.asked(), [""; 0]);
    app.ask(&app.assertion()).await.is(200);
}

#[tokio::test]
async fn a_set_outlives_its_server_until_its_own_end() {
    let server = Server::start().await;
    let app = app(&server).await;
    publish(&server, &[&app.key]);
    app.ask(&app.assertion()).await.is(200);
    server.others.fail(KEYS, FetchError::TooSlow);
    server.clock.go(Duration::from_secs(4 * 60 + 50));
    // A question for a newer one is in vain, and spoils nothing.
    app.ask(&signed(&key(), &app.header(), &app.claims())).await.is(401);
    assert_eq!(server.others.asked().len(), 2);
    app.ask(&app.assertion()).await.is(200);
    server.clock.go(Duration::from_secs(10));
    app.ask(&app.assertion()).await.is(401);
    assert_eq!(server.others.asked().len(), 2, "it was asked ten seconds ago");
    server.clock.go(Duration::from_secs(50));
    app.ask(&app.assertion()).await.is(401);
    assert_eq!(server.others.asked().len(), 3);
    publish(&server, &[&app.key]);
    server.clock.go(Duration::from_mins(1));
    app.ask(&app.assertion()).await.is(200);
}

#[tokio::test]
async fn whoever_wrote_the_client_reads_what_is_wrong() {
    let server = Server::start().await;
    let app = app(&server).await;
    publish(&server, &[&app.key]);
    app.ask(&app.assertion()).await.is(200);
    let (good, json) = (set_of(&[&app.key]), "application/json");
    let twice = set_of(&[&app.key, &app.key]);
    let secret = json!({ "keys": [{ "kty": "oct", "k": "c2VjcmV0" }] }).to_string();
    let short = Duration::from_mins(5);
    for (there, sentence) in [
        (Ok(page(404, json, &good, short)), "did not answer with a key set"),
        (Ok(page(302, json, &good, short)), "did not answer with a key set"),
        (Ok(page(200, "text/html", &good, short)), "is not application/jwk-set"),
        (Ok(page(200, json, "{", short)), "is no key set"),
        (Ok(page(200, json, &twice, short)), "have one kid"),
        (Ok(page(200, json, &secret, short)), "can be used to sign"),
        (Ok(page(200, json, &" ".repeat(33_000), short)), "is too large"),
        (Err(FetchError::TooSlow), "in time"),
        (Err(FetchError::Unreachable("refused by 10.0.0.1".to_owned())), "nobody answers"),
        (Err(FetchError::Forbidden("10.0.0.1".parse().unwrap())), "an address that is not public"),
    ] {
        match there {
            Ok(page) => server.others.answer(KEYS, page),
            Err(why) => server.others.fail(KEYS, why),
        }
        server.clock.go(Duration::from_mins(5));
        let refused = app.ask(&app.assertion()).await.is(401).json();
        assert_eq!(refused["error"], "invalid_client", "{refused}");
        let told = refused["error_description"].as_str().unwrap();
        assert!(told.contains(sentence), "{told:?} does not say {sentence:?}");
        assert!(!told.contains("10.0.0.1") && !told.contains("refused by"), "{told}");
    }
    // Nobody's fault.
    server.others.fail(KEYS, FetchError::Busy);
    server.clock.go(Duration::from_mins(5));
    let busy = app.ask(&app.assertion()).await.is(503).json();
    assert_eq!(busy["error"], "temporarily_unavailable");
}

#[tokio::test]
async fn many_who_come_at_once_make_one_question() {
    let server = Server::start().await;
    let app = app(&server).await;
    publish(&server, &[&app.key]);
    let mut asking = JoinSet::new();
    for _ in 0..20 {
        let (app, assertion) = (app.app.clone(), app.assertion());
        asking.spawn(async move {
            let proof = [
                ("grant_type", "client_credentials"),
                ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
                ("client_assertion", &assertion),
            ];
            app.post("/oauth/token", &proof).await.is(200);
        });
    }
    while let Some(asked) = asking.join_next().await {
        asked.unwrap();
    }
    assert_eq!(server.others.asked(), [KEYS]);
}

async fn app(server: &Server) -> Signing {
    Signing::registering(server, "app", key(), ClientKeys::At(KEYS.to_owned())).await
}

fn set_of(keys: &[&SigningKey]) -> String {
    let keys: Vec<_> = keys.iter().map(|key| public(key)).collect();
    json!({ "keys": keys }).to_string()
}

/// From now on these keys are published, for five minutes.
fn publish(server: &Server, keys: &[&SigningKey]) {
    server.others.put(KEYS, "application/json", &set_of(keys));
}

fn page(status: u16, content_type: &str, body: &str, fresh_for: Duration) -> Fetched {
    let content_type = Some(content_type.to_owned());
    Fetched { status, content_type, body: body.as_bytes().into(), fresh_for }
}
