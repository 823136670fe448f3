//! A service that has itself told of what happens to users.

use std::sync::Arc;

use cloakroom_engine::clients::NewClient;
use cloakroom_engine::fetch::{Fetch, Fetched};
use cloakroom_jose::{Algorithms, Expectations, Jwks, TrustedKeys};
use cloakroom_model::client::Template;
use cloakroom_model::id::ClientId;
use cloakroom_model::registration::{AuthenticationMethod, GrantType, RegisteredBy, Registration};
use cloakroom_model::secret::Digest;
use cloakroom_testkit::browser::{Answer, Browser};
use cloakroom_testkit::engine::{ISSUER, PASSWORD};
use cloakroom_testkit::fetch::Sent;
use cloakroom_testkit::server::Server;
use http::Method;
use serde_json::{Value, json};

use crate::oauth::relying_party::RelyingParty;

/// Where it is posted to.
pub(crate) const ENDPOINT: &str = "https://warehouse.example/events";

pub(crate) const PUSH: &str = "urn:ietf:rfc:8935";
pub(crate) const POLL: &str = "urn:ietf:rfc:8936";

/// The type of event of this name.
pub(crate) fn caep(name: &str) -> String {
    format!("https://schemas.openid.net/secevent/caep/event-type/{name}")
}

/// The type of event of this name.
pub(crate) fn risc(name: &str) -> String {
    format!("https://schemas.openid.net/secevent/risc/event-type/{name}")
}

/// The type of event of this name.
pub(crate) fn ssf(name: &str) -> String {
    format!("https://schemas.openid.net/secevent/ssf/event-type/{name}")
}

/// A service with a token.
#[derive(Clone)]
pub(crate) struct Receiver {
    pub(crate) server: Server,
    pub(crate) id: String,
    pub(crate) calls: Browser,
    party: RelyingParty,
    scope: String,
}

impl Receiver {
    /// One that may do all.
    pub(crate) async fn new(server: &Server) -> Self {
        Self::named(server, "warehouse", "ssf.manage ssf.read").await
    }

    /// One of this name, with a token of this scope.
    pub(crate) async fn named(server: &Server, name: &str, scope: &str) -> Self {
        Self::with(server, name, scope, Some("ES256")).await
    }

    /// One whose tokens are signed so; as is usual where nothing is said, with an RSA key, which takes long to make.
    pub(crate) async fn with(
        server: &Server,
        name: &str,
        scope: &str,
        signed: Option<&str>,
    ) -> Self {
        let algorithm = signed.map(str::to_owned);
        Self::of(server, name, scope, |new| new.registration.signing.id_token = algorithm).await
    }

    /// One that registered itself, with a token that allows all.
    pub(crate) async fn stranger(server: &Server) -> Self {
        let by = RegisteredBy::Itself { token: Digest([0; 32]) };
        Self::of(server, "stranger", "ssf.manage ssf.read", |new| new.registration.by = by).await
    }

    async fn of(
        server: &Server,
        name: &str,
        scope: &str,
        change: impl FnOnce(&mut NewClient),
    ) -> Self {
        let service = |new: &mut NewClient| {
            new.id = Some(ClientId::parse(name).unwrap());
            new.template = Template::Service;
            new.audiences = Vec::new();
            new.scopes = ["ssf.manage", "ssf.read", "read"].map(str::to_owned).to_vec();
            new.registration = Registration {
                grant_types: vec![GrantType::ClientCredentials],
                method: AuthenticationMethod::ClientSecretBasic,
                ..Registration::default()
            };
            change(new);
        };
        let party = RelyingParty::with(server, service).await;
        let (server, calls) = (server.clone(), server.browser());
        let (id, scope) = (name.to_owned(), scope.to_owned());
        let mut receiver = Self { server, id, calls, party, scope };
        receiver.renew().await;
        receiver
    }

    /// Gets another token.
    pub(crate) async fn renew(&mut self) {
        let ask = [("grant_type", "client_credentials"), ("scope", &*self.scope)];
        let token = self.party.post("/oauth/token", &ask).await.is(200).json();
        self.calls.token = Some(token["access_token"].as_str().unwrap().to_owned());
    }

    /// The same with a token that is none.
    pub(crate) fn without_token(&self) -> Self {
        let mut calls = self.server.browser();
        calls.token = Some("no-such-token".to_owned());
        let (party, scope) = (self.party.clone(), self.scope.clone());
        Self { server: self.server.clone(), id: self.id.clone(), calls, party, scope }
    }

    pub(crate) async fn post(&mut self, path: &str, body: &Value) -> Answer {
        self.calls.post(path, body).await
    }

    pub(crate) async fn send(&mut self, method: Method, body: &Value) -> Answer {
        self.calls.json(method, "/ssf/stream", body).await
    }

    /// Makes a stream that is polled; answers its configuration.
    pub(crate) async fn polls(&mut self) -> Value {
        self.post("/ssf/stream", &json!({ "delivery": { "method": POLL } })).await.is(201).json()
    }

    /// Makes a stream that is pushed, with this in `Authorization`; answers its configuration.
    pub(crate) async fn is_pushed(&mut self, authorization: Option<&str>) -> Value {
        let delivery = json!({
            "method": PUSH, "endpoint_url": ENDPOINT, "authorization_header": authorization,
        });
        self.takes();
        self.post("/ssf/stream", &json!({ "delivery": delivery })).await.is(201).json()
    }

    /// Polls the stream of this configuration.
    pub(crate) async fn poll(&mut self, stream: &Value, body: &Value) -> Value {
        let path = stream["delivery"]["endpoint_url"].as_str().unwrap();
        let path = path.strip_prefix(ISSUER).unwrap().to_owned();
        self.post(&path, body).await.is(200).json()
    }

    /// What waits, without waiting for more: names and claims, in the order of what happened.
    pub(crate) async fn waiting(&mut self, stream: &Value) -> Vec<Value> {
        let polled = self.poll(stream, &json!({ "returnImmediately": true })).await;
        self.read_all(&polled)
    }

    /// The claims of what was polled, each verified.
    pub(crate) fn read_all(&self, polled: &Value) -> Vec<Value> {
        let sets = polled["sets"].as_object().unwrap();
        let mut all: Vec<_> = sets
            .iter()
            .map(|(jti, token)| {
                let claims = self.read(token.as_str().unwrap());
                assert_eq!(claims["jti"], jti.as_str());
                claims
            })
            .collect();
        // By what happened first: the number in the log, and its parts.
        all.sort_by_key(|claims| {
            let jti = claims["jti"].as_str().unwrap().to_owned();
            let numbers = jti.split('.').skip(1).take(2).map(|it| it.parse().unwrap());
            numbers.collect::<Vec<u64>>()
        });
        all
    }

    /// The claims of a token, which is signed by a published key, typed, and for this receiver.
    pub(crate) fn read(&self, token: &str) -> Value {
        let published = self.server.engine.published_keys().json;
        let keys = Jwks::from_json(published.as_bytes()).unwrap();
        let keys: Vec<_> = keys.verifying_keys(Algorithms::ASYMMETRIC).flatten().collect();
        let expect = Expectations::new(ISSUER, self.id.as_str(), "secevent+jwt").expiry_optional();
        let now = u64::try_from(self.server.clock.now().seconds()).unwrap();
        let verified = TrustedKeys::new(keys).unwrap().verify::<Value>(token, &expect, now);
        verified.unwrap().into_claims()
    }

    /// From now on the receiver takes what it is posted.
    pub(crate) fn takes(&self) {
        self.answers(202, "");
    }

    /// From now on it answers so.
    pub(crate) fn answers(&self, status: u16, body: &str) {
        let answer = Fetched {
            status,
            content_type: None,
            body: body.as_bytes().into(),
            fresh_for: std::time::Duration::ZERO,
        };
        self.server.others.answer(ENDPOINT, answer);
    }

    /// Posts what is due.
    pub(crate) async fn deliver(&self) {
        let others: Arc<dyn Fetch> = self.server.others.clone();
        assert!(!self.server.engine.deliver_signals(&others).await.unwrap());
    }

    /// What was posted so far, as it should be posted.
    pub(crate) fn posted(&self) -> Vec<Sent> {
        let sent = self.server.others.sent();
        for message in &sent {
            let types = (message.content_type.as_str(), message.accept.as_str());
            assert_eq!(types, ("application/secevent+jwt", "application/json"));
            assert_eq!(message.url, ENDPOINT);
        }
        sent
    }

    /// The claims of what was posted so far.
    pub(crate) fn told(&self) -> Vec<Value> {
        self.posted().iter().map(|message| self.read(&message.body)).collect()
    }
}

/// The one event that a token is about: its type, and what it says.
pub(crate) fn event(claims: &Value) -> (String, Value) {
    let events = claims["events"].as_object().unwrap();
    assert_eq!(events.len(), 1, "{claims}");
    let (kind, says) = events.iter().next().unwrap();
    (kind.clone(), says.clone())
}

/// The types of event that tokens are about.
pub(crate) fn types(all: &[Value]) -> Vec<String> {
    all.iter().map(|claims| event(claims).0).collect()
}

/// Ada, who signs up by a cookie; answers her name and her session's.
pub(crate) async fn ada(server: &Server) -> (Browser, String, String) {
    let mut browser = server.browser();
    let answer = browser.sign_up("ada").await.json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (user, session) = (text(&answer["user"]["id"]), text(&answer["session"]["sid"]));
    (browser, user, session)
}

/// Ada's new password.
pub(crate) async fn change_password(browser: &mut Browser) {
    let wish = json!({
        "current_password": PASSWORD,
        "new_password": "another horse battery staple",
        "end_others": false,
    });
    browser.post("/api/v1/password", &wish).await.is(200);
}
