//! Questions that their client signed (RFC 9101), brought by a browser and pushed by the client.

use cloakroom_engine::clients::NewClient;
use cloakroom_jose::SigningKey;
use cloakroom_model::registration::ClientKeys;
use cloakroom_testkit::browser::{Answer, Browser};
use cloakroom_testkit::engine::ISSUER;
use cloakroom_testkit::server::Server;
use serde_json::{Value, json};
use url::form_urlencoded::{self, Serializer};

use super::keys::{fresh, key, public, sealed, sealed_with_secret, signed};
use super::relying_party::{CALLBACK, RelyingParty, ada, callback, claims, walk};

#[tokio::test]
async fn a_signed_question_leads_through_the_sign_in_to_a_code() {
    let server = Server::start().await;
    let app = Signing::new(&server, |_| ()).await;
    server.add_user("ada", &[]).await;
    let mut browser = server.browser();
    let answer = walk(&mut browser, &app.question(&app.object())).await;
    assert_eq!(answer.parameters["state"], "the state");
    let tokens = app.app.redeem(&answer.parameters["code"]).await.is(200).json();
    assert_eq!(claims(&tokens["id_token"])["nonce"], "the nonce");
}

#[tokio::test]
async fn what_stands_beside_a_signed_question_counts_for_nothing() {
    let server = Server::start().await;
    let app = Signing::new(&server, |_| ()).await;
    let mut browser = ada(&server).await;
    let beside = [("scope", "openid email"), ("state", "forged"), ("nonce", "forged")];
    let question = format!("{}&{}", app.question(&app.object()), encoded(&beside));
    let answer = walk(&mut browser, &question).await;
    assert_eq!(answer.parameters["state"], "the state");
    let tokens = app.app.redeem(&answer.parameters["code"]).await.is(200).json();
    assert_eq!(
        (&tokens["scope"], &claims(&tokens["id_token"])["nonce"]),
        (&json!("openid"), &json!("the nonce"))
    );
}

#[tokio::test]
async fn a_signed_question_with_a_name_is_read_once() {
    let server = Server::start().await;
    let app = Signing::new(&server, |_| ()).await;
    let mut browser = ada(&server).await;
    let question = app.question(&app.object());
    let answer = walk(&mut browser, &question).await;
    assert!(answer.parameters.contains_key("code"), "{answer:?}");
    assert_eq!(error(&browser.get(&question).await), "invalid_request_object");
    // Whoever signs without a name is not after that.
    let nameless = app.question(&app.with("jti", Value::Null));
    for _ in 0..2 {
        assert!(walk(&mut browser, &nameless).await.parameters.contains_key("code"));
    }
}

#[tokio::test]
async fn what_the_client_did_not_sign_for_this_server_is_no_question() {
    let server = Server::start().await;
    let app = Signing::new(&server, |_| ()).await;
    let mut browser = ada(&server).await;
    let now = server.engine.now().seconds();
    let (header, good) = (app.header(), app.claims());
    let with_none = json!({ "alg": "none" });
    let invalid = "invalid_request_object";
    for (object, code, why) in [
        (signed(&key(), &header, &good), invalid, "another key"),
        (sealed(&header, &good, |_| vec![0; 64]), invalid, "no signature"),
        (sealed(&with_none, &good, |_| vec![]), "request_not_supported", "unsigned"),
        (
            sealed_with_secret(&header, &good, public(&app.key).to_string().as_bytes()),
            invalid,
            "an HMAC under the public key",
        ),
        (app.with("iss", json!("another")), invalid, "another issuer"),
        (app.with("aud", json!("https://other.example")), invalid, "another server"),
        (app.with("exp", json!(now - 11)), invalid, "over"),
        (app.with("nbf", json!(now + 11)), invalid, "not yet"),
        (app.with("exp", json!(now + 3700)), invalid, "too long"),
        (app.with("client_id", json!("another")), invalid, "another client"),
        (app.with("request", json!("a.b.c")), invalid, "one inside"),
        ("x".to_owned(), invalid, "nothing"),
    ] {
        let answer = browser.get(&app.question(&object)).await;
        assert_eq!(error(&answer), code, "{why}");
    }
    // Where no address is beside it that the client registered, nobody but the person is told.
    let query = encoded(&[("client_id", "app"), ("request", "x")]);
    let page = browser.get(&format!("/oauth/authorize?{query}")).await;
    assert_eq!((page.status.as_u16(), page.header("location")), (400, ""));
    let answer = walk(&mut browser, &app.question(&signed(&app.key, &header, &good))).await;
    assert!(answer.parameters.contains_key("code"), "{answer:?}");
}

#[tokio::test]
async fn a_signed_question_is_held_to_what_any_other_is() {
    let server = Server::start().await;
    let app = Signing::new(&server, |_| ()).await;
    let mut browser = ada(&server).await;
    for (claim, value, code) in [
        ("scope", json!("openid admin"), "invalid_scope"),
        ("code_challenge", Value::Null, "invalid_request"),
        ("response_type", json!("token"), "unsupported_response_type"),
    ] {
        let answer = browser.get(&app.question(&app.with(claim, value))).await;
        assert_eq!(error(&answer), code, "{claim}");
    }
    let elsewhere = app.with("redirect_uri", json!("https://thief.example/"));
    let page = browser.get(&app.question(&elsewhere)).await;
    assert_eq!((page.status.as_u16(), page.header("location")), (400, ""));
}

#[tokio::test]
async fn a_client_that_signs_every_question_is_held_to_it() {
    let server = Server::start().await;
    let app = Signing::new(&server, |new| new.registration.requests.signed = true).await;
    let mut browser = ada(&server).await;
    assert_eq!(error(&browser.get(&app.app.question(&[])).await), "invalid_request");
    let answer = walk(&mut browser, &app.question(&app.object())).await;
    assert!(answer.parameters.contains_key("code"), "{answer:?}");
    let parameters = app.app.parameters(&[]);
    let parameters: Vec<_> = form_urlencoded::parse(parameters.as_bytes()).into_owned().collect();
    let unsigned: Vec<_> = parameters.iter().map(|(name, value)| (&**name, &**value)).collect();
    let refused = app.app.post("/oauth/par", &unsigned).await;
    assert_eq!(refused.is(400).json()["error"], "invalid_request");
}

#[tokio::test]
async fn a_signed_question_may_be_pushed() {
    let server = Server::start().await;
    let app = Signing::new(&server, |_| ()).await;
    let object = app.object();
    let pushed = app.app.post("/oauth/par", &[("request", &object)]).await.is(201).json();
    let name = pushed["request_uri"].as_str().unwrap();
    let query = encoded(&[("client_id", "app"), ("request_uri", name)]);
    let mut browser: Browser = ada(&server).await;
    let answer = walk(&mut browser, &format!("/oauth/authorize?{query}")).await;
    app.app.redeem(&answer.parameters["code"]).await.is(200);

    for object in [object, signed(&key(), &app.header(), &app.claims())] {
        let refused = app.app.post("/oauth/par", &[("request", &object)]).await;
        assert_eq!(refused.is(400).json()["error"], "invalid_request_object");
    }
}

/// A client that signs its questions.
pub(super) struct Signing {
    pub(super) app: RelyingParty,
    pub(super) key: SigningKey,
}

impl Signing {
    pub(super) async fn new(server: &Server, change: impl FnOnce(&mut NewClient)) -> Self {
        let key = key();
        let app = RelyingParty::with(server, |new| {
            let set = json!({ "keys": [public(&key)] });
            new.registration.keys = Some(ClientKeys::Set(set.to_string()));
            change(new);
        })
        .await;
        Self { app, key }
    }

    pub(super) fn header(&self) -> Value {
        json!({ "typ": "oauth-authz-req+jwt", "alg": "ES256", "kid": self.key.kid() })
    }

    pub(super) fn claims(&self) -> Value {
        let now = self.app.server.engine.now().seconds();
        let parameters = self.app.parameters(&[]);
        let parameters = form_urlencoded::parse(parameters.as_bytes()).into_owned();
        let mut claims: Value = parameters.map(|(name, text)| (name, json!(text))).collect();
        claims["iss"] = json!(self.app.id);
        claims["aud"] = json!(ISSUER);
        (claims["nbf"], claims["exp"]) = (json!(now), json!(now + 300));
        claims["jti"] = json!(fresh());
        claims
    }

    pub(super) fn object(&self) -> String {
        signed(&self.key, &self.header(), &self.claims())
    }

    /// A question in which one claim is another, or is not there.
    pub(super) fn with(&self, claim: &str, value: Value) -> String {
        let mut claims = self.claims();
        claims[claim] = value;
        claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        signed(&self.key, &self.header(), &claims)
    }

    /// Where a browser is sent with it.
    fn question(&self, object: &str) -> String {
        let id = self.app.id.as_str();
        let query = [("client_id", id), ("redirect_uri", CALLBACK), ("request", object)];
        format!("/oauth/authorize?{}", encoded(&query))
    }
}

/// The error that a client is told.
pub(super) fn error(answer: &Answer) -> String {
    let told = callback(answer).unwrap_or_else(|| panic!("{} {}", answer.status, answer.text()));
    told.parameters["error"].clone()
}

pub(super) fn encoded(parameters: &[(&str, &str)]) -> String {
    Serializer::new(String::new()).extend_pairs(parameters).finish()
}
