//! Clients that prove themselves by an assertion (`private_key_jwt`, RFC 7523), at every endpoint that asks.

use std::time::Duration;

use cloakroom_jose::SigningKey;
use cloakroom_model::id::ClientId;
use cloakroom_model::registration::{AuthenticationMethod, ClientKeys};
use cloakroom_testkit::browser::Answer;
use cloakroom_testkit::engine::ISSUER;
use cloakroom_testkit::server::Server;
use serde_json::{Value, json};

use super::keys::{fresh, key, public, sealed, sealed_with_secret, signed};
use super::relying_party::RelyingParty;

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

#[tokio::test]
async fn a_client_proves_itself_by_its_key_at_every_endpoint() {
    let server = Server::start().await;
    let app = Signing::new(&server, "app").await;
    let tokens = app.ask(&app.assertion()).await.is(200).json();
    let token = ("token", tokens["access_token"].as_str().unwrap());

    let told = app.post("/oauth/introspect", &[token], &app.assertion()).await;
    assert_eq!(told.is(200).json()["active"], true);
    let question = app.app.parameters(&[]);
    let question: Vec<_> = url::form_urlencoded::parse(question.as_bytes()).collect();
    let question: Vec<_> = question.iter().map(|(name, value)| (&**name, &**value)).collect();
    app.post("/oauth/par", &question, &app.assertion()).await.is(201);
    app.post("/oauth/revoke", &[token], &app.assertion()).await.is(200);

    let told = app.post("/oauth/introspect", &[token], &app.assertion()).await;
    assert_eq!(told.is(200).json(), json!({"active": false}));
}

#[tokio::test]
async fn an_assertion_counts_once() {
    let server = Server::start().await;
    let app = Signing::new(&server, "app").await;
    let assertion = app.assertion();
    app.ask(&assertion).await.is(200);
    app.ask(&assertion).await.is(401);
    let elsewhere = app.post("/oauth/introspect", &[("token", "x")], &assertion).await;
    assert_eq!(elsewhere.is(401).json()["error"], "invalid_client");
    // Until it would be refused for its age.
    server.clock.go(Duration::from_mins(1));
    app.ask(&assertion).await.is(401);
    app.ask(&app.assertion()).await.is(200);
}

#[tokio::test]
async fn an_assertion_is_for_the_issuer_and_for_nobody_else() {
    let server = Server::start().await;
    let app = Signing::new(&server, "app").await;
    app.ask(&app.with("aud", json!(ISSUER))).await.is(200);
    for audience in [
        json!(format!("{ISSUER}/oauth/token")),
        json!(format!("{ISSUER}/")),
        json!([ISSUER]),
        json!([ISSUER, "https://other.example"]),
        json!("https://other.example"),
        Value::Null,
    ] {
        let refused = app.ask(&app.with("aud", audience.clone())).await;
        assert_eq!(refused.is(401).json()["error"], "invalid_client", "{audience}");
    }
}

#[tokio::test]
async fn an_assertion_lives_shortly() {
    let server = Server::start().await;
    let app = Signing::new(&server, "app").await;
    let now = server.engine.now().seconds();
    app.ask(&app.with("exp", json!(now + 3600))).await.is(200);
    for (claim, value) in [
        ("exp", json!(now - 31)),
        ("exp", json!(now + 3601)),
        ("exp", Value::Null),
        ("nbf", json!(now + 31)),
        ("jti", json!("")),
        ("jti", Value::Null),
    ] {
        let refused = app.ask(&app.with(claim, value.clone())).await;
        assert_eq!(refused.is(401).json()["error"], "invalid_client", "{claim} {value}");
    }
}

#[tokio::test]
async fn nobody_signs_for_another_client() {
    let server = Server::start().await;
    let app = Signing::new(&server, "app").await;
    let thief = Signing::new(&server, "thief").await;
    thief.ask(&thief.assertion()).await.is(200);

    let stolen_name = signed(&thief.key, &app.header(), &app.claims());
    app.ask(&stolen_name).await.is(401);
    let own_kid = signed(&thief.key, &thief.header(), &app.claims());
    app.ask(&own_kid).await.is(401);
    let two_names = thief.with("sub", json!("app"));
    app.ask(&two_names).await.is(401);
    let issued_by_another = thief.with("iss", json!("app"));
    thief.ask(&issued_by_another).await.is(401);
    let refused = app.ask(&thief.assertion()).await;
    assert_eq!(refused.is(400).json()["error"], "invalid_request", "client_id is another");
    let nobody = app.with("sub", json!("nobody"));
    assert_eq!(thief.send(&nobody).await.is(401).json()["error"], "invalid_client");
}

#[tokio::test]
async fn what_nobody_signed_proves_nothing() {
    let server = Server::start().await;
    let app = Signing::new(&server, "app").await;
    let (header, claims) = (app.header(), app.claims());
    let with = |name: &str, value: Value| {
        let mut header = header.clone();
        header[name] = value;
        header
    };
    let embedded = key();
    for forged in [
        sealed(&with("alg", json!("none")), &claims, |_| Vec::new()),
        sealed(&header, &claims, |_| Vec::new()),
        sealed(&header, &claims, |_| vec![0; 64]),
        sealed_with_secret(&header, &claims, public(&app.key).to_string().as_bytes()),
        signed(&embedded, &with("jwk", public(&embedded)), &claims),
        signed(&app.key, &with("typ", json!("at+jwt")), &claims),
        signed(&app.key, &with("kid", json!("another")), &claims),
    ] {
        app.ask(&forged).await.is(401);
    }
    app.ask(&signed(&app.key, &header, &claims)).await.is(200);
}

#[tokio::test]
async fn a_client_proves_itself_in_the_way_it_registered_and_in_no_other() {
    let server = Server::start().await;
    let app = Signing::new(&server, "app").await;
    let ask = [("grant_type", "client_credentials")];
    app.app.post("/oauth/token", &ask).await.is(401);
    let mut with_secret = app.app.clone();
    with_secret.secret = Some("secret".to_owned());
    with_secret.post("/oauth/token", &ask).await.is(401);

    let other = RelyingParty::with(&server, |new| {
        new.id = Some(ClientId::parse("other").unwrap());
        new.registration.keys = Some(set_of(&app.key));
    })
    .await;
    other.post("/oauth/token", &ask).await.is(200);
    let mut claims = app.claims();
    (claims["iss"], claims["sub"]) = (json!("other"), json!("other"));
    app.send(&signed(&app.key, &app.header(), &claims)).await.is(401);
}

/// A client with a key.
pub(crate) struct Signing {
    pub(crate) app: RelyingParty,
    pub(crate) key: SigningKey,
}

impl Signing {
    async fn new(server: &Server, name: &str) -> Self {
        let key = key();
        let keys = set_of(&key);
        Self::registering(server, name, key, keys).await
    }

    /// One that registered these keys.
    pub(crate) async fn registering(
        server: &Server,
        name: &str,
        key: SigningKey,
        keys: ClientKeys,
    ) -> Self {
        let app = RelyingParty::with(server, |new| {
            new.id = Some(ClientId::parse(name).unwrap());
            new.confidential = false;
            new.registration.method = AuthenticationMethod::PrivateKeyJwt;
            new.registration.keys = Some(keys);
        })
        .await;
        Self { app, key }
    }

    pub(crate) fn header(&self) -> Value {
        json!({ "typ": "client-authentication+jwt", "alg": "ES256", "kid": self.key.kid() })
    }

    pub(crate) fn claims(&self) -> Value {
        let now = self.app.server.engine.now().seconds();
        json!({
            "iss": self.app.id, "sub": self.app.id, "aud": ISSUER,
            "jti": fresh(), "iat": now, "exp": now + 60,
        })
    }

    pub(crate) fn assertion(&self) -> String {
        signed(&self.key, &self.header(), &self.claims())
    }

    /// An assertion in which one claim is another, or is not there.
    pub(crate) fn with(&self, claim: &str, value: Value) -> String {
        let mut claims = self.claims();
        claims[claim] = value;
        claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        signed(&self.key, &self.header(), &claims)
    }

    /// Asks for a token, and names the client beside the assertion.
    pub(crate) async fn ask(&self, assertion: &str) -> Answer {
        self.post("/oauth/token", &[("grant_type", "client_credentials")], assertion).await
    }

    /// Asks for a token, and names nobody beside the assertion.
    async fn send(&self, assertion: &str) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "client_credentials")
            .append_pair("client_assertion_type", TYPE)
            .append_pair("client_assertion", assertion)
            .finish();
        self.app.server.browser().form("/oauth/token", &body).await
    }

    pub(crate) async fn post(
        &self,
        path: &str,
        parameters: &[(&str, &str)],
        assertion: &str,
    ) -> Answer {
        let proof = [("client_assertion_type", TYPE), ("client_assertion", assertion)];
        // A question names its client already.
        let parameters = parameters.iter().copied().filter(|(name, _)| *name != "client_id");
        let parameters: Vec<_> = parameters.chain(proof).collect();
        self.app.post(path, &parameters).await
    }
}

fn set_of(key: &SigningKey) -> ClientKeys {
    ClientKeys::Set(json!({ "keys": [public(key)] }).to_string())
}
