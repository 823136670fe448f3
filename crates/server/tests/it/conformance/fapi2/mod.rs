//! The plan `fapi2-security-profile-final-test-plan`, with `private_key_jwt` and `DPoP`, under the profile `fapi2`.
//!
//! Each test that something is refused first shows that the same is accepted unaltered.

mod client;
mod code;
mod dpop;
mod flow;
mod question;

use std::collections::BTreeMap;

use axum::body::Body;
use cloakroom_engine::clients::NewClient;
use cloakroom_engine::settings::Profile;
use cloakroom_jose::SigningKey;
use cloakroom_model::id::ClientId;
use cloakroom_model::registration::{AuthenticationMethod, ClientKeys};
use cloakroom_testkit::browser::{Answer, Browser, request};
use cloakroom_testkit::engine::ISSUER;
use cloakroom_testkit::server::Server;
use http::Method;
use serde_json::{Value, json};
use url::form_urlencoded::{self, Serializer};

use crate::oauth::keys::{ath, fresh, key, public, signed};
use crate::oauth::relying_party::{CALLBACK, Callback, RelyingParty, VERIFIER, ada, walk};

pub(super) const TOKEN: &str = "/oauth/token";
pub(super) const PAR: &str = "/oauth/par";
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A server under the profile, a client of it, and a person who is signed in.
pub(super) struct Scene {
    pub(super) server: Server,
    pub(super) app: App,
    pub(super) browser: Browser,
}

/// A client that signs, and holds its tokens by a key.
pub(super) struct App {
    pub(super) party: RelyingParty,
    /// What it proves itself with.
    pub(super) key: SigningKey,
    /// What it holds its tokens by.
    pub(super) holds: SigningKey,
}

/// A form on its way to an endpoint.
#[derive(Clone)]
pub(super) struct Sent {
    path: &'static str,
    pub(super) parameters: BTreeMap<String, String>,
    /// The proofs that are sent beside.
    pub(super) proofs: Vec<String>,
}

impl Scene {
    pub(super) async fn new() -> Self {
        Self::with(|_| ()).await
    }

    /// With a client that is registered otherwise.
    pub(super) async fn with(change: impl FnOnce(&mut NewClient)) -> Self {
        let server = Server::with(|setup| setup.engine.profile = Profile::Fapi2).await;
        let app = App::new(&server, "app", change).await;
        let browser = ada(&server).await;
        Self { server, app, browser }
    }

    pub(super) fn now(&self) -> i64 {
        self.server.engine.now().seconds()
    }

    /// Pushes a question and brings it through the browser.
    pub(super) async fn ask(&mut self, with: &[(&str, &str)]) -> Callback {
        let pushed = self.app.question(with).send(&self.server).await;
        walk(&mut self.browser, &self.app.named(&pushed)).await
    }

    /// A code for what was pushed.
    pub(super) async fn code(&mut self, with: &[(&str, &str)]) -> String {
        let callback = self.ask(with).await;
        callback.parameters.get("code").unwrap_or_else(|| panic!("{callback:?}")).clone()
    }

    /// Everything that a sign-in earns.
    pub(super) async fn tokens(&mut self, with: &[(&str, &str)]) -> Value {
        let code = self.code(with).await;
        self.app.exchange(&code).send(&self.server).await.is(200).json()
    }

    /// Presents an access token in a scheme, with these proofs.
    pub(super) async fn present(&self, scheme: &str, token: &str, proofs: &[String]) -> Answer {
        let mut request = request(Method::GET, "/oauth/userinfo", Body::empty());
        let headers = request.headers_mut();
        headers.insert("authorization", format!("{scheme} {token}").parse().unwrap());
        for proof in proofs {
            headers.append("dpop", proof.parse().unwrap());
        }
        self.server.browser().send(request).await
    }

    /// Presents an access token as it should be.
    pub(super) async fn user_info(&self, tokens: &Value) -> Answer {
        let token = tokens["access_token"].as_str().unwrap();
        self.present("DPoP", token, &[self.app.proof_for(token)]).await
    }
}

impl App {
    pub(super) async fn new(
        server: &Server,
        name: &str,
        change: impl FnOnce(&mut NewClient),
    ) -> Self {
        let key = key();
        let party = RelyingParty::with(server, |new| {
            new.id = Some(ClientId::parse(name).unwrap());
            new.audiences.clear();
            new.confidential = false;
            new.registration.method = AuthenticationMethod::PrivateKeyJwt;
            let set = json!({ "keys": [public(&key)] });
            new.registration.keys = Some(ClientKeys::Set(set.to_string()));
            new.registration.signing.id_token = None;
            change(new);
        })
        .await;
        Self { party, key, holds: crate::oauth::keys::key() }
    }

    fn now(&self) -> i64 {
        self.party.server.engine.now().seconds()
    }

    /// The claims of an assertion.
    pub(super) fn claims(&self) -> Value {
        let (id, now) = (&self.party.id, self.now());
        json!({
            "iss": id, "sub": id, "aud": ISSUER, "jti": fresh(), "iat": now, "exp": now + 60,
        })
    }

    /// An assertion with one claim otherwise, or without it.
    pub(super) fn assertion_with(&self, claim: &str, value: Value) -> String {
        let mut claims = self.claims();
        set(&mut claims, claim, value);
        self.assert(&claims)
    }

    pub(super) fn assert(&self, claims: &Value) -> String {
        signed(&self.key, &json!({ "alg": "ES256", "kid": self.key.kid() }), claims)
    }

    /// The claims of a proof.
    pub(super) fn proof_claims(&self, method: &str, path: &str, token: Option<&str>) -> Value {
        let url = format!("{ISSUER}{path}");
        let mut claims = json!({ "jti": fresh(), "htm": method, "htu": url, "iat": self.now() });
        if let Some(token) = token {
            claims["ath"] = json!(ath(token));
        }
        claims
    }

    pub(super) fn prove(&self, claims: &Value) -> String {
        let jwk = public(&self.holds);
        signed(&self.holds, &json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": jwk }), claims)
    }

    /// A proof for a request to an endpoint.
    pub(super) fn proof(&self, path: &str) -> String {
        self.prove(&self.proof_claims("POST", path, None))
    }

    /// A proof for UserInfo.
    pub(super) fn proof_for(&self, token: &str) -> String {
        self.prove(&self.proof_claims("GET", "/oauth/userinfo", Some(token)))
    }

    pub(super) fn thumbprint(&self) -> String {
        self.holds.public_jwk().unwrap().thumbprint()
    }

    /// A question on its way, with these parameters in place of the usual ones; an empty value leaves one out.
    pub(super) fn question(&self, with: &[(&str, &str)]) -> Sent {
        let text = self.party.parameters(with);
        let parameters = form_urlencoded::parse(text.as_bytes()).into_owned().collect();
        self.sent(PAR, parameters)
    }

    /// Where a browser is sent after a question was pushed.
    pub(super) fn named(&self, pushed: &Answer) -> String {
        let name = pushed.is(201).json()["request_uri"].as_str().unwrap().to_owned();
        let query = Serializer::new(String::new())
            .append_pair("client_id", &self.party.id)
            .append_pair("request_uri", &name)
            .finish();
        format!("/oauth/authorize?{query}")
    }

    /// A code on its way, with a proof of the key.
    pub(super) fn exchange(&self, code: &str) -> Sent {
        let parameters = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        self.token_request(&parameters)
    }

    /// A refresh token on its way, with a proof of the key.
    pub(super) fn refresh(&self, token: &str) -> Sent {
        self.token_request(&[("grant_type", "refresh_token"), ("refresh_token", token)])
    }

    fn token_request(&self, parameters: &[(&str, &str)]) -> Sent {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let sent = self.sent(TOKEN, parameters.iter().map(own).collect());
        Sent { proofs: vec![self.proof(TOKEN)], ..sent }
    }

    fn sent(&self, path: &'static str, parameters: BTreeMap<String, String>) -> Sent {
        Sent { path, parameters, proofs: Vec::new() }
            .with("client_id", &self.party.id)
            .with("client_assertion_type", ASSERTION_TYPE)
            .with("client_assertion", &self.assert(&self.claims()))
    }
}

impl Sent {
    /// With a parameter in place of what was there; an empty value takes it out.
    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        self.parameters.insert(name.to_owned(), value.to_owned());
        self.parameters.retain(|_, value| !value.is_empty());
        self
    }

    /// With this proof and no other.
    pub(super) fn beside(self, proof: String) -> Self {
        Self { proofs: vec![proof], ..self }
    }

    /// Without a proof.
    pub(super) fn alone(self) -> Self {
        Self { proofs: Vec::new(), ..self }
    }

    pub(super) async fn send(&self, server: &Server) -> Answer {
        let body = Serializer::new(String::new()).extend_pairs(&self.parameters).finish();
        let mut request = request(Method::POST, self.path, body.into());
        let headers = request.headers_mut();
        headers.insert("content-type", "application/x-www-form-urlencoded".parse().unwrap());
        for proof in &self.proofs {
            headers.append("dpop", proof.parse().unwrap());
        }
        server.browser().send(request).await
    }

    /// Sends it, and expects to be refused so.
    pub(super) async fn is_refused(&self, server: &Server, error: &str) {
        let answer = self.send(server).await;
        assert!(matches!(answer.status.as_u16(), 400 | 401), "{} {}", answer.status, answer.text());
        assert_eq!(answer.json()["error"], error, "{}", answer.text());
    }
}

/// Puts a claim in place of what was there; null takes it out.
pub(super) fn set(claims: &mut Value, claim: &str, value: Value) {
    claims[claim] = value;
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
}
